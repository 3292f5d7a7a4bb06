/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/late.h"

#define LATE_LIBRARY "libc.so.6"

struct late_calls {
	int untouched;
	__typeof__(strlen) *length;
	__typeof__(strcmp) *compare;
};

static void
test_functions_are_where_they_belong(void **state)
{
	static const struct late_call list[] = {
		LATE_CALL(late_calls, compare, "strcmp"),
		LATE_CALL(late_calls, length, "strlen")
	};
	struct late_calls calls = { .untouched = 7 };
	struct err e;

	(void)state;
	assert_int_equal(late_load(LATE_LIBRARY, list, 2, &calls, &e), 0);
	assert_int_equal(calls.length("four"), 4);
	assert_int_equal(calls.compare("same", "same"), 0);
	assert_int_equal(calls.untouched, 7);
}

static void
test_what_is_missing_is_named(void **state)
{
	static const struct {
		const char *soname;
		const char *function;
		const char *named;
	} rows[] = {
		{ "libnobody-has-it.so.1", "strlen", "libnobody-has-it.so.1" },
		{ LATE_LIBRARY, "nobody_has_it", "nobody_has_it" }
	};
	struct late_calls calls = { .untouched = 7 };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct late_call list[] = {
			LATE_CALL(late_calls, length, rows[i].function)
		};

		assert_int_equal(late_load(rows[i].soname, list, 1, &calls,
		    &e), -1);
		assert_int_equal(e.reason, REASON_INTERNAL);
		assert_non_null(strstr(e.text, rows[i].named));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions_are_where_they_belong),
		cmocka_unit_test(test_what_is_missing_is_named)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
