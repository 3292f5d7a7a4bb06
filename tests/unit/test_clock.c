/* SPDX-License-Identifier: BSD-2-Clause */

/* clock: never back, and a test's own when it says so. */

#include "base/clock.h"
#include "table.h"

static int64_t clock_told;

static int64_t
clock_tell(void)
{
	return clock_told;
}

static void
it_never_goes_back(void **state)
{
	int64_t last = clock_us();
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		int64_t now = clock_us();

		assert_true(now >= last);
		last = now;
	}
}

static void
it_goes_on_in_microseconds(void **state)
{
	struct timespec before, after;
	int64_t from, to, passed;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
	from = clock_us();
	while ((to = clock_us()) < from + 2000)
		;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
	passed = (after.tv_sec - before.tv_sec) * 1000000 +
	    (after.tv_nsec - before.tv_nsec) / 1000;
	assert_true(to - from <= passed + 1);
	assert_true(to - from >= 2000);
}

static void
milliseconds_are_those_of_the_microseconds(void **state)
{
	int64_t before = clock_us() / 1000;
	int64_t now = clock_ms();
	int64_t after = clock_us() / 1000;

	(void)state;
	assert_true(before <= now && now <= after);
}

static void
a_test_says_what_time_it_is(void **state)
{
	int64_t before = clock_us();

	(void)state;
	clock_replace(clock_tell);
	clock_told = 1234567;
	assert_int_equal(clock_us(), 1234567);
	assert_int_equal(clock_ms(), 1234);
	clock_told = 1;
	assert_int_equal(clock_us(), 1);
	clock_replace(NULL);
	assert_true(clock_us() >= before);
}

static void
the_wall_clock_is_that_of_people(void **state)
{
	time_t before = time(NULL);
	struct timespec now = clock_wall();
	struct timespec then;

	(void)state;
	assert_true(now.tv_sec >= before - 1);
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &then), 0);
	assert_true(now.tv_sec <= then.tv_sec);
	assert_in_range(now.tv_nsec, 0, 999999999);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_never_goes_back),
		cmocka_unit_test(it_goes_on_in_microseconds),
		cmocka_unit_test(milliseconds_are_those_of_the_microseconds),
		cmocka_unit_test(a_test_says_what_time_it_is),
		cmocka_unit_test(the_wall_clock_is_that_of_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
