/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plan: which plan of router.ini a request has, what it is counted by, and what
 * a client is told of it. Pure.
 */
#ifndef DECIDE_PLAN_H
#define DECIDE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "decide/follow.h"
#include "decide/limit.h"
#include "http/header.h"
#include "settings/settings.h"

/*
 * *plan: that of the route, else of its service, else the default one; NULL:
 * there is none. p->plan becomes its name. true: router.ini has no section of
 * the name that the map says.
 */
bool plan_of_route(struct policy *p, const struct settings *s,
    const struct settings_plan **plan);

/* Is who asks counted? */
bool plan_counts_identity(const struct settings_plan *plan);

/* Whose requests are counted together. Not to be copied: both may point into
 * room, or are borrowed from the request or the route. */
struct plan_key {
	struct str text;    /* for people */
	struct str counted; /* the same; of an address in place of what the
	                       plan counts by: what no such thing can be */
	char room[64];
};

/* identity: empty where nobody is known. An address is spelled in one way, and
 * of IPv6 its /64 counts. What is no address ("unix:" and the like) counts as
 * it is. */
void plan_key(const struct settings_plan *plan, const struct follow *f,
    const struct request *r, struct str identity, struct plan_key *out);

/* What its rate says (there is one), with the burst worked out. */
struct limit_rate plan_rate(const struct settings_plan *plan);

/* Whole seconds to wait before another request is granted, at least 1. */
uint64_t plan_retry_s(const struct limit_view *view);

/*
 * Puts RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10)
 * there, unless an origin has put its own: the burst as quota, in the time in
 * which it comes again. 0, or -1: no room.
 */
ATTR_MUST_USE
int plan_fields(const struct settings_plan *plan,
    const struct limit_view *view, struct header *to);

#endif
