/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * randoms: asks a router for hosts that no map has, as many as one wants.
 *
 * FastCGI by hand over a few kept connections, one request on each at a time,
 * each for another host. Every answer must be a 404 with the reason no-host.
 * Prints requests and seconds.
 */

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	RANDOMS_BEGIN = 1,
	RANDOMS_END = 3,
	RANDOMS_PARAMS = 4,
	RANDOMS_STDIN = 5,
	RANDOMS_STDOUT = 6,
	RANDOMS_HEAD = 8,           /* bytes of a record's */
	RANDOMS_ROOM = 16384,
	RANDOMS_PEERS_MAX = 64,
	RANDOMS_SILENCE = 30 * 1000 /* milliseconds without any answer */
};

struct randoms_peer {
	int fd;
	size_t have;     /* bytes in room */
	bool right;      /* the answer has the reason */
	unsigned char room[RANDOMS_ROOM];
};

struct randoms_text {
	size_t n;
	unsigned char p[1024];
};

static uint64_t randoms_state = 0x9e3779b97f4a7c15;

static void
randoms_die(const char *what, const char *why)
{
	(void)fprintf(stderr, "randoms: %s: %s\n", what, why);
	exit(3);
}

/* xorshift64*: it has to be quick, and different each time. */
static uint64_t
randoms_next(void)
{
	uint64_t x = randoms_state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	randoms_state = x;
	return x * 0x2545f4914f6cdd1d;
}

/* Requests */

static void
randoms_put(struct randoms_text *t, const void *p, size_t n)
{
	if (sizeof(t->p) - t->n < n)
		randoms_die("request", "no room");
	memcpy(t->p + t->n, p, n);
	t->n += n;
}

static void
randoms_record(struct randoms_text *t, int type, const void *p, size_t n)
{
	const unsigned char head[RANDOMS_HEAD] = { 1, (unsigned char)type, 0,
		1, (unsigned char)(n >> 8), (unsigned char)n };

	randoms_put(t, head, sizeof(head));
	randoms_put(t, p, n);
}

/* Both are shorter than 128 bytes. */
static void
randoms_pair(struct randoms_text *t, const char *name, const char *value)
{
	const unsigned char lengths[2] = { (unsigned char)strlen(name),
		(unsigned char)strlen(value) };

	randoms_put(t, lengths, sizeof(lengths));
	randoms_put(t, name, lengths[0]);
	randoms_put(t, value, lengths[1]);
}

/* Of one to four labels, all letters, so that they fall between all keys. */
static void
randoms_host(char *to, size_t n)
{
	uint64_t labels = randoms_next() % 4 + 1;
	size_t at = 0;
	uint64_t x;

	while (labels-- > 0) {
		for (x = randoms_next() | UINT64_C(1) << 60; x > 1; x /= 26)
			to[at++] = (char)('a' + x % 26);
		to[at++] = '.';
	}
	(void)snprintf(to + at, n - at, "unknown");
}

static void
randoms_ask(struct randoms_peer *peer)
{
	static const unsigned char begin[8] = { 0, 1, 1 }; /* keep */
	struct randoms_text all = { 0 }, params = { 0 };
	char host[128];

	randoms_host(host, sizeof(host));
	randoms_pair(&params, "REQUEST_METHOD", "GET");
	randoms_pair(&params, "SERVER_PROTOCOL", "HTTP/1.1");
	randoms_pair(&params, "REQUEST_URI", "/a/path?of=it");
	randoms_pair(&params, "REMOTE_ADDR", "192.0.2.9");
	randoms_pair(&params, "HTTP_HOST", host);
	randoms_pair(&params, "HTTP_USER_AGENT", "randoms");
	randoms_record(&all, RANDOMS_BEGIN, begin, sizeof(begin));
	randoms_record(&all, RANDOMS_PARAMS, params.p, params.n);
	randoms_record(&all, RANDOMS_PARAMS, "", 0);
	randoms_record(&all, RANDOMS_STDIN, "", 0);
	peer->right = false;
	/* A request is far smaller than a socket's buffer. */
	if (send(peer->fd, all.p, all.n, MSG_NOSIGNAL) != (ssize_t)all.n)
		randoms_die("send", strerror(errno));
}

