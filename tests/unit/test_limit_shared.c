/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit, by many processes and threads at once: what a plan says is what they
 * grant together, whatever becomes of them. LONG runs for minutes, SEED
 * chooses other instants.
 */

#include "decide/limit.h"

#include "tests/unit/limit_site.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/random.h"

enum {
	ID = 0x123,
	PROCESSES = 20,
	PLANS = 4,
	KEYS = 1000,
	/* Counts of the page: of each key what was granted, then who waits, */
	READY = 4000,
	WRONG,   /* how often something was wrong, */
	GRANTED, /* or granted, */
	INSIDE   /* and who is inside by his own account */
};

/* Not random_below: its series belongs to one thread. */
static unsigned
any_below(uint64_t *series, unsigned n)
{
	*series ^= *series << 13;
	*series ^= *series >> 7;
	*series ^= *series << 17;
	return (unsigned)(*series >> 33) % n;
}

static int
count(int what)
{
	return atomic_load(&site_page->counts[what]);
}

static void
count_more(int what)
{
	atomic_fetch_add(&site_page->counts[what], 1);
}

/* In a process of its own, which ends behind it. */
static pid_t
spawn(void (*child)(void))
{
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child();
		_exit(0);
	}
	return pid;
}

static void
spawn_all(pid_t *pids, int n, void (*child)(void))
{
	int i;

	for (i = 0; i < n; i++)
		pids[i] = spawn(child);
}

