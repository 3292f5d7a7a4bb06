/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * status_search: "where does it go?": what the map says of a host and path, as
 * if a client asked for it by GET, and how the origins are that it leads to.
 */

#include "decide/admit.h"
#include "decide/plan.h"
#include "decide/target.h"
#include "http/host.h"
#include "http/path.h"
#include "route/spell.h"
#include "serve/status_private.h"

enum { STATUS_SPELLED = 4096 };

/* "https://shop.example/cart" and "shop.example/cart" are the same. */
static int
status_read_asked(struct str asked, struct arena *a, struct request *r,
    struct err *e)
{
	struct str authority, rest;
	size_t slash;

	path_split_target(asked, &authority, &rest);
	if (authority.p == NULL) {
		slash = str_find(asked, '/');
		authority = str_sub(asked, 0, slash);
		rest = str_sub(asked, slash, asked.n);
	}
	if (rest.n == 0)
		rest = STR("/");
	return host_parse(authority, &r->host, e) == -1 ||
	    path_parse(rest, a, &r->path, e) == -1 ? -1 : 0;
}

/* "shop.list:12", as the map names its sources. */
static struct str
status_place(const struct codec_meta *meta, uint32_t source, uint32_t line,
    struct arena *a)
{
	struct str left = meta->sources, name;
	uint32_t i;

	for (i = 0; str_cut(left, '\n', &name, &left) && i < source; i++)
		;
	if (i < source || name.n == 0)
		name = STR("list");
	return arena_printf(a, "%.*s:%u", STR_ARG(name), line);
}

static struct str
status_spell(const struct route_target *t, const struct route *r,
    struct arena *a)
{
	struct buf b;
	struct str text;

	buf_init(&b, STATUS_SPELLED);
	text = spell_target(t, r, &b) == 0 ? arena_copy(a, buf_view(&b)) :
	    STR("…");
	buf_fini(&b);
	return text;
}

static void
status_fill_found(const struct codec_meta *meta, struct arena *a,
    struct status_search *out)
{
	const struct follow *f = &out->follow;

	if (f->found.route == NULL)
		return;
	out->place = status_place(meta, f->found.route->source,
	    f->found.route->line, a);
	out->target = status_spell(f->target != NULL ? f->target :
	    &f->found.route->target, f->found.route, a);
}

/* What the settings make of it: the plan, and whether it is refused. */
static void
status_admit(struct exchange *x, struct status_search *out)
{
	struct follow *f = &out->follow;
	const struct settings *s = x->settings;
	const struct settings_plan *plan;
	struct target t;
	struct err e;

	(void)plan_of_route(&f->policy, s, &plan);
	if (admit_auth(f, s, &e) == -1 || admit_origin(f, s, &e) == -1 ||
	    (f->origin != NULL && (target_origin(f->origin, &f->source,
	    s->host_preserve == SETTINGS_HOST_PRESERVE, &x->arena, &t, &e) ==
	    -1 || admit_target(&f->policy, s, &t, &e) == -1)))
		out->reason = e.reason;
}

int
status_look(struct exchange *x, unsigned slot, struct str asked,
    struct status_search *out)
{
	struct exchange_map m;
	struct request *r = &out->request;
	struct err e;

	out->asked = asked;
	follow_init(&out->follow);
	*r = (struct request){ .method = STR("GET"),
		.scheme = STR("https"),
		.client_ip = x->request.client_ip,
		.id = x->request.id };
	header_init(&r->fields, &x->arena);
	if (status_read_asked(asked, &x->arena, r, &e) == -1) {
		out->wrong = arena_copy(&x->arena, str_of(e.text));
		return 0;
	}
	exchange_ask_map(x, slot, &m);
	m.ask.request = r;
	m.ask.claims = NULL;
	m.ask.claim_count = 0;
	out->got = follow_request(&m.ask, &x->arena, NULL, &out->follow,
	    &x->err);
	if (out->got == -1)
		return -1;
	out->reason = out->got == 0 ? x->err.reason : REASON_NONE;
	x->err.reason = REASON_NONE; /* that one was of the other host */
	if (out->got == 1)
		status_admit(x, out);
	status_fill_found(m.map.meta, &x->arena, out);
	return 0;
}

/* ---- shown ---- */

