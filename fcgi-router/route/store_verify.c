/* SPDX-License-Identifier: BSD-2-Clause */

/* store_verify: the whole check of a map, record by record. */

#include "route/store.h"

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
	/* First the sum: broken bytes are never shown to Berkeley DB. */
	if (store_check_sum(s, e) == -1 ||
	    store_check_pages(s, e) == -1 ||
	    store_walk(s, store_verify_record, &v, e) == -1 ||
	    store_verify_counts(&v, store_meta(s), e) == -1)
		got = -1;
	if (got != -1 && !store_sound(s))
		got = err_set(e, REASON_MAP_BROKEN,
		    "%s: written over while it was checked", path);
	arena_fini(&v.arena);
	store_close(&s);
	return got == -1 ? -1 : 0;
}
