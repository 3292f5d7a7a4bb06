/* SPDX-License-Identifier: BSD-2-Clause */

/* steps_answer: an answer to the web server, the origin's or our own, and the
 * end of an exchange. */

#include "serve/steps.h"

#include <poll.h>

#include "base/clock.h"
#include "base/msg.h"
#include "decide/fields.h"
#include "decide/rules.h"
#include "http/response.h"
#include "serve/intake.h"
#include "serve/pages.h"
#include "serve/timing.h"

enum {
	STEP_FLUSH = 65536, /* this much of an answer is written at once */
	STEP_ROOM = 32768,  /* this much any front takes at first */
	STEP_PART = 16384,  /* and less than this is not read */
	STEP_LARGE = 2 * 65528, /* nor more than this at once: two records of
	                           FastCGI */
	STEP_TURNS = 16,     /* nor so often before others have their turn */
	STEP_HEAD_SPARE = 3072, /* of a head, for fields that are not the
	                           origin's: web servers take 64 KiB */
	STEP_DRAIN = 1 << 20 /* of a request body, thrown away in one turn */
};

/* most: of its bytes; more are origin-bad-header. */
static int
step_put_head(struct exchange *x, int status, struct str phrase,
    const struct header *fields, int64_t length, size_t most)
{
	struct str head = response_head(status, phrase, fields, length,
	    fields->arena);
	int got = 0;

	if (head.p == NULL)
		got = err_set(&x->err, REASON_OVERLOADED,
		    "no room for an answer");
	else if (head.n > most)
		got = err_set(&x->err, REASON_ORIGIN_BAD_HEADER,
		    "the head of the answer has become %zu bytes", head.n);
	x->began = buf_len(&x->out) > 0; /* who can tell what is written? */
	if (got == 0)
		got = x->intake->put(x, head, &x->err);
	x->head_sent = got == 0;
	x->length_sent = got == 0 && length >= 0;
	x->record.status = status;
	return got;
}

/* ---- the answer ---- */

static int64_t
step_answer_length(const struct exchange *x)
{
	const struct h1_answer *answer = &x->answer;

	if (answer->status == 204 || answer->status == 304)
		return -1;
	if (answer->body == H1_BODY_LENGTH)
		return (int64_t)answer->length;
	if (str_eq(x->request.method, STR("HEAD")) && answer->has_length)
		return (int64_t)answer->said_length;
	return -1;
}

/*
 * Before an answer that came early: what is left of the body, from a front
 * that would not send it later. As body_spool.
 */
static int
step_fetch_rest(struct exchange *x)
{
	uint64_t came = x->body.came;
	int got;

	if (!x->uploads || !x->front_stops)
		return 1;
	got = body_spool(&x->body, x->intake->read, x,
	    x->settings->spool_dir, &x->err);
	if (x->body.came > came)
		x->limit = INT64_MAX;
	if (got == 0 && step_is_late(x))
		got = step_body_late(x);
	return got;
}

/* The router's own cookie. 0, or -1: no room. */
static int
step_give_id(const struct exchange *x, struct header *fields)
{
	struct str cookie = client_key_set_cookie(x->follow.fresh,
	    x->request.scheme, fields->arena);

	return cookie.p == NULL ? -1 :
	    header_put(fields, NAME_SET_COOKIE, cookie);
}

/* What every answer has, after the rules of its route. 0, or -1: no room. */
static int
step_add_ours(struct exchange *x, struct header *fields)
{
	const struct record *r = &x->record;
	struct timing t = { r->lookup_us, r->connect_us, -1 };
	struct str text;

	if (header_set(fields, NAME_X_REQUEST_ID, x->request.id) == -1 ||
	    (x->follow.fresh.n > 0 && step_give_id(x, fields) == -1))
		return -1;
	if (!x->settings->server_timing)
		return 0;
	if (r->first_us >= 0)
		t.origin = x->since_us + r->first_us -
		    (x->attempt_us + r->connect_us);
	text = timing_text(&t, fields->arena);
	if (text.p != NULL && text.n == 0)
		return 0;
	return text.p == NULL ? -1 :
	    header_add(fields, STR("Server-Timing"), text);
}

