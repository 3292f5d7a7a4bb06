/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * links_egress: may the origins of a service be connected to by the rules that
 * hold where a route leads there?
 *
 * A route's own egress= stands before its service's, so that neither entry
 * alone shows it. Names that are made of variables may be those of services
 * which other routes are for: nothing is said of them.
 */

#include "decide/egress.h"
#include "tools/links_private.h"

/* In the order in which words beat each other. */
static struct str
links_egress_name(const struct route *r, const struct service *s)
{
	if (words_say(r->own, DIRECTIVE_EGRESS))
		return r->own->egress;
	if (words_say(s->own, DIRECTIVE_EGRESS))
		return s->own->egress;
	return words_say(r->defaults, DIRECTIVE_EGRESS) ?
	    r->defaults->egress : STR("");
}

static void
links_egress_tell(struct links *l, const struct route *r,
    const struct service *s, const struct service_origin *o,
    struct str egress)
{
	struct lint_place at = links_place(l, r->source, r->line);
	struct str place = lint_place_print(l->ask->lint,
	    links_place(l, s->source, s->line));
	struct str address = o->url.scheme == ORIGIN_UNIX ?
	    o->url.socket.parts[0].text : o->url.host.parts[0].text;

	lint_tell(l->ask->lint, LINT_ORIGIN_REFUSED, at, arena_printf(
	    &l->arena, "%.*s of @%.*s%s%.*s (%.*s) is refused by "
	    "[egress%s%.*s] of router.ini", STR_ARG(address),
	    STR_ARG(s->space), s->space.n > 0 ? "/" : "", STR_ARG(s->name),
	    STR_ARG(place), egress.n > 0 ? ":" : "", STR_ARG(egress)),
	    STR(""));
}

/* One is told: the others are on the same line. */
static void
links_egress_service(struct links *l, const struct route *r,
    const struct service *s)
{
	struct str egress = links_egress_name(r, s);
	size_t i;

	if (words_say(s->own, DIRECTIVE_EGRESS) &&
	    !words_say(r->own, DIRECTIVE_EGRESS))
		return; /* as its entry alone shows */
	for (i = 0; i < s->origin_count; i++) {
		const struct service_origin *o = &s->origins[i];
		bool socket = o->url.scheme == ORIGIN_UNIX;
		const struct pattern *p = socket ? &o->url.socket :
						   &o->url.host;
		const struct egress_spelled spelled = {
			.text = p->count > 0 ? p->parts[0].text : STR(""),
			.socket = socket };

		/* What no section lets pass was told of the service. */
		if (!pattern_is_fixed(p) ||
		    l->ask->reaches(l->ask->arg, &egress, &spelled) ||
		    !l->ask->reaches(l->ask->arg, NULL, &spelled))
			continue;
		links_egress_tell(l, r, s, o, egress);
		return;
	}
}

int
links_egress(struct links *l, const struct route *r)
{
	const struct route_target *t;
	size_t i;

	for (i = 0; (t = links_target(r, i)) != NULL; i++) {
		struct service s;
		int got;

		if (t->kind != TARGET_SERVICE ||
		    !pattern_is_fixed(&t->service.name))
			continue;
		got = lookup_service(&l->map, t->service.scope ==
		    SERVICE_SPACE ? t->service.space : STR(""),
		    t->service.name.parts[0].text, &l->arena, NULL, &s, l->e);
		if (got == -1)
			return -1;
		if (got == 1)
			links_egress_service(l, r, &s);
	}
	return 0;
}
