/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pipeline: one array of steps, in the order in which they happen.
 *
 * A step is a short linear function of the exchange. It answers where to go
 * on: NEXT, a place by its name, WAIT (park, and call me again) or OVER. A
 * failure leaves its reason in x->err and goes to `reply`; whether a page or a
 * broken answer comes of it is decided there alone. Nothing else in the house
 * knows the order.
 */

#include "serve/pipeline.h"

#include <inttypes.h>
#include <poll.h>

#include "base/clock.h"
#include "base/msg.h"
#include "decide/fields.h"
#include "decide/rules.h"
#include "http/status.h"
#include "serve/intake.h"
#include "serve/pages.h"
#include "serve/request_id.h"

typedef int pipeline_step(struct exchange *x,
    const struct exchange_loan *loan);

static pipeline_step pipeline_read_request, pipeline_take_body,
    pipeline_find_route, pipeline_choose_target, pipeline_connect,
    pipeline_send_request, pipeline_read_head, pipeline_send_head,
    pipeline_pass_body, pipeline_reply, pipeline_finish, pipeline_hand_back;

enum pipeline_place {
	READ_REQUEST = 0,
	TAKE_BODY,
	FIND_ROUTE,
	CHOOSE_TARGET,
	CONNECT,
	SEND_REQUEST,
	READ_HEAD,
	SEND_HEAD,
	PASS_BODY,
	REPLY,
	FINISH,
	HAND_BACK,
	PLACE_COUNT, /* last place */
	NEXT,
	WAIT,
	OVER
};

static pipeline_step *const pipeline_steps[PLACE_COUNT] = {
	[READ_REQUEST] = pipeline_read_request,
	[TAKE_BODY] = pipeline_take_body,
	[FIND_ROUTE] = pipeline_find_route,
	[CHOOSE_TARGET] = pipeline_choose_target,
	[CONNECT] = pipeline_connect,
	[SEND_REQUEST] = pipeline_send_request,
	[READ_HEAD] = pipeline_read_head,
	[SEND_HEAD] = pipeline_send_head,
	[PASS_BODY] = pipeline_pass_body, /* then to FINISH */
	[REPLY] = pipeline_reply,         /* an answer of the router's own */
	[FINISH] = pipeline_finish,
	[HAND_BACK] = pipeline_hand_back,
};

bool
pipeline_run(struct exchange *x, const struct exchange_loan *loan)
{
	for (;;) {
		int to = pipeline_steps[x->step](x, loan);

		if (to == WAIT)
			return true;
		if (to == OVER)
			return false;
		x->step = to == NEXT ? x->step + 1 : to;
		x->limit = INT64_MAX;
	}
}

/* ---- waiting ---- */

enum {
	PIPELINE_WATCH_MS = 300, /* then the client is watched for being gone */
	PIPELINE_FLUSH = 65536,  /* this much of an answer is written at once */
	PIPELINE_LOOK = 65536,   /* so often an early answer is looked for */
	PIPELINE_DRAIN = 1 << 20
};

/* Bounds this wait, unless it is bounded already: one wait may take several
 * wake-ups, and progress sets x->limit to INT64_MAX. */
static void
pipeline_bound(struct exchange *x, int64_t ms)
{
	if (x->limit == INT64_MAX)
		x->limit = clock_ms() + ms;
}

static bool
pipeline_is_late(const struct exchange *x)
{
	int64_t until = x->limit < x->total_limit ? x->limit : x->total_limit;

	return until != INT64_MAX && clock_ms() >= until;
}

static int
pipeline_wait(struct exchange *x, short front, short origin)
{
	x->wait.front = front;
	x->wait.origin = origin;
	x->wait.until = x->limit < x->total_limit ? x->limit : x->total_limit;
	return WAIT;
}

/*
 * Waits for the origin alone, once the request body was read. Most origins
 * answer at once; only of one that does not is the client watched as well,
 * which would cost each request a system call.
 */
static int
pipeline_wait_origin(struct exchange *x)
{
	int64_t watch = x->since_us / 1000 + PIPELINE_WATCH_MS;

	if (!x->watches_front && x->body.ended && clock_ms() >= watch)
		x->watches_front = true;
	if (x->watches_front)
		return pipeline_wait(x, POLLRDHUP, POLLIN);
	pipeline_wait(x, 0, POLLIN);
	if (x->body.ended && x->wait.until > watch)
		x->wait.until = watch;
	return WAIT;
}

