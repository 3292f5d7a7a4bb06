/* SPDX-License-Identifier: BSD-2-Clause */

/* gate: counts without a lock. */

#include "relay/gate.h"

#include "base/check.h"

enum { GATE_SPARE = 4, GATE_PART = 4 };

void
gate_init(struct gate *g, unsigned workers)
{
	unsigned spare = workers / GATE_SPARE > 0 ? workers / GATE_SPARE : 1;
	unsigned i;

	CHECK(workers >= 1);
	g->key = hash_key_random();
	g->most = workers > spare ? workers - spare : 1;
	g->each = workers / GATE_PART > 0 ? workers / GATE_PART : 1;
	atomic_init(&g->all, 0);
	for (i = 0; i < GATE_COUNTS; i++)
		atomic_init(&g->counts[i], 0);
}

static atomic_uint *
gate_count(struct gate *g, struct str key)
{
	return &g->counts[hash_sip(g->key, key) % GATE_COUNTS];
}

/* One more, if that is not above most. */
static bool
gate_add(atomic_uint *count, unsigned most)
{
	if (atomic_fetch_add(count, 1) < most)
		return true;
	atomic_fetch_sub(count, 1);
	return false;
}

bool
gate_enter(struct gate *g, struct str key)
{
	if (!gate_add(&g->all, g->most))
		return false;
	if (gate_add(gate_count(g, key), g->each))
		return true;
	atomic_fetch_sub(&g->all, 1);
	return false;
}

void
gate_leave(struct gate *g, struct str key)
{
	atomic_fetch_sub(gate_count(g, key), 1);
	atomic_fetch_sub(&g->all, 1);
}
