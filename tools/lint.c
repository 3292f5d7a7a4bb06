/* SPDX-License-Identifier: BSD-2-Clause */

/* lint: findings kept, sorted by place, written escaped. */

#include "tools/lint.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/escape.h"

enum {
	LINT_ROOM = 32,
	LINT_TEXT_MAX = 1 << 20,
	LINT_QUOTE_MAX = ERR_TEXT_MAX /* bytes of a word that are told */
};

static const struct lint_row {
	const char *id;
	enum lint_severity severity;
	const char *sentence;
} lint_rows[] = {
#define LINT(name, id, severity, sentence) \
	{ id, LINT_##severity, sentence },
#include "tools/lint.tbl.h"
#undef LINT
};

const char *
lint_id(enum lint_finding f)
{
	return lint_rows[f].id;
}

const char *
lint_sentence(enum lint_finding f)
{
	return lint_rows[f].sentence;
}

enum lint_severity
lint_severity(enum lint_finding f)
{
	return lint_rows[f].severity;
}

void
lint_init(struct lint *l)
{
	*l = (struct lint){ 0 };
	arena_init(&l->arena, SIZE_MAX / 2);
}

void
lint_fini(struct lint *l)
{
	free(l->told);
	arena_fini(&l->arena);
	*l = (struct lint){ 0 };
}

/* Escaped: a list cannot drive a terminal. */
static int
lint_put_quoted(struct buf *b, struct str s)
{
	char safe[LINT_QUOTE_MAX];

	while (s.n > 0) {
		size_t n = escape_put(safe, sizeof(safe), &s, ESCAPE_LINE);

		if (buf_put(b, (struct str){ safe, n }) == -1)
			return -1;
	}
	return 0;
}

/*
 * Words of a list may be as long as an entry; their beginning will do. What is
 * told as %2 (a place, what was expected) is never cut.
 */
static int
lint_put_short(struct buf *text, struct str words)
{
	size_t n = LINT_QUOTE_MAX;

	if (words.n <= LINT_QUOTE_MAX)
		return lint_put_quoted(text, words);
	while (n > 0 && ((unsigned char)words.p[n] & 0xc0) == 0x80)
		n--; /* not within a character */
	if (lint_put_quoted(text, str_sub(words, 0, n)) == -1)
		return -1;
	return buf_put(text, STR("..."));
}

static int
lint_put_sentence(struct buf *text, const char *sentence, struct str a,
    struct str b)
{
	struct str rest = str_of(sentence);
	struct str before;

	while (str_cut(rest, '%', &before, &rest)) {
		int full;

		CHECK(rest.n > 0);
		if (buf_put(text, before) == -1)
			return -1;
		if (rest.p[0] == '%')
			full = buf_put(text, STR("%"));
		else if (rest.p[0] == '1')
			full = lint_put_short(text, a);
		else
			full = lint_put_quoted(text, b);
		if (full == -1)
			return -1;
		rest = str_sub(rest, 1, rest.n);
	}
	return buf_put(text, before);
}

void
lint_tell(struct lint *l, enum lint_finding f, struct lint_place at,
    struct str a, struct str b)
{
	struct buf text;

	if (lint_severity(f) == LINT_ERROR)
		l->errors++;
	else
		l->warnings++;
	if (l->count == l->room) {
		size_t room = l->room > 0 ? 2 * l->room : LINT_ROOM;
		struct lint_told *told =
		    reallocarray(l->told, room, sizeof(*told));

		if (told == NULL)
			return;
		l->told = told;
		l->room = room;
	}
	buf_init(&text, LINT_TEXT_MAX);
	(void)lint_put_sentence(&text, lint_sentence(f), a, b);
	l->told[l->count++] = (struct lint_told){ .place = at,
		.finding = f,
		.text = arena_copy(&l->arena, buf_view(&text)) };
	buf_fini(&text);
}

struct str
lint_place_print(struct lint *l, struct lint_place at)
{
	return arena_printf(&l->arena, "%.*s:%u:%u", STR_ARG(at.file),
	    at.line, at.col);
}

static int
lint_order(const void *pa, const void *pb)
{
	const struct lint_told *a = pa, *b = pb;

	if (a->place.rank != b->place.rank)
		return a->place.rank < b->place.rank ? -1 : 1;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.col != b->place.col)
		return a->place.col < b->place.col ? -1 : 1;
	if (a->finding != b->finding)
		return a->finding < b->finding ? -1 : 1;
	return str_cmp(a->text, b->text);
}

void
lint_flush(struct lint *l, FILE *to)
{
	struct buf name;
	size_t i;

	if (l->count > 0)
		qsort(l->told, l->count, sizeof(*l->told), lint_order);
	buf_init(&name, LINT_TEXT_MAX);
	for (i = 0; i < l->count; i++) {
		const struct lint_told *t = &l->told[i];

		buf_clear(&name);
		(void)lint_put_quoted(&name, t->place.file);
		(void)fprintf(to, "%.*s:%u:%u: %s: %.*s\n",
		    STR_ARG(buf_view(&name)), t->place.line, t->place.col,
		    lint_severity(t->finding) == LINT_ERROR ? "error" :
			"warning",
		    STR_ARG(t->text));
	}
	buf_fini(&name);
	l->count = 0;
	arena_reset(&l->arena);
}
