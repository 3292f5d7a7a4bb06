/* SPDX-License-Identifier: BSD-2-Clause */

/* query_ask: from a URL to what the router would do with it. */

#include "tools/query_ask.h"

#include <string.h>

#include "decide/admit.h"
#include "decide/plan.h"
#include "decide/ask.h"
#include "decide/trust.h"
#include "http/host.h"
#include "tools/idn.h"

enum { QUERY_ASK_CGI = 6 }; /* variables beside the fields */

static int
query_ask_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for a URL");
}

/* The parts as one text with a NUL behind it; {NULL, 0}: no room. A million
 * URLs are asked for here, and printf is slow. */
static struct str
query_ask_join(struct arena *a, const struct str *parts, size_t count)
{
	size_t n = 0, i;
	char *text, *to;

	for (i = 0; i < count; i++)
		n += parts[i].n;
	text = to = arena_alloc(a, n + 1);
	if (text == NULL)
		return (struct str){ NULL, 0 };
	for (i = 0; i < count; i++) {
		if (parts[i].n > 0)
			memcpy(to, parts[i].p, parts[i].n);
		to += parts[i].n;
	}
	return (struct str){ text, n };
}

static struct str
query_ask_set(struct arena *a, struct str name, struct str value)
{
	const struct str parts[] = { name, value };

	return query_ask_join(a, parts, 2);
}

/* ---- the request ---- */

/* The authority as a browser would send it: names in A-labels. */
static struct str
query_ask_authority(struct str authority, struct arena *a)
{
	struct str name, port;
	struct host host;
	struct err e;
	size_t i;

	for (i = 0; i < authority.n; i++)
		if ((unsigned char)authority.p[i] >= 0x80)
			break;
	if (i == authority.n)
		return authority;
	i = str_find(authority, ':');
	port = str_sub(authority, i, authority.n);
	name = str_sub(authority, 0, i);
	if (idn_host(name, &host, &e) == -1)
		return authority; /* the router will say why not */
	return arena_printf(a, "%.*s%.*s", STR_ARG(host_text(&host)),
	    STR_ARG(port));
}

static size_t
query_ask_authority_end(struct str url)
{
	size_t n;

	for (n = 0; n < url.n; n++)
		if (url.p[n] == '/' || url.p[n] == '?' || url.p[n] == '#')
			break;
	return n;
}

bool
query_ask_is_foreign(struct str url)
{
	size_t n = str_find(url, ':');

	return n < query_ask_authority_end(url) &&
	    str_starts(str_sub(url, n, url.n), STR("://")) &&
	    !str_starts_nocase(url, STR("http://")) &&
	    !str_starts_nocase(url, STR("https://"));
}

/* 0, or -1 and e. */
static int
query_ask_split(struct str url, struct arena *a, struct query_parts *out,
    struct err *e)
{
	struct str fragment;
	size_t n;

	out->scheme = "http";
	if (str_starts_nocase(url, STR("https://")))
		out->scheme = "https";
	if (str_starts_nocase(url, STR("http://")) || out->scheme[4] == 's')
		url = str_sub(url, strlen(out->scheme) + 3, url.n);
	n = query_ask_authority_end(url);
	out->authority = query_ask_authority(str_sub(url, 0, n), a);
	/* A fragment stays with the client. */
	(void)str_cut(str_sub(url, n, url.n), '#', &out->target, &fragment);
	if (!str_starts(out->target, STR("/")))
		out->target = query_ask_set(a, STR("/"), out->target);
	return out->authority.p != NULL && out->target.p != NULL ? 0 :
	    query_ask_full(e);
}

/* What a web server would say of the request. NULL: no room. */
static char **
query_ask_cgi(const struct query_wish *w, const struct query_parts *url,
    struct arena *a)
{
	const struct str words[QUERY_ASK_CGI] = {
		STR("SERVER_PROTOCOL=HTTP/1.1"),
		query_ask_set(a, STR("REQUEST_METHOD="), w->method),
		query_ask_set(a, STR("REQUEST_SCHEME="), str_of(url->scheme)),
		query_ask_set(a, STR("REMOTE_ADDR="), w->client),
		query_ask_set(a, STR("HTTP_HOST="), url->authority),
		query_ask_set(a, STR("REQUEST_URI="), url->target),
	};
	char **cgi = arena_alloc(a,
	    (QUERY_ASK_CGI + w->field_count + 1) * sizeof(*cgi));
	size_t i;

	if (cgi == NULL || a->full)
		return NULL;
	for (i = 0; i < QUERY_ASK_CGI; i++)
		cgi[i] = (char *)(uintptr_t)words[i].p;
	if (w->field_count > 0)
		memcpy(cgi + i, w->fields, w->field_count * sizeof(*cgi));
	return cgi;
}

static bool
query_ask_has_nul(struct str s)
{
	return s.n > 0 && memchr(s.p, '\0', s.n) != NULL;
}

/* 1: a request; 0: none, and out->why; -1 and e. */
static int
query_ask_request(const struct query_wish *w, const struct query_parts *parts,
    struct arena *a, struct query_answer *out, struct err *e)
{
	char **cgi;

