/* SPDX-License-Identifier: BSD-2-Clause */

/* lines_cut: is a line text, and which tokens it holds. */

#include "tools/lines_private.h"

#include <string.h>

enum { LINES_ROOM = 4 };

/* Characters of UTF-8 in s: all bytes but those that continue one. */
static uint32_t
lines_width(struct str s)
{
	uint32_t width = 0;
	size_t i;

	for (i = 0; i < s.n; i++)
		width += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return width;
}

void
lines_tell(struct lines *l, enum lint_finding f, struct str line, size_t at,
    struct str quoted)
{
	struct lint_place place = l->place;

	if (l->lint == NULL)
		return;
	place.col = 1 + lines_width(str_sub(line, 0, at));
	lint_tell(l->lint, f, place, quoted, (struct str){ NULL, 0 });
}

/*
 * Length of the UTF-8 character at the start of s, or 0: overlong forms,
 * surrogates and what is above U+10FFFF are none (RFC 3629 4).
 */
static size_t
lines_char(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char least = 0x80, most = 0xbf;
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (s.n < n)
		return 0;
	if (p[0] == 0xe0)
		least = 0xa0;
	else if (p[0] == 0xf0)
		least = 0x90;
	else if (p[0] == 0xed)
		most = 0x9f;
	else if (p[0] == 0xf4)
		most = 0x8f;
	if (p[1] < least || p[1] > most)
		return 0;
	for (i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static bool
lines_is_control(struct str s, size_t n)
{
	if (n == 1)
		return s.p[0] != '\t' && str_is_control(s.p[0]);
	return n == 2 && (unsigned char)s.p[0] == 0xc2 &&
	    (unsigned char)s.p[1] < 0xa0;
}

/* Are these eight bytes all printable and ASCII? */
static bool
lines_is_plain(const char *p)
{
	const uint64_t ones = UINT64_MAX / 0xff, highs = ones * 0x80;
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	/* >= 0x80, 0x7f, and below 0x20 where the high bit is borrowed. */
	return ((x | (x + ones) | ((x - ones * 0x20) & ~x)) & highs) == 0;
}

/* Is the line text? Tells where it is not. */
bool
lines_check(struct lines *l, struct str line)
{
	size_t i = 0;

	l->ascii = true;
	while (i < line.n) {
		struct str rest;
		size_t n;

		if (line.n - i >= sizeof(uint64_t) &&
		    lines_is_plain(line.p + i)) {
			i += sizeof(uint64_t);
			continue;
		}
		rest = str_sub(line, i, line.n);
		n = lines_char(rest);
		l->ascii &= n == 1;
		if (n == 0) {
			lines_tell(l, LINT_BAD_UTF8, line, i,
			    (struct str){ NULL, 0 });
			return false;
		}
		if (lines_is_control(rest, n)) {
			lines_tell(l, LINT_CONTROL, line, i,
			    str_sub(rest, 0, n));
			return false;
		}
		i += n;
	}
	return true;
}

size_t
lines_skip(struct str line, size_t at)
{
	while (at < line.n && lines_is_blank(line.p[at]))
		at++;
	return at;
}

/* Nothing in it, or a comment? */
bool
lines_is_silent(struct str line)
{
	size_t at = lines_skip(line, 0);

	return at == line.n || line.p[at] == '#';
}

/* Behind the quoted part that begins at `at`; told when it is broken. */
static bool
lines_quote(struct lines *l, struct str line, size_t at, size_t *end)
{
	size_t i;

	for (i = at + 1; i < line.n && line.p[i] != '"'; i++) {
		if (line.p[i] != '\\')
			continue;
		i++;
		if (i < line.n && line.p[i] != '"' && line.p[i] != '\\') {
			lines_tell(l, LINT_QUOTE_ESCAPE, line, i - 1,
			    str_sub(line, i,
				i + lines_char(str_sub(line, i, line.n))));
			return false;
		}
	}
	if (i >= line.n) {
		lines_tell(l, LINT_QUOTE_OPEN, line, at,
		    (struct str){ NULL, 0 });
		return false;
	}
	*end = i + 1;
	return true;
}

/*
 * One step through a raw token: the byte at *i, or no byte for a quote mark or
 * the backslash of an escape.
 */
static bool
lines_step(struct str raw, size_t *i, bool *within, char *byte)
{
	char c = raw.p[(*i)++];

	if (c == '"') {
		*within = !*within;
		return false;
	}
	if (c == '\\' && *within && *i < raw.n)
		c = raw.p[(*i)++];
	*byte = c;
	return true;
}

static struct str
lines_unquote(struct str raw, struct arena *a)
{
	char *p = arena_alloc(a, raw.n + 1);
	bool within = false;
	size_t i = 0, n = 0;

	while (p != NULL && i < raw.n)
		if (lines_step(raw, &i, &within, &p[n]))
			n++;
	return (struct str){ p, p != NULL ? n : 0 };
}

struct lint_place
lines_place(const struct lines_token *t, size_t offset)
{
	struct lint_place place = t->place;
	size_t i = 0, n = 0, from = 0;
	bool within = false;
	char byte;

	offset = offset > t->added ? offset - t->added : 0;
	if (t->text.p == t->raw.p) {
		from = offset;
	} else while (i < t->raw.n) {
		if (lines_step(t->raw, &i, &within, &byte) && n++ == offset)
			break;
		from = i;
	}
	place.col += lines_width(str_sub(t->raw, 0, from));
	return place;
}

/* One more token for line; 0, or -1: the arena is full. */
static int
lines_push(struct lines_line *line, size_t *room, struct arena *a,
    struct lines_token token)
{
	if (line->count == *room) {
		size_t more = *room > 0 ? 2 * *room : LINES_ROOM;
		struct lines_token *p = arena_alloc(a, more * sizeof(*p));

		if (p == NULL)
			return -1;
		if (line->count > 0)
			memcpy(p, line->tokens, line->count * sizeof(*p));
		line->tokens = p;
		*room = more;
	}
	line->tokens[line->count++] = token;
	return 0;
}

static struct lines_token
lines_token(struct lines *l, struct str line, size_t from, size_t to)
{
	struct lines_token t = { .raw = str_sub(line, from, to),
		.place = l->place };

	t.text = t.raw;
	t.place.col = 1 + (l->ascii ? (uint32_t)from :
		lines_width(str_sub(line, 0, from)));
	return t;
}

/* 1 and *end: behind the token at `at`; 0: it is broken, and told. */
static int
lines_word(struct lines *l, struct str line, size_t at, size_t *end,
    bool *quotes)
{
	*quotes = false;
	while (at < line.n && !lines_is_blank(line.p[at])) {
		if (line.p[at] != '"') {
			at++;
			continue;
		}
		*quotes = true;
		if (!lines_quote(l, line, at, &at))
			return 0;
	}
	*end = at;
	return 1;
}

static bool
lines_is_raw(const struct lines_line *out, bool clause)
{
	return clause && out->count == 1 &&
	    (str_eq(out->tokens[0].text, STR("request-header")) ||
		str_eq(out->tokens[0].text, STR("response-header")));
}

int
lines_cut(struct lines *l, struct str line, bool clause, struct arena *a,
    struct lines_line *out)
{
	size_t room = 0, at = lines_skip(line, 0), end;
	struct lines_token t;
	bool quotes;

	*out = (struct lines_line){ NULL, 0 };
	while (at < line.n && line.p[at] != '#') {
		if (lines_word(l, line, at, &end, &quotes) == 0)
			return 0;
		t = lines_token(l, line, at, end);
		t.quoted = line.p[at] == '"';
		if (quotes)
			t.text = lines_unquote(t.raw, a);
		if (lines_push(out, &room, a, t) == -1)
			return -1;
		at = lines_skip(line, end);
		if (!lines_is_raw(out, clause) || at == line.n)
			continue;
		t = lines_token(l, line, at, line.n);
		t.raw = t.text = str_trim(t.raw);
		return lines_push(out, &room, a, t) == -1 ? -1 : 1;
	}
	return a->full ? -1 : 1;
}
