/* SPDX-License-Identifier: BSD-2-Clause */

/* codec: targets, conditions and splits to bytes. */

#include "route/codec.h"

#include "route/codec_private.h"

void
codec_put_pattern(struct codec_writer *w, const struct pattern *p)
{
	size_t i;

	codec_put_number(w, p->count);
	w->parts += p->count;
	for (i = 0; i < p->count; i++) {
		const struct pattern_part *part = &p->parts[i];
		bool literal = part->variable == PATTERN_LITERAL;
		unsigned number = literal ? 0 : part->variable + 1u;

		if (!codec_part_ok(part, w->captures)) {
			w->bad = true;
			return;
		}
		codec_put_byte(w,
		    number << CODEC_CONTEXT_BITS | (unsigned)part->context);
		if (part->variable == PATTERN_CAPTURE)
			codec_put_byte(w, part->capture);
		else if (literal || pattern_has_key(part->variable))
			codec_put_text(w, part->text);
	}
}

/* The one literal of a pattern. */
static void
codec_put_literal(struct codec_writer *w, const struct pattern *p)
{
	w->parts += p->count;
	if (p->count == 0)
		return;
	if (!codec_part_ok(&p->parts[0], w->captures))
		w->bad = true;
	codec_put_str(w, p->parts[0].text);
}

void
codec_put_url(struct codec_writer *w, const struct origin_url *o)
{
	bool plain = codec_url_is_plain(o);

	codec_put_byte(w, (unsigned)o->scheme |
	    (unsigned)o->tail << CODEC_URL_TAIL_BITS |
	    (o->port_written ? CODEC_URL_PORT : 0u) |
	    (plain ? CODEC_URL_PLAIN : 0u));
	if (o->port_written)
		codec_put_number(w, o->port);
	if (plain) {
		codec_put_literal(w, &o->host);
		codec_put_literal(w, &o->path);
		return;
	}
	codec_put_pattern(w,
	    o->scheme == ORIGIN_UNIX ? &o->socket : &o->host);
	codec_put_pattern(w, &o->path);
}

static void
codec_put_ref(struct codec_writer *w, const struct service_ref *ref)
{
	bool plain = codec_is_literal(&ref->name, PATTERN_IN_AUTHORITY);

	codec_put_byte(w,
	    (unsigned)ref->scope | (plain ? CODEC_REF_PLAIN : 0u));
	if (ref->scope == SERVICE_SPACE)
		codec_put_text(w, ref->space);
	if (plain)
		codec_put_literal(w, &ref->name);
	else
		codec_put_pattern(w, &ref->name);
}

void
codec_put_target(struct codec_writer *w, const struct route_target *t)
{
	static const unsigned char tags[TARGET_KIND_COUNT] = {
		[TARGET_ORIGIN] = CODEC_ITEM_ORIGIN,
		[TARGET_REDIRECT] = CODEC_ITEM_REDIRECT,
		[TARGET_RESPOND] = CODEC_ITEM_RESPOND,
		[TARGET_SERVICE] = CODEC_ITEM_SERVICE,
		[TARGET_ALIAS] = CODEC_ITEM_ALIAS,
		[TARGET_INTERNAL] = CODEC_ITEM_INTERNAL,
	};
	size_t start = buf_len(w->to);

	CHECK(t->kind > TARGET_NONE && t->kind < TARGET_KIND_COUNT);
	switch (t->kind) {
	case TARGET_ORIGIN:
		codec_put_url(w, &t->origin);
		break;
	case TARGET_REDIRECT:
		codec_put_number(w, (unsigned)t->code);
		codec_put_pattern(w, &t->url);
		break;
	case TARGET_RESPOND:
		codec_put_number(w, (unsigned)t->code);
		codec_put_str(w, t->text);
		break;
	case TARGET_SERVICE:
		codec_put_ref(w, &t->service);
		break;
	case TARGET_ALIAS:
		codec_put_str(w, t->alias);
		break;
	case TARGET_INTERNAL:
		codec_put_byte(w, t->internal);
		break;
	case TARGET_NONE:
	case TARGET_KIND_COUNT:
		break;
	}
	codec_put_item(w, start, tags[t->kind]);
}

static void
codec_put_cond(struct codec_writer *w, const struct route_cond *c)
{
	bool valued = codec_cond_valued(c);

	codec_put_byte(w, (unsigned)c->kind |
	    (c->negated ? CODEC_COND_NEGATED : 0u) |
	    (valued ? CODEC_COND_VALUE : 0u));
	if (codec_cond_named(c->kind))
		codec_put_text(w, c->name);
	if (valued)
		codec_put_text(w, c->value);
	if (c->kind == COND_CLIENT)
		codec_put_ranges(w, &c->ranges);
}

void
codec_put_whens(struct codec_writer *w, const struct route *r)
{
	size_t start = buf_len(w->to);
	size_t i, j;

	if (r->when_count == 0)
		return;
	codec_put_number(w, r->when_count);
	for (i = 0; i < r->when_count; i++) {
		const struct route_when *when = &r->whens[i];

		codec_put_number(w, when->line);
		codec_put_number(w, when->cond_count);
		for (j = 0; j < when->cond_count; j++)
			codec_put_cond(w, &when->conds[j]);
		codec_put_target(w, &when->target);
	}
	codec_put_item(w, start, CODEC_ITEM_WHENS);
}

void
codec_put_splits(struct codec_writer *w, const struct route *r)
{
	size_t start = buf_len(w->to);
	size_t i;

	if (r->split_count == 0)
		return;
	codec_put_number(w, r->split_count);
	for (i = 0; i < r->split_count; i++) {
		codec_put_number(w, r->splits[i].weight);
		codec_put_target(w, &r->splits[i].target);
	}
	codec_put_balance_by(w, &r->split_by);
	codec_put_item(w, start, CODEC_ITEM_SPLITS);
}
