/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * egress: may this address be connected to? Pure.
 *
 * What [egress] (or the [egress:NAME] of a route) denies, never; what it
 * allows, always. Else link-local addresses (cloud metadata services live
 * there), the few other metadata addresses and multicast never; loopback and
 * private ranges only for an origin whose address the map writes without
 * variables, for one whose host is an allowed name, or for none. A denied name
 * is never looked up; names count as the URL has them, not what they are
 * aliases of. IPv4 inside IPv6 (mapped, NAT64, 6to4) is looked at
 * as what it is. The compiler asks the same of what a list writes.
 */
#ifndef DECIDE_EGRESS_H
#define DECIDE_EGRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/str.h"
#include "settings/settings.h"

/* Is the host, in canonical text, one that is never connected to? rules: NULL
 * are the defaults. */
bool egress_denies_name(const struct settings_egress *rules,
    struct str host);

/* host: the origin's, which has led to the address. written: it has no
 * variable. Of AF_INET and AF_INET6; all else may not. */
bool egress_allows(const struct settings_egress *rules, struct str host,
    const struct sockaddr *address, bool written);

/* Why one of AF_INET or AF_INET6 may not, for people: "it is in 'deny'". */
const char *egress_why(const struct settings_egress *rules, struct str host,
    const struct sockaddr *address);

/* The same of a literal in canonical text, IPv6 with or without brackets. 1, 0:
 * it may not, -1: it is no address; of which the second says that it may not.
 */
int egress_judge_literal(const struct settings_egress *rules,
    struct str text, bool written);
bool egress_allows_literal(const struct settings_egress *rules,
    struct str text, bool written);

/* And of a Unix socket's path. */
bool egress_allows_socket(const struct settings_egress *rules,
    struct str path, bool written);

/* An origin as a list spells it. */
struct egress_spelled {
	struct str text; /* the host or the socket's path; of one with
	                    variables, a host's end behind the last of them, a
	                    path's begin before the first */
	bool socket;
	bool built; /* it has variables */
};

/* Can there be a request for which it may be connected to? What a name
 * resolves to is not known here. */
bool egress_can_allow(const struct settings_egress *rules,
    const struct egress_spelled *origin);

#endif
