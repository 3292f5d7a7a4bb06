/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stale: origins that could not be connected to, whose names may lead
 * elsewhere by now.
 *
 * Their addresses are looked up before their age is over, but only once in a
 * second each: an origin may be down for long.
 * Bounded: one may be forgotten for another.
 */
#ifndef RELAY_STALE_H
#define RELAY_STALE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"

enum { STALE_MOST = 64, STALE_PAUSE_MS = 1000 };

struct stale {
	struct hash_key key;
	pthread_mutex_t lock; /* guards what follows */
	struct stale_origin {
		uint64_t hash;
		bool failed;   /* since it was looked up for that */
		bool looked;   /* it was, at: */
		int64_t at;    /* clock_ms */
	} origins[STALE_MOST];
};

void stale_init(struct stale *s);
void stale_fini(struct stale *s);

/* Its addresses were in vain. Any thread. */
void stale_add(struct stale *s, struct str origin);

/* true: they were, and are to be looked up now. Any thread. */
bool stale_take(struct stale *s, struct str origin, int64_t now);

#endif