static int
pipeline_fail(struct exchange *x)
{
	CHECK(x->err.reason != REASON_NONE);
	return REPLY;
}

static bool
pipeline_front_gone(struct exchange *x)
{
	if (!x->watches_front || !x->intake->gone(x))
		return false;
	err_set(&x->err, REASON_CLIENT_GONE,
	    "the web server closed the connection");
	return true;
}

/* ---- the request ---- */

static void
pipeline_begin(struct exchange *x)
{
	x->since_us = clock_us();
	x->record.start = clock_wall();
	x->settings = process_settings(x->process);
	atomic_fetch_add(&x->process->exchanges, 1);
	if (x->settings->total > 0)
		x->total_limit = x->since_us / 1000 + x->settings->total;
}

static int
pipeline_read_request(struct exchange *x, const struct exchange_loan *loan)
{
	int got = x->intake->take(x, loan, &x->err);

	if (got == 0)
		return WAIT;
	if (got == -1) {
		if (x->err.reason != REASON_NONE)
			msg_info("closed a connection: %s", x->err.text);
		return OVER;
	}
	pipeline_begin(x);
	got = request_from_cgi(x->variables, &x->arena, &x->request, &x->err);
	request_id_new(x->id);
	x->request.id = str_of(x->id);
	x->front_spools = x->process->on_stdin &&
	    str_starts(x->request.server, STR("Apache"));
	if (!x->front_spools && atomic_load(&x->process->alone))
		atomic_store(&x->process->alone, false);
	return got == 0 ? NEXT : pipeline_fail(x);
}

static bool
pipeline_spools(const struct exchange *x)
{
	return x->settings->spool == SETTINGS_SPOOL_YES || (x->front_spools &&
	    x->settings->spool == SETTINGS_SPOOL_AUTO);
}

static int
pipeline_take_body(struct exchange *x, const struct exchange_loan *loan)
{
	int got = 1;

	(void)loan;
	if (x->body.came == 0 && body_begin(&x->body, &x->request,
	    x->settings->max_body, (size_t)x->settings->body_buffer,
	    &x->err) == -1)
		return pipeline_fail(x);
	got = body_look(&x->body, x->intake->read, x, &x->err);
	if (got == 1 && pipeline_spools(x))
		got = body_spool(&x->body, x->intake->read, x,
		    x->settings->spool_dir, &x->err);
	if (got == 1)
		return NEXT;
	if (got == 0 && pipeline_is_late(x))
		got = err_set(&x->err, REASON_BODY_TIMEOUT,
		    "the request body stalled");
	if (got == -1)
		return pipeline_fail(x);
	pipeline_bound(x, x->settings->body_timeout);
	return pipeline_wait(x, POLLIN, 0);
}

/* ---- the route ---- */

struct pipeline_store {
	struct store *store;
	unsigned slot;
};

static int
pipeline_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	struct pipeline_store *s = arg;

	return store_get(s->store, s->slot, key, a, value, e);
}

static int
pipeline_look_up(struct exchange *x, struct snapshot_map *m, unsigned slot)
{
	struct pipeline_store from = { snapshot_store(m), slot };
	struct lookup_map map = { pipeline_get, &from,
		store_meta(from.store) };
	int got = lookup_route(&map, &x->request.host, x->request.path.text,
	    &x->arena, NULL, &x->found, &x->err);

	x->record.generation = map.meta->generation;
	if (snapshot_confirm(m, &x->err) == -1)
		return -1;
	return got;
}

static int
pipeline_find_route(struct exchange *x, const struct exchange_loan *loan)
{
	struct snapshot_map *m;
	int64_t before = clock_us();
	int got;

	m = snapshot_take(x->process->snapshot, &x->err);
	if (m == NULL)
		return pipeline_fail(x);
	got = pipeline_look_up(x, m, loan->slot);
	snapshot_give(x->process->snapshot, &m);
	x->record.lookup_us = clock_us() - before;
	if (got == 0)
		err_set(&x->err, x->found.reason, "no route for %.*s%.*s",
		    STR_ARG(host_text(&x->request.host)),
		    STR_ARG(x->request.path.text));
	if (got != 1)
		return pipeline_fail(x);
	x->source = (struct pattern_source){ .request = &x->request,
		.route = x->found.route,
		.host = host_text(&x->request.host),
		.captures = x->found.captures,
		.rest = x->found.rest };
	return NEXT;
}

