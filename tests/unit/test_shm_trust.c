/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * shm_trust: what stands in the place of a file or of its folder is trusted,
 * replaced or refused, and whoever cannot join says why and goes on alone.
 */

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "base/shm.h"
#include "board.h"
#include "random.h"

enum { STRANGER = 12345, GARBAGE_ROUNDS = 50, TINY_DISK = 8192,
	NOT_ALLOWED = 77 };

static const size_t whole = SHM_HEAD + sizeof(struct board);

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

/* ---- files ---- */

/* A good file with something in it that must not be seen again. */
static void
spoiled_make(const struct board_place *p)
{
	struct shm *s = board_join(p);

	board_set_sum(s, 7);
	shm_leave(&s);
}

/* Neither a tool nor who must not make one takes what is there. */
static void
spoiled_refused(const struct board_place *p, const char *row,
    const char *part)
{
	struct err e;
	struct shm *s = shm_read(p->folder, &board_kind, &e);

	if (s != NULL)
		fail_msg("row '%s': a tool trusts it", row);
	if (strstr(e.text, p->path) == NULL || strstr(e.text, part) == NULL)
		fail_msg("row '%s': '%s' has no '%s'", row, e.text, part);
	s = shm_join(p->folder, &board_kind, false, &e);
	if (shm_is_shared(s))
		fail_msg("row '%s': it is joined", row);
	assert_non_null(strstr(e.text, part));
	assert_int_equal(board_sum(s), 0);
	shm_leave(&s);
}

/* A router puts a good one in its place, and says so. */
static void
spoiled_replaced(struct board_place *p, const char *row, const char *part)
{
	const char *heard;
	struct stat st;
	struct shm *s;

	scratch_listen(&p->scratch);
	s = board_join(p);
	heard = scratch_heard(&p->scratch);
	if (strstr(heard, part) == NULL || strstr(heard, p->path) == NULL)
		fail_msg("row '%s': '%s' has no '%s'", row, heard, part);
	TABLE_INT(row, scratch_times(heard, "replaced by a new one"), 1);
	TABLE_INT(row, lstat(p->path, &st), 0);
	TABLE_INT(row, S_ISREG(st.st_mode), 1);
	TABLE_INT(row, st.st_size, whole);
	TABLE_INT(row, st.st_mode & 07777, 0600);
	TABLE_INT(row, board_names(p), 1);
	TABLE_INT(row, board_sum(s), 0);
	TABLE_INT(row, shm_slot(s), 0);
	shm_leave(&s);
}

static void
spoiled_check(struct board_place *p, const char *row, const char *part)
{
	spoiled_refused(p, row, part);
	spoiled_replaced(p, row, part);
}

static void
put(const struct board_place *p, size_t at, const void *bytes, size_t n)
{
	int fd = open(p->path, O_WRONLY | O_CLOEXEC);

	assert_true(fd != -1);
	assert_int_equal(pwrite(fd, bytes, n, (off_t)at), n);
	close(fd);
}

static void
a_file_of_another_size_is_replaced(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 20, 24, 31, 32, 71,
		72, 79, 80, 95, 96, 100, 607, 608, 609, SHM_HEAD - 1,
		SHM_HEAD, SHM_HEAD + 1, 2 * SHM_HEAD };
	struct board_place *p = *state;
	char row[32];
	size_t i;

	for (i = 0; i < TABLE_COUNT(sizes) + 4; i++) {
		size_t size = i < TABLE_COUNT(sizes) ? sizes[i] :
		    whole - 2 + (i - TABLE_COUNT(sizes));

		snprintf(row, sizeof(row), "has %zu bytes", size);
		if (size == whole)
			continue;
		spoiled_make(p);
		assert_int_equal(truncate(p->path, (off_t)size), 0);
		spoiled_check(p, row, row);
	}
}

static void
a_head_that_is_not_ours_is_replaced(void **state)
{
	static const struct {
		const char *row;
		size_t at;
		const char *bytes;
		size_t n;
		const char *part;
	} rows[] = {
		{ "magic's begin", 0, "F", 1, "does not begin with" },
		{ "magic's end", 15, "m", 1, "does not begin with" },
		{ "order swapped", 16, "\1\2\3\4", 4, "byte order" },
		{ "version", 20, "\2", 1, "is of version 2; expected 1" },
		{ "size", 26, "\77", 1, "says that it has" },
		{ "size, high", 31, "\200", 1, "says that it has" },
		{ "another boot", 32, "x", 1, "last start" },
		{ "no boot", 32, "", 1, "last start" },
		{ "behind the boot id", 71, "x", 1, "last start" },
	};
	struct board_place *p = *state;
	size_t i;

	for (i = 0; i < TABLE_COUNT(rows); i++) {
		spoiled_make(p);
		put(p, rows[i].at, rows[i].bytes, rows[i].n);
		spoiled_check(p, rows[i].row, rows[i].part);
	}
}

