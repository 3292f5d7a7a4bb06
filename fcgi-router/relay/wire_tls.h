/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire_tls: what origins are verified against, and what is shown to them.
 *
 * Certificates are read once for all wires instead of once a connection, which
 * costs 878 KiB and 40 ms each time: the system's (SSL_CERT_FILE and
 * SSL_CERT_DIR as OpenSSL honours them) at the first use, the files of
 * [tls:NAME] when router.ini is read. A set is what one reading of it says; its
 * entries are counted, since a wire outlives the set it was made by.
 */
#ifndef RELAY_WIRE_TLS_H
#define RELAY_WIRE_TLS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "settings/settings.h"

struct wire_tls;
struct wire_tls_set;

/*
 * Reads the files of all [tls:NAME]; s may be NULL. An entry of `before` (may
 * be NULL) whose settings and files are the same is taken over. Mistakes go to
 * `tell` as those of settings_load do. 0 and *out, or -1.
 */
ATTR_MUST_USE
int wire_tls_load(const struct settings *s, const struct wire_tls_set *before,
    struct wire_tls_set **out, void (*tell)(void *arg, const char *line),
    void *arg);
void wire_tls_free(struct wire_tls_set **set);

/* The entry of that name, of "" the one without. NULL: there is none. */
struct wire_tls *wire_tls_of(const struct wire_tls_set *set, struct str name);

/* One more holder; one holder less, the last frees. Thread-safe. */
struct wire_tls *wire_tls_take(struct wire_tls *t);
void wire_tls_drop(struct wire_tls **t);

/* Is the origin's certificate verified? Has the entry a name? */
bool wire_tls_verifies(const struct wire_tls *t);
bool wire_tls_is_named(const struct wire_tls *t);

/* Warns, once for the entry, that this origin is not verified. */
void wire_tls_warn(struct wire_tls *t, struct str origin);

/*
 * Gives store and certificate to a TLS context (an SSL_CTX, as libcurl hands
 * it out). Thread-safe. 0, or -1: no store could be read.
 */
ATTR_MUST_USE int wire_tls_dress(struct wire_tls *t, void *ssl_ctx);

#endif
