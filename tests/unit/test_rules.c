/* SPDX-License-Identifier: BSD-2-Clause */

/* test_rules: the header rules of a route, applied in their order. */

#include "decide/rules.h"

#include "tests/unit/decide.h"

/* Fields before and after, each "Name: value|". */
static const struct {
	const char *name;
	const char *list;
	enum header_side side;
	const char *before;
	const char *after;
} rules_rows[] = {
	{ "no rule changes nothing", "a.example http://o.example",
	  HEADER_RESPONSE, "A: 1|a: 2|", "A: 1|a: 2|" },
	{ "set replaces all of that name, whatever its case",
	  "a.example http://o.example\n  response-header X-A: new\n",
	  HEADER_RESPONSE, "x-a: 1|B: 2|X-A: 3|", "B: 2|X-A: new|" },
	{ "add keeps what is there",
	  "a.example http://o.example\n  response-header +X-A: new\n",
	  HEADER_RESPONSE, "x-a: 1|B: 2|", "x-a: 1|B: 2|X-A: new|" },
	{ "remove takes all of that name",
	  "a.example http://o.example\n  response-header -X-A\n",
	  HEADER_RESPONSE, "x-a: 1|B: 2|X-A: 3|", "B: 2|" },
	{ "a request's also in the other spelling of CGI",
	  "a.example http://o.example\n  request-header -X_A\n",
	  HEADER_REQUEST, "x-a: 1|X-B: 2|X_a: 3|X-AA: 4|", "X-B: 2|X-AA: 4|" },
	{ "or in any that a server may take for it",
	  "a.example http://o.example\n  request-header -X-A-B\n",
	  HEADER_REQUEST, "x.a~b: 1|X_A-b: 2|X-A1B: 3|", "X-A1B: 3|" },
	{ "what is set for an origin comes in no other spelling, too",
	  "a.example http://o.example\n  request-header Remote_User: me\n",
	  HEADER_REQUEST, "Remote-User: 1|remote.user: 2|B: 3|",
	  "B: 3|Remote_User: me|" },
	{ "what is set for a client replaces that name alone",
	  "a.example http://o.example\n  response-header X_A: me\n",
	  HEADER_RESPONSE, "X-A: 1|X_A: 2|", "X-A: 1|X_A: me|" },
	{ "an answer's in its own alone",
	  "a.example http://o.example\n  response-header -X_A\n",
	  HEADER_RESPONSE, "X-A: 1|X_a: 2|", "X-A: 1|" },
	{ "the sides are apart",
	  "a.example http://o.example\n  request-header X-A: q\n"
	  "  response-header X-B: r\n",
	  HEADER_REQUEST, "", "X-A: q|" },
	{ "rules apply in their order",
	  "%headers s\n  response-header -X-A\n"
	  "a.example http://o.example headers=s\n"
	  "  response-header +X-A: 2\n",
	  HEADER_RESPONSE, "X-A: 0|X-A: 1|", "X-A: 2|" },
	{ "the route's own come after a set's",
	  "%headers s\n  response-header X-A: set\n  response-header X-B: b\n"
	  "a.example http://o.example headers=s\n"
	  "  response-header X-A: own\n",
	  HEADER_RESPONSE, "", "X-B: b|X-A: own|" },
	{ "levels apply as defaults, service, route",
	  "%defaults headers=d\n%headers d\n  response-header X-A: d\n"
	  "  response-header X-B: d\n  response-header X-C: d\n"
	  "a.example @s\n  response-header X-C: r\n"
	  "  response-header +X-B: r\n"
	  "@s http://o.example\n  response-header X-B: {service} {version}\n"
	  "  response-header -X-A\n",
	  HEADER_RESPONSE, "",
	  "X-B: @s s|X-C: r|X-B: r|" },
	{ "variables are filled in",
	  "{t}.example/{s} http://o.example tag=kind:shop\n"
	  "  request-header X-All: {t} {s} {tag.kind} {host} {method} "
	  "{client_ip} {header.X-In} {cookie.c}\n",
	  HEADER_REQUEST, "",
	  "X-All: a s%2F1 shop a.example GET 192.0.2.9 in 7|" },
	{ "what comes out empty removes the field and sets none",
	  "a.example http://o.example\n"
	  "  request-header X-A: {header.X-None}\n",
	  HEADER_REQUEST, "X-A: 1|", "" },
	{ "what comes out blank is empty",
	  "a.example http://o.example\n"
	  "  request-header X-A: {header.X-None} {header.X-None}\n",
	  HEADER_REQUEST, "X-A: 1|B: 2|", "B: 2|" },
	{ "an empty add adds none",
	  "a.example http://o.example\n"
	  "  request-header +X-A: {header.X-None}\n",
	  HEADER_REQUEST, "X-A: 1|", "X-A: 1|" },
};