static void
ended_well(const pid_t *pids, int n)
{
	int i, status;

	for (i = 0; i < n; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	assert_int_equal(count(WRONG), 0);
}


/* ---- a minute of four plans ---- */

static const struct limit_rate plans[PLANS] = {
	{ 2, 80, 1000000 }, { 5, 4, 1000000 }, { 10, 20, 1000000 },
	{ 200, 7, 60000000 }
};

enum { MINUTE = 60000000 };

/* Keys 4n, 4n+1... have the plans in turn. */
static uint64_t
key_id(const struct limit *l, unsigned key)
{
	char text[16];

	snprintf(text, sizeof(text), "k%u", key);
	return limit_id(l, STR("plan"), str_of(text));
}

/* What may be granted in a time from the beginning, at most. */
static int64_t
key_most(unsigned key, int64_t us)
{
	const struct limit_rate *rate = &plans[key % PLANS];

	return (int64_t)rate->burst + us * (int64_t)rate->count /
	    rate->per_us;
}

/*
 * Takes wherever it likes, and brings the clock on a little. Read before it
 * takes, the time may be older than that of others; no more than those who
 * read a later one may have been granted, and that is looked at before.
 */
static void
child_takes(void)
{
	uint64_t series = (uint64_t)getpid() *
	    UINT64_C(0x9e3779b97f4a7c15) + random_seed();
	struct limit *l = site_join();
	static uint64_t ids[KEYS];
	struct limit_view v;
	unsigned key;
	int64_t now;

	for (key = 0; key < KEYS; key++)
		ids[key] = key_id(l, key);
	while ((now = clock_us()) < SITE_BEGIN + MINUTE) {
		key = any_below(&series, KEYS);
		if (limit_take(l, ids[key], &plans[key % PLANS], now, &v))
			count_more((int)key);
		if (count((int)key) > key_most(key, clock_us() - SITE_BEGIN))
			count_more(WRONG);
		/* Each key is asked for every 25 ms. */
		atomic_fetch_add(&site_page->us, 25);
	}
	limit_leave(&l);
}

static void
twenty_processes_grant_what_each_of_four_plans_says(void **state)
{
	struct limit *l = site_join();
	pid_t pids[PROCESSES];
	int key;

	(void)state;
	spawn_all(pids, PROCESSES, child_takes);
	ended_well(pids, PROCESSES);
	for (key = 0; key < KEYS; key++) {
		int64_t most = key_most((unsigned)key, MINUTE);

		if (count(key) > most || (most - count(key)) * 100 > most)
			fail_msg("key %d: %d of %" PRId64, key, count(key),
			    most);
	}
	limit_leave(&l);
}

/* Where all wait for the next lap, which the last of them begins. */
static pthread_barrier_t *start;

static void
start_make(void)
{
	pthread_barrierattr_t shared;

	start = mmap(NULL, sizeof(*start), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(start != MAP_FAILED);
	assert_int_equal(pthread_barrierattr_init(&shared), 0);
	assert_int_equal(pthread_barrierattr_setpshared(&shared,
	    PTHREAD_PROCESS_SHARED), 0);
	assert_int_equal(pthread_barrier_init(start, &shared, PROCESSES), 0);
}

static void
start_free(void)
{
	assert_int_equal(pthread_barrier_destroy(start), 0);
	munmap(start, sizeof(*start));
}

/* ---- the burst ---- */

static const struct limit_rate burst_of_100 = { 1, 100, 1000000 };

static void
child_takes_all_it_can(void)
{
	struct limit *l = site_join();
	struct limit_view v;
	int lap;

	for (lap = 0; lap < 20; lap++) {
		pthread_barrier_wait(start);
		while (limit_take(l, ID + (uint64_t)lap, &burst_of_100,
		    clock_us(), &v))
			count_more(lap);
	}
	limit_leave(&l);
}

static void
never_is_more_than_the_burst_granted_at_once(void **state)
{
	pid_t pids[PROCESSES];
	int lap;

	(void)state;
	start_make();
	spawn_all(pids, PROCESSES, child_takes_all_it_can);
	ended_well(pids, PROCESSES);
	start_free();
	for (lap = 0; lap < 20; lap++)
		assert_int_equal(count(lap), 100);
}

static const struct limit_rate bytes_rate = { 1000000, 65536, 1000000 };

static void
child_pays(void)
{
	struct limit *l = site_join();
	int64_t last = -1, wait;
	int i;

	for (i = 0; i < 500; i++) {
		wait = limit_pay(l, ID, &bytes_rate, 1000, clock_us());
		if (wait < last)
			count_more(WRONG);
		last = wait;
	}
	limit_leave(&l);
}

static void
each_byte_that_is_paid_is_counted_once(void **state)
{
	struct limit *l = site_join();
	pid_t pids[PROCESSES];

	(void)state;
	spawn_all(pids, PROCESSES, child_pays);
	ended_well(pids, PROCESSES);
	assert_int_equal(limit_pay(l, ID, &bytes_rate, 65536, clock_us()),
	    PROCESSES * 500 * 1000);
	limit_leave(&l);
}

/* ---- the last place ---- */

enum { LAPS = 100, DUELS = 500 };

static void
child_wants_the_last_place(void)
{
	struct limit *l = site_join();
	uint64_t counted;
	int lap;

	for (lap = 0; lap < LAPS; lap++) {
		pthread_barrier_wait(start);
		if (limit_enter(l, ID, 3, &counted)) {
			count_more(lap);
			if (counted == 0)
				count_more(WRONG);
		}
		pthread_barrier_wait(start);
		limit_exit(l, counted);
	}
	limit_leave(&l);
}

static void
of_those_who_race_for_the_last_places_as_many_get_them(void **state)
{
	struct limit *l = site_join();
	pid_t pids[PROCESSES];
	int lap, few = 0;

	(void)state;
	start_make();
	spawn_all(pids, PROCESSES, child_wants_the_last_place);
	ended_well(pids, PROCESSES);
	start_free();
	for (lap = 0; lap < LAPS; lap++) {
		assert_in_range(count(lap), 0, 3);
		few += count(lap) < 3;
	}
	/* Unless who was first is held up for very long. */
	assert_in_range(few, 0, LAPS / 100);
	assert_int_equal(limit_inside(l, ID), 0);
	limit_leave(&l);
}

/* All others wait for the place of one; without rest, so that they meet. */
static void
duel_begins(int lap)
{
	int spins = 0;

	count_more(READY);
	while (count(READY) < 2 * lap)
		if (++spins > 200)
			sched_yield();
}

static void
child_wants_the_only_place(void)
{
	struct limit *l = site_join();
	uint64_t counted;
	int lap;

	for (lap = 0; lap < DUELS; lap++) {
		duel_begins(2 * lap + 1);
		if (limit_enter(l, ID, 1, &counted))
			count_more(lap);
		duel_begins(2 * lap + 2);
		limit_exit(l, counted);
	}
	limit_leave(&l);
}

static void
of_two_who_race_for_the_only_place_one_gets_it(void **state)
{
	pid_t pids[2];
	int lap, none = 0;

	(void)state;
	spawn_all(pids, 2, child_wants_the_only_place);
	ended_well(pids, 2);
	for (lap = 0; lap < DUELS; lap++) {
		assert_in_range(count(lap), 0, 1);
		none += count(lap) == 0;
	}
	/* Unless the first is held up for very long. */
	assert_in_range(none, 0, DUELS / 100);
}

/* A router that was stopped just then: it counts, and holds nobody up. */
static void
who_does_not_go_on_takes_one_place(void **state)
{
	struct limit *l = site_join(), *stopped = site_join();
	struct limit_data *d = site_open();
	uint64_t counted[2];
	unsigned i;

	(void)state;
	assert_true(limit_enter(stopped, ID, 2, &counted[0]));
	for (i = 0; d->room_ids[i] != ID; i++)
		;
	limit_exit(stopped, counted[0]);
	d->rooms[i].columns[1] = LIMIT_TRY;
	assert_true(limit_enter(l, ID, 2, &counted[0]));
	assert_false(limit_enter(l, ID, 2, &counted[1]));
	d->rooms[i].columns[1] = 0;
	assert_true(limit_enter(l, ID, 2, &counted[1]));
	site_close(d);
	limit_leave(&stopped);
	limit_leave(&l);
}

/* ---- killed ---- */

enum {
	VICTIMS = 4,
	MANY = 20,    /* keys, in two buckets: one has too many for it */
	MOST = 3,     /* inside */
	BEGUN_MAX = 8
};

/* Requests inside of one process or thread. */
struct begun {
	struct { uint64_t counted; unsigned key; } some[BEGUN_MAX];
	unsigned count;
};

static uint64_t victim_series;

static uint64_t
many_id(unsigned i)
{
	return (uint64_t)(i + 1) << 52 | (i < 2 ? 0x120 : 0x450) | i % 16;
}

static void
enter_any(struct limit *l, unsigned i, struct begun *begun)
{
	uint64_t counted;

	if (begun->count == BEGUN_MAX ||
	    !limit_enter(l, many_id(i), MOST, &counted))
		return;
	begun->some[begun->count].counted = counted;
	begun->some[begun->count++].key = i;
}

/* Any of all there is to call. */
static void
call_any(struct limit *l, uint64_t *series, struct begun *begun)
{
	unsigned i = any_below(series, 2) == 0 ? any_below(series, 2) :
	    any_below(series, MANY);
	const struct limit_rate *rate = &plans[any_below(series, PLANS)];
	struct limit_refusals r;
	struct limit_view v;
	unsigned at = 0;

	switch (any_below(series, 8)) {
	case 0:
	case 1:
		enter_any(l, i, begun);
		break;
	case 2:
		if (begun->count > 0)
			limit_exit(l, begun->some[--begun->count].counted);
		break;
	case 3:
		limit_refused(l, STR("p"), STR("k"), LIMIT_RATE, clock_us());
		break;
	case 4:
		if (limit_refusals_next(l, &at, &r) && r.plan[0] != 'p')
			count_more(WRONG);
		break;
	case 5:
		if (limit_pay(l, many_id(i), rate, any_below(series, 9),
		    clock_us()) > LIMIT_WAIT_MAX_US)
			count_more(WRONG);
		break;
	case 6:
		atomic_fetch_add(&site_page->us, any_below(series, 300000));
		break;
	default:
		if (limit_take(l, many_id(i), rate, clock_us(), &v) &&
		    v.remaining >= rate->burst)
			count_more(WRONG);
		/* By other rates, it may be more than this one's. */
		if (v.retry_us > rate->per_us / (int64_t)rate->count + 1)
			count_more(WRONG);
		break;
	}
}

/* Nobody but who has these is inside; as many as may, can go in; and each key
 * is granted what its plan says. */
static void
all_is_well_again(struct limit *l, struct limit *other,
    const struct begun *begun)
{
	unsigned own[MANY] = { 0 };
	struct limit_view v;
	unsigned i, n;

	for (i = 0; i < begun->count; i++)
		own[begun->some[i].key] += begun->some[i].counted != 0;
	for (i = 0; i < MANY; i++) {
		uint64_t counted[MOST + 1];

		if (limit_inside(l, many_id(i)) != own[i])
			fail_msg("SEED %u: %u are inside at %u, not %u",
			    (unsigned)random_seed(),
			    limit_inside(l, many_id(i)), i, own[i]);
		for (n = 0; own[i] + n < MOST; n++)
			assert_true(limit_enter(other, many_id(i), MOST,
			    &counted[n]));
		/* Where there is no place, more go in. */
		if (n == 0 || counted[0] != 0)
			assert_false(limit_enter(other, many_id(i), MOST,
			    &counted[n]));
		while (n > 0)
			limit_exit(other, counted[--n]);
	}
	atomic_fetch_add(&site_page->us, 60000000);
	for (i = 0; i < MANY; i++)
		for (n = 0; n <= plans[2].burst; n++)
			assert_int_equal(limit_take(n % 2 ? l : other,
			    many_id(i), &plans[2], clock_us(), &v),
			    n < plans[2].burst);
	assert_int_equal(count(WRONG), 0);
}

/* Some microseconds from now, wherever it is then. */
static void
killed_in(long us)
{
	struct sigevent by = { .sigev_notify = SIGEV_SIGNAL };
	struct itimerspec at = { .it_value = { .tv_nsec = us * 1000 + 1 } };
	timer_t timer;

	by.sigev_signo = SIGKILL;
	if (timer_create(CLOCK_MONOTONIC, &by, &timer) == -1 ||
	    timer_settime(timer, 0, &at, NULL) == -1)
		abort();
}

static void
child_calls_until_it_is_killed(void)
{
	uint64_t series = victim_series * UINT64_C(0x9e3779b97f4a7c15);
	struct begun begun = { .count = 0 };
	struct limit *l;
	struct err e;

	/* At times while it joins. */
	if (any_below(&series, 8) == 0)
		killed_in(any_below(&series, 500));
	l = limit_join(site.folder, true, &e);
	if (e.reason != REASON_NONE)
		count_more(WRONG);
	killed_in(any_below(&series, 300));
	for (;;) {
		if (any_below(&series, 50) == 0 && limit_look(l, &e) == -1)
			count_more(WRONG);
		call_any(l, &series, &begun);
	}
}

/* Some live and are killed, while a router that lives goes on. */
static void
kill_some(struct limit *l, uint64_t *series, struct begun *begun)
{
	pid_t pids[VICTIMS];
	int i, status;

	for (i = 0; i < VICTIMS; i++) {
		victim_series = ++*series;
		pids[i] = spawn(child_calls_until_it_is_killed);
	}
	for (i = 0; i < 100; i++)
		call_any(l, series, begun);
	for (i = 0; i < VICTIMS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGKILL);
	}
}

/* The clock of tests stands still. */
static int64_t
real_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
killed_at_any_instant_nobody_stays_inside(void **state)
{
	struct limit *l = site_join(), *other = site_join();
	uint64_t series = random_seed() * UINT64_C(0x9e3779b97f4a7c15);
	size_t killed = 0, most = random_cases(3000, 300000);
	int64_t end = real_us() + 2000000;
	struct begun begun = { .count = 0 };
	struct err e;

	(void)state;
	/* Slow machines and sanitizers kill fewer, but some hundred. */
	while (killed < most && (killed < 300 || real_us() < end ||
	    getenv("LONG") != NULL)) {
		kill_some(l, &series, &begun);
		killed += VICTIMS;
		assert_int_equal(limit_look(l, &e), 0);
		all_is_well_again(l, other, &begun);
	}
	limit_leave(&l);
	begun.count = 0;
	all_is_well_again(other, other, &begun);
	limit_leave(&other);
	if (getenv("VERBOSE") != NULL)
		print_message("%zu killed\n", killed);
}

/* ---- threads ---- */

enum { THREADS = 4, CALLS = 20000 };

static void *
thread_calls(void *arg)
{
	uint64_t series = ((uint64_t)atomic_fetch_add(
	    &site_page->counts[READY], 1) + 1 + random_seed()) *
	    UINT64_C(0x9e3779b97f4a7c15);
	struct begun begun = { .count = 0 };
	struct limit *l = arg;
	int i;

	for (i = 0; i < CALLS; i++)
		call_any(l, &series, &begun);
	while (begun.count > 0)
		limit_exit(l, begun.some[--begun.count].counted);
	return NULL;
}

static void
threads_of_two_routers_do_all_at_once(void **state)
{
	struct limit *l[2] = { site_join(), site_join() };
	static const struct begun none;
	pthread_t threads[THREADS];
	struct err e;
	int i;

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    thread_calls, l[i % 2]), 0);
	for (i = 0; i < 200; i++)
		assert_int_equal(limit_look(l[i % 2], &e), 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	all_is_well_again(l[0], l[1], &none);
	limit_leave(&l[0]);
	limit_leave(&l[1]);
}

