/* SPDX-License-Identifier: BSD-2-Clause */

/* csv: quotes where they must be. */

#include "tools/csv.h"

#include "base/escape.h"

enum { CSV_PIECE = 256 };

static bool
csv_is_quoted(struct str cell)
{
	return str_find(cell, ',') < cell.n || str_find(cell, '"') < cell.n;
}

static void
csv_cell(struct str cell, FILE *to)
{
	bool quoted = csv_is_quoted(cell);
	char piece[CSV_PIECE];

	if (quoted)
		(void)putc_unlocked('"', to);
	while (cell.n > 0) {
		size_t n = escape_put(piece, sizeof(piece), &cell,
		    ESCAPE_LINE);
		size_t i;

		for (i = 0; i < n; i++) {
			if (piece[i] == '"')
				(void)putc_unlocked('"', to);
			(void)putc_unlocked(piece[i], to);
		}
	}
	if (quoted)
		(void)putc_unlocked('"', to);
}

void
csv_row(const struct str *cells, size_t count, FILE *to)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (i > 0)
			(void)putc_unlocked(',', to);
		csv_cell(cells[i], to);
	}
	(void)putc_unlocked('\n', to);
}
