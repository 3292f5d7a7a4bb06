/* SPDX-License-Identifier: BSD-2-Clause */

/* route: words of targets, names, and the order of shapes. */

#include "route/route.h"

#include "base/check.h"

static const char *const route_schemes[] = {
	[ORIGIN_HTTP] = "http",
	[ORIGIN_HTTPS] = "https",
	[ORIGIN_UNIX] = "unix",
};

static const char *const route_pages[] = {
	[INTERNAL_HEALTH] = "health",
	[INTERNAL_ASK] = "ask",
	[INTERNAL_STATUS] = "status",
	[INTERNAL_METRICS] = "metrics",
};

const char *
origin_scheme_word(enum origin_scheme scheme)
{
	CHECK(scheme < ORIGIN_SCHEME_COUNT);
	return route_schemes[scheme];
}

const char *
internal_word(enum internal_page page)
{
	CHECK(page < INTERNAL_COUNT);
	return route_pages[page];
}

bool
internal_find(struct str word, enum internal_page *out)
{
	int page;

	for (page = 0; page < INTERNAL_COUNT; page++) {
		if (str_eq(word, str_of(route_pages[page]))) {
			*out = (enum internal_page)page;
			return true;
		}
	}
	return false;
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
