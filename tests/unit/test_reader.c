/* SPDX-License-Identifier: BSD-2-Clause */

/* reader: what comes through the window is what stands in the list, twice; a
 * list that changes is found out. */

#include "tools/reader.h"

#include "tests/unit/maps.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/buf.h"
#include "tests/unit/table.h"
#include "tools/lines.h"

enum { TEXT_MAX = 64 << 20, ARENA_MAX = 16 << 20 };

/* A list of a bit more than size bytes: entries, clauses, comments, empty
 * lines, both line ends; where they meet windows is chance. */
static void
make_list(struct buf *to, size_t size)
{
	unsigned i;

	assert_int_equal(buf_printf(to, "\xef\xbb\xbf# a list\n"), 0);
	for (i = 0; buf_len(to) < size; i++) {
		assert_int_equal(buf_printf(to, "host%u.example \"a b%u\"%s",
		    i, i, i % 5 == 0 ? "\r\n" : "\n"), 0);
		if (i % 7 == 0)
			assert_int_equal(buf_printf(to, "   tag=n:%u  # %*s\n"
			    "# aside\n\n\tstrip-prefix\n", i,
			    (int)(i % 3000), "x"), 0);
	}
	assert_int_equal(buf_printf(to, "last.example z"), 0);
}

static void
print_entries(struct lines *l, struct buf *to)
{
	struct lines_entry entry;
	struct arena a;
	struct err e = { .text = "" };
	size_t i, j;
	int got;

	arena_init(&a, ARENA_MAX);
	while ((got = lines_next(l, &a, &entry, &e)) == 1) {
		for (i = 0; i < entry.count; i++)
			for (j = 0; j < entry.lines[i].count; j++) {
				const struct lines_token *t =
				    &entry.lines[i].tokens[j];

				assert_int_equal(buf_printf(to,
				    "%u:%u %.*s\n", t->place.line,
				    t->place.col, STR_ARG(t->text)), 0);
			}
		assert_int_equal(buf_printf(to, "%zu\n", entry.text.n), 0);
		arena_reset(&a);
	}
	if (got == -1)
		fail_msg("%s", e.text);
	arena_fini(&a);
}

/* Both readings of r against the text as a whole. */
static void
agree(const char *row, struct reader *r, struct str text)
{
	struct buf want, got;
	struct lint lint;
	struct lines l;
	struct err e = { .text = "" };
	int i;

	buf_init(&want, TEXT_MAX);
	lint_init(&lint);
	lines_init(&l, STR("list"), 0, text, &lint);
	print_entries(&l, &want);
	for (i = 0; i < 2; i++) {
		buf_init(&got, TEXT_MAX);
		if (lines_open(&l, STR("list"), 0, r, &lint, &e) == -1)
			fail_msg("row '%s': %s", row, e.text);
		print_entries(&l, &got);
		TABLE_INT(row, reader_done(r), text.n);
		reader_end(r);
		if (!str_eq(buf_view(&want), buf_view(&got)))
			fail_msg("row '%s': another text", row);
		buf_fini(&got);
	}
	TABLE_INT(row, lint.errors, 0);
	lint_fini(&lint);
	buf_fini(&want);
}

static void
test_the_window_is_not_seen(void **state)
{
	static const size_t sizes[] = { 10, 4000, READER_WINDOW / 8,
		READER_WINDOW, 3 * READER_WINDOW };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(sizes); i++) {
		struct reader *r;
		struct buf text;

		buf_init(&text, TEXT_MAX);
		make_list(&text, sizes[i]);
		maps_make(maps_path("list"), buf_view(&text).p,
		    buf_len(&text));
		r = reader_new(maps_path("list"), NULL);
		agree("a file", r, buf_view(&text));
		reader_free(&r);
		assert_null(r);
		reader_free(&r);
		buf_fini(&text);
	}
}

static void
test_a_pipe_is_read_twice(void **state)
{
	char path[64];
	struct reader *r;
	struct buf text;
	int ends[2], status;
	pid_t pid;

	(void)state;
	buf_init(&text, TEXT_MAX);
	make_list(&text, 2 * READER_WINDOW);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct str rest = buf_view(&text);

		close(ends[0]);
		while (rest.n > 0) {
			ssize_t n = write(ends[1], rest.p, rest.n);

			if (n <= 0)
				_exit(1);
			rest = str_sub(rest, (size_t)n, rest.n);
		}
		_exit(0);
	}
	close(ends[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	r = reader_new(path, maps_folder);
	agree("a pipe", r, buf_view(&text));
	reader_free(&r);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(maps_files(false), 0);
	buf_fini(&text);
}

static void
append(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, "more\n", 5), 5);
	close(fd);
}

static void
read_all(struct reader *r, int want)
{
	struct err e = { .text = "" };
	struct str view;
	size_t done = 0;
	int got;

	while ((got = reader_more(r, done, &view, &e)) == 1)
		done = view.n;
	assert_int_equal(got, want);
	if (want == -1)
		assert_non_null(strstr(e.text, "changed while it was read"));
	else
		assert_true(reader_at_end(r));
}

static void
test_a_list_that_changes_is_found_out(void **state)
{
	struct err e = { .text = "" };
	struct reader *r;
	struct str view;
	char *text = calloc(1, READER_WINDOW);

	(void)state;
	memset(text, '\n', READER_WINDOW);
	maps_make(maps_path("list"), text, READER_WINDOW);
	r = reader_new(maps_path("list"), NULL);
	assert_int_equal(reader_begin(r, &e), 0);
	read_all(r, 0);
	append(maps_path("list"));
	assert_int_equal(reader_begin(r, &e), -1); /* between the readings */
	assert_non_null(strstr(e.text, "changed while it was read"));
	reader_free(&r);

	r = reader_new(maps_path("list"), NULL);
	assert_int_equal(reader_begin(r, &e), 0);
	assert_int_equal(reader_more(r, 0, &view, &e), 1);
	append(maps_path("list")); /* during one */
	read_all(r, -1);
	reader_free(&r);

	r = reader_new(maps_path("list"), NULL);
	assert_int_equal(reader_begin(r, &e), 0);
	read_all(r, 0);
	maps_make(maps_path("other"), text, READER_WINDOW + 0);
	assert_int_equal(rename(maps_path("other"), maps_path("list")), 0);
	assert_int_equal(reader_begin(r, &e), -1); /* another file */
	reader_free(&r);
	free(text);
}

