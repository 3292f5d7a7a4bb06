/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * health, by many processes and threads at once, some of which are killed at
 * any instant. LONG kills for minutes, SEED chooses other instants.
 */

#include "decide/health.h"

#include "tests/unit/health_site.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/random.h"

enum {
	ID = 0x123,
	PROCESSES = 20,
	THREADS = 50,
	READY = 0, /* counts of the page: who waits at the gate, */
	YES,       /* how often it was answered true, */
	WRONG      /* and how often something was wrong */
};

/* What all wait at: a pipe that nothing is ever written to. */
static int gate[2];

static void
gate_make(void)
{
	assert_int_equal(pipe(gate), 0);
}

static void
gate_wait(void)
{
	char none;

	atomic_fetch_add(&site_page->counts[READY], 1);
	if (read(gate[0], &none, 1) != 0)
		atomic_fetch_add(&site_page->counts[WRONG], 1);
}

/* When so many wait there. */
static void
gate_open(int waiting)
{
	while (atomic_load(&site_page->counts[READY]) < waiting)
		sched_yield();
	close(gate[1]);
}

/* In a process of its own, which ends behind it. */
static pid_t
spawn(void (*child)(void))
{
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		child();
		_exit(0);
	}
	return pid;
}

static void
spawn_all(pid_t *pids, int count, void (*child)(void))
{
	int i;

	for (i = 0; i < count; i++)
		pids[i] = spawn(child);
}

static void
ended_well(const pid_t *pids, int count)
{
	int i, status;

	for (i = 0; i < count; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	assert_int_equal(atomic_load(&site_page->counts[WRONG]), 0);
}

/* The parent's end of the gate must be the only one. */
static void
child_enters(void)
{
	close(gate[1]);
}

static void
child_fails(void)
{
	struct health *h = site_join();

	child_enters();
	gate_wait();
	if (site_fails(h, ID))
		atomic_fetch_add(&site_page->counts[YES], 1);
	health_leave(&h);
}

static void
a_failure_that_20_processes_see_at_once_counts_once(void **state)
{
	struct health *h = site_join();
	pid_t pids[PROCESSES];
	unsigned round;

	(void)state;
	for (round = 1; round <= 3; round++) {
		struct health_view v;

		site_at(SITE_BEGIN + 200 * round);
		atomic_store(&site_page->counts[READY], 0);
		gate_make();
		spawn_all(pids, PROCESSES, child_fails);
		gate_open(PROCESSES);
		ended_well(pids, PROCESSES);
		close(gate[0]);
		v = site_view(h, ID);
		assert_int_equal(v.state, round < 3 ? HEALTH_WELL :
		    HEALTH_OUT);
		assert_int_equal(v.fails, round < 3 ? round : 0);
	}
	/* And it is told by one of them. */
	assert_int_equal(atomic_load(&site_page->counts[YES]), 1);
	health_leave(&h);
}

static void *
thread_tries(void *arg)
{
	struct health *h = arg;

	gate_wait();
	if (health_try(h, ID, &site_limits, clock_ms(), 1000))
		atomic_fetch_add(&site_page->counts[YES], 1);
	return NULL;
}

static void
child_tries(void)
{
	struct health *h = site_join();
	pthread_t threads[THREADS];
	int i;

	child_enters();
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread_tries, h) != 0)
			abort();
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	health_leave(&h);
}

static void
one_of_20_processes_with_50_threads_gets_the_trial(void **state)
{
	struct health *h = site_join();
	pid_t pids[PROCESSES];

	(void)state;
	site_takes_out(h, ID);
	site_at(clock_ms() + 10000);
	gate_make();
	spawn_all(pids, PROCESSES, child_tries);
	gate_open(PROCESSES * THREADS);
	ended_well(pids, PROCESSES);
	close(gate[0]);
	assert_int_equal(atomic_load(&site_page->counts[YES]), 1);
	assert_int_equal(site_view(h, ID).state, HEALTH_TRIED);
	health_leave(&h);
}

static void
child_begins_and_stays(void)
{
	struct health *h = site_join();

	site_began(h, ID);
	site_began(h, ID);
	if (!health_try(h, ID + 1, &site_limits, clock_ms(), 1000))
		atomic_fetch_add(&site_page->counts[WRONG], 1);
	atomic_fetch_add(&site_page->counts[READY], 1);
	for (;;)
		pause();
}

