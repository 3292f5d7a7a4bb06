/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage: sums by key, exact for any number of keys, in bounded memory: what
 * does not fit goes through a sorter (sorter.h) and is added up in the end.
 */
#ifndef TOOLS_USAGE_H
#define TOOLS_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "report/stats.h"

struct usage_sums {
	uint64_t n[STATS_COUNT_COUNT]; /* UINT64_MAX: that, or more */
	uint64_t lacking; /* bits: some line did not tell what that takes */
};

struct usage;

/* keys: the most that are kept in memory at once. Fails only for memory
 * (CHECK). */
struct usage *usage_new(size_t keys);
void usage_free(struct usage **u);

/* Adds to the sums of a key. 0, or -1 and e: too long a key, a full disk. */
ATTR_MUST_USE
int usage_add(struct usage *u, struct str key, const struct usage_sums *more,
    struct err *e);

/* After the last add, before the first next. 0, or -1 and e. */
ATTR_MUST_USE int usage_sort(struct usage *u, struct err *e);

/* The next key in the order of bytes, borrowed until the next call, and its
 * sums. 1; 0: there are no more; -1 and e. */
ATTR_MUST_USE
int usage_next(struct usage *u, struct str *key, struct usage_sums *out,
    struct err *e);

#endif
