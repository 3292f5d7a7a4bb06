/* SPDX-License-Identifier: BSD-2-Clause */

/* spell: each kind of target. */

#include "route/spell.h"

#include "route/pattern.h"

int
spell_url(const struct origin_url *o, const struct route *r, struct buf *to)
{
	if (buf_printf(to, "%s:", origin_scheme_word(o->scheme)) == -1)
		return -1;
	if (o->scheme == ORIGIN_UNIX) {
		if (pattern_print(&o->socket, r, to) == -1)
			return -1;
		if (o->path.count > 0 && buf_put(to, STR(":")) == -1)
			return -1;
		return pattern_print(&o->path, r, to);
	}
	if (buf_put(to, STR("//")) == -1 ||
	    pattern_print(&o->host, r, to) == -1)
		return -1;
	if (o->port_written && buf_printf(to, ":%u", (unsigned)o->port) == -1)
		return -1;
	return pattern_print(&o->path, r, to);
}

static int
spell_service(const struct service_ref *s, const struct route *r,
    struct buf *to)
{
	if (buf_put(to, STR("@")) == -1)
		return -1;
	if (s->scope == SERVICE_SPACE && (buf_put(to, s->space) == -1 ||
	    buf_put(to, STR("/")) == -1))
		return -1;
	return pattern_print(&s->name, r, to);
}

static int
spell_respond(const struct route_target *t, struct buf *to)
{
	if (buf_printf(to, "respond=%d", t->code) == -1)
		return -1;
	if (t->text.n == 0)
		return 0;
	return buf_put(to, STR(" ")) == -1 ? -1 : buf_put(to, t->text);
}

int
spell_target(const struct route_target *t, const struct route *r,
    struct buf *to)
{
	switch (t->kind) {
	case TARGET_ORIGIN:
		return spell_url(&t->origin, r, to);
	case TARGET_REDIRECT:
		if (buf_printf(to, "redirect=%d ", t->code) == -1)
			return -1;
		return pattern_print(&t->url, r, to);
	case TARGET_RESPOND:
		return spell_respond(t, to);
	case TARGET_SERVICE:
		return spell_service(&t->service, r, to);
	case TARGET_ALIAS:
		return buf_put(to, STR("=")) == -1 ? -1 :
		    buf_put(to, t->alias);
	case TARGET_INTERNAL:
		return buf_printf(to, "internal=%s",
		    internal_word(t->internal));
	case TARGET_NONE:
	case TARGET_KIND_COUNT:
		break;
	}
	return 0; /* the codec hands out no such target */
}
