/* SPDX-License-Identifier: BSD-2-Clause */

/* lines: from the bytes of a list to entries of tokens. */

#include "tools/lines.h"

#include <string.h>

enum { LINES_ROOM = 8 };

static const struct str lines_bom = { "\xef\xbb\xbf", 3 };

void
lines_init(struct lines *l, struct str file, uint32_t rank, struct str text,
    struct lint *lint)
{
	if (str_starts(text, lines_bom))
		text = str_sub(text, lines_bom.n, text.n);
	*l = (struct lines){ .text = text,
		.place = { .file = file, .rank = rank, .line = 1, .col = 1 },
		.lint = lint };
}

static bool
lines_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

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

static void
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

/* Is the line text? Tells where it is not. */
static bool
lines_check(struct lines *l, struct str line)
{
	size_t i = 0;

	while (i < line.n) {
		struct str rest = str_sub(line, i, line.n);
		size_t n = lines_char(rest);

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

/* The line at l->at without its end; *next: where the one behind begins. */
static struct str
lines_peek(const struct lines *l, size_t *next)
{
	struct str rest = str_sub(l->text, l->at, l->text.n);
	size_t end = str_find(rest, '\n');
	struct str line = str_sub(rest, 0, end);

	*next = l->at + end + (end < rest.n);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static void
lines_advance(struct lines *l, size_t next)
{
	l->at = next;
	l->place.line++;
}

static size_t
lines_skip(struct str line, size_t at)
{
	while (at < line.n && lines_is_blank(line.p[at]))
		at++;
	return at;
}

/* Nothing in it, or a comment? */
static bool
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
	t.place.col = 1 + lines_width(str_sub(line, 0, from));
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

/* 1 and *out; 0: broken, and told; -1: the arena is full. */
static int
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

/*
 * Finds the next line that begins an entry: 1 and *line, l->at still before
 * it; 0: no more.
 */
static int
lines_begin(struct lines *l, struct str *line)
{
	size_t next;

	while (l->at < l->text.n) {
		*line = lines_peek(l, &next);
		if (!lines_is_silent(*line)) {
			if (!lines_is_blank(line->p[0]))
				return 1;
			if (lines_check(l, *line))
				lines_tell(l, LINT_NO_ENTRY, *line,
				    lines_skip(*line, 0),
				    (struct str){ NULL, 0 });
		} else {
			(void)lines_check(l, *line);
		}
		lines_advance(l, next);
	}
	return 0;
}

/*
 * How many lines from l->at on belong to the entry there, and in *spoken how
 * many of them say something.
 */
static size_t
lines_extent(const struct lines *l, size_t *spoken)
{
	size_t count = 0, next;
	struct lines ahead = *l;

	*spoken = 0;
	while (ahead.at < ahead.text.n) {
		struct str line = lines_peek(&ahead, &next);
		bool silent = lines_is_silent(line);

		if (!silent && count > 0 && !lines_is_blank(line.p[0]))
			break;
		*spoken += !silent;
		ahead.at = next;
		count++;
	}
	return count;
}

/* One line of an entry: as lines_cut, and l stands behind it. */
static int
lines_take(struct lines *l, bool clause, struct arena *a, size_t *size,
    struct lines_line *out)
{
	size_t next;
	struct str line = lines_peek(l, &next);
	int got = lines_check(l, line) ? 1 : 0;

	*out = (struct lines_line){ NULL, 0 };
	if (!lines_is_silent(line)) {
		*size += line.n + 1;
		if (got == 1 && *size <= LINES_ENTRY_MAX)
			got = lines_cut(l, line, clause, a, out);
	}
	lines_advance(l, next);
	return got;
}

/* As lines_next, but 2: the entry is broken, and told. */
static int
lines_entry(struct lines *l, struct arena *a, struct lines_entry *out)
{
	struct lint_place begin = l->place;
	size_t size = 0, spoken, extent, i;
	bool usable = true;

	extent = lines_extent(l, &spoken);
	out->lines = arena_alloc(a, spoken * sizeof(*out->lines));
	out->count = 0;
	if (out->lines == NULL)
		return -1;
	for (i = 0; i < extent; i++) {
		struct lines_line line;
		int got = lines_take(l, i > 0, a, &size, &line);

		if (got == -1)
			return -1;
		if (got == 0 && i == 0)
			usable = false;
		if (got == 1 && line.count > 0)
			out->lines[out->count++] = line;
	}
	if (size > LINES_ENTRY_MAX && l->lint != NULL)
		lint_tell(l->lint, LINT_ENTRY_LONG, begin,
		    (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
	return usable && size <= LINES_ENTRY_MAX ? 1 : 2;
}

int
lines_next(struct lines *l, struct arena *a, struct lines_entry *out,
    struct err *e)
{
	struct str line;
	int got = 2;

	while (got == 2 && lines_begin(l, &line) == 1)
		got = lines_entry(l, a, out);
	if (got == -1)
		return err_set(e, REASON_OVERLOADED, "out of memory");
	return got == 2 ? 0 : got;
}
