/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_out: a result, told once: as lines "word  text" for people, or as the
 * members of one JSON object.
 *
 * Text that others chose is escaped either way.
 */
#ifndef TOOLS_QUERY_OUT_H
#define TOOLS_QUERY_OUT_H

#include "base/str.h"
#include "tools/json.h"

struct query_out {
	struct json *json; /* NULL: lines */
	struct json *row;  /* of a list, while it is built */
};

void query_out_init(struct query_out *o, bool json);

/* Writes the object. */
void query_out_end(struct query_out *o);
void query_out_fini(struct query_out *o);

/* A word that is said once. */
void query_out_text(struct query_out *o, const char *word, struct str text);
void query_out_number(struct query_out *o, const char *word, uint64_t n);

/* A word that may be said again: a list in JSON. */
void query_out_item(struct query_out *o, const char *word, struct str text);

/* "name = value": a member of an object in JSON. */
void query_out_pair(struct query_out *o, const char *word, struct str name,
    struct str value);

/* A member of an object in a list. */
enum query_cell_kind {
	QUERY_CELL_TEXT = 0,
	QUERY_CELL_NUMBER,
	QUERY_CELL_FLAG, /* a number that is not 0 */
	QUERY_CELL_COUNT /* last */
};

struct query_cell {
	const char *name;
	enum query_cell_kind kind;
	struct str text;
	uint64_t number;
};

/* The line for people, and the cells for programs; a cell without a name is
 * the last. */
void query_out_row(struct query_out *o, const char *word, struct str line,
    const struct query_cell *cells);

/* Writes text to stdout, escaped as between TABs; a line of its own to
 * stderr. */
void query_out_put(struct str text);
void query_out_say(struct str text);

#endif