static void
what_a_killed_process_had_is_let_go(void **state)
{
	struct health *h = site_join();
	int status;
	struct err e;
	pid_t pid;

	(void)state;
	site_takes_out(h, ID + 1);
	site_at(clock_ms() + 10000);
	site_began(h, ID);
	pid = spawn(child_begins_and_stays);
	while (atomic_load(&site_page->counts[READY]) == 0)
		sched_yield();
	assert_int_equal(health_look(h, &e), 0);
	assert_int_equal(site_view(h, ID).active, 3);
	assert_int_equal(site_view(h, ID + 1).state, HEALTH_TRIED);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(health_look(h, &e), 0);
	assert_int_equal(site_view(h, ID).active, 1);
	/* Its trial ends by time. */
	assert_false(health_try(h, ID + 1, &site_limits, clock_ms(), 1000));
	site_at(clock_ms() + 1000);
	assert_true(health_try(h, ID + 1, &site_limits, clock_ms(), 1000));
	assert_int_equal(atomic_load(&site_page->counts[WRONG]), 0);
	health_leave(&h);
}

/* ---- threads that race ---- */

enum { RACERS = 4, LAPS = 20000 };

static struct health *racing[2];

/* Each thread with its number, by two routers in turn. */
static void
race(void *(*racer)(void *arg))
{
	static int numbers[RACERS] = { 0, 1, 2, 3 };
	pthread_t threads[RACERS];
	int i;

	gate_make();
	atomic_store(&site_page->counts[READY], 0);
	for (i = 0; i < RACERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, racer,
		    &numbers[i]), 0);
	gate_open(RACERS);
	for (i = 0; i < RACERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	close(gate[0]);
	assert_int_equal(atomic_load(&site_page->counts[WRONG]), 0);
}

static int
race_begin(void **state)
{
	site_init(state);
	racing[0] = site_join();
	racing[1] = site_join();
	return 0;
}

static int
race_end(void **state)
{
	health_leave(&racing[0]);
	health_leave(&racing[1]);
	return site_fini(state);
}

static atomic_int trials[LAPS];

/* Who is behind finds that it was tried; all meet at the foremost. */
static void *
racer_tries(void *arg)
{
	struct health *h = racing[*(int *)arg % 2];
	int lap;

	gate_wait();
	for (lap = 0; lap < LAPS; lap++)
		if (health_try(h, ID, &site_limits, SITE_BEGIN + 20000 + lap,
		    1))
			atomic_fetch_add(&trials[lap], 1);
	return NULL;
}

static void
each_trial_is_had_by_one_of_those_who_race_for_it(void **state)
{
	int lap;

	(void)state;
	site_takes_out(racing[0], ID);
	race(racer_tries);
	for (lap = 0; lap < LAPS; lap++)
		if (atomic_load(&trials[lap]) != 1)
			fail_msg("trial %d was had by %d", lap,
			    atomic_load(&trials[lap]));
}

/* Each taking out and each coming back is told once. */
static void *
racer_flaps(void *arg)
{
	struct health_limits limits = site_limits;
	struct health *h = racing[*(int *)arg % 2];
	int64_t ms;
	int lap;

	limits.max_fails = 1;
	gate_wait();
	for (lap = 0; lap < LAPS; lap++) {
		if (health_failed(h, ID, &limits,
		    SITE_BEGIN + 100 * (lap + *(int *)arg), INT64_MAX, false,
		    &ms))
			atomic_fetch_add(&site_page->counts[YES], 1);
		if (health_answered(h, ID, INT64_MAX))
			atomic_fetch_sub(&site_page->counts[YES], 1);
	}
	return NULL;
}

static void
each_change_is_told_by_one(void **state)
{
	(void)state;
	race(racer_flaps);
	assert_int_equal(atomic_load(&site_page->counts[YES]),
	    site_view(racing[0], ID).state == HEALTH_OUT);
}

static uint64_t counted[RACERS][LAPS / RACERS];

static void *
racer_counts(void *arg)
{
	int number = *(int *)arg, lap;

	gate_wait();
	for (lap = 0; lap < LAPS / RACERS; lap++) {
		counted[number][lap] = site_began(racing[number % 2], ID);
		health_turn(racing[number % 2], ID);
	}
	return NULL;
}

static void *
racer_counts_back(void *arg)
{
	int number = *(int *)arg, lap;

	gate_wait();
	for (lap = 0; lap < LAPS / RACERS; lap++)
		health_ended(racing[number % 2], counted[number][lap]);
	return NULL;
}

static void
no_request_and_no_turn_is_lost(void **state)
{
	uint64_t turn = health_turn(racing[0], ID);

	(void)state;
	race(racer_counts);
	assert_int_equal(site_view(racing[0], ID).active, LAPS);
	assert_int_equal(health_turn(racing[0], ID), turn + LAPS + 1);
	race(racer_counts_back);
	assert_int_equal(site_view(racing[0], ID).active, 0);
}

