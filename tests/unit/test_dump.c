/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * dump: what is printed of a map compiles to the same records, byte for byte,
 * but for what the map says of itself and the places of the rules.
 */

#include "tools/dump.h"

#include "tests/unit/maps.h"

#include <glob.h>

#include "tests/unit/table.h"
#include "tools/collect.h"
#include "tools/source.h"

enum { TEXT_MAX = 64 << 20 };

static int
see_route(void *arg, const struct source_route *r, struct err *e)
{
	return collect_add(arg, r, e);
}

static int
see_service(void *arg, const struct source_service *s, struct err *e)
{
	return collect_service(arg, s, e);
}

/* Compiles the list; false: it has errors. */
static bool
compiled(const char *row, struct str list, const char *path)
{
	struct codec_meta meta = { .time = MAPS_TIME,
		.sources = STR("maps.list") };
	struct collect *collect;
	struct source source;
	struct writer *w;
	struct lint lint;
	struct err e;
	bool good;

	lint_init(&lint);
	collect = collect_new(&lint, 1 << 20, NULL);
	source_init(&source, &lint,
	    &(struct source_see){ .route = see_route,
		.service = see_service,
		.arg = collect });
	assert_int_equal(source_sets(&source, str_of(row), 0, list, &e), 0);
	assert_int_equal(source_routes(&source, str_of(row), 0, list, &e),
	    0);
	assert_int_equal(writer_open(path, &w, &e), 0);
	assert_int_equal(collect_finish(collect, w, &e), 0);
	good = lint.errors == 0;
	if (good && maps_finish(&w, &meta, &e) == -1)
		fail_msg("row '%s': %s", row, e.text);
	writer_abort(&w);
	source_fini(&source);
	collect_free(&collect);
	lint_fini(&lint);
	return good;
}

struct records {
	struct buf text;
	struct arena arena;
};

static void
record_route(struct route *r)
{
	size_t i;

	r->source = 0;
	r->line = 0;
	for (i = 0; i < r->when_count; i++)
		r->whens[i].line = 0;
}

static void
record_service(struct records *to, struct str key, struct str value)
{
	struct service *service = arena_alloc(&to->arena, sizeof(*service));
	struct err e;

	assert_non_null(service);
	assert_int_equal(codec_get_service(key, value, &to->arena, service,
	    &e), 0);
	service->source = 0;
	service->line = 0;
	assert_int_equal(codec_put_service(service, &to->text, &e), 0);
}

static void
record_host(struct records *to, struct str key, struct str value)
{
	struct route_host *host = arena_alloc(&to->arena, sizeof(*host));
	struct err e;

	assert_non_null(host);
	assert_int_equal(codec_get_host(key, value, &to->arena, host, &e), 0);
	record_route(&host->rule);
	assert_int_equal(codec_put_host(host, &to->text, &e), 0);
}

/* Appends key and record, places blanked. */
static int
record_see(void *arg, struct str key, struct str value)
{
	struct records *to = arg;
	struct route *route;
	struct err e;

	if (key.p[0] == CODEC_META || key.p[0] == CODEC_LAST)
		return 0;
	arena_reset(&to->arena);
	assert_int_equal(buf_printf(&to->text, "%zu:", key.n), 0);
	assert_int_equal(buf_put(&to->text, key), 0);
	if (key.p[0] == CODEC_SERVICE) {
		record_service(to, key, value);
	} else if (codec_key_is_host(key)) {
		record_host(to, key, value);
	} else {
		route = arena_alloc(&to->arena, sizeof(*route));
		assert_non_null(route);
		assert_int_equal(codec_get_route(key, value, &to->arena,
		    route, &e), 0);
		record_route(route);
		assert_int_equal(codec_put_route(route, &to->text, &e), 0);
	}
	return 0;
}

