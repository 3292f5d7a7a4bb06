/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_replay: the requests of an access log, asked again: of one map, where
 * they would go; of two, which would go elsewhere.
 */

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cidr.h"
#include "base/msg.h"
#include "tools/input.h"
#include "tools/query.h"
#include "tools/query_ask.h"
#include "tools/query_log.h"
#include "tools/query_table.h"
#include "tools/query_tally.h"

/* Columns of a row: of one map, of two. */
static const char *const query_replay_one[] = { "count", "result", "to",
	"route", "url", NULL };
static const char *const query_replay_two[] = { "count", "url",
	"old-result", "old-to", "old-route", "new-result", "new-to",
	"new-route", NULL };

struct query_replay {
	struct query *query;
	struct str host; /* of lines that have none */
	struct query_tally *tally;
	struct arena arena; /* of one line */
	struct buf kind;

	uint64_t requests;
	uint64_t elsewhere;
	uint64_t empty;    /* lines about no request */
	uint64_t foreign;  /* lines of no log */
	uint64_t first;    /* of them, its number */

	const char *const *names; /* of columns */
	struct json *json;        /* NULL: columns */
	struct query_table table;
};

/* ---- one request ---- */

/* Fills in what the line says of its request. false: no memory. */
static bool
query_replay_wish(struct query_replay *r, const struct query_log *log,
    struct query_wish *wish)
{
	const struct { const char *name; struct str value; } fields[] = {
		{ "HTTP_REFERER", log->referer },
		{ "HTTP_USER_AGENT", log->agent } };
	struct cidr address;
	size_t i;

	*wish = r->query->wish;
	wish->method = log->method;
	/* A log may hold names of clients. */
	if (wish->client.n == 0 && cidr_parse(log->client, &address))
		wish->client = log->client;
	for (i = 0; i < 2 && wish->field_count < QUERY_FIELDS_MAX; i++) {
		struct str made;

		if (fields[i].value.n == 0)
			continue;
		made = arena_printf(&r->arena, "%s=%.*s", fields[i].name,
		    STR_ARG(fields[i].value));
		if (made.p == NULL)
			return false;
		wish->fields[wish->field_count++] =
		    (char *)(uintptr_t)made.p;
	}
	return true;
}

/* Appends a text and its end to the kind. */
static void
query_replay_kind(struct query_replay *r, struct str s)
{
	CHECK(buf_put(&r->kind, s) == 0 && buf_put(&r->kind, STR("\n")) == 0);
}

static void
query_replay_answer(struct query_replay *r, const struct query_answer *q)
{
	query_replay_kind(r, query_ask_status(q, &r->arena));
	query_replay_kind(r, query_ask_whither(q, &r->arena));
	query_replay_kind(r, query_ask_route(q));
}

static void
query_replay_count_one(struct query_replay *r, const struct query_answer *q,
    struct str url)
{
	const struct str columns[] = { query_ask_status(q, &r->arena),
		query_ask_whither(q, &r->arena), query_ask_route(q), url };

	buf_clear(&r->kind);
	query_replay_answer(r, q);
	query_tally_add(r->tally, buf_view(&r->kind), columns, 4);
}

static void
query_replay_count_two(struct query_replay *r, const struct query_answer *q,
    struct str url)
{
	const struct str columns[] = { url,
		query_ask_status(&q[0], &r->arena),
		query_ask_target(&q[0], &r->arena), query_ask_route(&q[0]),
		query_ask_status(&q[1], &r->arena),
		query_ask_target(&q[1], &r->arena), query_ask_route(&q[1]) };

	if (str_eq(columns[1], columns[4]) && str_eq(columns[2], columns[5]))
		return;
	r->elsewhere++;
	buf_clear(&r->kind);
	query_replay_answer(r, &q[0]);
	query_replay_answer(r, &q[1]);
	query_tally_add(r->tally, buf_view(&r->kind), columns, 7);
}

/* 0, or -1 and e. */
static int
query_replay_request(struct query_replay *r, const struct query_log *log,
    struct err *e)
{
	const struct query_parts parts = {
		.scheme = str_eq(log->port, STR("443")) ?
		    "https" : "http",
		.authority = log->host.n > 0 ? log->host : r->host,
		.target = log->target };
	struct query_answer answers[QUERY_MAPS_MAX];
	struct query_wish wish;
	struct str url;
	size_t i;

	if (!query_replay_wish(r, log, &wish))
		return err_set(e, REASON_OVERLOADED, "no room for a line");
	for (i = 0; i < r->query->map_count; i++) {
		const struct query_asking by = { .query = r->query,
			.map = &r->query->maps[i], .wish = &wish };

		if (query_ask_parts(&by, &parts, &r->arena, &answers[i],
		    e) == -1)
			return -1;
	}
	r->requests++;
	url = str_starts(log->target, STR("/")) ? arena_printf(&r->arena,
	    "%s://%.*s%.*s", parts.scheme, STR_ARG(parts.authority),
	    STR_ARG(log->target)) : log->target;
	if (r->query->map_count == 1)
		query_replay_count_one(r, &answers[0], url);
	else
		query_replay_count_two(r, answers, url);
	return 0;
}

/* ---- the log ---- */

