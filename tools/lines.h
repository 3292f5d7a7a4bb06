/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * lines: the logical lines of a list, cut into tokens with their places.
 *
 * UTF-8, a byte order mark at the start, LF or CRLF. A line that begins with a
 * blank continues the entry above and holds one clause; empty lines and
 * comments may stand between. Quotes protect, \" and \\ within them. Behind
 * request-header and response-header the rest of the line is one raw token.
 * What is broken is told; a broken first line takes its entry with it, a
 * broken clause only itself.
 */
#ifndef TOOLS_LINES_H
#define TOOLS_LINES_H

#include "base/arena.h"
#include "base/err.h"
#include "tools/lint.h"

enum { LINES_ENTRY_MAX = 65536 };

struct lines_token {
	struct str raw;          /* as it stands in the file */
	struct str text;         /* quotes and their escapes undone */
	struct lint_place place; /* of raw */
	bool quoted;             /* begins with a quote */
};

struct lines_line {
	struct lines_token *tokens;
	size_t count; /* at least one */
};

/* lines[0] is the entry's own line, the others are its clauses. */
struct lines_entry {
	struct lines_line *lines;
	size_t count;
};

struct lines {
	struct str text; /* of the whole file, borrowed */
	size_t at;
	struct lint_place place; /* of the next line */
	struct lint *lint;       /* may be NULL: nothing is told */
};

/* file and text are borrowed while entries are in use. */
void lines_init(struct lines *l, struct str file, uint32_t rank,
    struct str text, struct lint *lint);

/*
 * The next whole entry, in the arena. 1, 0: no more, -1 and e: the arena is
 * full.
 */
ATTR_MUST_USE
int lines_next(struct lines *l, struct arena *a, struct lines_entry *out,
    struct err *e);

/* Where the byte at that offset of t->text stands in the file. */
struct lint_place lines_place(const struct lines_token *t, size_t offset);

#endif
