/* SPDX-License-Identifier: BSD-2-Clause */

/* wire_maker: libcurl, loaded late, and what all wires share. */

#include "relay/wire_private.h"

#include <stdlib.h>

#include "base/check.h"

struct wire_curl wire_call;

static void
wire_share_lock(CURL *c, curl_lock_data data, curl_lock_access access,
    void *arg)
{
	struct wire_maker *m = arg;

	(void)c;
	(void)access;
	pthread_mutex_lock(&m->locks[data]);
}

static void
wire_share_unlock(CURL *c, curl_lock_data data, void *arg)
{
	struct wire_maker *m = arg;

	(void)c;
	pthread_mutex_unlock(&m->locks[data]);
}

/* What wires share: DNS answers and TLS sessions. NULL: no memory. */
static CURLSH *
wire_share(struct wire_maker *m)
{
	CURLSH *share = wire_call.share_init();

	if (share == NULL)
		return NULL;
	wire_call.share_setopt(share, CURLSHOPT_LOCKFUNC, wire_share_lock);
	wire_call.share_setopt(share, CURLSHOPT_UNLOCKFUNC, wire_share_unlock);
	wire_call.share_setopt(share, CURLSHOPT_USERDATA, m);
	wire_call.share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	wire_call.share_setopt(share, CURLSHOPT_SHARE,
	    CURL_LOCK_DATA_SSL_SESSION);
	return share;
}

struct wire_maker *
wire_maker_new(void)
{
	struct wire_maker *m = calloc(1, sizeof(*m));
	int i;

	CHECK(m != NULL);
	for (i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_init(&m->locks[i], NULL);
	pthread_mutex_init(&m->lock, NULL);
	stale_init(&m->stale);
	CHECK(wire_tls_load(NULL, NULL, &m->tls, NULL, NULL) == 0);
	return m;
}

unsigned
wire_maker_open(const struct wire_maker *m)
{
	return atomic_load(&m->open);
}

void
wire_maker_free(struct wire_maker **m)
{
	int i;

	if (*m == NULL)
		return;
	while ((*m)->closed != NULL) {
		struct wire *w = (*m)->closed;

		(*m)->closed = w->next;
		free(w);
	}
	if ((*m)->share != NULL)
		wire_call.share_cleanup((*m)->share);
	wire_tls_free(&(*m)->tls);
	for (i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_destroy(&(*m)->locks[i]);
	pthread_mutex_destroy(&(*m)->lock);
	stale_fini(&(*m)->stale);
	free(*m);
	*m = NULL;
}

/* Loads libcurl, if no maker did yet. */
static int
wire_load(struct err *e)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool loaded; /* this and wire_call are what it guards */
	int got = 0;

	pthread_mutex_lock(&lock);
	if (!loaded) {
		got = wire_curl_load(&wire_call, e);
		loaded = got == 0;
	}
	pthread_mutex_unlock(&lock);
	return got;
}

int
wire_maker_begin(struct wire_maker *m, struct err *e)
{
	int got = wire_load(e);

	if (got == -1)
		return -1;
	pthread_mutex_lock(&m->lock);
	if (m->share == NULL)
		m->share = wire_share(m);
	if (m->share == NULL)
		got = err_set(e, REASON_OVERLOADED, "libcurl cannot share");
	pthread_mutex_unlock(&m->lock);
	return got;
}

int
wire_maker_trust(struct wire_maker *m, const struct settings *s,
    void (*tell)(void *arg, const char *line), void *arg)
{
	struct wire_tls_set *fresh, *old = m->tls;

	if (wire_tls_load(s, old, &fresh, tell, arg) == -1)
		return -1;
	pthread_mutex_lock(&m->lock);
	m->tls = fresh;
	m->dns_age = (long)((s->dns_age + 999) / 1000);
	pthread_mutex_unlock(&m->lock);
	wire_tls_free(&old);
	return 0;
}

struct wire_tls *
wire_maker_tls(struct wire_maker *m, const struct target *t)
{
	struct wire_tls *tls;

	pthread_mutex_lock(&m->lock);
	tls = wire_tls_of(m->tls, t->tls);
	if (tls != NULL)
		(void)wire_tls_take(tls);
	pthread_mutex_unlock(&m->lock);
	return tls;
}

long
wire_maker_dns_age(struct wire_maker *m)
{
	long age;

	pthread_mutex_lock(&m->lock);
	age = m->dns_age;
	pthread_mutex_unlock(&m->lock);
	return age;
}
