/* SPDX-License-Identifier: BSD-2-Clause */

/* access_log: whole lines, through rotation, full disks and stuck readers. */

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "report/access_log.h"
#include "report/format.h"
#include "scratch.h"

struct fixture {
	struct scratch scratch;
	char path[SCRATCH_PATH_MAX];
	char socket[SCRATCH_PATH_MAX];
	const char *note;
	struct access_log *log;
};

static int
setup(void **state)
{
	static struct fixture f;

	signal(SIGPIPE, SIG_IGN);
	umask(022);
	memset(&f, 0, sizeof(f));
	scratch_init(&f.scratch);
	scratch_path(&f.scratch, "access.log", f.path);
	scratch_path(&f.scratch, "log.socket", f.socket);
	f.note = "";
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	access_log_close(&f->log);
	scratch_fini(&f->scratch);
	return 0;
}

static int
open_at(struct fixture *f, const char *where, struct err *e)
{
	const struct access_log_says says = { .where = where,
		.syslog = f->socket, .note = f->note };

	return access_log_open(&says, &f->log, e);
}

static void
open_log(struct fixture *f)
{
	struct err e;

	if (open_at(f, f->path, &e) == -1)
		fail_msg("%s", e.text);
	assert_true(access_log_wanted(f->log));
}

static void
put(struct fixture *f, const char *line)
{
	(void)access_log_write(f->log, str_of(line));
}

static void
holds(struct fixture *f, const char *name, const char *want)
{
	assert_string_equal(scratch_read(&f->scratch, name), want);
}

static void
move(struct fixture *f, const char *to)
{
	char path[SCRATCH_PATH_MAX];

	scratch_path(&f->scratch, to, path);
	assert_int_equal(rename(f->path, path), 0);
}

static void
lines_are_added_to_what_was_there(void **state)
{
	struct fixture *f = *state;

	scratch_write(&f->scratch, "access.log", "old\n");
	open_log(f);
	put(f, "one\n");
	put(f, "two\n");
	holds(f, "access.log", "old\none\ntwo\n");
}

static void
a_new_file_is_not_for_everybody(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	open_log(f);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void
none_writes_nothing(void **state)
{
	struct fixture *f = *state;
	struct err e;

	assert_int_equal(open_at(f, "none", &e), 0);
	assert_false(access_log_wanted(f->log));
	put(f, "one\n");
	access_log_look(f->log);
	assert_int_equal(scratch_count(&f->scratch), 0);
}

static void
stderr_is_written_and_left_open(void **state)
{
	struct fixture *f = *state;
	struct err e;

	scratch_listen(&f->scratch);
	assert_int_equal(open_at(f, "stderr", &e), 0);
	put(f, "one\n");
	access_log_look(f->log);
	access_log_close(&f->log);
	assert_null(f->log);
	assert_int_equal(write(STDERR_FILENO, "two\n", 4), 4);
	assert_string_equal(scratch_heard(&f->scratch), "one\ntwo\n");
}

/* Nobody reads what ends there; the alarm ends a test that waits for it. */
static bool
write_to_stuck_stderr(struct fixture *f, int ends[2])
{
	static char line[2048];
	int kept = dup(STDERR_FILENO), i;
	bool wrote = true;
	struct err e;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	alarm(20);
	(void)dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	wrote = open_at(f, "stderr", &e) == 0;
	for (i = 0; i < 4096 && wrote; i++)
		wrote = access_log_write(f->log,
		    (struct str){ line, sizeof(line) });
	alarm(0);
	(void)dup2(kept, STDERR_FILENO);
	close(kept);
	close(ends[0]);
	access_log_close(&f->log);
	return wrote;
}

static void
a_stuck_reader_of_stderr_holds_nobody_up(void **state)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_false(write_to_stuck_stderr(*state, ends));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_false(write_to_stuck_stderr(*state, ends));
}

static void
after_a_rename_lines_go_to_a_new_file(void **state)
{
	struct fixture *f = *state;

	open_log(f);
	put(f, "one\n");
	move(f, "access.log.1");
	put(f, "two\n");
	access_log_look(f->log);
	put(f, "three\n");
	holds(f, "access.log.1", "one\ntwo\n");
	holds(f, "access.log", "three\n");
}

