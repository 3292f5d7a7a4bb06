/* SPDX-License-Identifier: BSD-2-Clause */

/* record: its fields, by name. */

#include "report/record.h"

#include <string.h>

const struct record_row record_rows[RECORD_FIELDS] = {
#define RECORD(member, kind, name, most, manual) \
	{ RECORD_KIND_##kind, offsetof(struct record, member), most, name, \
	  manual },
#include "report/record.tbl.h"
#undef RECORD
};

bool
record_find(struct str name, enum record_field *out)
{
	size_t i;

	for (i = 0; i < RECORD_FIELDS; i++) {
		if (!str_eq(name, str_of(record_rows[i].name)))
			continue;
		*out = (enum record_field)i;
		return true;
	}
	return false;
}

struct str
record_tag(const struct record_tags *tags, struct str key)
{
	size_t i;

	for (i = 0; i < tags->count; i++)
		if (str_eq(tags->list[i].key, key))
			return tags->list[i].value;
	return (struct str){ NULL, 0 };
}

void
record_init(struct record *r)
{
	memset(r, 0, sizeof(*r));
	r->lookup_us = r->auth_us = r->connect_us = r->origin_us = -1;
	r->first_us = r->total_us = -1;
}
