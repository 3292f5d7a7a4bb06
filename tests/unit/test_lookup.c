/* SPDX-License-Identifier: BSD-2-Clause */

/* lookup: which route answers, by how many gets, over a map in memory. */

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
#include "tests/unit/memory_map.h"
#include "tests/unit/table.h"

/* Asked in all tables: the match of the route, or the word of the reason. */
struct ask {
	const char *host;
	const char *path;
	const char *want;
	const char *rest;
	const char *captures; /* parted by ',' */
	size_t gets;          /* 0: not looked at */
};

static void
ask_captures(const struct ask *ask, const struct lookup_result *got)
{
	char text[256] = "";
	size_t n = 0;
	size_t i;

	for (i = 0; i < got->route->capture_count; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s",
		    i > 0 ? "," : "", STR_ARG(got->captures[i]));
	if (ask->captures != NULL)
		assert_string_equal(text, ask->captures);
}

static void
ask_one(struct map *m, const struct ask *ask)
{
	struct lookup_result got;
	struct str word;
	struct arena a;
	struct err e;
	int found;

	arena_init(&a, ARENA_MAX);
	found = map_ask(m, ask->host, ask->path, &a, NULL, &got, &e);
	assert_int_not_equal(found, -1);
	word = found == 1 ? arena_printf(&a, "%.*s%s",
	    STR_ARG(got.route->match), got.route->exact ? " exact" : "") :
	    str_of(reason_word(got.reason));
	if (!str_eq(word, str_of(ask->want)))
		fail_msg("%s %s: '%.*s' is not '%s'", ask->host, ask->path,
		    STR_ARG(word), ask->want);
	if (found == 1 && ask->rest != NULL &&
	    !str_eq(got.rest, str_of(ask->rest)))
		fail_msg("%s %s: rest '%.*s' is not '%s'", ask->host,
		    ask->path, STR_ARG(got.rest), ask->rest);
	if (found == 1)
		ask_captures(ask, &got);
	if (ask->gets != 0 && m->gets != ask->gets)
		fail_msg("%s %s: %zu gets, not %zu", ask->host, ask->path,
		    m->gets, ask->gets);
	arena_fini(&a);
}

static void
ask_all(const char *matches, const struct ask *asks, size_t count)
{
	struct map *m = map_new(matches);
	size_t i;

	for (i = 0; i < count; i++)
		ask_one(m, &asks[i]);
	map_free(&m);
}

#define ASK_ALL(matches, asks) \
	ask_all(matches, asks, sizeof(asks) / sizeof(asks[0]))

static void
the_most_specific_host_decides(void **state)
{
	static const struct ask asks[] = {
		{ "a.b.example", "/", "a.b.example", "/", "", 1 },
		{ "c.b.example", "/", "{x}.b.example", "/", "c", 2 },
		{ "d.c.b.example", "/", "*.b.example", "/", "", 0 },
		{ "b.example", "/", "*.example", "/", "", 0 },
		{ "x.c.example", "/", "*.example", "/", "", 0 },
		{ "example", "/", "*", "/", "", 0 },
		{ "other.test", "/", "*", "/", "", 0 },
		{ "b.example.test", "/", "*", "/", "", 0 },
		{ "A.B.EXAMPLE.:80", "/", "a.b.example", "/", "", 1 },
	};
	struct map *m;

	(void)state;
	ASK_ALL("a.b.example\n{x}.b.example\n*.b.example\n*.example\n*", asks);
	m = map_new("*.b.example\n*.example\n*");
	ask_one(m, &(struct ask){ "c.b.example", "/", "*.b.example", NULL,
	    "", 2 });
	map_free(&m);
}

static void
without_a_last_resort_there_is_no_host(void **state)
{
	static const struct ask asks[] = {
		{ "b.example", "/", "no-host", NULL, NULL, 1 },
		{ "c.b.test", "/", "no-host", NULL, NULL, 1 },
		{ "a.a.b.test", "/", "no-host", NULL, NULL, 2 },
		{ "b.test", "/", "no-host", NULL, NULL, 0 },
		{ "example", "/", "no-host", NULL, NULL, 1 },
	};

	(void)state;
	ASK_ALL("a.b.example\n{x}.b.c.example", asks);
}

