/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * decide: a list, read by the compiler's own rooms into a map in memory, and a
 * request for it, as a web server sends it, followed through that map.
 */
#ifndef UNIT_DECIDE_H
#define UNIT_DECIDE_H

#include <stdio.h>
#include <string.h>

#include "decide/follow.h"
#include "http/request.h"
#include "route/pattern.h"
#include "table.h"
#include "tools/lint.h"
#include "tools/source.h"

enum { DECIDE_ARENA = 1 << 20, DECIDE_CHUNK = 8192, DECIDE_RECORD = 1 << 17,
	DECIDE_VARIABLES = 32, DECIDE_ROWS = 64 };

/* A record; of a host, its rule and shapes until all is read. */
struct decide_row {
	struct str key;
	struct str value;
	bool host;
	struct route_shape shapes[ROUTE_SHAPES_MAX];
	size_t shape_count;
};

struct decide {
	struct arena a;
	struct decide_row rows[DECIDE_ROWS];
	size_t row_count;
	struct codec_meta meta;
	struct lookup_map map;
	struct str space; /* the router's namespace */
	struct cidr_list may_choose; /* versions */
	struct str fresh; /* for clients without a cookie; empty: new ones */
	struct request request;
	struct follow follow;
	int got;         /* follow_request's answer */
	struct err e;    /* and why */
};

/* ---- the map ---- */

static inline struct str
decide_keep(struct decide *d, const struct buf *b)
{
	struct str copy = arena_copy(&d->a, buf_view(b));

	assert_non_null(copy.p);
	return copy;
}

/* The row of that key, made if it is not there. */
static inline struct decide_row *
decide_row(struct decide *d, struct str key)
{
	size_t i;

	for (i = 0; i < d->row_count; i++)
		if (str_eq(d->rows[i].key, key))
			return &d->rows[i];
	assert_true(d->row_count < DECIDE_ROWS);
	assert_true(codec_meta_count(&d->meta, key));
	d->rows[i].key = key;
	return &d->rows[d->row_count++];
}

static inline struct str
decide_key(struct decide *d, const struct source_route *r, bool whole)
{
	struct buf key;
	struct str kept;
	size_t i;

	buf_init(&key, CODEC_KEY_MAX);
	assert_int_equal(codec_key_host(&key, r->space, r->host), 0);
	for (i = 0; whole && i < r->shape.segments; i++)
		assert_int_equal((r->shape.captures >> i & 1) != 0 ?
		    codec_key_capture(&key) :
		    codec_key_segment(&key, r->segments[i]), 0);
	if (whole && r->shape.exact)
		assert_int_equal(codec_key_exact(&key), 0);
	kept = decide_keep(d, &key);
	buf_fini(&key);
	return kept;
}

static inline int
decide_route(void *arg, const struct source_route *r, struct err *e)
{
	struct decide *d = arg;
	struct str key = decide_key(d, r, true);
	struct decide_row *row;
	struct buf bytes;

	if (r->broken)
		return 0; /* lint has an error */
	buf_init(&bytes, DECIDE_RECORD);
	assert_int_equal(codec_put_route(&r->route, &bytes, e), 0);
	if (r->space != CODEC_ANYWHERE) {
		row = decide_row(d, decide_key(d, r, false));
		row->host = true;
		if (!str_eq(row->key, key))
			row->shapes[row->shape_count++] = r->shape;
	}
	decide_row(d, key)->value = decide_keep(d, &bytes);
	buf_fini(&bytes);
	return 0;
}

static inline int
decide_service(void *arg, const struct source_service *s, struct err *e)
{
	struct decide *d = arg;
	struct buf key, bytes;

	if (s->broken)
		return 0;
	buf_init(&key, CODEC_KEY_MAX);
	buf_init(&bytes, DECIDE_RECORD);
	assert_int_equal(codec_key_service(&key, s->service.space,
	    s->service.name), 0);
	assert_int_equal(codec_put_service(&s->service, &bytes, e), 0);
	decide_row(d, decide_keep(d, &key))->value = decide_keep(d, &bytes);
	buf_fini(&key);
	buf_fini(&bytes);
	return 0;
}

static inline int
decide_order(const void *a, const void *b)
{
	return route_shape_order(a, b);
}

/* Hosts' records, of their rules and shapes; each shape once. */
static inline void
decide_finish(struct decide *d)
{
	size_t i, k;

	for (i = 0; i < d->row_count; i++) {
		struct decide_row *row = &d->rows[i];
		size_t count = 0;
		struct buf bytes;
		struct err e;

		if (!row->host)
			continue;
		qsort(row->shapes, row->shape_count, sizeof(row->shapes[0]),
		    decide_order);
		for (k = 0; k < row->shape_count; k++)
			if (k == 0 || route_shape_order(&row->shapes[k],
			    &row->shapes[count - 1]) != 0)
				row->shapes[count++] = row->shapes[k];
		buf_init(&bytes, DECIDE_RECORD);
		assert_int_equal(codec_put_host_of(row->value, row->shapes,
		    count, &bytes, &e), 0);
		row->value = decide_keep(d, &bytes);
		buf_fini(&bytes);
	}
}

