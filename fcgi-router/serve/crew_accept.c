/* SPDX-License-Identifier: BSD-2-Clause */

/* crew_accept: new connections, and who may make them. */

#include "serve/crew_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "serve/intake_fcgi.h"

enum {
	CREW_BUFFER = 256 * 1024, /* of a connection's socket */
	CREW_TELL_MS = 10000 /* what others can bring on is told only now and
	                        then */
};

/* Is it time to tell that again? */
static bool
crew_may_tell(struct crew *c, int64_t *last)
{
	int64_t now = clock_ms();
	bool tell;

	pthread_mutex_lock(&c->lock);
	tell = *last == 0 || now - *last >= CREW_TELL_MS;
	if (tell)
		*last = now;
	pthread_mutex_unlock(&c->lock);
	return tell;
}

static bool
crew_allows(struct crew *c, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct settings *s;
	bool allowed;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == -1)
		return false;
	s = process_settings(c->process);
	allowed = settings_allows_user(s, peer.uid);
	settings_drop(&s);
	if (!allowed && crew_may_tell(c, &c->refused_ms))
		msg_warning("refused a connection of user %lu: not in "
		    "'[router] allow_users'", (unsigned long)peer.uid);
	return allowed;
}

/* What a new connection needs. false: it is not wanted. */
static bool
crew_dress(struct crew *c, int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	struct settings *s = process_settings(c->process);
	int64_t timeout = s->body_timeout;
	struct timeval limit = { .tv_sec = timeout / 1000,
		.tv_usec = timeout % 1000 * 1000 };
	int on = 1, buffer = CREW_BUFFER;

	settings_drop(&s);
	if (getsockname(fd, (struct sockaddr *)&address, &size) == -1)
		return false;
	if (address.ss_family == AF_UNIX && !crew_allows(c, fd))
		return false;
	if (address.ss_family != AF_UNIX) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
		/* A whole request head lies there before any of it is read. */
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer,
		    sizeof(buffer));
	}
	/* The last guard: a record that came in pieces. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	return true;
}

void
crew_pause(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->paused = true;
	pthread_mutex_unlock(&c->lock);
}

int
crew_accept(struct crew *c, int listener, struct exchange **x)
{
	struct exchange *fresh = crew_take(c);
	int fd, why;

	*x = NULL;
	if (fresh == NULL)
		return -1;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	why = errno;
	if (fd != -1 && crew_dress(c, fd) &&
	    intake_fcgi_open(fresh, fd) == 0) {
		*x = fresh;
		return 1;
	}
	crew_give(c, fresh);
	if (fd != -1) {
		close(fd);
		return 1;
	}
	if (why == EAGAIN)
		return 0;
	if (why == EINTR || why == ECONNABORTED)
		return 1;
	if (!atomic_load(&c->process->draining) &&
	    crew_may_tell(c, &c->failed_ms))
		msg_error("cannot accept a connection: %s", strerror(why));
	return -1;
}

bool
crew_arm(struct crew *c, int *listener, int how)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT,
		.data.ptr = listener };

	return epoll_ctl(c->epoll, how, *listener, &event) != -1;
}

void
crew_arm_listener(struct crew *c, int *listener)
{
	/* A drain may have taken it out meanwhile. */
	CHECK(crew_arm(c, listener, EPOLL_CTL_MOD) ||
	    atomic_load(&c->process->draining));
}

void
crew_arm_listeners(struct crew *c)
{
	size_t i;

	for (i = 0; i < c->listener_count; i++)
		crew_arm_listener(c, &c->listeners[i]);
}
