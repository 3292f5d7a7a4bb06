/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * table: a failing row of a table test says which one it is, not only that one
 * failed.
 */
#ifndef UNIT_TABLE_H
#define UNIT_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"

#define TABLE_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Fails with the row's name unless got equals the text want. */
#define TABLE_STR(row, got, want) do { \
	struct str table_got = (got); \
	struct str table_want = str_of(want); \
\
	if (!str_eq(table_got, table_want)) \
		fail_msg("row '%s': got '%.*s', want '%.*s'", (row), \
		    STR_ARG(table_got), STR_ARG(table_want)); \
} while (0)

/* Fails with the row's name unless the two numbers are equal. */
#define TABLE_INT(row, got, want) do { \
	long long table_got = (long long)(got); \
	long long table_want = (long long)(want); \
\
	if (table_got != table_want) \
		fail_msg("row '%s': got %lld, want %lld (%s)", (row), \
		    table_got, table_want, #got); \
} while (0)

/*
 * A copy on the heap without a NUL behind it, so that reading past its end is
 * seen by the sanitizers. Free it with free.
 */
static inline char *
table_exact(struct str s)
{
	char *p = malloc(s.n > 0 ? s.n : 1);

	assert_non_null(p);
	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i];
	return p;
}

#endif
