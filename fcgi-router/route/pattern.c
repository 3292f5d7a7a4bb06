/* SPDX-License-Identifier: BSD-2-Clause */

/* pattern: reading text with variables, and writing it as a list spells it. */

#include "route/pattern.h"

#include "base/near.h"
#include "http/header.h"
#include "route/route.h"

static const struct {
	enum pattern_context context;
	const char *refused; /* what a variable may not choose there */
	const char *expected;
} pattern_places[] = {
	[PATTERN_PLACE_AUTHORITY] = { PATTERN_IN_AUTHORITY, "the server to ask",
	    "a capture of MATCH or {tag.NAME}" },
	[PATTERN_PLACE_SERVICE] = { PATTERN_IN_AUTHORITY, "the service to ask",
	    "a capture of MATCH, {tag.NAME}, {header.NAME}, {cookie.NAME}, "
	    "{plan} or {auth.NAME}" },
	[PATTERN_PLACE_PATH] = { PATTERN_IN_PATH, NULL, NULL },
	[PATTERN_PLACE_QUERY] = { PATTERN_IN_QUERY, NULL, NULL },
	[PATTERN_PLACE_HEADER] = { PATTERN_IN_HEADER, NULL, NULL },
};

/* Text being read. */
struct pattern_reader {
	struct str text;
	size_t at;
	enum pattern_place place;
	enum pattern_context context;
	const struct str *captures;
	size_t capture_count;
	struct arena *arena;
	struct pattern *out; /* its parts have room for all */
	char *literal;       /* the next literal is written here */
	size_t literal_n;
	bool open; /* in an authority: a value that what follows could extend */
};

static bool
pattern_allowed(const struct pattern_reader *r, enum pattern_variable v)
{
	switch (r->place) {
	case PATTERN_PLACE_AUTHORITY:
		return pattern_in_authority(v);
	case PATTERN_PLACE_SERVICE:
		return pattern_in_service(v);
	case PATTERN_PLACE_PATH:
	case PATTERN_PLACE_QUERY:
	case PATTERN_PLACE_HEADER:
	case PATTERN_PLACE_COUNT:
		break;
	}
	return true;
}

static bool
pattern_find_capture(const struct pattern_reader *r, struct str name,
    uint8_t *index)
{
	size_t i;

	for (i = 0; i < r->capture_count; i++) {
		if (str_eq(r->captures[i], name)) {
			*index = (uint8_t)i;
			return true;
		}
	}
	return false;
}

/* "{a}, {b} (captures of MATCH), {host}, ...", what this context allows. */
static int
pattern_list(const struct pattern_reader *r, struct buf *to)
{
	const char *gap = "";
	size_t i;
	int v;

	for (i = 0; i < r->capture_count; i++) {
		if (buf_printf(to, "%s{%.*s}", gap,
			STR_ARG(r->captures[i])) == -1)
			return -1;
		gap = ", ";
	}
	if (i > 0 && buf_put(to, STR(" (captures of MATCH)")) == -1)
		return -1;
	for (v = PATTERN_CAPTURE + 1; v < PATTERN_VARIABLE_COUNT; v++) {
		enum pattern_variable one = (enum pattern_variable)v;

		if (!pattern_allowed(r, one))
			continue;
		if (buf_printf(to, "%s{%s%s}", gap, pattern_word(one),
			pattern_has_key(one) ? ".NAME" : "") == -1)
			return -1;
		gap = ", ";
	}
	return 0;
}

/* The name that was probably meant, or NULL. */
static const char *
pattern_near(const struct pattern_reader *r, struct str name)
{
	struct near near;
	size_t i;
	int v;

	near_init(&near, name);
	for (i = 0; i < r->capture_count; i++) {
		struct str copy = arena_copy(r->arena, r->captures[i]);

		if (copy.p != NULL)
			near_offer(&near, copy.p);
	}
	for (v = PATTERN_CAPTURE + 1; v < PATTERN_VARIABLE_COUNT; v++)
		if (pattern_allowed(r, (enum pattern_variable)v))
			near_offer(&near,
			    pattern_word((enum pattern_variable)v));
	return near_best(&near);
}