/* 0, or -1 and e. */
static int
query_replay_line(struct query_replay *r, const struct input *in,
    const struct input_line *line, struct err *e)
{
	struct query_log log;
	int got;

	arena_reset(&r->arena);
	got = line->cut ? 0 : query_log_parse(line->text, &r->arena, &log);
	if (got == -1)
		return err_set(e, REASON_OVERLOADED, "no room for a line");
	if (got == 0) {
		if (r->foreign++ == 0)
			r->first = line->number;
		return 0;
	}
	if (log.method.n == 0) {
		r->empty++;
		return 0;
	}
	if (log.host.n == 0 && r->host.n == 0 &&
	    str_starts(log.target, STR("/")))
		return err_set(e, REASON_BAD_REQUEST,
		    "%s: line %" PRIu64 " names no host, and no --host says "
		    "it", input_name(in), line->number);
	return query_replay_request(r, &log, e);
}

static int
query_replay_all(struct query_replay *r, struct input *in, struct err *e)
{
	struct input_line line;
	int got;

	while ((got = input_next(in, &line, e)) == 1)
		if (line.text.n > 0 && !str_starts(line.text, STR("# ")) &&
		    query_replay_line(r, in, &line, e) == -1)
			return -1;
	return got;
}

/* ---- what came of it ---- */

static void
query_replay_object(struct query_replay *r, const struct query_tally_row *row)
{
	size_t i;

	json_number(r->json, r->names[0], row->seen);
	for (i = 0; i < row->count; i++)
		json_text(r->json, r->names[i + 1], row->columns[i]);
	json_write(r->json, stdout);
}

static void
query_replay_columns(struct query_replay *r,
    const struct query_tally_row *row,
    void (*see)(struct query_table *, const struct str *, size_t))
{
	struct str cells[QUERY_TALLY_COLUMNS + 1];
	char count[24];
	size_t i;

	(void)snprintf(count, sizeof(count), "%" PRIu64, row->seen);
	cells[0] = str_of(count);
	for (i = 0; i < row->count; i++)
		cells[i + 1] = row->columns[i];
	see(&r->table, cells, row->count + 1);
}

static void
query_replay_measure(void *arg, const struct query_tally_row *row)
{
	query_replay_columns(arg, row, query_table_measure);
}

static void
query_replay_row(void *arg, const struct query_tally_row *row)
{
	struct query_replay *r = arg;

	if (r->json != NULL)
		query_replay_object(r, row);
	else
		query_replay_columns(r, row, query_table_row);
}

static void
query_replay_head(struct query_replay *r)
{
	struct str cells[QUERY_TABLE_COLUMNS];
	size_t n;

	cells[0] = STR("# count");
	for (n = 1; r->names[n] != NULL; n++)
		cells[n] = str_of(r->names[n]);
	query_table_init(&r->table);
	if (r->table.aligned)
		query_tally_each(r->tally, query_replay_measure, r);
	query_table_row(&r->table, cells, n);
}

static void
query_replay_sum(const struct query_replay *r)
{
	const struct { const char *word; uint64_t n; } sums[] = {
		{ "requests", r->requests }, { "elsewhere", r->elsewhere },
		{ "others", query_tally_others(r->tally) },
		{ "no-request", r->empty }, { "no-log-line", r->foreign } };
	bool first = true;
	size_t i;

	for (i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		/* Of one map nothing goes elsewhere. */
		if (i == 1 && r->query->map_count == 1)
			continue;
		if (r->json != NULL)
			json_number(r->json, sums[i].word, sums[i].n);
		else if (i < 2 || sums[i].n > 0)
			(void)printf("%s%" PRIu64 " %s", first ? "# " : ", ",
			    sums[i].n, sums[i].word);
		first = false;
	}
	if (r->json != NULL)
		json_write(r->json, stdout);
	else
		(void)fputc('\n', stdout);
}

static void
query_replay_tell(struct query_replay *r, const struct input *in)
{
	if (r->json == NULL)
		query_replay_head(r);
	query_tally_each(r->tally, query_replay_row, r);
	query_replay_sum(r);
	if (r->foreign > 0)
		msg_warning("%s: lines that are of no access log: %" PRIu64
		    ", the first is line %" PRIu64, input_name(in),
		    r->foreign, r->first);
}

int
query_replay(struct query *q, const char *log, struct str host)
{
	struct query_replay r = { .query = q, .host = host };
	struct input *in = NULL;
	struct err e;
	int got;

	if (query_open(q, &e) == -1 || input_open(log, &in, &e) == -1)
		return tool_trouble(&e);
	r.names = q->map_count == 1 ? query_replay_one : query_replay_two;
	r.tally = query_tally_new();
	r.json = q->json ? json_new() : NULL;
	arena_init(&r.arena, QUERY_MEMORY);
	buf_init(&r.kind, QUERY_MEMORY);
	got = query_replay_all(&r, in, &e);
	if (got == 0)
		query_replay_tell(&r, in);
	buf_fini(&r.kind);
	arena_fini(&r.arena);
	json_free(&r.json);
	query_tally_free(&r.tally);
	input_close(&in);
	if (got == -1)
		return tool_trouble(&e);
	return r.elsewhere > 0 ? TOOL_NO : TOOL_YES;
}
