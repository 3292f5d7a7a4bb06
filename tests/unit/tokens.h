/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tokens: JSON Web Tokens, right and wrong, signed by keys that are made for
 * one test run.
 */
#ifndef UNIT_TOKENS_H
#define UNIT_TOKENS_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdio.h>

#include "table.h"

enum tokens_key {
	TOKENS_RSA = 0,
	TOKENS_RSA_OTHER,
	TOKENS_P256,
	TOKENS_P256_OTHER,
	TOKENS_ED25519,
	TOKENS_SECRET,    /* HMAC by tokens_secret */
	TOKENS_HMAC_RSA,  /* HMAC by the public RSA key's PEM */
	TOKENS_NOTHING,   /* no signature */
	TOKENS_KEYS       /* last */
};

enum { TOKENS_MAX = 32768, TOKENS_PEM_MAX = 4096 };

#define TOKENS_SECRET_TEXT "a secret of more than thirty-two bytes"

static EVP_PKEY *tokens_pkeys[TOKENS_SECRET];

static inline void
tokens_make_keys(void)
{
	tokens_pkeys[TOKENS_RSA] = EVP_RSA_gen(2048);
	tokens_pkeys[TOKENS_RSA_OTHER] = EVP_RSA_gen(2048);
	tokens_pkeys[TOKENS_P256] = EVP_EC_gen("P-256");
	tokens_pkeys[TOKENS_P256_OTHER] = EVP_EC_gen("P-256");
	tokens_pkeys[TOKENS_ED25519] = EVP_PKEY_Q_keygen(NULL, NULL,
	    "ED25519");
}

static inline void
tokens_free_keys(void)
{
	size_t i;

	for (i = 0; i < TOKENS_SECRET; i++)
		EVP_PKEY_free(tokens_pkeys[i]);
}

/* Appends the public key's PEM to what is there. */
static inline void
tokens_add_pem(EVP_PKEY *key, char pem[TOKENS_PEM_MAX])
{
	BIO *bio = BIO_new(BIO_s_mem());
	size_t n = strlen(pem);
	int got;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	got = BIO_read(bio, pem + n, (int)(TOKENS_PEM_MAX - 1 - n));
	assert_true(got > 0);
	pem[n + (size_t)got] = '\0';
	BIO_free(bio);
}

/* base64url, behind what is there. */
static inline void
tokens_encode(const void *bytes, size_t n, char text[TOKENS_MAX])
{
	size_t at = strlen(text), end;

	assert_true(at + n / 3 * 4 + 5 < TOKENS_MAX);
	end = at + (size_t)EVP_EncodeBlock((unsigned char *)text + at, bytes,
	    (int)n);
	while (end > at && text[end - 1] == '=')
		text[--end] = '\0';
	for (; at < end; at++)
		text[at] = text[at] == '+' ? '-' : text[at] == '/' ? '_' :
		    text[at];
}

/* ECDSA's two numbers, of a SEQUENCE. */
static inline size_t
tokens_flatten(unsigned char *signature, size_t n)
{
	const unsigned char *at = signature;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &at, (long)n);
	unsigned char flat[64];

	assert_non_null(s);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(s), flat, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(s), flat + 32, 32),
	    32);
	ECDSA_SIG_free(s);
	memcpy(signature, flat, sizeof(flat));
	return sizeof(flat);
}

static inline size_t
tokens_sign_pkey(EVP_PKEY *key, const char *text, unsigned char *signature,
    size_t room)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t n = room;

	assert_int_equal(EVP_DigestSignInit(c, NULL,
	    EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256(), NULL, key),
	    1);
	assert_int_equal(EVP_DigestSign(c, signature, &n,
	    (const unsigned char *)text, strlen(text)), 1);
	EVP_MD_CTX_free(c);
	return n;
}

static inline size_t
tokens_sign(enum tokens_key by, const char *text, unsigned char *signature,
    size_t room)
{
	char pem[TOKENS_PEM_MAX] = "";
	const char *secret = TOKENS_SECRET_TEXT;
	unsigned n = 0;

	if (by == TOKENS_NOTHING)
		return 0;
	if (by < TOKENS_SECRET)
		return tokens_sign_pkey(tokens_pkeys[by], text, signature,
		    room);
	if (by == TOKENS_HMAC_RSA) {
		tokens_add_pem(tokens_pkeys[TOKENS_RSA], pem);
		secret = pem;
	}
	assert_non_null(HMAC(EVP_sha256(), secret, (int)strlen(secret),
	    (const unsigned char *)text, strlen(text), signature, &n));
	return n;
}

static inline void
tokens_dot(char token[TOKENS_MAX])
{
	size_t n = strlen(token);

	token[n] = '.';
	token[n + 1] = '\0';
}

/* A token of these two texts. */
static inline void
tokens_make(enum tokens_key by, struct str head, struct str body,
    char token[TOKENS_MAX])
{
	unsigned char signature[1024];
	size_t n;

	token[0] = '\0';
	tokens_encode(head.p, head.n, token);
	tokens_dot(token);
	tokens_encode(body.p, body.n, token);
	n = tokens_sign(by, token, signature, sizeof(signature));
	if (by == TOKENS_P256 || by == TOKENS_P256_OTHER)
		n = tokens_flatten(signature, n);
	tokens_dot(token);
	tokens_encode(signature, n, token);
}

#endif
