/* SPDX-License-Identifier: BSD-2-Clause */

/* test_lines: logical lines, their tokens, and the places of both. */

#include "tools/lines.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/unit/table.h"

enum { LINES_OUT = 1 << 20 };

/* Entries as "line:col text" tokens; '|' begins a clause, LF ends an entry. */
static void
lines_print(struct lines *l, struct buf *to)
{
	struct lines_entry entry;
	struct arena a;
	struct err e;
	size_t i, j;
	int got;

	arena_init(&a, LINES_OUT);
	while ((got = lines_next(l, &a, &entry, &e)) == 1) {
		for (i = 0; i < entry.count; i++) {
			const struct lines_line *line = &entry.lines[i];

			assert_true(line->count > 0);
			assert_int_equal(buf_put(to, i > 0 ? STR(" |") :
				STR("")), 0);
			for (j = 0; j < line->count; j++) {
				const struct lines_token *t = &line->tokens[j];

				assert_int_equal(buf_printf(to,
				    "%s%u:%u %s%.*s",
				    i > 0 || j > 0 ? " " : "",
				    t->place.line, t->place.col,
				    t->quoted ? "=" : "",
				    STR_ARG(t->text)), 0);
			}
		}
		assert_int_equal(buf_put(to, STR("\n")), 0);
		arena_reset(&a);
	}
	assert_int_equal(got, 0);
	arena_fini(&a);
}

/* What was told, as "line:col id" lines. */
static void
lines_told(struct lint *lint, struct buf *to)
{
	size_t i;

	for (i = 0; i < lint->count; i++)
		assert_int_equal(buf_printf(to, "%u:%u %s\n",
		    lint->told[i].place.line, lint->told[i].place.col,
		    lint_id(lint->told[i].finding)), 0);
}

