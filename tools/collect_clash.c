/* SPDX-License-Identifier: BSD-2-Clause */

/* collect_clash: two entries under one key: repeated, contradicting, or the
 * later one wins. */

#include <string.h>

#include "tools/collect_private.h"

/* A route's record without where it came from. */
static int
collect_bare_route(struct collect *c, struct str key, struct str bytes,
    struct err *e)
{
	struct route *r = arena_alloc(&c->record, sizeof(*r));
	size_t i;

	if (r == NULL)
		return collect_full(e);
	if (codec_get_route(key, bytes, &c->record, r, e) == -1)
		return -1;
	r->source = 0;
	r->line = 0;
	for (i = 0; i < r->when_count; i++)
		r->whens[i].line = 0;
	return codec_put_route(r, &c->value, e);
}

static int
collect_bare_service(struct collect *c, struct str key, struct str bytes,
    struct err *e)
{
	struct service *s = arena_alloc(&c->record, sizeof(*s));

	if (s == NULL)
		return collect_full(e);
	if (codec_get_service(key, bytes, &c->record, s, e) == -1)
		return -1;
	s->source = 0;
	s->line = 0;
	return codec_put_service(s, &c->value, e);
}

/* The record without where it came from, in the arena. */
static int
collect_bare(struct collect *c, struct str key, struct str bytes,
    struct str *out, struct err *e)
{
	buf_clear(&c->value);
	if ((key.p[0] == CODEC_SERVICE ?
		collect_bare_service(c, key, bytes, e) :
		collect_bare_route(c, key, bytes, e)) == -1)
		return -1;
	*out = arena_copy(&c->record, buf_view(&c->value));
	return c->record.full ? collect_full(e) : 0;
}

/* What people call the record under that key: MATCH, or a service's name. */
static int
collect_called(struct collect *c, struct str key, struct str bytes,
    struct str *out, struct err *e)
{
	struct route *r = arena_alloc(&c->record, sizeof(*r));
	struct str name;

	if (r == NULL)
		return collect_full(e);
	if (key.p[0] == CODEC_SERVICE) {
		name = str_sub(key, 1, key.n);
		if (str_starts(name, STR("/")))
			name = str_sub(name, 1, name.n);
		*out = arena_printf(&c->record, "@%.*s", STR_ARG(name));
		return c->record.full ? collect_full(e) : 0;
	}
	if (codec_get_route(key, bytes, &c->record, r, e) == -1)
		return -1;
	*out = r->match;
	return 0;
}

/* The later record takes the place of the one before. */
static int
collect_last_wins(struct collect *c, struct str key,
    const struct collect_head *first, const struct collect_head *head,
    struct str bytes, struct err *e)
{
	struct str called;

	arena_reset(&c->record);
	if (collect_called(c, key, bytes, &called, e) == -1)
		return -1;
	lint_tell(c->lint, LINT_REWRITEMAP_TWICE, collect_place(c, head),
	    called, lint_place_print(c->lint, collect_place(c, first)));
	buf_clear(&c->last);
	if (buf_put(&c->last,
		(struct str){ (const char *)head, sizeof(*head) }) == -1 ||
	    buf_put(&c->last, bytes) == -1)
		return collect_full(e);
	return 0;
}

int
collect_clash(struct collect *c, struct str key,
    const struct collect_head *head, struct str bytes, struct err *e)
{
	const bool service = key.p[0] == CODEC_SERVICE;
	struct str old = buf_view(&c->last), one, two, called;
	struct collect_head first;
	enum lint_finding same, other;

	memcpy(&first, old.p, sizeof(first));
	if (head->last_wins && first.last_wins)
		return collect_last_wins(c, key, &first, head, bytes, e);
	if (head->broken || first.broken)
		return 0;
	arena_reset(&c->record);
	if (collect_bare(c, key, str_sub(old, sizeof(first), old.n), &one,
		e) == -1 ||
	    collect_bare(c, key, bytes, &two, e) == -1 ||
	    collect_called(c, key, bytes, &called, e) == -1)
		return -1;
	same = service ? LINT_SERVICE_REPEATED : LINT_ROUTE_REPEATED;
	other = service ? LINT_SERVICE_CONTRADICTS : LINT_ROUTE_CONTRADICTS;
	lint_tell(c->lint, str_eq(one, two) ? same : other,
	    collect_place(c, head), called,
	    lint_place_print(c->lint, collect_place(c, &first)));
	return 0;
}
