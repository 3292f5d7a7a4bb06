/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * auth: who asks, and may they? The walk over all that a route, its service
 * and its aliases name by auth=, each an [auth:NAME] of router.ini.
 *
 * What is not clearly a yes is none: a section that is not there, a file that
 * cannot be read, a service that does not answer. A type that has to ask
 * somebody else cannot say so at once: the walk stops, says whom, and goes on
 * when it was told the answer.
 */
#ifndef DECIDE_AUTH_H
#define DECIDE_AUTH_H

#include "base/arena.h"
#include "base/err.h"
#include "decide/auth_answer.h"
#include "http/request.h"
#include "route/policy.h"
#include "settings/settings.h"

/* What a section is asked. */
struct auth_ask {
	const struct settings_auth *settings;
	void *loaded; /* what its type made of its files, or NULL */
	const struct request *request;
	struct arena *arena;
	/* Told before and after what holds the worker; may be NULL. */
	void (*held)(void *arg, bool begins);
	void *held_arg;
};

/* What asking comes to, beside 0 (no), and -1 (it cannot be told: e). */
enum {
	AUTH_YES = 1,
	AUTH_CONSULT, /* somebody else is to be asked */
	AUTH_BUSY     /* too many are asked just now: ask again, soon */
};

/* ---- the sections ---- */

/* All [auth:NAME] of one router.ini, and what their files hold; counted. */
struct auth_set;
struct auth_cache;

/*
 * Reads the files that the settings name. Each mistake is given to `tell` as
 * settings_load does. 0 and *out (one count, yours; it holds one of the
 * settings), or -1: told.
 */
ATTR_MUST_USE
int auth_load(struct settings *s, struct auth_set **out,
    void (*tell)(void *arg, const char *line), void *arg);
struct auth_set *auth_take(struct auth_set *set);
void auth_drop(struct auth_set **set);

/* ---- the walk ---- */

struct auth_asked; /* a section that was asked, and what it said */

struct auth_walk {
	const struct auth_set *set;
	const struct policy *policy;
	struct auth_ask ask;
	struct auth_asked *asked;
	/* of AUTH_CONSULT: whom to ask */
	const struct settings_auth *section;
	/* of AUTH_YES */
	struct auth_answer yes;
	/* of a no */
	struct header challenges; /* WWW-Authenticate, for an answer 401 */
	const struct auth_reply *reply;
};

/* All four are borrowed for the walk. What it needs lives in the arena. */
void auth_begin(struct auth_walk *w, const struct auth_set *set,
    const struct policy *p, const struct request *r, struct arena *a);

/*
 * Goes on as far as it can. AUTH_YES: all levels of the policy say yes;
 * AUTH_CONSULT, AUTH_BUSY; 0: one says no, and e is auth-required (with
 * challenges) or auth-denied; -1 and e: auth-unavailable, overloaded.
 */
ATTR_MUST_USE int auth_go(struct auth_walk *w, struct err *e);

/*
 * What w->section said: `got` and *answer as a type's ask has them, whose texts
 * live as long as the request; e is read where got is -1. Then auth_go.
 */
void auth_told(struct auth_walk *w, int got, const struct auth_answer *answer,
    const struct err *e);

/* Where answers of w->section are kept that were told; NULL: nowhere. */
struct auth_cache *auth_keeps(const struct auth_walk *w);

/*
 * How long the tokens go on to live, in ms, that stand anywhere in the fields
 * (JSON Web Tokens; others say nothing to us): INT64_MAX: for ever; 0: one has
 * ended, or does not say it clearly. now: in seconds since 1970.
 */
int64_t auth_tokens_left(const struct header *h, double now);

/* Behind a yes, what becomes of the fields that the origin is sent: consumed
 * credentials go, unless the policy passes them; `sets` come. 0, or -1: no
 * room. */
ATTR_MUST_USE
int auth_dress(const struct auth_walk *w, struct header *h);

#endif