static void
after_a_removal_lines_go_to_a_new_file(void **state)
{
	struct fixture *f = *state;

	open_log(f);
	put(f, "one\n");
	assert_int_equal(unlink(f->path), 0);
	access_log_look(f->log);
	put(f, "two\n");
	holds(f, "access.log", "two\n");
}

static void
another_file_at_the_path_is_added_to(void **state)
{
	struct fixture *f = *state;

	open_log(f);
	move(f, "access.log.1");
	scratch_write(&f->scratch, "access.log", "made\n");
	access_log_look(f->log);
	put(f, "one\n");
	holds(f, "access.log", "made\none\n");
	holds(f, "access.log.1", "");
}

static void
a_file_truncated_in_place_goes_on_at_its_start(void **state)
{
	struct fixture *f = *state;

	open_log(f);
	put(f, "one\n");
	assert_int_equal(truncate(f->path, 0), 0);
	access_log_look(f->log);
	put(f, "two\n");
	holds(f, "access.log", "two\n");
}

static void
the_old_file_is_kept_while_no_new_one_opens(void **state)
{
	struct fixture *f = *state;
	const char *said;

	open_log(f);
	move(f, "access.log.1");
	assert_int_equal(mkdir(f->path, 0700), 0);
	scratch_listen(&f->scratch);
	access_log_look(f->log);
	access_log_look(f->log);
	put(f, "one\n");
	said = scratch_heard(&f->scratch);
	assert_int_equal(scratch_times(said, "the old file is kept"), 1);
	assert_int_equal(scratch_times(said, "\n"), 1);
	holds(f, "access.log.1", "one\n");
	assert_int_equal(rmdir(f->path), 0);
	access_log_look(f->log);
	put(f, "two\n");
	holds(f, "access.log", "two\n");
}

static void
no_descriptor_is_lost_by_reopening(void **state)
{
	struct fixture *f = *state;
	int before, after, i;

	open_log(f);
	before = dup(STDIN_FILENO);
	close(before);
	for (i = 0; i < 20; i++) {
		assert_int_equal(unlink(f->path), 0);
		access_log_look(f->log);
	}
	after = dup(STDIN_FILENO);
	close(after);
	assert_int_equal(before, after);
}

/* All else is waited for, as what is not there. */
static void
only_files_and_fifos_are_taken(void **state)
{
	struct fixture *f = *state;
	const char *const wrong[] = { f->scratch.folder, "/dev/null",
		"/nonexistent/access.log", f->path };
	size_t i;

	assert_int_equal(mkfifo(f->path, 0600), 0); /* nobody reads it */
	for (i = 0; i < TABLE_COUNT(wrong); i++) {
		struct err e;
		const char *said;
		int got;

		scratch_listen(&f->scratch);
		got = open_at(f, wrong[i], &e);
		said = scratch_heard(&f->scratch);
		TABLE_INT(wrong[i], got, 0);
		TABLE_INT(wrong[i], scratch_times(said, wrong[i]), 1);
		TABLE_INT(wrong[i], scratch_times(said,
		    "lines are lost until it opens"), 1);
		TABLE_INT(wrong[i], access_log_write(f->log, STR("one\n")),
		    false);
		access_log_close(&f->log);
	}
}

static void
a_full_fifo_loses_lines_and_holds_nobody_up(void **state)
{
	struct fixture *f = *state;
	static char line[4096];
	const char *said;
	int reader, i;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	assert_int_equal(mkfifo(f->path, 0600), 0);
	reader = open(f->path, O_RDONLY | O_NONBLOCK);
	assert_true(reader != -1);
	open_log(f);
	put(f, "one\n");
	assert_int_equal(read(reader, line, 4), 4);
	assert_memory_equal(line, "one\n", 4);
	scratch_listen(&f->scratch);
	for (i = 0; i < 1000; i++)
		(void)access_log_write(f->log,
		    (struct str){ line, sizeof(line) });
	access_log_look(f->log);
	put(f, "lost\n");
	close(reader);
	put(f, "lost\n");
	said = scratch_heard(&f->scratch);
	assert_int_equal(scratch_times(said, "lines are lost"), 1);
	assert_int_equal(scratch_times(said, "\n"), 1);
}

