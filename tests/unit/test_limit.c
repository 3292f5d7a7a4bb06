/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit: what is granted at which time, and what of it is left when plans
 * change; who may go in; what was refused; what a full table does.
 */

#include "decide/limit.h"

#include "tests/unit/limit_site.h"

#include <inttypes.h>

enum { ID = 0x123 };

/*
 * What happens, and what is to be seen after it, in words:
 * @US the time is US behind the beginning;
 * tN so many are granted at once, t-N: one more is not;
 * rC/US,B the rate from here on;
 * vN so many remain, wUS until it is whole, nUS until the next;
 * bN,US N bytes are paid, and that is how long they wait.
 */
struct story {
	const char *name;
	const char *words;
};

static const struct story stories[] = {
	{ "an unknown key has all of the burst",
	    "r10/1000000,20 v20 w0 n0" },
	{ "no more than the burst is granted at once",
	    "r10/1000000,20 t20 t-0 v0 w2000000 n100000" },
	{ "one comes back in each of the rate's times",
	    "r10/1000000,20 t-20 @99999 t-0 n1 @100000 t-1 n100000 @300000 "
	    "t-2" },
	{ "a burst of one is one at a time",
	    "r2/1000000,1 t-1 @499999 t-0 @500000 t-1 @2000000 t-1" },
	{ "what was not used is not saved beyond the burst",
	    "r10/1000000,5 t-5 @60000000 v5 w0 t-5" },
	{ "a rate that divides no second is never more than it says",
	    "r3/1000000,1 t-1 @333333 t-0 @333334 t-1 @666667 t-0 @666668 "
	    "t-1" },
	{ "thousands in a second are told apart",
	    "r30000/1000000,100 t-100 @1000 t-29 @2000 t-30 @3000 t-30" },
	{ "one in a day",
	    "r1/86400000000,1 t-1 n86400000000 @86399999999 t-0 "
	    "@86400000000 t-1" },
	{ "a refusal costs nothing",
	    "r1/1000000,1 t-1 t-0 t-0 t-0 @999999 t-0 @1000000 t-1" },
	{ "a greater burst is had at once, less what was taken",
	    "r10/1000000,20 t-20 r10/1000000,30 v10 t-10" },
	{ "of a smaller one all is taken",
	    "r10/1000000,20 t-20 r10/1000000,5 v0 n100000 w500000 t-0 "
	    "@100000 t-1" },
	{ "a slower rate keeps what was taken",
	    "r10/1000000,20 t15 r1/1000000,20 v5 t-5 @1000000 t-1" },
	{ "a faster one, too",
	    "r1/1000000,20 t15 r10/1000000,20 v5 t-5 @100000 t-1" },
	{ "and who must wait waits by the new one",
	    "r1/86400000000,5 t-5 r10/1000000,5 t-0 n100000 @100000 t-1" },
	{ "rates that change to and fro forget nothing",
	    "r10/1000000,20 t10 r1/60000000,20 t1 r10/1000000,20 t1 "
	    "r1/60000000,20 t1 r10/1000000,20 t1 r1/60000000,20 t1 "
	    "r10/1000000,20 v5 t-5 r1/60000000,20 t-0" },
	{ "bytes within the burst do not wait",
	    "r1000/1000000,4000 b4000,0 b1,1000" },
	{ "those beyond it wait behind each other",
	    "r1000/1000000,1000 b1000,0 b1000,1000000 b1000,2000000 @2500000 "
	    "b500,0 b1000,1000000" },
	{ "a piece that is more than the burst goes late",
	    "r1000/1000000,500 b1500,1000000" },
	{ "nobody waits for longer than half a minute",
	    "r1000/1000000,1000 b31000,30000000 b99999,30000000 "
	    "b18446744073709551615,30000000 @1000000 b1000,30000000 "
	    "@32000000 b1000,0 b1,1000" },
	{ "many bytes are counted to the byte",
	    "r1000000000/1000000,65536 b65536,0 b1000000000,1000000" },
	{ "a burst that takes longer than there is time for is what it may",
	    "r1/86400000000,1000 v100" },
};

static void
story_view(const struct story *row, const char *word, int64_t got)
{
	TABLE_INT(row->name, got, atoll(word + 1));
}

/* One word of a story. */
static void
story_goes(const struct story *row, struct limit *l, struct limit_rate *rate,
    const char *word)
{
	struct limit_view v, taken;
	uint64_t n;
	int64_t us;

	limit_view(l, ID, rate, clock_us(), &v);
	if (word[0] == '@') {
		site_at(atoll(word + 1));
	} else if (word[0] == 'r') {
		TABLE_INT(row->name, sscanf(word, "r%" SCNu64 "/%" SCNd64
		    ",%" SCNu64, &rate->count, &rate->per_us, &rate->burst),
		    3);
	} else if (word[0] == 't') {
		for (n = strtoull(word + (word[1] == '-' ? 2 : 1), NULL, 10);
		    n > 0; n--) {
			TABLE_INT(row->name, limit_take(l, ID, rate,
			    clock_us(), &taken), true);
			v.remaining--;
			TABLE_INT(row->name, taken.remaining, v.remaining);
		}
		if (word[1] == '-')
			TABLE_INT(row->name, limit_take(l, ID, rate,
			    clock_us(), &taken), false);
	} else if (word[0] == 'b') {
		TABLE_INT(row->name, sscanf(word, "b%" SCNu64 ",%" SCNd64,
		    &n, &us), 2);
		TABLE_INT(word, limit_pay(l, ID, rate, n, clock_us()), us);
	} else {
		story_view(row, word, word[0] == 'v' ?
		    (int64_t)v.remaining : word[0] == 'w' ? v.reset_us :
		    v.retry_us);
	}
}

