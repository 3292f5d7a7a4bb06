/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_choose: which origin is asked, and whether another one is when that
 * fails. */

#include "serve/steps.h"

#include "base/clock.h"
#include "base/msg.h"
#include "decide/admit.h"
#include "decide/dav.h"
#include "decide/fields.h"
#include "decide/rules.h"
#include "decide/sign.h"

/* WebDAV's places, as the origin knows them. */
static int
step_map_places(struct exchange *x, unsigned slot)
{
	const struct settings *s = x->settings;
	struct exchange_map m;
	const struct dav in = { .ask = &m.ask,
		.follow = &x->follow,
		.target = &x->target,
		.preserve = s->host_preserve == SETTINGS_HOST_PRESERVE,
		.inside = s->internal_allow.list,
		.inside_count = s->internal_allow.count };
	int got;

	if (!dav_names_places(&x->to_origin))
		return 0;
	exchange_ask_map(x, slot, &m);
	got = dav_map(&in, &x->to_origin, &x->err);
	return snapshot_confirm(x->map, &x->err) == 0 ? got : -1;
}

/* Behind all rules: nobody else has the last word about the field. */
static int
step_sign(struct exchange *x)
{
	const struct sign_ask ask = { .time = clock_wall().tv_sec,
		.host = host_text(&x->request.host),
		.method = x->request.method,
		.target = x->target.path,
		.policy = &x->follow.policy };

	return sign_request(x->settings, &ask, &x->to_origin, &x->err);
}

/* The request as the origin is sent it. */
static int
step_make_request(struct exchange *x, unsigned slot)
{
	const struct fields_to_origin in = { .request = &x->request,
		.target = &x->target,
		.forwarded = x->settings->forwarded,
		.max_hops = (int)x->settings->max_hops,
		.set_by_rules = x->set_by_rules,
		.private = str_of(x->settings->private_names) };

	if (target_origin(x->follow.origin, &x->follow.source,
	    x->settings->host_preserve == SETTINGS_HOST_PRESERVE, &x->arena,
	    &x->target, &x->err) == -1 ||
	    admit_target(&x->follow.policy, x->settings, &x->target,
	    &x->err) == -1 ||
	    fields_to_origin(&in, &x->arena, &x->to_origin, &x->err) == -1 ||
	    step_map_places(x, slot) == -1)
		return -1;
	if (x->auth_set != NULL && auth_dress(&x->auth, &x->to_origin) == -1)
		return err_set(&x->err, REASON_OVERLOADED,
		    "no room for header fields");
	if (rules_apply(&x->follow.source, HEADER_REQUEST, &x->to_origin,
	    &x->err) == -1)
		return -1;
	return x->follow.policy.sign.n > 0 ? step_sign(x) : 0;
}

/* ---- choosing ---- */

/* Could it go out again, should it fail? Not while a body is still to come: a
 * client may take its time. Nor beyond its plan. */
static bool
step_repeats(const struct exchange *x)
{
	return request_is_idempotent(x->request.method) &&
	    body_can_rewind(&x->body) && (x->body.ended ||
	    x->body.kind == REQUEST_BODY_NONE) && step_may_spend(x);
}

static int
step_begin_choice(struct exchange *x)
{
	const struct pick_ask ask = { .health = x->process->health,
		.limits = pick_limits(x->settings),
		.key = x->follow.balance_key.text,
		.patience = x->limits.connect + x->limits.response };

	return pick_begin(&x->pick, &ask, &x->follow, &x->arena, &x->err);
}

/* The map's part in what later attempts need, too; waiting requests shall not
 * keep old maps open. */
static int
step_take_names(struct exchange *x)
{
	struct str names = store_meta(snapshot_store(x->map))->headers;

	x->set_by_rules = x->pick.retries == 0 ? names :
	    arena_copy(&x->arena, names);
	if (names.n > 0 && x->set_by_rules.p == NULL)
		return err_set(&x->err, REASON_OVERLOADED,
		    "no room for names of header fields");
	return 0;
}

/* An origin that the route names itself is the only one. */
static int
step_pick(struct exchange *x)
{
	if (x->follow.service == NULL)
		return 0;
	if (x->pick.follow == NULL && step_begin_choice(x) == -1)
		return -1;
	return pick_next(&x->pick, step_repeats(x), clock_ms(),
	    &x->follow.origin, &x->err) == 1 ? 0 : -1;
}

int
step_choose_origin(struct exchange *x, const struct exchange_loan *loan)
{
	x->asked = INT64_MAX;
	x->stalls = false;
	if (!step_spend(x) || step_pick(x) == -1 ||
	    (x->map != NULL && step_take_names(x) == -1) ||
	    step_make_request(x, loan->slot) == -1)
		return step_fail(x);
	/* WebDAV's places are looked up for each origin. */
	if (x->pick.retries == 0 || !dav_names_places(&x->to_origin))
		exchange_give_map(x);
	return STEP_NEXT;
}

/* ---- what came of it ---- */

void
step_answered(struct exchange *x)
{
	if (pick_answered(&x->pick))
		msg_notice("%.*s answers again: it is back",
		    STR_ARG(x->target.name));
	exchange_give_map(x);
}

static void
step_tell_out(const struct exchange *x, int64_t ms)
{
	msg_warning("%s: %s; this origin is out for %.1f s",
	    reason_word(x->err.reason), x->err.text, (double)ms / 1000);
}

static void
step_note_failure(struct exchange *x)
{
	int64_t ms;

	/* An origin need not wait for ever for what a client does not send. */
	if (!relay_is_origins_fault(x->err.reason) ||
	    (x->stalls && x->asked == INT64_MAX))
		pick_over(&x->pick);
	else if (pick_failed(&x->pick, clock_ms(), &ms))
		step_tell_out(x, ms);
}

/* Has the origin had all of the request for that long? */
static bool
step_has_held(const struct exchange *x, int64_t ms)
{
	return x->asked != INT64_MAX && clock_ms() - x->asked >= ms;
}

/* Web servers may wait for less time than we do: of an origin that hangs they
 * would be all that leave. */
void
step_client_left(struct exchange *x)
{
	int64_t ms;

	if (!step_has_held(x, x->limits.response / 2) ||
	    !pick_left(&x->pick, x->asked, clock_ms(), &ms))
		return;
	err_set(&x->err, REASON_CLIENT_GONE, "%.*s answered nobody for "
	    "%.1f s, when its client left", STR_ARG(x->target.name),
	    (double)(clock_ms() - x->asked) / 1000);
	step_tell_out(x, ms);
}

int
step_attempt_failed(struct exchange *x, bool sent)
{
	bool over = clock_ms() >= x->total_limit;
	int64_t total = x->total_limit - x->since_us / 1000;

	/* A client that sends slowly, or another origin, used up the time of
	 * one that had the request for less than half of it. */
	if (!over || step_has_held(x, total / 2))
		step_note_failure(x);
	if (over ||
	    !relay_may_move(x->err.reason, sent, x->request.method) ||
	    !body_can_rewind(&x->body) || !pick_again(&x->pick))
		return step_fail(x);
	x->watches_front = true;
	if (step_front_gone(x))
		return step_fail(x);
	msg_info("%.*s: %s: %s; another origin is tried",
	    STR_ARG(x->request.id), reason_word(x->err.reason), x->err.text);
	CHECK(body_rewind(&x->body));
	x->err.reason = REASON_NONE;
	x->record.received = 0;
	x->fresh_only = false;
	x->attempt_us = 0;
	return STEP_CHOOSE_ORIGIN;
}
