/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * stats_private: the layout of stats.1, for stats' own files, its tests and
 * the drawing in fcgi-router(8).
 *
 * What is counted only ever grows, whoever has the place: what its owner has
 * counted is what came since it was given (all - base), what those before it
 * had is base. So a place changes hands without a number being moved, and the
 * count of requests is the one which who is new inherits.
 */
#ifndef REPORT_STATS_PRIVATE_H
#define REPORT_STATS_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/shm.h"
#include "base/str.h"
#include "report/stats.h"

enum {
	STATS_VERSION = 1,
	STATS_SLOTS = SHM_SLOTS_MAX,
	STATS_WORDS = STATS_COUNT_COUNT + STATS_TIMES,
	STATS_BUCKET = 32,      /* places where one id may be */
	STATS_BUCKETS = STATS_TOP / STATS_BUCKET,
	STATS_STRAY = STATS_TOP, /* the place of who finds none */
	STATS_IDS = 256,        /* an id is no less: below, 1 and a slot are
	                           of who is just giving the place away */
	STATS_KEY = STATS_NAME + STATS_SERVICE + STATS_NAME,
	STATS_REASONS = 128,
	STATS_EVENTS = 16,
	STATS_GAUGES = 32,
	STATS_SECOND_CELLS = 64,
	STATS_MINUTE_CELLS = 1472,
	STATS_CELL_AHEAD = 3600 /* what is stamped later than that is garbage */
};

/* The texts of a place, as they are hashed: space, service, plan, each with a
 * NUL behind it. */
struct stats_key {
	char text[STATS_KEY];
	size_t n;
};

struct stats_place {
	_Atomic uint64_t all[STATS_WORDS];
	_Atomic uint64_t base[STATS_WORDS];
	_Atomic uint64_t plan; /* which of plans it counts for, too */
	uint64_t spare[5];
	_Atomic uint64_t key[STATS_KEY / 8];
};

struct stats_plan {
	_Atomic uint64_t id; /* 0: a free place */
	_Atomic uint64_t all[STATS_WORDS];
	uint64_t spare[2];
	_Atomic uint64_t name[STATS_NAME / 8];
};

struct stats_reason {
	_Atomic uint64_t id; /* 0: a free place */
	_Atomic uint64_t count;
};

/* What all had become when the first request of a second or minute ended. */
struct stats_cell {
	_Atomic uint64_t stamp; /* which one since the machine's start, and 1 */
	_Atomic uint64_t all[STATS_WORDS];
};

struct stats_data {
	_Atomic uint64_t made;  /* seconds since 1970 */
	uint64_t spare[7];
	_Atomic uint64_t events[STATS_EVENTS];
	struct stats_reason reasons[STATS_REASONS];
	_Atomic uint64_t gauges[STATS_SLOTS][STATS_GAUGES];
	struct stats_plan plans[STATS_PLANS]; /* the first: of no plan; the
	                                         last: of all who found none */
	struct stats_cell seconds[STATS_SECOND_CELLS];
	struct stats_cell minutes[STATS_MINUTE_CELLS];
	_Atomic uint64_t ids[STATS_TOP]; /* 0: a free place */
	/* Of each bucket: each place was used at least so often, as it was
	 * seen last. */
	_Atomic uint64_t floors[STATS_BUCKETS];
	struct stats_place places[STATS_TOP + 1];
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "words of others are atomic");
_Static_assert((int)STATS_EVENT_COUNT <= STATS_EVENTS, "all have a word");
_Static_assert((int)STATS_GAUGE_COUNT <= STATS_GAUGES, "all have a word");
_Static_assert((int)REASON_COUNT < STATS_REASONS, "all find a place");
_Static_assert(STATS_SLOTS + 1 < STATS_IDS, "no id is a slot's");
_Static_assert(sizeof(struct stats_place) == 1408, "whole cache lines");
_Static_assert(sizeof(struct stats_plan) == 576, "whole cache lines");
_Static_assert(sizeof(struct stats_data) == 3637312, "drawn in the manual");

/* ---- stats_place: who has which place ---- */

/* What a record counts for. */
void stats_key_of(const struct record *r, struct stats_key *out);

/* Its words. */
uint64_t stats_id(struct hash_key by, const struct stats_key *key);

/* The place of the id, or one that it gets, if slot is not -1; else the stray
 * one. */
unsigned stats_place_take(struct stats_data *d, struct hash_key by,
    const struct stats_key *key, int slot);

/* Which of d->plans counts for that plan; makes one. */
unsigned stats_plan_take(struct stats_data *d, struct hash_key by,
    struct str plan);

/* The same for reasons, which are known by their words: another version of
 * this program may have others. NULL: there is none. */
_Atomic uint64_t *stats_reason_take(struct stats_data *d, enum reason reason);
uint64_t stats_reason_count(const struct stats_data *d, enum reason reason);

/* struct shm_kind's clear. */
void stats_place_clear(void *data, unsigned slot);

/* ---- stats_series: how it went ---- */

/* All plans together: all that was counted. */
void stats_series_total(const struct stats_data *d,
    struct stats_numbers *out);

/* Before something is counted at now_us. */
void stats_series_roll(struct stats_data *d, int64_t now_us);

/* What came in each of the last `count` whole seconds or minutes before now
 * (which is in the same), [0] is the latest. total: what all have become. */
void stats_series_read(const struct stats_cell *cells, unsigned cell_count,
    uint64_t now, const struct stats_numbers *total,
    struct stats_numbers *out, unsigned count);

/* Copies words. */
void stats_words_read(const _Atomic uint64_t from[STATS_WORDS],
    struct stats_numbers *out);

/* ---- stats, and stats_numbers ---- */

struct shm *stats_shm(struct stats *s);

/* The place in a histogram. */
unsigned stats_time_place(int64_t us);

#endif
