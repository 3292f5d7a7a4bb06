/* SPDX-License-Identifier: BSD-2-Clause */

/* msg: one escaped line a call, one write a line, errno kept. */

#include <errno.h>

#include "base/msg.h"
#include "scratch.h"

enum { TEXT_MAX = 2048 };

static int
setup(void **state)
{
	(void)state;
	msg_init("prog", false);
	msg_set_level(MSG_NOTICE);
	return 0;
}

static void
say_all(void)
{
	msg_error("an error");
	msg_warning("a warning");
	msg_notice("a notice");
	msg_info("an info");
	msg_debug("a debug");
}

static void
levels_up_to_the_set_one_are_said(void **state)
{
	static const char *const want[MSG_LEVEL_COUNT] = {
		"prog: an error\n",
		"prog: an error\nprog: warning: a warning\n",
		"prog: an error\nprog: warning: a warning\nprog: a notice\n",
		"prog: an error\nprog: warning: a warning\nprog: a notice\n"
		"prog: an info\n",
		"prog: an error\nprog: warning: a warning\nprog: a notice\n"
		"prog: an info\nprog: debug: a debug\n",
	};
	struct scratch s;
	int level;

	(void)state;
	scratch_init(&s);
	for (level = 0; level < MSG_LEVEL_COUNT; level++) {
		msg_set_level((enum msg_level)level);
		scratch_listen(&s);
		say_all();
		assert_string_equal(scratch_heard(&s), want[level]);
	}
	scratch_fini(&s);
}

static void
quoted_input_forges_no_line(void **state)
{
	struct scratch s;

	(void)state;
	scratch_init(&s);
	scratch_listen(&s);
	msg_error("host '%s': bad", "a\nprog: forged\r\x1b[2J\x7f\x9b\xc2\x9b"
	    "\xe9 \xc3\xa9");
	assert_string_equal(scratch_heard(&s), "prog: host 'a\\x0aprog: forged"
	    "\\x0d\\x1b[2J\\x7f\\x9b\\xc2\\x9b\\xe9 \xc3\xa9': bad\n");
	scratch_fini(&s);
}

static void
a_long_text_is_cut_and_stays_one_line(void **state)
{
	static const char letters[] = { 'x', '\n' };
	char text[3 * TEXT_MAX];
	struct scratch s;
	size_t i;

	(void)state;
	scratch_init(&s);
	memset(text, 0, sizeof(text));
	for (i = 0; i < sizeof(letters); i++) {
		const char *said;

		memset(text, letters[i], sizeof(text) - 1);
		scratch_listen(&s);
		msg_error("%s", text);
		said = scratch_heard(&s);
		assert_in_range(strlen(said), TEXT_MAX - 8, TEXT_MAX + 8);
		assert_int_equal(scratch_times(said, "\n"), 1);
		assert_int_equal(said[strlen(said) - 1], '\n');
	}
	scratch_fini(&s);
}

/* A pipe of packets keeps writes apart. */
static void
a_line_is_one_write(void **state)
{
	char got[256];
	int ends[2], kept;

	(void)state;
	assert_int_equal(pipe2(ends, O_DIRECT | O_CLOEXEC), 0);
	kept = dup(STDERR_FILENO);
	assert_true(dup2(ends[1], STDERR_FILENO) != -1);
	msg_error("one %d", 1);
	msg_warning("two");
	assert_true(dup2(kept, STDERR_FILENO) != -1);
	close(kept);
	close(ends[1]);
	assert_int_equal(read(ends[0], got, sizeof(got)), 12);
	assert_memory_equal(got, "prog: one 1\n", 12);
	assert_int_equal(read(ends[0], got, sizeof(got)), 19);
	assert_memory_equal(got, "prog: warning: two\n", 19);
	assert_int_equal(read(ends[0], got, sizeof(got)), 0);
	close(ends[0]);
}

static void
errno_is_kept(void **state)
{
	int kept = dup(STDERR_FILENO);
	int seen;

	(void)state;
	assert_true(kept != -1);
	close(STDERR_FILENO);
	errno = ENOSPC;
	msg_error("to nobody");
	seen = errno;
	assert_true(dup2(kept, STDERR_FILENO) != -1);
	close(kept);
	assert_int_equal(seen, ENOSPC);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

/* The last test: from then on this program never waits. */
static void
what_nobody_reads_is_left_out_and_told_of(void **state)
{
	char read_all[256 * 1024];
	int ends[2], kept = dup(STDERR_FILENO);
	ssize_t n;
	int i;

	(void)state;
	assert_true(kept != -1 && pipe(ends) == 0);
	assert_true(dup2(ends[1], STDERR_FILENO) != -1);
	msg_never_wait();
	for (i = 0; i < 10000; i++)
		msg_error("line %d", i);
	n = read(ends[0], read_all, sizeof(read_all));
	assert_true(n > 0 && read_all[n - 1] == '\n');
	msg_error("the end");
	n = read(ends[0], read_all, sizeof(read_all) - 1);
	assert_true(dup2(kept, STDERR_FILENO) != -1);
	assert_true(n > 0);
	read_all[n] = '\0';
	assert_non_null(strstr(read_all, " lines before this were not read by "
	    "anybody\nprog: the end\n"));
	close(ends[0]);
	close(ends[1]);
	close(kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(levels_up_to_the_set_one_are_said),
		TEST(quoted_input_forges_no_line),
		TEST(a_long_text_is_cut_and_stays_one_line),
		TEST(a_line_is_one_write),
		TEST(errno_is_kept),
		TEST(what_nobody_reads_is_left_out_and_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
