/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_origin: one attempt, or two: a connection, the request out, the
 * answer's head in. */

#include "serve/steps.h"

#include <poll.h>

#include "base/clock.h"
#include "serve/intake.h"

enum {
	STEP_LOOK = 65536, /* so often an early answer is looked for */
	STEP_GATE_MS = 20, /* so often the gate is tried again */
	STEP_REFUSES = 300 /* statuses from here on end an upload */
};

/* A POST without a body says so (RFC 9110 8.6), a GET says nothing. */
static bool
step_says_length(struct str method)
{
	return str_eq(method, STR("POST")) || str_eq(method, STR("PUT")) ||
	    str_eq(method, STR("PATCH"));
}

static void
step_h1_request(const struct exchange *x, struct h1_request *out)
{
	*out = (struct h1_request){ .method = x->request.method,
		.target = x->target.path,
		.host = x->target.host_field,
		.fields = &x->to_origin,
		.body = H1_BODY_NONE,
		.length = x->body.promised };
	if (x->body.kind == REQUEST_BODY_LENGTH ||
	    (x->body.kind == REQUEST_BODY_NONE &&
	        step_says_length(x->request.method)))
		out->body = H1_BODY_LENGTH;
	else if (x->body.kind == REQUEST_BODY_UNKNOWN)
		out->body = H1_BODY_CHUNKED;
}

/* Opens a wire, holding the worker. The gate was entered. */
static int
step_open_wire(struct exchange *x, const struct exchange_loan *loan,
    struct wire **w)
{
	struct relay *relay = &x->process->relay;
	int64_t timeout = x->limits.connect;
	int64_t left;
	int got;

	/* The wait at the gate counts. */
	left = (x->limit < x->total_limit ? x->limit : x->total_limit) -
	    clock_ms();
	step_show(x);
	loan->held(loan->arg, true);
	got = wire_open(relay->maker, &x->target,
	    left < timeout ? left : timeout, w, &x->err);
	loan->held(loan->arg, false);
	gate_leave(&relay->gate, x->target.key);
	/* What was left then is not what its origin is allowed to take. */
	if (got == -1 && left < timeout / 2 &&
	    x->err.reason == REASON_ORIGIN_CONNECT_TIMEOUT)
		pick_over(&x->pick);
	if (got == 0 && x->counted)
		stats_happened(x->process->stats, STATS_EVENT_connects, 1);
	return got;
}

/* Too many connects are under way: until some have come to an end. */
static int
step_wait_gate(struct exchange *x)
{
	if (step_is_late(x)) {
		err_set(&x->err, REASON_ORIGIN_CONNECT_TIMEOUT,
		    "%.*s: too many connects are under way already",
		    STR_ARG(x->target.name));
		pick_over(&x->pick); /* it is not the origin's fault */
		return step_attempt_failed(x, false);
	}
	step_bound(x, x->limits.connect);
	step_wait(x, 0, 0);
	if (x->wait.until > clock_ms() + STEP_GATE_MS)
		x->wait.until = clock_ms() + STEP_GATE_MS;
	return STEP_WAIT;
}

/* May it go out again, should a wire of the pool turn out to be dead? */
static bool
step_may_repeat(const struct exchange *x)
{
	return x->body.kind == REQUEST_BODY_NONE &&
	    request_is_idempotent(x->request.method);
}

