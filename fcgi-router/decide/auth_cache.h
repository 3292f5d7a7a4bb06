/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * auth_cache: what a service said of requests that it let in, so that it is not
 * asked again at once. A no is never kept, and no text of a question: only its
 * digest, with a key that nobody knows.
 *
 * Bounded, whatever comes: AUTH_CACHE_MOST answers, each of at most
 * AUTH_CACHE_BYTES; a longer one is not kept, and of those in one place the one
 * that ends first goes for a new one. Thread-safe; of one process.
 */
#ifndef DECIDE_AUTH_CACHE_H
#define DECIDE_AUTH_CACHE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "decide/auth_answer.h"

enum { AUTH_CACHE_MOST = 4096, AUTH_CACHE_BYTES = 4096 };

struct auth_cache;

struct auth_cache *auth_cache_new(void);
void auth_cache_free(struct auth_cache **c);

/* What stands for the question. 0, or -1 and e: internal. */
ATTR_MUST_USE
int auth_cache_key(const struct auth_cache *c, struct str question,
    struct digest *out, struct err *e);

/* The answer that was kept, with texts in the arena. false: there is none, or
 * its time is over, or the arena is full. */
bool auth_cache_find(struct auth_cache *c, const struct digest *key,
    struct arena *a, struct auth_answer *out);

/* Keeps a copy of a yes for so many ms, by the clock that people read, too:
 * the one that timeouts run on stands still while a machine sleeps. */
void auth_cache_keep(struct auth_cache *c, const struct digest *key,
    const struct auth_answer *yes, int64_t ms);

#endif
