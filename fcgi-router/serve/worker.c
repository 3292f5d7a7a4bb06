/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * worker: who holds whom. A `struct crew` holds all workers, all exchanges
 * (the free ones in a stack), the epoll instance, the timers and a queue of
 * exchanges that were woken by no descriptor. An exchange that waits is known
 * to epoll (its descriptors are armed, one-shot) and to the timers; who wakes
 * it first, runs it.
 */

#include "serve/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "serve/exchange.h"
#include "serve/intake.h"
#include "serve/intake_fcgi.h"
#include "serve/pipeline.h"
#include "serve/timers.h"

enum {
	CREW_WORKERS_MAX = STORE_SLOTS_MAX - 1,
	CREW_LISTENERS_MAX = 16,
	CREW_ACCEPTS = 16,          /* from one socket in one turn */
	CREW_IDLE_MS = 5000,        /* a worker too many leaves after this */
	CREW_STACK = 512 * 1024,
	CREW_SCRATCH = 128 * 1024,
	CREW_SEND_BUFFER = 256 * 1024,
	CREW_PAUSE_MS = 50,         /* no descriptors left: try again then */
	CREW_TELL_MS = 10000        /* and say so only now and then */
};

struct worker {
	struct crew *crew;
	pthread_t thread;
	unsigned slot;
	bool running;   /* the slot is in use */
	bool joinable;  /* the thread has ended or will; not joined yet */
	char *scratch;
};

struct crew {
	struct process *process;
	struct crew_limits limits;
	int epoll;
	int ready_bell; /* counts the queue; workers wait on it */
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
	int64_t told_ms; /* when a failed accept was told last */
	struct worker workers[CREW_WORKERS_MAX];
	unsigned total; /* workers */
	unsigned held;  /* of them, held by something that blocks */
};

static void *worker_main(void *arg);
static void worker_run(struct worker *w, struct exchange *x);

/* ---- exchanges ---- */

/* A free one, RUNNING; NULL: too many, or no memory. */
static struct exchange *
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

static void crew_arm_listeners(struct crew *c);

static void
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

static void
crew_ring(int bell)
{
	uint64_t one = 1;

	if (write(bell, &one, sizeof(one)) == -1)
		CHECK(errno == EAGAIN);
}

/* Puts an exchange that the caller must run where a worker finds it. */
static void
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

