/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * intake_fcgi: libfcgi for reading; fcgi_write writes.
 *
 * The fields of FCGX_Request that are used here to hand over a connection are
 * the ones that the library's own FCGX_Accept_r uses; they are the same in all
 * its versions from 2.4.0 on.
 */

#include "serve/intake_fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/status.h"
#include "serve/fcgi_head.h"
#include "serve/fcgi_write.h"
#include "serve/request_id.h"

enum {
	FCGI_HEAD_MOST = 96 * 1024, /* larger heads are answered 431 */
	FCGI_AHEAD = 2048,         /* bytes looked at before a body's record */
	FCGI_LIBRARY = 8192,       /* libfcgi reads at most so many at once */
	FCGI_DRAIN_MS = 300,       /* for a head, once the router is to end, */
	FCGI_DRAIN_FIRST_MS = 2000, /* and for a connection's first one: who
	                               has just connected is about to ask, be
	                               the machine ever so slow */
	FCGI_LINGER_MS = 2000,
	FCGI_LINGER_BYTES = 1 << 20 /* read and thrown away in one turn */
};

/* The beginning of libfcgi's private stream data; see intake_fcgi_judge. */
struct fcgi_stream_data {
	unsigned char *buff;
	int bufflen;
	unsigned char *mbuff;
	unsigned char *buff_stop;
	int type;
	int eor_stop;
	int skip;
	int content_len;
	int padding_len;
	int is_anything_written;
	int raw_write;
	FCGX_Request *request;
};

struct fcgi_state {
	struct fcgi_writer writer; /* first: see fcgi_write.h */
	FCGX_Request request;
	bool open;           /* a request is being answered */
	bool keep;           /* the web server wants the connection kept */
	bool nonsense;       /* a record came that libfcgi must not see */
	bool knows_buffer;   /* libfcgi's stream data is as drawn above */
	bool asked;          /* a request has come */
	int64_t head_since;  /* when the first byte of a head was seen, or 0 */
	int64_t linger_until; /* 0: not closing */
};

_Static_assert(offsetof(struct fcgi_state, writer) == 0,
    "fcgi_write finds its state at the beginning");

static int intake_fcgi_end(struct exchange *x, bool whole, struct err *e);
static int intake_fcgi_linger(struct exchange *x);

static struct fcgi_state *
intake_fcgi_state(struct exchange *x)
{
	return x->front_state;
}

void
intake_fcgi_init(void)
{
	CHECK(FCGX_Init() == 0);
}

int
intake_fcgi_open(struct exchange *x, int fd)
{
	struct fcgi_state *state = x->front_state;

	if (state == NULL)
		state = malloc(sizeof(*state));
	if (state == NULL)
		return -1;
	memset(state, 0, sizeof(*state));
	CHECK(FCGX_InitRequest(&state->request, -1, 0) == 0);
	x->front_state = state;
	x->front = fd;
	ready_init(&x->front_ready, x);
	x->intake = &intake_fcgi;
	state->head_since = clock_ms();
	return 0;
}

/* ---- taking a request ---- */

static void
intake_fcgi_close(struct exchange *x)
{
	struct fcgi_state *state = intake_fcgi_state(x);

	if (state->open)
		FCGX_Free(&state->request, 0);
	state->open = false;
	if (x->front != -1)
		close(x->front);
	x->front = -1;
	buf_fini(&x->out);
}

/* Nobody waits for an answer on such a connection. */
static int
intake_fcgi_refuse(struct exchange *x, const char *why, struct err *e)
{
	intake_fcgi_close(x);
	return err_set(e, why != NULL ? REASON_BAD_REQUEST : REASON_NONE,
	    "%s", why != NULL ? why : "");
}

/* Peeking shows what came before an end, not the end. */
static bool
intake_fcgi_hung_up(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1;
}

/* began: the head came in part. */
static int
intake_fcgi_wait_head(struct exchange *x, bool began, struct err *e)
{
	struct fcgi_state *state = intake_fcgi_state(x);
	int64_t now = clock_ms();
	struct settings *s = process_settings(x->process);
	int64_t timeout = s->request_timeout;
	int64_t drain = state->asked ? FCGI_DRAIN_MS : FCGI_DRAIN_FIRST_MS;

	settings_drop(&s);
	if (atomic_load(&x->process->draining) && timeout > drain)
		timeout = drain;
	if (began && state->head_since == 0)
		state->head_since = now;
	if (began && intake_fcgi_hung_up(x->front))
		return intake_fcgi_refuse(x,
		    "a connection ended within a FastCGI request head", e);
	if (state->head_since != 0 && now - state->head_since >= timeout)
		return intake_fcgi_refuse(x, began ?
		    "a FastCGI request head did not come whole in time" : NULL,
		    e);
	x->wait.front = POLLIN;
	x->wait.origin = 0;
	x->wait.until = state->head_since == 0 ? INT64_MAX :
	    state->head_since + timeout;
	return 0;
}

