/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pool: idle wires by origin, shared by all workers.
 *
 * Found by the target's key; the last one given is the first one taken, the
 * longest idle one goes when there are too many. One lock, never held across
 * I/O but the close of a wire.
 */
#ifndef RELAY_POOL_H
#define RELAY_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "relay/wire.h"

struct pool;

/* Aborts (CHECK) when there is no memory: called once at start. */
struct pool *pool_new(void);
void pool_free(struct pool **p);

/*
 * At most so many wires; each idle for at most age_ms, and given only until it
 * is life_ms old (0: however old): else a busy one would be used for ever,
 * wherever the origin's name leads by now. Thread-safe.
 */
void pool_limit(struct pool *p, size_t most, int64_t age_ms,
    int64_t life_ms);

/* An idle wire of that key, still open (sure: see wire_is_idle); yours.
 * NULL: there is none. */
struct wire *pool_take(struct pool *p, struct str key, bool sure);

/* Takes the wire over and sets *w NULL; it may be closed at once. */
void pool_give(struct pool *p, struct wire **w);

/* How many are idle. */
size_t pool_count(struct pool *p);

/* Closes wires that were idle for too long; by one thread. When to come
 * again, clock_ms: none is too old before. */
int64_t pool_sweep(struct pool *p);

#endif
