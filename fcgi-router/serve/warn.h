/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * warn: says why requests fail, and how many, in few lines.
 *
 * An outage fails each request, and clients can bring on some failures as
 * often as they like: the log must not grow with them. Of one reason and place
 * a line is said in a second, and the next one says how many there were
 * between. What is left to say when they end is said by a later look. Of more
 * places at once than there is room for, the rest count as one.
 */
#ifndef SERVE_WARN_H
#define SERVE_WARN_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	WARN_PLACES = 32,
	WARN_PLACE_MAX = 96, /* bytes of its name that count */
	WARN_EVERY_MS = 1000
};

struct warn_place {
	enum reason reason; /* NONE: the rest */
	char name[WARN_PLACE_MAX];
	size_t name_n;
	int64_t told;  /* when a line was said; 0: the place is free */
	uint64_t more; /* requests since then */
};

struct warn {
	pthread_mutex_t lock; /* guards all below */
	struct warn_place places[WARN_PLACES + 1]; /* the last: the rest */
};

void warn_init(struct warn *w);

/* Says what is left to say. */
void warn_fini(struct warn *w);

/* The request `id` has failed: e says why, place where (a service, an origin,
 * a route). Says it, or counts it. */
void warn_tell(struct warn *w, struct str id, struct str place,
    const struct err *e);

/* Now and then: says what is left of failures that have ended. */
void warn_look(struct warn *w);

#endif
