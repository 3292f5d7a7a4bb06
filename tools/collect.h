/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * collect: routes and services in the order of lists in, records in the order
 * of hosts out.
 *
 * What can be seen only when all of them are there is told here: entries that
 * contradict or repeat each other, hosts with too many shapes of paths, too
 * many `**` rules. A broken entry keeps its place in the map, to be found by
 * what refers to it; such a map is never installed.
 */
#ifndef TOOLS_COLLECT_H
#define TOOLS_COLLECT_H

#include "base/err.h"
#include "tools/lint.h"
#include "tools/source.h"
#include "tools/writer.h"

struct collect;
struct progress;

/*
 * memory: the most it takes for routes, in bytes; the others go to temporary
 * files, folder as for spill_open. Fails only for memory (CHECK). lint and
 * folder are borrowed.
 */
struct collect *collect_new(struct lint *lint, size_t memory,
    const char *folder);
void collect_free(struct collect **c);

/* One route or service, copied; of each file the same place.file. 0, or -1
 * and e. */
ATTR_MUST_USE
int collect_add(struct collect *c, const struct source_route *r,
    struct err *e);
ATTR_MUST_USE
int collect_service(struct collect *c, const struct source_service *s,
    struct err *e);

/* How many were kept. */
uint64_t collect_count(const struct collect *c);

/* collect_finish tells it of each of them; NULL: nobody. */
void collect_watch(struct collect *c, struct progress *progress);

/*
 * After the last of them, once: tells the findings and gives every record to w,
 * unless it is NULL. 0, or -1 and e.
 */
ATTR_MUST_USE
int collect_finish(struct collect *c, struct writer *w, struct err *e);

/* The X- names that request rules set or add, lower case, sorted, parted by
 * LF; borrowed until the next of these calls. */
struct str collect_headers(struct collect *c);

#endif
