/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_route: finds the route of a request, who may take it, and where it
 * leads. */

#include "serve/steps.h"

#include "decide/admit.h"
#include "decide/rules.h"
#include "serve/internal.h"
#include "serve/pages.h"

/* The map is confirmed once, after all that was asked of it. */
static int
step_follow(struct exchange *x, unsigned slot)
{
	struct exchange_map m;
	int got;

	exchange_ask_map(x, slot, &m);
	got = follow_request(&m.ask, &x->arena, NULL, &x->follow, &x->err);
	x->record.generation = m.map.meta->generation;
	if (snapshot_confirm(x->map, &x->err) == -1)
		return -1;
	return got;
}

int
step_find_route(struct exchange *x, const struct exchange_loan *loan)
{
	int64_t before = step_time(x);
	int got;

	x->map = snapshot_take(x->process->snapshot, &x->err);
	if (x->map == NULL)
		return step_fail(x);
	got = step_follow(x, loan->slot);
	x->record.lookup_us = step_time(x) - before;
	/* Who may not come in does not learn which services there are: the
	 * doors of the route stand before one that is missing, too. */
	if (got == 0 && x->err.reason == REASON_NO_SERVICE)
		return STEP_NEXT;
	return got == 1 ? STEP_NEXT : step_fail(x);
}

/* ---- who may, and how much ---- */

static int64_t
step_tightest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A list may say more milliseconds than there are: that is no limit. */
static int64_t
step_later(int64_t from, int64_t ms)
{
	return ms < INT64_MAX - from ? from + ms : INT64_MAX;
}

static void
step_tighten(struct exchange *x)
{
	const struct settings *s = x->settings;
	const struct policy *p = &x->follow.policy;

	x->limits.connect = step_tightest(s->connect_timeout,
	    p->connect_timeout);
	x->limits.response = step_tightest(s->response_timeout, p->timeout);
	x->limits.idle = step_tightest(s->idle_timeout, p->idle_timeout);
	x->limits.body = s->max_body < p->max_body ? s->max_body : p->max_body;
	x->total_limit = step_tightest(x->total_limit,
	    step_later(x->since_us / 1000, p->total));
}

int
step_admit(struct exchange *x, const struct exchange_loan *loan)
{
	const struct settings_ranges *inside = &x->settings->internal_allow;
	struct exchange_plan *route = &x->plans[EXCHANGE_PLAN_ROUTE];

	(void)loan;
	if (admit_address(&x->follow, &x->request, inside->list,
	    inside->count, &x->err) == -1)
		return step_fail(x);
	if (plan_of_route(&x->follow.policy, x->settings, &route->says))
		process_tell_plan(x->process, x->follow.policy.plan_said);
	step_tighten(x);
	return STEP_NEXT;
}

/* As step_tighten; what narrowed them meanwhile holds. */
static void
step_tighten_again(struct exchange *x)
{
	const struct exchange_limits was = x->limits;
	struct exchange_limits *now = &x->limits;

	step_tighten(x);
	now->connect = step_tightest(now->connect, was.connect);
	now->response = step_tightest(now->response, was.response);
	now->idle = step_tightest(now->idle, was.idle);
	now->body = now->body < was.body ? now->body : was.body;
}

/* Its service has doors of its own, and perhaps a plan, in addition to the one
 * that was counted by. */
int
step_find_by_claims(struct exchange *x, const struct exchange_loan *loan)
{
	const struct settings_ranges *inside = &x->settings->internal_allow;
	struct str plan = x->follow.policy.plan;
	struct str said = x->follow.policy.plan_said;
	int got;

	x->err.reason = REASON_NONE;
	got = step_follow(x, loan->slot);
	if (said.n == 0)
		x->late_plan = x->follow.policy.plan_said;
	x->follow.policy.plan = plan;
	x->follow.policy.plan_said = said;
	if (got != 1 || admit_address(&x->follow, &x->request, inside->list,
	    inside->count, &x->err) == -1)
		return step_fail(x);
	step_tighten_again(x);
	return STEP_NEXT;
}

/* ---- where it leads ---- */

static uint32_t
step_retry_after(const struct route *r)
{
	if (words_say(r->own, DIRECTIVE_RETRY_AFTER))
		return r->own->retry_after;
	return words_say(r->defaults, DIRECTIVE_RETRY_AFTER) ?
	    r->defaults->retry_after : 0;
}

static int
step_redirect(struct exchange *x)
{
	const struct route_target *t = x->follow.target;
	struct str location;

	if (target_redirect(&t->url, &x->follow.source, &x->arena, &location,
	    &x->err) == -1)
		return -1;
	if (pages_redirect(&x->reply, t->code, location, &x->arena) == 0)
		return 0;
	return err_set(&x->err, REASON_OVERLOADED, "no room for an answer");
}

static int
step_respond(struct exchange *x)
{
	if (pages_respond(&x->reply, x->follow.target,
	    step_retry_after(x->follow.found.route), &x->request,
	    &x->process->pages, &x->arena) == 0)
		return 0;
	return err_set(&x->err, REASON_OVERLOADED, "no room for an answer");
}

static int
step_answer_ourselves(struct exchange *x, unsigned slot)
{
	const struct route_target *t = x->follow.target;
	int got;

	if (t->kind == TARGET_REDIRECT)
		got = step_redirect(x);
	else if (t->kind == TARGET_RESPOND)
		got = step_respond(x);
	else if (t->kind == TARGET_INTERNAL)
		got = internal_answer(x, t->internal, slot);
	else
		got = err_set(&x->err, REASON_MAP_BROKEN,
		    "a route without a target");
	if (got == 0 && step_tell_limits(x, &x->reply.fields) == -1)
		got = err_set(&x->err, REASON_OVERLOADED,
		    "no room for an answer");
	if (got == 0)
		got = rules_apply(&x->follow.source, HEADER_RESPONSE,
		    &x->reply.fields, &x->err);
	return got == 0 ? STEP_REPLY : step_fail(x);
}

int
step_choose_target(struct exchange *x, const struct exchange_loan *loan)
{
	if (x->follow.origin == NULL)
		return step_answer_ourselves(x, loan->slot);
	return admit_origin(&x->follow, x->settings, &x->err) == 0 ? STEP_NEXT :
	    step_fail(x);
}
