/* SPDX-License-Identifier: BSD-2-Clause */

/* pubkey: libcrypto's EVP_PKEY and EVP_DigestVerify. */

#include "base/pubkey.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/late.h"

enum {
	PUBKEY_RSA_LEAST = 2048,
	PUBKEY_RSA_MOST = 8192, /* checking takes time by their square */
	PUBKEY_P256_HALF = 32,
	PUBKEY_ED25519_SIGNATURE = 64
};

struct pubkey {
	EVP_PKEY *key;
	enum pubkey_kind kind;
};

struct pubkey_set {
	size_t count;
	struct pubkey list[PUBKEY_MOST];
};

/* ---- OpenSSL ---- */

/* Its functions, filled before there is any set, never changed then. */
static struct {
#define CALL(name) __typeof__(name) *name; /* as declared there */
#include "base/pubkey.tbl.h"
#undef CALL
} ssl;

static struct err pubkey_why; /* it is not loaded */
static bool pubkey_loaded;

static void
pubkey_load(void)
{
	static const struct late_call list[] = {
#define CALL(name) { #name, offsetof(__typeof__(ssl), name) },
#include "base/pubkey.tbl.h"
#undef CALL
	};

	pubkey_loaded = late_load(CRYPTO_SONAME, list,
	    sizeof(list) / sizeof(list[0]), &ssl, &pubkey_why) == 0;
}

static int
pubkey_begin(struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	CHECK(pthread_once(&once, pubkey_load) == 0);
	if (pubkey_loaded)
		return 0;
	*e = pubkey_why;
	return -1;
}

/* ---- reading ---- */

/* Which kind is it? -1 and e: none that is used here. */
static int
pubkey_judge(EVP_PKEY *key, enum pubkey_kind *kind, struct err *e)
{
	char group[32] = "";
	int bits = ssl.EVP_PKEY_get_bits(key);

	if (ssl.EVP_PKEY_is_a(key, "RSA") == 1) {
		*kind = PUBKEY_RSA;
		if (bits >= PUBKEY_RSA_LEAST && bits <= PUBKEY_RSA_MOST)
			return 0;
		return err_set(e, REASON_INTERNAL,
		    "an RSA key of %d bits, expected %d to %d", bits,
		    PUBKEY_RSA_LEAST, PUBKEY_RSA_MOST);
	}
	*kind = PUBKEY_ED25519;
	if (ssl.EVP_PKEY_is_a(key, "ED25519") == 1)
		return 0;
	*kind = PUBKEY_P256;
	if (ssl.EVP_PKEY_is_a(key, "EC") == 1 &&
	    ssl.EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	    strcmp(group, "prime256v1") == 0)
		return 0;
	return err_set(e, REASON_INTERNAL,
	    "a key of another kind, expected RSA, P-256 or Ed25519");
}

/* One key, from its BEGIN line to its END line. */
static int
pubkey_add(struct pubkey_set *set, struct str pem, struct err *e)
{
	struct pubkey *to = &set->list[set->count];
	BIO *bio;

	if (set->count == PUBKEY_MOST)
		return err_set(e, REASON_INTERNAL,
		    "too many keys, expected at most %d", PUBKEY_MOST);
	bio = ssl.BIO_new_mem_buf(pem.p, str_int(pem.n));
	CHECK(bio != NULL);
	to->key = ssl.PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	ssl.BIO_free(bio);
	ssl.ERR_clear_error();
	if (to->key == NULL)
		return err_set(e, REASON_INTERNAL,
		    "a broken public key, expected one as 'openssl pkey "
		    "-pubout' writes it");
	set->count++;
	return pubkey_judge(to->key, &to->kind, e);
}

/* Offset of `what` in s, or s.n. */
static size_t
pubkey_seek(struct str s, struct str what)
{
	const char *at = s.n > 0 ? memmem(s.p, s.n, what.p, what.n) : NULL;

	return at != NULL ? (size_t)(at - s.p) : s.n;
}

/* Whatever else is in the file is a mistake: a private key most of all. */
static int
pubkey_walk(struct pubkey_set *set, struct str left, struct err *e)
{
	static const struct str begin = { "-----BEGIN ", 11 };
	static const struct str end = { "-----END PUBLIC KEY-----", 24 };

	for (;;) {
		size_t to;

		left = str_sub(left, pubkey_seek(left, begin), left.n);
		if (left.n == 0)
			break;
		if (!str_starts(left, STR("-----BEGIN PUBLIC KEY-----")))
			return err_set(e, REASON_INTERNAL,
			    "something beside public keys, expected only "
			    "\"BEGIN PUBLIC KEY\", as 'openssl pkey -pubout' "
			    "and 'openssl x509 -pubkey' write it");
		to = pubkey_seek(left, end);
		to += to < left.n ? end.n : 0;
		if (pubkey_add(set, str_sub(left, 0, to), e) == -1)
			return -1;
		left = str_sub(left, to, left.n);
	}
	if (set->count > 0)
		return 0;
	return err_set(e, REASON_INTERNAL,
	    "no key, expected \"BEGIN PUBLIC KEY\"");
}

