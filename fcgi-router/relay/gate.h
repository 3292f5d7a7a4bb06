/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * gate: how many connects may be under way, which each hold a worker.
 *
 * Some workers always stay free of them, and no origin gets more than a part:
 * a dead one must not stop what goes elsewhere. Origins are counted by a hash
 * of their key, so two may share a count.
 */
#ifndef RELAY_GATE_H
#define RELAY_GATE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/hash.h"
#include "base/str.h"

enum { GATE_COUNTS = 256 };

struct gate {
	struct hash_key key;
	unsigned most; /* connects at once */
	unsigned each; /* to one origin */
	atomic_uint all;
	atomic_uint counts[GATE_COUNTS];
};

/* workers: the most there can be, at least 1. Before threads. */
void gate_init(struct gate *g, unsigned workers);

/* true: go on, and call gate_leave when done; false: too many. Any thread. */
bool gate_enter(struct gate *g, struct str key);
void gate_leave(struct gate *g, struct str key);

#endif
