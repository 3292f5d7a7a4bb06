/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * relay: whether and where to try, and to try again.
 *
 * Objects and who holds whom: one `struct relay` (the process's) holds the
 * maker of wires, the pool of idle ones and the gate to new ones; an exchange
 * holds one `struct transfer`, and that its wire while an attempt goes on.
 */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include <stdbool.h>

#include "base/err.h"
#include "decide/target.h"
#include "relay/gate.h"
#include "relay/pool.h"
#include "relay/transfer.h"
#include "relay/wire.h"

struct relay {
	struct wire_maker *maker;
	struct pool *pool;
	struct gate gate;
};

/* workers: the most there can be. fini closes idle wires. */
void relay_init(struct relay *r, unsigned workers);
void relay_fini(struct relay *r);

/* The settings in force from now on. 0, or -1: told, as wire_maker_trust. */
ATTR_MUST_USE
int relay_use(struct relay *r, const struct settings *s,
    void (*tell)(void *arg, const char *line), void *arg);

/*
 * An idle wire that may serve the target, or NULL. Does not wait. sure: for a
 * request that cannot be sent again when the wire turns out to be dead.
 */
struct wire *relay_take(struct relay *r, const struct target *t, bool sure);

/*
 * The attempt failed for that reason: may the very same request go out again
 * on a fresh connection? Only when a wire from the pool died (origin-broken)
 * before the first byte of an answer, and the request is idempotent or none of
 * its bytes was sent. body_kept: its body can be sent again.
 */
bool relay_may_repeat(const struct transfer *t, enum reason reason,
    struct str method, bool body_kept);

/*
 * The attempt failed for that reason: is it the origin that failed, so that
 * its health suffers? Not for what the client or this router did. It is by a
 * name that leads to an address which may not be connected to.
 */
bool relay_is_origins_fault(enum reason reason);

/* And may the request go to another origin? sent: some of it went out. */
bool relay_may_move(enum reason reason, bool sent, struct str method);

#endif
