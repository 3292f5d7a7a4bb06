/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * follow: from a request to what answers it.
 *
 * The lookup, no second reading, aliases (looked up as the host they name),
 * conditions in their order, shares, the service and its origin, and all that
 * was said on the way merged into one policy. The router and route-query run
 * this very code; it asks the map by a function and changes nothing.
 */
#ifndef DECIDE_FOLLOW_H
#define DECIDE_FOLLOW_H

#include "base/arena.h"
#include "base/err.h"
#include "decide/client_key.h"
#include "http/request.h"
#include "route/lookup.h"
#include "route/pattern.h"
#include "route/policy.h"

struct follow_ask {
	const struct request *request;
	const struct lookup_map *map;
	struct str space; /* the router's namespace */
	struct cidr_list version_override; /* clients there may choose among a
	                                      split's targets */
	struct str fresh; /* the value of CLIENT_KEY_COOKIE for a client that
	                     is to be given one; empty: a new one */
	size_t share;     /* of a split not what the client gets but the target
	                     of this number, from 1 */
	const struct pattern_claim *claims; /* {auth.K}, once it is known */
	size_t claim_count;
};

/* How a split chose. */
enum follow_split {
	FOLLOW_SPLIT_NONE = 0, /* none did */
	FOLLOW_SPLIT_WHOLE,    /* one target has all of it */
	FOLLOW_SPLIT_KEY,      /* by what the client is kept by */
	FOLLOW_SPLIT_VERSION,  /* the client asked for it */
	FOLLOW_SPLIT_SHARE,    /* follow_ask.share says so */
	FOLLOW_SPLIT_COUNT     /* last */
};

/* Told of what is tried, in order; members may be NULL. */
struct follow_trace {
	struct lookup_trace lookup;
	/* An alias's host is looked up next. */
	void (*alias)(void *arg, const struct route *route);
	/* A condition of a `when` line: did it hold? */
	void (*cond)(void *arg, const struct route_when *when,
	    const struct route_cond *cond, bool held);
	void *arg;
};

struct follow {
	/* Filled in even when there is no answer, as far as it came. */
	struct lookup_result found; /* of the last host looked up */
	struct str host;            /* that host */
	struct route *aliases[ROUTE_ALIASES_MAX]; /* passed, in order */
	size_t alias_count;
	struct policy policy;
	struct pattern_source source;

	const struct route_when *when;     /* that chose it, or NULL */
	enum follow_split split;           /* or this did */
	struct client_key split_key;       /* of FOLLOW_SPLIT_KEY */
	const struct route_target *target; /* the chosen one */
	struct service *service;           /* of TARGET_SERVICE, else NULL */
	struct str service_key; /* "@name" or "@space/name" that was asked for,
	                           even if there is none */
	const struct origin_url *origin;   /* relay there; NULL: the router
	                                      answers itself, by target */
	struct client_key balance_key;     /* what the service's balance=hash
	                                      keeps the client by; empty where
	                                      there is nothing to balance */
	struct str fresh; /* the value of CLIENT_KEY_COOKIE that the client is
	                     to be given, whatever the answer; or empty */
	char fresh_room[CLIENT_KEY_ID];
};

/* Nothing was followed yet. Long lists are left as they are: their counts are
 * 0, and captures are those of found.route. */
void follow_init(struct follow *f);

/* Is it a service's name that is made of what auth says of the client? */
bool follow_asks_who(const struct follow *f);

/*
 * *out borrows from the arena and the request; it points into itself, so it
 * is not to be copied.
 * 1: a target; 0: none, and e says why: no-host, no-path, no-service,
 * ambiguous-path, loop (too many aliases); -1 and e: the map failed.
 */
ATTR_MUST_USE
int follow_request(const struct follow_ask *ask, struct arena *a,
    const struct follow_trace *trace, struct follow *out, struct err *e);

#endif
