/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * links_service: services and what refers to them, side by side.
 *
 * All are sorted by the service's key; in a namespace dynamic names come
 * first, and for each service its entry comes before what refers to it, that
 * in the order of the lists. So one pass with one namespace's dynamic names in
 * memory is enough, however many there are.
 */

#include <string.h>

#include "tools/links_private.h"

enum {
	LINKS_KEY_MAX = CODEC_KEY_MAX + 16,
	LINKS_NAME_MAX = 65536, /* of a dynamic one, as it is spelled */
	LINKS_VALUE_MAX = 63    /* of a variable in a service's name */
};

/* What stands behind the NUL behind a service's key. */
enum links_kind {
	LINKS_DYNAMIC = 0, /* the key is the namespace alone */
	LINKS_SERVICE,
	LINKS_STATIC,
	LINKS_KIND_COUNT /* last */
};

/* What stands before the spelling of a dynamic name. */
enum { LINKS_WRITTEN = 'w', LINKS_ROUTER = 'r' };

/* ---- the sorter's records ---- */

static void
links_u32(char *to, uint32_t n)
{
	int i;

	for (i = 0; i < 4; i++)
		to[i] = (char)(unsigned char)(n >> (24 - 8 * i));
}

static uint32_t
links_u32_of(const char *from)
{
	uint32_t n = 0;
	int i;

	for (i = 0; i < 4; i++)
		n = n << 8 | (unsigned char)from[i];
	return n;
}

enum { LINKS_TAIL = 10 /* NUL, kind, source, line */ };

static int
links_note(struct links *l, struct str space, struct str name,
    enum links_kind kind, uint32_t source, uint32_t line, struct str text)
{
	char tail[LINKS_TAIL] = { 0, (char)kind };
	struct buf key;
	int got;

	links_u32(tail + 2, source);
	links_u32(tail + 6, line);
	buf_init(&key, LINKS_KEY_MAX);
	CHECK(codec_key_service(&key, space, name) == 0 &&
	    buf_put(&key, (struct str){ tail, sizeof(tail) }) == 0);
	got = sorter_put(l->sorter, buf_view(&key), text, l->e);
	buf_fini(&key);
	return got;
}

/* ---- dynamic names ---- */

/* Does what is spelled like "pre-{x}" make that name? */
static bool
links_makes(struct str spelled, struct str name)
{
	size_t open = str_find(spelled, '{'), i;
	struct str rest;

	if (open == spelled.n)
		return str_eq(spelled, name);
	if (!str_starts(name, str_sub(spelled, 0, open)))
		return false;
	rest = str_sub(spelled, open, spelled.n);
	rest = str_sub(rest, str_find(rest, '}') + 1, rest.n);
	name = str_sub(name, open, name.n);
	for (i = 0; i < name.n && i < LINKS_VALUE_MAX; i++) {
		if (!str_is_digit(name.p[i]) && name.p[i] != '-' &&
		    (name.p[i] < 'a' || name.p[i] > 'z'))
			return false;
		if (links_makes(rest, str_sub(name, i + 1, name.n)))
			return true;
	}
	return false;
}

static bool
links_before(const struct links_dynamic *a, uint32_t source, uint32_t line)
{
	return a->source < source || (a->source == source && a->line <= line);
}

/* Keeps a dynamic name, and the first place where it stands. 0, or -1. */
static int
links_dynamic_add(struct links_dynamics *d, struct arena *a, struct str text,
    uint32_t source, uint32_t line, struct err *e)
{
	struct links_dynamic *at;
	size_t i;

	for (i = 0; i < d->count && !str_eq(d->list[i].text, text); i++)
		;
	if (i == LINKS_DYNAMIC_MAX) {
		d->more = true;
		return 0;
	}
	at = &d->list[i];
	if (i < d->count && links_before(at, source, line))
		return 0;
	if (i == d->count) {
		at->text = arena_copy(a, text);
		if (at->text.p == NULL)
			return links_full(e);
		d->count++;
	}
	at->source = source;
	at->line = line;
	return 0;
}

