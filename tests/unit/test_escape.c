/* SPDX-License-Identifier: BSD-2-Clause */

/* escape: which bytes stay, which become \xNN, and what a full room holds. */

#include <string.h>

#include "base/escape.h"
#include "table.h"

#define IN(literal) { "" literal, sizeof(literal) - 1 }

static const struct {
	const char *row;
	struct str in;
	enum escape_how how;
	const char *want;
} escapes[] = {
	{ "plain text", IN("abc ~"), ESCAPE_LINE, "abc ~" },
	{ "nothing", IN(""), ESCAPE_LINE, "" },
	{ "line ends", IN("a\r\nb\n"), ESCAPE_LINE, "a\\x0d\\x0ab\\x0a" },
	{ "NUL, TAB, ESC, DEL", IN("\0\t\x1b[2J\x7f"), ESCAPE_LINE,
	    "\\x00\\x09\\x1b[2J\\x7f" },
	{ "quotes stay in a line", IN("a \"b\\"), ESCAPE_LINE, "a \"b\\" },
	{ "quotes between quotes", IN("a \"b\\"), ESCAPE_QUOTED,
	    "a \\x22b\\x5c" },
	{ "a word", IN("a \"b\\"), ESCAPE_WORD, "a\\x20\\x22b\\x5c" },
	{ "UTF-8 of two to four bytes",
	    IN("\xc2\xa0\xc3\xa9\xe2\x82\xac\xef\xbf\xbf\xf0\x9f\x99\x82"),
	    ESCAPE_WORD,
	    "\xc2\xa0\xc3\xa9\xe2\x82\xac\xef\xbf\xbf\xf0\x9f\x99\x82" },
	{ "the first and last of each length",
	    IN("\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80"
	    "\xf4\x8f\xbf\xbf"), ESCAPE_LINE,
	    "\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80"
	    "\xf4\x8f\xbf\xbf" },
	{ "C1 as bytes", IN("\x80\x9b" "31m\x9f"), ESCAPE_LINE,
	    "\\x80\\x9b31m\\x9f" },
	{ "C1 as UTF-8", IN("\xc2\x80\xc2\x9b\xc2\x9f"), ESCAPE_LINE,
	    "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f" },
	{ "what parts lines or turns them",
	    IN("\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c"),
	    ESCAPE_LINE, "\\xe2\\x80\\xa8\\xe2\\x80\\xae\\xe2\\x81\\xa6"
	    "\\xe2\\x80\\x8f\\xd8\\x9c" },
	{ "those beside them",
	    IN("\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\xe2\x80\x8d"
	    "\xe2\x80\x90\xd8\x9d"), ESCAPE_LINE,
	    "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\xe2\x80\x8d"
	    "\xe2\x80\x90\xd8\x9d" },
	{ "Latin-1", IN("caf\xe9 x"), ESCAPE_LINE, "caf\\xe9 x" },
	{ "a character cut off", IN("\xe2\x82"), ESCAPE_LINE, "\\xe2\\x82" },
	{ "a character cut short by another", IN("\xe2\x82" "a"), ESCAPE_LINE,
	    "\\xe2\\x82a" },
	{ "overlong forms", IN("\xc0\xaf\xc1\xbf\xe0\x9f\xbf\xf0\x8f\xbf\xbf"),
	    ESCAPE_LINE, "\\xc0\\xaf\\xc1\\xbf\\xe0\\x9f\\xbf\\xf0\\x8f\\xbf"
	    "\\xbf" },
	{ "surrogates", IN("\xed\xa0\x80"), ESCAPE_LINE, "\\xed\\xa0\\x80" },
	{ "past the last one", IN("\xf4\x90\x80\x80\xf5\x80\x80\x80\xff"),
	    ESCAPE_LINE,
	    "\\xf4\\x90\\x80\\x80\\xf5\\x80\\x80\\x80\\xff" },
	{ "a string of JSON", IN("a \"b\\/"), ESCAPE_JSON,
	    "a \\\"b\\\\/" },
	{ "control bytes in JSON", IN("\0\n\x1b\x7f"), ESCAPE_JSON,
	    "\\u0000\\u000a\\u001b\\u007f" },
	{ "C1 and what turns, in JSON",
	    IN("\xc2\x80\xc2\x9f\xd8\x9c\xe2\x80\xae\xe2\x81\xa9"),
	    ESCAPE_JSON, "\\u0080\\u009f\\u061c\\u202e\\u2069" },
	{ "bytes that are no text, in JSON",
	    IN("\x9b\xe9x\xe2\x80\xc2\xd8\xff"), ESCAPE_JSON,
	    "\\u009b\\u00e9x\\u00e2\\u0080\\u00c2\\u00d8\\u00ff" },
	{ "text in JSON", IN("\xc3\xa9\xf0\x9f\x99\x82"), ESCAPE_JSON,
	    "\xc3\xa9\xf0\x9f\x99\x82" },
};

