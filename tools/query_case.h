/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_case: a line of a file of cases: URL, options of the request, "->",
 * and where it is expected to go.
 *
 *	shop.example/admin -> http://127.0.0.1:9001/admin
 *	shop.example/x -X POST -H 'Cookie: sid=1' -> no-path     # a comment
 */
#ifndef TOOLS_QUERY_CASE_H
#define TOOLS_QUERY_CASE_H

#include "tools/query_setup.h"

struct query_case {
	struct str url;
	struct query_wish wish;
	struct str expected; /* its words parted by one space each */
	size_t from;         /* where it stands in the line */
	size_t to;
};

/*
 * Texts borrow from the line or live in the arena. base: the wishes of the
 * command line. *at: the offset of a mistake.
 * 1: a case; 0: an empty line, or a comment; -1 and e: "what, what was
 * expected".
 */
ATTR_MUST_USE
int query_case_read(struct str line, const struct query_wish *base,
    struct arena *a, struct query_case *out, size_t *at, struct err *e);

#endif
