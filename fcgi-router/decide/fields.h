/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fields: which header fields go on to the origin and back to the client, and
 * which this router sets itself (RFC 9110 7.6, RFC 7239). Pure.
 *
 * Nothing hop-by-hop passes in either direction, nothing that a web server
 * would obey (X-Accel-Redirect, X-Sendfile, Status) passes from an origin.
 */
#ifndef DECIDE_FIELDS_H
#define DECIDE_FIELDS_H

#include "base/arena.h"
#include "base/err.h"
#include "decide/target.h"
#include "http/h1.h"
#include "http/header.h"
#include "http/request.h"
#include "route/route.h"

struct fields_to_origin {
	const struct request *request;
	const struct target *target;
	bool forwarded; /* RFC 7239's Forwarded too */
	int max_hops;
	/*
	 * Names that a client may not send on (see str_lines_have): what some
	 * rule of the map sets, since it would be forged on another route; and
	 * those that settings keep from them.
	 */
	struct str set_by_rules;
	struct str private;
};

/*
 * Fills *out (initialised by this) with what the origin is sent before the
 * route's own rules; without Host and framing fields.
 * 0, or -1 and e: loop, headers-too-large (a Connection field names more
 * fields than a request may have), overloaded.
 */
ATTR_MUST_USE
int fields_to_origin(const struct fields_to_origin *in, struct arena *a,
    struct header *out, struct err *e);

struct fields_to_client {
	const struct request *request;
	const struct route *route; /* that the host asked for led to */
	const struct target *target;
	const struct h1_answer *answer;
	bool rewrite; /* Location and cookies, as paths and domains here */
};

/*
 * Fills *out with what the client is sent before the route's own rules,
 * without Status and Content-Length. 0, or -1 and e: origin-bad-header (as
 * headers-too-large above), overloaded.
 */
ATTR_MUST_USE
int fields_to_client(const struct fields_to_client *in, struct arena *a,
    struct header *out, struct err *e);

/*
 * Lines for a web server are at most RULES_LINE_MAX bytes, that of the status
 * with its phrase too. Longer fields are taken out of h, a longer phrase is
 * made empty; or, if refuse, that is -1 and e is origin-bad-header. Else 0.
 */
ATTR_MUST_USE
int fields_fit_lines(struct header *h, struct str *phrase, bool refuse,
    struct err *e);

#endif
