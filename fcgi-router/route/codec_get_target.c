/* SPDX-License-Identifier: BSD-2-Clause */

/* codec: bytes back to targets, conditions and splits. */

#include "route/codec.h"

#include "route/codec_private.h"

static void
codec_get_part(struct codec_reader *r, struct pattern_part *part)
{
	unsigned byte = codec_get_byte(r);
	unsigned number = byte >> CODEC_CONTEXT_BITS;

	part->context = (enum pattern_context)(byte & CODEC_CONTEXT_MASK);
	part->variable = PATTERN_LITERAL;
	if (number > PATTERN_VARIABLE_COUNT) {
		r->bad = true;
		return;
	}
	if (number > 0)
		part->variable = (enum pattern_variable)(number - 1);
	if (part->variable == PATTERN_CAPTURE)
		part->capture = (uint8_t)codec_get_byte(r);
	else if (number == 0 || pattern_has_key(part->variable))
		part->text = codec_get_text(r);
	if (!codec_part_ok(part, r->record->captures))
		r->bad = true;
}

/* Takes count parts of those that a record may have. */
static struct pattern_part *
codec_get_parts(struct codec_reader *r, size_t count)
{
	if (count > CODEC_PARTS_MAX - r->record->parts)
		r->bad = true;
	else
		r->record->parts += count;
	return codec_get_array(r, count, sizeof(struct pattern_part));
}

void
codec_get_pattern(struct codec_reader *r, struct pattern *out)
{
	size_t count = (size_t)codec_get_number(r, CODEC_PARTS_MAX);
	size_t i;

	out->parts = codec_get_parts(r, count);
	out->count = out->parts != NULL ? count : 0;
	for (i = 0; i < out->count && !r->bad; i++)
		codec_get_part(r, &out->parts[i]);
}

static void
codec_get_literal(struct str text, enum pattern_context context,
    struct pattern_part *part, struct pattern *out)
{
	part->variable = PATTERN_LITERAL;
	part->context = context;
	part->text = text;
	out->parts = part;
	out->count = 1;
}

/* "host/path", to the end of the item. */
static void
codec_get_plain(struct codec_reader *r, struct origin_url *out)
{
	struct str all = codec_get_rest(r);
	size_t host = str_find(all, '/');
	size_t count = host < all.n ? 2 : 1;
	struct pattern_part *parts;

	/* The bytes are read: they have no room for more to come. */
	if (host == 0 || count > CODEC_PARTS_MAX - r->record->parts)
		r->bad = true;
	if (r->bad)
		return;
	r->record->parts += count;
	parts = arena_alloc(r->record->arena, count * sizeof(*parts));
	if (parts == NULL) {
		r->record->full = r->bad = true;
		return;
	}
	codec_get_literal(str_sub(all, 0, host), PATTERN_IN_AUTHORITY,
	    &parts[0], &out->host);
	if (count > 1)
		codec_get_literal(str_sub(all, host, all.n), PATTERN_IN_PATH,
		    &parts[1], &out->path);
}

void
codec_get_url(struct codec_reader *r, struct origin_url *out)
{
	unsigned byte = codec_get_byte(r);
	unsigned scheme = byte & CODEC_URL_SCHEME;
	unsigned tail = byte >> CODEC_URL_TAIL_BITS & CODEC_URL_TAIL;

	if (scheme >= ORIGIN_SCHEME_COUNT || tail >= ORIGIN_TAIL_COUNT ||
	    byte >= CODEC_URL_PLAIN << 1) {
		r->bad = true;
		return;
	}
	out->scheme = (enum origin_scheme)scheme;
	out->tail = (enum origin_tail)tail;
	out->port_written = (byte & CODEC_URL_PORT) != 0;
	if (out->port_written)
		out->port = (uint16_t)codec_get_number(r, UINT16_MAX);
	else if (scheme != ORIGIN_UNIX)
		out->port = scheme == ORIGIN_HTTPS ? 443 : 80;
	if ((byte & CODEC_URL_PLAIN) != 0) {
		codec_get_plain(r, out);
		return;
	}
	codec_get_pattern(r, scheme == ORIGIN_UNIX ? &out->socket :
	    &out->host);
	codec_get_pattern(r, &out->path);
	/* It has a shorter spelling. */
	if (!r->bad && codec_url_is_plain(out))
		r->bad = true;
}

