/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * dump: a whole map as a list whose compilation has the same records, what the
 * map says of itself and source positions apart.
 */
#ifndef TOOLS_DUMP_H
#define TOOLS_DUMP_H

#include <stdio.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "route/store.h"
#include "tools/printer.h"

struct route;
struct route_tag;
struct service;

/* What of a map is printed, and how. */
struct dump_choice {
	bool places; /* the place of each entry before it, as a comment */
	const struct route_tag *tag; /* only entries that say it themselves or
	                                by %defaults; NULL: all; an empty
	                                value: any */
};

/*
 * Prints it. The file is read as a whole first: a changed byte would make
 * another list. 0, or -1 and e; a failure of `to` is the caller's to ask for.
 */
ATTR_MUST_USE
int dump_map(struct store *s, const struct dump_choice *choice, FILE *to,
    struct err *e);

/* An entry of a record: a route or a service. */
struct dump_entry {
	const struct route *route;
	const struct service *service;
};

/*
 * Reads the record under that key of a store's map into the arena. 1 and *out;
 * 0: it is no entry (what the map says of itself, a host without a rule of its
 * own); -1 and e.
 */
ATTR_MUST_USE
int dump_read(struct str key, struct str value, struct arena *a,
    struct dump_entry *out, struct err *e);

/* Has it the tag, as of struct dump_choice? */
bool dump_has_tag(const struct dump_entry *entry,
    const struct route_tag *tag);

/* Prints it, with its place if `sources` (of the map's meta) is not NULL. 0,
 * or -1 and e. */
ATTR_MUST_USE
int dump_print(struct printer *p, const struct dump_entry *entry,
    const struct str *sources, FILE *to, struct err *e);

#endif
