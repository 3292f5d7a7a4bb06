/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * health_private: the layout of health.2 and the words in it, for health's own
 * files, its tests and the drawing in fcgi-router(8).
 *
 * A stamp is one word: whose it is (12 bits of the id), 8 bits of what, and a
 * clock_ms. A place that is given to another origin needs no cleaning: stamps
 * of the one before are nobody's, as zeros are, and so are those that a
 * process writes late.
 */
#ifndef DECIDE_HEALTH_PRIVATE_H
#define DECIDE_HEALTH_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/shm.h"
#include "decide/health.h"

enum {
	HEALTH_VERSION = 2,
	HEALTH_PLACES = 4096, /* for origins, and for services */
	HEALTH_BUCKET = 16,   /* those where one id may be */
	HEALTH_SLOTS = SHM_SLOTS_MAX,
	HEALTH_MASKS = HEALTH_SLOTS / 64,
	HEALTH_HEARD_MS = 1000 /* so often at most an answer is written down */
};

struct health_origin {
	/* kind in the 2 low bits of what, how often out in the 6 above it;
	 * the time: see enum health_kind */
	_Atomic uint64_t state;
	_Atomic uint64_t last;    /* counted failure; what: its place below */
	_Atomic uint64_t fails[HEALTH_FAILS_MAX]; /* a ring */
	_Atomic uint16_t active[HEALTH_SLOTS];    /* requests of each slot */
	_Atomic uint64_t heard;   /* an answer, as of HEALTH_HEARD_MS */
	_Atomic uint64_t named;   /* the id, once its name stands here */
	_Atomic uint64_t name[HEALTH_NAME_MAX / 8]; /* cut, zeros behind */
};

struct health_service {
	_Atomic uint64_t id;
	_Atomic uint64_t turn;
};

struct health_data {
	_Atomic uint64_t ids[HEALTH_PLACES]; /* of origins; 0: free */
	/* Bits of slots whose numbers in `active` count: once set, until the
	 * slot is cleared. */
	_Atomic uint64_t masks[HEALTH_PLACES][HEALTH_MASKS];
	struct health_origin origins[HEALTH_PLACES];
	struct health_service services[HEALTH_PLACES];
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "words of others are atomic");
_Static_assert(sizeof(struct health_origin) == 512, "whole cache lines");
_Static_assert(sizeof(struct health_service) == 16, "no padding");
_Static_assert(sizeof(struct health_data) == 2260992, "drawn in the manual");

enum health_kind {
	HEALTH_KIND_WELL = 0, /* time: since when; earlier failures are
	                         forgotten */
	HEALTH_KIND_OUT,      /* time: until when */
	HEALTH_KIND_TRIED     /* time: until when the trial counts */
};

struct health_stamp {
	unsigned what;
	int64_t ms;
};

static inline uint64_t
health_tag(uint64_t id)
{
	uint64_t tag = id >> 52;

	return tag != 0 ? tag : 1;
}

static inline uint64_t
health_stamp_word(uint64_t id, unsigned what, int64_t ms)
{
	return health_tag(id) << 52 | (uint64_t)(what & 0xff) << 44 |
	    ((uint64_t)ms & 0xfffffffffff);
}

/* false: it is another's, and *s is zeros. */
static inline bool
health_stamp_read(uint64_t word, uint64_t id, struct health_stamp *s)
{
	bool own = word >> 52 == health_tag(id);

	s->what = own ? (unsigned)(word >> 44) & 0xff : 0;
	s->ms = own ? (int64_t)(word & 0xfffffffffff) : 0;
	return own;
}

/* ---- health_place ---- */

/* The i-th of the places where an id may be. */
static inline unsigned
health_place_nth(uint64_t id, unsigned i)
{
	unsigned bucket = (unsigned)(id / HEALTH_BUCKET) %
	    (HEALTH_PLACES / HEALTH_BUCKET);

	return bucket * HEALTH_BUCKET + ((unsigned)id + i) % HEALTH_BUCKET;
}

/* The place of an origin: its index, or -1. Reads only. */
int health_place_find(const struct health_data *d, uint64_t id);

/* The same, or a free one, or that of an origin nothing is known of; -1: all
 * that it may have are taken. */
int health_place_take(struct health_data *d, uint64_t id);

/* Requests that are counted at a place, of all slots that are held; and those
 * at an origin. */
uint32_t health_place_active(const struct health_data *d, int place);
uint32_t health_place_requests(const struct health_data *d, uint64_t id);

/* One more or less of a slot's; never beyond what the number can hold, nor
 * below 0. */
void health_place_began(struct health_data *d, int place, unsigned slot);
void health_place_ended(struct health_data *d, int place, unsigned slot);

/* Writes down what an origin is called, for people, once for each id. */
void health_place_name(struct health_data *d, int place, uint64_t id,
    struct str name);

/* The same, read: its length, 0 if it is not known. */
size_t health_place_read_name(const struct health_data *d, int place,
    uint64_t id, char name[HEALTH_NAME_MAX]);

/* What a slot counted, of all places. struct shm_kind's clear. */
void health_place_clear(void *data, unsigned slot);

/* ---- health_state ---- */

enum health_kind health_state_kind(const struct health_stamp *s);

/* How often the origin was taken out in a row, as its state says it. */
unsigned health_state_times(const struct health_stamp *s);

uint64_t health_state_word(uint64_t id, enum health_kind kind, unsigned times,
    int64_t ms);

/* How long an origin is out that is so for the times-th time in a row. */
int64_t health_state_cooldown(const struct health_limits *limits,
    unsigned times);

/* Where a state is at a time; since: as in health_view. A time further ahead
 * than any that may be written means nothing. */
enum health_state health_state_now(const struct health_stamp *s,
    const struct health_limits *limits, int64_t now, int64_t *since);

/* How often in a row, as far as that counts: 0, when the origin was well for
 * as long as it was out before. */
unsigned health_state_row(const struct health_stamp *s,
    const struct health_limits *limits, int64_t now);

/* The failures within fail_window up to now, or, if they are more, up to a
 * later one that others told of meanwhile; none from before it came back. */
unsigned health_fails_count(const struct health_origin *o, uint64_t id,
    const struct health_limits *limits, int64_t now, int64_t back);

/* true: it is counted; false: it is the same as the last one. One told late,
 * when others after it were counted, is the same, too. */
bool health_fails_add(struct health_origin *o, uint64_t id, int64_t now);

#endif