static void
the_first_host_that_exists_decides_alone(void **state)
{
	static const struct ask asks[] = {
		{ "a.example", "/x", "a.example/x", NULL, NULL, 0 },
		{ "a.example", "/y", "no-path", NULL, NULL, 0 },
		{ "a.example", "/", "no-path", NULL, NULL, 0 },
		{ "b.example", "/y", "{h}.example/y", "", "b", 0 },
		{ "b.example", "/x", "no-path", NULL, NULL, 0 },
		{ "c.b.example", "/x", "*.example", "/x", "", 0 },
	};

	(void)state;
	ASK_ALL("a.example/x\n{h}.example/y\n*.example\n*", asks);
}

static void
addresses_have_no_parents(void **state)
{
	static const struct ask asks[] = {
		{ "192.0.2.7", "/", "192.0.2.7", NULL, NULL, 1 },
		{ "192.0.2.8", "/", "*", NULL, NULL, 2 },
		{ "[2001:DB8::1]:8080", "/", "[2001:db8::1]", NULL, NULL, 1 },
		{ "[2001:db8::2]", "/", "*", NULL, NULL, 2 },
		{ "[::ffff:192.0.2.8]", "/", "*", NULL, NULL, 2 },
	};

	(void)state;
	ASK_ALL("192.0.2.7\n[2001:db8::1]\n*.0.2.8\n{x}.0.2.8\n*.2.8]\n*",
	    asks);
}

static void
prefixes_match_whole_segments(void **state)
{
	static const struct ask asks[] = {
		{ "h.test", "/a/b", "h.test/a/b", "", "", 2 },
		{ "h.test", "/a/b/", "h.test/a/b", "/", "", 2 },
		{ "h.test", "/a/b/c", "h.test/a/b", "/c", "", 2 },
		{ "h.test", "/a/b/c/", "h.test/a/b", "/c/", "", 2 },
		{ "h.test", "/a/bc", "h.test", "/a/bc", "", 2 },
		{ "h.test", "/a", "h.test", "/a", "", 1 },
		{ "h.test", "/", "h.test", "/", "", 1 },
		{ "h.test", "/A/B", "h.test", "/A/B", "", 2 },
		{ "h.test", "/%61/b", "h.test/a/b", "", "", 2 },
		{ "h.test", "/a%2Fb", "h.test", "/a%2Fb", "", 1 },
	};

	(void)state;
	ASK_ALL("h.test\nh.test/a/b", asks);
}

static void
empty_segments_do_not_count(void **state)
{
	static const struct ask asks[] = {
		{ "h.test", "//a/b", "h.test/a/b", "", "", 0 },
		{ "h.test", "/a//b//c", "h.test/a/b", "//c", "", 0 },
		{ "h.test", "/a/b//", "h.test/a/b", "//", "", 0 },
		{ "h.test", "//c//d/x", "h.test/c/{y}", "/x", "d", 0 },
		{ "h.test", "//c//", "h.test", "//c//", "", 0 },
		{ "h.test", "//", "h.test", "//", "", 0 },
		{ "h.test", "/e//f", "h.test/e/f exact", "", "", 0 },
		{ "h.test", "/e/f//", "h.test", "/e/f//", "", 0 },
	};

	(void)state;
	ASK_ALL("h.test\nh.test/a/b\nh.test/c/{y}\nh.test/e/f exact", asks);
}

static void
exact_takes_the_path_alone(void **state)
{
	static const struct ask asks[] = {
		{ "h.test", "/a/b", "h.test/a/b exact", "", "", 2 },
		{ "h.test", "/a/b/", "no-path", NULL, NULL, 1 },
		{ "h.test", "/a/b/c", "no-path", NULL, NULL, 1 },
		{ "h.test", "/a", "no-path", NULL, NULL, 1 },
		{ "bare.test", "/", "bare.test exact", "/", "", 2 },
		{ "bare.test", "/x", "no-path", NULL, NULL, 1 },
		{ "bare.test", "//", "no-path", NULL, NULL, 1 },
		{ "both.test", "/", "both.test exact", "/", "", 2 },
		{ "both.test", "/x", "both.test", "/x", "", 3 },
		{ "both.test", "/p", "both.test/p exact", "", "", 2 },
		{ "both.test", "/p/", "both.test/p", "/", "", 2 },
		{ "both.test", "/p/q", "both.test/p", "/q", "", 2 },
		{ "c.test", "/v", "c.test/{v} exact", "", "v", 2 },
		{ "c.test", "/v/", "no-path", NULL, NULL, 1 },
	};

	(void)state;
	ASK_ALL("h.test/a/b exact\nbare.test exact\nboth.test exact\n"
	    "both.test\nboth.test/p\nboth.test/p exact\nc.test/{v} exact",
	    asks);
}

