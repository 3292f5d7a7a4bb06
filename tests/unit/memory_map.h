/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * memory_map: a map in memory, made of MATCHes.
 *
 * A map is a list of MATCHes, written as in a list of routes, " exact" behind
 * an exact one; each becomes a redirect whose URL is the MATCH.
 */
#ifndef UNIT_MEMORY_MAP_H
#define UNIT_MEMORY_MAP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/path.h"
#include "route/lookup.h"

enum { ARENA_MAX = 1 << 24, RECORD_MAX = 1 << 16, RECORDS_MAX = 256 };

struct record {
	struct str key;
	struct str value;
};

/* Keys in order, asked by a binary search. */
struct map {
	struct arena a;
	struct record records[RECORDS_MAX];
	size_t count;
	struct codec_meta meta;
	size_t gets;
	size_t fail_at; /* this get fails; 0: none */
};

static inline struct record *
map_find(struct map *m, struct str key)
{
	size_t from = 0, to = m->count;

	while (from < to) {
		size_t middle = (from + to) / 2;
		int order = str_cmp(m->records[middle].key, key);

		if (order == 0)
			return &m->records[middle];
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

static inline int
map_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	struct map *m = arg;
	struct record *found = map_find(m, key);

	if (++m->gets == m->fail_at)
		return err_set(e, REASON_MAP_BROKEN, "a page is gone");
	if (found == NULL)
		return 0;
	*value = arena_copy(a, found->value);
	assert_non_null(value->p);
	return 1;
}

static inline int
map_order(const void *a, const void *b)
{
	return str_cmp(((const struct record *)a)->key,
	    ((const struct record *)b)->key);
}

/* Adds or replaces a record; counts a new one. */
static inline void
map_put(struct map *m, struct str key, struct str value)
{
	struct record *r = map_find(m, key);

	if (r != NULL) {
		r->value = arena_copy(&m->a, value);
		return;
	}
	assert_true(m->count < RECORDS_MAX);
	m->records[m->count++] = (struct record){ arena_copy(&m->a, key),
		arena_copy(&m->a, value) };
	assert_true(codec_meta_count(&m->meta, key));
	qsort(m->records, m->count, sizeof(m->records[0]), map_order);
}

static inline void
map_put_host(struct map *m, struct str key, const struct route_host *h)
{
	struct buf value;
	struct err e;

	buf_init(&value, RECORD_MAX);
	if (codec_put_host(h, &value, &e) == -1)
		fail_msg("%s", e.text);
	map_put(m, key, buf_view(&value));
	buf_fini(&value);
}

/* What is known of the host so far. */
static inline void
map_host(struct map *m, struct str key, struct route_host *out)
{
	struct record *r = map_find(m, key);
	struct err e;

	memset(out, 0, sizeof(*out));
	if (r != NULL)
		assert_int_equal(codec_get_host(key, r->value, &m->a, out,
		    &e), 0);
}

static inline void
map_add_shape(struct route_host *h, struct route_shape shape)
{
	size_t i;

	for (i = 0; i < h->shape_count; i++)
		if (route_shape_order(&h->shapes[i], &shape) >= 0)
			break;
	if (i < h->shape_count &&
	    route_shape_order(&h->shapes[i], &shape) == 0)
		return;
	assert_true(h->shape_count < ROUTE_SHAPES_MAX);
	memmove(&h->shapes[i + 1], &h->shapes[i],
	    (h->shape_count - i) * sizeof(shape));
	h->shapes[i] = shape;
	h->shape_count++;
}

static inline bool
map_is_capture(struct str piece, struct route *r)
{
	if (piece.n < 2 || piece.p[0] != '{')
		return false;
	r->captures[r->capture_count++] = str_sub(piece, 1, piece.n - 1);
	return true;
}

/* "{x}.parent", "*.parent", "*", "**" or a host, as a key. */
static inline void
map_host_key(struct str host, struct route *r, struct buf *key)
{
	struct str label, parent;
	int full;

	(void)str_cut(host, '.', &label, &parent);
	if (str_eq(host, STR("**")))
		full = codec_key_host(key, CODEC_ANYWHERE, STR(""));
	else if (str_eq(label, STR("*")))
		full = codec_key_host(key, CODEC_WILD, parent);
	else if ((r->host_capture = map_is_capture(label, r)))
		full = codec_key_host(key, CODEC_ONE, parent);
	else
		full = codec_key_host(key, CODEC_HOST, host);
	assert_int_equal(full, 0);
}

static inline void
map_path_key(struct str path, struct route *r, struct route_shape *shape,
    struct buf *key)
{
	struct str segment;
	size_t at = 0;

	while (path_segment(path, &at, &segment)) {
		if (map_is_capture(segment, r)) {
			shape->captures |= UINT32_C(1) << shape->segments;
			assert_int_equal(codec_key_capture(key), 0);
		} else {
			assert_int_equal(codec_key_segment(key, segment), 0);
		}
		shape->segments++;
	}
	shape->exact = r->exact;
	if (r->exact)
		assert_int_equal(codec_key_exact(key), 0);
}

static inline void
map_put_route(struct map *m, struct str key, const struct route *r)
{
	struct buf value;
	struct err e;

	buf_init(&value, RECORD_MAX);
	if (codec_put_route(r, &value, &e) == -1)
		fail_msg("%s", e.text);
	map_put(m, key, buf_view(&value));
	buf_fini(&value);
}

/* "HOST[PATH][ exact]" */
static inline void
map_add(struct map *m, struct str match)
{
	struct pattern_part url = { .variable = PATTERN_LITERAL,
		.context = PATTERN_IN_PATH, .text = match };
	struct words exact = { .said = UINT64_C(1) << DIRECTIVE_EXACT,
		.exact = true };
	struct route r = { .line = 1, .target = { .kind = TARGET_REDIRECT,
		.code = 301, .url = { &url, 1 } } };
	struct route_shape shape = { 0 };
	struct route_host h;
	struct str host_key;
	struct str spelled, flag;
	struct buf key;
	size_t slash;

	r.exact = str_cut(match, ' ', &spelled, &flag);
	r.own = r.exact ? &exact : NULL;
	slash = str_find(spelled, '/');
	buf_init(&key, CODEC_KEY_MAX);
	map_host_key(str_sub(spelled, 0, slash), &r, &key);
	host_key = arena_copy(&m->a, buf_view(&key));
	map_path_key(str_sub(spelled, slash, spelled.n), &r, &shape, &key);
	map_host(m, host_key, &h);
	if (shape.segments == 0 && !shape.exact) {
		h.has_rule = true;
		h.rule = r;
	} else {
		map_put_route(m, buf_view(&key), &r);
		map_add_shape(&h, shape);
	}
	if (host_key.p[0] != CODEC_ANYWHERE)
		map_put_host(m, host_key, &h);
	buf_fini(&key);
}

/* A service of one origin. */
static inline void
map_add_service(struct map *m, const char *space, const char *name,
    const char *host)
{
	struct pattern_part part = { .variable = PATTERN_LITERAL,
		.context = PATTERN_IN_AUTHORITY, .text = str_of(host) };
	struct service_origin origin = { .weight = 1, .url = { .port = 80,
		.host = { &part, 1 } } };
	const struct service s = { .line = 1, .origins = &origin,
		.origin_count = 1 };
	struct buf key, value;
	struct err e;

	buf_init(&key, CODEC_KEY_MAX);
	buf_init(&value, RECORD_MAX);
	assert_int_equal(codec_key_service(&key, str_of(space), str_of(name)),
	    0);
	if (codec_put_service(&s, &value, &e) == -1)
		fail_msg("%s", e.text);
	map_put(m, buf_view(&key), buf_view(&value));
	buf_fini(&key);
	buf_fini(&value);
}

/* matches are parted by LF. */
static inline struct map *
map_new(const char *matches)
{
	struct map *m = calloc(1, sizeof(*m));
	struct str all = str_of(matches);
	struct str match;

	assert_non_null(m);
	arena_init(&m->a, ARENA_MAX);
	while (str_cut(all, '\n', &match, &all), match.n > 0)
		map_add(m, match);
	return m;
}

static inline void
map_free(struct map **m)
{
	arena_fini(&(*m)->a);
	free(*m);
	*m = NULL;
}

/* "HOST PATH" asked; in `out` and the arena what came of it. */
static inline int
map_ask(struct map *m, const char *host, const char *path, struct arena *a,
    const struct lookup_trace *trace, struct lookup_result *out, struct err *e)
{
	const struct lookup_map map = { .get = map_get, .arg = m,
		.meta = &m->meta };
	struct host *h = arena_alloc(a, sizeof(*h));
	struct str canonical;

	assert_int_equal(host_parse(str_of(host), h, e), 0);
	assert_int_equal(path_canonical(str_of(path), a, &canonical, e), 0);
	m->gets = 0;
	return lookup_route(&map, h, canonical, a, trace, out, e);
}

#endif