int
step_send_head(struct exchange *x, const struct exchange_loan *loan)
{
	const struct fields_to_client in = { .request = &x->request,
		.route = x->follow.alias_count > 0 ? x->follow.aliases[0] :
		    x->follow.found.route,
		.target = &x->target,
		.answer = &x->answer,
		.rewrite = x->follow.policy.rewrite_back };
	const bool refuse = x->settings->bad_header ==
	    SETTINGS_BAD_HEADER_REFUSE;
	struct header fields;
	int got;

	(void)loan;
	if (x->timed && x->record.first_us < 0)
		x->record.first_us = step_time(x) - x->since_us;
	got = step_fetch_rest(x);
	if (got == -1)
		return step_fail(x);
	if (got == 0) {
		step_bound(x, x->settings->body_timeout);
		return step_wait(x, POLLIN, 0);
	}
	if (fields_to_client(&in, &x->arena, &fields, &x->err) == -1 ||
	    fields_fit_lines(&fields, &x->answer.phrase, refuse,
	        &x->err) == -1)
		return step_fail(x);
	if (step_tell_limits(x, &fields) == -1) {
		err_set(&x->err, REASON_OVERLOADED, "no room for a header");
		return step_fail(x);
	}
	if (rules_apply(&x->follow.source, HEADER_RESPONSE, &fields,
	        &x->err) == -1)
		return step_fail(x);
	if (step_add_ours(x, &fields) == -1) {
		err_set(&x->err, REASON_OVERLOADED, "no room for a header");
		return step_fail(x);
	}
	if (step_put_head(x, x->answer.status, x->answer.phrase, &fields,
	    step_answer_length(x), (size_t)x->settings->max_response_head +
	    STEP_HEAD_SPARE) == -1)
		return step_fail(x);
	x->room = STEP_ROOM;
	if (!x->transfer.body.done)
		step_pace(x, 1); /* behind what others have sent */
	return STEP_NEXT;
}

static void
step_count_part(struct exchange *x, size_t n)
{
	x->record.sent += n;
	x->room -= n < x->room ? n : x->room;
}

static int
step_take_part(void *arg, struct str data)
{
	struct exchange *x = arg;

	step_count_part(x, data.n);
	if (x->intake->put(x, data, &x->err) == -1)
		return -1;
	return x->room < STEP_LARGE || buf_len(&x->out) >= STEP_FLUSH ||
	    step_pace_room(x) != SIZE_MAX;
}

/* Writes what waits for the front. As intake->flush; progress is minded. */
static int
step_flush(struct exchange *x)
{
	int got = x->intake->flush(x, &x->err);

	if (got != 0)
		x->front_limit = INT64_MAX;
	else if (x->front_limit == INT64_MAX)
		x->front_limit = clock_ms() + x->settings->client_timeout;
	return got;
}

/* No event tells of a front that takes a little: it is looked at. */
static int
step_wait_flush(struct exchange *x, short front, short origin)
{
	x->limit = x->front_limit;
	step_wait(x, (short)(POLLOUT | front), origin);
	x->limit = INT64_MAX;
	step_look_again(x, x->settings->client_timeout);
	return STEP_WAIT;
}

/* The front takes no more: wait for it, and read what it still sends. */
static int
step_wait_front(struct exchange *x, const struct exchange_wait *upload)
{
	short front = upload->front;
	int drained = 1;

	if (!x->uploads) {
		drained = body_drain(&x->body, x->intake->read, x,
		    STEP_DRAIN);
		front = drained == 1 ? 0 : POLLIN;
	}
	if (drained != -1 && clock_ms() >= x->total_limit)
		return step_origin_late(x, "");
	if (drained == -1 || clock_ms() >= x->front_limit) {
		err_set(&x->err, REASON_CLIENT_GONE, "%s", drained == -1 ?
		    "the web server closed the connection" :
		    "the web server takes no byte of the answer");
		return step_fail(x);
	}
	return step_wait_flush(x, front, upload->origin);
}

/* How much to read at once; 0: the front takes nothing. */
static size_t
step_room(struct exchange *x, const struct exchange_loan *loan)
{
	size_t most = loan->room < STEP_LARGE ? loan->room : STEP_LARGE;
	size_t pace = step_pace_room(x);

	if (most > pace)
		most = pace;
	if (x->room < STEP_PART)
		x->room = x->intake->room(x);
	if (x->room == 0 && x->front_limit == INT64_MAX)
		x->front_limit = clock_ms() + x->settings->client_timeout;
	return x->room < most ? x->room : most;
}

/* A part of a large answer, which need not come into memory of ours; what
 * cannot go that way is read. As transfer_read_body. */
static int
step_move_part(struct exchange *x, const struct exchange_loan *loan,
    size_t room)
{
	int got = x->intake->pour == NULL ? 2 :
	    transfer_pour(&x->transfer, loan->pour, room, &x->err);

	if (got == 2)
		return transfer_read_body(&x->transfer, loan->scratch, room,
		    step_take_part, x, &x->err);
	if (got != 1)
		return got;
	step_count_part(x, loan->pour->held);
	return x->intake->pour(x, loan->pour, &x->err) == -1 ? -1 : 1;
}

/* 2: the answer is complete; 1: the front takes no more for now; 0: nothing
 * more came; -1 and x->err. */
