/* SPDX-License-Identifier: BSD-2-Clause */

/* follow_target: what a target names: a service, its origins, a version. */

#include "decide/follow_private.h"

#include "base/buf.h"

enum { FOLLOW_TEXT_MAX = 4096 };

/* The pattern, filled in; the arena's or the pattern's own text. */
static int
follow_fill(struct follow_walk *w, const struct pattern *p,
    const struct pattern_source *s, struct str *text, struct err *e)
{
	struct buf filled;
	int got = 0;

	if (p->count == 1 && pattern_is_fixed(p)) {
		*text = p->parts[0].text;
		return 0;
	}
	buf_init(&filled, FOLLOW_TEXT_MAX);
	got = pattern_fill(p, s, &filled, e);
	if (got == 0) {
		*text = arena_copy(w->arena, buf_view(&filled));
		if (text->p == NULL)
			got = follow_full(e);
	}
	buf_fini(&filled);
	return got;
}

/*
 * Its tags and plan are the route's: of the service nothing is known before
 * its name is. 0, or -1 and e.
 */
static int
follow_fill_early(struct follow_walk *w, const struct pattern *p,
    struct str *text, struct err *e)
{
	struct pattern_source source = w->out->source;
	struct policy policy;

	if (pattern_is_fixed(p))
		return follow_fill(w, p, &source, text, e);
	policy = w->out->policy;
	if (policy_merge(&policy, w->out->found.route, NULL, w->arena,
	    e) == -1)
		return -1;
	source.policy = &policy;
	return follow_fill(w, p, &source, text, e);
}

/*
 * A name that is made of variables is looked up in a namespace, always: with
 * none it would be one of the platform's own. 1; 0: it is no name, and e says
 * no-service; -1 and e.
 */
static int
follow_name(struct follow_walk *w, const struct service_ref *ref,
    struct str *space, struct str *name, struct err *e)
{
	*space = ref->scope == SERVICE_SPACE ? ref->space : w->ask->space;
	if (follow_fill_early(w, &ref->name, name, e) == -1)
		return e->reason == REASON_NO_SERVICE ? 0 : -1;
	if (ref->scope == SERVICE_OWN && pattern_is_fixed(&ref->name)) {
		*space = STR("");
		return 1;
	}
	if (ref->scope == SERVICE_OWN || !str_is_name(*space) ||
	    !str_is_name(*name)) {
		err_set(e, REASON_NO_SERVICE,
		    "'%.*s' is no service's name in '%.*s'", STR_ARG(*name),
		    STR_ARG(*space));
		return 0;
	}
	return 1;
}

/* "@name", "@space/name"; {NULL, 0}: no room. */
static struct str
follow_service_key(struct follow_walk *w, struct str space, struct str name)
{
	return ARENA_JOIN(w->arena, STR("@"), space,
	    space.n > 0 ? STR("/") : STR(""), name);
}

int
follow_version(struct follow_walk *w, const struct route_target *t,
    struct str *version, struct err *e)
{
	struct str space, name;
	int got;

	switch (t->kind) {
	case TARGET_SERVICE:
		got = follow_name(w, &t->service, &space, &name, e);
		if (got != 1)
			return got;
		*version = follow_service_key(w, space, name);
		if (version->p == NULL)
			return follow_full(e);
		*version = str_sub(*version, 1, version->n);
		return 1;
	case TARGET_ORIGIN:
		if (follow_fill_early(w, &t->origin.host, version, e) == 0)
			return version->n > 0;
		return e->reason == REASON_NO_SERVICE ? 0 : -1;
	case TARGET_ALIAS:
		*version = t->alias;
		return 1;
	default:
		return 0;
	}
}

/* The service of that name. As follow_request. */
static int
follow_find_service(struct follow_walk *w, struct str space, struct str name)
{
	struct follow *out = w->out;
	struct service *found = arena_alloc(w->arena, sizeof(*found));
	int got;

	out->service_key = follow_service_key(w, space, name);
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

/* As follow_request. */
static int
follow_service(struct follow_walk *w)
{
	struct str space, name;
	int got = follow_name(w, &w->out->target->service, &space, &name,
	    w->e);

	return got == 1 ? follow_find_service(w, space, name) : got;
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

int
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
	    &out->source.version, w->e);
}

static void
follow_balance(struct follow_walk *w)
{
	const struct service *s = w->out->service;

	if (s->origin_count > 1 && words_say(s->own, DIRECTIVE_BALANCE) &&
	    s->own->balance == BALANCE_HASH)
		follow_key(w, &s->own->balance_by, &w->out->balance_key);
}

int
follow_target(struct follow_walk *w)
{
	struct follow *out = w->out;
	int got;

	if (out->target->kind == TARGET_ORIGIN)
		out->origin = &out->target->origin;
	if (out->target->kind != TARGET_SERVICE)
		return 1;
	got = follow_service(w);
	if (got != 1)
		return got;
	out->origin = follow_choose_origin(out->service);
	follow_balance(w);
	return 1;
}
