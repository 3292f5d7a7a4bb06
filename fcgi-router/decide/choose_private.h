/* SPDX-License-Identifier: BSD-2-Clause */

/* choose_private: what the ways of choosing share. */
#ifndef DECIDE_CHOOSE_PRIVATE_H
#define DECIDE_CHOOSE_PRIVATE_H

#include "decide/choose.h"

static inline bool
choose_is_open(const struct choose_from *o)
{
	return o->open && o->weight > 0;
}

/* Below 0: a has fewer requests for its weight than b; 0: as many. */
static inline int
choose_compare_load(const struct choose_from *a, const struct choose_from *b)
{
	uint64_t left = (uint64_t)a->active * b->weight;
	uint64_t right = (uint64_t)b->active * a->weight;

	return left < right ? -1 : left > right;
}

/* In turn by weight, of the open ones that are as loaded as `like`; of all of
 * them when that is NULL. As choose_function. */
int choose_in_turn(const struct choose *c, const struct choose_from *like);

#endif
