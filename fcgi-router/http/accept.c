/* SPDX-License-Identifier: BSD-2-Clause */

/* accept: two types are looked for in one walk over the ranges. */

#include "http/accept.h"

enum { ACCEPT_WHOLE = 1000 }; /* a weight of 1, in thousandths */

/* How closely a range names a type. */
enum accept_rank {
	ACCEPT_NOT = 0,
	ACCEPT_ANY,    /* its star, star */
	ACCEPT_MAIN,   /* text, star */
	ACCEPT_SUFFIX, /* application/problem+json */
	ACCEPT_EXACT,
	ACCEPT_RANK_COUNT /* last */
};

struct accept_wish {
	enum accept_rank rank;
	int weight;
	size_t place; /* among the ranges */
};

/* "0.25": RFC 9110 12.4.2. */
static int
accept_weight(struct str text)
{
	int weight = 0, unit = ACCEPT_WHOLE;
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (i == 1 ? text.p[i] != '.' : !str_is_digit(text.p[i]))
			return ACCEPT_WHOLE;
		if (i == 1)
			continue;
		weight += unit * (text.p[i] - '0');
		unit /= 10;
	}
	return text.n == 0 || text.n > 5 || weight > ACCEPT_WHOLE ?
	    ACCEPT_WHOLE : weight;
}

/* Of a range's parameters the weight. */
static int
accept_weight_of(struct str parameters)
{
	struct str one, name, value;

	while (parameters.n > 0) {
		(void)str_cut(parameters, ';', &one, &parameters);
		(void)str_cut(one, '=', &name, &value);
		if (str_eq_nocase(str_trim(name), STR("q")))
			return accept_weight(str_trim(value));
	}
	return ACCEPT_WHOLE;
}

static enum accept_rank
accept_rank_json(struct str range)
{
	const struct str suffix = STR("+json");

	if (str_eq_nocase(range, STR("application/json")))
		return ACCEPT_EXACT;
	if (range.n > suffix.n && str_eq_nocase(
	    str_sub(range, range.n - suffix.n, range.n), suffix))
		return ACCEPT_SUFFIX;
	if (str_eq_nocase(range, STR("application/*")))
		return ACCEPT_MAIN;
	return str_eq(range, STR("*/*")) ? ACCEPT_ANY : ACCEPT_NOT;
}

static enum accept_rank
accept_rank_html(struct str range)
{
	if (str_eq_nocase(range, STR("text/html")))
		return ACCEPT_EXACT;
	if (str_eq_nocase(range, STR("text/*")))
		return ACCEPT_MAIN;
	return str_eq(range, STR("*/*")) ? ACCEPT_ANY : ACCEPT_NOT;
}

/* The closest range speaks, the first of those. */
static void
accept_note(struct accept_wish *wish, enum accept_rank rank, int weight,
    size_t place)
{
	if (rank > wish->rank)
		*wish = (struct accept_wish){ rank, weight, place };
}

bool
accept_prefers_json(const struct header *fields)
{
	struct accept_wish json = { ACCEPT_NOT, 0, 0 };
	struct accept_wish html = { ACCEPT_NOT, 0, 0 };
	size_t i, at, place = 0;
	struct str element, range, parameters;

	for (i = 0; i < fields->count; i++) {
		if (!str_eq_nocase(fields->fields[i].name, STR("Accept")))
			continue;
		for (at = 0; header_list_next(fields->fields[i].value, &at,
		    &element); place++) {
			int weight;

			(void)str_cut(element, ';', &range, &parameters);
			range = str_trim(range);
			weight = accept_weight_of(parameters);
			accept_note(&json, accept_rank_json(range), weight,
			    place);
			accept_note(&html, accept_rank_html(range), weight,
			    place);
		}
	}
	if (json.weight != html.weight)
		return json.weight > html.weight;
	if (json.rank != html.rank)
		return json.weight > 0 && json.rank > html.rank;
	return json.weight > 0 && json.place < html.place;
}
