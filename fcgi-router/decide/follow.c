/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * follow: the story of one request through the map: host, aliases, conditions,
 * service, policy.
 */

#include "decide/follow.h"

#include <string.h>

#include "base/buf.h"
#include "decide/match.h"
#include "http/host.h"

enum { FOLLOW_TEXT_MAX = 4096 };

/* One run of it, and what it works for. */
struct follow_walk {
	const struct follow_ask *ask;
	struct arena *arena;
	const struct follow_trace *trace;
	struct follow *out;
	struct err *e;
};

static int
follow_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for a route");
}

static const struct lookup_trace *
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

/* Until loads are balanced, the first target that has a share at all. */
static const struct route_target *
follow_split(const struct route *r)
{
	size_t i;

	for (i = 0; i < r->split_count; i++)
		if (r->splits[i].weight > 0)
			return &r->splits[i].target;
	return &r->splits[0].target;
}

static void
follow_choose(struct follow_walk *w)
{
	const struct route *r = w->out->found.route;
	size_t i;

	w->out->when = NULL;
	for (i = 0; i < r->when_count; i++) {
		if (!follow_holds(w, &r->whens[i]))
			continue;
		w->out->when = &r->whens[i];
		w->out->target = &r->whens[i].target;
		return;
	}
	w->out->target = r->split_count > 0 ? follow_split(r) : &r->target;
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
		follow_choose(w);
		if (w->out->target->kind != TARGET_ALIAS)
			return 1;
		got = follow_alias(w, &host);
		if (got != 1)
			return got;
	}
}

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
		.rest = out->found.rest };
}

/* ---- services ---- */

/* The pattern, filled in; the arena's or the pattern's own text. */
static int
follow_fill(struct follow_walk *w, const struct pattern *p,
    const struct pattern_source *s, struct str *text)
{
	struct buf filled;
	int got = 0;

	if (p->count == 1 && pattern_is_fixed(p)) {
		*text = p->parts[0].text;
		return 0;
	}
	buf_init(&filled, FOLLOW_TEXT_MAX);
	got = pattern_fill(p, s, &filled, w->e);
	if (got == 0) {
		*text = arena_copy(w->arena, buf_view(&filled));
		if (text->p == NULL)
			got = follow_full(w->e);
	}
	buf_fini(&filled);
	return got;
}

/*
 * A name's tags and plan are the route's: of the service nothing is known
 * before its name is. 0, or -1 and e.
 */
static int
follow_name(struct follow_walk *w, struct str *name)
{
	struct pattern_source source = w->out->source;
	struct policy policy = w->out->policy;

	if (!pattern_is_fixed(&w->out->target->service.name) &&
	    policy_merge(&policy, w->out->found.route, NULL, w->arena,
	        w->e) == -1)
		return -1;
	source.policy = &policy;
	return follow_fill(w, &w->out->target->service.name, &source, name);
}

/* The service of that name. As follow_request. */
static int
follow_find_service(struct follow_walk *w, struct str space, struct str name)
{
	struct follow *out = w->out;
	struct service *found = arena_alloc(w->arena, sizeof(*found));
	int got;

	out->service_key = ARENA_JOIN(w->arena, STR("@"), space,
	    space.n > 0 ? STR("/") : STR(""), name);
	if (found == NULL || out->service_key.p == NULL)
		return follow_full(w->e);
	got = lookup_service(w->ask->map, space, name, w->arena,
	    follow_lookup_trace(w), found, w->e);
	if (got == 0)
		err_set(w->e, REASON_NO_SERVICE, "there is no service %.*s",
		    STR_ARG(out->service_key));
	if (got == 1)
		out->service = found;
	return got;
}

/*
 * A name that is made of variables is looked up in a namespace, always: with
 * none it would be one of the platform's own.
 */
static int
follow_service(struct follow_walk *w)
{
	const struct service_ref *ref = &w->out->target->service;
	struct str space = ref->scope == SERVICE_SPACE ? ref->space :
	    w->ask->space;
	struct str name;

	if (follow_name(w, &name) == -1)
		return w->e->reason == REASON_NO_SERVICE ? 0 : -1;
	if (ref->scope == SERVICE_OWN && pattern_is_fixed(&ref->name))
		return follow_find_service(w, STR(""), name);
	if (ref->scope == SERVICE_OWN || !str_is_name(space) ||
	    !str_is_name(name)) {
		err_set(w->e, REASON_NO_SERVICE,
		    "'%.*s' is no service's name in '%.*s'", STR_ARG(name),
		    STR_ARG(space));
		return 0;
	}
	return follow_find_service(w, space, name);
}

/* One that is no backup and has a share; else the first of the next best. */
static const struct origin_url *
follow_choose_origin(const struct service *s)
{
	const struct service_origin *best = &s->origins[0];
	size_t i;

	for (i = 0; i < s->origin_count; i++) {
		const struct service_origin *o = &s->origins[i];

		if (!o->backup && o->weight > 0)
			return &o->url;
		if (best->backup && !o->backup)
			best = o;
	}
	return &best->url;
}

/* ---- the whole ---- */

/* {service} and {version}. 0, or -1 and e. */
static int
follow_put_names(struct follow_walk *w)
{
	struct follow *out = w->out;

	if (out->service != NULL) {
		out->source.service = out->service_key;
		out->source.version = str_sub(out->service_key, 1,
		    out->service_key.n);
		return 0;
	}
	if (out->origin == NULL || out->origin->host.count == 0)
		return 0;
	return follow_fill(w, &out->origin->host, &out->source,
	    &out->source.version);
}

/* Of the chosen target: the service, its origin. As follow_request. */
static int
follow_target(struct follow_walk *w)
{
	struct follow *out = w->out;
	int got;

	if (out->target->kind == TARGET_ORIGIN)
		out->origin = &out->target->origin;
	if (out->target->kind != TARGET_SERVICE)
		return 1;
	got = follow_service(w);
	if (got == 1)
		out->origin = follow_choose_origin(out->service);
	return got;
}

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
	f->target = NULL;
	f->service = NULL;
	f->origin = NULL;
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
	follow_fill_source(&w);
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
