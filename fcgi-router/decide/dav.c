/* SPDX-License-Identifier: BSD-2-Clause */

/* dav: each place is a request of its own, that is not sent. */

#include "decide/dav.h"

#include <stdlib.h>

#include "base/buf.h"
#include "decide/admit.h"
#include "decide/rules.h"
#include "http/host.h"
#include "http/path.h"

enum {
	DAV_IF_MAX = 256 * 1024, /* an If field with mapped places */
	DAV_TAGS_MAX = 64,       /* that are looked up: each costs some gets */
	DAV_SCRATCH = 1024 * 1024
};

/* One place at a time, and what it led to. */
struct dav_place {
	struct arena scratch;
	struct request request; /* for it, were it asked for */
	struct follow follow;
	struct target target;
};

static int
dav_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for a place");
}

static int
dav_elsewhere(struct str url, struct err *e)
{
	return err_set(e, REASON_OTHER_SERVER,
	    "'%.*s' does not lead to where this request goes", STR_ARG(url));
}

/* ---- reading ---- */

/*
 * The request that url would make. A port is not looked at, as in the map; the
 * one that the client wrote for this host is the one that counts.
 * 1; 0: no URL or no host, as e says; -1 and e: no path.
 */
static int
dav_read(const struct dav *in, struct str url, struct dav_place *p,
    struct err *e)
{
	const struct request *asked = in->ask->request;
	struct str authority, rest;
	uint16_t port = 0;

	p->request = *asked;
	path_split_target(url, &authority, &rest);
	if (authority.p == NULL && !str_starts(rest, STR("/"))) {
		err_set(e, REASON_BAD_REQUEST, "'%.*s' is no URL",
		    STR_ARG(url));
		return 0;
	}
	if (authority.p == NULL && str_starts(rest, STR("//")))
		return err_set(e, REASON_BAD_PATH,
		    "'%.*s' may be read as a host", STR_ARG(url));
	if (authority.p != NULL &&
	    host_parse_port(authority, &p->request.host, &port, e) == -1)
		return 0;
	if (!str_eq(host_text(&p->request.host), host_text(&asked->host)))
		p->request.port = port;
	return path_parse(rest, &p->scratch, &p->request.path, e) == 0 ?
	    1 : -1;
}

/* ---- where it leads ---- */

/* All that this router would say to the origin about it, but where it is. */
static int
dav_describe(const struct dav *in, const struct follow *f, struct arena *a,
    struct header *out, struct err *e)
{
	const struct header *sent = &in->ask->request->fields;
	struct pattern_source source = f->source;
	size_t i;

	source.request = in->ask->request;
	source.rest = in->follow->source.rest;
	header_init(out, a);
	for (i = 0; i < sent->count; i++)
		if (header_keep(out, &sent->fields[i]) == -1)
			return dav_full(e);
	return rules_apply(&source, HEADER_REQUEST, out, e);
}

/* Would the origin be told the same of both? 1, 0, or -1 and e. */
static int
dav_same_rules(const struct dav *in, struct dav_place *p, struct err *e)
{
	const struct policy *own = &in->follow->policy;
	struct policy *other = &p->follow.policy;
	struct header here, there;
	size_t i;

	/* as plan_of_route may have put another one into force */
	if (str_eq(own->plan_said, other->plan_said))
		other->plan = own->plan;
	if (dav_describe(in, in->follow, &p->scratch, &here, e) == -1 ||
	    dav_describe(in, &p->follow, &p->scratch, &there, e) == -1)
		return -1;
	if (here.count != there.count)
		return 0;
	for (i = 0; i < here.count; i++)
		if (!str_eq_nocase(here.fields[i].name,
		    there.fields[i].name) ||
		    !str_eq(here.fields[i].value, there.fields[i].value))
			return 0;
	return 1;
}

static bool
dav_same_service(const struct dav *in, const struct dav_place *p)
{
	return str_eq(in->follow->service_key, p->follow.service_key) &&
	    str_eq(in->follow->host, p->follow.host);
}

