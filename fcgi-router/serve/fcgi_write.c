/* SPDX-License-Identifier: BSD-2-Clause */

/* fcgi_write: what the socket does not take at once waits in x->out. */

#include "serve/fcgi_write.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "serve/fcgi_head.h"

enum {
	FCGI_CONTENT_MAX = 65528,  /* of a record, a multiple of 8 */
	FCGI_DIRECT = 8192,        /* larger parts are written at once */
	FCGI_RECORDS = 3,          /* in one write: of 128 KiB */
	FCGI_COPY = 4096,          /* of what was poured in vain */
	FCGI_ROOM = 16384,         /* the least that is worth a read */
	FCGI_FULL = 4              /* of a socket's buffer that part is kept */
};

static struct fcgi_writer *
fcgi_writer(const struct exchange *x)
{
	return x->front_state;
}

static void
fcgi_write_frame(const struct fcgi_writer *w, int type, size_t content,
    unsigned char head[FCGI_HEAD])
{
	unsigned id = (unsigned)w->id;

	head[0] = FCGI_VERSION;
	head[1] = (unsigned char)type;
	head[2] = (unsigned char)(id >> 8);
	head[3] = (unsigned char)id;
	head[4] = (unsigned char)(content >> 8);
	head[5] = (unsigned char)content;
	head[6] = head[7] = 0;
}

static int
fcgi_write_gone_error(struct err *e)
{
	return err_set(e, REASON_CLIENT_GONE,
	    "the web server closed the connection");
}

int
fcgi_write_queue(struct exchange *x, int type, struct str content,
    struct err *e)
{
	unsigned char head[FCGI_HEAD];

	fcgi_write_frame(fcgi_writer(x), type, content.n, head);
	if (buf_put(&x->out, (struct str){ (char *)head, FCGI_HEAD }) == -1 ||
	    buf_put(&x->out, content) == -1)
		return err_set(e, REASON_OVERLOADED, "no room for an answer");
	return 0;
}

/* Keeps what was not written, n bytes of what waits and of the parts behind
 * it. */
static int
fcgi_write_keep(struct exchange *x, size_t n, const struct iovec *parts,
    int count, struct err *e)
{
	size_t waited = buf_len(&x->out);
	int i;

	buf_drop(&x->out, n);
	n -= n < waited ? n : waited;
	for (i = 0; i < count; i++) {
		struct str part = { parts[i].iov_base, parts[i].iov_len };

		if (buf_put(&x->out, str_sub(part, n, part.n)) == -1)
			return err_set(e, REASON_OVERLOADED,
			    "no room for an answer");
		n -= n < part.n ? n : part.n;
	}
	return 0;
}

/* Writes what waits and a part in as many records as it takes, and queues what
 * is left of them. */