static void
codec_get_ref(struct codec_reader *r, struct service_ref *out)
{
	unsigned byte = codec_get_byte(r);
	bool plain = (byte & CODEC_REF_PLAIN) != 0;

	if ((byte & CODEC_REF_SCOPE) >= SERVICE_SCOPE_COUNT ||
	    byte >= CODEC_REF_PLAIN << 1) {
		r->bad = true;
		return;
	}
	out->scope = (enum service_scope)(byte & CODEC_REF_SCOPE);
	if (out->scope == SERVICE_SPACE)
		out->space = codec_get_text(r);
	if (plain) {
		struct pattern_part *part = codec_get_parts(r, 1);

		if (part != NULL)
			codec_get_literal(codec_get_rest(r),
			    PATTERN_IN_AUTHORITY, part, &out->name);
		return;
	}
	codec_get_pattern(r, &out->name);
	if (!r->bad && codec_is_literal(&out->name, PATTERN_IN_AUTHORITY))
		r->bad = true;
}

static void
codec_get_answer(struct codec_reader *r, enum target_kind kind,
    struct route_target *out)
{
	out->kind = kind;
	out->code = (int)codec_get_number(r, UINT16_MAX);
	if (kind == TARGET_REDIRECT)
		codec_get_pattern(r, &out->url);
	else
		out->text = codec_get_rest(r);
}

void
codec_get_target(struct codec_reader *r, unsigned tag,
    struct route_target *out)
{
	if (out->kind != TARGET_NONE)
		r->bad = true;
	switch (tag) {
	case CODEC_ITEM_ORIGIN:
		out->kind = TARGET_ORIGIN;
		codec_get_url(r, &out->origin);
		break;
	case CODEC_ITEM_REDIRECT:
		codec_get_answer(r, TARGET_REDIRECT, out);
		break;
	case CODEC_ITEM_RESPOND:
		codec_get_answer(r, TARGET_RESPOND, out);
		break;
	case CODEC_ITEM_SERVICE:
		out->kind = TARGET_SERVICE;
		codec_get_ref(r, &out->service);
		break;
	case CODEC_ITEM_ALIAS:
		out->kind = TARGET_ALIAS;
		out->alias = codec_get_rest(r);
		break;
	case CODEC_ITEM_INTERNAL:
		out->kind = TARGET_INTERNAL;
		out->internal = (enum internal_page)codec_get_byte(r);
		break;
	default:
		r->bad = true;
	}
}

/* A target in the midst of others. */
static void
codec_get_inner(struct codec_reader *r, struct route_target *out)
{
	unsigned tag = 0;
	struct codec_reader item = codec_get_next(r, &tag);

	if (item.bad)
		return;
	codec_get_target(&item, tag, out);
	r->bad = item.bad || item.at < item.end;
}

static void
codec_get_cond(struct codec_reader *r, struct route_cond *out)
{
	unsigned byte = codec_get_byte(r);
	unsigned kind = byte & CODEC_COND_KIND;
	bool value = (byte & CODEC_COND_VALUE) != 0;

	if (kind >= COND_KIND_COUNT || byte >= CODEC_COND_VALUE << 1) {
		r->bad = true;
		return;
	}
	out->kind = (enum cond_kind)kind;
	out->negated = (byte & CODEC_COND_NEGATED) != 0;
	out->has_value = value && codec_cond_named(out->kind);
	if (codec_cond_named(out->kind))
		out->name = codec_get_text(r);
	if (value)
		out->value = codec_get_text(r);
	if (out->kind == COND_CLIENT)
		codec_get_ranges(r, &out->ranges);
	if (value != codec_cond_valued(out))
		r->bad = true;
}

static void
codec_get_when(struct codec_reader *r, struct route_when *out)
{
	size_t i;

	out->line = (uint32_t)codec_get_number(r, UINT32_MAX);
	out->cond_count = (size_t)codec_get_number(r, ROUTE_CONDS_MAX);
	out->conds = codec_get_array(r, out->cond_count,
	    sizeof(*out->conds));
	for (i = 0; i < out->cond_count && !r->bad; i++)
		codec_get_cond(r, &out->conds[i]);
	codec_get_inner(r, &out->target);
}

void
codec_get_whens(struct codec_reader *r, struct route *out)
{
	size_t i;

	out->when_count = (size_t)codec_get_number(r, ROUTE_WHENS_MAX);
	out->whens = codec_get_array(r, out->when_count,
	    sizeof(*out->whens));
	for (i = 0; i < out->when_count && !r->bad; i++)
		codec_get_when(r, &out->whens[i]);
	if (out->when_count == 0)
		r->bad = true;
}

void
codec_get_splits(struct codec_reader *r, struct route *out)
{
	size_t i;

	out->split_count = (size_t)codec_get_number(r, ROUTE_SPLITS_MAX);
	out->splits = codec_get_array(r, out->split_count,
	    sizeof(*out->splits));
	for (i = 0; i < out->split_count && !r->bad; i++) {
		out->splits[i].weight = (uint32_t)codec_get_number(r,
		    ROUTE_WEIGHT_MAX);
		codec_get_inner(r, &out->splits[i].target);
	}
	codec_get_balance_by(r, &out->split_by);
	if (out->split_count == 0)
		r->bad = true;
}
