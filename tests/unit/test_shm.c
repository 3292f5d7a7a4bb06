/* SPDX-License-Identifier: BSD-2-Clause */

/* shm: one memory of many handles, slots, and a file that goes away. */

#include <pthread.h>
#include <sched.h>
#include <sys/file.h>

#include "base/shm.h"
#include "board.h"
#include "layout.h"

enum { CROWD = 24, CROWD_ROUNDS = 8, STRESS_ROUNDS = 300, STRESS_THREADS = 3 };

struct fixture {
	struct board_place place;
};

static int
setup(void **state)
{
	static struct fixture f;

	board_init(&f.place);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	board_fini(&f->place);
	return 0;
}

static struct shm *
join(struct fixture *f)
{
	return board_join(&f->place);
}

static void
leave(struct shm *s)
{
	shm_leave(&s);
	assert_null(s);
}

/* ---- one memory ---- */

static void
two_handles_are_one_memory(void **state)
{
	struct shm *a = join(*state), *b = join(*state);
	struct hash_key of_a = shm_key(a), of_b = shm_key(b);

	assert_int_equal(board_sum(a), 0);
	board_set_sum(a, 7);
	assert_int_equal(board_sum(b), 7);
	assert_ptr_not_equal(shm_data(a), shm_data(b));
	assert_memory_equal(&of_a, &of_b, sizeof(of_a));
	assert_int_equal(shm_slot(a), 0);
	assert_int_equal(shm_slot(b), 1);
	leave(a);
	leave(b);
}

static void
what_is_there_outlives_who_wrote_it(void **state)
{
	struct shm *s = join(*state);
	struct hash_key first = shm_key(s), later;

	board_set_sum(s, 7);
	leave(s);
	s = join(*state);
	later = shm_key(s);
	assert_int_equal(board_sum(s), 7);
	assert_memory_equal(&first, &later, sizeof(first));
	leave(s);
}

static void
each_version_has_a_file_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct shm_kind second = board_kind;
	struct shm *a = join(f), *b;
	char path[SCRATCH_PATH_MAX];
	struct stat st;
	struct err e;

	second.version = 2;
	second.size = 1;
	b = shm_join(f->place.folder, &second, true, &e);
	assert_true(shm_is_shared(b));
	assert_int_equal(board_names(&f->place), 2);
	assert_int_equal(stat(scratch_path(&f->place.scratch,
	    "state/board.2", path), &st), 0);
	assert_int_equal(st.st_size, SHM_HEAD + 1);
	leave(a);
	leave(b);
}

