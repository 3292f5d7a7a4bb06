/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * random: numbers for tests of properties, the same in every run: SEED in the
 * environment chooses another series, LONG asks for many more cases.
 */
#ifndef UNIT_RANDOM_H
#define UNIT_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static uint64_t random_series;

static inline void
random_begin(uint64_t seed)
{
	/* Neighbours begin far from each other. */
	random_series = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15);
	random_series ^= random_series >> 32;
	random_series |= 1;
}

/* Where series begin. */
static inline uint64_t
random_seed(void)
{
	const char *seed = getenv("SEED");

	return seed != NULL ? strtoull(seed, NULL, 10) : 1;
}

static inline size_t
random_cases(size_t usual, size_t many)
{
	return getenv("LONG") != NULL ? many : usual;
}

static inline unsigned
random_below(unsigned n)
{
	random_series ^= random_series << 13;
	random_series ^= random_series >> 7;
	random_series ^= random_series << 17;
	return (unsigned)(random_series >> 33) % n;
}

static inline const char *
random_of(const char *const *words, size_t count)
{
	return words[random_below((unsigned)count)];
}

#define RANDOM_OF(words) random_of(words, sizeof(words) / sizeof((words)[0]))

#endif
