/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats, by many processes and threads at once, some of which are killed at any
 * instant. LONG kills more of them, SEED chooses other instants.
 */

#include "report/stats.h"

#include "tests/unit/stats_site.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/unit/random.h"

enum {
	PROCESSES = 4,
	THREADS = 3,
	ADDS = 3000,  /* of each thread, */
	STEADY = 50,  /* over services of which all know, */
	MANY = 20000, /* and as many over these */
	/* Counts of the page: requests that were about to be counted, and that
	 * were; and who is ready. */
	STARTED = 0,
	COUNTED,
	READY
};

static uint64_t
count(int what)
{
	return (uint64_t)atomic_load(&site_page->counts[what]);
}

static uint64_t
requests(const struct stats_numbers *n)
{
	return n->counts[STATS_COUNT_requests];
}

/* In a process of its own, which ends behind it. */
static pid_t
spawn(void (*child)(uint64_t series), uint64_t series)
{
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child(series);
		_exit(0);
	}
	return pid;
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

static uint64_t
series_of(uint64_t n)
{
	return (random_seed() + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
	    n * UINT64_C(0xbf58476d1ce4e5b9);
}

/* A request of a steady service, or of one of very many. */
static void
count_any(struct stats *s, bool steady, unsigned which)
{
	static const struct str plans[] = { STR(""), STR("free"), STR("paid") };
	char name[24];
	struct record r;

	snprintf(name, sizeof(name), steady ? "@s%u" : "@t%u", which);
	r = site_record(name, which);
	r.plan = plans[which % TABLE_COUNT(plans)];
	r.status = which % 5 == 0 ? 502 : 200;
	r.reason = which % 5 == 0 ? REASON_ORIGIN_BROKEN : REASON_NONE;
	r.sent = which;
	stats_add(s, &r, clock_us());
}

struct counter {
	struct stats *s;
	uint64_t series;
};

static void *
thread_counts(void *arg)
{
	struct counter *c = arg;
	int i;

	for (i = 0; i < ADDS; i++) {
		count_any(c->s, true, (unsigned)i % STEADY);
		count_any(c->s, false, any_below(&c->series, MANY));
	}
	return NULL;
}

static void
child_counts(uint64_t series)
{
	struct stats *s = site_join();
	struct counter counters[THREADS];
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < THREADS; i++) {
		counters[i].s = s;
		counters[i].series = series + (uint64_t)i;
		if (pthread_create(&threads[i], NULL, thread_counts,
		    &counters[i]) != 0)
			_exit(1);
	}
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	stats_leave(&s);
}

/* What came in each second is all there is. */
static void
seconds_are_the_total(const struct stats_view *v)
{
	struct stats_numbers sum = { .counts = { 0 } };
	int i;

	for (i = 0; i < STATS_SECONDS; i++)
		stats_sum(&sum, &v->seconds[i]);
	assert_memory_equal(&sum, &v->total, sizeof(sum));
}

