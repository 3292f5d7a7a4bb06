/* SPDX-License-Identifier: BSD-2-Clause */

/* test_exchange: who may run it, and that nothing of a request stays. */

#include "serve/exchange.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/table.h"

static int
exchange_open(void **state)
{
	struct exchange *x = exchange_new(NULL);

	assert_non_null(x);
	*state = x;
	return 0;
}

static int
exchange_close(void **state)
{
	struct exchange *x = *state;

	exchange_free(&x);
	assert_null(x);
	exchange_free(&x);
	return 0;
}

static void
waking_gives_a_parked_one_to_one_caller(void **state)
{
	static const struct {
		const char *name;
		enum exchange_state before, after;
		bool mine;
	} rows[] = {
		{ "free", EXCHANGE_FREE, EXCHANGE_FREE, false },
		{ "parked", EXCHANGE_PARKED, EXCHANGE_RUNNING, true },
		{ "running", EXCHANGE_RUNNING, EXCHANGE_WOKEN, false },
		{ "woken", EXCHANGE_WOKEN, EXCHANGE_WOKEN, false },
	};
	struct exchange *x = *state;
	size_t i;

	assert_int_equal(x->state, EXCHANGE_FREE);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		x->state = rows[i].before;
		TABLE_INT(rows[i].name, exchange_wake(x), rows[i].mine);
		TABLE_INT(rows[i].name, x->state, rows[i].after);
	}
}

/* Who looks at it takes it only from where it is parked, and wakes nobody. */
static void
only_a_parked_one_is_held(void **state)
{
	struct exchange *x = *state;
	int was;

	for (was = EXCHANGE_FREE; was < EXCHANGE_STATE_COUNT; was++) {
		bool parked = was == EXCHANGE_PARKED;

		x->state = was;
		assert_int_equal(exchange_hold(x), parked);
		assert_int_equal(x->state, parked ? EXCHANGE_RUNNING : was);
	}
}

static void
parking_is_refused_once_after_a_wake(void **state)
{
	struct exchange *x = *state;

	x->state = EXCHANGE_RUNNING;
	assert_true(exchange_park(x));
	assert_int_equal(x->state, EXCHANGE_PARKED);
	x->state = EXCHANGE_WOKEN;
	assert_false(exchange_park(x));
	assert_int_equal(x->state, EXCHANGE_RUNNING);
	assert_true(exchange_park(x));
}

/* ---- threads ---- */

enum { EXCHANGE_WAKERS = 3, EXCHANGE_WAKES = 20000 };

struct exchange_race {
	struct exchange *x;
	atomic_int inside;  /* who runs it */
	atomic_int events;  /* that were announced */
	int handled;        /* plain: only who runs it may touch it */
};

/*
 * Each event is announced, then the exchange is woken; who gets it runs until
 * it may park. A wake that is lost leaves an event unhandled for good.
 */
static void *
exchange_waker(void *arg)
{
	struct exchange_race *r = arg;
	int i;

	for (i = 0; i < EXCHANGE_WAKES; i++) {
		/* Meanwhile others look at it, now and then. */
		if (i % 8 == 0 && exchange_hold(r->x)) {
			CHECK(atomic_fetch_add(&r->inside, 1) == 0);
			CHECK(atomic_fetch_sub(&r->inside, 1) == 1);
			while (!exchange_park(r->x))
				r->handled = r->events;
		}
		r->events++;
		if (!exchange_wake(r->x))
			continue;
		do {
			CHECK(atomic_fetch_add(&r->inside, 1) == 0);
			r->handled = r->events;
			CHECK(atomic_fetch_sub(&r->inside, 1) == 1);
		} while (!exchange_park(r->x));
	}
	return NULL;
}

static void
one_thread_runs_it_and_no_wake_is_lost(void **state)
{
	struct exchange_race r = { .x = *state };
	pthread_t threads[EXCHANGE_WAKERS];
	int i;

	r.x->state = EXCHANGE_PARKED;
	for (i = 0; i < EXCHANGE_WAKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    exchange_waker, &r), 0);
	for (i = 0; i < EXCHANGE_WAKERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(r.x->state, EXCHANGE_PARKED);
	assert_int_equal(r.handled, EXCHANGE_WAKERS * EXCHANGE_WAKES);
}

