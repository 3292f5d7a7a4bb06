/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * codec: bytes back to records.
 *
 * The record's bytes are copied once and its texts point into that copy; all
 * parts of its patterns share one array. A reader that met something wrong
 * stays bad and answers zeros, so it is asked once, at the end.
 */

#include "route/codec.h"

#include "route/codec_private.h"
#include "route/pattern.h"

/* What all readers of one record share. */
struct codec_record {
	struct arena *arena;
	const char *bytes;
	const char *copy;
	size_t size;
	struct pattern_part *parts; /* the next free one */
	size_t parts_left;
	bool full; /* the arena is */
};

/* A record, or an item of it. */
struct codec_reader {
	const char *at;
	const char *end;
	bool bad;
	struct codec_record *record;
};

static unsigned
codec_get_byte(struct codec_reader *r)
{
	if (r->at == r->end) {
		r->bad = true;
		return 0;
	}
	return (unsigned char)*r->at++;
}

/* One spelling for each number: no zero groups at the end. */
static uint64_t
codec_get_long_number(struct codec_reader *r)
{
	uint64_t number = 0;
	unsigned shift;

	for (shift = 0; shift < 64; shift += 7) {
		uint64_t byte = codec_get_byte(r);

		if (shift == 63 && byte > 1)
			break;
		number |= (byte & 0x7f) << shift;
		if ((byte & 0x80) != 0)
			continue;
		if (byte == 0 && shift > 0)
			break;
		return number;
	}
	r->bad = true;
	return 0;
}

static uint64_t
codec_get_number(struct codec_reader *r, uint64_t max)
{
	uint64_t number;

	if (r->at < r->end && (unsigned char)*r->at < 0x80)
		number = (unsigned char)*r->at++;
	else
		number = codec_get_long_number(r);
	if (number <= max)
		return number;
	r->bad = true;
	return 0;
}

static struct str
codec_get_bytes(struct codec_reader *r, uint64_t n)
{
	struct str s = { NULL, 0 };

	if (n > (uint64_t)(r->end - r->at)) {
		r->bad = true;
	} else if (n > 0) {
		s.p = r->record->copy + (r->at - r->record->bytes);
		s.n = (size_t)n;
		r->at += n;
	}
	return s;
}

static struct str
codec_get_rest(struct codec_reader *r)
{
	return codec_get_bytes(r, (uint64_t)(r->end - r->at));
}

static struct str
codec_get_text(struct codec_reader *r)
{
	return codec_get_bytes(r, codec_get_number(r, SIZE_MAX));
}

/* An array for as many as the record says; each takes a byte of it at least. */
static void *
codec_get_array(struct codec_reader *r, size_t count, size_t size)
{
	void *p;

	if (count == 0 || r->bad)
		return NULL;
	if (count > r->record->size) {
		r->bad = true;
		return NULL;
	}
	p = arena_alloc(r->record->arena, count * size);
	if (p == NULL)
		r->record->full = r->bad = true;
	return p;
}

static void
codec_get_part(struct codec_reader *r, struct pattern_part *part,
    size_t captures)
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
	if (!codec_part_ok(part, captures))
		r->bad = true;
}

static void
codec_get_pattern(struct codec_reader *r, size_t captures,
    struct pattern *out)
{
	struct codec_record *record = r->record;
	size_t count = (size_t)codec_get_number(r, record->parts_left);
	size_t i;

	if (count == 0)
		return;
	out->parts = record->parts;
	out->count = count;
	record->parts += count;
	record->parts_left -= count;
	for (i = 0; i < count && !r->bad; i++)
		codec_get_part(r, &out->parts[i], captures);
}

static void
codec_get_captures(struct codec_reader *r, struct route *out)
{
	unsigned host = codec_get_byte(r);

	out->host_capture = host == 1;
	if (host > 1 || r->at == r->end)
		r->bad = true;
	while (r->at < r->end && !r->bad) {
		if (out->capture_count == ROUTE_CAPTURES_MAX) {
			r->bad = true;
			return;
		}
		out->captures[out->capture_count++] = codec_get_text(r);
	}
}

static void
codec_get_origin(struct codec_reader *r, struct route *out)
{
	struct origin_url *o = &out->origin;
	unsigned scheme = codec_get_byte(r);
	unsigned flags = codec_get_byte(r);

	if (scheme >= ORIGIN_SCHEME_COUNT || flags >> 1 >= ORIGIN_TAIL_COUNT) {
		r->bad = true;
		return;
	}
	out->target = TARGET_ORIGIN;
	o->scheme = (enum origin_scheme)scheme;
	o->port_written = (flags & 1) != 0;
	o->tail = (enum origin_tail)(flags >> 1);
	o->port = (uint16_t)codec_get_number(r, UINT16_MAX);
	codec_get_pattern(r, out->capture_count, &o->host);
	codec_get_pattern(r, out->capture_count, &o->socket);
	codec_get_pattern(r, out->capture_count, &o->path);
}

