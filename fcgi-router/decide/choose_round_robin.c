/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * choose_round_robin: in turn. What is chosen follows from the turn's number
 * alone, so that any number of processes share one counter and nothing else.
 *
 * Of each sum-of-weights turns, the origins' first half gets as many as it
 * weighs, spread as the steps of a slanted line are; which of these turns goes
 * to which half of the half is found in the same way, down to one origin.
 */

#include "decide/choose_private.h"

static bool
choose_is_in(const struct choose_from *o, const struct choose_from *like)
{
	return choose_is_open(o) &&
	    (like == NULL || choose_compare_load(o, like) == 0);
}

/* The weight of those from lo to below hi. */
static uint64_t
choose_weigh(const struct choose *c, const struct choose_from *like,
    size_t lo, size_t hi)
{
	uint64_t sum = 0;

	for (; lo < hi; lo++)
		if (choose_is_in(&c->from[lo], like))
			sum += c->from[lo].weight;
	return sum;
}

/* How many of the first `turns` belong to a part of the whole: its share,
 * rounded. */
static uint64_t
choose_part(uint64_t turns, uint64_t part, uint64_t whole)
{
	return (turns * part + whole / 2) / whole;
}

int
choose_in_turn(const struct choose *c, const struct choose_from *like)
{
	size_t lo = 0, hi = c->count;
	uint64_t whole = choose_weigh(c, like, lo, hi);
	uint64_t turn;

	if (whole == 0)
		return -1;
	turn = c->turn % whole;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;
		uint64_t part = choose_weigh(c, like, lo, mid);
		uint64_t before = choose_part(turn, part, whole);

		if (choose_part(turn + 1, part, whole) > before) {
			hi = mid;
			turn = before;
			whole = part;
		} else {
			lo = mid;
			turn -= before;
			whole -= part;
		}
	}
	return (int)lo;
}

int
choose_round_robin(const struct choose *c)
{
	return choose_in_turn(c, NULL);
}
