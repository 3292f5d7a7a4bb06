/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * codec: records to bytes.
 *
 * Writing goes on over a full buffer and asks once, at the end.
 */

#include "route/codec.h"

#include <string.h>

#include "route/codec_private.h"
#include "route/pattern.h"

struct codec_writer {
	struct buf *to;
	bool full;
	bool bad;        /* a pattern holds what cannot be */
	size_t captures; /* of the route */
	size_t parts;    /* written so far */
};

static void
codec_put_str(struct codec_writer *w, struct str s)
{
	if (buf_put(w->to, s) == -1)
		w->full = true;
}

static void
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

static void
codec_put_number(struct codec_writer *w, uint64_t number)
{
	char bytes[CODEC_NUMBER_MAX];

	codec_put_str(w,
	    (struct str){ bytes, codec_number(bytes, number) });
}

static void
codec_put_text(struct codec_writer *w, struct str s)
{
	codec_put_number(w, s.n);
	codec_put_str(w, s);
}

/* Puts before what was written since `start`: it tells of that. */
static void
codec_put_before(struct codec_writer *w, size_t start, struct str head)
{
	char *body;

	if (w->full || buf_room(w->to, head.n) == NULL) {
		w->full = true;
		return;
	}
	body = w->to->p + w->to->from + start;
	memmove(body + head.n, body, buf_len(w->to) - start);
	memcpy(body, head.p, head.n);
	buf_grew(w->to, head.n);
}

/* Makes what was written since `start` an item. */
static void
codec_put_item(struct codec_writer *w, size_t start, unsigned tag)
{
	char head[1 + CODEC_NUMBER_MAX] = { (char)(unsigned char)tag };
	size_t n = codec_number(head + 1, buf_len(w->to) - start);

	codec_put_before(w, start, (struct str){ head, 1 + n });
}

/* Makes what was written since `start` a record. */
static int
codec_put_record(struct codec_writer *w, size_t start, enum codec_kind kind,
    struct str match, struct err *e)
{
	char head[2 + CODEC_NUMBER_MAX] = { CODEC_VERSION, (char)kind };
	size_t n = codec_number(head + 2, buf_len(w->to) - start);

	codec_put_before(w, start, (struct str){ head, 2 + n });
	if (w->full)
		return err_set(e, REASON_OVERLOADED,
		    "record of '%.*s': larger than its room", STR_ARG(match));
	return 0;
}

static void
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

static void
codec_put_origin(struct codec_writer *w, const struct origin_url *o)
{
	codec_put_byte(w, o->scheme);
	codec_put_byte(w, (unsigned)o->tail << 1 | o->port_written);
	codec_put_number(w, o->port);
	codec_put_pattern(w, &o->host);
	codec_put_pattern(w, &o->socket);
	codec_put_pattern(w, &o->path);
}

static void
codec_put_target(struct codec_writer *w, const struct route *r)
{
	size_t start = buf_len(w->to);

	if (r->target == TARGET_ORIGIN) {
		codec_put_origin(w, &r->origin);
		codec_put_item(w, start, CODEC_ITEM_ORIGIN);
	} else if (r->target == TARGET_REDIRECT) {
		codec_put_number(w, (unsigned)r->code);
		codec_put_pattern(w, &r->url);
		codec_put_item(w, start, CODEC_ITEM_REDIRECT);
	} else {
		codec_put_number(w, (unsigned)r->code);
		codec_put_str(w, r->text);
		codec_put_item(w, start, CODEC_ITEM_RESPOND);
	}
}

static void
codec_put_rules(struct codec_writer *w, const struct route *r)
{
	size_t start = buf_len(w->to);
	size_t i;

	if (r->rule_count == 0)
		return;
	codec_put_number(w, r->rule_count);
	for (i = 0; i < r->rule_count; i++) {
		const struct header_rule *rule = &r->rules[i];

		if (rule->name.n == 0)
			w->bad = true;
		codec_put_byte(w, (unsigned)rule->side |
		    (unsigned)rule->verb << 1 | (unsigned)rule->level << 3);
		codec_put_text(w, rule->name);
		codec_put_pattern(w, &rule->value);
	}
	codec_put_item(w, start, CODEC_ITEM_RULES);
}

/* Is there anything to say about a directive? */
static bool
codec_directive_set(const struct route *r, enum directive d)
{
	if ((r->from_defaults >> d & 1) != 0)
		return true;
	switch (d) {
	case DIRECTIVE_EXACT:
		return r->exact;
	case DIRECTIVE_STRIP_PREFIX:
		return r->strip_prefix;
	case DIRECTIVE_HOST:
		return r->host_sent != HOST_SENT_UNSET;
	case DIRECTIVE_TAG:
		return r->tag_count > 0;
	case DIRECTIVE_RETRY_AFTER:
		return r->retry_after > 0;
	case DIRECTIVE_HEADERS: /* its rules are in the rules */
	case DIRECTIVE_COUNT:
		break;
	}
	return false;
}

