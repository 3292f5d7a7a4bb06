/* SPDX-License-Identifier: BSD-2-Clause */

/* target: the address, the path and the Host that a request goes out with. */

#include "decide/target.h"

#include "base/buf.h"
#include "http/host.h"
#include "http/path.h"
#include "route/pattern.h"
#include "route/policy.h"

enum { TARGET_TEXT_MAX = 64 * 1024, TARGET_PORT_HTTP = 80,
	TARGET_PORT_HTTPS = 443 };

static int
target_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for the origin's URL");
}

/* The pattern, filled in, as a text of the arena. */
static int
target_fill(const struct pattern *p, const struct pattern_source *s,
    struct arena *a, struct str *out, struct err *e)
{
	struct buf text;
	int answer;

	if (p->count == 0) {
		*out = STR("");
		return 0;
	}
	if (p->count == 1 && pattern_is_fixed(p)) {
		*out = p->parts[0].text;
		return 0;
	}
	buf_init(&text, TARGET_TEXT_MAX);
	answer = pattern_fill(p, s, &text, e);
	if (answer == 0) {
		*out = arena_copy(a, buf_view(&text));
		if (out->p == NULL)
			answer = target_full(e);
	}
	buf_fini(&text);
	return answer;
}

static int
target_host(const struct pattern *p, const struct pattern_source *s,
    struct arena *a, struct target *out, struct err *e)
{
	struct host host;
	struct str text;

	if (target_fill(p, s, a, &text, e) == -1)
		return -1;
	if (pattern_is_fixed(p)) {
		out->host = text; /* made canonical by the compiler */
		return 0;
	}
	if (host_parse(text, &host, e) == -1) {
		e->reason = REASON_NO_SERVICE;
		return -1;
	}
	out->host = arena_copy(a, host_text(&host));
	return out->host.p != NULL ? 0 : target_full(e);
}

/* Of most origins it is the name. */
struct str
target_key(const struct target *t, struct str egress, struct arena *a)
{
	if (t->written && t->tls.n == 0 && egress.n == 0)
		return t->name;
	return ARENA_JOIN(a, t->name, t->written ? STR("") : STR(" (built)"),
	    t->tls.n > 0 ? STR(" tls=") : STR(""), t->tls,
	    egress.n > 0 ? STR(" egress=") : STR(""), egress);
}

static struct str
target_with_port(struct str host, uint16_t port, struct arena *a)
{
	char digits[STR_DECIMAL_MAX];

	return ARENA_JOIN(a, host, STR(":"), str_decimal(port, digits));
}

int
target_address(const struct origin_url *url, const struct pattern_source *s,
    struct arena *a, struct target *out, struct err *e)
{
	char digits[STR_DECIMAL_MAX];

	*out = (struct target){ .scheme = url->scheme };
	out->port = url->port;
	if (url->scheme == ORIGIN_UNIX) {
		out->written = pattern_is_fixed(&url->socket);
		if (target_fill(&url->socket, s, a, &out->socket, e) == -1)
			return -1;
		out->name = ARENA_JOIN(a, STR("unix:"), out->socket);
	} else {
		out->written = pattern_is_fixed(&url->host);
		if (target_host(&url->host, s, a, out, e) == -1)
			return -1;
		out->name = ARENA_JOIN(a,
		    str_of(origin_scheme_word(url->scheme)), STR("://"),
		    out->host, STR(":"), str_decimal(url->port, digits));
	}
	if (url->scheme == ORIGIN_HTTPS)
		out->tls = s->policy->tls;
	out->key = target_key(out, s->policy->egress, a);
	return out->name.p != NULL && out->key.p != NULL ? 0 : target_full(e);
}

/* A variable must not bring "." or ".." as a segment of its own. */
static bool
target_has_dots(struct str path)
{
	struct str segment;
	size_t at = 0;

	while (path_segment(path, &at, &segment))
		if (str_eq(segment, STR(".")) || str_eq(segment, STR("..")))
			return true;
	return false;
}

static struct str
target_without_slash(struct str base)
{
	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	return base;
}

/*
 * The path below the base. Of a path that was not asked for like this, but
 * made by a variable or by taking a prefix away, "//" at the head, which some
 * origins take for a host, becomes "/".
 */
static struct str
target_join_path(const struct origin_url *url, bool stripped, struct str base,
    struct str rest, struct arena *a)
{
	struct str path = base;

	if (url->tail == ORIGIN_TAIL_ALL && rest.n > 0)
		path = ARENA_JOIN(a, target_without_slash(base), rest);
	if (path.p != NULL && path.n == 0)
		path = STR("/");
	if (pattern_is_fixed(&url->path) && !stripped)
		return path;
	while (path.n > 1 && path.p[0] == '/' && path.p[1] == '/')
		path = str_sub(path, 1, path.n);
	return path;
}

