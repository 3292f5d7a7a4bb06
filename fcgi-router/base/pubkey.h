/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pubkey: public keys, in PEM, and whether who has the private key of one of
 * them signed something: by OpenSSL's libcrypto, which is loaded at the first
 * use, by any thread.
 *
 * Keys that are too weak to prove anything are refused when they are read.
 */
#ifndef BASE_PUBKEY_H
#define BASE_PUBKEY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum pubkey_kind {
	PUBKEY_RSA = 0, /* 2048 to 8192 bits; PKCS #1 1.5 with SHA-256 */
	PUBKEY_P256,    /* ECDSA with SHA-256, signatures as 64 bytes */
	PUBKEY_ED25519,
	PUBKEY_KINDS    /* last */
};

enum { PUBKEY_MOST = 16 }; /* keys of one text */

struct pubkey_set;

/*
 * Reads one or more "BEGIN PUBLIC KEY". 0 and *out, or -1 and e->text: what is
 * wrong with it, and what was expected.
 */
ATTR_MUST_USE
int pubkey_read(struct str pem, struct pubkey_set **out, struct err *e);
void pubkey_free(struct pubkey_set **set);

/* Is there a key of that kind? */
bool pubkey_has(const struct pubkey_set *set, enum pubkey_kind kind);

/* Is it a signature of the data, by one of the keys of that kind? 1, 0, or -1
 * and e: internal. Thread-safe. */
ATTR_MUST_USE
int pubkey_verify(const struct pubkey_set *set, enum pubkey_kind kind,
    struct str data, struct str signature, struct err *e);

#endif
