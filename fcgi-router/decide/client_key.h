/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * client_key: what a split or balance=hash keeps a client by: its address, a
 * cookie, a header field, or the path asked for. Pure, but for new ids.
 */
#ifndef DECIDE_CLIENT_KEY_H
#define DECIDE_CLIENT_KEY_H

#include "base/arena.h"
#include "base/str.h"
#include "http/request.h"
#include "route/words.h"

/* The router's own cookie, for clients that have not the one asked for. */
#define CLIENT_KEY_COOKIE "fr_id"

enum {
	CLIENT_KEY_ID = 32,     /* of a new value of it: 128 bits in hex */
	CLIENT_KEY_ID_MAX = 128 /* a longer one is taken for none */
};

/* Where a key is from. */
enum client_key_from {
	CLIENT_KEY_NONE = 0, /* the cookie is missing or empty, and so is
	                        CLIENT_KEY_COOKIE: it is to be given that one */
	CLIENT_KEY_ASKED,    /* the cookie, field or path that was asked for */
	CLIENT_KEY_OWN,      /* CLIENT_KEY_COOKIE */
	CLIENT_KEY_ADDRESS,  /* asked for, or no such field, or it is empty */
	CLIENT_KEY_FROM_COUNT /* last */
};

/* Not to be copied: text may point into room. */
struct client_key {
	enum client_key_from from;
	struct str text; /* or borrowed from the request; any bytes */
	unsigned char room[16];
};

/*
 * An address counts by its bytes, however it is spelled, one of IPv6 by its
 * /64: its client chooses the rest.
 */
void client_key(const struct balance_by *by, const struct request *r,
    struct client_key *out);

/* A new value of CLIENT_KEY_COOKIE, which nobody can guess. */
struct str client_key_id(char room[CLIENT_KEY_ID]);

/* Set-Cookie of that value, for a client that came by this scheme. {NULL, 0}:
 * the arena is full. */
struct str client_key_set_cookie(struct str id, struct str scheme,
    struct arena *a);

#endif