/* Thrice as many as there are places for, all of which may be given away. */
static uint64_t
guest(unsigned i)
{
	return (uint64_t)(i + 1) << 52 | 0x780 | i % HEALTH_BUCKET;
}

static void *
racer_moves_in(void *arg)
{
	struct health *h = racing[*(int *)arg % 2];
	unsigned i = (unsigned)*(int *)arg * 12;
	int lap;

	gate_wait();
	for (lap = 0; lap < LAPS; lap++, i += 7)
		health_ended(h, site_began(h, guest(i % 48)));
	return NULL;
}

static void
who_moves_in_and_out_leaves_nothing(void **state)
{
	struct health_data *d = site_open();
	unsigned i, k;

	(void)state;
	race(racer_moves_in);
	for (i = 0; i < HEALTH_BUCKET; i++) {
		unsigned place = health_place_nth(guest(0), i);
		unsigned same = 0;

		assert_int_equal(health_place_active(d, (int)place), 0);
		for (k = 0; k < HEALTH_BUCKET; k++)
			same += d->ids[place] != 0 && d->ids[place] ==
			    d->ids[health_place_nth(guest(0), k)];
		assert_true(same <= 1);
	}
	site_close(d);
}

/* ---- anything, at random ---- */

enum { ORIGINS = 20, MANY_THREADS = 4, BEGUN_MAX = 8 };

/* Requests of one thread that have not ended. */
struct begun {
	struct { uint64_t counted; unsigned origin; } some[BEGUN_MAX];
	unsigned count;
};

/* Two buckets: one with room, one with too many for it. */
static uint64_t
origin_id(unsigned i)
{
	return (uint64_t)(i + 1) << 52 | (i < 2 ? 0x120 : 0x450) | i % 16;
}

/* Not random_below: its series belongs to one thread. */
static unsigned
any_below(uint64_t *series, unsigned n)
{
	*series ^= *series << 13;
	*series ^= *series >> 7;
	*series ^= *series << 17;
	return (unsigned)(*series >> 33) % n;
}

/* Any of all there is to call. */
static void
call_any(struct health *h, uint64_t *series, struct begun *begun)
{
	unsigned i = any_below(series, 2) == 0 ? any_below(series, 2) :
	    any_below(series, ORIGINS);
	uint64_t id = origin_id(i);
	int64_t now = clock_ms(), ms = 0;
	struct health_view v = { .state = HEALTH_WELL };

	switch (any_below(series, 10)) {
	case 0:
		if (begun->count < BEGUN_MAX) {
			begun->some[begun->count].origin = i;
			begun->some[begun->count++].counted =
			    site_began(h, id);
		}
		break;
	case 1:
		if (begun->count > 0)
			health_ended(h, begun->some[--begun->count].counted);
		break;
	case 2:
		health_turn(h, id);
		break;
	case 3:
		health_answered(h, id, now - any_below(series, 2000));
		break;
	case 4:
		if (health_try(h, id, &site_limits, now, 5000) &&
		    any_below(series, 4) == 0)
			health_untried(h, id, &site_limits, now);
		break;
	case 5:
		health_view(h, id, &site_limits, now, &v);
		if (v.state == HEALTH_OUT &&
		    v.since - now > site_limits.cooldown_max)
			atomic_fetch_add(&site_page->counts[WRONG], 1);
		break;
	case 6:
		site_later(any_below(series, 300));
		break;
	default:
		health_failed(h, id, &site_limits, now,
		    now - any_below(series, 300), any_below(series, 3) == 0,
		    &ms);
		if (ms > site_limits.cooldown_max)
			atomic_fetch_add(&site_page->counts[WRONG], 1);
		break;
	}
}

/* Nobody but who has begun these has requests; and every origin comes back. */
static void
all_is_well_again(struct health *h, struct health *other,
    const struct begun *begun, uint64_t seed)
{
	unsigned own[ORIGINS] = { 0 };
	unsigned i;

	for (i = 0; i < begun->count; i++)
		own[begun->some[i].origin] += begun->some[i].counted != 0;
	for (i = 0; i < ORIGINS; i++)
		if (site_view(h, origin_id(i)).active != own[i])
			fail_msg("SEED %u: origin %u has %u, not %u",
			    (unsigned)seed, i,
			    site_view(h, origin_id(i)).active, own[i]);
	site_later(HEALTH_TRIAL_MAX_MS);
	for (i = 0; i < ORIGINS; i++) {
		uint64_t id = origin_id(i);
		struct health_view v = site_view(h, id);
		int64_t now = clock_ms();

		if (v.state == HEALTH_WELL)
			continue;
		if (v.state != HEALTH_DUE ||
		    !health_try(i % 2 ? h : other, id, &site_limits, now, 9) ||
		    health_try(other, id, &site_limits, now, 9) ||
		    !health_answered(other, id, now) ||
		    site_view(h, id).state != HEALTH_WELL)
			fail_msg("SEED %u: origin %u does not come back",
			    (unsigned)seed, i);
	}
	if (atomic_load(&site_page->counts[WRONG]) != 0)
		fail_msg("SEED %u: out for too long", (unsigned)seed);
}

