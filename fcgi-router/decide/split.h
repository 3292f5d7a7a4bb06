/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * split: which target of a split a client gets. Pure.
 *
 * By rendezvous over the targets that have a share, each known by how the list
 * spells it, salted by MATCH: neither their order nor what else the map holds
 * matters, and all hosts of a wildcard agree.
 */
#ifndef DECIDE_SPLIT_H
#define DECIDE_SPLIT_H

#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "route/route.h"

/* Has one target all of it? Then *at: which. */
bool split_is_whole(const struct route *r, size_t *at);

/* *at: the target of the client with that key. 0, or -1 and e: overloaded. */
ATTR_MUST_USE
int split_choose(const struct route *r, struct str key, size_t *at,
    struct err *e);

#endif
