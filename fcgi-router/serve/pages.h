/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * pages: answers of the router's own: errors, redirects, small texts.
 *
 * Filled into a reply whose header lives in the arena. An error is a small
 * page, HTML or JSON by Accept, that names its reason word, and is never
 * cached; redirects and texts carry nothing but what the route says, which may
 * be a status alone: from 400 on that has a page, too. Pages that the operator
 * has in page_files (which may be NULL) come first.
 */
#ifndef SERVE_PAGES_H
#define SERVE_PAGES_H

#include "base/arena.h"
#include "base/err.h"
#include "http/request.h"
#include "route/route.h"
#include "serve/exchange.h"
#include "serve/page_files.h"

/* 0, or -1: the arena is full. */
ATTR_MUST_USE
int pages_error(struct exchange_reply *reply, enum reason reason,
    const struct request *request, struct page_files *own, struct arena *a);
ATTR_MUST_USE
int pages_redirect(struct exchange_reply *reply, int status,
    struct str location, struct arena *a);
ATTR_MUST_USE
int pages_respond(struct exchange_reply *reply,
    const struct route_target *target, uint32_t retry_after,
    const struct request *request, struct page_files *own, struct arena *a);

/* An internal page that says one word, as text or JSON by Accept. */
ATTR_MUST_USE
int pages_word(struct exchange_reply *reply, int status, const char *word,
    const struct request *request, struct arena *a);

#endif
