/* SPDX-License-Identifier: BSD-2-Clause */

/* route: the table of directives, and the order of shapes. */

#include "route/route.h"

#include "base/check.h"

enum route_directive_kind { FLAG = 0, VALUE };

static const struct {
	const char *word;
	int id;
	enum route_directive_kind kind;
	const char *manual;
} route_directives[] = {
#define DIRECTIVE(name, id, word, kind, manual) { word, id, kind, manual },
#include "route/directive.tbl.h"
#undef DIRECTIVE
};

static const char *const route_schemes[] = {
	[ORIGIN_HTTP] = "http",
	[ORIGIN_HTTPS] = "https",
	[ORIGIN_UNIX] = "unix",
};

const char *
directive_word(enum directive d)
{
	CHECK(d < DIRECTIVE_COUNT);
	return route_directives[d].word;
}

int
directive_id(enum directive d)
{
	CHECK(d < DIRECTIVE_COUNT);
	return route_directives[d].id;
}

bool
directive_is_flag(enum directive d)
{
	CHECK(d < DIRECTIVE_COUNT);
	return route_directives[d].kind == FLAG;
}

const char *
directive_manual(enum directive d)
{
	CHECK(d < DIRECTIVE_COUNT);
	return route_directives[d].manual;
}

bool
directive_find(struct str word, enum directive *out)
{
	int d;

	for (d = 0; d < DIRECTIVE_COUNT; d++) {
		if (str_eq(word, str_of(route_directives[d].word))) {
			*out = (enum directive)d;
			return true;
		}
	}
	return false;
}

const char *
origin_scheme_word(enum origin_scheme scheme)
{
	CHECK(scheme < ORIGIN_SCHEME_COUNT);
	return route_schemes[scheme];
}

int
route_shape_order(const struct route_shape *a, const struct route_shape *b)
{
	uint32_t differ = a->captures ^ b->captures;

	if (a->segments != b->segments)
		return b->segments - a->segments;
	/* The lowest bit that differs is the leftmost segment that does. */
	if (differ != 0)
		return (a->captures & (differ & -differ)) != 0 ? 1 : -1;
	return b->exact - a->exact;
}
