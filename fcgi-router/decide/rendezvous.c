/* SPDX-License-Identifier: BSD-2-Clause */

/* rendezvous: scores, of SipHash and a logarithm. */

#include "decide/rendezvous.h"

#include "base/hash.h"

/* "fcgi-router-salt" and the like. To change one moves every client. */
static const struct hash_key rendezvous_salts = { 0x666367692d726f75u,
	0x7465722d73616c74u };
#define RENDEZVOUS_KEYS 0x7465722d6b657973u
#define RENDEZVOUS_NAMES 0x7465722d6e616d65u

/* 1/1, 1/3, 1/5 ...: with a z below 0.03 the next would change nothing. */
static const double rendezvous_odd[] = { 1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7,
	1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19 };
enum { RENDEZVOUS_ODD = sizeof(rendezvous_odd) / sizeof(rendezvous_odd[0]) };

/*
 * -ln of (n + 1/2) / 2^52, which lies between 0 and 1 and is none of them. It
 * is m * 2^-halves, m near 1, and ln m = 2 artanh((m - 1) / (m + 1)).
 *
 * libm's log may round otherwise on another machine, even on another
 * processor; and so does a product that is added in one statement. These
 * operations, one a statement, are rounded alike everywhere.
 */
static double
rendezvous_minus_ln(uint64_t n)
{
	static const double half_root = 0.70710678118654752440;
	static const double ln2 = 0.69314718055994530942;
	double m = ((double)n + 0.5) * 0x1p-52;
	double s, z, whole, sum = 0;
	int halves = 0, i;

	for (; m < half_root; m *= 2)
		halves++;
	s = (m - 1) / (m + 1);
	z = s * s;
	for (i = RENDEZVOUS_ODD - 1; i >= 0; i--) {
		sum *= z;
		sum += rendezvous_odd[i];
	}
	sum *= s;
	sum *= 2;
	whole = halves * ln2;
	return whole - sum;
}

/* Each part is hashed by itself: no other parts, put behind one another, can
 * read the same. */
uint64_t
rendezvous_client(struct str salt, struct str key)
{
	return hash_sip((struct hash_key){ hash_sip(rendezvous_salts, salt),
	    RENDEZVOUS_KEYS }, key);
}

double
rendezvous_score(uint64_t client, struct str name, uint32_t weight)
{
	uint64_t h = hash_sip((struct hash_key){ client, RENDEZVOUS_NAMES },
	    name);

	return weight / rendezvous_minus_ln(h >> 12);
}