/* The URL's own query and the one asked for, behind the path. */
static struct str
target_add_query(struct str path, const struct str *own,
    const struct path *asked, struct arena *a)
{
	if (own == NULL && asked == NULL)
		return path;
	if (asked == NULL)
		return ARENA_JOIN(a, path, STR("?"), *own);
	if (own == NULL || own->n == 0)
		return ARENA_JOIN(a, path, STR("?"), asked->query);
	return ARENA_JOIN(a, path, STR("?"), *own, STR("&"), asked->query);
}

/* base + rest + query; what was filled in is made canonical again. */
static int
target_path(const struct origin_url *url, const struct pattern_source *s,
    struct arena *a, struct target *out, struct err *e)
{
	const struct path *asked = &s->request->path;
	bool fixed = pattern_is_fixed(&url->path);
	bool stripped = s->policy->strip_prefix;
	struct str filled, base, own_query, rest, path;
	bool own;

	if (target_fill(&url->path, s, a, &filled, e) == -1)
		return -1;
	own = str_cut(filled, '?', &base, &own_query);
	if (!fixed && target_has_dots(base))
		return err_set(e, REASON_BAD_PATH,
		    "a variable brings a dot segment into the origin's path");
	rest = stripped ? s->rest : asked->text;
	out->base = target_without_slash(base);
	if (stripped)
		out->prefix = target_without_slash(str_sub(asked->text, 0,
		    asked->text.n - rest.n));
	path = target_join_path(url, stripped, base, rest, a);
	if (path.p == NULL)
		return target_full(e);
	if (!fixed && path_canonical(path, a, &path, e) == -1)
		return -1;
	out->path = target_add_query(path, own ? &own_query : NULL,
	    asked->has_query && url->tail != ORIGIN_TAIL_NONE ? asked :
	    NULL, a);
	return out->path.p != NULL ? 0 : target_full(e);
}

struct str
target_host_asked(const struct request *request, struct arena *a)
{
	struct str host = host_text(&request->host);

	return request->port == 0 ? host :
	    target_with_port(host, request->port, a);
}

static struct str
target_host_own(const struct target *t, struct arena *a)
{
	if (t->scheme == ORIGIN_UNIX)
		return STR("localhost");
	if ((t->scheme == ORIGIN_HTTP && t->port == TARGET_PORT_HTTP) ||
	    (t->scheme == ORIGIN_HTTPS && t->port == TARGET_PORT_HTTPS))
		return t->host;
	return target_with_port(t->host, t->port, a);
}

int
target_origin(const struct origin_url *url, const struct pattern_source *s,
    bool preserve, struct arena *a, struct target *out, struct err *e)
{
	const struct policy *p = s->policy;

	if (target_address(url, s, a, out, e) == -1 ||
	    target_path(url, s, a, out, e) == -1)
		return -1;
	if (p->host_sent == HOST_SENT_NAME)
		out->host_field = p->host_name;
	else if (p->host_sent == HOST_SENT_PRESERVE ||
	    (p->host_sent == HOST_SENT_UNSET && preserve))
		out->host_field = target_host_asked(s->request, a);
	else
		out->host_field = target_host_own(out, a);
	return out->host_field.p != NULL ? 0 : target_full(e);
}

int
target_redirect(const struct pattern *url, const struct pattern_source *s,
    struct arena *a, struct str *location, struct err *e)
{
	return target_fill(url, s, a, location, e);
}

/* Is path prefix itself or below it? *below is then "" or from '/' on. */
static bool
target_below(struct str path, struct str prefix, struct str *below)
{
	if (!str_starts(path, prefix))
		return false;
	*below = str_sub(path, prefix.n, path.n);
	return below->n == 0 || below->p[0] == '/' || below->p[0] == '?' ||
	    below->p[0] == '#';
}

static bool
target_join(struct str head, struct str below, struct arena *a,
    struct str *out)
{
	bool slash = head.n == 0 && (below.n == 0 || below.p[0] != '/');

	*out = ARENA_JOIN(a, head, slash ? STR("/") : STR(""), below);
	return out->p != NULL;
}

bool
target_forward(const struct target *t, struct str path, struct arena *a,
    struct str *out)
{
	struct str below;

	return target_below(path, t->prefix, &below) &&
	    target_join(t->base, below, a, out);
}

bool
target_back(const struct target *t, struct str path, struct arena *a,
    struct str *out)
{
	struct str below;

	return target_below(path, t->base, &below) &&
	    target_join(t->prefix, below, a, out);
}

bool
target_is_origin(const struct target *t, bool https, struct str host,
    uint16_t port)
{
	if (t->scheme == ORIGIN_UNIX || https != (t->scheme == ORIGIN_HTTPS))
		return false;
	if (port == 0)
		port = https ? TARGET_PORT_HTTPS : TARGET_PORT_HTTP;
	return port == t->port && str_eq_nocase(host, t->host);
}
