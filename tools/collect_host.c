/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * collect_host: the routes of one host side by side, and records to the map.
 *
 * In the map other hosts stand between a host and its paths: "a-b" and "a.b"
 * between "a" and "a/". So the paths of "a" wait on a shelf while hosts come
 * that begin so, which is as a stack: of hosts that wait each begins with the
 * one before.
 */

#include <stdlib.h>
#include <string.h>

#include "tools/collect_private.h"

static bool
collect_same_shape(const struct route_shape *a, const struct route_shape *b)
{
	return a->segments == b->segments && a->exact == b->exact &&
	    a->captures == b->captures;
}

static bool
collect_earlier(const struct collect_head *a, const struct collect_head *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return a->line != b->line ? a->line < b->line : a->col < b->col;
}

/* The shape of the path that a key has behind its host. */
static struct route_shape
collect_shape_of(struct str rest)
{
	struct route_shape shape = { 0 };
	size_t i;

	for (i = 0; i < rest.n; i++) {
		if (rest.p[i] == CODEC_EXACT)
			shape.exact = true;
		else if (rest.p[i] == CODEC_CAPTURE)
			shape.captures |= UINT32_C(1) << (shape.segments - 1);
		else if (rest.p[i] == '/')
			shape.segments++;
	}
	return shape;
}

/* Keeps the shapes that come first in the lists, one too many at most. */
static void
collect_shape(struct collect_host *h, const struct collect_head *head,
    struct route_shape shape)
{
	size_t i, at = 0;

	for (i = 0; i < h->count; i++)
		if (collect_same_shape(&h->shapes[i].shape, &shape))
			break;
	if (i < h->count && !collect_earlier(head, &h->shapes[i].first))
		return;
	if (i < h->count) {
		h->count--;
		memmove(&h->shapes[i], &h->shapes[i + 1],
		    (h->count - i) * sizeof(h->shapes[0]));
	}
	while (at < h->count && collect_earlier(&h->shapes[at].first, head))
		at++;
	if (at == COLLECT_SHAPES)
		return;
	if (h->count == COLLECT_SHAPES)
		h->count--;
	memmove(&h->shapes[at + 1], &h->shapes[at],
	    (h->count - at) * sizeof(h->shapes[0]));
	h->shapes[at] = (struct collect_shape){ shape, *head };
	h->count++;
}

static int
collect_shape_order(const void *a, const void *b)
{
	return route_shape_order(a, b);
}

/* The first shape that is too many, in the order of the lists. */
static void
collect_many(struct collect *c)
{
	const struct collect_head *head =
	    &c->host.shapes[ROUTE_SHAPES_MAX].first;
	struct str key = buf_view(&c->host.key);
	struct str name = str_sub(key, 1, key.n);
	const char *below = "";

	if (key.p[0] == CODEC_ONE)
		below = "{}.";
	else if (key.p[0] == CODEC_WILD)
		below = name.n > 0 ? "*." : "*";
	lint_tell(c->lint, LINT_SHAPES_MANY, collect_place(c, head),
	    arena_printf(&c->lint->arena, "%s%.*s", below, STR_ARG(name)),
	    (struct str){ NULL, 0 });
}

/* The host's record to the map; of too many shapes the first. */
static int
collect_host_put(struct collect *c, struct err *e)
{
	struct route_shape shapes[ROUTE_SHAPES_MAX];
	struct collect_host *h = &c->host;
	size_t count = h->count, i;

	if (count > ROUTE_SHAPES_MAX)
		count = ROUTE_SHAPES_MAX;
	for (i = 0; i < count; i++)
		shapes[i] = h->shapes[i].shape;
	qsort(shapes, count, sizeof(shapes[0]), collect_shape_order);
	buf_clear(&c->value);
	if (codec_put_host_of(h->has_rule ? buf_view(&h->rule) :
		(struct str){ NULL, 0 }, shapes, count, &c->value, e) == -1)
		return -1;
	return writer_put(c->writer, buf_view(&h->key), buf_view(&c->value),
	    e);
}

/* Its paths wait until those hosts are written that come before them. */
static int
collect_wait(struct collect *c, struct err *e)
{
	struct collect_host *h = &c->host;

	CHECK(c->waiting_count < COLLECT_WAITING);
	c->waiting[c->waiting_count++] = (struct collect_waiting){
		buf_len(&h->key), h->paths };
	buf_clear(&c->waiting_key);
	if (buf_put(&c->waiting_key, buf_view(&h->key)) == -1)
		return collect_full(e);
	return 0;
}

