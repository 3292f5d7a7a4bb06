/* SPDX-License-Identifier: BSD-2-Clause */

/* test_rules: the header rules of a route, applied in their order. */

#include "decide/rules.h"

#include "tests/unit/decide.h"
#include "tests/unit/random.h"

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

/* ---- random rules, against what the manual says of them ---- */

enum { RULES_RULES = 4, RULES_LEVELS = 5, RULES_LIST = 4096,
	RULES_FIELDS = 64 };

/* Where rules stand, in the order in which they apply. */
static const char *const rules_places[RULES_LEVELS] = { "%headers d\n",
	"%headers s\n", "@s http://o.example headers=s\n", "%headers r\n",
	"a.example @s headers=r\n" };

struct rules_random {
	enum header_side side;
	enum header_verb verb;
	const char *name, *value, *filled;
};

struct rules_model {
	size_t count;
	struct {
		const char *name, *value;
	} fields[RULES_FIELDS];
};

ATTR_PRINTF(3, 4)
static size_t
rules_print(char list[RULES_LIST], size_t n, const char *fmt, ...)
{
	va_list args;
	int got;

	va_start(args, fmt);
	got = vsnprintf(list + n, RULES_LIST - n, fmt, args);
	va_end(args);
	assert_true(got >= 0 && (size_t)got < RULES_LIST - n);
	return n + (size_t)got;
}

static struct rules_random
rules_random(void)
{
	static const char *const names[] = { "X-A", "x-a", "X_A", "X-B",
		"x_b", "Y" };
	static const struct {
		const char *value, *filled;
	} values[] = { { "1", "1" }, { "2", "2" }, { "{host}", "a.example" },
		{ "{header.X-None}", "" }, { "a; b # \"c\"", "a; b # \"c\"" },
		{ "{{x}", "{x}" }, { "{cookie.c}-{method}", "7-GET" } };
	unsigned v = random_below(TABLE_COUNT(values));

	return (struct rules_random){
		.side = random_below(3) == 0 ? HEADER_REQUEST :
		    HEADER_RESPONSE,
		.verb = random_below(3) == 0 ? HEADER_REMOVE :
		    random_below(2) == 0 ? HEADER_SET : HEADER_ADD,
		.name = RANDOM_OF(names),
		.value = values[v].value,
		.filled = values[v].filled };
}

/* A place has one rule for a name, but for those that add: a mistake else. */
static void
rules_only_add(struct rules_random *r, bool used[2][256])
{
	char last = str_lower(r->name[strlen(r->name) - 1]);
	bool *seen = &used[r->side == HEADER_REQUEST][(unsigned char)last];

	if (*seen)
		r->verb = HEADER_ADD;
	*seen = true;
}

static char
rules_letter(char c, enum header_side side)
{
	return side == HEADER_REQUEST && c == '_' ? '-' : str_lower(c);
}

static bool
rules_same(const char *a, const char *b, enum header_side side)
{
	while (*a != '\0' && rules_letter(*a, side) == rules_letter(*b, side))
		a++, b++;
	return *a == *b;
}

static void
rules_expect(struct rules_model *m, const struct rules_random *r)
{
	size_t i, kept = 0;

	for (i = 0; i < m->count; i++)
		if (r->verb == HEADER_ADD ||
		    !rules_same(m->fields[i].name, r->name, r->side))
			m->fields[kept++] = m->fields[i];
	m->count = kept;
	if (r->verb == HEADER_REMOVE || r->filled[0] == '\0')
		return;
	m->fields[m->count].name = r->name;
	m->fields[m->count++].value = r->filled;
}

/* A list with rules at every place, and what they make of *m. */
static void
rules_random_list(char list[RULES_LIST], enum header_side side,
    struct rules_model *m)
{
	static const char *const verbs[HEADER_VERB_COUNT] = {
		[HEADER_SET] = "", [HEADER_ADD] = "+", [HEADER_REMOVE] = "-" };
	size_t at, i, n = 0;

	for (at = 0; at < RULES_LEVELS; at++) {
		bool used[2][256] = { { false } };

		n = rules_print(list, n, "%s", rules_places[at]);
		for (i = random_below(RULES_RULES); i > 0; i--) {
			struct rules_random r = rules_random();

			rules_only_add(&r, used);
			n = rules_print(list, n,
			    "  %s-header %s%s%s%s\n", r.side ==
			    HEADER_REQUEST ? "request" : "response",
			    verbs[r.verb], r.name,
			    r.verb == HEADER_REMOVE ? "" : ": ",
			    r.verb == HEADER_REMOVE ? "" : r.value);
			if (r.side == side)
				rules_expect(m, &r);
		}
		if (at == 0)
			n = rules_print(list, n,
			    "%%defaults headers=d\n");
	}
}

static void
random_rules_apply_as_they_are_written(void **state)
{
	size_t cases = random_cases(400, 20000), i, k;

	(void)state;
	random_begin(random_seed());
	for (i = 0; i < cases; i++) {
		enum header_side side = random_below(2) == 0 ?
		    HEADER_REQUEST : HEADER_RESPONSE;
		struct rules_model m = { .count = 3, .fields = {
			{ "X-A", "was" }, { "x-b", "was" }, { "Z", "was" } } };
		struct str want = STR("");
		struct err e = { .text = "" };
		char list[RULES_LIST];
		struct header h;
		struct decide d;

		rules_random_list(list, side, &m);
		decide_open(&d, list, "http://a.example/", rules_more);
		rules_fill(&h, &d.a, "X-A: was|x-b: was|Z: was|");
		TABLE_INT(list, rules_apply(&d.follow.source, side, &h, &e),
		    0);
		for (k = 0; k < m.count; k++)
			want = arena_printf(&d.a, "%.*s%s: %s|", STR_ARG(want),
			    m.fields[k].name, m.fields[k].value);
		TABLE_STR(list, rules_text(&h, &d.a), want.p != NULL ?
		    want.p : "");
		decide_close(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_set_add_and_remove_in_order),
		cmocka_unit_test(a_line_too_long_is_left_out),
		cmocka_unit_test(a_rule_for_framing_or_loops_is_left_out),
		cmocka_unit_test(a_full_arena_is_overloaded),
		cmocka_unit_test(random_rules_apply_as_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
