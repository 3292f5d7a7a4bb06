/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_consult: a service is asked who may come in, while the exchange waits
 * without a worker. Its wire is that of the attempt which comes later. */

#include "serve/steps.h"

#include <poll.h>

#include "base/clock.h"
#include "serve/intake.h"

enum { STEP_CONSULT_GATE_MS = 20 }; /* so often the gate is tried again */

/* 1 begun; 0: too many connects are under way; -1 and e. */
static int
step_consult_connect(struct exchange *x, struct consult *c,
    const struct exchange_loan *loan, struct err *e)
{
	const struct h1_limits limits = {
		.head_max = (size_t)x->settings->max_response_head };
	const struct h1_request request = consult_request(c);
	struct relay *relay = &x->process->relay;
	struct wire *w = NULL;
	int64_t left = c->until - clock_ms();
	bool reused;
	int got = 0;

	if (!c->fresh_only)
		w = relay_take(relay, &c->target, false);
	reused = w != NULL;
	if (!reused && !gate_enter(&relay->gate, c->target.key))
		return 0;
	if (!reused) {
		loan->held(loan->arg, true);
		got = wire_open(relay->maker, &c->target, left > 1 ? left : 1,
		    &w, e);
		loan->held(loan->arg, false);
		gate_leave(&relay->gate, c->target.key);
	}
	if (got == -1)
		return -1;
	c->stage = CONSULT_SEND;
	return transfer_begin(&x->transfer, &w, reused, &request, limits,
	    e) == 0 ? 1 : -1;
}

/* 1: the answer is whole; 0: would wait; -1 and e. */
static int
step_consult_talk(struct exchange *x, struct consult *c,
    const struct exchange_loan *loan, struct err *e)
{
	int got = 1;

	if (c->stage == CONSULT_CONNECT)
		got = step_consult_connect(x, c, loan, e);
	if (got == 1 && c->stage == CONSULT_SEND) {
		got = transfer_flush(&x->transfer, e);
		if (got == 1)
			c->stage = CONSULT_READ_HEAD;
	}
	if (got == 1 && c->stage == CONSULT_READ_HEAD) {
		got = transfer_read_head(&x->transfer, loan->scratch,
		    loan->room, &x->arena, &c->answer, e);
		if (got == 1)
			c->stage = CONSULT_READ_BODY;
	}
	/* It ends: consult_take takes so much, and no more. */
	while (got == 1 && c->stage == CONSULT_READ_BODY)
		got = transfer_read_body(&x->transfer, loan->scratch,
		    loan->room, consult_take, c, e);
	if (c->enough)
		return 1;
	return got == 2 ? 1 : got;
}

/* A kept connection was closed just then. */
static bool
step_consult_again(struct exchange *x, struct consult *c,
    const struct err *e)
{
	if (x->transfer.wire == NULL || !relay_may_repeat(&x->transfer,
	    e->reason, STR("GET"), true))
		return false;
	transfer_end(&x->transfer, false, NULL);
	c->fresh_only = true;
	c->stage = CONSULT_CONNECT;
	return true;
}

static int
step_consult_wait(struct exchange *x, const struct consult *c)
{
	short wire = c->stage == CONSULT_SEND ? POLLIN | POLLOUT : POLLIN;

	x->limit = c->until;
	if (c->stage != CONSULT_CONNECT)
		return wire == POLLIN ? step_wait_origin(x) :
		    step_wait(x, 0, wire);
	step_wait(x, 0, 0);
	if (x->wait.until > clock_ms() + STEP_CONSULT_GATE_MS)
		x->wait.until = clock_ms() + STEP_CONSULT_GATE_MS;
	return STEP_WAIT;
}

/* What it came to. */
static int
step_consulted(struct exchange *x, int got, struct err *e)
{
	struct consult *c = x->consult;
	struct auth_answer answer = { .reply = NULL };

	transfer_end(&x->transfer, got == 1 && !c->enough,
	    x->process->relay.pool);
	if (got == 1)
		got = consult_judge(c, &answer, e);
	else
		consult_failed(c, e);
	auth_told(&x->auth, got, &answer, e);
	x->consult = NULL;
	x->limit = INT64_MAX;
	return STEP_NEXT;
}

/* NULL: the section was told that it cannot be asked, or what it said when it
 * was asked the same before. */
static struct consult *
step_consult_begin(struct exchange *x)
{
	struct auth_answer answer = { .reply = NULL };
	struct consult *c = arena_alloc(&x->arena, sizeof(*c));
	struct err e;
	int got = -1;

	if (c == NULL)
		err_set(&e, REASON_OVERLOADED, "no room to ask for auth");
	else
		got = consult_begin(c, x->auth.section, x->settings,
		    &x->request, store_meta(snapshot_store(x->map))->headers,
		    &x->arena, &e);
	if (got == 0 && !consult_recall(c, auth_keeps(&x->auth), &answer))
		return c;
	auth_told(&x->auth, got == 0 ? AUTH_YES : -1, &answer, &e);
	return NULL;
}

int
step_consult(struct exchange *x, const struct exchange_loan *loan)
{
	struct consult *c = x->consult;
	struct err e = { .reason = REASON_NONE };
	int got;

	if (c == NULL) {
		c = step_consult_begin(x);
		if (c == NULL)
			return STEP_NEXT;
		if (!step_spend(x))
			return step_fail(x);
		x->consult = c;
	}
	x->limit = c->until;
	do {
		got = step_consult_talk(x, c, loan, &e);
	} while (got == -1 && step_consult_again(x, c, &e));
	if (got != 0)
		return step_consulted(x, got, &e);
	if (step_front_gone(x))
		return step_fail(x);
	if (!step_is_late(x))
		return step_consult_wait(x, c);
	err_set(&e, REASON_AUTH_UNAVAILABLE, "%.*s: no answer in time",
	    STR_ARG(c->target.name));
	return step_consulted(x, -1, &e);
}
