/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * links_alias: where aliases lead.
 *
 * Each alias is followed with a path that its own MATCH has, and with one
 * below it. Of a circle at least the entry with the most specific path sees
 * it, since all others have that path too; that one tells it, or the first of
 * such in the lists.
 */

#include <string.h>

#include "tools/links_private.h"

enum {
	LINKS_DEEP = 16,    /* entries, to see also larger circles as circles */
	LINKS_STEPS = 4096, /* lookups for one alias; conditions may fork */
	LINKS_CONDS = 1024  /* looked at for whether they can hold together */
};

/* A byte that no path has: a segment of nothing but what a capture takes. */
static const char links_any[] = "/\x03";

/* An entry on the way, and by which of its targets the way goes on. */
struct links_step {
	struct str key;
	const struct route *route;
	size_t by;
};

struct links_way {
	struct links *l;
	struct str path;
	struct links_step steps[LINKS_DEEP];
	size_t count;
	size_t lookups;
	struct str many;  /* the row, when it is too long */
	struct str first; /* its first alias */
	bool circle;
	bool told;
};

/* The path in a key, without the mark of exact ones; what is the host's part
 * is left out. */
static struct str
links_key_path(struct str key, bool *exact)
{
	struct str path = str_sub(key, str_find(key, '/'), key.n);

	*exact = key.p[key.n - 1] == CODEC_EXACT;
	if (*exact && path.n > 0)
		path = str_sub(path, 0, path.n - 1);
	return path;
}

/* How specific the path of a key is: segments, then literals among them. */
static size_t
links_weight(struct str key)
{
	struct str path, segment;
	size_t segments = 0, literals = 0;
	bool exact;

	path = links_key_path(key, &exact);
	while (path.n > 0) {
		path = str_sub(path, 1, path.n);
		segment = str_sub(path, 0, str_find(path, '/'));
		path = str_sub(path, segment.n, path.n);
		segments++;
		literals += segment.n == 0 || segment.p[0] != CODEC_CAPTURE;
	}
	return segments * (ROUTE_SEGMENTS_MAX + 1) + literals;
}

/* A path that the key's entry has; captures are a byte that none has. */
static struct str
links_path(struct links *l, struct str key, bool below, bool *exact)
{
	struct str path = links_key_path(key, exact);
	char *p = arena_alloc(&l->arena, path.n + sizeof(links_any));
	size_t n = path.n, i;

	if (p == NULL)
		return (struct str){ NULL, 0 };
	for (i = 0; i < n; i++)
		p[i] = path.p[i] == CODEC_CAPTURE ? links_any[1] : path.p[i];
	if (below) {
		memcpy(p + n, links_any, 2);
		n += 2;
	} else if (n == 0) {
		p[n++] = '/';
	}
	return (struct str){ p, n };
}

/* ---- can all conditions along a way hold for one request? ---- */

struct links_cond {
	const struct route_cond *cond;
	bool holds; /* it must, or must not */
};

struct links_conds {
	struct links_cond list[LINKS_CONDS];
	size_t count;
};

static void
links_cond_add(struct links_conds *to, const struct route_cond *cond,
    bool holds)
{
	if (to->count < LINKS_CONDS)
		to->list[to->count++] = (struct links_cond){ cond,
			holds != cond->negated };
}

static bool
links_cond_same(const struct route_cond *a, const struct route_cond *b)
{
	return a->kind == b->kind && a->has_value == b->has_value &&
	    str_eq(a->name, b->name) && str_eq(a->value, b->value) &&
	    a->ranges.count == b->ranges.count &&
	    (a->ranges.count == 0 ||
		memcmp(a->ranges.list, b->ranges.list,
		    a->ranges.count * sizeof(a->ranges.list[0])) == 0);
}

static bool
links_cond_fights(const struct links_cond *a, const struct links_cond *b)
{
	if (a->holds != b->holds)
		return links_cond_same(a->cond, b->cond);
	return a->holds && a->cond->kind == COND_SCHEME &&
	    b->cond->kind == COND_SCHEME &&
	    !str_eq(a->cond->value, b->cond->value);
}

/* What must hold for the way to go on as this step does: no earlier line of
 * one condition, and all of its own. */