static void
trouble_is_told_again_after_a_while_without(void **state)
{
	struct fixture *f = *state;
	int reader;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	reader = open(f->path, O_RDONLY | O_NONBLOCK);
	open_log(f);
	close(reader);
	scratch_listen(&f->scratch);
	put(f, "lost\n");
	access_log_look(f->log);
	access_log_look(f->log); /* nothing was written, well or not */
	put(f, "lost\n");
	reader = open(f->path, O_RDONLY | O_NONBLOCK);
	put(f, "well\n");
	access_log_look(f->log);
	access_log_look(f->log);
	close(reader);
	put(f, "lost\n");
	assert_int_equal(scratch_times(scratch_heard(&f->scratch),
	    "lines are lost"), 2);
}

static void
a_line_after_half_a_line_begins_anew(void **state)
{
	struct fixture *f = *state;
	struct rlimit kept, small;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
	small = kept;
	small.rlim_cur = 8;
	open_log(f);
	put(f, "one\n");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	put(f, "two is long\n");
	put(f, "lost\n");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
	put(f, "three\n");
	put(f, "four\n");
	holds(f, "access.log", "one\ntwo \x18\nthree\nfour\n");
}

/* Two processes write: the first one's line is cut, of the second one's there
 * is no room for any. */
static struct access_log *
fill_disk(struct fixture *f)
{
	struct access_log *first;
	struct rlimit kept, small;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
	small = kept;
	small.rlim_cur = 4;
	open_log(f);
	first = f->log;
	open_log(f);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_false(access_log_write(first, STR("first\n")));
	assert_false(access_log_write(f->log, STR("second\n")));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
	return first;
}

static void
no_line_follows_half_a_line_of_another_process(void **state)
{
	struct fixture *f = *state;
	struct access_log *first = fill_disk(f);

	put(f, "third\n");
	put(f, "fourth\n");
	assert_true(access_log_write(first, STR("fifth\n")));
	access_log_close(&first);
	holds(f, "access.log", "firs\x18\nthird\nfourth\nfifth\n");
}

static void
half_a_line_is_ended_when_there_is_room(void **state)
{
	struct fixture *f = *state;
	struct access_log *first = fill_disk(f);

	access_log_look(first);
	holds(f, "access.log", "firs\x18\n");
	access_log_look(first);
	access_log_close(&first);
	put(f, "third\n");
	holds(f, "access.log", "firs\x18\nthird\n");
}

/* ---- what says that a log is not whole ---- */

static void
a_note_stands_where_a_file_begins(void **state)
{
	struct fixture *f = *state;

	f->note = "# partial\n";
	open_log(f);
	put(f, "one\n");
	access_log_close(&f->log);
	open_log(f);
	put(f, "two\n");
	move(f, "access.log.1");
	access_log_look(f->log);
	put(f, "three\n");
	holds(f, "access.log.1", "# partial\none\ntwo\n");
	holds(f, "access.log", "# partial\nthree\n");
}

static void
a_note_is_added_where_a_file_begins_otherwise(void **state)
{
	struct fixture *f = *state;

	scratch_write(&f->scratch, "access.log", "whole\n");
	f->note = "# partial\n";
	open_log(f);
	put(f, "one\n");
	holds(f, "access.log", "whole\n# partial\none\n");
}

/* As by each process that is started. */
static void
a_note_is_added_once(void **state)
{
	struct fixture *f = *state;
	const char *const notes[] = { "# partial: a\n", "# partial: a\n",
		"# partial: b\n", "# partial: b\n", "# partial: a\n" };
	size_t i;

	scratch_write(&f->scratch, "access.log", "whole\n");
	for (i = 0; i < TABLE_COUNT(notes); i++) {
		f->note = notes[i];
		open_log(f);
		put(f, "one\n");
		access_log_close(&f->log);
	}
	holds(f, "access.log", "whole\n# partial: a\none\none\n"
	    "# partial: b\none\none\n# partial: a\none\n");
}