static void
what_may_harm_is_escaped(void **state)
{
	char to[256];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(escapes); i++) {
		struct str in = escapes[i].in;
		size_t n = escape_put(to, sizeof(to), &in, escapes[i].how);

		TABLE_STR(escapes[i].row, ((struct str){ to, n }),
		    escapes[i].want);
		TABLE_INT(escapes[i].row, in.n, 0);
	}
}

/* Every byte alone: printable ASCII stays, all others are four bytes. */
static void
every_byte_is_printable_afterwards(void **state)
{
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		char byte = (char)c;
		struct str in = { &byte, 1 };
		char to[4];
		size_t n = escape_put(to, sizeof(to), &in, ESCAPE_LINE);
		size_t i;

		assert_int_equal(n, c >= 0x20 && c < 0x7f ? 1 : 4);
		for (i = 0; i < n; i++)
			assert_true(to[i] >= 0x20 && to[i] < 0x7f);
	}
}

static void
a_full_room_holds_no_halves(void **state)
{
	const struct str whole = IN("ab\n\xe2\x82\xac" "c");
	const size_t written[] = { 0, 1, 2, 2, 2, 2, 6, 6, 6, 9, 10, 10 };
	const size_t left[] = { 7, 6, 5, 5, 5, 5, 4, 4, 4, 1, 0, 0 };
	size_t room;

	(void)state;
	for (room = 0; room < TABLE_COUNT(written); room++) {
		struct str in = whole;
		char *to = malloc(room + 1);

		assert_non_null(to);
		to[room] = '#';
		assert_int_equal(escape_put(to, room, &in, ESCAPE_LINE),
		    written[room]);
		assert_int_equal(in.n, left[room]);
		assert_int_equal(to[room], '#');
		free(to);
	}
}

/* With any byte at that place. */
static void
plain_is_right(char text[40], size_t n, size_t at, enum escape_how how)
{
	const struct str s = { text, n };
	char plain[40], escaped[400];
	int c;

	for (c = 0; c < 256; c++) {
		struct str left = s;
		size_t put;

		text[at] = (char)c;
		put = escape_put(escaped, sizeof(escaped), &left, how);
		assert_int_equal(escape_put_plain(plain, s, how), put == n);
		assert_memory_equal(plain, text, n);
	}
	text[at] = 'a';
}

/* Each byte, at each place of texts of many lengths. */
static void
a_plain_text_is_what_needs_no_escape(void **state)
{
	char text[40];
	size_t n, at;
	int how;

	(void)state;
	memset(text, 'a', sizeof(text));
	for (how = 0; how < ESCAPE_HOW_COUNT; how++)
		for (n = 1; n <= sizeof(text); n++)
			for (at = 0; at < n; at++)
				plain_is_right(text, n, at,
				    (enum escape_how)how);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_harm_is_escaped),
		cmocka_unit_test(every_byte_is_printable_afterwards),
		cmocka_unit_test(a_full_room_holds_no_halves),
		cmocka_unit_test(a_plain_text_is_what_needs_no_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
