/* SPDX-License-Identifier: BSD-2-Clause */

/* test_timing: microseconds as milliseconds, what did not happen left out. */

#include "serve/timing.h"

#include "tests/unit/table.h"

static void
what_happened_is_told_in_milliseconds(void **state)
{
	static const struct {
		struct timing t;
		const char *want;
	} rows[] = {
		{ { 0, 0, 0 }, "route;dur=0.000, connect;dur=0.000, "
		    "origin;dur=0.000" },
		{ { 21, 1500, 12730001 }, "route;dur=0.021, "
		    "connect;dur=1.500, origin;dur=12730.001" },
		{ { 999, -1, -1 }, "route;dur=0.999" },
		{ { 1000, 7, -1 }, "route;dur=1.000, connect;dur=0.007" },
		{ { -1, 7, 8 }, "connect;dur=0.007, origin;dur=0.008" },
		{ { -1, -1, -1 }, "" },
		{ { INT64_MAX, INT64_MAX, INT64_MAX },
		    "route;dur=9223372036854775.807, "
		    "connect;dur=9223372036854775.807, "
		    "origin;dur=9223372036854775.807" },
	};
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, 1 << 16);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct str text = timing_text(&rows[i].t, &a);

		assert_non_null(text.p);
		TABLE_STR(rows[i].want, text, rows[i].want);
	}
	arena_fini(&a);
}

static void
a_full_arena_has_no_text(void **state)
{
	const struct timing t = { 1, 1, 1 };
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_null(timing_text(&t, &a).p);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_happened_is_told_in_milliseconds),
		cmocka_unit_test(a_full_arena_has_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
