/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stat_source: the shared files of some routers, read only: what they counted,
 * and what they know of origins and limits.
 */
#ifndef TOOLS_STAT_SOURCE_H
#define TOOLS_STAT_SOURCE_H

#include "decide/health.h"
#include "decide/limit.h"
#include "report/stats.h"
#include "tools/state.h"

struct stat_source {
	struct state state;
	const char *folder; /* where it was found */
	struct stats *stats;
	struct health *health; /* NULL: nothing is known */
	struct limit *limit;   /* likewise */
	struct health_limits limits;
};

/* As state_find. 0, or -1 and e: nobody has counted there. From any state
 * stat_source_close is good. */
ATTR_MUST_USE
int stat_source_open(const char *settings_path, const char *folder,
    struct stat_source *out, struct err *e);
void stat_source_close(struct stat_source *s);

/* Follows routers that made their files anew. */
void stat_source_look(struct stat_source *s);

#endif