/* Who is inside, by its own account, is never more than may be. */
static void *
thread_goes_in_and_out(void *arg)
{
	struct limit *l = arg;
	uint64_t counted;
	int i;

	for (i = 0; i < CALLS / 4; i++) {
		if (!limit_enter(l, ID, MOST, &counted))
			continue;
		if (atomic_fetch_add(&site_page->counts[INSIDE], 1) >= MOST)
			count_more(WRONG);
		count_more(GRANTED);
		if (i % 8 == 0)
			sched_yield();
		atomic_fetch_sub(&site_page->counts[INSIDE], 1);
		limit_exit(l, counted);
	}
	return NULL;
}

static void
child_goes_in_and_out(void)
{
	struct limit *l = site_join();
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread_goes_in_and_out,
		    l) != 0)
			abort();
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	limit_leave(&l);
}

static void
never_are_more_inside_than_may_be(void **state)
{
	struct limit *l = site_join();
	pid_t pids[3];

	(void)state;
	spawn_all(pids, 3, child_goes_in_and_out);
	ended_well(pids, 3);
	assert_int_equal(limit_inside(l, ID), 0);
	assert_in_range(count(GRANTED), CALLS / 4, 3 * THREADS * CALLS / 4 -
	    1);
	if (getenv("VERBOSE") != NULL)
		print_message("%d of %d went in\n", count(GRANTED),
		    3 * THREADS * CALLS / 4);
	limit_leave(&l);
}

#define SITE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, site_init, site_fini)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(twenty_processes_grant_what_each_of_four_plans_says),
		SITE_TEST(never_is_more_than_the_burst_granted_at_once),
		SITE_TEST(each_byte_that_is_paid_is_counted_once),
		SITE_TEST(
		    of_those_who_race_for_the_last_places_as_many_get_them),
		SITE_TEST(of_two_who_race_for_the_only_place_one_gets_it),
		SITE_TEST(who_does_not_go_on_takes_one_place),
		SITE_TEST(never_are_more_inside_than_may_be),
		SITE_TEST(killed_at_any_instant_nobody_stays_inside),
		SITE_TEST(threads_of_two_routers_do_all_at_once),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