static void
longer_beats_shorter_and_literal_beats_capture(void **state)
{
	static const struct ask asks[] = {
		{ "h.test", "/a/b/c", "h.test/{x}/{y}/{z}", "", "a,b,c", 0 },
		{ "h.test", "/a/b", "h.test/a/{y}", "", "b", 0 },
		{ "h.test", "/c/b", "h.test/{x}/b", "", "c", 0 },
		{ "h.test", "/c/b/", "h.test/{x}/b", "/", "c", 0 },
		{ "h.test", "/c/d", "h.test/{x}", "/d", "c", 0 },
		{ "h.test", "/a", "h.test/a", "", "", 0 },
		{ "h.test", "/a/", "h.test/a", "/", "", 0 },
		{ "h.test", "/q", "h.test/{x}", "", "q", 0 },
		{ "h.test", "/", "no-path", NULL, NULL, 1 },
	};

	(void)state;
	ASK_ALL("h.test/{x}\nh.test/a\nh.test/a/{y}\nh.test/{x}/b\n"
	    "h.test/{x}/{y}/{z}", asks);
}

static void
exact_beats_prefix_of_the_same_shape_only(void **state)
{
	static const struct ask asks[] = {
		{ "h.test", "/a", "h.test/a", "", "", 0 },
		{ "h.test", "/b", "h.test/{x} exact", "", "b", 0 },
		{ "h.test", "/b/c", "h.test/{x}", "/c", "b", 0 },
		{ "h.test", "/a/c", "h.test/a", "/c", "", 0 },
	};

	(void)state;
	ASK_ALL("h.test/a\nh.test/{x}\nh.test/{x} exact", asks);
}

static void
captures_come_in_order_as_they_stand(void **state)
{
	static const struct ask asks[] = {
		{ "acme.saas.test", "/c%2Fd/x/f%20g/more/",
		    "{t}.saas.test/{u}/x/{v}", "/more/",
		    "acme,c%2Fd,f%20g", 0 },
		{ "a_b.saas.test", "/", "{t}.saas.test", "/", "a_b", 2 },
		{ "x.wild.test", "/v", "*.wild.test/{u}", "", "v", 0 },
	};

	(void)state;
	ASK_ALL("{t}.saas.test/{u}/x/{v}\n{t}.saas.test\n*.wild.test/{u}",
	    asks);
}

static void
anywhere_rules_come_before_all_hosts(void **state)
{
	static const struct ask asks[] = {
		{ "h.test", "/.well-known/acme", "**/.well-known/acme", "",
		    "", 1 },
		{ "h.test", "/.well-known/acme/t", "**/.well-known/acme",
		    "/t", "", 0 },
		{ "no.where", "/.well-known/acme/", "**/.well-known/acme",
		    "/", "", 0 },
		{ "192.0.2.1", "/.well-known/acme", "**/.well-known/acme",
		    "", "", 0 },
		{ "h.test", "/.well-known/acme/deep/er",
		    "**/.well-known/acme/deep", "/er", "", 1 },
		{ "h.test", "/.well-known/acmes", "h.test",
		    "/.well-known/acmes", "", 0 },
		{ "h.test", "/robots.txt", "**/robots.txt exact", "", "",
		    1 },
		{ "h.test", "/robots.txt/", "h.test", "/robots.txt/", "", 1 },
		{ "no.where", "/", "no-host", NULL, NULL, 1 },
	};

	(void)state;
	ASK_ALL("h.test\n**/.well-known/acme\n**/.well-known/acme/deep\n"
	    "**/robots.txt exact\nh.test/.well-known exact\n"
	    "h.test/robots.txt exact\nother.test/.well-known/acme", asks);
}

