/* SPDX-License-Identifier: BSD-2-Clause */

/* watch: every way in which a file becomes another one is noticed once. */

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/watch.h"
#include "scratch.h"

enum { PATIENCE_MS = 20000 };

struct fixture {
	struct scratch scratch;
	char path[SCRATCH_PATH_MAX];
	struct watch watch;
};

static int
setup(void **state)
{
	static struct fixture f;

	scratch_init(&f.scratch);
	scratch_path(&f.scratch, "map", f.path);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	scratch_fini(&f->scratch);
	return 0;
}

/* The change is told, once. */
static void
told_once(struct fixture *f)
{
	assert_true(watch_look(&f->watch));
	assert_false(watch_look(&f->watch));
}

static void
what_was_there_at_the_start_is_no_change(void **state)
{
	struct fixture *f = *state;

	scratch_write(&f->scratch, "map", "one");
	watch_init(&f->watch, f->path);
	assert_true(f->watch.there);
	assert_false(watch_look(&f->watch));
}

static void
what_was_absent_at_the_start_is_no_change(void **state)
{
	struct fixture *f = *state;

	watch_init(&f->watch, f->path);
	assert_false(f->watch.there);
	assert_false(watch_look(&f->watch));
}

static void
appearing_and_vanishing_is_told(void **state)
{
	struct fixture *f = *state;

	watch_init(&f->watch, f->path);
	scratch_write(&f->scratch, "map", "one");
	told_once(f);
	assert_int_equal(unlink(f->path), 0);
	told_once(f);
	assert_false(f->watch.there);
}

static void
another_size_in_place_is_told(void **state)
{
	struct fixture *f = *state;

	scratch_write(&f->scratch, "map", "one");
	watch_init(&f->watch, f->path);
	scratch_write(&f->scratch, "map", "three");
	told_once(f);
}

static void
another_file_by_rename_is_told(void **state)
{
	struct fixture *f = *state;
	char fresh[SCRATCH_PATH_MAX];
	struct timespec times[2];

	scratch_write(&f->scratch, "map", "one");
	watch_init(&f->watch, f->path);
	scratch_write(&f->scratch, "fresh", "two");
	scratch_path(&f->scratch, "fresh", fresh);
	times[0] = times[1] = f->watch.id.mtime;
	assert_int_equal(utimensat(AT_FDCWD, fresh, times, 0), 0);
	assert_int_equal(rename(fresh, f->path), 0);
	told_once(f);
}

/* As `rsync -a --inplace` does. The clock of files ticks slowly. */
static void
content_under_the_old_mtime_is_told(void **state)
{
	struct fixture *f = *state;
	int64_t end = clock_ms() + PATIENCE_MS;
	struct timespec times[2];
	struct file_id now;

	scratch_write(&f->scratch, "map", "one");
	watch_init(&f->watch, f->path);
	times[0] = times[1] = f->watch.id.mtime;
	do {
		scratch_write(&f->scratch, "map", "two");
		assert_int_equal(utimensat(AT_FDCWD, f->path, times, 0), 0);
		assert_int_equal(file_identify(f->path, &now), 1);
		assert_true(clock_ms() < end);
	} while (now.ctime.tv_sec == f->watch.id.ctime.tv_sec &&
	    now.ctime.tv_nsec == f->watch.id.ctime.tv_nsec);
	assert_true(file_same_content(&now, &f->watch.id));
	told_once(f);
}

static void
another_target_of_a_symbolic_link_is_told(void **state)
{
	struct fixture *f = *state;

	scratch_write(&f->scratch, "a", "one");
	scratch_write(&f->scratch, "b", "one");
	assert_int_equal(symlink("a", f->path), 0);
	watch_init(&f->watch, f->path);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(symlink("b", f->path), 0);
	told_once(f);
}

static void
a_stat_that_fails_is_no_change(void **state)
{
	struct fixture *f = *state;
	char kept[SCRATCH_PATH_MAX];

	scratch_write(&f->scratch, "map", "one");
	watch_init(&f->watch, f->path);
	assert_int_equal(rename(f->path, scratch_path(&f->scratch, "kept",
	    kept)), 0);
	assert_int_equal(symlink("map", f->path), 0); /* ELOOP */
	assert_false(watch_look(&f->watch));
	assert_true(f->watch.there);
	assert_int_equal(unlink(f->path), 0);
	told_once(f);
}

static void
what_is_forgotten_is_told_whatever_is_there(void **state)
{
	struct fixture *f = *state;

	watch_init(&f->watch, f->path);
	watch_forget(&f->watch);
	told_once(f);
	scratch_write(&f->scratch, "map", "one");
	told_once(f);
	watch_forget(&f->watch);
	told_once(f);
}

static void
a_path_that_is_too_long_is_a_broken_promise(void **state)
{
	static char path[FILE_PATH_MAX + 1];
	struct fixture *f = *state;
	const char *said;
	int status;
	pid_t child;

	memset(path, 'a', FILE_PATH_MAX);
	scratch_listen(&f->scratch);
	child = fork();
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		watch_init(&f->watch, path);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	said = scratch_heard(&f->scratch);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
	assert_non_null(strstr(said, "watch.c"));
	assert_non_null(strstr(said, "broken promise"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_there_at_the_start_is_no_change),
		TEST(what_was_absent_at_the_start_is_no_change),
		TEST(appearing_and_vanishing_is_told),
		TEST(another_size_in_place_is_told),
		TEST(another_file_by_rename_is_told),
		TEST(content_under_the_old_mtime_is_told),
		TEST(another_target_of_a_symbolic_link_is_told),
		TEST(a_stat_that_fails_is_no_change),
		TEST(what_is_forgotten_is_told_whatever_is_there),
		TEST(a_path_that_is_too_long_is_a_broken_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
