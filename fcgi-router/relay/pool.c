/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pool: a hash table of stacks (most recent on top) and one list of all by
 * age. An entry is in both.
 */

#include "relay/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"

enum { POOL_BUCKETS = 512 };

struct pool_entry {
	struct wire *wire;
	uint64_t hash;
	int64_t since;             /* clock_ms when it was given */
	struct pool_entry *below;  /* in its bucket: given earlier */
	struct pool_entry *newer;  /* in the list of all */
	struct pool_entry *older;
};

struct pool {
	pthread_mutex_t lock; /* guards all below */
	struct hash_key key;
	struct pool_entry *buckets[POOL_BUCKETS];
	struct pool_entry *newest;
	struct pool_entry *oldest;
	size_t count;
	size_t most;
	int64_t age;
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

/* Takes the entry out of both lists. The lock is held. */
static void
pool_unlink(struct pool *p, struct pool_entry *entry)
{
	struct pool_entry **at = &p->buckets[entry->hash % POOL_BUCKETS];

	while (*at != entry)
		at = &(*at)->below;
	*at = entry->below;
	if (entry->newer != NULL)
		entry->newer->older = entry->older;
	else
		p->newest = entry->older;
	if (entry->older != NULL)
		entry->older->newer = entry->newer;
	else
		p->oldest = entry->newer;
	p->count--;
}

/* Moves what is too much or too old to *gone. The lock is held. */
static void
pool_trim(struct pool *p, int64_t now, struct pool_entry **gone)
{
	while (p->oldest != NULL && (p->count > p->most ||
	    now - p->oldest->since >= p->age)) {
		struct pool_entry *entry = p->oldest;

		pool_unlink(p, entry);
		entry->below = *gone;
		*gone = entry;
	}
}

static void
pool_close(struct pool_entry *gone)
{
	while (gone != NULL) {
		struct pool_entry *entry = gone;

		gone = entry->below;
		wire_close(&entry->wire);
		free(entry);
	}
}

void
pool_free(struct pool **p)
{
	if (*p == NULL)
		return;
	while ((*p)->oldest != NULL) {
		struct pool_entry *entry = (*p)->oldest;

		pool_unlink(*p, entry);
		wire_close(&entry->wire);
		free(entry);
	}
	pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}

void
pool_limit(struct pool *p, size_t most, int64_t age_ms)
{
	pthread_mutex_lock(&p->lock);
	p->most = most;
	p->age = age_ms;
	pthread_mutex_unlock(&p->lock);
}

static struct pool_entry *
pool_find(struct pool *p, uint64_t hash, struct str key)
{
	struct pool_entry *entry = p->buckets[hash % POOL_BUCKETS];

	while (entry != NULL && (entry->hash != hash ||
	    !str_eq(wire_key(entry->wire), key)))
		entry = entry->below;
	return entry;
}

struct wire *
pool_take(struct pool *p, struct str key)
{
	uint64_t hash = hash_sip(p->key, key);

	for (;;) {
		struct pool_entry *entry;
		struct wire *w;
		bool young;

		pthread_mutex_lock(&p->lock);
		entry = pool_find(p, hash, key);
		young = entry != NULL && clock_ms() - entry->since < p->age;
		if (entry != NULL)
			pool_unlink(p, entry);
		pthread_mutex_unlock(&p->lock);
		if (entry == NULL)
			return NULL;
		w = entry->wire;
		free(entry);
		if (young && wire_is_idle(w))
			return w;
		wire_close(&w);
	}
}

void
pool_give(struct pool *p, struct wire **w)
{
	struct pool_entry *entry = calloc(1, sizeof(*entry));
	struct pool_entry *gone = NULL;
	struct pool_entry **bucket;

	if (entry == NULL) {
		wire_close(w);
		return;
	}
	entry->wire = *w;
	*w = NULL;
	entry->hash = hash_sip(p->key, wire_key(entry->wire));
	entry->since = clock_ms();
	pthread_mutex_lock(&p->lock);
	bucket = &p->buckets[entry->hash % POOL_BUCKETS];
	entry->below = *bucket;
	*bucket = entry;
	entry->older = p->newest;
	if (p->newest != NULL)
		p->newest->newer = entry;
	else
		p->oldest = entry;
	p->newest = entry;
	p->count++;
	pool_trim(p, entry->since, &gone);
	pthread_mutex_unlock(&p->lock);
	pool_close(gone);
}

int64_t
pool_sweep(struct pool *p)
{
	struct pool_entry *gone = NULL;
	int64_t now = clock_ms();
	int64_t next;

	pthread_mutex_lock(&p->lock);
	pool_trim(p, now, &gone);
	/* What is given meanwhile is not too old before that. */
	next = (p->oldest != NULL ? p->oldest->since : now) + p->age;
	pthread_mutex_unlock(&p->lock);
	pool_close(gone);
	return next;
}