static int
intake_fcgi_refuse_role(struct exchange *x, struct str bytes, struct err *e)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	unsigned char end[FCGI_HEAD + 8] = { FCGI_VERSION, FCGI_END, p[2],
		p[3], 0, 8, 0, 0, 0, 0, 0, 0, FCGI_UNKNOWN_ROLE };

	(void)send(x->front, end, sizeof(end), MSG_DONTWAIT | MSG_NOSIGNAL);
	return intake_fcgi_refuse(x, "a FastCGI role other than RESPONDER",
	    e);
}

/* A head that libfcgi must not see: the client has its answer all the same. */
static int
intake_fcgi_refuse_head(struct exchange *x, struct str bytes,
    enum reason reason, const char *why, struct err *e)
{
	static const char head[] = "Content-Type: text/plain; charset=utf-8\r\n"
	    "Cache-Control: no-store\r\nX-Router-Reason: ";
	int status = reason_status(reason);
	char text[512];
	struct str answer = { text, 0 };
	int n;

	request_id_new(x->id);
	n = snprintf(text, sizeof(text),
	    "Status: %d %s\r\n%s%s\r\nX-Request-Id: %s\r\n\r\n%s\n", status,
	    status_phrase(status), head, reason_word(reason), x->id,
	    reason_sentence(reason));
	CHECK(n > 0 && (size_t)n < sizeof(text));
	answer.n = (size_t)n;
	x->refused = true;
	x->record.status = status;
	x->record.reason = reason;
	x->record.sent = strlen(reason_sentence(reason)) + 1;
	intake_fcgi_state(x)->writer.id = fcgi_head_id(bytes);
	if (fcgi_write_queue(x, FCGI_STDOUT, answer, e) == -1 ||
	    intake_fcgi_end(x, true, e) == -1 ||
	    fcgi_write_flush(x, e) == -1)
		return intake_fcgi_refuse(x, "no room for an answer", e);
	err_set(e, reason, "%s: %s", x->id, why);
	return intake_fcgi_linger(x);
}

static int
intake_fcgi_accept(struct exchange *x, struct err *e)
{
	struct fcgi_state *state = intake_fcgi_state(x);
	FCGX_Request *r = &state->request;
	const struct fcgi_stream_data *data;

	r->ipcFd = x->front;
	r->keepConnection = 1;
	if (FCGX_Accept_r(r) != 0) {
		x->front = -1; /* libfcgi closed it */
		return intake_fcgi_refuse(x, "libfcgi refused a request", e);
	}
	state->open = true;
	state->nonsense = false;
	state->keep = r->keepConnection != 0;
	state->writer.id = r->requestId;
	state->asked = true;
	state->head_since = 0;
	data = r->in->data;
	state->knows_buffer = data->request == r &&
	    data->buff_stop >= data->buff &&
	    data->buff_stop <= data->buff + data->bufflen;
	x->variables = r->envp;
	return 1;
}

/* As recv(2). Between requests nothing is there until an event says so. */
static ssize_t
intake_fcgi_peek(struct exchange *x, const struct exchange_loan *loan)
{
	if (intake_fcgi_state(x)->head_since == 0 &&
	    !ready_maybe(&x->front_ready)) {
		errno = EAGAIN;
		return -1;
	}
	ready_look(&x->front_ready);
	return recv(x->front, loan->scratch, loan->room,
	    MSG_PEEK | MSG_DONTWAIT);
}

static int
intake_fcgi_take(struct exchange *x, const struct exchange_loan *loan,
    struct err *e)
{
	struct fcgi_state *state = intake_fcgi_state(x);
	struct str bytes = { loan->scratch, 0 };
	ssize_t n;
	int got;