static struct buf
records(const char *path)
{
	struct records r;
	struct store *s = maps_open(path);
	struct err e;

	buf_init(&r.text, TEXT_MAX);
	arena_init(&r.arena, TEXT_MAX);
	assert_int_equal(store_walk(s, record_see, &r, &e), 0);
	arena_fini(&r.arena);
	store_close(&s);
	return r.text;
}

/* The dump of a map, to be freed. */
static char *
dumped(const char *path, bool places, const struct route_tag *tag)
{
	struct dump_choice choice = { .places = places, .tag = tag };
	struct store *s = maps_open(path);
	struct err e = { .text = "" };
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	assert_non_null(to);
	if (dump_map(s, &choice, to, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(fclose(to), 0);
	store_close(&s);
	return text;
}

static void
comes_back(const char *row, const char *path, bool places)
{
	char *list = dumped(path, places, NULL);
	struct buf one, two;

	if (!compiled(row, str_of(list), maps_path("again")))
		fail_msg("row '%s': the dump has errors:\n%s", row, list);
	one = records(path);
	two = records(maps_path("again"));
	if (!str_eq(buf_view(&one), buf_view(&two)))
		fail_msg("row '%s': other records came of:\n%s", row, list);
	buf_fini(&one);
	buf_fini(&two);
	free(list);
}

/* How many of the lists there compile; each of them comes back. */
static int
lists_come_back(const char *pattern)
{
	const char *top = getenv("TOP_SRCDIR");
	char path[MAPS_PATH];
	glob_t found;
	size_t i;
	int good = 0;

	snprintf(path, sizeof(path), "%s/%s", top != NULL ? top : ".",
	    pattern);
	assert_int_equal(glob(path, 0, NULL, &found), 0);
	for (i = 0; i < found.gl_pathc; i++) {
		size_t n;
		char *text = maps_read(found.gl_pathv[i], &n);

		if (compiled(found.gl_pathv[i], (struct str){ text, n },
			maps_path("map"))) {
			comes_back(found.gl_pathv[i], maps_path("map"),
			    i % 2 == 0);
			good++;
		}
		free(text);
	}
	globfree(&found);
	return good;
}

static void
test_every_list_of_the_compiler_comes_back(void **state)
{
	(void)state;
	assert_true(lists_come_back("tests/compile/*.in") > 0);
}

static void
test_the_sample_lists_come_back(void **state)
{
	(void)state;
	assert_true(lists_come_back("conf/*.list") >= 2);
}

static void
test_what_is_hard_to_spell_comes_back(void **state)
{
	static const struct {
		const char *row;
		const char *list;
	} rows[] = {
		{ "nothing", "" },
		{ "flags off by %defaults",
		    "%defaults exact=no strip-prefix=no\n"
		    "a.example http://x\nb.example/p http://x exact\n" },
		{ "flags on by %defaults",
		    "%defaults exact strip-prefix\n"
		    "a.example http://x\na.example/p http://x\n"
		    "b.example/p http://x exact=no strip-prefix=no\n" },
		{ "exact on every kind of host",
		    "a.example http://x exact\n{x}.a.example http://x exact\n"
		    "*.a.example http://x exact\n* http://x exact\n"
		    "192.0.2.1 http://x exact\n[2001:db8::1]/p http://x\n" },
		{ "host= of %defaults",
		    "%defaults host=preserve\na.example http://x\n"
		    "b.example http://x host=origin\n"
		    "c.example http://x host=[2001:DB8::1]\n"
		    "%defaults host=N.example\nd.example http://x\n" },
		{ "tags of both",
		    "%defaults tag=a:1,b:2\nx.example http://x\n"
		    "y.example http://x tag=c:3\n"
		    "z.example http://x tag=b:own,a:own\n" },
		{ "tags with odd text",
		    "a.example http://x tag=\"k:a b\" tag=q:\"\\\"\",b:c\\d\n"
		    "b.example respond=204 tag=k:#x tag=e:=,f:{x}\n" },
		{ "a quoted word behind an answer without a text",
		    "a.example respond=404 tag=k:\"a b\"\n" },
		{ "retry-after of %defaults",
		    "%defaults retry-after=7\na.example respond=503\n"
		    "b.example respond=503 retry-after=9\n"
		    "c.example http://x\n" },
		{ "an empty set of %defaults",
		    "%headers none\n%defaults headers=none\n"
		    "a.example http://x\n" },
		{ "a set of both",
		    "%headers s\n    response-header +A: 1\n"
		    "%defaults headers=s\na.example http://x headers=s\n" },
		{ "two sets with the same rules",
		    "%headers s\n    response-header +A: 1\n"
		    "%headers t\n    response-header +A: 1\n"
		    "%defaults headers=s\na.example http://x headers=t\n"
		    "    response-header A: 2\n    response-header +A: 3\n" },
		{ "a set and clauses that contradict it",
		    "%headers s\n    response-header A: 1\n"
		    "    request-header B: {host}\n"
		    "a.example http://x headers=s\n"
		    "    response-header -A\n    request-header B: 2\n"
		    "b.example http://x headers=s\n"
		    "    response-header a: 9\n" },
		{ "header values",
		    "{x}.a.example http://x\n"
		    "    request-header A: {{{x}{{ \"q\" # {host} \\ \t é\n"
		    "    response-header +A: {header.X-Y}{cookie.c}{tag.t}\n"
		    "    response-header -A-B\n" },
		{ "texts",
		    "a.example respond=200 \"\"\n"
		    "b.example respond=404 \" a \\\"b\\\" \\\\ # {x} é\"\n"
		    "c.example respond=503 \"x\" tag=\"a:b c\"\n"
		    "d.example respond=200 tag=\"a:b c\"\n" },
		{ "paths",
		    "a.example/{{x} http://x\na.example/x;y=1 http://x\n"
		    "a.example/%22%20%23 http://x\na.example/é http://x\n"
		    "a.example/{c}/{d}/e http://x exact\n"
		    "a.example/$&'()*+,;=:@ http://x\n" },
		{ "URLs",
		    "a.example HTTP://X.Example:80/a%2fb/\n"
		    "b.example https://[::1]/{{{query}/\n"
		    "c.example http://x{uri}\nd.example http://x/y/{path}\n"
		    "e.example/p http://x{rest}\nf.example http://x:0080\n"
		    "{c}.g.example http://{c}.{tag.t}.x:8/{c}/ tag=t:u\n"
		    "i.example \"unix:/a b.sock:/c\"\n"
		    "j.example unix:/a{{b.sock\n"
		    "{k}.k.example unix:/run/{k}.sock:{uri}\n" },
		{ "services",
		    "@a http://x weight=3 backup https://y/b http://z{uri}\n"
		    "    unix:/run/a.sock weight=0\n    retry=0\n    tag=a:b\n"
		    "    response-header X-S: {service} {tag.a}\n"
		    "@b/c unix:/c:/d when-all-down=refuse\n"
		    "@b/d http://{tag.t}.x/{header.A} headers=s host=preserve\n"
		    "    response-header -A\n"
		    "@e http://x balance=hash:cookie:sid allow=::/0\n"
		    "* @a\n{x}.a.example @{x}-{tag.t}.1 tag=t:u\n"
		    "b.example/{x} @b/{x}\n{x}.b.example @{header.A}.{x}\n"
		    "%headers s\n    response-header A: 1\n" },
		{ "aliases and pages",
		    "a.example =b.example allow=10.0.0.0/8,2001:db8::1\n"
		    "a.example/x =[2001:DB8::1] deny=192.0.2.0/24\n"
		    "b.example internal=health\n[2001:db8::1] internal=ask\n"
		    "**/x/y =b.example\n**/z http://x exact strip-prefix\n" },
		{ "conditions",
		    "{x}.a.example http://x\n"
		    "    when header.X-A=\"a b\" cookie.c=#* -> http://{x}.y\n"
		    "    when !query.q=\"\\\"\\\\\" header.e= -> respond=204\n"
		    "    when query.->=-> -> redirect=302 /{x}?{query}\n"
		    "    when !method=GET,PUT client=10.0.0.0/8,::1 -> =b\n"
		    "    when scheme=https -> respond=200 \"->\"\n"
		    "b respond=200\n" },
		{ "splits",
		    "a.example http://x\n"
		    "    split 0 http://y 1000000 respond=503 2 =b by=path\n"
		    "    when header.a -> respond=200 \"1 @x\"\n"
		    "b http://x tag=t:u\n"
		    "    split 1 @s/{tag.t} 2 @s/b by=header:X-A\n"
		    "c http://x\n    split 1 @s/b 2 internal=health\n"
		    "@s/b http://x\n" },
		{ "every word",
		    "%defaults plan=a auth=b timeout=5s tag=a:b deny=::/0\n"
		    "a.example http://x plan=c auth=d,e pass-auth=no\n"
		    "    encoded-slash=data\n    tls=t\n    sign=s\n"
		    "    egress=e\n    rewrite-back=on\n    timeout=61s\n"
		    "    idle-timeout=1500ms\n    total=120m\n"
		    "    max-body=3k\n    connect-timeout=1h\n"
		    "b.example http://x auth=x|y rewrite-back=off\n"
		    "    max-body=0 \n    pass-auth\n"
		    "%defaults encoded-slash=data rewrite-back=off\n"
		    "    max-body=2g\n"
		    "c.example http://x encoded-slash=no\n" },
		{ "redirects",
		    "a.example redirect=301 https://{asked_host}{uri}\n"
		    "b.example redirect=302 /a/{path}?q={query}&h={host}#f\n"
		    "c.example redirect=307 http://x:81/{{?{{#{{\n"
		    "d.example redirect=308 https://www.{host}:8443/\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		if (!compiled(rows[i].row, str_of(rows[i].list),
			maps_path("map")))
			fail_msg("row '%s' has errors", rows[i].row);
		comes_back(rows[i].row, maps_path("map"), false);
		comes_back(rows[i].row, maps_path("map"), true);
	}
}

/* As large as entries may be, all of them in one route. */
static void
test_many_header_rules_come_back(void **state)
{
	static const char *const heads[] = { "%headers d\n", "%headers s\n",
		"%defaults headers=d\na.example http://x headers=s\n" };
	struct buf list;
	size_t i;
	int n;

	(void)state;
	buf_init(&list, TEXT_MAX);
	for (i = 0; i < TABLE_COUNT(heads); i++) {
		assert_int_equal(buf_put(&list, str_of(heads[i])), 0);
		for (n = 0; n < 300; n++)
			assert_int_equal(buf_printf(&list,
			    " response-header X-Rule-%d: %0180d\n", n, n), 0);
	}
	assert_true(compiled("many", buf_view(&list), maps_path("map")));
	comes_back("many", maps_path("map"), false);
	buf_fini(&list);
}

static void
test_sets_are_printed_once(void **state)
{
	static const char list[] =
	    "%headers s\n    response-header A: 1\n"
	    "%defaults headers=s\na.example http://x\n"
	    "%defaults\nb.example http://x\n"
	    "%defaults headers=s\nc.example http://x\n"
	    "%defaults headers=s tag=x:y\nd.example http://x\n";
	static const char want[] =
	    "# generation 1, 21 records\n"
	    "%headers set1\n    response-header A: 1\n"
	    "%defaults headers=set1\n"
	    "a.example                   http://x\n"
	    "%defaults\n"
	    "b.example                   http://x\n"
	    "%defaults headers=set1\n"
	    "c.example                   http://x\n"
	    "%defaults tag=x:y headers=set1\n"
	    "d.example                   http://x\n";
	char *text;

	(void)state;
	assert_true(compiled("list", str_of(list), maps_path("map")));
	text = dumped(maps_path("map"), false, NULL);
	assert_string_equal(text, want);
	free(text);
}

static void
test_a_tag_chooses_entries(void **state)
{
	static const char list[] =
	    "a.example http://x tag=cell:c1\nb.example http://x tag=cell:c2\n"
	    "c.example http://x\n@s http://x tag=cell:c1\n"
	    "%defaults tag=cell:c1\nd.example @s\n"
	    "e.example http://x tag=cell:c2\n";
	static const char all[] =
	    "# generation 1, 23 records\n"
	    "a.example                   http://x tag=cell:c1\n"
	    "b.example                   http://x tag=cell:c2\n"
	    "%defaults tag=cell:c1\n"
	    "d.example                   @s\n"
	    "e.example                   http://x tag=cell:c2\n"
	    "@s                          http://x tag=cell:c1\n";
	static const char one[] =
	    "# generation 1, 23 records\n"
	    "a.example                   http://x tag=cell:c1\n"
	    "%defaults tag=cell:c1\n"
	    "d.example                   @s\n"
	    "@s                          http://x tag=cell:c1\n";
	struct route_tag tag = { STR("cell"), { NULL, 0 } };
	char *text;

	(void)state;
	assert_true(compiled("list", str_of(list), maps_path("map")));
	text = dumped(maps_path("map"), false, &tag);
	assert_string_equal(text, all);
	free(text);
	tag.value = STR("c1");
	text = dumped(maps_path("map"), false, &tag);
	assert_string_equal(text, one);
	free(text);
}

static void
test_places_are_those_of_the_lists(void **state)
{
	static const char list[] = "\na.example @s\n@s http://x\n";
	static const char want[] =
	    "# generation 1, 19 records\n# maps.list:2\n"
	    "a.example                   @s\n# maps.list:3\n"
	    "@s                          http://x\n";
	char *text;

	(void)state;
	assert_true(compiled("list", str_of(list), maps_path("map")));
	text = dumped(maps_path("map"), true, NULL);
	assert_string_equal(text, want);
	free(text);
}

static void
test_a_broken_map_is_not_printed(void **state)
{
	struct store *s;
	struct err e;
	size_t size;
	char *map;

	(void)state;
	maps_write(maps_path("map"), "one", 20000);
	map = maps_read(maps_path("map"), &size);
	map[size / 2] ^= 1;
	maps_make(maps_path("bad"), map, size);
	s = maps_open(maps_path("bad"));
	assert_int_equal(dump_map(s, &(struct dump_choice){ 0 }, stdout,
	    &e), -1);
	assert_int_equal(e.reason, REASON_MAP_BROKEN);
	store_close(&s);
	free(map);
}

/* Records that no list makes must not drive a terminal either. */
static void
test_control_bytes_are_escaped(void **state)
{
	struct codec_meta meta = { .time = MAPS_TIME };
	struct writer *w;
	struct err e;
	char *text;

	(void)state;
	assert_int_equal(writer_open(maps_path("map"), &w, &e), 0);
	maps_put(w, STR("a.example"), STR("x\33[2J\xc2\x9b\r\xff"));
	assert_int_equal(maps_finish(&w, &meta, &e), 0);
	text = dumped(maps_path("map"), true, NULL);
	assert_non_null(strstr(text,
	    "\"x\\x1b[2J\\xc2\\x9b\\x0d\\xff\"\n"));
	assert_null(strchr(text, '\33'));
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, maps_begin, maps_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_list_of_the_compiler_comes_back),
		TEST(test_the_sample_lists_come_back),
		TEST(test_what_is_hard_to_spell_comes_back),
		TEST(test_many_header_rules_come_back),
		TEST(test_sets_are_printed_once),
		TEST(test_a_tag_chooses_entries),
		TEST(test_places_are_those_of_the_lists),
		TEST(test_a_broken_map_is_not_printed),
		TEST(test_control_bytes_are_escaped),
	};

	return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
