/* SPDX-License-Identifier: BSD-2-Clause */

/* links_private: what the rooms of links share. */
#ifndef TOOLS_LINKS_PRIVATE_H
#define TOOLS_LINKS_PRIVATE_H

#include "route/lookup.h"
#include "route/pattern.h"
#include "route/store.h"
#include "tools/links.h"
#include "tools/sorter.h"

enum {
	LINKS_MEMORY = 64 << 20,
	LINKS_SLOT = 1,        /* of the store; the walk has the first */
	LINKS_DYNAMIC_MAX = 64 /* names of a namespace that are told apart */
};

/* A service's name that has variables, and where it stands first. */
struct links_dynamic {
	struct str text; /* as it stands in a list, behind "@" or "@space/" */
	uint32_t source;
	uint32_t line;
};

struct links_dynamics {
	struct links_dynamic list[LINKS_DYNAMIC_MAX];
	size_t count;
	bool more; /* than are in the list: any name may be meant */
};

struct links {
	const struct links_ask *ask;
	struct store *store;
	struct lookup_map map;
	struct arena arena;    /* of one record and what it leads to */
	struct arena keep;     /* of all dynamics */
	struct sorter *sorter; /* services and what refers to them */
	struct links_dynamics router; /* in the router's namespace */
	struct str asked; /* the alias that was looked up last with "/" */
	const struct lookup_result *found; /* what it has, in the arena */
	int answer;                        /* of the lookup */
	struct err *e;
};

/* The entry at that line of that list; column 1: entries begin there. */
struct lint_place links_place(const struct links *l, uint32_t source,
    uint32_t line);

/* The i-th of all targets: of the entry, its conditions, its split; NULL:
 * there are no more. */
const struct route_target *links_target(const struct route *r, size_t i);

int links_full(struct err *e);

/*
 * Aliases of the route under that key; alone: its host has no paths, and so no
 * exact entry beside it. 0, or -1 and l->e.
 */
ATTR_MUST_USE
int links_aliases(struct links *l, struct str key, const struct route *r,
    bool alone);

/* Tells of the origins of services that the route's rules refuse. 0, or -1 and
 * l->e. */
ATTR_MUST_USE int links_egress(struct links *l, const struct route *r);

/* Notes the services that a route refers to, or a service. 0, or -1. */
ATTR_MUST_USE
int links_note_route(struct links *l, const struct route *r);
ATTR_MUST_USE
int links_note_service(struct links *l, const struct service *s);

/* Tells of all services, when all is noted. 0, or -1 and l->e. */
ATTR_MUST_USE int links_services(struct links *l);

#endif
