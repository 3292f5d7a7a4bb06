/* SPDX-License-Identifier: BSD-2-Clause */

/* test_plan: which plan a request has, whose it is, what clients are told. */

#include "decide/plan.h"

#include <stdlib.h>
#include <unistd.h>

#include "decide.h"

static struct settings *
plan_settings(const char *text)
{
	char ini[] = "/tmp/test_plan.XXXXXX";
	struct settings *s = NULL;
	int fd = mkstemp(ini);
	size_t n = strlen(text);

	assert_int_equal(write(fd, text, n), n);
	close(fd);
	assert_int_equal(settings_load(ini, &s, NULL, NULL), 0);
	unlink(ini);
	return s;
}

/* ---- which ---- */

static const struct plan_row {
	const char *list;
	const char *said;
	const char *plan;   /* without a default plan */
	const char *beside; /* default_plan = free */
	bool unknown;
} plan_rows[] = {
	{ "a.example http://o.example", "", "", "free", false },
	{ "a.example http://o.example plan=pro", "pro", "pro", "pro", false },
	{ "a.example http://o.example plan=gold", "gold", "", "free", true },
	{ "a.example @s plan=gold\n@s http://o.example plan=pro", "gold", "",
	  "free", true },
	{ "a.example @s plan=free\n@s http://o.example plan=pro", "free",
	  "free", "free", false },
	{ "a.example @s\n@s http://o.example plan=pro", "pro", "pro", "pro",
	  false },
	{ "%defaults plan=pro\na.example @s\n@s http://o.example", "pro",
	  "pro", "pro", false },
	{ "a.example =b.example plan=pro\nb.example http://o.example", "", "",
	  "free", false },
};

static void
plan_check_row(const struct plan_row *r, const struct settings *s,
    const char *want)
{
	const struct settings_plan *plan;
	struct decide d;
	struct policy *p = &d.follow.policy;

	decide_open(&d, r->list, "http://a.example/", NULL);
	TABLE_INT(r->list, plan_of_route(p, s, &plan), r->unknown);
	TABLE_STR(r->list, p->plan_said, r->said);
	TABLE_STR(r->list, p->plan, want);
	TABLE_STR(r->list, str_of(plan != NULL ? plan->name : ""), want);
	decide_close(&d);
}

static void
a_route_has_its_plan_or_its_services_or_the_default_one(void **state)
{
	struct settings *alone = plan_settings("[plan:pro]\n[plan:free]\n");
	struct settings *beside = plan_settings("[router]\n"
	    "default_plan = free\n[plan:pro]\n[plan:free]\n");
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(plan_rows); i++) {
		plan_check_row(&plan_rows[i], alone, plan_rows[i].plan);
		plan_check_row(&plan_rows[i], beside, plan_rows[i].beside);
	}
	settings_drop(&alone);
	settings_drop(&beside);
}

/* ---- whose ---- */

static const struct plan_key_row {
	const char *by;
	const char *list;
	const char *url;
	const char *client;
	const char *key;
} plan_keys[] = {
#define LIST "*.example http://o.example tag=customer:42,kind:saas"
	{ "client_ip", LIST, "http://a.example/", "192.0.2.9", "192.0.2.9" },
	{ "client_ip", LIST, "http://b.example/", "::ffff:192.0.2.9",
	  "192.0.2.9" },
	{ "client_ip", LIST, "http://b.example/", "2001:DB8:0::1:2:3:4",
	  "2001:db8::/64" },
	{ "client_ip", LIST, "http://b.example/", "2001:db8::ffff",
	  "2001:db8::/64" },
	{ "client_ip", LIST, "http://b.example/", "2001:db8:1:2:3:4:5:6",
	  "2001:db8:1:2::/64" },
	{ "client_ip", LIST, "http://b.example/", "2001:db8:1:3:3:4:5:6",
	  "2001:db8:1:3::/64" },
	{ "client_ip", LIST, "http://b.example/", "::1", "::/64" },
	{ "client_ip", LIST, "http://b.example/", "unix:", "unix:" },
	{ "client_ip", LIST, "http://b.example/", "", "" },
	{ "host", LIST, "http://B.example:81/x", "192.0.2.9", "b.example" },
	{ "host", "a.example =b.example\n" LIST, "http://a.example/",
	  "192.0.2.9", "b.example" },
	{ "tag:customer", LIST, "http://a.example/", "192.0.2.9", "42" },
	{ "tag:kind", LIST, "http://a.example/", "192.0.2.9", "saas" },
	{ "tag:none", LIST, "http://a.example/", "192.0.2.9", "192.0.2.9" },
};

static void
a_request_is_counted_by_what_its_plan_says(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(plan_keys); i++) {
		const struct plan_key_row *r = &plan_keys[i];
		char row[128], count_by[64];
		const struct settings_plan plan = { .count_by = count_by };
		struct plan_key key;
		struct decide d;

		snprintf(row, sizeof(row), "%zu: %s %s", i, r->by, r->client);
		snprintf(count_by, sizeof(count_by), "%s", r->by);
		decide_open(&d, r->list, r->url, NULL);
		d.request.client_ip = str_of(r->client);
		plan_key(&plan, &d.follow, &d.request, STR("alice"), &key);
		TABLE_STR(row, key.text, r->key);
		decide_close(&d);
	}
}

