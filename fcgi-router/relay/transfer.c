/* SPDX-License-Identifier: BSD-2-Clause */

/* transfer: h1 on a wire. */

#include "relay/transfer.h"

#include <string.h>

enum {
	TRANSFER_OUT_MAX = 256 * 1024,
	TRANSFER_IN_MAX = 512 * 1024,
	TRANSFER_HEAD = 8192,   /* read at once of a head and what follows it:
	                           that is kept for a while */
	TRANSFER_DIRECT = 4096, /* smaller parts wait for company */
	TRANSFER_ROUNDS = 16,   /* reads in a row */
	TRANSFER_POURED = 65536, /* less than this to come is copied as
	                            quickly, */
	TRANSFER_TRICKLE = 8192, /* and so is what comes by less at once */
	TRANSFER_WAIT = 3       /* an inner answer: nothing came */
};

void
transfer_init(struct transfer *t)
{
	memset(t, 0, sizeof(*t));
	buf_init(&t->out, TRANSFER_OUT_MAX);
	buf_init(&t->in, TRANSFER_IN_MAX);
}

void
transfer_fini(struct transfer *t)
{
	wire_close(&t->wire);
	buf_fini(&t->out);
	buf_fini(&t->in);
}

static int
transfer_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for a request");
}

int
transfer_begin(struct transfer *t, struct wire **w, bool reused,
    const struct h1_request *request, struct h1_limits limits, struct err *e)
{
	CHECK(t->wire == NULL);
	t->wire = *w;
	*w = NULL;
	t->reused = reused;
	t->keep = t->sent_any = false;
	t->wrote = false;
	t->unsent = 0;
	t->came = t->last = 0;
	t->upload = request->body;
	t->upload_done = request->body == H1_BODY_NONE ||
	    (request->body == H1_BODY_LENGTH && request->length == 0);
	buf_clear(&t->out);
	buf_clear(&t->in);
	h1_reader_init(&t->reader, limits,
	    str_eq(request->method, STR("HEAD")));
	return h1_put_request(&t->out, request) == 0 ? 0 : transfer_full(e);
}

int
transfer_put_body(struct transfer *t, struct str data, struct err *e)
{
	size_t sent = 0;

	if (data.n == 0)
		return 0;
	if (t->upload == H1_BODY_CHUNKED)
		return h1_put_chunk(&t->out, data) == 0 ? 0 : transfer_full(e);
	if (buf_len(&t->out) == 0 && data.n >= TRANSFER_DIRECT) {
		if (wire_send(t->wire, data, &sent, e) == -1)
			return -1;
		t->sent_any |= sent > 0;
		t->wrote |= sent > 0;
		data = str_sub(data, sent, data.n);
	}
	return buf_put(&t->out, data) == 0 ? 0 : transfer_full(e);
}

int
transfer_end_body(struct transfer *t, struct err *e)
{
	t->upload_done = true;
	if (t->upload != H1_BODY_CHUNKED)
		return 0;
	return h1_put_chunk(&t->out, STR("")) == 0 ? 0 : transfer_full(e);
}

int
transfer_flush(struct transfer *t, struct err *e)
{
	while (buf_len(&t->out) > 0) {
		size_t sent;
		int got = wire_send(t->wire, buf_view(&t->out), &sent, e);

		if (got <= 0)
			return got;
		t->sent_any = t->wrote = true;
		buf_drop(&t->out, sent);
	}
	buf_rest(&t->out); /* an idle exchange holds little memory for it */
	return 1;
}

bool
transfer_is_taken(struct transfer *t)
{
	int unsent = wire_unsent(t->wire);
	bool taken = t->wrote || unsent < t->unsent;

	t->wrote = false;
	t->unsent = unsent;
	return taken;
}

static int
transfer_cut_off(const struct transfer *t, const char *where, struct err *e)
{
	return err_set(e, REASON_ORIGIN_BROKEN,
	    "%.*s: closed the connection %s", STR_ARG(wire_name(t->wire)),
	    where);
}

/* Tells which origin it was. */
static int
transfer_blame(const struct transfer *t, struct err *e)
{
	struct err copy = *e;

	return err_set(e, copy.reason, "%.*s: %.300s",
	    STR_ARG(wire_name(t->wire)), copy.text);
}

static int
transfer_try_head(struct transfer *t, struct str bytes, struct arena *a,
    struct h1_answer *out, size_t *used, struct err *e)
{
	int got = h1_read_head(&t->reader, bytes, a, out, used, e);

	if (got == -1)
		return transfer_blame(t, e);
	if (got == 1) {
		h1_body_init(&t->body, out);
		t->keep = out->keep;
	}
	return got;
}

/* Shows h1 what is held together with what came, and keeps the rest. */
static int
transfer_show_head(struct transfer *t, struct str came, struct arena *a,
    struct h1_answer *out, struct err *e)
{
	size_t used = 0;
	int got;