/* Ends the host that is put together, if there is one. */
static int
collect_host_end(struct collect *c, struct err *e)
{
	struct collect_host *h = &c->host;
	int got = 0;

	if (buf_len(&h->key) == 0)
		return 0;
	if (h->count > ROUTE_SHAPES_MAX)
		collect_many(c);
	if (c->writer != NULL)
		got = collect_host_put(c, e);
	if (got == 0 && shelf_mark(c->shelf) > h->paths)
		got = collect_wait(c, e);
	buf_clear(&h->key);
	buf_clear(&h->rule);
	h->has_rule = false;
	h->count = 0;
	return got;
}

static int
collect_path_put(void *arg, struct str key, struct str value, struct err *e)
{
	return writer_put(arg, key, value, e);
}

/* Writes the paths that come before the host of that key; all, if it is
 * empty. */
static int
collect_waiting_end(struct collect *c, struct str host, struct err *e)
{
	struct str latest = buf_view(&c->waiting_key);

	while (c->waiting_count > 0) {
		struct collect_waiting *w = &c->waiting[c->waiting_count - 1];

		if (host.n > w->key_n && host.p[w->key_n] < '/' &&
		    memcmp(host.p, latest.p, w->key_n) == 0)
			break;
		if (shelf_take(c->shelf, w->paths, collect_path_put, c->writer,
			e) == -1)
			return -1;
		c->waiting_count--;
	}
	return 0;
}

static int
collect_host_begin(struct collect *c, struct str host, struct err *e)
{
	if (collect_host_end(c, e) == -1 ||
	    collect_waiting_end(c, host, e) == -1)
		return -1;
	if (buf_put(&c->host.key, host) == -1)
		return collect_full(e);
	c->host.paths = shelf_mark(c->shelf);
	return 0;
}

int
collect_route(struct collect *c, struct str host, struct str rest,
    const struct collect_head *head, struct str bytes, struct err *e)
{
	struct collect_host *h = &c->host;

	if (!str_eq(buf_view(&h->key), host) &&
	    collect_host_begin(c, host, e) == -1)
		return -1;
	if (rest.n == 0) {
		h->has_rule = true;
		return buf_put(&h->rule, bytes) == -1 ? collect_full(e) : 0;
	}
	collect_shape(h, head, collect_shape_of(rest));
	if (c->writer == NULL)
		return 0;
	if (collect_real_key(c, host, rest, e) == -1)
		return -1;
	return shelf_put(c->shelf, buf_view(&c->key), bytes, e);
}

/* Keeps those that come first in the lists, one too many at most. */
static void
collect_anywhere(struct collect *c, const struct collect_head *head)
{
	size_t at = c->anywhere_count;

	while (at > 0 && collect_earlier(head, &c->anywhere[at - 1]))
		at--;
	if (at == COLLECT_ANYWHERE)
		return;
	if (c->anywhere_count == COLLECT_ANYWHERE)
		c->anywhere_count--;
	memmove(&c->anywhere[at + 1], &c->anywhere[at],
	    (c->anywhere_count - at) * sizeof(c->anywhere[0]));
	c->anywhere[at] = *head;
	c->anywhere_count++;
}

int
collect_single(struct collect *c, const struct collect_head *head,
    struct str bytes, struct err *e)
{
	struct str key = buf_view(&c->key);

	if (collect_host_end(c, e) == -1 ||
	    collect_waiting_end(c, key, e) == -1)
		return -1;
	if (key.p[0] == CODEC_ANYWHERE) {
		collect_anywhere(c, head);
		if (c->anywhere_count > ROUTE_ANYWHERE_MAX)
			return 0; /* told at the end */
	}
	return c->writer == NULL ? 0 : writer_put(c->writer, key, bytes, e);
}

int
collect_host_finish(struct collect *c, struct err *e)
{
	struct str none = { NULL, 0 };

	if (collect_host_end(c, e) == -1)
		return -1;
	if (c->anywhere_count > ROUTE_ANYWHERE_MAX)
		lint_tell(c->lint, LINT_ANYWHERE_MANY,
		    collect_place(c, &c->anywhere[ROUTE_ANYWHERE_MAX]), none,
		    none);
	return collect_waiting_end(c, none, e);
}
