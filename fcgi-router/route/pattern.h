/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pattern: text with variables, and how they are put in.
 *
 * A pattern is a list of parts, each a literal or a variable with the context
 * it stands in, found out when the list is compiled. Filling in escapes by
 * context:
 * - in an authority or a service's name only [a-z0-9-]{1,63} is let through;
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
#include "route/part.h"

struct policy;
struct request;
struct route;

/* What authentication says of a client. */
struct pattern_claim {
	struct str name;
	struct str value;
};

/* Where values come from. */
struct pattern_source {
	const struct request *request;
	const struct route *route;
	const struct policy *policy; /* for {tag.K} and {plan} */
	struct str host;            /* {host}: of an alias, the one it names */
	struct str service;         /* {service}: "@name", "@space/name", or
	                               empty */
	struct str version;         /* {version} */
	const struct str *captures; /* as route->captures; path ones escaped as
	                               they stand in the canonical path */
	struct str rest;            /* below the match: "" or from '/' on */
	const struct pattern_claim *claims; /* {auth.K}: the first of a name */
	size_t claim_count;
};

/* Where a pattern stands that is read: what it may hold, and how it reads. */
enum pattern_place {
	PATTERN_PLACE_AUTHORITY = 0,
	PATTERN_PLACE_SERVICE, /* a service's name: parts as in authorities */
	PATTERN_PLACE_PATH,
	PATTERN_PLACE_QUERY,
	PATTERN_PLACE_HEADER,
	PATTERN_PLACE_COUNT /* last */
};

/*
 * Reads text with {variables} ({{ is a brace, } alone too) whose literals and
 * values all stand in one place. Names are captures of route first (NULL: there
 * are none), then variables. In an authority or a service's name two variables
 * must be parted by a byte that neither can hold ({tag.K} and {plan} are the
 * route's own text and part nothing). *out lives in the arena. *at is the
 * offset of a mistake in text. 0, or -1 and e (the sentence for the user,
 * "what, what was expected").
 */
ATTR_MUST_USE
int pattern_parse(struct str text, enum pattern_place place,
    const struct route *route, struct arena *a, struct pattern *out,
    size_t *at, struct err *e);

/*
 * Appends the pattern, filled in. 0, or -1 and e: no-service (a value that may
 * not stand in an authority), overloaded (`to` is full).
 */
ATTR_MUST_USE
int pattern_fill(const struct pattern *p, const struct pattern_source *s,
    struct buf *to, struct err *e);

/* Appends the spelling for a list (braces doubled). 0, or -1: `to` is full. */
ATTR_MUST_USE
int pattern_print(const struct pattern *p, const struct route *route,
    struct buf *to);

#endif