/* What the levels of the map tell need not be asked. */
static void
no_key_is_asked_that_cannot_be_there(void **state)
{
	static const struct ask plain[] = {
		{ "h.test", "/a/b/c", "h.test", NULL, NULL, 1 },
		{ "a.b.c.d.e.f", "/", "no-host", NULL, NULL, 1 },
	};
	static const struct ask levels[] = {
		{ "a.b.c.d", "/", "no-host", NULL, NULL, 2 },
		{ "a.b.c", "/", "no-host", NULL, NULL, 3 },
		{ "a.b", "/", "no-host", NULL, NULL, 1 },
	};
	static const struct ask shapes[] = {
		{ "h.test", "/", "no-path", NULL, NULL, 1 },
		{ "h.test", "/x/y", "no-path", NULL, NULL, 1 },
		{ "h.test", "/x/y/z", "no-path", NULL, NULL, 3 },
		{ "h.test", "/x/y/z/", "no-path", NULL, NULL, 2 },
	};

	(void)state;
	ASK_ALL("h.test", plain);
	ASK_ALL("{x}.two.labels\n*.two.labels", levels);
	ASK_ALL("h.test/a/b/c\nh.test/a/b/{x} exact", shapes);
}

static void
paths_deeper_than_any_rule_are_found(void **state)
{
	static char path[8 + 2 * 40 + 1];
	static char match[8 + 2 * ROUTE_SEGMENTS_MAX + 1];
	static char long_path[8192];
	const struct ask asks[] = {
		{ "h.test", path, match, "/s/s/s/s/s/s/s/s", "", 2 },
		{ "h.test", long_path, "h.test", NULL, "", 1 },
		{ "no.test", long_path, "no-host", NULL, "", 1 },
	};
	char matches[sizeof(match) * 2 + 32];
	size_t i;

	(void)state;
	memcpy(match, "h.test", 7);
	for (i = 0; i < ROUTE_SEGMENTS_MAX; i++)
		memcpy(match + 6 + 2 * i, "/s", 3);
	for (i = 0; i < 40; i++)
		memcpy(path + 2 * i, "/s", 3);
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[0] = '/';
	snprintf(matches, sizeof(matches), "h.test\n%s\nh.test/y\n"
	    "h.test/%s exact", match, match + 7);
	ASK_ALL(matches, asks);
}

/* The key and '+' or '-', a line each. */
static void
trace_write(void *arg, struct str key, int found)
{
	struct buf *to = arg;

	assert_int_equal(codec_key_print(key, to), 0);
	assert_int_equal(buf_put(to, found == 1 ? STR("+\n") : STR("-\n")), 0);
}

static void
every_key_tried_is_told_in_order(void **state)
{
	struct map *m = map_new("**/z/z\n{x}.b.test/{y}/k exact\n"
	    "{x}.b.test/{y}\n*.test\n*");
	struct lookup_result got;
	struct lookup_trace trace;
	struct arena a;
	struct buf to;
	struct err e;

	(void)state;
	arena_init(&a, ARENA_MAX);
	buf_init(&to, 4096);
	trace = (struct lookup_trace){ trace_write, &to };
	assert_int_equal(map_ask(m, "a.b.test", "/v/w", &a, &trace, &got, &e),
	    1);
	assert_true(str_eq(buf_view(&to), STR("g/v/w-\nha.b.test-\n"
	    "ob.test+\nob.test/{}/w exact-\nob.test/{}+\n")));
	assert_true(str_eq(got.key, STR("ob.test/\x01")));
	buf_clear(&to);
	assert_int_equal(map_ask(m, "b.c.test", "/v", &a, &trace, &got, &e),
	    1);
	assert_true(str_eq(buf_view(&to),
	    STR("hb.c.test-\noc.test-\nwtest+\n")));
	assert_true(str_eq(got.key, STR("wtest")));
	buf_fini(&to);
	arena_fini(&a);
	map_free(&m);
}

static void
the_host_that_has_no_path_is_the_key_that_decided(void **state)
{
	struct map *m = map_new("h.test/a");
	struct lookup_result got;
	struct arena a;
	struct err e;

	(void)state;
	arena_init(&a, ARENA_MAX);
	assert_int_equal(map_ask(m, "h.test", "/b", &a, NULL, &got, &e), 0);
	assert_int_equal(got.reason, REASON_NO_PATH);
	assert_true(str_eq(got.key, STR("hh.test")));
	assert_null(got.route);
	arena_fini(&a);
	map_free(&m);
}

