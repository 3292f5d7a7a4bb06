/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * codec: keys and records of the map, to bytes and back.
 *
 * A record is a byte of version and kind, the length of what follows, then
 * items of tag, length and bytes; unknown tags are refused, since a rule half
 * understood is a wrong rule. Reading distrusts every length: any bytes give
 * a route or an error, never a read outside of them. Numbers are
 * little-endian, so that records do not depend on the machine. What a plain
 * "host URL" needs is as short as can be: maps have millions of them.
 */
#ifndef ROUTE_CODEC_H
#define ROUTE_CODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "route/route.h"

enum { CODEC_FORMAT = 2 }; /* of the map as a whole, in record "m" format */

/* First byte of a key; the rest is below. */
enum codec_space {
	CODEC_HOST = 'h',     /* + host: exact */
	CODEC_ONE = 'o',      /* + parent: {x}.parent */
	CODEC_WILD = 'w',     /* + parent: *.parent; alone: * */
	CODEC_ANYWHERE = 'g', /* + path: ** rules */
	CODEC_SERVICE = 's',  /* + space '/' name; without space the platform's
	                         own */
	CODEC_META = 'm',     /* + word */
	CODEC_LAST = 'z'      /* alone: generation and record count again */
};

/* Path keys: a host key, then for each segment '/' and its octets, or '/' and
 * CODEC_CAPTURE; CODEC_EXACT last for exact entries. ** rules are the paths
 * of a host key without host. */
enum { CODEC_CAPTURE = 0x01, CODEC_EXACT = 0x02 };

/* What a key and a record may hold; more is refused both ways. */
enum {
	CODEC_KEY_MAX = 4096,
	CODEC_TAGS_MAX = 256,   /* of one level, as its header rules */
	CODEC_RULES_MAX = 1024,
	CODEC_PARTS_MAX = 16384 /* of all patterns of a record */
};

/* Appends the pieces of keys. 0, or -1: `key` or CODEC_KEY_MAX is full. */
ATTR_MUST_USE
int codec_key_host(struct buf *key, enum codec_space space, struct str host);
ATTR_MUST_USE int codec_key_segment(struct buf *key, struct str segment);
ATTR_MUST_USE int codec_key_capture(struct buf *key);
ATTR_MUST_USE int codec_key_exact(struct buf *key);
ATTR_MUST_USE
int codec_key_service(struct buf *key, struct str space, struct str name);

/* Is it the key of a host's record, not of a path below it? */
bool codec_key_is_host(struct str key);

/*
 * Appends the MATCH of an entry: its key, with the names of captures put in
 * ("{shop}.example.com/a/{x}"; `exact` is no part of it). 0, or -1: `to` is
 * full, or names and key do not fit each other.
 */
ATTR_MUST_USE
int codec_key_match(struct str key, const struct str *captures, size_t count,
    bool host_capture, struct buf *to);

/* For people: "hshop.example.com/api/{}", " exact" behind it for exact ones,
 * other control bytes spelled \xNN. 0, or -1: `to` is full. */
ATTR_MUST_USE int codec_key_print(struct str key, struct buf *to);

/*
 * Appends a record. What its key says is not in it again: MATCH, a service's
 * name. `exact` must be what the words say: the route's, else those of
 * %defaults, else no. 0, or -1 and e, with a piece of the record in `to`: it
 * does not fit, or is none that codec_get would take (no target, for one).
 */
ATTR_MUST_USE
int codec_put_route(const struct route *r, struct buf *to, struct err *e);
ATTR_MUST_USE
int codec_put_host(const struct route_host *h, struct buf *to, struct err *e);
ATTR_MUST_USE
int codec_put_service(const struct service *s, struct buf *to, struct err *e);

/*
 * A host's record made of the record of its rule for "/" (n 0: it has none)
 * and its shapes in order, without reading the rule. As codec_put_host.
 */
ATTR_MUST_USE
int codec_put_host_of(struct str rule, const struct route_shape *shapes,
    size_t count, struct buf *to, struct err *e);

/*
 * Reads the record under that key (of a route: of a path, or the rule of a
 * host alone, as codec_put_route wrote it); *out and all it points at live in
 * the arena, copied; members that the key says are filled in from it.
 * 0, or -1 and e: map-broken (the bytes are no such record, or not the one of
 * that key) or overloaded.
 */
ATTR_MUST_USE
int codec_get_route(struct str key, struct str bytes, struct arena *a,
    struct route *out, struct err *e);
ATTR_MUST_USE
int codec_get_host(struct str key, struct str bytes, struct arena *a,
    struct route_host *out, struct err *e);
ATTR_MUST_USE
int codec_get_service(struct str key, struct str bytes, struct arena *a,
    struct service *out, struct err *e);

/* What the map says about itself: one "m" record for each member. */
struct codec_meta {
	uint64_t format;
	uint64_t generation;  /* counts up with each compilation */
	uint64_t time;        /* seconds since 1970 */
	uint64_t records;     /* of all kinds, "m" and "z" too */
	uint64_t hosts;       /* exact ones */
	uint64_t wildcards;
	uint64_t paths;       /* path entries, ** rules too */
	uint64_t services;
	uint64_t pages;       /* of the file, CODEC_PAGE bytes each */
	uint64_t one_levels;  /* bit N: some {x}.parent has N labels there */
	uint64_t wild_levels; /* bit N: some *.parent has N labels; bit 0: * */
	uint64_t anywhere;    /* number of ** rules */
	uint64_t anywhere_levels; /* bit N: some ** rule has N segments */
	uint64_t anywhere_exact;  /* bit N: some exact one has */
	struct str sources;   /* names, parted by LF */
	struct str headers;   /* X- names that request rules set, lower case,
	                         sorted, by LF */
};

enum { CODEC_PAGE = 4096, CODEC_LEVELS_MAX = 63 };

/*
 * Counts one key: records, hosts, wildcards, paths, anywhere and the levels.
 * The compiler counts each key it writes, "m" and "z" too, and a check counts
 * them again. false, and nothing counted: no key of this format, or deeper
 * than CODEC_LEVELS_MAX labels or segments.
 */
bool codec_meta_count(struct codec_meta *meta, struct str key);

/*
 * Calls put for each "m" record and the last record "z", in key order.
 * 0, or the first answer of put that is not 0.
 */
ATTR_MUST_USE
int codec_put_meta(const struct codec_meta *meta,
    int (*put)(void *arg, struct str key, struct str value), void *arg);

/*
 * Reads them by get (1 found, 0 not there, -1 failed). 0, or -1 and e:
 * map-broken, when one is missing or broken, the format is another, or "z"
 * does not agree.
 */
ATTR_MUST_USE
int codec_get_meta(struct codec_meta *out,
    int (*get)(void *arg, struct str key, struct arena *a, struct str *value,
	struct err *e),
    void *arg, struct arena *a, struct err *e);

#endif
