/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * sheet: a table of texts and numbers: for people on a terminal in columns and
 * in units they read, for programs with a TAB between each two cells, or as
 * objects of JSON, with numbers as they are.
 *
 * Cells are put in the order of columns, row by row. Texts that others chose
 * are escaped when they are written.
 */
#ifndef TOOLS_SHEET_H
#define TOOLS_SHEET_H

#include <stdint.h>

#include "base/check.h"
#include "base/str.h"
#include "tools/json.h"

enum { SHEET_COLUMNS = 40, SHEET_NAME = 32, SHEET_WIDEST = 48 };

enum sheet_kind {
	SHEET_TEXT = 0,
	SHEET_NUMBER,
	SHEET_BYTES,
	SHEET_TIME,   /* us: for programs the column's name ends in _us */
	SHEET_MOMENT, /* seconds since 1970 */
	SHEET_KINDS   /* last */
};

struct sheet;

/* name: static text, which stands above it, and is its key in JSON. Nothing
 * here fails but for memory (CHECK). */
struct sheet *sheet_new(const char *name);
void sheet_free(struct sheet **s);

/* All before the first cell. The name is copied. */
void sheet_column(struct sheet *s, struct str name, enum sheet_kind kind);

/* The next cell; none: it is not known. The text is copied. */
void sheet_text(struct sheet *s, struct str text);
void sheet_number(struct sheet *s, uint64_t n);
void sheet_none(struct sheet *s);

/* A copy with a column `time` before the others. */
struct sheet *sheet_timed(const struct sheet *s, uint64_t at);

size_t sheet_rows(const struct sheet *s);

enum sheet_how {
	SHEET_ALIGNED = 1 << 0, /* for people: what does not fit on a line of
	                           their terminal is left out, from the right */
	SHEET_NAMED = 1 << 1,   /* its name stands above it */
	SHEET_HEADLESS = 1 << 2 /* the names of columns do not */
};

/* Writes at most so many rows to stdout; how: bits. */
void sheet_write(const struct sheet *s, size_t most, unsigned how);

/* Appends all rows to the list of its name, as objects. */
void sheet_list(const struct sheet *s, struct json *j);

/* Puts the members of its only row into an object. */
void sheet_members(const struct sheet *s, struct json *j);

/* Writes each row as an object of its own. */
void sheet_objects(const struct sheet *s);

#endif