/* The same origin, Host, and place of this route's paths there. */
static bool
dav_same_target(const struct dav *in, const struct dav_place *p)
{
	const struct target *here = in->target, *there = &p->target;
	const struct policy *own = &in->follow->policy;
	const struct policy *other = &p->follow.policy;

	return str_eq(here->key, there->key) &&
	    str_eq(here->host_field, there->host_field) &&
	    str_eq(here->prefix, there->prefix) &&
	    (in->follow->origin->tail != ORIGIN_TAIL_ALL ||
	        str_eq(here->base, there->base)) &&
	    str_eq(own->tls, other->tls) && str_eq(own->sign, other->sign) &&
	    str_eq(own->egress, other->egress);
}

/* Through the doors, to the origin. 0, or -1 and e. */
static int
dav_enter(const struct dav *in, struct str url, struct dav_place *p,
    struct err *e)
{
	const struct origin_url *origin;
	int same;

	if (admit_address(&p->follow, &p->request, in->inside,
	    in->inside_count, e) == -1 ||
	    admit_place(&in->follow->policy, &p->follow.policy, e) == -1)
		return -1;
	if (p->follow.origin == NULL || !dav_same_service(in, p))
		return dav_elsewhere(url, e);
	/* of a service's origins, the one that was chosen */
	origin = p->follow.service != NULL ? in->follow->origin :
	    p->follow.origin;
	if (target_origin(origin, &p->follow.source, in->preserve,
	    &p->scratch, &p->target, e) == -1)
		return -1;
	if (!dav_same_target(in, p))
		return dav_elsewhere(url, e);
	same = dav_same_rules(in, p, e);
	return same == 0 ? dav_elsewhere(url, e) : same == 1 ? 0 : -1;
}

/* 1: it leads to our origin; 0: it is not on a host of the map, or no place,
 * as e says; -1 and e. */
static int
dav_find(const struct dav *in, struct str url, struct dav_place *p,
    struct err *e)
{
	struct follow_ask ask = *in->ask;
	int got = dav_read(in, url, p, e);

	if (got != 1)
		return got;
	ask.request = &p->request;
	ask.fresh = in->follow->fresh; /* it is the same client */
	got = follow_request(&ask, &p->scratch, NULL, &p->follow, e);
	if (got == 1)
		return dav_enter(in, url, p, e) == 0 ? 1 : -1;
	if (got == -1 || e->reason == REASON_AMBIGUOUS_PATH)
		return -1;
	got = e->reason == REASON_NO_HOST ? 0 : -1;
	(void)dav_elsewhere(url, e);
	return got;
}

/* The place as the origin knows it, in the arena. As dav_find. */
static int
dav_map_url(const struct dav *in, struct str url, struct arena *a,
    struct str *out, struct err *e)
{
	const struct target *t = in->target;
	struct dav_place *p = malloc(sizeof(*p));
	int got;

	if (p == NULL)
		return dav_full(e);
	arena_init(&p->scratch, DAV_SCRATCH);
	got = dav_find(in, url, p, e);
	if (got == 1) {
		*out = str_starts(url, STR("/")) ?
		    arena_copy(a, p->target.path) :
		    ARENA_JOIN(a, t->scheme == ORIGIN_HTTPS ?
		        STR("https://") : STR("http://"), t->host_field,
		        p->target.path);
		if (out->p == NULL)
			got = dav_full(e);
	}
	arena_fini(&p->scratch);
	free(p);
	return got;
}

/* ---- fields ---- */

static int
dav_destination(const struct dav *in, struct header_field *f, struct arena *a,
    struct err *e)
{
	struct str method = in->ask->request->method;
	int got = dav_map_url(in, f->value, a, &f->value, e);

	if (got == 0 && !str_eq(method, STR("COPY")) &&
	    !str_eq(method, STR("MOVE"))) {
		e->reason = REASON_NONE;
		return 0;
	}
	return got == 1 ? 0 : -1;
}

/* An If field while it is read. */
struct dav_if {
	struct buf out;
	struct arena *arena;
	size_t *tags;       /* looked up so far, of all fields */
	bool inside;        /* of parentheses */
	struct str tag, as; /* the last one: they often repeat */
};

/* The next piece of an If field: <...> or [...] as a whole, or what is before
 * one. */
