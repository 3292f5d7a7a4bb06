/* SPDX-License-Identifier: BSD-2-Clause */

/* source_match: MATCH, that is HOST[PATH], to one canonical spelling. */

#include <string.h>

#include "http/path.h"
#include "tools/idn.h"
#include "tools/psl.h"
#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

/* Behind which paths stand that are looked at before hosts. */
static const struct str source_match_all = { "**", 2 };

/* A capture's name between braces; at is its offset. false: told. */
static bool
source_match_capture(struct source_entry *en, const struct lines_token *t,
    struct str name, size_t at)
{
	struct route *r = &en->out->route;
	enum pattern_variable v;
	size_t i;

	for (i = 0; i < name.n; i++)
		if (!(name.p[i] >= 'a' && name.p[i] <= 'z') &&
		    (i == 0 || (!str_is_digit(name.p[i]) && name.p[i] != '_')))
			break;
	if (name.n == 0 || i < name.n) {
		source_tell(en, LINT_CAPTURE_NAME, t, at, name, none);
		return false;
	}
	if (pattern_find(name, &v)) {
		source_tell(en, LINT_CAPTURE_TAKEN, t, at, name, none);
		return false;
	}
	for (i = 0; i < r->capture_count; i++) {
		if (str_eq(r->captures[i], name)) {
			source_tell(en, LINT_CAPTURE_TWICE, t, at, name, none);
			return false;
		}
	}
	r->captures[r->capture_count++] = name;
	return true;
}

/* The host without what stands for labels. false: told. */
static bool
source_match_name(struct source_entry *en, const struct lines_token *t,
    struct str name, size_t at, struct host *out)
{
	size_t close = name.n > 0 && name.p[0] == '[' ? str_find(name, ']') : 0;
	struct err e;

	if (str_find(str_sub(name, close, name.n), ':') + close < name.n) {
		source_tell(en, LINT_MATCH_PORT, t,
		    at + close + str_find(str_sub(name, close, name.n), ':'),
		    none, none);
		return false;
	}
	if (idn_host(name, out, &e) == -1) {
		source_tell(en, LINT_MATCH_HOST, t, at, str_of(e.text), none);
		return false;
	}
	return true;
}

static size_t
source_match_labels(struct str name)
{
	size_t labels = 1, i;

	for (i = 0; i < name.n; i++)
		labels += name.p[i] == '.';
	return labels;
}

static bool
source_match_form(struct source_entry *en, const struct lines_token *t)
{
	source_tell(en, LINT_MATCH_FORM, t, 0, t->text, none);
	return false;
}

/* The names below a parent, which begins at offset `at`. */
static bool
source_match_parent(struct source_entry *en, const struct lines_token *t,
    struct str parent, size_t at, struct host *out)
{
	if (!source_match_name(en, t, parent, at, out))
		return false;
	if (out->kind != HOST_NAME) {
		source_tell(en, LINT_MATCH_PARENT, t, at, parent, none);
		return false;
	}
	if (source_match_labels(host_text(out)) > CODEC_LEVELS_MAX) {
		source_tell(en, LINT_MATCH_DEEP, t, at, none, none);
		return false;
	}
	if (psl_is_suffix(host_text(out)))
		source_tell(en, LINT_MATCH_SUFFIX, t, at, host_text(out),
		    none);
	return true;
}

static bool
source_match_wild(struct source_entry *en, const struct lines_token *t,
    struct str host, struct host *out)
{
	en->out->space = CODEC_WILD;
	if (host.n == 1) {
		memset(out, 0, sizeof(*out));
		return true;
	}
	if (host.p[1] != '.' || host.n == 2)
		return source_match_form(en, t);
	return source_match_parent(en, t, str_sub(host, 2, host.n), 2, out);
}

static bool
source_match_one(struct source_entry *en, const struct lines_token *t,
    struct str host, struct host *out)
{
	size_t close = str_find(host, '}');

	en->out->space = CODEC_ONE;
	if (close + 2 >= host.n || host.p[close + 1] != '.')
		return source_match_form(en, t);
	if (!source_match_capture(en, t, str_sub(host, 1, close), 1))
		return false;
	en->out->route.host_capture = true;
	return source_match_parent(en, t, str_sub(host, close + 2, host.n),
	    close + 2, out);
}

/* Is there a brace that is not doubled? */
static bool
source_match_captures(struct str path)
{
	size_t i;

	for (i = str_find(path, '{'); i < path.n; i++) {
		if (path.p[i] != '{')
			continue;
		if (i + 1 == path.n || path.p[i + 1] != '{')
			return true;
		i++;
	}
	return false;
}

