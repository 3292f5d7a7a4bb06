/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_limit: what plans allow: that of the route before it is known who asks,
 * so that a flood costs as little as can be; then that of who asks. */

#include "serve/steps.h"

#include "base/clock.h"
#include "base/msg.h"

enum {
	STEP_SECOND = 1000000,       /* us */
	STEP_PACE_PARTS = 10,        /* of a second's bytes, but */
	STEP_PACE_LEAST = 8 * 1024,  /* what can be read at once, */
	STEP_PACE_MOST = 64 * 1024   /* and no more */
};

/* It is over a limit: 0 where that is only counted, or -1 and x->err. */
static int
step_over_limit(struct exchange *x, struct exchange_plan *p,
    enum limit_what what, int64_t now_us)
{
	const char *name = p->says->name;
	struct err e;

	limit_refused(x->process->limit, str_of(name), p->key.text, what,
	    now_us);
	err_set(&e, limit_reason(what),
	    "the plan '%s' allows %.*s no more just now%s", name,
	    STR_ARG(p->key.text), p->says->dry_run ? " (dry_run)" : "");
	if (!p->says->dry_run) {
		x->err = e;
		return -1;
	}
	msg_info("%.*s: %s: %s", STR_ARG(x->request.id),
	    reason_word(e.reason), e.text);
	if (x->record.limit == REASON_NONE)
		x->record.limit = e.reason;
	return 0;
}

/* One request more by that plan. 0, or -1 and x->err. */
static int
step_count(struct exchange *x, struct exchange_plan *p, struct str identity)
{
	const struct exchange_plan *route = &x->plans[EXCHANGE_PLAN_ROUTE];
	struct limit *l = x->process->limit;
	int64_t now_us = clock_us();

	plan_key(p->says, &x->follow, &x->request, identity, &p->key);
	p->id = limit_id(l, str_of(p->says->name), p->key.counted);
	if (p != route && p->says == route->says && p->id == route->id)
		return 0; /* it was counted */
	if (p->says->rate.count > 0) {
		const struct limit_rate rate = plan_rate(p->says);

		p->told = !p->says->dry_run;
		if (!limit_take(l, p->id, &rate, now_us, &p->view) &&
		    step_over_limit(x, p, LIMIT_RATE, now_us) == -1)
			return -1;
	}
	if (p->says->concurrency > 0 && !limit_enter(l, p->id,
	    (unsigned)p->says->concurrency, &p->inside))
		return step_over_limit(x, p, LIMIT_INSIDE, now_us);
	return 0;
}

int
step_limit(struct exchange *x, const struct exchange_loan *loan)
{
	struct exchange_plan *p = &x->plans[EXCHANGE_PLAN_ROUTE];

	(void)loan;
	if (p->says == NULL)
		return STEP_NEXT;
	x->record.plan = str_of(p->says->name);
	return step_count(x, p, STR("")) == 0 ? STEP_NEXT : step_fail(x);
}

/* ---- who asks is known ---- */

/* The plan of that name; where router.ini has none, the default one. */
static void
step_find_plan(struct exchange *x, struct exchange_plan *p, struct str name)
{
	struct policy said = { .plan = name };

	if (plan_of_route(&said, x->settings, &p->says))
		process_tell_plan(x->process, name);
	if (p->says == NULL)
		return;
	x->follow.policy.plan = str_of(p->says->name);
	x->record.plan = x->follow.policy.plan;
}

/* The plan that authentication names, else that of a service which nobody
 * could find before. A route's that counts by identity could not do so. */
static void
step_find_plan_of_identity(struct exchange *x, struct exchange_plan *p)
{
	const struct settings_plan *route =
	    x->plans[EXCHANGE_PLAN_ROUTE].says;

	if (x->auth.yes.plan.n > 0)
		step_find_plan(x, p, x->auth.yes.plan);
	else if (x->late_plan.n > 0)
		step_find_plan(x, p, x->late_plan);
	else if (route != NULL && x->auth.yes.identity.n > 0 &&
	    plan_counts_identity(route))
		p->says = route;
}

/* What the plan in force allows this request alone. */
static void
step_use_plan(struct exchange *x, const struct settings_plan *plan)
{
	if (plan->dry_run)
		return;
	if (plan->max_body < x->limits.body)
		x->limits.body = plan->max_body;
}

int
step_limit_identity(struct exchange *x, const struct exchange_loan *loan)
{
	struct exchange_plan *p = &x->plans[EXCHANGE_PLAN_IDENTITY];
	const struct settings_plan *plan;

	(void)loan;
	if (x->auth_set != NULL)
		step_find_plan_of_identity(x, p);
	if (p->says != NULL && step_count(x, p, x->auth.yes.identity) == -1)
		return step_fail(x);
	plan = exchange_plan(x);
	if (plan != NULL)
		step_use_plan(x, plan);
	return STEP_NEXT;
}

/* ---- what it uses up ---- */

void
step_begin_origin_time(struct exchange *x)
{
	const struct settings_plan *plan = exchange_plan(x);

	if (plan == NULL || plan->origin_time == 0)
		return;
	x->plan_limit = clock_ms() + plan->origin_time;
	if (!plan->dry_run && x->plan_limit < x->total_limit)
		x->total_limit = x->plan_limit;
}

void
step_end_origin_time(struct exchange *x)
{
	if (x->plan_limit != INT64_MAX && clock_ms() < x->plan_limit)
		x->plan_limit = INT64_MAX;
}

