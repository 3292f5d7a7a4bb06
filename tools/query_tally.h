/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_tally: how often each kind of thing was seen, in bounded memory.
 *
 * QUERY_TALLY_MAX kinds are counted one by one; what is of further kinds is
 * counted together. A kind is told by an example, which is kept.
 */
#ifndef TOOLS_QUERY_TALLY_H
#define TOOLS_QUERY_TALLY_H

#include <stdint.h>

#include "base/str.h"

enum { QUERY_TALLY_MAX = 65536, QUERY_TALLY_COLUMNS = 8 };

struct query_tally;

/* What is kept of the first of a kind; `count` columns. */
struct query_tally_row {
	uint64_t seen;
	size_t count;
	struct str columns[QUERY_TALLY_COLUMNS];
};

struct query_tally *query_tally_new(void);
void query_tally_free(struct query_tally **t);

/* One more of the kind; columns are copied when it is the first. */
void query_tally_add(struct query_tally *t, struct str kind,
    const struct str *columns, size_t count);

/* Those of kinds that had no room. */
uint64_t query_tally_others(const struct query_tally *t);

/* Calls see for each kind, the most seen first, then by the kind's bytes. */
void query_tally_each(struct query_tally *t,
    void (*see)(void *arg, const struct query_tally_row *row), void *arg);

#endif
