/* SPDX-License-Identifier: BSD-2-Clause */

/* fields: the filter of header fields, both ways. */

#include "decide/fields.h"

#include "base/buf.h"
#include "decide/rules.h"
#include "http/host.h"
#include "http/path.h"

enum {
	FIELDS_IF_MAX = 256 * 1024, /* an If field with mapped URLs */
	FIELDS_NAMED_MAX = REQUEST_FIELDS_MAX
};

/* What Connection fields name. Each field of a message is looked for in it,
 * so it is read once, and short. */
struct fields_named {
	size_t count;
	struct str names[FIELDS_NAMED_MAX];
};

static const struct str fields_via = { "1.1 fcgi-router", 15 };
static const struct str fields_self = { " fcgi-router", 12 };

/* Of one connection only (RFC 9110 7.6.1), in both directions. */
static const struct str fields_hop[] = {
	{ "Connection", 10 }, { "Keep-Alive", 10 }, { "TE", 2 },
	{ "Trailer", 7 }, { "Transfer-Encoding", 17 }, { "Upgrade", 7 },
	{ "HTTP2-Settings", 14 }
};

/* Set by the router, or not for origins at all. */
static const struct str fields_ours[] = {
	{ "Host", 4 }, { "Expect", 6 }, { "Content-Length", 14 },
	{ "X-Forwarded-For", 15 }, { "X-Forwarded-Proto", 17 },
	{ "X-Forwarded-Host", 16 }, { "Forwarded", 9 },
	{ "X-Request-Id", 12 }
};

static bool
fields_listed(struct str name, const struct str *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (str_eq_nocase(name, list[i]))
			return true;
	return false;
}

#define FIELDS_LISTED(name, list) \
	fields_listed(name, list, sizeof(list) / sizeof((list)[0]))

/* 0, or -1 and e, for this reason: they name more than there can be. */
static int
fields_read_named(const struct header *h, enum reason reason,
    struct fields_named *out, struct err *e)
{
	struct str one;
	size_t i, at;

	out->count = 0;
	for (i = 0; i < h->count; i++) {
		if (!str_eq_nocase(h->fields[i].name, STR("Connection")))
			continue;
		for (at = 0; header_list_next(h->fields[i].value, &at, &one);) {
			if (out->count == FIELDS_NAMED_MAX)
				return err_set(e, reason,
				    "Connection names more than %d fields",
				    FIELDS_NAMED_MAX);
			out->names[out->count++] = one;
		}
	}
	return 0;
}

/* Is name hop-by-hop by itself, or because a Connection field names it? */
static bool
fields_is_hop(struct str name, const struct fields_named *named)
{
	return FIELDS_LISTED(name, fields_hop) ||
	    str_starts_nocase(name, STR("Proxy-")) ||
	    fields_listed(name, named->names, named->count);
}

static int
fields_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for header fields");
}

static int
fields_hops(struct str via)
{
	struct str element;
	size_t at = 0;
	int hops = 0;

	while (header_list_next(via, &at, &element))
		if (str_ends(element, fields_self))
			hops++;
	return hops;
}

/*
 * A URL that names the host asked for (WebDAV's Destination, RFC 4918 10.3)
 * as the origin knows it; any other stays as it is.
 */
static struct str
fields_map_url(const struct fields_to_origin *in, struct str url,
    struct arena *a)
{
	const struct target *t = in->target;
	struct str authority, rest, raw, tail, mapped;
	struct path path;
	struct host host;
	struct err ignored;