static int
pipeline_answer_ourselves(struct exchange *x)
{
	const struct route *r = x->found.route;
	struct str location;
	int got;

	if (r->target == TARGET_REDIRECT) {
		if (target_redirect(&x->source, &x->arena, &location,
		    &x->err) == -1)
			return pipeline_fail(x);
		got = pages_redirect(&x->reply, r->code, location, &x->arena);
	} else {
		got = pages_respond(&x->reply, r, &x->arena);
	}
	if (got == 0)
		got = rules_apply(&x->source, HEADER_RESPONSE,
		    &x->reply.fields, &x->err);
	else
		err_set(&x->err, REASON_OVERLOADED, "no room for an answer");
	return got == 0 ? REPLY : pipeline_fail(x);
}

static int
pipeline_choose_target(struct exchange *x, const struct exchange_loan *loan)
{
	const struct fields_to_origin in = { .request = &x->request,
		.target = &x->target,
		.forwarded = x->settings->forwarded,
		.max_hops = (int)x->settings->max_hops };

	(void)loan;
	if (x->found.route->target != TARGET_ORIGIN)
		return pipeline_answer_ourselves(x);
	if (target_origin(&x->source, x->settings->host_preserve ==
	    SETTINGS_HOST_PRESERVE, &x->arena, &x->target, &x->err) == -1 ||
	    fields_to_origin(&in, &x->arena, &x->to_origin, &x->err) == -1 ||
	    rules_apply(&x->source, HEADER_REQUEST, &x->to_origin,
	        &x->err) == -1)
		return pipeline_fail(x);
	return NEXT;
}

/* ---- to the origin ---- */

/* A POST without a body says so (RFC 9110 8.6), a GET says nothing. */
static bool
pipeline_says_length(struct str method)
{
	return str_eq(method, STR("POST")) || str_eq(method, STR("PUT")) ||
	    str_eq(method, STR("PATCH"));
}

static void
pipeline_h1_request(const struct exchange *x, struct h1_request *out)
{
	*out = (struct h1_request){ .method = x->request.method,
		.target = x->target.path,
		.host = x->target.host_field,
		.fields = &x->to_origin,
		.body = H1_BODY_NONE,
		.length = x->body.promised };
	if (x->body.kind == REQUEST_BODY_LENGTH ||
	    (x->body.kind == REQUEST_BODY_NONE &&
	        pipeline_says_length(x->request.method)))
		out->body = H1_BODY_LENGTH;
	else if (x->body.kind == REQUEST_BODY_UNKNOWN)
		out->body = H1_BODY_CHUNKED;
}

static int
pipeline_connect(struct exchange *x, const struct exchange_loan *loan)
{
	struct h1_limits limits = {
		.head_max = (size_t)x->settings->max_response_head,
		.refuse_bad_field = x->settings->bad_header ==
		    SETTINGS_BAD_HEADER_REFUSE };
	struct relay *relay = &x->process->relay;
	int64_t timeout = x->settings->connect_timeout;
	struct h1_request request;
	struct wire *w = NULL;
	bool reused;
	int got = 0;

	x->attempt_us = clock_us();
	x->record.attempts++;
	if (!x->fresh_only)
		w = relay_take(relay, &x->target);
	reused = w != NULL;
	if (!reused) {
		if (x->total_limit - clock_ms() < timeout)
			timeout = x->total_limit - clock_ms();
		loan->held(loan->arg, true);
		got = wire_open(relay->maker, &x->target, timeout, &w,
		    &x->err);
		loan->held(loan->arg, false);
	}
	x->record.connect_us = clock_us() - x->attempt_us;
	pipeline_h1_request(x, &request);
	if (got == -1 || transfer_begin(&x->transfer, &w, reused, &request,
	    limits, &x->err) == -1)
		return pipeline_fail(x);
	return NEXT;
}

