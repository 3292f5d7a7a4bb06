/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * source_url: URLs with variables, cut into parts that are patterns of one
 * context each. Offsets are those of the token's text.
 */

#include <stdio.h>
#include <string.h>

#include "http/path.h"
#include "route/pattern.h"
#include "tools/source_private.h"

enum { URL_ESCAPED = 3 }; /* bytes of an escaped byte */

static const struct str none = { NULL, 0 };

/* Text made canonical, and which byte of the token each byte came from. */
struct url_text {
	char *p;
	size_t n;
	size_t *from;
};

size_t
source_url_behind(struct str text, size_t at)
{
	struct str rest = str_sub(text, at, text.n);

	return at + str_find(rest, '}') + (str_find(rest, '}') < rest.n);
}

/* Is there a doubled brace at text.p[at]? */
static bool
source_url_doubled(struct str text, size_t at)
{
	return at + 1 < text.n && text.p[at] == '{' && text.p[at + 1] == '{';
}

/* As strchr, for sets of few bytes asked for each byte of a list. */
static bool
source_url_in(char c, const char *set)
{
	for (; *set != '\0'; set++)
		if (*set == c)
			return true;
	return false;
}

size_t
source_url_find(struct str text, size_t at, size_t to, const char *set)
{
	struct str part = str_sub(text, 0, to);

	if (at < to && set[1] == '\0' &&
	    memchr(part.p + at, '{', to - at) == NULL)
		return at + str_find(str_sub(part, at, to), set[0]);
	while (at < to) {
		if (source_url_doubled(part, at)) {
			at += 2;
		} else if (part.p[at] == '{') {
			at = source_url_behind(part, at);
		} else if (source_url_in(part.p[at], set)) {
			return at;
		} else {
			at++;
		}
	}
	return to;
}

static void
source_url_byte(struct url_text *to, char c, size_t from)
{
	to->p[to->n] = c;
	to->from[to->n++] = from;
}

static void
source_url_escape(struct url_text *to, char c, size_t from)
{
	static const char hex[] = "0123456789ABCDEF";

	source_url_byte(to, '%', from);
	source_url_byte(to, hex[(unsigned char)c >> 4], from);
	source_url_byte(to, hex[(unsigned char)c & 15], from);
}

static bool
source_url_unreserved(char c)
{
	return str_is_alnum(c) || (c != '\0' && strchr("-._~", c) != NULL);
}

/* The escape at `at` of the token. false: told. */
static bool
source_url_percent(struct source_entry *en, const struct lines_token *t,
    size_t at, size_t end, struct url_text *to)
{
	struct str escape = str_sub(t->text, at, at + 3 < end ? at + 3 : end);
	char byte;

	if (escape.n < 3 || str_hex(escape.p[1]) == -1 ||
	    str_hex(escape.p[2]) == -1) {
		source_tell(en, LINT_ESCAPE_BROKEN, t, at, none, none);
		return false;
	}
	byte = (char)(str_hex(escape.p[1]) * 16 + str_hex(escape.p[2]));
	if (source_url_unreserved(byte))
		source_url_byte(to, byte, at);
	else
		source_url_escape(to, byte, at);
	return true;
}

/* A path or query [at, end) in canonical spelling. false: told. */
static bool
source_url_canonical(struct source_entry *en, const struct lines_token *t,
    size_t at, size_t end, struct url_text *to)
{
	static const char plain[] = "!$&'()*+,;=:@/?#";
	struct str text = str_sub(t->text, 0, end);

	while (at < end) {
		char c = text.p[at];
		size_t step = 1;

		if (source_url_doubled(text, at)) {
			source_url_escape(to, c, at);
			step = 2;
		} else if (c == '{') {
			step = source_url_behind(text, at) - at;
			for (size_t i = at; i < at + step; i++)
				source_url_byte(to, text.p[i], i);
		} else if (c == '%') {
			if (!source_url_percent(en, t, at, end, to))
				return false;
			step = 3;
		} else if (c == ' ' || c == '\t' || c == '\\') {
			source_tell(en, LINT_PATH_BYTE, t, at,
			    str_sub(text, at, at + 1), none);
			return false;
		} else if (source_url_unreserved(c) ||
		    strchr(plain, c) != NULL) {
			source_url_byte(to, c, at);
		} else {
			source_url_escape(to, c, at);
		}
		at += step;
	}
	return true;
}