static void
test_what_cannot_be_read_is_told(void **state)
{
	struct err e = { .text = "" };
	struct reader *r = reader_new(maps_path("none"), NULL);

	(void)state;
	assert_int_equal(reader_begin(r, &e), -1);
	assert_non_null(strstr(e.text, "cannot open"));
	reader_free(&r);
	r = reader_new(maps_folder, NULL);
	assert_int_equal(reader_begin(r, &e), -1);
	assert_non_null(strstr(e.text, "cannot read"));
	reader_free(&r);
}

static void
spill_with_a_full_disk(int from)
{
	struct rlimit limit = { 1000, 1000 };
	struct reader *r;
	char path[64];
	struct err e;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) == -1)
		_exit(10);
	snprintf(path, sizeof(path), "/dev/fd/%d", from);
	r = reader_new(path, maps_folder);
	if (reader_begin(r, &e) == 0)
		_exit(11);
	_exit(strstr(e.text, "cannot write a temporary file") != NULL ? 0 :
	    12);
}

static void
test_a_full_disk_is_told(void **state)
{
	static const char text[2000];
	int ends[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, sizeof(text)),
	    (int)sizeof(text));
	close(ends[1]);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		spill_with_a_full_disk(ends[0]);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(maps_files(false), 0);
}

/* What the window cannot hold is told once, and what follows is read. */
static void
test_what_is_larger_than_the_window_is_told(void **state)
{
	static const struct {
		const char *row;
		const char *before; /* this, filling, then this */
		char fill;
		const char *behind;
	} rows[] = {
		{ "a line", "a.example ", 'x', "\n" },
		{ "a clause", "a.example b\n tag=", 'x', "\n" },
		{ "a comment", "# ", 'x', "\n" },
		{ "a comment within", "a.example b\n#", 'x', "\n  exact\n" },
		{ "empty lines", "a.example b\n", '\n', " exact\n" },
		{ "clauses behind", "a.example ", 'x', "\n b\n\n# c\n\td\n" },
	};
	char *text = malloc(4 * READER_WINDOW);
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		size_t n = strlen(rows[i].before), lines, at;
		struct lines_entry entry;
		struct reader *r;
		struct lint lint;
		struct arena a;
		struct lines l;
		struct err e;

		memcpy(text, rows[i].before, n);
		memset(text + n, rows[i].fill, 2 * READER_WINDOW);
		n += 2 * READER_WINDOW;
		memcpy(text + n, rows[i].behind, strlen(rows[i].behind));
		n += strlen(rows[i].behind);
		for (lines = 1, at = 0; at < n; at++)
			lines += text[at] == '\n';
		memcpy(text + n, "z.example\n", 10);
		maps_make(maps_path("list"), text, n + 10);
		r = reader_new(maps_path("list"), NULL);
		arena_init(&a, ARENA_MAX);
		lint_init(&lint);
		assert_int_equal(lines_open(&l, STR("list"), 0, r, &lint, &e),
		    0);
		TABLE_INT(rows[i].row, lines_next(&l, &a, &entry, &e), 1);
		TABLE_STR(rows[i].row, entry.lines[0].tokens[0].text,
		    "z.example");
		TABLE_INT(rows[i].row, entry.place.line, lines);
		TABLE_INT(rows[i].row, lines_next(&l, &a, &entry, &e), 0);
		TABLE_INT(rows[i].row, lint.errors, 1);
		TABLE_INT(rows[i].row, lint.told[0].finding, LINT_ENTRY_LONG);
		TABLE_INT(rows[i].row, lint.told[0].place.line, 1);
		lint_fini(&lint);
		arena_fini(&a);
		reader_free(&r);
	}
	free(text);
}

/* The first reading for sets looks at lines that begin with '%' only. */
static void
test_only_entries_with_a_percent_are_found(void **state)
{
	const char *text = "a%b c\n%one x\n  y %no\nb c\n # %no\n%two\n";
	struct lines_entry entry;
	struct arena a;
	struct lines l;
	struct err e;

	(void)state;
	arena_init(&a, ARENA_MAX);
	lines_init(&l, STR("list"), 0, str_of(text), NULL);
	l.percent = true;
	assert_int_equal(lines_next(&l, &a, &entry, &e), 1);
	TABLE_STR("one", entry.lines[0].tokens[0].text, "%one");
	assert_int_equal(entry.count, 2);
	assert_int_equal(entry.place.line, 2);
	assert_int_equal(lines_next(&l, &a, &entry, &e), 1);
	TABLE_STR("two", entry.lines[0].tokens[0].text, "%two");
	assert_int_equal(entry.place.line, 6);
	assert_int_equal(lines_next(&l, &a, &entry, &e), 0);
	arena_fini(&a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, maps_begin, maps_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_window_is_not_seen),
		TEST(test_a_pipe_is_read_twice),
		TEST(test_a_list_that_changes_is_found_out),
		TEST(test_what_cannot_be_read_is_told),
		TEST(test_a_full_disk_is_told),
		TEST(test_what_is_larger_than_the_window_is_told),
		TEST(test_only_entries_with_a_percent_are_found),
	};

	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