/* Answers */

static bool
randoms_has(const unsigned char *p, size_t n, const char *what)
{
	return memmem(p, n, what, strlen(what)) != NULL;
}

/* Takes whole records off. true: the answer is over. */
static bool
randoms_take(struct randoms_peer *peer)
{
	size_t at = 0, size;
	bool over = false;

	while (!over && peer->have - at >= RANDOMS_HEAD) {
		const unsigned char *r = peer->room + at;

		size = (size_t)r[4] << 8 | r[5];
		if (peer->have - at < RANDOMS_HEAD + size + r[6])
			break;
		if (r[1] == RANDOMS_STDOUT && randoms_has(r + RANDOMS_HEAD,
		    size, "Status: 404") && randoms_has(r + RANDOMS_HEAD,
		    size, "X-Router-Reason: no-host"))
			peer->right = true;
		over = r[1] == RANDOMS_END;
		at += RANDOMS_HEAD + size + r[6];
	}
	memmove(peer->room, peer->room + at, peer->have - at);
	peer->have -= at;
	return over;
}

/* true: a whole answer has come. */
static bool
randoms_answer(struct randoms_peer *peer)
{
	ssize_t got = recv(peer->fd, peer->room + peer->have,
	    sizeof(peer->room) - peer->have, MSG_DONTWAIT);

	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0)
		randoms_die("the router", "closed a kept connection");
	peer->have += (size_t)got;
	if (!randoms_take(peer)) {
		if (peer->have == sizeof(peer->room))
			randoms_die("answer", "a record too large");
		return false;
	}
	if (!peer->right)
		randoms_die("answer", "not 404 no-host");
	return true;
}

/* Connections */

static int
randoms_connect(const char *path)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(where.sun_path))
		randoms_die(path, "too long for a socket");
	memcpy(where.sun_path, path, strlen(path) + 1);
	if (fd == -1 || connect(fd, (const struct sockaddr *)&where,
	    sizeof(where)) == -1)
		randoms_die(path, strerror(errno));
	return fd;
}

static void
randoms_all(struct randoms_peer *peers, nfds_t count, uint64_t requests)
{
	struct pollfd fds[RANDOMS_PEERS_MAX];
	uint64_t asked = 0, answered = 0;
	nfds_t i;

	for (i = 0; i < count; i++) {
		fds[i] = (struct pollfd){ peers[i].fd, POLLIN, 0 };
		if (asked < requests) {
			randoms_ask(&peers[i]);
			asked++;
		}
	}
	while (answered < requests) {
		if (poll(fds, count, RANDOMS_SILENCE) <= 0)
			randoms_die("the router", "does not answer");
		for (i = 0; i < count; i++) {
			if (fds[i].revents == 0 || !randoms_answer(&peers[i]))
				continue;
			answered++;
			if (asked < requests) {
				randoms_ask(&peers[i]);
				asked++;
			}
		}
	}
}

int
main(int argc, char **argv)
{
	struct randoms_peer *peers;
	struct timespec from, to;
	uint64_t requests;
	nfds_t count, i;

	if (argc != 5) {
		(void)fputs("usage: randoms SOCKET CONNECTIONS REQUESTS "
			    "SEED\n", stderr);
		return 2;
	}
	count = strtoul(argv[2], NULL, 10);
	requests = strtoull(argv[3], NULL, 10);
	randoms_state += strtoull(argv[4], NULL, 10);
	if (count < 1 || count > RANDOMS_PEERS_MAX)
		randoms_die(argv[2], "from 1 to 64 connections");
	peers = calloc(count, sizeof(*peers));
	if (peers == NULL)
		randoms_die("connections", "out of memory");
	for (i = 0; i < count; i++)
		peers[i].fd = randoms_connect(argv[1]);
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	randoms_all(peers, count, requests);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	(void)printf("%llu %.3f\n", (unsigned long long)requests,
	    (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	for (i = 0; i < count; i++)
		(void)close(peers[i].fd);
	free(peers);
	return 0;
}
