/* SPDX-License-Identifier: BSD-2-Clause */

/* query_out: lines or JSON. */

#include "tools/query_out.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/escape.h"

enum { QUERY_OUT_COLUMN = 17, QUERY_OUT_PIECE = 1024 };

void
query_out_init(struct query_out *o, bool json)
{
	o->json = json ? json_new() : NULL;
	o->row = json ? json_new() : NULL;
}

void
query_out_end(struct query_out *o)
{
	if (o->json != NULL)
		json_write(o->json, stdout);
}

void
query_out_fini(struct query_out *o)
{
	json_free(&o->json);
	json_free(&o->row);
}

/* Nothing but ASCII that is printed as it is. */
static bool
query_out_is_plain(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	return true;
}

static void
query_out_write(struct str text, FILE *to)
{
	char safe[QUERY_OUT_PIECE];

	if (query_out_is_plain(text)) {
		(void)fwrite_unlocked(text.p, 1, text.n, to);
		return;
	}
	while (text.n > 0) {
		size_t n = escape_put(safe, sizeof(safe), &text, ESCAPE_LINE);

		(void)fwrite_unlocked(safe, 1, n, to);
	}
}

void
query_out_put(struct str text)
{
	query_out_write(text, stdout);
}

void
query_out_say(struct str text)
{
	query_out_write(text, stderr);
	(void)fputc('\n', stderr);
}

static void
query_out_line(const char *word, struct str text)
{
	(void)printf("%-*s ", QUERY_OUT_COLUMN, word);
	query_out_put(text);
	(void)fputc('\n', stdout);
}

void
query_out_text(struct query_out *o, const char *word, struct str text)
{
	if (o->json != NULL)
		json_text(o->json, word, text);
	else
		query_out_line(word, text);
}

void
query_out_number(struct query_out *o, const char *word, uint64_t n)
{
	if (o->json != NULL)
		json_number(o->json, word, n);
	else
		(void)printf("%-*s %" PRIu64 "\n", QUERY_OUT_COLUMN, word, n);
}

void
query_out_item(struct query_out *o, const char *word, struct str text)
{
	if (o->json != NULL)
		json_append(o->json, word, text);
	else
		query_out_line(word, text);
}

void
query_out_pair(struct query_out *o, const char *word, struct str name,
    struct str value)
{
	if (o->json != NULL) {
		json_pair(o->json, word, name, value);
		return;
	}
	(void)printf("%-*s ", QUERY_OUT_COLUMN, word);
	query_out_put(name);
	(void)fputs(" = ", stdout);
	query_out_put(value);
	(void)fputc('\n', stdout);
}

void
query_out_row(struct query_out *o, const char *word, struct str line,
    const struct query_cell *cells)
{
	if (o->json == NULL) {
		query_out_line(word, line);
		return;
	}
	for (; cells->name != NULL; cells++) {
		if (cells->kind == QUERY_CELL_NUMBER)
			json_number(o->row, cells->name, cells->number);
		else if (cells->kind == QUERY_CELL_FLAG)
			json_flag(o->row, cells->name, cells->number != 0);
		else
			json_text(o->row, cells->name, cells->text);
	}
	json_append_object(o->json, word, o->row);
}
