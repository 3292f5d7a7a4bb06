/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stat_keys: what route-stat is asked to sum (--sum), and by what (--by):
 * words parted by commas.
 */
#ifndef TOOLS_STAT_KEYS_H
#define TOOLS_STAT_KEYS_H

#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "report/record.h"
#include "report/stats.h"

enum {
	STAT_BY_MAX = 7,
	STAT_BY_TEXT = 1024, /* of a value; fields that may be longer are none
	                        to sum by */
	STAT_SUMS_MAX = 32
};

/* A field of the record, or one of its tags. */
struct stat_by {
	struct str name; /* as it was asked for; borrowed */
	enum record_field field;
	struct str tag; /* its key, of tag.KEY */
};

/* A count, or how long a part of the requests took at most. */
struct stat_sum {
	const char *key; /* static */
	enum stats_count count;
	enum stats_unit unit;
	unsigned thousandths; /* 0: a count */
};

struct stat_keys {
	struct stat_by by[STAT_BY_MAX];
	size_t by_count;
	struct stat_sum sums[STAT_SUMS_MAX];
	size_t sum_count;
};

/* 0, or -1 and e: "what, what was expected". What is read is added. */
ATTR_MUST_USE
int stat_keys_by(struct str words, struct stat_keys *k, struct err *e);
ATTR_MUST_USE
int stat_keys_sum(struct str words, struct stat_keys *k, struct err *e);

#endif
