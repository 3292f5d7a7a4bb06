/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_request: reads a request and its body, as far as it must be read. */

#include "serve/steps.h"

#include <poll.h>

#include "base/clock.h"
#include "base/msg.h"
#include "decide/trust.h"
#include "serve/intake.h"
#include "serve/logs.h"
#include "serve/request_id.h"

enum { STEP_EMPTY_MS = 50 };

static void
step_begin(struct exchange *x)
{
	x->since_us = clock_us();
	x->settings = process_settings(x->process);
	x->logged = logs_wanted(x->settings);
	x->timed = x->settings->server_timing || x->logged ||
	    journal_wanted(x->process->journal) || x->process->once;
	x->counted = x->settings->stats_count && x->process->stats != NULL;
	if (x->timed)
		x->record.start = clock_wall();
	atomic_fetch_add(&x->process->exchanges, 1);
	if (x->settings->total > 0)
		x->total_limit = x->since_us / 1000 + x->settings->total;
}

/* Of a request that cannot be read, what can be: for the log. */
static int
step_understand(struct exchange *x)
{
	const struct settings_ranges *proxies = &x->settings->trust_proxies;
	int got = request_from_cgi(x->variables, &x->arena, &x->request,
	    &x->err);
	struct err ignored;
	int trusted;

	request_id_new(x->id);
	x->request.id = str_of(x->id);
	trusted = trust_request(proxies->list, proxies->count,
	    x->settings->trust_host, &x->request, &x->arena,
	    got == 0 ? &x->err : &ignored);
	return got == 0 ? trusted : -1;
}

/* Nobody knows more of it than its answer. */
static void
step_record_refused(struct exchange *x, const struct exchange_loan *loan)
{
	step_begin(x);
	x->request.id = str_of(x->id);
	step_record(x, loan);
}

int
step_read_request(struct exchange *x, const struct exchange_loan *loan)
{
	int got = x->intake->take(x, loan, &x->err);

	if (x->refused && !x->recorded)
		step_record_refused(x, loan);
	if (got == 0)
		return STEP_WAIT;
	if (got == -1) {
		if (x->err.reason != REASON_NONE)
			msg_info("closed a connection: %s", x->err.text);
		exchange_reset(x);
		return STEP_OVER;
	}
	step_begin(x);
	got = step_understand(x);
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

/*
 * A CONTENT_LENGTH of 0 is believed, though the front does not end its STDIN
 * (HAProxy 2.6, of an HTTP/2 request that ends with an empty frame), once a
 * body that belies it would have come.
 */
static bool
step_says_empty(const struct exchange *x)
{
	return x->request.body == REQUEST_BODY_NONE && x->body.came == 0;
}

int
step_take_body(struct exchange *x, const struct exchange_loan *loan)
{
	uint64_t came = x->body.came;
	int got;

	(void)loan;
	if (x->body.came == 0 && body_begin(&x->body, &x->request,
	    x->limits.body, (size_t)x->settings->body_buffer,
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
	if (got == 0 && step_is_late(x)) {
		if (step_says_empty(x))
			return STEP_NEXT;
		got = step_body_late(x);
	}
	if (got == -1)
		return step_fail(x);
	step_bound(x, step_says_empty(x) ? STEP_EMPTY_MS :
	    x->settings->body_timeout);
	return step_wait(x, POLLIN, 0);
}