static void
status_term(struct status_out *o, const char *name, struct str text)
{
	if (text.n == 0)
		return;
	status_printf(o, "<div><dt>%s</dt><dd>", name);
	status_put_html(o, text);
	status_put(o, STR("</dd></div>"));
}

static const struct health_row *
status_health_of(const struct status *s, struct str name)
{
	size_t i;

	for (i = 0; i < s->origin_count; i++)
		if (name.n >= s->origins[i].name_size &&
		    s->origins[i].name_size > 0 && str_eq(str_sub(name, 0,
		    s->origins[i].name_size), (struct str){
		    s->origins[i].name, s->origins[i].name_size }))
			return &s->origins[i];
	return NULL;
}

static void
status_put_origins(struct status_out *o, const struct status *s)
{
	const struct service *service = s->search.follow.service;
	size_t i;

	if (service == NULL)
		return;
	status_put(o, STR("<div><dt>Origins</dt><dd><ul>"));
	for (i = 0; i < service->origin_count; i++) {
		const struct health_row *row;
		struct buf b;

		buf_init(&b, STATUS_SPELLED);
		if (spell_url(&service->origins[i].url, NULL, &b) == -1)
			buf_clear(&b);
		row = status_health_of(s, buf_view(&b));
		status_put(o, STR("<li>"));
		status_put_html(o, buf_view(&b));
		if (service->origins[i].weight != 1)
			status_printf(o, " weight %u",
			    (unsigned)service->origins[i].weight);
		if (service->origins[i].backup)
			status_put(o, STR(" backup"));
		if (row != NULL && row->view.state != HEALTH_WELL)
			status_printf(o, " <span class=\"badge bad\">%s"
			    "</span>", health_word(row->view.state));
		status_put(o, STR("</li>"));
		buf_fini(&b);
	}
	status_put(o, STR("</ul></dd></div>"));
}

/* What else there is: conditions and shares depend on who asks. */
static void
status_put_hints(struct status_out *o, const struct route *r)
{
	if (r->when_count + r->split_count == 0)
		return;
	status_put(o, STR("<p class=\"none\">"));
	if (r->when_count > 0)
		status_printf(o, "%zu condition%s may lead elsewhere. ",
		    r->when_count, r->when_count == 1 ? "" : "s");
	if (r->split_count > 0)
		status_printf(o, "Its clients are split over %zu targets. ",
		    r->split_count);
	status_put(o, STR("route-query -v tells all of it.</p>"));
}

static void
status_put_route(struct status_out *o, const struct status *s)
{
	const struct status_search *q = &s->search;
	const struct follow *f = &q->follow;
	size_t i;

	status_put(o, STR("<dl>"));
	if (f->alias_count > 0)
		status_term(o, "Alias of", f->host);
	status_term(o, "Route", f->found.route->match);
	status_term(o, "Written at", q->place);
	status_term(o, "Leads to", q->target);
	if (!str_eq(f->service_key, q->target))
		status_term(o, "Service", f->service_key);
	status_put_origins(o, s);
	status_term(o, "Plan", f->policy.plan);
	if (!str_eq(f->policy.plan, f->policy.plan_said))
		status_term(o, "router.ini has no plan",
		    f->policy.plan_said);
	for (i = 0; i < f->policy.auth_count; i++)
		status_term(o, "Asks who it is", f->policy.auth[i]);
	status_put(o, STR("</dl>"));
	status_put_hints(o, f->found.route);
}

void
status_put_search(struct status_out *o, const struct status *s)
{
	const struct status_search *q = &s->search;

	if (q->asked.n == 0)
		return;
	status_put(o, STR("<section class=\"card found\" "
	    "aria-labelledby=\"found\"><h2 id=\"found\">Where "));
	status_put_html(o, q->asked);
	status_printf(o, " goes <a class=\"close\" href=\"?sort=%s\">Close"
	    "</a></h2>", status_sort_word(s->sort));
	if (q->wrong.n > 0) {
		status_put(o, STR("<p class=\"none\">That is no host and "
		    "path: "));
		status_put_html(o, q->wrong);
		status_put(o, STR("</p>"));
	}
	if (q->reason != REASON_NONE)
		status_printf(o, "<p><span class=\"badge warn\">%s</span> %s"
		    "</p>", reason_word(q->reason),
		    reason_sentence(q->reason));
	if (q->wrong.n == 0 && q->follow.found.route != NULL)
		status_put_route(o, s);
	status_put(o, STR("</section>\n"));
}
