/* SPDX-License-Identifier: BSD-2-Clause */

/* dump: the records of a map, one after the other, to the printer. */

#include "tools/dump.h"

#include <inttypes.h>

#include "base/arena.h"
#include "route/codec.h"
#include "route/route.h"
#include "tools/printer.h"

enum { DUMP_MEMORY = 32 * 1024 * 1024 }; /* of one record */

struct dump {
	FILE *to;
	bool places;
	struct printer *printer;
	struct arena arena; /* of one record */
	struct err *e;
};

static int
dump_route(struct dump *d, struct str key, const struct route *r)
{
	if (d->places) {
		(void)fputs("# ", d->to);
		printer_write(r->source, d->to);
		(void)fprintf(d->to, ":%u\n", r->line);
	}
	return printer_route(d->printer, key, r, d->e);
}

static int
dump_record(void *arg, struct str key, struct str value)
{
	struct dump *d = arg;
	struct route_host *host;
	struct route *route;

	arena_reset(&d->arena);
	if (key.n == 0 || key.p[0] == CODEC_META || key.p[0] == CODEC_LAST)
		return 0;
	if (store_key_is_host(key)) {
		host = arena_alloc(&d->arena, sizeof(*host));
		CHECK(host != NULL);
		if (codec_get_host(value, &d->arena, host, d->e) == -1)
			return -1;
		return host->has_rule ? dump_route(d, key, &host->rule) : 0;
	}
	route = arena_alloc(&d->arena, sizeof(*route));
	CHECK(route != NULL);
	if (codec_get_route(value, &d->arena, route, d->e) == -1)
		return -1;
	return dump_route(d, key, route);
}

int
dump_map(struct store *s, bool places, FILE *to, struct err *e)
{
	struct dump d = { .to = to, .places = places, .e = e };
	int got;

	if (store_check_sum(s, e) == -1)
		return -1;
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
