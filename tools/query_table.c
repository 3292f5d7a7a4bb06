/* SPDX-License-Identifier: BSD-2-Clause */

/* query_table: TABs, or blanks up to the next column. */

#include "tools/query_table.h"

#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/escape.h"
#include "tools/query_out.h"

enum { QUERY_TABLE_GAP = 2, QUERY_TABLE_PIECE = 256 };

void
query_table_init(struct query_table *t)
{
	*t = (struct query_table){ .aligned = isatty(STDOUT_FILENO) == 1 };
}

/* Characters of a text once it is escaped. */
static size_t
query_table_width(struct str text)
{
	char safe[QUERY_TABLE_PIECE];
	size_t width = 0;

	while (text.n > 0) {
		size_t n = escape_put(safe, sizeof(safe), &text, ESCAPE_LINE);
		size_t i;

		for (i = 0; i < n; i++)
			width += ((unsigned char)safe[i] & 0xc0) != 0x80;
	}
	return width;
}

void
query_table_measure(struct query_table *t, const struct str *cells,
    size_t count)
{
	size_t i;

	CHECK(count <= QUERY_TABLE_COLUMNS);
	for (i = 0; t->aligned && i < count; i++) {
		size_t width = query_table_width(cells[i]);

		if (width > QUERY_TABLE_WIDEST)
			width = QUERY_TABLE_WIDEST;
		if (width > t->widths[i])
			t->widths[i] = width;
	}
}

/* What stands between a cell and the next one. */
static void
query_table_gap(const struct query_table *t, size_t column, struct str cell)
{
	size_t width;

	if (!t->aligned) {
		(void)putc_unlocked('\t', stdout);
		return;
	}
	for (width = query_table_width(cell); width < t->widths[column];
	    width++)
		(void)putc_unlocked(' ', stdout);
	(void)printf("%*s", QUERY_TABLE_GAP, "");
}

void
query_table_row(struct query_table *t, const struct str *cells, size_t count)
{
	size_t i;

	query_table_measure(t, cells, count);
	for (i = 0; i < count; i++) {
		query_out_put(cells[i]);
		if (i + 1 < count)
			query_table_gap(t, i, cells[i]);
	}
	(void)putc_unlocked('\n', stdout);
}
