/* SPDX-License-Identifier: BSD-2-Clause */

/* codec: keys, and what no record may hold. */

#include "route/codec.h"

#include "route/codec_private.h"
#include "route/pattern.h"

static int
codec_key_put(struct buf *key, char first, struct str rest)
{
	if (buf_len(key) + 1 > CODEC_KEY_MAX ||
	    rest.n > CODEC_KEY_MAX - buf_len(key) - 1)
		return -1;
	if (buf_put(key, (struct str){ &first, 1 }) == -1)
		return -1;
	return buf_put(key, rest);
}

int
codec_key_host(struct buf *key, enum codec_space space, struct str host)
{
	return codec_key_put(key, (char)space, host);
}

int
codec_key_segment(struct buf *key, struct str segment)
{
	return codec_key_put(key, '/', segment);
}

int
codec_key_capture(struct buf *key)
{
	const char capture = CODEC_CAPTURE;

	return codec_key_put(key, '/', (struct str){ &capture, 1 });
}

int
codec_key_exact(struct buf *key)
{
	return codec_key_put(key, CODEC_EXACT, (struct str){ NULL, 0 });
}

int
codec_key_print(struct str key, struct buf *to)
{
	size_t i;

	for (i = 0; i < key.n; i++) {
		char c = key.p[i];
		int full;

		if (c == CODEC_CAPTURE)
			full = buf_put(to, STR("{}"));
		else if (c == CODEC_EXACT && i + 1 == key.n)
			full = buf_put(to, STR(" exact"));
		else if (str_is_control(c) || (unsigned char)c >= 0x80)
			full = buf_printf(to, "\\x%02x", (unsigned char)c);
		else
			full = buf_put(to, (struct str){ &c, 1 });
		if (full == -1)
			return -1;
	}
	return 0;
}

/* What both sides refuse */

_Static_assert(CODEC_TAGS_MAX == 256 && CODEC_RULES_MAX == 1024,
    "what is said below");

/* Why r is no route that the map may hold, or NULL. */
const char *
codec_route_flaw(const struct route *r)
{
	const struct origin_url *o = &r->origin;

	if (r->match.n == 0)
		return "no match";
	if (r->capture_count > ROUTE_CAPTURES_MAX)
		return "too many captures";
	if (r->host_capture && r->capture_count == 0)
		return "a capture of the host that has no name";
	if (r->tag_count > CODEC_TAGS_MAX)
		return "more than 256 tags";
	if (r->rule_count > CODEC_RULES_MAX)
		return "more than 1024 header rules";
	if ((r->host_sent == HOST_SENT_NAME) != (r->host_name.n > 0))
		return "the name of host= does not fit its kind";
	switch (r->target) {
	case TARGET_ORIGIN:
		if (o->scheme == ORIGIN_UNIX)
			return o->socket.count == 0 || o->host.count != 0 ?
			    "a Unix origin without socket" : NULL;
		return o->host.count == 0 || o->port == 0 ?
		    "an origin without host or port" : NULL;
	case TARGET_REDIRECT:
		return r->code < 300 || r->code > 399 || r->url.count == 0 ?
		    "a redirect without 3xx code or URL" : NULL;
	case TARGET_RESPOND:
		return r->code < 200 || r->code > 599 ?
		    "an answer without a status code" : NULL;
	case TARGET_NONE:
	case TARGET_KIND_COUNT:
		break;
	}
	return "no target";
}

bool
codec_part_ok(const struct pattern_part *part, size_t captures)
{
	if (part->variable == PATTERN_LITERAL)
		return part->text.n > 0;
	if (part->variable >= PATTERN_VARIABLE_COUNT)
		return false;
	if (part->variable == PATTERN_CAPTURE)
		return part->capture < captures;
	return pattern_has_key(part->variable) == (part->text.n > 0);
}

/* What is below a shape with no segments is the host's rule, no path. */
static bool
codec_shape_ok(const struct route_shape *s)
{
	return s->segments <= ROUTE_SEGMENTS_MAX &&
	    (s->segments > 0 || s->exact) &&
	    (uint64_t)s->captures >> s->segments == 0;
}

const char *
codec_host_flaw(const struct route_host *h)
{
	size_t i;

	if (h->shape_count > ROUTE_SHAPES_MAX)
		return "too many shapes";
	if (!h->has_rule && h->shape_count == 0)
		return "no rule and no paths";
	for (i = 0; i < h->shape_count; i++) {
		if (!codec_shape_ok(&h->shapes[i]))
			return "a shape that cannot be";
		if (i > 0 && route_shape_order(&h->shapes[i - 1],
			&h->shapes[i]) >= 0)
			return "shapes out of order";
	}
	return NULL;
}
