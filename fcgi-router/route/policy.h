/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * policy: what holds for one request: the words of %defaults, of the service
 * and of the route, merged, and the auth and addresses of the aliases passed
 * on the way.
 *
 * A route's own word beats its service's, and that beats %defaults. But: auth
 * adds up; of allow and deny every level must pass, and deny beats allow; of
 * times and sizes the tightest holds; tags unite, the route's value wins.
 * Header rules apply in the order defaults, service, route.
 */
#ifndef ROUTE_POLICY_H
#define ROUTE_POLICY_H

#include "base/arena.h"
#include "base/err.h"
#include "route/route.h"

/* %defaults and own words of each alias, then of the route; the service. */
enum { POLICY_LEVELS_MAX = 2 * (ROUTE_ALIASES_MAX + 1) + 1 };

struct policy {
	bool strip_prefix;
	bool pass_auth;
	bool encoded_slash;
	bool rewrite_back;

	/* INT64_MAX, UINT64_MAX: no word limits it */
	int64_t connect_timeout;
	int64_t timeout;
	int64_t idle_timeout;
	int64_t total;
	uint64_t max_body;

	enum host_sent host_sent;
	struct str host_name;
	struct str plan;      /* in force; empty: the default plan */
	struct str plan_said; /* by the map; the same, until somebody knows
	                         that there is none of that name */
	struct str tls;
	struct str sign;
	struct str egress;

	/* all of them must pass, in this order */
	struct str auth[POLICY_LEVELS_MAX];
	size_t auth_count;
	struct cidr_list allow[POLICY_LEVELS_MAX];
	size_t allow_count;
	struct cidr_list deny[POLICY_LEVELS_MAX];
	size_t deny_count;

	struct route_tag *tags; /* in the arena, or a level's own */
	size_t tag_count;
	const struct words *levels[3]; /* defaults, service, route: for their
	                                  header rules; NULL: none */
};

/* Nothing said: the policy of a plain route. */
void policy_init(struct policy *p);

/* Adds auth, allow and deny of an alias that was passed. */
void policy_alias(struct policy *p, const struct route *alias);

/* Merges the rest, once, after all aliases. service may be NULL. 0, or -1 and
 * e: overloaded. */
ATTR_MUST_USE
int policy_merge(struct policy *p, const struct route *route,
    const struct service *service, struct arena *a, struct err *e);

/* The value of a tag; {NULL, 0}: there is none. */
struct str policy_tag(const struct policy *p, struct str key);

/* May a client with that address: by deny and allow of every level? Where any
 * of them speaks, text that is no address may not. */
bool policy_admits(const struct policy *p, struct str address);

#endif