static void
folder_and_file_are_for_their_owner_alone(void **state)
{
	struct fixture *f = *state;
	mode_t mask = umask(0);
	struct shm *s = join(f);
	struct stat st;

	assert_int_equal(stat(f->place.folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(f->place.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, SHM_HEAD + sizeof(struct board));
	leave(s);
	/* Nor does a narrow mask make a file that is not good. */
	assert_int_equal(unlink(f->place.path), 0);
	umask(0377);
	s = join(f);
	assert_int_equal(stat(f->place.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	leave(s);
	umask(mask);
}

/* As the manual draws it. */
static void
the_head_says_what_the_file_is(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_wall().tv_sec;
	struct shm *s = join(f);
	const struct shm_head *h = board_head(s);
	const char *boot;

	assert_memory_equal(h->magic, "fcgi-router shm", 16);
	assert_int_equal(h->order, 0x01020304);
	assert_int_equal(h->version, 1);
	assert_int_equal(h->size, SHM_HEAD + sizeof(struct board));
	boot = scratch_read_path("/proc/sys/kernel/random/boot_id");
	assert_int_equal(strlen(h->boot), strcspn(boot, "\n"));
	assert_memory_equal(h->boot, boot, strlen(h->boot));
	assert_in_range(h->made, now, now + 60);
	assert_int_equal(h->key.k0, shm_key(s).k0);
	assert_int_equal(h->key.k1, shm_key(s).k1);
	assert_int_equal(atomic_load(&h->holders[0]), getpid());
	assert_int_equal(atomic_load(&h->holders[1]), 0);
	leave(s);
}

static void
the_manual_draws_the_head(void **state)
{
	static const struct layout_row rows[] = {
		LAYOUT_ROW(struct shm_head, magic),
		LAYOUT_ROW(struct shm_head, order),
		LAYOUT_ROW(struct shm_head, version),
		LAYOUT_ROW(struct shm_head, size),
		LAYOUT_ROW(struct shm_head, boot),
		LAYOUT_ROW(struct shm_head, made),
		LAYOUT_ROW(struct shm_head, key),
		LAYOUT_ROW(struct shm_head, holders),
		{ "-", sizeof(struct shm_head),
		    SHM_HEAD - sizeof(struct shm_head) },
		{ "data", SHM_HEAD, 0 },
	};

	(void)state;
	layout_compare("fcgi-router/fcgi-router.8", "A file begins with this",
	    rows, TABLE_COUNT(rows));
}

/* ---- many at once ---- */

static _Noreturn void
crowd_child(const struct board_place *p, int ready, int told)
{
	struct err e;
	struct shm *s;
	int slot;
	char byte;

	/* The end of the pipe is the start. */
	if (read(ready, &byte, 1) != 0)
		_exit(2);
	s = shm_join(p->folder, &board_kind, true, &e);
	slot = shm_is_shared(s) ? shm_slot(s) : -1;
	atomic_fetch_add(&board_of(s)->sum, 1);
	board_write(s, (uint32_t)getpid());
	if (write(told, &slot, sizeof(slot)) != sizeof(slot))
		_exit(2);
	pause();
	_exit(2);
}

/* Of two files some slots would be the same. */
static void
crowd_hear(int told)
{
	bool seen[BOARD_SLOTS] = { false };
	int i, slot;

	for (i = 0; i < CROWD; i++) {
		assert_int_equal(read(told, &slot, sizeof(slot)),
		    sizeof(slot));
		assert_in_range(slot, 0, BOARD_SLOTS - 1);
		assert_false(seen[slot]);
		seen[slot] = true;
	}
}

/* All have joined, and hold what they wrote: as a tool sees it. */
static void
crowd_check(const struct fixture *f)
{
	struct err e;
	struct shm *s = shm_read(f->place.folder, &board_kind, &e);
	int slot, held = 0;

	assert_non_null(s);
	for (slot = 0; slot < BOARD_SLOTS; slot++) {
		uint32_t pid = atomic_load(&board_head(s)->holders[slot]);

		held += pid != 0;
		assert_true(board_is(s, slot, pid));
	}
	assert_int_equal(held, CROWD);
	assert_int_equal(board_sum(s), CROWD);
	leave(s);
}

static void
crowd_once(const struct fixture *f)
{
	int ready[2], told[2], i;
	pid_t child[CROWD];

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(told), 0);
	for (i = 0; i < CROWD; i++) {
		child[i] = board_fork();
		if (child[i] == 0) {
			close(ready[1]);
			crowd_child(&f->place, ready[0], told[1]);
		}
	}
	close(ready[1]);
	crowd_hear(told[0]);
	crowd_check(f);
	for (i = 0; i < CROWD; i++)
		board_kill(child[i]);
	close(ready[0]);
	close(told[0]);
	close(told[1]);
}

static void
many_that_begin_at_once_join_one_file(void **state)
{
	struct fixture *f = *state;
	int round;

	for (round = 0; round < CROWD_ROUNDS; round++) {
		crowd_once(f);
		assert_int_equal(board_names(&f->place), 1);
		if (round % 2 == 0)
			assert_int_equal(unlink(f->place.path), 0);
		else
			board_remove(&f->place);
	}
}

/* ---- who makes it ---- */

static void
who_must_not_make_it_joins_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct shm *s, *made;
	struct err e;

	s = shm_join(f->place.folder, &board_kind, false, &e);
	assert_false(shm_is_shared(s));
	assert_int_equal(e.reason, REASON_INTERNAL);
	assert_non_null(strstr(e.text, f->place.folder));
	assert_int_equal(board_names(&f->place), -1);
	assert_int_equal(mkdir(f->place.folder, 0700), 0);
	assert_int_equal(shm_look(s, &e), 0);
	assert_int_equal(board_names(&f->place), 0);
	made = join(f);
	board_set_sum(made, 7);
	assert_int_equal(shm_look(s, &e), 1);
	assert_int_equal(board_sum(s), 7);
	assert_int_equal(shm_slot(s), 1);
	leave(s);
	leave(made);
}

/* Somebody who is stopped while making it must not stop all others. */
static void
who_waits_in_vain_goes_on_alone(void **state)
{
	struct fixture *f = *state;
	char fresh[SCRATCH_PATH_MAX];
	struct shm *s;
	struct err e;
	int fd;

	assert_int_equal(mkdir(f->place.folder, 0700), 0);
	scratch_path(&f->place.scratch, "state/.board.1.new", fresh);
	fd = open(fresh, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd != -1);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	s = shm_join(f->place.folder, &board_kind, true, &e);
	assert_false(shm_is_shared(s));
	assert_int_equal(e.reason, REASON_INTERNAL);
	assert_non_null(strstr(e.text, fresh));
	assert_non_null(strstr(e.text, "locked"));
	board_write(s, 7);
	assert_int_equal(shm_look(s, &e), 0);
	assert_true(board_is(s, 0, 7));
	close(fd);
	assert_int_equal(shm_look(s, &e), 1);
	assert_true(shm_is_shared(s));
	assert_true(board_is(s, 0, 0));
	assert_int_equal(board_names(&f->place), 1);
	leave(s);
}

/* ---- slots ---- */

static void
a_slot_is_held_by_one_and_clear_when_left(void **state)
{
	struct shm *a = join(*state), *b = join(*state);

	board_write(a, 7);
	board_write(b, 8);
	leave(a);
	assert_true(board_is(b, 0, 0));
	assert_true(board_is(b, 1, 8));
	assert_int_equal(atomic_load(&board_head(b)->holders[0]), 0);
	a = join(*state);
	assert_int_equal(shm_slot(a), 0);
	leave(a);
	leave(b);
}

static void
without_a_free_slot_life_goes_on(void **state)
{
	struct fixture *f = *state;
	struct shm *s[BOARD_SLOTS + 1];
	struct err e;
	int i;

	for (i = 0; i <= BOARD_SLOTS; i++) {
		s[i] = join(f);
		assert_int_equal(shm_slot(s[i]), i < BOARD_SLOTS ? i : -1);
	}
	board_set_sum(s[BOARD_SLOTS], 7);
	assert_int_equal(board_sum(s[0]), 7);
	assert_int_equal(shm_look(s[BOARD_SLOTS], &e), 0);
	shm_reap(s[BOARD_SLOTS]);
	assert_int_equal(shm_slot(s[BOARD_SLOTS]), -1);
	leave(s[5]);
	assert_int_equal(shm_look(s[BOARD_SLOTS], &e), 0);
	assert_int_equal(shm_slot(s[BOARD_SLOTS]), 5);
	for (i = 0; i <= BOARD_SLOTS; i++)
		if (i != 5)
			leave(s[i]);
}

static void
a_kind_without_slots_has_none(void **state)
{
	struct fixture *f = *state;
	struct shm_kind kind = board_kind;
	struct shm *s;
	struct err e;

	kind.slots = 0;
	kind.clear = NULL;
	s = shm_join(f->place.folder, &kind, true, &e);
	assert_true(shm_is_shared(s));
	assert_int_equal(shm_slot(s), -1);
	assert_int_equal(shm_look(s, &e), 0);
	shm_reap(s);
	assert_int_equal(unlink(f->place.path), 0);
	assert_int_equal(rmdir(f->place.folder), 0);
	scratch_write(&f->place.scratch, "state", "");
	assert_int_equal(shm_look(s, &e), -1);
	assert_int_equal(shm_slot(s), -1);
	leave(s);
}

/* A child that holds a slot and wrote to it; 0 in the child's own child. */
static pid_t
holder_fork(const struct fixture *f, bool forks)
{
	int told[2];
	char byte = 0;
	pid_t child;

	assert_int_equal(pipe(told), 0);
	child = board_fork();
	if (child == 0) {
		struct err e;
		struct shm *s = shm_join(f->place.folder, &board_kind, true,
		    &e);
		pid_t own = forks ? fork() : 0;

		board_write(s, 7);
		/* The first of two tells who the second is, and ends. */
		if (own != 0)
			_exit(write(told[1], &own, sizeof(own)) !=
			    sizeof(own));
		if (!forks && write(told[1], &byte, 1) != 1)
			_exit(2);
		pause();
		_exit(2);
	}
	close(told[1]);
	if (forks) {
		pid_t first = child;

		assert_int_equal(read(told[0], &child, sizeof(child)),
		    sizeof(child));
		board_ended(first);
	} else {
		assert_int_equal(read(told[0], &byte, 1), 1);
	}
	close(told[0]);
	return child;
}

static void
what_a_killed_holder_kept_is_cleared(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f), *next;
	pid_t child = holder_fork(f, false);

	board_write(s, 9);
	shm_reap(s);
	assert_true(board_is(s, 1, 7));
	assert_int_equal(atomic_load(&board_head(s)->holders[1]), child);
	board_kill(child);
	assert_true(board_is(s, 1, 7));
	shm_reap(s);
	assert_true(board_is(s, 1, 0));
	assert_int_equal(atomic_load(&board_head(s)->holders[1]), 0);
	assert_true(board_is(s, 0, 9));
	next = join(f);
	assert_int_equal(shm_slot(next), 1);
	shm_reap(next);
	assert_true(board_is(s, 0, 9));
	leave(s);
	leave(next);
}

static void
a_slot_taken_before_it_was_reaped_is_clear(void **state)
{
	struct fixture *f = *state;
	pid_t child = holder_fork(f, false);
	struct shm *s;

	board_kill(child);
	s = join(f);
	assert_int_equal(shm_slot(s), 0);
	assert_true(board_is(s, 0, 0));
	assert_int_equal(atomic_load(&board_head(s)->holders[0]), getpid());
	leave(s);
}

/* Also where nobody looks, because each process is there for one request. */
static void
who_joins_clears_what_any_killed_holder_kept(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f);
	pid_t child = holder_fork(f, false);

	board_kill(child);
	leave(s);
	s = join(f);
	assert_int_equal(shm_slot(s), 0);
	assert_true(board_is(s, 1, 0));
	assert_int_equal(atomic_load(&board_head(s)->holders[1]), 0);
	leave(s);
}