int
pubkey_read(struct str pem, struct pubkey_set **out, struct err *e)
{
	struct pubkey_set *set;

	*out = NULL;
	if (pubkey_begin(e) == -1)
		return -1;
	set = calloc(1, sizeof(*set));
	CHECK(set != NULL);
	if (pubkey_walk(set, pem, e) == -1) {
		pubkey_free(&set);
		return -1;
	}
	*out = set;
	return 0;
}

void
pubkey_free(struct pubkey_set **set)
{
	struct pubkey_set *gone = *set;
	size_t i;

	*set = NULL;
	for (i = 0; gone != NULL && i < gone->count; i++)
		ssl.EVP_PKEY_free(gone->list[i].key);
	free(gone);
}

bool
pubkey_has(const struct pubkey_set *set, enum pubkey_kind kind)
{
	size_t i = 0;

	while (i < set->count && set->list[i].kind != kind)
		i++;
	return i < set->count;
}

/* ---- verifying ---- */

/*
 * The two numbers as OpenSSL takes them (SEQUENCE of two INTEGER). {NULL, 0}:
 * no memory. For OPENSSL_free.
 */
static struct str
pubkey_sequence(const unsigned char *two)
{
	ECDSA_SIG *s = ssl.ECDSA_SIG_new();
	BIGNUM *first = ssl.BN_bin2bn(two, PUBKEY_P256_HALF, NULL);
	BIGNUM *second = ssl.BN_bin2bn(two + PUBKEY_P256_HALF,
	    PUBKEY_P256_HALF, NULL);
	unsigned char *sequence = NULL;
	int n = 0;

	if (s != NULL && ssl.ECDSA_SIG_set0(s, first, second) == 1) {
		first = second = NULL; /* it has them now */
		n = ssl.i2d_ECDSA_SIG(s, &sequence);
	}
	ssl.BN_free(first);
	ssl.BN_free(second);
	ssl.ECDSA_SIG_free(s);
	return (struct str){ (char *)sequence, n > 0 ? (size_t)n : 0 };
}

/* As pubkey_verify, by one key; the signature is as OpenSSL takes it. */
static int
pubkey_verify_by(const struct pubkey *k, struct str data,
    struct str signature, struct err *e)
{
	const EVP_MD *digest = k->kind == PUBKEY_ED25519 ? NULL :
	    ssl.EVP_sha256();
	EVP_MD_CTX *c = ssl.EVP_MD_CTX_new();
	int got = -1;

	if (c != NULL && ssl.EVP_DigestVerifyInit(c, NULL, digest, NULL,
	    k->key) == 1)
		got = ssl.EVP_DigestVerify(c,
		    (const unsigned char *)signature.p, signature.n,
		    (const unsigned char *)data.p, data.n) == 1;
	ssl.EVP_MD_CTX_free(c);
	ssl.ERR_clear_error();
	if (got == -1)
		err_set(e, REASON_INTERNAL,
		    "libcrypto cannot verify a signature");
	return got;
}

static int
pubkey_verify_any(const struct pubkey_set *set, enum pubkey_kind kind,
    struct str data, struct str signature, struct err *e)
{
	int got = 0;
	size_t i;

	for (i = 0; got == 0 && i < set->count; i++)
		if (set->list[i].kind == kind)
			got = pubkey_verify_by(&set->list[i], data, signature,
			    e);
	return got;
}

int
pubkey_verify(const struct pubkey_set *set, enum pubkey_kind kind,
    struct str data, struct str signature, struct err *e)
{
	struct str sequence;
	int got;

	if (signature.n == 0 || data.n == 0)
		return 0;
	if (kind == PUBKEY_ED25519 && signature.n != PUBKEY_ED25519_SIGNATURE)
		return 0;
	if (kind != PUBKEY_P256)
		return pubkey_verify_any(set, kind, data, signature, e);
	if (signature.n != (size_t)2 * PUBKEY_P256_HALF)
		return 0;
	sequence = pubkey_sequence((const unsigned char *)signature.p);
	if (sequence.n == 0)
		return err_set(e, REASON_INTERNAL,
		    "libcrypto cannot read a signature");
	got = pubkey_verify_any(set, kind, data, sequence, e);
	ssl.CRYPTO_free((char *)(uintptr_t)sequence.p, "", 0);
	return got;
}