static void
a_map_that_fails_is_no_answer(void **state)
{
	struct map *m = map_new("**/q\n{x}.test/{a}/b\n{x}.test/{a}");
	struct lookup_result got;
	struct arena a;
	struct err e;
	size_t gets, i;

	(void)state;
	arena_init(&a, ARENA_MAX);
	assert_int_equal(map_ask(m, "h.test", "/1/2", &a, NULL, &got, &e), 1);
	gets = m->gets;
	assert_int_equal(gets, 5);
	for (i = 1; i <= gets; i++) {
		m->fail_at = i;
		assert_int_equal(map_ask(m, "h.test", "/1/2", &a, NULL, &got,
		    &e), -1);
		assert_int_equal(e.reason, REASON_MAP_BROKEN);
	}
	arena_fini(&a);
	map_free(&m);
}

/* Records under keys that are not theirs. */
static void
a_record_of_another_key_is_refused(void **state)
{
	static const char *const keys[] = { "hh.test", "hh.test/a",
		"hh.test/\x01", "hh.test/a\x02", "otest", "hh.test/\x01/\x01" };
	static const char *const hosts[] = { "h.test", "h.test", "h.test",
		"h.test", "i.test", "h.test" };
	const char *const all = "h.test\nh.test/a\nh.test/{x}\n"
	    "h.test/a exact\n{h}.test\nh.test/{x}/{y}";
	static const char *const paths[] = { "/", "/a/", "/b", "/a", "/",
		"/b/c" };
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct map *m = map_new(all);
		struct record *into = map_find(m, str_of(keys[i]));

		assert_non_null(into);
		for (j = 0; j < sizeof(keys) / sizeof(keys[0]); j++) {
			struct str kept = into->value;
			struct lookup_result got;
			struct arena a;
			struct err e;
			int found;

			arena_init(&a, ARENA_MAX);
			into->value = map_find(m, str_of(keys[j]))->value;
			found = map_ask(m, hosts[i], paths[i], &a, NULL, &got,
			    &e);
			assert_int_equal(found, i == j ? 1 : -1);
			if (found == -1)
				assert_int_equal(e.reason, REASON_MAP_BROKEN);
			into->value = kept;
			arena_fini(&a);
		}
		map_free(&m);
	}
}

static void
a_full_arena_is_told(void **state)
{
	struct map *m = map_new("{x}.test/{a}\n{x}.test");
	struct lookup_result got;
	struct err e;
	size_t ceiling;
	int found = -1;

	(void)state;
	for (ceiling = 4096; found == -1 && ceiling < 65536; ceiling += 512) {
		const struct lookup_map map = { .get = map_get, .arg = m,
			.meta = &m->meta };
		struct arena a;
		struct host h;

		arena_init(&a, ceiling);
		assert_non_null(arena_alloc(&a, 3000));
		assert_int_equal(host_parse(STR("h.test"), &h, &e), 0);
		found = lookup_route(&map, &h, STR("/v"), &a, NULL, &got, &e);
		if (found == -1)
			assert_int_equal(e.reason, REASON_OVERLOADED);
		arena_fini(&a);
	}
	assert_int_equal(found, 1);
	assert_true(ceiling > 4096 + 512);
	map_free(&m);
}

/* A reading that would choose another entry, or NULL: there is none. */
static void
ambiguous_ask(const char *matches, const char *path, bool data,
    const char *want)
{
	struct map *m = map_new(matches);
	const struct lookup_map map = { .get = map_get, .arg = m,
		.meta = &m->meta };
	struct str canonical, reading;
	struct lookup_result found;
	struct host h;
	struct arena a;
	struct err e;
	int answer;

	arena_init(&a, ARENA_MAX);
	assert_int_equal(host_parse(STR("h.test"), &h, &e), 0);
	assert_int_equal(path_canonical(str_of(path), &a, &canonical, &e), 0);
	assert_int_not_equal(lookup_route(&map, &h, canonical, &a, NULL,
	    &found, &e), -1);
	answer = lookup_ambiguous(&map, &h, canonical, data, &found, &a,
	    &reading, &e);
	TABLE_INT(path, answer, want != NULL);
	if (answer == 1)
		TABLE_STR(path, reading, want);
	arena_fini(&a);
	map_free(&m);
}

