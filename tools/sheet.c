/* SPDX-License-Identifier: BSD-2-Clause */

/* sheet: cells in one array, row after row. */

#include "tools/sheet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/escape.h"

enum {
	SHEET_GAP = 2,
	SHEET_CELL = 1024, /* bytes of a text, escaped */
	SHEET_PRECISE = 10 /* numbers below it get a digit more */
};

/* The last second of the year 9999; what is later is no moment. */
#define SHEET_LATEST UINT64_C(253402300799)

struct sheet_cell {
	bool known;
	uint64_t n;
	size_t size;
	char *text; /* or NULL */
};

struct sheet {
	const char *name;
	struct {
		char name[SHEET_NAME];
		enum sheet_kind kind;
	} columns[SHEET_COLUMNS];
	size_t column_count;
	struct sheet_cell *cells;
	size_t count, room;
};

struct sheet *
sheet_new(const char *name)
{
	struct sheet *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	s->name = name;
	return s;
}

void
sheet_free(struct sheet **s)
{
	size_t i;

	if (*s == NULL)
		return;
	for (i = 0; i < (*s)->count; i++)
		free((*s)->cells[i].text);
	free((*s)->cells);
	free(*s);
	*s = NULL;
}

void
sheet_column(struct sheet *s, struct str name, enum sheet_kind kind)
{
	CHECK(s->column_count < SHEET_COLUMNS && s->count == 0);
	(void)snprintf(s->columns[s->column_count].name, SHEET_NAME, "%.*s",
	    STR_ARG(name));
	s->columns[s->column_count++].kind = kind;
}

static struct sheet_cell *
sheet_next(struct sheet *s)
{
	if (s->count == s->room) {
		s->room = s->room > 0 ? 2 * s->room : 256;
		s->cells = reallocarray(s->cells, s->room,
		    sizeof(struct sheet_cell));
		CHECK(s->cells != NULL);
	}
	s->cells[s->count] = (struct sheet_cell){ .known = false };
	return &s->cells[s->count++];
}

void
sheet_text(struct sheet *s, struct str text)
{
	struct sheet_cell *cell = sheet_next(s);

	cell->text = malloc(text.n + 1);
	CHECK(cell->text != NULL);
	if (text.n > 0)
		memcpy(cell->text, text.p, text.n);
	cell->size = text.n;
	cell->known = text.n > 0;
}

void
sheet_number(struct sheet *s, uint64_t n)
{
	struct sheet_cell *cell = sheet_next(s);

	cell->n = n;
	cell->known = true;
}

void
sheet_none(struct sheet *s)
{
	(void)sheet_next(s);
}

struct sheet *
sheet_timed(const struct sheet *s, uint64_t at)
{
	struct sheet *timed = sheet_new(s->name);
	size_t i;

	sheet_column(timed, STR("time"), SHEET_MOMENT);
	for (i = 0; i < s->column_count; i++)
		sheet_column(timed, str_of(s->columns[i].name),
		    s->columns[i].kind);
	for (i = 0; i < s->count; i++) {
		const struct sheet_cell *cell = &s->cells[i];

		if (i % s->column_count == 0)
			sheet_number(timed, at);
		if (s->columns[i % s->column_count].kind == SHEET_TEXT)
			sheet_text(timed, (struct str){ cell->text,
			    cell->size });
		else if (cell->known)
			sheet_number(timed, cell->n);
		else
			sheet_none(timed);
	}
	return timed;
}

size_t
sheet_rows(const struct sheet *s)
{
	return s->count / s->column_count;
}

/* ---- units ---- */

static int
sheet_scaled(char *to, size_t room, uint64_t n, uint64_t unit,
    const char *word)
{
	uint64_t whole = n / unit;

	if (whole < SHEET_PRECISE)
		return snprintf(to, room, "%" PRIu64 ".%" PRIu64 "%s", whole,
		    n % unit * 10 / unit, word);
	return snprintf(to, room, "%" PRIu64 "%s", whole, word);
}

