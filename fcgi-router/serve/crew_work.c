/* SPDX-License-Identifier: BSD-2-Clause */

/* crew_work: the threads that take exchanges through the pipeline. */

#include "serve/crew_private.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "serve/pipeline.h"

enum {
	CREW_ACCEPTS = 16,    /* from one socket in one turn */
	CREW_FEW = 4,         /* connections: then a worker sleeps at once */
	CREW_IDLE_MS = 5000,  /* a worker too many leaves after this */
	CREW_STACK = 512 * 1024,
	CREW_SCRATCH = 128 * 1024
};

static void *worker_main(void *arg);

int
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
		.pour = &w->pour,
		.slot = w->slot,
		.held = worker_held,
		.arg = w };

	do {
		if (!pipeline_run(x, &loan)) {
			crew_give(c, x);
			return;
		}
		if (!exchange_is_woken(x))
			crew_arm_exchange(c, x);
	} while (!exchange_park(x));
	if (atomic_load(&c->grows) && !atomic_load(&c->process->alone))
		crew_grow(c);
}

static void
worker_accept(struct worker *w, int *listener)
{
	struct crew *c = w->crew;
	struct exchange *x, *last = NULL;
	int took = 1, i;

	for (i = 0; i < CREW_ACCEPTS && took == 1; i++) {
		took = crew_accept(c, *listener, &x);
		if (x == NULL)
			continue;
		if (last != NULL)
			crew_queue(c, last);
		last = x;
	}
	/* First let others accept: what is run next may hold this worker. */
	if (took == -1)
		crew_pause(c);
	else
		crew_arm_listener(c, listener);
	if (last != NULL)
		worker_run(w, last);
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
worker_serve(struct worker *w, void *what, uint32_t events)
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
	} else {
		x = ready_event(what, events);
		if (x != NULL && exchange_wake(x))
			worker_run(w, x);
	}
}

/*
 * The next event. To sleep and be woken costs more than all else that a
 * request does: among many connections one is likely about to speak, as soon
 * as whoever else wants the processor has had it.
 */
static int
worker_wait(const struct crew *c, struct epoll_event *event)
{
	int n = 0;

	if (atomic_load_explicit(&c->open, memory_order_relaxed) > CREW_FEW) {
		n = epoll_wait(c->epoll, event, 1, 0);
		if (n == 0)
			sched_yield();
	}
	return n != 0 ? n : epoll_wait(c->epoll, event, 1, CREW_IDLE_MS);
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	struct crew *c = w->crew;

	w->scratch = malloc(CREW_SCRATCH);
	CHECK(w->scratch != NULL);
	pour_init(&w->pour);
	while (!atomic_load(&c->ending)) {
		struct epoll_event event;
		int n = worker_wait(c, &event);

		CHECK(n != -1 || errno == EINTR);
		if (n == 1)
			worker_serve(w, event.data.ptr, event.events);
		else if (n == 0 && worker_leaves(w))
			break;
	}
	crew_ring(c->ready_bell); /* an end is for the next one, too */
	free(w->scratch);
	pour_fini(&w->pour);
	return NULL;
}
