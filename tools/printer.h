/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * printer: routes and services of a map, spelled as the entries of a list.
 *
 * What is printed compiles to the same records, source positions apart: what a
 * route has from %defaults comes from %defaults again, and sets of header rules
 * become %headers sets, printed before the first entry that names them.
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
 * Prints the entry of a route or service, as codec_get gave it, and before it
 * what it needs. 0, or -1 and e: no memory. A failure of `to` is the caller's
 * to ask for.
 */
ATTR_MUST_USE
int printer_route(struct printer *p, const struct route *r, struct err *e);
ATTR_MUST_USE
int printer_service(struct printer *p, const struct service *s,
    struct err *e);

/*
 * Append pieces as a list spells them: TARGET, COND, a whole `when` or `split`
 * clause, a header clause, an origin of a service with its options. r names
 * the captures; NULL in services. 0, or -1: full.
 */
ATTR_MUST_USE
int printer_target(const struct route_target *t, const struct route *r,
    struct buf *to);
ATTR_MUST_USE
int printer_cond(const struct route_cond *c, struct buf *to);
ATTR_MUST_USE
int printer_when(const struct route_when *w, const struct route *r,
    struct buf *to);
ATTR_MUST_USE int printer_split(const struct route *r, struct buf *to);
ATTR_MUST_USE
int printer_rule(const struct header_rule *rule, const struct route *r,
    struct buf *to);
ATTR_MUST_USE
int printer_origin(const struct service_origin *o, struct buf *to);

/* The value of balance=. 0, or -1: full. */
ATTR_MUST_USE
int printer_balance(const struct words *w, struct buf *to);

/* All words but headers=, a blank before each. 0, or -1: full. */
ATTR_MUST_USE
int printer_words(const struct words *w, struct buf *to);

/* Text as one token, between quotes where it must be. 0, or -1: full. */
ATTR_MUST_USE int printer_token(struct str text, struct buf *to);

/* Writes text with what a terminal could obey escaped, but LF and TAB. */
void printer_write(struct str text, FILE *to);

#endif
