/* SPDX-License-Identifier: BSD-2-Clause */

/* intake_cgi: read(2) and write(2), with poll(2) for their timeouts. */

#include "serve/intake_cgi.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

enum { CGI_PART = 16 * 1024, CGI_OUT = 16 * 1024 };

extern char **environ;

struct cgi_state {
	bool taken;   /* the one request is being answered */
	bool whole;   /* its answer was written */
	uint64_t read; /* body bytes so far */
	char part[CGI_PART];
};

void
intake_cgi_open(struct exchange *x)
{
	struct cgi_state *state = calloc(1, sizeof(*state));

	CHECK(state != NULL);
	x->front_state = state;
	x->front = -1;
	x->intake = &intake_cgi;
}

int
intake_cgi_status(const struct exchange *x)
{
	const struct cgi_state *state = x->front_state;

	return state->whole ? 0 : 3;
}

static int
intake_cgi_take(struct exchange *x, const struct exchange_loan *loan,
    struct err *e)
{
	struct cgi_state *state = x->front_state;

	(void)loan;
	e->reason = REASON_NONE;
	if (state->taken)
		return -1;
	state->taken = true;
	x->variables = environ;
	return 1;
}

/* 1: ready; 0: the time is over. */
static int
intake_cgi_poll(int fd, short events, int64_t timeout)
{
	struct pollfd p = { .fd = fd, .events = events };
	int got;

	do {
		got = poll(&p, 1, timeout > 3600000 ? 3600000 : (int)timeout);
	} while (got == -1 && errno == EINTR);
	return got != 0;
}

/*
 * A CGI program reads no more than CONTENT_LENGTH: the server need not show an
 * end behind it (RFC 3875 4.2).
 */
static int
intake_cgi_read(void *arg, struct str *data, struct err *e)
{
	struct exchange *x = arg;
	struct cgi_state *state = x->front_state;
	size_t most = sizeof(state->part);
	ssize_t n;

	if (x->request.body != REQUEST_BODY_UNKNOWN) {
		uint64_t left = x->request.body == REQUEST_BODY_LENGTH ?
		    x->request.length - state->read : 0;

		if (left == 0)
			return 2;
		if (left < most)
			most = (size_t)left;
	}
	if (intake_cgi_poll(STDIN_FILENO, POLLIN,
	    x->settings->body_timeout) == 0)
		return err_set(e, REASON_BODY_TIMEOUT,
		    "the request body stalled");
	do {
		n = read(STDIN_FILENO, state->part, most);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return err_set(e, REASON_CLIENT_GONE,
		    "the request body cannot be read: %s", strerror(errno));
	if (n == 0)
		return 2;
	state->read += (uint64_t)n;
	*data = (struct str){ state->part, (size_t)n };
	return 1;
}

static int
intake_cgi_flush(struct exchange *x, struct err *e)
{
	while (buf_len(&x->out) > 0) {
		struct str waits = buf_view(&x->out);
		ssize_t n;

		if (intake_cgi_poll(STDOUT_FILENO, POLLOUT,
		    x->settings->client_timeout) == 0)
			return err_set(e, REASON_CLIENT_GONE,
			    "the web server takes no byte of the answer");
		/* More might wait, in spite of POLLOUT. */
		n = write(STDOUT_FILENO, waits.p,
		    waits.n < PIPE_BUF ? waits.n : PIPE_BUF);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_set(e, REASON_CLIENT_GONE,
			    "the answer cannot be written: %s",
			    strerror(errno));
		x->began = true;
		buf_drop(&x->out, (size_t)n);
	}
	return 1;
}

static int
intake_cgi_put(struct exchange *x, struct str data, struct err *e)
{
	if (buf_put(&x->out, data) == -1)
		return err_set(e, REASON_OVERLOADED, "no room for an answer");
	if (buf_len(&x->out) < CGI_OUT)
		return 0;
	return intake_cgi_flush(x, e) == 1 ? 0 : -1;
}

static size_t
intake_cgi_room(struct exchange *x)
{
	(void)x;
	return SIZE_MAX;
}

/* CGI knows no broken answer but an early end and the exit status. */
static int
intake_cgi_end(struct exchange *x, bool whole, struct err *e)
{
	(void)e;
	((struct cgi_state *)x->front_state)->whole = whole;
	return 0;
}

static bool
intake_cgi_gone(struct exchange *x)
{
	/* Not POLLRDHUP: of mod_cgid's socket, which is stdin too, that tells
	 * that the request was sent. POLLERR and POLLHUP come unasked. */
	struct pollfd p = { .fd = STDOUT_FILENO, .events = 0 };

	(void)x;
	return poll(&p, 1, 0) == 1 && p.revents != 0;
}

static int
intake_cgi_next(struct exchange *x, bool whole)
{
	(void)x;
	(void)whole;
	return -1;
}

static void
intake_cgi_fini(struct exchange *x)
{
	free(x->front_state);
	x->front_state = NULL;
}

const struct intake intake_cgi = {
	.writes_first = true, /* Apache's mod_cgi and mod_cgid */
	.take = intake_cgi_take,
	.read = intake_cgi_read,
	.put = intake_cgi_put,
	.flush = intake_cgi_flush,
	.room = intake_cgi_room,
	.end = intake_cgi_end,
	.gone = intake_cgi_gone,
	.next = intake_cgi_next,
	.fini = intake_cgi_fini,
};