static int
step_pass_parts(struct exchange *x, const struct exchange_loan *loan)
{
	int got = 1, turns;

	if (buf_len(&x->out) >= (step_is_paced(x) ? 1 : STEP_FLUSH)) {
		int flushed = step_flush(x);

		if (flushed != 1)
			return flushed == 0 ? 1 : -1;
	}
	for (turns = 0; got == 1 && turns < STEP_TURNS && !step_is_paced(x);
	    turns++) {
		size_t room = step_room(x, loan);
		uint64_t sent = x->record.sent;
		int flushed;

		if (room == 0)
			return 1;
		got = step_move_part(x, loan, room);
		step_pace(x, x->record.sent - sent);
		if (got == 2 || got == -1)
			return got;
		flushed = step_flush(x);
		if (flushed != 1)
			return flushed == 0 ? 1 : -1;
	}
	/* Not for the origin: of TLS a part may be read that no event shows. */
	return got;
}

/* For its turn, by its plan; what an upload waits for goes on. */
static int
step_wait_turn(struct exchange *x, const struct exchange_wait *upload)
{
	if (clock_ms() >= x->total_limit)
		return step_origin_late(x, "");
	if (step_front_gone(x))
		return step_fail(x);
	x->limit = x->paced_until;
	if (upload->front != 0)
		step_wait(x, upload->front, upload->origin);
	else
		step_wait_watching(x, upload->origin);
	x->limit = INT64_MAX;
	return STEP_WAIT;
}

/* For the origin, and beside it for what an upload waits for. */
static int
step_wait_answer(struct exchange *x, const struct exchange_wait *upload)
{
	short origin = (short)(POLLIN | upload->origin);

	if (x->uploads)
		step_bound_upload(x, upload->front != 0);
	if (step_is_late(x) && x->uploads && x->stalls) {
		step_body_late(x);
		return step_fail(x);
	}
	if (step_is_late(x))
		return step_origin_late(x, "stopped within its answer");
	if (step_front_gone(x))
		return step_fail(x);
	if (!x->uploads) {
		step_bound(x, x->limits.idle);
		return step_wait_origin(x);
	}
	if (upload->front != 0)
		return step_wait(x, upload->front, origin);
	step_wait_watching(x, origin);
	step_look_again(x, x->limits.idle);
	return STEP_WAIT;
}

int
step_pass_body(struct exchange *x, const struct exchange_loan *loan)
{
	struct exchange_wait upload = { .front = 0 };
	uint64_t came = x->transfer.came;
	int got;

	if (x->uploads && step_upload(x, loan, &upload) == -1)
		return step_fail(x);
	got = step_pass_parts(x, loan);
	if (got == -1)
		return step_fail(x);
	if (got == 2) {
		step_origin_over(x);
		transfer_end(&x->transfer, true, x->process->relay.pool);
		x->total_limit = INT64_MAX; /* the origin's part is over */
		return STEP_FINISH;
	}
	if (x->transfer.came > came)
		x->limit = INT64_MAX;
	if (x->paced_until != 0 && x->front_limit == INT64_MAX)
		return step_wait_turn(x, &upload);
	return got == 1 ? step_wait_front(x, &upload) :
	    step_wait_answer(x, &upload);
}

/* ---- the end ---- */

/* Who asked for credentials says which; of those who ask elsewhere, the whole
 * answer may be theirs. 0, or -1: no room. */
static int
step_put_auth(struct exchange *x, const struct auth_reply *own)
{
	struct exchange_reply *reply = &x->reply;
	const struct header *challenges = &x->auth.challenges;
	size_t i;

	if (own != NULL) {
		header_init(&reply->fields, &x->spare);
		reply->status = own->status;
		reply->body = own->body;
		for (i = 0; i < own->fields.count; i++)
			if (header_keep(&reply->fields,
			    &own->fields.fields[i]) == -1)
				return -1;
	}
	for (i = 0; reply->status == 401 && i < challenges->count; i++)
		if (header_keep(&reply->fields, &challenges->fields[i]) == -1)
			return -1;
	return 0;
}

/* Why it failed, to the client. 0, or -1: no room. */
static int
step_put_error(struct exchange *x)
{
	enum reason reason = x->err.reason;

	arena_fini(&x->spare);
	if (pages_error(&x->reply, reason, &x->request, &x->process->pages,
	    &x->spare) == -1)
		return -1;
	return reason != REASON_AUTH_REQUIRED && reason != REASON_AUTH_DENIED ?
	    0 : step_put_auth(x, x->auth.reply);
}

