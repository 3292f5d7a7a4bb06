/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * snapshot: the map in use, swapped whole.
 *
 * Objects and who holds whom: one `struct snapshot` (the daemon's) holds the
 * current `struct snapshot_map` (a store and a count); every lookup holds one
 * for its duration by take and give; the map closes with its last holder.
 * A new map that does not open leaves the old one serving; a map written over
 * in place is not asked any more until a good one is there.
 */
#ifndef ROUTE_SNAPSHOT_H
#define ROUTE_SNAPSHOT_H

#include "base/err.h"
#include "route/store.h"

struct snapshot;
struct snapshot_map;

/*
 * path is copied. Opens the map if it is there; a missing or broken one is
 * told by msg, and waited for. Never fails but for memory (CHECK).
 */
struct snapshot *snapshot_new(const char *path);

/* No map of it may be held any more. NULL is fine. */
void snapshot_free(struct snapshot **s);

/*
 * Looks whether the path has another file now, and opens it: one stat when
 * nothing changed. Called by one thread. true: another map is in use.
 * A broken one is told once by msg. A file that was written a moment ago is
 * left for a later look, unless its ctime shows that the clock went on since.
 */
bool snapshot_look(struct snapshot *s);

/* Since when the file, as it is, cannot be taken up, seconds since 1970; 0: it
 * can, or that is not to be told yet. By the thread that looks. */
int64_t snapshot_refused(const struct snapshot *s);

/*
 * The map to ask, counted; NULL and e: no-map or map-broken. Any thread.
 */
struct snapshot_map *snapshot_take(struct snapshot *s, struct err *e);

/* Gives it back, sets *m NULL. NULL is fine. Any thread. */
void snapshot_give(struct snapshot *s, struct snapshot_map **m);

/* Asked with the caller's own slot number: see store_get. */
struct store *snapshot_store(struct snapshot_map *m);

/*
 * After the last get of a lookup, whatever it found: 0, or -1 and e
 * (map-broken): the file was written over meanwhile, so what was found, or
 * not found, must not be used.
 */
ATTR_MUST_USE int snapshot_confirm(struct snapshot_map *m, struct err *e);

/* How many maps were lost (see store); the daemon leaves after a few. */
unsigned snapshot_faults(struct snapshot *s);

#endif
