/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * hash: SipHash (Aumasson, Bernstein 2012), for tables whose keys clients
 * choose.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/str.h"

struct hash_key {
	uint64_t k0;
	uint64_t k1;
};

/* A key nobody can guess, from getrandom(2). */
struct hash_key hash_key_random(void);

/* SipHash-2-4, also for what others may see. */
uint64_t hash_sip(struct hash_key key, struct str data);

/* SipHash-1-3, for tables of which nobody is shown a hash: half the work. */
uint64_t hash_place(struct hash_key key, struct str data);

/* Fills n bytes from getrandom(2). */
void hash_random(void *to, size_t n);

#endif