static void
codec_get_answer(struct codec_reader *r, enum target_kind target,
    struct route *out)
{
	if (out->target != TARGET_NONE)
		r->bad = true;
	out->target = target;
	out->code = (int)codec_get_number(r, UINT16_MAX);
	if (target == TARGET_REDIRECT)
		codec_get_pattern(r, out->capture_count, &out->url);
	else
		out->text = codec_get_rest(r);
}

static void
codec_get_header(struct codec_reader *r, size_t captures,
    struct header_rule *rule)
{
	unsigned byte = codec_get_byte(r);

	if ((byte >> 1 & 3) >= HEADER_VERB_COUNT ||
	    byte >> 3 >= ROUTE_LEVEL_COUNT) {
		r->bad = true;
		return;
	}
	rule->side = (enum header_side)(byte & 1);
	rule->verb = (enum header_verb)(byte >> 1 & 3);
	rule->level = (enum route_level)(byte >> 3);
	rule->name = codec_get_text(r);
	if (rule->name.n == 0)
		r->bad = true;
	codec_get_pattern(r, captures, &rule->value);
}

static void
codec_get_rules(struct codec_reader *r, struct route *out)
{
	size_t count = (size_t)codec_get_number(r, CODEC_RULES_MAX);
	size_t i;

	out->rules = codec_get_array(r, count, sizeof(*out->rules));
	out->rule_count = count;
	for (i = 0; i < count && !r->bad; i++)
		codec_get_header(r, out->capture_count, &out->rules[i]);
	if (count == 0)
		r->bad = true;
}

static void
codec_get_tags(struct codec_reader *r, struct route *out)
{
	size_t count = (size_t)codec_get_number(r, CODEC_TAGS_MAX);
	size_t i;

	out->tags = codec_get_array(r, count, sizeof(*out->tags));
	out->tag_count = count;
	for (i = 0; i < count && !r->bad; i++) {
		out->tags[i].key = codec_get_text(r);
		out->tags[i].value = codec_get_text(r);
	}
}

static bool
codec_get_flag(struct codec_reader *r)
{
	return codec_get_number(r, 1) == 1;
}

static void
codec_get_value(struct codec_reader *r, enum directive d, struct route *out)
{
	switch (d) {
	case DIRECTIVE_EXACT:
		out->exact = codec_get_flag(r);
		break;
	case DIRECTIVE_STRIP_PREFIX:
		out->strip_prefix = codec_get_flag(r);
		break;
	case DIRECTIVE_HOST:
		out->host_sent = (enum host_sent)codec_get_number(r,
		    HOST_SENT_COUNT - 1);
		out->host_name = codec_get_rest(r);
		break;
	case DIRECTIVE_TAG:
		codec_get_tags(r, out);
		break;
	case DIRECTIVE_RETRY_AFTER:
		out->retry_after = (uint32_t)codec_get_number(r, UINT32_MAX);
		break;
	case DIRECTIVE_HEADERS:
	case DIRECTIVE_COUNT:
		break;
	}
}

static void
codec_get_directive(struct codec_reader *r, unsigned id, struct route *out)
{
	unsigned level = codec_get_byte(r);
	int d;

	for (d = 0; d < DIRECTIVE_COUNT; d++)
		if ((unsigned)directive_id((enum directive)d) == id)
			break;
	if (d == DIRECTIVE_COUNT || (level != ROUTE_LEVEL_DEFAULTS &&
	    level != ROUTE_LEVEL_ROUTE)) {
		r->bad = true;
		return;
	}
	if (level == ROUTE_LEVEL_DEFAULTS)
		out->from_defaults |= UINT32_C(1) << d;
	codec_get_value(r, (enum directive)d, out);
}

static void
codec_get_parts(struct codec_reader *r)
{
	struct codec_record *record = r->record;
	size_t count = (size_t)codec_get_number(r, CODEC_PARTS_MAX);

	if (count == 0)
		r->bad = true;
	record->parts = codec_get_array(r, count, sizeof(*record->parts));
	record->parts_left = r->bad ? 0 : count;
}

static void
codec_get_item(struct codec_reader *r, unsigned tag, struct route *out)
{
	switch (tag) {
	case CODEC_ITEM_PARTS:
		codec_get_parts(r);
		break;
	case CODEC_ITEM_MATCH:
		out->match = codec_get_rest(r);
		break;
	case CODEC_ITEM_SOURCE:
		out->line = (uint32_t)codec_get_number(r, UINT32_MAX);
		out->source = codec_get_rest(r);
		break;
	case CODEC_ITEM_CAPTURES:
		codec_get_captures(r, out);
		break;
	case CODEC_ITEM_ORIGIN:
		codec_get_origin(r, out);
		break;
	case CODEC_ITEM_REDIRECT:
		codec_get_answer(r, TARGET_REDIRECT, out);
		break;
	case CODEC_ITEM_RESPOND:
		codec_get_answer(r, TARGET_RESPOND, out);
		break;
	case CODEC_ITEM_RULES:
		codec_get_rules(r, out);
		break;
	default:
		if (tag <= CODEC_ITEM_DIRECTIVE)
			r->bad = true;
		else
			codec_get_directive(r, tag - CODEC_ITEM_DIRECTIVE,
			    out);
	}
}

