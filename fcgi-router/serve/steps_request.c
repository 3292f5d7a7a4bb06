/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_request: reads a request, finds its route and where that leads. */

#include "serve/steps.h"

#include <poll.h>

#include "base/clock.h"
#include "base/msg.h"
#include "decide/fields.h"
#include "decide/rules.h"
#include "serve/intake.h"
#include "serve/pages.h"
#include "serve/request_id.h"

static void
step_begin(struct exchange *x)
{
	x->since_us = clock_us();
	x->record.start = clock_wall();
	x->settings = process_settings(x->process);
	atomic_fetch_add(&x->process->exchanges, 1);
	if (x->settings->total > 0)
		x->total_limit = x->since_us / 1000 + x->settings->total;
}

int
step_read_request(struct exchange *x, const struct exchange_loan *loan)
{
	int got = x->intake->take(x, loan, &x->err);

	if (got == 0)
		return STEP_WAIT;
	if (got == -1) {
		if (x->err.reason != REASON_NONE)
			msg_info("closed a connection: %s", x->err.text);
		exchange_reset(x);
		return STEP_OVER;
	}
	step_begin(x);
	got = request_from_cgi(x->variables, &x->arena, &x->request, &x->err);
	request_id_new(x->id);
	x->request.id = str_of(x->id);
	x->front_spools = x->intake->writes_first || (x->process->on_stdin &&
	    str_starts(x->request.server, STR("Apache")));
	x->front_stops = str_starts(x->request.server, STR("nginx"));
	if (!x->front_spools && atomic_load(&x->process->alone))
		atomic_store(&x->process->alone, false);
	return got == 0 ? STEP_NEXT : step_fail(x);
}

static bool
step_spools(const struct exchange *x)
{
	return x->settings->spool == SETTINGS_SPOOL_YES || (x->front_spools &&
	    x->settings->spool == SETTINGS_SPOOL_AUTO);
}

int
step_take_body(struct exchange *x, const struct exchange_loan *loan)
{
	uint64_t came = x->body.came;
	int got;

	(void)loan;
	if (x->body.came == 0 && body_begin(&x->body, &x->request,
	    x->settings->max_body, (size_t)x->settings->body_buffer,
	    &x->err) == -1)
		return step_fail(x);
	got = body_look(&x->body, x->intake->read, x, &x->err);
	if (got == 1 && step_spools(x))
		got = body_spool(&x->body, x->intake->read, x,
		    x->settings->spool_dir, &x->err);
	if (got == 1)
		return STEP_NEXT;
	if (x->body.came > came)
		x->limit = INT64_MAX;
	if (got == 0 && step_is_late(x))
		got = err_set(&x->err, REASON_BODY_TIMEOUT,
		    "the request body stalled");
	if (got == -1)
		return step_fail(x);
	step_bound(x, x->settings->body_timeout);
	return step_wait(x, POLLIN, 0);
}

/* ---- the route ---- */

struct step_store {
	struct store *store;
	unsigned slot;
};

static int
step_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	struct step_store *s = arg;

	return store_get(s->store, s->slot, key, a, value, e);
}

static int
step_look_up(struct exchange *x, struct snapshot_map *m, unsigned slot)
{
	struct step_store from = { snapshot_store(m), slot };
	struct lookup_map map = { step_get, &from,
		store_meta(from.store) };
	int got = lookup_route(&map, &x->request.host, x->request.path.text,
	    &x->arena, NULL, &x->found, &x->err);

	x->record.generation = map.meta->generation;
	if (snapshot_confirm(m, &x->err) == -1)
		return -1;
	return got;
}

int
step_find_route(struct exchange *x, const struct exchange_loan *loan)
{
	struct snapshot_map *m;
	int64_t before = clock_us();
	int got;

	m = snapshot_take(x->process->snapshot, &x->err);
	if (m == NULL)
		return step_fail(x);
	got = step_look_up(x, m, loan->slot);
	snapshot_give(x->process->snapshot, &m);
	x->record.lookup_us = clock_us() - before;
	if (got == 0)
		err_set(&x->err, x->found.reason, "no route for %.*s%.*s",
		    STR_ARG(host_text(&x->request.host)),
		    STR_ARG(x->request.path.text));
	if (got != 1)
		return step_fail(x);
	x->source = (struct pattern_source){ .request = &x->request,
		.route = x->found.route,
		.host = host_text(&x->request.host),
		.captures = x->found.captures,
		.rest = x->found.rest };
	return STEP_NEXT;
}

static int
step_answer_ourselves(struct exchange *x)
{
	const struct route *r = x->found.route;
	struct str location;
	int got;

	if (r->target == TARGET_REDIRECT) {
		if (target_redirect(&x->source, &x->arena, &location,
		    &x->err) == -1)
			return step_fail(x);
		got = pages_redirect(&x->reply, r->code, location, &x->arena);
	} else {
		got = pages_respond(&x->reply, r, &x->arena);
	}
	if (got == 0)
		got = rules_apply(&x->source, HEADER_RESPONSE,
		    &x->reply.fields, &x->err);
	else
		err_set(&x->err, REASON_OVERLOADED, "no room for an answer");
	return got == 0 ? STEP_REPLY : step_fail(x);
}

int
step_choose_target(struct exchange *x, const struct exchange_loan *loan)
{
	const struct fields_to_origin in = { .request = &x->request,
		.target = &x->target,
		.forwarded = x->settings->forwarded,
		.max_hops = (int)x->settings->max_hops };

	(void)loan;
	if (x->found.route->target != TARGET_ORIGIN)
		return step_answer_ourselves(x);
	if (target_origin(&x->source, x->settings->host_preserve ==
	    SETTINGS_HOST_PRESERVE, &x->arena, &x->target, &x->err) == -1 ||
	    fields_to_origin(&in, &x->arena, &x->to_origin, &x->err) == -1 ||
	    rules_apply(&x->source, HEADER_REQUEST, &x->to_origin,
	        &x->err) == -1)
		return step_fail(x);
	return STEP_NEXT;
}
