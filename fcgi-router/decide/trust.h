/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * trust: what a proxy or CDN in front of the web server says of the client.
 * Pure.
 *
 * Anybody can write X-Forwarded-For and the like. They are believed of a peer
 * that is one of `[trust] proxies` and no other, and addresses only as far as
 * each of them was written down by such a one.
 */
#ifndef DECIDE_TRUST_H
#define DECIDE_TRUST_H

#include "base/arena.h"
#include "base/cidr.h"
#include "base/err.h"
#include "base/str.h"
#include "http/header.h"
#include "http/request.h"

/*
 * Of a request whose peer is in one of `proxies`, fills in `trusted`,
 * `client_ip` and `hops`; and `scheme`, `id` and, if it is believed about that,
 * `host` where the peer says them. Of any other it changes nothing.
 *
 * It may be given what could be read of a request that was refused.
 * 0, or -1 and e: bad-host (no host, or several), overloaded.
 */
ATTR_MUST_USE
int trust_request(const struct cidr *proxies, size_t count, bool host,
    struct request *r, struct arena *a, struct err *e);

/*
 * Walks X-Forwarded-For from its end, over all fields of that name: the next
 * element that is not empty. Nothing quotes a comma in it. false: no more.
 */
struct trust_walk {
	const struct header *fields;
	size_t field;    /* those before it are to be read yet */
	struct str left; /* of the field that is being read */
};

void trust_begin(struct trust_walk *w, const struct header *fields);
bool trust_next(struct trust_walk *w, struct str *element);

/*
 * The address of an element, which may have a port behind it: "192.0.2.1",
 * "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80". false: it is none.
 */
bool trust_address(struct str element, struct str *address);

#endif
