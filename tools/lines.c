/* SPDX-License-Identifier: BSD-2-Clause */

/* lines: which lines of a list make an entry. */

#include "tools/lines_private.h"

#include <string.h>

#include "tools/reader.h"

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