static void
links_conds_of(const struct links_step *step, struct links_conds *to)
{
	const struct route *r = step->route;
	size_t i, j;

	for (i = 0; i < r->when_count && i < step->by; i++)
		if (r->whens[i].cond_count == 1)
			links_cond_add(to, &r->whens[i].conds[0], false);
	for (j = 0; i < r->when_count && j < r->whens[i].cond_count; j++)
		links_cond_add(to, &r->whens[i].conds[j], true);
}

static bool
links_can_be(const struct links_way *way)
{
	struct links_conds conds;
	size_t i, j;

	conds.count = 0;
	for (i = 0; i < way->count; i++)
		links_conds_of(&way->steps[i], &conds);
	for (i = 0; i < conds.count; i++)
		for (j = 0; j < i; j++)
			if (links_cond_fights(&conds.list[i], &conds.list[j]))
				return false;
	return true;
}

/* ---- telling ---- */

static struct lint_place
links_step_place(const struct links_way *way, size_t i)
{
	const struct route *r = way->steps[i].route;

	return links_place(way->l, r->source, r->line);
}

/* "a:1:1 -> a:2:1", and the beginning again for a circle. */
static struct str
links_way_print(struct links_way *way, bool circle)
{
	struct lint *lint = way->l->ask->lint;
	struct str text = { NULL, 0 };
	size_t n = way->count, i;

	for (i = 0; i < n + circle; i++) {
		struct str place = lint_place_print(lint,
		    links_step_place(way, i == n ? 0 : i));

		text = arena_printf(&way->l->arena, "%.*s%s%.*s",
		    STR_ARG(text), i > 0 ? " -> " : "", STR_ARG(place));
	}
	return text;
}

/* Is the first step the one of this circle that tells it? */
static bool
links_is_teller(const struct links_way *way)
{
	const struct route *mine = way->steps[0].route;
	size_t weight = links_weight(way->steps[0].key), i;

	for (i = 1; i < way->count; i++) {
		const struct route *r = way->steps[i].route;
		size_t other = links_weight(way->steps[i].key);

		if (other != weight) {
			if (other > weight)
				return false;
		} else if (r->source != mine->source ?
		    r->source < mine->source : r->line < mine->line) {
			return false;
		}
	}
	return true;
}

static struct str
links_first(const struct links_way *way)
{
	return links_target(way->steps[0].route, way->steps[0].by)->alias;
}

/* A circle is told by one entry of it, if it can be gone through at all. */
static void
links_circle(struct links_way *way)
{
	if (!links_can_be(way))
		return;
	way->circle = true;
	if (!links_is_teller(way))
		return;
	lint_tell(way->l->ask->lint, LINT_ALIAS_LOOP, links_step_place(way, 0),
	    links_first(way), links_way_print(way, true));
	way->told = true;
}

/* ---- following ---- */

/* On the way already? */
static bool
links_passed(const struct links_way *way, struct str key)
{
	size_t i;

	for (i = 0; i < way->count; i++)
		if (str_eq(way->steps[i].key, key))
			return true;
	return false;
}

static int links_go(struct links_way *way, struct str key,
    const struct route *r);

/* As lookup_route; the answer for "/" is kept for the next to ask. */
static int
links_lookup(struct links *l, struct str alias, struct str path,
    const struct lookup_result **found)
{
	bool top = str_eq(path, STR("/"));
	struct lookup_result *out;
	struct host host;
	int got;

	*found = l->found;
	if (top && l->found != NULL && str_eq(alias, l->asked))
		return l->answer;
	out = arena_alloc(&l->arena, sizeof(*out));
	if (out == NULL)
		return links_full(l->e);
	if (host_parse(alias, &host, l->e) == -1)
		return -1;
	got = lookup_route(&l->map, &host, path, &l->arena, NULL, out, l->e);
	*found = out;
	if (top && got != -1) {
		l->asked = alias;
		l->found = out;
		l->answer = got;
	}
	return got;
}

/* Goes on to what the host of an alias has. 0, or -1. */
static int
links_go_host(struct links_way *way, struct str alias)
{
	const struct lookup_result *out;
	int got;

	way->lookups++;
	got = links_lookup(way->l, alias, way->path, &out);
	if (got != 1)
		return got;
	if (str_eq(out->key, way->steps[0].key)) {
		links_circle(way);
		return 0;
	}
	if (!links_passed(way, out->key))
		return links_go(way, out->key, out->route);
	way->circle = way->circle || links_can_be(way);
	return 0;
}

