/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_source: any bytes as a list of routes.
 *
 * What comes out of it must be a route that the map can hold and a reader gets
 * back the same; what is wrong must be told with a place in the list.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "route/codec.h"
#include "tools/collect.h"
#include "tools/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SOURCE_RECORD_MAX = 16 << 20 };

/* Written, read and written again a route is the same bytes. */
static void
source_round(const struct route *r)
{
	struct route *again;
	struct buf first, second;
	struct arena a;
	struct err e;

	buf_init(&first, SOURCE_RECORD_MAX);
	buf_init(&second, SOURCE_RECORD_MAX);
	arena_init(&a, SOURCE_RECORD_MAX);
	again = arena_alloc(&a, sizeof(*again));
	CHECK(again != NULL);
	if (codec_put_route(r, &first, &e) == 0) {
		CHECK(codec_get_route(buf_view(&first), &a, again, &e) == 0);
		CHECK(codec_put_route(again, &second, &e) == 0);
		CHECK(str_eq(buf_view(&first), buf_view(&second)));
	}
	arena_fini(&a);
	buf_fini(&first);
	buf_fini(&second);
}

static int
source_see(void *arg, const struct source_route *r, struct err *e)
{
	struct collect *c = arg;

	CHECK(r->route.match.n > 0 && r->route.line == r->place.line);
	CHECK(r->shape.segments <= ROUTE_SEGMENTS_MAX);
	CHECK(r->shape.exact == r->route.exact);
	CHECK(r->route.target != TARGET_NONE);
	source_round(&r->route);
	return collect_add(c, r, e);
}

static void
source_told(const struct lint *lint, uint32_t lines)
{
	size_t i, j;

	CHECK(lint->count == lint->errors + lint->warnings);
	for (i = 0; i < lint->count; i++) {
		const struct lint_told *t = &lint->told[i];

		CHECK(t->place.line >= 1 && t->place.line <= lines);
		CHECK(t->place.col >= 1 && t->text.n > 0);
		for (j = 0; j < t->text.n; j++)
			CHECK(!str_is_control(t->text.p[j]));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct collect *c;
	struct source s;
	struct lint lint;
	struct err e;
	uint32_t lines = 1;
	size_t i;

	for (i = 0; i < size; i++)
		lines += data[i] == '\n';
	lint_init(&lint);
	c = collect_new(&lint, 1 << 20, NULL);
	source_init(&s, &lint, source_see, c);
	CHECK(source_sets(&s, STR("list"), 0, text, &e) == 0);
	CHECK(source_routes(&s, STR("list"), 0, text, &e) == 0);
	CHECK(collect_finish(c, NULL, &e) == 0);
	source_told(&lint, lines);
	source_fini(&s);
	collect_free(&c);
	lint_fini(&lint);
	return 0;
}
