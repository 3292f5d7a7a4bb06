/* SPDX-License-Identifier: BSD-2-Clause */

/* tail_line: TABs, or columns with the URL cut to what others leave. */

#include "tools/tail_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/escape.h"

enum {
	TAIL_TEXT_MAX = 2048, /* of one cell, escaped */
	TAIL_CELL_MAX = 64,
	TAIL_WIDTH = 80,      /* of a terminal that does not tell */
	TAIL_LEAST = 8,
	TAIL_CLIENT_GONE = 499
};

struct tail_out {
	char *p;
	size_t n;
	size_t shown; /* columns */
};

struct tail_line
tail_line_of_stdout(void)
{
	const char *term = getenv("TERM"), *none = getenv("NO_COLOR");
	struct tail_line l = { .width = 0 };
	struct winsize size;

	if (isatty(STDOUT_FILENO) != 1)
		return l;
	l.width = TAIL_WIDTH;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		l.width = size.ws_col;
	if (l.width < TAIL_LINE_NARROW)
		l.width = TAIL_LINE_NARROW;
	l.colours = (none == NULL || none[0] == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0;
	return l;
}

/* ---- cells ---- */

static void
tail_put(struct tail_out *o, struct str s)
{
	CHECK(s.n <= TAIL_LINE_MAX - o->n);
	o->p = str_put(o->p, s);
	o->n += s.n;
	o->shown += s.n;
}

static void
tail_pad(struct tail_out *o, size_t width, size_t used)
{
	for (; used < width; used++)
		tail_put(o, STR(" "));
}

/* An escape of SGR takes no column. */
static void
tail_paint(struct tail_out *o, const struct tail_line *l, const char *code)
{
	size_t shown = o->shown;

	if (l->colours) {
		tail_put(o, STR("\033["));
		tail_put(o, str_of(code));
		tail_put(o, STR("m"));
	}
	o->shown = shown;
}

/* How many columns UTF-8 takes, as far as one can tell. */
static size_t
tail_columns(const char *p, size_t n)
{
	size_t columns = 0, i;

	for (i = 0; i < n; i++)
		columns += ((unsigned char)p[i] & 0xc0) != 0x80;
	return columns;
}

/* At most so many bytes, "..." in place of the rest. */
static void
tail_put_text(struct tail_out *o, struct str s, size_t most)
{
	char text[TAIL_TEXT_MAX];
	const struct str dots = STR("...");
	struct str rest = s.n > 0 ? s : STR("-");
	size_t n, shown = o->shown;

	if (most > sizeof(text))
		most = sizeof(text);
	n = escape_put(text, most, &rest, ESCAPE_WORD);
	if (rest.n > 0) {
		rest = s;
		n = escape_put(text, most - dots.n, &rest, ESCAPE_WORD);
	}
	tail_put(o, (struct str){ text, n });
	o->shown = shown + tail_columns(text, n);
	if (rest.n > 0)
		tail_put(o, dots);
}

static struct str
tail_time(const struct tail_line *l, struct timespec at,
    char cell[TAIL_CELL_MAX])
{
	struct tm tm;
	size_t n;
	int more;

	if ((l->width > 0 ? localtime_r(&at.tv_sec, &tm) :
	    gmtime_r(&at.tv_sec, &tm)) == NULL)
		return STR("-");
	n = strftime(cell, TAIL_CELL_MAX, l->width > 0 ? "%H:%M:%S" :
	    "%Y-%m-%dT%H:%M:%S", &tm);
	more = snprintf(cell + n, TAIL_CELL_MAX - n, ".%03ld%s",
	    at.tv_nsec / 1000000, l->width > 0 ? "" : "Z");
	CHECK(more > 0 && (size_t)more < TAIL_CELL_MAX - n);
	return (struct str){ cell, n + (size_t)more };
}

/* Three digits and a unit. */
static struct str
tail_took(int64_t us, char cell[TAIL_CELL_MAX])
{
	long long t = us;
	int n;

	if (us < 0)
		return STR("-");
	if (us < 1000)
		n = snprintf(cell, TAIL_CELL_MAX, "%lldus", t);
	else if (us < 10000)
		n = snprintf(cell, TAIL_CELL_MAX, "%lld.%lldms", t / 1000,
		    t / 100 % 10);
	else if (us < 1000000)
		n = snprintf(cell, TAIL_CELL_MAX, "%lldms", t / 1000);
	else if (us < 100000000)
		n = snprintf(cell, TAIL_CELL_MAX, "%lld.%llds", t / 1000000,
		    t / 100000 % 10);
	else
		n = snprintf(cell, TAIL_CELL_MAX, "%llds", t / 1000000);
	CHECK(n > 0 && n < TAIL_CELL_MAX);
	return (struct str){ cell, (size_t)n };
}

static struct str
tail_status(int status, char cell[TAIL_CELL_MAX])
{
	int n = snprintf(cell, TAIL_CELL_MAX, "%d", status);

	CHECK(n > 0 && n < TAIL_CELL_MAX);
	return status > 0 ? (struct str){ cell, (size_t)n } : STR("-");
}

static const char *
tail_colour(int status)
{
	static const char *const codes[] = { "0", "36", "32", "36", "33",
		"31" };

	if (status == TAIL_CLIENT_GONE)
		return "35";
	return status > 0 && status < 600 ? codes[status / 100] : "31";
}

/* ---- the line ---- */

/* Host and target, as far as there is room. */
static void
tail_put_url(struct tail_out *o, const struct record *r, size_t most)
{
	char url[TAIL_TEXT_MAX], *end = url;
	struct str host = str_sub(r->host, 0, TAIL_TEXT_MAX / 2);

	/* A target of absolute form has the host itself. */
	if (r->uri.n == 0 || r->uri.p[0] == '/')
		end = str_put(end, host);
	end = str_put(end, str_sub(r->uri, 0,
	    TAIL_TEXT_MAX - (size_t)(end - url)));
	tail_put_text(o, (struct str){ url, (size_t)(end - url) }, most);
}

static void
tail_put_tabbed(struct tail_out *o, const struct tail_line *l,
    const struct record *r)
{
	const struct str ends[] = { r->service, r->origin,
		str_of(reason_word(r->reason)) };
	char cell[TAIL_CELL_MAX];
	size_t i;

	tail_put(o, tail_time(l, r->start, cell));
	tail_put(o, STR("\t"));
	tail_put(o, tail_status(r->status, cell));
	tail_put(o, STR("\t"));
	tail_put(o, tail_took(r->total_us, cell));
	tail_put(o, STR("\t"));
	tail_put_text(o, r->method, TAIL_TEXT_MAX);
	tail_put(o, STR("\t"));
	tail_put_text(o, r->client_ip, TAIL_TEXT_MAX);
	tail_put(o, STR("\t"));
	tail_put_url(o, r, TAIL_TEXT_MAX);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		tail_put(o, STR("\t"));
		tail_put_text(o, ends[i], TAIL_TEXT_MAX);
	}
}

