/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * dav: the places that WebDAV's request fields name (Destination and the tags
 * of If, RFC 4918 10.3 and 10.4), looked up and written as the origin knows
 * them. Pure.
 *
 * A place is read, looked up and let in as if it had been asked for itself:
 * else a MOVE from an open route would reach what another route guards. It
 * must lead to the very origin that the request goes to, as the same host, by
 * the same way; the router moves nothing between servers.
 */
#ifndef DECIDE_DAV_H
#define DECIDE_DAV_H

#include "base/cidr.h"
#include "base/err.h"
#include "decide/follow.h"
#include "decide/target.h"
#include "http/header.h"

struct dav {
	const struct follow_ask *ask; /* the request, and the map it was
	                                 looked up in */
	const struct follow *follow;  /* what it led to */
	const struct target *target;
	bool preserve;             /* as for target_origin */
	const struct cidr *inside; /* as for admit_address */
	size_t inside_count;
};

/* Has h a field that dav_map would look at? */
bool dav_names_places(const struct header *h);

/*
 * Maps the places in h, which is for the origin, whose values then live in its
 * arena. A Destination that names no place, or one on a host that the map does
 * not have, is left as it is where the method is neither COPY nor MOVE.
 * 0, or -1 and e: bad-path, ambiguous-path, bad-host, bad-request (no URL, two
 * Destinations, too many tags, an If that can be read in two ways);
 * address-denied, auth-denied (the place says auth= where the request's own
 * does not) and what else closes a door to the place; other-server; overloaded;
 * or the map failed.
 */
ATTR_MUST_USE
int dav_map(const struct dav *in, struct header *h, struct err *e);

#endif
