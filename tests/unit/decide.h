/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * decide: a route written as in a list, read by the compiler's own rooms and
 * sent through the map's record, and a request for it, as a web server sends
 * it.
 */
#ifndef UNIT_DECIDE_H
#define UNIT_DECIDE_H

#include <stdio.h>
#include <string.h>

#include "http/request.h"
#include "route/pattern.h"
#include "table.h"
#include "tools/lint.h"
#include "tools/source.h"

enum { DECIDE_ARENA = 1 << 20, DECIDE_CHUNK = 4096, DECIDE_RECORD = 1 << 17,
	DECIDE_VARIABLES = 32 };

struct decide {
	struct arena a;
	struct route route;
	struct request request;
	struct pattern_source source;
	struct str captures[ROUTE_CAPTURES_MAX];
};

struct decide_match {
	struct decide *d;
	struct str segments[ROUTE_SEGMENTS_MAX];
	struct route_shape shape;
	int routes;
};

static inline int
decide_see(void *arg, const struct source_route *r, struct err *e)
{
	struct decide_match *m = arg;
	struct buf bytes;

	m->routes++;
	buf_init(&bytes, DECIDE_RECORD);
	assert_int_equal(codec_put_route(&r->route, &bytes, e), 0);
	assert_int_equal(codec_get_route(buf_view(&bytes), &m->d->a,
	    &m->d->route, e), 0);
	buf_fini(&bytes);
	memcpy(m->segments, r->segments, sizeof(m->segments));
	m->shape = r->shape;
	return 0;
}

/* The one route of a list's text. */
static inline void
decide_read(struct decide_match *m, const char *list)
{
	struct source s;
	struct lint l;
	struct err e = { .text = "" };

	lint_init(&l);
	source_init(&s, &l, decide_see, m);
	if (source_sets(&s, STR("list"), 0, str_of(list), &e) == -1 ||
	    source_routes(&s, STR("list"), 0, str_of(list), &e) == -1)
		fail_msg("%s: %s", list, e.text);
	lint_flush(&l, stderr);
	if (l.errors != 0 || m->routes != 1)
		fail_msg("'%s' is not one good route", list);
	source_fini(&s);
	lint_fini(&l);
}

/* Captures and rest, as the lookup finds them. */
static inline void
decide_capture(struct decide *d, const struct decide_match *m)
{
	struct str path = d->request.path.text;
	struct str segment, rest;
	size_t at = 0, n = 0, i;

	if (d->route.host_capture)
		(void)str_cut(host_text(&d->request.host), '.',
		    &d->captures[n++], &rest);
	for (i = 0; i < m->shape.segments; i++) {
		assert_true(path_segment(path, &at, &segment));
		if ((m->shape.captures >> i & 1) != 0)
			d->captures[n++] = segment;
		else if (d->route.match.p[0] != '*')
			TABLE_STR("segment", segment, str_of(arena_printf(
			    &d->a, "%.*s", STR_ARG(m->segments[i])).p).p);
	}
	assert_int_equal(n, d->route.capture_count);
	d->source.rest = str_sub(path, at, path.n);
}

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

/* Everything; decide_close gives it back. */
static inline void
decide_open(struct decide *d, const char *list, const char *url,
    const char *const *more)
{
	struct decide_match m = { .d = d };

	memset(d, 0, sizeof(*d));
	arena_init(&d->a, DECIDE_ARENA);
	decide_read(&m, list);
	decide_ask(d, url, more);
	decide_capture(d, &m);
	d->source.request = &d->request;
	d->source.route = &d->route;
	d->source.host = host_text(&d->request.host);
	d->source.captures = d->captures;
}

/* An arena with room for `left` more bytes (at most 3 KiB), in steps of 16. */
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