static const struct {
	const char *name;
	const char *in;
	const char *entries;
	const char *told;
} lines_rows[] = {
	{ "nothing", "", "", "" },
	{ "one", "a b", "1:1 a 1:3 b\n", "" },
	{ "LF", "a b\n", "1:1 a 1:3 b\n", "" },
	{ "CRLF", "a b\r\n c\r\nd\r\n", "1:1 a 1:3 b | 2:2 c\n3:1 d\n", "" },
	{ "byte order mark", "\xef\xbb\xbf" "a b", "1:1 a 1:3 b\n", "" },
	{ "a second mark is text", "\xef\xbb\xbf\xef\xbb\xbf" "a",
	    "1:1 \xef\xbb\xbf" "a\n", "" },
	{ "blanks", "a \t  b\t\n", "1:1 a 1:6 b\n", "" },
	{ "clauses", "a\n b c\n\td\ne\n",
	    "1:1 a | 2:2 b 2:4 c | 3:2 d\n4:1 e\n", "" },
	{ "a gap within an entry", "a\n\n# x\n   # y\n  \n b\nc",
	    "1:1 a | 6:2 b\n7:1 c\n", "" },
	{ "comments", "# x\na # b\nc#d #e\n#\n", "2:1 a\n3:1 c#d\n", "" },
	{ "quotes", "a \"b # c\" d\n", "1:1 a 1:3 =b # c 1:11 d\n", "" },
	{ "quotes within a word", "a k=\"v w\"x\n", "1:1 a 1:3 k=v wx\n", "" },
	{ "escapes", "\"a\\\"b\\\\c\"", "1:1 =a\"b\\c\n", "" },
	{ "a backslash outside of quotes", "a\\b \\\n", "1:1 a\\b 1:5 \\\n",
	    "" },
	{ "an empty quote", "a \"\" b\n", "1:1 a 1:3 = 1:6 b\n", "" },
	{ "columns are characters", "\xc3\xa9\xf0\x9f\x98\x80 x\n",
	    "1:1 \xc3\xa9\xf0\x9f\x98\x80 1:4 x\n", "" },
	{ "header values are raw",
	    "a\n request-header  X: \"b  # c \r\n response-header -Y\n",
	    "1:1 a | 2:2 request-header 2:18 X: \"b  # c | "
	    "3:2 response-header 3:18 -Y\n", "" },
	{ "a header without value", "a\n request-header  \n b",
	    "1:1 a | 2:2 request-header | 3:2 b\n", "" },
	{ "header words on an entry's line", "request-header a # b\n",
	    "1:1 request-header 1:16 a\n", "" },
	{ "a header word behind another", "a\n b request-header c # d\n",
	    "1:1 a | 2:2 b 2:4 request-header 2:19 c\n", "" },

	{ "a clause without entry", " a\nb\n", "2:1 b\n", "1:2 no-entry\n" },
	{ "a bad first line takes its clauses", "\"a\n b\nc\n", "3:1 c\n",
	    "1:1 quote-open\n" },
	{ "a bad clause goes alone", "a\n \"b\n c\n", "1:1 a | 3:2 c\n",
	    "2:2 quote-open\n" },
	{ "an escaped end", "\"a\\\"\n", "", "1:1 quote-open\n" },
	{ "a backslash last", "\"a\\", "", "1:1 quote-open\n" },
	{ "an unknown escape", "x \"a\\n\"\n", "", "1:5 quote-escape\n" },
	{ "NUL", "a\nb", "1:1 a\n2:1 b\n", "" },
	{ "CR within", "a\rb\nc\n", "2:1 c\n", "1:2 control-byte\n" },
	{ "C1", "\xc3\xa9\xc2\x9b" "a\n", "", "1:2 control-byte\n" },
	{ "a control byte in a comment", "a\n# \x01\nb\n", "1:1 a\n3:1 b\n",
	    "2:3 control-byte\n" },
	{ "latin-1", "a\xe9 b\nc\n", "2:1 c\n", "1:2 bad-utf8\n" },
	{ "overlong", "\xc0\xaf\n\xe0\x80\xaf\n\xf0\x80\x80\x80\n", "",
	    "1:1 bad-utf8\n2:1 bad-utf8\n3:1 bad-utf8\n" },
	{ "surrogates", "\xed\xa0\x80\n\xed\xbf\xbf\n", "",
	    "1:1 bad-utf8\n2:1 bad-utf8\n" },
	{ "the ends of ranges",
	    "\xed\x9f\xbf\xee\x80\x80\xe0\xa0\x80\xf0\x90\x80\x80"
	    "\xf4\x8f\xbf\xbf\n",
	    "1:1 \xed\x9f\xbf\xee\x80\x80\xe0\xa0\x80\xf0\x90\x80\x80"
	    "\xf4\x8f\xbf\xbf\n", "" },
	{ "above U+10FFFF", "\xf4\x90\x80\x80\n\xf5\x80\x80\x80\n", "",
	    "1:1 bad-utf8\n2:1 bad-utf8\n" },
	{ "cut short", "a\xe2\x82", "", "1:2 bad-utf8\n" },
	{ "a lone follower", "a\x80", "", "1:2 bad-utf8\n" },
};

static void
lines_are_cut_into_tokens_with_places(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(lines_rows); i++) {
		struct str text = str_of(lines_rows[i].in);
		char *exact = table_exact(text);
		struct buf entries, told;
		struct lines l;
		struct lint lint;

		buf_init(&entries, LINES_OUT);
		buf_init(&told, LINES_OUT);
		lint_init(&lint);
		lines_init(&l, STR("list"), 0, (struct str){ exact, text.n },
		    &lint);
		lines_print(&l, &entries);
		lines_told(&lint, &told);
		TABLE_STR(lines_rows[i].name, buf_view(&entries),
		    lines_rows[i].entries);
		TABLE_STR(lines_rows[i].name, buf_view(&told),
		    lines_rows[i].told);
		lint_fini(&lint);
		buf_fini(&entries);
		buf_fini(&told);
		free(exact);
	}
}

