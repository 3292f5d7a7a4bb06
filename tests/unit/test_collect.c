/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_collect: from lists through a real map to the answer of a lookup, so
 * that keys, shapes and host records are those that the router asks for.
 */

#include "tools/collect.h"

#include <stdio.h>
#include <string.h>

#include "route/lookup.h"
#include "tests/unit/maps.h"
#include "tests/unit/table.h"
#include "tools/sorter.h"

enum { COLLECT_MEMORY = 16 << 20, COLLECT_NAME = 63 /* bytes of one */ };

static const struct str none = { NULL, 0 };

static int
collect_see(void *arg, const struct source_route *r, struct err *e)
{
	return collect_add(arg, r, e);
}

static int
collect_see_service(void *arg, const struct source_service *s, struct err *e)
{
	return collect_service(arg, s, e);
}

static void
collect_source(struct source *s, struct lint *lint, struct collect *c)
{
	struct source_see see = { .route = collect_see,
		.service = collect_see_service, .arg = c };

	source_init(s, lint, &see);
}

/* Reads one list into c; what is told goes to lint. */
static void
collect_list(struct collect *c, struct lint *lint, const char *text)
{
	struct source s;
	struct err e;

	collect_source(&s, lint, c);
	assert_int_equal(source_sets(&s, STR("list"), 0, str_of(text), &e), 0);
	assert_int_equal(source_routes(&s, STR("list"), 0, str_of(text), &e),
	    0);
	source_fini(&s);
}

