/* SPDX-License-Identifier: BSD-2-Clause */

/* test_page_files: the operator's pages: which one, what is put into it, and
 * what becomes of those that cannot be used. */

#include "serve/page_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "http/request.h"
#include "tests/unit/scratch.h"
#include "tests/unit/table.h"

enum { PAGE_FILES_ARENA = 1 << 20 };

struct shop {
	struct scratch scratch;
	struct page_files files;
	struct arena arena;
};

static int
shop_open(void **state)
{
	struct shop *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	scratch_init(&s->scratch);
	arena_init(&s->arena, PAGE_FILES_ARENA);
	page_files_init(&s->files);
	page_files_use(&s->files, s->scratch.folder);
	*state = s;
	return 0;
}

static int
shop_close(void **state)
{
	struct shop *s = *state;

	page_files_fini(&s->files);
	arena_fini(&s->arena);
	scratch_fini(&s->scratch);
	free(s);
	return 0;
}

static const struct page_words shop_words = { { "a.test", 6 }, { "id", 2 },
	{ "no-path", 7 } };

/* The page of no-path, "none" if there is none. */
static struct str
shop_page(struct shop *s, enum page_format format)
{
	struct str page = STR("none");

	(void)page_files_fill(&s->files, REASON_NO_PATH, 404, format,
	    &shop_words, &s->arena, &page);
	return page;
}

static struct str
shop_next_page(struct shop *s)
{
	page_files_look(&s->files);
	return shop_page(s, PAGE_HTML);
}

static void
a_word_comes_before_its_status(void **state)
{
	struct shop *s = *state;
	struct str page;

	TABLE_STR("empty", shop_page(s, PAGE_HTML), "none");
	scratch_write(&s->scratch, "404.html", "status");
	TABLE_STR("status", shop_next_page(s), "status");
	scratch_write(&s->scratch, "no-path.html", "word");
	TABLE_STR("word", shop_next_page(s), "word");
	assert_int_equal(page_files_fill(&s->files, REASON_NO_HOST, 404,
	    PAGE_HTML, &shop_words, &s->arena, &page), 1);
	TABLE_STR("another word", page, "status");
	assert_int_equal(page_files_fill(&s->files, REASON_NONE, 404,
	    PAGE_HTML, &shop_words, &s->arena, &page), 1);
	TABLE_STR("no word", page, "status");
	assert_int_equal(page_files_fill(&s->files, REASON_NONE, 503,
	    PAGE_HTML, &shop_words, &s->arena, &page), 0);
}

static void
html_and_json_are_files_of_their_own(void **state)
{
	struct shop *s = *state;

	scratch_write(&s->scratch, "404.html", "html");
	TABLE_STR("no json", shop_page(s, PAGE_JSON), "none");
	scratch_write(&s->scratch, "no-path.json", "json");
	page_files_look(&s->files);
	TABLE_STR("json", shop_page(s, PAGE_JSON), "json");
	TABLE_STR("html", shop_page(s, PAGE_HTML), "html");
}

static void
words_are_put_in_escaped(void **state)
{
	static const struct {
		const char *text;
		struct page_words words;
		const char *html, *json;
	} rows[] = {
		{ "", { { "h", 1 }, { "i", 1 }, { "r", 1 } }, "", "" },
		{ "{host}", { { "h", 1 }, { "i", 1 }, { "r", 1 } }, "h", "h" },
		{ "a {host}{request_id} {reason}{host}.\n",
		  { { "h", 1 }, { "i", 1 }, { "r", 1 } }, "a hi rh.\n",
		  "a hi rh.\n" },
		/* nobody else's braces */
		{ "p{color:red}{{host}}{Host}{ host}{hos",
		  { { "h", 1 }, { "i", 1 }, { "r", 1 } },
		  "p{color:red}{h}{Host}{ host}{hos",
		  "p{color:red}{h}{Host}{ host}{hos" },
		/* what is put in is not read again */
		{ "{host}", { { "{reason}", 8 }, { "i", 1 }, { "r", 1 } },
		  "{reason}", "{reason}" },
		/* nothing is there of a request that could not be read */
		{ "<{host}|{request_id}>",
		  { { NULL, 0 }, { NULL, 0 }, { "r", 1 } }, "<|>", "<|>" },
		{ "{request_id}", { { "h", 1 }, { "<\"'&\\>", 6 }, { "r", 1 } },
		  "&lt;&quot;&#39;&amp;\\&gt;", "\\u003c\\\"'&\\\\>" },
	};
	struct shop *s = *state;
	size_t i;

	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct str page;

		scratch_write(&s->scratch, "no-path.html", rows[i].text);
		scratch_write(&s->scratch, "no-path.json", rows[i].text);
		page_files_use(&s->files, "");
		page_files_use(&s->files, s->scratch.folder);
		assert_int_equal(page_files_fill(&s->files, REASON_NO_PATH,
		    404, PAGE_HTML, &rows[i].words, &s->arena, &page), 1);
		TABLE_STR(rows[i].text, page, rows[i].html);
		assert_int_equal(page_files_fill(&s->files, REASON_NO_PATH,
		    404, PAGE_JSON, &rows[i].words, &s->arena, &page), 1);
		TABLE_STR(rows[i].text, page, rows[i].json);
	}
}