static int
sheet_bytes(char *to, size_t room, uint64_t n)
{
	static const char *const words[] = { "k", "M", "G", "T", "P", "E" };
	uint64_t unit = 1024;
	size_t i = 0;

	if (n < unit)
		return snprintf(to, room, "%" PRIu64, n);
	while (i < 5 && n / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	return sheet_scaled(to, room, n, unit, words[i]);
}

static int
sheet_time(char *to, size_t room, uint64_t us)
{
	const uint64_t ms = 1000, s = 1000 * ms, h = 3600 * s;

	if (us < ms)
		return snprintf(to, room, "%" PRIu64 "us", us);
	if (us < s)
		return sheet_scaled(to, room, us, ms, "ms");
	if (us < h)
		return sheet_scaled(to, room, us, s, "s");
	return sheet_scaled(to, room, us, h, "h");
}

static int
sheet_moment(char *to, size_t room, uint64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (at > SHEET_LATEST || gmtime_r(&t, &tm) == NULL)
		return snprintf(to, room, "%" PRIu64, at);
	return (int)strftime(to, room, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* What is written of a cell, in `room` if it is a number. */
static struct str
sheet_spell(const struct sheet *s, size_t at, bool aligned, char *room,
    size_t size)
{
	const struct sheet_cell *cell = &s->cells[at];
	enum sheet_kind kind = s->columns[at % s->column_count].kind;
	struct str text = { cell->text, cell->size };
	int n = 0;

	if (!cell->known)
		return STR("-");
	if (kind == SHEET_TEXT)
		return (struct str){ room, escape_put(room, size, &text,
		    ESCAPE_LINE) };
	if (aligned && kind == SHEET_BYTES)
		n = sheet_bytes(room, size, cell->n);
	else if (aligned && kind == SHEET_TIME)
		n = sheet_time(room, size, cell->n);
	else if (aligned && kind == SHEET_MOMENT)
		n = sheet_moment(room, size, cell->n);
	else
		n = snprintf(room, size, "%" PRIu64, cell->n);
	CHECK(n >= 0 && (size_t)n < size);
	return (struct str){ room, (size_t)n };
}

/* ---- text ---- */

static size_t
sheet_width(struct str text)
{
	size_t width = 0, i;

	for (i = 0; i < text.n; i++)
		width += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return width;
}

/* last: no other cell of the row is written behind it. */
static void
sheet_put(const struct sheet *s, size_t column, struct str text,
    const size_t *widths, bool last)
{
	bool left = s->columns[column].kind == SHEET_TEXT;
	size_t width = sheet_width(text), fill = 0;

	if (widths != NULL && width < widths[column])
		fill = widths[column] - width;
	if (column > 0)
		(void)fputs(widths != NULL ? "  " : "\t", stdout);
	if (!left)
		(void)printf("%*s", (int)fill, "");
	(void)fwrite(text.p, 1, text.n, stdout);
	/* No blanks at the end of a line. */
	if (left && !last)
		(void)printf("%*s", (int)fill, "");
	if (last)
		(void)putc_unlocked('\n', stdout);
}

static struct str
sheet_title(const struct sheet *s, size_t column, bool aligned, char *room,
    size_t size)
{
	int n = snprintf(room, size, "%s%s%s", column == 0 ? "# " : "",
	    s->columns[column].name, !aligned &&
	    s->columns[column].kind == SHEET_TIME ? "_us" : "");

	CHECK(n > 0 && (size_t)n < size);
	return (struct str){ room, (size_t)n };
}

static void
sheet_measure(const struct sheet *s, size_t rows, size_t *widths)
{
	char room[SHEET_CELL];
	size_t i;

	for (i = 0; i < s->column_count; i++)
		widths[i] = sheet_title(s, i, true, room, sizeof(room)).n;
	for (i = 0; i < rows * s->column_count; i++) {
		size_t width = sheet_width(sheet_spell(s, i, true, room,
		    sizeof(room)));
		size_t *widest = &widths[i % s->column_count];

		if (width > SHEET_WIDEST)
			width = SHEET_WIDEST;
		if (width > *widest)
			*widest = width;
	}
}

/* How many columns a line of the terminal has room for; at least one. */
static size_t
sheet_fit(const struct sheet *s, const size_t *widths)
{
	struct winsize size = { .ws_col = 0 };
	size_t width = widths[0], i;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
		return s->column_count;
	for (i = 1; i < s->column_count; i++) {
		width += SHEET_GAP + widths[i];
		if (width > size.ws_col)
			break;
	}
	return i;
}

void
sheet_write(const struct sheet *s, size_t most, unsigned how)
{
	size_t widths[SHEET_COLUMNS] = { 0 };
	bool aligned = (how & SHEET_ALIGNED) != 0;
	const size_t *by = aligned ? widths : NULL;
	size_t rows = sheet_rows(s) < most ? sheet_rows(s) : most, i;
	size_t columns = s->column_count;
	char room[SHEET_CELL];

	if (aligned) {
		sheet_measure(s, rows, widths);
		columns = sheet_fit(s, widths);
	}
	if ((how & SHEET_NAMED) != 0)
		(void)printf("## %s\n", s->name);
	for (i = 0; i < columns && (how & SHEET_HEADLESS) == 0; i++)
		sheet_put(s, i, sheet_title(s, i, aligned, room,
		    sizeof(room)), by, i + 1 == columns);
	for (i = 0; i < rows * s->column_count; i++)
		if (i % s->column_count < columns)
			sheet_put(s, i % s->column_count, sheet_spell(s, i,
			    aligned, room, sizeof(room)), by,
			    i % s->column_count + 1 == columns);
	if (rows < sheet_rows(s))
		(void)printf("# and %zu more\n", sheet_rows(s) - rows);
}

/* ---- objects ---- */

static void
sheet_object(const struct sheet *s, size_t row, struct json *j)
{
	size_t i;

	for (i = 0; i < s->column_count; i++) {
		const struct sheet_cell *cell =
		    &s->cells[row * s->column_count + i];
		char name[SHEET_NAME + 4];

		(void)snprintf(name, sizeof(name), "%s%s", s->columns[i].name,
		    s->columns[i].kind == SHEET_TIME ? "_us" : "");
		if (s->columns[i].kind == SHEET_TEXT)
			json_text(j, name, (struct str){ cell->text,
			    cell->size });
		else if (cell->known)
			json_number(j, name, cell->n);
	}
}

void
sheet_members(const struct sheet *s, struct json *j)
{
	CHECK(sheet_rows(s) == 1);
	sheet_object(s, 0, j);
}

void
sheet_list(const struct sheet *s, struct json *j)
{
	struct json *one = json_new();
	size_t i;

	for (i = 0; i < sheet_rows(s); i++) {
		sheet_object(s, i, one);
		json_append_object(j, s->name, one);
	}
	json_free(&one);
}

void
sheet_objects(const struct sheet *s)
{
	struct json *one = json_new();
	size_t i;

	for (i = 0; i < sheet_rows(s); i++) {
		sheet_object(s, i, one);
		json_write(one, stdout);
	}
	json_free(&one);
}
