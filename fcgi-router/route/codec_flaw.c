/* SPDX-License-Identifier: BSD-2-Clause */

/* codec: what no record may hold, for both sides. */

#include "route/codec.h"

#include "route/codec_private.h"

_Static_assert(CODEC_TAGS_MAX == 256 && CODEC_RULES_MAX == 1024 &&
    ROUTE_WHENS_MAX == 256 && ROUTE_CONDS_MAX == 64 &&
    ROUTE_SPLITS_MAX == 64 && SERVICE_ORIGINS_MAX == 256,
    "what is said below");

enum directive
codec_directive(unsigned id)
{
	/* One more than the directive; 0: there is none of that number. */
	static const unsigned char directives[CODEC_IDS] = {
#define DIRECTIVE(name, id, word, kind, on, manual) \
		[id] = DIRECTIVE_##name + 1,
#include "route/directive.tbl.h"
#undef DIRECTIVE
	};

	if (id >= CODEC_IDS || directives[id] == 0)
		return DIRECTIVE_COUNT;
	return (enum directive)(directives[id] - 1);
}

bool
codec_part_ok(const struct pattern_part *part, size_t captures)
{
	if (part->context >= PATTERN_CONTEXT_COUNT)
		return false;
	if (part->variable == PATTERN_LITERAL)
		return part->text.n > 0;
	if (part->variable >= PATTERN_VARIABLE_COUNT)
		return false;
	if (part->variable == PATTERN_CAPTURE)
		return part->capture < captures;
	return pattern_has_key(part->variable) == (part->text.n > 0);
}

bool
codec_is_literal(const struct pattern *p, enum pattern_context context)
{
	return p->count == 1 && p->parts[0].variable == PATTERN_LITERAL &&
	    p->parts[0].context == context;
}

/* So that the first '/' parts host and path. */
bool
codec_url_is_plain(const struct origin_url *o)
{
	if (o->scheme == ORIGIN_UNIX ||
	    !codec_is_literal(&o->host, PATTERN_IN_AUTHORITY) ||
	    str_find(o->host.parts[0].text, '/') < o->host.parts[0].text.n)
		return false;
	return o->path.count == 0 ||
	    (codec_is_literal(&o->path, PATTERN_IN_PATH) &&
		   str_starts(o->path.parts[0].text, STR("/")));
}

static const char *
codec_url_flaw(const struct origin_url *o)
{
	if (o->scheme >= ORIGIN_SCHEME_COUNT || o->tail >= ORIGIN_TAIL_COUNT)
		return "an origin of no known scheme or tail";
	if (o->scheme == ORIGIN_UNIX)
		return o->socket.count == 0 || o->host.count != 0 ||
		    o->port_written || o->port != 0 ?
		    "a Unix origin without socket" : NULL;
	if (o->host.count == 0 || o->socket.count != 0 || o->port == 0)
		return "an origin without host or port";
	if (!o->port_written &&
	    o->port != (o->scheme == ORIGIN_HTTPS ? 443 : 80))
		return "a port that nobody wrote";
	return NULL;
}

static const char *
codec_ref_flaw(const struct service_ref *ref)
{
	bool plain = codec_is_literal(&ref->name, PATTERN_IN_AUTHORITY);

	if (ref->scope >= SERVICE_SCOPE_COUNT || ref->name.count == 0)
		return "a service without scope or name";
	if (ref->scope == SERVICE_SPACE && !str_is_name(ref->space))
		return "a namespace that is no name";
	if (plain && !str_is_name(ref->name.parts[0].text))
		return "a service whose name is none";
	if (ref->scope == SERVICE_OWN && !plain)
		return "a dynamic name of the platform's own";
	return ref->scope == SERVICE_ROUTER && pattern_is_fixed(&ref->name) ?
	    "a literal name in the router's namespace" : NULL;
}

static const char *
codec_target_flaw(const struct route_target *t)
{
	switch (t->kind) {
	case TARGET_ORIGIN:
		return codec_url_flaw(&t->origin);
	case TARGET_REDIRECT:
		return t->code < 300 || t->code > 399 || t->url.count == 0 ?
		    "a redirect without 3xx code or URL" : NULL;
	case TARGET_RESPOND:
		return t->code < 200 || t->code > 599 ?
		    "an answer without a status code" : NULL;
	case TARGET_SERVICE:
		return codec_ref_flaw(&t->service);
	case TARGET_ALIAS:
		return t->alias.n == 0 ? "an alias of no host" : NULL;
	case TARGET_INTERNAL:
		return t->internal >= INTERNAL_COUNT ?
		    "an internal page that is none" : NULL;
	case TARGET_NONE:
	case TARGET_KIND_COUNT:
		break;
	}
	return "no target";
}

bool
codec_cond_named(enum cond_kind kind)
{
	return kind == COND_HEADER || kind == COND_COOKIE ||
	    kind == COND_QUERY;
}

bool
codec_cond_valued(const struct route_cond *c)
{
	if (codec_cond_named(c->kind))
		return c->has_value;
	return c->kind == COND_METHOD || c->kind == COND_SCHEME;
}

static const char *
codec_cond_flaw(const struct route_cond *c)
{
	if (c->kind >= COND_KIND_COUNT)
		return "a condition of no known kind";
	if (codec_cond_named(c->kind))
		return c->name.n == 0 ? "a condition without name" : NULL;
	if (c->kind == COND_CLIENT)
		return c->ranges.count == 0 ? "a condition without range" :
		    NULL;
	return c->value.n == 0 ? "a condition without value" : NULL;
}

