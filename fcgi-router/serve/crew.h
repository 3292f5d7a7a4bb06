/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * crew: the epoll, and the workers that take exchanges from it.
 *
 * All workers wait in one epoll instance: for the listening sockets (one-shot)
 * and, edge-triggered (base/ready), for connections between requests, origins
 * that are thinking, web servers that must take bytes first. Whoever wakes
 * takes the exchange through as many steps as it can go and parks it again.
 * Workers grow from least to most while some are held (resolving, connecting),
 * and shrink when idle.
 */
#ifndef SERVE_CREW_H
#define SERVE_CREW_H

#include <stdint.h>

#include "base/err.h"
#include "serve/process.h"

struct crew;

struct crew_limits {
	unsigned least;     /* workers, at least 1 */
	unsigned later;     /* least, once process->alone is false */
	unsigned most;      /* below STORE_SLOTS_MAX */
	unsigned exchanges; /* connections and requests at once */
};

/* NULL and e: no epoll instance, no thread. */
struct crew *crew_new(struct process *p, struct crew_limits limits,
    struct err *e);

/*
 * Accepts on a listening socket (made non-blocking; stays the caller's). Its
 * peers must be allowed users when it is a Unix socket. 0, or -1 and e.
 */
ATTR_MUST_USE int crew_listen(struct crew *c, int fd, struct err *e);

/* Now and then, by one thread: shows others which requests wait, and for
 * what. */
void crew_show(struct crew *c);

/* When the first timer is due, clock_ms; then, or later, call crew_tick. */
int64_t crew_next(struct crew *c);
/* Wakes what is due. A descriptor to wait on, for a timer that came before. */
void crew_tick(struct crew *c);
int crew_bell(const struct crew *c);

/*
 * Accepts what already waits on the listening sockets, then closes them; idle
 * connections close. process->draining must be set. alone: nobody else listens
 * on these sockets.
 */
void crew_drain(struct crew *c, bool alone);

/* How many workers there are, and how many of them are held. */
void crew_workers(struct crew *c, unsigned *total, unsigned *held);

/* Connections that are open, with a request or without. */
unsigned crew_open(struct crew *c);

/* Ends all threads and frees everything. What is under way is dropped. */
void crew_free(struct crew **c);

#endif
