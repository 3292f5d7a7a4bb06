/* SPDX-License-Identifier: BSD-2-Clause */

/* query_explain: the way to the answer: keys, readings, rule, choices. */

#include "tools/query_explain.h"

#include "route/codec.h"
#include "tools/printer.h"

/* ---- on the way ---- */

static void
query_explain_request(struct query_explain *x)
{
	const struct request *r = &x->answer->request;
	const struct query_wish *w = x->by->wish;

	if (x->told)
		return;
	x->told = true;
	query_out_text(x->out, "asked", arena_printf(x->arena,
	    "%.*s%.*s", STR_ARG(host_text(&r->host)),
	    STR_ARG(r->path.text)));
	query_out_text(x->out, "method", r->method);
	if (w->client.n > 0)
		query_out_text(x->out, "client", w->client);
	query_out_text(x->out, "namespace", query_ask_space(x->by));
}

static void
query_explain_tried(void *arg, struct str key, int found)
{
	struct query_explain *x = arg;
	struct buf text;

	query_explain_request(x);
	buf_init(&text, QUERY_MEMORY);
	CHECK(codec_key_print(key, &text) == 0);
	query_out_row(x->out, "tried", arena_printf(x->arena, "%s%.*s",
	    found ? "found      " : "not there  ", STR_ARG(buf_view(&text))),
	    (const struct query_cell[]){
		{ .name = "key", .text = buf_view(&text) },
		{ .name = "found", .kind = QUERY_CELL_FLAG,
		    .number = found != 0 },
		{ .name = NULL } });
	buf_fini(&text);
}

static struct str
query_explain_place(const struct query_explain *x, const struct route *r,
    uint32_t line)
{
	return query_place(x->by->map, r->source, line, x->arena);
}

static void
query_explain_passed(const struct query_explain *x, const struct route *route)
{
	struct str place = query_explain_place(x, route, route->line);

	query_out_row(x->out, "alias", arena_printf(x->arena,
	    "%.*s -> %.*s (%.*s)", STR_ARG(route->match),
	    STR_ARG(route->target.alias), STR_ARG(place)),
	    (const struct query_cell[]){
		{ .name = "route", .text = route->match },
		{ .name = "host", .text = route->target.alias },
		{ .name = "place", .text = place },
		{ .name = NULL } });
}

static void
query_explain_alias(void *arg, const struct route *route)
{
	query_explain_passed(arg, route);
}

static void
query_explain_cond(void *arg, const struct route_when *when,
    const struct route_cond *cond, bool held)
{
	struct query_explain *x = arg;
	struct buf text;

	buf_init(&text, QUERY_MEMORY);
	CHECK(printer_cond(cond, &text) == 0);
	query_out_row(x->out, "condition", arena_printf(x->arena,
	    "%s%.*s (line %u)", held ? "holds      " : "does not   ",
	    STR_ARG(buf_view(&text)), when->line),
	    (const struct query_cell[]){
		{ .name = "condition", .text = buf_view(&text) },
		{ .name = "line", .kind = QUERY_CELL_NUMBER,
		    .number = when->line },
		{ .name = "holds", .kind = QUERY_CELL_FLAG, .number = held },
		{ .name = NULL } });
	buf_fini(&text);
}

void
query_explain_trace(struct query_explain *x, struct follow_trace *trace)
{
	*trace = (struct follow_trace){
		.lookup = { query_explain_tried, x },
		.alias = query_explain_alias,
		.cond = query_explain_cond,
		.arg = x };
}

/* ---- other readings ---- */

static bool
query_explain_has(struct str path, struct str what)
{
	size_t i;

	for (i = 0; i + what.n <= path.n; i++)
		if (str_starts(str_sub(path, i, path.n), what))
			return true;
	return false;
}

/* Which entry another reading would choose. 0, or -1 and e. */
static int
query_explain_other(const struct query_explain *x, const struct host *host,
    struct str reading, struct err *e)
{
	struct lookup_result other;
	int got = lookup_route(&x->by->map->lookup, host, reading, x->arena,
	    NULL, &other, e);

	if (got == -1)
		return -1;
	query_out_text(x->out, "reading", arena_printf(x->arena,
	    "%.*s chooses %.*s", STR_ARG(reading),
	    STR_ARG(got == 1 ? other.route->match : STR("nothing"))));
	return 0;
}

int
query_explain_reading(const struct query_explain *x, struct err *e)
{
	const struct query_answer *q = x->answer;
	struct str path = q->request.path.text, reading;
	struct host host;
	int got;

	if (!query_explain_has(path, STR("%2F")) &&
	    !query_explain_has(path, STR("%5C")) &&
	    !query_explain_has(path, STR(";")))
		return 0;
	if (q->why.reason != REASON_AMBIGUOUS_PATH) {
		if (q->follow.found.route != NULL)
			query_out_text(x->out, "reading", STR("no reading of "
			    "%2F, %5C or ;parameters chooses another entry"));
		return 0;
	}
	if (host_parse(q->follow.host, &host, e) == -1)
		return -1;
	got = lookup_ambiguous(&x->by->map->lookup, &host, path, false,
	    &q->follow.found, x->arena, &reading, e);
	return got == 1 ? query_explain_other(x, &host, reading, e) : got;
}

/* ---- the rule ---- */

static void
query_explain_target(const struct query_explain *x, const char *word,
    const struct route_target *target)
{
	struct buf spelled;

	buf_init(&spelled, QUERY_MEMORY);
	CHECK(printer_target(target, x->answer->follow.found.route,
	    &spelled) == 0);
	query_out_text(x->out, word, buf_view(&spelled));
	buf_fini(&spelled);
}

/* The `when` line that chose. */
static void
query_explain_when(const struct query_explain *x)
{
	const struct follow *f = &x->answer->follow;
	struct buf spelled;

	buf_init(&spelled, QUERY_MEMORY);
	CHECK(printer_when(f->when, f->found.route, &spelled) == 0);
	query_out_text(x->out, "chosen-by", arena_printf(x->arena,
	    "%.*s (%.*s)", STR_ARG(buf_view(&spelled)),
	    STR_ARG(query_explain_place(x, f->found.route, f->when->line))));
	buf_fini(&spelled);
}

void
query_explain_rule(const struct query_explain *x)
{
	const struct follow *f = &x->answer->follow;
	const struct route *r = f->found.route;
	size_t i;

	/* Else they were told when they were passed. */
	for (i = 0; !x->by->query->verbose && i < f->alias_count; i++)
		query_explain_passed(x, f->aliases[i]);
	if (x->by->query->verbose) {
		query_out_text(x->out, "rule", query_explain_place(x, r,
		    r->line));
		query_explain_target(x, "target", &r->target);
	}
	if (f->when != NULL)
		query_explain_when(x);
	else if (r->split_count > 0 && f->target != NULL)
		query_explain_split(x);
}
