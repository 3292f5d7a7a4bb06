/* SPDX-License-Identifier: BSD-2-Clause */

/* codec: records to bytes. */

#include "route/codec.h"

#include <string.h>

#include "route/codec_private.h"

void
codec_put_str(struct codec_writer *w, struct str s)
{
	if (buf_put(w->to, s) == -1)
		w->full = true;
}

void
codec_put_byte(struct codec_writer *w, unsigned byte)
{
	char c = (char)(unsigned char)byte;

	codec_put_str(w, (struct str){ &c, 1 });
}

static size_t
codec_number(char to[CODEC_NUMBER_MAX], uint64_t number)
{
	size_t n = 0;

	for (; number >= 0x80; number >>= 7)
		to[n++] = (char)(unsigned char)(number | 0x80);
	to[n++] = (char)(unsigned char)number;
	return n;
}

void
codec_put_number(struct codec_writer *w, uint64_t number)
{
	char bytes[CODEC_NUMBER_MAX];

	codec_put_str(w,
	    (struct str){ bytes, codec_number(bytes, number) });
}

void
codec_put_text(struct codec_writer *w, struct str s)
{
	codec_put_number(w, s.n);
	codec_put_str(w, s);
}

/* Puts first and length before what was written since `start`. */
static void
codec_put_before(struct codec_writer *w, size_t start, unsigned first)
{
	char head[1 + CODEC_NUMBER_MAX] = { (char)(unsigned char)first };
	size_t length = buf_len(w->to) - start;
	size_t n = 1 + codec_number(head + 1, length);
	char *body;

	if (w->full || buf_room(w->to, n) == NULL) {
		w->full = true;
		return;
	}
	body = w->to->p + w->to->from + start;
	memmove(body + n, body, length);
	memcpy(body, head, n);
	buf_grew(w->to, n);
}

void
codec_put_item(struct codec_writer *w, size_t start, unsigned tag)
{
	codec_put_before(w, start, tag);
}

/* Makes what was written since `start` a record. */
static int
codec_put_record(struct codec_writer *w, size_t start, enum codec_kind kind,
    struct str name, struct err *e)
{
	codec_put_before(w, start,
	    CODEC_VERSION << CODEC_KIND_BITS | (unsigned)kind);
	if (w->full)
		return err_set(e, REASON_OVERLOADED,
		    "record of '%.*s': larger than its room", STR_ARG(name));
	return 0;
}

static int
codec_put_refuse(struct str name, const char *why, struct err *e)
{
	return err_set(e, REASON_INTERNAL, "record of '%.*s': %s",
	    STR_ARG(name), why);
}

static int
codec_put_check(const struct codec_writer *w, struct str name, struct err *e)
{
	if (w->bad || w->parts > CODEC_PARTS_MAX)
		return codec_put_refuse(name,
		    "a pattern or header rule that cannot be", e);
	return 0;
}

static void
codec_put_place(struct codec_writer *w, uint32_t line, uint32_t source)
{
	codec_put_number(w, (uint64_t)line << 1 | (source > 0));
	if (source > 0)
		codec_put_number(w, source);
}

static void
codec_put_captures(struct codec_writer *w, const struct route *r)
{
	size_t start = buf_len(w->to);
	size_t i;

	if (r->capture_count == 0)
		return;
	codec_put_byte(w, r->host_capture);
	for (i = 0; i < r->capture_count; i++)
		codec_put_text(w, r->captures[i]);
	codec_put_item(w, start, CODEC_ITEM_CAPTURES);
}

/* A route's body. w tells at the end whether there was room. */
static int
codec_put_rule(struct codec_writer *w, const struct route *r, struct err *e)
{
	const char *flaw = codec_route_flaw(r);

	if (flaw != NULL)
		return codec_put_refuse(r->match, flaw, e);
	w->captures = r->capture_count;
	codec_put_place(w, r->line, r->source);
	codec_put_captures(w, r);
	codec_put_target(w, &r->target);
	codec_put_whens(w, r);
	codec_put_splits(w, r);
	codec_put_rules(w, r->own, CODEC_ITEM_RULES);
	codec_put_rules(w, r->defaults, CODEC_ITEM_DEFAULTS_RULES);
	codec_put_words(w, r->own, CODEC_ITEM_WORDS);
	codec_put_words(w, r->defaults, CODEC_ITEM_DEFAULTS);
	return codec_put_check(w, r->match, e);
}

