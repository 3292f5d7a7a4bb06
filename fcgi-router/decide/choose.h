/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * choose: one of several origins, by how a service balances. Pure: the same
 * words give the same choice. Each way is a file of its own, choose_WAY.c,
 * with the same entry point.
 */
#ifndef DECIDE_CHOOSE_H
#define DECIDE_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "route/words.h"

/* One origin, as far as it matters. */
struct choose_from {
	struct str name;  /* hash: "http://h:p", "unix:/path" */
	uint32_t weight;  /* at most ROUTE_WEIGHT_MAX; 0: never chosen */
	bool open;        /* may be chosen at all, now */
	uint32_t active;  /* least: requests that it has */
};

struct choose {
	const struct choose_from *from;
	size_t count;     /* at most SERVICE_ORIGINS_MAX */
	uint64_t turn;    /* round-robin, and of equal ones with least: the
	                     service's next number */
	struct str salt;  /* hash: the service's key, as "@name" */
	struct str key;   /* hash: what the client is kept by */
};

/*
 * The index of one that is open and has a weight; -1: none is.
 *
 * round-robin: over any sum-of-weights turns in a row (divided by what all
 * weights have in common) each open one is chosen exactly as often as its
 * weight says, spread evenly: over any other number of turns in a row at most
 * one choice for each doubling of the number of origins beside its share.
 * least: fewest requests for its weight; of equal ones in turn, by weight.
 * hash: by rendezvous; the order of origins does not matter.
 */
typedef int choose_function(const struct choose *c);

choose_function choose_round_robin, choose_least, choose_hash;

/* By the word of the service. */
int choose_by(enum balance balance, const struct choose *c);

#endif
