/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * mark: what the first page of a map says about the rest of it.
 *
 * Berkeley DB keeps 20 bytes there that tell files apart. The writer puts its
 * own in their place: a word, the facts that records "m" and "z" near the
 * file's end hold too, and a sum of all bytes. So a file whose front is of one
 * map and whose end is of another, as an interrupted copy over the old one
 * leaves it, is found out in constant time, and any changed bit by reading the
 * whole file. Nothing here asks Berkeley DB: broken bytes never get so far.
 */
#ifndef ROUTE_MARK_H
#define ROUTE_MARK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "route/codec.h"

struct mark {
	uint64_t facts; /* mark_facts of the map's meta */
	uint64_t sum;   /* of the file, these 20 bytes taken as zeros */
};

/* A number for generation, time, records and pages. */
uint64_t mark_facts(const struct codec_meta *meta);

/* 0 and *out, or -1 and e: it cannot be read, or ends before `size`. */
ATTR_MUST_USE
int mark_sum(int fd, off_t size, uint64_t *out, struct err *e);

/*
 * Reads the first page of a file of `size` bytes. 0 and *out, or -1 and e
 * (map-broken): it is not the first page of a map of that size.
 */
ATTR_MUST_USE
int mark_read(int fd, off_t size, struct mark *out, struct err *e);

/* Puts it into the first page. 0, or -1 and e. */
ATTR_MUST_USE int mark_write(int fd, const struct mark *m, struct err *e);

bool mark_same(const struct mark *a, const struct mark *b);

#endif
