/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire_connect: libcurl's CONNECT_ONLY handles, from an address to a connection
 * that stands.
 *
 * A plain connection is taken over then, and its handle freed, which has a
 * buffer, and a pair of sockets that nobody wakes it by; send(2) and recv(2)
 * cost less than curl_easy_send, too. TLS goes through libcurl.
 */

#include "relay/wire_private.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "decide/egress.h"

enum {
	WIRE_URL_MAX = 512,
	WIRE_SOCKET_MAX = 108,
	WIRE_ROOM = 1 << 20,
	WIRE_NAME_FDS = 4 /* a look-up takes: libcurl's two, a file, a socket */
};

/* libcurl's own buffer: its least, as it is not used. Of TLS it reads at most
 * so much at once: then a record. */
#define WIRE_BUFFER 1024L
#define WIRE_RECORD 16384L

/* When an address is given up libcurl 7.88 tries the next one only when it is
 * called again, and its own timers may call it no earlier than at the end. */
#define WIRE_LOOK_MS 50

/* Of this process, or machine: it says nothing about an origin. */
static bool
wire_is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM;
}

static curl_socket_t
wire_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct wire *w = arg;
	int fd;

	(void)purpose;
	if (a->family != AF_UNIX && !egress_allows(w->target->egress,
	    w->target->host, &a->addr, w->target->written)) {
		w->denied = true;
		if (a->addrlen <= sizeof(w->peer))
			memcpy(&w->peer, &a->addr, a->addrlen);
		return CURL_SOCKET_BAD;
	}
	w->tried = true;
	fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	if (fd == -1 && wire_is_shortage(errno))
		w->starved = true;
	return fd;
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
		(void)wire_call.multi_wakeup(w->multi);
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
		if (wire_call.easy_setopt(w->curl, CURLOPT_UNIX_SOCKET_PATH,
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
	return wire_call.easy_setopt(w->curl, CURLOPT_URL, url) == CURLE_OK ?
	    0 : -1;
}

static void
wire_set_options(struct wire *w, struct wire_maker *m, int64_t timeout_ms)
{
	CURL *c = w->curl;

	wire_call.easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	wire_call.easy_setopt(c, CURLOPT_SHARE, m->share);
	wire_call.easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	wire_call.easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	wire_call.easy_setopt(c, CURLOPT_PROXY, "");
	wire_call.easy_setopt(c, CURLOPT_NOPROXY, "*");
	wire_call.easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	wire_call.easy_setopt(c, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	wire_call.easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
	wire_call.easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	wire_call.easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, wire_open_socket);
	wire_call.easy_setopt(c, CURLOPT_OPENSOCKETDATA, w);
	wire_call.easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION,
	    wire_close_socket);
	wire_call.easy_setopt(c, CURLOPT_CLOSESOCKETDATA, w);
	wire_call.easy_setopt(c, CURLOPT_BUFFERSIZE, WIRE_BUFFER);
	wire_call.easy_setopt(c, CURLOPT_DNS_CACHE_TIMEOUT,
	    wire_maker_dns_age(m));
	if (w->tls != NULL) {
		/* The shared store instead of one read for each handle. */
		wire_call.easy_setopt(c, CURLOPT_CAINFO, NULL);
		wire_call.easy_setopt(c, CURLOPT_CAPATH, NULL);
		wire_call.easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION,
		    wire_ssl_context);
		wire_call.easy_setopt(c, CURLOPT_SSL_CTX_DATA, w->tls);
		wire_call.easy_setopt(c, CURLOPT_SSL_VERIFYPEER,
		    wire_tls_verifies(w->tls) ? 1L : 0L);
		wire_call.easy_setopt(c, CURLOPT_SSL_VERIFYHOST,
		    wire_tls_verifies(w->tls) ? 2L : 0L);
		/* A session taken up again is verified by nobody, and libcurl
		 * knows it by host and port alone. */
		if (wire_tls_is_named(w->tls))
			wire_call.easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE,
			    0L);
	}
}

/* Had a name no chance to be looked up? That says only that it does not
 * resolve. */
static bool
wire_is_starved_of_names(void)
{
	int fds[WIRE_NAME_FDS], n = 0;
	bool starved;

	while (n < WIRE_NAME_FDS &&
	    (fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) != -1)
		n++;
	starved = n < WIRE_NAME_FDS && wire_is_shortage(errno);
	while (n > 0)
		close(fds[--n]);
	return starved;
}

