/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * source_url: URLs with variables, cut into parts that are patterns of one
 * context each. Offsets are those of the token's text.
 */

#include <stdio.h>
#include <string.h>

#include "http/path.h"
#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

size_t
source_url_behind(struct str text, size_t at)
{
	struct str rest = str_sub(text, at, text.n);

	return at + str_find(rest, '}') + (str_find(rest, '}') < rest.n);
}

bool
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
	    !source_text_pattern(en, t, from, t->text.n, PATTERN_PLACE_PATH,
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
source_url_note_socket(struct source_entry *en, const struct lines_token *t,
    size_t from, struct str text)
{
	size_t fixed = str_find(text, '{');
	const struct egress_spelled spelled = {
		.text = str_sub(text, 0, fixed),
		.socket = true,
		.built = fixed < text.n };

	source_address_note(en, t, from, text, &spelled);
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

	source_url_note_socket(en, t, from, text);
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
	*url = source_text_literal(en, scheme, PATTERN_IN_AUTHORITY);
	source_text_join(en, url, &host);
	if (port != 0) {
		number = source_text_literal(en,
		    arena_printf(en->arena, ":%u", (unsigned)port),
		    PATTERN_IN_AUTHORITY);
		source_text_join(en, url, &number);
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
	if (source_text_pattern(en, t, at, query, PATTERN_PLACE_PATH, &part)) {
		if (at == 0 && source_url_is_elsewhere(&part))
			source_tell(en, LINT_URL_SLASHES, t, 0, text, none);
		source_text_join(en, url, &part);
	}
	if (source_text_pattern(en, t, query, text.n, PATTERN_PLACE_QUERY,
		&part))
		source_text_join(en, url, &part);
}