static void
a_second_reading_is_another_entry(void **state)
{
	static const struct {
		const char *path;
		bool data;
		const char *reading; /* NULL: all choose the same */
	} asks[] = {
		{ "/a/b", false, NULL },
		{ "/a%2Fx", false, NULL },
		{ "/a%2fx/y;z", false, NULL },
		{ "/x%2Fadmin", false, NULL },
		{ "/admin%2Fx", false, "/admin/x" },
		{ "/admin%2fx", false, "/admin/x" },
		{ "/admin%2Fx", true, NULL },
		{ "/admin%5Cx", false, "/admin/x" },
		{ "/admin%5cx", true, "/admin/x" },
		{ "/%2Fadmin", false, "//admin" },
		{ "/%5Cadmin", true, "//admin" },
		{ "/admin;", false, "/admin" },
		{ "/admin;a=b/x", false, "/admin/x" },
		{ "/admin;a=b/x", true, "/admin/x" },
		{ "/x;a/admin", false, NULL },
		{ "/;/admin", false, "//admin" },
		{ "/;x%2Fadmin", false, "//admin" },
		{ "/;x%2Fadmin", true, NULL },
		{ "/admin;x%2F..x", false, "/admin" },
		{ "/admin/%2F", false, NULL },
		{ "/deep/er", false, NULL },
		{ "/deep%2Fer", false, "/deep/er" },
		{ "/deep;v/er;w", false, "/deep/er" },
		{ "/deep;v%5Cer%2Fx", false, "/deep/er/x" },
		{ "/deep;v%5Cer%2Fx", true, NULL },
		{ "/deep;v%5Cer/%2Fx", true, "/deep/er/%2Fx" },
		{ "/deep%25%32Fer", false, NULL },
		{ "/only", false, NULL },
		{ "/only%2F", false, NULL },
		{ "/only;%2F", false, "/only" },
		{ "/only;x", false, "/only" },
		{ "/any%2Fwhere", false, "/any/where" },
		{ "/x/any;/where", false, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(asks); i++)
		ambiguous_ask("h.test\nh.test/admin\nh.test/deep/er\n"
		    "h.test/only exact\n**/any/where", asks[i].path,
		    asks[i].data, asks[i].reading);
}

/* A capture takes another value: the entry is the same. */
static void
a_second_reading_of_the_same_entry_is_none(void **state)
{
	(void)state;
	ambiguous_ask("h.test/{x}", "/a%2Fb", false, NULL);
	ambiguous_ask("h.test/{x}", "/a;b", false, NULL);
	ambiguous_ask("h.test/{x}\nh.test/{x}/b", "/a%2Fb", false, "/a/b");
	ambiguous_ask("h.test/{x}/b", "/a%2Fc", false, NULL);
}

/* No entry at all is another outcome, both ways. */
static void
a_second_reading_may_find_nothing(void **state)
{
	(void)state;
	ambiguous_ask("h.test/a/{x} exact", "/a/b%2Fc", false, "/a/b/c");
	ambiguous_ask("h.test/a/{x} exact", "/a/b;c", false, NULL);
	ambiguous_ask("h.test/a/{x}", "/a/;b", false, "/a/");
	ambiguous_ask("h.test/a/b", "/a%2Fb", false, "/a/b");
	ambiguous_ask("h.test/a/b", "/a%2Fc", false, NULL);
	ambiguous_ask("i.test/a/b", "/a%2Fb", false, NULL);
}

static void
a_map_that_fails_is_no_reading(void **state)
{
	struct map *m = map_new("h.test\nh.test/a");
	const struct lookup_map map = { .get = map_get, .arg = m,
		.meta = &m->meta };
	struct lookup_result found;
	struct str reading;
	struct host h;
	struct arena a;
	struct err e;
	size_t i;

	(void)state;
	arena_init(&a, ARENA_MAX);
	assert_int_equal(host_parse(STR("h.test"), &h, &e), 0);
	assert_int_equal(lookup_route(&map, &h, STR("/x;y%2Fz"), &a, NULL,
	    &found, &e), 1);
	for (i = 1; i <= 6; i++) {
		m->gets = 0;
		m->fail_at = i;
		assert_int_equal(lookup_ambiguous(&map, &h, STR("/x;y%2Fz"),
		    false, &found, &a, &reading, &e), -1);
		assert_int_equal(e.reason, REASON_MAP_BROKEN);
	}
	m->gets = 0;
	m->fail_at = 7;
	assert_int_equal(lookup_ambiguous(&map, &h, STR("/x;y%2Fz"), false,
	    &found, &a, &reading, &e), 0);
	arena_fini(&a);
	map_free(&m);
}

static void
services_are_found_by_space_and_name(void **state)
{
	static const struct {
		const char *space;
		const char *name;
		const char *host; /* NULL: there is none */
		const char *tried;
	} asks[] = {
		{ "", "api", "own.test", "s/api+\n" },
		{ "blue", "api", "blue.test", "sblue/api+\n" },
		{ "green", "api", NULL, "sgreen/api-\n" },
		{ "", "ap", NULL, "s/ap-\n" },
	};
	struct map *m = map_new("h.test");
	const struct lookup_map map = { .get = map_get, .arg = m,
		.meta = &m->meta };
	struct lookup_trace trace;
	struct service got;
	struct arena a;
	struct buf to;
	struct err e;
	size_t i;

	(void)state;
	arena_init(&a, ARENA_MAX);
	buf_init(&to, 4096);
	trace = (struct lookup_trace){ trace_write, &to };
	map_add_service(m, "", "api", "own.test");
	map_add_service(m, "blue", "api", "blue.test");
	assert_int_equal(m->meta.services, 2);
	for (i = 0; i < TABLE_COUNT(asks); i++) {
		int found = lookup_service(&map, str_of(asks[i].space),
		    str_of(asks[i].name), &a, &trace, &got, &e);

		TABLE_INT(asks[i].tried, found, asks[i].host != NULL);
		TABLE_STR(asks[i].tried, buf_view(&to), asks[i].tried);
		buf_clear(&to);
		if (found == 0)
			continue;
		TABLE_STR("space", got.space, asks[i].space);
		TABLE_STR("name", got.name, asks[i].name);
		TABLE_STR("host", got.origins[0].url.host.parts[0].text,
		    asks[i].host);
	}
	m->gets = 0;
	m->fail_at = 1;
	assert_int_equal(lookup_service(&map, STR("blue"), STR("api"), &a,
	    NULL, &got, &e), -1);
	m->fail_at = 0;
	map_find(m, STR("s/api"))->value = STR("\x21");
	assert_int_equal(lookup_service(&map, STR(""), STR("api"), &a, NULL,
	    &got, &e), -1);
	assert_int_equal(e.reason, REASON_MAP_BROKEN);
	buf_fini(&to);
	arena_fini(&a);
	map_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_host_decides),
		cmocka_unit_test(without_a_last_resort_there_is_no_host),
		cmocka_unit_test(the_first_host_that_exists_decides_alone),
		cmocka_unit_test(addresses_have_no_parents),
		cmocka_unit_test(prefixes_match_whole_segments),
		cmocka_unit_test(empty_segments_do_not_count),
		cmocka_unit_test(exact_takes_the_path_alone),
		cmocka_unit_test(
		    longer_beats_shorter_and_literal_beats_capture),
		cmocka_unit_test(exact_beats_prefix_of_the_same_shape_only),
		cmocka_unit_test(captures_come_in_order_as_they_stand),
		cmocka_unit_test(anywhere_rules_come_before_all_hosts),
		cmocka_unit_test(no_key_is_asked_that_cannot_be_there),
		cmocka_unit_test(paths_deeper_than_any_rule_are_found),
		cmocka_unit_test(every_key_tried_is_told_in_order),
		cmocka_unit_test(
		    the_host_that_has_no_path_is_the_key_that_decided),
		cmocka_unit_test(a_map_that_fails_is_no_answer),
		cmocka_unit_test(a_record_of_another_key_is_refused),
		cmocka_unit_test(a_full_arena_is_told),
		cmocka_unit_test(a_second_reading_is_another_entry),
		cmocka_unit_test(a_second_reading_of_the_same_entry_is_none),
		cmocka_unit_test(a_second_reading_may_find_nothing),
		cmocka_unit_test(a_map_that_fails_is_no_reading),
		cmocka_unit_test(services_are_found_by_space_and_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
