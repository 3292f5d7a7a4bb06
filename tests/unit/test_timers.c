/* SPDX-License-Identifier: BSD-2-Clause */

/* test_timers: in order, seldom moved, and none lost between threads. */

#include "serve/timers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "tests/unit/table.h"

enum { TIMERS_MANY = 500 };

static int
timers_open(void **state)
{
	*state = timers_new(TIMERS_MANY);
	return 0;
}

static int
timers_close(void **state)
{
	struct timers *t = *state;

	timers_free(&t);
	assert_null(t);
	timers_free(&t);
	return 0;
}

static void
none_is_due_when_none_is_set(void **state)
{
	struct timers *t = *state;
	struct timer one;

	timer_init(&one, &one);
	assert_true(timers_next(t) == INT64_MAX);
	assert_null(timers_pop(t, INT64_MAX - 1));
	assert_false(timers_set(t, &one, INT64_MAX));
	assert_true(timers_next(t) == INT64_MAX);
}

static void
they_come_up_in_order_when_due_and_once(void **state)
{
	struct timers *t = *state;
	struct timer timers[TIMERS_MANY];
	int64_t before = 0;
	unsigned seed = 1;
	int i, came = 0;

	for (i = 0; i < TIMERS_MANY; i++) {
		timer_init(&timers[i], &timers[i]);
		(void)timers_set(t, &timers[i], 1 + rand_r(&seed) % 1000);
	}
	while (came < TIMERS_MANY) {
		int64_t next = timers_next(t);
		struct timer *one;

		assert_true(next >= before && next != INT64_MAX);
		assert_null(timers_pop(t, next - 1));
		one = timers_pop(t, next);
		assert_non_null(one);
		assert_true(one->due == next);
		one->due = -1; /* came up */
		before = next;
		came++;
	}
	assert_null(timers_pop(t, INT64_MAX - 1));
	for (i = 0; i < TIMERS_MANY; i++)
		assert_true(timers[i].due == -1);
}

/* "Must be woken" is said exactly when nothing else comes up before. */
static void
only_the_first_asks_for_waking(void **state)
{
	struct timers *t = *state;
	struct timer a, b, c;

	timer_init(&a, &a);
	timer_init(&b, &b);
	timer_init(&c, &c);
	assert_true(timers_set(t, &a, 50));
	assert_false(timers_set(t, &b, 60));
	assert_true(timers_set(t, &c, 40));
	assert_false(timers_set(t, &c, 45));  /* later: stays where it is */
	assert_false(timers_set(t, &b, 55));  /* nearer, but not the first */
	assert_true(timers_set(t, &b, 30));
	assert_true(timers_next(t) == 30);
	assert_false(timers_set(t, &b, 30));
}

static void
a_later_wish_is_put_back_when_it_comes_up(void **state)
{
	struct timers *t = *state;
	struct timer a, b;

	timer_init(&a, &a);
	timer_init(&b, &b);
	assert_true(timers_set(t, &a, 10));
	assert_false(timers_set(t, &a, 100));
	assert_false(timers_set(t, &b, 50));
	assert_true(timers_next(t) == 10);     /* not moved yet */
	assert_null(timers_pop(t, 20));        /* but not given up either */
	assert_true(timers_next(t) == 50);
	assert_ptr_equal(timers_pop(t, 100), &b);
	assert_ptr_equal(timers_pop(t, 100), &a);
	assert_null(timers_pop(t, 100));
}

static void
an_earlier_wish_moves_it(void **state)
{
	struct timers *t = *state;
	struct timer a, b;

	timer_init(&a, &a);
	timer_init(&b, &b);
	assert_true(timers_set(t, &a, 100));
	assert_true(timers_set(t, &b, 90));
	assert_true(timers_set(t, &a, 80));
	assert_ptr_equal(timers_pop(t, 85), &a);
	assert_null(timers_pop(t, 85));
	assert_ptr_equal(timers_pop(t, 95), &b);
	/* What came up can be set again. */
	assert_true(timers_set(t, &a, 120));
	assert_ptr_equal(timers_pop(t, 120), &a);
}

