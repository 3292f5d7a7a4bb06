/* SPDX-License-Identifier: BSD-2-Clause */

/* store_verify: the whole check of a map, record by record. */

#include "route/store.h"

#include <pthread.h>

#include "route/codec.h"
#include "route/route.h"

enum { STORE_VERIFY_MAX = 32 * 1024 * 1024 }; /* of one record, in memory */

struct store_verifying {
	const char *path;
	struct codec_meta counted;
	struct arena arena; /* of one record */
	struct err *e;
};

/* The record under that key, whatever it is, in the arena. */
static int
store_verify_read(struct arena *a, struct str key, struct str value,
    struct err *e)
{
	struct service *service;
	struct route_host *host;
	struct route *route;

	if (codec_key_is_host(key)) {
		host = arena_alloc(a, sizeof(*host));
		CHECK(host != NULL);
		return codec_get_host(key, value, a, host, e);
	}
	if (key.p[0] == CODEC_SERVICE) {
		service = arena_alloc(a, sizeof(*service));
		CHECK(service != NULL);
		return codec_get_service(key, value, a, service, e);
	}
	route = arena_alloc(a, sizeof(*route));
	CHECK(route != NULL);
	return codec_get_route(key, value, a, route, e);
}

static int
store_verify_record(void *arg, struct str key, struct str value)
{
	struct store_verifying *v = arg;
	struct err why;

	arena_reset(&v->arena);
	if (!codec_meta_count(&v->counted, key))
		return err_set(v->e, REASON_MAP_BROKEN,
		    "%s: a key that no map has", v->path);
	if (key.p[0] == CODEC_META || key.p[0] == CODEC_LAST)
		return 0;
	if (store_verify_read(&v->arena, key, value, &why) == -1)
		return err_set(v->e, REASON_MAP_BROKEN, "%s: %s", v->path,
		    why.text);
	return 0;
}

static int
store_verify_counts(const struct store_verifying *v,
    const struct codec_meta *told, struct err *e)
{
	const struct codec_meta *counted = &v->counted;

	if (counted->records == told->records &&
	    counted->hosts == told->hosts &&
	    counted->wildcards == told->wildcards &&
	    counted->paths == told->paths &&
	    counted->services == told->services &&
	    counted->one_levels == told->one_levels &&
	    counted->wild_levels == told->wild_levels &&
	    counted->anywhere == told->anywhere &&
	    counted->anywhere_levels == told->anywhere_levels &&
	    counted->anywhere_exact == told->anywhere_exact)
		return 0;
	return err_set(e, REASON_MAP_BROKEN,
	    "%s: it does not hold what its own record says", v->path);
}

/* Berkeley DB's own check and a walk take as long as each other. */
struct store_check {
	struct store *store;
	pthread_t thread;
	bool apart; /* it is done by the thread */
	struct err e;
	int got;
};

static void *
store_check_run(void *arg)
{
	struct store_check *c = arg;

	c->got = store_check_pages(c->store, &c->e);
	return NULL;
}

static void
store_check_begin(struct store_check *c, struct store *s)
{
	c->store = s;
	c->apart = pthread_create(&c->thread, NULL, store_check_run, c) == 0;
	if (!c->apart)
		(void)store_check_run(c);
}

/* 0, or -1 and e. */
static int
store_check_end(struct store_check *c, struct err *e)
{
	if (c->apart)
		CHECK(pthread_join(c->thread, NULL) == 0);
	if (c->got == -1)
		*e = c->e;
	return c->got;
}

/* What only Berkeley DB can read: broken bytes never get so far. */
static int
store_verify_records(struct store *s, struct store_verifying *v, struct err *e)
{
	struct store_check check;
	struct err pages;
	int got;

	store_check_begin(&check, s);
	got = store_walk(s, store_verify_record, v, e);
	if (store_check_end(&check, &pages) == -1) {
		*e = pages;
		return -1;
	}
	return got == 0 ? store_verify_counts(v, store_meta(s), e) : -1;
}

int
store_verify(const char *path, struct err *e)
{
	struct store_verifying v = { .path = path, .e = e };
	struct store *s;
	int got;

	got = store_open(path, &s, e);
	if (got == 0)
		return err_set(e, REASON_NO_MAP, "%s: there is no map", path);
	if (got == -1)
		return -1;
	arena_init(&v.arena, STORE_VERIFY_MAX);
	if (store_check_sum(s, e) == -1 ||
	    store_verify_records(s, &v, e) == -1)
		got = -1;
	if (got != -1 && !store_sound(s))
		got = err_set(e, REASON_MAP_BROKEN,
		    "%s: written over while it was checked", path);
	arena_fini(&v.arena);
	store_close(&s);
	return got == -1 ? -1 : 0;
}