/* The attempt failed: the same once more on a fresh connection, or an end. */
static int
pipeline_origin_failed(struct exchange *x)
{
	bool again = relay_may_repeat(&x->transfer, x->err.reason,
	    x->request.method, body_can_rewind(&x->body));

	transfer_end(&x->transfer, false, x->process->relay.pool);
	if (!again)
		return pipeline_fail(x);
	CHECK(body_rewind(&x->body));
	x->err.reason = REASON_NONE;
	x->fresh_only = true;
	return CONNECT;
}

/* 1: the final head came before the whole request was sent. */
static int
pipeline_early_answer(struct exchange *x, const struct exchange_loan *loan)
{
	return transfer_read_head(&x->transfer, loan->scratch, loan->room,
	    &x->arena, &x->answer, &x->err);
}

/* Sends one part of the body on. 1: done, go on; else as body_next. */
static int
pipeline_send_part(struct exchange *x, const struct exchange_loan *loan)
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

static int
pipeline_wait_upload(struct exchange *x, bool for_front)
{
	if (pipeline_is_late(x)) {
		transfer_end(&x->transfer, false, NULL);
		err_set(&x->err, for_front ? REASON_BODY_TIMEOUT :
		    REASON_ORIGIN_TIMEOUT, for_front ?
		    "the request body stalled" :
		    "the origin takes no byte of the request");
		return pipeline_fail(x);
	}
	pipeline_bound(x, for_front ? x->settings->body_timeout :
	    x->settings->idle_timeout);
	return pipeline_wait(x, for_front ? POLLIN : 0,
	    for_front ? POLLIN : POLLIN | POLLOUT);
}

static int
pipeline_send_request(struct exchange *x, const struct exchange_loan *loan)
{
	uint64_t looked = x->record.received;

	for (;;) {
		int sent = transfer_flush(&x->transfer, &x->err);
		int part = 1;
		int early = 0;

		if (sent == 1 && x->transfer.upload_done)
			return NEXT;
		if (sent == 1)
			part = pipeline_send_part(x, loan);
		if (sent == -1 || part == -2)
			return pipeline_origin_failed(x);
		if (part == -1) {
			transfer_end(&x->transfer, false, NULL);
			return pipeline_fail(x);
		}
		if (sent == 0 || part == 0 ||
		    x->record.received - looked >= PIPELINE_LOOK) {
			looked = x->record.received;
			early = pipeline_early_answer(x, loan);
		}
		if (early == 1)
			return SEND_HEAD;
		if (early == -1)
			return pipeline_origin_failed(x);
		if (sent == 0 || part == 0)
			return pipeline_wait_upload(x, part == 0);
	}
}

/* ---- the answer ---- */

static int
pipeline_origin_late(struct exchange *x, const char *what)
{
	transfer_end(&x->transfer, false, NULL);
	err_set(&x->err, REASON_ORIGIN_TIMEOUT, "%.*s: %s",
	    STR_ARG(x->target.name), what);
	return pipeline_fail(x);
}

static int
pipeline_read_head(struct exchange *x, const struct exchange_loan *loan)
{
	bool began = x->transfer.got_any;
	int got = transfer_read_head(&x->transfer, loan->scratch, loan->room,
	    &x->arena, &x->answer, &x->err);

	if (got == 1)
		return NEXT;
	if (got == -1)
		return pipeline_origin_failed(x);
	if (x->transfer.got_any && !began)
		x->limit = INT64_MAX;
	if (pipeline_is_late(x))
		return pipeline_origin_late(x, "did not answer in time");
	if (pipeline_front_gone(x)) {
		transfer_end(&x->transfer, false, NULL);
		return pipeline_fail(x);
	}
	pipeline_bound(x, x->transfer.got_any ? x->settings->idle_timeout :
	    x->settings->response_timeout);
	return pipeline_wait_origin(x);
}

