/* SPDX-License-Identifier: BSD-2-Clause */

/* steps: waiting and failing, the same for all steps. */

#include "serve/steps.h"

#include <poll.h>

#include "base/clock.h"
#include "serve/intake.h"

enum {
	STEP_WATCH_MS = 300, /* then the client is watched for being gone */
	STEP_LOOKS = 16,     /* within a limit, at what shows no event */
	STEP_PARTIAL_MS = 10 /* then the rest of a record is looked for */
};

void
step_bound(struct exchange *x, int64_t ms)
{
	if (x->limit == INT64_MAX)
		x->limit = clock_ms() + ms;
}

int64_t
step_time(const struct exchange *x)
{
	return x->timed ? clock_us() : 0;
}

bool
step_is_late(const struct exchange *x)
{
	int64_t until = x->limit < x->total_limit ? x->limit : x->total_limit;

	return until != INT64_MAX && clock_ms() >= until;
}

int
step_wait(struct exchange *x, short front, short origin)
{
	x->wait.front = front;
	x->wait.origin = origin;
	x->wait.until = x->limit < x->total_limit ? x->limit : x->total_limit;
	/* What is there already would fire again and again beside POLLOUT. */
	if ((front & POLLIN) != 0 && front != POLLIN && x->front_partial) {
		int64_t soon = clock_ms() + STEP_PARTIAL_MS;

		ready_left(&x->front_ready);
		x->wait.front = (short)((front & ~POLLIN) | POLLRDHUP);
		if (x->wait.until > soon)
			x->wait.until = soon;
	}
	return STEP_WAIT;
}

/* Of a front that may still send, only the end of both directions tells. */
int
step_wait_watching(struct exchange *x, short origin)
{
	x->watches_front = true;
	return step_wait(x, x->body.ended ? POLLRDHUP : POLLHUP, origin);
}

int
step_wait_origin(struct exchange *x)
{
	int64_t watch = x->since_us / 1000 + STEP_WATCH_MS;

	if (x->watches_front || clock_ms() >= watch)
		return step_wait_watching(x, POLLIN);
	step_wait(x, 0, POLLIN);
	if (x->wait.until > watch)
		x->wait.until = watch;
	return STEP_WAIT;
}

void
step_look_again(struct exchange *x, int64_t ms)
{
	int64_t next = clock_ms() + ms / STEP_LOOKS + 1;

	if (x->wait.until > next)
		x->wait.until = next;
}

int
step_fail(struct exchange *x)
{
	CHECK(x->err.reason != REASON_NONE);
	return STEP_REPLY;
}

bool
step_front_gone(struct exchange *x)
{
	if (!x->watches_front || !x->intake->gone(x))
		return false;
	err_set(&x->err, REASON_CLIENT_GONE,
	    "the web server closed the connection");
	return true;
}

void
step_origin_over(struct exchange *x)
{
	if (x->origin_us != 0)
		x->record.origin_us = clock_us() - x->origin_us;
	x->origin_us = 0;
	step_end_origin_time(x);
}

static const char step_too_long[] = "the exchange took too long altogether";

int
step_origin_late(struct exchange *x, const char *what)
{
	bool all = clock_ms() >= x->total_limit;

	transfer_end(&x->transfer, false, NULL);
	err_set(&x->err, REASON_ORIGIN_TIMEOUT, "%.*s: %s",
	    STR_ARG(x->target.name), all ? step_too_long : what);
	return step_fail(x);
}

int
step_body_late(struct exchange *x)
{
	if (clock_ms() >= x->total_limit)
		return err_set(&x->err, REASON_ORIGIN_TIMEOUT, "%s",
		    step_too_long);
	return err_set(&x->err, REASON_BODY_TIMEOUT,
	    "the request body stalled");
}
