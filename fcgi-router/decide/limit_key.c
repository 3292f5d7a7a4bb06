/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit_key: which place in the table a key has.
 *
 * It may be in the 16 places of one bucket. A place is free, or nothing is
 * known there any more (all that was taken is made up for), or it is that of
 * the key that was asked for least often since it came, 7 times being as good
 * as more. So ten million keys that are asked for once drive out each other,
 * and not those that ask for more than they may. Which of several that were
 * asked for as often gives way is up to where the new key looks first.
 *
 * Whoever takes a place from a key removes the id first, then what is known,
 * then puts the new id in: nobody reads the one's words as the other's.
 */

#include "decide/limit_private.h"

#include <limits.h>

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

/* How often the key of a place was asked for; 0: nothing is known of it. */
static unsigned
limit_key_asked(const struct limit_data *d, unsigned place, int64_t now_us)
{
	const struct limit_key *key = &d->keys[place];

	return limit_rate_asked(atomic_load(&key->rate), now_us) +
	    limit_rate_asked(atomic_load(&key->bytes), now_us);
}

/* The place of the bucket that is worth least. */
static unsigned
limit_key_least(const struct limit_data *d, uint64_t id, int64_t now_us,
    unsigned *asked_least)
{
	unsigned least = limit_nth(id, 0, LIMIT_KEYS);
	unsigned i;

	*asked_least = UINT_MAX;
	for (i = 0; i < LIMIT_BUCKET && *asked_least > 0; i++) {
		unsigned place = limit_nth(id, i, LIMIT_KEYS);
		unsigned asked = 0;

		if (atomic_load(&d->ids[place]) != 0)
			asked = limit_key_asked(d, place, now_us);
		if (asked < *asked_least) {
			least = place;
			*asked_least = asked;
		}
	}
	return least;
}

/* Removes the id of a place, unless it was asked for more often meanwhile:
 * who takes looks at the id behind that. */
static bool
limit_key_evict(struct limit_data *d, unsigned place, int64_t now_us,
    unsigned asked)
{
	uint64_t other = atomic_load(&d->ids[place]), none = 0;

	if (other == 0)
		return true;
	if (!atomic_compare_exchange_strong(&d->ids[place], &other, 0))
		return false;
	if (limit_key_asked(d, place, now_us) <= asked)
		return true;
	atomic_compare_exchange_strong(&d->ids[place], &none, other);
	return false;
}

/* Puts an id in a free place. -1: somebody was faster. The later one of two
 * places for the same id is given back. */
static int
limit_key_put(struct limit_data *d, unsigned place, uint64_t id)
{
	struct limit_key *key = &d->keys[place];
	uint64_t rate, bytes, other = 0, own = id;
	int first;

	rate = atomic_load(&key->rate);
	bytes = atomic_load(&key->bytes);
	/* Who is slow must not clear what others took meanwhile. */
	if (atomic_load(&d->ids[place]) != 0 ||
	    !atomic_compare_exchange_strong(&key->rate, &rate, 0) ||
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
	unsigned least, asked;
	int tries;

	for (tries = 0; place == -1 && tries < LIMIT_KEY_TRIES; tries++) {
		least = limit_key_least(d, id, now_us, &asked);
		if (limit_key_evict(d, least, now_us, asked))
			place = limit_key_put(d, least, id);
		if (place == -1)
			place = limit_key_find(d, id);
	}
	return place;
}