	path_split_target(url, &authority, &rest);
	if (authority.n > 0 && (host_parse(authority, &host, &ignored) == -1 ||
	    !str_eq(host_text(&host), host_text(&in->request->host))))
		return url;
	if (path_parse(rest, a, &path, &ignored) == -1 ||
	    !target_forward(t, path.text, a, &mapped))
		return url;
	(void)str_cut(rest, '?', &raw, &tail);
	if (authority.n == 0)
		return arena_printf(a, "%.*s%s%.*s", STR_ARG(mapped),
		    path.has_query ? "?" : "", STR_ARG(tail));
	return arena_printf(a, "%s://%.*s%.*s%s%.*s",
	    t->scheme == ORIGIN_HTTPS ? "https" : "http",
	    STR_ARG(t->host_field), STR_ARG(mapped),
	    path.has_query ? "?" : "", STR_ARG(tail));
}

/* The next piece of an If field: <...> as a whole, or what is before one. */
static struct str
fields_if_piece(struct str value, size_t from)
{
	struct str rest = str_sub(value, from, value.n);

	if (rest.n > 0 && rest.p[0] == '<')
		return str_sub(rest, 0, str_find(rest, '>') + 1);
	return str_sub(rest, 0, str_find(rest, '<'));
}

/*
 * The tagged lists of WebDAV's If (RFC 4918 10.4): a <URL> before a list is a
 * tag, one within its parentheses a token.
 */
static struct str
fields_map_if(const struct fields_to_origin *in, struct str value,
    struct arena *a)
{
	struct buf out;
	struct str piece, mapped;
	size_t at, i;
	bool inside = false; /* of parentheses */
	bool failed = false;

	buf_init(&out, FIELDS_IF_MAX);
	for (at = 0; at < value.n && !failed; at += piece.n) {
		piece = fields_if_piece(value, at);
		if (piece.p[0] == '<' && !inside && str_ends(piece, STR(">"))) {
			mapped = fields_map_url(in,
			    str_sub(piece, 1, piece.n - 1), a);
			failed = mapped.p == NULL ||
			    buf_put(&out, STR("<")) == -1 ||
			    buf_put(&out, mapped) == -1 ||
			    buf_put(&out, STR(">")) == -1;
			continue;
		}
		for (i = 0; piece.p[0] != '<' && i < piece.n; i++)
			if (piece.p[i] == '(' || piece.p[i] == ')')
				inside = piece.p[i] == '(';
		failed = buf_put(&out, piece) == -1;
	}
	mapped = failed ? (struct str){ NULL, 0 } :
	    arena_copy(a, buf_view(&out));
	buf_fini(&out);
	return mapped;
}

static struct str
fields_value_to_origin(const struct fields_to_origin *in,
    const struct header_field *f, struct arena *a)
{
	if (str_eq_nocase(f->name, STR("Destination")))
		return fields_map_url(in, f->value, a);
	if (str_eq_nocase(f->name, STR("If")))
		return fields_map_if(in, f->value, a);
	return f->value;
}

static int
fields_add_forwarded(const struct fields_to_origin *in, struct arena *a,
    struct header *out)
{
	const struct request *r = in->request;
	bool v6 = str_find(r->client_ip, ':') < r->client_ip.n;
	struct str host = target_host_asked(r, a);
	struct str text;

	if (r->client_ip.n > 0 && header_is_value(r->client_ip) &&
	    header_add(out, STR("X-Forwarded-For"), r->client_ip) == -1)
		return -1;
	if (header_add(out, STR("X-Forwarded-Proto"), r->scheme) == -1 ||
	    header_add(out, STR("X-Forwarded-Host"), host) == -1)
		return -1;
	if (!in->forwarded)
		return 0;
	text = r->client_ip.n > 0 ?
	    arena_printf(a, "for=%s%.*s%s;host=\"%.*s\";proto=%.*s",
	        v6 ? "\"[" : "", STR_ARG(r->client_ip), v6 ? "]\"" : "",
	        STR_ARG(host), STR_ARG(r->scheme)) :
	    arena_printf(a, "for=unknown;host=\"%.*s\";proto=%.*s",
	        STR_ARG(host), STR_ARG(r->scheme));
	return text.p != NULL ? header_add(out, STR("Forwarded"), text) : -1;
}