static inline void
decide_read(struct decide *d, const char *list)
{
	const struct source_see see = { .route = decide_route,
		.service = decide_service, .arg = d };
	struct source s;
	struct lint l;
	struct err e = { .text = "" };

	lint_init(&l);
	source_init(&s, &l, &see);
	if (source_sets(&s, STR("list"), 0, str_of(list), &e) == -1 ||
	    source_routes(&s, STR("list"), 0, str_of(list), &e) == -1)
		fail_msg("%s: %s", list, e.text);
	if (l.errors != 0 || d->row_count == 0) {
		lint_flush(&l, stderr);
		fail_msg("'%s' is no good list", list);
	}
	source_fini(&s);
	lint_fini(&l);
	decide_finish(d);
}

static inline int
decide_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	struct decide *d = arg;
	size_t i;

	(void)e;
	for (i = 0; i < d->row_count; i++)
		if (str_eq(d->rows[i].key, key)) {
			*value = arena_copy(a, d->rows[i].value);
			return value->p != NULL ? 1 :
			    err_set(e, REASON_OVERLOADED, "full");
		}
	return 0;
}

/* ---- the request ---- */

/* The request for a URL, with more variables, NULL-ended. */
static inline void
decide_ask(struct decide *d, const char *url, const char *const *more)
{
	struct str all = str_of(url);
	size_t colon = str_find(all, ':');
	struct str host = str_sub(all, colon + 3, all.n);
	struct str uri = str_sub(host, str_find(host, '/'), host.n);
	char **list = arena_alloc(&d->a, DECIDE_VARIABLES * sizeof(*list));
	struct err e = { .text = "" };
	size_t n = 0;

	host = str_sub(host, 0, str_find(host, '/'));
	list[n++] = (char *)(uintptr_t)arena_printf(&d->a,
	    "REQUEST_SCHEME=%.*s", STR_ARG(str_sub(all, 0, colon))).p;
	list[n++] = (char *)(uintptr_t)arena_printf(&d->a, "HTTP_HOST=%.*s",
	    STR_ARG(host)).p;
	list[n++] = (char *)(uintptr_t)arena_printf(&d->a, "REQUEST_URI=%.*s",
	    STR_ARG(uri)).p;
	list[n++] = (char *)(uintptr_t)"REMOTE_ADDR=192.0.2.9";
	list[n++] = (char *)(uintptr_t)"SERVER_PROTOCOL=HTTP/1.1";
	for (; more != NULL && *more != NULL; more++) {
		assert_true(n < DECIDE_VARIABLES - 2);
		list[n++] = (char *)(uintptr_t)*more;
	}
	list[n++] = (char *)(uintptr_t)"REQUEST_METHOD=GET";
	list[n] = NULL;
	if (request_from_cgi(list, &d->a, &d->request, &e) == -1)
		fail_msg("%s: %s", url, e.text);
	d->request.id = STR("0123456789abcdef0123456789abcdef");
}

/* Everything but an answer; decide_close gives it back. */
static inline void
decide_prepare(struct decide *d, const char *list, const char *url,
    const char *const *more)
{
	memset(d, 0, sizeof(*d));
	arena_init(&d->a, DECIDE_ARENA);
	d->map = (struct lookup_map){ decide_get, d, &d->meta };
	d->space = STR("production");
	decide_read(d, list);
	decide_ask(d, url, more);
}

static inline void
decide_follow(struct decide *d, const struct follow_trace *trace)
{
	const struct follow_ask ask = { .request = &d->request,
		.map = &d->map,
		.space = d->space,
		.version_override = d->may_choose,
		.fresh = d->fresh };

	d->e.text[0] = '\0';
	d->got = follow_request(&ask, &d->a, trace, &d->follow, &d->e);
}

/* The same with its answer, which must be there. */
static inline void
decide_open(struct decide *d, const char *list, const char *url,
    const char *const *more)
{
	decide_prepare(d, list, url, more);
	decide_follow(d, NULL);
	if (d->got != 1)
		fail_msg("%s < %s: %s", list, url, d->e.text);
}

/* An arena with room for `left` more bytes (at most 7 KiB), in steps of 16. */
static inline void
decide_squeeze(struct arena *a, size_t left)
{
	size_t all = DECIDE_CHUNK;

	for (;; all -= 16) {
		arena_init(a, DECIDE_CHUNK);
		if (arena_alloc(a, all) != NULL)
			break;
	}
	arena_fini(a);
	if (left < all)
		assert_non_null(arena_alloc(a, all - left));
}

static inline void
decide_close(struct decide *d)
{
	arena_fini(&d->a);
}

#endif
