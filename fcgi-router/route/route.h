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

#include "base/str.h"

enum {
	ROUTE_SEGMENTS_MAX = 32,  /* of the path in a MATCH */
	ROUTE_SHAPES_MAX = 16,    /* of paths on one host */
	ROUTE_CAPTURES_MAX = 33,  /* one of the host, one a segment */
	ROUTE_ANYWHERE_MAX = 16   /* rules of `**` in a map */
};

/* What a pattern (pattern.h) is made of. */
enum pattern_variable {
#define VARIABLE(name, word, key, authority, path, manual) PATTERN_##name,
#include "route/variable.tbl.h"
#undef VARIABLE
	PATTERN_VARIABLE_COUNT, /* last variable */
	PATTERN_LITERAL = 255   /* no variable: text */
};

enum pattern_context {
	PATTERN_IN_AUTHORITY = 0,
	PATTERN_IN_PATH,
	PATTERN_IN_QUERY,
	PATTERN_IN_HEADER,
	PATTERN_CONTEXT_COUNT /* last */
};

struct pattern_part {
	enum pattern_variable variable;
	enum pattern_context context;
	uint8_t capture; /* PATTERN_CAPTURE: which one */
	struct str text; /* a literal's bytes; a variable's key ({tag.K}) */
};

struct pattern {
	struct pattern_part *parts;
	size_t count;
};

enum directive {
#define DIRECTIVE(name, id, word, kind, manual) DIRECTIVE_##name,
#include "route/directive.tbl.h"
#undef DIRECTIVE
	DIRECTIVE_COUNT /* last */
};

/* The spelling in a list; the number on disk; does it take no value? */
const char *directive_word(enum directive d);
int directive_id(enum directive d);
bool directive_is_flag(enum directive d);
const char *directive_manual(enum directive d);

/* true and *out: the directive of that word. */
bool directive_find(struct str word, enum directive *out);

/* Where a word came from; a later one wins over an earlier. */
enum route_level {
	ROUTE_LEVEL_DEFAULTS = 0, /* %defaults */
	ROUTE_LEVEL_SERVICE,      /* not written yet, keeps its place */
	ROUTE_LEVEL_ROUTE,
	ROUTE_LEVEL_COUNT /* last */
};

enum target_kind {
	TARGET_NONE = 0,
	TARGET_ORIGIN,
	TARGET_REDIRECT,
	TARGET_RESPOND,
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

enum header_side {
	HEADER_REQUEST = 0,
	HEADER_RESPONSE,
	HEADER_SIDE_COUNT /* last */
};

enum header_verb {
	HEADER_SET = 0, /* NAME: value */
	HEADER_ADD,     /* +NAME: value */
	HEADER_REMOVE,  /* -NAME */
	HEADER_VERB_COUNT /* last */
};

struct header_rule {
	enum header_side side;
	enum header_verb verb;
	enum route_level level;
	struct str name;
	struct pattern value; /* empty for HEADER_REMOVE */
};

struct route_tag {
	struct str key;
	struct str value;
};

enum host_sent {
	HOST_SENT_UNSET = 0, /* `[router] host` of router.ini decides */
	HOST_SENT_ORIGIN,
	HOST_SENT_PRESERVE,
	HOST_SENT_NAME,
	HOST_SENT_COUNT /* last */
};

struct route {
	struct str match;    /* MATCH in canonical spelling, for people */
	struct str source;   /* name of the list it came from */
	uint32_t line;       /* in it, from 1 */
	struct str captures[ROUTE_CAPTURES_MAX]; /* names: host's, path's */
	size_t capture_count;
	bool host_capture;   /* the first capture is of the host */

	bool exact;
	bool strip_prefix;
	uint32_t from_defaults; /* bit (1 << directive): %defaults said it */

	enum target_kind target;
	struct origin_url origin;   /* TARGET_ORIGIN */
	int code;                   /* TARGET_REDIRECT, TARGET_RESPOND */
	struct pattern url;         /* TARGET_REDIRECT: Location */
	struct str text;            /* TARGET_RESPOND: the body */
	uint32_t retry_after;       /* seconds, 0: no field */

	enum host_sent host_sent;
	struct str host_name;       /* HOST_SENT_NAME */

	struct route_tag *tags;
	size_t tag_count;
	struct header_rule *rules;  /* in the order in which they apply */
	size_t rule_count;
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
