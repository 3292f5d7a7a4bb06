/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * admit: may a request be answered as its route says? Pure.
 *
 * By the client's address; by auth, which nobody passes while there is no
 * authentication; and, before an origin is asked, by words that guard or vouch
 * for its connection: what they ask for is refused while it does not exist,
 * never left out.
 */
#ifndef DECIDE_ADMIT_H
#define DECIDE_ADMIT_H

#include "base/cidr.h"
#include "base/err.h"
#include "decide/follow.h"

/*
 * inside: who is given internal pages. 0, or -1 and e: address-denied.
 */
ATTR_MUST_USE
int admit_address(const struct follow *f, const struct request *request,
    const struct cidr *inside, size_t count, struct err *e);

/* 0, or -1 and e: auth-unavailable. */
ATTR_MUST_USE int admit_auth(const struct follow *f, struct err *e);

/* 0, or -1 and e: egress-denied, origin-tls, internal. */
ATTR_MUST_USE int admit_origin(const struct follow *f, struct err *e);

#endif
