/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire_tls: the functions of OpenSSL that are used.
 *
 * CALL(name)
 */
CALL(BIO_free)
CALL(BIO_new_fp)
CALL(ERR_clear_error)
CALL(ERR_peek_last_error)
CALL(EVP_PKEY_free)
CALL(OPENSSL_sk_new_null)
CALL(OPENSSL_sk_num)
CALL(OPENSSL_sk_pop_free)
CALL(OPENSSL_sk_push)
CALL(OPENSSL_sk_shift)
CALL(OPENSSL_sk_value)
CALL(PEM_read_bio_PrivateKey)
CALL(PEM_read_bio_X509)
CALL(SSL_CTX_ctrl)
CALL(SSL_CTX_set1_cert_store)
CALL(SSL_CTX_use_cert_and_key)
CALL(X509_STORE_add_cert)
CALL(X509_STORE_free)
CALL(X509_STORE_new)
CALL(X509_STORE_set_default_paths)
CALL(X509_STORE_set_flags)
CALL(X509_check_private_key)
CALL(X509_free)
