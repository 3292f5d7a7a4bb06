/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * path: one canonical spelling of a request target (RFC 3986 6.2, RFC 9112
 * 3.2), which is both matched and relayed.
 *
 * Unreserved octets are decoded, other escapes kept with upper-case hex, raw
 * bytes that no URI path holds (UTF-8, '"', '<', '|' ...) percent-encoded, dot
 * segments resolved, empty segments ("//") kept. Refused: what does not begin
 * with '/', control bytes, space, '#', backslash, broken escapes, %00, dot
 * segments above the root, and any path that would hold dot segments if %2F or
 * %5C were read as separators or ";parameters" were dropped.
 */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct path {
	struct str text;  /* canonical, begins with '/' */
	struct str query; /* verbatim, without '?' */
	bool has_query;   /* "/a?" has an empty one */
};

/*
 * Splits an absolute-form target ("http://host/path", http or https) into its
 * authority and the rest ("/" when there is nothing; what begins with '?' lacks
 * its '/'). For any other target *authority is {NULL, 0}, *rest the target; an
 * authority that is there but empty is not NULL.
 */
void path_split_target(struct str target, struct str *authority,
    struct str *rest);

/*
 * Reads an origin-form target. *out lives in the arena.
 * 0, or -1 and e: REASON_BAD_PATH, or REASON_OVERLOADED (arena full).
 */
ATTR_MUST_USE
int path_parse(struct str target, struct arena *a, struct path *out,
    struct err *e);

/* The same for a path without query: *out is the canonical text. */
ATTR_MUST_USE
int path_canonical(struct str raw, struct arena *a, struct str *out,
    struct err *e);

/*
 * The next non-empty segment of path from *at on; *at then stands behind it.
 * false: there is none. Start with *at = 0.
 */
bool path_segment(struct str path, size_t *at, struct str *segment);

/*
 * Appends raw to b, percent-encoding '%' and what may not stand in one path
 * segment (path_put_segment: '/' too), in a path (path_put_path: '/' stays), or
 * in a value within a query (path_put_query: all but unreserved octets). Dots
 * have no other spelling: whoever puts a foreign "." or ".." makes the whole
 * canonical again. 0, or -1: b is full.
 */
ATTR_MUST_USE int path_put_segment(struct buf *b, struct str raw);
ATTR_MUST_USE int path_put_path(struct buf *b, struct str raw);
ATTR_MUST_USE int path_put_query(struct buf *b, struct str raw);

#endif
