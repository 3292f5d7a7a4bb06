/* SPDX-License-Identifier: BSD-2-Clause */

/* timers: a binary heap under one lock. */

#include "serve/timers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"

struct timers {
	pthread_mutex_t lock; /* guards all below, and changes of `queued` */
	struct timer **heap;  /* the earliest first */
	size_t count;
	size_t room;
};

struct timers *
timers_new(size_t most)
{
	struct timers *t = calloc(1, sizeof(*t));

	CHECK(t != NULL);
	pthread_mutex_init(&t->lock, NULL);
	t->heap = malloc(most * sizeof(struct timer *)); /* not touched yet */
	CHECK(t->heap != NULL);
	t->room = most;
	return t;
}

void
timers_free(struct timers **t)
{
	if (*t == NULL)
		return;
	pthread_mutex_destroy(&(*t)->lock);
	free((*t)->heap);
	free(*t);
	*t = NULL;
}

void
timer_init(struct timer *timer, void *owner)
{
	atomic_init(&timer->due, INT64_MAX);
	atomic_init(&timer->queued, INT64_MAX);
	timer->place = 0;
	timer->owner = owner;
}

static int64_t
timers_at(const struct timers *t, size_t i)
{
	return atomic_load(&t->heap[i]->queued);
}

static void
timers_put(struct timers *t, size_t i, struct timer *timer)
{
	t->heap[i] = timer;
	timer->place = i;
}

static void
timers_swap(struct timers *t, size_t a, size_t b)
{
	struct timer *kept = t->heap[a];

	timers_put(t, a, t->heap[b]);
	timers_put(t, b, kept);
}

static void
timers_rise(struct timers *t, size_t i)
{
	while (i > 0 && timers_at(t, i) < timers_at(t, (i - 1) / 2)) {
		timers_swap(t, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static void
timers_sink(struct timers *t, size_t i)
{
	for (;;) {
		size_t least = i;
		size_t child;

		for (child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < t->count &&
			    timers_at(t, child) < timers_at(t, least))
				least = child;
		if (least == i)
			return;
		timers_swap(t, i, least);
		i = least;
	}
}

/* Puts it in, or nearer to the front. The lock is held. */
static void
timers_queue(struct timers *t, struct timer *timer, int64_t due)
{
	if (atomic_load(&timer->queued) == INT64_MAX) {
		CHECK(t->count < t->room);
		timers_put(t, t->count++, timer);
	}
	atomic_store(&timer->queued, due);
	timers_rise(t, timer->place);
}

bool
timers_set(struct timers *t, struct timer *timer, int64_t due)
{
	bool first = false;

	atomic_store(&timer->due, due);
	if (due >= atomic_load(&timer->queued) || due == INT64_MAX)
		return false;
	pthread_mutex_lock(&t->lock);
	if (due < atomic_load(&timer->queued)) {
		timers_queue(t, timer, due);
		first = t->heap[0] == timer;
	}
	pthread_mutex_unlock(&t->lock);
	return first;
}

int64_t
timers_next(struct timers *t)
{
	int64_t next;

	pthread_mutex_lock(&t->lock);
	next = t->count > 0 ? timers_at(t, 0) : INT64_MAX;
	pthread_mutex_unlock(&t->lock);
	return next;
}

/*
 * Takes the first out (true: it is due), or puts it back for what it wants
 * now. timers_set stores `due` and then reads `queued`; this stores `queued`
 * and then reads `due` again: one of the two sees the other.
 */
static bool
timers_take(struct timers *t, struct timer *timer, int64_t now)
{
	int64_t due;

	do {
		due = atomic_load(&timer->due);
		atomic_store(&timer->queued, due > now ? due : INT64_MAX);
	} while (atomic_load(&timer->due) != due);
	if (due > now && due != INT64_MAX) {
		timers_sink(t, 0);
		return false;
	}
	t->count--;
	if (t->count > 0) {
		timers_put(t, 0, t->heap[t->count]);
		timers_sink(t, 0);
	}
	return due != INT64_MAX;
}

void *
timers_pop(struct timers *t, int64_t now)
{
	void *owner = NULL;

	pthread_mutex_lock(&t->lock);
	while (owner == NULL && t->count > 0 && timers_at(t, 0) <= now) {
		struct timer *timer = t->heap[0];

		if (timers_take(t, timer, now))
			owner = timer->owner;
	}
	pthread_mutex_unlock(&t->lock);
	return owner;
}
