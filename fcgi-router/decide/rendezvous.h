/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * rendezvous: weighted rendezvous hashing (Thaler and Ravishankar 1998; weights
 * by -w / ln h), for splits and for balance=hash. Pure.
 *
 * Each choice has a score for a client, made of its own name and weight alone;
 * the highest wins. So a choice that comes or goes moves only the clients that
 * it wins or has, and one whose weight is raised loses none. The hashes' keys
 * are constants of the program and the logarithm is its own: every process,
 * every start and every machine agree.
 */
#ifndef DECIDE_RENDEZVOUS_H
#define DECIDE_RENDEZVOUS_H

#include <stdint.h>

#include "base/str.h"

/* The client, as it is known where something is chosen: once for all choices.
 * salt: so that two places that choose by the same key do so independently. */
uint64_t rendezvous_client(struct str salt, struct str key);

/*
 * The score of one choice: the higher wins; of equal ones (never, but for
 * equal names) the first. weight 0: 0, which is below all others.
 */
double rendezvous_score(uint64_t client, struct str name, uint32_t weight);

#endif
