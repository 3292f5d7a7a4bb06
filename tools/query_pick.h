/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_pick: which origin of a service the router would ask just now, by what
 * the routers of this machine share of health. Nothing is written there, and
 * nothing made; what cannot be trusted is not believed.
 */
#ifndef TOOLS_QUERY_PICK_H
#define TOOLS_QUERY_PICK_H

#include "decide/pick.h"
#include "tools/query_ask.h"

struct query_pick {
	struct pick pick;             /* what it holds lives in the arena; its
	                                 health is no longer there */
	const struct pick_from *from; /* the one; NULL: pick.how says why */
	char folder[FILE_PATH_MAX];   /* where it was looked what is shared */
	bool known;                   /* and found */
	struct err why;               /* why not */
};

/*
 * For an answer of query_ask whose service is known. 1: q goes there from now
 * on, or says no-healthy-origin; 0: nothing can be chosen, for what q says; -1
 * and e: no memory.
 */
ATTR_MUST_USE
int query_pick(const struct query_asking *by, struct arena *a,
    struct query_answer *q, struct query_pick *out, struct err *e);

#endif
