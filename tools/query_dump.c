/* SPDX-License-Identifier: BSD-2-Clause */

/* query_dump: a map as a list, or what of it carries a tag. */

#include <stdio.h>

#include "route/route.h"
#include "tools/dump.h"
#include "tools/query.h"
#include "tools/query_entry.h"

struct query_dump {
	const struct query_map *map;
	const struct route_tag *tag; /* or NULL */
	struct query_entry *entry;
	struct err *e;
};

static int
query_dump_see(void *arg, struct str key, struct str value)
{
	struct query_dump *d = arg;
	struct dump_entry entry;
	int got = query_entry_read(d->entry, key, value, &entry, d->e);

	if (got != 1)
		return got;
	if (d->tag != NULL && !dump_has_tag(&entry, d->tag))
		return 0;
	if (query_entry_tell(d->entry, d->map, &entry, "entry", d->e) == -1)
		return -1;
	query_entry_write(d->entry);
	return 0;
}

/* As objects, one an entry. 0, or -1 and e. */
static int
query_dump_objects(struct query *q, const struct route_tag *tag,
    struct err *e)
{
	struct query_dump d = { .map = &q->maps[0], .tag = tag, .e = e };
	int got;

	if (store_check_sum(d.map->store, e) == -1)
		return -1;
	d.entry = query_entry_new();
	got = store_walk(d.map->store, query_dump_see, &d, e);
	query_entry_free(&d.entry);
	if (got == 0 && !store_sound(d.map->store))
		return err_set(e, REASON_MAP_BROKEN,
		    "%s: written over while it was read", d.map->path);
	return got;
}

int
query_dump(struct query *q, struct str tag)
{
	struct dump_choice choice = { .places = q->verbose };
	struct route_tag wanted;
	struct err e;
	int got;

	if (tag.p != NULL) {
		(void)str_cut(tag, ':', &wanted.key, &wanted.value);
		choice.tag = &wanted;
	}
	if (query_open(q, &e) == -1)
		return tool_trouble(&e);
	got = q->json ? query_dump_objects(q, choice.tag, &e) :
	    dump_map(q->maps[0].store, &choice, stdout, &e);
	return got == -1 ? tool_trouble(&e) : TOOL_YES;
}
