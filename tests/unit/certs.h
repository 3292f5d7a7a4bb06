/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * certs: a certificate authority and a server's certificate, made for one
 * test run.
 */
#ifndef UNIT_CERTS_H
#define UNIT_CERTS_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "table.h"

struct certs {
	EVP_PKEY *key; /* of both */
	X509 *authority;
	X509 *leaf;
};

static inline void
certs_extend(X509 *to, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *x;
	X509V3_CTX c;

	X509V3_set_ctx_nodb(&c);
	X509V3_set_ctx(&c, issuer, to, NULL, NULL, 0);
	x = X509V3_EXT_conf_nid(NULL, &c, nid, value);
	assert_non_null(x);
	assert_int_equal(X509_add_ext(to, x, -1), 1);
	X509_EXTENSION_free(x);
}

/* days from now: until when it is good, or since when it is not. */
static inline X509 *
certs_make(EVP_PKEY *key, X509 *issuer, const char *name, const char *san,
    int days)
{
	static long serial = 1;
	X509 *x = X509_new();
	X509_NAME *subject;

	assert_non_null(x);
	subject = X509_get_subject_name(x);
	assert_int_equal(X509_set_version(x, 2), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	X509_gmtime_adj(X509_getm_notBefore(x), -30 * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(x), days * 86400L);
	assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN",
	    MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0), 1);
	assert_int_equal(X509_set_issuer_name(x, issuer != NULL ?
	    X509_get_subject_name(issuer) : subject), 1);
	assert_int_equal(X509_set_pubkey(x, key), 1);
	if (issuer == NULL)
		certs_extend(x, x, NID_basic_constraints, "critical,CA:TRUE");
	if (san != NULL)
		certs_extend(x, x, NID_subject_alt_name, san);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static inline void
certs_init(struct certs *c, const char *san, int days)
{
	c->key = EVP_EC_gen("P-256");
	assert_non_null(c->key);
	c->authority = certs_make(c->key, NULL, "test authority", NULL, 30);
	c->leaf = certs_make(c->key, c->authority, "test origin", san, days);
}

static inline void
certs_fini(struct certs *c)
{
	X509_free(c->leaf);
	X509_free(c->authority);
	EVP_PKEY_free(c->key);
}

/* For SSL_CERT_FILE. */
static inline void
certs_write(const struct certs *c, const char *path)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	assert_int_equal(PEM_write_X509(to, c->authority), 1);
	assert_int_equal(fclose(to), 0);
}

/* What a server presents; free it with SSL_CTX_free. */
static inline SSL_CTX *
certs_server(const struct certs *c)
{
	SSL_CTX *s = SSL_CTX_new(TLS_server_method());

	assert_non_null(s);
	assert_int_equal(SSL_CTX_use_certificate(s, c->leaf), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(s, c->key), 1);
	return s;
}

#endif
