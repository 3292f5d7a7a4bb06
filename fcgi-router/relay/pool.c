/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pool: a hash table of stacks (most recent on top) and one list of all by
 * age. A wire is in both, by the links that it carries for that.
 */

#include "relay/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"

enum { POOL_BUCKETS = 512 };

struct pool {
	pthread_mutex_t lock; /* guards all below, and the wires' places */
	struct hash_key key;
	struct wire *buckets[POOL_BUCKETS];
	struct wire *newest;
	struct wire *oldest;
	size_t count;
	size_t most;
	int64_t age;
	int64_t life; /* INT64_MAX: no limit */
};

struct pool *
pool_new(void)
{
	struct pool *p = calloc(1, sizeof(*p));

	CHECK(p != NULL);
	pthread_mutex_init(&p->lock, NULL);
	p->key = hash_key_random();
	return p;
}

/* Puts it on top of both lists. The lock is held. */
static void
pool_link(struct pool *p, struct wire *w)
{
	struct wire_place *place = wire_place(w);
	struct wire **bucket = &p->buckets[place->hash % POOL_BUCKETS];

	place->below = *bucket;
	*bucket = w;
	place->older = p->newest;
	place->newer = NULL;
	if (p->newest != NULL)
		wire_place(p->newest)->newer = w;
	else
		p->oldest = w;
	p->newest = w;
	p->count++;
}

/* Takes it out of both lists. The lock is held. */
static void
pool_unlink(struct pool *p, struct wire *w)
{
	struct wire_place *place = wire_place(w);
	struct wire **at = &p->buckets[place->hash % POOL_BUCKETS];

	while (*at != w)
		at = &wire_place(*at)->below;
	*at = place->below;
	if (place->newer != NULL)
		wire_place(place->newer)->older = place->older;
	else
		p->newest = place->older;
	if (place->older != NULL)
		wire_place(place->older)->newer = place->newer;
	else
		p->oldest = place->newer;
	p->count--;
}

/* Moves what is too much or too old to *gone. The lock is held. */
static void
pool_trim(struct pool *p, int64_t now, struct wire **gone)
{
	while (p->oldest != NULL && (p->count > p->most ||
	    now - wire_place(p->oldest)->since >= p->age)) {
		struct wire *w = p->oldest;

		pool_unlink(p, w);
		wire_place(w)->below = *gone;
		*gone = w;
	}
}

static void
pool_close(struct wire *gone)
{
	while (gone != NULL) {
		struct wire *w = gone;

		gone = wire_place(w)->below;
		wire_close(&w);
	}
}

void
pool_free(struct pool **p)
{
	if (*p == NULL)
		return;
	while ((*p)->oldest != NULL) {
		struct wire *w = (*p)->oldest;

		pool_unlink(*p, w);
		wire_close(&w);
	}
	pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}

void
pool_limit(struct pool *p, size_t most, int64_t age_ms, int64_t life_ms)
{
	pthread_mutex_lock(&p->lock);
	p->most = most;
	p->age = age_ms;
	p->life = life_ms > 0 ? life_ms : INT64_MAX;
	pthread_mutex_unlock(&p->lock);
}

static struct wire *
pool_find(struct pool *p, uint64_t hash, struct str key)
{
	struct wire *w = p->buckets[hash % POOL_BUCKETS];

	while (w != NULL && (wire_place(w)->hash != hash ||
	    !str_eq(wire_key(w), key)))
		w = wire_place(w)->below;
	return w;
}

struct wire *
pool_take(struct pool *p, struct str key, bool sure)
{
	uint64_t hash = hash_place(p->key, key);

	for (;;) {
		struct wire *w;
		bool young = false;

		pthread_mutex_lock(&p->lock);
		w = pool_find(p, hash, key);
		if (w != NULL) {
			int64_t now = clock_ms();

			young = now - wire_place(w)->since < p->age &&
			    now - wire_since(w) < p->life;
			pool_unlink(p, w);
		}
		pthread_mutex_unlock(&p->lock);
		if (w == NULL || (young && wire_is_idle(w, sure)))
			return w;
		wire_close(&w);
	}
}

void
pool_give(struct pool *p, struct wire **w)
{
	struct wire_place *place = wire_place(*w);
	struct wire *gone = NULL;

	atomic_store(&wire_ready(*w)->owner, NULL);
	if (place->hash == 0)
		place->hash = hash_place(p->key, wire_key(*w));
	place->since = clock_ms();
	pthread_mutex_lock(&p->lock);
	if (place->since - wire_since(*w) < p->life) {
		pool_link(p, *w);
	} else {
		place->below = NULL;
		gone = *w;
	}
	*w = NULL;
	pool_trim(p, place->since, &gone);
	pthread_mutex_unlock(&p->lock);
	pool_close(gone);
}

size_t
pool_count(struct pool *p)
{
	size_t count;

	pthread_mutex_lock(&p->lock);
	count = p->count;
	pthread_mutex_unlock(&p->lock);
	return count;
}

int64_t
pool_sweep(struct pool *p)
{
	struct wire *gone = NULL;
	int64_t now = clock_ms();
	int64_t next;

	pthread_mutex_lock(&p->lock);
	pool_trim(p, now, &gone);
	/* What is given meanwhile is not too old before that. */
	next = (p->oldest != NULL ? wire_place(p->oldest)->since : now) +
	    p->age;
	pthread_mutex_unlock(&p->lock);
	pool_close(gone);
	return next;
}