	if (query_ask_has_nul(parts->authority) ||
	    query_ask_has_nul(parts->target)) {
		err_set(&out->why, REASON_BAD_REQUEST, "a NUL byte in the URL");
		return 0;
	}
	cgi = query_ask_cgi(w, parts, a);
	if (cgi == NULL)
		return query_ask_full(e);
	if (request_from_cgi(cgi, a, &out->request, &out->why) == 0)
		return 1;
	if (out->why.reason != REASON_OVERLOADED)
		return 0;
	*e = out->why;
	return -1;
}

/* What a proxy that router.ini trusts says of the client. As
 * query_ask_request. */
static int
query_ask_trust(const struct settings *settings, struct arena *a,
    struct query_answer *out, struct err *e)
{
	if (settings == NULL || trust_request(settings->trust_proxies.list,
	    settings->trust_proxies.count, settings->trust_host,
	    &out->request, a, &out->why) == 0)
		return 1;
	if (out->why.reason != REASON_OVERLOADED)
		return 0;
	*e = out->why;
	return -1;
}

/* ---- the route ---- */

struct str
query_ask_space(const struct query_asking *by)
{
	if (by->wish->space.n > 0)
		return by->wish->space;
	if (by->query->settings != NULL)
		return str_of(by->query->settings->namespace);
	return STR(QUERY_SPACE);
}

struct cidr_list
query_ask_override(const struct query_asking *by)
{
	const struct settings *s = by->query->settings;

	if (s == NULL)
		return (struct cidr_list){ NULL, 0 };
	return (struct cidr_list){ s->version_override.list,
		s->version_override.count };
}

static struct follow_ask
query_ask_of(const struct query_asking *by, const struct query_answer *q)
{
	return (struct follow_ask){ .request = &q->request,
		.map = &by->map->lookup,
		.space = query_ask_space(by),
		.version_override = query_ask_override(by),
		.fresh = STR(QUERY_FRESH) };
}

/* As query_ask_request. */
static int
query_ask_follow(const struct query_asking *by, struct arena *a,
    struct query_answer *out, struct err *e)
{
	const struct follow_ask ask = query_ask_of(by, out);
	int got = follow_request(&ask, a, by->trace, &out->follow, &out->why);

	if (got == -1) {
		*e = out->why;
		return -1;
	}
	if (!store_sound(by->map->store))
		return err_set(e, REASON_MAP_BROKEN,
		    "%s: written over while it was asked", by->map->path);
	out->chosen = got == 1;
	if (got == 1)
		out->why.reason = REASON_NONE;
	return got;
}

/* What internal=ask says. 0, or -1 and out->why. */
static int
query_ask_internal(const struct query_asking *by, struct arena *a,
    struct query_answer *out)
{
	const struct follow_ask ask = query_ask_of(by, out);
	int got;

	if (out->follow.target->internal != INTERNAL_ASK)
		return 0;
	got = ask_domain(&ask, a, &out->why);
	out->known = got == 1;
	if (got != -1)
		out->why.reason = REASON_NONE;
	return got == -1 ? -1 : 0;
}

/* Where it goes. 0, or -1 and out->why. */
static int
query_ask_fill(const struct query_asking *by, struct arena *a,
    struct query_answer *out)
{
	const struct follow *f = &out->follow;
	const struct settings *settings = by->query->settings;
	bool preserve = settings != NULL &&
	    settings->host_preserve == SETTINGS_HOST_PRESERVE;

	if (f->origin != NULL) {
		out->origin = target_origin(f->origin, &f->source, preserve,
		    a, &out->target, &out->why) == 0;
		if (out->origin && settings != NULL && admit_target(
		    &f->policy, settings, &out->target, &out->why) == -1)
			return -1;
		return out->origin ? 0 : -1;
	}
	if (f->target->kind == TARGET_REDIRECT)
		return target_redirect(&f->target->url, &f->source, a,
		    &out->location, &out->why);
	if (f->target->kind == TARGET_INTERNAL)
		return query_ask_internal(by, a, out);
	return 0;
}

/* By the client's address, if there is one to judge by; who is given internal
 * pages only the settings know. 0, or -1 and e. */
static int
query_ask_address(const struct query_asking *by,
    const struct query_answer *q, struct err *e)
{
	const struct settings *settings = by->query->settings;
	struct cidr all[2];

	if (q->request.client_ip.n == 0)
		return 0;
	if (settings != NULL)
		return admit_address(&q->follow, &q->request,
		    settings->internal_allow.list,
		    settings->internal_allow.count, e);
	CHECK(cidr_parse(STR("0.0.0.0/0"), &all[0]) &&
	    cidr_parse(STR("::/0"), &all[1]));
	return admit_address(&q->follow, &q->request, all, 2, e);
}

/* Who would ask is not known; whether anybody could be let in only the settings
 * say. 0, or -1 and e. */
static int
query_ask_auth(const struct query_asking *by, const struct query_answer *q,
    struct err *e)
{
	const struct settings *settings = by->query->settings;

