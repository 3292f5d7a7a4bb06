/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pattern: text with variables, and how they are put in.
 *
 * A pattern (route.h) is a list of parts, each a literal or a variable with
 * the context it stands in, found out when the list is compiled. Filling in
 * escapes by context:
 * - in an authority only [a-z0-9-]{1,63} is let through;
 * - in a path captures, {path}, {rest} and {uri} are put as they stand, since
 *   they are pieces of a canonical path already; other values are
 *   percent-encoded as one segment. The whole must be made canonical again:
 *   "{header.N}" may be "..", and "{rest}" begins with '/' or is empty;
 * - in a query {query} is put as it stands; captures, {path} and {rest} keep
 *   their escapes and have the rest escaped, so that the reader decodes what
 *   the client meant; other values, {uri} too, are percent-encoded;
 * - in a header values lose their control bytes, TAB apart.
 */
#ifndef ROUTE_PATTERN_H
#define ROUTE_PATTERN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "route/route.h"

struct request;

/* The variable's word, "" for captures; does it take a key; its manual. */
const char *pattern_word(enum pattern_variable v);
bool pattern_has_key(enum pattern_variable v);
bool pattern_in_authority(enum pattern_variable v);
bool pattern_is_path(enum pattern_variable v);
const char *pattern_manual(enum pattern_variable v);

/* true and *out: the variable of that word (not captures). */
bool pattern_find(struct str word, enum pattern_variable *out);

/* Where values come from. */
struct pattern_source {
	const struct request *request;
	const struct route *route;
	struct str host;            /* {host} */
	const struct str *captures; /* as route->captures; path ones escaped as
	                               they stand in the canonical path */
	struct str rest;            /* below the match: "" or from '/' on */
};

/*
 * Reads text with {variables} ({{ is a brace, } alone too) whose literals and
 * values all stand in one context. Names are captures of route first, then
 * variables. In an authority two captures must be parted by a byte that
 * neither can hold. *out lives in the arena. *at is the offset of a mistake in
 * text. 0, or -1 and e (the sentence for the user, "what, what was expected").
 */
ATTR_MUST_USE
int pattern_parse(struct str text, enum pattern_context context,
    const struct route *route, struct arena *a, struct pattern *out,
    size_t *at, struct err *e);

/*
 * Appends the pattern, filled in. 0, or -1 and e: no-service (a value that may
 * not stand in an authority), overloaded (`to` is full).
 */
ATTR_MUST_USE
int pattern_fill(const struct pattern *p, const struct pattern_source *s,
    struct buf *to, struct err *e);

/* Has it a variable at all? */
bool pattern_is_fixed(const struct pattern *p);

/* Appends the spelling for a list (braces doubled). 0, or -1: `to` is full. */
ATTR_MUST_USE
int pattern_print(const struct pattern *p, const struct route *route,
    struct buf *to);

#endif
