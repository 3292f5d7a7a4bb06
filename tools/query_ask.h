/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_ask: one URL, read as the router reads a request for it, followed by
 * the router's own code, and judged as its pipeline would.
 */
#ifndef TOOLS_QUERY_ASK_H
#define TOOLS_QUERY_ASK_H

#include "decide/follow.h"
#include "decide/target.h"
#include "tools/json.h"
#include "tools/query_setup.h"

struct query_answer {
	struct request request;
	struct follow follow;  /* as far as it came */
	bool chosen;           /* follow has a target */
	const struct settings_plan *plan; /* or NULL: none is known */
	bool origin;           /* target holds */
	struct target target;
	struct str location;   /* of a redirect; else p NULL */
	bool known;            /* internal=ask says yes */
	struct err why;        /* NONE, or why the router refuses */
};

struct query_asking {
	const struct query *query;
	const struct query_map *map;
	const struct query_wish *wish;
	const struct follow_trace *trace; /* or NULL */
};

/* A request's own words. */
struct query_parts {
	const char *scheme;   /* "http" or "https" */
	struct str authority;
	struct str target;    /* as in the request line */
};

/*
 * Asks for a URL; http:// may be left out. *out lives in the arena.
 * 0, or -1 and e: the map failed, or no memory.
 */
ATTR_MUST_USE
int query_ask(const struct query_asking *by, struct str url, struct arena *a,
    struct query_answer *out, struct err *e);

/* The same for a request in parts. */
ATTR_MUST_USE
int query_ask_parts(const struct query_asking *by,
    const struct query_parts *parts, struct arena *a,
    struct query_answer *out, struct err *e);

/* The answer's service is asked by that origin of it. 0, or -1 and e: no
 * memory; what else may be wrong is in q->why. */
ATTR_MUST_USE
int query_ask_choose(const struct query_asking *by,
    const struct origin_url *origin, struct arena *a, struct query_answer *q,
    struct err *e);

/* The namespace in which dynamic names are looked up. */
struct str query_ask_space(const struct query_asking *by);

/* The addresses of `[router] version_override`. */
struct cidr_list query_ask_override(const struct query_asking *by);

/* Is the URL of another scheme than http and https? */
bool query_ask_is_foreign(struct str url);

/*
 * An answer's columns: "-", a status, or the reason why the router refuses;
 * where it goes ("http://127.0.0.1:80/a", "redirect=301 https://b/",
 * "respond=410", "internal=health"), "-" if it is refused; MATCH of the route
 * that decided, or "-". In the arena.
 */
struct str query_ask_status(const struct query_answer *q, struct arena *a);
struct str query_ask_target(const struct query_answer *q, struct arena *a);
struct str query_ask_route(const struct query_answer *q);

/* Puts the URL and the columns into j: url, result, to, route. */
void query_ask_tell(const struct query_answer *q, struct str url,
    struct arena *a, struct json *j);

/* As query_ask_target, without what each request has of its own: paths. */
struct str query_ask_whither(const struct query_answer *q, struct arena *a);

#endif
