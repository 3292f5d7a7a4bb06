/* SPDX-License-Identifier: BSD-2-Clause */

/* near: edit distance with swaps, over three rows of its table. */

#include "base/near.h"

#include <stdint.h>
#include <string.h>

void
near_init(struct near *n, struct str wanted)
{
	*n = (struct near){ .wanted = wanted, .steps = SIZE_MAX };
}

static size_t
near_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Do a[i], a[i-1] and b[j], b[j-1] read the same when swapped? */
static bool
near_swapped(struct str a, size_t i, struct str b, size_t j)
{
	return i > 0 && j > 0 &&
	    str_lower(a.p[i]) == str_lower(b.p[j - 1]) &&
	    str_lower(a.p[i - 1]) == str_lower(b.p[j]);
}

static size_t
near_steps(struct str a, struct str b)
{
	size_t rows[3][NEAR_WORD_MAX + 1] = { 0 };
	size_t *older = rows[0], *old = rows[1], *now = rows[2], *spare;
	size_t i, j;

	for (j = 0; j <= b.n; j++)
		old[j] = j;
	for (i = 0; i < a.n; i++) {
		now[0] = i + 1;
		for (j = 0; j < b.n; j++) {
			bool other = str_lower(a.p[i]) != str_lower(b.p[j]);

			now[j + 1] = near_least(old[j] + other,
			    near_least(old[j + 1], now[j]) + 1);
			if (near_swapped(a, i, b, j))
				now[j + 1] = near_least(now[j + 1],
				    older[j - 1] + 1);
		}
		spare = older;
		older = old;
		old = now;
		now = spare;
	}
	return old[b.n];
}

void
near_offer(struct near *n, const char *known)
{
	struct str word = str_of(known);
	size_t steps;

	if (n->wanted.n > NEAR_WORD_MAX || word.n > NEAR_WORD_MAX)
		return;
	steps = near_steps(n->wanted, word);
	if (steps > 1 && steps * 3 > word.n)
		return;
	if (steps == 1 && word.n < 3)
		return;
	if (steps < n->steps) {
		n->steps = steps;
		n->best = known;
	}
}

const char *
near_best(const struct near *n)
{
	return n->best;
}
