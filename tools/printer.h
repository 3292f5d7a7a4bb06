/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * printer: routes of a map, spelled as the entries of a list.
 *
 * What is printed compiles to the same records, source positions apart: what a
 * route has from %defaults comes from %defaults again, and sets of header rules
 * that an entry of its own cannot hold become %headers sets.
 */
#ifndef TOOLS_PRINTER_H
#define TOOLS_PRINTER_H

#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "route/route.h"

struct printer;

/* Never fails but for memory (CHECK). `to` is borrowed. */
struct printer *printer_new(FILE *to);
void printer_free(struct printer **p);

/*
 * Prints the entry of the route under that key. 0, or -1 and e: key and route
 * do not belong together (map-broken), or no memory. A failure of `to` is the
 * caller's to ask for.
 */
ATTR_MUST_USE
int printer_route(struct printer *p, struct str key, const struct route *r,
    struct err *e);

/* Appends TARGET, or a header clause, as a list spells it. 0, or -1: full. */
ATTR_MUST_USE int printer_target(const struct route *r, struct buf *to);
ATTR_MUST_USE
int printer_rule(const struct header_rule *rule, const struct route *r,
    struct buf *to);

/* Writes text with what a terminal could obey escaped, but LF and TAB. */
void printer_write(struct str text, FILE *to);

#endif
