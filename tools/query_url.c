/* SPDX-License-Identifier: BSD-2-Clause */

/* query_url: one URL, answered in lines or as one object. */

#include "tools/query.h"
#include "tools/query_ask.h"
#include "tools/query_explain.h"
#include "tools/query_out.h"

/* For people: "hshop.example/api/{}". */
static void
query_url_key(const struct query_explain *x)
{
	const struct lookup_result *found = &x->answer->follow.found;
	struct buf text;

	if (found->key.n == 0)
		return;
	buf_init(&text, QUERY_MEMORY);
	CHECK(codec_key_print(found->key, &text) == 0);
	query_out_text(x->out, "key", buf_view(&text));
	buf_fini(&text);
}

static void
query_url_route(const struct query_explain *x)
{
	const struct lookup_result *found = &x->answer->follow.found;
	const struct route *r = found->route;
	size_t i;

	if (r != NULL)
		query_out_text(x->out, "route", r->match);
	query_url_key(x);
	if (r == NULL)
		return;
	for (i = 0; i < r->capture_count; i++)
		query_out_pair(x->out, "capture", r->captures[i],
		    found->captures[i]);
}

static void
query_url_respond(const struct query_explain *x)
{
	const struct follow *f = &x->answer->follow;
	const struct route *r = f->found.route;
	const struct words *w = words_say(r->own, DIRECTIVE_RETRY_AFTER) ?
	    r->own : r->defaults;

	query_out_text(x->out, "respond", arena_printf(x->arena, "%d%s%.*s",
	    f->target->code, f->target->text.n > 0 ? " " : "",
	    STR_ARG(f->target->text)));
	if (words_say(w, DIRECTIVE_RETRY_AFTER))
		query_out_number(x->out, "retry-after", w->retry_after);
}

/* What answers: an origin or the router. */
static void
query_url_target(const struct query_explain *x)
{
	const struct query_answer *q = x->answer;
	const struct route_target *target = q->follow.target;
	const struct target *t = &q->target;

	if (q->origin) {
		query_out_text(x->out, "origin", arena_printf(x->arena,
		    "%.*s%s%.*s", STR_ARG(t->name),
		    t->scheme == ORIGIN_UNIX ? ":" : "", STR_ARG(t->path)));
		query_out_text(x->out, "host", t->host_field);
	} else if (q->location.p != NULL) {
		query_out_text(x->out, "redirect", arena_printf(x->arena,
		    "%d %.*s", target->code, STR_ARG(q->location)));
	} else if (target->kind == TARGET_RESPOND) {
		query_url_respond(x);
	} else if (target->kind == TARGET_INTERNAL) {
		query_out_text(x->out, "internal",
		    str_of(internal_word(target->internal)));
		if (target->internal == INTERNAL_ASK)
			query_out_text(x->out, "domain", q->known ?
			    STR("known") : STR("unknown"));
	}
}

/* The router would answer it by itself. */
static void
query_url_refused(const struct query_explain *x)
{
	const struct err *why = &x->answer->why;

	query_out_text(x->out, "reason", str_of(reason_word(why->reason)));
	query_out_number(x->out, "status",
	    (uint64_t)reason_status(why->reason));
	query_out_text(x->out, "why", str_of(why->text));
}

static int
query_url_tell(const struct query_explain *x, struct err *e)
{
	bool verbose = x->by->query->verbose;
	const struct query_answer *q = x->answer;

	if (verbose && query_explain_reading(x, e) == -1)
		return -1;
	query_url_route(x);
	if (q->follow.found.route != NULL) {
		query_explain_rule(x);
		query_explain_choices(x);
		if (verbose)
			query_explain_variables(x);
	}
	if (q->chosen) {
		query_url_target(x);
		query_explain_policy(x);
		if (verbose)
			query_explain_limits(x);
		query_explain_headers(x);
	}
	if (q->why.reason != REASON_NONE)
		query_url_refused(x);
	return 0;
}

/* Asks and tells; the exit code. */
static int
query_url_run(struct query *q, struct str url, struct query_explain *x,
    struct query_answer *answer)
{
	struct follow_trace trace = { .arg = NULL };
	struct query_pick pick;
	const struct query_asking by = { .query = q, .map = &q->maps[0],
		.wish = &q->wish, .trace = q->verbose ? &trace : NULL };
	struct err e;
	int got = 0;

	x->by = &by;
	query_explain_trace(x, &trace);
	if (query_ask(&by, url, x->arena, answer, &e) == -1)
		return tool_trouble(&e);
	if (q->verbose && answer->follow.service != NULL && answer->origin)
		got = query_pick(&by, x->arena, answer, &pick, &e);
	if (got == -1)
		return tool_trouble(&e);
	x->pick = got == 1 ? &pick : NULL;
	if (q->json)
		query_ask_tell(answer, url, x->arena, x->out->json);
	if (query_url_tell(x, &e) == -1)
		return tool_trouble(&e);
	query_out_end(x->out);
	return answer->why.reason == REASON_NONE ? TOOL_YES : TOOL_NO;
}

int
query_url(struct query *q, struct str url)
{
	struct query_answer answer;
	struct query_out out;
	struct arena arena;
	struct query_explain x = { .answer = &answer, .out = &out,
		.arena = &arena };
	struct err e;
	int code;

	if (query_open(q, &e) == -1)
		return tool_trouble(&e);
	query_out_init(&out, q->json);
	arena_init(&arena, QUERY_MEMORY);
	code = query_url_run(q, url, &x, &answer);
	arena_fini(&arena);
	query_out_fini(&out);
	return code;
}
