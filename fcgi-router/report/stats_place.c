/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats_place: whom a place of the tables is for.
 *
 * Who gives a place away puts its slot where the id was: until it is done,
 * others leave the place alone; if it dies, the place goes with its slot. Two
 * may give the same id a place at once; readers take them together, and the
 * one that is found later is used no more.
 */

#include "report/stats_private.h"

#include <string.h>

#include "base/hash.h"

enum { STATS_TAKES = 8 }; /* when others are faster */

/* ---- names ---- */

static char *
stats_key_put(char *to, struct str s, size_t room)
{
	to = str_put(to, str_sub(s, 0, room - 1));
	*to = '\0';
	return to + 1;
}

/* What no service has is its route's: of names that clients make up there is no
 * end, and no use. */
void
stats_key_of(const struct record *r, struct stats_key *out)
{
	bool routed = r->service.n == 0 || r->reason == REASON_NO_SERVICE;
	char *at = out->text;

	at = stats_key_put(at, r->space, STATS_NAME);
	at = stats_key_put(at, routed ? r->route : r->service, STATS_SERVICE);
	at = stats_key_put(at, r->plan, STATS_NAME);
	out->n = (size_t)(at - out->text);
}

uint64_t
stats_id(struct hash_key by, const struct stats_key *key)
{
	uint64_t id = hash_place(by, (struct str){ key->text, key->n });

	return id < STATS_IDS ? id + STATS_IDS : id;
}

/* As words, the first one last: where it is, all are. */
static void
stats_text_write(_Atomic uint64_t *to, const char *text, size_t n)
{
	const size_t size = sizeof(uint64_t);
	size_t i = (n + size - 1) / size;

	while (i-- > 0) {
		size_t part = n - i * size;
		uint64_t word = 0;

		memcpy(&word, text + i * size, part < size ? part : size);
		atomic_store_explicit(&to[i], word, memory_order_release);
	}
}

/* ---- places ---- */

/* The first of the places where an id may be. */
static unsigned
stats_bucket(uint64_t id)
{
	return (unsigned)(id / STATS_BUCKET) % (STATS_TOP / STATS_BUCKET) *
	    STATS_BUCKET;
}

static int
stats_place_find(const struct stats_data *d, uint64_t id)
{
	unsigned first = stats_bucket(id), i = (unsigned)id % STATS_BUCKET;
	const _Atomic uint64_t *ids = &d->ids[first];
	unsigned left;

	for (left = STATS_BUCKET; left > 0; left--) {
		if (atomic_load_explicit(&ids[i], memory_order_acquire) == id)
			return (int)(first + i);
		i = (i + 1) % STATS_BUCKET;
	}
	return -1;
}

/* A free one, else that which was used least; -1: others give all of them away
 * just now. *owner: whose it is, *least: how much it was used. */
static int
stats_place_least(const struct stats_data *d, uint64_t id, uint64_t *owner,
    uint64_t *least)
{
	unsigned first = stats_bucket(id), i, place;
	uint64_t other, used;
	int answer = -1;

	*least = UINT64_MAX;
	for (i = 0; i < STATS_BUCKET; i++) {
		place = first + ((unsigned)id + i) % STATS_BUCKET;
		other = atomic_load_explicit(&d->ids[place],
		    memory_order_relaxed);
		used = atomic_load_explicit(
		    &d->places[place].all[STATS_COUNT_requests],
		    memory_order_relaxed);
		if (other == 0) {
			*owner = *least = 0;
			return (int)place;
		}
		if (used < *least && other >= STATS_IDS) {
			*least = used;
			*owner = other;
			answer = (int)place;
		}
	}
	return answer;
}

/* Any number, made of a hash and of how many had no place so far (by the mixing
 * of splitmix64). */
static uint64_t
stats_draw(const struct stats_data *d, uint64_t id)
{
	uint64_t n = id + atomic_load_explicit(
	    &d->places[STATS_STRAY].all[STATS_COUNT_requests],
	    memory_order_relaxed);

	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return n ^ n >> 31;
}

/* What it has become is its former owners'. */
static void
stats_place_give(struct stats_place *p, const struct stats_key *key,
    unsigned plan)
{
	unsigned i;

	for (i = 0; i < STATS_WORDS; i++)
		atomic_store_explicit(&p->base[i], atomic_load_explicit(
		    &p->all[i], memory_order_relaxed), memory_order_release);
	stats_text_write(p->key, key->text, key->n);
	atomic_store(&p->plan, plan);
}