/* Its lock tells, not its pid: any process has the pid that is marked. */
static void
a_pid_that_is_used_again_means_nothing(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f);
	pid_t child = holder_fork(f, false);

	board_kill(child);
	atomic_store(&board_head(s)->holders[1], (uint32_t)getpid());
	shm_reap(s);
	assert_true(board_is(s, 1, 0));
	assert_int_equal(atomic_load(&board_head(s)->holders[1]), 0);
	leave(s);
}

static void
a_forked_child_keeps_its_parents_slot(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f);
	pid_t second = holder_fork(f, true);

	shm_reap(s);
	assert_int_not_equal(atomic_load(&board_head(s)->holders[1]), 0);
	/* Its parent is init or whoever else reaps here: so wait by look. */
	assert_int_equal(kill(second, SIGKILL), 0);
	while (atomic_load(&board_head(s)->holders[1]) != 0) {
		shm_reap(s);
		sched_yield();
	}
	assert_true(board_is(s, 1, 0));
	leave(s);
}

/* ---- a file that goes away while it is mapped ---- */

struct writing {
	struct shm *s;
	uint32_t word;
};

static void
run_write(void *arg)
{
	struct writing *w = arg;

	board_write(w->s, w->word);
	board_set_sum(w->s, w->word);
}

static void
a_removed_file_is_made_anew_at_the_same_address(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f);
	void *data = shm_data(s);
	struct hash_key first = shm_key(s), later;
	struct err e;

	board_set_sum(s, 7);
	assert_int_equal(shm_look(s, &e), 0);
	assert_int_equal(unlink(f->place.path), 0);
	assert_int_equal(shm_look(s, &e), 1);
	assert_ptr_equal(shm_data(s), data);
	assert_int_equal(board_sum(s), 0);
	later = shm_key(s);
	assert_memory_not_equal(&first, &later, sizeof(first));
	board_remove(&f->place);
	assert_int_equal(shm_look(s, &e), 1);
	assert_int_equal(board_names(&f->place), 1);
	assert_int_equal(shm_slot(s), 0);
	leave(s);
}

