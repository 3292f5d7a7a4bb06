/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_test: cases, each asked; those that go elsewhere are told as a diff
 * that turns the file into one that holds.
 */

#include <inttypes.h>
#include <stdio.h>

#include "base/msg.h"
#include "tools/input.h"
#include "tools/printer.h"
#include "tools/query.h"
#include "tools/query_ask.h"
#include "tools/query_case.h"
#include "tools/query_out.h"

struct query_test {
	struct query_asking by;
	const char *name; /* of the cases */
	struct arena arena; /* of one case */
	struct json *json;  /* NULL: a diff */
	uint64_t cases;
	uint64_t failed;
	uint64_t broken; /* lines */
};

/* ---- is it as expected? ---- */

/* The URL without ":80" of http, or ":443" of https. */
static struct str
query_test_portless(struct str url, struct arena *a)
{
	bool https = str_starts(url, STR("https://"));
	struct str port = https ? STR(":443") : STR(":80");
	size_t begin = https ? 8 : 7, end;

	if (!https && !str_starts(url, STR("http://")))
		return url;
	end = begin + str_find(str_sub(url, begin, url.n), '/');
	if (!str_ends(str_sub(url, begin, end), port))
		return url;
	return arena_printf(a, "%.*s%.*s",
	    STR_ARG(str_sub(url, 0, end - port.n)),
	    STR_ARG(str_sub(url, end, url.n)));
}

static bool
query_test_holds(struct query_test *t, const struct query_case *c,
    const struct query_answer *q)
{
	struct str target = query_ask_target(q, &t->arena);

	if (str_eq(c->expected, query_ask_status(q, &t->arena)))
		return true;
	if (q->why.reason != REASON_NONE)
		return str_eq(c->expected, arena_printf(&t->arena, "%d",
		    reason_status(q->why.reason)));
	return str_eq(query_test_portless(c->expected, &t->arena),
	    query_test_portless(target, &t->arena));
}

/* ---- results ---- */

static struct str
query_test_found(struct query_test *t, const struct query_answer *q)
{
	if (q->why.reason != REASON_NONE)
		return str_of(reason_word(q->why.reason));
	return query_ask_target(q, &t->arena);
}

static void
query_test_differs(struct query_test *t, const struct input_line *line,
    const struct query_case *c, const struct query_answer *q)
{
	const char *end = line->open ? "\\ No newline at end of file\n" : "";

	if (t->failed == 1) {
		(void)fputs("--- ", stdout);
		query_out_put(str_of(t->name));
		(void)fputs("\n+++ ", stdout);
		query_out_put(str_of(t->by.map->path));
		(void)fputc('\n', stdout);
	}
	(void)printf("@@ -%" PRIu64 " +%" PRIu64 " @@\n-", line->number,
	    line->number);
	/* TABs as they are, so that it can be applied. */
	printer_write(line->text, stdout);
	(void)printf("\n%s+", end);
	printer_write(str_sub(line->text, 0, c->from), stdout);
	printer_write(query_test_found(t, q), stdout);
	printer_write(str_sub(line->text, c->to, line->text.n), stdout);
	(void)printf("\n%s", end);
}

static void
query_test_object(struct query_test *t, const struct input_line *line,
    const struct query_case *c, const struct query_answer *q, bool holds)
{
	json_text(t->json, "file", str_of(t->name));
	json_number(t->json, "line", line->number);
	json_flag(t->json, "holds", holds);
	json_text(t->json, "expected", c->expected);
	query_ask_tell(q, c->url, &t->arena, t->json);
	json_write(t->json, stdout);
}

static void
query_test_mistake(struct query_test *t, const struct input_line *line,
    size_t at, const char *what)
{
	struct buf text;

	t->broken++;
	buf_init(&text, QUERY_MEMORY);
	CHECK(buf_printf(&text, "%s:%" PRIu64 ":%zu: error: %s", t->name,
	    line->number, at + 1, what) == 0);
	query_out_say(buf_view(&text));
	buf_fini(&text);
}

/* ---- cases ---- */

/* 0, or -1 and e. */
static int
query_test_line(struct query_test *t, const struct query_wish *base,
    const struct input_line *line, struct err *e)
{
	struct query_answer answer;
	struct query_case one;
	size_t at;
	bool holds;
	int got;

	arena_reset(&t->arena);
	if (line->cut) {
		query_test_mistake(t, line, 0,
		    "the line is too long, less than 128 KiB were expected");
		return 0;
	}
	got = query_case_read(line->text, base, &t->arena, &one, &at, e);
	if (got == -1)
		query_test_mistake(t, line, at, e->text);
	if (got != 1)
		return 0;
	t->by.wish = &one.wish;
	if (query_ask(&t->by, one.url, &t->arena, &answer, e) == -1)
		return -1;
	holds = query_test_holds(t, &one, &answer);
	t->cases++;
	t->failed += !holds;
	if (t->json != NULL)
		query_test_object(t, line, &one, &answer, holds);
	else if (!holds)
		query_test_differs(t, line, &one, &answer);
	return 0;
}

static int
query_test_all(struct query_test *t, const struct query_wish *base,
    struct input *in, struct err *e)
{
	struct input_line line;
	int got;

	while ((got = input_next(in, &line, e)) == 1)
		if (query_test_line(t, base, &line, e) == -1)
			return -1;
	if (got == 0 && t->cases + t->broken == 0)
		return err_set(e, REASON_BAD_REQUEST, "%s: no case in it",
		    t->name);
	return got;
}

/* The sums; the exit code. */
static int
query_test_end(const struct query_test *t, bool verbose)
{
	if (t->broken > 0)
		msg_error("%s: lines that are no cases: %" PRIu64, t->name,
		    t->broken);
	if (t->failed > 0)
		msg_error("%s: %" PRIu64 " of %" PRIu64 " cases go elsewhere",
		    t->name, t->failed, t->cases);
	else if (verbose && t->broken == 0)
		msg_notice("%s: %" PRIu64 " cases hold", t->name, t->cases);
	if (t->broken > 0)
		return TOOL_TROUBLE;
	return t->failed > 0 ? TOOL_NO : TOOL_YES;
}

int
query_test(struct query *q, const char *cases)
{
	struct query_test t = { .by = { .query = q, .map = &q->maps[0] } };
	struct input *in = NULL;
	struct err e;
	int got;

	if (query_open(q, &e) == -1 || input_open(cases, &in, &e) == -1)
		return tool_trouble(&e);
	t.name = input_name(in);
	t.json = q->json ? json_new() : NULL;
	arena_init(&t.arena, QUERY_MEMORY);
	got = query_test_all(&t, &q->wish, in, &e);
	arena_fini(&t.arena);
	json_free(&t.json);
	input_close(&in);
	return got == -1 ? tool_trouble(&e) : query_test_end(&t, q->verbose);
}