static void
codec_put_directive(struct codec_writer *w, const struct route *r,
    enum directive d)
{
	bool by_defaults = (r->from_defaults >> d & 1) != 0;
	size_t start = buf_len(w->to);
	size_t i;

	codec_put_byte(w,
	    by_defaults ? ROUTE_LEVEL_DEFAULTS : ROUTE_LEVEL_ROUTE);
	switch (d) {
	case DIRECTIVE_EXACT:
		codec_put_byte(w, r->exact);
		break;
	case DIRECTIVE_STRIP_PREFIX:
		codec_put_byte(w, r->strip_prefix);
		break;
	case DIRECTIVE_HOST:
		codec_put_byte(w, r->host_sent);
		codec_put_str(w, r->host_name);
		break;
	case DIRECTIVE_TAG:
		codec_put_number(w, r->tag_count);
		for (i = 0; i < r->tag_count; i++) {
			codec_put_text(w, r->tags[i].key);
			codec_put_text(w, r->tags[i].value);
		}
		break;
	case DIRECTIVE_RETRY_AFTER:
		codec_put_number(w, r->retry_after);
		break;
	case DIRECTIVE_HEADERS:
	case DIRECTIVE_COUNT:
		break;
	}
	codec_put_item(w, start,
	    CODEC_ITEM_DIRECTIVE + (unsigned)directive_id(d));
}

/* The items of a route behind the number of parts. */
static void
codec_put_items(struct codec_writer *w, const struct route *r)
{
	size_t start = buf_len(w->to);
	size_t i;
	int d;

	codec_put_str(w, r->match);
	codec_put_item(w, start, CODEC_ITEM_MATCH);
	start = buf_len(w->to);
	codec_put_number(w, r->line);
	codec_put_str(w, r->source);
	codec_put_item(w, start, CODEC_ITEM_SOURCE);
	if (r->capture_count > 0) {
		start = buf_len(w->to);
		codec_put_byte(w, r->host_capture);
		for (i = 0; i < r->capture_count; i++)
			codec_put_text(w, r->captures[i]);
		codec_put_item(w, start, CODEC_ITEM_CAPTURES);
	}
	codec_put_target(w, r);
	codec_put_rules(w, r);
	for (d = 0; d < DIRECTIVE_COUNT; d++)
		if (codec_directive_set(r, (enum directive)d))
			codec_put_directive(w, r, (enum directive)d);
}

static int
codec_put_refuse(struct str match, const char *why, struct err *e)
{
	return err_set(e, REASON_INTERNAL, "record of '%.*s': %s",
	    STR_ARG(match), why);
}

/* A route's items. w tells at the end whether there was room. */
static int
codec_put_rule(struct codec_writer *w, const struct route *r, struct err *e)
{
	const char *flaw = codec_route_flaw(r);
	size_t start = buf_len(w->to);
	char head[2 + CODEC_NUMBER_MAX] = { CODEC_ITEM_PARTS };
	size_t n;

	if (flaw != NULL)
		return codec_put_refuse(r->match, flaw, e);
	CHECK(r->from_defaults >> DIRECTIVE_COUNT == 0);
	w->captures = r->capture_count;
	codec_put_items(w, r);
	if (w->bad || w->parts > CODEC_PARTS_MAX)
		return codec_put_refuse(r->match,
		    "a pattern or header rule that cannot be", e);
	if (w->parts == 0)
		return 0;
	/* The number of parts is known only now, and is read first. */
	n = codec_number(head + 2, w->parts);
	head[1] = (char)n;
	codec_put_before(w, start, (struct str){ head, 2 + n });
	return 0;
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

int
codec_put_host(const struct route_host *h, struct buf *to, struct err *e)
{
	struct codec_writer w = { .to = to };
	const char *flaw = codec_host_flaw(h);
	struct str match = h->has_rule ? h->rule.match : STR("a host");
	size_t record = buf_len(to);
	size_t start = record;
	size_t i;

	if (flaw != NULL)
		return codec_put_refuse(match, flaw, e);
	for (i = 0; i < h->shape_count; i++) {
		codec_put_byte(&w, h->shapes[i].segments);
		codec_put_number(&w, (uint64_t)h->shapes[i].captures << 1 |
		    h->shapes[i].exact);
	}
	if (h->shape_count > 0)
		codec_put_item(&w, start, CODEC_ITEM_SHAPES);
	start = buf_len(to);
	if (h->has_rule) {
		if (codec_put_rule(&w, &h->rule, e) == -1)
			return -1;
		codec_put_item(&w, start, CODEC_ITEM_RULE);
	}
	return codec_put_record(&w, record, CODEC_KIND_HOST, match, e);
}
