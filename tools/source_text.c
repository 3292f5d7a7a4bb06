/* SPDX-License-Identifier: BSD-2-Clause */

/* source_text: a piece of a URL in canonical spelling, as a pattern. */

#include <string.h>

#include "http/path.h"
#include "tools/source_private.h"

enum { URL_ESCAPED = 3 }; /* bytes of an escaped byte */

static const struct str none = { NULL, 0 };

/* Text made canonical, and which byte of the token each byte came from. */
struct source_text {
	char *p;
	size_t n;
	size_t *from;
};

static void
source_text_byte(struct source_text *to, char c, size_t from)
{
	to->p[to->n] = c;
	to->from[to->n++] = from;
}

static void
source_text_escape(struct source_text *to, char c, size_t from)
{
	static const char hex[] = "0123456789ABCDEF";

	source_text_byte(to, '%', from);
	source_text_byte(to, hex[(unsigned char)c >> 4], from);
	source_text_byte(to, hex[(unsigned char)c & 15], from);
}

static bool
source_text_unreserved(char c)
{
	return str_is_alnum(c) || (c != '\0' && strchr("-._~", c) != NULL);
}

/* The escape at `at` of the token. false: told. */
static bool
source_text_percent(struct source_entry *en, const struct lines_token *t,
    size_t at, size_t end, struct source_text *to)
{
	struct str escape = str_sub(t->text, at, at + 3 < end ? at + 3 : end);
	char byte;

	if (escape.n < 3 || str_hex(escape.p[1]) == -1 ||
	    str_hex(escape.p[2]) == -1) {
		source_tell(en, LINT_ESCAPE_BROKEN, t, at, none, none);
		return false;
	}
	byte = (char)(str_hex(escape.p[1]) * 16 + str_hex(escape.p[2]));
	if (source_text_unreserved(byte))
		source_text_byte(to, byte, at);
	else
		source_text_escape(to, byte, at);
	return true;
}

/* A path or query [at, end) in canonical spelling. false: told. */
static bool
source_text_canonical(struct source_entry *en, const struct lines_token *t,
    size_t at, size_t end, struct source_text *to)
{
	static const char plain[] = "!$&'()*+,;=:@/?#";
	struct str text = str_sub(t->text, 0, end);

	while (at < end) {
		char c = text.p[at];
		size_t step = 1;

		if (source_url_doubled(text, at)) {
			source_text_escape(to, c, at);
			step = 2;
		} else if (c == '{') {
			step = source_url_behind(text, at) - at;
			for (size_t i = at; i < at + step; i++)
				source_text_byte(to, text.p[i], i);
		} else if (c == '%') {
			if (!source_text_percent(en, t, at, end, to))
				return false;
			step = 3;
		} else if (c == ' ' || c == '\t' || c == '\\') {
			source_tell(en, LINT_PATH_BYTE, t, at,
			    str_sub(text, at, at + 1), none);
			return false;
		} else if (source_text_unreserved(c) ||
		    strchr(plain, c) != NULL) {
			source_text_byte(to, c, at);
		} else {
			source_text_escape(to, c, at);
		}
		at += step;
	}
	return true;
}

/* Dots and hidden dots in a path. false: told. */
static bool
source_text_dots(struct source_entry *en, const struct lines_token *t,
    const struct source_text *path)
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
source_text_plain(struct str text)
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

bool
source_text_pattern(struct source_entry *en, const struct lines_token *t,
    size_t from, size_t to, enum pattern_place place,
    struct pattern *out)
{
	size_t room = (to - from) * URL_ESCAPED;
	struct source_text text = { .n = 0 };
	struct str whole;
	struct err e;
	size_t wrong;

	*out = (struct pattern){ NULL, 0 };
	if (from == to)
		return true;
	if (source_text_plain(str_sub(t->text, from, to))) {
		*out = source_text_literal(en, str_sub(t->text, from, to),
		    place == PATTERN_PLACE_PATH ? PATTERN_IN_PATH :
						  PATTERN_IN_QUERY);
		return true;
	}
	text.p = arena_alloc(en->arena, room);
	text.from = arena_alloc(en->arena, (room + 1) * sizeof(*text.from));
	if (text.p == NULL || text.from == NULL)
		return false;
	if (!source_text_canonical(en, t, from, to, &text) ||
	    (place == PATTERN_PLACE_PATH && !source_text_dots(en, t, &text)))
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
source_text_join(struct source_entry *en, struct pattern *p,
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
source_text_literal(struct source_entry *en, struct str text,
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
