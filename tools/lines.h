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
 *
 * A list is one text, or comes through the window of an reader: then an entry
 * with the comments between its lines fits into that, or is told as too long.
 */
#ifndef TOOLS_LINES_H
#define TOOLS_LINES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "tools/lint.h"

enum { LINES_ENTRY_MAX = 65536 };

struct lines_token {
	struct str raw;          /* as it stands in the file */
	struct str text;         /* quotes and their escapes undone */
	struct lint_place place; /* of raw */
	size_t added;            /* bytes that text begins with, and raw not */
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
	struct str text;         /* as it stands in the file */
	struct lint_place place; /* of that */
};

struct reader;

struct lines {
	struct str text; /* what is at hand of the list, borrowed */
	size_t at;
	struct lint_place place; /* of the next line */
	struct lint *lint;       /* may be NULL: nothing is told */
	struct reader *reader;     /* where more comes from, or NULL */
	bool percent;  /* only entries that begin with '%' are wanted */
	bool ascii;    /* the line that is cut has nothing else */
	bool begun;
};

/* file and text are borrowed while entries are in use. */
void lines_init(struct lines *l, struct str file, uint32_t rank,
    struct str text, struct lint *lint);

/* As lines_init, from the reader's beginning (reader_begin is called). Entries
 * borrow from its window: until the next one. 0, or -1 and e. */
ATTR_MUST_USE
int lines_open(struct lines *l, struct str file, uint32_t rank,
    struct reader *reader, struct lint *lint, struct err *e);

/* The same entry once more from a copy of its text, nothing told. */
void lines_again(struct lines *l, const struct lines_entry *entry,
    struct str copy);

/*
 * The next whole entry, in the arena. 1, 0: no more, -1 and e: the arena is
 * full, or the reader failed.
 */
ATTR_MUST_USE
int lines_next(struct lines *l, struct arena *a, struct lines_entry *out,
    struct err *e);

/* The next line as it stands, without its end; one that does not fit into the
 * window is told, and passed over. As lines_next. */
ATTR_MUST_USE
int lines_line(struct lines *l, struct str *line, struct err *e);

/* Where the byte at that offset of t->text stands in the file. */
struct lint_place lines_place(const struct lines_token *t, size_t offset);

#endif
