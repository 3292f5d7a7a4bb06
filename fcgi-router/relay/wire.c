/* SPDX-License-Identifier: BSD-2-Clause */

/* wire: a connection that stands, and the memory of those that do not. */

#include "relay/wire_private.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "decide/egress.h"

struct wire *
wire_new(struct wire_maker *m, const struct target *t)
{
	char *key = malloc(t->key.n + 1);
	struct wire *w;

	if (key == NULL)
		return NULL;
	pthread_mutex_lock(&m->lock);
	w = m->closed;
	if (w != NULL)
		m->closed = w->next;
	pthread_mutex_unlock(&m->lock);
	if (w == NULL)
		w = calloc(1, sizeof(*w));
	if (w == NULL) {
		free(key);
		return NULL;
	}
	ready_init(&w->ready, NULL);
	w->maker = m;
	memcpy(key, t->key.p, t->key.n);
	w->key = (struct str){ key, t->key.n };
	w->name = str_sub(w->key, 0, t->name.n);
	w->curl = NULL;
	w->multi = NULL;
	w->fd = -1;
	w->uses = 0;
	w->taken = w->denied = w->tried = w->starved = false;
	memset(&w->peer, 0, sizeof(w->peer));
	memset(&w->place, 0, sizeof(w->place));
	atomic_fetch_add(&m->open, 1);
	return w;
}

void
wire_drop_curl(struct wire *w)
{
	if (w->curl != NULL)
		wire_call.easy_cleanup(w->curl);
	if (w->multi != NULL)
		wire_call.multi_cleanup(w->multi);
	w->curl = NULL;
	w->multi = NULL;
}

void
wire_close(struct wire **w)
{
	struct wire *wire = *w;

	*w = NULL;
	if (wire == NULL)
		return;
	atomic_store(&wire->ready.owner, NULL);
	if (wire->curl == NULL && wire->fd != -1)
		close(wire->fd);
	wire_drop_curl(wire);
	wire_tls_drop(&wire->tls);
	free((char *)(uintptr_t)wire->key.p);
	atomic_fetch_sub(&wire->maker->open, 1);
	pthread_mutex_lock(&wire->maker->lock);
	wire->next = wire->maker->closed;
	wire->maker->closed = wire;
	pthread_mutex_unlock(&wire->maker->lock);
}

static int
wire_broken(const struct wire *w, const char *why, struct err *e)
{
	return err_set(e, REASON_ORIGIN_BROKEN, "%.*s: %s",
	    STR_ARG(w->name), why);
}

/* Nothing more is taken; what the origin said before may still be read. */
static int
wire_send_broken(struct wire *w, const char *why, struct err *e)
{
	ready_left(&w->ready);
	return wire_broken(w, why, e);
}

static int
wire_send_tls(struct wire *w, struct str data, size_t *sent, struct err *e)
{
	CURLcode code = wire_call.easy_send(w->curl, data.p, data.n, sent);

	if (code == CURLE_AGAIN)
		return 0;
	if (code != CURLE_OK)
		return wire_send_broken(w, wire_call.easy_strerror(code), e);
	return *sent > 0 ? 1 : 0;
}

int
wire_send(struct wire *w, struct str data, size_t *sent, struct err *e)
{
	ssize_t n;

	*sent = 0;
	if (w->tls != NULL)
		return wire_send_tls(w, data, sent, e);
	do {
		n = send(w->fd, data.p, data.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN ? 0 :
		    wire_send_broken(w, strerror(errno), e);
	*sent = (size_t)n;
	return 1;
}

/* Of TLS, libcurl has taken all there was only when it says so. */
static int
wire_recv_tls(struct wire *w, char *to, size_t room, size_t *got,
    struct err *e)
{
	CURLcode code = wire_call.easy_recv(w->curl, to, room, got);

	if (code == CURLE_AGAIN)
		return 0;
	ready_left(&w->ready);
	if (code != CURLE_OK)
		return wire_broken(w, wire_call.easy_strerror(code), e);
	return *got > 0 ? 1 : 2;
}

static int
wire_recv_plain(struct wire *w, char *to, size_t room, size_t *got,
    struct err *e)
{
	ssize_t n;

	do {
		n = recv(w->fd, to, room, MSG_DONTWAIT);
	} while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN)
		return 0;
	/* A Unix socket's read also stops where descriptors were passed. */
	if (n == -1 || n == 0 || (size_t)n == room ||
	    w->peer.ss_family == AF_UNSPEC)
		ready_left(&w->ready);
	if (n == -1)
		return wire_broken(w, strerror(errno), e);
	*got = (size_t)n;
	return n > 0 ? 1 : 2;
}

int
wire_recv(struct wire *w, char *to, size_t room, size_t *got, struct err *e)
{
	*got = 0;
	if (!ready_maybe(&w->ready))
		return 0;
	ready_look(&w->ready);
	return w->tls != NULL ? wire_recv_tls(w, to, room, got, e) :
	    wire_recv_plain(w, to, room, got, e);
}

int
wire_pour(struct wire *w, struct pour *to, size_t room, struct err *e)
{
	ssize_t n;

	if (w->tls != NULL)
		return 2;
	if (!ready_maybe(&w->ready))
		return 0;
	ready_look(&w->ready);
	n = pour_fill(to, w->fd, room);
	if (n == -1 && errno == EAGAIN)
		return 0;
	/* It may be less than there is: a pipe has room for so many pages. */
	ready_left(&w->ready);
	if (n == -1 && errno != EOPNOTSUPP)
		return wire_broken(w, strerror(errno), e);
	return n > 0 ? 1 : 2;
}

int
wire_fd(const struct wire *w)
{
	return w->fd;
}

int
wire_unsent(const struct wire *w)
{
	int unsent = 0;

	return ioctl(w->fd, SIOCOUTQ, &unsent) == -1 ? 0 : unsent;
}

bool
wire_may_serve(struct wire_maker *m, const struct wire *w,
    const struct target *t)
{
	struct wire_tls *tls;
	bool same;

	if (t->scheme == ORIGIN_UNIX)
		return egress_allows_socket(t->egress, t->socket, t->written);
	if (!egress_allows(t->egress, t->host,
	    (const struct sockaddr *)&w->peer, t->written))
		return false;
	if (w->tls == NULL)
		return true;
	tls = wire_maker_tls(m, t);
	same = tls == w->tls;
	wire_tls_drop(&tls);
	return same;
}

bool
wire_is_idle(struct wire *w, bool sure)
{
	char byte;
	size_t got;

	if (!sure && !ready_maybe(&w->ready))
		return true;
	ready_look(&w->ready);
	/* Of TLS a byte may be read already, or be of a late session ticket. */
	if (w->tls != NULL)
		return wire_call.easy_recv(w->curl, &byte, 1, &got) ==
		    CURLE_AGAIN;
	return recv(w->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == -1 &&
	    errno == EAGAIN;
}

struct str
wire_name(const struct wire *w)
{
	return w->name;
}

struct str
wire_key(const struct wire *w)
{
	return w->key;
}

struct wire_place *
wire_place(struct wire *w)
{
	return &w->place;
}

int64_t
wire_since(const struct wire *w)
{
	return w->since;
}

unsigned
wire_uses(const struct wire *w)
{
	return w->uses;
}

void
wire_used(struct wire *w)
{
	w->uses++;
}

struct ready *
wire_ready(struct wire *w)
{
	return &w->ready;
}
