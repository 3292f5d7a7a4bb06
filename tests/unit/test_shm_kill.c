/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * shm_kill: processes that are killed at any instant leave nothing stuck:
 * every slot is free and clear after the next reap, and one good file is all
 * that is in the folder after the next join. At each system call one after the
 * other, then thousands of times at random; SEED and LONG as in random.h.
 */

#include <sys/ptrace.h>
#include <time.h>

#include "base/shm.h"
#include "board.h"
#include "random.h"

enum {
	CALLS_MAX = 10000,  /* system calls of one child: it must end */
	HERD = 5,           /* alive at a time */
	KILLS = 4000,
	KILLS_LONG = 60000,
	KILLS_MS = 2000,    /* and no longer than that, but in the long run */
	AGE_NS = 1500000    /* between two kills, at most */
};

static int
setup(void **state)
{
	static struct board_place p;

	board_init(&p);
	*state = &p;
	return 0;
}

static int
teardown(void **state)
{
	board_fini(*state);
	return 0;
}

/* Nothing that a killed process held is left. */
static void
check_nothing_stuck(const struct board_place *p)
{
	struct shm *all[BOARD_SLOTS];
	int slot;

	all[0] = board_join(p);
	assert_int_equal(board_names(p), 1);
	shm_reap(all[0]);
	for (slot = 0; slot < BOARD_SLOTS; slot++) {
		bool own = slot == shm_slot(all[0]);
		uint32_t pid = atomic_load(&board_head(all[0])->holders[slot]);

		assert_int_equal(pid, own ? getpid() : 0);
		assert_true(board_is(all[0], slot, 0));
	}
	for (slot = 1; slot < BOARD_SLOTS; slot++) {
		all[slot] = board_join(p);
		assert_int_not_equal(shm_slot(all[slot]), -1);
	}
	for (slot = 0; slot < BOARD_SLOTS; slot++)
		shm_leave(&all[slot]);
}

/* ---- at each system call ---- */

/* All that a router does with it. */
static _Noreturn void
walk_child(const struct board_place *p)
{
	struct shm *s;
	struct err e;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1 ||
	    raise(SIGSTOP) != 0)
		_exit(3);
	s = shm_join(p->folder, &board_kind, true, &e);
	board_write(s, 7);
	shm_reap(s);
	shm_leave(&s);
	_exit(0);
}

/* Kills a child before the system call of that number. true: it ended
 * before. */
static bool
walk_kill(const struct board_place *p, int calls)
{
	pid_t child = board_fork();
	int status, i;

	if (child == 0)
		walk_child(p);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSTOPPED(status));
	/* It stops before and behind each. */
	for (i = 0; i < 2 * calls + 1; i++) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, child, NULL, NULL),
		    0);
		assert_int_equal(waitpid(child, &status, 0), child);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return true;
		}
		assert_true(WIFSTOPPED(status));
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return false;
}

/* From nothing at all, and with a bad file. true: both ended before. */
static bool
walk_both(const struct board_place *p, int calls)
{
	bool ended;

	board_remove(p);
	ended = walk_kill(p, calls);
	check_nothing_stuck(p);
	assert_int_equal(truncate(p->path, 1), 0);
	ended = walk_kill(p, calls) && ended;
	check_nothing_stuck(p);
	return ended;
}

static void
killed_at_any_system_call_nothing_is_stuck(void **state)
{
	struct board_place *p = *state;
	int calls;

	sigbus_init();
	scratch_listen(&p->scratch);
	for (calls = 0; !walk_both(p, calls); calls++)
		assert_in_range(calls, 0, CALLS_MAX);
	(void)scratch_heard(&p->scratch);
	print_message("%d system calls\n", calls);
	/* It has opened, locked, written and renamed. */
	assert_true(calls > 30);
}

/* ---- at random ---- */

struct herd_job {
	struct shm *s;
	uint32_t pid;
	bool good;
};

static void
run_herd(void *arg)
{
	struct herd_job *j = arg;
	int slot = shm_slot(j->s);

	j->good = true;
	if (slot == -1)
		return;
	/* Nobody else writes there, nor clears it. */
	board_write(j->s, j->pid);
	j->good = board_is(j->s, slot, j->pid);
}

/* One thing of what routers do, by chance. false: another process wrote to
 * what is ours. */
static bool
herd_step(const struct board_place *p, struct shm **s)
{
	struct herd_job j = { .pid = (uint32_t)getpid() };
	struct err e;

	if (*s == NULL)
		*s = shm_join(p->folder, &board_kind, true, &e);
	j.s = *s;
	switch (random_below(8)) {
	case 0:
		shm_leave(s);
		break;
	case 1:
		(void)shm_look(*s, &e);
		break;
	case 2:
		shm_reap(*s);
		break;
	default:
		/* Of a file that was cut nothing is to be told. */
		if (shm_run(*s, run_herd, &j))
			return j.good;
	}
	return true;
}

/* A signal that nobody can hold off comes at an instant of its own time, or
 * when it had to wait for a processor: so it has begun, however busy others
 * are. */
static void
herd_arm(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGKILL };
	struct itimerspec age = { .it_value.tv_nsec =
		1 + random_below(AGE_NS) };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) == -1 ||
	    timer_settime(timer, 0, &age, NULL) == -1)
		_exit(3);
}

static pid_t
herd_fork(const struct board_place *p, uint64_t seed)
{
	pid_t child = board_fork();
	struct shm *s = NULL;

	if (child != 0)
		return child;
	random_begin(seed);
	herd_arm();
	while (herd_step(p, &s))
		continue;
	_exit(4);
}

/* What operators do to the file. */
static void
herd_spoil(const struct board_place *p)
{
	switch (random_below(12)) {
	case 0:
		(void)unlink(p->path);
		break;
	case 1:
		(void)!truncate(p->path, 0);
		break;
	case 2:
		(void)chmod(p->path, 0640);
		break;
	default:
		break;
	}
}

/* Waits for the next one to be killed. */
static void
herd_wait(void)
{
	int status;

	assert_true(waitpid(-1, &status, 0) > 0);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		fail_msg("a slot was written by two: status 0x%x",
		    (unsigned)status);
}

static void
killed_at_random_nothing_is_stuck(void **state)
{
	struct board_place *p = *state;
	size_t most = random_cases(KILLS, KILLS_LONG), kills;
	int64_t end = clock_ms() + KILLS_MS;
	uint64_t seed = random_seed() * 1000003;
	int i;

	sigbus_init();
	scratch_listen(&p->scratch);
	random_begin(seed);
	for (i = 0; i < HERD; i++)
		(void)herd_fork(p, seed + (uint64_t)i);
	for (kills = 0; kills < most &&
	    (most == KILLS_LONG || clock_ms() < end); kills++) {
		herd_wait();
		herd_spoil(p);
		(void)herd_fork(p, seed + HERD + kills);
	}
	for (i = 0; i < HERD; i++)
		herd_wait();
	check_nothing_stuck(p);
	(void)scratch_heard(&p->scratch);
	print_message("%zu kills\n", kills + HERD);
	assert_true(kills > HERD);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(killed_at_any_system_call_nothing_is_stuck),
		TEST(killed_at_random_nothing_is_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