	if (buf_len(&t->in) == 0) {
		got = transfer_try_head(t, came, a, out, &used, e);
		if (got >= 0 &&
		    buf_put(&t->in, str_sub(came, used, came.n)) == -1)
			return transfer_full(e);
		return got;
	}
	if (buf_put(&t->in, came) == -1)
		return transfer_full(e);
	got = transfer_try_head(t, buf_view(&t->in), a, out, &used, e);
	buf_drop(&t->in, used);
	return got;
}

int
transfer_read_head(struct transfer *t, char *scratch, size_t room,
    struct arena *a, struct h1_answer *out, struct err *e)
{
	if (room > TRANSFER_HEAD)
		room = TRANSFER_HEAD;
	for (;;) {
		size_t n;
		int got = wire_recv(t->wire, scratch, room, &n, e);

		if (got == 2)
			return transfer_cut_off(t, t->came > 0 ?
			    "within its answer's head" :
			    "before its answer", e);
		if (got <= 0)
			return got;
		t->came += n;
		got = transfer_show_head(t, (struct str){ scratch, n }, a,
		    out, e);
		if (got != 0)
			return got;
	}
}

/*
 * Gives the content of `bytes` to the sink, all of it, so that nothing is to be
 * kept. Answers as transfer_read_body, 0: the sink wants more.
 */
static int
transfer_decode(struct transfer *t, struct str bytes, size_t *used,
    transfer_sink *sink, void *arg, struct err *e)
{
	int full = 0;

	*used = 0;
	for (;;) {
		struct str data = { NULL, 0 };
		size_t n = 0;
		int got = h1_read_body(&t->body,
		    str_sub(bytes, *used, bytes.n), &data, &n, e);
		int taken;

		if (got == -1)
			return transfer_blame(t, e);
		*used += n;
		taken = data.n > 0 ? sink(arg, data) : 0;
		if (taken == -1)
			return -1;
		if (got == 2)
			return 2;
		full |= taken;
		if (got == 0 || *used == bytes.n)
			return full;
	}
}

/* Decodes what is held from before. */
static int
transfer_read_held(struct transfer *t, transfer_sink *sink, void *arg,
    struct err *e)
{
	size_t used;
	int got = transfer_decode(t, buf_view(&t->in), &used, sink, arg, e);

	buf_drop(&t->in, used);
	if (buf_len(&t->in) == 0)
		buf_rest(&t->in);
	return got;
}

static int
transfer_read_more(struct transfer *t, char *scratch, size_t room,
    transfer_sink *sink, void *arg, struct err *e)
{
	size_t held = buf_len(&t->in);
	size_t n, used;
	int got;

	CHECK(held < room / 2); /* at most an unfinished chunk line */
	got = wire_recv(t->wire, scratch + held, room - held, &n, e);
	t->last = n;
	if (got == 2)
		return h1_body_end(&t->body) ? 2 :
		    transfer_cut_off(t, "within its answer's body", e);
	if (got <= 0)
		return got == 0 ? TRANSFER_WAIT : -1;
	t->came += n;
	if (held > 0) {
		memcpy(scratch, buf_view(&t->in).p, held);
		buf_rest(&t->in);
	}
	got = transfer_decode(t, (struct str){ scratch, held + n }, &used,
	    sink, arg, e);
	if (got >= 0 && buf_put(&t->in, (struct str){ scratch + used,
	    held + n - used }) == -1)
		return transfer_full(e);
	return got;
}

int
transfer_read_body(struct transfer *t, char *scratch, size_t room,
    transfer_sink *sink, void *arg, struct err *e)
{
	int got = 0;
	int rounds;

	if (t->body.done)
		return 2;
	if (buf_len(&t->in) > 0)
		got = transfer_read_held(t, sink, arg, e);
	for (rounds = 0; got == 0 && rounds < TRANSFER_ROUNDS; rounds++) {
		got = transfer_read_more(t, scratch, room, sink, arg, e);
		if (got == TRANSFER_WAIT)
			return 0;
	}
	return got == 0 ? 1 : got;
}

int
transfer_pour(struct transfer *t, struct pour *p, size_t room, struct err *e)
{
	uint64_t ahead = h1_body_ahead(&t->body);
	int got;

	if (ahead < TRANSFER_POURED || t->last < TRANSFER_TRICKLE ||
	    buf_len(&t->in) > 0)
		return 2;
	got = wire_pour(t->wire, p, room < ahead ? room : (size_t)ahead, e);
	if (got == 1) {
		t->last = p->held;
		t->came += p->held;
		h1_body_pass(&t->body, p->held);
	}
	return got;
}

void
transfer_end(struct transfer *t, bool complete, struct pool *pool)
{
	if (t->wire == NULL)
		return;
	if (complete && t->keep && t->upload_done && buf_len(&t->out) == 0 &&
	    buf_len(&t->in) == 0) {
		wire_used(t->wire);
		pool_give(pool, &t->wire);
	} else {
		wire_close(&t->wire);
	}
	buf_rest(&t->out);
	buf_rest(&t->in);
}
