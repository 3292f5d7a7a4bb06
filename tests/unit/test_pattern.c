/* SPDX-License-Identifier: BSD-2-Clause */

/* pattern: text with variables read, printed, and filled in by context. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/request.h"
#include "route/pattern.h"
#include "route/policy.h"
#include "route/route.h"

enum { ARENA_MAX = 1 << 20, OUT_MAX = 4096 };

#define AUTHORITY PATTERN_PLACE_AUTHORITY
#define SERVICE PATTERN_PLACE_SERVICE
#define PATH PATTERN_PLACE_PATH
#define QUERY PATTERN_PLACE_QUERY
#define HEADER PATTERN_PLACE_HEADER

static struct route_tag tags[] = {
	{ { "kind", 4 }, { "saas", 4 } },
	{ { "team", 4 }, { "a b/c", 5 } },
	{ { "Not-A_Label", 11 }, { "Upper", 5 } },
};

/* A route {store} and {item}, the first from the host. */
static struct route
route_of_tests(void)
{
	return (struct route){
		.match = STR("{store}.example/{item}"),
		.captures = { STR("store"), STR("item") },
		.capture_count = 2,
		.host_capture = true,
	};
}

static void
policy_of_tests(struct policy *p)
{
	policy_init(p);
	p->tags = tags;
	p->tag_count = sizeof(tags) / sizeof(tags[0]);
	p->plan = STR("pro");
}

static void
request_of_tests(struct request *r, struct arena *a)
{
	struct err e;

	memset(r, 0, sizeof(*r));
	r->method = STR("GET");
	assert_int_equal(host_parse(STR("shop.example"), &r->host, &e), 0);
	r->path.text = STR("/a%2Fb+c/d");
	r->path.query = STR("q=1&r=%20");
	r->path.has_query = true;
	r->scheme = STR("https");
	r->client_ip = STR("2001:db8::1");
	r->id = STR("0123abcd");
	header_init(&r->fields, a);
	assert_int_equal(header_add(&r->fields, STR("X-Who"), STR("a b%/..")),
	    0);
	assert_int_equal(header_add(&r->fields, STR("X-Tab"), STR("a\tb")), 0);
	assert_int_equal(header_add(&r->fields, STR("X-Tenant"), STR("blue-1")),
	    0);
	assert_int_equal(header_add(&r->fields, STR("Cookie"), STR("x=1; y=2")),
	    0);
	assert_int_equal(header_add(&r->fields, STR("cookie"), STR("z=3&4")),
	    0);
}

