/* SPDX-License-Identifier: BSD-2-Clause */

/* test_buf: a queue of bytes that never holds more than its maximum. */

#include "base/buf.h"

#include <string.h>

#include "tests/unit/table.h"

static void
empty_buffer_holds_nothing_and_owns_nothing(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_len(&b), 0);
	assert_int_equal(buf_view(&b).n, 0);
	assert_null(b.p);
	buf_drop(&b, 0);
	buf_drop(&b, 5);
	buf_clear(&b);
	assert_int_equal(buf_put(&b, (struct str){ NULL, 0 }), 0);
	assert_null(b.p);
	buf_fini(&b);
	buf_fini(&b);
}

static void
bytes_come_out_as_they_went_in(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_put(&b, STR("abc")), 0);
	assert_int_equal(buf_put(&b, STR("d\0e")), 0);
	assert_int_equal(buf_len(&b), 6);
	assert_memory_equal(buf_view(&b).p, "abcd\0e", 6);
	buf_drop(&b, 2);
	assert_int_equal(buf_len(&b), 4);
	assert_memory_equal(buf_view(&b).p, "cd\0e", 4);
	buf_drop(&b, 1000);
	assert_int_equal(buf_len(&b), 0);
	buf_fini(&b);
}

static void
the_maximum_is_reached_and_not_passed(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(buf_put(&b, STR("abcdef")), -1);
	assert_int_equal(buf_len(&b), 0);
	assert_int_equal(buf_put(&b, STR("abc")), 0);
	assert_int_equal(buf_put(&b, STR("def")), -1);
	TABLE_STR("abc", buf_view(&b), "abc");
	assert_int_equal(buf_put(&b, STR("de")), 0);
	TABLE_STR("abcde", buf_view(&b), "abcde");
	assert_int_equal(buf_put(&b, STR("f")), -1);
	assert_int_equal(buf_put(&b, STR("")), 0);
	buf_fini(&b);
}

static void
dropped_bytes_make_room_again(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(buf_put(&b, STR("abcde")), 0);
	buf_drop(&b, 3);
	assert_int_equal(buf_put(&b, STR("fghi")), -1);
	assert_int_equal(buf_put(&b, STR("fgh")), 0);
	TABLE_STR("defgh", buf_view(&b), "defgh");
	buf_clear(&b);
	assert_int_equal(buf_put(&b, STR("12345")), 0);
	TABLE_STR("12345", buf_view(&b), "12345");
	buf_fini(&b);
}

static void
a_long_stream_passes_through_in_order(void **state)
{
	struct buf b;
	unsigned char next = 0, want = 0;
	size_t round, i;

	(void)state;
	buf_init(&b, 1000);
	for (round = 0; round < 5000; round++) {
		size_t in = (round * 37) % 300;
		size_t out = (round * 53) % 320;
		char *to = buf_room(&b, in);

		if (to == NULL) {
			assert_true(in == 0 || buf_len(&b) + in > 1000);
		} else {
			for (i = 0; i < in; i++)
				to[i] = (char)next++;
			buf_grew(&b, in);
		}
		assert_true(buf_len(&b) <= 1000);
		for (i = 0; i < out && i < buf_len(&b); i++)
			assert_int_equal((unsigned char)buf_view(&b).p[i],
			    want++);
		buf_drop(&b, out);
	}
	assert_int_equal((unsigned char)(next - want), buf_len(&b) & 0xff);
	buf_fini(&b);
}

static void
room_is_not_content_until_told(void **state)
{
	struct buf b;
	char *to;

	(void)state;
	buf_init(&b, 2000);
	assert_null(buf_room(&b, 2001));
	assert_null(buf_room(&b, SIZE_MAX));
	assert_non_null(buf_room(&b, 0));
	to = buf_room(&b, 2000);
	assert_non_null(to);
	memset(to, 'x', 2000);
	assert_int_equal(buf_len(&b), 0);
	buf_grew(&b, 3);
	TABLE_STR("xxx", buf_view(&b), "xxx");
	assert_null(buf_room(&b, 1998));
	assert_non_null(buf_room(&b, 1997));
	buf_fini(&b);
}