/* The page of an error, or what a redirect or respond has put there. */
static int
step_put_reply(struct exchange *x)
{
	struct exchange_reply *reply = &x->reply;
	bool bare;

	if (x->err.reason != REASON_NONE && (step_put_error(x) == -1 ||
	    step_tell_limits(x, &reply->fields) == -1))
		return -1;
	if (step_add_ours(x, &reply->fields) == -1)
		return -1;
	bare = reply->status == 204 || reply->status == 304;
	if (step_put_head(x, reply->status, STR(""), &reply->fields,
	    bare ? -1 : (int64_t)reply->body.n, EXCHANGE_OUT_MAX / 2) == -1)
		return -1;
	if (bare || str_eq(x->request.method, STR("HEAD")))
		return 0;
	x->record.sent += reply->body.n;
	return x->intake->put(x, reply->body, &x->err);
}

/* What failed: a service, an origin, or as much as is known of the way. */
static struct str
step_place(const struct exchange *x)
{
	if (x->follow.service_key.n > 0)
		return x->follow.service_key;
	if (x->target.name.n > 0)
		return x->target.name;
	return x->follow.found.route != NULL ? x->follow.found.route->match :
	    STR("");
}

/* What the operator is to know of: the origin's failures, and tries to get at
 * what nobody may. A map that is missing or broken is told once, by the
 * snapshot. */
static bool
step_warns(enum reason reason)
{
	return (reason_status(reason) >= 500 ||
	    reason == REASON_EGRESS_DENIED) && reason != REASON_NO_MAP &&
	    reason != REASON_MAP_BROKEN;
}

static void
step_tell(const struct exchange *x)
{
	enum reason reason = x->err.reason;

	if (reason == REASON_NONE)
		return;
	if (step_warns(reason))
		warn_tell(&x->process->warn, x->request.id, step_place(x),
		    &x->err);
	else
		msg_info("%.*s: %s: %s", STR_ARG(x->request.id),
		    reason_word(reason), x->err.text);
}

/* An answer that broke before a byte of it left is none: some web servers
 * would let the first part of it look whole. */
static void
step_take_back(struct exchange *x)
{
	if (!x->head_sent || x->began)
		return;
	buf_clear(&x->out);
	x->head_sent = x->length_sent = false;
	x->record.sent = 0;
}

int
step_reply(struct exchange *x, const struct exchange_loan *loan)
{
	(void)loan;
	exchange_give_map(x);
	step_origin_over(x);
	transfer_end(&x->transfer, false, NULL);
	step_blame_plan(x);
	x->total_limit = INT64_MAX;
	step_tell(x);
	x->record.reason = x->err.reason;
	if (x->err.reason == REASON_CLIENT_GONE) {
		x->record.status = reason_status(x->err.reason);
		return STEP_HAND_BACK;
	}
	step_take_back(x);
	x->broken = x->head_sent;
	if (!x->head_sent && step_put_reply(x) == -1)
		return STEP_HAND_BACK;
	return STEP_FINISH;
}

/*
 * What is left of the request's body. A web server that writes all of it first
 * and finds nobody who reads gives no answer at all: there it is read to its
 * end, as long as that does not take too long.
 */
static void
step_drain(struct exchange *x)
{
	int64_t until = clock_ms() + x->settings->body_timeout;
	int got;

	if (x->record.reason == REASON_BODY_TIMEOUT)
		return; /* it was waited for long enough */
	do {
		got = body_drain(&x->body, x->intake->read, x, STEP_DRAIN);
	} while (got == 2 && x->intake->writes_first && clock_ms() < until);
}

int
step_finish(struct exchange *x, const struct exchange_loan *loan)
{
	int got;

	(void)loan;
	if (!x->ended) {
		step_drain(x);
		x->given = x->length_sent && !x->broken &&
		    buf_len(&x->out) == 0;
		if (x->intake->end(x, !x->broken, &x->err) == -1)
			return STEP_HAND_BACK;
		x->ended = true;
	}
	/* Who has all of its answer may ask again at once. */
	if (buf_len(&x->out) <= STEP_ROOM)
		exchange_leave(x);
	got = step_flush(x);
	if (got == 0 && clock_ms() < x->front_limit)
		return step_wait_flush(x, 0, 0);
	x->whole = got == 1 && !x->broken;
	/* nginx may close without waiting for the end of what is whole. */
	if (got != 1 && !x->given && x->record.reason == REASON_NONE) {
		x->record.reason = REASON_CLIENT_GONE;
		x->record.status = reason_status(REASON_CLIENT_GONE);
	}
	return STEP_HAND_BACK;
}

int
step_hand_back(struct exchange *x, const struct exchange_loan *loan)
{
	int got;

	if (!x->recorded)
		step_record(x, loan);
	exchange_leave(x);
	got = x->intake->next(x, x->whole);
	if (got == 0)
		return STEP_WAIT;
	exchange_reset(x);
	if (got == -1)
		return STEP_OVER;
	x->wait = (struct exchange_wait){ .front = POLLIN,
		.until = INT64_MAX };
	return STEP_WAIT;
}