/* A path on every host: literal segments behind it. */
static bool
source_match_anywhere(struct source_entry *en, const struct lines_token *t,
    size_t behind, struct host *out)
{
	struct str path = str_sub(t->text, behind, t->text.n);

	memset(out, 0, sizeof(*out));
	en->out->space = CODEC_ANYWHERE;
	if (path.n > 1 && !source_match_captures(path))
		return true;
	source_tell(en, LINT_ANYWHERE_FORM, t, 0, t->text, none);
	return false;
}

/* Names that stand for all other hosts in lists of nginx. */
static bool
source_match_is_default(struct str host)
{
	return str_eq_nocase(host, STR("default")) || str_eq(host, STR("_"));
}

/* The part of MATCH before its path. false: told. */
static bool
source_match_host(struct source_entry *en, const struct lines_token *t,
    struct str host, struct host *out)
{
	struct str rest = str_sub(host, 1, host.n);
	bool odd = (str_find(rest, '*') < rest.n &&
	    !str_eq(host, source_match_all)) || str_find(rest, '{') < rest.n;

	en->out->space = CODEC_HOST;
	if (host.n == 0 || odd)
		return source_match_form(en, t);
	if (str_eq(host, source_match_all))
		return source_match_anywhere(en, t, host.n, out);
	if (host.p[0] == '*')
		return source_match_wild(en, t, host, out);
	if (host.p[0] == '{')
		return source_match_one(en, t, host, out);
	if (source_match_is_default(host))
		source_tell(en, LINT_HOST_DEFAULT, t, 0, host, none);
	return source_match_name(en, t, host, 0, out);
}

/* What may not stand in a segment, byte by byte. false: told. */
static bool
source_match_bytes(struct source_entry *en, const struct lines_token *t,
    struct str segment, size_t at)
{
	size_t i;

	for (i = 0; i < segment.n; i++) {
		struct str here = str_sub(segment, i, i + 1);
		struct str escape = str_sub(segment, i, i + 3);
		char c = segment.p[i], byte;

		if (c == '?' || c == '#') {
			source_tell(en, LINT_MATCH_QUERY, t, at + i, here,
			    none);
			return false;
		}
		if (c == ' ' || c == '\t' || c == '\\') {
			source_tell(en, LINT_PATH_BYTE, t, at + i, here, none);
			return false;
		}
		if (c == '*' && i + 1 == segment.n)
			source_tell(en, LINT_PATH_STAR, t, at + i, none, none);
		if (c != '%')
			continue;
		if (escape.n < 3 || str_hex(escape.p[1]) == -1 ||
		    str_hex(escape.p[2]) == -1) {
			source_tell(en, LINT_ESCAPE_BROKEN, t, at + i, none,
			    none);
			return false;
		}
		byte = (char)(str_hex(escape.p[1]) * 16 +
		    str_hex(escape.p[2]));
		if (str_is_alnum(byte) || byte == '-' || byte == '.' ||
		    byte == '_' || byte == '~') {
			source_tell(en, LINT_ESCAPE_NEEDLESS, t, at + i,
			    escape, (struct str){ &byte, 1 });
			return false;
		}
	}
	return true;
}

/* '/' and the segment with "{{" undone; *brace: a '{' that stands alone. */
static struct str
source_match_plain(struct source_entry *en, struct str segment, bool *brace)
{
	char *p = arena_alloc(en->arena, segment.n + 1);
	size_t i, n = 0;

	*brace = false;
	if (p == NULL)
		return none;
	p[n++] = '/';
	for (i = 0; i < segment.n; i++) {
		if (segment.p[i] == '{') {
			if (i + 1 == segment.n || segment.p[i + 1] != '{')
				*brace = true;
			else
				i++;
		}
		p[n++] = segment.p[i];
	}
	return (struct str){ p, n };
}

/* A segment that is no capture; *out is canonical. false: told. */
static bool
source_match_literal(struct source_entry *en, const struct lines_token *t,
    struct str segment, size_t at, struct str *out)
{
	struct str plain, whole;
	struct err e;
	bool brace;