static void
a_file_that_another_made_is_joined(void **state)
{
	struct fixture *f = *state;
	struct shm *old = join(f), *fresh;
	void *data = shm_data(old);
	struct err e;

	assert_int_equal(unlink(f->place.path), 0);
	fresh = join(f);
	assert_int_equal(shm_slot(fresh), 0);
	board_set_sum(fresh, 7);
	assert_int_equal(board_sum(old), 0);
	assert_int_equal(shm_look(old, &e), 1);
	assert_ptr_equal(shm_data(old), data);
	assert_int_equal(board_sum(old), 7);
	assert_int_equal(shm_slot(old), 1);
	assert_int_equal(shm_key(old).k0, shm_key(fresh).k0);
	leave(old);
	leave(fresh);
}

static void
a_file_that_others_may_write_is_left(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f);
	ino_t first = board_inode(&f->place);
	struct err e;

	assert_int_equal(chmod(f->place.path, 0620), 0);
	scratch_listen(&f->place.scratch);
	assert_int_equal(shm_look(s, &e), 1);
	assert_non_null(strstr(scratch_heard(&f->place.scratch), "mode 0620"));
	assert_int_not_equal(board_inode(&f->place), first);
	leave(s);
}

static void
where_none_can_be_made_it_goes_on_alone(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f);
	struct err e;

	board_set_sum(s, 7);
	board_remove(&f->place);
	scratch_write(&f->place.scratch, "state", "");
	assert_int_equal(shm_look(s, &e), -1);
	assert_int_equal(e.reason, REASON_INTERNAL);
	assert_non_null(strstr(e.text, f->place.folder));
	assert_false(shm_is_shared(s));
	assert_int_equal(board_sum(s), 0);
	assert_int_equal(shm_slot(s), 0);
	board_write(s, 7);
	/* Told once. */
	assert_int_equal(shm_look(s, &e), 0);
	assert_true(board_is(s, 0, 7));
	assert_int_equal(unlink(f->place.folder), 0);
	assert_int_equal(shm_look(s, &e), 1);
	assert_true(board_is(s, 0, 0));
	assert_true(shm_is_shared(s));
	leave(s);
}

