/* SPDX-License-Identifier: BSD-2-Clause */

/* hash: SipHash, as in the paper's description. */

#include "base/hash.h"

#include <errno.h>
#include <endian.h>
#include <string.h>
#include <sys/random.h>

#include "base/check.h"

struct hash_state {
	uint64_t a, b, c, d;
};

static uint64_t
hash_rotl(uint64_t x, int by)
{
	return (x << by) | (x >> (64 - by));
}

static inline void
hash_rounds(struct hash_state *s, int n)
{
	while (n-- > 0) {
		s->a += s->b;
		s->b = hash_rotl(s->b, 13) ^ s->a;
		s->a = hash_rotl(s->a, 32);
		s->c += s->d;
		s->d = hash_rotl(s->d, 16) ^ s->c;
		s->a += s->d;
		s->d = hash_rotl(s->d, 21) ^ s->a;
		s->c += s->b;
		s->b = hash_rotl(s->b, 17) ^ s->c;
		s->c = hash_rotl(s->c, 32);
	}
}

/* n bytes, at most eight, the first of them the least. */
static uint64_t
hash_word(const char *p, size_t n)
{
	uint64_t word = 0;

	memcpy(&word, p, n);
	return le64toh(word);
}

/* SipHash-each-last. */
static inline uint64_t
hash_run(struct hash_key key, struct str data, int each, int last)
{
	struct hash_state s = {
		key.k0 ^ 0x736f6d6570736575u, key.k1 ^ 0x646f72616e646f6du,
		key.k0 ^ 0x6c7967656e657261u, key.k1 ^ 0x7465646279746573u
	};
	size_t whole = data.n / 8 * 8;
	uint64_t word;
	size_t i;

	for (i = 0; i < whole; i += 8) {
		word = hash_word(data.p + i, 8);
		s.d ^= word;
		hash_rounds(&s, each);
		s.a ^= word;
	}
	word = (uint64_t)data.n << 56;
	if (data.n > whole)
		word |= hash_word(data.p + whole, data.n - whole);
	s.d ^= word;
	hash_rounds(&s, each);
	s.a ^= word;
	s.c ^= 0xff;
	hash_rounds(&s, last);
	return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t
hash_sip(struct hash_key key, struct str data)
{
	return hash_run(key, data, 2, 4);
}

uint64_t
hash_place(struct hash_key key, struct str data)
{
	return hash_run(key, data, 1, 3);
}

void
hash_random(void *to, size_t n)
{
	unsigned char *at = to;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		CHECK(got > 0 || errno == EINTR);
		if (got > 0) {
			at += got;
			n -= (size_t)got;
		}
	}
}

struct hash_key
hash_key_random(void)
{
	struct hash_key key;

	hash_random(&key, sizeof(key));
	return key;
}
