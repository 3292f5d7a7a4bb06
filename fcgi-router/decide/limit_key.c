/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit_key: which place in the table a key has.
 *
 * It may be in the 16 places of one bucket. A place is free, or nothing is
 * known there any more (all that was taken is made up for), or it is that of
 * the key that used least: who asks once with each of ten million keys drives
 * out those who do the same, and no key that is near its limit.
 *
 * Whoever takes a place from a key removes the id first, then what is known,
 * then puts the new id in: nobody reads the one's words as the other's.
 */

#include "decide/limit_private.h"

enum { LIMIT_KEY_TRIES = 8 };

int
limit_key_find(const struct limit_data *d, uint64_t id)
{
	unsigned i;

	for (i = 0; i < LIMIT_BUCKET; i++) {
		unsigned place = limit_nth(id, i, LIMIT_KEYS);

		if (atomic_load(&d->ids[place]) == id)
			return (int)place;
	}
	return -1;
}

/* The place of the bucket that is worth least. */
static unsigned
limit_key_least(const struct limit_data *d, uint64_t id, int64_t now_us)
{
	unsigned least = limit_nth(id, 0, LIMIT_KEYS);
	double used_least = 0;
	unsigned i;

	for (i = 0; i < LIMIT_BUCKET; i++) {
		unsigned place = limit_nth(id, i, LIMIT_KEYS);
		const struct limit_key *key = &d->keys[place];
		double used;

		if (atomic_load(&d->ids[place]) == 0)
			return place;
		used = limit_rate_used(atomic_load(&key->rate), now_us) +
		    limit_rate_used(atomic_load(&key->bytes), now_us);
		if (i == 0 || used < used_least) {
			least = place;
			used_least = used;
		}
	}
	return least;
}

/* Puts an id in a place that was another's, or free. -1: somebody was
 * faster. The later one of two places for the same id is given back. */
static int
limit_key_put(struct limit_data *d, unsigned place, uint64_t id)
{
	struct limit_key *key = &d->keys[place];
	uint64_t other = atomic_load(&d->ids[place]);
	uint64_t rate, bytes, own = id;
	int first;

	if (other != 0 &&
	    !atomic_compare_exchange_strong(&d->ids[place], &other, 0))
		return -1;
	rate = atomic_load(&key->rate);
	bytes = atomic_load(&key->bytes);
	other = 0;
	/* Who is slow must not clear what others took meanwhile. */
	if (!atomic_compare_exchange_strong(&key->rate, &rate, 0) ||
	    !atomic_compare_exchange_strong(&key->bytes, &bytes, 0) ||
	    !atomic_compare_exchange_strong(&d->ids[place], &other, id))
		return other == id ? (int)place : -1;
	first = limit_key_find(d, id);
	if (first != (int)place)
		atomic_compare_exchange_strong(&d->ids[place], &own, 0);
	return first;
}

int
limit_key_take(struct limit_data *d, uint64_t id, int64_t now_us)
{
	int place = limit_key_find(d, id);
	int tries;

	for (tries = 0; place == -1 && tries < LIMIT_KEY_TRIES; tries++) {
		place = limit_key_put(d, limit_key_least(d, id, now_us), id);
		if (place == -1)
			place = limit_key_find(d, id);
	}
	return place;
}