static int
wire_denied(const struct wire *w, const struct target *t, struct err *e)
{
	const struct sockaddr *peer = (const struct sockaddr *)&w->peer;
	const char *rules = t->egress != NULL ? t->egress->name : NULL;
	char address[INET6_ADDRSTRLEN] = "its address";

	if (peer->sa_family == AF_UNSPEC)
		return err_set(e, REASON_EGRESS_DENIED,
		    "%.*s: its address may not be connected to",
		    STR_ARG(t->name));
	(void)getnameinfo(peer, sizeof(w->peer), address, sizeof(address),
	    NULL, 0, NI_NUMERICHOST);
	return err_set(e, REASON_EGRESS_DENIED,
	    "%.*s: %s may not be connected to by [egress%s%s]: %s",
	    STR_ARG(t->name), address, rules != NULL ? ":" : "",
	    rules != NULL ? rules : "",
	    egress_why(t->egress, t->host, peer));
}

/* What libcurl's answer to a failed connect is called here. */
static int
wire_failed(const struct wire *w, const struct target *t, CURLcode code,
    const char *text, struct err *e)
{
	enum reason reason = REASON_ORIGIN_REFUSED;
	long number = 0;

	if (w->denied && !w->tried)
		return wire_denied(w, t, e);
	if (w->starved || (code == CURLE_COULDNT_RESOLVE_HOST &&
	    wire_is_starved_of_names()))
		return err_set(e, REASON_OVERLOADED,
		    "%.*s: no descriptor is left to connect with",
		    STR_ARG(t->name));
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
	    wire_call.easy_getinfo(w->curl, CURLINFO_OS_ERRNO, &number) ==
	    CURLE_OK && number != 0)
		return err_set(e, reason, "%.*s: %s", STR_ARG(t->name),
		    strerror((int)number));
	return err_set(e, reason, "%.*s: %s", STR_ARG(t->name),
	    text[0] != '\0' ? text : wire_call.easy_strerror(code));
}

/* As curl_easy_perform, but looks in between. */
static CURLcode
wire_perform(struct wire *w)
{
	CURLMcode code = wire_call.multi_add_handle(w->multi, w->curl);
	const CURLMsg *end = NULL;
	int running = 1;
	int more;

	while (code == CURLM_OK && running > 0) {
		code = wire_call.multi_perform(w->multi, &running);
		if (code == CURLM_OK && running > 0)
			code = wire_call.multi_poll(w->multi, NULL, 0,
			    WIRE_LOOK_MS, NULL);
	}
	if (code == CURLM_OK)
		end = wire_call.multi_info_read(w->multi, &more);
	return end != NULL ? end->data.result : CURLE_OUT_OF_MEMORY;
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

	wire_call.easy_setopt(w->curl, CURLOPT_ERRORBUFFER, text);
	if (afresh) {
		(void)snprintf(forget, sizeof(forget), "-%.*s:%u",
		    STR_ARG(t->host), (unsigned)t->port);
		wire_call.easy_setopt(w->curl, CURLOPT_RESOLVE, &list);
	}
	code = wire_perform(w);
	wire_call.easy_setopt(w->curl, CURLOPT_RESOLVE, NULL);
	wire_call.easy_setopt(w->curl, CURLOPT_ERRORBUFFER, NULL);
	if (code != CURLE_OK)
		return wire_failed(w, t, code, text, e);
	if (wire_call.easy_getinfo(w->curl, CURLINFO_ACTIVESOCKET, &fd) !=
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
		wire_call.easy_setopt(w->curl, CURLOPT_BUFFERSIZE, WIRE_RECORD);
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
	if (t->scheme == ORIGIN_UNIX ? !egress_allows_socket(t->egress,
	    t->socket, t->written) : egress_denies_name(t->egress, t->host)) {
		w->denied = true;
		return wire_failed(w, t, CURLE_OK, "", e);
	}
	if (t->scheme == ORIGIN_HTTPS) {
		w->tls = wire_maker_tls(m, t);
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

/* afresh: by addresses that are looked up now. */
static int
wire_try(struct wire_maker *m, const struct target *t, bool afresh,
    int64_t timeout_ms, struct wire **out, struct err *e)
{
	struct wire *w = wire_new(m, t);

	if (w == NULL || (w->curl = wire_call.easy_init()) == NULL ||
	    (w->multi = wire_call.multi_init()) == NULL) {
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