/* One that makes the name, the first in the lists; NULL: none that is known.*/
static const struct links_dynamic *
links_dynamic_of(const struct links_dynamics *d, struct str name)
{
	const struct links_dynamic *best = NULL;
	size_t i;

	for (i = 0; i < d->count; i++) {
		const struct links_dynamic *one = &d->list[i];

		if (links_makes(one->text, name) && (best == NULL ||
			!links_before(best, one->source, one->line)))
			best = one;
	}
	return best;
}

static bool
links_dynamic_may(const struct links_dynamics *d, struct str name)
{
	return d->more || links_dynamic_of(d, name) != NULL;
}

/* ---- noting ---- */

static int
links_note_ref(struct links *l, const struct service_ref *ref,
    const struct route *r)
{
	struct str space = ref->scope == SERVICE_ROUTER ? l->ask->space :
							  ref->space;
	struct str none = { NULL, 0 }, name;
	struct buf b;
	int got;

	buf_init(&b, LINKS_NAME_MAX);
	got = pattern_print(&ref->name, r, &b);
	name = arena_copy(&l->arena, buf_view(&b));
	buf_fini(&b);
	if (got == -1 || name.p == NULL)
		return links_full(l->e);
	if (ref->scope == SERVICE_OWN)
		return links_note(l, none, name, LINKS_STATIC, r->source,
		    r->line, none);
	if (pattern_is_fixed(&ref->name))
		return links_note(l, space, name, LINKS_STATIC, r->source,
		    r->line, none);
	/* Any namespace may be the router's. */
	if (ref->scope == SERVICE_ROUTER &&
	    links_dynamic_add(&l->router, &l->keep, name, r->source, r->line,
		l->e) == -1)
		return -1;
	return links_note(l, space, none, LINKS_DYNAMIC, r->source, r->line,
	    arena_printf(&l->arena, "%c%.*s",
		ref->scope == SERVICE_ROUTER ? LINKS_ROUTER : LINKS_WRITTEN,
		STR_ARG(name)));
}

int
links_note_route(struct links *l, const struct route *r)
{
	const struct route_target *t;
	size_t i;

	for (i = 0; (t = links_target(r, i)) != NULL; i++)
		if (t->kind == TARGET_SERVICE &&
		    links_note_ref(l, &t->service, r) == -1)
			return -1;
	return 0;
}

int
links_note_service(struct links *l, const struct service *s)
{
	return links_note(l, s->space, s->name, LINKS_SERVICE, s->source,
	    s->line, (struct str){ NULL, 0 });
}

/* ---- telling ---- */

/* One record of the sorter. */
struct links_noted {
	struct str space;
	struct str name; /* empty for LINKS_DYNAMIC */
	enum links_kind kind;
	uint32_t source;
	uint32_t line;
	struct str text;
};

/* The namespace and the service that the pass is at. */
struct links_pass {
	struct links *l;
	struct arena space_arena;
	struct buf space;
	struct links_dynamics dynamics; /* of the namespace */
	struct links_noted first;       /* of them; its text is a copy */
	bool any_dynamic;
	bool any_service;

	struct arena name_arena;
	struct links_noted service; /* space and name of what it is at */
	bool at;
	bool defined;
	bool referred;
};

static struct links_noted
links_noted_of(struct str key, struct str value)
{
	const char *tail = key.p + key.n - LINKS_TAIL;
	struct str whole = str_sub(key, 1, key.n - LINKS_TAIL);
	struct links_noted n = { .text = value };

	CHECK(key.n > LINKS_TAIL && str_cut(whole, '/', &n.space, &n.name));
	n.kind = (enum links_kind)tail[1];
	n.source = links_u32_of(tail + 2);
	n.line = links_u32_of(tail + 6);
	return n;
}

static struct str
links_called(struct links_pass *p, const struct links_noted *n)
{
	return arena_printf(&p->name_arena, "@%.*s%s%.*s", STR_ARG(n->space),
	    n->space.n > 0 ? "/" : "", STR_ARG(n->name));
}

/* What would make the service reached. */
static struct str
links_wanted(struct links_pass *p, const struct links_noted *n)
{
	const struct links *l = p->l;
	const struct links_dynamic *d = n->space.n > 0 ? NULL :
	    links_dynamic_of(&l->router, n->name);

	if (d == NULL)
		return STR("one");
	return arena_printf(&p->name_arena, "'@%.*s/%.*s', which '@%.*s' at "
	    "%.*s reaches (a dynamic name is never the platform's own)",
	    STR_ARG(l->ask->space), STR_ARG(n->name), STR_ARG(d->text),
	    STR_ARG(lint_place_print(l->ask->lint,
		links_place(l, d->source, d->line))));
}