static int
fcgi_write_records(struct exchange *x, struct str data, struct err *e)
{
	unsigned char heads[FCGI_RECORDS][FCGI_HEAD];
	struct iovec parts[1 + 2 * FCGI_RECORDS];
	struct str waits = buf_view(&x->out);
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 1 };
	size_t i;
	ssize_t n;

	parts[0] = (struct iovec){ (void *)(uintptr_t)waits.p, waits.n };
	for (i = 0; data.n > 0; i++) {
		struct str part = str_sub(data, 0, FCGI_CONTENT_MAX);

		CHECK(i < FCGI_RECORDS);
		fcgi_write_frame(fcgi_writer(x), FCGI_STDOUT, part.n,
		    heads[i]);
		parts[message.msg_iovlen++] = (struct iovec){ heads[i],
			FCGI_HEAD };
		parts[message.msg_iovlen++] = (struct iovec){
			(void *)(uintptr_t)part.p, part.n };
		data = str_sub(data, part.n, data.n);
	}
	do {
		n = sendmsg(x->front, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	if (n == -1 && errno != EAGAIN)
		return fcgi_write_gone_error(e);
	fcgi_writer(x)->wrote |= n > 0;
	x->began |= n > 0;
	return fcgi_write_keep(x, n == -1 ? 0 : (size_t)n, parts + 1,
	    (int)message.msg_iovlen - 1, e);
}

int
fcgi_write_put(struct exchange *x, struct str data, struct err *e)
{
	while (data.n > 0) {
		struct str part = str_sub(data, 0, FCGI_RECORDS *
		    (size_t)FCGI_CONTENT_MAX);
		int answer = part.n < FCGI_DIRECT ?
		    fcgi_write_queue(x, FCGI_STDOUT, part, e) :
		    fcgi_write_records(x, part, e);

		if (answer == -1)
			return -1;
		data = str_sub(data, part.n, data.n);
	}
	return 0;
}

/*
 * A socket counts as writable only when most of its buffer is free again. A
 * front that takes bytes slowly is told from one that takes none by what still
 * lies in the buffer.
 */
static void
fcgi_write_mind_progress(struct exchange *x)
{
	struct fcgi_writer *w = fcgi_writer(x);
	int unsent = 0;

	if (ioctl(x->front, SIOCOUTQ, &unsent) == -1)
		return;
	if (w->wrote || unsent < w->unsent)
		x->front_limit = INT64_MAX;
	w->wrote = false;
	w->unsent = unsent;
}

/* Of TCP, what lay in the buffer still counts when the connection is reset;
 * then nothing but a write tells who waits for room. */
static bool
fcgi_write_is_over(int fd)
{
	struct pollfd p = { .fd = fd, .events = 0 };

	return poll(&p, 1, 0) == 1;
}

/*
 * By what still lies in the socket's buffer, so that what an origin says stays
 * with the origin and not in memory of ours. A buffer that has less room than
 * it would be writable with makes no event: that is waited for.
 */
size_t
fcgi_write_room(struct exchange *x)
{
	struct fcgi_writer *w = fcgi_writer(x);
	socklen_t size = sizeof(w->buffer);
	int left;

	fcgi_write_mind_progress(x);
	if (w->buffer == 0)
		(void)getsockopt(x->front, SOL_SOCKET, SO_SNDBUF,
		    &w->buffer, &size);
	left = w->buffer - w->unsent;
	if (left < w->buffer / FCGI_FULL)
		return fcgi_write_is_over(x->front) ? FCGI_ROOM : 0;
	return left > FCGI_ROOM ? (size_t)left : FCGI_ROOM;
}

/* As fcgi_write_flush. */
static int
fcgi_write_waiting(struct exchange *x, int flags, struct err *e)
{
	while (buf_len(&x->out) > 0) {
		struct str waits = buf_view(&x->out);
		ssize_t n = send(x->front, waits.p, waits.n,
		    MSG_DONTWAIT | MSG_NOSIGNAL | flags);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			fcgi_write_mind_progress(x);
			return 0;
		}
		if (n == -1)
			return fcgi_write_gone_error(e);
		fcgi_writer(x)->wrote = x->began = true;
		buf_drop(&x->out, (size_t)n);
	}
	buf_rest(&x->out);
	return 1;
}

int
fcgi_write_flush(struct exchange *x, struct err *e)
{
	return fcgi_write_waiting(x, 0, e);
}

/* Puts n bytes of what the pipe holds as one record. What the socket does not
 * take is copied, and waits. */
static int
fcgi_write_poured(struct exchange *x, struct pour *p, size_t n, struct err *e)
{
	unsigned char head[FCGI_HEAD];
	char copy[FCGI_COPY];
	int got;

	fcgi_write_frame(fcgi_writer(x), FCGI_STDOUT, n, head);
	if (buf_put(&x->out, (struct str){ (char *)head, FCGI_HEAD }) == -1)
		return err_set(e, REASON_OVERLOADED, "no room for an answer");
	got = fcgi_write_waiting(x, MSG_MORE, e);
	if (got == -1)
		return -1;
	if (got == 1)
		n -= pour_empty(p, x->front, n, n < p->held);
	while (n > 0) {
		size_t part = pour_copy(p, copy, n < FCGI_COPY ? n :
		    FCGI_COPY);

		if (buf_put(&x->out, (struct str){ copy, part }) == -1)
			return err_set(e, REASON_OVERLOADED,
			    "no room for an answer");
		n -= part;
	}
	return 0;
}

/* splice(2) waits unless the socket itself says that nobody shall; libfcgi
 * reads it as one that waits. */
int
fcgi_write_pour(struct exchange *x, struct pour *p, struct err *e)
{
	int yes = 1, no = 0, got = 0;

	if (ioctl(x->front, FIONBIO, &yes) == -1)
		return fcgi_write_gone_error(e);
	while (p->held > 0 && got == 0)
		got = fcgi_write_poured(x, p, p->held < FCGI_CONTENT_MAX ?
		    p->held : FCGI_CONTENT_MAX, e);
	(void)ioctl(x->front, FIONBIO, &no);
	if (got == -1)
		pour_fini(p);
	return got;
}
