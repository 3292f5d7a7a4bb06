/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * query_setup: what the modes of route-query share: which maps are asked, under
 * which settings, and what stands in for all that a URL does not say.
 */
#ifndef TOOLS_QUERY_SETUP_H
#define TOOLS_QUERY_SETUP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "route/lookup.h"
#include "route/store.h"
#include "settings/settings.h"

enum {
	QUERY_MAPS_MAX = 2,
	QUERY_FIELDS_MAX = 64,             /* -H */
	QUERY_MEMORY = 16 * 1024 * 1024    /* for one URL, one record */
};

/* `[router] namespace` where no settings are read. */
#define QUERY_SPACE "production"

/* What a client without a cookie that it is kept by would be given: the same
 * in each answer. */
#define QUERY_FRESH "route-query"

/* What a request says beside its URL; texts are borrowed. */
struct query_wish {
	struct str method;
	struct str client; /* an address; empty: it is not known */
	struct str space;  /* empty: `[router] namespace` */
	char *fields[QUERY_FIELDS_MAX]; /* as CGI variables */
	size_t field_count;
};

/* GET, and nothing else. */
void query_wish_init(struct query_wish *w);

/*
 * Add what -H ("Name: value"), -X, --client and --namespace take; copied into
 * the arena. 0, or -1 and e: "what, what was expected".
 */
ATTR_MUST_USE
int query_wish_field(struct query_wish *w, struct str line, struct arena *a,
    struct err *e);
ATTR_MUST_USE
int query_wish_method(struct query_wish *w, struct str method,
    struct arena *a, struct err *e);
ATTR_MUST_USE
int query_wish_client(struct query_wish *w, struct str address,
    struct arena *a, struct err *e);
ATTR_MUST_USE
int query_wish_space(struct query_wish *w, struct str space, struct arena *a,
    struct err *e);

struct query_map {
	char path[FILE_PATH_MAX];
	struct store *store;
	struct lookup_map lookup;
};

struct query {
	/* as told on the command line; texts are borrowed */
	bool verbose;
	bool json;
	const char *settings_path;        /* -c, or NULL */
	const char *asked[QUERY_MAPS_MAX]; /* -m */
	size_t asked_count;
	struct query_wish wish;

	struct settings *settings; /* NULL: -m without -c reads none */
	struct query_map maps[QUERY_MAPS_MAX];
	size_t map_count;
};

/* Reads the settings and names the maps, of which none is opened. 0, or -1
 * and e; mistakes in the settings were told to stderr. */
ATTR_MUST_USE int query_find(struct query *q, struct err *e);

/* Opens all maps that are named. 0, or -1 and e: one that is missing, too. */
ATTR_MUST_USE int query_open(struct query *q, struct err *e);

/* From any state. */
void query_close(struct query *q);

/* The list where an entry stands: "routes.list:7". Lives in the arena. */
struct str query_place(const struct query_map *m, uint32_t source,
    uint32_t line, struct arena *a);

#endif