	if (state->linger_until != 0)
		return x->intake->next(x, false);
	n = intake_fcgi_peek(x, loan);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		return intake_fcgi_refuse(x, NULL, e);
	/* The web server may be about to ask: on a busy connection it soon
	 * does, and finds the end behind its answer. */
	if (n == -1 && atomic_load(&x->process->draining) &&
	    state->head_since == 0)
		state->head_since = clock_ms();
	if (n == -1)
		return intake_fcgi_wait_head(x, false, e);
	bytes.n = (size_t)n;
	got = fcgi_head_look(bytes);
	if (got == -1)
		return intake_fcgi_refuse(x,
		    "no FastCGI request on a new connection", e);
	if (got == 0 && (bytes.n >= FCGI_HEAD_MOST || bytes.n == loan->room))
		return intake_fcgi_refuse_head(x, bytes,
		    REASON_HEADERS_TOO_LARGE,
		    "more FastCGI parameters than a request may have", e);
	if (got == 0)
		return intake_fcgi_wait_head(x, true, e);
	if (fcgi_head_role(bytes) != FCGI_RESPONDER)
		return intake_fcgi_refuse_role(x, bytes, e);
	if (got == 2)
		return intake_fcgi_refuse_head(x, bytes, REASON_BAD_REQUEST,
		    "a FastCGI parameter holds NUL", e);
	if (n >= FCGI_LIBRARY) /* then some of it may be left */
		ready_left(&x->front_ready);
	return intake_fcgi_accept(x, e);
}

/* ---- the body ---- */

/*
 * What libfcgi would read next, once it has skipped padding: 1: content, or
 * the end, without waiting; 0: it would wait; -1: a record that is none of
 * this request's body. It would skip or answer such records, wait behind
 * them, and die of some.
 */
static int
intake_fcgi_judge(const struct fcgi_state *state, struct str ahead)
{
	const struct fcgi_stream_data *data = state->request.in->data;
	unsigned id = (unsigned)state->request.requestId;
	const unsigned char *p;
	size_t skip = (size_t)data->padding_len;

	if (data->content_len > 0)
		return ahead.n > 0;
	if (ahead.n < skip + FCGI_HEAD)
		return 0;
	p = (const unsigned char *)ahead.p + skip;
	if (p[0] != FCGI_VERSION || p[1] != FCGI_STDIN ||
	    ((unsigned)p[2] << 8 | p[3]) != id)
		return -1;
	return (p[4] == 0 && p[5] == 0) || ahead.n > skip + FCGI_HEAD;
}

/*
 * As intake_fcgi_judge, with what lies in the socket behind what libfcgi holds
 * already; of 0, x->front_partial says for what.
 */
static int
intake_fcgi_look(struct exchange *x, struct str held)
{
	char room[FCGI_AHEAD];
	size_t free = FCGI_AHEAD - held.n;
	bool ended;
	ssize_t n;
	int got;

	memcpy(room, held.p, held.n);
	ready_look(&x->front_ready);
	n = recv(x->front, room + held.n, free, MSG_PEEK | MSG_DONTWAIT);
	ended = n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR);
	got = intake_fcgi_judge(intake_fcgi_state(x), (struct str){ room,
	    held.n + (n > 0 ? (size_t)n : 0) });
	if (got == 1 && (size_t)n == free)
		ready_left(&x->front_ready);
	if (got != 0 || ended)
		return got != 0 ? got : 1;
	x->front_partial = n > 0;
	return x->front_partial && intake_fcgi_hung_up(x->front);
}

static int
intake_fcgi_is_ready(struct exchange *x)
{
	struct fcgi_state *state = intake_fcgi_state(x);
	const FCGX_Stream *in = state->request.in;
	const struct fcgi_stream_data *data = in->data;
	struct str held;
	int got;

	x->front_partial = false;
	if (!state->knows_buffer)
		return 1; /* it may wait, at most for body_timeout */
	held = (struct str){ (const char *)in->rdNext,
		(size_t)(data->buff_stop - in->rdNext) };
	got = intake_fcgi_judge(state, held);
	return got != 0 ? got : intake_fcgi_look(x, held);
}

static int
intake_fcgi_broken_off(struct exchange *x, struct err *e)
{
	struct fcgi_state *state = intake_fcgi_state(x);

	state->keep = false;
	if (FCGX_GetError(state->request.in) == EAGAIN)
		return err_set(e, REASON_BODY_TIMEOUT,
		    "the request body stalled");
	return err_set(e, REASON_CLIENT_GONE,
	    "the web server broke off the request body");
}

