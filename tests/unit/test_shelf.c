/* SPDX-License-Identifier: BSD-2-Clause */

/* shelf: lots come back last first, each in its order, however large. */

#include "tools/shelf.h"

#include "tests/unit/maps.h"

#include "tests/unit/table.h"

enum { LOTS = 40 };

/* Record i of a lot: its key says which, its value has that many bytes. */
static size_t
size_of(unsigned lot, unsigned i)
{
	if (lot % 13 == 5 && i == 3)
		return 3u << 20; /* larger than what is in memory */
	if (lot % 7 == 3 && i % 2 == 0)
		return 300u << 10; /* larger than the window of a file */
	return (lot * 31 + i * 7) % 9000;
}

struct taking {
	unsigned lot;
	unsigned next;
};

static int
take(void *arg, struct str key, struct str value, struct err *e)
{
	struct taking *t = arg;
	char want[32];
	size_t i;

	(void)e;
	snprintf(want, sizeof(want), "%u/%u", t->lot, t->next);
	TABLE_STR("key", key, want);
	assert_int_equal(value.n, size_of(t->lot, t->next));
	for (i = 0; i < value.n; i += 997)
		assert_int_equal(value.p[i], (char)('a' + t->lot % 26));
	t->next++;
	return 0;
}

static void
put_lot(struct shelf *s, unsigned lot, unsigned count)
{
	char *value = malloc(4u << 20);
	char key[32];
	struct err e = { .text = "" };
	unsigned i;

	memset(value, 'a' + (int)(lot % 26), 4u << 20);
	for (i = 0; i < count; i++) {
		snprintf(key, sizeof(key), "%u/%u", lot, i);
		if (shelf_put(s, str_of(key), (struct str){ value,
			size_of(lot, i) }, &e) == -1)
			fail_msg("%s", e.text);
	}
	free(value);
}

static void
test_lots_come_back_last_first(void **state)
{
	struct shelf *s = shelf_new(maps_folder);
	off_t marks[LOTS];
	unsigned lot, round;
	struct err e;

	(void)state;
	for (round = 0; round < 2; round++) {
		for (lot = 0; lot < LOTS; lot++) {
			marks[lot] = shelf_mark(s);
			put_lot(s, lot, lot % 6);
		}
		while (lot-- > 0) {
			struct taking t = { .lot = lot };

			assert_int_equal(shelf_take(s, marks[lot], take, &t,
			    &e), 0);
			assert_int_equal(t.next, lot % 6);
			assert_int_equal(shelf_mark(s), marks[lot]);
		}
		assert_int_equal(shelf_mark(s), 0);
	}
	shelf_free(&s);
	assert_null(s);
	shelf_free(&s);
	assert_int_equal(maps_files(false), 0);
}

static int
refuse(void *arg, struct str key, struct str value, struct err *e)
{
	(void)key;
	(void)value;
	++*(int *)arg;
	return err_set(e, REASON_INTERNAL, "no more");
}

static void
test_whoever_takes_may_refuse(void **state)
{
	struct shelf *s = shelf_new(NULL);
	struct err e;
	int taken = 0;

	(void)state;
	put_lot(s, 1, 5);
	assert_int_equal(shelf_take(s, 0, refuse, &taken, &e), -1);
	assert_string_equal(e.text, "no more");
	put_lot(s, 5, 5); /* in a file by now */
	assert_int_equal(shelf_take(s, 0, refuse, &taken, &e), -1);
	assert_int_equal(taken, 2);
	shelf_free(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, maps_begin, maps_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lots_come_back_last_first),
		TEST(test_whoever_takes_may_refuse),
	};

	return cmocka_run_group_tests_name("shelf", tests, NULL, NULL);
}