int
step_connect(struct exchange *x, const struct exchange_loan *loan)
{
	struct h1_limits limits = {
		.head_max = (size_t)x->settings->max_response_head,
		.refuse_bad_field = x->settings->bad_header ==
		    SETTINGS_BAD_HEADER_REFUSE };
	struct relay *relay = &x->process->relay;
	struct h1_request request;
	struct wire *w = NULL;
	bool reused;
	int got = 0;

	if (x->attempt_us == 0 && (x->timed || x->counted))
		x->attempt_us = clock_us();
	if (!x->fresh_only)
		w = relay_take(relay, &x->target, !step_may_repeat(x));
	reused = w != NULL;
	if (!reused && !gate_enter(&relay->gate, x->target.key))
		return step_wait_gate(x);
	if (x->record.attempts++ == 0) {
		x->origin_us = x->attempt_us;
		step_begin_origin_time(x);
	}
	if (!reused)
		got = step_open_wire(x, loan, &w);
	if (x->timed)
		x->record.connect_us = clock_us() - x->attempt_us;
	step_h1_request(x, &request);
	if (got == -1)
		return step_attempt_failed(x, false);
	return transfer_begin(&x->transfer, &w, reused, &request, limits,
	    &x->err) == 0 ? STEP_NEXT : step_fail(x);
}

/* The attempt failed: the same once more on a fresh connection, or as
 * step_attempt_failed. */
static int
step_origin_failed(struct exchange *x)
{
	bool again = relay_may_repeat(&x->transfer, x->err.reason,
	    x->request.method, body_can_rewind(&x->body));
	bool sent = x->transfer.sent_any;

	/* That it closed a kept one just then says nothing about an origin.
	 * What comes of a new one does. */
	if (!again && x->transfer.reused && x->transfer.came == 0)
		pick_over(&x->pick);
	transfer_end(&x->transfer, false, x->process->relay.pool);
	if (!again)
		return step_attempt_failed(x, sent);
	CHECK(body_rewind(&x->body));
	x->err.reason = REASON_NONE;
	x->record.received = 0;
	x->fresh_only = true;
	x->attempt_us = 0;
	return STEP_CONNECT;
}

static int
step_attempt_late(struct exchange *x, const char *what)
{
	bool sent = x->transfer.sent_any;

	(void)step_origin_late(x, what);
	return step_attempt_failed(x, sent);
}

/* 1: the final head came before the whole request was sent. */
static int
step_early_answer(struct exchange *x, const struct exchange_loan *loan)
{
	return transfer_read_head(&x->transfer, loan->scratch, loan->room,
	    &x->arena, &x->answer, &x->err);
}

/* Sends one part of the body on. 1: done, go on; else as body_next. */
static int
step_send_part(struct exchange *x, const struct exchange_loan *loan)
{
	struct str part;
	int got = body_next(&x->body, x->intake->read, x, loan->scratch,
	    loan->room, &part, &x->err);

	if (got == 2)
		return transfer_end_body(&x->transfer, &x->err) == 0 ? 1 : -2;
	if (got != 1)
		return got;
	x->limit = INT64_MAX;
	x->record.received += part.n;
	return transfer_put_body(&x->transfer, part, &x->err) == 0 ? 1 : -2;
}

void
step_bound_upload(struct exchange *x, bool for_front)
{
	if (for_front != x->stalls ||
	    (!for_front && transfer_is_taken(&x->transfer)))
		x->limit = INT64_MAX;
	x->stalls = for_front;
	step_bound(x, for_front ? x->settings->body_timeout :
	    x->limits.idle);
}

static int
step_wait_upload(struct exchange *x, bool for_front)
{
	step_bound_upload(x, for_front);
	if (step_is_late(x) && for_front) {
		transfer_end(&x->transfer, false, NULL);
		step_body_late(x);
		return step_fail(x);
	}
	if (step_is_late(x))
		return step_attempt_late(x,
		    "takes no byte of the request");
	if (for_front)
		return step_wait(x, POLLIN, POLLIN);
	if (step_front_gone(x))
		return step_fail(x);
	step_wait_watching(x, POLLIN | POLLOUT);
	step_look_again(x, x->limits.idle);
	return STEP_WAIT;
}

/*
 * An origin that refuses is not sent the rest. One that says yes may need it
 * for its answer (it echoes, converts, filters), so the rest goes on beside.
 */
static int
step_early_head(struct exchange *x)
{
	step_answered(x);
	x->uploads = x->answer.status < STEP_REFUSES;
	return STEP_SEND_HEAD;
}