	return settings == NULL ? 0 : admit_auth(&q->follow, settings, e);
}

/* 0, or -1 and e: the map failed, or no memory. */
static int
query_ask_whole(const struct query_asking *by, struct arena *a,
    struct query_answer *q, struct err *e)
{
	if (query_ask_fill(by, a, q) == 0 ||
	    (q->why.reason != REASON_OVERLOADED &&
	    q->why.reason != REASON_MAP_BROKEN))
		return 0;
	*e = q->why;
	return -1;
}

int
query_ask_choose(const struct query_asking *by,
    const struct origin_url *origin, struct arena *a, struct query_answer *q,
    struct err *e)
{
	struct err was = q->why;
	int got;

	q->follow.origin = origin;
	got = query_ask_whole(by, a, q, e);
	if (was.reason != REASON_NONE)
		q->why = was;
	return got;
}

/* As the router does: doors stand before a service that is missing. */
static void
query_ask_missing(const struct query_asking *by, struct query_answer *out)
{
	struct err door;

	if (out->why.reason == REASON_NO_SERVICE &&
	    (query_ask_address(by, out, &door) == -1 ||
	    query_ask_auth(by, out, &door) == -1))
		out->why = door;
}

/* Where it goes is told of a refused request, too, where that is known. */
static int
query_ask_decide(const struct query_asking *by, struct arena *a,
    struct query_answer *out, struct err *e)
{
	struct err refused;
	bool admitted = query_ask_address(by, out, &refused) == 0 &&
	    query_ask_auth(by, out, &refused) == 0 &&
	    (by->query->settings == NULL || admit_origin(&out->follow,
	        by->query->settings, &refused) == 0);

	if (query_ask_whole(by, a, out, e) == -1)
		return -1;
	if (!admitted)
		out->why = refused;
	return 0;
}

int
query_ask_parts(const struct query_asking *by,
    const struct query_parts *parts, struct arena *a,
    struct query_answer *out, struct err *e)
{
	int got;

	*out = (struct query_answer){ .why = { .reason = REASON_NONE } };
	got = query_ask_request(by->wish, parts, a, out, e);
	if (got == 1)
		got = query_ask_trust(by->query->settings, a, out, e);
	if (got == 1)
		got = query_ask_follow(by, a, out, e);
	if (got == 0)
		query_ask_missing(by, out);
	if (got == 1 && by->query->settings != NULL)
		(void)plan_of_route(&out->follow.policy, by->query->settings,
		    &out->plan);
	return got == 1 ? query_ask_decide(by, a, out, e) : got;
}

int
query_ask(const struct query_asking *by, struct str url, struct arena *a,
    struct query_answer *out, struct err *e)
{
	struct query_parts parts;

	if (query_ask_is_foreign(url)) {
		*out = (struct query_answer){ .why = { .reason =
		    REASON_NONE } };
		err_set(&out->why, REASON_BAD_REQUEST,
		    "neither http:// nor https://");
		return 0;
	}
	if (query_ask_split(url, a, &parts, e) == -1)
		return -1;
	return query_ask_parts(by, &parts, a, out, e);
}

/* ---- columns ---- */

struct str
query_ask_status(const struct query_answer *q, struct arena *a)
{
	if (q->why.reason != REASON_NONE)
		return str_of(reason_word(q->why.reason));
	if (q->follow.target->kind == TARGET_REDIRECT ||
	    q->follow.target->kind == TARGET_RESPOND)
		return arena_printf(a, "%d", q->follow.target->code);
	return STR("-");
}

struct str
query_ask_target(const struct query_answer *q, struct arena *a)
{
	const struct target *t = &q->target;
	const struct str parts[] = { t->name,
		t->scheme == ORIGIN_UNIX ? STR(":") : STR(""), t->path };

	if (q->why.reason == REASON_NONE && q->origin)
		return query_ask_join(a, parts, 3);
	if (q->why.reason == REASON_NONE && q->location.p != NULL)
		return arena_printf(a, "redirect=%d %.*s",
		    q->follow.target->code, STR_ARG(q->location));
	return query_ask_whither(q, a);
}

struct str
query_ask_whither(const struct query_answer *q, struct arena *a)
{
	const struct route_target *target = q->follow.target;

	if (q->why.reason != REASON_NONE)
		return STR("-");
	if (q->origin)
		return q->target.name;
	if (target->kind == TARGET_REDIRECT)
		return arena_printf(a, "redirect=%d", target->code);
	if (target->kind == TARGET_RESPOND)
		return arena_printf(a, "respond=%d", target->code);
	return arena_printf(a, "internal=%s", internal_word(target->internal));
}

struct str
query_ask_route(const struct query_answer *q)
{
	if (q->follow.found.route == NULL)
		return STR("-");
	return q->follow.found.route->match;
}

void
query_ask_tell(const struct query_answer *q, struct str url, struct arena *a,
    struct json *j)
{
	json_text(j, "url", url);
	json_text(j, "result", query_ask_status(q, a));
	json_text(j, "to", query_ask_target(q, a));
	json_text(j, "route", query_ask_route(q));
}