/* What a text becomes for that request; NULL: 404 no-service. */
static const struct {
	enum pattern_place place;
	const char *text;
	const char *want;
} filled[] = {
	{ PATH, "", "" },
	{ PATH, "/plain", "/plain" },
	{ HEADER, "{{a} }", "{a} }" },
	{ HEADER, "{{{{", "{{" },
	{ HEADER, "{{{store}}", "{acme}" },

	{ AUTHORITY, "origin.example", "origin.example" },
	{ AUTHORITY, "{store}.origin.example", "acme.origin.example" },
	{ AUTHORITY, "{store}.{tag.kind}.example", "acme.saas.example" },
	{ AUTHORITY, "{tag.kind}-{store}", "saas-acme" },
	{ AUTHORITY, "{tag.team}.example", NULL },
	{ AUTHORITY, "{tag.Not-A_Label}.example", NULL },
	{ AUTHORITY, "{tag.none}.example", NULL },
	{ AUTHORITY, "{item}.example", NULL },

	{ SERVICE, "{store}", "acme" },
	{ SERVICE, "{plan}-{store}.{cookie.x}", "pro-acme.1" },
	{ SERVICE, "pre_{tag.kind}", "pre_saas" },
	{ SERVICE, "{header.x-tenant}", "blue-1" },
	{ SERVICE, "{header.x-who}", NULL },
	{ SERVICE, "{header.x-none}", NULL },
	{ SERVICE, "{cookie.none}", NULL },
	{ SERVICE, "{auth.sub}", NULL },
	{ SERVICE, "{auth.who}", NULL },
	{ SERVICE, "{auth.team}", "red" },
	{ SERVICE, "{item}", NULL },

	{ PATH, "/{item}", "/a%2Fb+c&=;" },
	{ PATH, "/{store}/x", "/acme/x" },
	{ PATH, "{path}", "/a%2Fb+c/d" },
	{ PATH, "/base{rest}", "/base/d" },
	{ PATH, "{uri}", "/a%2Fb+c/d?q=1&r=%20" },
	{ PATH, "/{host}/{asked_host}", "/alias.example/shop.example" },
	{ PATH, "/{header.x-who}", "/a%20b%25%2F.." },
	{ PATH, "/{header.X-None}/", "//" },
	{ PATH, "/{tag.team}", "/a%20b%2Fc" },
	{ PATH, "/{query}", "/q=1&r=%2520" },
	{ PATH, "/{cookie.z}/{cookie.y}", "/3&4/2" },

	{ QUERY, "t={item}", "t=a%2Fb%2Bc%26%3D%3B" },
	{ QUERY, "p={path}", "p=%2Fa%2Fb%2Bc%2Fd" },
	{ QUERY, "r={rest}", "r=%2Fd" },
	{ QUERY, "{query}&x", "q=1&r=%20&x" },
	{ QUERY, "u={uri}",
	    "u=%2Fa%252Fb%2Bc%2Fd%3Fq%3D1%26r%3D%2520" },
	{ QUERY, "h={header.x-who}", "h=a%20b%25%2F.." },
	{ QUERY, "z={cookie.z}", "z=3%264" },
	{ PATH, "/{auth.who}/{auth.sub}", "/Ann%0A%2F../" },
	{ QUERY, "w={auth.who}", "w=Ann%0A%2F.." },
	{ QUERY, "ip={client_ip}", "ip=2001%3Adb8%3A%3A1" },

	{ HEADER, "{method} {scheme} {client_ip} {request_id}",
	    "GET https 2001:db8::1 0123abcd" },
	{ HEADER, "{item}|{uri}", "a%2Fb+c&=;|/a%2Fb+c/d?q=1&r=%20" },
	{ HEADER, "{route}", "{store}.example/{item}" },
	{ HEADER, "{cookie.x}{cookie.none}{cookie.z}", "13&4" },
	{ HEADER, "{header.x-tab}", "a\tb" },
	{ HEADER, "{header.X_Tab}<{header.x.tab}>", "a\tb<>" },
	{ HEADER, "{service} {version} {plan}<{auth.sub}>",
	    "@blue/acme blue/acme pro<>" },
	{ HEADER, "<{auth.who}><{auth.Who}><{auth.team}>",
	    "<Ann/..><><red>" },
};

static void
values_are_escaped_for_their_place(void **state)
{
	const struct str captures[] = { STR("acme"), STR("a%2Fb+c&=;") };
	const struct pattern_claim claims[] = { { STR("who"), STR("Ann\n/..") },
		{ STR("team"), STR("red") }, { STR("who"), STR("Bob") } };
	struct route route = route_of_tests();
	struct policy policy;
	struct request request;
	struct arena a;
	struct buf to;
	struct err e;
	size_t at;
	size_t i;

	(void)state;
	arena_init(&a, ARENA_MAX);
	buf_init(&to, OUT_MAX);
	policy_of_tests(&policy);
	request_of_tests(&request, &a);
	for (i = 0; i < sizeof(filled) / sizeof(filled[0]); i++) {
		const struct pattern_source s = { .request = &request,
			.route = &route, .policy = &policy,
			.host = STR("alias.example"),
			.service = STR("@blue/acme"),
			.version = STR("blue/acme"),
			.captures = captures, .rest = STR("/d"),
			.claims = claims, .claim_count = 3 };
		struct pattern p;
		struct str got;
		int answer;

		if (pattern_parse(str_of(filled[i].text), filled[i].place,
			&route, &a, &p, &at, &e) == -1)
			fail_msg("'%s': %s", filled[i].text, e.text);
		buf_clear(&to);
		answer = pattern_fill(&p, &s, &to, &e);
		if (filled[i].want == NULL) {
			assert_int_equal(answer, -1);
			assert_int_equal(e.reason, REASON_NO_SERVICE);
			continue;
		}
		got = buf_view(&to);
		if (answer == -1 || !str_eq(got, str_of(filled[i].want)))
			fail_msg("'%s': '%.*s' is not '%s'", filled[i].text,
			    STR_ARG(got), filled[i].want);
	}
	buf_fini(&to);
	arena_fini(&a);
}