static void
codec_put_shapes(struct codec_writer *w, const struct route_shape *shapes,
    size_t count)
{
	size_t start = buf_len(w->to);
	size_t i;

	if (count == 0)
		return;
	for (i = 0; i < count; i++) {
		codec_put_byte(w, shapes[i].segments);
		codec_put_number(w,
		    (uint64_t)shapes[i].captures << 1 | shapes[i].exact);
	}
	codec_put_item(w, start, CODEC_ITEM_SHAPES);
}

int
codec_put_route(const struct route *r, struct buf *to, struct err *e)
{
	struct codec_writer w = { .to = to };
	size_t start = buf_len(to);

	if (codec_put_rule(&w, r, e) == -1)
		return -1;
	return codec_put_record(&w, start, CODEC_KIND_ROUTE, r->match, e);
}

static int
codec_put_shapes_check(bool has_rule, const struct route_shape *shapes,
    size_t count, struct err *e)
{
	const char *flaw = codec_shapes_flaw(shapes, count);

	if (flaw == NULL && !has_rule && count == 0)
		flaw = "no rule and no paths";
	return flaw != NULL ? codec_put_refuse(STR("a host"), flaw, e) : 0;
}

int
codec_put_host(const struct route_host *h, struct buf *to, struct err *e)
{
	struct codec_writer w = { .to = to };
	size_t start = buf_len(to);

	if (codec_put_shapes_check(h->has_rule, h->shapes, h->shape_count,
		e) == -1)
		return -1;
	if (h->has_rule && codec_put_rule(&w, &h->rule, e) == -1)
		return -1;
	codec_put_shapes(&w, h->shapes, h->shape_count);
	return codec_put_record(&w, start,
	    h->has_rule ? CODEC_KIND_HOST : CODEC_KIND_PATHS,
	    h->has_rule ? h->rule.match : STR("a host"), e);
}

/* The body of a route's record; false: it is none. */
static bool
codec_put_body(struct str record, struct str *body)
{
	struct codec_record shared = { .bytes = record.p, .copy = record.p };
	struct codec_reader r = { .record = &shared, .at = record.p,
		.end = record.p + record.n };

	if (codec_get_byte(&r) !=
	    (CODEC_VERSION << CODEC_KIND_BITS | CODEC_KIND_ROUTE))
		return false;
	*body = codec_get_text(&r);
	return !r.bad && r.at == r.end;
}

int
codec_put_host_of(struct str rule, const struct route_shape *shapes,
    size_t count, struct buf *to, struct err *e)
{
	struct codec_writer w = { .to = to };
	struct str body = { NULL, 0 };
	size_t start = buf_len(to);

	if (codec_put_shapes_check(rule.n > 0, shapes, count, e) == -1)
		return -1;
	if (rule.n > 0 && !codec_put_body(rule, &body))
		return codec_put_refuse(STR("a host"),
		    "its rule is no record of a route", e);
	codec_put_str(&w, body);
	codec_put_shapes(&w, shapes, count);
	return codec_put_record(&w, start,
	    rule.n > 0 ? CODEC_KIND_HOST : CODEC_KIND_PATHS, STR("a host"),
	    e);
}

static void
codec_put_origins(struct codec_writer *w, const struct service *s)
{
	size_t start = buf_len(w->to);
	size_t i;

	codec_put_number(w, s->origin_count);
	for (i = 0; i < s->origin_count; i++) {
		size_t url = buf_len(w->to);

		/* The tag before a URL says whether it is a backup. */
		codec_put_url(w, &s->origins[i].url);
		codec_put_item(w, url, s->origins[i].backup);
		codec_put_number(w, s->origins[i].weight);
	}
	codec_put_item(w, start, CODEC_ITEM_ORIGINS);
}

int
codec_put_service(const struct service *s, struct buf *to, struct err *e)
{
	struct codec_writer w = { .to = to };
	const char *flaw = codec_service_flaw(s);
	size_t start = buf_len(to);

	if (flaw != NULL)
		return codec_put_refuse(s->name, flaw, e);
	codec_put_place(&w, s->line, s->source);
	codec_put_origins(&w, s);
	codec_put_rules(&w, s->own, CODEC_ITEM_RULES);
	codec_put_words(&w, s->own, CODEC_ITEM_WORDS);
	if (codec_put_check(&w, s->name, e) == -1)
		return -1;
	return codec_put_record(&w, start, CODEC_KIND_SERVICE, s->name, e);
}
