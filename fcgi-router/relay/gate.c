/* SPDX-License-Identifier: BSD-2-Clause */

/* gate: a short list under a lock, which is held for a look at it. */

#include "relay/gate.h"

#include "base/check.h"

enum { GATE_SPARE = 4, GATE_PART = 4 };

void
gate_init(struct gate *g, unsigned workers)
{
	unsigned spare = workers / GATE_SPARE > 0 ? workers / GATE_SPARE : 1;

	CHECK(workers >= 1);
	g->key = hash_key_random();
	g->most = workers > spare ? workers - spare : 1;
	if (g->most > GATE_MOST)
		g->most = GATE_MOST;
	g->each = workers / GATE_PART > 0 ? workers / GATE_PART : 1;
	g->all = 0;
	g->count = 0;
	CHECK(pthread_mutex_init(&g->lock, NULL) == 0);
}

void
gate_fini(struct gate *g)
{
	CHECK(pthread_mutex_destroy(&g->lock) == 0);
}

/* The origin's entry, or one behind the last. The lock is held. */
static struct gate_origin *
gate_find(struct gate *g, uint64_t hash)
{
	size_t i = 0;

	while (i < g->count && g->origins[i].hash != hash)
		i++;
	return &g->origins[i];
}

static bool
gate_add(struct gate *g, uint64_t hash)
{
	struct gate_origin *origin;

	if (g->all == g->most)
		return false;
	/* Fewer than `most` connects have fewer than that many origins. */
	origin = gate_find(g, hash);
	if (origin == &g->origins[g->count]) {
		*origin = (struct gate_origin){ .hash = hash };
		g->count++;
	}
	/* The fewer are left, the fewer it may have: what several dead origins
	 * hold does not use up those of others. */
	if (origin->connects >= g->each ||
	    origin->connects >= g->most - g->all)
		return false;
	origin->connects++;
	g->all++;
	return true;
}

bool
gate_enter(struct gate *g, struct str key)
{
	uint64_t hash = hash_place(g->key, key);
	bool entered;

	CHECK(pthread_mutex_lock(&g->lock) == 0);
	entered = gate_add(g, hash);
	CHECK(pthread_mutex_unlock(&g->lock) == 0);
	return entered;
}

void
gate_leave(struct gate *g, struct str key)
{
	uint64_t hash = hash_place(g->key, key);
	struct gate_origin *origin;

	CHECK(pthread_mutex_lock(&g->lock) == 0);
	origin = gate_find(g, hash);
	CHECK(origin < &g->origins[g->count]);
	g->all--;
	if (--origin->connects == 0)
		*origin = g->origins[--g->count];
	CHECK(pthread_mutex_unlock(&g->lock) == 0);
}
