/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * journal, by many processes and threads at once, some of which are killed at
 * any instant, with readers that keep up, are overtaken, or stand still. LONG
 * kills for minutes.
 */

#include "tests/unit/journal_site.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "random.h"

/* Sanitizers make everything slower. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SECONDS_MAX 10.0
#else
#define SECONDS_MAX 1.0
#endif

enum {
	PROCESSES = 4,
	THREADS = 4,
	EACH = 6000, /* records of a thread */
	ENDED = 0,   /* counts of the page: threads that have, */
	BEGAN        /* and processes that write */
};

static void
write_some(struct journal *j, uint64_t from)
{
	uint64_t i;

	for (i = 0; i < EACH; i++)
		site_write(j, from + i);
	atomic_fetch_add(&site_page->counts[ENDED], 1);
}

struct part {
	struct journal *j;
	uint64_t from;
};

static void *
thread_writes(void *arg)
{
	struct part *part = arg;

	write_some(part->j, part->from);
	return NULL;
}

static void
child_writes(uint64_t process)
{
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct part parts[THREADS];
	pthread_t threads[THREADS];
	uint64_t i;

	for (i = 0; i < THREADS; i++) {
		parts[i] = (struct part){ j,
			(process * THREADS + i) * EACH };
		if (pthread_create(&threads[i], NULL, thread_writes,
		    &parts[i]) != 0)
			abort();
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	journal_free(&j);
}

static pid_t
spawn(void (*child)(uint64_t number), uint64_t number)
{
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		child(number);
		_exit(0);
	}
	return pid;
}

static void
end_well(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What writers of many processes and threads wrote is read whole, each record
 * once at most, those of a thread in order; the rest is counted. */
static void
all_are_read_once_and_whole_or_counted(void **state)
{
	static uint64_t behind[PROCESSES * THREADS]; /* of each thread */
	const int all = PROCESSES * THREADS;
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_tail *t = site_tail();
	struct journal_entry entry;
	uint64_t read = 0, number, writer;
	pid_t pids[PROCESSES];
	bool ended;
	int i;

	(void)state;
	for (i = 0; i < PROCESSES; i++)
		pids[i] = spawn(child_writes, (uint64_t)i);
	do {
		ended = atomic_load(&site_page->counts[ENDED]) == all;
		while (journal_tail_next(t, &entry) == 1) {
			number = site_number(&entry.record);
			writer = number / EACH;
			assert_in_range(writer, 0, all - 1);
			assert_true(number % EACH + 1 > behind[writer]);
			behind[writer] = number % EACH + 1;
			read++;
		}
		/* Who is behind by more than the ring sees less of it. */
		site_set_us(site_us() + 1000);
		sched_yield();
	} while (!ended);
	for (i = 0; i < PROCESSES; i++)
		end_well(pids[i]);
	read += site_drain(t, &number);
	/* Some gave up their places to who was late. */
	site_set_us(site_us() + JOURNAL_TAIL_PATIENCE_MS * 1000);
	read += site_drain(t, &number);
	assert_int_equal(read + journal_tail_missed(t), all * EACH);
	assert_true(read >= JOURNAL_PLACES / 2);
	journal_tail_close(&t);
	journal_free(&j);
}

/* ---- killed ---- */

static void
child_writes_for_ever(uint64_t number)
{
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);

	atomic_fetch_add(&site_page->counts[BEGAN], 1);
	for (;;)
		site_write(j, number++);
}

/* Kills them at any instant, after so many more records. */
static void
kill_two_after(struct journal_data *d, unsigned records)
{
	uint64_t until;
	pid_t pids[2];
	int status, i;

	atomic_store(&site_page->counts[BEGAN], 0);
	for (i = 0; i < 2; i++)
		pids[i] = spawn(child_writes_for_ever, 1000);
	while (atomic_load(&site_page->counts[BEGAN]) < 2)
		sched_yield();
	until = atomic_load(&d->next) + records;
	while (atomic_load(&d->next) < until)
		;
	for (i = 0; i < 2; i++) {
		assert_int_equal(kill(pids[i], SIGKILL), 0);
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFSIGNALED(status));
	}
}

static void
a_killed_writer_leaves_nothing_that_stands_in_the_way(void **state)
{
	const size_t rounds = random_cases(25, 20000);
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_tail *t = site_tail();
	struct journal_data *d = site_open();
	uint64_t read = 0, number = 0, i, round;
	struct err e;

	(void)state;
	random_begin(random_seed());
	for (round = 0; round < rounds; round++) {
		kill_two_after(d, random_below(500));
		assert_int_equal(journal_look(j, JOURNAL_KEEP_ALWAYS, false,
		    &e), 0);
		for (i = 0; i < JOURNAL_PLACES; i++)
			assert_int_equal(journal_seal_writer(atomic_load(
			    &d->seals[i])), 0);
		site_write(j, 77);
		read += site_drain(t, &number);
		site_set_us(site_us() + JOURNAL_TAIL_PATIENCE_MS * 1000);
		read += site_drain(t, &number);
		assert_int_equal(number, 77);
	}
	assert_int_equal(read + journal_tail_missed(t),
	    atomic_load(&d->next));
	site_close(d);
	journal_tail_close(&t);
	journal_free(&j);
}

/* ---- readers that do not read ---- */

static void
child_stands_still(uint64_t number)
{
	struct journal_tail *t = site_tail();

	(void)number;
	(void)t;
	atomic_fetch_add(&site_page->counts[BEGAN], 1);
	for (;;)
		pause();
}

static double
cpu_seconds(void)
{
	struct timespec at;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at), 0);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* A hundred thousand requests a second take a small part of one core, with a
 * reader that never reads and one that was stopped in the middle. */
static void
no_reader_slows_a_writer(void **state)
{
	struct journal *j = site_join(JOURNAL_KEEP_ALWAYS);
	struct journal_tail *t = site_tail();
	pid_t pid = spawn(child_stands_still, 0);
	uint64_t i, last = 0, read;
	double began, took;
	int status;

	(void)state;
	while (atomic_load(&site_page->counts[BEGAN]) == 0)
		sched_yield();
	assert_int_equal(kill(pid, SIGSTOP), 0);
	began = cpu_seconds();
	for (i = 0; i < 100000; i++)
		site_write(j, i);
	took = cpu_seconds() - began;
	print_message("100000 records: %.3f s of a core\n", took);
	assert_true(took < SECONDS_MAX);
	read = site_drain(t, &last);
	assert_int_equal(last, 99999);
	assert_int_equal(read + journal_tail_missed(t), 100000);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	journal_tail_close(&t);
	journal_free(&j);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, site_init, site_fini)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_are_read_once_and_whole_or_counted),
		TEST(a_killed_writer_leaves_nothing_that_stands_in_the_way),
		TEST(no_reader_slows_a_writer),
	};

	return cmocka_run_group_tests(tests, site_begin, NULL);
}