static void
who_asks_is_counted_wherever_it_comes_from(void **state)
{
	char by[] = "identity";
	const struct settings_plan plan = { .count_by = by };
	struct plan_key key, named;
	struct decide d;

	(void)state;
	decide_open(&d, LIST, "http://a.example/", NULL);
	plan_key(&plan, &d.follow, &d.request, STR("alice"), &key);
	TABLE_STR("known", key.text, "alice");
	plan_key(&plan, &d.follow, &d.request, STR(""), &key);
	TABLE_STR("unknown", key.text, "192.0.2.9");
	/* Who is called like somebody's address is not that client. */
	plan_key(&plan, &d.follow, &d.request, STR("192.0.2.9"), &named);
	TABLE_STR("named", named.text, "192.0.2.9");
	assert_false(str_eq(named.counted, key.counted));
	decide_close(&d);
}

/* ---- its numbers ---- */

static const struct plan_number_row {
	const char *says;
	uint64_t burst;
	struct limit_view view;
	const char *policy;
	const char *state;
	uint64_t retry;
} plan_numbers[] = {
	{ "rate = 10/s\nburst = 20", 20, { 20, 0, 0 }, "\"p\";q=20;w=2",
	  "\"p\";r=20;t=1", 1 },
	{ "rate = 10/s\nburst = 20", 20, { 3, 1700000, 0 }, "\"p\";q=20;w=2",
	  "\"p\";r=3;t=2", 1 },
	{ "rate = 10/s\nburst = 20", 20, { 0, 2000000, 100000 },
	  "\"p\";q=20;w=2", "\"p\";r=0;t=1", 1 },
	{ "rate = 10/s", 10, { 10, 0, 0 }, "\"p\";q=10;w=1", "\"p\";r=10;t=1",
	  1 },
	{ "rate = 90/m", 1, { 0, 666667, 666667 }, "\"p\";q=1;w=1",
	  "\"p\";r=0;t=1", 1 },
	{ "rate = 1000/h", 1, { 0, 3600000, 3600000 }, "\"p\";q=1;w=4",
	  "\"p\";r=0;t=4", 4 },
	{ "rate = 1000/h\nburst = 1000", 1000, { 0, 3600000000, 3000001 },
	  "\"p\";q=1000;w=3600", "\"p\";r=0;t=4", 4 },
	{ "rate = 100/d\nburst = 50", 50, { 1, 42336000000, 0 },
	  "\"p\";q=50;w=43200", "\"p\";r=1;t=42336", 1 },
};

static void
clients_are_told_the_burst_and_when_there_is_more(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(plan_numbers); i++) {
		const struct plan_number_row *r = &plan_numbers[i];
		char text[128];
		struct settings *s;
		const struct settings_plan *plan;
		struct header h;
		struct arena a;

		snprintf(text, sizeof(text), "[plan:p]\n%s\n", r->says);
		s = plan_settings(text);
		plan = settings_plan_of(s, STR("p"));
		assert_non_null(plan);
		arena_init(&a, 4096);
		header_init(&h, &a);
		TABLE_INT(text, plan_rate(plan).burst, r->burst);
		TABLE_INT(text, plan_retry_s(&r->view), r->retry);
		TABLE_INT(text, plan_fields(plan, &r->view, &h), 0);
		TABLE_STR(text, header_get(&h, STR("RateLimit-Policy")),
		    r->policy);
		TABLE_STR(text, header_get(&h, STR("RateLimit")), r->state);
		arena_fini(&a);
		settings_drop(&s);
	}
}

static void
what_an_origin_says_of_its_limits_stays(void **state)
{
	struct settings *s = plan_settings("[plan:p]\nrate = 1/s\n");
	const struct limit_view view = { .remaining = 1 };
	struct header h;
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	header_init(&h, &a);
	assert_int_equal(header_add(&h, STR("ratelimit"), STR("own")), 0);
	assert_int_equal(plan_fields(settings_plan_of(s, STR("p")), &view, &h),
	    0);
	assert_int_equal(h.count, 1);
	arena_fini(&a);
	arena_init(&a, 0);
	header_init(&h, &a);
	assert_int_equal(plan_fields(settings_plan_of(s, STR("p")), &view, &h),
	    -1);
	arena_fini(&a);
	settings_drop(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_route_has_its_plan_or_its_services_or_the_default_one),
		cmocka_unit_test(a_request_is_counted_by_what_its_plan_says),
		cmocka_unit_test(who_asks_is_counted_wherever_it_comes_from),
		cmocka_unit_test(
		    clients_are_told_the_burst_and_when_there_is_more),
		cmocka_unit_test(what_an_origin_says_of_its_limits_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