static void
printing_fills_to_the_last_byte(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	assert_int_equal(buf_printf(&b, "%s", ""), 0);
	assert_int_equal(buf_len(&b), 0);
	assert_int_equal(buf_printf(&b, "%d-%s", 12, "ab"), 0);
	TABLE_STR("12-ab", buf_view(&b), "12-ab");
	assert_int_equal(buf_printf(&b, "%d", 1234), -1);
	TABLE_STR("12-ab", buf_view(&b), "12-ab");
	assert_int_equal(buf_printf(&b, "%d", 345), 0);
	TABLE_STR("12-ab345", buf_view(&b), "12-ab345");
	assert_int_equal(buf_printf(&b, "%d", 6), -1);
	buf_fini(&b);
}

static void
printing_much_grows(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	assert_int_equal(buf_printf(&b, "%50000d", 1), 0);
	assert_int_equal(buf_printf(&b, "%50000d", 2), 0);
	assert_int_equal(buf_len(&b), 100000);
	assert_int_equal(buf_view(&b).p[49999], '1');
	assert_int_equal(buf_view(&b).p[99999], '2');
	buf_fini(&b);
}

static void
rest_keeps_little_memory_and_no_byte(void **state)
{
	struct buf b;
	char *kept;

	(void)state;
	buf_init(&b, 1 << 20);
	buf_rest(&b);
	assert_null(b.p);
	assert_int_equal(buf_put(&b, STR("0123456789")), 0);
	kept = b.p;
	buf_rest(&b);
	assert_int_equal(buf_len(&b), 0);
	assert_ptr_equal(b.p, kept);
	assert_int_equal(buf_put(&b, STR("abc")), 0);
	assert_memory_equal(buf_view(&b).p, "abc", 3);
	assert_non_null(buf_room(&b, BUF_KEPT + 1));
	buf_rest(&b);
	assert_null(b.p);
	assert_int_equal(b.max, 1 << 20);
	buf_fini(&b);
}

static void
fini_gives_back_a_usable_buffer(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(buf_put(&b, STR("abcd")), 0);
	buf_fini(&b);
	assert_int_equal(buf_len(&b), 0);
	assert_int_equal(buf_put(&b, STR("abcde")), -1);
	assert_int_equal(buf_put(&b, STR("abcd")), 0);
	buf_fini(&b);
}

static void
numbers_are_put_as_digits_or_not_at_all(void **state)
{
	static const struct {
		uint64_t n;
		const char *want;
	} rows[] = {
		{ 0, "0" }, { 9, "9" }, { 10, "10" }, { 404, "404" },
		{ UINT64_MAX, "18446744073709551615" },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].want);

		buf_init(&b, n);
		assert_int_equal(buf_put_number(&b, rows[i].n), 0);
		assert_int_equal(buf_len(&b), n);
		assert_memory_equal(buf_view(&b).p, rows[i].want, n);
		assert_int_equal(buf_put_number(&b, 1), -1);
		assert_int_equal(buf_len(&b), n);
		buf_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_buffer_holds_nothing_and_owns_nothing),
		cmocka_unit_test(bytes_come_out_as_they_went_in),
		cmocka_unit_test(the_maximum_is_reached_and_not_passed),
		cmocka_unit_test(dropped_bytes_make_room_again),
		cmocka_unit_test(a_long_stream_passes_through_in_order),
		cmocka_unit_test(room_is_not_content_until_told),
		cmocka_unit_test(printing_fills_to_the_last_byte),
		cmocka_unit_test(numbers_are_put_as_digits_or_not_at_all),
		cmocka_unit_test(printing_much_grows),
		cmocka_unit_test(rest_keeps_little_memory_and_no_byte),
		cmocka_unit_test(fini_gives_back_a_usable_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
