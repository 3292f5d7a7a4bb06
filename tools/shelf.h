/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * shelf: records put aside, the latest taken back first, but each lot of them
 * in the order in which they were put. More than a little of them goes into a
 * temporary file (spill.h).
 */
#ifndef TOOLS_SHELF_H
#define TOOLS_SHELF_H

#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

struct shelf;

/* folder is for spill_open, and borrowed. Fails only for memory (CHECK). */
struct shelf *shelf_new(const char *folder);
void shelf_free(struct shelf **s);

/* Where the next record will be: a lot begins there. */
off_t shelf_mark(const struct shelf *s);

/* Key (as in run.h) and value are copied. 0, or -1 and e: the disk is full. */
ATTR_MUST_USE
int shelf_put(struct shelf *s, struct str key, struct str value,
    struct err *e);

/*
 * Takes all from mark on: calls see for each, which must not put any.
 * 0, or -1 and e, of see's too.
 */
ATTR_MUST_USE
int shelf_take(struct shelf *s, off_t mark,
    int (*see)(void *arg, struct str key, struct str value, struct err *e),
    void *arg, struct err *e);

#endif