static void
each_story_ends_as_it_should(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(stories); i++) {
		const struct story *row = &stories[i];
		struct limit_rate rate = { 1, 1, 1 };
		char words[1024], *rest = words, *word;
		struct limit *l;

		snprintf(words, sizeof(words), "%s", row->words);
		site_init(NULL);
		l = site_join();
		while ((word = strsep(&rest, " ")) != NULL)
			story_goes(row, l, &rate, word);
		limit_leave(&l);
		assert_null(l);
		site_fini(NULL);
	}
}

static void
who_was_held_up_takes_nothing_from_others(void **state)
{
	static const struct limit_rate rate = { 1, 2, 1000000 };
	struct limit *l = site_join();
	struct limit_view v;

	(void)state;
	assert_true(limit_take(l, ID, &rate, clock_us(), &v));
	assert_true(limit_take(l, ID, &rate, clock_us(), &v));
	/* An hour ago, by what it read. */
	assert_false(limit_take(l, ID, &rate, clock_us() - 3600000000, &v));
	assert_int_equal(v.retry_us, 1000000);
	limit_view(l, ID, &rate, clock_us() - 3600000000, &v);
	assert_int_equal(v.reset_us, 2000000);
	site_at(999999);
	assert_false(limit_take(l, ID, &rate, clock_us(), &v));
	site_at(1000000);
	assert_true(limit_take(l, ID, &rate, clock_us(), &v));
	limit_leave(&l);
}

static void
each_plan_and_key_is_its_own(void **state)
{
	struct limit *a = site_join(), *b = site_join();
	uint64_t id = limit_id(a, STR("free"), STR("acme"));

	(void)state;
	assert_int_not_equal(id, 0);
	assert_int_equal(limit_id(b, STR("free"), STR("acme")), id);
	assert_int_not_equal(limit_id(a, STR("pro"), STR("acme")), id);
	assert_int_not_equal(limit_id(a, STR("free"), STR("acm")), id);
	assert_int_not_equal(limit_id(a, STR("freea"), STR("cme")), id);
	assert_int_not_equal(limit_id(a, STR("free"), STR("")), id);
	limit_leave(&a);
	limit_leave(&b);
}

static void
two_routers_count_together(void **state)
{
	static const struct limit_rate rate = { 1, 4, 1000000 };
	struct limit *a = site_join(), *b = site_join();
	struct limit_view v;
	uint64_t first, second, third;

	(void)state;
	assert_true(limit_take(a, ID, &rate, clock_us(), &v));
	assert_true(limit_take(b, ID, &rate, clock_us(), &v));
	assert_true(limit_take(a, ID, &rate, clock_us(), &v));
	assert_int_equal(v.remaining, 1);
	/* It outlives them. */
	limit_leave(&a);
	a = site_join();
	assert_true(limit_take(a, ID, &rate, clock_us(), &v));
	assert_false(limit_take(b, ID, &rate, clock_us(), &v));
	assert_true(limit_enter(a, ID, 2, &first));
	assert_true(limit_enter(b, ID, 2, &second));
	assert_false(limit_enter(a, ID, 2, &third));
	assert_int_equal(third, 0);
	assert_false(limit_enter(b, ID, 2, &third));
	assert_int_equal(limit_inside(b, ID), 2);
	limit_exit(a, first);
	assert_int_equal(limit_inside(b, ID), 1);
	assert_true(limit_enter(b, ID, 2, &third));
	limit_exit(b, second);
	limit_exit(b, third);
	assert_int_equal(limit_inside(a, ID), 0);
	/* Those of a router that leaves go with it. */
	assert_true(limit_enter(b, ID, 1, &first));
	assert_false(limit_enter(a, ID, 1, &second));
	limit_leave(&b);
	assert_true(limit_enter(a, ID, 1, &second));
	limit_leave(&a);
	limit_leave(&a);
}

/* A second's requests, at each rate that router.ini can say. */
static void
any_rate_grants_what_it_says_within_one_of_a_hundred(void **state)
{
	const uint64_t second = 1000000;
	uint64_t n;

	(void)state;
	for (n = 1; n <= 50000; n++) {
		const struct limit_rate rate = { n, 1, 1000000 };
		double took = (double)n *
		    (double)limit_rate_cost(&rate, 1) / LIMIT_TICKS;

		assert_true(took >= (double)second);
		assert_true(took <= 1.01 * (double)second);
	}
}

#define SITE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, site_init, site_fini)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_story_ends_as_it_should),
		SITE_TEST(who_was_held_up_takes_nothing_from_others),
		SITE_TEST(each_plan_and_key_is_its_own),
		SITE_TEST(two_routers_count_together),
		cmocka_unit_test(
		    any_rate_grants_what_it_says_within_one_of_a_hundred),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
