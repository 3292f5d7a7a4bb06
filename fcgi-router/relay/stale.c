/* SPDX-License-Identifier: BSD-2-Clause */

/* stale: a place for each hash, under a lock that is held for a look. */

#include "relay/stale.h"

#include "base/check.h"

void
stale_init(struct stale *s)
{
	*s = (struct stale){ .key = hash_key_random() };
	CHECK(pthread_mutex_init(&s->lock, NULL) == 0);
}

void
stale_fini(struct stale *s)
{
	CHECK(pthread_mutex_destroy(&s->lock) == 0);
}

void
stale_add(struct stale *s, struct str origin)
{
	uint64_t hash = hash_place(s->key, origin);
	struct stale_origin *o = &s->origins[hash % STALE_MOST];

	CHECK(pthread_mutex_lock(&s->lock) == 0);
	if (o->hash != hash)
		*o = (struct stale_origin){ .hash = hash };
	o->failed = true;
	CHECK(pthread_mutex_unlock(&s->lock) == 0);
}

bool
stale_take(struct stale *s, struct str origin, int64_t now)
{
	uint64_t hash = hash_place(s->key, origin);
	struct stale_origin *o = &s->origins[hash % STALE_MOST];
	bool due;

	CHECK(pthread_mutex_lock(&s->lock) == 0);
	due = o->hash == hash && o->failed &&
	    (!o->looked || now - o->at >= STALE_PAUSE_MS);
	if (due) {
		o->failed = false;
		o->looked = true;
		o->at = now;
	}
	CHECK(pthread_mutex_unlock(&s->lock) == 0);
	return due;
}
