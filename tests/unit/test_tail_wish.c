/* SPDX-License-Identifier: BSD-2-Clause */

/* tail_wish: short forms say what the filters say that they become. */

#include "table.h"
#include "tools/tail_wish.h"

static const struct record_tag tags[] = {
	{ { "customer", 8 }, { "42", 2 } },
	{ { "note", 4 }, { "a 'b'", 5 } },
};

static struct record
record_of_one(void)
{
	struct record r;

	record_init(&r);
	r.host = STR("www.example.org");
	r.client_ip = STR("192.0.2.7");
	r.service = STR("@api");
	r.status = 404;
	r.total_us = 250000;
	r.tags = (struct record_tags){ tags, TABLE_COUNT(tags) };
	return r;
}

enum how { ONLY, FIELD, TAG, SLOW };

/* 1, 0: is it wished for? -1: that is no wish. */
static int
wished(struct tail_wish *w, enum how how, const char *name, const char *value)
{
	struct record r = record_of_one();
	struct err e;
	int got = how == ONLY ? tail_wish_only(w, value, &e) :
	    how == FIELD ? tail_wish_field(w, name, value, &e) :
	    how == TAG ? tail_wish_tag(w, value, &e) :
	    tail_wish_slow(w, value, &e);

	return got == -1 ? -1 : tail_wish_takes(w, &r);
}

static void
a_short_form_says_what_it_says(void **state)
{
	static const struct {
		enum how how;
		const char *name;
		const char *value;
		int want;
	} rows[] = {
		{ FIELD, "host", "www.example.org", 1 },
		{ FIELD, "host", "*.example.org", 1 },
		{ FIELD, "host", "example.org", 0 },
		{ FIELD, "client", "192.0.2.0/24", 1 },
		{ FIELD, "client", "192.0.2.0/33", -1 },
		{ FIELD, "client", "nowhere", -1 },
		{ FIELD, "service", "@api", 1 },
		{ FIELD, "service", "@api | status>0", 0 },
		{ FIELD, "service", "\" | status>0 | host=\"", 0 },
		{ FIELD, "service", "'\"", -1 },
		{ FIELD, "status", "4xx", 1 },
		{ FIELD, "status", "many", -1 },
		{ TAG, "", "customer:42", 1 },
		{ TAG, "", "customer:4", 0 },
		{ TAG, "", "customer:*", 1 },
		{ TAG, "", "none:42", 0 },
		{ TAG, "", "note:a 'b'", 1 },
		{ TAG, "", "customer", -1 },
		{ TAG, "", "a b:c", -1 },
		{ TAG, "", ":42", -1 },
		{ SLOW, "", "200ms", 1 },
		{ SLOW, "", "250ms", 0 },
		{ SLOW, "", ">200ms", 1 },
		{ SLOW, "", ">", -1 },
		{ SLOW, "", "soon", -1 },
		{ ONLY, "", "status=404 & total<1s", 1 },
		{ ONLY, "", "status=404 &", -1 },
		{ ONLY, "", "", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct tail_wish w = { .count = 0 };

		TABLE_INT(rows[i].value, wished(&w, rows[i].how, rows[i].name,
		    rows[i].value), rows[i].want);
		TABLE_INT(rows[i].value, w.count, rows[i].want != -1);
		tail_wish_fini(&w);
	}
}

static void
all_must_hold_and_none_is_none(void **state)
{
	struct tail_wish w = { .count = 0 };
	struct record r = record_of_one();

	(void)state;
	assert_true(tail_wish_takes(&w, &r));
	assert_int_equal(wished(&w, FIELD, "status", "404"), 1);
	assert_int_equal(wished(&w, SLOW, "", "1ms"), 1);
	assert_int_equal(wished(&w, FIELD, "host", "other"), 0);
	assert_int_equal(wished(&w, FIELD, "status", "404"), 0);
	tail_wish_fini(&w);
}

static void
there_may_be_no_more_than_so_many(void **state)
{
	struct tail_wish w = { .count = 0 };
	static char text[FILTER_TEXT_MAX];
	int i;

	(void)state;
	for (i = 0; i < TAIL_WISHES_MAX; i++)
		assert_int_equal(wished(&w, FIELD, "status", "404"), 1);
	assert_int_equal(wished(&w, FIELD, "status", "404"), -1);
	tail_wish_fini(&w);
	for (i = 0; i < FILTER_TEXT_MAX - 1; i++)
		text[i] = 'a';
	assert_int_equal(wished(&w, FIELD, "host", text), -1);
	assert_int_equal(wished(&w, TAG, "", text), -1);
	text[200] = ':';
	assert_int_equal(wished(&w, TAG, "", text), -1);
	tail_wish_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_form_says_what_it_says),
		cmocka_unit_test(all_must_hold_and_none_is_none),
		cmocka_unit_test(there_may_be_no_more_than_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
