/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * spell: targets as a list spells them, before quotes.
 *
 * What clients of a split are kept by is made of this: another spelling of the
 * same record would move them.
 */
#ifndef ROUTE_SPELL_H
#define ROUTE_SPELL_H

#include "base/buf.h"
#include "route/route.h"

/*
 * Append TARGET, or the URL of an origin. r names the captures; NULL where
 * there are none. 0, or -1: full.
 */
ATTR_MUST_USE
int spell_target(const struct route_target *t, const struct route *r,
    struct buf *to);
ATTR_MUST_USE
int spell_url(const struct origin_url *o, const struct route *r,
    struct buf *to);

#endif
