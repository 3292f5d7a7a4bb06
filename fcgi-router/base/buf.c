/* SPDX-License-Identifier: BSD-2-Clause */

/* buf: a growing queue of bytes. */

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 512 };

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_fini(struct buf *b)
{
	free(b->p);
	buf_init(b, b->max);
}

void
buf_rest(struct buf *b)
{
	if (b->cap > BUF_KEPT)
		buf_fini(b);
	else
		buf_clear(b);
}

struct str
buf_view(const struct buf *b)
{
	if (b->p == NULL)
		return (struct str){ NULL, 0 };
	return (struct str){ b->p + b->from, b->to - b->from };
}

size_t
buf_len(const struct buf *b)
{
	return b->to - b->from;
}

char *
buf_room(struct buf *b, size_t n)
{
	size_t held = b->to - b->from;
	size_t cap = b->cap > 0 ? b->cap : BUF_FIRST;
	char *p;

	if (b->p != NULL && b->cap - b->to >= n)
		return b->p + b->to;
	if (n > b->max || held > b->max - n)
		return NULL;
	if (b->from > 0) {
		memmove(b->p, b->p + b->from, held);
		b->from = 0;
		b->to = held;
		if (b->cap - b->to >= n)
			return b->p + b->to;
	}
	while (cap < held + n)
		cap *= 2;
	if (cap > b->max)
		cap = b->max;
	/* One byte more than is told, for the NUL of buf_printf. */
	p = realloc(b->p, cap + 1);
	if (p == NULL)
		return NULL;
	b->p = p;
	b->cap = cap;
	return b->p + b->to;
}

void
buf_grew(struct buf *b, size_t n)
{
	CHECK(n <= b->cap - b->to);
	b->to += n;
}

int
buf_put(struct buf *b, struct str s)
{
	char *p;

	if (s.n == 0)
		return 0;
	p = s.n <= b->cap - b->to ? b->p + b->to : buf_room(b, s.n);
	if (p == NULL)
		return -1;
	str_put(p, s);
	b->to += s.n;
	return 0;
}

int
buf_put_number(struct buf *b, uint64_t n)
{
	char room[STR_DECIMAL_MAX];

	return buf_put(b, str_decimal(n, room));
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	char *p;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	CHECK(n >= 0);
	if (n == 0)
		return 0;
	p = buf_room(b, (size_t)n);
	if (p == NULL)
		return -1;
	va_start(args, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, args);
	va_end(args);
	b->to += (size_t)n;
	return 0;
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->to - b->from)
		b->from = b->to = 0;
	else
		b->from += n;
}

void
buf_clear(struct buf *b)
{
	b->from = b->to = 0;
}