/* Dots and hidden dots in a path. false: told. */
static bool
source_url_dots(struct source_entry *en, const struct lines_token *t,
    const struct url_text *path)
{
	struct str text = { path->p, path->n };
	struct str segment, canonical;
	size_t at = 0;
	struct err e;

	while (path_segment(text, &at, &segment)) {
		size_t from = (size_t)(segment.p - path->p);

		if (!str_eq(segment, STR(".")) && !str_eq(segment, STR("..")))
			continue;
		source_tell(en, LINT_SEGMENT_DOTS, t, path->from[from],
		    segment, none);
		return false;
	}
	if (str_find(text, '{') < text.n || text.n == 0)
		return true;
	if (path_canonical(text, en->arena, &canonical, &e) == 0 ||
	    e.reason == REASON_OVERLOADED)
		return true;
	source_tell(en, LINT_PATH_READINGS, t, path->from[0], str_of(e.text),
	    none);
	return false;
}

/* Is it canonical as it stands, as most are? */
static bool
source_url_plain(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!str_is_alnum(c) && c != '-' && c != '_' && c != '/' &&
		    (c != '.' || i == 0 || text.p[i - 1] == '/'))
			return false;
	}
	return true;
}

/* [from, to) of the token's text in one context. false: told. */
static bool
source_url_pattern(struct source_entry *en, const struct lines_token *t,
    size_t from, size_t to, enum pattern_place place,
    struct pattern *out)
{
	size_t room = (to - from) * URL_ESCAPED;
	struct url_text text = { .n = 0 };
	struct str whole;
	struct err e;
	size_t wrong;

	*out = (struct pattern){ NULL, 0 };
	if (from == to)
		return true;
	if (source_url_plain(str_sub(t->text, from, to))) {
		*out = source_url_literal(en, str_sub(t->text, from, to),
		    place == PATTERN_PLACE_PATH ? PATTERN_IN_PATH :
						  PATTERN_IN_QUERY);
		return true;
	}
	text.p = arena_alloc(en->arena, room);
	text.from = arena_alloc(en->arena, (room + 1) * sizeof(*text.from));
	if (text.p == NULL || text.from == NULL)
		return false;
	if (!source_url_canonical(en, t, from, to, &text) ||
	    (place == PATTERN_PLACE_PATH && !source_url_dots(en, t, &text)))
		return false;
	if (!en->matched)
		return false; /* which captures there are is not known */
	text.from[text.n] = to;
	whole = (struct str){ text.p, text.n };
	if (pattern_parse(whole, place, en->route, en->arena, out, &wrong,
		&e) == 0)
		return true;
	if (e.reason != REASON_OVERLOADED)
		source_tell(en, LINT_VARIABLE, t, text.from[wrong],
		    str_of(e.text), none);
	return false;
}

void
source_url_join(struct source_entry *en, struct pattern *p,
    const struct pattern *more)
{
	size_t count = p->count + more->count;
	struct pattern_part *parts;

	if (more->count == 0)
		return;
	parts = arena_alloc(en->arena, count * sizeof(*parts));
	if (parts == NULL)
		return;
	if (p->count > 0)
		memcpy(parts, p->parts, p->count * sizeof(*parts));
	memcpy(parts + p->count, more->parts, more->count * sizeof(*parts));
	*p = (struct pattern){ parts, count };
}

struct pattern
source_url_literal(struct source_entry *en, struct str text,
    enum pattern_context context)
{
	struct pattern p = { arena_alloc(en->arena, sizeof(*p.parts)), 1 };

	if (p.parts == NULL)
		return (struct pattern){ NULL, 0 };
	p.parts[0].variable = PATTERN_LITERAL;
	p.parts[0].context = context;
	p.parts[0].text = arena_copy(en->arena, text);
	return p;
}

/* {uri} brings the query: nothing can follow it. false: told. */
static bool
source_url_last(struct source_entry *en, const struct lines_token *t,
    size_t from)
{
	struct str uri = STR("{uri}");
	size_t at;

	for (at = from; at + uri.n < t->text.n; at++) {
		if (t->text.p[at] != '{' ||
		    !str_starts(str_sub(t->text, at, t->text.n), uri))
			continue;
		source_tell(en, LINT_URL_TAIL, t, at + uri.n, none, none);
		return false;
	}
	return true;
}

