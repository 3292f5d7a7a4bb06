/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire: libcurl's CONNECT_ONLY handles.
 *
 * A plain connection is taken over once it stands, and its handle freed, which
 * has a buffer, and a pair of sockets that nobody wakes it by; send(2) and
 * recv(2) cost less than curl_easy_send, too. TLS goes through libcurl.
 */

#include "relay/wire.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "decide/egress.h"
#include "relay/stale.h"
#include "relay/wire_curl.h"
#include "relay/wire_tls.h"

enum { WIRE_URL_MAX = 512, WIRE_SOCKET_MAX = 108, WIRE_ROOM = 1 << 20 };

/* libcurl's own buffer: its least, as it is not used. Of TLS it reads at most
 * so much at once: then a record. */
#define WIRE_BUFFER 1024L
#define WIRE_RECORD 16384L

/* When an address is given up libcurl 7.88 tries the next one only when it is
 * called again, and its own timers may call it no earlier than at the end. */
#define WIRE_LOOK_MS 50

static struct wire_curl curl; /* its functions, once wire_load was */

struct wire_maker {
	pthread_mutex_t locks[CURL_LOCK_DATA_LAST]; /* one for each kind that
	                                               libcurl shares */
	struct stale stale;
	pthread_mutex_t lock;     /* guards all below */
	CURLSH *share;            /* NULL until wire_maker_begin */
	struct wire_tls_set *tls; /* in force */
	struct wire *closed;      /* to be used again: see wire_ready */
	long dns_age;             /* seconds */
};

struct wire {
	struct ready ready;
	struct wire_maker *maker;
	struct wire *next; /* of the closed ones */
	struct wire_place place;
	CURL *curl;  /* NULL: the connection was taken over */
	CURLM *multi; /* it holds curl, and its connection */
	bool taken;  /* libcurl must not close its descriptor */
	int fd;
	unsigned uses;
	int64_t since; /* clock_ms when it was connected */
	struct wire_tls *tls; /* by which it was made; NULL: no TLS */
	struct sockaddr_storage peer; /* zero of a Unix socket */
	const struct target *target;  /* while connecting */
	bool denied; /* egress refused an address while connecting */
	bool tried;  /* and let another be tried */
	struct str name; /* the first bytes of key */
	struct str key;
};

static void
wire_share_lock(CURL *c, curl_lock_data data, curl_lock_access access,
    void *arg)
{
	struct wire_maker *m = arg;

	(void)c;
	(void)access;
	pthread_mutex_lock(&m->locks[data]);
}

static void
wire_share_unlock(CURL *c, curl_lock_data data, void *arg)
{
	struct wire_maker *m = arg;

	(void)c;
	pthread_mutex_unlock(&m->locks[data]);
}

/* What wires share: DNS answers and TLS sessions. NULL: no memory. */
static CURLSH *
wire_share(struct wire_maker *m)
{
	CURLSH *share = curl.share_init();

	if (share == NULL)
		return NULL;
	curl.share_setopt(share, CURLSHOPT_LOCKFUNC, wire_share_lock);
	curl.share_setopt(share, CURLSHOPT_UNLOCKFUNC, wire_share_unlock);
	curl.share_setopt(share, CURLSHOPT_USERDATA, m);
	curl.share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	curl.share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	return share;
}

