/* SPDX-License-Identifier: BSD-2-Clause */

/* choose_least: which has the fewest requests under way for its weight. */

#include "decide/choose_private.h"

int
choose_least(const struct choose *c)
{
	const struct choose_from *least = NULL;
	size_t i;

	for (i = 0; i < c->count; i++)
		if (choose_is_open(&c->from[i]) && (least == NULL ||
		    choose_compare_load(&c->from[i], least) < 0))
			least = &c->from[i];
	return least != NULL ? choose_in_turn(c, least) : -1;
}
