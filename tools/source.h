/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * source: from the entries of lists to routes.
 *
 * Lists are read twice: first the %headers sets of all lists, which may be
 * used before they are defined, then the routes. Each mistake is told to lint,
 * and reading goes on behind it; a route with a mistake is not handed out.
 */
#ifndef TOOLS_SOURCE_H
#define TOOLS_SOURCE_H

#include "base/arena.h"
#include "base/err.h"
#include "route/codec.h"
#include "route/route.h"
#include "tools/lint.h"

enum {
	SOURCE_NAME_MAX = 128,      /* of a %headers set */
	SOURCE_TAG_MAX = 256,       /* of a tag's value */
	SOURCE_SOCKET_MAX = 107,    /* what sockaddr_un holds */
	SOURCE_RETRY_MAX = 31536000 /* a year */
};

/* One route, and where its record goes. */
struct source_route {
	struct route route;
	struct lint_place place;
	enum codec_space space; /* CODEC_HOST, CODEC_ONE or CODEC_WILD */
	struct str host;        /* canonical; of wildcards the parent */
	struct str segments[ROUTE_SEGMENTS_MAX]; /* captures are empty */
	struct route_shape shape;
};

struct lines;
struct source_set;
struct source_words;

struct source {
	struct lint *lint;
	struct arena keep;  /* what outlives an entry: the sets */
	struct arena filling; /* the words of %defaults in force */
	struct arena entry; /* what does not */
	struct source_set *sets;     /* the newest first */
	struct source_set **buckets; /* the same by name; a power of two */
	size_t bucket_count;
	size_t set_count;
	struct source_words *defaults; /* in force; NULL: none */
	int (*see)(void *arg, const struct source_route *r, struct err *e);
	void *arg;
};

/*
 * see is called with each good route, in the order of the lists; what it is
 * given is borrowed until it returns. Its -1 ends source_routes.
 */
void source_init(struct source *s, struct lint *lint,
    int (*see)(void *arg, const struct source_route *r, struct err *e),
    void *arg);
void source_fini(struct source *s);

/*
 * Reads the %headers sets of one list, then (when the sets of all lists are
 * read) its routes. file and text are borrowed as long as s; rank is the
 * list's place in the order of lists. 0, or -1 and e: out of memory, or see
 * failed. Mistakes in the list are no failure.
 */
ATTR_MUST_USE
int source_sets(struct source *s, struct str file, uint32_t rank,
    struct str text, struct err *e);
ATTR_MUST_USE
int source_routes(struct source *s, struct str file, uint32_t rank,
    struct str text, struct err *e);

/*
 * The same from lines at a list's beginning (lines_open), for lists that are
 * not held in memory. -1 also when their input failed.
 */
ATTR_MUST_USE
int source_read_sets(struct source *s, struct lines *lines, struct err *e);
ATTR_MUST_USE
int source_read_routes(struct source *s, struct lines *lines, struct err *e);

#endif
