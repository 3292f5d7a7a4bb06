/* SPDX-License-Identifier: BSD-2-Clause */

/* test_fresh: for how long an answer may be used again. */

#include "http/fresh.h"

#include "tests/unit/table.h"

enum { FRESH_ARENA = 1 << 16 };

/* 1994-11-06 08:49:37 UTC */
static const int64_t fresh_now = 784111777;

#define NOW "Sun, 06 Nov 1994 08:49:37 GMT"
#define HOUR_ON "Sun, 06 Nov 1994 09:49:37 GMT"

static const struct {
	const char *fields; /* by lines */
	int64_t want;
} fresh_answers[] = {
	{ "", FRESH_UNSAID },
	{ "Cache-Control:", FRESH_UNSAID },
	{ "Cache-Control: public, must-revalidate", FRESH_UNSAID },
	{ "Vary: Cookie", FRESH_UNSAID },
	{ "cache-control: MAX-AGE=60", 60 },
	{ "Cache-Control: max-age=\"60\"", 60 },
	{ "Cache-Control: public,max-age = 60 , x=\"a, max-age=1\"", 60 },
	{ "Cache-Control: max-age=60\nCache-Control: s-maxage=30", 30 },
	{ "Cache-Control: s-maxage=60, max-age=30", 30 },
	{ "Cache-Control: max-age=0", 0 },
	{ "Cache-Control: max-age=-1", 0 },
	{ "Cache-Control: max-age=1.5", 0 },
	{ "Cache-Control: max-age", 0 },
	{ "Cache-Control: max-age=60s", 0 },
	{ "Cache-Control: max-age=99999999999999999999", 0 },
	{ "Cache-Control: no-store, max-age=60", 0 },
	{ "Cache-Control: max-age=60\nCache-Control: No-Cache", 0 },
	{ "Cache-Control: no-cache=\"Set-Cookie\", max-age=60", 0 },
	{ "Cache-Control: private, max-age=60", 0 },
	{ "Cache-Control: no-storex, max-age=60", 60 },
	{ "Vary: Cookie, *\nCache-Control: max-age=60", 0 },
	{ "Expires: " HOUR_ON, 3600 },
	{ "Expires: " HOUR_ON "\nDate: " NOW, 3600 },
	{ "Expires: " HOUR_ON "\nDate: " HOUR_ON, 0 },
	{ "Date: Sun, 06 Nov 1994 08:48:37 GMT\nExpires: " HOUR_ON, 3660 },
	{ "Expires: " NOW, 0 },
	{ "Expires: " HOUR_ON "\nExpires: 0", 0 },
	{ "Expires: 0", 0 },
	{ "Expires: Sun, 06 Nov 1994 09:49:37 UTC", 0 },
	{ "Expires: Sunday, 06-Nov-94 09:49:37 GMT", 0 },
	{ "Expires: Sun Nov  6 09:49:37 1994", 0 },
	{ "Expires: Sun, 06 Nox 1994 09:49:37 GMT", 0 },
	{ "Expires: Sun, 06 Nov 1994 24:49:37 GMT", 0 },
	{ "Expires: Sun, 00 Nov 1994 09:49:37 GMT", 0 },
	{ "Expires: Sun, 06 Nov 1894 09:49:37 GMT", 0 },
	{ "Expires: Thu, 01 Jan 9999 00:00:00 GMT\nDate: " NOW,
	  252586653023 },
	/* the newer word counts alone (RFC 9111 5.3) */
	{ "Expires: 0\nCache-Control: max-age=60", 60 },
	{ "Age: 20\nCache-Control: max-age=60", 40 },
	{ "Age: 60\nCache-Control: max-age=60", 0 },
	{ "Age: 70\nExpires: " HOUR_ON, 3530 },
	{ "Age: 30\nCache-Control: max-age=60\nAge: 20", 30 },
	{ "Age: soon\nCache-Control: max-age=60", 0 },
	{ "Age: 70", FRESH_UNSAID },
};

static void
an_answer_is_used_as_long_as_it_says_and_no_longer(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(fresh_answers); i++) {
		struct str left = str_of(fresh_answers[i].fields), one, name;
		struct header h;
		struct arena a;

		arena_init(&a, FRESH_ARENA);
		header_init(&h, &a);
		while (left.n > 0) {
			(void)str_cut(left, '\n', &one, &left);
			(void)str_cut(one, ':', &name, &one);
			assert_int_equal(header_add(&h, name, str_trim(one)),
			    0);
		}
		TABLE_INT(fresh_answers[i].fields, fresh_seconds(&h,
		    fresh_now), fresh_answers[i].want);
		arena_fini(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_answer_is_used_as_long_as_it_says_and_no_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