struct wire_maker *
wire_maker_new(void)
{
	struct wire_maker *m = calloc(1, sizeof(*m));
	int i;

	CHECK(m != NULL);
	for (i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_init(&m->locks[i], NULL);
	pthread_mutex_init(&m->lock, NULL);
	stale_init(&m->stale);
	CHECK(wire_tls_load(NULL, NULL, &m->tls, NULL, NULL) == 0);
	return m;
}

void
wire_maker_free(struct wire_maker **m)
{
	int i;

	if (*m == NULL)
		return;
	while ((*m)->closed != NULL) {
		struct wire *w = (*m)->closed;

		(*m)->closed = w->next;
		free(w);
	}
	if ((*m)->share != NULL)
		curl.share_cleanup((*m)->share);
	wire_tls_free(&(*m)->tls);
	for (i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_destroy(&(*m)->locks[i]);
	pthread_mutex_destroy(&(*m)->lock);
	stale_fini(&(*m)->stale);
	free(*m);
	*m = NULL;
}

/* Loads libcurl, if no maker did yet. */
static int
wire_load(struct err *e)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool loaded; /* this and `curl` are what it guards */
	int got = 0;

	pthread_mutex_lock(&lock);
	if (!loaded) {
		got = wire_curl_load(&curl, e);
		loaded = got == 0;
	}
	pthread_mutex_unlock(&lock);
	return got;
}

int
wire_maker_begin(struct wire_maker *m, struct err *e)
{
	int got = wire_load(e);

	if (got == -1)
		return -1;
	pthread_mutex_lock(&m->lock);
	if (m->share == NULL)
		m->share = wire_share(m);
	if (m->share == NULL)
		got = err_set(e, REASON_OVERLOADED, "libcurl cannot share");
	pthread_mutex_unlock(&m->lock);
	return got;
}

int
wire_maker_trust(struct wire_maker *m, const struct settings *s,
    void (*tell)(void *arg, const char *line), void *arg)
{
	struct wire_tls_set *fresh, *old = m->tls;

	if (wire_tls_load(s, old, &fresh, tell, arg) == -1)
		return -1;
	pthread_mutex_lock(&m->lock);
	m->tls = fresh;
	m->dns_age = (long)((s->dns_age + 999) / 1000);
	pthread_mutex_unlock(&m->lock);
	wire_tls_free(&old);
	return 0;
}

/* What the target is to be connected to by, counted. NULL: there is no such
 * [tls:NAME] any more. */
static struct wire_tls *
wire_find_tls(struct wire_maker *m, const struct target *t)
{
	struct wire_tls *tls;

	pthread_mutex_lock(&m->lock);
	tls = wire_tls_of(m->tls, t->tls);
	if (tls != NULL)
		(void)wire_tls_take(tls);
	pthread_mutex_unlock(&m->lock);
	return tls;
}

static long
wire_dns_age(struct wire_maker *m)
{
	long age;

	pthread_mutex_lock(&m->lock);
	age = m->dns_age;
	pthread_mutex_unlock(&m->lock);
	return age;
}

static curl_socket_t
wire_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct wire *w = arg;

	(void)purpose;
	if (a->family != AF_UNIX && !egress_allows(w->target->egress,
	    w->target->host, &a->addr, w->target->written)) {
		w->denied = true;
		return CURL_SOCKET_BAD;
	}
	w->tried = true;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/*
 * libcurl frees a handle and its connection: not one that was taken over. When
 * an address was in vain it is to go on with the next one at once, see
 * WIRE_LOOK_MS.
 */
static int
wire_close_socket(void *arg, curl_socket_t fd)
{
	const struct wire *w = arg;

	if (w->taken)
		return 0;
	if (w->target != NULL)
		(void)curl.multi_wakeup(w->multi);
	return close(fd);
}

static CURLcode
wire_ssl_context(CURL *c, void *ssl_ctx, void *arg)
{
	(void)c;
	return wire_tls_dress(arg, ssl_ctx) == 0 ? CURLE_OK :
	    CURLE_SSL_CACERT_BADFILE;
}

static int
wire_set_address(struct wire *w, const struct target *t)
{
	char url[WIRE_URL_MAX];
	char path[WIRE_SOCKET_MAX];
	int n;

	if (t->scheme == ORIGIN_UNIX) {
		if (t->socket.n >= sizeof(path))
			return -1;
		memcpy(path, t->socket.p, t->socket.n);
		path[t->socket.n] = '\0';
		if (curl.easy_setopt(w->curl, CURLOPT_UNIX_SOCKET_PATH,
		    path) != CURLE_OK)
			return -1;
		n = snprintf(url, sizeof(url), "http://localhost/");
	} else {
		n = snprintf(url, sizeof(url), "%s://%.*s:%u/",
		    t->scheme == ORIGIN_HTTPS ? "https" : "http",
		    STR_ARG(t->host), (unsigned)t->port);
	}
	if (n < 0 || (size_t)n >= sizeof(url))
		return -1;
	return curl.easy_setopt(w->curl, CURLOPT_URL, url) == CURLE_OK ? 0 :
	    -1;
}

static void
wire_set_options(struct wire *w, struct wire_maker *m, int64_t timeout_ms)
{
	CURL *c = w->curl;

	curl.easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	curl.easy_setopt(c, CURLOPT_SHARE, m->share);
	curl.easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl.easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl.easy_setopt(c, CURLOPT_PROXY, "");
	curl.easy_setopt(c, CURLOPT_NOPROXY, "*");
	curl.easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl.easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl.easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
	curl.easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl.easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, wire_open_socket);
	curl.easy_setopt(c, CURLOPT_OPENSOCKETDATA, w);
	curl.easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, wire_close_socket);
	curl.easy_setopt(c, CURLOPT_CLOSESOCKETDATA, w);
	curl.easy_setopt(c, CURLOPT_BUFFERSIZE, WIRE_BUFFER);
	curl.easy_setopt(c, CURLOPT_DNS_CACHE_TIMEOUT, wire_dns_age(m));
	if (w->tls != NULL) {
		/* The shared store instead of one read for each handle. */
		curl.easy_setopt(c, CURLOPT_CAINFO, NULL);
		curl.easy_setopt(c, CURLOPT_CAPATH, NULL);
		curl.easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION,
		    wire_ssl_context);
		curl.easy_setopt(c, CURLOPT_SSL_CTX_DATA, w->tls);
		curl.easy_setopt(c, CURLOPT_SSL_VERIFYPEER,
		    wire_tls_verifies(w->tls) ? 1L : 0L);
		curl.easy_setopt(c, CURLOPT_SSL_VERIFYHOST,
		    wire_tls_verifies(w->tls) ? 2L : 0L);
		/* A session taken up again is verified by nobody, and libcurl
		 * knows it by host and port alone. */
		if (wire_tls_is_named(w->tls))
			curl.easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	}
}

