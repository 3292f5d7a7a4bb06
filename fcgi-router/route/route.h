/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * route: what the map says about a host and path, in memory.
 *
 * The compiler fills these from a list, the codec turns them into bytes and
 * back, the lookup finds one, the relay follows it. All parts live in an
 * arena; nothing here is changed once it is filled.
 */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include <stdint.h>

#include "base/cidr.h"
#include "base/str.h"
#include "route/part.h"
#include "route/words.h"

enum {
	ROUTE_SEGMENTS_MAX = 32,  /* of the path in a MATCH */
	ROUTE_SHAPES_MAX = 16,    /* of paths on one host */
	ROUTE_CAPTURES_MAX = 33,  /* one of the host, one a segment */
	ROUTE_ANYWHERE_MAX = 16,  /* rules of `**` in a map */
	ROUTE_ALIASES_MAX = 4,    /* in a row */
	ROUTE_WHENS_MAX = 256,    /* lines of a route */
	ROUTE_CONDS_MAX = 64,     /* of a line */
	ROUTE_SPLITS_MAX = 64,    /* targets */
	ROUTE_WEIGHT_MAX = 1000000,
	SERVICE_ORIGINS_MAX = 256
};

enum target_kind {
	TARGET_NONE = 0,
	TARGET_ORIGIN,
	TARGET_REDIRECT,
	TARGET_RESPOND,
	TARGET_SERVICE,  /* @name, @space/name, @{x}, @space/{x} */
	TARGET_ALIAS,    /* =host */
	TARGET_INTERNAL, /* internal=NAME */
	TARGET_KIND_COUNT /* last */
};

enum origin_scheme {
	ORIGIN_HTTP = 0,
	ORIGIN_HTTPS,
	ORIGIN_UNIX, /* HTTP over a Unix socket */
	ORIGIN_SCHEME_COUNT /* last */
};

/* "http", "https", "unix" */
const char *origin_scheme_word(enum origin_scheme scheme);

/* What follows the spelled-out URL of an origin. */
enum origin_tail {
	ORIGIN_TAIL_ALL = 0, /* the path asked for (below the match with
	                        strip-prefix) and the query */
	ORIGIN_TAIL_QUERY,   /* the query: the URL has {path} or {rest} */
	ORIGIN_TAIL_NONE,    /* nothing: the URL has {uri} */
	ORIGIN_TAIL_COUNT    /* last */
};

struct origin_url {
	enum origin_scheme scheme;
	struct pattern host; /* canonical, without port; empty for unix */
	uint16_t port;       /* 80 or 443 when none was written; 0 for unix */
	bool port_written;
	struct pattern socket; /* the socket's path, for unix */
	struct pattern path;   /* of the URL: the base, "" or from '/' on */
	enum origin_tail tail;
};

/* Where a service's name is looked up. */
enum service_scope {
	SERVICE_OWN = 0, /* the platform's own; the name is literal */
	SERVICE_SPACE,   /* in the namespace that is written */
	SERVICE_ROUTER,  /* in the router's namespace; the name is dynamic */
	SERVICE_SCOPE_COUNT /* last */
};

struct service_ref {
	enum service_scope scope;
	struct str space;    /* SERVICE_SPACE */
	struct pattern name; /* parts stand in the context of authorities */
};

/* internal=NAME. */
enum internal_page {
	INTERNAL_HEALTH = 0,
	INTERNAL_ASK,
	INTERNAL_STATUS,
	INTERNAL_METRICS,
	INTERNAL_COUNT /* last */
};

const char *internal_word(enum internal_page page);
bool internal_find(struct str word, enum internal_page *out);

/* TARGET; members count by kind. */
struct route_target {
	enum target_kind kind;
	struct origin_url origin;
	int code;           /* redirect, respond */
	struct pattern url; /* redirect: Location */
	struct str text;    /* respond: the body */
	struct service_ref service;
	struct str alias;   /* canonical host */
	enum internal_page internal;
};

/* COND of a `when` line. */
enum cond_kind {
	COND_HEADER = 0, /* with a name and perhaps a value */
	COND_COOKIE,     /* likewise */
	COND_QUERY,      /* likewise */
	COND_METHOD,     /* one of value, parted by commas */
	COND_CLIENT,     /* in one of ranges */
	COND_SCHEME,     /* value: http or https */
	COND_KIND_COUNT  /* last */
};

struct route_cond {
	enum cond_kind kind;
	bool negated;
	bool has_value;      /* of header, cookie, query: else it is there */
	struct str name;
	struct str value;    /* '*' stands for any bytes */
	struct cidr_list ranges;
};

/* All conditions must hold. */
struct route_when {
	struct route_cond *conds;
	size_t cond_count;
	struct route_target target;
	uint32_t line; /* in the list */
};

struct route_split {
	uint32_t weight;
	struct route_target target;
};

struct route {
	struct str match;    /* MATCH in canonical spelling, for people: made
	                        of key and captures, not stored */
	uint32_t source;     /* which list of the map's sources, from 0 */
	uint32_t line;       /* in it, from 1 */
	struct str captures[ROUTE_CAPTURES_MAX]; /* names: host's, path's */
	size_t capture_count;
	bool host_capture;   /* the first capture is of the host */
	bool exact;          /* as the key says */

	struct route_target target;
	struct route_when *whens; /* in their order */
	size_t when_count;
	struct route_split *splits;
	size_t split_count;
	struct balance_by split_by;

	struct words *defaults; /* of %defaults; NULL: nothing was said */
	struct words *own;      /* of the entry; likewise */
};

/* An origin of a service. */
struct service_origin {
	struct origin_url url;
	uint32_t weight; /* 1 when none was written */
	bool backup;
};

struct service {
	struct str space; /* empty: the platform's own; of the key, as name */
	struct str name;
	uint32_t source;  /* as a route's */
	uint32_t line;
	struct service_origin *origins; /* in their order, one at least */
	size_t origin_count;
	struct words *own; /* NULL: nothing was said */
};

/*
 * One form of paths on a host: how many segments, which of them captures
 * (bit 0 is the first segment), exact or prefix.
 */
struct route_shape {
	uint8_t segments;
	bool exact;
	uint32_t captures;
};

/*
 * Order of the search: longer before shorter, then literal before capture
 * from the left, then exact before prefix. Below 0: a is asked first.
 */
int route_shape_order(const struct route_shape *a,
    const struct route_shape *b);

/* A host's record: the rule of its "/", if any, and its shapes in order. */
struct route_host {
	bool has_rule;
	struct route rule;
	struct route_shape shapes[ROUTE_SHAPES_MAX];
	size_t shape_count;
};

#endif
