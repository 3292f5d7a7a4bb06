/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * journal_ring: the layout of journal.1, for both sides of it, its tests
 * and the drawing in fcgi-router(8).
 *
 * Records are numbered from 0; number N belongs at place N % JOURNAL_PLACES. A
 * seal says which record a place has, or who writes which one there just now.
 * Only who changed it from "has" to "writes" writes to a place: two never do,
 * however late one of them is.
 */
#ifndef REPORT_JOURNAL_RING_H
#define REPORT_JOURNAL_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/shm.h"
#include "report/journal_pack.h"

enum {
	JOURNAL_VERSION = 1,
	JOURNAL_PLACES = 8192,
	JOURNAL_SLOTS = SHM_SLOTS_MAX,
	JOURNAL_WORDS = JOURNAL_PACK_MAX / 8
};

/* What the holder of a slot does. */
enum journal_state {
	JOURNAL_NOBODY = 0,
	JOURNAL_IDLE,   /* it is there, and writes nothing */
	JOURNAL_WRITES
};

struct journal_place {
	_Atomic uint64_t words[JOURNAL_WORDS];
};

struct journal_data {
	_Atomic uint64_t next; /* number of the next record */
	_Atomic uint64_t lost; /* records of processes without a slot */
	uint64_t spare[6];
	_Atomic uint32_t states[JOURNAL_SLOTS]; /* enum journal_state */
	_Atomic uint64_t seals[JOURNAL_PLACES];
	struct journal_place places[JOURNAL_PLACES];
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "words of others are atomic");
_Static_assert(sizeof(struct journal_place) == JOURNAL_PACK_MAX, "packed");
_Static_assert(sizeof(struct journal_data) == 8454720, "drawn in the manual");

extern const struct shm_kind journal_kind;

enum { JOURNAL_SEAL_SHIFT = 8 };

/* writer: the slot of who writes there just now, and 1; 0: it is written. The
 * number and 1, so that zeros are the seal of none. */
static inline uint64_t
journal_seal(uint64_t number, unsigned writer)
{
	return (number + 1) << JOURNAL_SEAL_SHIFT | writer;
}

static inline unsigned
journal_seal_writer(uint64_t seal)
{
	return (unsigned)(seal & ((1 << JOURNAL_SEAL_SHIFT) - 1));
}

/* The number and 1; 0: none. */
static inline uint64_t
journal_seal_next(uint64_t seal)
{
	return seal >> JOURNAL_SEAL_SHIFT;
}

#endif
