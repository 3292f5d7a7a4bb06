/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * origin: a small origin in a thread, on loopback or a Unix socket, that
 * misbehaves as it is told. It answers one connection after the other; what it
 * was asked is kept as text. Nothing in its thread may use asserts of cmocka:
 * CHECK is used there.
 */
#ifndef UNIT_ORIGIN_H
#define UNIT_ORIGIN_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "decide/target.h"
#include "table.h"

enum {
	ORIGIN_SEEN_MAX = 1 << 21,
	ORIGIN_PATIENCE_MS = 20000 /* then a test has failed */
};

/* What it does once its answer is out. */
enum origin_end {
	ORIGIN_STAYS = 0, /* until the other side closes; answers again */
	ORIGIN_CLOSES,
	ORIGIN_RESETS,
	ORIGIN_VANISHES, /* TLS: no close_notify */
	ORIGIN_END_COUNT /* last */
};

struct origin {
	struct str answer; /* its bytes */
	size_t body;       /* it reads so much behind the head first */
	bool chunked;      /* it reads to the last chunk first */
	bool asks_nothing; /* it answers before it is asked */
	enum origin_end end;
	SSL_CTX *tls;      /* NULL: plain */
	bool late_ticket;  /* of TLS, behind each answer */

	/* made by origin_start */
	int listener;
	int stop[2]; /* a pipe; closed at one end when it is to end */
	uint16_t port;
	pthread_t thread;
	char *seen;   /* all it was asked; read it after origin_stop */
	size_t seen_n;
	int accepted; /* connections */
	int protocols; /* of ALPN, that were not http/1.1 */
	struct target target;
	char name[128], host[64];
};

struct origin_link {
	struct origin *o;
	int fd;
	SSL *ssl;
};

static inline ssize_t
origin_read(struct origin_link *l)
{
	char *to = l->o->seen + l->o->seen_n;
	size_t room = ORIGIN_SEEN_MAX - 1 - l->o->seen_n;
	ssize_t n;

	CHECK(room > 0);
	n = l->ssl != NULL ? SSL_read(l->ssl, to, (int)room) :
	    recv(l->fd, to, room, 0);
	if (n > 0)
		l->o->seen_n += (size_t)n;
	l->o->seen[l->o->seen_n] = '\0';
	return n;
}

