/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * sorter: records in any order in, in key order out.
 *
 * It takes no more memory than it was given: what does not fit goes, sorted,
 * into temporary files (spill.h), which are merged in the end. Records that
 * come in order already, or in a few runs of it, are not sorted again. Put
 * all, sort once, then take one after the other, each borrowed until the next.
 */
#ifndef TOOLS_SORTER_H
#define TOOLS_SORTER_H

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

enum { SORTER_LEAST = 128 * 1024 }; /* less memory is taken as that */

struct sorter;

/*
 * memory: the most it takes, in bytes; a record must fit into it. folder is
 * for spill_open, and borrowed. Fails only for memory (CHECK).
 */
struct sorter *sorter_new(size_t memory, const char *folder);
void sorter_free(struct sorter **s);

/* Key and value are copied. 0, or -1 and e: too long (run.h), out of memory,
 * the disk is full. */
ATTR_MUST_USE
int sorter_put(struct sorter *s, struct str key, struct str value,
    struct err *e);

/* After the last put, before the first next. 0, or -1 and e. */
ATTR_MUST_USE int sorter_sort(struct sorter *s, struct err *e);

/*
 * The next record, borrowed until the next call. 1, 0: there is none left,
 * -1 and e. Equal keys come one behind the other, in the order they were put.
 */
ATTR_MUST_USE
int sorter_next(struct sorter *s, struct str *key, struct str *value,
    struct err *e);

/* How many temporary files it has; for tests. */
size_t sorter_files(const struct sorter *s);

#endif
