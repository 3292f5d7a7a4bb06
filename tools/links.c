/* SPDX-License-Identifier: BSD-2-Clause */

/* links: one walk through the map, record by record. */

#include "tools/links.h"

#include <string.h>

#include "tools/links_private.h"

int
links_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "out of memory for links");
}

const struct route_target *
links_target(const struct route *r, size_t i)
{
	if (i < r->when_count)
		return &r->whens[i].target;
	i -= r->when_count;
	if (i < r->split_count)
		return &r->splits[i].target;
	return i == r->split_count ? &r->target : NULL;
}

bool
links_has(const struct route *r)
{
	const struct route_target *t;
	size_t i;

	for (i = 0; (t = links_target(r, i)) != NULL; i++)
		if (t->kind == TARGET_ALIAS || t->kind == TARGET_SERVICE)
			return true;
	return false;
}

struct lint_place
links_place(const struct links *l, uint32_t source, uint32_t line)
{
	CHECK(source < l->ask->file_count);
	return (struct lint_place){ .file = str_of(l->ask->files[source]),
		.rank = source,
		.line = line,
		.col = 1 };
}

static int
links_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	return store_get(arg, LINKS_SLOT, key, a, value, e);
}

static int
links_route(struct links *l, struct str key, const struct route *r,
    bool alone)
{
	if (!links_has(r))
		return 0;
	if (links_note_route(l, r) == -1 ||
	    (l->ask->reaches != NULL && links_egress(l, r) == -1))
		return -1;
	return links_aliases(l, key, r, alone);
}

static int
links_see_host(struct links *l, struct str key, struct str value)
{
	struct route_host *h = arena_alloc(&l->arena, sizeof(*h));

	if (h == NULL)
		return links_full(l->e);
	if (codec_get_host(key, value, &l->arena, h, l->e) == -1)
		return -1;
	return h->has_rule ?
	    links_route(l, key, &h->rule, h->shape_count == 0) : 0;
}

static int
links_see_route(struct links *l, struct str key, struct str value)
{
	struct route *r = arena_alloc(&l->arena, sizeof(*r));

	if (r == NULL)
		return links_full(l->e);
	if (codec_get_route(key, value, &l->arena, r, l->e) == -1)
		return -1;
	return links_route(l, key, r, false);
}

static int
links_see_service(struct links *l, struct str key, struct str value)
{
	struct service *s = arena_alloc(&l->arena, sizeof(*s));

	if (s == NULL)
		return links_full(l->e);
	if (codec_get_service(key, value, &l->arena, s, l->e) == -1)
		return -1;
	return links_note_service(l, s);
}

static int
links_see(void *arg, struct str key, struct str value)
{
	struct links *l = arg;

	arena_reset(&l->arena);
	l->found = NULL;
	if (key.p[0] == CODEC_META || key.p[0] == CODEC_LAST)
		return 0;
	if (key.p[0] == CODEC_SERVICE)
		return links_see_service(l, key, value);
	return codec_key_is_host(key) ? links_see_host(l, key, value) :
					links_see_route(l, key, value);
}

int
links_check(const struct links_ask *ask, struct err *e)
{
	struct links l = { .ask = ask, .e = e };
	int got = store_open(ask->map, &l.store, e);

	if (got == 0)
		return err_set(e, REASON_NO_MAP, "%s: it is gone", ask->map);
	if (got == -1)
		return -1;
	l.map = (struct lookup_map){ .get = links_get, .arg = l.store,
		.meta = store_meta(l.store) };
	arena_init(&l.arena, LINKS_MEMORY);
	arena_init(&l.keep, LINKS_MEMORY);
	l.sorter = sorter_new(ask->memory, ask->folder);
	got = store_walk(l.store, links_see, &l, e);
	if (got == 0 && !ask->broken)
		got = links_services(&l);
	sorter_free(&l.sorter);
	arena_fini(&l.arena);
	arena_fini(&l.keep);
	store_close(&l.store);
	return got;
}
