/* SPDX-License-Identifier: BSD-2-Clause */

/* collect_private: what the files of collect share, and nobody else. */
#ifndef TOOLS_COLLECT_PRIVATE_H
#define TOOLS_COLLECT_PRIVATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "http/host.h"
#include "tools/collect.h"
#include "tools/shelf.h"
#include "tools/sorter.h"

enum {
	COLLECT_VALUE_MAX = 1 << 26,
	COLLECT_KEY_MAX = CODEC_KEY_MAX + 1,
	COLLECT_NAMES_MAX = 1 << 20,
	COLLECT_SHAPES = ROUTE_SHAPES_MAX + 1, /* the one too many is told */
	COLLECT_WAITING = HOST_MAX + 2,
	COLLECT_ANYWHERE = ROUTE_ANYWHERE_MAX + 1
};

/* Stands before a record in the sorter. */
struct collect_head {
	uint32_t rank;
	uint32_t line;
	uint32_t col;
	bool broken;
	bool last_wins; /* over others that say so too */
};

struct collect_shape {
	struct route_shape shape;
	struct collect_head first; /* the first route that has it */
};

/* The host that is being put together. */
struct collect_host {
	struct buf key;
	struct buf rule; /* the record of "/" */
	bool has_rule;
	struct collect_shape shapes[COLLECT_SHAPES]; /* by place of first */
	size_t count;
	off_t paths; /* on the shelf from there on */
};

/* A host whose paths are on the shelf: the beginning of the latest one. */
struct collect_waiting {
	size_t key_n;
	off_t paths;
};

struct collect {
	struct lint *lint;
	struct sorter *sorter;
	struct arena arena;  /* what lives as long as this */
	struct arena record; /* routes read back */
	struct str *files;   /* by rank */
	size_t file_count;
	struct shelf *shelf;
	struct buf waiting_key; /* of the latest host with paths there */
	struct collect_waiting waiting[COLLECT_WAITING];
	size_t waiting_count;
	struct writer *writer; /* NULL: only findings are wanted */
	struct progress *progress; /* or NULL */
	uint64_t added;
	struct buf value;
	struct buf key;
	struct buf last_key; /* of the record before, in the order of keys */
	struct buf last;     /* held back: it may not be the last of its key */
	struct collect_host host;
	struct collect_head anywhere[COLLECT_ANYWHERE]; /* by place */
	size_t anywhere_count;
	struct str *names; /* X- names of request rules, sorted */
	size_t name_count;
	size_t name_size; /* of all, each with its LF */
	struct buf name_list;
};

/* Fills e: no memory; -1. */
int collect_full(struct err *e);

struct lint_place collect_place(const struct collect *c,
    const struct collect_head *head);

/* The map's own key of a sorted one, in c->key. 0, or -1 and e. */
ATTR_MUST_USE
int collect_real_key(struct collect *c, struct str host, struct str rest,
    struct err *e);

/* The X- names that one level sets; words may be NULL. 0, or -1 and e. */
ATTR_MUST_USE
int collect_names(struct collect *c, const struct words *words,
    struct lint_place place, struct err *e);

/* One more record under the map's key of c->last; both places are named. 0, or
 * -1 and e. */
ATTR_MUST_USE
int collect_clash(struct collect *c, struct str key,
    const struct collect_head *head, struct str bytes, struct err *e);

/* A route of the host whose key is `host`; rest: the key behind that. Those of
 * one host come one after the other. 0, or -1 and e. */
ATTR_MUST_USE
int collect_route(struct collect *c, struct str host, struct str rest,
    const struct collect_head *head, struct str bytes, struct err *e);

/* A `**` rule or a service, whose key is c->key: a record by itself. 0, or -1
 * and e. */
ATTR_MUST_USE
int collect_single(struct collect *c, const struct collect_head *head,
    struct str bytes, struct err *e);

/* After the last of both. 0, or -1 and e. */
ATTR_MUST_USE int collect_host_finish(struct collect *c, struct err *e);

#endif
