/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_explain: why a request goes where it goes: what was tried on the way,
 * and what is in force.
 */
#ifndef TOOLS_QUERY_EXPLAIN_H
#define TOOLS_QUERY_EXPLAIN_H

#include "tools/query_ask.h"
#include "tools/query_out.h"
#include "tools/query_pick.h"

/* What the parts below tell of, and to whom. */
struct query_explain {
	const struct query_asking *by;
	const struct query_answer *answer;
	struct query_out *out;
	struct arena *arena;
	const struct query_pick *pick; /* NULL: it was not asked for */
	bool told; /* what the request is */
};

/* A trace that tells the request, then keys, aliases, conditions. x is
 * borrowed. */
void query_explain_trace(struct query_explain *x, struct follow_trace *trace);

/* Another way to read the path, when it chooses another entry. 0, or -1 and
 * e. */
ATTR_MUST_USE
int query_explain_reading(const struct query_explain *x, struct err *e);

/* What led on from the route: the rule's place and words, a condition, shares;
 * the service, and its origins. */
void query_explain_rule(const struct query_explain *x);
void query_explain_choices(const struct query_explain *x);

/* For that: which share, and why; by what a client is kept. */
void query_explain_split(const struct query_explain *x);
struct str query_explain_key(const struct query_explain *x,
    const struct balance_by *by, enum client_key_from from);

/* Variables; plan, auth, addresses; times and sizes. */
void query_explain_variables(const struct query_explain *x);
void query_explain_policy(const struct query_explain *x);
void query_explain_limits(const struct query_explain *x);

/* Header rules each way; with the level they come from, if asked for more.
 * A value is filled in when the request decides it, else spelled. */
void query_explain_headers(const struct query_explain *x);

#endif