static void
what_wants_nothing_any_more_does_not_come_up(void **state)
{
	struct timers *t = *state;
	struct timer a, b;

	timer_init(&a, &a);
	timer_init(&b, &b);
	assert_true(timers_set(t, &a, 10));
	assert_false(timers_set(t, &b, 20));
	assert_false(timers_set(t, &a, INT64_MAX));
	assert_ptr_equal(timers_pop(t, 30), &b);
	assert_null(timers_pop(t, 30));
	assert_true(timers_next(t) == INT64_MAX);
	assert_true(timers_set(t, &a, 40));
	assert_ptr_equal(timers_pop(t, 40), &a);
}

/* ---- threads ---- */

enum { TIMERS_OWNERS = 2, TIMERS_EACH = 1, TIMERS_ROUNDS = 3000,
	TIMERS_SETS = 200, TIMERS_ALL = TIMERS_OWNERS * TIMERS_EACH };

struct timers_hammer {
	struct timers *t;
	struct timer timers[TIMERS_ALL];
	int64_t now; /* of this round */
	_Atomic int setting; /* owners that are not done with this round */
	pthread_barrier_t round;
};

struct timers_owner {
	struct timers_hammer *h;
	int first; /* its own timers are from here on */
};

/* Sets its timers to times around now, and off. */
static void *
timers_owner_main(void *arg)
{
	struct timers_owner *o = arg;
	struct timers_hammer *h = o->h;
	unsigned seed = (unsigned)o->first + 1;
	int round, i;

	for (round = 0; round < TIMERS_ROUNDS; round++) {
		pthread_barrier_wait(&h->round);
		for (i = 0; i < TIMERS_SETS; i++) {
			int64_t due = h->now - 10 + rand_r(&seed) % 20;

			(void)timers_set(h->t, &h->timers[o->first +
			    rand_r(&seed) % TIMERS_EACH],
			    rand_r(&seed) % 8 == 0 ? INT64_MAX : due);
		}
		h->setting--;
		pthread_barrier_wait(&h->round);
	}
	return NULL;
}

/* What is still wanted is still there, and nothing comes up twice. */
static void
timers_check_round(struct timers_hammer *h)
{
	bool came[TIMERS_ALL] = { false };
	struct timer *one;
	int i;

	while ((one = timers_pop(h->t, INT64_MAX - 1)) != NULL) {
		assert_false(came[one - h->timers]);
		came[one - h->timers] = true;
		assert_true(one->due != INT64_MAX);
	}
	for (i = 0; i < TIMERS_ALL; i++) {
		assert_true(came[i] || h->timers[i].due == INT64_MAX ||
		    h->timers[i].due <= h->now);
		h->timers[i].due = INT64_MAX;
	}
	assert_true(timers_next(h->t) == INT64_MAX);
}

static void
no_wish_is_lost_between_threads(void **state)
{
	struct timers_hammer *h = calloc(1, sizeof(*h));
	struct timers_owner owners[TIMERS_OWNERS];
	pthread_t threads[TIMERS_OWNERS];
	int i, round;

	assert_non_null(h);
	h->t = *state;
	h->now = 1000;
	pthread_barrier_init(&h->round, NULL, TIMERS_OWNERS + 1);
	for (i = 0; i < TIMERS_ALL; i++)
		timer_init(&h->timers[i], &h->timers[i]);
	for (i = 0; i < TIMERS_OWNERS; i++) {
		owners[i] = (struct timers_owner){ h, i * TIMERS_EACH };
		assert_int_equal(pthread_create(&threads[i], NULL,
		    timers_owner_main, &owners[i]), 0);
	}
	for (round = 0; round < TIMERS_ROUNDS; round++) {
		h->now += 7;
		h->setting = TIMERS_OWNERS;
		pthread_barrier_wait(&h->round);
		while (h->setting > 0)
			(void)timers_pop(h->t, h->now);
		pthread_barrier_wait(&h->round);
		timers_check_round(h);
	}
	for (i = 0; i < TIMERS_OWNERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&h->round);
	free(h);
}

#define TIMERS_TEST(name) \
	cmocka_unit_test_setup_teardown(name, timers_open, timers_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TIMERS_TEST(none_is_due_when_none_is_set),
		TIMERS_TEST(they_come_up_in_order_when_due_and_once),
		TIMERS_TEST(only_the_first_asks_for_waking),
		TIMERS_TEST(a_later_wish_is_put_back_when_it_comes_up),
		TIMERS_TEST(an_earlier_wish_moves_it),
		TIMERS_TEST(what_wants_nothing_any_more_does_not_come_up),
		TIMERS_TEST(no_wish_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
