/* SPDX-License-Identifier: BSD-2-Clause */

/* wire_tls: an X509_STORE, read once, counted by OpenSSL. */

#include "relay/wire_tls.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/msg.h"

struct wire_tls {
	pthread_mutex_t lock; /* guards store while it is read */
	X509_STORE *store;    /* NULL until the first use */
};

struct wire_tls *
wire_tls_new(struct err *e)
{
	struct wire_tls *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		err_set(e, REASON_OVERLOADED, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
wire_tls_free(struct wire_tls **t)
{
	if (*t == NULL)
		return;
	X509_STORE_free((*t)->store);
	pthread_mutex_destroy(&(*t)->lock);
	free(*t);
	*t = NULL;
}

static X509_STORE *
wire_tls_read(void)
{
	X509_STORE *store = X509_STORE_new();

	if (store == NULL)
		return NULL;
	if (X509_STORE_set_default_paths(store) == 1 &&
	    X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST |
	        X509_V_FLAG_PARTIAL_CHAIN) == 1)
		return store;
	X509_STORE_free(store);
	msg_error("the system's certificate store cannot be read: https "
	    "origins will not verify");
	return NULL;
}

int
wire_tls_dress(struct wire_tls *t, void *ssl_ctx)
{
	X509_STORE *store;

	pthread_mutex_lock(&t->lock);
	if (t->store == NULL)
		t->store = wire_tls_read();
	store = t->store;
	pthread_mutex_unlock(&t->lock);
	if (store == NULL)
		return -1;
	SSL_CTX_set1_cert_store(ssl_ctx, store);
	/* What could not be sent at once is sent again from another place. */
	SSL_CTX_set_mode(ssl_ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return 0;
}