/* What is not possible in the part of an origin's URL that is its base. */
static bool
source_url_base_ok(struct source_entry *en, const struct lines_token *t,
    size_t from)
{
	struct str text = t->text;
	size_t odd = source_url_find(text, from, text.n, "?#");
	size_t at;

	if (odd < text.n) {
		source_tell(en, text.p[odd] == '?' ? LINT_URL_QUERY :
			LINT_URL_FRAGMENT, t, odd, none, none);
		return false;
	}
	for (at = from; at + 1 < text.n; at++) {
		if (text.p[at] != '/' || text.p[at + 1] != '/')
			continue;
		source_tell(en, LINT_SEGMENT_EMPTY, t, at + 1, none, none);
		return false;
	}
	return source_url_last(en, t, from);
}

static enum origin_tail
source_url_tail(const struct pattern *path)
{
	enum origin_tail tail = ORIGIN_TAIL_ALL;
	size_t i;

	for (i = 0; i < path->count; i++) {
		enum pattern_variable v = path->parts[i].variable;

		if (v == PATTERN_URI)
			return ORIGIN_TAIL_NONE;
		if (v == PATTERN_PATH || v == PATTERN_REST)
			tail = ORIGIN_TAIL_QUERY;
	}
	return tail;
}

/* The base of an origin's URL, from `from` to the token's end. */
static void
source_url_base(struct source_entry *en, const struct lines_token *t,
    size_t from, struct origin_url *o)
{
	struct pattern *path = &o->path;
	struct pattern_part *last;

	if (!source_url_base_ok(en, t, from) ||
	    !source_url_pattern(en, t, from, t->text.n, PATTERN_PLACE_PATH,
		path))
		return;
	o->tail = source_url_tail(path);
	if (path->count == 0 || o->tail != ORIGIN_TAIL_ALL)
		return;
	/* The path asked for begins with a '/' of its own. */
	last = &path->parts[path->count - 1];
	if (last->variable == PATTERN_LITERAL &&
	    last->text.p[last->text.n - 1] == '/' && --last->text.n == 0)
		path->count--;
}

/* Bytes that the socket's path has at least. */
static size_t
source_url_socket_length(struct str text)
{
	size_t n = 0, at;

	for (at = 0; at < text.n; n++)
		at = text.p[at] == '{' ? source_url_behind(text, at) : at + 1;
	return n;
}

static bool
source_url_socket_ok(struct source_entry *en, const struct lines_token *t,
    size_t from, struct str text)
{
	size_t length = source_url_socket_length(text), at = 0;
	bool bad = text.n < 2 || text.p[0] != '/' ||
	    text.p[text.n - 1] == '/';
	struct str segment;
	char number[24];

	while (path_segment(text, &at, &segment))
		bad |= str_eq(segment, STR(".")) ||
		    str_eq(segment, STR(".."));
	if (bad) {
		source_tell(en, LINT_SOCKET_PATH, t, from, text, none);
		return false;
	}
	if (length > SOURCE_SOCKET_MAX) {
		(void)snprintf(number, sizeof(number), "%zu", length);
		source_tell(en, LINT_SOCKET_LONG, t, from, str_of(number),
		    none);
		return false;
	}
	return true;
}

static void
source_url_unix(struct source_entry *en, const struct lines_token *t,
    struct origin_url *o)
{
	size_t from = sizeof("unix:") - 1, n = t->text.n;
	size_t colon = source_url_find(t->text, from, n, ":");
	struct str text = str_sub(t->text, from, colon);
	struct str base = str_sub(t->text, colon + 1, n);
	struct err e;
	size_t wrong;

	if (source_url_socket_ok(en, t, from, text) && en->matched &&
	    pattern_parse(text, PATTERN_PLACE_AUTHORITY, en->route, en->arena,
		&o->socket, &wrong, &e) == -1 &&
	    e.reason != REASON_OVERLOADED)
		source_tell(en, LINT_VARIABLE, t, from + wrong, str_of(e.text),
		    none);
	if (colon == n)
		return;
	if (base.n == 0 || (base.p[0] != '/' && base.p[0] != '{'))
		source_tell(en, LINT_SOCKET_PATH, t, from,
		    str_sub(t->text, from, n), none);
	else
		source_url_base(en, t, colon + 1, o);
}

