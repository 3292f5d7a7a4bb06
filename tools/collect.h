/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * collect: routes in the order of lists in, records in the order of hosts out.
 *
 * What can be seen only when all routes are there is told here: routes that
 * contradict or repeat each other, and hosts with too many shapes of paths.
 */
#ifndef TOOLS_COLLECT_H
#define TOOLS_COLLECT_H

#include "base/err.h"
#include "tools/lint.h"
#include "tools/source.h"
#include "tools/writer.h"

struct collect;

/*
 * memory: the most it takes for routes, in bytes; the others go to temporary
 * files, folder as for spill_open. Fails only for memory (CHECK). lint and
 * folder are borrowed.
 */
struct collect *collect_new(struct lint *lint, size_t memory,
    const char *folder);
void collect_free(struct collect **c);

/* One route, copied; of each file the same place.file. 0, or -1 and e. */
ATTR_MUST_USE
int collect_add(struct collect *c, const struct source_route *r,
    struct err *e);

/*
 * After the last route, once: tells the findings and gives every record to w,
 * unless it is NULL. 0, or -1 and e.
 */
ATTR_MUST_USE
int collect_finish(struct collect *c, struct writer *w, struct err *e);

/* The X- names that request rules set or add, lower case, sorted, parted by
 * LF; borrowed until the next collect_add. */
struct str collect_headers(struct collect *c);

#endif
