/* SPDX-License-Identifier: BSD-2-Clause */

/* match: does a condition of a `when` line hold for a request? Pure. */
#ifndef DECIDE_MATCH_H
#define DECIDE_MATCH_H

#include <stdbool.h>

#include "http/request.h"
#include "route/route.h"

/*
 * Header and cookie values are compared byte by byte, of repeated ones any may
 * match; of a query, values are compared decoded ('+' is a blank). '*' stands
 * for any bytes, also none. Methods and schemes are exact.
 */
bool match_cond(const struct route_cond *c, const struct request *request);
bool match_when(const struct route_when *when, const struct request *request);

#endif
