/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit_private: the layout of limits.1 and the words in it, for limit's own
 * files, its tests and the drawing in fcgi-router(8).
 *
 * A rate's word has in its high 49 bits the time when all that was taken will
 * be made up for, in eighths of a microsecond (it wraps after two years), then
 * 12 bits of how long one takes, roughly (6 of exponent, 6 of mantissa), so
 * that another rate finds how many were taken, and in the low 3 how often the
 * key was asked for since it has the place. 0: nothing was.
 */
#ifndef DECIDE_LIMIT_PRIVATE_H
#define DECIDE_LIMIT_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/shm.h"
#include "decide/limit.h"

enum {
	LIMIT_VERSION = 1,
	LIMIT_BUCKET = 16,     /* places where one id may be */
	LIMIT_KEYS = 65536,    /* places for rates */
	LIMIT_INSIDES = 4096,  /* for keys with requests inside */
	LIMIT_REFUSALS = 1024, /* for keys that were refused, */
	LIMIT_PLANS = 256,     /* and for plans */
	LIMIT_SLOTS = SHM_SLOTS_MAX,
	LIMIT_MASKS = LIMIT_SLOTS / 64,
	LIMIT_TEXT = (LIMIT_PLAN_TEXT + LIMIT_KEY_TEXT) / 8,
	LIMIT_TICKS = 8,       /* of a rate's word in a microsecond */
	LIMIT_ASKED_BITS = 3,
	LIMIT_ASKED_MAX = 7,   /* and more often */
	LIMIT_TRY = 1 << 12    /* in a column, one that wants to go in */
};

struct limit_key {
	_Atomic uint64_t rate;
	_Atomic uint64_t bytes; /* how long one takes: 64 KiB of them */
};

/* Of each slot: how many are inside (12 bits), and above it how many are just
 * about to find out whether they may (4 bits). */
struct limit_room {
	_Atomic uint16_t columns[LIMIT_SLOTS];
};

struct limit_refusal {
	_Atomic uint64_t id;
	_Atomic uint64_t last_ms;
	_Atomic uint64_t seal;             /* of text, by id */
	_Atomic uint64_t count[LIMIT_WHAT_COUNT];
	_Atomic uint64_t text[LIMIT_TEXT]; /* plan, key; 0 behind each */
};

struct limit_data {
	_Atomic uint64_t ids[LIMIT_KEYS]; /* 0: a free place; in each table */
	struct limit_key keys[LIMIT_KEYS];
	_Atomic uint64_t room_ids[LIMIT_INSIDES];
	/* Bits of slots whose columns count: once set, until the slot is
	 * cleared. */
	_Atomic uint64_t masks[LIMIT_INSIDES][LIMIT_MASKS];
	struct limit_room rooms[LIMIT_INSIDES];
	struct limit_refusal refusals[LIMIT_REFUSALS];
	struct limit_refusal plans[LIMIT_PLANS];
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "words of others are atomic");
_Static_assert(sizeof(struct limit_key) == 16, "no padding");
_Static_assert(sizeof(struct limit_refusal) == 192, "whole cache lines");
_Static_assert(sizeof(struct limit_data) == 2965504, "drawn in the manual");

/* The i-th of the places, of so many in all, where an id may be. */
static inline unsigned
limit_nth(uint64_t id, unsigned i, unsigned places)
{
	unsigned bucket = (unsigned)(id / LIMIT_BUCKET) %
	    (places / LIMIT_BUCKET);

	return bucket * LIMIT_BUCKET + ((unsigned)id + i) % LIMIT_BUCKET;
}

/* ---- limit_rate: a word, and nothing else ---- */

/* In ticks: n of them, what the burst takes, and a time. */
int64_t limit_rate_cost(const struct limit_rate *rate, uint64_t n);
int64_t limit_rate_full(const struct limit_rate *rate);
uint64_t limit_rate_word(unsigned asked, int64_t every, int64_t ticks);

/* How often it was asked for, at most LIMIT_ASKED_MAX; 0: nothing is known. */
unsigned limit_rate_asked(uint64_t word, int64_t now_us);

/* What becomes of a word when one more is asked for. true: granted. *next is
 * what is to be written; was: nothing is. */
bool limit_rate_take(uint64_t was, const struct limit_rate *rate,
    int64_t now_us, uint64_t *next, struct limit_view *view);

/* The same of n bytes; answers how long to wait, in us. */
int64_t limit_rate_pay(uint64_t was, const struct limit_rate *rate, uint64_t n,
    int64_t now_us, uint64_t *next);

void limit_rate_view(uint64_t word, const struct limit_rate *rate,
    int64_t now_us, struct limit_view *view);

/* ---- limit_key: the places of rates ---- */

/* The index, or -1. Reads only. */
int limit_key_find(const struct limit_data *d, uint64_t id);

/* The same, or a free place, or that of whoever was asked for least; -1: others
 * were faster, again and again. */
int limit_key_take(struct limit_data *d, uint64_t id, int64_t now_us);

/* ---- limit_room: who is inside ---- */

enum limit_room_answer {
	LIMIT_ROOM_IN = 0,
	LIMIT_ROOM_FULL,
	LIMIT_ROOM_RACED, /* with others who want in, too */
	LIMIT_ROOM_NONE   /* there is no place to count at */
};

/* A slot's request goes in: *place is where it is counted, if it is. `own` is
 * what this process has at each place, for limit_room_mend. */
enum limit_room_answer limit_room_enter(struct limit_data *d, uint64_t id,
    unsigned slot, unsigned most, _Atomic uint16_t *own, int *place);
void limit_room_exit(struct limit_data *d, int place, unsigned slot,
    _Atomic uint16_t *own);

/* Those inside, of slots that are held. */
unsigned limit_room_inside(const struct limit_data *d, uint64_t id);

/* Takes away what stands in a slot's columns and its process has not. */
void limit_room_mend(struct limit_data *d, unsigned slot,
    const _Atomic uint16_t *own);

/* struct shm_kind's clear. */
void limit_room_clear(void *data, unsigned slot);

/* ---- limit_refusal ---- */

/* One more of an id, among those; gives: to a full bucket of others. */
void limit_refusal_count(struct limit_refusal *all, unsigned places, bool gives,
    uint64_t id, const struct limit_refusals *text, enum limit_what what);

/* false: there is none, or what it says is torn. */
bool limit_refusal_read(const struct limit_refusal *r,
    struct limit_refusals *out);

#endif