/* What libcurl's answer to a failed connect is called here. */
static int
wire_failed(const struct wire *w, const struct target *t, CURLcode code,
    const char *text, struct err *e)
{
	enum reason reason = REASON_ORIGIN_REFUSED;
	long number = 0;

	if (w->denied && !w->tried) {
		return err_set(e, REASON_EGRESS_DENIED,
		    "%.*s: its address may not be connected to",
		    STR_ARG(t->name));
	}
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		reason = REASON_ORIGIN_DNS;
		break;
	case CURLE_OPERATION_TIMEDOUT:
		reason = REASON_ORIGIN_CONNECT_TIMEOUT;
		break;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		reason = REASON_ORIGIN_TLS;
		break;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
		reason = REASON_OVERLOADED;
		break;
	default:
		break;
	}
	/* It would speak of localhost and a port. */
	if (t->scheme == ORIGIN_UNIX && code == CURLE_COULDNT_CONNECT &&
	    curl.easy_getinfo(w->curl, CURLINFO_OS_ERRNO, &number) ==
	    CURLE_OK && number != 0)
		return err_set(e, reason, "%.*s: %s", STR_ARG(t->name),
		    strerror((int)number));
	return err_set(e, reason, "%.*s: %s", STR_ARG(t->name),
	    text[0] != '\0' ? text : curl.easy_strerror(code));
}

/* As curl_easy_perform, but looks in between. */
static CURLcode
wire_perform(struct wire *w)
{
	CURLMcode code = curl.multi_add_handle(w->multi, w->curl);
	const CURLMsg *end = NULL;
	int running = 1;
	int more;

	while (code == CURLM_OK && running > 0) {
		code = curl.multi_perform(w->multi, &running);
		if (code == CURLM_OK && running > 0)
			code = curl.multi_poll(w->multi, NULL, 0,
			    WIRE_LOOK_MS, NULL);
	}
	if (code == CURLM_OK)
		end = curl.multi_info_read(w->multi, &more);
	return end != NULL ? end->data.result : CURLE_OUT_OF_MEMORY;
}

/* The handle goes, and its connection unless that was taken over. */
static void
wire_drop_curl(struct wire *w)
{
	if (w->curl != NULL)
		curl.easy_cleanup(w->curl);
	if (w->multi != NULL)
		curl.multi_cleanup(w->multi);
	w->curl = NULL;
	w->multi = NULL;
}