static void *
thread_calls(void *arg)
{
	struct health *h = arg;
	uint64_t series = (uint64_t)atomic_fetch_add(
	    &site_page->counts[READY], 1) + 1 + random_seed();
	struct begun begun = { .count = 0 };
	int i;

	series *= UINT64_C(0x9e3779b97f4a7c15);
	for (i = 0; i < 20000; i++)
		call_any(h, &series, &begun);
	while (begun.count > 0)
		health_ended(h, begun.some[--begun.count].counted);
	return NULL;
}

static void
threads_of_two_routers_do_all_at_once(void **state)
{
	struct health *h[2] = { site_join(), site_join() };
	static const struct begun none;
	pthread_t threads[MANY_THREADS];
	struct err e;
	int i;

	(void)state;
	for (i = 0; i < MANY_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    thread_calls, h[i % 2]), 0);
	for (i = 0; i < 200; i++)
		assert_int_equal(health_look(h[i % 2], &e), 0);
	for (i = 0; i < MANY_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	all_is_well_again(h[0], h[1], &none, random_seed());
	health_leave(&h[0]);
	health_leave(&h[1]);
}

/* ---- killed ---- */

enum { VICTIMS = 4 };

static uint64_t victim_series;

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
	struct health *h;
	struct err e;

	/* At times while it joins. */
	if (any_below(&series, 8) == 0)
		killed_in(any_below(&series, 500));
	h = health_join(site.folder, true, &e);
	if (e.reason != REASON_NONE)
		atomic_fetch_add(&site_page->counts[WRONG], 1);
	killed_in(any_below(&series, 300));
	for (;;) {
		if (any_below(&series, 50) == 0 && health_look(h, &e) == -1)
			atomic_fetch_add(&site_page->counts[WRONG], 1);
		call_any(h, &series, &begun);
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

/* Some live and are killed, while a router that lives goes on. */
static void
kill_some(struct health *h, uint64_t *series, struct begun *begun)
{
	pid_t pids[VICTIMS];
	int i, status;

	for (i = 0; i < VICTIMS; i++) {
		victim_series = ++*series;
		pids[i] = spawn(child_calls_until_it_is_killed);
	}
	for (i = 0; i < 100; i++)
		call_any(h, series, begun);
	for (i = 0; i < VICTIMS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGKILL);
	}
}

static void
killed_at_any_instant_nothing_is_left_behind(void **state)
{
	struct health *h = site_join(), *other = site_join();
	uint64_t seed = random_seed();
	uint64_t series = seed * UINT64_C(0x9e3779b97f4a7c15);
	size_t killed = 0, most = random_cases(3000, 300000);
	int64_t end = real_us() + 2500000;
	struct begun begun = { .count = 0 };
	struct err e;

	(void)state;
	/* Slow machines and sanitizers kill fewer, but some hundred. */
	while (killed < most && (killed < 300 || real_us() < end ||
	    getenv("LONG") != NULL)) {
		kill_some(h, &series, &begun);
		killed += VICTIMS;
		assert_int_equal(health_look(h, &e), 0);
		all_is_well_again(h, other, &begun, seed);
	}
	health_leave(&h);
	begun.count = 0;
	all_is_well_again(other, other, &begun, seed);
	health_leave(&other);
	if (getenv("VERBOSE") != NULL)
		print_message("%zu killed\n", killed);
}

#define SITE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, site_init, site_fini)
#define RACE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, race_begin, race_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(a_failure_that_20_processes_see_at_once_counts_once),
		SITE_TEST(one_of_20_processes_with_50_threads_gets_the_trial),
		SITE_TEST(what_a_killed_process_had_is_let_go),
		RACE_TEST(each_trial_is_had_by_one_of_those_who_race_for_it),
		RACE_TEST(each_change_is_told_by_one),
		RACE_TEST(no_request_and_no_turn_is_lost),
		RACE_TEST(who_moves_in_and_out_leaves_nothing),
		SITE_TEST(threads_of_two_routers_do_all_at_once),
		SITE_TEST(killed_at_any_instant_nothing_is_left_behind),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
