/* SPDX-License-Identifier: BSD-2-Clause */

/* test_query_log: lines of access logs, and what only looks like one. */

#include "tools/query_log.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/unit/table.h"

#define AT " [10/Oct/2026:13:55:36 +0000] "

static const struct {
	const char *line;
	const char *out; /* host|https|client|method|target|referer|agent */
} log_rows[] = {
	/* combined, common, vhost_combined */
	{ "10.0.0.1 - -" AT "\"GET /a?b HTTP/1.1\" 200 5 \"http://r/\" \"c\"",
	    "|0|10.0.0.1|GET|/a?b|http://r/|c" },
	{ "10.0.0.1 - -" AT "\"GET / HTTP/1.1\" 304 -",
	    "|0|10.0.0.1|GET|/||" },
	{ "a.example:443 ::1 - -" AT "\"GET / HTTP/2.0\" 200 5 \"-\" \"-\"",
	    "a.example|1|::1|GET|/||" },
	{ "a.example:8443:80 ::1 - -" AT "\"GET / HTTP/1.1\" 200 5",
	    "a.example:8443|0|::1|GET|/||" },
	{ "[::1]:80 ::1 - -" AT "\"GET / HTTP/1.1\" 200 5",
	    "[::1]|0|::1|GET|/||" },
	/* a user's name with a blank is no vhost, nor is IPv6 a host:port */
	{ "10.0.0.1 - two words" AT "\"GET / HTTP/1.1\" 200 5",
	    "|0|10.0.0.1|GET|/||" },
	{ "fe80::1 - two words" AT "\"GET / HTTP/1.1\" 200 5",
	    "|0|fe80::1|GET|/||" },
	{ "2001:db8:1:2:3:4:5:6 - two words" AT "\"GET / HTTP/1.1\" 200 5",
	    "|0|2001:db8:1:2:3:4:5:6|GET|/||" },
	{ "a.example:80 10.0.0.1 - two words" AT "\"GET / HTTP/1.1\" 200 5",
	    "a.example|0|10.0.0.1|GET|/||" },
	/* escapes as Apache and nginx write them */
	{ "10.0.0.1 - -" AT "\"GET /\\\"\\\\\\x41\\x2 HTTP/1.1\" 400 0",
	    "|0|10.0.0.1|GET|/\"\\Ax2||" },
	{ "10.0.0.1 - -" AT "\"GET / HTTP/1.1\" 200 5 \"-\" \"a \\\"b\\\"\"",
	    "|0|10.0.0.1|GET|/||a \"b\"" },
	/* old and absolute forms */
	{ "10.0.0.1 - -" AT "\"GET /\" 200 5", "|0|10.0.0.1|GET|/||" },
	{ "10.0.0.1 - -" AT "\"GET http://b/ HTTP/1.1\" 200 5",
	    "|0|10.0.0.1|GET|http://b/||" },
	/* about no request */
	{ "10.0.0.1 - -" AT "\"-\" 408 -", "|0|10.0.0.1||||" },
	{ "10.0.0.1 - -" AT "\"\" 400 -", "|0|10.0.0.1||||" },
	{ "10.0.0.1 - -" AT "\" / HTTP/1.1\" 400 -", "|0|10.0.0.1||||" },
	{ "10.0.0.1 - -" AT "\"GET  HTTP/1.1\" 400 -", "|0|10.0.0.1||||" },
	{ "10.0.0.1 - -" AT "\"\\x16\\x03\" 400 -", "|0|10.0.0.1||||" },
	/* no line of a log */
	{ "", NULL },
	{ "rubbish", NULL },
	{ "[10/Oct/2026:13:55:36 +0000]", NULL },
	{ " [10/Oct/2026:13:55:36 +0000]", NULL },
	{ "a b" AT "\"GET / HTTP/1.1\" 200 5", NULL },
	{ "a b  c" AT "\"GET / HTTP/1.1\" 200 5", NULL },
	{ "a b c [10/Oct/2026:13:55:36", NULL },
	{ "a b c [10/Oct/2026:13:55:36 +0000]\"GET / HTTP/1.1\" 200 5", NULL },
	{ "a b c" AT "GET / HTTP/1.1 200 5", NULL },
	{ "a b c" AT "\"GET / HTTP/1.1", NULL },
	{ "a b c" AT "\"GET / HTTP/1.1\\\"", NULL },
	{ "a b c" AT "\"GET / HTTP/1.1\\", NULL },
	{ "a b c" AT "\"GET / HTTP/1.1\" 2000 5", NULL },
	{ "a b c" AT "\"GET / HTTP/1.1\" 200", NULL },
	{ "a b c" AT "\"GET / HTTP/1.1\"", NULL },
};

static void
test_a_line_is_read_field_by_field(void **state)
{
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, 1 << 20);
	for (i = 0; i < TABLE_COUNT(log_rows); i++) {
		struct str line = str_of(log_rows[i].line);
		char *exact = table_exact(line);
		struct query_log log;
		struct buf text;

		line.p = exact;
		buf_init(&text, 1 << 16);
		TABLE_INT(log_rows[i].line, query_log_parse(line, &a, &log),
		    log_rows[i].out != NULL);
		if (log_rows[i].out != NULL) {
			assert_int_equal(buf_printf(&text,
			    "%.*s|%d|%.*s|%.*s|%.*s|%.*s|%.*s",
			    STR_ARG(log.host), log.https, STR_ARG(log.client),
			    STR_ARG(log.method), STR_ARG(log.target),
			    STR_ARG(log.referer), STR_ARG(log.agent)), 0);
			TABLE_STR(log_rows[i].line, buf_view(&text),
			    log_rows[i].out);
		}
		buf_fini(&text);
		free(exact);
	}
	arena_fini(&a);
}

static void
test_a_full_arena_is_told(void **state)
{
	struct query_log log;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(query_log_parse(STR("a b c" AT
	    "\"GET /\\\" HTTP/1.1\" 200 5"), &a, &log), -1);
	assert_int_equal(query_log_parse(STR("a b c" AT
	    "\"GET / HTTP/1.1\" 200 5 \"\\\"\""), &a, &log), -1);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_read_field_by_field),
		cmocka_unit_test(test_a_full_arena_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
