/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_table: rows of text, for programs with a TAB between each two cells,
 * on a terminal in columns.
 *
 * A row is written at once: columns are as wide as the widest cell so far, or
 * that was measured before, but no wider than what leaves room for others.
 */
#ifndef TOOLS_QUERY_TABLE_H
#define TOOLS_QUERY_TABLE_H

#include "base/str.h"

enum { QUERY_TABLE_COLUMNS = 9, QUERY_TABLE_WIDEST = 48 };

struct query_table {
	bool aligned; /* stdout is a terminal */
	size_t widths[QUERY_TABLE_COLUMNS];
};

void query_table_init(struct query_table *t);

/* Makes room for a row that comes later. */
void query_table_measure(struct query_table *t, const struct str *cells,
    size_t count);

/* Writes a row to stdout, escaped. */
void query_table_row(struct query_table *t, const struct str *cells,
    size_t count);

#endif
