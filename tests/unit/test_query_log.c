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
	const char *out; /* host|port|client|method|target|referer|agent */
} log_rows[] = {
	/* combined, common, vhost_combined */
	{ "10.0.0.1 - -" AT "\"GET /a?b HTTP/1.1\" 200 5 \"http://r/\" \"c\"",
	    "||10.0.0.1|GET|/a?b|http://r/|c" },
	{ "10.0.0.1 - -" AT "\"GET / HTTP/1.1\" 304 -",
	    "||10.0.0.1|GET|/||" },
	{ "a.example:443 ::1 - -" AT "\"GET / HTTP/2.0\" 200 5 \"-\" \"-\"",
	    "a.example|443|::1|GET|/||" },
	{ "a.example:8443:80 ::1 - -" AT "\"GET / HTTP/1.1\" 200 5",
	    "a.example:8443|80|::1|GET|/||" },
	{ "[::1]:80 ::1 - -" AT "\"GET / HTTP/1.1\" 200 5",
	    "[::1]|80|::1|GET|/||" },
	/* a host may be what a client made up */
	{ "x:y:80 ::1 - -" AT "\"GET / HTTP/1.1\" 400 5",
	    "x:y|80|::1|GET|/||" },
	{ "::1:80 10.0.0.1 - -" AT "\"GET / HTTP/1.1\" 400 5",
	    "::1|80|10.0.0.1|GET|/||" },
	{ ":::- 10.0.0.1 - -" AT "\"GET / HTTP/1.1\" 400 5",
	    "::|-|10.0.0.1|GET|/||" },
	/* a user's name with a blank is no vhost, nor is IPv6 a host:port */
	{ "10.0.0.1 - two words" AT "\"GET / HTTP/1.1\" 200 5",
	    "||10.0.0.1|GET|/||" },
	{ "fe80::1 - two words" AT "\"GET / HTTP/1.1\" 200 5",
	    "||fe80::1|GET|/||" },
	{ "2001:db8:1:2:3:4:5:6 - two words" AT "\"GET / HTTP/1.1\" 200 5",
	    "||2001:db8:1:2:3:4:5:6|GET|/||" },
	{ "a.example:80 10.0.0.1 - two words" AT "\"GET / HTTP/1.1\" 200 5",
	    "a.example|80|10.0.0.1|GET|/||" },
	/* escapes as Apache and nginx write them */
	{ "10.0.0.1 - -" AT "\"GET /\\\"\\\\\\x41\\x2 HTTP/1.1\" 400 0",
	    "||10.0.0.1|GET|/\"\\Ax2||" },
	{ "10.0.0.1 - -" AT "\"GET / HTTP/1.1\" 200 5 \"-\" \"a \\\"b\\\"\"",
	    "||10.0.0.1|GET|/||a \"b\"" },
	/* old and absolute forms */
	{ "10.0.0.1 - -" AT "\"GET /\" 200 5", "||10.0.0.1|GET|/||" },
	{ "10.0.0.1 - -" AT "\"GET http://b/ HTTP/1.1\" 200 5",
	    "||10.0.0.1|GET|http://b/||" },
	/* about no request */
	{ "10.0.0.1 - -" AT "\"-\" 408 -", "||10.0.0.1||||" },
	{ "10.0.0.1 - -" AT "\"\" 400 -", "||10.0.0.1||||" },
	{ "10.0.0.1 - -" AT "\" / HTTP/1.1\" 400 -", "||10.0.0.1||||" },
	{ "10.0.0.1 - -" AT "\"GET  HTTP/1.1\" 400 -", "||10.0.0.1||||" },
	{ "10.0.0.1 - -" AT "\"\\x16\\x03\" 400 -", "||10.0.0.1||||" },
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
			    "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s",
			    STR_ARG(log.host), STR_ARG(log.port),
			    STR_ARG(log.client),
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

/* time|status|bytes|rest */
static const struct {
	const char *line;
	const char *out;
} end_rows[] = {
	{ "a b c" AT "\"GET / HTTP/1.1\" 200 5",
	    "10/Oct/2026:13:55:36 +0000|200|5|" },
	{ "a b c" AT "\"GET / HTTP/1.1\" 304 - \"-\" \"-\"",
	    "10/Oct/2026:13:55:36 +0000|304||" },
	{ "a b c" AT "\"GET / HTTP/1.1\" 200 5 \"r\" \"c\" id=1 x=\\x41",
	    "10/Oct/2026:13:55:36 +0000|200|5| id=1 x=\\x41" },
	{ "a b c" AT "\"GET / HTTP/1.1\" 200 5 id=1",
	    "10/Oct/2026:13:55:36 +0000|200|5|id=1" },
	{ "a b c" AT "\"GET / HTTP/1.1\" 200 5 \"r",
	    "10/Oct/2026:13:55:36 +0000|200|5|\"r" },
};

static void
test_what_is_behind_the_request_is_told(void **state)
{
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, 1 << 20);
	for (i = 0; i < sizeof(end_rows) / sizeof(end_rows[0]); i++) {
		struct query_log log;
		struct buf text;

		buf_init(&text, 1 << 16);
		assert_int_equal(query_log_parse(str_of(end_rows[i].line), &a,
		    &log), 1);
		assert_int_equal(buf_printf(&text, "%.*s|%.*s|%.*s|%.*s",
		    STR_ARG(log.time), STR_ARG(log.status),
		    STR_ARG(log.bytes), STR_ARG(log.rest)), 0);
		TABLE_STR(end_rows[i].line, buf_view(&text), end_rows[i].out);
		buf_fini(&text);
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
		cmocka_unit_test(test_what_is_behind_the_request_is_told),
		cmocka_unit_test(test_a_full_arena_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
