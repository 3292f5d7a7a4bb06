/* SPDX-License-Identifier: BSD-2-Clause */

/* test_input: lines of a file, whatever ends them and however long. */

#include "tools/input.h"

#include "base/buf.h"
#include "tests/unit/scratch.h"

struct input_row {
	const char *name;
	size_t blanks; /* before the text, as one line's begin */
	const char *text;
	const char *out; /* "number length flags" a line */
};

static const struct input_row input_rows[] = {
	{ "nothing", 0, "", "" },
	{ "one line", 0, "ab\n", "1 2\n" },
	{ "no LF at the end", 0, "ab\ncd", "1 2\n2 2 open\n" },
	{ "CR LF", 0, "ab\r\n\r\n\rx\n", "1 2\n2 0\n3 2\n" },
	{ "empty lines", 0, "\n\na\n\n", "1 0\n2 0\n3 1\n4 0\n" },
	{ "as long as may be", INPUT_LINE_MAX, "\nx\n",
	    "1 131072\n2 1\n" },
	{ "as long as may be, alone", INPUT_LINE_MAX, "", "1 131072 open\n" },
	{ "a byte too long", INPUT_LINE_MAX, "y\nx\n",
	    "1 131072 cut\n2 1\n" },
	{ "a byte too long, alone", INPUT_LINE_MAX, "y",
	    "1 131072 cut\n" },
	{ "far too long", 20 * INPUT_LINE_MAX + 77, "\nx",
	    "1 131072 cut\n2 1 open\n" },
	{ "far too long, alone", 20 * INPUT_LINE_MAX + 77, "",
	    "1 131072 cut\n" },
};

static void
input_make(const struct scratch *s, const struct input_row *row, char *path)
{
	FILE *to = fopen(scratch_path(s, "in", path), "w");
	size_t i;

	assert_non_null(to);
	for (i = 0; i < row->blanks; i++)
		assert_int_equal(fputc(' ', to), ' ');
	assert_true(fputs(row->text, to) >= 0);
	assert_int_equal(fclose(to), 0);
}

static void
test_lines_come_one_after_the_other(void **state)
{
	char path[SCRATCH_PATH_MAX];
	struct scratch s;
	size_t i;

	(void)state;
	scratch_init(&s);
	for (i = 0; i < TABLE_COUNT(input_rows); i++) {
		struct input_line line;
		struct input *in;
		struct buf got;
		struct err e;

		buf_init(&got, 1 << 16);
		input_make(&s, &input_rows[i], path);
		assert_int_equal(input_open(path, &in, &e), 0);
		assert_string_equal(input_name(in), path);
		while (input_next(in, &line, &e) == 1)
			assert_int_equal(buf_printf(&got, "%d %zu%s%s\n",
			    (int)line.number, line.text.n,
			    line.cut ? " cut" : "",
			    line.open && !line.cut ? " open" : ""), 0);
		assert_int_equal(input_next(in, &line, &e), 0);
		TABLE_STR(input_rows[i].name, buf_view(&got),
		    input_rows[i].out);
		buf_fini(&got);
		input_close(&in);
		assert_null(in);
	}
	scratch_fini(&s);
}

static void
test_what_cannot_be_read_is_told(void **state)
{
	char path[SCRATCH_PATH_MAX];
	struct input_line line;
	struct input *in = NULL;
	struct scratch s;
	struct err e;

	(void)state;
	scratch_init(&s);
	assert_int_equal(input_open(scratch_path(&s, "none", path), &in, &e),
	    -1);
	assert_int_equal(scratch_times(e.text, "cannot open"), 1);
	input_close(&in);
	assert_int_equal(input_open(s.folder, &in, &e), 0);
	assert_int_equal(input_next(in, &line, &e), -1);
	assert_int_equal(scratch_times(e.text, "cannot read"), 1);
	input_close(&in);
	scratch_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_come_one_after_the_other),
		cmocka_unit_test(test_what_cannot_be_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