static void
a_note_at_the_begin_of_a_long_file_is_enough(void **state)
{
	struct fixture *f = *state;
	static char line[100001];
	size_t size;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 2] = '\n';
	f->note = "# partial: a\n";
	open_log(f);
	put(f, line);
	access_log_close(&f->log);
	size = strlen(scratch_read(&f->scratch, "access.log"));
	open_log(f);
	assert_int_equal(strlen(scratch_read(&f->scratch, "access.log")),
	    size);
}

/* ---- files that are not there any more ---- */

static void
what_goes_to_a_removed_file_is_lost(void **state)
{
	struct fixture *f = *state;
	char folder[SCRATCH_PATH_MAX];
	const char *said;

	scratch_path(&f->scratch, "logs", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	scratch_path(&f->scratch, "logs/access.log", f->path);
	open_log(f);
	assert_true(access_log_write(f->log, STR("one\n")));
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(rmdir(folder), 0);
	scratch_listen(&f->scratch);
	access_log_look(f->log);
	assert_false(access_log_write(f->log, STR("two\n")));
	assert_false(access_log_write(f->log, STR("three\n")));
	said = scratch_heard(&f->scratch);
	assert_int_equal(scratch_times(said, "there is no file"), 1);
	assert_int_equal(mkdir(folder, 0700), 0);
	access_log_look(f->log);
	assert_true(access_log_write(f->log, STR("four\n")));
	assert_string_equal(scratch_read(&f->scratch, "logs/access.log"),
	    "four\n");
}

static void
a_file_that_does_not_open_is_waited_for(void **state)
{
	struct fixture *f = *state;
	char folder[SCRATCH_PATH_MAX];
	const char *said;

	scratch_path(&f->scratch, "logs", folder);
	scratch_path(&f->scratch, "logs/access.log", f->path);
	f->note = "# partial\n";
	scratch_listen(&f->scratch);
	open_log(f);
	access_log_look(f->log);
	assert_false(access_log_write(f->log, STR("one\n")));
	said = scratch_heard(&f->scratch);
	assert_int_equal(scratch_times(said, "lines are lost until"), 1);
	assert_int_equal(mkdir(folder, 0700), 0);
	access_log_look(f->log);
	assert_true(access_log_write(f->log, STR("two\n")));
	assert_string_equal(scratch_read(&f->scratch, "logs/access.log"),
	    "# partial\ntwo\n");
}

/* ---- the system's log ---- */

static int
system_listen(struct fixture *f)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd != -1);
	assert_true(strlen(f->socket) < sizeof(at.sun_path));
	memcpy(at.sun_path, f->socket, strlen(f->socket) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void
the_system_log_gets_a_datagram_for_each_line(void **state)
{
	struct fixture *f = *state;
	int fd = system_listen(f);
	char got[256], head[64];
	ssize_t n;
	struct err e;

	assert_int_equal(open_at(f, "syslog", &e), 0);
	assert_true(access_log_wanted(f->log));
	assert_true(access_log_write(f->log, STR("one \"line\"\n")));
	n = recv(fd, got, sizeof(got) - 1, 0);
	assert_true(n > 0);
	got[n] = '\0';
	assert_int_equal(strncmp(got, "<30>", 4), 0);
	snprintf(head, sizeof(head), " fcgi-router[%d]: one \"line\"",
	    (int)getpid());
	assert_string_equal(got + strlen("<30>Nov 22 12:00:00"), head);
	close(fd);
}

static void
the_system_log_holds_nobody_up(void **state)
{
	struct fixture *f = *state;
	struct err e;
	const char *said;
	int fd, i, lost = 0;
	char got[256];

	assert_int_equal(open_at(f, "syslog", &e), 0);
	scratch_listen(&f->scratch);
	assert_false(access_log_write(f->log, STR("nobody\n")));
	fd = system_listen(f);
	for (i = 0; i < 5000; i++)
		lost += !access_log_write(f->log, STR("line\n"));
	assert_in_range(lost, 1, 4999);
	said = scratch_heard(&f->scratch);
	assert_int_equal(scratch_times(said, "lines are lost"), 1);
	while (recv(fd, got, sizeof(got), 0) != -1)
		;
	assert_true(access_log_write(f->log, STR("again\n")));
	close(fd);
}

static void
one_exchange_is_one_line_whatever_it_holds(void **state)
{
	struct fixture *f = *state;
	static char line[FORMAT_LINE_MAX];
	struct format *format = NULL;
	struct record r;
	struct err e;
	const char *text;

	record_init(&r);
	r.host = r.method = r.uri = r.referer = r.user_agent = r.origin =
	    STR("\r\n\" 200 \x85\xc2\x85\\");
	assert_int_equal(format_built_in(STR("full"), &format, &e), 1);
	open_log(f);
	(void)access_log_write(f->log, (struct str){ line,
	    format_print(format, &r, line) });
	format_free(&format);
	text = scratch_read(&f->scratch, "access.log");
	assert_int_equal(scratch_times(text, "\n"), 1);
	assert_int_equal(scratch_times(text, "\""), 6);
	assert_null(strchr(text, '\r'));
	assert_null(strchr(text, '\x85'));
}

/* ---- several threads, while the file is rotated ---- */

enum { THREADS = 4, LINES = 2000, ROTATIONS = 20, LINE = 200 };

struct writer {
	pthread_t thread;
	struct access_log *log;
	int number;
	atomic_int *written;
};

static void *
writer_run(void *arg)
{
	struct writer *w = arg;
	char line[LINE + 1];
	int i;

	for (i = 0; i < LINES; i++) {
		int n = snprintf(line, sizeof(line), "%d %06d ", w->number,
		    i);

		memset(line + n, 'a' + w->number, (size_t)(LINE - 1 - n));
		line[LINE - 1] = '\n';
		(void)access_log_write(w->log, (struct str){ line, LINE });
		atomic_fetch_add(w->written, 1);
	}
	return NULL;
}

/* Each line whole, each line once. */
static void
count_lines(const char *text, bool seen[THREADS][LINES])
{
	for (; *text != '\0'; text += LINE) {
		int number = text[0] - '0';
		int i;

		assert_true(strlen(text) >= LINE);
		assert_in_range(number, 0, THREADS - 1);
		i = (int)strtol(text + 2, NULL, 10);
		assert_in_range(i, 0, LINES - 1);
		assert_false(seen[number][i]);
		seen[number][i] = true;
		assert_int_equal(strspn(text + 9, (const char[]){
		    (char)('a' + number), '\0' }), LINE - 10);
		assert_int_equal(text[LINE - 1], '\n');
	}
}

static void
no_line_is_lost_or_torn_by_rotation(void **state)
{
	struct fixture *f = *state;
	static bool seen[THREADS][LINES];
	struct writer writers[THREADS];
	atomic_int written = 0;
	char name[32];
	int i, j;

	open_log(f);
	for (i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .log = f->log, .number = i,
			.written = &written };
		assert_int_equal(pthread_create(&writers[i].thread, NULL,
		    writer_run, &writers[i]), 0);
	}
	for (i = 0; i < ROTATIONS; i++) {
		while (atomic_load(&written) <
		    i * (THREADS * LINES / (ROTATIONS + 1)))
			sched_yield();
		snprintf(name, sizeof(name), "access.log.%d", i);
		move(f, name);
		access_log_look(f->log);
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
	count_lines(scratch_read(&f->scratch, "access.log"), seen);
	for (i = 0; i < ROTATIONS; i++) {
		snprintf(name, sizeof(name), "access.log.%d", i);
		count_lines(scratch_read(&f->scratch, name), seen);
	}
	for (i = 0; i < THREADS; i++)
		for (j = 0; j < LINES; j++)
			assert_true(seen[i][j]);
}

/* ---- many processes, while the file is rotated ---- */

enum { CHILDREN = 64, CHILD_LINES = 50, CHILD_ROTATIONS = 5 };

/* Each line is of another length, and of one letter. */
static void
child_write(struct fixture *f, int child, int i)
{
	static char line[8192];
	size_t n = 20 + (size_t)(child * 131 + i * 977) % 2000;

	memset(line, 'A' + child % 26, n);
	snprintf(line, 64, "%02d %03d %05zu", child, i, n);
	line[strlen(line)] = ' ';
	line[n - 1] = '\n';
	if (!access_log_write(f->log, (struct str){ line, n }))
		_exit(1);
}

static void
child_run(struct fixture *f, int child)
{
	struct err e;
	int i;

	if (open_at(f, f->path, &e) == -1)
		_exit(1);
	for (i = 0; i < CHILD_LINES; i++) {
		child_write(f, child, i);
		access_log_look(f->log);
	}
	_exit(0);
}

static void
count_child_lines(const char *text, bool seen[CHILDREN][CHILD_LINES])
{
	while (*text != '\0') {
		int child = 0, i = 0;
		size_t n = 0;
		const char letter[2] = { text[15], '\0' };

		assert_int_equal(sscanf(text, "%2d %3d %5zu", &child, &i,
		    &n), 3);
		assert_in_range(child, 0, CHILDREN - 1);
		assert_in_range(i, 0, CHILD_LINES - 1);
		assert_false(seen[child][i]);
		seen[child][i] = true;
		assert_int_equal(strspn(text + 15, letter), n - 16);
		assert_int_equal(text[n - 1], '\n');
		text += n;
	}
}

static void
lines_of_64_processes_stay_whole(void **state)
{
	struct fixture *f = *state;
	static bool seen[CHILDREN][CHILD_LINES];
	pid_t pids[CHILDREN];
	char name[32];
	int i, k, status;

	for (i = 0; i < CHILDREN; i++) {
		pids[i] = fork();
		assert_true(pids[i] != -1);
		if (pids[i] == 0)
			child_run(f, i);
		if (i % (CHILDREN / CHILD_ROTATIONS) != 0)
			continue;
		/* Only a file that is there can be moved away. */
		open_log(f);
		access_log_close(&f->log);
		snprintf(name, sizeof(name), "access.log.%d", i);
		move(f, name);
	}
	for (i = 0; i < CHILDREN; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	for (i = 0; i < CHILDREN; i += CHILDREN / CHILD_ROTATIONS) {
		snprintf(name, sizeof(name), "access.log.%d", i);
		count_child_lines(scratch_read(&f->scratch, name), seen);
	}
	count_child_lines(scratch_read(&f->scratch, "access.log"), seen);
	for (i = 0; i < CHILDREN; i++)
		for (k = 0; k < CHILD_LINES; k++)
			assert_true(seen[i][k]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_added_to_what_was_there),
		TEST(a_new_file_is_not_for_everybody),
		TEST(none_writes_nothing),
		TEST(stderr_is_written_and_left_open),
		TEST(a_stuck_reader_of_stderr_holds_nobody_up),
		TEST(after_a_rename_lines_go_to_a_new_file),
		TEST(after_a_removal_lines_go_to_a_new_file),
		TEST(another_file_at_the_path_is_added_to),
		TEST(a_file_truncated_in_place_goes_on_at_its_start),
		TEST(the_old_file_is_kept_while_no_new_one_opens),
		TEST(no_descriptor_is_lost_by_reopening),
		TEST(only_files_and_fifos_are_taken),
		TEST(a_full_fifo_loses_lines_and_holds_nobody_up),
		TEST(trouble_is_told_again_after_a_while_without),
		TEST(a_line_after_half_a_line_begins_anew),
		TEST(no_line_follows_half_a_line_of_another_process),
		TEST(half_a_line_is_ended_when_there_is_room),
		TEST(a_note_stands_where_a_file_begins),
		TEST(a_note_is_added_where_a_file_begins_otherwise),
		TEST(a_note_is_added_once),
		TEST(a_note_at_the_begin_of_a_long_file_is_enough),
		TEST(what_goes_to_a_removed_file_is_lost),
		TEST(a_file_that_does_not_open_is_waited_for),
		TEST(the_system_log_gets_a_datagram_for_each_line),
		TEST(the_system_log_holds_nobody_up),
		TEST(one_exchange_is_one_line_whatever_it_holds),
		TEST(no_line_is_lost_or_torn_by_rotation),
		TEST(lines_of_64_processes_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
