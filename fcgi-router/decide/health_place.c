/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * health_place: which place in the table an origin has, and how many requests
 * are counted there.
 *
 * An origin may be in the 16 places of one bucket, wherever it was free first.
 * Two processes that put it in at the same time both look again, and the later
 * place is given back. A place is taken from another origin only when nothing
 * would be lost: no requests, well, and nothing that happened lately. First
 * its id is removed, then its requests are counted once more: whoever begins a
 * request looks at the id again when it has counted it. Meanwhile the origin
 * may get another place: it has the requests of both.
 */

#include "decide/health_private.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"

enum {
	/* What is older is not worth a place, when there is no other. */
	HEALTH_KEEP_MS = 600000,
	/* No time that was written in earnest is further ahead. */
	HEALTH_AHEAD_MS = 86400000
};

int
health_place_find(const struct health_data *d, uint64_t id)
{
	unsigned i;

	for (i = 0; i < HEALTH_BUCKET; i++) {
		int place = (int)health_place_nth(id, i);

		if (atomic_load(&d->ids[place]) == id)
			return place;
	}
	return -1;
}

/* Who has slots is in the file's head, which is before the data. */
static bool
health_place_held(const struct health_data *d, unsigned slot)
{
	const struct shm_head *head =
	    (const void *)((const char *)d - SHM_HEAD);

	return atomic_load_explicit(&head->holders[slot],
	    memory_order_relaxed) != 0;
}

uint32_t
health_place_active(const struct health_data *d, int place)
{
	const struct health_origin *o = &d->origins[place];
	uint32_t sum = 0;
	unsigned m;

	for (m = 0; m < HEALTH_MASKS; m++) {
		uint64_t left = atomic_load(&d->masks[place][m]);

		for (; left != 0; left &= left - 1) {
			unsigned slot = m * 64 +
			    (unsigned)__builtin_ctzll(left);

			if (health_place_held(d, slot))
				sum += atomic_load(&o->active[slot]);
		}
	}
	return sum;
}

uint32_t
health_place_requests(const struct health_data *d, uint64_t id)
{
	uint32_t sum = 0;
	unsigned i;

	for (i = 0; i < HEALTH_BUCKET; i++) {
		int place = (int)health_place_nth(id, i);

		if (atomic_load(&d->ids[place]) == id)
			sum += health_place_active(d, place);
	}
	return sum;
}

void
health_place_name(struct health_data *d, int place, uint64_t id,
    struct str name)
{
	struct health_origin *o = &d->origins[place];
	uint64_t words[HEALTH_NAME_MAX / 8] = { 0 };
	size_t i;

	if (atomic_load_explicit(&o->named, memory_order_relaxed) == id)
		return;
	if (name.n > 0)
		memcpy(words, name.p, name.n < HEALTH_NAME_MAX ? name.n :
		    HEALTH_NAME_MAX);
	for (i = 0; i < HEALTH_NAME_MAX / 8; i++)
		atomic_store(&o->name[i], words[i]);
	atomic_store(&o->named, id);
}

size_t
health_place_read_name(const struct health_data *d, int place, uint64_t id,
    char name[HEALTH_NAME_MAX])
{
	const struct health_origin *o = &d->origins[place];
	uint64_t words[HEALTH_NAME_MAX / 8];
	size_t i;

	for (i = 0; i < HEALTH_NAME_MAX / 8; i++)
		words[i] = atomic_load(&o->name[i]);
	if (atomic_load(&o->named) != id)
		return 0;
	memcpy(name, words, HEALTH_NAME_MAX);
	return strnlen(name, HEALTH_NAME_MAX);
}

/* Did what a stamp tells happen long ago, or never? */
static bool
health_place_old(uint64_t word, uint64_t id, int64_t now, int64_t ahead)
{
	struct health_stamp s;

	return !health_stamp_read(word, id, &s) ||
	    now - s.ms > HEALTH_KEEP_MS || s.ms - now > ahead;
}

/* Would nothing be lost with it? */
static bool
health_place_idle(const struct health_data *d, int place, uint64_t id,
    int64_t now)
{
	const struct health_origin *o = &d->origins[place];

	return health_place_old(atomic_load(&o->state), id, now,
	    HEALTH_AHEAD_MS) &&
	    health_place_old(atomic_load(&o->last), id, now,
	    HEALTH_KEEP_MS) && health_place_active(d, place) == 0;
}