/* It was all measured when the file was read. */
static void
the_longest_words_fit(void **state)
{
	struct shop *s = *state;
	char id[REQUEST_ID_MAX];
	const struct page_words words = { { "h", 1 }, { id, sizeof(id) },
		{ "origin-connect-timeout", 22 } };
	struct str page;
	size_t i;

	memset(id, '\'', sizeof(id));
	scratch_write(&s->scratch, "404.html", "{request_id}|{reason}");
	assert_int_equal(page_files_fill(&s->files, REASON_NONE, 404,
	    PAGE_HTML, &words, &s->arena, &page), 1);
	assert_int_equal(page.n, sizeof(id) * 5 + 23);
	for (i = 0; i < sizeof(id); i++)
		TABLE_STR("an apostrophe", str_sub(page, i * 5, i * 5 + 5),
		    "&#39;");
}

static void
no_reason_is_longer_than_a_page_has_room(void **state)
{
	struct shop *s = *state;
	int i;

	scratch_write(&s->scratch, "404.html", "{reason}");
	for (i = 0; i < REASON_COUNT; i++) {
		const char *word = reason_word((enum reason)i);
		const struct page_words words = { .reason = str_of(word) };
		struct str page;

		assert_int_equal(page_files_fill(&s->files, REASON_NONE, 404,
		    PAGE_HTML, &words, &s->arena, &page), 1);
		TABLE_STR(word, page, word);
	}
}

static void
a_change_is_seen_at_the_next_look(void **state)
{
	struct shop *s = *state;

	scratch_write(&s->scratch, "404.html", "one");
	TABLE_STR("first", shop_page(s, PAGE_HTML), "one");
	scratch_write(&s->scratch, "404.html", "three");
	TABLE_STR("no look", shop_page(s, PAGE_HTML), "one");
	TABLE_STR("look", shop_next_page(s), "three");
}

static void
a_page_that_is_gone_is_told_once(void **state)
{
	struct shop *s = *state;
	char path[SCRATCH_PATH_MAX];
	const char *said;

	scratch_write(&s->scratch, "404.html", "one");
	TABLE_STR("there", shop_page(s, PAGE_HTML), "one");
	scratch_listen(&s->scratch);
	assert_int_equal(unlink(scratch_path(&s->scratch, "404.html", path)),
	    0);
	TABLE_STR("gone", shop_next_page(s), "none");
	TABLE_STR("still", shop_next_page(s), "none");
	scratch_write(&s->scratch, "404.html", "back");
	TABLE_STR("back", shop_next_page(s), "back");
	said = scratch_heard(&s->scratch);
	assert_int_equal(scratch_times(said, "404.html: it is gone"), 1);
}

/* A file of so many bytes and a text behind them. */
static void
shop_write_large(struct shop *s, const char *name, size_t n, const char *text)
{
	char *bytes = malloc(n + strlen(text) + 1);

	assert_non_null(bytes);
	memset(bytes, 'x', n);
	memcpy(bytes + n, text, strlen(text) + 1);
	scratch_write(&s->scratch, name, bytes);
	free(bytes);
}

static void
a_page_has_a_largest_size(void **state)
{
	struct shop *s = *state;
	const char *said;

	scratch_write(&s->scratch, "404.html", "next best");
	shop_write_large(s, "no-path.html", PAGE_FILES_TEXT_MAX, "");
	assert_int_equal(shop_page(s, PAGE_HTML).n, PAGE_FILES_TEXT_MAX);
	scratch_listen(&s->scratch);
	shop_write_large(s, "no-path.html", PAGE_FILES_TEXT_MAX + 1, "");
	TABLE_STR("larger", shop_next_page(s), "next best");
	TABLE_STR("still", shop_next_page(s), "next best");
	said = scratch_heard(&s->scratch);
	assert_int_equal(scratch_times(said, "it is larger than 64 KiB"), 1);
}

static void
a_page_that_could_grow_too_large_is_refused(void **state)
{
	struct shop *s = *state;
	char text[PAGE_FILES_TEXT_MAX] = "";
	size_t i, n = sizeof("{request_id}") - 1;
	const char *said;

	for (i = 0; (i + 1) * n < sizeof(text); i++)
		memcpy(text + i * n, "{request_id}", n);
	scratch_write(&s->scratch, "404.html", text);
	scratch_listen(&s->scratch);
	TABLE_STR("all", shop_page(s, PAGE_HTML), "none");
	said = scratch_heard(&s->scratch);
	assert_int_equal(scratch_times(said,
	    "it would be larger than 96 KiB with its variables"), 1);
	scratch_write(&s->scratch, "404.html", "{request_id}");
	TABLE_STR("one", shop_next_page(s), "id");
}

