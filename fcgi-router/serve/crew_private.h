/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * crew_private: what crew.c, crew_accept.c and crew_work.c share.
 *
 * Who holds whom: a `struct crew` holds all workers, all exchanges (the free
 * ones in a stack), the epoll instance, the timers and a queue of exchanges
 * that were woken by no descriptor. An exchange that waits is known to epoll
 * (by the `struct ready` of its front and of its wire) and to the timers; who
 * wakes it first, runs it.
 */
#ifndef SERVE_CREW_PRIVATE_H
#define SERVE_CREW_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "serve/crew.h"
#include "serve/exchange.h"
#include "serve/timers.h"

enum {
	CREW_WORKERS_MAX = STORE_SLOTS_MAX - 1,
	CREW_LISTENERS_MAX = 16,
	CREW_PAUSE_MS = 50 /* no descriptors left: try again then */
};

struct worker {
	struct crew *crew;
	pthread_t thread;
	unsigned slot;
	bool running;   /* the slot is in use */
	bool joinable;  /* the thread has ended or will; not joined yet */
	char *scratch;
	struct pour pour;
};

struct crew {
	struct process *process;
	struct crew_limits limits;
	int epoll;
	int ready_bell; /* wakes one worker, each time that it is rung */
	int tick_bell;  /* the main thread waits on it */
	struct timers *timers;
	atomic_bool ending;
	atomic_bool grows; /* from limits.least to limits.later, if not alone */
	atomic_uint open; /* exchanges in use */

	pthread_mutex_t lock; /* guards all below */
	struct exchange *free;
	struct exchange *ready_first;
	struct exchange *ready_last;
	struct exchange **all;
	size_t all_count;
	int listeners[CREW_LISTENERS_MAX];
	size_t listener_count;
	bool paused;     /* listeners are not armed: too many exchanges */
	int64_t failed_ms;  /* when a failed accept was told last; 0: never */
	int64_t refused_ms; /* and a connection of a user who may not */
	struct worker workers[CREW_WORKERS_MAX];
	unsigned total; /* workers */
	unsigned held;  /* of them, held by something that blocks */
};

/* ---- crew.c ---- */

/* A free exchange, RUNNING; NULL: too many, or no memory. */
struct exchange *crew_take(struct crew *c);
/* Takes it back: its connection is over. */
void crew_give(struct crew *c, struct exchange *x);

/* Puts an exchange that the caller must run where a worker finds it. */
void crew_queue(struct crew *c, struct exchange *x);
/* NULL: there is none (any more). Who takes one wakes another for the next. */
struct exchange *crew_unqueue(struct crew *c);

/* Adds one to an eventfd. */
void crew_ring(int bell);

/*
 * Arms what an exchange waits for. It is still RUNNING: what fires now only
 * marks it as woken.
 */
void crew_arm_exchange(struct crew *c, struct exchange *x);

/* ---- crew_accept.c ---- */

/*
 * 1: took a connection, *x is it, RUNNING, or NULL when it was not wanted;
 * 0: there is none; -1: none can be taken now.
 */
int crew_accept(struct crew *c, int listener, struct exchange **x);

/* Accepts no more until an exchange ends or a moment has passed. */
void crew_pause(struct crew *c);

/* Tells epoll of a listening socket, one-shot; how: EPOLL_CTL_ADD or _MOD.
 * false: it has no room. */
bool crew_arm(struct crew *c, int *listener, int how);
void crew_arm_listener(struct crew *c, int *listener);
void crew_arm_listeners(struct crew *c);

/* ---- crew_work.c ---- */

/* One more worker. The lock is held. 0, or -1: there are enough. */
int crew_hire(struct crew *c);

#endif
