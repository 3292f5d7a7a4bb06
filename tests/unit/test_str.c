/* SPDX-License-Identifier: BSD-2-Clause */

/* test_str: slices at their edges. */

#include "base/str.h"

#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/table.h"

static const struct str str_null = { NULL, 0 };

static void
sub_is_cut_to_the_slice(void **state)
{
	static const struct {
		size_t from, to;
		const char *want;
	} rows[] = {
		{ 0, 3, "abc" },
		{ 0, 2, "ab" },
		{ 1, 2, "b" },
		{ 1, 99, "bc" },
		{ 3, 3, "" },
		{ 2, 1, "" },
		{ 4, 9, "" },
		{ SIZE_MAX, SIZE_MAX, "" },
		{ 0, SIZE_MAX, "abc" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++)
		TABLE_STR(rows[i].want,
		    str_sub(STR("abc"), rows[i].from, rows[i].to),
		    rows[i].want);
	assert_int_equal(str_sub(str_null, 0, 5).n, 0);
	assert_int_equal(str_sub(str_null, 1, 5).n, 0);
}

static void
equality_is_of_length_and_bytes(void **state)
{
	(void)state;
	assert_true(str_eq(STR("a\0b"), STR("a\0b")));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
	assert_false(str_eq(STR("a"), STR("ab")));
	assert_false(str_eq(STR("a"), STR("A")));
	assert_true(str_eq(str_null, STR("")));
	assert_true(str_eq_nocase(STR("aBc-1"), STR("AbC-1")));
	assert_false(str_eq_nocase(STR("aBc"), STR("aBcd")));
	assert_true(str_eq_nocase(str_null, STR("")));
	/* These differ by the case bit alone, but are no letters. */
	assert_false(str_eq_nocase(STR("@["), STR("`{")));
	assert_false(str_eq_nocase(STR("\xc4"), STR("\xe4")));
}

static void
starts_and_ends_take_whole_prefixes(void **state)
{
	(void)state;
	assert_true(str_starts(STR("abc"), STR("")));
	assert_true(str_starts(STR("abc"), STR("abc")));
	assert_false(str_starts(STR("abc"), STR("abcd")));
	assert_false(str_starts(STR("abc"), STR("b")));
	assert_false(str_starts(STR("abc"), STR("A")));
	assert_true(str_starts_nocase(STR("abc"), STR("AB")));
	assert_false(str_starts_nocase(STR("a"), STR("AB")));
	assert_true(str_ends(STR("abc"), STR("bc")));
	assert_true(str_ends(STR("abc"), STR("")));
	assert_true(str_ends(STR("abc"), STR("abc")));
	assert_false(str_ends(STR("abc"), STR("zabc")));
	assert_false(str_ends(STR("abc"), STR("b")));
	assert_true(str_starts(str_null, str_null));
	assert_true(str_ends(str_null, str_null));
}

static void
order_is_of_unsigned_bytes_then_length(void **state)
{
	static const char *const sorted[] = { "", "A", "AB", "B", "a", "aa",
		"ab", "b", "\x7f", "\x80", "\xff", "\xff\x01" };
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE_COUNT(sorted); i++) {
		for (k = 0; k < TABLE_COUNT(sorted); k++) {
			int got = str_cmp(str_of(sorted[i]),
			    str_of(sorted[k]));

			TABLE_INT(sorted[i], (got > 0) - (got < 0),
			    (i > k) - (i < k));
		}
	}
	assert_true(str_cmp(STR("a"), STR("a\0")) < 0);
	assert_int_equal(str_cmp(str_null, STR("")), 0);
}

static void
find_and_cut_take_the_first(void **state)
{
	struct str before, after;

	(void)state;
	assert_int_equal(str_find(STR("a=b=c"), '='), 1);
	assert_int_equal(str_find(STR("abc"), '='), 3);
	assert_int_equal(str_find(str_null, '='), 0);
	assert_int_equal(str_find(STR("a\0b"), '\0'), 1);

	assert_true(str_cut(STR("a=b=c"), '=', &before, &after));
	TABLE_STR("before", before, "a");
	TABLE_STR("after", after, "b=c");
	assert_true(str_cut(STR("="), '=', &before, &after));
	TABLE_STR("before", before, "");
	TABLE_STR("after", after, "");
	assert_false(str_cut(STR("abc"), '=', &before, &after));
	TABLE_STR("before", before, "abc");
	TABLE_STR("after", after, "");
	assert_false(str_cut(str_null, '=', &before, &after));
	assert_int_equal(before.n, 0);
	assert_int_equal(after.n, 0);
}

