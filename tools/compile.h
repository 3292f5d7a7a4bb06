/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * compile: what route-compile does when its options are read: lists into a
 * map, or an older map back into its place.
 */
#ifndef TOOLS_COMPILE_H
#define TOOLS_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/* What was asked for; all borrowed. */
struct compile_ask {
	bool check_only;
	bool verbose;
	bool keeps;           /* --keep was said */
	size_t keep;          /* so many */
	uint64_t memory;
	const char *settings; /* of -c, or NULL */
	const char *output;   /* of -o, or NULL */
	char **files;         /* files and folders */
	size_t file_count;
	size_t rewritemaps;   /* so many of them, from the first, are made for
	                         RewriteMap */
	int64_t start;        /* clock_us */
};

/* The exit code; all is told. */
ATTR_MUST_USE int compile_lists(const struct compile_ask *ask);
ATTR_MUST_USE int compile_back(const struct compile_ask *ask);

#endif