static void
processes_and_threads_count_each_request_once(void **state)
{
	const uint64_t each = PROCESSES * THREADS * ADDS;
	struct stats *s = site_join();
	pid_t pids[PROCESSES];
	struct stats_numbers sum;
	struct stats_view *v;
	int i, status;

	(void)state;
	for (i = 0; i < PROCESSES; i++)
		pids[i] = spawn(child_counts, series_of((uint64_t)i));
	for (i = 0; i < 40; i++) { /* seconds go on meanwhile */
		atomic_fetch_add(&site_page->us, 1000000);
		sched_yield();
	}
	for (i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	atomic_fetch_add(&site_page->us, 1000000);
	v = stats_view_take(s);
	assert_int_equal(requests(&v->total), 2 * each);
	sum = site_services(v);
	assert_memory_equal(&sum, &v->total, sizeof(sum));
	seconds_are_the_total(v);
	assert_int_equal(v->plan_count, 3);
	assert_int_equal(v->reasons[REASON_ORIGIN_BROKEN],
	    v->total.counts[STATS_COUNT_errors]);
	stats_view_free(&v);
	stats_leave(&s);
}

/* Among so many others the steady ones lose nothing. */
static void
steady_services_are_counted_exactly(void **state)
{
	struct stats *s = site_join();
	pid_t pids[PROCESSES];
	struct stats_view *v;
	uint64_t steady = 0;
	int i, k;

	(void)state;
	for (i = 0; i < STEADY; i++) /* each has its place */
		for (k = 0; k < 100; k++)
			count_any(s, true, (unsigned)i);
	for (i = 0; i < PROCESSES; i++)
		pids[i] = spawn(child_counts, series_of((uint64_t)i));
	for (i = 0; i < PROCESSES; i++)
		assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
	v = stats_view_take(s);
	for (i = 0; i < STEADY; i++) {
		assert_memory_equal(v->services[i].service, "@s", 2);
		steady += requests(&v->services[i].numbers);
	}
	assert_int_equal(steady, STEADY * 100 + PROCESSES * THREADS * ADDS);
	stats_view_free(&v);
	stats_leave(&s);
}

/* ---- killed ---- */

/* Until it is killed. */
static void
child_counts_on(uint64_t series)
{
	struct stats *s = site_join();

	atomic_fetch_add(&site_page->counts[READY], 1);
	for (;;) {
		atomic_fetch_add(&site_page->counts[STARTED], 1);
		count_any(s, false, any_below(&series, MANY));
		atomic_fetch_add(&site_page->counts[COUNTED], 1);
	}
}

/* Each counts for a while, and dies in the middle. */
static void
kill_some(uint64_t round)
{
	uint64_t ready = count(READY), goal;
	pid_t pids[PROCESSES];
	int i;

	for (i = 0; i < PROCESSES; i++)
		pids[i] = spawn(child_counts_on, series_of(round * PROCESSES +
		    (uint64_t)i));
	while (count(READY) < ready + PROCESSES)
		sched_yield();
	goal = count(COUNTED) + random_below(3000);
	while (count(COUNTED) < goal)
		sched_yield();
	for (i = 0; i < PROCESSES; i++)
		kill(pids[i], SIGKILL);
	for (i = 0; i < PROCESSES; i++)
		assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
}

/* Nobody who is dead holds a place back. */
static void
all_places_are_to_be_had(void)
{
	struct stats_data *d = site_open();
	int i;

	for (i = 0; i < STATS_TOP; i++) {
		uint64_t id = atomic_load(&d->ids[i]);

		assert_true(id == 0 || id >= STATS_IDS);
	}
	site_close(d);
}

static void
who_is_killed_takes_no_more_than_its_last_request_with_it(void **state)
{
	const uint64_t rounds = random_cases(25, 500);
	struct stats *s = site_join();
	struct stats_numbers sum;
	struct stats_view *v;
	struct err e;
	uint64_t round;

	(void)state;
	random_begin(random_seed());
	for (round = 0; round < rounds; round++) {
		kill_some(round);
		assert_int_equal(stats_look(s, &e), 0);
		all_places_are_to_be_had();
		v = stats_view_take(s);
		assert_in_range(requests(&v->total), count(COUNTED),
		    count(STARTED));
		sum = site_services(v);
		assert_in_range(requests(&sum), count(COUNTED),
		    count(STARTED));
		assert_int_equal(v->process_count, 0);
		stats_view_free(&v);
	}
	assert_true(count(STARTED) - count(COUNTED) <= rounds * PROCESSES);
	stats_leave(&s);
}

/* Told once, then nothing until it is killed. */
static void
child_tells(uint64_t pid)
{
	uint64_t gauges[STATS_GAUGE_COUNT] = { [STATS_GAUGE_pid] = pid };
	struct stats *s = site_join();

	stats_tell(s, gauges);
	atomic_fetch_add(&site_page->counts[READY], 1);
	for (;;)
		pause();
}

/* Though no router is left that could clear what it told. */
static void
a_killed_process_is_not_shown(void **state)
{
	struct stats *s = site_join(), *tool;
	struct stats_view *v;
	struct err e;
	pid_t pid;

	(void)state;
	pid = spawn(child_tells, 4711);
	while (count(READY) == 0)
		sched_yield();
	tool = stats_read(site.folder, &e);
	assert_non_null(tool);
	v = stats_view_take(tool);
	assert_int_equal(v->process_count, 1);
	assert_int_equal(v->processes[0][STATS_GAUGE_pid], 4711);
	stats_view_free(&v);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	v = stats_view_take(tool);
	assert_int_equal(v->process_count, 0);
	stats_view_free(&v);
	stats_leave(&tool);
	stats_leave(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    processes_and_threads_count_each_request_once, site_init,
		    site_fini),
		cmocka_unit_test_setup_teardown(
		    steady_services_are_counted_exactly, site_init,
		    site_fini),
		cmocka_unit_test_setup_teardown(
		    who_is_killed_takes_no_more_than_its_last_request_with_it,
		    site_init, site_fini),
		cmocka_unit_test_setup_teardown(a_killed_process_is_not_shown,
		    site_init, site_fini),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