	if (!source_match_bytes(en, t, segment, at))
		return false;
	if (str_eq(segment, STR(".")) || str_eq(segment, STR(".."))) {
		source_tell(en, LINT_SEGMENT_DOTS, t, at, segment, none);
		return false;
	}
	plain = source_match_plain(en, segment, &brace);
	if (brace) {
		source_tell(en, LINT_CAPTURE_PART, t, at, segment, none);
		return false;
	}
	if (plain.n == 0)
		return false; /* the arena is full, and asked about that */
	if (path_canonical(plain, en->arena, &whole, &e) == -1) {
		if (e.reason != REASON_OVERLOADED)
			source_tell(en, LINT_PATH_READINGS, t, at,
			    str_of(e.text), none);
		return false;
	}
	*out = str_sub(whole, 1, whole.n);
	return true;
}

static bool
source_match_segment(struct source_entry *en, const struct lines_token *t,
    struct str segment, size_t at)
{
	struct route_shape *shape = &en->out->shape;
	struct str *out = &en->out->segments[shape->segments];
	bool braces = segment.n > 2 && segment.p[0] == '{' &&
	    segment.p[1] != '{' &&
	    str_find(segment, '}') == segment.n - 1;

	if (segment.n == 0) {
		source_tell(en, LINT_SEGMENT_EMPTY, t, at, none, none);
		return false;
	}
	*out = none;
	if (braces) {
		shape->captures |= UINT32_C(1) << shape->segments;
		if (!source_match_capture(en, t,
			str_sub(segment, 1, segment.n - 1), at + 1))
			return false;
	} else if (!source_match_literal(en, t, segment, at, out)) {
		return false;
	}
	shape->segments++;
	return true;
}

/* path is empty or begins with '/', at offset `at`. false: told. */
static bool
source_match_path(struct source_entry *en, const struct lines_token *t,
    struct str path, size_t at)
{
	struct str segment;
	bool more, good = true;

	if (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	if (path.n == 0)
		return true;
	path = str_sub(path, 1, path.n);
	at++;
	do {
		more = str_cut(path, '/', &segment, &path);
		if (!source_match_segment(en, t, segment, at))
			good = false;
		at += segment.n + 1;
	} while (more && en->out->shape.segments < ROUTE_SEGMENTS_MAX);
	if (more && good) {
		source_tell(en, LINT_SEGMENT_MANY, t, at, none, none);
		good = false;
	}
	return good;
}

static int
source_match_braces(struct buf *to, struct str name)
{
	return buf_printf(to, "{%.*s}", STR_ARG(name));
}

/* The canonical spelling of the whole, for people. */
static struct str
source_match_print(struct source_entry *en, struct str host)
{
	const struct source_route *out = en->out;
	size_t capture = 0, i;
	struct buf text;
	struct str copy;
	bool full = false;

	if (out->space == CODEC_HOST && out->shape.segments == 0)
		return out->host;
	buf_init(&text, 2 * LINES_ENTRY_MAX);
	if (out->space == CODEC_ONE)
		full |= source_match_braces(&text,
			    out->route.captures[capture++]) == -1 ||
		    buf_put(&text, STR(".")) == -1;
	else if (out->space == CODEC_ANYWHERE)
		full |= buf_put(&text, source_match_all) == -1;
	else if (out->space == CODEC_WILD)
		full |= buf_put(&text, host.n > 0 ? STR("*.") :
			STR("*")) == -1;
	full |= buf_put(&text, host) == -1;
	for (i = 0; i < out->shape.segments; i++) {
		full |= buf_put(&text, STR("/")) == -1;
		if ((out->shape.captures >> i & 1) != 0)
			full |= source_match_braces(&text,
			    out->route.captures[capture++]) == -1;
		else
			full |= buf_put(&text, out->segments[i]) == -1;
	}
	copy = arena_copy(en->arena, full ? none : buf_view(&text));
	buf_fini(&text);
	return copy;
}

bool
source_match(struct source_entry *en, const struct lines_token *t)
{
	size_t slash = str_find(t->text, '/');
	struct str path = str_sub(t->text, slash, t->text.n);
	struct host host;
	bool good;

	if (slash > 0 && slash + 1 < t->text.n &&
	    t->text.p[slash - 1] == ':' && t->text.p[slash + 1] == '/') {
		source_tell(en, LINT_MATCH_SCHEME, t, 0, none, none);
		return false;
	}
	/* Both parts are looked at, so that all mistakes are told. */
	good = source_match_host(en, t, str_sub(t->text, 0, slash), &host);
	if (!source_match_path(en, t, path, slash) || !good)
		return false;
	en->out->host = arena_copy(en->arena, host_text(&host));
	en->out->route.match = source_match_print(en, host_text(&host));
	return true;
}
