/* SPDX-License-Identifier: BSD-2-Clause */

/* file: identities, and a file that is replaced whole or not at all. */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "scratch.h"

enum { PATIENCE_MS = 20000, BODY = 64 * 1024 };

struct fixture {
	struct scratch scratch;
	char path[SCRATCH_PATH_MAX];
};

static int
setup(void **state)
{
	static struct fixture f;

	umask(022);
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

static void
begin(struct file_replace *r, const char *path)
{
	struct err e;

	if (file_replace_begin(r, path, &e) == -1)
		fail_msg("%s", e.text);
}

static void
commit(struct file_replace *r)
{
	struct err e;

	if (file_replace_commit(r, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(r->fd, -1);
	assert_int_equal(r->lock, -1);
}

static void
put(const struct file_replace *r, const char *text)
{
	assert_int_equal(write(r->fd, text, strlen(text)), strlen(text));
}

static void
replace(const char *path, const char *text)
{
	struct file_replace r;

	begin(&r, path);
	put(&r, text);
	commit(&r);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

/* ---- replacing ---- */

static void
a_new_file_appears_with_its_whole_content(void **state)
{
	struct fixture *f = *state;
	struct file_replace r;

	begin(&r, f->path);
	put(&r, "new");
	assert_false(scratch_has(&f->scratch, "map"));
	assert_int_equal(mode_of(r.fresh), 0600);
	commit(&r);
	assert_string_equal(scratch_read_path(f->path), "new");
	assert_int_equal(scratch_count(&f->scratch), 1);
}

static void
the_old_file_serves_until_the_commit(void **state)
{
	struct fixture *f = *state;
	struct file_replace r;

	scratch_write(&f->scratch, "map", "old");
	begin(&r, f->path);
	put(&r, "new");
	assert_string_equal(scratch_read_path(f->path), "old");
	commit(&r);
	assert_string_equal(scratch_read_path(f->path), "new");
	assert_int_equal(scratch_count(&f->scratch), 1);
}

static void
an_abort_leaves_the_old_file_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	struct file_replace r;

	scratch_write(&f->scratch, "map", "old");
	begin(&r, f->path);
	put(&r, "new");
	file_replace_abort(&r);
	file_replace_abort(&r);
	assert_string_equal(scratch_read_path(f->path), "old");
	assert_int_equal(scratch_count(&f->scratch), 1);
	replace(f->path, "newer");
	assert_string_equal(scratch_read_path(f->path), "newer");
}

static void
an_abort_after_a_commit_does_nothing(void **state)
{
	struct fixture *f = *state;
	struct file_replace r;

	begin(&r, f->path);
	put(&r, "new");
	commit(&r);
	file_replace_abort(&r);
	assert_string_equal(scratch_read_path(f->path), "new");
}

static void
the_mode_of_the_old_file_is_kept(void **state)
{
	struct fixture *f = *state;

	scratch_write(&f->scratch, "map", "old");
	assert_int_equal(chmod(f->path, 0620), 0);
	replace(f->path, "new");
	assert_int_equal(mode_of(f->path), 0620);
}

static void
a_first_file_minds_the_umask(void **state)
{
	struct fixture *f = *state;

	umask(027);
	replace(f->path, "new");
	assert_int_equal(mode_of(f->path), 0640);
	assert_int_equal(umask(022), 027);
}

static void
the_owner_of_the_old_file_is_kept_where_possible(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	if (geteuid() != 0)
		skip();
	scratch_write(&f->scratch, "map", "old");
	assert_int_equal(chown(f->path, 12345, 54321), 0);
	assert_int_equal(chmod(f->path, 0640), 0);
	replace(f->path, "new");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(st.st_gid, 54321);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void
the_target_of_a_symbolic_link_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct scratch other;
	char target[SCRATCH_PATH_MAX];
	struct stat st;

	scratch_init(&other);
	scratch_write(&other, "target", "old");
	scratch_path(&other, "target", target);
	assert_int_equal(symlink(target, f->path), 0);
	replace(f->path, "new");
	assert_int_equal(lstat(f->path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_string_equal(scratch_read_path(target), "new");
	assert_int_equal(scratch_count(&other), 1);
	assert_int_equal(scratch_count(&f->scratch), 1);
	scratch_fini(&other);
}

static void
a_link_to_nothing_is_followed_too(void **state)
{
	struct fixture *f = *state;
	struct scratch other;
	char second[SCRATCH_PATH_MAX], target[SCRATCH_PATH_MAX];
	struct stat st;

	scratch_init(&other);
	scratch_path(&other, "second", second);
	assert_int_equal(symlink(second, f->path), 0);
	assert_int_equal(symlink("target", second), 0);
	replace(f->path, "new");
	assert_int_equal(lstat(f->path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_string_equal(scratch_read_path(scratch_path(&other, "target",
	    target)), "new");
	assert_int_equal(scratch_count(&other), 2);
	assert_int_equal(scratch_count(&f->scratch), 1);
	scratch_fini(&other);
}

static void
only_a_file_is_replaced(void **state)
{
	struct fixture *f = *state;
	char path[SCRATCH_PATH_MAX];
	struct file_replace r;
	struct stat st;
	struct err e;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(file_replace_begin(&r, f->path, &e), -1);
	assert_non_null(strstr(e.text, "not a file"));
	assert_int_equal(lstat(f->path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(mkdir(scratch_path(&f->scratch, "folder", path),
	    0700), 0);
	assert_int_equal(file_replace_begin(&r, path, &e), -1);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("loop", scratch_path(&f->scratch, "loop",
	    path)), 0);
	assert_int_equal(file_replace_begin(&r, path, &e), -1);
	assert_non_null(strstr(e.text, strerror(ELOOP)));
	assert_int_equal(scratch_count(&f->scratch), 2);
}

static void
a_path_without_a_folder_is_in_the_current_one(void **state)
{
	struct fixture *f = *state;
	int here = open(".", O_RDONLY | O_DIRECTORY);

	assert_true(here != -1);
	assert_int_equal(chdir(f->scratch.folder), 0);
	replace("map", "new");
	replace("map", "newer");
	assert_int_equal(fchdir(here), 0);
	close(here);
	assert_string_equal(scratch_read_path(f->path), "newer");
	assert_int_equal(scratch_count(&f->scratch), 1);
}

static void
what_cannot_be_a_file_is_refused(void **state)
{
	struct fixture *f = *state;
	static char long_path[2 * FILE_PATH_MAX];
	char path[SCRATCH_PATH_MAX];
	struct file_replace r;
	struct err e;

	memset(long_path, 'a', sizeof(long_path) - 1);
	assert_int_equal(file_replace_begin(&r, long_path, &e), -1);
	assert_int_equal(file_replace_begin(&r,
	    scratch_path(&f->scratch, "absent/map", path), &e), -1);
	assert_non_null(strstr(e.text, "absent"));
	assert_int_equal(file_replace_begin(&r,
	    scratch_path(&f->scratch, "absent/", path), &e), -1);
	assert_int_equal(file_replace_begin(&r, "", &e), -1);
	assert_int_equal(scratch_count(&f->scratch), 0);
}

static void
a_commit_that_fails_leaves_what_was_there(void **state)
{
	struct fixture *f = *state;
	struct file_replace r;
	struct err e;

	begin(&r, f->path);
	put(&r, "new");
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(file_replace_commit(&r, &e), -1);
	assert_non_null(strstr(e.text, f->path));
	assert_int_equal(scratch_count(&f->scratch), 1);
	assert_int_equal(rmdir(f->path), 0);
	replace(f->path, "newer");
}

static void
a_full_disk_leaves_the_old_file(void **state)
{
	struct fixture *f = *state;
	struct rlimit kept, small;
	struct file_replace r;
	static char body[BODY];

	signal(SIGXFSZ, SIG_IGN);
	scratch_write(&f->scratch, "map", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
	small = kept;
	small.rlim_cur = BODY / 2;
	begin(&r, f->path);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(write(r.fd, body, BODY), BODY / 2);
	assert_int_equal(write(r.fd, body, BODY), -1);
	file_replace_abort(&r);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
	assert_string_equal(scratch_read_path(f->path), "old");
	assert_int_equal(scratch_count(&f->scratch), 1);
}

/* ---- killed in the middle ---- */

/* Tells a step by one byte; behind the last one nothing more is done. */
static bool
child_tells(int steps, int *left)
{
	if (write(steps, "s", 1) != 1)
		return false;
	while (--*left == 0)
		pause();
	return true;
}

/* The child tells each step, and goes on for ever, or for `left` steps. */
static void
child_replaces(const char *path, int steps, int left)
{
	char body[2 * BODY];
	char letter = 'a';

	for (;; letter = letter == 'z' ? 'a' : (char)(letter + 1)) {
		struct file_replace r;
		struct err e;
		size_t half = BODY / 2;

		memset(body, letter, BODY);
		if (!child_tells(steps, &left) ||
		    file_replace_begin(&r, path, &e) == -1 ||
		    !child_tells(steps, &left) ||
		    write(r.fd, body, half) != (ssize_t)half ||
		    !child_tells(steps, &left) ||
		    write(r.fd, body, BODY - half) !=
		    (ssize_t)(BODY - half) ||
		    !child_tells(steps, &left) ||
		    file_replace_commit(&r, &e) == -1)
			_exit(1);
	}
}

/* Kills a child that replaces the file after that many steps: in the very
 * state that they lead to (stops), or a moment later. */
static void
kill_after(const char *path, int steps, bool stops)
{
	int ends[2], status;
	char byte;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child != -1);
	if (child == 0) {
		close(ends[0]);
		child_replaces(path, ends[1], stops ? steps : 0);
	}
	close(ends[1]);
	while (steps-- > 0)
		assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	close(ends[0]);
}

static void
killed_at_any_step_a_whole_file_is_there(void **state)
{
	struct fixture *f = *state;
	int steps;

	replace(f->path, "");
	for (steps = 1; steps <= 40; steps++) {
		const char *text;
		size_t n;

		kill_after(f->path, steps, false);
		text = scratch_read_path(f->path);
		n = strlen(text);
		assert_true(n == 0 || n == BODY);
		assert_true(n == 0 || strspn(text, (const char[]){ text[0],
		    '\0' }) == BODY);
	}
}

static void
what_a_killed_run_left_is_cleared_by_the_next(void **state)
{
	struct fixture *f = *state;
	struct file_replace r;

	scratch_write(&f->scratch, "map", "old");
	kill_after(f->path, 3, true); /* half is written */
	assert_string_equal(scratch_read_path(f->path), "old");
	assert_int_equal(scratch_count(&f->scratch), 2);
	begin(&r, f->path);
	put(&r, "new");
	commit(&r);
	assert_string_equal(scratch_read_path(f->path), "new");
	assert_int_equal(scratch_count(&f->scratch), 1);
}

/* ---- two at once ---- */

/* The state letter of a process; 0 when it is gone. */
static char
process_state(pid_t pid)
{
	char path[64], text[512];
	const char *behind;
	size_t n;
	FILE *from;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	from = fopen(path, "r");
	if (from == NULL)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, from);
	fclose(from);
	text[n] = '\0';
	behind = strrchr(text, ')');
	return behind != NULL && behind[1] == ' ' ? behind[2] : 0;
}

static void
two_runs_at_once_follow_each_other(void **state)
{
	struct fixture *f = *state;
	int64_t end = clock_ms() + PATIENCE_MS;
	struct file_replace r;
	struct err e;
	int status;
	char at;
	pid_t child;

	begin(&r, f->path);
	put(&r, "first");
	scratch_listen(&f->scratch);
	child = fork();
	assert_true(child != -1);
	if (child == 0) {
		close(r.fd);
		close(r.lock);
		_exit(file_replace_begin(&r, f->path, &e) == -1 ||
		    write(r.fd, "second", 6) != 6 ||
		    file_replace_commit(&r, &e) == -1);
	}
	/* It sleeps nowhere but at the lock. */
	do {
		sched_yield();
		at = process_state(child);
		assert_true(at == 'R' || at == 'S' || at == 'D');
		assert_true(clock_ms() < end);
	} while (at != 'S');
	assert_false(scratch_has(&f->scratch, "map"));
	commit(&r);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(scratch_times(scratch_heard(&f->scratch),
	    "another run is at work"), 1);
	assert_string_equal(scratch_read_path(f->path), "second");
	assert_int_equal(scratch_count(&f->scratch), 1);
}

/* ---- identities ---- */

static void
an_absent_file_is_no_failure(void **state)
{
	struct fixture *f = *state;
	char path[SCRATCH_PATH_MAX];
	struct file_id id;

	assert_int_equal(file_identify(f->path, &id), 0);
	scratch_write(&f->scratch, "file", "");
	assert_int_equal(file_identify(scratch_path(&f->scratch, "file/map",
	    path), &id), 0);
	assert_int_equal(symlink(f->path, f->path), 0);
	assert_int_equal(file_identify(f->path, &id), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(file_identify_fd(-1, &id), -1);
}

static void
one_file_has_one_identity(void **state)
{
	struct fixture *f = *state;
	struct file_id a, b;
	int fd;

	scratch_write(&f->scratch, "map", "one");
	fd = open(f->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_identify(f->path, &a), 1);
	assert_int_equal(file_identify_fd(fd, &b), 0);
	assert_true(file_same(&a, &b));
	assert_true(file_same_content(&a, &b));
	close(fd);
}

static void
a_file_of_the_same_size_and_mtime_is_another(void **state)
{
	struct fixture *f = *state;
	struct timespec times[2];
	struct file_id a, b;

	scratch_write(&f->scratch, "map", "one");
	assert_int_equal(file_identify(f->path, &a), 1);
	replace(f->path, "two");
	times[0] = times[1] = a.mtime;
	assert_int_equal(utimensat(AT_FDCWD, f->path, times, 0), 0);
	assert_int_equal(file_identify(f->path, &b), 1);
	assert_true(file_same_content(&a, &b));
	assert_false(file_same(&a, &b));
}

static void
each_part_makes_a_difference(void **state)
{
	const struct file_id a = { .dev = 1, .inode = 2, .size = 3,
		.mtime = { 4, 5 }, .ctime = { 6, 7 } };
	struct file_id others[7];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(others); i++)
		others[i] = a;
	others[0].dev = others[1].inode = 9;
	others[2].size = others[3].mtime.tv_sec = others[4].mtime.tv_nsec = 9;
	others[5].ctime.tv_sec = others[6].ctime.tv_nsec = 9;
	assert_true(file_same(&a, &a));
	for (i = 0; i < TABLE_COUNT(others); i++) {
		assert_false(file_same(&a, &others[i]));
		assert_int_equal(file_same_content(&a, &others[i]),
		    i < 2 || i > 4);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_appears_with_its_whole_content),
		TEST(the_old_file_serves_until_the_commit),
		TEST(an_abort_leaves_the_old_file_and_nothing_else),
		TEST(an_abort_after_a_commit_does_nothing),
		TEST(the_mode_of_the_old_file_is_kept),
		TEST(a_first_file_minds_the_umask),
		TEST(the_owner_of_the_old_file_is_kept_where_possible),
		TEST(the_target_of_a_symbolic_link_is_replaced),
		TEST(a_link_to_nothing_is_followed_too),
		TEST(only_a_file_is_replaced),
		TEST(a_path_without_a_folder_is_in_the_current_one),
		TEST(what_cannot_be_a_file_is_refused),
		TEST(a_commit_that_fails_leaves_what_was_there),
		TEST(a_full_disk_leaves_the_old_file),
		TEST(killed_at_any_step_a_whole_file_is_there),
		TEST(what_a_killed_run_left_is_cleared_by_the_next),
		TEST(two_runs_at_once_follow_each_other),
		TEST(an_absent_file_is_no_failure),
		TEST(one_file_has_one_identity),
		TEST(a_file_of_the_same_size_and_mtime_is_another),
		TEST(each_part_makes_a_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