static void
a_file_that_others_may_use_is_replaced(void **state)
{
	static const mode_t modes[] = { 0, 0400, 0200, 0700, 0640, 0620, 0604,
		0602, 0601, 0610, 0666, 02600, 04600, 01600 };
	struct board_place *p = *state;
	char part[64];
	size_t i;

	for (i = 0; i < TABLE_COUNT(modes); i++) {
		spoiled_make(p);
		assert_int_equal(chmod(p->path, modes[i]), 0);
		snprintf(part, sizeof(part), "has mode %04o; expected 0600",
		    (unsigned)modes[i]);
		spoiled_check(p, part, part);
	}
}

static void
place_link_good(const struct board_place *p)
{
	char other[SCRATCH_PATH_MAX];

	spoiled_make(p);
	scratch_path(&p->scratch, "other", other);
	assert_int_equal(rename(p->path, other), 0);
	assert_int_equal(symlink(other, p->path), 0);
}

static void
place_link_nothing(const struct board_place *p)
{
	assert_int_equal(symlink("/nonexistent/file", p->path), 0);
}

static void
place_link_folder(const struct board_place *p)
{
	assert_int_equal(symlink(p->folder, p->path), 0);
}

static void
place_link_itself(const struct board_place *p)
{
	assert_int_equal(symlink(p->path, p->path), 0);
}

static void
place_folder(const struct board_place *p)
{
	assert_int_equal(mkdir(p->path, 0700), 0);
}

static void
place_fifo(const struct board_place *p)
{
	assert_int_equal(mkfifo(p->path, 0600), 0);
}

static void
place_socket(const struct board_place *p)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd != -1);
	snprintf(at.sun_path, sizeof(at.sun_path), "%.100s", p->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
}

static void
what_is_no_file_is_replaced(void **state)
{
	static const struct {
		const char *row;
		void (*place)(const struct board_place *p);
	} rows[] = {
		{ "a link to a good file", place_link_good },
		{ "a link to nothing", place_link_nothing },
		{ "a link to its folder", place_link_folder },
		{ "a link to itself", place_link_itself },
		{ "an empty folder", place_folder },
		{ "a fifo", place_fifo },
		{ "a socket", place_socket },
	};
	struct board_place *p = *state;
	size_t i;

	for (i = 0; i < TABLE_COUNT(rows); i++) {
		board_remove(p);
		assert_int_equal(mkdir(p->folder, 0700), 0);
		rows[i].place(p);
		spoiled_check(p, rows[i].row, "not a file");
	}
}

/* The same in the place of the new file, until its rename. */
static void
what_stands_in_the_new_files_way_is_removed(void **state)
{
	static void (*const places[])(const struct board_place *p) = {
		place_link_good, place_link_nothing, place_folder,
		place_fifo, place_socket };
	struct board_place *p = *state, fresh = *p;
	struct shm *s;
	struct stat st;
	size_t i;

	scratch_path(&p->scratch, "state/.board.1.new", fresh.path);
	for (i = 0; i < TABLE_COUNT(places); i++) {
		board_remove(p);
		spoiled_make(p);
		if (places[i] != place_link_good)
			places[i](&fresh);
		else
			assert_int_equal(link(p->path, fresh.path), 0);
		assert_int_equal(chmod(p->path, 0644), 0);
		scratch_listen(&p->scratch);
		s = board_join(p);
		assert_non_null(strstr(scratch_heard(&p->scratch),
		    "replaced"));
		assert_int_equal(stat(p->path, &st), 0);
		assert_int_equal(st.st_nlink, 1);
		assert_int_equal(board_names(p), 1);
		shm_leave(&s);
	}
}

