/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * lookup: which route answers, and the same search explained.
 *
 * `**` rules first; then the first host that exists decides: exact,
 * {x}.parent, *.parent, *.grandparent, ..., *; in it the most specific path.
 * A handful of gets, whatever the size of the map. It knows no database: it
 * asks a function for keys, so tests bring their own.
 */
#ifndef ROUTE_LOOKUP_H
#define ROUTE_LOOKUP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "http/host.h"
#include "route/codec.h"
#include "route/route.h"

/* What is searched. */
struct lookup_map {
	/* 1 found and *value, 0 not there, -1 failed and e. */
	int (*get)(void *arg, struct str key, struct arena *a,
	    struct str *value, struct err *e);
	void *arg;
	const struct codec_meta *meta; /* levels and number of ** rules */
};

/* Told of every key tried, in order. found: 1 or 0. */
struct lookup_trace {
	void (*tried)(void *arg, struct str key, int found);
	void *arg;
};

struct lookup_result {
	enum reason reason; /* NONE, no-host or no-path */
	struct route *route; /* for NONE */
	struct str key;      /* the key that decided: of the route, or host */
	struct str captures[ROUTE_CAPTURES_MAX]; /* of the route, as many as it
	                                            has; path ones as in
	                                            the path */
	struct str rest;     /* of the path, below the match: "" or "/..." */
};

/*
 * host and path are canonical. trace may be NULL. *out lives in the arena;
 * captures and rest borrow from host and path.
 * 1: a route; 0: none, out->reason says why; -1 and e: the map failed.
 */
ATTR_MUST_USE
int lookup_route(const struct lookup_map *map, const struct host *host,
    struct str path, struct arena *a, const struct lookup_trace *trace,
    struct lookup_result *out, struct err *e);

/*
 * A service's record. 1 and *out (in the arena), 0: there is none, -1 and e.
 * The key is told to trace.
 */
ATTR_MUST_USE
int lookup_service(const struct lookup_map *map, struct str space,
    struct str name, struct arena *a, const struct lookup_trace *trace,
    struct service *out, struct err *e);

/*
 * Would a server that reads the path in another way (%2F or %5C as separators,
 * segments without their ;parameters, in any combination) choose another entry
 * of the map than `found` (routes(5), "No second reading")? data: the route
 * says encoded-slash=data, so %2F is not read otherwise. *reading is the first
 * such path, in the arena.
 * 1: yes, 0: no, -1 and e.
 */
ATTR_MUST_USE
int lookup_ambiguous(const struct lookup_map *map, const struct host *host,
    struct str path, bool data, const struct lookup_result *found,
    struct arena *a, struct str *reading, struct err *e);

#endif
