/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * gate: how many connects may be under way, which each hold a worker.
 *
 * Some workers always stay free of them, and no origin gets more than a part,
 * nor more than are left: dead ones must not stop what goes elsewhere. Each
 * origin has a count of its own while it is being connected to, so none suffers
 * for another.
 */
#ifndef RELAY_GATE_H
#define RELAY_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"

enum { GATE_MOST = 64 }; /* connects at once, in all */

struct gate_origin {
	uint64_t hash; /* of its key, by a key nobody can guess */
	unsigned connects;
};

struct gate {
	struct hash_key key;
	unsigned most; /* connects at once */
	unsigned each; /* to one origin */
	pthread_mutex_t lock; /* guards what follows */
	unsigned all;
	size_t count;
	struct gate_origin origins[GATE_MOST]; /* with connects, any order */
};

/* workers: the most there can be, at least 1. Before threads. */
void gate_init(struct gate *g, unsigned workers);
void gate_fini(struct gate *g);

/* true: go on, and call gate_leave when done; false: too many. Any thread. */
bool gate_enter(struct gate *g, struct str key);
void gate_leave(struct gate *g, struct str key);

#endif