/* Compiles the list to a map in the test's folder and opens it. */
static struct store *
collect_map(const char *text)
{
	struct codec_meta meta = { .time = MAPS_TIME,
		.sources = STR("list") };
	struct err e = { .text = "" };
	struct store *store = NULL;
	struct collect *c;
	struct writer *w = NULL;
	struct lint lint;

	sigbus_init();
	lint_init(&lint);
	c = collect_new(&lint, SORTER_LEAST, maps_folder);
	collect_list(c, &lint, text);
	if (writer_open(maps_path("routes.db"), &w, &e) == -1 ||
	    collect_finish(c, w, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(lint.errors, 0);
	meta.headers = collect_headers(c);
	if (maps_finish(&w, &meta, &e) == -1 ||
	    store_verify(maps_path("routes.db"), &e) == -1 ||
	    store_open(maps_path("routes.db"), &store, &e) != 1)
		fail_msg("%s", e.text);
	collect_free(&c);
	lint_fini(&lint);
	return store;
}

static int
collect_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	return store_get(arg, 0, key, a, value, e);
}

static const char collect_text[] =
    "%headers s\n    request-header X-Set: a\n"
    "shop.example                respond=200\n"
    "shop.example/a              respond=201\n"
    "shop.example/a              respond=202 exact\n"
    "shop.example/{x}/b          respond=203\n"
    "shop.example/a/b            respond=204\n"
    "shop.example/{x}/{y}/c      respond=205\n"
    "shop.example/caf\xc3\xa9    respond=206\n"
    "shop.example-x              respond=207\n"
    "shop.example.sub            respond=208\n"
    "bare.example                respond=209 exact\n"
    "paths.example/a             respond=210\n"
    "{t}.wild.example            respond=211\n"
    "*.wild.example              respond=212\n"
    "*.wild.example/p            respond=213\n"
    "{t}.paths.example/{x}       respond=214 headers=s\n"
    "*                           respond=215\n"
    "*/only                      respond=216\n"
    "192.0.2.7                   respond=217\n"
    "[2001:db8::7]               respond=218\n"
    "b\xc3\xbc" "cher.example    respond=219\n"
    "    request-header x-b: c\n    request-header +X-a: c\n"
    "    request-header -X-Gone\n    response-header X-Out: c\n"
    "    request-header Accept: c\n"
    "**/any                      respond=220\n"
    "**/any/x                    respond=221 exact\n"
    "shop.example/any            respond=222\n"
    "@api                        http://127.0.0.1\n"
    "    request-header X_Api: a\n    request-header X.Dot: a\n"
    "@production/api             http://127.0.0.2\n"
    "%defaults headers=s2\n"
    "last.example                respond=223\n"
    "%headers s2\n    request-header X-Default: a\n";

static const struct {
	const char *host;
	const char *path;
	int code;          /* 0: no route */
	const char *match;
	const char *captures; /* parted by blanks */
} collect_rows[] = {
	{ "shop.example", "/", 200, "shop.example", "" },
	{ "shop.example", "/x/y/z", 200, "shop.example", "" },
	{ "shop.example", "/a", 202, "shop.example/a", "" },
	{ "shop.example", "/a/", 201, "shop.example/a", "" },
	{ "shop.example", "/a/x", 201, "shop.example/a", "" },
	{ "shop.example", "/ab", 200, "shop.example", "" },
	{ "shop.example", "/a/b", 204, "shop.example/a/b", "" },
	{ "shop.example", "/q/b/d", 203, "shop.example/{x}/b", "q" },
	{ "shop.example", "/q/r/c", 205, "shop.example/{x}/{y}/c", "q r" },
	{ "shop.example", "/caf%C3%A9", 206, "shop.example/caf%C3%A9", "" },
	{ "shop.example-x", "/a", 207, "shop.example-x", "" },
	{ "shop.example.sub", "/a", 208, "shop.example.sub", "" },
	{ "bare.example", "/", 209, "bare.example", "" },
	{ "bare.example", "/x", 0, "", "" },
	{ "paths.example", "/a/b", 210, "paths.example/a", "" },
	{ "paths.example", "/b", 0, "", "" },
	{ "a.wild.example", "/p", 211, "{t}.wild.example", "a" },
	{ "b.a.wild.example", "/", 212, "*.wild.example", "" },
	{ "b.a.wild.example", "/p", 213, "*.wild.example/p", "" },
	{ "a.paths.example", "/z", 214, "{t}.paths.example/{x}", "a z" },
	{ "a.paths.example", "/", 0, "", "" },
	{ "else.example", "/", 215, "*", "" },
	{ "else.example", "/only/x", 216, "*/only", "" },
	{ "192.0.2.7", "/", 217, "192.0.2.7", "" },
	{ "[2001:db8::7]", "/", 218, "[2001:db8::7]", "" },
	{ "xn--bcher-kva.example", "/", 219, "xn--bcher-kva.example", "" },
	{ "shop.example", "/any", 220, "**/any", "" },
	{ "nobody.example", "/any/y", 220, "**/any", "" },
	{ "nobody.example", "/any/x", 221, "**/any/x", "" },
	{ "last.example", "/", 223, "last.example", "" },
};

static void
collect_records_are_found_by_the_routers_lookup(void **state)
{
	struct store *store = collect_map(collect_text);
	struct lookup_map map = { collect_get, store, store_meta(store) };
	size_t i, j;

	(void)state;
	for (i = 0; i < TABLE_COUNT(collect_rows); i++) {
		const char *row = collect_rows[i].host;
		struct lookup_result out;
		char captures[128] = "";
		struct host host;
		struct arena a;
		struct err e;
		int got;

		arena_init(&a, COLLECT_MEMORY);
		assert_int_equal(host_parse(str_of(row), &host, &e), 0);
		got = lookup_route(&map, &host, str_of(collect_rows[i].path),
		    &a, NULL, &out, &e);
		TABLE_INT(row, got, collect_rows[i].code != 0);
		for (j = 0; got == 1 && j < out.route->capture_count; j++)
			snprintf(captures + strlen(captures),
			    sizeof(captures) - strlen(captures), "%s%.*s",
			    j > 0 ? " " : "", STR_ARG(out.captures[j]));
		if (got == 1) {
			TABLE_INT(row, out.route->target.code,
			    collect_rows[i].code);
			TABLE_STR(row, out.route->match,
			    collect_rows[i].match);
			TABLE_STR(row, str_of(captures),
			    collect_rows[i].captures);
			TABLE_INT(row, out.route->source, 0);
		}
		arena_fini(&a);
	}
	store_close(&store);
}

static void
collect_tells_the_map_what_is_in_it(void **state)
{
	struct store *store = collect_map(collect_text);
	const struct codec_meta *meta = store_meta(store);

	(void)state;
	assert_int_equal(meta->generation, 1);
	assert_int_equal(meta->hosts, 9);
	assert_int_equal(meta->wildcards, 4);
	assert_int_equal(meta->paths, 14);
	assert_int_equal(meta->services, 2);
	assert_int_equal(meta->anywhere, 2);
	assert_int_equal(meta->one_levels, 1 << 2);
	assert_int_equal(meta->wild_levels, 1 << 2 | 1);
	TABLE_STR("headers", meta->headers,
	    "x-a\nx-api\nx-b\nx-default\nx-dot\nx-set");
	TABLE_STR("sources", meta->sources, "list");
	store_close(&store);
}

/* The findings of a list, as "line:col id" lines. */
static void
collect_told(const char *text, struct buf *out)
{
	struct collect *c;
	struct lint lint;
	struct err e;
	size_t i;

	lint_init(&lint);
	c = collect_new(&lint, 1 << 20, NULL);
	collect_list(c, &lint, text);
	assert_int_equal(collect_finish(c, NULL, &e), 0);
	for (i = 0; i < lint.count; i++)
		assert_int_equal(buf_printf(out, "%u %s %.*s\n",
		    lint.told[i].place.line, lint_id(lint.told[i].finding),
		    STR_ARG(str_sub(lint.told[i].text, 0, 30))), 0);
	collect_free(&c);
	lint_fini(&lint);
}

static void
collect_tells_what_contradicts(void **state)
{
	static const struct {
		const char *in;
		const char *told;
	} rows[] = {
		{ "a respond=200\nb respond=200\na/x respond=200\n", "" },
		{ "a respond=200\na respond=200 exact\n", "" },
		{ "a.b respond=200\n*.b respond=200\n{x}.b respond=200\n",
		    "" },
		{ "a respond=200\nA./ respond=200\n",
		    "2 route-repeated a is routed the same at list:1\n" },
		{ "a respond=200\n# x\n    tag=a:b\na respond=200 tag=a:c\n",
		    "4 route-contradicts a is routed otherwise at list:\n" },
		{ "a/{x} respond=200\na/{y} respond=200\n",
		    "2 route-contradicts a/{y} is routed otherwise at l\n" },
		{ "@a http://b\n@a http://c\n@b/a http://c\n",
		    "2 service-contradicts the service '@a' is defined ot\n" },
		{ "@b/a http://b\n\n@b/a http://b\n",
		    "3 service-repeated the service '@b/a' is defined \n" },
		{ "**/a respond=200\n**/a respond=201\n",
		    "2 route-contradicts **/a is routed otherwise at li\n" },
		{ "a respond=200\n    when header.x -> respond=201\n"
		  "a respond=200\n    when header.x -> respond=201\n",
		    "3 route-repeated a is routed the same at list:1\n" },
		{ "%defaults tag=a:b\na respond=200\n%defaults\n"
		  "a respond=200 tag=a:b\n",
		    "4 route-contradicts a is routed otherwise at list:\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct buf out;

		buf_init(&out, COLLECT_MEMORY);
		collect_told(rows[i].in, &out);
		TABLE_STR(rows[i].in, buf_view(&out), rows[i].told);
		buf_fini(&out);
	}
}

/* count routes "a/..." of as many shapes, the first one last in key order. */
static void
collect_shapes(struct buf *text, unsigned count)
{
	unsigned n, bit;

	for (n = count; n-- > 0;) {
		assert_int_equal(buf_put(text, STR("a")), 0);
		for (bit = 0; bit < 5; bit++)
			assert_int_equal(buf_printf(text,
			    (n >> bit & 1) != 0 ? "/{c%u}" : "/l%u", bit), 0);
		assert_int_equal(buf_put(text, STR(" respond=200\n")), 0);
	}
}

static void
collect_names_the_17th_shape(void **state)
{
	static const struct {
		unsigned count;
		const char *told;
	} rows[] = {
		{ 16, "" },
		{ 17, "17 shapes-many this is the 17th shape of path\n" },
		{ 32, "17 shapes-many this is the 17th shape of path\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct buf text, out;

		buf_init(&text, COLLECT_MEMORY);
		buf_init(&out, COLLECT_MEMORY);
		collect_shapes(&text, rows[i].count);
		/* More routes of the same shapes make it no worse. */
		assert_int_equal(buf_put(&text,
		    STR("a/m/l1/l2/l3/l4 respond=200\nb respond=200\n")), 0);
		assert_int_equal(buf_put(&text, (struct str){ "", 1 }), 0);
		collect_told(buf_view(&text).p, &out);
		TABLE_STR("shapes", buf_view(&out), rows[i].told);
		buf_fini(&text);
		buf_fini(&out);
	}
}

static void
collect_without_a_route_has_no_headers(void **state)
{
	struct collect *c;
	struct lint lint;
	struct err e;

	(void)state;
	lint_init(&lint);
	c = collect_new(&lint, 1 << 20, NULL);
	assert_int_equal(collect_finish(c, NULL, &e), 0);
	assert_true(str_eq(collect_headers(c), none));
	collect_free(&c);
	assert_null(c);
	collect_free(&c);
	lint_fini(&lint);
}

/* A mistake of lists, however large, never ends in an abort. */
static void
collect_refuses_more_names_than_a_map_holds(void **state)
{
	const size_t most = 1024 * 1024;
	char name[COLLECT_NAME + 1];
	struct buf text;
	struct collect *c;
	struct lint lint;
	struct source s;
	struct err e;
	size_t size;
	unsigned i;

	(void)state;
	buf_init(&text, 2 * COLLECT_MEMORY);
	lint_init(&lint);
	c = collect_new(&lint, 1 << 20, NULL);
	memset(name, 'n', sizeof(name));
	name[COLLECT_NAME] = '\0';
	/* As many as there may be, the names' line ends counted. */
	for (i = 0, size = 0; size + COLLECT_NAME <= most;
	     i++, size += COLLECT_NAME + 1)
		assert_int_equal(buf_printf(&text, "h%u respond=200\n"
		    "    request-header X-%06u%s: v\n", i, i, name + 8), 0);
	collect_source(&s, &lint, c);
	assert_int_equal(source_routes(&s, STR("list"), 0, buf_view(&text),
	    &e), 0);
	assert_in_range(collect_headers(c).n, most - COLLECT_NAME - 1, most);
	/* A name that is there takes no more room; any other has none. */
	buf_clear(&text);
	assert_int_equal(buf_printf(&text, "a respond=200\n"
	    "    request-header x-000000%s: v\n", name + 8), 0);
	assert_int_equal(source_routes(&s, STR("list"), 0, buf_view(&text),
	    &e), 0);
	assert_int_equal(source_routes(&s, STR("list"), 0,
	    STR("b respond=200\n    request-header X-Y: v\n"), &e), -1);
	assert_non_null(strstr(e.text, "list:1:1: with this route the X- "));
	source_fini(&s);
	collect_free(&c);
	lint_fini(&lint);
	buf_fini(&text);
}

/*
 * Hosts that begin as others do, with '-' and '.' behind, which stand between a
 * host and its paths: a map in order has them all, and so has one that is
 * compiled with the least of memory.
 */

struct collect_chain {
	size_t hosts;
	size_t paths;
};

static void
collect_host_of(size_t i, char to[32])
{
	static const char *const ends[] = { "a", "a-a", "a.a", "a0", "b" };
	size_t n = 0;

	do {
		const char *part = ends[i % 5];

		memcpy(to + n, part, strlen(part));
		n += strlen(part);
		i /= 5;
	} while (i > 0 && n < 24);
	memcpy(to + n, ".x", sizeof(".x"));
}

/* Every host once, in an order that `step` makes, two thirds with paths. */
static struct collect_chain
collect_chains(struct buf *text, size_t count, size_t step)
{
	struct collect_chain made = { 0 };
	size_t i, j;

	for (i = 0; i < count; i++) {
		size_t number = i * step % count;
		char host[32];

		collect_host_of(number, host);
		made.hosts++;
		if (number % 3 > 0)
			CHECK(buf_printf(text, "%s respond=200\n", host) ==
			    0);
		for (j = number % 3 > 0 ? number % 3 - 1 : 1; j > 0; j--) {
			CHECK(buf_printf(text, "%s/%zu respond=201\n"
			    "%s/{x}/%zu respond=202\n", host, number, host,
			    j) == 0);
			made.paths += 2;
		}
	}
	return made;
}

static int
collect_key_seen(void *arg, struct str key, struct str value)
{
	struct buf *keys = arg;

	(void)value;
	if (key.p[0] == CODEC_HOST)
		CHECK(buf_put(keys, key) == 0 &&
		    buf_put(keys, STR("\n")) == 0);
	return 0;
}

static void
collect_puts_paths_where_they_belong(void **state)
{
	enum { COUNT = 3000 };
	static const size_t steps[] = { 1, 7, 1009, COUNT - 1 };
	struct buf first;
	size_t i;

	(void)state;
	buf_init(&first, 16 << 20);
	for (i = 0; i < TABLE_COUNT(steps); i++) {
		struct collect_chain made;
		struct buf text, keys;
		struct store *store;
		struct err e;

		buf_init(&text, 16 << 20);
		buf_init(&keys, 16 << 20);
		made = collect_chains(&text, COUNT, steps[i]);
		CHECK(buf_put(&text, (struct str){ "", 1 }) == 0);
		store = collect_map(buf_view(&text).p);
		assert_int_equal(store_meta(store)->hosts, made.hosts);
		assert_int_equal(store_meta(store)->paths, made.paths);
		assert_int_equal(store_walk(store, collect_key_seen, &keys,
		    &e), 0);
		store_close(&store);
		if (i == 0)
			assert_int_equal(buf_put(&first, buf_view(&keys)), 0);
		assert_true(str_eq(buf_view(&first), buf_view(&keys)));
		buf_fini(&keys);
		buf_fini(&text);
	}
	buf_fini(&first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    collect_records_are_found_by_the_routers_lookup,
		    maps_begin, maps_end),
		cmocka_unit_test_setup_teardown(
		    collect_tells_the_map_what_is_in_it, maps_begin,
		    maps_end),
		cmocka_unit_test_setup_teardown(
		    collect_puts_paths_where_they_belong, maps_begin,
		    maps_end),
		cmocka_unit_test(collect_tells_what_contradicts),
		cmocka_unit_test(collect_names_the_17th_shape),
		cmocka_unit_test(collect_refuses_more_names_than_a_map_holds),
		cmocka_unit_test(collect_without_a_route_has_no_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