/* One alias more is passed: more than there may be in a row? */
static void
links_count(struct links_way *way)
{
	if (way->count == ROUTE_ALIASES_MAX + 1 && way->many.p == NULL &&
	    links_can_be(way))
		way->many = links_way_print(way, false);
	if (way->first.p == NULL && way->many.p != NULL)
		way->first = links_first(way);
}

/* The way as far as the entry of that key, and on from it. 0, or -1. */
static int
links_go(struct links_way *way, struct str key, const struct route *r)
{
	struct links_step *step = &way->steps[way->count++];
	const struct route_target *t;
	int got = 0;

	*step = (struct links_step){ .key = key, .route = r };
	for (; got == 0 && (t = links_target(r, step->by)) != NULL;
	     step->by++) {
		if (t->kind != TARGET_ALIAS || way->told)
			continue;
		links_count(way);
		if (way->count < LINKS_DEEP && way->lookups < LINKS_STEPS)
			got = links_go_host(way, t->alias);
	}
	way->count--;
	return got;
}

/* Follows the entry's aliases with one path. 1: told of one, 0, or -1. */
static int
links_try(struct links *l, struct str key, const struct route *r, bool below)
{
	struct links_way *way = arena_alloc(&l->arena, sizeof(*way));
	bool exact;

	if (way == NULL)
		return links_full(l->e);
	way->l = l;
	way->path = links_path(l, key, below, &exact);
	if (way->path.p == NULL)
		return links_full(l->e);
	if (links_go(way, key, r) == -1)
		return -1;
	/* A row that runs into a circle is told by those in the circle. */
	if (!way->told && !way->circle && way->many.p != NULL) {
		lint_tell(l->ask->lint, LINT_ALIAS_MANY,
		    links_place(l, r->source, r->line), way->first, way->many);
		way->told = true;
	}
	return way->told ? 1 : 0;
}

/* Is there an exact entry at the very path of this one, which takes it? */
static int
links_hidden(struct links *l, struct str key)
{
	struct str exact, value;
	struct buf b;
	int got;

	buf_init(&b, CODEC_KEY_MAX);
	if (buf_put(&b, key) == -1 || codec_key_exact(&b) == -1)
		buf_clear(&b);
	exact = arena_copy(&l->arena, buf_view(&b));
	buf_fini(&b);
	if (l->arena.full)
		return links_full(l->e);
	got = exact.n == 0 ? 0 :
	    store_get(l->store, LINKS_SLOT, exact, &l->arena, &value, l->e);
	return got;
}

/* Is the key one of `*`? */
static bool
links_is_last_resort(struct str key)
{
	return key.p[0] == CODEC_WILD &&
	    (key.n == 1 || key.p[1] == '/' || key.p[1] == CODEC_EXACT);
}

/* Tells an alias of a host that has no entry. 0, or -1. */
static int
links_dead(struct links *l, const struct route *r, struct str alias)
{
	const struct lookup_result *out;
	int got = links_lookup(l, alias, STR("/"), &out);

	if (got == -1)
		return -1;
	if ((got == 0 && out->reason == REASON_NO_HOST) ||
	    links_is_last_resort(out->key))
		lint_tell(l->ask->lint, LINT_ALIAS_DEAD,
		    links_place(l, r->source, r->line), alias,
		    (struct str){ NULL, 0 });
	return 0;
}

/* Does an earlier target of the route name the same host? */
static bool
links_again(const struct route *r, size_t i)
{
	struct str alias = links_target(r, i)->alias;
	size_t j;

	for (j = 0; j < i; j++)
		if (links_target(r, j)->kind == TARGET_ALIAS &&
		    str_eq(links_target(r, j)->alias, alias))
			return true;
	return false;
}

int
links_aliases(struct links *l, struct str key, const struct route *r,
    bool alone)
{
	const struct route_target *t;
	bool exact, any = false;
	size_t i;
	int got;

	for (i = 0; (t = links_target(r, i)) != NULL; i++) {
		if (t->kind != TARGET_ALIAS)
			continue;
		any = true;
		if (!l->ask->lost && !links_again(r, i) &&
		    links_dead(l, r, t->alias) == -1)
			return -1;
	}
	if (!any)
		return 0;
	(void)links_key_path(key, &exact);
	got = exact || alone ? 0 : links_hidden(l, key);
	if (got == 0)
		got = links_try(l, key, r, false);
	else if (got == 1)
		got = 0;
	if (got == 0 && !exact)
		got = links_try(l, key, r, true);
	return got == -1 ? -1 : 0;
}
