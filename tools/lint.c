/* SPDX-License-Identifier: BSD-2-Clause */

/* lint: findings kept, sorted by place, written escaped. */

#include "tools/lint.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/msg.h"
#include "tools/sorter.h"

enum {
	LINT_ROOM = 32,
	LINT_KEPT = 4096,         /* in memory, or as many as take */
	LINT_KEPT_BYTES = 4 << 20, /* so much */
	LINT_MOVED_BYTES = 4 << 20,
	LINT_KEY_TEXT = 1024,     /* of a text, for the order */
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
	arena_init(&l->older, SIZE_MAX / 2);
}

void
lint_fini(struct lint *l)
{
	free(l->told);
	arena_fini(&l->arena);
	arena_fini(&l->older);
	sorter_free(&l->moved);
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

static size_t
lint_number(char *to, uint32_t number)
{
	int i;

	for (i = 0; i < 4; i++)
		to[i] = (char)(unsigned char)(number >> (24 - 8 * i));
	return 4;
}

/* One finding to the sorter, under a key in the order of lint_order. */
static int
lint_move_one(struct lint *l, const struct lint_told *t, struct err *e)
{
	char key[4 * 4 + LINT_KEY_TEXT];
	struct str text = str_sub(t->text, 0, LINT_KEY_TEXT);
	struct buf value;
	size_t n = 0;
	int got;

	n += lint_number(key + n, t->place.rank);
	n += lint_number(key + n, t->place.line);
	n += lint_number(key + n, t->place.col);
	n += lint_number(key + n, t->finding);
	if (text.n > 0)
		memcpy(key + n, text.p, text.n);
	buf_init(&value, sizeof(*t) + LINT_TEXT_MAX);
	got = buf_put(&value, (struct str){ (const char *)t, sizeof(*t) });
	if (got == 0)
		got = buf_put(&value, t->text);
	if (got == 0)
		got = sorter_put(l->moved, (struct str){ key, n + text.n },
		    buf_view(&value), e);
	else
		err_set(e, REASON_OVERLOADED, "out of memory");
	buf_fini(&value);
	return got;
}

/* All findings out of memory. Those that cannot be moved stay counted. */
static void
lint_move(struct lint *l)
{
	struct arena arena = l->older;
	size_t i;

	if (l->moved == NULL)
		l->moved = sorter_new(LINT_MOVED_BYTES, NULL);
	for (i = 0; i < l->count && l->lost.text[0] == '\0'; i++)
		if (lint_move_one(l, &l->told[i], &l->lost) == -1)
			break;
	l->count = 0;
	/* Of these texts the last ones may be about to be quoted. */
	arena_reset(&arena);
	l->older = l->arena;
	l->arena = arena;
}

static bool
lint_room(struct lint *l)
{
	size_t room = l->room > 0 ? 2 * l->room : LINT_ROOM;
	struct lint_told *told;

	if (l->count < l->room)
		return true;
	told = reallocarray(l->told, room, sizeof(*told));
	if (told == NULL)
		return false;
	l->told = told;
	l->room = room;
	return true;
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
	if (!lint_room(l))
		return;
	buf_init(&text, LINT_TEXT_MAX);
	(void)lint_put_sentence(&text, lint_sentence(f), a, b);
	l->told[l->count++] = (struct lint_told){ .place = at,
		.finding = f,
		.text = arena_copy(&l->arena, buf_view(&text)) };
	buf_fini(&text);
	if (l->count >= LINT_KEPT || l->arena.taken >= LINT_KEPT_BYTES)
		lint_move(l);
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

static void
lint_write(const struct lint_told *t, FILE *to)
{
	struct buf name;

	buf_init(&name, LINT_TEXT_MAX);
	(void)lint_put_quoted(&name, t->place.file);
	(void)fprintf(to, "%.*s:%u:%u: %s: %.*s\n", STR_ARG(buf_view(&name)),
	    t->place.line, t->place.col,
	    lint_severity(t->finding) == LINT_ERROR ? "error" : "warning",
	    STR_ARG(t->text));
	buf_fini(&name);
}

static void
lint_write_moved(struct lint *l, FILE *to)
{
	struct lint_told told;
	struct str key, value;

	if (sorter_sort(l->moved, &l->lost) == -1)
		return;
	while (sorter_next(l->moved, &key, &value, &l->lost) == 1) {
		memcpy(&told, value.p, sizeof(told));
		told.text = str_sub(value, sizeof(told), value.n);
		lint_write(&told, to);
	}
}

void
lint_flush(struct lint *l, FILE *to)
{
	size_t i;

	if (l->moved != NULL) {
		lint_move(l);
		lint_write_moved(l, to);
		sorter_free(&l->moved);
	}
	if (l->count > 0)
		qsort(l->told, l->count, sizeof(*l->told), lint_order);
	for (i = 0; i < l->count; i++)
		lint_write(&l->told[i], to);
	if (l->lost.text[0] != '\0')
		msg_error("not all findings are told: %s", l->lost.text);
	l->lost.text[0] = '\0';
	l->count = 0;
	arena_reset(&l->arena);
	arena_reset(&l->older);
}
