/* SPDX-License-Identifier: BSD-2-Clause */

/* ready: two bits of word, and the rule of when epoll is told. */

#include "base/ready.h"

#include <sys/epoll.h>

enum {
	READY_MAYBE = 1 << 0, /* something may be there to read */
	READY_ALWAYS = 1 << 1, /* and no read ever takes all: an end stays, and
	                          before urgent data (tcp(7)) a read stops */
	READY_USUAL = EPOLLIN | EPOLLPRI | EPOLLRDHUP, /* watched for all the
	                                                  time */
	READY_UNASKED = EPOLLERR | EPOLLHUP /* comes without being asked for */
};

void
ready_init(struct ready *r, void *owner)
{
	atomic_store(&r->owner, owner);
	atomic_store(&r->word, READY_MAYBE);
	r->watched = 0;
}

void *
ready_event(struct ready *r, uint32_t events)
{
	const bool always = (events & (EPOLLRDHUP | EPOLLPRI |
	    READY_UNASKED)) != 0;

	atomic_fetch_or(&r->word, always ? READY_MAYBE | READY_ALWAYS :
	    READY_MAYBE);
	return atomic_load(&r->owner);
}

bool
ready_maybe(const struct ready *r)
{
	return (~r->watched & READY_USUAL) != 0 || atomic_load(&r->word) != 0;
}

void
ready_look(struct ready *r)
{
	if (atomic_load(&r->word) == READY_MAYBE)
		atomic_fetch_and(&r->word, ~(unsigned)READY_MAYBE);
}

void
ready_left(struct ready *r)
{
	atomic_fetch_or(&r->word, READY_MAYBE);
}

bool
ready_watch(struct ready *r, int epoll, int fd, uint32_t events)
{
	struct epoll_event event = { .data.ptr = r };
	const bool known = r->watched != 0;
	const bool maybe = known && atomic_load(&r->word) != 0;

	events &= ~(uint32_t)READY_UNASKED;
	/* Room is asked about each time: no event tells of room that was there
	 * all the while. */
	if (known && !maybe && (events & EPOLLOUT) == 0 &&
	    (events | READY_USUAL) == (r->watched & ~(uint32_t)EPOLLET))
		return true;
	/* What is there and not wanted must not fire again and again. */
	if (!maybe)
		events |= READY_USUAL;
	event.events = events | EPOLLET;
	if (epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
	    &event) == -1)
		return false;
	r->watched = event.events;
	return true;
}
