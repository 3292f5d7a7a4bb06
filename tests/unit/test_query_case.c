/* SPDX-License-Identifier: BSD-2-Clause */

/* test_query_case: lines of a file of cases, quotes, and mistakes. */

#include "tools/query_case.h"

#include <string.h>

#include "base/buf.h"
#include "tests/unit/table.h"

static const struct {
	const char *line;
	const char *out; /* url|method|client|space|fields|expected */
	int at;          /* of the expected, or of the mistake */
} case_rows[] = {
	{ "a.example -> 404", "a.example|GET|||0|404", 13 },
	{ "\ta.example/#x ->  no-host  # why", "a.example/#x|GET|||0|no-host",
	    18 },
	{ "a -> redirect=301   http://b/", "a|GET|||0|redirect=301 http://b/",
	    5 },
	{ "'a b' -X PUT -> unix:/a:/b", "a b|PUT|||0|unix:/a:/b", 16 },
	{ "a --client ::1 --namespace n -> internal=ask",
	    "a|GET|::1|n|0|internal=ask", 32 },
	{ "a -H 'B: c' -H \"D: \\\"e\\\\\" -> respond=200",
	    "a|GET|||2|respond=200", 29 },
	{ "a\"b c\"d -> \"http://x y\"", "ab cd|GET|||0|http://x y", 11 },
	{ "", NULL, 0 },
	{ "  \t ", NULL, 0 },
	{ "# a -> 404", NULL, 0 },
	{ "  # a", NULL, 0 },
};

static const struct {
	const char *line;
	int at;
	const char *what; /* how the sentence begins */
} case_mistakes[] = {
	{ "a", 1, "the line ends" },
	{ "a # -> 404", 2, "the line ends" },
	{ "a ->", 4, "nothing stands behind '->'" },
	{ "a -> # 404", 5, "nothing stands behind '->'" },
	{ "a -> nowhere", 5, "'nowhere' is nowhere to go" },
	{ "a -> 40", 5, "'40' is nowhere to go" },
	{ "a -> 4000", 5, "'4000' is nowhere to go" },
	{ "a -> 'x", 5, "a quote is not closed" },
	{ "a \"x\\\"", 2, "a quote is not closed" },
	{ "a 404", 2, "'404' is no option" },
	{ "a -H", 4, "nothing stands behind -H" },
	{ "a -H x -> 404", 5, "'x' is no header field" },
	{ "a -H 'Host: x' -> 404", 5, "'Host' is no field to be set" },
	{ "a -X '' -> 404", 5, "'' is no method" },
	{ "a --client 1.2.3.4/8 -> 404", 11, "'1.2.3.4/8' is no client" },
	{ "a --namespace A -> 404", 14, "'A' is no namespace" },
	{ "-> 404", 0, "'->' is no such URL" },
	{ "ftp://a -> 404", 0, "'ftp://a' is no such URL" },
};

static int
case_read(struct str line, struct arena *a, struct query_case *out,
    size_t *at, struct err *e)
{
	struct query_wish base;

	query_wish_init(&base);
	return query_case_read(line, &base, a, out, at, e);
}

static void
test_a_line_is_a_case_or_nothing(void **state)
{
	struct arena a;
	size_t i, at;

	(void)state;
	arena_init(&a, 1 << 20);
	for (i = 0; i < TABLE_COUNT(case_rows); i++) {
		struct str line = str_of(case_rows[i].line);
		char *exact = table_exact(line);
		struct query_case c;
		struct buf text;
		struct err e;

		line.p = exact;
		TABLE_INT(case_rows[i].line,
		    case_read(line, &a, &c, &at, &e),
		    case_rows[i].out != NULL);
		if (case_rows[i].out != NULL) {
			buf_init(&text, 1 << 16);
			assert_int_equal(buf_printf(&text,
			    "%.*s|%.*s|%.*s|%.*s|%zu|%.*s", STR_ARG(c.url),
			    STR_ARG(c.wish.method), STR_ARG(c.wish.client),
			    STR_ARG(c.wish.space), c.wish.field_count,
			    STR_ARG(c.expected)), 0);
			TABLE_STR(case_rows[i].line, buf_view(&text),
			    case_rows[i].out);
			TABLE_INT(case_rows[i].line, c.from,
			    case_rows[i].at);
			buf_fini(&text);
		}
		free(exact);
	}
	arena_fini(&a);
}

static void
test_a_mistake_is_told_with_its_place(void **state)
{
	struct arena a;
	size_t i, at;

	(void)state;
	arena_init(&a, 1 << 20);
	for (i = 0; i < TABLE_COUNT(case_mistakes); i++) {
		const char *line = case_mistakes[i].line;
		struct query_case c;
		struct err e;

		TABLE_INT(line, case_read(str_of(line), &a, &c, &at, &e), -1);
		TABLE_INT(line, at, case_mistakes[i].at);
		TABLE_STR(line, str_sub(str_of(e.text), 0,
		    strlen(case_mistakes[i].what)), case_mistakes[i].what);
	}
	arena_fini(&a);
}

static void
test_fields_become_variables_of_cgi(void **state)
{
	struct query_case c;
	struct arena a;
	struct err e;
	size_t at;

	(void)state;
	arena_init(&a, 1 << 20);
	assert_int_equal(case_read(STR("a -H 'x-Preview:  on ' "
	    "-H 'content-type: text/plain' -H 'Cookie: a=b' -> 404"), &a, &c,
	    &at, &e), 1);
	assert_int_equal(c.wish.field_count, 3);
	assert_string_equal(c.wish.fields[0], "HTTP_X_PREVIEW=on");
	assert_string_equal(c.wish.fields[1], "CONTENT_TYPE=text/plain");
	assert_string_equal(c.wish.fields[2], "HTTP_COOKIE=a=b");
	arena_fini(&a);
}

static void
test_a_case_beyond_the_arena_is_refused(void **state)
{
	struct query_case c;
	struct arena a;
	struct err e;
	size_t at;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(case_read(STR("a -> 404"), &a, &c, &at, &e), -1);
	assert_int_equal(e.reason, REASON_OVERLOADED);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_a_case_or_nothing),
		cmocka_unit_test(test_a_mistake_is_told_with_its_place),
		cmocka_unit_test(test_fields_become_variables_of_cgi),
		cmocka_unit_test(test_a_case_beyond_the_arena_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
