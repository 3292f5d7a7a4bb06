/* SPDX-License-Identifier: BSD-2-Clause */

/* test_arena: zeroed, aligned, apart, and never past the ceiling. */

#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/table.h"

static bool
arena_is_zero(const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static void
objects_are_zeroed_aligned_and_apart(void **state)
{
	unsigned char *objects[500];
	struct arena a;
	size_t i, k;

	(void)state;
	arena_init(&a, 1 << 20);
	for (i = 0; i < 500; i++) {
		objects[i] = arena_alloc(&a, i);
		assert_non_null(objects[i]);
		assert_int_equal((uintptr_t)objects[i] % alignof(max_align_t),
		    0);
		assert_true(arena_is_zero(objects[i], i));
		if (i > 0)
			memset(objects[i], (int)(i & 0xff), i);
	}
	for (i = 0; i < 500; i++)
		for (k = 0; k < i; k++)
			assert_int_equal(objects[i][k], i & 0xff);
	arena_fini(&a);
}

static void
memory_used_again_after_reset_is_zeroed(void **state)
{
	struct arena a;
	unsigned char *p;

	(void)state;
	arena_init(&a, 1 << 20);
	p = arena_alloc(&a, 100);
	assert_non_null(p);
	memset(p, 0xff, 100);
	arena_reset(&a);
	p = arena_alloc(&a, 100);
	assert_non_null(p);
	assert_true(arena_is_zero(p, 100));
	arena_fini(&a);
}

static void
nothing_passes_the_ceiling(void **state)
{
	struct arena a;
	size_t n = 0;

	(void)state;
	arena_init(&a, 20000);
	assert_false(a.full);
	while (arena_alloc(&a, 1000) != NULL) {
		assert_true(++n < 100);
		assert_true(a.taken <= 20000);
	}
	assert_true(n >= 8);
	assert_true(a.full);
	assert_true(a.taken <= 20000);
	arena_fini(&a);
}

static void
one_object_larger_than_the_ceiling_is_refused(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 20000);
	assert_null(arena_alloc(&a, 20001));
	assert_true(a.full);
	assert_null(arena_alloc(&a, 20000)); /* its own head counts too */
	assert_non_null(arena_alloc(&a, 15000));
	arena_fini(&a);
}

static void
sizes_near_the_end_of_the_range_do_not_wrap(void **state)
{
	struct arena a;
	size_t less;

	(void)state;
	arena_init(&a, SIZE_MAX);
	for (less = 0; less < 16; less++)
		assert_null(arena_alloc(&a, SIZE_MAX - less));
	assert_true(a.full);
	arena_fini(&a);
}

static void
refusal_leaves_room_for_what_still_fits(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 8192);
	assert_non_null(arena_alloc(&a, 100));
	assert_null(arena_alloc(&a, 8000));
	assert_non_null(arena_alloc(&a, 100));
	assert_true(a.full); /* it stays said */
	arena_fini(&a);
}

static void
reset_gives_back_all_but_one_small_chunk(void **state)
{
	struct arena a;
	int round;

	(void)state;
	arena_init(&a, 100000);
	for (round = 0; round < 3; round++) {
		while (arena_alloc(&a, 700) != NULL)
			;
		assert_true(a.full);
		arena_reset(&a);
		assert_false(a.full);
		assert_true(a.taken <= 4096);
		assert_non_null(arena_alloc(&a, 90000));
		arena_reset(&a);
		assert_true(a.taken <= 4096);
	}
	arena_reset(&a);
	arena_fini(&a);
	assert_int_equal(a.taken, 0);
	assert_int_equal(a.ceiling, 100000);
	assert_non_null(arena_alloc(&a, 1));
	arena_fini(&a);
	arena_fini(&a);
}

static void
copies_are_apart_and_have_a_nul_behind_them(void **state)
{
	char text[] = "abc";
	struct arena a;
	struct str copy;

	(void)state;
	arena_init(&a, 1 << 16);
	copy = arena_copy(&a, (struct str){ text, 3 });
	text[0] = 'x';
	TABLE_STR("abc", copy, "abc");
	assert_int_equal(copy.p[3], '\0');
	copy = arena_copy(&a, STR("a\0b"));
	assert_int_equal(copy.n, 3);
	assert_memory_equal(copy.p, "a\0b", 4);
	copy = arena_copy(&a, (struct str){ NULL, 0 });
	assert_int_equal(copy.n, 0);
	assert_non_null(copy.p);
	assert_int_equal(copy.p[0], '\0');
	arena_fini(&a);
}

static void
printed_text_is_whole_whatever_its_length(void **state)
{
	struct arena a;
	struct str s;

	(void)state;
	arena_init(&a, 1 << 16);
	s = arena_printf(&a, "%s-%d", "a", 42);
	TABLE_STR("a-42", s, "a-42");
	assert_int_equal(s.p[s.n], '\0');
	s = arena_printf(&a, "%s", "");
	assert_non_null(s.p);
	assert_int_equal(s.n, 0);
	s = arena_printf(&a, "%10000d", 7);
	assert_int_equal(s.n, 10000);
	assert_int_equal(s.p[9999], '7');
	assert_int_equal(s.p[10000], '\0');
	arena_fini(&a);
}

static void
copy_and_print_past_the_ceiling_answer_null(void **state)
{
	struct arena a;
	struct str s;

	(void)state;
	arena_init(&a, 5000);
	s = arena_printf(&a, "%6000d", 1);
	assert_null(s.p);
	assert_int_equal(s.n, 0);
	assert_true(a.full);
	arena_reset(&a);
	s = arena_copy(&a, (struct str){ "", 0 });
	assert_non_null(s.p);
	while ((s = arena_copy(&a, STR("0123456789"))).p != NULL)
		;
	assert_int_equal(s.n, 0);
	assert_true(a.full);
	arena_fini(&a);
}

static void
parts_are_joined_with_a_nul_behind_them(void **state)
{
	struct arena a;
	struct str s;

	(void)state;
	arena_init(&a, 8192);
	s = ARENA_JOIN(&a, STR("http://"), STR("h"), (struct str){ NULL, 0 },
	    STR(""), STR(":80"));
	assert_int_equal(s.n, 11);
	assert_string_equal(s.p, "http://h:80");
	s = ARENA_JOIN(&a, STR(""));
	assert_non_null(s.p);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.p[0], 0);
	while ((s = ARENA_JOIN(&a, STR("01234"), STR("56789"))).p != NULL)
		;
	assert_int_equal(s.n, 0);
	assert_true(a.full);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_zeroed_aligned_and_apart),
		cmocka_unit_test(memory_used_again_after_reset_is_zeroed),
		cmocka_unit_test(nothing_passes_the_ceiling),
		cmocka_unit_test(
		    one_object_larger_than_the_ceiling_is_refused),
		cmocka_unit_test(sizes_near_the_end_of_the_range_do_not_wrap),
		cmocka_unit_test(refusal_leaves_room_for_what_still_fits),
		cmocka_unit_test(reset_gives_back_all_but_one_small_chunk),
		cmocka_unit_test(copies_are_apart_and_have_a_nul_behind_them),
		cmocka_unit_test(parts_are_joined_with_a_nul_behind_them),
		cmocka_unit_test(printed_text_is_whole_whatever_its_length),
		cmocka_unit_test(copy_and_print_past_the_ceiling_answer_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
