/* SPDX-License-Identifier: BSD-2-Clause */

/* test_pages: errors by reason and Accept, redirects, small texts. */

#include "serve/pages.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/scratch.h"
#include "tests/unit/table.h"

enum { PAGES_ARENA = 1 << 16 };

static int
pages_open(void **state)
{
	struct arena *a = malloc(sizeof(*a));

	assert_non_null(a);
	arena_init(a, PAGES_ARENA);
	*state = a;
	return 0;
}

static int
pages_close(void **state)
{
	struct arena *a = *state;

	arena_fini(a);
	free(a);
	return 0;
}

static void
pages_request(struct request *r, const char *accept, struct arena *a)
{
	memset(r, 0, sizeof(*r));
	header_init(&r->fields, a);
	r->id = STR("0123456789abcdef0123456789abcdef");
	if (accept != NULL)
		assert_int_equal(header_add(&r->fields, STR("Accept"),
		    str_of(accept)), 0);
}

static struct str
pages_text(const struct header *h, struct arena *a)
{
	struct str text = STR("");
	size_t i;

	for (i = 0; i < h->count; i++)
		text = arena_printf(a, "%.*s%.*s: %.*s|", STR_ARG(text),
		    STR_ARG(h->fields[i].name), STR_ARG(h->fields[i].value));
	return text;
}

static void
every_reason_has_a_page_in_html_and_json(void **state)
{
	struct arena *a = *state;
	int i, json;

	for (i = REASON_NONE + 1; i < REASON_COUNT; i++)
		for (json = 0; json < 2; json++) {
			enum reason reason = (enum reason)i;
			const char *word = reason_word(reason);
			struct exchange_reply reply = { .status = 0 };
			struct request r;
			char want[256];

			arena_reset(a);
			pages_request(&r, json ? "application/json" : NULL, a);
			TABLE_INT(word, pages_error(&reply, reason, &r, NULL,
			    a), 0);
			TABLE_INT(word, reply.status, reason_status(reason));
			snprintf(want, sizeof(want), "Content-Type: %s|"
			    "Cache-Control: no-store|X-Router-Reason: %s|",
			    json ? "application/json" :
			    "text/html; charset=utf-8", word);
			TABLE_STR(word, pages_text(&reply.fields, a), want);
			/* The arena puts a NUL behind. */
			assert_non_null(strstr(reply.body.p, word));
			assert_non_null(strstr(reply.body.p,
			    reason_sentence(reason)));
			assert_non_null(strstr(reply.body.p, r.id.p));
			assert_int_equal(reply.body.p[0], json ? '{' : '<');
		}
}

/* A trusted proxy's may be any token. */
static void
an_id_is_shown_as_it_is(void **state)
{
	static const struct {
		const char *id;
		const char *html;
	} rows[] = {
		{ "&lt;b&gt;", "request &amp;lt;b&amp;gt;<" },
		{ "&", "request &amp;<" },
		{ "!#$%&'*+-.^_`|~a", "request !#$%&amp;'*+-.^_`|~a<" },
		{ "plain", "request plain<" },
	};
	struct arena *a = *state;
	size_t i;

	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct exchange_reply reply = { .status = 0 };
		struct request r;

		arena_reset(a);
		pages_request(&r, NULL, a);
		r.id = str_of(rows[i].id);
		assert_int_equal(pages_error(&reply, REASON_LOOP, &r, NULL,
		    a), 0);
		if (strstr(reply.body.p, rows[i].html) == NULL)
			fail_msg("%s: %s", rows[i].id, reply.body.p);
		pages_request(&r, "application/json", a);
		r.id = str_of(rows[i].id);
		assert_int_equal(pages_error(&reply, REASON_LOOP, &r, NULL,
		    a), 0);
		assert_non_null(strstr(reply.body.p, rows[i].id));
	}
}

/* No sentence needs escaping, in HTML or in JSON. */
static void
sentences_are_safe_in_a_page(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < REASON_COUNT; i++) {
		const char *text = reason_sentence((enum reason)i);

		if (text[strcspn(text, "<>&\"\\")] != '\0')
			fail_msg("%s", text);
	}
}

/* A request that could not be read has no fields and perhaps no id. */
static void
a_request_that_was_never_read_gets_its_page(void **state)
{
	struct exchange_reply reply = { .status = 0 };
	struct request r;

	memset(&r, 0, sizeof(r));
	assert_int_equal(pages_error(&reply, REASON_BAD_HOST, &r, NULL,
	    *state), 0);
	assert_int_equal(reply.status, 400);
}