static void
lines_see_a_nul(void **state)
{
	struct lines_entry entry;
	struct lint lint;
	struct arena a;
	struct lines l;
	struct err e;

	(void)state;
	arena_init(&a, LINES_OUT);
	lint_init(&lint);
	lines_init(&l, STR("list"), 0, STR("a\0b c\nd\n"), &lint);
	assert_int_equal(lines_next(&l, &a, &entry, &e), 1);
	assert_int_equal(entry.lines[0].tokens[0].place.line, 2);
	assert_int_equal(lint.count, 1);
	assert_int_equal(lint.told[0].finding, LINT_CONTROL);
	assert_int_equal(lint.told[0].place.col, 2);
	lint_fini(&lint);
	arena_fini(&a);
}

/* An entry of n bytes, in lines of 1 KiB, and "z" behind it. */
static char *
lines_long(size_t n)
{
	char *text = malloc(n + 3);
	size_t i;

	assert_non_null(text);
	for (i = 0; i < n; i++)
		text[i] = i % 1024 == 1023 || i == n - 1 ? '\n' :
		    i % 1024 == 0 && i > 0	  ? ' ' :
						    'x';
	memcpy(text + n, "z\n", 3);
	return text;
}

static void
lines_of_an_entry_have_a_limit(void **state)
{
	static const struct {
		size_t size;
		size_t count; /* of entries */
		size_t errors;
	} rows[] = { { LINES_ENTRY_MAX, 2, 0 },
		{ LINES_ENTRY_MAX + 3, 1, 1 },
		{ 4 * LINES_ENTRY_MAX, 1, 1 } };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		char *text = lines_long(rows[i].size);
		struct lines_entry entry;
		size_t count = 0;
		struct lint lint;
		struct arena a;
		struct lines l;
		struct err e;

		arena_init(&a, 16 << 20);
		lint_init(&lint);
		lines_init(&l, STR("list"), 0, str_of(text), &lint);
		while (lines_next(&l, &a, &entry, &e) == 1)
			count++;
		assert_int_equal(count, rows[i].count);
		assert_int_equal(lint.errors, rows[i].errors);
		if (lint.count > 0)
			assert_int_equal(lint.told[0].finding,
			    LINT_ENTRY_LONG);
		TABLE_STR("last", entry.lines[0].tokens[0].text, "z");
		lint_fini(&lint);
		arena_fini(&a);
		free(text);
	}
}

static void
lines_tell_where_a_byte_of_a_token_stands(void **state)
{
	static const struct {
		const char *in;
		size_t offset;
		uint32_t col;
	} rows[] = {
		{ "abc", 0, 1 },
		{ "abc", 2, 3 },
		{ "abc", 3, 4 },
		{ "\xc3\xa9" "bc", 2, 2 },
		{ "\"abc\"", 0, 2 },
		{ "\"abc\"", 2, 4 },
		{ "\"abc\"", 3, 6 },
		{ "a\"b\\\"c\"d", 2, 4 },
		{ "a\"b\\\"c\"d", 3, 6 },
		{ "a\"b\\\"c\"d", 4, 8 },
		{ "\"\xc3\xa9\\\\x\"", 3, 5 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct lines_entry entry;
		struct lint_place place;
		struct arena a;
		struct lines l;
		struct err e;

		arena_init(&a, LINES_OUT);
		lines_init(&l, STR("list"), 0, str_of(rows[i].in), NULL);
		assert_int_equal(lines_next(&l, &a, &entry, &e), 1);
		place = lines_place(&entry.lines[0].tokens[0], rows[i].offset);
		TABLE_INT(rows[i].in, place.col, rows[i].col);
		assert_int_equal(place.line, 1);
		arena_fini(&a);
	}
}

static void
lines_refuse_when_the_arena_is_full(void **state)
{
	struct lines_entry entry;
	struct arena a;
	struct lines l;
	struct err e;

	(void)state;
	arena_init(&a, 16);
	lines_init(&l, STR("list"), 0, STR("a b c\n"), NULL);
	assert_int_equal(lines_next(&l, &a, &entry, &e), -1);
	assert_int_equal(e.reason, REASON_OVERLOADED);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_cut_into_tokens_with_places),
		cmocka_unit_test(lines_see_a_nul),
		cmocka_unit_test(lines_of_an_entry_have_a_limit),
		cmocka_unit_test(lines_tell_where_a_byte_of_a_token_stands),
		cmocka_unit_test(lines_refuse_when_the_arena_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
