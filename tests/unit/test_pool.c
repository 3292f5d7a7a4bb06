/* SPDX-License-Identifier: BSD-2-Clause */

/* test_pool: idle wires by key: last in, first out; bounded in number and
 * age. */

#include "relay/pool.h"

#include "tests/unit/origin.h"

enum { POOL_TEST_AGE = 1000, POOL_TEST_MOST = 8 };

struct pool_case {
	struct wire_maker *m;
	struct pool *p;
	int listener; /* accepts nothing by itself */
	uint16_t port;
};

/* A clock of the test's own. */
static _Atomic int64_t pool_now_us;

static int64_t
pool_clock(void)
{
	return pool_now_us;
}

static int
pool_open(void **state)
{
	struct pool_case *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->m = wire_maker_new();
	c->p = pool_new();
	pool_limit(c->p, POOL_TEST_MOST, POOL_TEST_AGE, 0);
	c->listener = origin_bind(&c->port);
	assert_int_equal(listen(c->listener, 64), 0);
	pool_now_us = 1000000;
	clock_replace(pool_clock);
	*state = c;
	return 0;
}

static int
pool_close_all(void **state)
{
	struct pool_case *c = *state;

	clock_replace(NULL);
	pool_free(&c->p);
	assert_null(c->p);
	wire_maker_free(&c->m);
	close(c->listener);
	free(c);
	return 0;
}

/* A wire of that key, and its other end. */
static struct wire *
pool_wire(struct pool_case *c, const char *key, int *other)
{
	struct err e = { .text = "" };
	struct target t;
	struct wire *w = NULL;
	char name[128];

	origin_name(&t, name, ORIGIN_HTTP, "127.0.0.1", c->port);
	t.key = str_of(key);
	t.name = str_sub(t.key, 0, 1);
	if (wire_open(c->m, &t, 10000, &w, &e) == -1)
		fail_msg("%s", e.text);
	*other = accept(c->listener, NULL, NULL);
	assert_int_not_equal(*other, -1);
	return w;
}