static void
a_redirect_says_where_and_nothing_about_caches(void **state)
{
	struct exchange_reply reply = { .status = 0 };

	assert_int_equal(pages_redirect(&reply, 308,
	    STR("https://b.example/x"), *state), 0);
	assert_int_equal(reply.status, 308);
	TABLE_STR("fields", pages_text(&reply.fields, *state),
	    "Location: https://b.example/x|"
	    "Content-Type: text/plain; charset=utf-8|");
	TABLE_STR("body", reply.body, "308 Permanent Redirect\n");
}

static void
a_redirect_to_no_header_value_is_refused(void **state)
{
	struct exchange_reply reply = { .status = 0 };

	assert_int_equal(pages_redirect(&reply, 302, STR("/x\r\nA: b"),
	    *state), -1);
}

static void
respond_says_what_the_route_says(void **state)
{
	static const struct {
		struct route_target target;
		uint32_t retry_after;
		const char *fields;
		const char *body;
	} rows[] = {
		{ { .code = 410, .text = { "gone", 4 } }, 0,
		  "Content-Type: text/plain; charset=utf-8|", "gone" },
		{ { .code = 204 }, 0, "", "" },
		{ { .code = 503, .text = { "<b>", 3 } }, 120,
		  "Content-Type: text/plain; charset=utf-8|"
		  "Retry-After: 120|", "<b>" },
		{ { .code = 399 }, 0, "", "" },
	};
	struct request r;
	size_t i;

	pages_request(&r, NULL, *state);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct exchange_reply reply = { .status = 0 };

		assert_int_equal(pages_respond(&reply, &rows[i].target,
		    rows[i].retry_after, &r, NULL, *state), 0);
		assert_int_equal(reply.status, rows[i].target.code);
		TABLE_STR("fields", pages_text(&reply.fields, *state),
		    rows[i].fields);
		TABLE_STR("body", reply.body, rows[i].body);
	}
}

static void
a_word_is_text_or_json_and_never_cached(void **state)
{
	static const struct {
		const char *accept, *fields, *body;
	} rows[] = {
		{ NULL, "Content-Type: text/plain; charset=utf-8|"
		  "Cache-Control: no-store|", "known\n" },
		{ "application/json", "Content-Type: application/json|"
		  "Cache-Control: no-store|", "{\"status\":\"known\"}\n" },
	};
	size_t i;

	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct exchange_reply reply = { .status = 0 };
		struct request r;

		pages_request(&r, rows[i].accept, *state);
		assert_int_equal(pages_word(&reply, 404, "known", &r, *state),
		    0);
		assert_int_equal(reply.status, 404);
		TABLE_STR("fields", pages_text(&reply.fields, *state),
		    rows[i].fields);
		TABLE_STR("body", reply.body, rows[i].body);
	}
}

/* With any room below what is needed. */
static void
a_full_arena_makes_no_page(void **state)
{
	const struct route_target target = { .code = 503, .text = STR("x") };
	struct request r;
	int which;

	pages_request(&r, NULL, *state);
	for (which = 0; which < 4; which++) {
		int failed = 0, got = -1;
		size_t left;

		for (left = 0; got == -1; left += 16) {
			struct exchange_reply reply;
			struct arena a;
			size_t fill = 4096;

			/* One chunk, of which so much is left. */
			arena_init(&a, fill);
			while (arena_alloc(&a, fill) == NULL)
				fill -= 16;
			arena_fini(&a);
			if (left < fill)
				assert_non_null(arena_alloc(&a, fill - left));
			got = which == 0 ?
			    pages_error(&reply, REASON_LOOP, &r, NULL, &a) :
			    which == 1 ?
			    pages_redirect(&reply, 302, STR("/x"), &a) :
			    which == 2 ?
			    pages_respond(&reply, &target, 1, &r, NULL, &a) :
			    pages_word(&reply, 200, "ok", &r, &a);
			failed += got == -1;
			arena_fini(&a);
		}
		assert_true(failed > 0);
	}
}

/* ---- the operator's ---- */

static void
pages_own_open(struct scratch *s, struct page_files *own)
{
	scratch_init(s);
	page_files_init(own);
	page_files_use(own, s->folder);
}

static void
pages_own_close(struct scratch *s, struct page_files *own)
{
	page_files_fini(own);
	scratch_fini(s);
}

