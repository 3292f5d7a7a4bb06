/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_limit: what a plan allows: before it is known who asks, so that a flood
 * costs as little as can be. */

#include "serve/steps.h"

#include "base/clock.h"
#include "base/msg.h"

static const enum reason step_limits[LIMIT_WHAT_COUNT] = {
	[LIMIT_RATE] = REASON_LIMIT_RATE,
	[LIMIT_INSIDE] = REASON_LIMIT_CONCURRENCY,
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
	err_set(&e, step_limits[what],
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
step_count(struct exchange *x, struct exchange_plan *p)
{
	struct limit *l = x->process->limit;
	int64_t now_us = clock_us();
	uint64_t id;

	plan_key(p->says, &x->follow, &x->request, &p->key);
	id = limit_id(l, str_of(p->says->name), p->key.text);
	if (p->says->rate.count > 0) {
		const struct limit_rate rate = plan_rate(p->says);

		p->told = !p->says->dry_run;
		if (!limit_take(l, id, &rate, now_us, &p->view) &&
		    step_over_limit(x, p, LIMIT_RATE, now_us) == -1)
			return -1;
	}
	if (p->says->concurrency > 0 && !limit_enter(l, id,
	    (unsigned)p->says->concurrency, &p->inside))
		return step_over_limit(x, p, LIMIT_INSIDE, now_us);
	return 0;
}

int
step_limit(struct exchange *x, const struct exchange_loan *loan)
{
	struct exchange_plan *p = &x->plan;

	(void)loan;
	if (p->says == NULL)
		return STEP_NEXT;
	x->record.plan = str_of(p->says->name);
	return step_count(x, p) == 0 ? STEP_NEXT : step_fail(x);
}

/* ---- what the client is told ---- */

int
step_tell_limits(const struct exchange *x, struct header *fields)
{
	const struct exchange_plan *p = &x->plan;
	enum reason reason = x->err.reason;
	struct str after;

	if (p->says == NULL)
		return 0;
	if (p->told && plan_fields(p->says, &p->view, fields) == -1)
		return -1;
	if (reason != REASON_LIMIT_RATE && reason != REASON_LIMIT_CONCURRENCY)
		return 0;
	after = arena_printf(fields->arena, "%llu",
	    reason == REASON_LIMIT_CONCURRENCY ? 1ull :
	    (unsigned long long)plan_retry_s(&p->view));
	return after.p == NULL ? -1 :
	    header_add(fields, STR("Retry-After"), after);
}