/* Only what may be a label gets into a server's name. */
static const struct {
	const char *value;
	bool good;
} labels[] = {
	{ "a", true },
	{ "a-b-9", true },
	{ "0123456789012345678901234567890123456789012345678901234567890ab",
	    true },
	{ "0123456789012345678901234567890123456789012345678901234567890abc",
	    false },
	{ "", false },
	{ "A", false },
	{ "a.b", false },
	{ "a_b", false },
	{ "a%2Fb", false },
	{ "a:80", false },
	{ "a@b", false },
	{ "a\xc3\xa4", false },
};

static void
only_labels_get_into_an_authority(void **state)
{
	struct route route = route_of_tests();
	struct pattern p;
	struct arena a;
	struct err e;
	struct buf to;
	size_t at;
	size_t i;

	(void)state;
	arena_init(&a, ARENA_MAX);
	buf_init(&to, OUT_MAX);
	assert_int_equal(pattern_parse(STR("{item}.example"), AUTHORITY,
	    &route, &a, &p, &at, &e), 0);
	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		const struct str captures[] = { STR("x"),
			str_of(labels[i].value) };
		const struct pattern_source s = { .route = &route,
			.captures = captures };
		int answer = pattern_fill(&p, &s, &to, &e);

		if (answer != (labels[i].good ? 0 : -1))
			fail_msg("'%s'", labels[i].value);
		if (!labels[i].good)
			assert_int_equal(e.reason, REASON_NO_SERVICE);
	}
	buf_fini(&to);
	arena_fini(&a);
}

static void
control_bytes_stay_out_of_headers(void **state)
{
	const struct str captures[] = { STR("a\r\nb\0c\x7f"), STR("\n") };
	struct route route = route_of_tests();
	const struct pattern_source s = { .route = &route,
		.captures = captures };
	struct pattern p;
	struct arena a;
	struct err e;
	struct buf to;
	size_t at;

	(void)state;
	arena_init(&a, ARENA_MAX);
	buf_init(&to, OUT_MAX);
	assert_int_equal(pattern_parse(STR("<{store}{item}>"), HEADER, &route,
	    &a, &p, &at, &e), 0);
	assert_int_equal(pattern_fill(&p, &s, &to, &e), 0);
	assert_true(str_eq(buf_view(&to), STR("<abc>")));
	buf_fini(&to);
	arena_fini(&a);
}

/* What is refused, where, and a piece of what is said. */
static const struct {
	enum pattern_place place;
	const char *text;
	size_t at;
	const char *says;
} refused[] = {
	{ PATH, "/{", 1, "'{' without '}'" },
	{ PATH, "/{store", 1, "'{' without '}'" },
	{ PATH, "/{}", 1, "unknown variable {}" },
	{ PATH, "/a{{b/{nobody}", 6, "unknown variable {nobody}, expected one "
	    "of {store}, {item} (captures of MATCH), {host}" },
	{ PATH, "/{itme}", 1, "(near {item})" },
	{ PATH, "/{Host}", 1, "(near {host})" },
	{ PATH, "/{host.x}", 1, "unknown variable {host.x}" },
	{ PATH, "/{tag}", 1, "expected {tag.NAME}" },
	{ PATH, "/{tag.}", 1, "expected {tag.NAME}" },
	{ PATH, "/{tag.a.b}", 1, "'a.b' is no name of a tag" },
	{ HEADER, "{header.a b}", 0, "'a b' is no name of a header" },
	{ HEADER, "{cookie.a;b}", 0, "'a;b' is no name of a cookie" },
	{ HEADER, "a\rb", 1, "a control byte (0x0d)" },
	{ PATH, "/a\tb", 2, "a control byte (0x09)" },
	{ PATH, "/\x7f", 1, "a control byte (0x7f)" },
	{ AUTHORITY, "{host}", 0, "may not choose the server" },
	{ AUTHORITY, "x.{asked_host}", 2, "may not choose the server" },
	{ AUTHORITY, "{header.x}.example", 0, "may not choose the server" },
	{ AUTHORITY, "{path}", 0, "may not choose the server" },
	{ AUTHORITY, "{client_ip}", 0, "may not choose the server" },
	{ AUTHORITY, "{store}{item}", 7, "expected a '.'" },
	{ AUTHORITY, "{store}-{item}", 8, "expected a '.'" },
	{ AUTHORITY, "{store}-a9Z-{item}.x", 12, "expected a '.'" },
	{ AUTHORITY, "{store}{tag.kind}{item}", 17, "expected a '.'" },
	{ AUTHORITY, "a.{store}.{store}{item}", 17, "expected a '.'" },
	{ AUTHORITY, "{plan}.x", 0, "expected a capture of MATCH or {tag" },
	{ SERVICE, "{host}", 0, "{host} may not choose the service to ask" },
	{ SERVICE, "{client_ip}", 0, "{plan} or {auth.NAME}" },
	{ SERVICE, "{rest}", 0, "may not choose the service" },
	{ SERVICE, "{store}-{header.x}", 8, "{header.x} meets" },
	{ SERVICE, "{cookie.a}{auth.b}", 10, "{auth.b} meets" },
	{ SERVICE, "{header.x}{plan}{store}", 16, "{store} meets" },
	{ SERVICE, "{nobody}", 0, "{plan}, {auth.NAME}" },
	{ HEADER, "{auth.a b}", 0, "'a b' is no name of a value of auth" },
	{ HEADER, "{servce}", 0, "(near {service})" },
};