static const char *
codec_when_flaw(const struct route_when *when)
{
	size_t i;

	if (when->cond_count == 0 || when->cond_count > ROUTE_CONDS_MAX)
		return "no conditions, or more than 64";
	for (i = 0; i < when->cond_count; i++)
		if (codec_cond_flaw(&when->conds[i]) != NULL)
			return codec_cond_flaw(&when->conds[i]);
	return codec_target_flaw(&when->target);
}

static const char *
codec_by_flaw(const struct balance_by *by)
{
	bool named = by->key == BALANCE_KEY_COOKIE ||
	    by->key == BALANCE_KEY_HEADER;

	return by->key >= BALANCE_KEY_COUNT || named != (by->name.n > 0) ?
	    "a key to balance by that is none" : NULL;
}

static const char *
codec_splits_flaw(const struct route *r)
{
	size_t i;

	if (r->split_count == 0)
		return NULL;
	if (r->split_count == 1 || r->split_count > ROUTE_SPLITS_MAX)
		return "a split of one, or of more than 64";
	for (i = 0; i < r->split_count; i++) {
		if (r->splits[i].weight > ROUTE_WEIGHT_MAX)
			return "a weight that is too large";
		if (codec_target_flaw(&r->splits[i].target) != NULL)
			return codec_target_flaw(&r->splits[i].target);
	}
	return codec_by_flaw(&r->split_by);
}

/* Those that have no value are not words. */
static bool
codec_word_ok(const struct words *w, enum directive d)
{
	switch (d) {
	case DIRECTIVE_HOST:
		return w->host_sent > HOST_SENT_UNSET &&
		    w->host_sent < HOST_SENT_COUNT &&
		    (w->host_sent == HOST_SENT_NAME) == (w->host_name.n > 0);
	case DIRECTIVE_PLAN:
		return w->plan.n > 0;
	case DIRECTIVE_AUTH:
		return w->auth.n > 0;
	case DIRECTIVE_TLS:
		return w->tls.n > 0;
	case DIRECTIVE_SIGN:
		return w->sign.n > 0;
	case DIRECTIVE_EGRESS:
		return w->egress.n > 0;
	case DIRECTIVE_ALLOW:
		return w->allow.count > 0;
	case DIRECTIVE_DENY:
		return w->deny.count > 0;
	case DIRECTIVE_BALANCE:
		return w->balance < BALANCE_COUNT &&
		    (w->balance != BALANCE_HASH ||
			   codec_by_flaw(&w->balance_by) == NULL);
	default:
		return true;
	}
}

static const char *
codec_words_flaw(const struct words *w, unsigned on)
{
	int d;

	if (w == NULL)
		return NULL;
	CHECK(w->said >> DIRECTIVE_COUNT == 0);
	for (d = 0; d < DIRECTIVE_COUNT; d++) {
		if (!words_say(w, (enum directive)d))
			continue;
		if ((directive_on((enum directive)d) & on) == 0)
			return "a directive that does not belong there";
		if (!codec_word_ok(w, (enum directive)d))
			return "a directive whose value is none";
	}
	if (words_say(w, DIRECTIVE_TAG) && w->tag_count > CODEC_TAGS_MAX)
		return "more than 256 tags";
	if (w->rule_count > CODEC_RULES_MAX)
		return "more than 1024 header rules";
	return NULL;
}

static bool
codec_says_exact(const struct route *r)
{
	if (words_say(r->own, DIRECTIVE_EXACT))
		return r->own->exact;
	return words_say(r->defaults, DIRECTIVE_EXACT) && r->defaults->exact;
}

/* Why r is no route that the map may hold, or NULL. */
const char *
codec_route_flaw(const struct route *r)
{
	const char *flaw = codec_target_flaw(&r->target);
	size_t i;

	if (r->capture_count > ROUTE_CAPTURES_MAX)
		return "too many captures";
	if (r->host_capture && r->capture_count == 0)
		return "a capture of the host that has no name";
	if (r->exact != codec_says_exact(r))
		return "exact is not what its words say";
	if (r->when_count > ROUTE_WHENS_MAX)
		return "more than 256 lines of conditions";
	for (i = 0; i < r->when_count && flaw == NULL; i++)
		flaw = codec_when_flaw(&r->whens[i]);
	if (flaw == NULL)
		flaw = codec_splits_flaw(r);
	if (flaw == NULL)
		flaw = codec_words_flaw(r->defaults, ON_ROUTE);
	return flaw != NULL ? flaw : codec_words_flaw(r->own, ON_ROUTE);
}

const char *
codec_service_flaw(const struct service *s)
{
	size_t i;

	if (s->origin_count == 0 || s->origin_count > SERVICE_ORIGINS_MAX)
		return "no origins, or more than 256";
	for (i = 0; i < s->origin_count; i++) {
		if (s->origins[i].weight > ROUTE_WEIGHT_MAX)
			return "a weight that is too large";
		if (codec_url_flaw(&s->origins[i].url) != NULL)
			return codec_url_flaw(&s->origins[i].url);
	}
	return codec_words_flaw(s->own, ON_SERVICE);
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
codec_shapes_flaw(const struct route_shape *shapes, size_t count)
{
	size_t i;

	if (count > ROUTE_SHAPES_MAX)
		return "too many shapes";
	for (i = 0; i < count; i++) {
		if (!codec_shape_ok(&shapes[i]))
			return "a shape that cannot be";
		if (i > 0 && route_shape_order(&shapes[i - 1],
			&shapes[i]) >= 0)
			return "shapes out of order";
	}
	return NULL;
}