static void
nothing_a_killed_one_wrote_is_in_the_new_file(void **state)
{
	struct board_place *p = *state;
	static char bytes[2 * SHM_HEAD + sizeof(struct board)];
	char fresh[SCRATCH_PATH_MAX];
	struct stat st;
	struct shm *s;
	int fd;

	assert_int_equal(mkdir(p->folder, 0700), 0);
	scratch_path(&p->scratch, "state/.board.1.new", fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd != -1);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	close(fd);
	s = board_join(p);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_size, whole);
	assert_int_equal(board_sum(s), 0);
	assert_true(board_is(s, 1, 0));
	assert_int_equal(atomic_load(&board_head(s)->holders[1]), 0);
	assert_int_equal(board_names(p), 1);
	shm_leave(&s);
}

static void
a_folder_with_something_in_it_is_left_alone(void **state)
{
	struct board_place *p = *state;
	char inside[2 * SCRATCH_PATH_MAX];
	struct shm *s;
	struct err e;
	int fd;

	assert_int_equal(mkdir(p->folder, 0700), 0);
	assert_int_equal(mkdir(p->path, 0700), 0);
	snprintf(inside, sizeof(inside), "%s/kept", p->path);
	fd = open(inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd != -1);
	close(fd);
	scratch_listen(&p->scratch);
	s = shm_join(p->folder, &board_kind, true, &e);
	(void)scratch_heard(&p->scratch);
	assert_false(shm_is_shared(s));
	assert_non_null(strstr(e.text, p->path));
	assert_non_null(strstr(e.text, "expected a file"));
	assert_int_equal(access(inside, F_OK), 0);
	assert_int_equal(board_names(p), 1);
	shm_leave(&s);
}

/* Whole, of good size, owner and mode, and nothing of it ours. */
static void
garbage_is_replaced(void **state)
{
	struct board_place *p = *state;
	static unsigned char bytes[SHM_HEAD + sizeof(struct board)];
	size_t i;
	int round;

	random_begin(random_seed());
	for (round = 0; round < GARBAGE_ROUNDS; round++) {
		spoiled_make(p);
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)random_below(256);
		/* The longer, the more of the head is right. */
		put(p, (size_t)round % 32, bytes, sizeof(bytes) - 32);
		spoiled_check(p, "garbage", p->path);
	}
}

/* What stands behind a good head is for its readers to bear. */
static void
garbage_behind_a_good_head_stops_nobody(void **state)
{
	struct board_place *p = *state;
	static unsigned char bytes[sizeof(struct board)];
	struct shm *s;
	int slot;

	memset(bytes, 0xff, sizeof(bytes));
	spoiled_make(p);
	put(p, offsetof(struct shm_head, key), bytes,
	    sizeof(struct shm_head) - offsetof(struct shm_head, key));
	put(p, SHM_HEAD, bytes, sizeof(bytes));
	s = board_join(p);
	assert_int_equal(board_sum(s), UINT32_MAX);
	/* Nobody holds those slots: who joins clears them. */
	assert_true(board_is(s, 0, 0));
	for (slot = 1; slot < BOARD_SLOTS; slot++) {
		assert_true(board_is(s, slot, 0));
		assert_int_equal(atomic_load(&board_head(s)->holders[slot]),
		    0);
	}
	shm_leave(&s);
}

static void
a_file_of_another_user_is_replaced(void **state)
{
	struct board_place *p = *state;

	if (geteuid() != 0)
		skip();
	spoiled_make(p);
	assert_int_equal(chown(p->path, STRANGER, (gid_t)-1), 0);
	spoiled_check(p, "of another", "belongs to user 12345; expected user");
	spoiled_make(p);
	assert_int_equal(unlink(p->path), 0);
	/* Not every root may. */
	if (mknod(p->path, S_IFCHR | 0600, makedev(1, 5)) == 0)
		spoiled_check(p, "a device", "not a file");
	else
		assert_int_equal(errno, EPERM);
}

/* ---- folders ---- */

/* Alone, with a sentence, and able to work. */
static void
alone_check(const char *folder, const char *row, const char *part)
{
	struct err e, later;
	struct shm *s = shm_join(folder, &board_kind, true, &e);

	if (shm_is_shared(s))
		fail_msg("row '%s': it is joined", row);
	TABLE_INT(row, e.reason, REASON_INTERNAL);
	if (strstr(e.text, part) == NULL)
		fail_msg("row '%s': '%s' has no '%s'", row, e.text, part);
	TABLE_INT(row, shm_slot(s), 0);
	board_write(s, 7);
	TABLE_INT(row, shm_look(s, &later), 0);
	shm_reap(s);
	TABLE_INT(row, board_is(s, 0, 7), 1);
	shm_leave(&s);
	assert_null(shm_read(folder, &board_kind, &later));
}

