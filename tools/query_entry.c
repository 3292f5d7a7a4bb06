/* SPDX-License-Identifier: BSD-2-Clause */

/* query_entry: one entry, its text and what it says. */

#include "tools/query_entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "route/codec.h"
#include "route/route.h"
#include "tools/json.h"
#include "tools/printer.h"

enum { QUERY_ENTRY_MEMORY = 64 * 1024 * 1024 };

struct query_entry {
	struct arena arena; /* of what was read */
	struct json *json;
	FILE *to; /* into text */
	char *text;
	size_t n;
};

struct query_entry *
query_entry_new(void)
{
	struct query_entry *x = calloc(1, sizeof(*x));

	CHECK(x != NULL);
	arena_init(&x->arena, QUERY_ENTRY_MEMORY);
	x->json = json_new();
	x->to = open_memstream(&x->text, &x->n);
	CHECK(x->to != NULL);
	return x;
}

void
query_entry_free(struct query_entry **x)
{
	if (*x == NULL)
		return;
	(void)fclose((*x)->to);
	free((*x)->text);
	json_free(&(*x)->json);
	arena_fini(&(*x)->arena);
	free(*x);
	*x = NULL;
}

int
query_entry_read(struct query_entry *x, struct str key, struct str value,
    struct dump_entry *out, struct err *e)
{
	arena_reset(&x->arena);
	return dump_read(key, value, &x->arena, out, e);
}

int
query_entry_text(struct query_entry *x, const struct query_map *m,
    const struct dump_entry *entry, bool places, struct str *out,
    struct err *e)
{
	struct printer *printer = printer_new(x->to);
	int got;

	rewind(x->to);
	got = dump_print(printer, entry, places ?
	    &m->lookup.meta->sources : NULL, x->to, e);
	printer_free(&printer);
	CHECK(fflush(x->to) == 0);
	*out = (struct str){ x->text, x->n };
	return got;
}

int
query_entry_tell(struct query_entry *x, const struct query_map *m,
    const struct dump_entry *entry, const char *word, struct err *e)
{
	const struct service *s = entry->service;
	const struct route *r = entry->route;
	struct str text, name, place;

	if (query_entry_text(x, m, entry, false, &text, e) == -1)
		return -1;
	name = s == NULL ? r->match : arena_printf(&x->arena,
	    "@%.*s%s%.*s", STR_ARG(s->space), s->space.n > 0 ? "/" : "",
	    STR_ARG(s->name));
	place = s == NULL ? query_place(m, r->source, r->line, &x->arena) :
	    query_place(m, s->source, s->line, &x->arena);
	if (name.p == NULL || place.p == NULL)
		return err_set(e, REASON_OVERLOADED, "no room for an entry");
	json_text(x->json, "kind", s == NULL ? STR("route") : STR("service"));
	json_text(x->json, "name", name);
	json_text(x->json, "place", place);
	json_text(x->json, word, text);
	return 0;
}

void
query_entry_write(struct query_entry *x)
{
	json_write(x->json, stdout);
}

struct json *
query_entry_json(struct query_entry *x)
{
	return x->json;
}

/* ---- the same? ---- */

/* The record of the entry as if it stood nowhere. 0, or -1 and e. */
static int
query_entry_record(const struct dump_entry *entry, struct arena *a,
    struct buf *to, struct err *e)
{
	struct service service;
	struct route route;
	size_t i;

	if (entry->service != NULL) {
		service = *entry->service;
		service.source = service.line = 0;
		return codec_put_service(&service, to, e);
	}
	route = *entry->route;
	route.source = route.line = 0;
	if (route.when_count > 0) {
		size_t n = route.when_count * sizeof(*route.whens);

		route.whens = arena_alloc(a, n);
		if (route.whens == NULL)
			return err_set(e, REASON_OVERLOADED,
			    "no room for an entry");
		memcpy(route.whens, entry->route->whens, n);
	}
	for (i = 0; i < route.when_count; i++)
		route.whens[i].line = 0;
	return codec_put_route(&route, to, e);
}

int
query_entry_same(const struct dump_entry *a, const struct dump_entry *b,
    struct arena *scratch, struct err *e)
{
	struct buf one, other;
	int got = -1;

	if ((a->service == NULL) != (b->service == NULL))
		return 0;
	buf_init(&one, QUERY_ENTRY_MEMORY);
	buf_init(&other, QUERY_ENTRY_MEMORY);
	if (query_entry_record(a, scratch, &one, e) == 0 &&
	    query_entry_record(b, scratch, &other, e) == 0)
		got = str_eq(buf_view(&one), buf_view(&other));
	buf_fini(&one);
	buf_fini(&other);
	return got;
}