/* false: the other side does not take it. */
static inline bool
origin_write(struct origin_link *l, struct str data)
{
	while (data.n > 0) {
		ssize_t n = l->ssl != NULL ?
		    SSL_write(l->ssl, data.p, (int)data.n) :
		    send(l->fd, data.p, data.n, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		data = str_sub(data, (size_t)n, data.n);
	}
	return true;
}

/* Reads one request; false: there is none. */
static inline bool
origin_read_request(struct origin_link *l)
{
	size_t from = l->o->seen_n, want = SIZE_MAX;
	const char *end;

	while (l->o->seen_n - from < want) {
		const char *text = l->o->seen + from;

		if (origin_read(l) <= 0)
			return false;
		end = strstr(text, "\r\n\r\n");
		if (end == NULL)
			continue;
		end += 4;
		if (!l->o->chunked)
			want = (size_t)(end - text) + l->o->body;
		else if (strstr(end - 2, "\r\n0\r\n\r\n") != NULL)
			return true;
	}
	return true;
}

static inline void
origin_hang_up(struct origin_link *l)
{
	const struct linger now = { .l_onoff = 1 };
	char thrown[4096];

	if (l->o->end == ORIGIN_RESETS)
		(void)setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
	if (l->ssl != NULL && l->o->end != ORIGIN_VANISHES)
		(void)SSL_shutdown(l->ssl);
	if (l->o->end == ORIGIN_CLOSES) {
		/* Unread bytes would make it a reset. */
		shutdown(l->fd, SHUT_WR);
		while (recv(l->fd, thrown, sizeof(thrown), 0) > 0)
			;
	}
}

static inline int
origin_alpn(SSL *ssl, const unsigned char **out, unsigned char *n,
    const unsigned char *in, unsigned in_n, void *arg)
{
	struct origin *o = arg;
	unsigned at;

	(void)ssl;
	for (at = 0; at < in_n; at += in[at] + 1u) {
		if (in[at] == 8 && memcmp(in + at + 1, "http/1.1", 8) == 0) {
			*out = in + at + 1;
			*n = 8;
		} else {
			o->protocols++;
		}
	}
	return *n == 8 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static inline void
origin_serve(struct origin *o, int fd)
{
	struct origin_link l = { .o = o, .fd = fd };

	if (o->tls != NULL) {
		l.ssl = SSL_new(o->tls);
		CHECK(l.ssl != NULL && SSL_set_fd(l.ssl, fd) == 1);
		if (SSL_accept(l.ssl) != 1) {
			SSL_free(l.ssl);
			return;
		}
	}
	if (o->asks_nothing) {
		(void)origin_write(&l, o->answer);
		origin_hang_up(&l);
	} else {
		while (origin_read_request(&l) &&
		    origin_write(&l, o->answer)) {
			if (o->late_ticket)
				CHECK(SSL_new_session_ticket(l.ssl) == 1 &&
				    SSL_do_handshake(l.ssl) == 1);
			if (o->end != ORIGIN_STAYS) {
				origin_hang_up(&l);
				break;
			}
		}
	}
	SSL_free(l.ssl);
}

/* A new connection, all that wait before an end; -1: it is to end. */
static inline int
origin_accept(struct origin *o)
{
	struct pollfd p[2] = { { .fd = o->listener, .events = POLLIN },
		{ .fd = o->stop[0], .events = POLLIN } };

	CHECK(poll(p, 2, -1) > 0);
	if (p[0].revents == 0)
		return -1;
	return accept(o->listener, NULL, NULL);
}

static inline void *
origin_main(void *arg)
{
	struct origin *o = arg;
	int fd;

	while ((fd = origin_accept(o)) != -1) {
		int on = 1;

		o->accepted++;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
		origin_serve(o, fd);
		close(fd);
	}
	return NULL;
}

/* A loopback socket on a port of the system's choice. */
static inline int
origin_bind(uint16_t *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &size), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

/* The target "scheme://host:port", as a map that writes it would give it. */
static inline void
origin_name(struct target *t, char name[128], enum origin_scheme scheme,
    const char *host, uint16_t port)
{
	snprintf(name, 128, "%s://%s:%u", origin_scheme_word(scheme), host,
	    (unsigned)port);
	*t = (struct target){ .scheme = scheme, .host = str_of(host),
		.port = port, .name = str_of(name), .written = true,
		.key = str_of(name) };
}

static inline void
origin_begin(struct origin *o)
{
	/* TLS of libraries writes without MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	o->seen = calloc(1, ORIGIN_SEEN_MAX);
	assert_non_null(o->seen);
	o->seen_n = 0;
	o->accepted = o->protocols = 0;
	if (o->tls != NULL)
		SSL_CTX_set_alpn_select_cb(o->tls, origin_alpn, o);
	assert_int_equal(pipe(o->stop), 0);
	assert_int_equal(listen(o->listener, 64), 0);
	assert_int_equal(pthread_create(&o->thread, NULL, origin_main, o), 0);
}

/* Starts what *o says; o->target is then how to get there. */
static inline void
origin_start(struct origin *o)
{
	o->listener = origin_bind(&o->port);
	snprintf(o->host, sizeof(o->host), "%s", o->tls != NULL ?
	    "localhost" : "127.0.0.1");
	origin_name(&o->target, o->name, o->tls != NULL ? ORIGIN_HTTPS :
	    ORIGIN_HTTP, o->host, o->port);
	origin_begin(o);
}

/* The same on a Unix socket. */
static inline void
origin_start_unix(struct origin *o, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	snprintf(un.sun_path, sizeof(un.sun_path), "%.107s", path);
	snprintf(o->name, sizeof(o->name), "unix:%.100s", path);
	o->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_not_equal(o->listener, -1);
	assert_int_equal(bind(o->listener, (struct sockaddr *)&un,
	    sizeof(un)), 0);
	o->target = (struct target){ .scheme = ORIGIN_UNIX,
		.socket = str_of(path), .name = str_of(o->name),
		.key = str_of(o->name), .written = true };
	origin_begin(o);
}

/* All wires to it must be closed; o->seen lives until origin_forget. */
static inline void
origin_stop(struct origin *o)
{
	close(o->stop[1]);
	assert_int_equal(pthread_join(o->thread, NULL), 0);
	close(o->stop[0]);
	close(o->listener);
}

static inline void
origin_forget(struct origin *o)
{
	free(o->seen);
	o->seen = NULL;
}

/* Waits until the descriptor is ready for that; fails after a while. */
static inline void
origin_wait(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	assert_int_equal(poll(&p, 1, ORIGIN_PATIENCE_MS), 1);
}

#endif
