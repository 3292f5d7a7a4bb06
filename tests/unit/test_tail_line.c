/* SPDX-License-Identifier: BSD-2-Clause */

/* tail_line: lines for people: in columns, cut where the terminal ends, or
 * whole with TABs; nothing that others chose drives a terminal. */

#include <time.h>

#include "table.h"
#include "tools/tail_line.h"

static struct record
record_of_one(void)
{
	struct record r;

	record_init(&r);
	r.start = (struct timespec){ 1700599085, 123456789 };
	r.status = 200;
	r.total_us = 12345;
	r.method = STR("GET");
	r.client_ip = STR("192.0.2.7");
	r.host = STR("www.example.org");
	r.uri = STR("/a?b=c");
	r.service = STR("@api");
	r.origin = STR("http://127.0.0.1:8000");
	return r;
}

static void
prints(const struct tail_line *l, const struct record *r, const char *want)
{
	static char line[TAIL_LINE_MAX];
	size_t n = tail_line_print(l, r, line);

	TABLE_STR(want, ((struct str){ line, n }), want);
}

static const struct tail_line tabbed = { .width = 0 };

static void
without_a_terminal_all_is_there_between_tabs(void **state)
{
	struct record r = record_of_one();

	(void)state;
	prints(&tabbed, &r, "2023-11-21T20:38:05.123Z\t200\t12ms\tGET\t"
	    "192.0.2.7\twww.example.org/a?b=c\t@api\t"
	    "http://127.0.0.1:8000\t-\n");
	r.reason = REASON_LOOP;
	r.uri = STR("http://www.example.org/b");
	prints(&tabbed, &r, "2023-11-21T20:38:05.123Z\t200\t12ms\tGET\t"
	    "192.0.2.7\thttp://www.example.org/b\t@api\t"
	    "http://127.0.0.1:8000\tloop\n");
	record_init(&r);
	prints(&tabbed, &r, "1970-01-01T00:00:00.000Z\t-\t-\t-\t-\t-\t-\t-\t"
	    "-\n");
}

static void
times_have_a_unit_that_fits_them(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} rows[] = {
		{ -1, "-" }, { 0, "0us" }, { 999, "999us" },
		{ 1000, "1.0ms" }, { 9999, "9.9ms" }, { 10000, "10ms" },
		{ 999999, "999ms" }, { 1000000, "1.0s" },
		{ 99999999, "99.9s" }, { 100000000, "100s" },
		{ INT64_MAX, "9223372036854s" },
	};
	static char line[TAIL_LINE_MAX];
	struct record r = record_of_one();
	struct str rest, cell;
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		r.total_us = rows[i].us;
		rest = (struct str){ line, tail_line_print(&tabbed, &r,
		    line) };
		(void)str_cut(rest, '\t', &cell, &rest);
		(void)str_cut(rest, '\t', &cell, &rest);
		(void)str_cut(rest, '\t', &cell, &rest);
		TABLE_STR(rows[i].text, cell, rows[i].text);
	}
}

static void
a_terminal_has_columns_and_loses_the_origin_first(void **state)
{
	struct record r = record_of_one();

	(void)state;
	prints(&(struct tail_line){ .width = 120 }, &r, "20:38:05.123 200    "
	    "12ms GET     192.0.2.7       www.example.org/a?b=c @api "
	    "http://127.0.0.1:8000\n");
	prints(&(struct tail_line){ .width = 80 }, &r, "20:38:05.123 200    "
	    "12ms GET     192.0.2.7       www.example.org/a?b=c @api\n");
	r.reason = REASON_LOOP;
	prints(&(struct tail_line){ .width = 76 }, &r, "20:38:05.123 200    "
	    "12ms GET     192.0.2.7       www.example.or... @api loop\n");
}

static void
only_what_is_painted_has_escapes(void **state)
{
	struct record r = record_of_one();

	(void)state;
	prints(&(struct tail_line){ .width = 80, .colours = true }, &r,
	    "20:38:05.123 \033[32m200 \033[0m   12ms GET     192.0.2.7       "
	    "www.example.org/a?b=c @api\n");
	r.status = 508;
	r.reason = REASON_LOOP;
	r.uri = STR("/");
	prints(&(struct tail_line){ .width = 80, .colours = true }, &r,
	    "20:38:05.123 \033[31m508 \033[0m   12ms GET     192.0.2.7       "
	    "www.example.org/ @api \033[31mloop\033[0m\n");
}

static void
nothing_of_others_drives_a_terminal(void **state)
{
	static const char bad[] = "\033[2J\n\t\x9b\xc2\x9b\"\\ \x7f";
	struct str text = { bad, sizeof(bad) - 1 };
	static char line[TAIL_LINE_MAX];
	struct tail_line wide = { .width = 300 };
	struct record r = record_of_one();
	size_t n, i, k;

	(void)state;
	r.method = r.client_ip = r.host = r.uri = r.service = r.origin = text;
	for (k = 0; k < 2; k++) {
		n = tail_line_print(k == 0 ? &tabbed : &wide, &r, line);
		for (i = 0; i + 1 < n; i++)
			assert_true(!str_is_control(line[i]) ||
			    (k == 0 && line[i] == '\t'));
		assert_int_equal(line[n - 1], '\n');
	}
}

static void
no_text_is_too_long(void **state)
{
	static char text[100000], line[TAIL_LINE_MAX];
	static const size_t widths[] = { 0, TAIL_LINE_NARROW, 80, 200,
		65535 };
	struct record r = record_of_one();
	size_t i, n;

	(void)state;
	memset(text, '\033', sizeof(text));
	r.method = r.client_ip = r.host = r.uri = r.service = r.origin =
	    (struct str){ text, sizeof(text) };
	for (i = 0; i < TABLE_COUNT(widths); i++) {
		struct tail_line l = { .width = widths[i] };

		n = tail_line_print(&l, &r, line);
		assert_in_range(n, 100, TAIL_LINE_MAX);
		assert_int_equal(line[n - 1], '\n');
	}
}

static int
setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_terminal_all_is_there_between_tabs),
		cmocka_unit_test(times_have_a_unit_that_fits_them),
		cmocka_unit_test(
		    a_terminal_has_columns_and_loses_the_origin_first),
		cmocka_unit_test(only_what_is_painted_has_escapes),
		cmocka_unit_test(nothing_of_others_drives_a_terminal),
		cmocka_unit_test(no_text_is_too_long),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