static struct str
stats_key_plan(const struct stats_key *key)
{
	struct str rest = { key->text, key->n - 1 }, space, service, plan;

	(void)str_cut(rest, '\0', &space, &rest);
	(void)str_cut(rest, '\0', &service, &plan);
	return plan;
}

/*
 * One in n + 1 that come is given a place which was used n times: else very
 * many that come once each would turn everybody out. n is no less than the
 * floor, so that most of them need not look at all places.
 */
static int
stats_place_win(struct stats_data *d, struct hash_key by, uint64_t id,
    const struct stats_key *key, int slot)
{
	_Atomic uint64_t *floor = &d->floors[stats_bucket(id) / STATS_BUCKET];
	uint64_t was = atomic_load_explicit(floor, memory_order_relaxed);
	uint64_t draw = stats_draw(d, id), owner, used;
	int takes, place;

	if (slot == -1 || was == UINT64_MAX || draw % (was + 1) != 0)
		return -1;
	draw /= was + 1;
	for (takes = 0; takes < STATS_TAKES; takes++) {
		place = stats_place_least(d, id, &owner, &used);
		if (place == -1 || draw % (used + 1) > was)
			break;
		if (!atomic_compare_exchange_strong(&d->ids[place], &owner,
		    (uint64_t)slot + 1))
			continue;
		stats_place_give(&d->places[place], key,
		    stats_plan_take(d, by, stats_key_plan(key)));
		atomic_store(&d->ids[place], id);
		return place;
	}
	if (place != -1)
		atomic_store_explicit(floor, used, memory_order_relaxed);
	return -1;
}

unsigned
stats_place_take(struct stats_data *d, struct hash_key by,
    const struct stats_key *key, int slot)
{
	uint64_t id = stats_id(by, key);
	int place = stats_place_find(d, id);

	if (place == -1)
		place = stats_place_win(d, by, id, key, slot);
	return place != -1 ? (unsigned)place : STATS_STRAY;
}

void
stats_place_clear(void *data, unsigned slot)
{
	struct stats_data *d = data;
	unsigned i;

	for (i = 0; i < STATS_TOP; i++) {
		uint64_t own = slot + 1;

		/* Others' words are only looked at: they are used much. */
		if (atomic_load_explicit(&d->ids[i],
		    memory_order_relaxed) == own)
			(void)atomic_compare_exchange_strong(&d->ids[i],
			    &own, 0);
	}
	for (i = 0; i < STATS_GAUGES; i++)
		atomic_store(&d->gauges[slot][i], 0);
}

/* ---- plans and reasons: places are kept for good ---- */

unsigned
stats_plan_take(struct stats_data *d, struct hash_key by, struct str plan)
{
	const unsigned most = STATS_PLANS - 2;
	char name[STATS_NAME];
	uint64_t id, other;
	unsigned i;

	if (plan.n == 0)
		return 0;
	id = hash_place(by, plan);
	id += id == 0;
	for (i = 0; i < most; i++) {
		unsigned place = 1 + (unsigned)((id + i) % most);

		other = atomic_load(&d->plans[place].id);
		if (other != id && (other != 0 ||
		    !atomic_compare_exchange_strong(&d->plans[place].id,
		    &other, id)) && other != id)
			continue;
		/* Who came first may have died before it did. */
		if (atomic_load(&d->plans[place].name[0]) == 0)
			stats_text_write(d->plans[place].name, name, (size_t)
			    (stats_key_put(name, plan, sizeof(name)) - name));
		return place;
	}
	return STATS_PLANS - 1;
}

static uint64_t
stats_reason_id(enum reason reason)
{
	const struct hash_key fixed = { 0, 0 };

	return hash_place(fixed, str_of(reason_word(reason))) | 1;
}

_Atomic uint64_t *
stats_reason_take(struct stats_data *d, enum reason reason)
{
	uint64_t id = stats_reason_id(reason), other;
	unsigned i;

	for (i = 0; i < STATS_REASONS; i++) {
		struct stats_reason *r = &d->reasons[(id + i) % STATS_REASONS];

		other = 0;
		if (atomic_compare_exchange_strong(&r->id, &other, id) ||
		    other == id)
			return &r->count;
	}
	return NULL;
}

uint64_t
stats_reason_count(const struct stats_data *d, enum reason reason)
{
	uint64_t id = stats_reason_id(reason);
	unsigned i;

	for (i = 0; i < STATS_REASONS; i++) {
		const struct stats_reason *r =
		    &d->reasons[(id + i) % STATS_REASONS];

		if (atomic_load(&r->id) == id)
			return atomic_load(&r->count);
	}
	return 0;
}
