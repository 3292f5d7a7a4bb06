/* SPDX-License-Identifier: BSD-2-Clause */

/* route, words: directives, and which shape is asked first. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "route/route.h"

static void
directives_are_found_by_their_words(void **state)
{
	enum directive found;
	int d;

	(void)state;
	for (d = 0; d < DIRECTIVE_COUNT; d++) {
		const char *word = directive_word((enum directive)d);

		assert_true(directive_find(str_of(word), &found));
		assert_int_equal(found, d);
		assert_true(strlen(directive_manual(found)) > 0);
	}
	assert_false(directive_find(STR("exac"), &found));
	assert_false(directive_find(STR("exactly"), &found));
	assert_false(directive_find(STR("Exact"), &found));
	assert_false(directive_find(STR(""), &found));
}

/* The map of yesterday holds these numbers. */
static void
directive_ids_are_those_of_the_format(void **state)
{
	(void)state;
	assert_int_equal(directive_id(DIRECTIVE_EXACT), 1);
	assert_int_equal(directive_id(DIRECTIVE_STRIP_PREFIX), 2);
	assert_int_equal(directive_id(DIRECTIVE_HOST), 3);
	assert_int_equal(directive_id(DIRECTIVE_TAG), 4);
	assert_int_equal(directive_id(DIRECTIVE_HEADERS), 5);
	assert_int_equal(directive_id(DIRECTIVE_RETRY_AFTER), 6);
	assert_int_equal(directive_id(DIRECTIVE_ENCODED_SLASH), 7);
	assert_int_equal(directive_id(DIRECTIVE_PLAN), 8);
	assert_int_equal(directive_id(DIRECTIVE_AUTH), 9);
	assert_int_equal(directive_id(DIRECTIVE_ALLOW), 11);
	assert_int_equal(directive_id(DIRECTIVE_DENY), 12);
	assert_int_equal(directive_id(DIRECTIVE_BACKUP), 26);
}

/* Each has one of the 64 tags of its level. */
static void
directive_ids_are_their_own(void **state)
{
	uint64_t seen = 1;
	int d;

	(void)state;
	for (d = 0; d < DIRECTIVE_COUNT; d++) {
		int id = directive_id((enum directive)d);

		assert_in_range(id, 1, 62);
		assert_true((seen >> id & 1) == 0);
		seen |= UINT64_C(1) << id;
	}
}

static void
directives_stand_where_they_mean_something(void **state)
{
	(void)state;
	assert_int_equal(directive_on(DIRECTIVE_EXACT), ON_ROUTE);
	assert_int_equal(directive_on(DIRECTIVE_AUTH), ON_ROUTE | ON_SERVICE);
	assert_int_equal(directive_on(DIRECTIVE_RETRY), ON_SERVICE);
	assert_int_equal(directive_on(DIRECTIVE_WEIGHT), ON_ORIGIN);
}

static void
internal_pages_are_found_by_their_words(void **state)
{
	enum internal_page found;
	int page;

	(void)state;
	for (page = 0; page < INTERNAL_COUNT; page++) {
		const char *word = internal_word((enum internal_page)page);

		assert_true(internal_find(str_of(word), &found));
		assert_int_equal(found, page);
	}
	assert_false(internal_find(STR("metric"), &found));
	assert_false(internal_find(STR("statuses"), &found));
	assert_false(internal_find(STR(""), &found));
}

static void
flags_and_values_are_told_apart(void **state)
{
	(void)state;
	assert_true(directive_is_flag(DIRECTIVE_EXACT));
	assert_true(directive_is_flag(DIRECTIVE_STRIP_PREFIX));
	assert_false(directive_is_flag(DIRECTIVE_HOST));
	assert_false(directive_is_flag(DIRECTIVE_TAG));
}

static void
schemes_have_words(void **state)
{
	(void)state;
	assert_string_equal(origin_scheme_word(ORIGIN_HTTP), "http");
	assert_string_equal(origin_scheme_word(ORIGIN_HTTPS), "https");
	assert_string_equal(origin_scheme_word(ORIGIN_UNIX), "unix");
}

/* The order in which they are asked; bit 0 is the first segment. */
static const struct route_shape asked[] = {
	{ .segments = 32, .captures = 0xffffffff },
	{ .segments = 3, .captures = 0, .exact = true }, /* LLL exact */
	{ .segments = 3, .captures = 0 },                /* LLL */
	{ .segments = 3, .captures = 4, .exact = true }, /* LLC exact */
	{ .segments = 3, .captures = 4 },                /* LLC */
	{ .segments = 3, .captures = 2 },                /* LCL */
	{ .segments = 3, .captures = 6 },                /* LCC */
	{ .segments = 3, .captures = 1 },                /* CLL */
	{ .segments = 3, .captures = 7, .exact = true }, /* CCC exact */
	{ .segments = 2, .captures = 0 },
	{ .segments = 1, .captures = 0, .exact = true },
	{ .segments = 1, .captures = 0 },
	{ .segments = 1, .captures = 1 },
	{ .segments = 0, .exact = true },
};

static void
shapes_are_asked_most_specific_first(void **state)
{
	const size_t n = sizeof(asked) / sizeof(asked[0]);
	size_t i, j;

	(void)state;
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			int order = route_shape_order(&asked[i], &asked[j]);

			assert_int_equal(order < 0, i < j);
			assert_int_equal(order > 0, i > j);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directives_are_found_by_their_words),
		cmocka_unit_test(directive_ids_are_those_of_the_format),
		cmocka_unit_test(directive_ids_are_their_own),
		cmocka_unit_test(directives_stand_where_they_mean_something),
		cmocka_unit_test(internal_pages_are_found_by_their_words),
		cmocka_unit_test(flags_and_values_are_told_apart),
		cmocka_unit_test(schemes_have_words),
		cmocka_unit_test(shapes_are_asked_most_specific_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
