/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * admit: may a request be answered as its route says? Pure.
 *
 * By the client's address; and, before an origin is asked, by words that guard
 * or vouch for its connection: what they ask for is refused where it does not
 * exist, never left out. Who asks is found out by auth.
 */
#ifndef DECIDE_ADMIT_H
#define DECIDE_ADMIT_H

#include "base/cidr.h"
#include "base/err.h"
#include "decide/follow.h"
#include "decide/target.h"
#include "settings/settings.h"

/*
 * inside: who is given internal pages. 0, or -1 and e: address-denied.
 */
ATTR_MUST_USE
int admit_address(const struct follow *f, const struct request *request,
    const struct cidr *inside, size_t count, struct err *e);

/*
 * Could auth= be answered with yes, by the sections that there are? 0, or -1
 * and e: auth-unavailable. For who asks for no client, as route-query does.
 */
ATTR_MUST_USE
int admit_auth(const struct follow *f, const struct settings *s,
    struct err *e);

/*
 * A place that a request names, which itself was let in: is it guarded by
 * nothing else? 0, or -1 and e: auth-denied.
 */
ATTR_MUST_USE
int admit_place(const struct policy *own, const struct policy *place,
    struct err *e);

/* What guards the origin's connection and does not exist yet. 0, or -1 and e:
 * internal. */
ATTR_MUST_USE
int admit_origin(const struct follow *f, const struct settings *s,
    struct err *e);

/*
 * Fills in t->egress by the settings; are there the sections that tls= and
 * egress= name, and may the socket, or the address that its URL spells, be
 * connected to? What a name resolves to is judged when it is known. 0, or -1
 * and e: egress-denied, origin-tls.
 */
ATTR_MUST_USE
int admit_target(const struct policy *p, const struct settings *s,
    struct target *t, struct err *e);

#endif