static void
trim_takes_blanks_at_both_ends_only(void **state)
{
	(void)state;
	TABLE_STR("a b", str_trim(STR(" \t a b\t ")), "a b");
	TABLE_STR("none", str_trim(STR("a")), "a");
	TABLE_STR("all", str_trim(STR(" \t ")), "");
	TABLE_STR("lines stay", str_trim(STR("\r\na\n")), "\r\na\n");
	assert_int_equal(str_trim(str_null).n, 0);
}

/* Byte by byte, as the words of eight must answer. */
static bool
str_same_slowly(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_lower(a[i]) != str_lower(b[i]))
			return false;
	return true;
}

/* Each pair of bytes, at each place of words and of what is left of them. */
static void
equality_without_case_is_that_of_each_byte(void **state)
{
	static const size_t lengths[] = { 1, 7, 8, 9, 15, 16, 17 };
	char a[17], b[17];
	unsigned x, y;
	size_t i, at;

	(void)state;
	for (i = 0; i < TABLE_COUNT(lengths); i++) {
		for (at = 0; at < lengths[i]; at++) {
			memset(a, 'q', sizeof(a));
			memset(b, 'Q', sizeof(b));
			for (x = 0; x < 256; x++)
				for (y = 0; y < 256; y++) {
					a[at] = (char)x;
					b[at] = (char)y;
					assert_true(str_eq_nocase(
					    (struct str){ a, lengths[i] },
					    (struct str){ b, lengths[i] }) ==
					    str_same_slowly(a, b,
					        lengths[i]));
				}
		}
	}
}

static void
text_is_put_whole_and_nothing_behind_it(void **state)
{
	const struct str all = STR("0123456789abcdefghijklmnopqrstuvwxyz");
	char to[40];
	size_t n;

	(void)state;
	for (n = 0; n <= all.n; n++) {
		char *from = table_exact(str_sub(all, 0, n));
		char *end;

		memset(to, '!', sizeof(to));
		end = str_put(to, (struct str){ from, n });
		assert_ptr_equal(end, to + n);
		assert_memory_equal(to, all.p, n);
		assert_int_equal(*end, '!');
		free(from);
	}
	assert_ptr_equal(str_put(to, (struct str){ NULL, 0 }), to);
}

static void
decimals_have_no_zeros_before_them(void **state)
{
	static const struct {
		uint64_t n;
		const char *want;
	} rows[] = {
		{ 0, "0" },
		{ 9, "9" },
		{ 10, "10" },
		{ 65535, "65535" },
		{ UINT64_MAX, "18446744073709551615" },
	};
	char room[STR_DECIMAL_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++)
		TABLE_STR(rows[i].want, str_decimal(rows[i].n, room),
		    rows[i].want);
}

static void
numbers_are_digits_within_the_maximum(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool good;
		uint64_t value;
	} rows[] = {
		{ "0", 0, true, 0 },
		{ "1", 0, false, 0 },
		{ "9", 8, false, 0 },
		{ "8", 8, true, 8 },
		{ "007", 7, true, 7 },
		{ "10", 9, false, 0 },
		{ "65535", 65535, true, 65535 },
		{ "65536", 65535, false, 0 },
		{ "655350", 65535, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "18446744073709551615", UINT64_MAX - 1, false, 0 },
		{ "99999999999999999999999", UINT64_MAX, false, 0 },
		{ "9223372036854775807", INT64_MAX, true, INT64_MAX },
		{ "9223372036854775808", INT64_MAX, false, 0 },
		{ "", 9, false, 0 },
		{ "-1", 9, false, 0 },
		{ "+1", 9, false, 0 },
		{ " 1", 9, false, 0 },
		{ "1 ", 9, false, 0 },
		{ "0x1", 99, false, 0 },
		{ "1e1", 99, false, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		uint64_t got = 77;
		bool good = str_to_u64(str_of(rows[i].text), rows[i].max,
		    &got);

		TABLE_INT(rows[i].text, good, rows[i].good);
		if (good)
			assert_true(got == rows[i].value);
		else
			TABLE_INT(rows[i].text, got, 77);
	}
}