/* Takes the id out, unless requests are counted there. */
static bool
health_place_free(struct health_data *d, int place, uint64_t id)
{
	uint64_t own = id, none = 0;

	if (!atomic_compare_exchange_strong(&d->ids[place], &own, 0))
		return false;
	if (health_place_active(d, place) == 0)
		return true;
	atomic_compare_exchange_strong(&d->ids[place], &none, id);
	return false;
}

/*
 * A place without an id is the caller's who puts one in, and what it tells of
 * its former origin goes: one in 4096 would take that for its own. The later
 * one of two places for the same id is given back. -1: somebody was faster.
 */
static int
health_place_put(struct health_data *d, int place, uint64_t id)
{
	struct health_origin *o = &d->origins[place];
	uint64_t state = atomic_load(&o->state);
	uint64_t last = atomic_load(&o->last);
	uint64_t none = 0;
	int first;

	if (!atomic_compare_exchange_strong(&d->ids[place], &none, id))
		return none == id ? place : -1;
	atomic_compare_exchange_strong(&o->state, &state, 0);
	atomic_compare_exchange_strong(&o->last, &last, 0);
	first = health_place_find(d, id);
	if (first != place)
		(void)health_place_free(d, place, id);
	return first;
}

/* Takes the place of an origin that loses nothing by it. */
static int
health_place_evict(struct health_data *d, int place, uint64_t id, int64_t now)
{
	uint64_t other = atomic_load(&d->ids[place]);

	return health_place_idle(d, place, other, now) &&
	    health_place_free(d, place, other) ?
	    health_place_put(d, place, id) : -1;
}

int
health_place_take(struct health_data *d, uint64_t id)
{
	int place = health_place_find(d, id);
	int64_t now;
	unsigned i;

	for (i = 0; i < HEALTH_BUCKET && place == -1; i++) {
		int free = (int)health_place_nth(id, i);

		if (atomic_load(&d->ids[free]) == 0 &&
		    health_place_active(d, free) == 0)
			place = health_place_put(d, free, id);
	}
	if (place != -1)
		return place;
	now = clock_ms();
	for (i = 0; i < HEALTH_BUCKET && place == -1; i++)
		place = health_place_evict(d, (int)health_place_nth(id, i),
		    id, now);
	return place;
}

void
health_place_began(struct health_data *d, int place, unsigned slot)
{
	_Atomic uint64_t *mask = &d->masks[place][slot / 64];
	_Atomic uint16_t *active = &d->origins[place].active[slot];
	uint64_t bit = UINT64_C(1) << slot % 64;
	uint16_t was = atomic_load(active);

	if ((atomic_load(mask) & bit) == 0) {
		/* Garbage: health_place_clear leaves zeros, and nobody counts
		 * before the bit is there. */
		if (was != 0 && atomic_compare_exchange_strong(active, &was,
		    0))
			was = 0;
		atomic_fetch_or(mask, bit);
	}
	while (was < UINT16_MAX && !atomic_compare_exchange_weak(active, &was,
	    (uint16_t)(was + 1)))
		;
}

void
health_place_ended(struct health_data *d, int place, unsigned slot)
{
	_Atomic uint16_t *active = &d->origins[place].active[slot];
	uint16_t was = atomic_load(active);

	while (was > 0 && !atomic_compare_exchange_weak(active, &was,
	    (uint16_t)(was - 1)))
		;
}

/* The number first: whoever has the slot next begins at 0. */
void
health_place_clear(void *data, unsigned slot)
{
	struct health_data *d = data;
	uint64_t bit = UINT64_C(1) << slot % 64;
	int i;

	for (i = 0; i < HEALTH_PLACES; i++) {
		_Atomic uint64_t *mask = &d->masks[i][slot / 64];

		if ((atomic_load_explicit(mask, memory_order_relaxed) &
		    bit) == 0)
			continue;
		atomic_store(&d->origins[i].active[slot], 0);
		atomic_fetch_and(mask, ~bit);
	}
}
