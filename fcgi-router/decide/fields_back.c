/* SPDX-License-Identifier: BSD-2-Clause */

/* fields_back: URLs and cookies of an origin, as the client knows them. */

#include "decide/fields_private.h"

#include "decide/rules.h"
#include "http/host.h"

enum { FIELDS_QUOTE_MAX = 60 }; /* bytes of an answer in an error's text */

static size_t
fields_authority_end(struct str url)
{
	size_t end = 0;

	while (end < url.n && url.p[end] != '/' && url.p[end] != '?' &&
	    url.p[end] != '#')
		end++;
	return end;
}

/*
 * A path here, alone unless another scheme is wanted or it would be taken for
 * a host: "//x" is one, and to browsers "/\\x" and "/<TAB>/x" are, too.
 */
static struct str
fields_place(const struct fields_to_client *in, struct str scheme,
    struct str path, struct arena *a)
{
	size_t second = 1;

	while (second < path.n && path.p[second] == '\t')
		second++;
	if (str_eq(scheme, in->request->scheme) && (second >= path.n ||
	    (path.p[second] != '/' && path.p[second] != '\\')))
		return path;
	return ARENA_JOIN(a, scheme, STR("://"),
	    target_host_asked(in->request, a), path);
}

/*
 * A URL with a host: the origin's by its address or by a name that only the
 * route gives it; or the one asked for, if the origin was sent that, and then
 * a scheme other than the client's stays (a redirect to https must be one).
 */
static struct str
fields_map_absolute(const struct fields_to_client *in, bool https,
    struct str url, struct str rest, struct arena *a)
{
	const struct target *t = in->target;
	struct str authority = str_sub(rest, 0, fields_authority_end(rest));
	bool own = https == (t->scheme == ORIGIN_HTTPS);
	bool named = str_eq_nocase(authority, t->host_field);
	bool asked = named && str_eq_nocase(authority,
	    target_host_asked(in->request, a));
	struct str mapped;
	struct host host;
	struct err ignored;
	uint16_t port;

	rest = str_sub(rest, authority.n, rest.n);
	if (rest.n == 0)
		rest = STR("/");
	if (host_parse_port(authority, &host, &port, &ignored) == -1)
		return url;
	own = target_is_origin(t, https, host_text(&host), port) ||
	    (own && named && !asked);
	if ((!own && !asked) || !target_back(t, rest, a, &mapped))
		return url;
	return fields_place(in, own ? in->request->scheme : https ?
	    STR("https") : STR("http"), mapped, a);
}

/* A Location or Content-Location that points at the origin, as a path here. */
static struct str
fields_map_location(const struct fields_to_client *in, struct str url,
    struct arena *a)
{
	struct str mapped;

	if (str_starts(url, STR("//")))
		return fields_map_absolute(in,
		    in->target->scheme == ORIGIN_HTTPS, url,
		    str_sub(url, 2, url.n), a);
	if (str_starts(url, STR("/")))
		return target_back(in->target, url, a, &mapped) ?
		    fields_place(in, in->request->scheme, mapped, a) : url;
	if (str_starts_nocase(url, STR("http://")))
		return fields_map_absolute(in, false, url,
		    str_sub(url, 7, url.n), a);
	if (str_starts_nocase(url, STR("https://")))
		return fields_map_absolute(in, true, url,
		    str_sub(url, 8, url.n), a);
	return url;
}

/* Is the route for one literal host alone? */
static bool
fields_one_host(const struct route *r)
{
	return !r->host_capture && !str_starts(r->match, STR("*"));
}

/* Does domain, without a leading dot, hold host (RFC 6265 5.1.3)? */
static bool
fields_domain_holds(struct str domain, struct str host)
{
	return str_eq_nocase(domain, host) || (host.n > domain.n &&
	    str_eq_nocase(domain, str_sub(host, host.n - domain.n, host.n)) &&
	    host.p[host.n - domain.n - 1] == '.');
}

static bool
fields_drop_domain(const struct fields_to_client *in, struct str domain)
{
	struct str host = host_text(&in->request->host);

	if (str_starts(domain, STR(".")))
		domain = str_sub(domain, 1, domain.n);
	if (fields_domain_holds(domain, host))
		return !fields_one_host(in->route) &&
		    !str_eq_nocase(domain, host);
	return fields_domain_holds(domain, in->target->host) ||
	    fields_domain_holds(domain, in->target->host_field);
}

/* One attribute of a cookie as it goes out; *keep false: it is left out. */
static struct str
fields_map_attribute(const struct fields_to_client *in, struct str attribute,
    struct arena *a, bool *keep)
{
	struct str trimmed = str_trim(attribute);
	struct str name, value, mapped;

	*keep = true;
	if (!str_cut(trimmed, '=', &name, &value))
		return attribute;
	name = str_trim(name);
	value = str_trim(value);
	if (str_eq_nocase(name, STR("Domain")) && value.n > 0)
		*keep = !fields_drop_domain(in, value);
	else if (str_eq_nocase(name, STR("Path")) &&
	    str_starts(value, STR("/")) &&
	    target_back(in->target, value, a, &mapped) &&
	    !str_eq(mapped, value)) {
		/* "/in/" for "/" would not be sent to "/in" */
		if (value.n == 1 && mapped.n > 1)
			mapped.n--;
		return ARENA_JOIN(a, STR(" Path="), mapped);
	}
	return attribute;
}

static struct str
fields_map_cookie(const struct fields_to_client *in, struct str value,
    struct arena *a)
{
	struct str out, attribute, rest;

	if (!str_cut(value, ';', &out, &rest))
		return value;
	while (rest.p != NULL && out.p != NULL) {
		bool more, keep;

		more = str_cut(rest, ';', &attribute, &rest);
		attribute = fields_map_attribute(in, attribute, a, &keep);
		if (keep)
			out = ARENA_JOIN(a, out, STR(";"), attribute);
		if (!more)
			break;
	}
	return out;
}

struct str
fields_map_answer(const struct fields_to_client *in,
    const struct header_field *f, struct arena *a)
{
	if (!in->rewrite)
		return f->value;
	if (f->id == NAME_LOCATION || f->id == NAME_CONTENT_LOCATION)
		return fields_map_location(in, f->value, a);
	if (f->id == NAME_SET_COOKIE)
		return fields_map_cookie(in, f->value, a);
	return f->value;
}

static int
fields_too_long(struct str what, struct err *e)
{
	return err_set(e, REASON_ORIGIN_BAD_HEADER,
	    "a line of more than %d bytes: '%.*s'", RULES_LINE_MAX,
	    STR_ARG(str_sub(what, 0, FIELDS_QUOTE_MAX)));
}

int
fields_fit_lines(struct header *h, struct str *phrase, bool refuse,
    struct err *e)
{
	const size_t status = sizeof("Status: NNN ") - 1;
	size_t i, kept = 0;

	if (status + phrase->n > RULES_LINE_MAX) {
		if (refuse)
			return fields_too_long(*phrase, e);
		*phrase = STR("");
	}
	for (i = 0; i < h->count; i++) {
		const struct header_field *f = &h->fields[i];

		if (f->name.n + 2 + f->value.n <= RULES_LINE_MAX)
			h->fields[kept++] = *f;
		else if (refuse)
			return fields_too_long(f->name, e);
	}
	h->count = kept;
	return 0;
}
