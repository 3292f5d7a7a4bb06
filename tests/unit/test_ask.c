/* SPDX-License-Identifier: BSD-2-Clause */

/* test_ask: which names are ours, and that a wildcard makes none ours. */

#include "decide/ask.h"

#include "tests/unit/decide.h"

#define ASK_LIST \
	"exact.example http://o.example\n" \
	"paths.example/only http://o.example\n" \
	"alias.example =exact.example\n" \
	"{t}.saas.example @{t}\n" \
	"{t}.fixed.example @production/acme\n" \
	"{t}.paths.example/x @{t}\n" \
	"{t}.second.example/{s} @{s}\n" \
	"{t}.when.example respond=404\n" \
	"    when method=GET scheme=https -> @{t}\n" \
	"{t}.split.example respond=404\n" \
	"    split 1 respond=503 1 @{t} 0 @pre-{t} 98 redirect=302 /x\n" \
	"*.wild.example http://o.example\n" \
	"*.to.example =acme.saas.example\n" \
	"* http://o.example\n" \
	"@production/acme http://o.example\n" \
	"@production/pre-zed http://o.example\n" \
	"@own http://o.example\n"

static const struct {
	const char *query;
	int want; /* -1: bad-request */
} ask_rows[] = {
	{ "domain=exact.example", 1 },
	{ "domain=EXACT.example.", 1 },
	{ "a=b&domain=exact.example&c", 1 },
	{ "domain=exact%2Eexample", 1 },
	{ "domain=paths.example", 1 },
	{ "domain=alias.example", 1 },
	{ "domain=acme.saas.example", 1 },
	{ "domain=acme.when.example", 1 },
	{ "domain=acme.split.example", 1 },
	{ "domain=zed.split.example", 0 },
	{ "domain=nobody.split.example", 0 },
	{ "domain=nobody.saas.example", 0 },
	{ "domain=own.saas.example", 0 },
	{ "domain=a.acme.saas.example", 0 },
	{ "domain=saas.example", 0 },
	{ "domain=acme.fixed.example", 0 },
	{ "domain=acme.paths.example", 0 },
	{ "domain=acme.second.example", 0 },
	{ "domain=a.wild.example", 0 },
	{ "domain=a.to.example", 0 },
	{ "domain=any.other", 0 },
	{ "", -1 },
	{ "domain", -1 },
	{ "domain=", -1 },
	{ "Domain=exact.example", -1 },
	{ "domain=exact.example:443", -1 },
	{ "domain=exact.example:0", -1 },
	{ "domain=exact.example:", -1 },
	{ "domain=[::1]", 0 },
	{ "domain=[::1]:", -1 },
	{ "domain=[::1]:0", -1 },
	{ "domain=[::1", -1 },
	{ "domain=::1", -1 },
	{ "domain=exact_%", -1 },
	{ "domain=a+b", -1 },
	{ "domain=%00", -1 },
	{ "domain=a%2Fb", -1 },
	{ "domain=exact.example&domain=exact.example", -1 },
};

static void
a_name_is_ours_by_an_entry_or_a_service(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(ask_rows); i++) {
		const char *query = ask_rows[i].query;
		struct follow_ask ask;
		struct decide d;
		char url[256];

		snprintf(url, sizeof(url), "http://exact.example/ask?%s",
		    query);
		decide_prepare(&d, ASK_LIST, url, NULL);
		ask = (struct follow_ask){ .request = &d.request,
			.map = &d.map, .space = d.space };
		TABLE_INT(query, ask_domain(&ask, &d.a, &d.e),
		    ask_rows[i].want);
		if (ask_rows[i].want == -1)
			TABLE_INT(query, d.e.reason, REASON_BAD_REQUEST);
		decide_close(&d);
	}
}

static void
a_service_is_of_the_namespace_asked(void **state)
{
	struct follow_ask ask;
	struct decide d;

	(void)state;
	decide_prepare(&d, ASK_LIST,
	    "http://exact.example/?domain=acme.saas.example", NULL);
	ask = (struct follow_ask){ .request = &d.request,
		.map = &d.map, .space = STR("staging") };
	assert_int_equal(ask_domain(&ask, &d.a, &d.e), 0);
	ask.space = STR("production");
	assert_int_equal(ask_domain(&ask, &d.a, &d.e), 1);
	decide_close(&d);
}

/* With any room below what is needed. */
static void
a_full_arena_is_an_error(void **state)
{
	struct follow_ask ask;
	int failed = 0, got = -1;
	struct decide d;
	size_t left;

	(void)state;
	decide_prepare(&d, ASK_LIST,
	    "http://exact.example/?domain=acme.saas.example", NULL);
	ask = (struct follow_ask){ .request = &d.request,
		.map = &d.map, .space = d.space };
	for (left = 0; got == -1; left += 64) {
		struct arena a;

		arena_init(&a, left);
		got = ask_domain(&ask, &a, &d.e);
		failed += got == -1;
		if (got == -1)
			assert_int_equal(d.e.reason, REASON_OVERLOADED);
		assert_int_not_equal(got, 0);
		arena_fini(&a);
		assert_true(left < DECIDE_ARENA);
	}
	assert_true(failed > 0);
	decide_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_ours_by_an_entry_or_a_service),
		cmocka_unit_test(a_service_is_of_the_namespace_asked),
		cmocka_unit_test(a_full_arena_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
