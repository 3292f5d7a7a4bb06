/* SPDX-License-Identifier: BSD-2-Clause */

/* lines: from the bytes of a list to entries of tokens. */

#include "tools/lines.h"

#include <string.h>

#include "tools/reader.h"

enum { LINES_ROOM = 4 };

static const struct str lines_bom = { "\xef\xbb\xbf", 3 };

void
lines_init(struct lines *l, struct str file, uint32_t rank, struct str text,
    struct lint *lint)
{
	if (str_starts(text, lines_bom))
		text = str_sub(text, lines_bom.n, text.n);
	*l = (struct lines){ .text = text,
		.place = { .file = file, .rank = rank, .line = 1, .col = 1 },
		.lint = lint,
		.begun = true };
}

int
lines_open(struct lines *l, struct str file, uint32_t rank,
    struct reader *reader, struct lint *lint, struct err *e)
{
	lines_init(l, file, rank, (struct str){ NULL, 0 }, lint);
	l->reader = reader;
	l->begun = false;
	return reader_begin(reader, e);
}

void
lines_again(struct lines *l, const struct lines_entry *entry, struct str copy)
{
	lines_init(l, entry->place.file, entry->place.rank, copy, NULL);
	l->text = copy; /* a mark within a list is none */
	l->place = entry->place;
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
static bool
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

/* Reads on. 1; 0: no more, or no room for it; -1 and e. */
static int
lines_more(struct lines *l, struct err *e)
{
	int got;

	if (l->reader == NULL)
		return 0;
	got = reader_more(l->reader, l->at, &l->text, e);
	l->at = 0;
	if (got == 1 && !l->begun) {
		l->begun = true;
		if (str_starts(l->text, lines_bom))
			l->at = lines_bom.n;
	}
	return got;
}

/* Can there be more than what is at hand? */
static bool
lines_is_open(const struct lines *l)
{
	return l->reader != NULL && !reader_at_end(l->reader);
}

/*
 * The line at `at` without its end; *next: where the one behind begins. false:
 * its end is not at hand.
 */
static bool
lines_peek(const struct lines *l, size_t at, struct str *line, size_t *next)
{
	const char *p = l->text.p + at;
	size_t left = l->text.n - at;
	const char *end = left > 0 ? memchr(p, '\n', left) : NULL;
	size_t n = end != NULL ? (size_t)(end - p) : left;

	if (end == NULL && lines_is_open(l))
		return false;
	*next = at + n + (end != NULL);
	if (n > 0 && p[n - 1] == '\r')
		n--;
	*line = (struct str){ p, n };
	return true;
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

/* One line that begins no entry: silent, or out of place, which is told. */
static void
lines_pass(struct lines *l, struct str line)
{
	if (lines_is_silent(line))
		(void)lines_check(l, line);
	else if (lines_check(l, line))
		lines_tell(l, LINT_NO_ENTRY, line, lines_skip(line, 0),
		    (struct str){ NULL, 0 });
}

/*
 * Finds the next line that begins an entry: 1, l->at still before it; 0: no
 * more; 2: the line's end is not at hand.
 */
static int
lines_begin(struct lines *l)
{
	struct str line;
	size_t next;

	for (;;) {
		if (l->at == l->text.n)
			return lines_is_open(l) ? 2 : 0;
		if (!lines_peek(l, l->at, &line, &next))
			return 2;
		if (l->percent) {
			if (line.n > 0 && line.p[0] == '%')
				return 1;
		} else if (line.n > 0 && !lines_is_blank(line.p[0]) &&
		    line.p[0] != '#') {
			return 1;
		} else {
			lines_pass(l, line);
		}
		lines_advance(l, next);
	}
}

/*
 * How many lines from l->at on belong to the entry there, in *spoken how many
 * of them say something, in *end where the last that does ends. false: that
 * cannot be known from what is at hand.
 */
static bool
lines_extent(const struct lines *l, size_t *count, size_t *spoken,
    size_t *end)
{
	size_t at = l->at, next, lines = 0;
	struct str line;

	*count = *spoken = 0;
	while (at < l->text.n) {
		bool silent;

		if (lines > 0 && (unsigned char)l->text.p[at] > '#')
			return true; /* no blank, comment or empty line */
		if (!lines_peek(l, at, &line, &next))
			return false;
		silent = lines_is_silent(line);
		if (!silent && lines > 0 && !lines_is_blank(line.p[0]))
			return true;
		lines++;
		if (!silent) {
			*count = lines;
			*end = next;
			++*spoken;
		}
		at = next;
	}
	return !lines_is_open(l);
}

/* One line of an entry: as lines_cut, and l stands behind it. */
static int
lines_take(struct lines *l, bool clause, struct arena *a, size_t *size,
    struct lines_line *out)
{
	struct str line;
	size_t next;
	int got;

	CHECK(lines_peek(l, l->at, &line, &next));
	got = lines_check(l, line) ? 1 : 0;
	*out = (struct lines_line){ NULL, 0 };
	if (!lines_is_silent(line)) {
		*size += line.n + 1;
		if (got == 1 && *size <= LINES_ENTRY_MAX)
			got = lines_cut(l, line, clause, a, out);
	}
	lines_advance(l, next);
	return got;
}

static void
lines_tell_long(struct lines *l, struct lint_place begin)
{
	if (l->lint != NULL)
		lint_tell(l->lint, LINT_ENTRY_LONG, begin,
		    (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
}

/* As lines_next, but 2: the entry is broken, and told; 3: its end is not at
 * hand. */
static int
lines_entry(struct lines *l, struct arena *a, struct lines_entry *out)
{
	struct lint_place begin = l->place;
	size_t size = 0, spoken, extent, end = 0, i;
	bool usable = true;

	if (!lines_extent(l, &extent, &spoken, &end))
		return 3;
	out->text = str_sub(l->text, l->at, end);
	out->place = begin;
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
	if (size > LINES_ENTRY_MAX)
		lines_tell_long(l, begin);
	return usable && size <= LINES_ENTRY_MAX ? 1 : 2;
}

/*
 * The window is too small for what is at l->at: passes over it, line by line,
 * up to what may be another entry. 2: go on, -1 and e.
 */
static int
lines_leave(struct lines *l, struct err *e)
{
	const char *end = NULL;
	int got = 1;

	lines_tell_long(l, l->place);
	do {
		while (got == 1 && (l->at == l->text.n ||
		    (end = memchr(l->text.p + l->at, '\n',
			l->text.n - l->at)) == NULL)) {
			l->at = l->text.n;
			got = lines_more(l, e);
		}
		if (got != 1)
			return got == -1 ? -1 : 2;
		lines_advance(l, (size_t)(end - l->text.p) + 1);
		if (l->at == l->text.n)
			got = lines_more(l, e);
	} while (got == 1 && strchr(" \t#\r\n", l->text.p[l->at]) != NULL);
	return got == -1 ? -1 : 2;
}

/* What is at l->at goes on behind the window. 2: try again, -1 and e. */
static int
lines_fetch(struct lines *l, struct err *e)
{
	int got = lines_more(l, e);

	if (got == 0 && lines_is_open(l))
		got = lines_leave(l, e);
	return got == -1 ? -1 : 2;
}

int
lines_next(struct lines *l, struct arena *a, struct lines_entry *out,
    struct err *e)
{
	int got = 2;

	while (got == 2) {
		got = lines_begin(l);
		if (got == 1)
			got = lines_entry(l, a, out);
		else if (got == 2)
			got = 3;
		if (got == -1)
			return err_set(e, REASON_OVERLOADED, "out of memory");
		if (got != 3)
			continue;
		got = lines_fetch(l, e);
	}
	return got;
}

int
lines_line(struct lines *l, struct str *line, struct err *e)
{
	size_t next;
	int got = 2;

	while (got == 2) {
		if (l->at < l->text.n && lines_peek(l, l->at, line, &next)) {
			lines_advance(l, next);
			return 1;
		}
		if (!lines_is_open(l))
			return 0;
		got = lines_fetch(l, e);
	}
	return got;
}
