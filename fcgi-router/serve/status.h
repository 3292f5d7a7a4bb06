/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * status: how the routers of this machine are, as a page for people, as lines
 * for monitoring (?auto, the words of Apache's mod_status and ours) and as JSON
 * (?json).
 *
 * The page is one document without anything to fetch: it works without its
 * script, which only looks for news every other second. All that clients,
 * lists or origins chose is escaped, and the browser is told to run and load
 * nothing else. Everything is bounded, whatever the routers are doing.
 */
#ifndef SERVE_STATUS_H
#define SERVE_STATUS_H

#include "serve/exchange.h"

/*
 * Answers the query of x's request. The exchange holds its map, which is asked
 * where a host goes, if that is wanted. 0, or -1 and x->err.
 */
ATTR_MUST_USE
int status_answer(struct exchange *x, unsigned slot);

#endif