enum {
	TAIL_STATUS = 4,
	TAIL_TOOK = 7,
	TAIL_METHOD = 8,
	TAIL_CLIENT = 16
};

/* A text and blanks up to the next column; at least one. */
static void
tail_put_cell(struct tail_out *o, struct str s, size_t width, size_t most)
{
	size_t before = o->shown;

	tail_put_text(o, s, most);
	tail_pad(o, width, o->shown - before);
	if (o->shown - before > width - 1 && o->p[-1] != ' ')
		tail_put(o, STR(" "));
}

static void
tail_put_begin(struct tail_out *o, const struct tail_line *l,
    const struct record *r)
{
	char cell[TAIL_CELL_MAX];
	struct str took;

	tail_put(o, tail_time(l, r->start, cell));
	tail_put(o, STR(" "));
	tail_paint(o, l, tail_colour(r->status));
	tail_put_cell(o, tail_status(r->status, cell), TAIL_STATUS,
	    TAIL_CELL_MAX);
	tail_paint(o, l, "0");
	took = tail_took(r->total_us, cell);
	tail_pad(o, TAIL_TOOK, took.n);
	tail_put(o, took);
	tail_put(o, STR(" "));
	tail_put_cell(o, r->method, TAIL_METHOD, TAIL_CELL_MAX);
	tail_put_cell(o, r->client_ip, TAIL_CLIENT, TAIL_CELL_MAX);
}

/* Columns that are left for a text with others behind it; a few at least. */
static size_t
tail_left(const struct tail_line *l, const struct tail_out *o, size_t behind)
{
	return l->width > o->shown + behind + TAIL_LEAST ?
	    l->width - o->shown - behind : TAIL_LEAST;
}

/* The URL is cut before service and reason are, and the origin is shown where
 * there is room for all of it. */
static void
tail_put_columns(struct tail_out *o, const struct tail_line *l,
    const struct record *r)
{
	struct str reason = str_of(reason_word(r->reason));
	size_t ends = (r->service.n > 0 ? r->service.n + 1 : 0) +
	    (r->reason != REASON_NONE ? reason.n + 1 : 0);

	tail_put_begin(o, l, r);
	tail_put_url(o, r, tail_left(l, o, ends));
	if (r->service.n > 0) {
		tail_put(o, STR(" "));
		tail_put_text(o, r->service, tail_left(l, o, ends -
		    r->service.n - 1));
	}
	if (r->reason != REASON_NONE) {
		tail_put(o, STR(" "));
		tail_paint(o, l, "31");
		tail_put(o, reason);
		tail_paint(o, l, "0");
	}
	if (r->origin.n > 0 && o->shown + 1 + r->origin.n <= l->width) {
		tail_put(o, STR(" "));
		tail_put_text(o, r->origin, l->width - o->shown);
	}
}

size_t
tail_line_print(const struct tail_line *l, const struct record *r,
    char to[TAIL_LINE_MAX])
{
	struct tail_out o = { .p = to };

	if (l->width > 0)
		tail_put_columns(&o, l, r);
	else
		tail_put_tabbed(&o, l, r);
	tail_put(&o, STR("\n"));
	return o.n;
}

size_t
tail_line_head(const struct tail_line *l, char to[TAIL_LINE_MAX])
{
	struct tail_out o = { .p = to };

	tail_paint(&o, l, "1");
	tail_put(&o, str_sub(STR("TIME         CODE   TOOK METHOD  CLIENT     "
	    "     URL SERVICE REASON ORIGIN"), 0, l->width));
	tail_paint(&o, l, "0");
	tail_put(&o, STR("\n"));
	return o.n;
}
