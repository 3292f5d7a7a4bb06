/* SPDX-License-Identifier: BSD-2-Clause */

/* test_stale: who is looked up again, and how often. */

#include "relay/stale.h"

#include <stdio.h>

#include "tests/unit/table.h"

static void
only_who_failed_is_looked_up_again(void **state)
{
	struct stale s;

	(void)state;
	stale_init(&s);
	assert_false(stale_take(&s, STR("http://a:80"), 5000));
	stale_add(&s, STR("http://a:80"));
	assert_false(stale_take(&s, STR("http://a:81"), 5000));
	assert_true(stale_take(&s, STR("http://a:80"), 5000));
	assert_false(stale_take(&s, STR("http://a:80"), 9000));
	stale_fini(&s);
}

static void
who_fails_again_is_looked_up_once_a_second(void **state)
{
	struct stale s;
	int64_t now;
	int looked = 0;

	(void)state;
	stale_init(&s);
	for (now = 0; now < 10 * STALE_PAUSE_MS; now++) {
		stale_add(&s, STR("http://a:80"));
		looked += stale_take(&s, STR("http://a:80"), now);
	}
	assert_int_equal(looked, 10);
	stale_fini(&s);
}

/* One may be forgotten for another, none is taken for another. */
static void
many_stay_apart(void **state)
{
	enum { MANY = 10 * STALE_MOST };
	char name[32];
	struct stale s;
	int i, found = 0;

	(void)state;
	stale_init(&s);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "http://o%d:80", i);
		stale_add(&s, str_of(name));
	}
	for (i = 0; i < 2 * MANY; i++) {
		snprintf(name, sizeof(name), "http://o%d:80", i);
		if (stale_take(&s, str_of(name), 0)) {
			assert_true(i < MANY);
			found++;
		}
	}
	assert_in_range(found, 1, STALE_MOST);
	stale_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_failed_is_looked_up_again),
		cmocka_unit_test(who_fails_again_is_looked_up_once_a_second),
		cmocka_unit_test(many_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