static int
pattern_unknown(const struct pattern_reader *r, struct str name,
    struct err *e)
{
	struct buf list;
	struct str words = STR("a capture or a variable of the manual");
	const char *near = pattern_near(r, name);

	buf_init(&list, sizeof(e->text));
	if (pattern_list(r, &list) == 0)
		words = buf_view(&list);
	(void)err_set(e, REASON_INTERNAL,
	    "unknown variable {%.*s}%s%s%s, expected one of %.*s",
	    STR_ARG(name), near != NULL ? " (near {" : "",
	    near != NULL ? near : "", near != NULL ? "})" : "",
	    STR_ARG(words));
	buf_fini(&list);
	return -1;
}

static bool
pattern_is_plain_key(struct str key)
{
	size_t i;

	for (i = 0; i < key.n; i++)
		if (!str_is_alnum(key.p[i]) && key.p[i] != '-' &&
		    key.p[i] != '_')
			return false;
	return key.n > 0;
}

static int
pattern_check_key(enum pattern_variable v, struct str word, struct str key,
    struct err *e)
{
	bool plain = v == PATTERN_TAG || v == PATTERN_AUTH;

	if (key.n == 0)
		return err_set(e, REASON_INTERNAL,
		    "variable {%.*s} without a name, expected {%.*s.NAME}",
		    STR_ARG(word), STR_ARG(word));
	if (plain ? !pattern_is_plain_key(key) : !header_is_token(key))
		return err_set(e, REASON_INTERNAL,
		    "'%.*s' is no name of a %s, expected %s", STR_ARG(key),
		    v == PATTERN_AUTH ? "value of auth" : pattern_word(v),
		    plain ?
		    "letters, digits, '-' and '_'" :
		    "a token (letters, digits, '-' and the like)");
	return 0;
}

/* What the name between braces means. */
static int
pattern_resolve(const struct pattern_reader *r, struct str name,
    struct pattern_part *part, struct err *e)
{
	enum pattern_variable v;
	struct str word, key;
	bool has_key = str_cut(name, '.', &word, &key);

	if (pattern_find_capture(r, name, &part->capture)) {
		part->variable = PATTERN_CAPTURE;
		return 0;
	}
	if (!pattern_find(word, &v) ||
	    (has_key && !pattern_has_key(v)))
		return pattern_unknown(r, name, e);
	if (pattern_has_key(v) && pattern_check_key(v, word, key, e) == -1)
		return -1;
	if (!pattern_allowed(r, v))
		return err_set(e, REASON_INTERNAL,
		    "{%.*s} may not choose %s (the client writes it), "
		    "expected %s", STR_ARG(name),
		    pattern_places[r->place].refused,
		    pattern_places[r->place].expected);
	part->variable = v;
	part->text = key;
	return 0;
}

static void
pattern_end_literal(struct pattern_reader *r)
{
	struct pattern_part *part = &r->out->parts[r->out->count];

	if (r->literal_n == 0)
		return;
	part->variable = PATTERN_LITERAL;
	part->context = r->context;
	part->text = (struct str){ r->literal, r->literal_n };
	r->out->count++;
	r->literal += r->literal_n;
	r->literal_n = 0;
}

static int
pattern_literal(struct pattern_reader *r, char c, struct err *e)
{
	if (str_is_control(c) &&
	    !(c == '\t' && r->context == PATTERN_IN_HEADER))
		return err_set(e, REASON_INTERNAL,
		    "a control byte (0x%02x), expected text",
		    (unsigned char)c);
	r->literal[r->literal_n++] = c;
	if (!str_is_alnum(c) && c != '-')
		r->open = false;
	return 0;
}

/*
 * Two values in an authority or a service's name must be parted by a byte that
 * neither can hold: else a-b and c would make the same name as a and b-c. A
 * tag or plan is text of the route, but which is not known here, so it parts
 * nothing.
 */
static int
pattern_meet(struct pattern_reader *r, const struct pattern_part *part,
    struct err *e)
{
	enum pattern_variable v = part->variable;
	struct str name = v == PATTERN_CAPTURE ? r->captures[part->capture] :
	    str_of(pattern_word(v));

