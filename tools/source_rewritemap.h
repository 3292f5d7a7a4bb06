/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * source_rewritemap: routes from a file made for Apache's `RewriteMap txt:` or
 * mod_proxy_express, as those read it.
 *
 * A line is KEY, blanks, URL, and what is ignored. Lines that begin with '#' or
 * a blank are none. Nothing is quoted, and no character is special. A URL
 * without scheme has http:// before it. Of keys that repeat the last wins
 * (source_route.last_wins). What differs from what its writer may have meant
 * is told as a warning.
 */
#ifndef TOOLS_SOURCE_REWRITEMAP_H
#define TOOLS_SOURCE_REWRITEMAP_H

#include "tools/source.h"

/* As source_routes; there are no sets in such a file. */
ATTR_MUST_USE
int source_rewritemap(struct source *s, struct str file, uint32_t rank,
    struct str text, struct err *e);

/* As source_read_routes. */
ATTR_MUST_USE
int source_read_rewritemap(struct source *s, struct lines *lines,
    struct err *e);

#endif
