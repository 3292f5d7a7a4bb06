/* SPDX-License-Identifier: BSD-2-Clause */

/* collect_names: the X- names that request rules set. */

#include <stdlib.h>
#include <string.h>

#include "http/header.h"
#include "tools/collect_private.h"

/* The name among those known, or where it belongs. */
static bool
collect_name_find(const struct collect *c, struct str name, size_t *at)
{
	size_t low = 0, high = c->name_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = str_cmp(c->names[mid], name);

		*at = mid;
		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*at = low;
	return false;
}

_Static_assert(COLLECT_NAMES_MAX == 1024 * 1024, "as is said below");

static int
collect_name_full(struct lint_place at, struct err *e)
{
	return err_set(e, REASON_INTERNAL,
	    "%.*s:%u:%u: with this route the X- names that request rules set "
	    "have more than 1 MiB, expected fewer names", STR_ARG(at.file),
	    at.line, at.col);
}

/* All but letters and digits is '-' in it: CGI makes one name of them. */
static int
collect_name(struct collect *c, struct str name, struct lint_place place,
    struct err *e)
{
	struct str low = name;
	struct str *names;
	char *p;
	size_t at, i;

	arena_reset(&c->record);
	p = arena_alloc(&c->record, low.n);
	for (i = 0; p != NULL && i < low.n; i++)
		p[i] = str_is_alnum(name.p[i]) ? str_lower(name.p[i]) : '-';
	low.p = p;
	if (p == NULL || collect_name_find(c, low, &at))
		return p == NULL ? collect_full(e) : 0;
	if (c->name_size + low.n >= COLLECT_NAMES_MAX)
		return collect_name_full(place, e);
	names = reallocarray(c->names, c->name_count + 1, sizeof(*names));
	if (names == NULL)
		return collect_full(e);
	c->names = names;
	memmove(names + at + 1, names + at,
	    (c->name_count - at) * sizeof(*names));
	names[at] = arena_copy(&c->arena, low);
	c->name_count++;
	c->name_size += low.n + 1;
	return c->arena.full ? collect_full(e) : 0;
}

int
collect_names(struct collect *c, const struct words *words,
    struct lint_place place, struct err *e)
{
	size_t i;

	for (i = 0; words != NULL && i < words->rule_count; i++) {
		const struct header_rule *rule = &words->rules[i];

		if (rule->side == HEADER_REQUEST &&
		    rule->verb != HEADER_REMOVE &&
		    header_same_variable(str_sub(rule->name, 0, 2),
			STR("x-")) &&
		    collect_name(c, rule->name, place, e) == -1)
			return -1;
	}
	return 0;
}

struct str
collect_headers(struct collect *c)
{
	size_t i;

	buf_clear(&c->name_list);
	for (i = 0; i < c->name_count; i++)
		CHECK((i == 0 || buf_put(&c->name_list, STR("\n")) == 0) &&
		    buf_put(&c->name_list, c->names[i]) == 0);
	return buf_view(&c->name_list);
}
