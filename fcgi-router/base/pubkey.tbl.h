/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pubkey: the functions of libcrypto that are used.
 *
 * CALL(name)
 */
CALL(BIO_free)
CALL(BIO_new_mem_buf)
CALL(BN_bin2bn)
CALL(BN_free)
CALL(CRYPTO_free)
CALL(ECDSA_SIG_free)
CALL(ECDSA_SIG_new)
CALL(ECDSA_SIG_set0)
CALL(ERR_clear_error)
CALL(EVP_DigestVerify)
CALL(EVP_DigestVerifyInit)
CALL(EVP_MD_CTX_free)
CALL(EVP_MD_CTX_new)
CALL(EVP_PKEY_free)
CALL(EVP_PKEY_get_bits)
CALL(EVP_PKEY_get_group_name)
CALL(EVP_PKEY_is_a)
CALL(EVP_sha256)
CALL(PEM_read_bio_PUBKEY)
CALL(i2d_ECDSA_SIG)