static void
letter_rules_are_ascii_for_every_byte(void **state)
{
	int byte;

	(void)state;
	for (byte = 0; byte < 256; byte++) {
		char c = (char)byte;
		bool ascii = byte < 128;
		bool alpha = ascii && isalpha(byte) != 0;
		bool digit = ascii && isdigit(byte) != 0;
		bool hex = ascii && isxdigit(byte) != 0;

		assert_int_equal(str_is_alpha(c), alpha);
		assert_int_equal(str_is_digit(c), digit);
		assert_int_equal(str_is_alnum(c), alpha || digit);
		assert_int_equal(str_is_control(c), ascii && iscntrl(byte));
		assert_int_equal((unsigned char)str_lower(c),
		    ascii ? tolower(byte) : byte);
		assert_int_equal((unsigned char)str_upper(c),
		    ascii ? toupper(byte) : byte);
		assert_int_equal(str_hex(c) != -1, hex);
		if (hex)
			assert_int_equal("0123456789abcdef"[str_hex(c)],
			    tolower(byte));
	}
}

static void
printing_a_slice_takes_any_slice(void **state)
{
	char text[16];

	(void)state;
	snprintf(text, sizeof(text), "[%.*s]", STR_ARG(str_null));
	assert_string_equal(text, "[]");
	snprintf(text, sizeof(text), "[%.*s]", STR_ARG(STR("abc")));
	assert_string_equal(text, "[abc]");
	assert_int_equal(str_int(SIZE_MAX), INT_MAX);
	assert_int_equal(str_int(7), 7);
	assert_int_equal(str_of(NULL).n, 0);
	assert_int_equal(str_of("abc").n, 3);
	assert_int_equal(STR("a\0b").n, 3);
}

static void
a_name_is_small_letters_digits_and_marks(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = {
		{ "a", true }, { "0", true }, { "a.b_c-d", true },
		{ "a-", true }, { "", false }, { "-a", false },
		{ ".a", false }, { "_a", false }, { "A", false },
		{ "a/b", false }, { "a b", false }, { "\xc3\xa4", false },
	};
	char longest[STR_NAME_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++)
		TABLE_INT(rows[i].text, str_is_name(str_of(rows[i].text)),
		    rows[i].want);
	memset(longest, 'a', sizeof(longest));
	assert_true(str_is_name((struct str){ longest, STR_NAME_MAX }));
	assert_false(str_is_name((struct str){ longest, STR_NAME_MAX + 1 }));
	assert_false(str_is_name(STR("a\0")));
	assert_false(str_is_name(str_null));
}

/* Every line of lists of all lengths is found, what is between is not. */
static void
a_line_is_found_in_sorted_ones(void **state)
{
	static const char *const names[] = { "a", "aa", "ab", "b-a", "b-b",
		"x", "x-a", "x-aa", "x-b", "y" };
	static const char *const others[] = { "", "0", "a-", "aaa", "b",
		"b-", "b-ab", "x-", "x-aaa", "yy", "z", "a\nb" };
	char list[128] = "";
	size_t count, i, n = 0;

	(void)state;
	assert_false(str_lines_have(str_null, STR("a")));
	for (count = 0; count < TABLE_COUNT(names); count++) {
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
		    count > 0 ? "\n" : "", names[count]);
		for (i = 0; i < TABLE_COUNT(names); i++)
			TABLE_INT(names[i], str_lines_have(str_of(list),
			    str_of(names[i])), i <= count);
		for (i = 0; i < TABLE_COUNT(others); i++)
			TABLE_INT(others[i], str_lines_have(str_of(list),
			    str_of(others[i])), false);
	}
	assert_true(str_lines_have(str_of(list), STR("X-Aa")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sub_is_cut_to_the_slice),
		cmocka_unit_test(equality_is_of_length_and_bytes),
		cmocka_unit_test(starts_and_ends_take_whole_prefixes),
		cmocka_unit_test(order_is_of_unsigned_bytes_then_length),
		cmocka_unit_test(find_and_cut_take_the_first),
		cmocka_unit_test(trim_takes_blanks_at_both_ends_only),
		cmocka_unit_test(
		    equality_without_case_is_that_of_each_byte),
		cmocka_unit_test(text_is_put_whole_and_nothing_behind_it),
		cmocka_unit_test(decimals_have_no_zeros_before_them),
		cmocka_unit_test(numbers_are_digits_within_the_maximum),
		cmocka_unit_test(letter_rules_are_ascii_for_every_byte),
		cmocka_unit_test(a_name_is_small_letters_digits_and_marks),
		cmocka_unit_test(a_line_is_found_in_sorted_ones),
		cmocka_unit_test(printing_a_slice_takes_any_slice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