bool
step_may_spend(const struct exchange *x)
{
	const struct settings_plan *plan = exchange_plan(x);

	return plan == NULL || plan->subrequests == 0 || plan->dry_run ||
	    x->subrequests < plan->subrequests;
}

bool
step_spend(struct exchange *x)
{
	if (!step_may_spend(x)) {
		err_set(&x->err, REASON_LIMIT_SUBREQUESTS,
		    "the plan '%s' allows no more than %u subrequests",
		    exchange_plan(x)->name, x->subrequests);
		return false;
	}
	x->subrequests++;
	return true;
}

/* What a plan that only counts would have refused it for. */
static enum reason
step_dry_run(const struct exchange *x, const struct settings_plan *plan)
{
	if (x->record.received > plan->max_body)
		return REASON_BODY_TOO_LARGE;
	if (plan->subrequests > 0 && x->subrequests > plan->subrequests)
		return REASON_LIMIT_SUBREQUESTS;
	return x->plan_limit != INT64_MAX ? REASON_LIMIT_TIME : REASON_NONE;
}

void
step_note_refusal(struct exchange *x)
{
	const struct exchange_plan *p = exchange_in_force(x);
	enum reason over = x->record.reason;
	int what;

	if (p->says == NULL || x->record.limit != REASON_NONE)
		return;
	if (p->says->dry_run)
		over = x->record.limit = step_dry_run(x, p->says);
	else if (over == REASON_BODY_TOO_LARGE &&
	    x->limits.body < p->says->max_body)
		return; /* the route's or router.ini's limit */
	for (what = LIMIT_TIME; what < LIMIT_WHAT_COUNT; what++)
		if (over == limit_reason((enum limit_what)what))
			limit_refused(x->process->limit,
			    str_of(p->says->name), p->key.text,
			    (enum limit_what)what, clock_us());
}

void
step_blame_plan(struct exchange *x)
{
	const struct settings_plan *plan = exchange_plan(x);

	if ((x->err.reason != REASON_ORIGIN_TIMEOUT &&
	    x->err.reason != REASON_ORIGIN_CONNECT_TIMEOUT) ||
	    plan == NULL || plan->dry_run ||
	    x->plan_limit > x->total_limit || clock_ms() < x->plan_limit)
		return;
	err_set(&x->err, REASON_LIMIT_TIME,
	    "%.*s: the origin_time of the plan '%s' is over",
	    STR_ARG(x->target.name), plan->name);
}

/* ---- bandwidth ---- */

size_t
step_pace_room(const struct exchange *x)
{
	const struct settings_plan *plan = exchange_plan(x);

	if (plan == NULL || plan->bandwidth == 0 || plan->dry_run)
		return SIZE_MAX;
	return plan->bandwidth / STEP_PACE_PARTS > STEP_PACE_MOST ?
	    STEP_PACE_MOST : plan->bandwidth / STEP_PACE_PARTS <
	    STEP_PACE_LEAST ? STEP_PACE_LEAST :
	    (size_t)(plan->bandwidth / STEP_PACE_PARTS);
}

void
step_pace(struct exchange *x, uint64_t n)
{
	const struct exchange_plan *p = exchange_in_force(x);
	struct limit_rate rate;
	int64_t wait_us;

	if (n == 0 || step_pace_room(x) == SIZE_MAX)
		return;
	rate = (struct limit_rate){ .count = p->says->bandwidth,
		.burst = step_pace_room(x), .per_us = STEP_SECOND };
	wait_us = limit_pay(x->process->limit, p->id, &rate, n, clock_us());
	x->paced_until = wait_us > 0 ? clock_ms() + wait_us / 1000 : 0;
}

bool
step_is_paced(struct exchange *x)
{
	if (x->paced_until != 0 && clock_ms() >= x->paced_until)
		x->paced_until = 0;
	return x->paced_until != 0;
}

/* ---- what the client is told ---- */

/* Of two plans the one that will run into its end first. */
static const struct exchange_plan *
step_told_plan(const struct exchange *x)
{
	const struct exchange_plan *told = NULL;
	size_t i;

	for (i = 0; i < EXCHANGE_PLANS; i++) {
		const struct exchange_plan *p = &x->plans[i];

		if (p->told && (told == NULL ||
		    p->view.remaining <= told->view.remaining))
			told = p;
	}
	return told;
}

/* When all its plans grant another request. */
static uint64_t
step_retry_s(const struct exchange *x)
{
	uint64_t most = 1;
	size_t i;

	for (i = 0; i < EXCHANGE_PLANS; i++) {
		const struct exchange_plan *p = &x->plans[i];

		if (p->told && plan_retry_s(&p->view) > most)
			most = plan_retry_s(&p->view);
	}
	return most;
}

int
step_tell_limits(const struct exchange *x, struct header *fields)
{
	const struct exchange_plan *told;
	enum reason reason = x->err.reason;
	struct str after;

	if (exchange_plan(x) == NULL)
		return 0;
	told = step_told_plan(x);
	if (told != NULL && plan_fields(told->says, &told->view, fields) == -1)
		return -1;
	if (reason != REASON_LIMIT_RATE && reason != REASON_LIMIT_CONCURRENCY)
		return 0;
	after = arena_printf(fields->arena, "%llu",
	    (unsigned long long)step_retry_s(x));
	return after.p == NULL ? -1 :
	    header_add(fields, STR("Retry-After"), after);
}
