/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * digest: SHA-256, and HMAC by it, of OpenSSL's libcrypto; and comparing what
 * nobody may learn by how long that takes.
 *
 * The library is loaded at the first use, by any thread. It holds no secret of
 * ours behind a call.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum { DIGEST_SIZE = 32, DIGEST_HEX = 2 * DIGEST_SIZE };

struct digest {
	unsigned char bytes[DIGEST_SIZE];
};

/* Loads the library, if that was not done yet: before it is needed, or to
 * learn whether it can be. 0, or -1 and e: internal. */
ATTR_MUST_USE int digest_begin(struct err *e);

/* 0 and *out, or -1 and e: internal. */
ATTR_MUST_USE
int digest_of(struct str data, struct digest *out, struct err *e);

/* HMAC-SHA-256 (RFC 2104). As digest_of. */
ATTR_MUST_USE
int digest_keyed(struct str key, struct str data, struct digest *out,
    struct err *e);

/* In a time that says nothing of where they differ, but by their lengths. */
bool digest_equal(struct str a, struct str b);
bool digest_same(const struct digest *a, const struct digest *b);

/* 64 hexadecimal digits: written in small letters, without a NUL, and read in
 * any case. false: that is no digest. */
void digest_print(const struct digest *d, char to[DIGEST_HEX]);
bool digest_read(struct str text, struct digest *out);

/* Zeroes what was secret, also where nobody reads it again. */
void digest_wipe(void *p, size_t n);

#endif