static void
a_folder_that_cannot_be_is_said(void **state)
{
	struct board_place *p = *state;
	char path[SCRATCH_PATH_MAX], part[2 * SCRATCH_PATH_MAX];
	static char far[FILENAME_MAX * 2];

	scratch_path(&p->scratch, "missing/state", path);
	snprintf(part, sizeof(part), "%s: cannot make this folder: %s", path,
	    strerror(ENOENT));
	alone_check(path, "no parent", part);
	scratch_write(&p->scratch, "file", "");
	scratch_path(&p->scratch, "file", path);
	snprintf(part, sizeof(part), "%s: not a folder", path);
	alone_check(path, "a file", part);
	scratch_path(&p->scratch, "file/state", path);
	alone_check(path, "below a file", path);
	alone_check("", "nothing", "cannot make this folder");
	memset(far, 'a', sizeof(far) - 1);
	alone_check(far, "too long", "too long");
}

static void
a_link_is_no_folder(void **state)
{
	struct board_place *p = *state;
	char link[SCRATCH_PATH_MAX], behind[SCRATCH_PATH_MAX];

	assert_int_equal(mkdir(p->folder, 0700), 0);
	scratch_path(&p->scratch, "link", link);
	assert_int_equal(symlink(p->folder, link), 0);
	alone_check(link, "a link", "expected a folder");
	scratch_path(&p->scratch, "link//", behind);
	alone_check(behind, "and a slash", "expected a folder");
	assert_int_equal(board_names(p), 0);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("nothing", link), 0);
	alone_check(link, "a link to nothing", link);
}

static void
a_folder_that_others_may_write_is_refused(void **state)
{
	static const mode_t bad[] = { 0720, 0702, 0777, 01777, 0770, 02730 };
	static const mode_t good[] = { 0700, 0755, 0750, 0711, 02755 };
	struct board_place *p = *state;
	char part[2 * SCRATCH_PATH_MAX];
	struct shm *s;
	size_t i;

	assert_int_equal(mkdir(p->folder, 0700), 0);
	for (i = 0; i < TABLE_COUNT(bad); i++) {
		assert_int_equal(chmod(p->folder, bad[i]), 0);
		snprintf(part, sizeof(part), "%s: this folder has mode %04o; "
		    "expected one that only its owner may write", p->folder,
		    (unsigned)bad[i]);
		alone_check(p->folder, part, part);
		assert_int_equal(board_names(p), 0);
	}
	for (i = 0; i < TABLE_COUNT(good); i++) {
		assert_int_equal(chmod(p->folder, good[i]), 0);
		s = board_join(p);
		shm_leave(&s);
	}
}

static void
a_folder_of_another_user_is_refused(void **state)
{
	struct board_place *p = *state;

	if (geteuid() != 0)
		skip();
	spoiled_make(p);
	assert_int_equal(chown(p->folder, STRANGER, (gid_t)-1), 0);
	assert_int_equal(unlink(p->path), 0);
	alone_check(p->folder, "of another",
	    "this folder belongs to user 12345; expected user 0");
	assert_int_equal(board_names(p), 0);
}

static void
root_reads_what_routers_of_another_user_wrote(void **state)
{
	struct board_place *p = *state;
	struct shm *s;
	struct err e;

	if (geteuid() != 0)
		skip();
	spoiled_make(p);
	assert_int_equal(chown(p->folder, STRANGER, (gid_t)-1), 0);
	assert_null(shm_read(p->folder, &board_kind, &e));
	assert_non_null(strstr(e.text, "expected user 12345"));
	assert_int_equal(chown(p->path, STRANGER, (gid_t)-1), 0);
	s = shm_read(p->folder, &board_kind, &e);
	assert_non_null(s);
	assert_int_equal(board_sum(s), 7);
	assert_int_equal(shm_look(s, &e), 0);
	shm_leave(&s);
	s = shm_join(p->folder, &board_kind, true, &e);
	assert_false(shm_is_shared(s));
	shm_leave(&s);
}

/* Runs check in a child that is another user, when we are root. */
static void
as_stranger(const struct board_place *p, void (*check)(void *place))
{
	struct board_place own = *p;
	pid_t child;

	if (geteuid() == 0) {
		assert_int_equal(chmod(p->scratch.folder, 0711), 0);
		assert_int_equal(chown(p->folder, STRANGER, STRANGER), 0);
	}
	child = board_fork();
	if (child == 0) {
		if (geteuid() == 0 && setuid(STRANGER) == -1)
			_exit(3);
		check(&own);
		_exit(0);
	}
	board_ended(child);
}