/* Has our side closed that wire? */
static bool
pool_is_closed(int other)
{
	char byte;
	ssize_t n = recv(other, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0;
}

/* One given wire of that key; its address, to know it again. */
static const struct wire *
pool_put(struct pool_case *c, const char *key, int *other)
{
	struct wire *w = pool_wire(c, key, other);
	const struct wire *was = w;

	pool_give(c->p, &w);
	assert_null(w);
	return was;
}

static void
wires_are_found_by_key_last_in_first_out(void **state)
{
	struct pool_case *c = *state;
	const struct wire *a1, *a2, *b;
	struct wire *w[3];
	int fds[3];

	assert_null(pool_take(c->p, STR("a"), true));
	a1 = pool_put(c, "a", &fds[0]);
	b = pool_put(c, "b", &fds[1]);
	a2 = pool_put(c, "a", &fds[2]);
	assert_null(pool_take(c->p, STR("c"), true));
	assert_null(pool_take(c->p, STR(""), true));
	assert_null(pool_take(c->p, STR("aa"), true));
	w[0] = pool_take(c->p, STR("a"), true);
	w[1] = pool_take(c->p, STR("a"), true);
	assert_ptr_equal(w[0], a2);
	assert_ptr_equal(w[1], a1);
	assert_null(pool_take(c->p, STR("a"), true));
	w[2] = pool_take(c->p, STR("b"), true);
	assert_ptr_equal(w[2], b);
	assert_null(pool_take(c->p, STR("b"), true));
	for (int i = 0; i < 3; i++)
		assert_false(pool_is_closed(fds[i]));
	for (int i = 0; i < 3; i++) {
		wire_close(&w[i]);
		close(fds[i]);
	}
}

static void
a_wire_that_is_no_longer_idle_is_passed_over(void **state)
{
	struct pool_case *c = *state;
	const struct wire *good;
	struct wire *w;
	int fds[3];

	good = pool_put(c, "a", &fds[0]);
	(void)pool_put(c, "a", &fds[1]);
	(void)pool_put(c, "a", &fds[2]);
	assert_int_equal(send(fds[2], "x", 1, 0), 1); /* unasked for */
	close(fds[1]);
	w = pool_take(c->p, STR("a"), true);
	assert_ptr_equal(w, good);
	origin_wait(fds[2], POLLIN); /* it was closed */
	assert_null(pool_take(c->p, STR("a"), true));
	wire_close(&w);
	close(fds[0]);
	close(fds[2]);
}

static void
beyond_the_most_the_longest_idle_goes(void **state)
{
	struct pool_case *c = *state;
	int fds[4], other;
	struct wire *w;

	pool_limit(c->p, 3, POOL_TEST_AGE, 0);
	(void)pool_put(c, "a", &fds[0]);
	(void)pool_put(c, "b", &fds[1]);
	(void)pool_put(c, "c", &fds[2]);
	/* "a" comes to the front again */
	w = pool_take(c->p, STR("a"), true);
	pool_give(c->p, &w);
	(void)pool_put(c, "d", &fds[3]);
	assert_true(pool_is_closed(fds[1]));
	assert_false(pool_is_closed(fds[0]) || pool_is_closed(fds[2]) ||
	    pool_is_closed(fds[3]));
	assert_null(pool_take(c->p, STR("b"), true));
	/* None at all: what is given is closed at once. */
	pool_limit(c->p, 0, POOL_TEST_AGE, 0);
	(void)pool_put(c, "e", &other);
	assert_true(pool_is_closed(other));
	assert_true(pool_is_closed(fds[0]) && pool_is_closed(fds[2]) &&
	    pool_is_closed(fds[3]));
	close(other);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

static void
an_old_wire_is_swept(void **state)
{
	struct pool_case *c = *state;
	int fds[2];

	(void)pool_put(c, "a", &fds[0]);
	pool_now_us += 600 * 1000;
	(void)pool_put(c, "a", &fds[1]);
	pool_now_us += 399 * 1000;
	pool_sweep(c->p);
	assert_false(pool_is_closed(fds[0]));
	pool_now_us += 1000;
	pool_sweep(c->p);
	assert_true(pool_is_closed(fds[0]));
	assert_false(pool_is_closed(fds[1]));
	/* Later settings hold for those that are in already. */
	pool_limit(c->p, POOL_TEST_MOST, 1, 0);
	pool_sweep(c->p);
	assert_true(pool_is_closed(fds[1]));
	assert_null(pool_take(c->p, STR("a"), true));
	close(fds[0]);
	close(fds[1]);
}

static void
an_old_wire_is_not_taken_though_nobody_swept(void **state)
{
	struct pool_case *c = *state;
	int fd;

	(void)pool_put(c, "a", &fd);
	pool_now_us += POOL_TEST_AGE * 1000;
	assert_null(pool_take(c->p, STR("a"), true));
	assert_true(pool_is_closed(fd));
	close(fd);
}

/* However often it is used meanwhile. */
static void
a_wire_is_given_until_its_life_is_over(void **state)
{
	struct pool_case *c = *state;
	struct wire *w;
	int fd;

	pool_limit(c->p, POOL_TEST_MOST, POOL_TEST_AGE, 3000);
	(void)pool_put(c, "a", &fd);
	pool_now_us += 999 * 1000;
	for (int i = 0; i < 3; i++) {
		w = pool_take(c->p, STR("a"), true);
		assert_non_null(w);
		pool_give(c->p, &w);
		assert_false(pool_is_closed(fd));
		pool_now_us += 667 * 1000;
	}
	/* It ends in the pool, and while it is used. */
	assert_null(pool_take(c->p, STR("a"), true));
	assert_true(pool_is_closed(fd));
	close(fd);
	(void)pool_put(c, "a", &fd);
	pool_now_us += 999 * 1000;
	w = pool_take(c->p, STR("a"), true);
	assert_non_null(w);
	pool_now_us += 2001 * 1000;
	pool_give(c->p, &w);
	assert_null(w);
	assert_true(pool_is_closed(fd));
	close(fd);
	/* 0 is no limit. */
	pool_limit(c->p, POOL_TEST_MOST, INT64_MAX, 0);
	(void)pool_put(c, "a", &fd);
	pool_now_us += INT64_C(86400) * 1000 * 1000;
	w = pool_take(c->p, STR("a"), true);
	assert_non_null(w);
	pool_give(c->p, &w);
	assert_false(pool_is_closed(fd));
	close(fd);
}

static void
a_sweep_says_when_the_next_one_is_due(void **state)
{
	struct pool_case *c = *state;
	int64_t now = pool_now_us / 1000;
	int fd;

	/* None is in it: what comes now is not too old before. */
	assert_int_equal(pool_sweep(c->p), now + POOL_TEST_AGE);
	(void)pool_put(c, "a", &fd);
	pool_now_us += 400 * 1000;
	assert_int_equal(pool_sweep(c->p), now + POOL_TEST_AGE);
	pool_now_us += 600 * 1000;
	assert_int_equal(pool_sweep(c->p), now + 2 * POOL_TEST_AGE);
	assert_true(pool_is_closed(fd));
	close(fd);
}

static void
freeing_closes_all(void **state)
{
	struct pool_case *c = *state;
	int fds[2];

	(void)pool_put(c, "a", &fds[0]);
	(void)pool_put(c, "b", &fds[1]);
	pool_free(&c->p);
	assert_null(c->p);
	pool_free(&c->p);
	assert_true(pool_is_closed(fds[0]) && pool_is_closed(fds[1]));
	close(fds[0]);
	close(fds[1]);
}

/* Many keys, more than buckets: each finds its own and no other. */
static void
many_keys_stay_apart(void **state)
{
	enum { MANY = 700 };
	struct pool_case *c = *state;
	const struct wire *was[MANY];
	int *fds = calloc(MANY, sizeof(*fds));
	char key[16];
	int i;

	assert_non_null(fds);
	pool_limit(c->p, MANY, POOL_TEST_AGE, 0);
	for (i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		was[i] = pool_put(c, key, &fds[i]);
	}
	for (i = MANY - 1; i >= 0; i--) {
		struct wire *w;

		snprintf(key, sizeof(key), "key %d", (i * 31) % MANY);
		w = pool_take(c->p, str_of(key), true);
		assert_ptr_equal(w, was[(i * 31) % MANY]);
		wire_close(&w);
	}
	for (i = 0; i < MANY; i++)
		close(fds[i]);
	free(fds);
}

/* ---- threads ---- */

enum { POOL_THREADS = 3, POOL_ROUNDS = 3000 };

struct pool_thread {
	struct pool_case *c;
	pthread_t thread;
	unsigned seed;
	int took;
};

/* Takes and gives, sweeps and limits; never two hold one wire. */
static void *
pool_thread_main(void *arg)
{
	struct pool_thread *t = arg;
	struct pool *p = t->c->p;
	int i;

	for (i = 0; i < POOL_ROUNDS; i++) {
		struct str key = rand_r(&t->seed) % 2 ? STR("a") : STR("b");
		struct wire *w = pool_take(p, key, true);

		if (w != NULL) {
			CHECK(wire_uses(w) % 2 == 0);
			wire_used(w); /* odd while somebody has it */
			CHECK(str_eq(wire_key(w), key));
			wire_used(w);
			pool_give(p, &w);
			t->took++;
		}
		if (i % 100 == 0)
			pool_sweep(p);
		if (i % 150 == 0)
			pool_limit(p, POOL_TEST_MOST, POOL_TEST_AGE, 0);
	}
	return NULL;
}

static void
threads_share_it(void **state)
{
	struct pool_thread threads[POOL_THREADS];
	struct pool_case *c = *state;
	int fds[4], i;

	for (i = 0; i < 4; i++)
		(void)pool_put(c, i % 2 == 0 ? "a" : "b", &fds[i]);
	for (i = 0; i < POOL_THREADS; i++) {
		threads[i] = (struct pool_thread){ .c = c,
			.seed = (unsigned)i + 1 };
		assert_int_equal(pthread_create(&threads[i].thread, NULL,
		    pool_thread_main, &threads[i]), 0);
	}
	for (i = 0; i < POOL_THREADS; i++) {
		assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
		assert_true(threads[i].took > 0);
	}
	/* None was lost, none closed. */
	for (i = 0; i < 4; i++) {
		struct wire *w = pool_take(c->p, i % 2 == 0 ? STR("a") :
		    STR("b"), true);

		assert_non_null(w);
		wire_close(&w);
	}
	for (i = 0; i < 4; i++)
		close(fds[i]);
}

#define POOL_TEST(name) \
	cmocka_unit_test_setup_teardown(name, pool_open, pool_close_all)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(wires_are_found_by_key_last_in_first_out),
		POOL_TEST(a_wire_that_is_no_longer_idle_is_passed_over),
		POOL_TEST(beyond_the_most_the_longest_idle_goes),
		POOL_TEST(an_old_wire_is_swept),
		POOL_TEST(an_old_wire_is_not_taken_though_nobody_swept),
		POOL_TEST(a_wire_is_given_until_its_life_is_over),
		POOL_TEST(a_sweep_says_when_the_next_one_is_due),
		POOL_TEST(freeing_closes_all),
		POOL_TEST(many_keys_stay_apart),
		POOL_TEST(threads_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