static int
intake_fcgi_read(void *arg, struct str *data, struct err *e)
{
	struct exchange *x = arg;
	struct fcgi_state *state = intake_fcgi_state(x);
	FCGX_Stream *in = state->request.in;
	int ready = 1;

	if (state->nonsense)
		ready = -1;
	else if (in->rdNext == in->stop && !in->isClosed)
		ready = intake_fcgi_is_ready(x);
	if (ready == 0)
		return 0;
	if (ready == -1) {
		state->nonsense = true;
		state->keep = false;
		return err_set(e, REASON_CLIENT_GONE,
		    "the web server sent no record of this request's body");
	}
	if (in->rdNext == in->stop && !in->isClosed &&
	    FCGX_GetChar(in) != EOF)
		(void)FCGX_UnGetChar((unsigned char)in->rdNext[-1], in);
	/* A stream that breaks within padding is left with rdNext behind stop:
	 * the pointers alone do not tell. */
	if (in->isClosed || in->rdNext >= in->stop)
		return FCGX_GetError(in) == 0 ? 2 :
		    intake_fcgi_broken_off(x, e);
	*data = (struct str){ (const char *)in->rdNext,
		(size_t)(in->stop - in->rdNext) };
	in->rdNext = in->stop;
	return 1;
}

/* ---- the end ---- */

/*
 * A broken answer: a record of version 0, which no web server takes, then the
 * connection closes. mod_fcgid writes an error page behind what it has on any
 * close; there an early end shows, if a Content-Length was sent.
 */
static int
intake_fcgi_end(struct exchange *x, bool whole, struct err *e)
{
	static const char broken[FCGI_HEAD] = { 0 };
	struct fcgi_state *state = intake_fcgi_state(x);

	if (!whole) {
		state->keep = false;
		if (!x->front_spools)
			return buf_put(&x->out, (struct str){ broken,
			    FCGI_HEAD }) == 0 ? 0 : err_set(e,
			    REASON_OVERLOADED, "no room for an answer");
		/* It ends a length that is not kept, but makes 0 of one of
		 * which no byte came. */
		if (!x->length_sent || x->record.sent == 0)
			return 0;
	}
	if (fcgi_write_queue(x, FCGI_STDOUT, STR(""), e) == -1)
		return -1;
	return fcgi_write_queue(x, FCGI_END, (struct str){
	    "\0\0\0\0\0\0\0\0", 8 }, e);
}

static bool
intake_fcgi_gone(struct exchange *x)
{
	/* POLLHUP and POLLERR come unasked. */
	struct pollfd p = { .fd = x->front,
		.events = x->body.ended ? POLLRDHUP : 0 };

	return poll(&p, 1, 0) == 1;
}

/*
 * Closing while the other side still writes would reset the connection and
 * with it the answer: so its side is read to the end first, for a while.
 */
static int
intake_fcgi_linger(struct exchange *x)
{
	struct fcgi_state *state = intake_fcgi_state(x);
	char thrown[4096];
	size_t most = FCGI_LINGER_BYTES;
	int64_t now = clock_ms();
	ssize_t n = 0;

	if (state->linger_until == 0) {
		state->linger_until = now + FCGI_LINGER_MS;
		shutdown(x->front, SHUT_WR);
	}
	while (most > 0 && now < state->linger_until) {
		ready_look(&x->front_ready);
		n = recv(x->front, thrown, sizeof(thrown), MSG_DONTWAIT);
		if (n <= 0)
			break;
		ready_left(&x->front_ready);
		most -= (size_t)n < most ? (size_t)n : most;
	}
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR) ||
	    now >= state->linger_until) {
		intake_fcgi_close(x);
		return -1;
	}
	x->wait.front = POLLIN;
	x->wait.origin = 0;
	x->wait.until = state->linger_until;
	return 0;
}

static int
intake_fcgi_next(struct exchange *x, bool whole)
{
	struct fcgi_state *state = intake_fcgi_state(x);
	bool ended = state->open && state->request.in->isClosed &&
	    FCGX_GetError(state->request.in) == 0;

	if (state->linger_until != 0)
		return intake_fcgi_linger(x);
	if (state->open)
		FCGX_Free(&state->request, 0);
	state->open = false;
	x->variables = NULL;
	if (whole && ended && state->keep &&
	    !atomic_load(&x->process->draining))
		return 1;
	if (whole && !ended)
		return intake_fcgi_linger(x);
	intake_fcgi_close(x);
	return -1;
}

static void
intake_fcgi_fini(struct exchange *x)
{
	intake_fcgi_close(x);
	free(x->front_state);
	x->front_state = NULL;
}

const struct intake intake_fcgi = {
	.take = intake_fcgi_take,
	.read = intake_fcgi_read,
	.put = fcgi_write_put,
	.pour = fcgi_write_pour,
	.flush = fcgi_write_flush,
	.room = fcgi_write_room,
	.end = intake_fcgi_end,
	.gone = intake_fcgi_gone,
	.next = intake_fcgi_next,
	.fini = intake_fcgi_fini,
};
