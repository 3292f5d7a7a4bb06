/* SPDX-License-Identifier: BSD-2-Clause */

/* query: the modes of route-query, each with its exit code. */
#ifndef TOOLS_QUERY_H
#define TOOLS_QUERY_H

#include "tools/query_setup.h"
#include "tools/tool.h"

/* They open the maps that q names. */
ATTR_MUST_USE int query_url(struct query *q, struct str url);
ATTR_MUST_USE int query_many(struct query *q);
ATTR_MUST_USE int query_info(struct query *q);
ATTR_MUST_USE int query_verify(struct query *q);
ATTR_MUST_USE int query_dump(struct query *q, struct str tag);
ATTR_MUST_USE int query_diff(struct query *q);
ATTR_MUST_USE int query_test(struct query *q, const char *cases);
/* host: of log lines that name none, or empty. */
ATTR_MUST_USE
int query_replay(struct query *q, const char *log, struct str host);

#endif
