/* SPDX-License-Identifier: BSD-2-Clause */

/* crew: its exchanges, its descriptors, its beginning and end. */

#include "serve/crew_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/intake.h"
#include "serve/steps.h"

enum { CREW_CLOSE_MS = 50 }; /* for what waits in a queue that still grows */

/* ---- exchanges ---- */

struct exchange *
crew_take(struct crew *c)
{
	struct exchange *x;

	pthread_mutex_lock(&c->lock);
	x = c->free;
	if (x != NULL) {
		c->free = x->next;
	} else if (c->all_count < c->limits.exchanges) {
		x = exchange_new(c->process);
		if (x != NULL)
			c->all[c->all_count++] = x;
	}
	pthread_mutex_unlock(&c->lock);
	if (x != NULL) {
		atomic_store(&x->state, EXCHANGE_RUNNING);
		atomic_fetch_add(&c->open, 1);
	}
	return x;
}

void
crew_give(struct crew *c, struct exchange *x)
{
	bool resume;

	timers_set(c->timers, &x->timer, INT64_MAX);
	atomic_store(&x->state, EXCHANGE_FREE);
	pthread_mutex_lock(&c->lock);
	x->next = c->free;
	c->free = x;
	resume = c->paused;
	c->paused = false;
	pthread_mutex_unlock(&c->lock);
	atomic_fetch_sub(&c->open, 1);
	if (resume)
		crew_arm_listeners(c);
}

void
crew_ring(int bell)
{
	uint64_t one = 1;

	if (write(bell, &one, sizeof(one)) == -1)
		CHECK(errno == EAGAIN);
}

void
crew_queue(struct crew *c, struct exchange *x)
{
	pthread_mutex_lock(&c->lock);
	x->next = NULL;
	if (c->ready_last != NULL)
		c->ready_last->next = x;
	else
		c->ready_first = x;
	c->ready_last = x;
	pthread_mutex_unlock(&c->lock);
	crew_ring(c->ready_bell);
}

struct exchange *
crew_unqueue(struct crew *c)
{
	struct exchange *x;
	bool more = false;

	pthread_mutex_lock(&c->lock);
	x = c->ready_first;
	if (x != NULL) {
		c->ready_first = x->next;
		if (c->ready_first == NULL)
			c->ready_last = NULL;
		more = c->ready_first != NULL;
	}
	pthread_mutex_unlock(&c->lock);
	if (more)
		crew_ring(c->ready_bell);
	return x;
}

/* ---- descriptors ---- */

void
crew_arm_exchange(struct crew *c, struct exchange *x)
{
	int64_t until = x->wait.until;
	bool armed = true;

	if (x->wait.front != 0 && x->front != -1)
		armed = ready_watch(&x->front_ready, c->epoll, x->front,
		    (uint32_t)x->wait.front);
	if (x->wait.origin != 0 && x->transfer.wire != NULL && armed) {
		struct ready *ready = wire_ready(x->transfer.wire);

		atomic_store(&ready->owner, x);
		armed = ready_watch(ready, c->epoll,
		    wire_fd(x->transfer.wire), (uint32_t)x->wait.origin);
	}
	if (!armed) /* the system has no room for it: look again soon */
		until = clock_ms() + CREW_PAUSE_MS;
	if (timers_set(c->timers, &x->timer, until))
		crew_ring(c->tick_bell);
}

/* ---- the crew ---- */

static int
crew_open_descriptors(struct crew *c, struct err *e)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET,
		.data.ptr = &c->ready_bell };

	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	c->ready_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->tick_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->epoll == -1 || c->ready_bell == -1 || c->tick_bell == -1 ||
	    epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->ready_bell, &event) == -1)
		return err_set(e, REASON_OVERLOADED, "cannot make epoll: %s",
		    strerror(errno));
	return 0;
}

struct crew *
crew_new(struct process *p, struct crew_limits limits, struct err *e)
{
	struct crew *c = calloc(1, sizeof(*c));
	int hired = 0;
	unsigned i;

	CHECK(c != NULL);
	c->process = p;
	c->limits = limits;
	CHECK(limits.least >= 1 && limits.later >= limits.least &&
	    limits.most >= limits.later && limits.most <= CREW_WORKERS_MAX);
	atomic_init(&c->grows, limits.later > limits.least);
	c->epoll = c->ready_bell = c->tick_bell = -1;
	/* Not cleared: pages that are not needed are not there either. */
	c->all = malloc(limits.exchanges * sizeof(struct exchange *));
	CHECK(c->all != NULL);
	c->timers = timers_new(limits.exchanges);
	atomic_init(&c->ending, false);
	atomic_init(&c->open, 0);
	pthread_mutex_init(&c->lock, NULL);
	if (crew_open_descriptors(c, e) == -1) {
		crew_free(&c);
		return NULL;
	}
	pthread_mutex_lock(&c->lock);
	for (i = 0; i < c->limits.least && hired == 0; i++)
		hired = crew_hire(c);
	pthread_mutex_unlock(&c->lock);
	if (hired == -1 && c->total == 0) {
		err_set(e, REASON_OVERLOADED, "cannot start a thread");
		crew_free(&c);
		return NULL;
	}
	return c;
}

