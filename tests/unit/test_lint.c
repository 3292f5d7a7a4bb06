/* SPDX-License-Identifier: BSD-2-Clause */

/* test_lint: findings in the order of the text, one escaped line each. */

#include "tools/lint.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/table.h"

static const struct str none = { NULL, 0 };

static struct lint_place
lint_at(const char *file, uint32_t rank, uint32_t line, uint32_t col)
{
	return (struct lint_place){ str_of(file), rank, line, col };
}

/* What lint_flush writes; free it. */
static char *
lint_text(struct lint *l)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	lint_flush(l, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
lint_writes_findings_sorted_by_place(void **state)
{
	struct lint l;
	char *text;

	(void)state;
	lint_init(&l);
	lint_tell(&l, LINT_QUOTE_OPEN, lint_at("b", 0, 10, 1), none, none);
	lint_tell(&l, LINT_QUOTE_OPEN, lint_at("a", 1, 1, 1), none, none);
	lint_tell(&l, LINT_QUOTE_OPEN, lint_at("b", 0, 9, 12), none, none);
	lint_tell(&l, LINT_NO_ENTRY, lint_at("b", 0, 9, 3), none, none);
	text = lint_text(&l);
	assert_string_equal(text,
	    "b:9:3: error: an indented line continues the entry above, but "
	    "there is none, expected an entry at the start of the line\n"
	    "b:9:12: error: a quote that is not closed, expected '\"' on the "
	    "same line\n"
	    "b:10:1: error: a quote that is not closed, expected '\"' on the "
	    "same line\n"
	    "a:1:1: error: a quote that is not closed, expected '\"' on the "
	    "same line\n");
	free(text);
	lint_fini(&l);
}

static void
lint_counts_and_forgets(void **state)
{
	struct lint l;
	char *text;

	(void)state;
	lint_init(&l);
	lint_tell(&l, LINT_VARIABLE, lint_at("a", 0, 1, 1), STR("x"), none);
	lint_tell(&l, LINT_NO_EFFECT, lint_at("a", 0, 2, 1), STR("host"),
	    STR("respond="));
	text = lint_text(&l);
	assert_string_equal(text,
	    "a:1:1: error: x\n"
	    "a:2:1: warning: 'host' does nothing with respond=, expected it "
	    "on a route to an origin\n");
	free(text);
	text = lint_text(&l);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(l.errors, 1);
	assert_int_equal(l.warnings, 1);
	lint_fini(&l);
}

static void
lint_quotes_so_that_nothing_drives_a_terminal(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} rows[] = {
		{ "plain \xc3\xa9", "plain \xc3\xa9" },
		{ "\x1b[31m", "\\x1b[31m" },
		{ "a\nb\r\tc\x7f", "a\\x0ab\\x0d\\x09c\\x7f" },
		{ "\xc2\x9b" "1\xc2\xa0", "\\xc2\\x9b" "1\xc2\xa0" },
		{ "%1 %2 %%", "%1 %2 %%" },
		{ "", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		char want[128], *text;
		struct lint l;

		lint_init(&l);
		lint_tell(&l, LINT_VARIABLE, lint_at(rows[i].in, 0, 1, 2),
		    str_of(rows[i].in), none);
		text = lint_text(&l);
		snprintf(want, sizeof(want), "%s:1:2: error: %s\n",
		    rows[i].out, rows[i].out);
		TABLE_STR(rows[i].in, str_of(text), want);
		free(text);
		lint_fini(&l);
	}
}

/* Every row can be told: "%1", "%2" and "%%" are all that follows a '%'. */
static void
lint_sentences_are_well_formed(void **state)
{
	struct lint l;
	int f;

	(void)state;
	for (f = 0; f < LINT_COUNT; f++) {
		enum lint_finding finding = (enum lint_finding)f;
		char *text;
		int other;

		lint_init(&l);
		lint_tell(&l, finding, lint_at("f", 0, 1, 1), STR("ONE"),
		    STR("TWO"));
		text = lint_text(&l);
		assert_int_equal(l.errors + l.warnings, 1);
		assert_int_equal(l.errors,
		    lint_severity(finding) == LINT_ERROR);
		/* These two quote a whole sentence. */
		if (finding != LINT_VARIABLE && finding != LINT_SET_VARIABLE &&
		    strstr(text, "expected ") == NULL &&
		    strstr(text, "did you mean ") == NULL)
			fail_msg("%s: what was expected?", lint_id(finding));
		free(text);
		lint_fini(&l);
		for (other = 0; other < f; other++)
			assert_string_not_equal(lint_id(finding),
			    lint_id((enum lint_finding)other));
	}
}

static void
lint_places_can_be_quoted(void **state)
{
	struct lint l;

	(void)state;
	lint_init(&l);
	TABLE_STR("place", lint_place_print(&l, lint_at("a b", 3, 12, 7)),
	    "a b:12:7");
	lint_fini(&l);
}

static void
lint_tells_the_beginning_of_long_words(void **state)
{
	static const char what[] = "l:1:1: error: unknown target 'a";
	static const char end[] = "...', expected http://";
	static char word[1 + 2 * 30000];
	struct lint l;
	char *text;
	size_t i;

	(void)state;
	word[0] = 'a';
	for (i = 1; i < sizeof(word); i += 2)
		memcpy(word + i, "\xc3\xa9", 2);
	lint_init(&l);
	lint_tell(&l, LINT_TARGET_UNKNOWN, lint_at("l", 0, 1, 1),
	    (struct str){ word, sizeof(word) }, none);
	text = lint_text(&l);
	assert_memory_equal(text, what, strlen(what));
	assert_in_range(strlen(text), 400, 1000);
	/* Not within a character. */
	assert_non_null(strstr(text, end));
	assert_memory_equal(strstr(text, end) - 2, "\xc3\xa9", 2);
	free(text);
	lint_fini(&l);
}

/* Far more than are kept in memory, told backwards, two at each place. */
static void
lint_tells_any_number_in_order(void **state)
{
	enum { LINES = 30000 };
	struct str place;
	unsigned line, want = 1;
	char text[256], *read;
	FILE *to = tmpfile();
	struct lint l;

	(void)state;
	assert_non_null(to);
	lint_init(&l);
	for (line = LINES; line > 0; line--) {
		struct lint_place at = lint_at("list", 0, line, 1);

		place = lint_place_print(&l, lint_at("p", 0, line, 9));
		lint_tell(&l, LINT_ROUTE_REPEATED, at, STR("m"), place);
		lint_tell(&l, LINT_CONTROL, at, STR("x"), none);
	}
	assert_int_equal(l.errors, LINES);
	assert_int_equal(l.warnings, LINES);
	assert_true(l.count < LINES / 2);
	assert_true(l.arena.taken < 8 << 20);
	lint_flush(&l, to);
	rewind(to);
	while ((read = fgets(text, sizeof(text), to)) != NULL) {
		char begin[64], quoted[64];
		bool second = strstr(text, ": warning: ") != NULL;

		snprintf(begin, sizeof(begin), "list:%u:1: ", want);
		assert_int_equal(strncmp(text, begin, strlen(begin)), 0);
		if (!second)
			continue;
		snprintf(quoted, sizeof(quoted), "p:%u:9", want);
		assert_non_null(strstr(text, quoted));
		want++;
	}
	assert_int_equal(want, LINES + 1);
	fclose(to);
	lint_fini(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lint_writes_findings_sorted_by_place),
		cmocka_unit_test(lint_counts_and_forgets),
		cmocka_unit_test(
		    lint_quotes_so_that_nothing_drives_a_terminal),
		cmocka_unit_test(lint_sentences_are_well_formed),
		cmocka_unit_test(lint_places_can_be_quoted),
		cmocka_unit_test(lint_tells_the_beginning_of_long_words),
		cmocka_unit_test(lint_tells_any_number_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
