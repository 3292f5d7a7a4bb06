/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * sorter: records in any order in, in key order out.
 *
 * All of them are held in memory. Its callers know nothing of that: put all,
 * sort once, then take one after the other, each borrowed until the next.
 */
#ifndef TOOLS_SORTER_H
#define TOOLS_SORTER_H

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

struct sorter;

/* Fails only for memory (CHECK). */
struct sorter *sorter_new(void);
void sorter_free(struct sorter **s);

/* Key and value are copied. 0, or -1 and e: too long, or out of memory. */
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

#endif
