/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * buf: a growing queue of bytes with a maximum given at birth.
 *
 * Bytes are put at the end and dropped at the front. The view is one slice.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdint.h>

#include "base/check.h"
#include "base/str.h"

struct buf {
	char *p;
	size_t from; /* first byte held */
	size_t to;   /* behind the last byte held */
	size_t cap;
	size_t max; /* the most bytes it ever holds */
};

/* Starts empty; takes no memory before the first byte. */
void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);

/* Drops all bytes; memory is kept if it is little (at most BUF_KEPT bytes), for
 * the next use. buf_fini gives that back, too. */
enum { BUF_KEPT = 1024 };
void buf_rest(struct buf *b);

/* What it holds; borrowed until the next call on b. */
struct str buf_view(const struct buf *b);
size_t buf_len(const struct buf *b);

/* 0, or -1 and nothing changed: past the maximum or out of memory. */
ATTR_MUST_USE int buf_put(struct buf *b, struct str s);
/* The same with a number's decimal digits. */
ATTR_MUST_USE int buf_put_number(struct buf *b, uint64_t n);
ATTR_PRINTF(2, 3) ATTR_MUST_USE
int buf_printf(struct buf *b, const char *fmt, ...);

/*
 * Room for n bytes behind the last, to be filled and then told by buf_grew.
 * NULL: past the maximum or out of memory.
 */
ATTR_MUST_USE char *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);

/* Drops the first n bytes (at most all). */
void buf_drop(struct buf *b, size_t n);

/* Drops all bytes, keeps the memory. */
void buf_clear(struct buf *b);

#endif
