/* SPDX-License-Identifier: BSD-2-Clause */

/* auth_lines: a file of secrets, a line each, found by its key. */

#include "decide/auth_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

enum {
	AUTH_LINES_FILE_MAX = 256 << 20,
	AUTH_LINES_MAX = 4 << 20,
	AUTH_LINES_TOLD = 20 /* mistakes of one file */
};

/* What is read, and how many mistakes it had. */
struct auth_lines_reader {
	const struct auth_loading *by;
	struct auth_lines *lines;
	size_t room;
	size_t mistakes;
};

ATTR_PRINTF(4, 5)
static void
auth_lines_tell(struct auth_lines_reader *r, size_t line, size_t column,
    const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	if (++r->mistakes > AUTH_LINES_TOLD)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	settings_tell_spot(r->by->section->file,
	    (struct settings_spot){ line, column }, r->by->tell, r->by->arg,
	    "%s%s", text, r->mistakes < AUTH_LINES_TOLD ? "" :
	    "; what more there is was not told");
}

/* 0, or -1: told. */
static int
auth_lines_add(struct auth_lines_reader *r, const struct auth_line *line)
{
	struct auth_lines *lines = r->lines;
	struct auth_line *list;
	size_t room = r->room > 0 ? 2 * r->room : 16;

	if (lines->count == r->room) {
		list = reallocarray(lines->list, room, sizeof(*list));
		if (list == NULL || lines->count >= AUTH_LINES_MAX) {
			lines->list = list != NULL ? list : lines->list;
			auth_lines_tell(r, line->number, 1,
			    "no room for so many lines, expected at most %d",
			    AUTH_LINES_MAX);
			return -1;
		}
		lines->list = list;
		r->room = room;
	}
	lines->list[lines->count++] = *line;
	return 0;
}

static void
auth_lines_walk(struct auth_lines_reader *r, auth_lines_cut *cut)
{
	struct secret left = r->lines->text;
	struct auth_line line = { .number = 0 };

	while (left.n > 0) {
		struct str seen = { left.p, left.n }, whole, rest;
		struct secret one = { left.p, 0 };
		size_t column = 1;
		struct err e;

		(void)str_cut(seen, '\n', &whole, &rest);
		left.p += seen.n - rest.n;
		left.n = rest.n;
		line.number++;
		one.n = str_ends(whole, STR("\r")) ? whole.n - 1 : whole.n;
		whole = str_trim((struct str){ one.p, one.n });
		if (whole.n == 0 || whole.p[0] == '#')
			continue;
		if (cut(one, &line, &column, &e) == -1)
			auth_lines_tell(r, line.number, column, "%s", e.text);
		else if (auth_lines_add(r, &line) == -1)
			return;
	}
}

/* Where a key is, or would be. */
static uint32_t *
auth_lines_slot(const struct auth_lines *lines, struct str key)
{
	size_t at = (size_t)hash_sip(lines->hash, key) & lines->mask;

	while (lines->slots[at] != 0 && !digest_equal(key,
	    lines->list[lines->slots[at] - 1].key))
		at = (at + 1) & lines->mask;
	return &lines->slots[at];
}

/* At most half of the slots are used. */
static void
auth_lines_index(struct auth_lines_reader *r)
{
	struct auth_lines *lines = r->lines;
	size_t size = 2, i;

	while (size < 2 * lines->count)
		size *= 2;
	lines->mask = size - 1;
	lines->hash = hash_key_random();
	lines->slots = calloc(size, sizeof(*lines->slots));
	CHECK(lines->slots != NULL);
	for (i = 0; i < lines->count; i++) {
		uint32_t *slot = auth_lines_slot(lines, lines->list[i].key);

		if (*slot != 0)
			auth_lines_tell(r, lines->list[i].number, 1,
			    "the same again, expected it once: line %zu has "
			    "it", lines->list[*slot - 1].number);
		else
			*slot = (uint32_t)i + 1;
	}
}

int
auth_lines_take(const struct auth_loading *l, struct secret *text,
    auth_lines_cut *cut, struct auth_lines *out)
{
	struct auth_lines_reader r = { .by = l, .lines = out };

	memset(out, 0, sizeof(*out));
	out->text = *text;
	*text = (struct secret){ NULL, 0 };
	auth_lines_walk(&r, cut);
	if (r.mistakes == 0)
		auth_lines_index(&r);
	if (r.mistakes == 0)
		return 0;
	auth_lines_free(out);
	return -1;
}

int
auth_lines_load(const struct auth_loading *l, auth_lines_cut *cut,
    struct auth_lines *out)
{
	struct secret text;
	struct err e;

	if (secret_read(l->section->file, AUTH_LINES_FILE_MAX, &text,
	    &e) == -1)
		return auth_tell(l, SETTINGS_AUTH_file,
		    "'%.200s' cannot be used: %s", l->section->file, e.text);
	return auth_lines_take(l, &text, cut, out);
}

void
auth_lines_free(struct auth_lines *lines)
{
	secret_free(&lines->text);
	free(lines->list);
	free(lines->slots);
	memset(lines, 0, sizeof(*lines));
}

const struct auth_line *
auth_lines_find(const struct auth_lines *lines, struct str key)
{
	uint32_t at = *auth_lines_slot(lines, key);

	return at != 0 ? &lines->list[at - 1] : NULL;
}
