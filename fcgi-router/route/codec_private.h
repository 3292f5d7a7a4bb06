/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * codec_private: the layout of records, for the writing and the reading side.
 *
 * Items come in ascending order of their tags, each at most once, so a record
 * has one spelling. Numbers are groups of seven bits, the least first, the
 * eighth bit set on all but the last (LEB128).
 */
#ifndef ROUTE_CODEC_PRIVATE_H
#define ROUTE_CODEC_PRIVATE_H

#include "route/codec.h"

enum { CODEC_VERSION = 1 };

enum codec_kind {
	CODEC_KIND_ROUTE = 1,
	CODEC_KIND_HOST = 2 /* 3: kept for services */
};

/* Items of a route. */
enum codec_item {
	CODEC_ITEM_PARTS = 1, /* number of parts in all its patterns */
	CODEC_ITEM_MATCH = 2,
	CODEC_ITEM_SOURCE = 3, /* line, name */
	CODEC_ITEM_CAPTURES = 4,
	CODEC_ITEM_ORIGIN = 5,
	CODEC_ITEM_REDIRECT = 6,
	CODEC_ITEM_RESPOND = 7,
	/* 8 to 15: kept for service, alias, internal, when, split */
	CODEC_ITEM_RULES = 16,
	CODEC_ITEM_DIRECTIVE = 64, /* + its id: level, value */
	CODEC_ITEM_END = 256
};

/* Items of a host. */
enum { CODEC_ITEM_SHAPES = 1, CODEC_ITEM_RULE = 2 };

/* First byte of a pattern's part: context, and above it 0 for a literal or
 * the variable's number + 1. */
enum { CODEC_CONTEXT_BITS = 2, CODEC_CONTEXT_MASK = 3 };
_Static_assert(PATTERN_CONTEXT_COUNT <= CODEC_CONTEXT_MASK + 1,
    "a context fits its bits");
_Static_assert(PATTERN_VARIABLE_COUNT < 256 >> CODEC_CONTEXT_BITS,
    "a variable fits its bits");

enum { CODEC_NUMBER_MAX = 10 }; /* bytes of 64 bits, seven in each */

/* Why the map may not hold it, or NULL. Asked before writing, after reading. */
const char *codec_route_flaw(const struct route *r);
const char *codec_host_flaw(const struct route_host *h);

/* May a route with that many captures hold the part? */
bool codec_part_ok(const struct pattern_part *part, size_t captures);

#endif