/* As behind the last word of a line in nginx's files. */
static void
source_url_end(struct source_entry *en, const struct lines_token *t,
    size_t from)
{
	size_t n = t->text.n;

	if (n > from && t->text.p[n - 1] == ';')
		source_tell(en, LINT_URL_SEMICOLON, t, n - 1, none, none);
}

bool
source_url_scheme(struct str text, enum origin_scheme *out)
{
	if (str_starts_nocase(text, STR("http://")))
		*out = ORIGIN_HTTP;
	else if (str_starts_nocase(text, STR("https://")))
		*out = ORIGIN_HTTPS;
	else if (str_starts_nocase(text, STR("unix:")))
		*out = ORIGIN_UNIX;
	else
		return false;
	return true;
}

void
source_url_origin(struct source_entry *en, const struct lines_token *t,
    enum origin_scheme scheme, struct origin_url *o)
{
	size_t from = scheme == ORIGIN_HTTP ? sizeof("http://") - 1 :
					      sizeof("https://") - 1;
	size_t end;

	o->scheme = scheme;
	if (scheme == ORIGIN_UNIX) {
		source_url_unix(en, t, o);
		return;
	}
	end = source_host_end(t->text, from);
	(void)source_host_port(en, t, from, end, false, &o->host, &o->port);
	o->port_written = o->port != 0;
	if (!o->port_written)
		o->port = scheme == ORIGIN_HTTP ? 80 : 443;
	source_url_base(en, t, end, o);
	source_url_end(en, t, end);
}

/* "http://HOST[:PORT]" of a redirect into *url; where it ends. */
static size_t
source_url_redirect_origin(struct source_entry *en,
    const struct lines_token *t, struct pattern *url)
{
	bool https = str_starts_nocase(t->text, STR("https://"));
	struct str scheme = https ? STR("https://") : STR("http://");
	size_t end = source_host_end(t->text, scheme.n);
	struct pattern host, number;
	uint16_t port;

	if (!source_host_port(en, t, scheme.n, end, true, &host, &port))
		return end;
	*url = source_url_literal(en, scheme, PATTERN_IN_AUTHORITY);
	source_url_join(en, url, &host);
	if (port != 0) {
		number = source_url_literal(en,
		    arena_printf(en->arena, ":%u", (unsigned)port),
		    PATTERN_IN_AUTHORITY);
		source_url_join(en, url, &number);
	}
	return end;
}

/*
 * May a path be "//...", which browsers take for another host? So may one
 * whose first segment is a variable that can be empty or begins with '/'.
 */
static bool
source_url_is_elsewhere(const struct pattern *path)
{
	if (path->count < 2 || !str_eq(path->parts[0].text, STR("/")))
		return false;
	switch (path->parts[1].variable) {
	case PATTERN_CAPTURE:
	case PATTERN_HOST:
	case PATTERN_ASKED_HOST:
	case PATTERN_METHOD:
	case PATTERN_SCHEME:
		return false;
	default:
		return true;
	}
}

void
source_url_redirect(struct source_entry *en, const struct lines_token *t,
    struct pattern *url)
{
	struct str text = t->text;
	struct pattern part;
	size_t at = 0, query;

	if (str_starts_nocase(text, STR("http://")) ||
	    str_starts_nocase(text, STR("https://"))) {
		at = source_url_redirect_origin(en, t, url);
	} else if (!str_starts(text, STR("/"))) {
		source_tell(en, LINT_URL_RELATIVE, t, 0, text, none);
		return;
	} else if (str_starts(text, STR("//"))) {
		source_tell(en, LINT_URL_SLASHES, t, 0, text, none);
		return;
	}
	if (!source_url_last(en, t, at))
		return;
	source_url_end(en, t, at);
	query = source_url_find(text, at, text.n, "?#");
	if (source_url_pattern(en, t, at, query, PATTERN_PLACE_PATH, &part)) {
		if (at == 0 && source_url_is_elsewhere(&part))
			source_tell(en, LINT_URL_SLASHES, t, 0, text, none);
		source_url_join(en, url, &part);
	}
	if (source_url_pattern(en, t, query, text.n, PATTERN_PLACE_QUERY,
		&part))
		source_url_join(en, url, &part);
}