static void
a_cut_file_ends_the_run_not_the_process(void **state)
{
	static const off_t sizes[] = { 0, 1, 607, SHM_HEAD - 1, SHM_HEAD };
	struct fixture *f = *state;
	struct shm *s = join(f);
	struct writing w = { s, 7 };
	void *data = shm_data(s);
	struct err e;
	size_t i;

	for (i = 0; i < TABLE_COUNT(sizes); i++) {
		assert_true(shm_run(s, run_write, &w));
		assert_true(shm_is_shared(s));
		assert_int_equal(truncate(f->place.path, sizes[i]), 0);
		assert_false(shm_run(s, run_write, &w));
		assert_false(shm_is_shared(s));
		assert_ptr_equal(shm_data(s), data);
		assert_int_equal(board_sum(s), 0);
		assert_int_equal(shm_slot(s), 0);
		assert_true(shm_run(s, run_write, &w));
		scratch_listen(&f->place.scratch);
		assert_int_equal(shm_look(s, &e), 1);
		assert_non_null(strstr(scratch_heard(&f->place.scratch),
		    "replaced by a new one"));
		assert_true(shm_is_shared(s));
		assert_true(board_is(s, 0, 0));
	}
	leave(s);
}

/* Whatever meets the cut first. */
static void
a_cut_file_harms_neither_look_nor_reap_nor_leave(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f), *full[BOARD_SLOTS + 1];
	struct err e;
	int i;

	scratch_listen(&f->place.scratch);
	assert_int_equal(truncate(f->place.path, 0), 0);
	assert_int_equal(shm_look(s, &e), 1);
	assert_int_equal(truncate(f->place.path, 0), 0);
	shm_reap(s);
	assert_false(shm_is_shared(s));
	assert_int_equal(shm_look(s, &e), 1);
	assert_int_equal(truncate(f->place.path, 0), 0);
	leave(s);
	for (i = 0; i <= BOARD_SLOTS; i++)
		full[i] = join(f);
	assert_int_equal(truncate(f->place.path, 0), 0);
	for (i = 0; i <= BOARD_SLOTS; i++)
		leave(full[i]);
	assert_int_equal(scratch_times(scratch_heard(&f->place.scratch),
	    "replaced by a new one"), 3);
	assert_int_equal(board_names(&f->place), 1);
}

/* ---- threads ---- */

struct stress {
	struct shm *s;
	_Atomic bool over;
	_Atomic unsigned cut; /* runs that met a page that was gone */
};

static void *
stress_write(void *arg)
{
	struct stress *t = arg;
	struct writing w = { t->s, 7 };

	while (!atomic_load(&t->over)) {
		if (!shm_run(t->s, run_write, &w))
			atomic_fetch_add(&t->cut, 1);
		(void)shm_key(t->s);
		(void)shm_is_shared(t->s);
	}
	return NULL;
}