static struct str
dav_if_piece(struct str value, size_t from)
{
	struct str rest = str_sub(value, from, value.n);
	size_t url = str_find(rest, '<'), entity = str_find(rest, '[');

	if (rest.n > 0 && url == 0)
		return str_sub(rest, 0, str_find(rest, '>') + 1);
	if (rest.n > 0 && entity == 0)
		return str_sub(rest, 0, str_find(rest, ']') + 1);
	return str_sub(rest, 0, url < entity ? url : entity);
}

/*
 * Does everybody find the end of a <...> or [...] where we do? Some readers
 * look for the bracket alone, others mind quotes: what one takes for an entity
 * tag may hold a place to another.
 */
static bool
dav_if_is_plain(struct str piece)
{
	bool entity = piece.p[0] == '[';
	size_t quotes = 0, i;

	if (!str_ends(piece, entity ? STR("]") : STR(">")))
		return false;
	for (i = 1; i < piece.n; i++) {
		char c = piece.p[i];

		if (c == '<' || (entity && (c == '>' || c == '[' ||
		    c == '(' || c == ')')))
			return false;
		quotes += c == '"';
	}
	return !entity || quotes % 2 == 0;
}

/* A tag, without its <>. 0, or -1 and e. */
static int
dav_if_tag(const struct dav *in, struct dav_if *w, struct str tag,
    struct err *e)
{
	if (w->tag.p == NULL || !str_eq(tag, w->tag)) {
		if ((*w->tags)++ == DAV_TAGS_MAX)
			return err_set(e, REASON_BAD_REQUEST,
			    "If names more than %d places", DAV_TAGS_MAX);
		w->tag = tag;
		if (dav_map_url(in, tag, w->arena, &w->as, e) != 1)
			return -1;
	}
	return buf_put(&w->out, STR("<")) == 0 &&
	    buf_put(&w->out, w->as) == 0 &&
	    buf_put(&w->out, STR(">")) == 0 ? 0 : dav_full(e);
}

/* A <URL> before a list is a tag, one within its parentheses a token. */
static int
dav_if_part(const struct dav *in, struct dav_if *w, struct str piece,
    struct err *e)
{
	size_t i;

	if ((piece.p[0] == '<' || piece.p[0] == '[') &&
	    !dav_if_is_plain(piece))
		return err_set(e, REASON_BAD_REQUEST,
		    "If can be read in two ways at '%.*s'", STR_ARG(piece));
	if (piece.p[0] == '<' && !w->inside)
		return dav_if_tag(in, w, str_sub(piece, 1, piece.n - 1), e);
	for (i = 0; piece.p[0] != '<' && i < piece.n; i++)
		if (piece.p[i] == '(' || piece.p[i] == ')')
			w->inside = piece.p[i] == '(';
	return buf_put(&w->out, piece) == 0 ? 0 : dav_full(e);
}

static int
dav_if(const struct dav *in, struct header_field *f, struct arena *a,
    size_t *tags, struct err *e)
{
	struct dav_if w = { .arena = a, .tags = tags };
	struct str piece;
	size_t at;
	int got = 0;

	buf_init(&w.out, DAV_IF_MAX);
	for (at = 0; at < f->value.n && got == 0; at += piece.n) {
		piece = dav_if_piece(f->value, at);
		got = dav_if_part(in, &w, piece, e);
	}
	if (got == 0) {
		f->value = arena_copy(a, buf_view(&w.out));
		if (f->value.p == NULL)
			got = dav_full(e);
	}
	buf_fini(&w.out);
	return got;
}

bool
dav_names_places(const struct header *h)
{
	return header_known(h, NAME_DESTINATION) != NULL ||
	    header_known(h, NAME_IF) != NULL;
}

int
dav_map(const struct dav *in, struct header *h, struct err *e)
{
	size_t destinations = 0, tags = 0;
	size_t i;

	for (i = 0; i < h->count; i++) {
		struct header_field *f = &h->fields[i];
		int got = 0;

		if (f->id == NAME_IF)
			got = dav_if(in, f, h->arena, &tags, e);
		else if (f->id != NAME_DESTINATION)
			continue;
		else if (destinations++ > 0)
			got = err_set(e, REASON_BAD_REQUEST,
			    "more than one Destination");
		else
			got = dav_destination(in, f, h->arena, e);
		if (got == -1)
			return -1;
	}
	return 0;
}
