/* SPDX-License-Identifier: BSD-2-Clause */

/* dump: the records of a map, one after the other, to the printer. */

#include "tools/dump.h"

#include <inttypes.h>

#include "route/codec.h"
#include "route/route.h"

enum { DUMP_MEMORY = 64 * 1024 * 1024 }; /* of one record */

struct dump {
	FILE *to;
	const struct dump_choice *choice;
	struct str sources;
	struct printer *printer;
	struct arena arena; /* of one record */
	struct err *e;
};

int
dump_read(struct str key, struct str value, struct arena *a,
    struct dump_entry *out, struct err *e)
{
	struct route_host *host = NULL;
	struct service *service;
	struct route *route;
	int got;

	*out = (struct dump_entry){ NULL, NULL };
	if (key.n == 0 || key.p[0] == CODEC_META || key.p[0] == CODEC_LAST)
		return 0;
	if (key.p[0] == CODEC_SERVICE) {
		service = arena_alloc(a, sizeof(*service));
		out->service = service;
		got = service == NULL ? -1 :
		    codec_get_service(key, value, a, service, e);
	} else if (codec_key_is_host(key)) {
		host = arena_alloc(a, sizeof(*host));
		got = host == NULL ? -1 :
		    codec_get_host(key, value, a, host, e);
		out->route = got == 0 ? &host->rule : NULL;
	} else {
		route = arena_alloc(a, sizeof(*route));
		out->route = route;
		got = route == NULL ? -1 :
		    codec_get_route(key, value, a, route, e);
	}
	if (a->full)
		return err_set(e, REASON_OVERLOADED, "out of memory");
	return got == -1 ? -1 : host == NULL || host->has_rule;
}

static bool
dump_words_have(const struct words *w, const struct route_tag *tag)
{
	size_t i;

	for (i = 0; w != NULL && i < w->tag_count; i++)
		if (str_eq(w->tags[i].key, tag->key))
			return tag->value.n == 0 ||
			    str_eq(w->tags[i].value, tag->value);
	return false;
}

static bool
dump_words_name(const struct words *w, const struct route_tag *tag)
{
	struct route_tag any = { tag->key, { NULL, 0 } };

	return dump_words_have(w, &any);
}

bool
dump_has_tag(const struct dump_entry *entry, const struct route_tag *tag)
{
	if (entry->service != NULL)
		return dump_words_have(entry->service->own, tag);
	/* The route's own value wins over that of %defaults. */
	if (dump_words_name(entry->route->own, tag))
		return dump_words_have(entry->route->own, tag);
	return dump_words_have(entry->route->defaults, tag);
}

/* "# file:line", of the source of that number. */
static void
dump_place(struct str sources, uint32_t source, uint32_t line, FILE *to)
{
	struct str name, rest = sources;

	(void)str_cut(rest, '\n', &name, &rest);
	for (; source > 0; source--)
		(void)str_cut(rest, '\n', &name, &rest);
	(void)fputs("# ", to);
	printer_write(name, to);
	(void)fprintf(to, ":%" PRIu32 "\n", line);
}

int
dump_print(struct printer *p, const struct dump_entry *entry,
    const struct str *sources, FILE *to, struct err *e)
{
	if (entry->service != NULL) {
		if (sources != NULL)
			dump_place(*sources, entry->service->source,
			    entry->service->line, to);
		return printer_service(p, entry->service, e);
	}
	if (sources != NULL)
		dump_place(*sources, entry->route->source, entry->route->line,
		    to);
	return printer_route(p, entry->route, e);
}

static int
dump_record(void *arg, struct str key, struct str value)
{
	struct dump *d = arg;
	struct dump_entry entry;
	int got;

	arena_reset(&d->arena);
	got = dump_read(key, value, &d->arena, &entry, d->e);
	if (got != 1)
		return got;
	if (d->choice->tag != NULL && !dump_has_tag(&entry, d->choice->tag))
		return 0;
	return dump_print(d->printer, &entry,
	    d->choice->places ? &d->sources : NULL, d->to, d->e);
}

int
dump_map(struct store *s, const struct dump_choice *choice, FILE *to,
    struct err *e)
{
	struct dump d = { .to = to, .choice = choice, .e = e };
	int got;

	if (store_check_sum(s, e) == -1)
		return -1;
	d.sources = store_meta(s)->sources;
	(void)fprintf(to, "# generation %" PRIu64 ", %" PRIu64 " records\n",
	    store_meta(s)->generation, store_meta(s)->records);
	arena_init(&d.arena, DUMP_MEMORY);
	d.printer = printer_new(to);
	got = store_walk(s, dump_record, &d, e);
	if (got == 0 && !store_sound(s))
		got = err_set(e, REASON_MAP_BROKEN,
		    "the map was written over while it was read");
	printer_free(&d.printer);
	arena_fini(&d.arena);
	return got;
}
