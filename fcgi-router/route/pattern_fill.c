/* SPDX-License-Identifier: BSD-2-Clause */

/* pattern: values put in, each escaped for the place it stands in. */

#include "route/pattern.h"

#include "http/header.h"
#include "http/path.h"
#include "http/request.h"
#include "route/policy.h"

enum { PATTERN_LABEL_MAX = 63 };

/* A client may send several Cookie fields (HTTP/2 splits them). */
static struct str
pattern_cookie(const struct header *fields, struct str name)
{
	struct str value = { NULL, 0 };
	size_t i;

	for (i = 0; i < fields->count; i++)
		if (fields->fields[i].id == NAME_COOKIE &&
		    header_cookie(fields->fields[i].value, name, &value))
			break;
	return value;
}

/* The first of that name. */
static struct str
pattern_header(const struct header *fields, struct str name)
{
	size_t i;

	for (i = 0; i < fields->count; i++)
		if (header_same_name(fields->fields[i].name, name))
			return fields->fields[i].value;
	return (struct str){ NULL, 0 };
}

static struct str
pattern_auth(const struct pattern_source *s, struct str name)
{
	size_t i;

	for (i = 0; i < s->claim_count; i++)
		if (str_eq(s->claims[i].name, name))
			return s->claims[i].value;
	return (struct str){ NULL, 0 };
}

/* All but {uri}, which is two slices. */
static struct str
pattern_value(const struct pattern_part *part, const struct pattern_source *s)
{
	switch (part->variable) {
	case PATTERN_CAPTURE:
		return s->captures[part->capture];
	case PATTERN_HOST:
		return s->host;
	case PATTERN_ASKED_HOST:
		return host_text(&s->request->host);
	case PATTERN_PATH:
		return s->request->path.text;
	case PATTERN_REST:
		return s->rest;
	case PATTERN_QUERY:
		return s->request->path.query;
	case PATTERN_METHOD:
		return s->request->method;
	case PATTERN_SCHEME:
		return s->request->scheme;
	case PATTERN_CLIENT_IP:
		return s->request->client_ip;
	case PATTERN_REQUEST_ID:
		return s->request->id;
	case PATTERN_ROUTE:
		return s->route->match;
	case PATTERN_TAG:
		return policy_tag(s->policy, part->text);
	case PATTERN_HEADER:
		return pattern_header(&s->request->fields, part->text);
	case PATTERN_COOKIE:
		return pattern_cookie(&s->request->fields, part->text);
	case PATTERN_SERVICE:
		return s->service;
	case PATTERN_VERSION:
		return s->version;
	case PATTERN_PLAN:
		return s->policy->plan;
	case PATTERN_LITERAL:
		return part->text;
	case PATTERN_AUTH:
		return pattern_auth(s, part->text);
	case PATTERN_URI:
	case PATTERN_VARIABLE_COUNT:
		break;
	}
	return (struct str){ NULL, 0 };
}

static bool
pattern_is_label(struct str value)
{
	size_t i;

	if (value.n == 0 || value.n > PATTERN_LABEL_MAX)
		return false;
	for (i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (!(c >= 'a' && c <= 'z') && !str_is_digit(c) && c != '-')
			return false;
	}
	return true;
}

/* Escapes stay as they are; what is none is escaped. */
static int
pattern_put_escaped(struct str value, struct buf *to)
{
	struct str before, after;

	while (str_cut(value, '%', &before, &after)) {
		if (path_put_query(to, before) == -1 ||
		    buf_put(to, STR("%")) == -1)
			return -1;
		value = after;
	}
	return path_put_query(to, value);
}

/* Control bytes but TAB are left out. */
static int
pattern_put_visible(struct str value, struct buf *to)
{
	size_t from = 0;
	size_t i;

	for (i = 0; i < value.n; i++) {
		if (!str_is_control(value.p[i]) || value.p[i] == '\t')
			continue;
		if (buf_put(to, str_sub(value, from, i)) == -1)
			return -1;
		from = i + 1;
	}
	return buf_put(to, str_sub(value, from, value.n));
}

static int
pattern_put_value(const struct pattern_part *part, struct str value,
    struct buf *to)
{
	enum pattern_variable v = part->variable;
	bool escaped = v == PATTERN_CAPTURE || pattern_is_path(v);

	switch (part->context) {
	case PATTERN_IN_AUTHORITY:
		return buf_put(to, value);
	case PATTERN_IN_PATH:
		return escaped ? buf_put(to, value) :
		    path_put_segment(to, value);
	case PATTERN_IN_QUERY:
		if (v == PATTERN_QUERY)
			return buf_put(to, value);
		if (escaped && v != PATTERN_URI)
			return pattern_put_escaped(value, to);
		return path_put_query(to, value);
	case PATTERN_IN_HEADER:
	case PATTERN_CONTEXT_COUNT:
		break;
	}
	return pattern_put_visible(value, to);
}

static int
pattern_put_uri(const struct pattern_part *part,
    const struct pattern_source *s, struct buf *to)
{
	const struct path *path = &s->request->path;

	if (pattern_put_value(part, path->text, to) == -1)
		return -1;
	if (!path->has_query)
		return 0;
	if (pattern_put_value(part, STR("?"), to) == -1)
		return -1;
	return pattern_put_value(part, path->query, to);
}

static int
pattern_put_part(const struct pattern_part *part,
    const struct pattern_source *s, struct buf *to, struct err *e)
{
	struct str value;
	int full;

	if (part->variable == PATTERN_URI) {
		full = pattern_put_uri(part, s, to);
	} else {
		value = pattern_value(part, s);
		if (part->variable == PATTERN_LITERAL)
			full = buf_put(to, value);
		else if (part->context == PATTERN_IN_AUTHORITY &&
		    !pattern_is_label(value))
			return err_set(e, REASON_NO_SERVICE,
			    "'%.*s' may not stand in a server's name",
			    STR_ARG(value));
		else
			full = pattern_put_value(part, value, to);
	}
	if (full == -1)
		return err_set(e, REASON_OVERLOADED,
		    "a value with variables is too long");
	return 0;
}

int
pattern_fill(const struct pattern *p, const struct pattern_source *s,
    struct buf *to, struct err *e)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (pattern_put_part(&p->parts[i], s, to, e) == -1)
			return -1;
	return 0;
}