static void
an_operators_page_keeps_status_and_fields(void **state)
{
	static const struct {
		const char *accept;
		enum reason reason;
		const char *type, *body;
	} rows[] = {
		{ NULL, REASON_NO_HOST, "text/html; charset=utf-8",
		  "<p>no-host 01234567" },
		{ "application/json", REASON_NO_HOST, "application/json",
		  "{\"reason\":\"no-host\"" },
		{ NULL, REASON_LOOP, "text/html; charset=utf-8",
		  "<!doctype html>" },
		{ "application/json", REASON_NO_PATH, "application/json",
		  "{\"status\":404" },
	};
	struct scratch s;
	struct page_files own;
	size_t i;

	pages_own_open(&s, &own);
	scratch_write(&s, "404.html", "<p>{reason} {request_id}");
	scratch_write(&s, "no-host.json", "{\"reason\":\"{reason}\"}");
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		const char *word = reason_word(rows[i].reason);
		struct exchange_reply reply = { .status = 0 };
		struct request r;
		char want[256];

		pages_request(&r, rows[i].accept, *state);
		assert_int_equal(pages_error(&reply, rows[i].reason, &r, &own,
		    *state), 0);
		TABLE_INT(word, reply.status, reason_status(rows[i].reason));
		snprintf(want, sizeof(want), "Content-Type: %s|"
		    "Cache-Control: no-store|X-Router-Reason: %s|",
		    rows[i].type, word);
		TABLE_STR(word, pages_text(&reply.fields, *state), want);
		TABLE_STR(word, str_sub(reply.body, 0,
		    strlen(rows[i].body)), rows[i].body);
	}
	pages_own_close(&s, &own);
}

static void
respond_without_text_has_the_page_of_its_status(void **state)
{
	static const struct {
		struct route_target target;
		const char *fields, *body;
	} rows[] = {
		{ { .code = 503 }, "Content-Type: text/html; charset=utf-8|"
		  "Vary: Accept|Retry-After: 60|", "soon (-)" },
		{ { .code = 503, .text = { "now", 3 } },
		  "Content-Type: text/plain; charset=utf-8|"
		  "Retry-After: 60|", "now" },
		{ { .code = 410 }, "Content-Type: text/html; charset=utf-8|"
		  "Vary: Accept|Retry-After: 60|",
		  "<!doctype html>\n<html lang=\"en\">\n"
		  "<meta charset=\"utf-8\">\n<title>410 Gone</title>\n"
		  "<h1>410 Gone</h1>\n</html>\n" },
		{ { .code = 204 }, "Retry-After: 60|", "" },
	};
	struct scratch s;
	struct page_files own;
	struct request r;
	size_t i;

	pages_own_open(&s, &own);
	scratch_write(&s, "503.html", "soon ({reason})");
	scratch_write(&s, "204.html", "no page");
	pages_request(&r, NULL, *state);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct exchange_reply reply = { .status = 0 };

		assert_int_equal(pages_respond(&reply, &rows[i].target, 60,
		    &r, &own, *state), 0);
		assert_int_equal(reply.status, rows[i].target.code);
		TABLE_STR("fields", pages_text(&reply.fields, *state),
		    rows[i].fields);
		TABLE_STR("body", reply.body, rows[i].body);
	}
	pages_own_close(&s, &own);
}

static void
respond_without_text_is_json_for_who_prefers_it(void **state)
{
	const struct route_target gone = { .code = 410 };
	struct exchange_reply reply = { .status = 0 };
	struct request r;

	pages_request(&r, "application/json", *state);
	assert_int_equal(pages_respond(&reply, &gone, 31536000, &r, NULL,
	    *state), 0);
	TABLE_STR("fields", pages_text(&reply.fields, *state),
	    "Content-Type: application/json|Vary: Accept|"
	    "Retry-After: 31536000|");
	TABLE_STR("body", reply.body,
	    "{\"status\":410,\"message\":\"Gone\"}\n");
}

#define PAGES_TEST(name) \
	cmocka_unit_test_setup_teardown(name, pages_open, pages_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PAGES_TEST(every_reason_has_a_page_in_html_and_json),
		PAGES_TEST(an_id_is_shown_as_it_is),
		PAGES_TEST(sentences_are_safe_in_a_page),
		PAGES_TEST(a_request_that_was_never_read_gets_its_page),
		PAGES_TEST(a_redirect_says_where_and_nothing_about_caches),
		PAGES_TEST(a_redirect_to_no_header_value_is_refused),
		PAGES_TEST(respond_says_what_the_route_says),
		PAGES_TEST(a_word_is_text_or_json_and_never_cached),
		PAGES_TEST(a_full_arena_makes_no_page),
		PAGES_TEST(an_operators_page_keeps_status_and_fields),
		PAGES_TEST(respond_without_text_has_the_page_of_its_status),
		PAGES_TEST(respond_without_text_is_json_for_who_prefers_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