static void
check_read_only(void *place)
{
	const struct board_place *p = place;
	struct err e;
	struct shm *s = shm_join(p->folder, &board_kind, true, &e);

	if (shm_is_shared(s) || strstr(e.text, p->folder) == NULL ||
	    strstr(e.text, strerror(EACCES)) == NULL)
		_exit(4);
	if (chmod(p->folder, 0700) == -1 || shm_look(s, &e) != 1)
		_exit(5);
	shm_leave(&s);
}

static void
a_folder_that_cannot_be_written_is_said(void **state)
{
	struct board_place *p = *state;

	assert_int_equal(mkdir(p->folder, 0500), 0);
	as_stranger(p, check_read_only);
	assert_int_equal(board_names(p), 1);
}

/* ---- no room ---- */

static void
check_small_files(void *place)
{
	const struct board_place *p = place;
	struct rlimit most;
	struct err e;
	struct shm *s;

	if (getrlimit(RLIMIT_FSIZE, &most) == -1)
		_exit(3);
	most.rlim_cur = whole - 1;
	if (setrlimit(RLIMIT_FSIZE, &most) == -1)
		_exit(3);
	s = shm_join(p->folder, &board_kind, true, &e);
	if (shm_is_shared(s) || strstr(e.text, p->path) == NULL ||
	    strstr(e.text, strerror(EFBIG)) == NULL || board_names(p) != 0)
		_exit(4);
	most.rlim_cur = whole;
	if (setrlimit(RLIMIT_FSIZE, &most) == -1 || shm_look(s, &e) != 1)
		_exit(5);
	shm_leave(&s);
}

static void
a_limit_of_file_size_is_said_not_died_of(void **state)
{
	struct board_place *p = *state;

	assert_int_equal(mkdir(p->folder, 0700), 0);
	as_stranger(p, check_small_files);
	assert_int_equal(board_names(p), 1);
}

/* In a name space of its own, so that nobody else sees the mount. */
static void
check_full_disk(void *place)
{
	const struct board_place *p = place;
	struct err e;
	struct shm *s;

	s = shm_join(p->folder, &board_kind, true, &e);
	if (shm_is_shared(s) || strstr(e.text, p->path) == NULL ||
	    strstr(e.text, strerror(ENOSPC)) == NULL || board_names(p) != 0)
		_exit(4);
	board_write(s, 7);
	if (!board_is(s, 0, 7))
		_exit(5);
	if (mount(NULL, p->folder, NULL, MS_REMOUNT, "size=1m") == -1)
		_exit(6);
	if (shm_look(s, &e) != 1)
		_exit(7);
	shm_leave(&s);
}

static void
a_full_disk_is_said_and_costs_no_crash_later(void **state)
{
	struct board_place *p = *state;
	char options[64];
	int status;
	pid_t child;

	assert_int_equal(mkdir(p->folder, 0700), 0);
	child = board_fork();
	if (child == 0) {
		snprintf(options, sizeof(options), "size=%d,mode=0700",
		    TINY_DISK);
		/* Not every root may, and nobody else. */
		if (unshare(CLONE_NEWNS) == -1)
			_exit(errno == EPERM ? NOT_ALLOWED : 3);
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
		    mount("none", p->folder, "tmpfs", 0, options) == -1)
			_exit(3);
		check_full_disk(p);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_ALLOWED)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_of_another_size_is_replaced),
		TEST(a_head_that_is_not_ours_is_replaced),
		TEST(a_file_that_others_may_use_is_replaced),
		TEST(what_is_no_file_is_replaced),
		TEST(what_stands_in_the_new_files_way_is_removed),
		TEST(nothing_a_killed_one_wrote_is_in_the_new_file),
		TEST(a_folder_with_something_in_it_is_left_alone),
		TEST(garbage_is_replaced),
		TEST(garbage_behind_a_good_head_stops_nobody),
		TEST(a_file_of_another_user_is_replaced),
		TEST(a_folder_that_cannot_be_is_said),
		TEST(a_link_is_no_folder),
		TEST(a_folder_that_others_may_write_is_refused),
		TEST(a_folder_of_another_user_is_refused),
		TEST(root_reads_what_routers_of_another_user_wrote),
		TEST(a_folder_that_cannot_be_written_is_said),
		TEST(a_limit_of_file_size_is_said_not_died_of),
		TEST(a_full_disk_is_said_and_costs_no_crash_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
