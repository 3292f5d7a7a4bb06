/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_source: any bytes as a list of routes, and as a file for RewriteMap.
 *
 * What comes out of it must be an entry that the map can hold and a reader
 * gets back the same, also from what is printed of it; what is wrong must be
 * told with a place in the list.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "route/codec.h"
#include "tools/collect.h"
#include "tools/printer.h"
#include "tools/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SOURCE_RECORD_MAX = 16 << 20, SOURCE_MEMORY = 1 << 20 };

struct fuzz_seen {
	struct collect *collect;
	struct printer *printer;
};

/* The key of a route, as the compiler makes it. */
static int
fuzz_key(const struct source_route *r, struct buf *key)
{
	size_t i;
	int got;

	got = codec_key_host(key, r->space, r->host);
	for (i = 0; got == 0 && i < r->shape.segments; i++)
		got = (r->shape.captures >> i & 1) != 0 ?
		    codec_key_capture(key) :
		    codec_key_segment(key, r->segments[i]);
	return got == 0 && r->shape.exact ? codec_key_exact(key) : got;
}

/* Written, read and written again a route is the same bytes. */
static void
fuzz_route_round(const struct source_route *s)
{
	struct buf first, second, key;
	struct route *again;
	struct arena a;
	struct err e;

	buf_init(&first, SOURCE_RECORD_MAX);
	buf_init(&second, SOURCE_RECORD_MAX);
	buf_init(&key, CODEC_KEY_MAX);
	arena_init(&a, SOURCE_RECORD_MAX);
	again = arena_alloc(&a, sizeof(*again));
	CHECK(again != NULL);
	if (fuzz_key(s, &key) == 0 &&
	    codec_put_route(&s->route, &first, &e) == 0) {
		CHECK(codec_get_route(buf_view(&key), buf_view(&first), &a,
			  again, &e) == 0);
		CHECK(str_eq(again->match, s->route.match));
		CHECK(again->exact == s->route.exact);
		CHECK(codec_put_route(again, &second, &e) == 0);
		CHECK(str_eq(buf_view(&first), buf_view(&second)));
	}
	arena_fini(&a);
	buf_fini(&first);
	buf_fini(&second);
	buf_fini(&key);
}

static int
fuzz_see(void *arg, const struct source_route *r, struct err *e)
{
	struct fuzz_seen *seen = arg;

	CHECK(r->route.match.n > 0 && r->route.line == r->place.line);
	CHECK(r->shape.segments <= ROUTE_SEGMENTS_MAX);
	CHECK(r->shape.exact == r->route.exact);
	if (!r->broken) {
		CHECK(r->route.target.kind != TARGET_NONE);
		fuzz_route_round(r);
		CHECK(printer_route(seen->printer, &r->route, e) == 0);
	}
	return collect_add(seen->collect, r, e);
}

static int
fuzz_see_service(void *arg, const struct source_service *s, struct err *e)
{
	struct fuzz_seen *seen = arg;

	CHECK(str_is_name(s->service.name));
	CHECK(s->service.space.n == 0 || str_is_name(s->service.space));
	if (!s->broken) {
		CHECK(s->service.origin_count > 0);
		CHECK(printer_service(seen->printer, &s->service, e) == 0);
	}
	return collect_service(seen->collect, s, e);
}

static void
fuzz_told(const struct lint *lint, uint32_t lines)
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

/* Reads it in one of the two ways; what is printed goes to `to`. How many
 * errors it has. */
static size_t
fuzz_read(struct str text, bool rewritemap, FILE *to)
{
	struct fuzz_seen seen;
	struct source_see see = { .route = fuzz_see,
		.service = fuzz_see_service,
		.arg = &seen };
	struct source s;
	struct lint lint;
	struct err e;
	uint32_t lines = 1;
	size_t errors, i;

	for (i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	lint_init(&lint);
	seen.collect = collect_new(&lint, SOURCE_MEMORY, NULL);
	seen.printer = printer_new(to);
	source_init(&s, &lint, &see);
	if (rewritemap) {
		CHECK(source_rewritemap(&s, STR("list"), 0, text, &e) == 0);
	} else {
		CHECK(source_sets(&s, STR("list"), 0, text, &e) == 0);
		CHECK(source_routes(&s, STR("list"), 0, text, &e) == 0);
	}
	CHECK(collect_finish(seen.collect, NULL, &e) == 0);
	fuzz_told(&lint, lines);
	errors = lint.errors;
	source_fini(&s);
	printer_free(&seen.printer);
	collect_free(&seen.collect);
	lint_fini(&lint);
	return errors;
}

/* What is printed of a good list is a good list that is printed the same. */
static void
fuzz_again(struct str text)
{
	char *one = NULL, *two = NULL;
	size_t one_n = 0, two_n = 0;
	FILE *to = open_memstream(&one, &one_n);
	size_t errors;

	CHECK(to != NULL);
	errors = fuzz_read(text, false, to);
	CHECK(fclose(to) == 0);
	if (errors > 0)
		one_n = 0;
	to = open_memstream(&two, &two_n);
	CHECK(to != NULL);
	CHECK(fuzz_read((struct str){ one, one_n }, false, to) == 0);
	CHECK(fclose(to) == 0);
	CHECK(one_n == two_n && (one_n == 0 || memcmp(one, two, one_n) == 0));
	free(one);
	free(two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	FILE *nowhere = fopen("/dev/null", "w");

	CHECK(nowhere != NULL);
	(void)fuzz_read(text, true, nowhere);
	CHECK(fclose(nowhere) == 0);
	fuzz_again(text);
	return 0;
}
