/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * codec: bytes back to records.
 *
 * The record's bytes are copied once and its texts point into that copy.
 */

#include "route/codec.h"

#include "route/codec_private.h"

unsigned
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

uint64_t
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

struct str
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

struct str
codec_get_rest(struct codec_reader *r)
{
	return codec_get_bytes(r, (uint64_t)(r->end - r->at));
}

struct str
codec_get_text(struct codec_reader *r)
{
	return codec_get_bytes(r, codec_get_number(r, SIZE_MAX));
}

void *
codec_get_array(struct codec_reader *r, size_t count, size_t size)
{
	void *p;

	if (count == 0 || r->bad)
		return NULL;
	if (count > (size_t)(r->end - r->at)) {
		r->bad = true;
		return NULL;
	}
	p = arena_alloc(r->record->arena, count * size);
	if (p == NULL)
		r->record->full = r->bad = true;
	return p;
}

struct codec_reader
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
	r->record->captures = out->capture_count;
}

static void
codec_get_place(struct codec_reader *r, uint32_t *line, uint32_t *source)
{
	uint64_t number = codec_get_number(r, (uint64_t)UINT32_MAX << 1 | 1);

	*line = (uint32_t)(number >> 1);
	if ((number & 1) == 0)
		return;
	*source = (uint32_t)codec_get_number(r, UINT32_MAX);
	if (*source == 0)
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

static void
codec_get_item(struct codec_reader *r, unsigned tag, struct route *out)
{
	switch (tag) {
	case CODEC_ITEM_CAPTURES:
		codec_get_captures(r, out);
		break;
	case CODEC_ITEM_WHENS:
		codec_get_whens(r, out);
		break;
	case CODEC_ITEM_SPLITS:
		codec_get_splits(r, out);
		break;
	case CODEC_ITEM_RULES:
		codec_get_rules(r, &out->own);
		break;
	case CODEC_ITEM_DEFAULTS_RULES:
		codec_get_rules(r, &out->defaults);
		break;
	default:
		if (tag < CODEC_ITEM_WHENS)
			codec_get_target(r, tag, &out->target);
		else if (tag < CODEC_ITEM_WORDS)
			r->bad = true;
		else if (tag < CODEC_ITEM_DEFAULTS)
			codec_get_word(r, tag - CODEC_ITEM_WORDS, &out->own);
		else
			codec_get_word(r, tag - CODEC_ITEM_DEFAULTS,
			    &out->defaults);
	}
}

/* host: the record's, or NULL in a route's. */
static void
codec_get_rule(struct codec_reader *r, struct route *out,
    struct route_host *host)
{
	unsigned tag = 0;

	codec_get_place(r, &out->line, &out->source);
	while (r->at < r->end && !r->bad) {
		struct codec_reader item = codec_get_next(r, &tag);

		if (item.bad)
			return;
		if (tag == CODEC_ITEM_SHAPES && host != NULL)
			codec_get_shapes(&item, host);
		else
			codec_get_item(&item, tag, out);
		r->bad = item.bad || item.at < item.end;
	}
}

/* Copies the bytes and reads version and length. *kind is 0 for a bad one. */
static struct codec_reader
codec_get_begin(struct str bytes, struct arena *a,
    struct codec_record *record, unsigned *kind)
{
	struct codec_reader r = { .record = record };
	struct str copy = arena_copy(a, bytes);
	unsigned first;

	*record = (struct codec_record){ .arena = a, .bytes = bytes.p,
		.copy = copy.p };
	*kind = 0;
	if (copy.p == NULL) {
		record->full = r.bad = true;
		return r;
	}
	r.at = bytes.p;
	r.end = bytes.p + bytes.n;
	first = codec_get_byte(&r);
	if (first >> CODEC_KIND_BITS != CODEC_VERSION ||
	    codec_get_number(&r, SIZE_MAX) != (uint64_t)(r.end - r.at))
		r.bad = true;
	if (!r.bad)
		*kind = first & ((1u << CODEC_KIND_BITS) - 1);
	return r;
}

static int
codec_get_end(const struct codec_reader *r, struct str key, struct err *e)
{
	if (r->record->full)
		return err_set(e, REASON_OVERLOADED,
		    "no memory left for a record of the map");
	if (r->bad)
		return err_set(e, REASON_MAP_BROKEN,
		    "the map's record '%.*s' is broken", STR_ARG(key));
	return 0;
}

static int
codec_get_foreign(struct str key, struct err *e)
{
	return err_set(e, REASON_MAP_BROKEN,
	    "the map's record '%.*s' is not the one of its key", STR_ARG(key));
}

/* What the key says is filled in, for most routes without a look at names. */
static void
codec_get_match(struct codec_reader *r, struct str key, struct route *out)
{
	struct arena *a = r->record->arena;
	struct buf to = { .max = key.n + 4 * (out->capture_count + 1) };
	size_t i;

	if (key.p[0] == CODEC_HOST && out->capture_count == 0) {
		out->match = arena_copy(a, str_sub(key, 1,
		    key.n - out->exact));
	} else {
		for (i = 0; i < out->capture_count; i++)
			to.max += out->captures[i].n;
		to.cap = to.max;
		to.p = arena_alloc(a, to.max + 1);
		if (to.p != NULL)
			CHECK(codec_key_match(key, out->captures,
			    out->capture_count, out->host_capture, &to) == 0);
		out->match = buf_view(&to);
	}
	if (out->match.p == NULL)
		r->record->full = r->bad = true;
}

/* Is it the route of that key, and without flaw? 0, or -1 and e. */
static int
codec_get_check(struct codec_reader *r, struct str key, struct route *out,
    struct err *e)
{
	struct codec_key k;

	if (r->bad)
		return codec_get_end(r, key, e);
	if (!codec_key_read(key, &k) || k.captures != out->capture_count ||
	    k.host_capture != out->host_capture)
		return codec_get_foreign(key, e);
	out->exact = k.exact;
	if (codec_route_flaw(out) != NULL)
		r->bad = true;
	else
		codec_get_match(r, key, out);
	return codec_get_end(r, key, e);
}

int
codec_get_route(struct str key, struct str bytes, struct arena *a,
    struct route *out, struct err *e)
{
	struct codec_record record;
	unsigned kind;
	struct codec_reader r = codec_get_begin(bytes, a, &record, &kind);

	*out = (struct route){ .line = 0 };
	if (kind != CODEC_KIND_ROUTE)
		r.bad = true;
	else
		codec_get_rule(&r, out, NULL);
	return codec_get_check(&r, key, out, e);
}

int
codec_get_host(struct str key, struct str bytes, struct arena *a,
    struct route_host *out, struct err *e)
{
	struct codec_record record;
	unsigned kind;
	struct codec_reader r = codec_get_begin(bytes, a, &record, &kind);
	unsigned tag = 0;

	*out = (struct route_host){ .has_rule = kind == CODEC_KIND_HOST };
	if (out->has_rule) {
		codec_get_rule(&r, &out->rule, out);
	} else if (kind == CODEC_KIND_PATHS) {
		struct codec_reader item = codec_get_next(&r, &tag);

		if (tag != CODEC_ITEM_SHAPES || r.at < r.end)
			item.bad = true;
		codec_get_shapes(&item, out);
		r.bad = r.bad || item.bad;
	} else {
		r.bad = true;
	}
	if (codec_shapes_flaw(out->shapes, out->shape_count) != NULL)
		r.bad = true;
	if (!r.bad && !codec_key_is_host(key))
		return codec_get_foreign(key, e);
	if (out->has_rule)
		return codec_get_check(&r, key, &out->rule, e);
	return codec_get_end(&r, key, e);
}

static void
codec_get_origin(struct codec_reader *r, struct service_origin *out)
{
	unsigned backup = codec_get_byte(r);
	uint64_t n = codec_get_number(r, SIZE_MAX);
	struct codec_reader url = *r;

	if (backup > 1 || n > (uint64_t)(r->end - r->at))
		r->bad = true;
	if (r->bad)
		return;
	r->at += n;
	url.end = r->at;
	codec_get_url(&url, &out->url);
	out->backup = backup == 1;
	out->weight = (uint32_t)codec_get_number(r, ROUTE_WEIGHT_MAX);
	if (url.bad || url.at < url.end)
		r->bad = true;
}

static void
codec_get_origins(struct codec_reader *r, struct service *out)
{
	size_t count = (size_t)codec_get_number(r, SERVICE_ORIGINS_MAX);
	size_t i;

	out->origins = codec_get_array(r, count, sizeof(*out->origins));
	out->origin_count = count;
	for (i = 0; i < count && !r->bad; i++)
		codec_get_origin(r, &out->origins[i]);
}

static void
codec_get_service_items(struct codec_reader *r, struct service *out)
{
	unsigned tag = 0;

	codec_get_place(r, &out->line, &out->source);
	while (r->at < r->end && !r->bad) {
		struct codec_reader item = codec_get_next(r, &tag);

		if (item.bad)
			return;
		if (tag == CODEC_ITEM_ORIGINS)
			codec_get_origins(&item, out);
		else if (tag == CODEC_ITEM_RULES)
			codec_get_rules(&item, &out->own);
		else if (tag >= CODEC_ITEM_WORDS && tag < CODEC_ITEM_DEFAULTS)
			codec_get_word(&item, tag - CODEC_ITEM_WORDS,
			    &out->own);
		else
			item.bad = true;
		r->bad = item.bad || item.at < item.end;
	}
}

int
codec_get_service(struct str key, struct str bytes, struct arena *a,
    struct service *out, struct err *e)
{
	struct codec_record record;
	unsigned kind;
	struct codec_reader r = codec_get_begin(bytes, a, &record, &kind);

	*out = (struct service){ .line = 0 };
	if (kind != CODEC_KIND_SERVICE)
		r.bad = true;
	else
		codec_get_service_items(&r, out);
	if (!r.bad && codec_service_flaw(out) != NULL)
		r.bad = true;
	if (r.bad)
		return codec_get_end(&r, key, e);
	key = arena_copy(a, key);
	if (key.p == NULL)
		record.full = true;
	else if (!codec_key_read_service(key, &out->space, &out->name))
		return codec_get_foreign(key, e);
	return codec_get_end(&r, key, e);
}