static struct exchange *
crew_unqueue(struct crew *c)
{
	struct exchange *x;
	uint64_t count;

	if (read(c->ready_bell, &count, sizeof(count)) == -1)
		return NULL;
	pthread_mutex_lock(&c->lock);
	x = c->ready_first;
	if (x != NULL) {
		c->ready_first = x->next;
		if (c->ready_first == NULL)
			c->ready_last = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	return x;
}

/* ---- descriptors ---- */

static bool
crew_arm(struct crew *c, int fd, bool known, uint32_t events, void *owner)
{
	struct epoll_event event = { .events = events | EPOLLONESHOT,
		.data.ptr = owner };

	return epoll_ctl(c->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
	    &event) != -1;
}

/*
 * Arms what an exchange waits for. It is still RUNNING: what fires now only
 * marks it as woken.
 */
static void
crew_arm_exchange(struct crew *c, struct exchange *x)
{
	int64_t until = x->wait.until;
	bool armed = true;

	if (x->wait.front != 0 && x->front != -1) {
		armed = crew_arm(c, x->front, x->front_known,
		    (uint32_t)x->wait.front, x);
		x->front_known = armed;
	}
	if (x->wait.origin != 0 && x->transfer.wire != NULL && armed) {
		int *mark = wire_epoll_mark(x->transfer.wire);

		armed = crew_arm(c, wire_fd(x->transfer.wire),
		    *mark == c->epoll, (uint32_t)x->wait.origin, x);
		*mark = armed ? c->epoll : -1;
	}
	if (!armed) /* the system has no room for it: look again soon */
		until = clock_ms() + CREW_PAUSE_MS;
	if (timers_set(c->timers, &x->timer, until))
		crew_ring(c->tick_bell);
}

/* ---- accepting ---- */

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
	if (!allowed)
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
	int on = 1, buffer = CREW_SEND_BUFFER;

	settings_drop(&s);
	if (getsockname(fd, (struct sockaddr *)&address, &size) == -1)
		return false;
	if (address.ss_family == AF_UNIX && !crew_allows(c, fd))
		return false;
	if (address.ss_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
	/* The last guard: a record that came in pieces. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	return true;
}

static void
crew_pause(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->paused = true;
	pthread_mutex_unlock(&c->lock);
}

static void
crew_tell_accept(struct crew *c, int why)
{
	int64_t now = clock_ms();
	bool tell;

	pthread_mutex_lock(&c->lock);
	tell = now - c->told_ms >= CREW_TELL_MS;
	if (tell)
		c->told_ms = now;
	pthread_mutex_unlock(&c->lock);
	if (tell)
		msg_error("cannot accept a connection: %s", strerror(why));
}

/*
 * 1: took one, *x is it, RUNNING, or NULL when it was not wanted; 0: there is
 * none; -1: none can be taken now.
 */
static int
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
	crew_tell_accept(c, why);
	return -1;
}

static void
crew_arm_listener(struct crew *c, int *listener)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT,
		.data.ptr = listener };

	/* A drain may have taken it out meanwhile. */
	CHECK(epoll_ctl(c->epoll, EPOLL_CTL_MOD, *listener, &event) != -1 ||
	    atomic_load(&c->process->draining));
}

static void
crew_arm_listeners(struct crew *c)
{
	size_t i;

	for (i = 0; i < c->listener_count; i++)
		crew_arm_listener(c, &c->listeners[i]);
}

static void
worker_accept(struct worker *w, int *listener)
{
	struct crew *c = w->crew;
	struct exchange *x;
	int took = 1, i;

	for (i = 0; i < CREW_ACCEPTS && took == 1; i++) {
		took = crew_accept(c, *listener, &x);
		if (x != NULL)
			worker_run(w, x);
	}
	if (took == -1)
		crew_pause(c);
	else
		crew_arm_listener(c, listener);
}

/* ---- workers ---- */

/* One more, when the lock is held. */
static int
crew_hire(struct crew *c)
{
	pthread_attr_t attr;
	struct worker *w = NULL;
	unsigned i;
	int failed;

	for (i = 0; i < CREW_WORKERS_MAX && w == NULL; i++)
		if (!c->workers[i].running)
			w = &c->workers[i];
	if (w == NULL || c->total >= c->limits.most)
		return -1;
	if (w->joinable)
		pthread_join(w->thread, NULL);
	w->joinable = false;
	w->crew = c;
	w->slot = (unsigned)(w - c->workers);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, CREW_STACK);
	failed = pthread_create(&w->thread, &attr, worker_main, w);
	pthread_attr_destroy(&attr);
	if (failed != 0)
		return -1;
	w->running = w->joinable = true;
	c->total++;
	return 0;
}

/* The web server sends more than one request at once: one worker is not
 * enough. */
static void
crew_grow(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	if (atomic_exchange(&c->grows, false)) {
		c->limits.least = c->limits.later;
		while (c->total < c->limits.least)
			if (crew_hire(c) == -1)
				break;
	}
	pthread_mutex_unlock(&c->lock);
}

/* The exchange that a worker runs is about to block, or has done so. */
static void
worker_held(void *arg, bool begins)
{
	struct worker *w = arg;
	struct crew *c = w->crew;

	pthread_mutex_lock(&c->lock);
	if (begins) {
		c->held++;
		if (c->total - c->held < c->limits.least)
			(void)crew_hire(c);
	} else {
		c->held--;
	}
	pthread_mutex_unlock(&c->lock);
}

