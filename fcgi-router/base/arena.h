/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * arena: all memory of one exchange (or one tool run), given back at once.
 *
 * Memory is zeroed and aligned for any object. An arena has a ceiling in
 * bytes: what would pass it is refused, `full` stays set, and the exchange is
 * answered with 503 instead of the process growing. Not for two threads at
 * once.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/check.h"
#include "base/str.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *newest;
	size_t taken;   /* bytes of all chunks */
	size_t ceiling; /* the most that taken may be */
	bool full;      /* something was refused since the last reset */
};

/* Starts empty; takes no memory before the first use. */
void arena_init(struct arena *a, size_t ceiling);

/* n zeroed bytes, or NULL: past the ceiling or out of memory. */
ATTR_MUST_USE void *arena_alloc(struct arena *a, size_t n);

/* A copy with a NUL behind it (not counted); {NULL, 0} when refused. */
struct str arena_copy(struct arena *a, struct str s);

/*
 * The parts behind one another, NUL behind them; {NULL, 0} when refused. For
 * texts of every request, in place of arena_printf.
 */
struct str arena_join(struct arena *a, const struct str *parts, size_t count);
#define ARENA_JOIN(a, ...) \
	arena_join(a, (const struct str[]){ __VA_ARGS__ }, \
	    sizeof((const struct str[]){ __VA_ARGS__ }) / sizeof(struct str))

/* The printed text, NUL behind it; {NULL, 0} when refused. */
ATTR_PRINTF(2, 3)
struct str arena_printf(struct arena *a, const char *fmt, ...);

/* Forgets all objects; keeps one small chunk for the next use. */
void arena_reset(struct arena *a);

/* Gives all memory back; the arena is as after arena_init. */
void arena_fini(struct arena *a);

#endif
