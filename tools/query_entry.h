/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_entry: entries of maps, read, spelled one by one, and compared.
 */
#ifndef TOOLS_QUERY_ENTRY_H
#define TOOLS_QUERY_ENTRY_H

#include "tools/dump.h"
#include "tools/query_setup.h"

struct query_entry;

struct query_entry *query_entry_new(void);
void query_entry_free(struct query_entry **x);

/* Drops what it read before, then as dump_read. */
ATTR_MUST_USE
int query_entry_read(struct query_entry *x, struct str key,
    struct str value, struct dump_entry *out, struct err *e);

/*
 * Puts the entry into a JSON object: its kind, name and place, and under
 * `word` its whole text. 0, or -1 and e.
 */
ATTR_MUST_USE
int query_entry_tell(struct query_entry *x, const struct query_map *m,
    const struct dump_entry *entry, const char *word, struct err *e);

/* Writes the object to stdout. */
void query_entry_write(struct query_entry *x);

/* The object, for more members. */
struct json *query_entry_json(struct query_entry *x);

/* The text of the entry alone, with its place as a comment if `places`;
 * borrowed until the next call. 0, or -1 and e. */
ATTR_MUST_USE
int query_entry_text(struct query_entry *x, const struct query_map *m,
    const struct dump_entry *entry, bool places, struct str *out,
    struct err *e);

/*
 * Do both say the same, places apart? The scratch arena is left as it is
 * found. 1, 0, or -1 and e.
 */
ATTR_MUST_USE
int query_entry_same(const struct dump_entry *a, const struct dump_entry *b,
    struct arena *scratch, struct err *e);

#endif
