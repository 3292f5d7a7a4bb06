/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * source: from the entries of lists to routes and services.
 *
 * Lists are read twice: first the %headers sets of all lists, which may be
 * used before they are defined, then the rest. Each mistake is told to lint,
 * and reading goes on behind it. An entry with a mistake is handed out all the
 * same when at least its MATCH or name was read, marked broken: so whoever
 * looks at links between entries does not miss it.
 */
#ifndef TOOLS_SOURCE_H
#define TOOLS_SOURCE_H

#include "base/arena.h"
#include "base/err.h"
#include "route/codec.h"
#include "route/route.h"
#include "tools/lint.h"

struct egress_spelled;

enum {
	SOURCE_TAG_MAX = 256,              /* of a tag's value */
	SOURCE_SOCKET_MAX = 107,           /* what sockaddr_un holds */
	SOURCE_RETRY_MAX = 100,            /* other origins to try */
	SOURCE_RETRY_AFTER_MAX = 31536000  /* a year */
};

/* One route, and where its record goes. */
struct source_route {
	struct route route;
	struct lint_place place;
	bool broken; /* only MATCH counts; the target may be TARGET_NONE */
	bool last_wins; /* of a rewritemap, where a later one replaces it */
	enum codec_space space; /* HOST, ONE, WILD or ANYWHERE */
	struct str host;        /* canonical; of wildcards the parent; of **
	                           empty */
	struct route_shape shape;
	struct str segments[ROUTE_SEGMENTS_MAX]; /* captures are empty */
};

/* One service. */
struct source_service {
	struct service service;
	struct lint_place place;
	bool broken; /* only its name counts */
};

/* Who is handed what; all but the first two may be NULL. */
struct source_see {
	/* Each route and service in the order of the lists; what they are
	 * given is borrowed until they return. -1 ends source_routes. */
	int (*route)(void *arg, const struct source_route *r, struct err *e);
	int (*service)(void *arg, const struct source_service *s,
	    struct err *e);
	/* Has router.ini a section of that name ([plan:NAME] for plan=NAME)?
	 * NULL: nobody asks. */
	bool (*known)(void *arg, enum directive d, struct str name);
	/* May an origin that is spelled like that be connected to by the rules
	 * of egress= (NULL: by any that router.ini has)? NULL: there is no
	 * router.ini, the defaults serve. */
	bool (*reaches)(void *arg, const struct str *egress,
	    const struct egress_spelled *origin);
	void *arg;
};

struct lines;
struct source_set;
struct source_defaults;
struct source_room;

struct source {
	struct lint *lint;
	struct source_see see;
	struct arena keep;  /* what outlives an entry */
	struct arena level; /* %defaults in force */
	struct arena entry; /* what does not outlive it */
	struct source_room *room;    /* reused by each entry, in keep */
	struct source_set *sets;     /* the newest first */
	struct source_set **buckets; /* the same by name; a power of two */
	size_t bucket_count;
	size_t set_count;
	struct source_defaults *defaults; /* in force; NULL: none */
	size_t lost; /* entries whose MATCH or name could not be read */
};

/* see is copied. Fails only for memory (CHECK). */
void source_init(struct source *s, struct lint *lint,
    const struct source_see *see);
void source_fini(struct source *s);

/*
 * Reads the %headers sets of one list, then (when the sets of all lists are
 * read) all else. file is borrowed as long as s; rank is the list's
 * place in the order of lists, and the `source` of its entries. 0, or -1 and
 * e: out of memory, or see failed. Mistakes in the list are no failure.
 */
ATTR_MUST_USE
int source_sets(struct source *s, struct str file, uint32_t rank,
    struct str text, struct err *e);
ATTR_MUST_USE
int source_routes(struct source *s, struct str file, uint32_t rank,
    struct str text, struct err *e);

/*
 * The same from lines at a list's beginning (lines_open), for lists that are
 * not held in memory. -1 also when those could not be read.
 */
ATTR_MUST_USE
int source_read_sets(struct source *s, struct lines *lines, struct err *e);
ATTR_MUST_USE
int source_read_routes(struct source *s, struct lines *lines, struct err *e);

/*
 * Routes from a file made for Apache's `RewriteMap txt:` or mod_proxy_express,
 * as those read it, in place of source_routes. A line is KEY, blanks, URL, and
 * what is ignored; lines that begin with '#' or a blank are none. Nothing is
 * quoted, no character is special. A URL without scheme has http:// before it.
 * Of keys that repeat the last wins (source_route.last_wins). What differs from
 * what its writer may have meant is told as a warning.
 */
ATTR_MUST_USE
int source_rewritemap(struct source *s, struct str file, uint32_t rank,
    struct str text, struct err *e);
ATTR_MUST_USE
int source_read_rewritemap(struct source *s, struct lines *lines,
    struct err *e);

#endif