int
fields_to_origin(const struct fields_to_origin *in, struct arena *a,
    struct header *out, struct err *e)
{
	const struct header *sent = &in->request->fields;
	struct fields_named named;
	int hops = 0;
	size_t i;

	header_init(out, a);
	if (fields_read_named(sent, REASON_HEADERS_TOO_LARGE, &named, e) == -1)
		return -1;
	for (i = 0; i < sent->count; i++) {
		const struct header_field *f = &sent->fields[i];

		if (fields_is_hop(f->name, &named))
			continue;
		if (FIELDS_LISTED(f->name, fields_ours) ||
		    str_starts_nocase(f->name, STR("X-Router-")))
			continue;
		if (str_eq_nocase(f->name, STR("Via")))
			hops += fields_hops(f->value);
		if (str_lines_have(in->set_by_rules, f->name) ||
		    str_lines_have(in->private, f->name))
			continue;
		if (header_add(out, f->name,
		    fields_value_to_origin(in, f, a)) == -1 || a->full)
			return fields_full(e);
	}
	if (hops > in->max_hops)
		return err_set(e, REASON_LOOP,
		    "Via names this router %d times", hops);
	if (fields_add_forwarded(in, a, out) == -1 ||
	    header_add(out, STR("Via"), fields_via) == -1 ||
	    header_add(out, STR("X-Request-Id"), in->request->id) == -1)
		return fields_full(e);
	return 0;
}

/* ---- back to the client ---- */

/* A web server in front would act on these. */
static bool
fields_is_order(struct str name)
{
	return str_eq_nocase(name, STR("Status")) ||
	    str_starts_nocase(name, STR("X-Accel-")) ||
	    str_starts_nocase(name, STR("X-Sendfile")) ||
	    str_starts_nocase(name, STR("X-LIGHTTPD-")) ||
	    str_starts_nocase(name, STR("X-Router-"));
}

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
	return arena_printf(a, "%.*s://%.*s%.*s", STR_ARG(scheme),
	    STR_ARG(target_host_asked(in->request, a)), STR_ARG(path));
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
		return arena_printf(a, " Path=%.*s", STR_ARG(mapped));
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
			out = arena_printf(a, "%.*s;%.*s", STR_ARG(out),
			    STR_ARG(attribute));
		if (!more)
			break;
	}
	return out;
}

static struct str
fields_value_to_client(const struct fields_to_client *in,
    const struct header_field *f, struct arena *a)
{
	if (!in->rewrite)
		return f->value;
	if (str_eq_nocase(f->name, STR("Location")) ||
	    str_eq_nocase(f->name, STR("Content-Location")))
		return fields_map_location(in, f->value, a);
	if (str_eq_nocase(f->name, STR("Set-Cookie")))
		return fields_map_cookie(in, f->value, a);
	return f->value;
}

int
fields_to_client(const struct fields_to_client *in, struct arena *a,
    struct header *out, struct err *e)
{
	const struct header *got = &in->answer->fields;
	struct fields_named named;
	size_t i;

	header_init(out, a);
	if (fields_read_named(got, REASON_ORIGIN_BAD_HEADER, &named, e) == -1)
		return -1;
	for (i = 0; i < got->count; i++) {
		const struct header_field *f = &got->fields[i];

		if (fields_is_order(f->name) || fields_is_hop(f->name, &named))
			continue;
		if (in->answer->status == 200 &&
		    str_eq_nocase(f->name, STR("Location")))
			continue;
		if (f->name.n + f->value.n + 2 > RULES_LINE_MAX)
			continue;
		if (header_add(out, f->name,
		    fields_value_to_client(in, f, a)) == -1 && !a->full)
			continue; /* no value for a client */
		if (a->full)
			return fields_full(e);
	}
	if (str_starts_nocase(header_get(out, STR("Content-Type")),
	    STR("text/event-stream")) &&
	    header_set(out, STR("X-Accel-Buffering"), STR("no")) == -1)
		return fields_full(e);
	return 0;
}
