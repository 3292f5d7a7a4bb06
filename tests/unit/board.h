/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * board: a shared file for tests of shm: each holder of a slot writes a row of
 * its own, all add to one sum.
 */
#ifndef UNIT_BOARD_H
#define UNIT_BOARD_H

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/shm.h"
#include "base/sigbus.h"
#include "scratch.h"

enum { BOARD_SLOTS = 40, BOARD_CELLS = 64, BOARD_PATIENCE_MS = 60000 };

/* Read and written relaxed: the jump out of a page that is gone would leave a
 * lock of ThreadSanitizer's behind any other order. */
struct board {
	_Atomic uint32_t sum;
	_Atomic uint32_t cells[BOARD_SLOTS][BOARD_CELLS];
	char last; /* so that the file ends within a page */
};

static void
board_clear(void *data, unsigned slot)
{
	struct board *b = data;
	int i;

	for (i = 0; i < BOARD_CELLS; i++)
		atomic_store_explicit(&b->cells[slot][i], 0,
		    memory_order_relaxed);
}

static const struct shm_kind board_kind = { .name = "board",
	.version = 1,
	.size = sizeof(struct board),
	.slots = BOARD_SLOTS,
	.clear = board_clear };

/* A state folder of a test's own, not made yet, and its file. */
struct board_place {
	struct scratch scratch;
	char folder[SCRATCH_PATH_MAX];
	char path[SCRATCH_PATH_MAX];
};

static inline void
board_init(struct board_place *p)
{
	scratch_init(&p->scratch);
	scratch_path(&p->scratch, "state", p->folder);
	scratch_path(&p->scratch, "state/board.1", p->path);
}

static int
board_remove_one(const char *path, const struct stat *st, int what,
    struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	return remove(path);
}

/* The folder and all in it; nothing where there is none. */
static inline void
board_remove(const struct board_place *p)
{
	assert_true(nftw(p->folder, board_remove_one, 8,
	    FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT);
}

static inline void
board_fini(struct board_place *p)
{
	board_remove(p);
	scratch_fini(&p->scratch);
}

/* Joins; fails unless it is shared. */
static inline struct shm *
board_join(const struct board_place *p)
{
	struct err e;
	struct shm *s;

	/* cmocka puts a handler of its own before each test. */
	sigbus_init();
	s = shm_join(p->folder, &board_kind, true, &e);
	if (!shm_is_shared(s))
		fail_msg("%s", e.text);
	assert_int_equal(e.reason, REASON_NONE);
	return s;
}

static inline struct board *
board_of(const struct shm *s)
{
	return shm_data(s);
}

static inline uint32_t
board_sum(const struct shm *s)
{
	return atomic_load_explicit(&board_of(s)->sum, memory_order_relaxed);
}

static inline void
board_set_sum(const struct shm *s, uint32_t sum)
{
	atomic_store_explicit(&board_of(s)->sum, sum, memory_order_relaxed);
}

/* What the file's head says; valid while it is mapped. */
static inline struct shm_head *
board_head(const struct shm *s)
{
	return (struct shm_head *)(void *)((char *)shm_data(s) - SHM_HEAD);
}

/* Writes to the row of the own slot, if there is one. */
static inline void
board_write(const struct shm *s, uint32_t word)
{
	int slot = shm_slot(s), i;

	for (i = 0; slot != -1 && i < BOARD_CELLS; i++)
		atomic_store_explicit(&board_of(s)->cells[slot][i], word,
		    memory_order_relaxed);
}

/* Is that word all that the row holds? */
static inline bool
board_is(const struct shm *s, int slot, uint32_t word)
{
	int i;

	for (i = 0; i < BOARD_CELLS; i++)
		if (atomic_load_explicit(&board_of(s)->cells[slot][i],
		    memory_order_relaxed) != word)
			return false;
	return true;
}

/* Names in the state folder; -1: there is no such folder. */
static inline int
board_names(const struct board_place *p)
{
	struct scratch inside;
	struct stat st;

	if (stat(p->folder, &st) == -1)
		return -1;
	memset(&inside, 0, sizeof(inside));
	snprintf(inside.folder, sizeof(inside.folder), "%.500s", p->folder);
	return scratch_count(&inside);
}

static inline ino_t
board_inode(const struct board_place *p)
{
	struct stat st;

	assert_int_equal(lstat(p->path, &st), 0);
	return st.st_ino;
}

/* A child that ends with the test, also with one that failed. */
static inline pid_t
board_fork(void)
{
	pid_t parent = getpid(), child = fork();

	assert_true(child != -1);
	if (child == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 ||
	    getppid() != parent))
		_exit(2);
	return child;
}

static inline void
board_ended(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("a child ended with status 0x%x", (unsigned)status);
}

static inline void
board_kill(pid_t child)
{
	int status;

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

#endif
