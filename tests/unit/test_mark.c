/* SPDX-License-Identifier: BSD-2-Clause */

/* mark: facts and sums tell files apart, and a mark is read as written. */

#include "route/mark.h"

#include "tests/unit/maps.h"

#include "tests/unit/table.h"

enum { HOSTS = 1000 };

static int
opened(const char *path, off_t *size)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;

	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &st), 0);
	*size = st.st_size;
	return fd;
}

static void
test_each_fact_makes_another_number(void **state)
{
	const struct codec_meta rows[] = {
		{ .generation = 0 }, { .generation = 1 }, { .time = 1 },
		{ .records = 1 }, { .pages = 1 },
		{ .generation = 1, .time = 1 }, { .records = UINT64_MAX },
		{ .generation = UINT64_C(1) << 63 },
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++)
		for (j = 0; j < TABLE_COUNT(rows); j++)
			assert_int_equal(mark_facts(&rows[i]) ==
			    mark_facts(&rows[j]), i == j);
}

static void
test_the_writer_marks_what_it_wrote(void **state)
{
	struct mark mark, other;
	struct store *s;
	uint64_t sum;
	struct err e;
	off_t size;
	int fd;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	fd = opened(maps_path("map"), &size);
	assert_int_equal(mark_read(fd, size, &mark, &e), 0);
	assert_int_equal(mark_sum(fd, size, &sum, &e), 0);
	assert_true(sum == mark.sum);
	s = maps_open(maps_path("map"));
	assert_true(mark_facts(store_meta(s)) == mark.facts);
	store_close(&s);

	other = (struct mark){ UINT64_C(0x0123456789abcdef), UINT64_MAX - 1 };
	assert_int_equal(mark_write(fd, &other, &e), 0);
	assert_int_equal(mark_read(fd, size, &mark, &e), 0);
	assert_true(mark_same(&mark, &other));
	other.sum++;
	assert_false(mark_same(&mark, &other));
	/* The mark itself is no part of the sum. */
	assert_int_equal(mark_sum(fd, size, &mark.sum, &e), 0);
	assert_true(mark.sum == sum);
	close(fd);
}

static void
test_every_byte_is_summed(void **state)
{
	enum { MARK_FROM = 52, MARK_TO = 72 };
	uint64_t sum, other;
	off_t size, at;
	struct err e;
	int fd;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	fd = opened(maps_path("map"), &size);
	assert_int_equal(mark_sum(fd, size, &sum, &e), 0);
	for (at = 0; at < size; at += at < 100 ? 1 : 997) {
		char byte, changed;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		changed = (char)(byte ^ 1);
		assert_int_equal(pwrite(fd, &changed, 1, at), 1);
		assert_int_equal(mark_sum(fd, size, &other, &e), 0);
		assert_int_equal(other == sum,
		    at >= MARK_FROM && at < MARK_TO);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(mark_sum(fd, size - CODEC_PAGE, &other, &e), 0);
	assert_true(other != sum);
	close(fd);
}

static void
test_a_file_that_ends_early_is_told(void **state)
{
	struct mark mark;
	uint64_t sum;
	struct err e;
	off_t size;
	int fd;

	(void)state;
	maps_write(maps_path("map"), "one", HOSTS);
	fd = opened(maps_path("map"), &size);
	assert_int_equal(ftruncate(fd, size - 1), 0);
	assert_int_equal(mark_sum(fd, size, &sum, &e), -1);
	assert_int_equal(e.reason, REASON_MAP_BROKEN);
	assert_int_equal(ftruncate(fd, 40), 0);
	assert_int_equal(mark_read(fd, size, &mark, &e), -1);
	assert_int_equal(e.reason, REASON_MAP_BROKEN);
	close(fd);
	assert_int_equal(mark_sum(fd, size, &sum, &e), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, maps_begin, maps_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_fact_makes_another_number),
		TEST(test_the_writer_marks_what_it_wrote),
		TEST(test_every_byte_is_summed),
		TEST(test_a_file_that_ends_early_is_told),
	};

	return cmocka_run_group_tests_name("mark", tests, NULL, NULL);
}