static void
mistakes_are_told_with_their_place(void **state)
{
	struct route route = route_of_tests();
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, ARENA_MAX);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct err e = { 0 };
		struct pattern p;
		size_t at = 99;

		if (pattern_parse(str_of(refused[i].text), refused[i].place,
			&route, &a, &p, &at, &e) != -1)
			fail_msg("'%s' was taken", refused[i].text);
		if (strstr(e.text, refused[i].says) == NULL)
			fail_msg("'%s': %s", refused[i].text, e.text);
		assert_int_equal(at, refused[i].at);
	}
	arena_fini(&a);
}

/* Nobody but a '.' and its like parts two captures of an authority. */
static const struct {
	enum pattern_place place;
	const char *text;
} parted[] = {
	{ AUTHORITY, "{store}.{item}" },
	{ AUTHORITY, "{store}_{item}" },
	{ AUTHORITY, "{store}-x.y-{item}" },
	{ AUTHORITY, "{tag.kind}{store}{tag.team}" },
	{ AUTHORITY, "{store}{tag.kind}.{item}" },
	{ SERVICE, "{store}.{header.x}_{cookie.y}" },
	{ SERVICE, "{plan}{store}{tag.kind}" },
	{ PATH, "/{store}{item}" },
	{ PATH, "/{store}-{item}" },
	{ HEADER, "{store}{item}" },
};

static void
parted_captures_are_taken(void **state)
{
	struct route route = route_of_tests();
	struct arena a;
	struct err e;
	size_t i;

	(void)state;
	arena_init(&a, ARENA_MAX);
	for (i = 0; i < sizeof(parted) / sizeof(parted[0]); i++) {
		struct pattern p;
		size_t at;

		if (pattern_parse(str_of(parted[i].text), parted[i].place,
			&route, &a, &p, &at, &e) == -1)
			fail_msg("'%s': %s", parted[i].text, e.text);
	}
	arena_fini(&a);
}

/* Of a service's URL, which has no route. */
static void
without_a_route_there_are_no_captures(void **state)
{
	struct pattern p;
	struct arena a;
	struct err e;
	size_t at;

	(void)state;
	arena_init(&a, ARENA_MAX);
	assert_int_equal(pattern_parse(STR("/{tag.k}{host}"), PATH, NULL, &a,
	    &p, &at, &e), 0);
	assert_int_equal(pattern_parse(STR("/{store}"), PATH, NULL, &a, &p,
	    &at, &e), -1);
	assert_non_null(strstr(e.text, "unknown variable {store}"));
	assert_null(strstr(e.text, "captures of MATCH"));
	arena_fini(&a);
}