/* ---- used again ---- */

/* All that belongs to one request, as it was before the first. */
static void
exchange_expect_fresh(const struct exchange *x)
{
	struct exchange *fresh = exchange_new(NULL);

	assert_non_null(fresh);
	exchange_reset(fresh);
	assert_int_equal(x->step, 0);
	assert_null(x->variables);
	assert_null(x->settings);
	assert_int_equal(x->arena.full, false);
	assert_int_equal(buf_len(&x->out), 0);
	assert_memory_equal(&x->request, &fresh->request,
	    sizeof(x->request));
	assert_null(x->map);
	assert_null(x->follow.found.route);
	assert_null(x->follow.target);
	assert_null(x->follow.service);
	assert_null(x->follow.origin);
	assert_null(x->follow.when);
	assert_int_equal(x->follow.alias_count, 0);
	assert_int_equal(x->follow.service_key.n, 0);
	assert_int_equal(x->follow.policy.auth_count, 0);
	assert_memory_equal(&x->follow.source, &fresh->follow.source,
	    sizeof(x->follow.source));
	assert_memory_equal(&x->limits, &fresh->limits, sizeof(x->limits));
	assert_memory_equal(&x->target, &fresh->target, sizeof(x->target));
	assert_memory_equal(&x->answer, &fresh->answer, sizeof(x->answer));
	assert_memory_equal(&x->reply, &fresh->reply, sizeof(x->reply));
	assert_memory_equal(&x->record, &fresh->record, sizeof(x->record));
	assert_memory_equal(&x->body, &fresh->body, sizeof(x->body));
	assert_int_equal(x->err.reason, REASON_NONE);
	assert_int_equal(x->err.text[0], '\0');
	assert_null(x->transfer.wire);
	assert_true(x->limit == INT64_MAX && x->total_limit == INT64_MAX);
	exchange_free(&fresh);
}

static void
nothing_of_a_request_stays(void **state)
{
	struct exchange *x = *state;

	exchange_reset(x);
	exchange_expect_fresh(x);
	/* As a request leaves it: each part of a request is in use. */
	x->step = 5;
	while (arena_alloc(&x->arena, 64 * 1024) != NULL)
		;
	assert_non_null(arena_alloc(&x->spare, 100));
	assert_int_equal(buf_put(&x->out, STR("bytes")), 0);
	x->body.came = 7;
	x->body.ended = x->body.kept = true;
	memset(&x->request, 1, sizeof(x->request));
	memset(&x->follow, 1, sizeof(x->follow));
	memset(&x->limits, 1, sizeof(x->limits));
	memset(&x->target, 1, sizeof(x->target));
	memset(&x->answer, 1, sizeof(x->answer));
	memset(&x->reply, 1, sizeof(x->reply));
	memset(&x->record, 1, sizeof(x->record));
	err_set(&x->err, REASON_LOOP, "text");
	x->head_sent = x->began = x->length_sent = x->broken = true;
	x->ended = true;
	x->whole = x->recorded = x->fresh_only = x->watches_front = true;
	x->uploads = true;
	x->limit = x->total_limit = 1;
	exchange_reset(x);
	exchange_expect_fresh(x);
	assert_false(x->head_sent || x->began || x->length_sent || x->broken ||
	    x->ended || x->whole || x->recorded || x->fresh_only ||
	    x->watches_front || x->uploads);
}

#define EXCHANGE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, exchange_open, exchange_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EXCHANGE_TEST(waking_gives_a_parked_one_to_one_caller),
		EXCHANGE_TEST(only_a_parked_one_is_held),
		EXCHANGE_TEST(parking_is_refused_once_after_a_wake),
		EXCHANGE_TEST(one_thread_runs_it_and_no_wake_is_lost),
		EXCHANGE_TEST(nothing_of_a_request_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