/* What each round does to the file: it is cut, removed, or left. */
static void
stress_round(struct fixture *f, struct stress *t, int round)
{
	unsigned before = atomic_load(&t->cut);
	int64_t end = clock_ms() + BOARD_PATIENCE_MS;
	struct err e;

	if (round % 3 == 0) {
		assert_int_equal(truncate(f->place.path, 0), 0);
		while (atomic_load(&t->cut) == before)
			assert_true(clock_ms() < end);
	} else if (round % 3 == 1) {
		assert_int_equal(unlink(f->place.path), 0);
	}
	assert_int_equal(shm_look(t->s, &e), round % 3 != 2);
	assert_true(shm_is_shared(t->s));
	assert_int_equal(shm_slot(t->s), 0);
	shm_reap(t->s);
}

static void
threads_run_on_while_files_come_and_go(void **state)
{
	struct fixture *f = *state;
	struct stress t = { .s = join(f) };
	pthread_t threads[STRESS_THREADS];
	int i;

	for (i = 0; i < STRESS_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    stress_write, &t), 0);
	scratch_listen(&f->place.scratch);
	for (i = 0; i < STRESS_ROUNDS; i++)
		stress_round(f, &t, i);
	assert_int_equal(scratch_times(scratch_heard(&f->place.scratch),
	    "replaced by a new one"), STRESS_ROUNDS / 3);
	atomic_store(&t.over, true);
	for (i = 0; i < STRESS_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	leave(t.s);
}

/* ---- tools ---- */

static void
a_tool_reads_what_routers_write(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f), *tool;
	struct err e;

	board_set_sum(s, 7);
	tool = shm_read(f->place.folder, &board_kind, &e);
	assert_non_null(tool);
	assert_true(shm_is_shared(tool));
	assert_int_equal(shm_slot(tool), -1);
	assert_int_equal(board_sum(tool), 7);
	assert_int_equal(shm_key(tool).k1, shm_key(s).k1);
	shm_reap(tool);
	assert_int_equal(shm_look(tool, &e), 0);
	assert_int_equal(atomic_load(&board_head(s)->holders[0]), getpid());
	assert_int_equal(unlink(f->place.path), 0);
	assert_int_equal(shm_look(tool, &e), -1);
	assert_int_equal(board_names(&f->place), 0);
	assert_int_equal(board_sum(tool), 0);
	assert_int_equal(shm_look(s, &e), 1);
	assert_int_equal(shm_look(tool, &e), 1);
	leave(tool);
	leave(s);
}

static void
a_tool_cannot_write(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f);
	int status;
	pid_t child = board_fork();

	if (child == 0) {
		struct err e;
		struct shm *tool = shm_read(f->place.folder, &board_kind, &e);

		signal(SIGSEGV, SIG_DFL);
		board_set_sum(tool, 7);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	assert_int_equal(board_sum(s), 0);
	leave(s);
}

static void
run_sum(void *arg)
{
	struct writing *w = arg;

	w->word = board_sum(w->s);
}

static void
a_tool_survives_a_cut_file(void **state)
{
	struct fixture *f = *state;
	struct shm *tool;
	struct writing w;
	struct err e;

	leave(join(f));
	tool = shm_read(f->place.folder, &board_kind, &e);
	assert_non_null(tool);
	w = (struct writing){ tool, 7 };
	assert_int_equal(truncate(f->place.path, 0), 0);
	assert_false(shm_run(tool, run_sum, &w));
	assert_true(shm_run(tool, run_sum, &w));
	assert_int_equal(w.word, 0);
	assert_int_equal(shm_slot(tool), -1);
	assert_int_equal(shm_look(tool, &e), 0);
	leave(tool);
}

static void
a_tool_finds_nothing_and_makes_nothing(void **state)
{
	struct fixture *f = *state;
	struct err e;

	assert_null(shm_read(f->place.folder, &board_kind, &e));
	assert_non_null(strstr(e.text, f->place.folder));
	assert_int_equal(shm_glance(f->place.folder, &board_kind), -1);
	assert_int_equal(board_names(&f->place), -1);
	assert_int_equal(mkdir(f->place.folder, 0700), 0);
	assert_null(shm_read(f->place.folder, &board_kind, &e));
	assert_non_null(strstr(e.text, f->place.path));
	assert_int_equal(board_names(&f->place), 0);
}

/* ---- readers that are known of ---- */

