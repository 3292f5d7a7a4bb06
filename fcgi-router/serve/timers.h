/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * timers: when to look at which exchange again.
 *
 * A heap that is changed as seldom as can be: a timer that is in it for an
 * earlier time stays there, and is put back when it comes up too early. So
 * the many short waits of one connection cost no lock. A timer that comes up
 * for nothing is a wake-up for nothing, which is harmless.
 */
#ifndef SERVE_TIMERS_H
#define SERVE_TIMERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timers;

struct timer {
	_Atomic int64_t due;    /* what its owner wants, clock_ms; INT64_MAX:
	                           nothing */
	_Atomic int64_t queued; /* what it is in the heap for; INT64_MAX: it
	                           is not in it */
	size_t place;           /* in the heap; guarded by its lock */
	void *owner;
};

/* For at most so many timers. CHECKs for memory: made at start. */
struct timers *timers_new(size_t most);
void timers_free(struct timers **t);

void timer_init(struct timer *timer, void *owner);

/*
 * Wants to come up at `due`. true: nothing else comes up before, so whoever
 * sleeps until timers_next must be woken. Any thread.
 */
bool timers_set(struct timers *t, struct timer *timer, int64_t due);

/* When the first comes up; INT64_MAX: none does. */
int64_t timers_next(struct timers *t);

/* The owner of a timer that is due now, NULL: there is none (more). */
void *timers_pop(struct timers *t, int64_t now);

#endif
