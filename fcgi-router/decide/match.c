/* SPDX-License-Identifier: BSD-2-Clause */

/* match: one comparison for each kind of condition. */

#include "decide/match.h"

/* Text that is read byte by byte, as it stands or decoded as of a query. */
struct match_text {
	struct str s;
	bool query;
};

/* The byte at *at, which then stands behind it. */
static char
match_next(const struct match_text *t, size_t *at)
{
	const char *p = t->s.p + *at;
	size_t left = t->s.n - *at;

	if (t->query && left > 2 && p[0] == '%' && str_hex(p[1]) >= 0 &&
	    str_hex(p[2]) >= 0) {
		*at += 3;
		return (char)(str_hex(p[1]) << 4 | str_hex(p[2]));
	}
	*at += 1;
	return t->query && p[0] == '+' ? ' ' : p[0];
}

/* A '*' that took too little takes a byte more, the last one first. */
static bool
match_glob(struct str wanted, const struct match_text *t)
{
	size_t p = 0, at = 0;      /* in wanted, in the text */
	size_t star = 0, mark = 0; /* behind the last star; where it ends */
	bool starred = false;

	while (at < t->s.n) {
		size_t next = at;

		if (p < wanted.n && wanted.p[p] == '*') {
			star = ++p;
			mark = at;
			starred = true;
		} else if (p < wanted.n &&
		    wanted.p[p] == match_next(t, &next)) {
			p++;
			at = next;
		} else if (starred) {
			(void)match_next(t, &mark);
			p = star;
			at = mark;
		} else {
			return false;
		}
	}
	while (p < wanted.n && wanted.p[p] == '*')
		p++;
	return p == wanted.n;
}

static bool
match_value(const struct route_cond *c, struct str value, bool query)
{
	const struct match_text t = { value, query };

	return !c->has_value || match_glob(c->value, &t);
}

static bool
match_header(const struct route_cond *c, const struct header *h)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		if (header_same_name(h->fields[i].name, c->name) &&
		    match_value(c, h->fields[i].value, false))
			return true;
	return false;
}

static bool
match_cookie(const struct route_cond *c, const struct header *h)
{
	struct str left, value;
	size_t i;

	for (i = 0; i < h->count; i++) {
		left = h->fields[i].value;
		if (h->fields[i].id != NAME_COOKIE)
			continue;
		while (header_cookie_next(&left, c->name, &value))
			if (match_value(c, value, false))
				return true;
	}
	return false;
}

/* Names of a query are compared decoded, too. */
static bool
match_query_name(struct str name, struct str text)
{
	const struct match_text t = { text, true };
	size_t at = 0, i;

	for (i = 0; i < name.n && at < text.n; i++)
		if (match_next(&t, &at) != name.p[i])
			return false;
	return i == name.n && at == text.n;
}

static bool
match_query(const struct route_cond *c, struct str query)
{
	struct str pair, name, value;

	while (query.n > 0) {
		(void)str_cut(query, '&', &pair, &query);
		(void)str_cut(pair, '=', &name, &value);
		if (pair.n > 0 && match_query_name(c->name, name) &&
		    match_value(c, value, true))
			return true;
	}
	return false;
}

static bool
match_method(struct str list, struct str method)
{
	struct str one;

	while (list.n > 0) {
		(void)str_cut(list, ',', &one, &list);
		if (str_eq(one, method))
			return true;
	}
	return false;
}

static bool
match_holds(const struct route_cond *c, const struct request *request)
{
	switch (c->kind) {
	case COND_HEADER:
		return match_header(c, &request->fields);
	case COND_COOKIE:
		return match_cookie(c, &request->fields);
	case COND_QUERY:
		return match_query(c, request->path.query);
	case COND_METHOD:
		return match_method(c->value, request->method);
	case COND_CLIENT:
		return cidr_holds(c->ranges.list, c->ranges.count,
		    request->client_ip);
	case COND_SCHEME:
		return str_eq(c->value, request->scheme);
	case COND_KIND_COUNT:
		break;
	}
	return false;
}

bool
match_cond(const struct route_cond *c, const struct request *request)
{
	return match_holds(c, request) != c->negated;
}

bool
match_when(const struct route_when *when, const struct request *request)
{
	size_t i;

	for (i = 0; i < when->cond_count; i++)
		if (!match_cond(&when->conds[i], request))
			return false;
	return true;
}
