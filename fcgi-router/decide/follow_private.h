/* SPDX-License-Identifier: BSD-2-Clause */

/* follow_private: what the parts of follow share. */
#ifndef DECIDE_FOLLOW_PRIVATE_H
#define DECIDE_FOLLOW_PRIVATE_H

#include "decide/follow.h"

/* One run of it, and what it works for. */
struct follow_walk {
	const struct follow_ask *ask;
	struct arena *arena;
	const struct follow_trace *trace;
	struct follow *out;
	struct err *e;
};

int follow_full(struct err *e);
const struct lookup_trace *follow_lookup_trace(const struct follow_walk *w);

/*
 * The version that a target is, were it chosen: its service's name without
 * '@', its URL's host, its alias. 1; 0: it has none; -1 and e.
 */
ATTR_MUST_USE
int follow_version(struct follow_walk *w, const struct route_target *t,
    struct str *version, struct err *e);

/* Of the chosen target: the service, its origin. As follow_request. */
ATTR_MUST_USE int follow_target(struct follow_walk *w);

/* {service} and {version}. 0, or -1 and e. */
ATTR_MUST_USE int follow_put_names(struct follow_walk *w);

/* One of the targets of the route's split. 0, or -1 and e. */
ATTR_MUST_USE int follow_split(struct follow_walk *w);

/* What the client is kept by. One that has not the cookie is given ours. */
void follow_key(struct follow_walk *w, const struct balance_by *by,
    struct client_key *key);

#endif
