/* SPDX-License-Identifier: BSD-2-Clause */

/* query_many: URLs from stdin, an answer a line. */

#include <stdio.h>

#include "tools/input.h"
#include "tools/query.h"
#include "tools/query_ask.h"
#include "tools/query_table.h"

enum { QUERY_MANY_BUFFER = 64 * 1024 };

struct query_many {
	struct query_asking by;
	struct json *json; /* NULL: columns */
	struct query_table table;
	struct arena arena;
	bool refused; /* a URL so far */
};

static void
query_many_columns(struct query_many *m, const struct query_answer *answer,
    struct str url)
{
	const struct str cells[] = { url,
		query_ask_status(answer, &m->arena),
		query_ask_target(answer, &m->arena), query_ask_route(answer) };

	query_table_row(&m->table, cells, 4);
}

static void
query_many_object(struct query_many *m, const struct query_answer *answer,
    struct str url)
{
	query_ask_tell(answer, url, &m->arena, m->json);
	if (answer->why.reason != REASON_NONE) {
		json_number(m->json, "status",
		    (uint64_t)reason_status(answer->why.reason));
		json_text(m->json, "why", str_of(answer->why.text));
	}
	json_write(m->json, stdout);
}

/* 0, or -1 and e. */
static int
query_many_one(struct query_many *m, struct str url, bool cut, struct err *e)
{
	struct query_answer answer = { .chosen = false };

	arena_reset(&m->arena);
	if (cut)
		err_set(&answer.why, REASON_URI_TOO_LONG,
		    "a line of more than %d bytes", INPUT_LINE_MAX);
	else if (query_ask(&m->by, url, &m->arena, &answer, e) == -1)
		return -1;
	if (answer.why.reason != REASON_NONE)
		m->refused = true;
	if (m->json != NULL)
		query_many_object(m, &answer, url);
	else
		query_many_columns(m, &answer, url);
	return 0;
}

/* 0, or -1 and e. Ends early when nobody takes the answers. */
static int
query_many_all(struct query_many *m, struct input *in, struct err *e)
{
	struct input_line line;
	int got;

	while ((got = input_next(in, &line, e)) == 1 && !ferror(stdout)) {
		struct str url = str_trim(line.text);

		if (url.n > 0 && query_many_one(m, url, line.cut, e) == -1)
			return -1;
	}
	return got == -1 ? -1 : 0;
}

/* Nobody knows what comes: columns are wide enough for this from the start. */
static void
query_many_table(struct query_table *t)
{
	const struct str usual[] = { STR("http://shop.example.com/a/b"),
		STR("ambiguous-path"), STR("http://127.0.0.1:8080/a/b") };

	query_table_init(t);
	query_table_measure(t, usual, 3);
}

int
query_many(struct query *q)
{
	struct query_many m = { .by = { .query = q, .map = &q->maps[0],
		.wish = &q->wish } };
	struct input *in = NULL;
	struct err e;
	int got;

	if (query_open(q, &e) == -1 || input_open("-", &in, &e) == -1)
		return tool_trouble(&e);
	(void)setvbuf(stdout, NULL, _IOFBF, QUERY_MANY_BUFFER);
	if (q->json)
		m.json = json_new();
	query_many_table(&m.table);
	arena_init(&m.arena, QUERY_MEMORY);
	got = query_many_all(&m, in, &e);
	arena_fini(&m.arena);
	json_free(&m.json);
	input_close(&in);
	if (got == -1)
		return tool_trouble(&e);
	return m.refused ? TOOL_NO : TOOL_YES;
}