int
crew_listen(struct crew *c, int fd, struct err *e)
{
	int flags = fcntl(fd, F_GETFL);
	int *listener;

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return err_set(e, REASON_INTERNAL, "descriptor %d: %s", fd,
		    strerror(errno));
	if (c->listener_count == CREW_LISTENERS_MAX)
		return err_set(e, REASON_INTERNAL,
		    "more than %d listening sockets", CREW_LISTENERS_MAX);
	listener = &c->listeners[c->listener_count++];
	*listener = fd;
	if (!crew_arm(c, listener, EPOLL_CTL_ADD))
		return err_set(e, REASON_INTERNAL, "descriptor %d: %s", fd,
		    strerror(errno));
	return 0;
}

int64_t
crew_next(struct crew *c)
{
	int64_t next = timers_next(c->timers);
	int64_t now = clock_ms();
	bool paused;

	pthread_mutex_lock(&c->lock);
	paused = c->paused;
	pthread_mutex_unlock(&c->lock);
	return paused && next > now + CREW_PAUSE_MS ? now + CREW_PAUSE_MS :
	    next;
}

int
crew_bell(const struct crew *c)
{
	return c->tick_bell;
}

/* A late process has events that no worker has taken yet: what came in time
 * is read before anybody is called late. */
static void
crew_look(struct exchange *x)
{
	if (x->transfer.wire != NULL)
		ready_left(wire_ready(x->transfer.wire));
}

void
crew_tick(struct crew *c)
{
	int64_t now = clock_ms();
	struct exchange *x;
	uint64_t count;
	bool resume;

	if (read(c->tick_bell, &count, sizeof(count)) == -1)
		CHECK(errno == EAGAIN);
	while ((x = timers_pop(c->timers, now)) != NULL)
		if (exchange_wake(x)) {
			crew_look(x);
			crew_queue(c, x);
		}
	pthread_mutex_lock(&c->lock);
	resume = c->paused;
	c->paused = false;
	pthread_mutex_unlock(&c->lock);
	if (resume)
		crew_arm_listeners(c);
}

/* Refuses who comes later, and keeps who waits. A TCP socket would reset
 * them. true: done, so the queue has an end. */
static bool
crew_shut_listener(int listener)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	return getsockname(listener, (struct sockaddr *)&address, &size) !=
	    -1 && address.ss_family == AF_UNIX &&
	    shutdown(listener, SHUT_RDWR) == 0;
}

/*
 * What waits in a socket's queue was accepted by the system on our behalf; who
 * comes later shall be refused at once, not wait for an end. On a socket that
 * others keep open the queue has no end: so this does. Another file in its
 * place keeps the number from being used for something else.
 */
static void
crew_close_listener(struct crew *c, int listener, bool alone)
{
	int64_t until = clock_ms() + CREW_CLOSE_MS;
	struct exchange *x;
	int nothing;

	(void)epoll_ctl(c->epoll, EPOLL_CTL_DEL, listener, NULL);
	if (alone && crew_shut_listener(listener))
		until = INT64_MAX;
	while (clock_ms() < until && crew_accept(c, listener, &x) == 1)
		if (x != NULL)
			crew_queue(c, x);
	nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing == -1)
		return;
	(void)dup3(nothing, listener, O_CLOEXEC);
	close(nothing);
}

void
crew_drain(struct crew *c, bool alone)
{
	size_t i, count;

	for (i = 0; i < c->listener_count; i++)
		crew_close_listener(c, c->listeners[i], alone);
	pthread_mutex_lock(&c->lock);
	count = c->all_count;
	pthread_mutex_unlock(&c->lock);
	for (i = 0; i < count; i++)
		if (exchange_wake(c->all[i]))
			crew_queue(c, c->all[i]);
}

/* Nearly all requests are over before anybody looks: they cost nothing. */
void
crew_show(struct crew *c)
{
	size_t i, count;

	pthread_mutex_lock(&c->lock);
	count = c->all_count;
	pthread_mutex_unlock(&c->lock);
	for (i = 0; i < count; i++) {
		struct exchange *x = c->all[i];

		if (!exchange_hold(x))
			continue;
		step_show(x);
		if (!exchange_park(x))
			crew_queue(c, x);
	}
}

void
crew_workers(struct crew *c, unsigned *total, unsigned *held)
{
	pthread_mutex_lock(&c->lock);
	*total = c->total;
	*held = c->held;
	pthread_mutex_unlock(&c->lock);
}

unsigned
crew_open(struct crew *c)
{
	return atomic_load(&c->open);
}

void
crew_free(struct crew **c)
{
	struct crew *crew = *c;
	size_t i;

	if (crew == NULL)
		return;
	atomic_store(&crew->ending, true);
	crew_ring(crew->ready_bell);
	for (i = 0; i < CREW_WORKERS_MAX; i++)
		if (crew->workers[i].joinable)
			pthread_join(crew->workers[i].thread, NULL);
	for (i = 0; i < crew->all_count; i++) {
		if (crew->all[i]->intake != NULL)
			crew->all[i]->intake->fini(crew->all[i]);
		exchange_free(&crew->all[i]);
	}
	free(crew->all);
	timers_free(&crew->timers);
	if (crew->epoll != -1)
		close(crew->epoll);
	if (crew->ready_bell != -1)
		close(crew->ready_bell);
	if (crew->tick_bell != -1)
		close(crew->tick_bell);
	pthread_mutex_destroy(&crew->lock);
	free(crew);
	*c = NULL;
}
