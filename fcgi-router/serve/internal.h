/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * internal: what internal=NAME answers.
 *
 * health: that the router serves, by a map that is whole. ask: whether a host
 * name is one of ours (see decide/ask). metrics: see decide/metrics; status:
 * see serve/status. Who may ask is for the caller to have seen to.
 */
#ifndef SERVE_INTERNAL_H
#define SERVE_INTERNAL_H

#include "serve/exchange.h"

/* Fills x->reply; the exchange holds its map. 0, or -1 and x->err. */
ATTR_MUST_USE
int internal_answer(struct exchange *x, enum internal_page page,
    unsigned slot);

#endif