/* Is the origin on this machine? */
static bool
wire_is_near(const struct wire *w)
{
	const void *peer = &w->peer;
	const struct sockaddr_in *in = peer;
	const struct sockaddr_in6 *in6 = peer;

	if (w->peer.ss_family == AF_INET)
		return (ntohl(in->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
	return w->peer.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/*
 * An origin that is near writes as much as there is room for, then sleeps; with
 * more room it is woken more seldom. Of one that is far the system finds out by
 * itself how much is under way, which this would end.
 */
static void
wire_widen(int fd)
{
	int room = WIRE_ROOM;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

static int
wire_connect(struct wire *w, const struct target *t, bool afresh,
    struct err *e)
{
	char text[CURL_ERROR_SIZE] = "";
	char forget[WIRE_URL_MAX];
	struct curl_slist list = { forget, NULL };
	curl_socket_t fd = CURL_SOCKET_BAD;
	socklen_t size = sizeof(w->peer);
	CURLcode code;

	curl.easy_setopt(w->curl, CURLOPT_ERRORBUFFER, text);
	if (afresh) {
		(void)snprintf(forget, sizeof(forget), "-%.*s:%u",
		    STR_ARG(t->host), (unsigned)t->port);
		curl.easy_setopt(w->curl, CURLOPT_RESOLVE, &list);
	}
	code = wire_perform(w);
	curl.easy_setopt(w->curl, CURLOPT_RESOLVE, NULL);
	curl.easy_setopt(w->curl, CURLOPT_ERRORBUFFER, NULL);
	if (code != CURLE_OK)
		return wire_failed(w, t, code, text, e);
	if (curl.easy_getinfo(w->curl, CURLINFO_ACTIVESOCKET, &fd) !=
	    CURLE_OK || fd == CURL_SOCKET_BAD)
		return err_set(e, REASON_INTERNAL, "%.*s: no socket",
		    STR_ARG(t->name));
	w->fd = fd;
	w->since = clock_ms();
	if (t->scheme != ORIGIN_UNIX &&
	    getpeername(fd, (struct sockaddr *)&w->peer, &size) == -1)
		return err_set(e, REASON_ORIGIN_BROKEN,
		    "%.*s: closed at once: %s", STR_ARG(t->name),
		    strerror(errno));
	if (w->tls != NULL) {
		/* No memory is taken for it once the connection stands. */
		curl.easy_setopt(w->curl, CURLOPT_BUFFERSIZE, WIRE_RECORD);
		wire_tls_warn(w->tls, t->name);
		return 0;
	}
	w->taken = true;
	if (wire_is_near(w))
		wire_widen(fd);
	wire_drop_curl(w);
	return 0;
}

/* What it needs to know before libcurl connects. 0, or -1 and e. */
static int
wire_prepare(struct wire *w, struct wire_maker *m, const struct target *t,
    int64_t timeout_ms, struct err *e)
{
	if (t->scheme == ORIGIN_UNIX && !egress_allows_socket(t->egress,
	    t->socket, t->written)) {
		w->denied = true;
		return wire_failed(w, t, CURLE_OK, "", e);
	}
	if (t->scheme == ORIGIN_HTTPS) {
		w->tls = wire_find_tls(m, t);
		if (w->tls == NULL)
			return err_set(e, REASON_ORIGIN_TLS,
			    "%.*s: router.ini has no section [tls:%.*s]",
			    STR_ARG(t->name), STR_ARG(t->tls));
	}
	wire_set_options(w, m, timeout_ms > 0 ? timeout_ms : 1);
	if (wire_set_address(w, t) == 0)
		return 0;
	return err_set(e, REASON_NO_SERVICE, "%.*s: not a usable address",
	    STR_ARG(t->name));
}

/* A wire of no connection yet. NULL: no memory. */
static struct wire *
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
	w->taken = w->denied = w->tried = false;
	memset(&w->peer, 0, sizeof(w->peer));
	memset(&w->place, 0, sizeof(w->place));
	return w;
}

/* afresh: by addresses that are looked up now. */
static int
wire_try(struct wire_maker *m, const struct target *t, bool afresh,
    int64_t timeout_ms, struct wire **out, struct err *e)
{
	struct wire *w = wire_new(m, t);

	if (w == NULL || (w->curl = curl.easy_init()) == NULL ||
	    (w->multi = curl.multi_init()) == NULL) {
		wire_close(&w);
		return err_set(e, REASON_OVERLOADED, "out of memory");
	}
	w->target = t;
	if (wire_prepare(w, m, t, timeout_ms, e) == -1 ||
	    wire_connect(w, t, afresh, e) == -1) {
		wire_close(&w);
		return -1;
	}
	w->target = NULL;
	*out = w;
	return 0;
}

/* Has the name failed that leads to it? Then it may lead elsewhere by now,
 * where its address is nobody's, or somebody else's. */
static bool
wire_is_stale(const struct target *t, enum reason reason)
{
	return (reason == REASON_ORIGIN_REFUSED ||
	    reason == REASON_ORIGIN_CONNECT_TIMEOUT ||
	    reason == REASON_ORIGIN_TLS) && t->scheme != ORIGIN_UNIX &&
	    egress_judge_literal(t->egress, t->host, t->written) == -1;
}

int
wire_open(struct wire_maker *m, const struct target *t, int64_t timeout_ms,
    struct wire **out, struct err *e)
{
	int64_t until = clock_ms() + timeout_ms;
	bool afresh = stale_take(&m->stale, t->name, clock_ms());
	int got;

	if (wire_maker_begin(m, e) == -1)
		return -1;
	got = wire_try(m, t, afresh, timeout_ms, out, e);
	if (got == 0 || !wire_is_stale(t, e->reason))
		return got;
	stale_add(&m->stale, t->name);
	/* Where no time is left, the next one begins so. */
	if (afresh || clock_ms() >= until ||
	    !stale_take(&m->stale, t->name, clock_ms()))
		return got;
	return wire_try(m, t, true, until - clock_ms(), out, e);
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
	CURLcode code = curl.easy_send(w->curl, data.p, data.n, sent);

	if (code == CURLE_AGAIN)
		return 0;
	if (code != CURLE_OK)
		return wire_send_broken(w, curl.easy_strerror(code), e);
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
	CURLcode code = curl.easy_recv(w->curl, to, room, got);

	if (code == CURLE_AGAIN)
		return 0;
	ready_left(&w->ready);
	if (code != CURLE_OK)
		return wire_broken(w, curl.easy_strerror(code), e);
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
	tls = wire_find_tls(m, t);
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
		return curl.easy_recv(w->curl, &byte, 1, &got) == CURLE_AGAIN;
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