static void
worker_run(struct worker *w, struct exchange *x)
{
	struct crew *c = w->crew;
	const struct exchange_loan loan = { .scratch = w->scratch,
		.room = CREW_SCRATCH,
		.slot = w->slot,
		.held = worker_held,
		.arg = w };

	do {
		if (!pipeline_run(x, &loan)) {
			crew_give(c, x);
			return;
		}
		crew_arm_exchange(c, x);
	} while (!exchange_park(x));
	if (atomic_load(&c->grows) && !atomic_load(&c->process->alone))
		crew_grow(c);
}

/* Is there one worker too many? Then this one's slot is free. */
static bool
worker_leaves(struct worker *w)
{
	struct crew *c = w->crew;
	bool leaves;

	pthread_mutex_lock(&c->lock);
	leaves = c->total - c->held > c->limits.least;
	if (leaves) {
		c->total--;
		w->running = false;
	}
	pthread_mutex_unlock(&c->lock);
	return leaves;
}

static void
worker_serve(struct worker *w, void *what)
{
	struct crew *c = w->crew;
	int *listener = what;
	struct exchange *x;

	if (what == &c->ready_bell) {
		x = crew_unqueue(c);
		if (x != NULL)
			worker_run(w, x);
	} else if (listener >= c->listeners &&
	    listener < c->listeners + CREW_LISTENERS_MAX) {
		worker_accept(w, listener);
	} else if (exchange_wake(what)) {
		worker_run(w, what);
	}
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	struct crew *c = w->crew;

	w->scratch = malloc(CREW_SCRATCH);
	CHECK(w->scratch != NULL);
	while (!atomic_load(&c->ending)) {
		struct epoll_event event;
		int n = epoll_wait(c->epoll, &event, 1, CREW_IDLE_MS);

		CHECK(n != -1 || errno == EINTR);
		if (n == 1)
			worker_serve(w, event.data.ptr);
		else if (n == 0 && worker_leaves(w))
			break;
	}
	free(w->scratch);
	return NULL;
}

/* ---- the crew ---- */

static int
crew_open_descriptors(struct crew *c, struct err *e)
{
	struct epoll_event event = { .events = EPOLLIN,
		.data.ptr = &c->ready_bell };

	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	c->ready_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
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
	c->all = calloc(limits.exchanges, sizeof(struct exchange *));
	CHECK(c->all != NULL);
	c->timers = timers_new();
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
	if (!crew_arm(c, fd, false, EPOLLIN, listener))
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
		if (exchange_wake(x))
			crew_queue(c, x);
	pthread_mutex_lock(&c->lock);
	resume = c->paused;
	c->paused = false;
	pthread_mutex_unlock(&c->lock);
	if (resume)
		crew_arm_listeners(c);
}

/* What waits in a socket's queue was accepted by the system on our behalf. */
static void
crew_accept_rest(struct crew *c, int listener)
{
	struct exchange *x;

	while (crew_accept(c, listener, &x) == 1)
		if (x != NULL)
			crew_queue(c, x);
}

void
crew_drain(struct crew *c)
{
	size_t i, count;

	for (i = 0; i < c->listener_count; i++) {
		(void)epoll_ctl(c->epoll, EPOLL_CTL_DEL, c->listeners[i],
		    NULL);
		crew_accept_rest(c, c->listeners[i]);
	}
	pthread_mutex_lock(&c->lock);
	count = c->all_count;
	pthread_mutex_unlock(&c->lock);
	for (i = 0; i < count; i++)
		if (exchange_wake(c->all[i]))
			crew_queue(c, c->all[i]);
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
	for (i = 0; i < CREW_WORKERS_MAX; i++)
		crew_ring(crew->ready_bell);
	for (i = 0; i < CREW_WORKERS_MAX; i++)
		if (crew->workers[i].joinable)
			pthread_join(crew->workers[i].thread, NULL);
	for (i = 0; i < crew->all_count; i++)
		exchange_free(&crew->all[i]);
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
