/* SPDX-License-Identifier: BSD-2-Clause */

/* test_usage: sums are exact, whatever does not fit into memory. */

#include "tools/usage.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/random.h"
#include "tests/unit/table.h"

enum { SOME_KEYS = 3000, SOME_ADDS = 60000 };

static struct usage_sums
usage_some(uint64_t first, uint64_t last, uint64_t lacking)
{
	struct usage_sums s = { .lacking = lacking };

	s.n[0] = first;
	s.n[STATS_COUNT_COUNT - 1] = last;
	return s;
}

static void
usage_put(struct usage *u, const char *key, struct usage_sums sums)
{
	struct err e;

	if (usage_add(u, str_of(key), &sums, &e) == -1)
		fail_msg("%s: %s", key, e.text);
}

static void
usage_expect(struct usage *u, const char *key, struct usage_sums want)
{
	struct usage_sums got;
	struct str found;
	struct err e;

	assert_int_equal(usage_next(u, &found, &got, &e), 1);
	TABLE_STR(key, found, key);
	TABLE_INT(key, got.n[0], want.n[0]);
	TABLE_INT(key, got.n[STATS_COUNT_COUNT - 1],
	    want.n[STATS_COUNT_COUNT - 1]);
	TABLE_INT(key, got.lacking, want.lacking);
}

static void
usage_ends(struct usage *u)
{
	struct usage_sums got;
	struct str found;
	struct err e;

	assert_int_equal(usage_next(u, &found, &got, &e), 0);
	assert_int_equal(usage_next(u, &found, &got, &e), 0);
}

static void
test_sums_come_in_the_order_of_their_keys(void **state)
{
	struct usage *u = usage_new(100);
	struct err e;

	(void)state;
	usage_put(u, "b", usage_some(1, 10, 0));
	usage_put(u, "", usage_some(5, 50, 0));
	usage_put(u, "c", usage_some(2, 20, 1));
	usage_put(u, "b", usage_some(3, 30, 4));
	assert_int_equal(usage_sort(u, &e), 0);
	usage_expect(u, "", usage_some(5, 50, 0));
	usage_expect(u, "b", usage_some(4, 40, 4));
	usage_expect(u, "c", usage_some(2, 20, 1));
	usage_ends(u);
	usage_free(&u);
	assert_null(u);
	usage_free(&u);
}

static void
test_there_may_be_nothing_to_sum(void **state)
{
	struct usage *u = usage_new(1);
	struct err e;

	(void)state;
	assert_int_equal(usage_sort(u, &e), 0);
	usage_ends(u);
	usage_free(&u);
}

static void
test_a_sum_that_is_too_large_is_the_largest(void **state)
{
	struct usage *u = usage_new(1);
	struct err e;

	(void)state;
	usage_put(u, "a", usage_some(UINT64_MAX - 1, 1, 0));
	usage_put(u, "a", usage_some(7, 1, 0));
	/* and through the sorter */
	usage_put(u, "b", usage_some(UINT64_MAX, 0, 0));
	usage_put(u, "a", usage_some(1, 1, 0));
	usage_put(u, "b", usage_some(UINT64_MAX, 0, 0));
	assert_int_equal(usage_sort(u, &e), 0);
	usage_expect(u, "a", usage_some(UINT64_MAX, 3, 0));
	usage_expect(u, "b", usage_some(UINT64_MAX, 0, 0));
	usage_ends(u);
	usage_free(&u);
}

/* However few keys there is room for, each has what was added to it. */
static void
test_what_does_not_fit_into_memory_is_summed_as_exactly(void **state)
{
	static const size_t rooms[] = { 1, 7, 1000, 5000 };
	static uint64_t want[SOME_KEYS];
	size_t i, k;

	(void)state;
	for (k = 0; k < TABLE_COUNT(rooms); k++) {
		struct usage *u = usage_new(rooms[k]);
		char key[16];
		struct err e;

		random_begin(random_seed() + k);
		memset(want, 0, sizeof(want));
		for (i = 0; i < SOME_ADDS; i++) {
			size_t which = random_below(SOME_KEYS);
			uint64_t n = 1 + random_below(100);

			want[which] += n;
			(void)snprintf(key, sizeof(key), "k%04zu", which);
			usage_put(u, key, usage_some(n, 2 * n, 0));
		}
		assert_int_equal(usage_sort(u, &e), 0);
		for (i = 0; i < SOME_KEYS; i++) {
			if (want[i] == 0)
				continue;
			(void)snprintf(key, sizeof(key), "k%04zu", i);
			usage_expect(u, key, usage_some(want[i], 2 * want[i],
			    0));
		}
		usage_ends(u);
		usage_free(&u);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_come_in_the_order_of_their_keys),
		cmocka_unit_test(test_there_may_be_nothing_to_sum),
		cmocka_unit_test(test_a_sum_that_is_too_large_is_the_largest),
		cmocka_unit_test(
		    test_what_does_not_fit_into_memory_is_summed_as_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
