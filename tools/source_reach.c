/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * source_reach: `when` lines that are never reached, and conditions that never
 * hold together. Only what is certain is told: of two conditions, whether one
 * follows from the other or rules it out.
 */

#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

static bool
reach_same_name(const struct route_cond *a, const struct route_cond *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == COND_HEADER ? str_eq_nocase(a->name, b->name) :
					str_eq(a->name, b->name);
}

/* Is every range of a within one of b? */
static bool
reach_ranges_within(const struct cidr_list *a, const struct cidr_list *b)
{
	size_t i, j;

	for (i = 0; i < a->count; i++) {
		for (j = 0; j < b->count; j++)
			if (source_value_within(&a->list[i], &b->list[j]))
				break;
		if (j == b->count)
			return false;
	}
	return true;
}

static bool
reach_ranges_apart(const struct cidr_list *a, const struct cidr_list *b)
{
	size_t i, j;

	for (i = 0; i < a->count; i++)
		for (j = 0; j < b->count; j++)
			if (source_value_within(&a->list[i], &b->list[j]) ||
			    source_value_within(&b->list[j], &a->list[i]))
				return false;
	return true;
}

static bool
reach_has_method(struct str list, struct str method)
{
	struct str one;
	bool more;

	do {
		more = str_cut(list, ',', &one, &list);
		if (str_eq(one, method))
			return true;
	} while (more);
	return false;
}

/* Has `list` all of those methods (or, apart: none of them)? */
static bool
reach_methods(struct str those, struct str list, bool apart)
{
	struct str one;
	bool more;

	do {
		more = str_cut(those, ',', &one, &those);
		if (reach_has_method(list, one) == apart)
			return false;
	} while (more);
	return true;
}

/* Without their '!': does b hold wherever a does? */
static bool
reach_covers(const struct route_cond *a, const struct route_cond *b)
{
	if (!reach_same_name(a, b))
		return false;
	switch (a->kind) {
	case COND_METHOD:
		return reach_methods(a->value, b->value, false);
	case COND_CLIENT:
		return reach_ranges_within(&a->ranges, &b->ranges);
	case COND_SCHEME:
		return str_eq(a->value, b->value);
	default:
		return !b->has_value ||
		    (a->has_value && str_eq(a->value, b->value));
	}
}

/* Without their '!': can never both hold? */
static bool
reach_excludes(const struct route_cond *a, const struct route_cond *b)
{
	if (!reach_same_name(a, b))
		return false;
	switch (a->kind) {
	case COND_METHOD:
		return reach_methods(a->value, b->value, true);
	case COND_CLIENT:
		return reach_ranges_apart(&a->ranges, &b->ranges);
	case COND_SCHEME:
		return !str_eq(a->value, b->value);
	default:
		return false; /* of repeated ones any may match */
	}
}

/* Any address at all, and not negated. */
static bool
reach_always(const struct route_cond *c)
{
	size_t i;

	for (i = 0; c->kind == COND_CLIENT && i < c->ranges.count; i++)
		if (c->ranges.list[i].bits == 0)
			return !c->negated;
	return false;
}

/* Does b hold wherever a does? */
static bool
reach_implies(const struct route_cond *a, const struct route_cond *b)
{
	struct route_cond other;

	if (reach_always(b))
		return true;
	if (!a->negated && !b->negated)
		return reach_covers(a, b);
	if (a->negated && b->negated)
		return reach_covers(b, a);
	if (!a->negated)
		return reach_excludes(a, b);
	/* A scheme that is not the one is the other. */
	other = *a;
	other.value = str_eq(a->value, STR("http")) ? STR("https") :
						      STR("http");
	return a->kind == COND_SCHEME && reach_covers(&other, b);
}

/* Can a and b never both hold? */
static bool
reach_contradict(const struct route_cond *a, const struct route_cond *b)
{
	struct route_cond not_a = *a, not_b = *b;

	not_a.negated = !a->negated;
	not_b.negated = !b->negated;
	return reach_implies(a, &not_b) || reach_implies(b, &not_a);
}

/* The tokens of a clause are "when", its conditions, "->" ... */
static void
reach_check_conds(struct source_entry *en, const struct lines_line *line,
    const struct route_when *when)
{
	size_t i, j;

	for (i = 0; i < when->cond_count; i++) {
		for (j = 0; j < i; j++) {
			if (!reach_contradict(&when->conds[i],
				&when->conds[j]))
				continue;
			source_tell(en, LINT_WHEN_NEVER, &line->tokens[i + 1],
			    0, line->tokens[j + 1].text,
			    line->tokens[i + 1].text);
			return;
		}
	}
}

/* Does one of those conditions hold wherever all of `when` do? */
static bool
reach_any_implies(const struct route_when *when, const struct route_cond *c)
{
	size_t i;

	for (i = 0; i < when->cond_count; i++)
		if (reach_implies(&when->conds[i], c))
			return true;
	return false;
}

/* Has the earlier one held wherever the later one would? */
static bool
reach_hides(const struct route_when *earlier, const struct route_when *later)
{
	size_t i;

	for (i = 0; i < earlier->cond_count; i++)
		if (!reach_any_implies(later, &earlier->conds[i]))
			return false;
	return true;
}

static bool
reach_is_always(const struct route_when *when)
{
	size_t i;

	for (i = 0; i < when->cond_count; i++)
		if (!reach_always(&when->conds[i]))
			return false;
	return true;
}

/* The clause that begins at that line of the list. */
static const struct lines_line *
reach_line(const struct source_entry *en, uint32_t number)
{
	size_t i = 1;

	while (en->lines->lines[i].tokens[0].place.line != number)
		i++;
	return &en->lines->lines[i];
}

void
source_when_check(struct source_entry *en)
{
	const struct route *r = &en->out->route;
	const struct route_when *whens = r->whens;
	size_t i, j;

	for (i = 0; i < r->when_count; i++) {
		const struct lines_line *line = reach_line(en, whens[i].line);

		reach_check_conds(en, line, &whens[i]);
		if (reach_is_always(&whens[i])) {
			source_tell(en, LINT_WHEN_ALWAYS, &line->tokens[0], 0,
			    none, none);
			return;
		}
		for (j = 0; j < i; j++) {
			if (!reach_hides(&whens[j], &whens[i]))
				continue;
			source_tell(en, LINT_WHEN_UNREACHED, &line->tokens[0],
			    0, lint_place_print(en->source->lint,
				reach_line(en, whens[j].line)->tokens[0]
				    .place), none);
			break;
		}
	}
}