/* A CGI head (RFC 3875 6). length: the Content-Length, or -1 for none. */
static int
pipeline_put_head(struct exchange *x, int status, struct str phrase,
    const struct header *fields, int64_t length)
{
	struct buf head;
	size_t i;
	int got;

	buf_init(&head, EXCHANGE_OUT_MAX / 2);
	if (phrase.n == 0)
		phrase = str_of(status_phrase(status));
	got = buf_printf(&head, "Status: %d %.*s\r\n", status,
	    STR_ARG(phrase));
	for (i = 0; i < fields->count && got == 0; i++) {
		const struct header_field *f = &fields->fields[i];

		if (buf_put(&head, f->name) == -1 ||
		    buf_put(&head, STR(": ")) == -1 ||
		    buf_put(&head, f->value) == -1 ||
		    buf_put(&head, STR("\r\n")) == -1)
			got = -1;
	}
	if (got == 0 && length >= 0)
		got = buf_printf(&head, "Content-Length: %" PRId64 "\r\n",
		    length);
	if (got == 0)
		got = buf_put(&head, STR("\r\n"));
	if (got == -1)
		err_set(&x->err, REASON_OVERLOADED, "no room for an answer");
	else
		got = x->intake->put(x, buf_view(&head), &x->err);
	buf_fini(&head);
	x->head_sent = got == 0;
	x->length_sent = got == 0 && length >= 0;
	x->record.status = status;
	return got;
}

static int64_t
pipeline_answer_length(const struct exchange *x)
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

static int
pipeline_send_head(struct exchange *x, const struct exchange_loan *loan)
{
	const struct fields_to_client in = { .request = &x->request,
		.route = x->found.route,
		.target = &x->target,
		.answer = &x->answer };
	struct header fields;

	(void)loan;
	x->record.first_us = clock_us() - x->since_us;
	if (fields_to_client(&in, &x->arena, &fields, &x->err) == -1 ||
	    rules_apply(&x->source, HEADER_RESPONSE, &fields, &x->err) == -1)
		return pipeline_fail(x);
	if (header_set(&fields, STR("X-Request-Id"), x->request.id) == -1) {
		err_set(&x->err, REASON_OVERLOADED, "no room for a header");
		return pipeline_fail(x);
	}
	if (pipeline_put_head(x, x->answer.status, x->answer.phrase, &fields,
	    pipeline_answer_length(x)) == -1)
		return pipeline_fail(x);
	return NEXT;
}

static int
pipeline_take_part(void *arg, struct str data)
{
	struct exchange *x = arg;

	x->limit = INT64_MAX;
	x->record.sent += data.n;
	if (x->intake->put(x, data, &x->err) == -1)
		return -1;
	return buf_len(&x->out) >= PIPELINE_FLUSH;
}

/* The front takes no more: wait for it, and read what it still sends. */
static int
pipeline_wait_front(struct exchange *x)
{
	int drained = body_drain(&x->body, x->intake->read, x, PIPELINE_DRAIN);

	if (drained == -1 || pipeline_is_late(x)) {
		err_set(&x->err, REASON_CLIENT_GONE, "%s", drained == -1 ?
		    "the web server closed the connection" :
		    "the web server takes no byte of the answer");
		return pipeline_fail(x);
	}
	pipeline_bound(x, x->settings->client_timeout);
	return pipeline_wait(x, drained == 1 ? POLLOUT : POLLOUT | POLLIN, 0);
}

static int
pipeline_pass_body(struct exchange *x, const struct exchange_loan *loan)
{
	int got, flushed;

	if (buf_len(&x->out) >= PIPELINE_FLUSH &&
	    x->intake->flush(x, &x->err) == 0)
		return pipeline_wait_front(x);
	do {
		got = transfer_read_body(&x->transfer, loan->scratch,
		    loan->room, pipeline_take_part, x, &x->err);
		if (got == -1)
			return pipeline_fail(x);
		if (got == 2) {
			transfer_end(&x->transfer, true,
			    x->process->relay.pool);
			return FINISH;
		}
		flushed = x->intake->flush(x, &x->err);
		if (flushed == -1)
			return pipeline_fail(x);
		if (flushed == 0)
			return pipeline_wait_front(x);
	} while (got == 1);
	if (pipeline_is_late(x))
		return pipeline_origin_late(x, "stopped within its answer");
	if (pipeline_front_gone(x))
		return pipeline_fail(x);
	pipeline_bound(x, x->settings->idle_timeout);
	return pipeline_wait_origin(x);
}