/* The service, or what refers to none, is behind the pass. */
static void
links_service_end(struct links_pass *p)
{
	const struct links_noted *n = &p->service;
	struct links *l = p->l;
	bool reached = p->referred;

	if (!p->at)
		return;
	p->at = false;
	if (!reached && n->space.n > 0)
		reached = links_dynamic_may(&p->dynamics, n->name) ||
		    links_dynamic_may(&l->router, n->name);
	if (!p->defined)
		lint_tell(l->ask->lint, LINT_SERVICE_UNKNOWN,
		    links_place(l, n->source, n->line), links_called(p, n),
		    (struct str){ NULL, 0 });
	else if (!reached)
		lint_tell(l->ask->lint, LINT_SERVICE_UNREACHED,
		    links_place(l, n->source, n->line), links_called(p, n),
		    links_wanted(p, n));
}

static void
links_space_end(struct links_pass *p)
{
	const struct links_noted *n = &p->first;

	links_service_end(p);
	if (p->any_dynamic && !p->any_service)
		lint_tell(p->l->ask->lint, LINT_SERVICE_NONE,
		    links_place(p->l, n->source, n->line),
		    arena_printf(&p->space_arena, "@%.*s%s%.*s",
			n->text.p[0] == LINKS_ROUTER ? 0 :
				str_int(buf_len(&p->space)),
			buf_view(&p->space).p,
			n->text.p[0] == LINKS_ROUTER ? "" : "/",
			STR_ARG(str_sub(n->text, 1, n->text.n))),
		    buf_view(&p->space));
	p->any_dynamic = p->any_service = false;
	p->dynamics.count = 0;
	p->dynamics.more = false;
	arena_reset(&p->space_arena);
	buf_clear(&p->space);
}

static int
links_pass_dynamic(struct links_pass *p, const struct links_noted *n)
{
	if (!p->any_dynamic) {
		p->first = *n;
		p->first.text = arena_copy(&p->space_arena, n->text);
		if (p->first.text.p == NULL)
			return links_full(p->l->e);
	}
	p->any_dynamic = true;
	return links_dynamic_add(&p->dynamics, &p->space_arena,
	    str_sub(n->text, 1, n->text.n), n->source, n->line, p->l->e);
}

static int
links_pass_one(struct links_pass *p, const struct links_noted *n)
{
	if (!str_eq(n->space, buf_view(&p->space))) {
		links_space_end(p);
		if (buf_put(&p->space, n->space) == -1)
			return links_full(p->l->e);
	}
	if (n->kind == LINKS_DYNAMIC)
		return links_pass_dynamic(p, n);
	if (!p->at || !str_eq(n->name, p->service.name)) {
		links_service_end(p);
		arena_reset(&p->name_arena);
		p->service = *n;
		p->service.space = buf_view(&p->space);
		p->service.name = arena_copy(&p->name_arena, n->name);
		if (p->service.name.p == NULL)
			return links_full(p->l->e);
		p->at = true;
		p->defined = p->referred = false;
	}
	p->defined = p->defined || n->kind == LINKS_SERVICE;
	p->referred = p->referred || n->kind == LINKS_STATIC;
	p->any_service = p->any_service || n->kind == LINKS_SERVICE;
	return 0;
}

int
links_services(struct links *l)
{
	struct links_pass p = { .l = l };
	struct str key, value;
	int got;

	if (sorter_sort(l->sorter, l->e) == -1)
		return -1;
	arena_init(&p.space_arena, LINKS_MEMORY);
	arena_init(&p.name_arena, LINKS_MEMORY);
	buf_init(&p.space, LINKS_KEY_MAX);
	while ((got = sorter_next(l->sorter, &key, &value, l->e)) == 1) {
		struct links_noted n = links_noted_of(key, value);

		if (links_pass_one(&p, &n) == -1) {
			got = -1;
			break;
		}
	}
	if (got == 0)
		links_space_end(&p);
	arena_fini(&p.space_arena);
	arena_fini(&p.name_arena);
	buf_fini(&p.space);
	return got;
}