/* Nor does a pipe hold the worker. */
static void
what_is_no_regular_file_is_told_once(void **state)
{
	struct shop *s = *state;
	char path[SCRATCH_PATH_MAX];
	const char *said;

	assert_int_equal(mkdir(scratch_path(&s->scratch, "404.html", path),
	    0755), 0);
	assert_int_equal(mkfifo(scratch_path(&s->scratch, "no-path.html",
	    path), 0644), 0);
	scratch_listen(&s->scratch);
	TABLE_STR("first", shop_page(s, PAGE_HTML), "none");
	TABLE_STR("again", shop_next_page(s), "none");
	said = scratch_heard(&s->scratch);
	assert_int_equal(scratch_times(said, "it is no regular file"), 2);
}

static void
a_link_that_leads_nowhere_is_no_page(void **state)
{
	struct shop *s = *state;
	char path[SCRATCH_PATH_MAX];
	const char *said;

	assert_int_equal(symlink("nowhere", scratch_path(&s->scratch,
	    "no-path.html", path)), 0);
	assert_int_equal(symlink("no-path.json", scratch_path(&s->scratch,
	    "no-path.json", path)), 0);
	scratch_write(&s->scratch, "404.html", "next");
	scratch_listen(&s->scratch);
	TABLE_STR("nowhere", shop_page(s, PAGE_HTML), "next");
	TABLE_STR("itself", shop_page(s, PAGE_JSON), "none");
	page_files_look(&s->files);
	TABLE_STR("itself", shop_page(s, PAGE_JSON), "none");
	said = scratch_heard(&s->scratch);
	assert_int_equal(scratch_times(said, "another page serves"), 1);
	assert_int_equal(scratch_times(said, strerror(ELOOP)), 1);
}

static void
a_folder_that_is_not_there_is_told(void **state)
{
	struct shop *s = *state;
	char path[SCRATCH_PATH_MAX];
	const char *said;

	scratch_listen(&s->scratch);
	page_files_use(&s->files, scratch_path(&s->scratch, "none", path));
	page_files_use(&s->files, path);
	TABLE_STR("none", shop_page(s, PAGE_HTML), "none");
	said = scratch_heard(&s->scratch);
	assert_int_equal(scratch_times(said, "'[pages] dir': "), 1);
	assert_int_equal(scratch_times(said, "fcgi-router: "), 1);
	/* And may come later. */
	assert_int_equal(mkdir(path, 0755), 0);
	scratch_write(&s->scratch, "none/404.html", "came");
	TABLE_STR("came", shop_next_page(s), "came");
}

static void
without_a_folder_there_are_no_pages(void **state)
{
	struct shop *s = *state;

	scratch_write(&s->scratch, "404.html", "one");
	page_files_use(&s->files, "");
	TABLE_STR("none", shop_page(s, PAGE_HTML), "none");
	assert_null(s->files.all);
}

/* With any room below what is needed there is no page, and with it one. */
static void
a_full_arena_makes_no_page(void **state)
{
	struct shop *s = *state;
	struct arena a;
	struct str page;

	shop_write_large(s, "404.html", 8192, "{host}");
	arena_init(&a, 8192);
	assert_int_equal(page_files_fill(&s->files, REASON_NONE, 404,
	    PAGE_HTML, &shop_words, &a, &page), 0);
	arena_fini(&a);
	arena_init(&a, 16384);
	assert_int_equal(page_files_fill(&s->files, REASON_NONE, 404,
	    PAGE_HTML, &shop_words, &a, &page), 1);
	assert_int_equal(page.n, 8192 + 6);
	arena_fini(&a);
}

#define SHOP_TEST(name) \
	cmocka_unit_test_setup_teardown(name, shop_open, shop_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SHOP_TEST(a_word_comes_before_its_status),
		SHOP_TEST(html_and_json_are_files_of_their_own),
		SHOP_TEST(words_are_put_in_escaped),
		SHOP_TEST(the_longest_words_fit),
		SHOP_TEST(no_reason_is_longer_than_a_page_has_room),
		SHOP_TEST(a_change_is_seen_at_the_next_look),
		SHOP_TEST(a_page_that_is_gone_is_told_once),
		SHOP_TEST(a_page_has_a_largest_size),
		SHOP_TEST(a_page_that_could_grow_too_large_is_refused),
		SHOP_TEST(what_is_no_regular_file_is_told_once),
		SHOP_TEST(a_link_that_leads_nowhere_is_no_page),
		SHOP_TEST(a_folder_that_is_not_there_is_told),
		SHOP_TEST(without_a_folder_there_are_no_pages),
		SHOP_TEST(a_full_arena_makes_no_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
