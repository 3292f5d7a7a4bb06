/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * follow: the story of one request through the map: host, aliases, conditions,
 * service, policy.
 */

#include "decide/follow.h"

#include <string.h>

#include "decide/follow_private.h"
#include "decide/match.h"
#include "http/host.h"

int
follow_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for a route");
}

const struct lookup_trace *
follow_lookup_trace(const struct follow_walk *w)
{
	return w->trace != NULL && w->trace->lookup.tried != NULL ?
	    &w->trace->lookup : NULL;
}

/* ---- the route of one host ---- */

/* encoded-slash=data, which no service says. */
static bool
follow_slash_is_data(const struct route *r)
{
	if (words_say(r->own, DIRECTIVE_ENCODED_SLASH))
		return r->own->encoded_slash;
	return words_say(r->defaults, DIRECTIVE_ENCODED_SLASH) &&
	    r->defaults->encoded_slash;
}

/* 1: a route, the only one however the path is read; else as follow_request. */
static int
follow_look_up(struct follow_walk *w, const struct host *host)
{
	struct follow *out = w->out;
	struct str path = w->ask->request->path.text, reading;
	int got = lookup_route(w->ask->map, host, path, w->arena,
	    follow_lookup_trace(w), &out->found, w->e);

	if (got == 0)
		err_set(w->e, out->found.reason, "no route for %.*s%.*s",
		    STR_ARG(host_text(host)), STR_ARG(path));
	if (got != 1)
		return got;
	got = lookup_ambiguous(w->ask->map, host, path,
	    follow_slash_is_data(out->found.route), &out->found, w->arena,
	    &reading, w->e);
	if (got == 1) {
		err_set(w->e, REASON_AMBIGUOUS_PATH,
		    "%.*s%.*s is another entry than %.*s, as which it may be "
		    "read", STR_ARG(host_text(host)), STR_ARG(path),
		    STR_ARG(reading));
		return 0;
	}
	return got == 0 ? 1 : -1;
}

/* ---- the target of a route ---- */

static bool
follow_holds(const struct follow_walk *w, const struct route_when *when)
{
	size_t i;

	if (w->trace == NULL || w->trace->cond == NULL)
		return match_when(when, w->ask->request);
	for (i = 0; i < when->cond_count; i++) {
		bool held = match_cond(&when->conds[i], w->ask->request);

		w->trace->cond(w->trace->arg, when, &when->conds[i], held);
		if (!held)
			return false;
	}
	return true;
}

/* 0, or -1 and e. */
static int
follow_choose(struct follow_walk *w)
{
	const struct route *r = w->out->found.route;
	size_t i;

	w->out->when = NULL;
	w->out->split = FOLLOW_SPLIT_NONE;
	for (i = 0; i < r->when_count; i++) {
		if (!follow_holds(w, &r->whens[i]))
			continue;
		w->out->when = &r->whens[i];
		w->out->target = &r->whens[i].target;
		return 0;
	}
	w->out->target = &r->target;
	return r->split_count > 0 ? follow_split(w) : 0;
}

/* ---- aliases ---- */

/* *next: the host that it names, in the arena, since captures borrow from it.
 * As follow_request. */
static int
follow_alias(struct follow_walk *w, const struct host **next)
{
	struct follow *out = w->out;
	struct host *host;

	if (out->alias_count == ROUTE_ALIASES_MAX) {
		err_set(w->e, REASON_LOOP, "more than %d aliases in a row",
		    ROUTE_ALIASES_MAX);
		return 0;
	}
	out->aliases[out->alias_count++] = out->found.route;
	policy_alias(&out->policy, out->found.route);
	if (w->trace != NULL && w->trace->alias != NULL)
		w->trace->alias(w->trace->arg, out->found.route);
	host = arena_alloc(w->arena, sizeof(*host));
	if (host == NULL)
		return follow_full(w->e);
	if (host_parse(out->target->alias, host, w->e) == -1)
		return err_set(w->e, REASON_MAP_BROKEN,
		    "an alias of '%.*s', which is no host",
		    STR_ARG(out->target->alias));
	out->host = host_text(host);
	*next = host;
	return 1;
}

/* What variables are filled in from, of the route that was found. */
static void
follow_fill_source(struct follow_walk *w)
{
	struct follow *out = w->out;

	out->source = (struct pattern_source){
		.request = w->ask->request,
		.route = out->found.route,
		.policy = &out->policy,
		.host = out->host,
		.captures = out->found.captures,
		.rest = out->found.rest,
		.claims = w->ask->claims,
		.claim_count = w->ask->claim_count };
}

/* The route that is no alias, and its target. As follow_request. */
static int
follow_route(struct follow_walk *w)
{
	const struct host *host = &w->ask->request->host;
	int got;

	w->out->host = host_text(host);
	for (;;) {
		got = follow_look_up(w, host);
		if (got != 1)
			return got;
		follow_fill_source(w);
		if (follow_choose(w) == -1)
			return -1;
		if (w->out->target->kind != TARGET_ALIAS)
			return 1;
		got = follow_alias(w, &host);
		if (got != 1)
			return got;
	}
}

/* ---- the whole ---- */

void
follow_init(struct follow *f)
{
	f->found.reason = REASON_NONE;
	f->found.route = NULL;
	f->found.key = f->found.rest = (struct str){ NULL, 0 };
	f->host = f->service_key = (struct str){ NULL, 0 };
	f->alias_count = 0;
	policy_init(&f->policy);
	memset(&f->source, 0, sizeof(f->source));
	f->when = NULL;
	f->split = FOLLOW_SPLIT_NONE;
	f->balance_key.from = CLIENT_KEY_NONE;
	f->balance_key.text = (struct str){ NULL, 0 };
	f->fresh = (struct str){ NULL, 0 };
	f->target = NULL;
	f->service = NULL;
	f->origin = NULL;
}

bool
follow_asks_who(const struct follow *f)
{
	const struct pattern *name;
	size_t i;

	if (f->target == NULL || f->target->kind != TARGET_SERVICE)
		return false;
	name = &f->target->service.name;
	for (i = 0; i < name->count; i++)
		if (name->parts[i].variable == PATTERN_AUTH)
			return true;
	return false;
}

int
follow_request(const struct follow_ask *ask, struct arena *a,
    const struct follow_trace *trace, struct follow *out, struct err *e)
{
	struct follow_walk w = { .ask = ask, .arena = a, .trace = trace,
		.out = out, .e = e };
	int got;

	follow_init(out);
	got = follow_route(&w);
	if (got != 1)
		return got;
	got = follow_target(&w);
	if (got == -1 || policy_merge(&out->policy, out->found.route,
	    out->service, a, e) == -1)
		return -1;
	if (got == 0)
		return 0;
	if (follow_put_names(&w) == 0)
		return 1;
	return e->reason == REASON_NO_SERVICE ? 0 : -1;
}