static void
printing_spells_it_for_a_list(void **state)
{
	static const char *const texts[] = { "", "{{a}", "{store}{{{item}}",
		"x{tag.kind}y{header.X-a}{uri}", "{{{{{host}" };
	struct route route = route_of_tests();
	struct arena a;
	struct buf to;
	struct err e;
	size_t i;

	(void)state;
	arena_init(&a, ARENA_MAX);
	buf_init(&to, OUT_MAX);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct pattern p;
		size_t at;

		assert_int_equal(pattern_parse(str_of(texts[i]), HEADER,
		    &route, &a, &p, &at, &e), 0);
		buf_clear(&to);
		assert_int_equal(pattern_print(&p, &route, &to), 0);
		assert_true(str_eq(buf_view(&to), str_of(texts[i])));
	}
	buf_fini(&to);
	arena_fini(&a);
}

static void
a_pattern_without_variables_is_fixed(void **state)
{
	struct route route = route_of_tests();
	struct pattern p;
	struct arena a;
	struct err e;
	size_t at;

	(void)state;
	arena_init(&a, ARENA_MAX);
	assert_int_equal(pattern_parse(STR(""), PATH, &route, &a, &p, &at,
	    &e), 0);
	assert_true(pattern_is_fixed(&p));
	assert_int_equal(pattern_parse(STR("/{{x}"), PATH, &route, &a, &p,
	    &at, &e), 0);
	assert_true(pattern_is_fixed(&p));
	assert_int_equal(pattern_parse(STR("/{{x}{host}"), PATH, &route, &a,
	    &p, &at, &e), 0);
	assert_false(pattern_is_fixed(&p));
	arena_fini(&a);
}

static void
full_memory_is_told(void **state)
{
	struct route route = route_of_tests();
	const struct str captures[] = { STR("acme"), STR("item") };
	const struct pattern_source s = { .route = &route,
		.captures = captures };
	struct pattern p;
	struct arena a, none;
	struct buf to;
	struct err e;
	size_t at;

	(void)state;
	arena_init(&a, ARENA_MAX);
	arena_init(&none, 0);
	assert_int_equal(pattern_parse(STR("/x"), PATH, &route, &none, &p, &at,
	    &e), -1);
	assert_int_equal(e.reason, REASON_OVERLOADED);
	assert_int_equal(pattern_parse(STR("/{store}/{item}"), PATH, &route,
	    &a, &p, &at, &e), 0);
	buf_init(&to, sizeof("/acme/item") - 2);
	assert_int_equal(pattern_fill(&p, &s, &to, &e), -1);
	assert_int_equal(e.reason, REASON_OVERLOADED);
	buf_fini(&to);
	arena_fini(&a);
}

static void
variables_are_found_by_their_words(void **state)
{
	enum pattern_variable found;
	int v;

	(void)state;
	for (v = PATTERN_CAPTURE + 1; v < PATTERN_VARIABLE_COUNT; v++) {
		const char *word = pattern_word((enum pattern_variable)v);

		assert_true(pattern_find(str_of(word), &found));
		assert_int_equal(found, v);
		assert_true(strlen(pattern_manual(found)) > 0);
	}
	assert_false(pattern_find(STR(""), &found));
	assert_false(pattern_find(STR("hosts"), &found));
	assert_true(pattern_has_key(PATTERN_TAG));
	assert_false(pattern_has_key(PATTERN_HOST));
	assert_true(pattern_in_authority(PATTERN_CAPTURE));
	assert_false(pattern_in_authority(PATTERN_HOST));
	assert_false(pattern_in_authority(PATTERN_ASKED_HOST));
	assert_false(pattern_in_authority(PATTERN_HEADER));
	assert_true(pattern_in_service(PATTERN_HEADER));
	assert_true(pattern_in_service(PATTERN_PLAN));
	assert_false(pattern_in_service(PATTERN_HOST));
	assert_true(pattern_is_path(PATTERN_URI));
	assert_false(pattern_is_path(PATTERN_QUERY));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped_for_their_place),
		cmocka_unit_test(only_labels_get_into_an_authority),
		cmocka_unit_test(control_bytes_stay_out_of_headers),
		cmocka_unit_test(mistakes_are_told_with_their_place),
		cmocka_unit_test(parted_captures_are_taken),
		cmocka_unit_test(without_a_route_there_are_no_captures),
		cmocka_unit_test(printing_spells_it_for_a_list),
		cmocka_unit_test(a_pattern_without_variables_is_fixed),
		cmocka_unit_test(full_memory_is_told),
		cmocka_unit_test(variables_are_found_by_their_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