static struct shm *
watch(const struct fixture *f)
{
	struct err e;
	struct shm *tool = shm_read(f->place.folder, &board_kind, &e);

	assert_non_null(tool);
	assert_int_equal(shm_watch(tool, &e), 0);
	return tool;
}

static void
writers_know_whether_anybody_reads(void **state)
{
	struct fixture *f = *state;
	struct shm *a = join(f), *b = join(f), *one, *two;

	assert_false(shm_is_watched(a));
	assert_int_equal(shm_glance(f->place.folder, &board_kind), 0);
	one = watch(f);
	two = watch(f);
	assert_true(shm_is_watched(a) && shm_is_watched(b));
	assert_int_equal(shm_glance(f->place.folder, &board_kind), 1);
	leave(one);
	assert_true(shm_is_watched(a) && shm_is_watched(b));
	leave(two);
	assert_false(shm_is_watched(a) || shm_is_watched(b));
	leave(a);
	leave(b);
}

static void
a_killed_reader_is_known_no_more(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f);
	int ready[2], status;
	pid_t child;
	char none;

	assert_int_equal(pipe(ready), 0);
	child = board_fork();
	if (child == 0) {
		watch(f);
		(void)!write(ready[1], "", 1);
		pause();
	}
	assert_int_equal(read(ready[0], &none, 1), 1);
	assert_true(shm_is_watched(s));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(shm_is_watched(s));
	close(ready[0]);
	close(ready[1]);
	leave(s);
}

static void
a_reader_is_known_of_in_the_next_file_too(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f), *tool = watch(f);
	struct err e;

	assert_int_equal(unlink(f->place.path), 0);
	assert_int_equal(shm_look(s, &e), 1);
	assert_false(shm_is_watched(s));
	assert_int_equal(shm_look(tool, &e), 1);
	assert_true(shm_is_watched(s));
	leave(tool);
	leave(s);
}

static void
private_memory_is_read_by_nobody(void **state)
{
	struct fixture *f = *state;
	struct shm *s = join(f), *tool = watch(f);
	struct err e;

	assert_int_equal(unlink(f->place.path), 0);
	assert_int_equal(shm_look(tool, &e), -1);
	assert_int_equal(rmdir(f->place.folder), 0);
	assert_int_equal(mkdir(f->place.folder, 0777), 0);
	assert_int_equal(chmod(f->place.folder, 0777), 0);
	assert_int_equal(shm_look(s, &e), -1);
	assert_false(shm_is_watched(s));
	leave(tool);
	leave(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_handles_are_one_memory),
		TEST(what_is_there_outlives_who_wrote_it),
		TEST(each_version_has_a_file_of_its_own),
		TEST(folder_and_file_are_for_their_owner_alone),
		TEST(the_head_says_what_the_file_is),
		TEST(the_manual_draws_the_head),
		TEST(many_that_begin_at_once_join_one_file),
		TEST(who_must_not_make_it_joins_what_is_there),
		TEST(who_waits_in_vain_goes_on_alone),
		TEST(a_slot_is_held_by_one_and_clear_when_left),
		TEST(without_a_free_slot_life_goes_on),
		TEST(a_kind_without_slots_has_none),
		TEST(what_a_killed_holder_kept_is_cleared),
		TEST(a_slot_taken_before_it_was_reaped_is_clear),
		TEST(who_joins_clears_what_any_killed_holder_kept),
		TEST(a_pid_that_is_used_again_means_nothing),
		TEST(a_forked_child_keeps_its_parents_slot),
		TEST(a_removed_file_is_made_anew_at_the_same_address),
		TEST(a_file_that_another_made_is_joined),
		TEST(a_file_that_others_may_write_is_left),
		TEST(where_none_can_be_made_it_goes_on_alone),
		TEST(a_cut_file_ends_the_run_not_the_process),
		TEST(a_cut_file_harms_neither_look_nor_reap_nor_leave),
		TEST(threads_run_on_while_files_come_and_go),
		TEST(a_tool_reads_what_routers_write),
		TEST(a_tool_cannot_write),
		TEST(a_tool_survives_a_cut_file),
		TEST(a_tool_finds_nothing_and_makes_nothing),
		TEST(writers_know_whether_anybody_reads),
		TEST(a_killed_reader_is_known_no_more),
		TEST(a_reader_is_known_of_in_the_next_file_too),
		TEST(private_memory_is_read_by_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
