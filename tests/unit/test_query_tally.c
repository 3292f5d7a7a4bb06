/* SPDX-License-Identifier: BSD-2-Clause */

/* test_query_tally: kinds counted, sorted, and no more than there is room
 * for. */

#include "tools/query_tally.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/unit/table.h"

static void
tally_add(struct query_tally *t, const char *kind, const char *example)
{
	const struct str columns[] = { str_of(example), str_of(kind) };

	query_tally_add(t, str_of(kind), columns, 2);
}

static void
tally_print(void *arg, const struct query_tally_row *row)
{
	assert_int_equal(row->count, 2);
	assert_int_equal(buf_printf(arg, "%d %.*s %.*s\n", (int)row->seen,
	    STR_ARG(row->columns[0]), STR_ARG(row->columns[1])), 0);
}

static void
test_the_most_seen_come_first_with_their_first_example(void **state)
{
	struct query_tally *t = query_tally_new();
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 16);
	tally_add(t, "b", "1");
	tally_add(t, "c", "2");
	tally_add(t, "a", "3");
	tally_add(t, "c", "4");
	tally_add(t, "", "5");
	query_tally_each(t, tally_print, &text);
	TABLE_STR("rows", buf_view(&text), "2 2 c\n1 5 \n1 3 a\n1 1 b\n");
	assert_int_equal(query_tally_others(t), 0);
	buf_fini(&text);
	query_tally_free(&t);
	assert_null(t);
	query_tally_free(&t);
}

static void
tally_count(void *arg, const struct query_tally_row *row)
{
	uint64_t *sums = arg;

	sums[0]++;
	sums[1] += row->seen;
}

static void
test_kinds_without_room_are_counted_together(void **state)
{
	struct query_tally *t = query_tally_new();
	uint64_t sums[2] = { 0, 0 };
	char kind[32];
	int i;

	(void)state;
	for (i = 0; i < QUERY_TALLY_MAX + 100; i++) {
		(void)snprintf(kind, sizeof(kind), "%d", i);
		tally_add(t, kind, "x");
	}
	/* What has room goes on being counted. */
	tally_add(t, "7", "x");
	tally_add(t, kind, "x");
	query_tally_each(t, tally_count, sums);
	assert_int_equal(sums[0], QUERY_TALLY_MAX);
	assert_int_equal(sums[1], QUERY_TALLY_MAX + 1);
	assert_int_equal(query_tally_others(t), 101);
	query_tally_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_the_most_seen_come_first_with_their_first_example),
		cmocka_unit_test(test_kinds_without_room_are_counted_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
