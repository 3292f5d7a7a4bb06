/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire_private: what the files of this room share: wire_maker.c has what all
 * wires use, wire_connect.c makes them, wire.c carries bytes.
 */
#ifndef RELAY_WIRE_PRIVATE_H
#define RELAY_WIRE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "relay/stale.h"
#include "relay/wire.h"
#include "relay/wire_curl.h"
#include "relay/wire_tls.h"

/* libcurl's functions, once wire_maker_begin was. */
extern struct wire_curl wire_call;

struct wire_maker {
	pthread_mutex_t locks[CURL_LOCK_DATA_LAST]; /* one for each kind that
	                                               libcurl shares */
	struct stale stale;
	atomic_uint open;         /* wires */
	pthread_mutex_t lock;     /* guards all below */
	CURLSH *share;            /* NULL until wire_maker_begin */
	struct wire_tls_set *tls; /* in force */
	struct wire *closed;      /* to be used again: see wire_ready */
	long dns_age;             /* seconds */
};

struct wire {
	struct ready ready;
	struct wire_maker *maker;
	struct wire *next; /* of the closed ones */
	struct wire_place place;
	CURL *curl;  /* NULL: the connection was taken over */
	CURLM *multi; /* it holds curl, and its connection */
	bool taken;  /* libcurl must not close its descriptor */
	int fd;
	unsigned uses;
	int64_t since; /* clock_ms when it was connected */
	struct wire_tls *tls; /* by which it was made; NULL: no TLS */
	struct sockaddr_storage peer; /* or the last that was denied; zero of a
	                                 Unix socket */
	const struct target *target;  /* while connecting */
	bool denied; /* egress refused an address while connecting */
	bool tried;  /* and let another be tried */
	bool starved; /* the system had no socket for it */
	struct str name; /* the first bytes of key */
	struct str key;
};

/* What the target is to be connected to by, counted. NULL: there is no such
 * [tls:NAME] any more. */
struct wire_tls *wire_maker_tls(struct wire_maker *m, const struct target *t);

/* For how many seconds an address is used. */
long wire_maker_dns_age(struct wire_maker *m);

/* A wire of no connection yet. NULL: no memory. */
struct wire *wire_new(struct wire_maker *m, const struct target *t);

/* The handle goes, and its connection unless that was taken over. */
void wire_drop_curl(struct wire *w);

#endif
