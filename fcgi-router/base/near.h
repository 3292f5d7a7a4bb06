/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * near: the known word that a misspelled one is nearest to.
 *
 * For messages: a mistake in a file is told with the word that was probably
 * meant. Letters compare without case; a swap of two neighbours, a byte too
 * many, too few or another one is one step; more than a third of the word is
 * too far.
 */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "base/str.h"

enum { NEAR_WORD_MAX = 32 }; /* longer words are near to nothing */

struct near {
	struct str wanted;
	const char *best;
	size_t steps;
};

/* wanted is borrowed. */
void near_init(struct near *n, struct str wanted);

/* One known word, borrowed; the first of equally near ones is kept. */
void near_offer(struct near *n, const char *known);

/* The nearest of those offered, or NULL: none is near. */
const char *near_best(const struct near *n);

#endif