	if (r->context != PATTERN_IN_AUTHORITY || v == PATTERN_TAG ||
	    v == PATTERN_PLAN)
		return 0;
	if (r->open)
		return err_set(e, REASON_INTERNAL,
		    "variable {%.*s%s%.*s} meets the one before it over "
		    "nothing but what both may hold: two requests could make "
		    "one name, expected a '.' between them", STR_ARG(name),
		    part->text.n > 0 ? "." : "", STR_ARG(part->text));
	r->open = true;
	return 0;
}

/* r->at is at the '{' of a variable. */
static int
pattern_variable_read(struct pattern_reader *r, struct err *e)
{
	struct str after = str_sub(r->text, r->at + 1, r->text.n);
	struct pattern_part *part;
	struct str name, rest;

	if (!str_cut(after, '}', &name, &rest))
		return err_set(e, REASON_INTERNAL,
		    "'{' without '}', expected {name}, or {{ for a brace");
	pattern_end_literal(r);
	part = &r->out->parts[r->out->count];
	if (pattern_resolve(r, name, part, e) == -1 ||
	    pattern_meet(r, part, e) == -1)
		return -1;
	part->context = r->context;
	if (part->text.n > 0) {
		part->text = arena_copy(r->arena, part->text);
		if (part->text.p == NULL)
			return err_set(e, REASON_OVERLOADED,
			    "no memory left for a pattern");
	}
	r->out->count++;
	r->at += name.n + 2;
	return 0;
}

static int
pattern_read(struct pattern_reader *r, struct err *e)
{
	while (r->at < r->text.n) {
		char c = r->text.p[r->at];
		bool doubled = c == '{' && r->at + 1 < r->text.n &&
		    r->text.p[r->at + 1] == '{';

		if (c == '{' && !doubled) {
			if (pattern_variable_read(r, e) == -1)
				return -1;
			continue;
		}
		if (pattern_literal(r, c, e) == -1)
			return -1;
		r->at += doubled ? 2 : 1;
	}
	pattern_end_literal(r);
	return 0;
}

int
pattern_parse(struct str text, enum pattern_place place,
    const struct route *route, struct arena *a, struct pattern *out,
    size_t *at, struct err *e)
{
	struct pattern_reader r = { .text = text, .place = place,
		.arena = a, .out = out };
	size_t most = 1;
	size_t i;
	int answer;

	CHECK(place < PATTERN_PLACE_COUNT);
	r.context = pattern_places[place].context;
	if (route != NULL) {
		r.captures = route->captures;
		r.capture_count = route->capture_count;
	}
	*out = (struct pattern){ NULL, 0 };
	*at = 0;
	if (text.n == 0)
		return 0;
	/* Each variable brings at most one literal before it. */
	for (i = 0; i < text.n; i++)
		most += text.p[i] == '{' ? 2 : 0;
	out->parts = arena_alloc(a, most * sizeof(*out->parts));
	r.literal = arena_alloc(a, text.n);
	if (out->parts == NULL || r.literal == NULL)
		return err_set(e, REASON_OVERLOADED,
		    "no memory left for a pattern");
	answer = pattern_read(&r, e);
	*at = r.at;
	return answer;
}

static int
pattern_print_literal(struct str text, struct buf *to)
{
	struct str before, after;

	while (str_cut(text, '{', &before, &after)) {
		if (buf_put(to, before) == -1 || buf_put(to, STR("{{")) == -1)
			return -1;
		text = after;
	}
	return buf_put(to, text);
}

int
pattern_print(const struct pattern *p, const struct route *route,
    struct buf *to)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		const struct pattern_part *part = &p->parts[i];
		int full;

		if (part->variable == PATTERN_LITERAL)
			full = pattern_print_literal(part->text, to);
		else if (part->variable == PATTERN_CAPTURE)
			full = buf_printf(to, "{%.*s}",
			    STR_ARG(route->captures[part->capture]));
		else
			full = buf_printf(to, "{%s%s%.*s}",
			    pattern_word(part->variable),
			    part->text.n > 0 ? "." : "", STR_ARG(part->text));
		if (full == -1)
			return -1;
	}
	return 0;
}