/*
 * The origin takes no more: it may have refused, and closed, before it read
 * all. Then its answer is there, in spite of the reset.
 */
static int
step_not_taken(struct exchange *x, const struct exchange_loan *loan)
{
	struct err why = x->err;

	if (step_early_answer(x, loan) == 1) {
		x->err.reason = REASON_NONE;
		x->transfer.keep = false;
		step_answered(x);
		return STEP_SEND_HEAD;
	}
	x->err = why;
	return step_origin_failed(x);
}

/* The origin takes no more of the request: its answer may still be whole. */
static void
step_stop_upload(struct exchange *x)
{
	x->uploads = false;
	x->err.reason = REASON_NONE;
}

int
step_upload(struct exchange *x, const struct exchange_loan *loan,
    struct exchange_wait *wants)
{
	for (;;) {
		int sent = transfer_flush(&x->transfer, &x->err);
		int part = 1;

		if (sent == 1 && x->transfer.upload_done)
			x->uploads = false;
		else if (sent == 1)
			part = step_send_part(x, loan);
		if (sent == -1 || part == -2)
			step_stop_upload(x);
		if (part == -1)
			return -1;
		wants->origin = sent == 0 ? POLLOUT : 0;
		wants->front = part == 0 ? POLLIN : 0;
		if (!x->uploads || sent == 0 || part == 0)
			return 0;
	}
}

/* Where an early answer, or an end, leads to; STEP_NEXT: neither has come. */
static int
step_look_early(struct exchange *x, const struct exchange_loan *loan)
{
	int early = step_early_answer(x, loan);

	if (early == 1)
		return step_early_head(x);
	return early == -1 ? step_origin_failed(x) : STEP_NEXT;
}

static int
step_sent(struct exchange *x)
{
	if (x->pick.now != NULL)
		x->asked = clock_ms();
	return STEP_NEXT;
}

int
step_send_request(struct exchange *x, const struct exchange_loan *loan)
{
	uint64_t looked = x->record.received;
	/* What ended a wait may be an early answer, or an end: no more of the
	 * body is taken then, as it could be too much to be sent again. */
	int to = x->transfer.sent_any ? step_look_early(x, loan) : STEP_NEXT;

	while (to == STEP_NEXT) {
		int sent = transfer_flush(&x->transfer, &x->err);
		int part = 1;

		if (sent == 1 && x->transfer.upload_done)
			return step_sent(x);
		if (sent == 1)
			part = step_send_part(x, loan);
		if (sent == -1 || part == -2)
			return step_not_taken(x, loan);
		if (part == -1) {
			transfer_end(&x->transfer, false, NULL);
			return step_fail(x);
		}
		if (sent == 0 || part == 0 ||
		    x->record.received - looked >= STEP_LOOK) {
			looked = x->record.received;
			to = step_look_early(x, loan);
		}
		if (to == STEP_NEXT && (sent == 0 || part == 0))
			return step_wait_upload(x, part == 0);
	}
	return to;
}

int
step_read_head(struct exchange *x, const struct exchange_loan *loan)
{
	uint64_t came = x->transfer.came;
	int got = transfer_read_head(&x->transfer, loan->scratch, loan->room,
	    &x->arena, &x->answer, &x->err);

	if (got == 1) {
		step_answered(x);
		return STEP_NEXT;
	}
	if (got == -1)
		return step_origin_failed(x);
	if (x->transfer.came > came)
		x->limit = INT64_MAX;
	if (step_is_late(x))
		return step_attempt_late(x, "did not answer in time");
	if (step_front_gone(x)) {
		if (x->transfer.came == 0)
			step_client_left(x);
		transfer_end(&x->transfer, false, NULL);
		return step_fail(x);
	}
	step_bound(x, x->transfer.came > 0 ? x->limits.idle :
	    x->limits.response);
	return step_wait_origin(x);
}
