/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_auth: nothing of a request goes further before all say yes that its
 * route names. */

#include "serve/steps.h"

#include "base/clock.h"

enum {
	STEP_BUSY_MS = 50,       /* then a busy section is asked again */
	STEP_BUSY_MOST = 10000   /* and so long in all */
};

/* The files are read, at the latest, now: of one request that needs none of
 * them they would be read in vain. 0, or -1 and x->err. */
static int
step_begin_auth(struct exchange *x, const struct exchange_loan *loan)
{
	if (x->auth_set == NULL) {
		x->auth_set = process_auth(x->process, &x->err);
		if (x->auth_set == NULL)
			return -1;
		x->auth_us = step_time(x);
		auth_begin(&x->auth, x->auth_set, &x->follow.policy,
		    &x->request, &x->arena);
	}
	x->auth.ask.held = loan->held;
	x->auth.ask.held_arg = loan->arg;
	return 0;
}

static int
step_wait_busy(struct exchange *x)
{
	int64_t soon = clock_ms() + STEP_BUSY_MS;

	if (step_is_late(x)) {
		err_set(&x->err, REASON_OVERLOADED,
		    "too many passwords are computed just now");
		return step_fail(x);
	}
	step_bound(x, STEP_BUSY_MOST);
	step_wait(x, 0, 0);
	if (x->wait.until > soon)
		x->wait.until = soon;
	return STEP_WAIT;
}

/* Who may come in learns whether there is such a service. */
static int
step_let_in(struct exchange *x)
{
	return x->err.reason == REASON_NONE ? STEP_NEXT : step_fail(x);
}

static int
step_ask_who(struct exchange *x, const struct exchange_loan *loan)
{
	bool again;
	int got;

	if (step_begin_auth(x, loan) == -1)
		return step_fail(x);
	got = auth_go(&x->auth, &x->err);
	while (got == AUTH_CONSULT) {
		int to = step_consult(x, loan);

		if (to != STEP_NEXT)
			return to;
		got = auth_go(&x->auth, &x->err);
	}
	if (got == AUTH_BUSY)
		return step_wait_busy(x);
	if (got != AUTH_YES)
		return step_fail(x);
	again = x->err.reason == REASON_NO_SERVICE &&
	    x->follow.source.claims == NULL && follow_asks_who(&x->follow);
	x->follow.source.claims = x->auth.yes.claims;
	x->follow.source.claim_count = x->auth.yes.claim_count;
	if (!again)
		return step_let_in(x);
	if (step_find_by_claims(x, loan) != STEP_NEXT)
		return STEP_REPLY;
	return step_ask_who(x, loan); /* what the service asks, too */
}

int
step_authenticate(struct exchange *x, const struct exchange_loan *loan)
{
	int to;

	if (x->follow.policy.auth_count == 0)
		return step_let_in(x);
	to = step_ask_who(x, loan);
	if (x->timed && to != STEP_WAIT && x->auth_set != NULL)
		x->record.auth_us = step_time(x) - x->auth_us;
	return to;
}
