/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_log: one line of an access log, as Apache's and nginx's `combined`
 * and Apache's `vhost_combined` write it; `common`, which they begin with, too.
 */
#ifndef TOOLS_QUERY_LOG_H
#define TOOLS_QUERY_LOG_H

#include "base/arena.h"
#include "base/check.h"
#include "base/str.h"

struct query_log {
	struct str host; /* of the virtual host; empty: the line has none */
	struct str port; /* of it, or empty */
	struct str client;
	struct str user; /* with the escapes of the log */
	struct str time; /* what stands in its brackets */
	struct str method; /* empty: the line is about no request */
	struct str target; /* with the escapes of the log taken off */
	struct str referer; /* "-" is empty */
	struct str agent;
	struct str status;
	struct str bytes; /* "-" is empty */
	bool combined;    /* referer and agent are there */
	struct str rest;  /* behind all this */
};

/*
 * 1 and *out, which borrows from line or lives in the arena; 0: it is no line
 * of such a log; -1: no memory.
 */
int query_log_parse(struct str line, struct arena *a, struct query_log *out);

/* The text without its escapes: itself, or in the arena. 0 and *out; -1: no
 * memory. */
ATTR_MUST_USE
int query_log_plain(struct str text, struct arena *a, struct str *out);

#endif
