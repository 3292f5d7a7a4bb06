/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * ask: is a host name one of ours? What internal=ask answers to web servers
 * that fetch a certificate when a name is first asked for.
 *
 * An exact host of the map is, and one whose captured label is in the name of
 * a service that exists, as the route of its "/" says, for whatever share of
 * clients. A wildcard or '*' alone makes no name ours, since anybody could then
 * have certificates fetched for names without end.
 */
#ifndef DECIDE_ASK_H
#define DECIDE_ASK_H

#include "decide/follow.h"

/*
 * Of the request's query, `domain=`, which must be there once. The host it
 * names is looked up in ask's map and namespace.
 * 1: ours, 0: not, or -1 and e: bad-request (no host name), or the map failed.
 */
ATTR_MUST_USE
int ask_domain(const struct follow_ask *ask, struct arena *a, struct err *e);

#endif
