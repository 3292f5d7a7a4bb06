/* SPDX-License-Identifier: BSD-2-Clause */

/* source_rewritemap: each line becomes an entry of two tokens, and is read as
 * an entry of a list is. */

#include <string.h>

#include "tools/source_private.h"

static const struct str none = { NULL, 0 };

/* One line of such a file. */
struct rewritemap {
	struct source *source;
	struct str line;
	struct lint_place place;
};

static bool
rewritemap_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

/* The word from *at on, which then stands behind it. */
static struct lines_token
rewritemap_word(const struct rewritemap *m, size_t *at)
{
	struct str line = m->line;
	struct lines_token t = { .place = m->place };
	size_t from, i;

	while (*at < line.n && rewritemap_is_blank(line.p[*at]))
		++*at;
	from = *at;
	while (*at < line.n && !rewritemap_is_blank(line.p[*at]))
		++*at;
	t.raw = t.text = str_sub(line, from, *at);
	for (i = 0; i < from; i++)
		t.place.col += ((unsigned char)line.p[i] & 0xc0) != 0x80;
	return t;
}

/* false: a control byte, which is told. */
static bool
rewritemap_check(struct rewritemap *m)
{
	size_t i;

	for (i = 0; i < m->line.n; i++) {
		struct str byte = str_sub(m->line, i, i + 1);
		struct lint_place place = m->place;

		if (rewritemap_is_blank(byte.p[0]) ||
		    !str_is_control(byte.p[0]))
			continue;
		place.col = (uint32_t)i + 1;
		lint_tell(m->source->lint, LINT_CONTROL, place, byte, none);
		return false;
	}
	return true;
}

/* Braces mean nothing here: in a list they are doubled. */
static struct str
rewritemap_url(struct arena *a, struct str value, struct str scheme)
{
	size_t room = scheme.n + 2 * value.n + 1, i;
	char *p = arena_alloc(a, room);
	size_t n = scheme.n;

	if (p == NULL)
		return none;
	if (n > 0)
		memcpy(p, scheme.p, n);
	for (i = 0; i < value.n; i++) {
		p[n++] = value.p[i];
		if (value.p[i] == '{')
			p[n++] = '{';
	}
	return (struct str){ p, n };
}

static void
rewritemap_value(struct source_entry *en, struct lines_token *url)
{
	struct str scheme = STR("http://");

	if (memmem(url->raw.p, url->raw.n, "://", 3) != NULL ||
	    str_starts_nocase(url->raw, STR("unix:")))
		scheme = none;
	else
		source_tell(en, LINT_REWRITEMAP_SCHEME, url, 0, url->raw,
		    none);
	if (scheme.n == 0 && str_find(url->raw, '{') == url->raw.n)
		return;
	url->text = rewritemap_url(en->arena, url->raw, scheme);
	url->added = scheme.n;
}

/* A path alone is what other rules of Apache look up. */
static bool
rewritemap_is_key(struct str key)
{
	size_t i;

	for (i = 0; i < key.n; i++)
		if (strchr("*{}", key.p[i]) != NULL)
			return false;
	return !str_starts(key, STR("/"));
}

/* A line that is an entry. */
static int
rewritemap_entry(struct rewritemap *m, struct err *e)
{
	struct lines_token tokens[2], more;
	struct lines_line line = { tokens, 1 };
	struct lines_entry lines = { .lines = &line, .count = 1 };
	struct source_entry en = { .source = m->source,
		.arena = &m->source->entry,
		.lines = &lines };
	size_t errors = m->source->lint->errors, at = 0;

	tokens[0] = rewritemap_word(m, &at);
	tokens[1] = rewritemap_word(m, &at);
	more = rewritemap_word(m, &at);
	if (tokens[1].raw.n > 0) {
		line.count = 2;
		rewritemap_value(&en, &tokens[1]);
	}
	if (more.raw.n > 0)
		source_tell(&en, LINT_REWRITEMAP_COLUMNS, &more, 0, more.raw,
		    none);
	if (!rewritemap_is_key(tokens[0].raw)) {
		source_tell(&en, LINT_REWRITEMAP_KEY, &tokens[0], 0,
		    tokens[0].raw, none);
		m->source->lost++;
		return 0;
	}
	en.last_wins = true;
	return source_route(&en, errors, e);
}

static int
rewritemap_line(struct rewritemap *m, struct err *e)
{
	struct source *s = m->source;
	struct str line = m->line;
	int got;

	if (line.n == 0 || line.p[0] == '#')
		return 0;
	if (rewritemap_is_blank(line.p[0])) {
		size_t at = 0;
		struct lines_token t = rewritemap_word(m, &at);

		if (t.raw.n > 0)
			lint_tell(s->lint, LINT_REWRITEMAP_BLANK, t.place,
			    none, none);
		return 0;
	}
	if (!rewritemap_check(m)) {
		s->lost++;
		return 0;
	}
	got = rewritemap_entry(m, e);
	if (got == 0 && s->entry.full)
		return err_set(e, REASON_OVERLOADED, "out of memory");
	arena_reset(&s->entry);
	return got;
}

int
source_read_rewritemap(struct source *s, struct lines *lines, struct err *e)
{
	struct rewritemap m = { .source = s };
	int got = 1;

	s->defaults = NULL;
	for (;;) {
		m.place = lines->place;
		got = lines_line(lines, &m.line, e);
		if (got != 1)
			return got;
		if (rewritemap_line(&m, e) == -1)
			return -1;
	}
}

int
source_rewritemap(struct source *s, struct str file, uint32_t rank,
    struct str text, struct err *e)
{
	struct lines lines;

	lines_init(&lines, file, rank, text, s->lint);
	return source_read_rewritemap(s, &lines, e);
}