/* ---- the end ---- */

/* The page of an error, or what a redirect or respond has put there. */
static int
pipeline_put_reply(struct exchange *x)
{
	struct exchange_reply *reply = &x->reply;
	bool bare;

	if (x->err.reason != REASON_NONE) {
		arena_fini(&x->spare);
		if (pages_error(reply, x->err.reason, &x->request,
		    &x->spare) == -1)
			return -1;
	}
	if (header_set(&reply->fields, STR("X-Request-Id"),
	    x->request.id) == -1)
		return -1;
	bare = reply->status == 204 || reply->status == 304;
	if (pipeline_put_head(x, reply->status, STR(""), &reply->fields,
	    bare ? -1 : (int64_t)reply->body.n) == -1)
		return -1;
	if (bare || str_eq(x->request.method, STR("HEAD")))
		return 0;
	x->record.sent += reply->body.n;
	return x->intake->put(x, reply->body, &x->err);
}

static void
pipeline_tell(const struct exchange *x)
{
	int status = reason_status(x->err.reason);

	if (x->err.reason == REASON_NONE)
		return;
	if (status >= 500)
		msg_warning("%.*s: %s: %s", STR_ARG(x->request.id),
		    reason_word(x->err.reason), x->err.text);
	else
		msg_info("%.*s: %s: %s", STR_ARG(x->request.id),
		    reason_word(x->err.reason), x->err.text);
}

static int
pipeline_reply(struct exchange *x, const struct exchange_loan *loan)
{
	(void)loan;
	transfer_end(&x->transfer, false, NULL);
	pipeline_tell(x);
	x->record.reason = x->err.reason;
	if (x->err.reason == REASON_CLIENT_GONE) {
		x->record.status = reason_status(x->err.reason);
		return HAND_BACK;
	}
	x->broken = x->head_sent;
	if (!x->head_sent && pipeline_put_reply(x) == -1)
		return HAND_BACK;
	return FINISH;
}

static int
pipeline_finish(struct exchange *x, const struct exchange_loan *loan)
{
	int got;

	(void)loan;
	if (!x->ended) {
		body_drain(&x->body, x->intake->read, x, PIPELINE_DRAIN);
		if (x->intake->end(x, !x->broken, &x->err) == -1)
			return HAND_BACK;
		x->ended = true;
	}
	got = x->intake->flush(x, &x->err);
	if (got == 0 && !pipeline_is_late(x)) {
		pipeline_bound(x, x->settings->client_timeout);
		return pipeline_wait(x, POLLOUT, 0);
	}
	x->whole = got == 1 && !x->broken;
	if (got != 1 && x->record.reason == REASON_NONE) {
		x->record.reason = REASON_CLIENT_GONE;
		x->record.status = reason_status(REASON_CLIENT_GONE);
	}
	return HAND_BACK;
}

static void
pipeline_write_record(struct exchange *x)
{
	struct record *r = &x->record;
	char line[RECORD_LINE_MAX];
	size_t n;

	x->recorded = true;
	atomic_fetch_sub(&x->process->exchanges, 1);
	if (!access_log_wanted(x->process->log))
		return;
	r->id = x->request.id;
	r->client_ip = x->request.client_ip;
	r->method = x->request.method;
	r->host = host_text(&x->request.host);
	r->uri = x->request.uri;
	r->protocol = x->request.protocol;
	r->referer = header_get(&x->request.fields, STR("Referer"));
	r->user_agent = header_get(&x->request.fields, STR("User-Agent"));
	if (x->found.route != NULL)
		r->route = x->found.route->match;
	r->origin = x->target.name;
	r->total_us = clock_us() - x->since_us;
	n = record_print(r, line);
	access_log_write(x->process->log, (struct str){ line, n });
}

static int
pipeline_hand_back(struct exchange *x, const struct exchange_loan *loan)
{
	int got;

	(void)loan;
	if (!x->recorded)
		pipeline_write_record(x);
	got = x->intake->next(x, x->whole);
	if (got == 0)
		return WAIT;
	exchange_reset(x);
	if (got == -1)
		return OVER;
	x->wait = (struct exchange_wait){ .front = POLLIN,
		.until = INT64_MAX };
	return WAIT;
}