static const char *const rules_more[] = { "HTTP_X_IN=in",
	"HTTP_COOKIE=b=6; c=7", NULL };

static void
rules_fill(struct header *h, struct arena *a, const char *text)
{
	struct str rest = str_of(text), field, name, value;

	header_init(h, a);
	while (str_cut(rest, '|', &field, &rest)) {
		assert_true(str_cut(field, ':', &name, &value));
		assert_int_equal(header_add(h, name, str_trim(value)), 0);
	}
}

static struct str
rules_text(const struct header *h, struct arena *a)
{
	struct str text = STR("");
	size_t i;

	for (i = 0; i < h->count; i++)
		text = arena_printf(a, "%.*s%.*s: %.*s|", STR_ARG(text),
		    STR_ARG(h->fields[i].name), STR_ARG(h->fields[i].value));
	return text;
}

static void
rules_set_add_and_remove_in_order(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rules_rows); i++) {
		bool shop = strstr(rules_rows[i].list, "{t}") != NULL;
		struct err e = { .text = "" };
		struct header h;
		struct decide d;

		decide_open(&d, rules_rows[i].list, shop ?
		    "http://a.example/s%2f1/x" : "http://a.example/",
		    rules_more);
		rules_fill(&h, &d.a, rules_rows[i].before);
		TABLE_INT(rules_rows[i].name, rules_apply(&d.follow.source,
		    rules_rows[i].side, &h, &e), 0);
		TABLE_STR(rules_rows[i].name, rules_text(&h, &d.a),
		    rules_rows[i].after);
		decide_close(&d);
	}
}

/* "X-A: " and a value of n bytes that a client chose. */
static void
rules_try_long(size_t n, size_t want)
{
	char *variable = malloc(n + 32);
	const char *more[] = { variable, NULL };
	struct err e = { .text = "" };
	struct header h;
	struct decide d;

	assert_non_null(variable);
	memcpy(variable, "HTTP_X_IN=", 10);
	memset(variable + 10, 'v', n);
	variable[10 + n] = '\0';
	decide_open(&d, "a.example http://o.example\n"
	    "  request-header X-A: {header.X-In}\n", "http://a.example/",
	    more);
	rules_fill(&h, &d.a, "X-A: old|");
	assert_int_equal(rules_apply(&d.follow.source, HEADER_REQUEST, &h,
	    &e), 0);
	assert_int_equal(h.count, want);
	if (want == 1)
		assert_int_equal(h.fields[0].value.n, n);
	decide_close(&d);
	free(variable);
}

static void
a_line_too_long_is_left_out(void **state)
{
	const size_t most = RULES_LINE_MAX - sizeof("X-A: ") + 1;

	(void)state;
	rules_try_long(most, 1);
	rules_try_long(most + 1, 0);
}

/* As a map holds them that the compiler did not write. */
static void
a_rule_for_framing_or_loops_is_left_out(void **state)
{
	static const char *const names[] = { "Host", "connection",
		"Content-length", "TRANSFER-ENCODING", "via" };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(names); i++) {
		struct err e = { .text = "" };
		struct header h;
		struct decide d;

		decide_open(&d, "a.example http://o.example\n"
		    "  request-header X-A: 1\n  request-header X-B: 2\n",
		    "http://a.example/", NULL);
		d.follow.found.route->own->rules[0].name =
		    str_of(names[i]);
		rules_fill(&h, &d.a, "");
		TABLE_INT(names[i], rules_apply(&d.follow.source,
		    HEADER_REQUEST, &h, &e), 0);
		TABLE_STR(names[i], rules_text(&h, &d.a), "X-B: 2|");
		decide_close(&d);
	}
}

static void
a_full_arena_is_overloaded(void **state)
{
	struct err e = { .text = "" };
	struct header h;
	struct decide d;
	struct arena a;
	size_t left;
	int failed = 0, got = -1;

	(void)state;
	decide_open(&d, "a.example http://o.example\n"
	    "  response-header X-A: of {host}\n", "http://a.example/", NULL);
	for (left = 0; got == -1; left += 16) {
		decide_squeeze(&a, left);
		header_init(&h, &a);
		got = rules_apply(&d.follow.source, HEADER_RESPONSE, &h, &e);
		if (got == -1) {
			failed++;
			assert_int_equal(e.reason, REASON_OVERLOADED);
		} else {
			TABLE_STR("all", rules_text(&h, &d.a),
			    "X-A: of a.example|");
		}
		arena_fini(&a);
		assert_true(left < DECIDE_CHUNK);
	}
	assert_true(failed > 0);
	decide_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_set_add_and_remove_in_order),
		cmocka_unit_test(a_line_too_long_is_left_out),
		cmocka_unit_test(a_rule_for_framing_or_loops_is_left_out),
		cmocka_unit_test(a_full_arena_is_overloaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
