/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * ready: what edge-triggered events (epoll(7)) have told of one descriptor.
 *
 * A descriptor is told to epoll once, and no more for each wait: an event
 * leaves word here that something may be there, who reads takes the word away
 * before, and who is about to wait asks the kernel again only when there is
 * word that nobody has followed.
 *
 * One thread at a time uses it (the one that runs its owner), but for
 * ready_event, which any may call. It must stay where it is, and be memory of
 * a `struct ready`, for as long as epoll or a worker may know it: a late event
 * is harmless, whoever has it by then.
 */
#ifndef BASE_READY_H
#define BASE_READY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ready {
	_Atomic(void *) owner; /* whom an event wakes; NULL: nobody */
	atomic_uint word;      /* READY_... that nobody has followed */
	uint32_t watched;      /* the events epoll knows it with; 0: it does
	                          not know it */
};

/* For a new descriptor that epoll does not know. */
void ready_init(struct ready *r, void *owner);

/* An event has come. Whom it wakes, or NULL. */
void *ready_event(struct ready *r, uint32_t events);

/* May there be something to read? false: a read would wait. */
bool ready_maybe(const struct ready *r);

/* Before a read that takes all there is; or, after another, that it did not
 * take all. */
void ready_look(struct ready *r);
void ready_left(struct ready *r);

/*
 * Before its owner waits for `events` (poll(2)'s) on fd: what fires from now
 * on, and what stands and was not followed, comes as an event with r as its
 * data. More may fire than was asked for. false: the system has no room.
 */
bool ready_watch(struct ready *r, int epoll, int fd, uint32_t events);

#endif