/* Cuts the next item off r. Its tag must be above the last one's. */
static struct codec_reader
codec_get_next(struct codec_reader *r, unsigned *tag)
{
	unsigned last = *tag;
	struct codec_reader item = *r;
	uint64_t n;

	*tag = codec_get_byte(r);
	n = codec_get_number(r, SIZE_MAX);
	if (*tag <= last || n > (uint64_t)(r->end - r->at))
		r->bad = true;
	if (r->bad)
		n = 0;
	item.at = r->at;
	item.end = r->at + n;
	item.bad = r->bad;
	r->at += n;
	return item;
}

static void
codec_get_rule(struct codec_reader *r, struct route *out)
{
	unsigned tag = 0;

	while (r->at < r->end && !r->bad) {
		struct codec_reader item = codec_get_next(r, &tag);

		if (item.bad)
			return;
		codec_get_item(&item, tag, out);
		r->bad = item.bad || item.at < item.end;
	}
	/* Parts that nothing used would be a second spelling. */
	if (r->record->parts_left > 0 || codec_route_flaw(out) != NULL)
		r->bad = true;
}

static void
codec_get_shapes(struct codec_reader *r, struct route_host *out)
{
	if (r->at == r->end)
		r->bad = true;
	while (r->at < r->end && !r->bad) {
		struct route_shape *shape = &out->shapes[out->shape_count];
		uint64_t captures;

		if (out->shape_count == ROUTE_SHAPES_MAX) {
			r->bad = true;
			return;
		}
		shape->segments = (uint8_t)codec_get_byte(r);
		captures = codec_get_number(r, (uint64_t)UINT32_MAX << 1 | 1);
		shape->captures = (uint32_t)(captures >> 1);
		shape->exact = (captures & 1) != 0;
		out->shape_count++;
	}
}

/* Copies the bytes and reads version, kind and length. */
static struct codec_reader
codec_get_begin(struct str bytes, enum codec_kind kind,
    struct codec_record *record)
{
	struct codec_reader r = { .record = record };
	struct str copy = arena_copy(record->arena, bytes);

	if (copy.p == NULL) {
		record->full = r.bad = true;
		return r;
	}
	record->bytes = bytes.p;
	record->copy = copy.p;
	record->size = bytes.n;
	r.at = bytes.p;
	r.end = bytes.p + bytes.n;
	if (codec_get_byte(&r) != CODEC_VERSION ||
	    codec_get_byte(&r) != (unsigned)kind ||
	    codec_get_number(&r, SIZE_MAX) != (uint64_t)(r.end - r.at))
		r.bad = true;
	return r;
}

static int
codec_get_end(const struct codec_reader *r, struct err *e)
{
	if (r->record->full)
		return err_set(e, REASON_OVERLOADED,
		    "no memory left for a record of the map");
	if (r->bad)
		return err_set(e, REASON_MAP_BROKEN,
		    "a record of the map is broken");
	return 0;
}

int
codec_get_route(struct str bytes, struct arena *a, struct route *out,
    struct err *e)
{
	struct codec_record record = { .arena = a };
	struct codec_reader r = codec_get_begin(bytes, CODEC_KIND_ROUTE,
	    &record);

	*out = (struct route){ .match = { NULL, 0 } };
	if (!r.bad)
		codec_get_rule(&r, out);
	return codec_get_end(&r, e);
}

int
codec_get_host(struct str bytes, struct arena *a, struct route_host *out,
    struct err *e)
{
	struct codec_record record = { .arena = a };
	struct codec_reader r = codec_get_begin(bytes, CODEC_KIND_HOST,
	    &record);
	unsigned tag = 0;

	*out = (struct route_host){ .has_rule = false };
	while (r.at < r.end && !r.bad) {
		struct codec_reader item = codec_get_next(&r, &tag);

		if (item.bad)
			break;
		if (tag == CODEC_ITEM_SHAPES) {
			codec_get_shapes(&item, out);
		} else if (tag == CODEC_ITEM_RULE) {
			out->has_rule = true;
			codec_get_rule(&item, &out->rule);
		} else {
			item.bad = true;
		}
		r.bad = item.bad || item.at < item.end;
	}
	if (!r.bad && codec_host_flaw(out) != NULL)
		r.bad = true;
	return codec_get_end(&r, e);
}
