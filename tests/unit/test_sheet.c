/* SPDX-License-Identifier: BSD-2-Clause */

/* test_sheet: what people, programs and JSON are told of the same cells. */

#include "tools/sheet.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/unit/table.h"

/* ---- what is written to stdout ---- */

static FILE *sheet_file;
static int sheet_stdout;

static void
sheet_catch(void)
{
	sheet_file = tmpfile();
	assert_non_null(sheet_file);
	(void)fflush(stdout);
	sheet_stdout = dup(STDOUT_FILENO);
	assert_true(sheet_stdout != -1);
	assert_true(dup2(fileno(sheet_file), STDOUT_FILENO) != -1);
}

/* All since then. */
static const char *
sheet_caught(void)
{
	static char text[8192];
	size_t n;

	(void)fflush(stdout);
	assert_true(dup2(sheet_stdout, STDOUT_FILENO) != -1);
	(void)close(sheet_stdout);
	rewind(sheet_file);
	n = fread(text, 1, sizeof(text) - 1, sheet_file);
	text[n] = '\0';
	(void)fclose(sheet_file);
	return text;
}

static struct sheet *
sheet_some(void)
{
	struct sheet *s = sheet_new("some");

	sheet_column(s, STR("name"), SHEET_TEXT);
	sheet_column(s, STR("count"), SHEET_NUMBER);
	sheet_column(s, STR("took"), SHEET_TIME);
	sheet_column(s, STR("where"), SHEET_TEXT);
	sheet_text(s, STR("a\x1b[2J"));
	sheet_number(s, 123456);
	sheet_number(s, 1500);
	sheet_text(s, STR("x"));
	sheet_text(s, STR("\xc3\xa9"));
	sheet_number(s, 7);
	sheet_none(s);
	sheet_text(s, STR(""));
	return s;
}

static void
test_programs_have_tabs_and_whole_numbers(void **state)
{
	struct sheet *s = sheet_some();

	(void)state;
	assert_int_equal(sheet_rows(s), 2);
	sheet_catch();
	sheet_write(s, SIZE_MAX, 0);
	assert_string_equal(sheet_caught(),
	    "# name\tcount\ttook_us\twhere\n"
	    "a\\x1b[2J\t123456\t1500\tx\n"
	    "\xc3\xa9\t7\t-\t-\n");
	sheet_catch();
	sheet_write(s, 1, SHEET_NAMED | SHEET_HEADLESS);
	assert_string_equal(sheet_caught(), "## some\n"
	    "a\\x1b[2J\t123456\t1500\tx\n# and 1 more\n");
	sheet_free(&s);
	assert_null(s);
	sheet_free(&s);
}

static void
test_people_have_columns(void **state)
{
	struct sheet *s = sheet_some();

	(void)state;
	sheet_catch();
	sheet_write(s, SIZE_MAX, SHEET_ALIGNED);
	assert_string_equal(sheet_caught(),
	    "# name     count   took  where\n"
	    "a\\x1b[2J  123456  1.5ms  x\n"
	    "\xc3\xa9              7      -  -\n");
	sheet_free(&s);
}

static void
test_objects_leave_out_what_is_not_known(void **state)
{
	struct sheet *s = sheet_some();
	struct sheet *timed = sheet_timed(s, 99);

	(void)state;
	sheet_catch();
	sheet_objects(s);
	assert_string_equal(sheet_caught(),
	    "{\"name\":\"a\\u001B[2J\",\"count\":123456,\"took_us\":1500,"
	    "\"where\":\"x\"}\n"
	    "{\"name\":\"\\u00E9\",\"count\":7,\"where\":\"\"}\n");
	sheet_catch();
	sheet_objects(timed);
	assert_memory_equal(sheet_caught(), "{\"time\":99,\"name\"", 16);
	sheet_free(&timed);
	sheet_free(&s);
}

/* ---- units ---- */

static const struct {
	enum sheet_kind kind;
	uint64_t n;
	const char *text;
} unit_rows[] = {
	{ SHEET_NUMBER, 0, "0" },
	{ SHEET_NUMBER, UINT64_MAX, "18446744073709551615" },
	{ SHEET_BYTES, 1023, "1023" },
	{ SHEET_BYTES, 1024, "1.0k" },
	{ SHEET_BYTES, 1536, "1.5k" },
	{ SHEET_BYTES, 10 * 1024, "10k" },
	{ SHEET_BYTES, 1024 * 1024 - 1, "1023k" },
	{ SHEET_BYTES, UINT64_C(3) << 40, "3.0T" },
	{ SHEET_BYTES, UINT64_MAX, "15E" },
	{ SHEET_TIME, 999, "999us" },
	{ SHEET_TIME, 1000, "1.0ms" },
	{ SHEET_TIME, 999999, "999ms" },
	{ SHEET_TIME, 9900000, "9.9s" },
	{ SHEET_TIME, 3599000000, "3599s" },
	{ SHEET_TIME, 5400000000, "1.5h" },
	{ SHEET_TIME, UINT64_MAX, "5124095576h" },
	{ SHEET_MOMENT, 0, "1970-01-01T00:00:00Z" },
	{ SHEET_MOMENT, 1791640536, "2026-10-10T13:55:36Z" },
	/* garbage in a file is no moment */
	{ SHEET_MOMENT, UINT64_MAX, "18446744073709551615" },
};

static void
test_numbers_have_the_units_that_people_read(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(unit_rows); i++) {
		struct sheet *s = sheet_new("one");
		char want[64];

		sheet_column(s, STR("x"), unit_rows[i].kind);
		sheet_number(s, unit_rows[i].n);
		(void)snprintf(want, sizeof(want), "%s\n", unit_rows[i].text);
		sheet_catch();
		sheet_write(s, 1, SHEET_ALIGNED | SHEET_HEADLESS);
		TABLE_STR(unit_rows[i].text, str_trim(str_of(sheet_caught())),
		    want);
		sheet_free(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs_have_tabs_and_whole_numbers),
		cmocka_unit_test(test_people_have_columns),
		cmocka_unit_test(test_objects_leave_out_what_is_not_known),
		cmocka_unit_test(test_numbers_have_the_units_that_people_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
