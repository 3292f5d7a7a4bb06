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
	INSIDE,  /* who is inside by his own account, */
	LAP      /* and what lap it is */
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

/* ---- the burst ---- */

static const struct limit_rate burst_of_100 = { 1, 100, 1000000 };

static void
child_takes_all_it_can(void)
{
	struct limit *l = site_join();
	struct limit_view v;
	int lap;

	for (lap = 0; lap < 20; lap++) {
		count_more(READY);
		while (count(READY) < (lap + 1) * PROCESSES)
			sched_yield();
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
	spawn_all(pids, PROCESSES, child_takes_all_it_can);
	ended_well(pids, PROCESSES);
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

enum { LAPS = 300 };

/* All wait for the next lap, which the last of them begins. */
static void
lap_begins(int lap)
{
	count_more(READY);
	while (count(READY) < lap * PROCESSES)
		sched_yield();
}

static void
child_wants_the_last_place(void)
{
	struct limit *l = site_join();
	uint64_t counted;
	int lap;

	for (lap = 0; lap < LAPS; lap++) {
		lap_begins(2 * lap + 1);
		if (limit_enter(l, ID, 3, &counted)) {
			count_more(lap);
			if (counted == 0)
				count_more(WRONG);
		}
		lap_begins(2 * lap + 2);
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
	spawn_all(pids, PROCESSES, child_wants_the_last_place);
	ended_well(pids, PROCESSES);
	for (lap = 0; lap < LAPS; lap++) {
		assert_in_range(count(lap), 0, 3);
		few += count(lap) < 3;
	}
	/* Unless who was first is held up for very long. */
	assert_in_range(few, 0, LAPS / 100);
	assert_int_equal(limit_inside(l, ID), 0);
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
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
