/* SPDX-License-Identifier: BSD-2-Clause */

/* sorter: order of bytes, equal keys as they were put, any number. */

#include "tools/sorter.h"

#include "tests/unit/table.h"

#include <stdio.h>
#include <string.h>

static void
put(struct sorter *s, struct str key, const char *value)
{
	struct err e;

	assert_int_equal(sorter_put(s, key, str_of(value), &e), 0);
}

static void
next(struct sorter *s, const char *row, struct str want,
    const char *want_value)
{
	struct str key, value;
	struct err e;

	TABLE_INT(row, sorter_next(s, &key, &value, &e), 1);
	if (!str_eq(key, want))
		fail_msg("row '%s': got '%.*s'", row, STR_ARG(key));
	TABLE_STR(row, value, want_value);
}

static void
end(struct sorter *s)
{
	struct str key, value;
	struct err e;

	assert_int_equal(sorter_next(s, &key, &value, &e), 0);
	assert_int_equal(sorter_next(s, &key, &value, &e), 0);
}

static void
test_nothing_in_is_nothing_out(void **state)
{
	struct sorter *s = sorter_new();
	struct err e;

	(void)state;
	assert_int_equal(sorter_sort(s, &e), 0);
	end(s);
	sorter_free(&s);
	assert_null(s);
	sorter_free(&s);
}

static void
test_order_is_of_bytes_then_of_length(void **state)
{
	struct sorter *s = sorter_new();
	struct err e;

	(void)state;
	put(s, STR("habcdefgh\xff"), "7");
	put(s, STR("habcdefgh"), "5");
	put(s, STR("habcdefgha"), "6");
	put(s, STR("h"), "2");
	put(s, STR("h\0"), "3");
	put(s, STR("habc"), "4");
	put(s, STR(""), "1");
	put(s, STR("\xfe"), "8");
	assert_int_equal(sorter_sort(s, &e), 0);
	next(s, "empty", STR(""), "1");
	next(s, "one byte", STR("h"), "2");
	next(s, "a NUL", STR("h\0"), "3");
	next(s, "short", STR("habc"), "4");
	next(s, "same first bytes", STR("habcdefgh"), "5");
	next(s, "longer", STR("habcdefgha"), "6");
	next(s, "high byte", STR("habcdefgh\xff"), "7");
	next(s, "first byte high", STR("\xfe"), "8");
	end(s);
	sorter_free(&s);
}

static void
test_equal_keys_come_as_they_were_put(void **state)
{
	struct sorter *s = sorter_new();
	char value[16];
	struct err e;
	int i;

	(void)state;
	put(s, STR("z"), "last");
	for (i = 0; i < 100; i++) {
		snprintf(value, sizeof(value), "%d", i);
		put(s, STR("k"), value);
	}
	assert_int_equal(sorter_sort(s, &e), 0);
	for (i = 0; i < 100; i++) {
		snprintf(value, sizeof(value), "%d", i);
		next(s, value, STR("k"), value);
	}
	next(s, "last", STR("z"), "last");
	end(s);
	sorter_free(&s);
}

static void
test_any_number_in_any_order(void **state)
{
	static const unsigned counts[] = { 1, 2, 3, 1023, 1024, 1025, 100003 };
	size_t c;

	(void)state;
	for (c = 0; c < TABLE_COUNT(counts); c++) {
		struct sorter *s = sorter_new();
		char key[32];
		struct err e;
		unsigned i;

		for (i = 0; i < counts[c]; i++) {
			snprintf(key, sizeof(key), "key%09u",
			    (unsigned)(i * 7919ull % counts[c]));
			put(s, str_of(key), key + 3);
		}
		assert_int_equal(sorter_sort(s, &e), 0);
		for (i = 0; i < counts[c]; i++) {
			snprintf(key, sizeof(key), "key%09u", i);
			next(s, key, str_of(key), key + 3);
		}
		end(s);
		sorter_free(&s);
	}
}

static void
test_a_record_larger_than_a_block_fits(void **state)
{
	struct sorter *s = sorter_new();
	size_t n = 3u << 20;
	char *text = malloc(n + 1);
	struct err e;

	(void)state;
	memset(text, 'x', n);
	text[n] = '\0';
	put(s, STR("b"), "after");
	put(s, STR("a"), text);
	put(s, STR("c"), "end");
	assert_int_equal(sorter_sort(s, &e), 0);
	next(s, "large", STR("a"), text);
	next(s, "after", STR("b"), "after");
	next(s, "end", STR("c"), "end");
	end(s);
	sorter_free(&s);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_in_is_nothing_out),
		cmocka_unit_test(test_order_is_of_bytes_then_of_length),
		cmocka_unit_test(test_equal_keys_come_as_they_were_put),
		cmocka_unit_test(test_any_number_in_any_order),
		cmocka_unit_test(test_a_record_larger_than_a_block_fits),
	};

	return cmocka_run_group_tests_name("sorter", tests, NULL, NULL);
}
