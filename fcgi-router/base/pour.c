/* SPDX-License-Identifier: BSD-2-Clause */

/* pour: one pipe. */

#include "base/pour.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Of a pipe's room a page of a socket takes a whole one, however little of it
 * is used. Anybody may have 1 MiB. */
enum { POUR_PIPE = 256 * 1024 };

void
pour_init(struct pour *p)
{
	*p = (struct pour){ .to = -1, .from = -1 };
}

void
pour_fini(struct pour *p)
{
	if (p->to != -1) {
		close(p->to);
		close(p->from);
	}
	pour_init(p);
}

/* A pipe that the system keeps small, for one who has many, costs more than
 * copying. */
static bool
pour_begin(struct pour *p)
{
	int ends[2];

	if (p->useless)
		return false;
	if (p->to != -1)
		return true;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
		p->from = ends[0];
		p->to = ends[1];
		if (fcntl(p->to, F_SETPIPE_SZ, POUR_PIPE) != -1)
			return true;
	}
	pour_fini(p);
	p->useless = true;
	return false;
}

/* Is it this kernel that will not do it, and not the socket? */
static bool
pour_is_refused(int why)
{
	return why == EINVAL || why == ENOSYS || why == EPERM;
}

ssize_t
pour_fill(struct pour *p, int fd, size_t room)
{
	ssize_t n;

	CHECK(p->held == 0);
	if (!pour_begin(p)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	do {
		n = splice(fd, NULL, p->to, NULL, room, SPLICE_F_NONBLOCK);
	} while (n == -1 && errno == EINTR);
	if (n > 0)
		p->held = (size_t)n;
	if (n == -1 && pour_is_refused(errno)) {
		p->useless = true;
		errno = EOPNOTSUPP;
	}
	return n;
}

size_t
pour_empty(struct pour *p, int fd, size_t n, bool more)
{
	const unsigned flags = SPLICE_F_NONBLOCK | (more ? SPLICE_F_MORE : 0);
	size_t sent = 0;

	CHECK(n <= p->held);
	while (sent < n) {
		ssize_t got = splice(p->from, NULL, fd, NULL, n - sent, flags);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1 && pour_is_refused(errno))
			p->useless = true;
		if (got <= 0)
			break;
		sent += (size_t)got;
	}
	p->held -= sent;
	return sent;
}

size_t
pour_copy(struct pour *p, char *to, size_t n)
{
	ssize_t got;

	do {
		got = read(p->from, to, n < p->held ? n : p->held);
	} while (got == -1 && errno == EINTR);
	CHECK(got > 0 || p->held == 0);
	p->held -= (size_t)got;
	return (size_t)got;
}
