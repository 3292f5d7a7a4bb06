/* SPDX-License-Identifier: BSD-2-Clause */

/* choose_hash: a client stays where it is, as far as origins stay. */

#include "decide/choose_private.h"
#include "decide/rendezvous.h"

int
choose_hash(const struct choose *c)
{
	uint64_t client = rendezvous_client(c->salt, c->key);
	double best = 0, score;
	int chosen = -1;
	size_t i;

	for (i = 0; i < c->count; i++) {
		if (!choose_is_open(&c->from[i]))
			continue;
		score = rendezvous_score(client, c->from[i].name,
		    c->from[i].weight);
		if (score > best) {
			best = score;
			chosen = (int)i;
		}
	}
	return chosen;
}
