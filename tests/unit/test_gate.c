/* SPDX-License-Identifier: BSD-2-Clause */

/* test_gate: how many connects at once, in all and to one origin. */

#include "relay/gate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "tests/unit/table.h"

static struct str
gate_key(char room[32], int i)
{
	snprintf(room, 32, "http://o%d.example:80", i);
	return str_of(room);
}

static const struct {
	unsigned workers;
	unsigned most, each;
} gate_rows[] = {
	{ 1, 1, 1 },
	{ 2, 1, 1 },
	{ 3, 2, 1 },
	{ 4, 3, 1 },
	{ 8, 6, 2 },
	{ 64, 48, 16 },
};

static void
one_origin_gets_a_part_and_some_workers_stay_free(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(gate_rows); i++) {
		unsigned one = 0, all, k;
		struct gate g;
		char name[32], key[32];

		snprintf(name, sizeof(name), "%u workers",
		    gate_rows[i].workers);
		gate_init(&g, gate_rows[i].workers);
		while (gate_enter(&g, STR("dead")))
			one++;
		TABLE_INT(name, one, gate_rows[i].each);
		/* Others still come in, until all are too many. */
		all = one;
		for (k = 0; k < 10000; k++)
			all += gate_enter(&g, gate_key(key, (int)k));
		TABLE_INT(name, all, gate_rows[i].most);
		assert_false(gate_enter(&g, STR("another")));
		gate_fini(&g);
	}
}

/* What each of a row of dead origins gets at most, one after the other. */
static const struct {
	unsigned workers;
	unsigned gets[8];
} gate_dead_rows[] = {
	{ 4, { 1, 1, 1 } },
	{ 8, { 2, 2, 1, 1 } },
	{ 16, { 4, 4, 2, 1, 1 } },
	{ 64, { 16, 16, 8, 4, 2, 1, 1 } },
};

static void
the_fewer_are_left_the_fewer_one_origin_gets(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE_COUNT(gate_dead_rows); i++) {
		struct gate g;
		char name[64], key[32];

		gate_init(&g, gate_dead_rows[i].workers);
		for (k = 0; k < TABLE_COUNT(gate_dead_rows[i].gets); k++) {
			unsigned got = 0;

			snprintf(name, sizeof(name), "%u workers, origin %zu",
			    gate_dead_rows[i].workers, k);
			while (gate_enter(&g, gate_key(key, (int)k)))
				got++;
			TABLE_INT(name, got, gate_dead_rows[i].gets[k]);
		}
		gate_fini(&g);
	}
}

static void
who_leaves_makes_room(void **state)
{
	struct gate g;
	int i;

	(void)state;
	gate_init(&g, 1);
	for (i = 0; i < 1000; i++) {
		assert_true(gate_enter(&g, STR("a")));
		assert_false(gate_enter(&g, STR("a")));
		assert_false(gate_enter(&g, STR("b")));
		gate_leave(&g, STR("a"));
	}
	assert_true(gate_enter(&g, STR("b")));
	gate_fini(&g);
}

/* However many origins there are, the dead cost no other its turn. */
static void
each_origin_has_a_count_of_its_own(void **state)
{
	struct gate g;
	char key[32];
	int i;

	(void)state;
	gate_init(&g, 8);
	assert_true(gate_enter(&g, STR("dead")));
	assert_true(gate_enter(&g, STR("dead")));
	assert_false(gate_enter(&g, STR("dead")));
	for (i = 0; i < 10000; i++) {
		assert_true(gate_enter(&g, gate_key(key, i)));
		assert_true(gate_enter(&g, gate_key(key, i)));
		assert_false(gate_enter(&g, gate_key(key, i)));
		gate_leave(&g, gate_key(key, i));
		gate_leave(&g, gate_key(key, i));
	}
	gate_leave(&g, STR("dead"));
	gate_leave(&g, STR("dead"));
	gate_fini(&g);
}

/* ---- threads ---- */

enum { GATE_THREADS = 4, GATE_ROUNDS = 30000, GATE_KEYS = 3 };

struct gate_race {
	struct gate g;
	atomic_uint inside, counts[GATE_KEYS];
	atomic_uint entered;
};

static void *
gate_thread(void *arg)
{
	struct gate_race *r = arg;
	char room[32];
	int i;

	for (i = 0; i < GATE_ROUNDS; i++) {
		struct str key = gate_key(room, i % GATE_KEYS);

		if (!gate_enter(&r->g, key))
			continue;
		CHECK(atomic_fetch_add(&r->inside, 1) < 6);
		CHECK(atomic_fetch_add(&r->counts[i % GATE_KEYS], 1) < 2);
		r->entered++;
		atomic_fetch_sub(&r->counts[i % GATE_KEYS], 1);
		atomic_fetch_sub(&r->inside, 1);
		gate_leave(&r->g, key);
	}
	return NULL;
}

static void
threads_never_are_too_many_inside(void **state)
{
	static struct gate_race r;
	pthread_t threads[GATE_THREADS];
	char room[32];
	int i;

	(void)state;
	gate_init(&r.g, 8); /* 6 in all, 2 each */
	for (i = 0; i < GATE_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    gate_thread, &r), 0);
	for (i = 0; i < GATE_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_true(r.entered > 0);
	/* All is as at first. */
	for (i = 0; i < GATE_KEYS; i++) {
		assert_true(gate_enter(&r.g, gate_key(room, i)));
		assert_int_equal(gate_enter(&r.g, gate_key(room, i)), i < 2);
	}
	assert_true(gate_enter(&r.g, STR("x")));
	assert_false(gate_enter(&r.g, STR("y")));
	gate_fini(&r.g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    one_origin_gets_a_part_and_some_workers_stay_free),
		cmocka_unit_test(the_fewer_are_left_the_fewer_one_origin_gets),
		cmocka_unit_test(who_leaves_makes_room),
		cmocka_unit_test(each_origin_has_a_count_of_its_own),
		cmocka_unit_test(threads_never_are_too_many_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
