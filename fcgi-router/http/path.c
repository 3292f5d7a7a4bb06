/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * path: one pass over the raw path, which copies, escapes, and resolves dot
 * segments as their ends are met.
 */

#include "http/path.h"

#include <string.h>

/* What a raw byte of a path is. */
enum path_class {
	PATH_BAD = 0, /* control bytes, space, '#', '?', backslash */
	PATH_PLAIN,   /* stands for itself and needs no look */
	PATH_ESCAPE,  /* may not stand in a URI: percent-encoded */
	PATH_SLASH,
	PATH_SEMICOLON,
	PATH_PERCENT
};

#define NO PATH_BAD
#define OK PATH_PLAIN
#define ES PATH_ESCAPE
#define SL PATH_SLASH
#define SC PATH_SEMICOLON
#define PC PATH_PERCENT
#define ES16 ES, ES, ES, ES, ES, ES, ES, ES, ES, ES, ES, ES, ES, ES, ES, ES

static const unsigned char path_classes[256] = {
	/* 00 */ NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	/* 10 */ NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	/*  ! */ NO, OK, ES, NO, OK, PC, OK, OK, OK, OK, OK, OK, OK, OK, OK, SL,
	/* 0- */ OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, SC, ES, OK, ES, NO,
	/* @A */ OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK,
	/* P- */ OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, ES, NO, ES, ES, OK,
	/* `a */ ES, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK,
	/* p- */ OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, ES, ES, ES, OK, NO,
	/* 80 */ ES16, ES16, ES16, ES16, ES16, ES16, ES16, ES16
};

#undef NO
#undef OK
#undef ES
#undef SL
#undef SC
#undef PC
#undef ES16

/* The path being written. out[0] is '/'. */
struct path_writer {
	char *out;
	size_t n;
	size_t segment;  /* where the last segment begins, behind its '/' */
	size_t piece;    /* the same, if %2F and %5C were separators too */
	const char *why; /* what is wrong with it */
};

static enum path_class
path_class(char c)
{
	return (enum path_class)path_classes[(unsigned char)c];
}

/* RFC 3986 2.3. */
static bool
path_is_unreserved(char c)
{
	return str_is_alnum(c) || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static void
path_escape(char *to, unsigned char byte)
{
	static const char hex[] = "0123456789ABCDEF";

	to[0] = '%';
	to[1] = hex[byte >> 4];
	to[2] = hex[byte & 15];
}

static int
path_bad(struct path_writer *w, const char *why)
{
	w->why = why;
	return -1;
}

/* How many dots the piece is made of: 1 or 2, or 0 for anything else. */
static size_t
path_dots(const struct path_writer *w)
{
	const char *p = w->out + w->piece;
	size_t n = w->n - w->piece;

	if (n == 0 || n > 2 || p[0] != '.' || p[n - 1] != '.')
		return 0;
	return n;
}

/* A piece ends where only some readers see an end: it must not be dots. */
static int
path_end_piece(struct path_writer *w)
{
	if (path_dots(w) != 0)
		return path_bad(w,
		    "a dot segment behind %2F, %5C or ';'");
	return 0;
}

/*
 * A segment has ended; a dot segment is taken back, with what it undoes.
 * 1: it stays; 0: it was a dot segment; -1: above the root, or hidden.
 */
static int
path_end_segment(struct path_writer *w)
{
	size_t dots = path_dots(w);

	if (dots == 0)
		return 1;
	if (w->piece != w->segment)
		return path_end_piece(w);
	if (dots == 2) {
		if (w->segment == 1)
			return path_bad(w, "a dot segment above the root");
		do {
			w->segment--;
		} while (w->out[w->segment - 1] != '/');
	}
	w->n = w->piece = w->segment;
	return 0;
}

static int
path_slash(struct path_writer *w)
{
	int stays = path_end_segment(w);

	if (stays == -1)
		return -1;
	if (stays == 1) {
		w->out[w->n++] = '/';
		w->segment = w->piece = w->n;
	}
	return 0;
}

/* An escape whose digits come first in `rest`. */
static int
path_percent(struct path_writer *w, struct str rest)
{
	int high = rest.n >= 2 ? str_hex(rest.p[0]) : -1;
	int low = rest.n >= 2 ? str_hex(rest.p[1]) : -1;
	unsigned char byte = (unsigned char)(high * 16 + low);

	if (high == -1 || low == -1)
		return path_bad(w, "a broken escape");
	if (byte == 0)
		return path_bad(w, "an escaped NUL");
	if (path_is_unreserved((char)byte)) {
		w->out[w->n++] = (char)byte;
		return 0;
	}
	if (byte != '/' && byte != '\\') {
		path_escape(w->out + w->n, byte);
		w->n += 3;
		return 0;
	}
	if (path_end_piece(w) == -1)
		return -1;
	path_escape(w->out + w->n, byte);
	w->n += 3;
	w->piece = w->n;
	return 0;
}

/* The byte at raw.p[at] is not a plain one. */
static int
path_special(struct path_writer *w, struct str raw, size_t at)
{
	char c = raw.p[at];

	switch (path_class(c)) {
	case PATH_SLASH:
		return path_slash(w);
	case PATH_PERCENT:
		return path_percent(w, str_sub(raw, at + 1, raw.n));
	case PATH_SEMICOLON:
		if (path_end_piece(w) == -1)
			return -1;
		w->out[w->n++] = c;
		return 0;
	case PATH_ESCAPE:
		path_escape(w->out + w->n, (unsigned char)c);
		w->n += 3;
		return 0;
	case PATH_BAD:
	case PATH_PLAIN:
		break;
	}
	return path_bad(w, "a byte that may not stand in a path");
}

/* raw begins with '/', and out has room. 0, or -1: bad path. */
static int
path_write(struct path_writer *w, struct str raw)
{
	size_t at = 1;

	w->out[0] = '/';
	w->n = w->segment = w->piece = 1;
	for (;;) {
		size_t from = at;

		while (at < raw.n && path_class(raw.p[at]) == PATH_PLAIN)
			at++;
		memcpy(w->out + w->n, raw.p + from, at - from);
		w->n += at - from;
		if (at == raw.n)
			return path_end_segment(w) == -1 ? -1 : 0;
		if (path_special(w, raw, at) == -1)
			return -1;
		at += raw.p[at] == '%' ? 3 : 1;
	}
}

int
path_canonical(struct str raw, struct arena *a, struct str *out,
    struct err *e)
{
	struct path_writer w = { 0 };
	size_t room = raw.n;
	size_t i;

	if (raw.n == 0 || raw.p[0] != '/')
		return err_set(e, REASON_BAD_PATH,
		    "path '%.*s': does not begin with '/'", STR_ARG(raw));
	for (i = 0; i < raw.n; i++)
		room += path_class(raw.p[i]) == PATH_ESCAPE ? 2 : 0;
	w.out = arena_alloc(a, room);
	if (w.out == NULL)
		return err_set(e, REASON_OVERLOADED, "no memory for the path");
	if (path_write(&w, raw) == -1)
		return err_set(e, REASON_BAD_PATH, "path '%.*s': %s",
		    STR_ARG(raw), w.why);
	*out = (struct str){ w.out, w.n };
	return 0;
}

static bool
path_query_is_good(struct str query)
{
	size_t i;

	for (i = 0; i < query.n; i++) {
		unsigned char c = (unsigned char)query.p[i];

		if (c <= 0x20 || c == 0x7f || c == '#')
			return false;
	}
	return true;
}

int
path_parse(struct str target, struct arena *a, struct path *out,
    struct err *e)
{
	struct str raw, query;

	*out = (struct path){ 0 };
	out->has_query = str_cut(target, '?', &raw, &query);
	if (!path_query_is_good(query))
		return err_set(e, REASON_BAD_PATH, /* may hold secrets */
		    "the query holds a control byte, a space or '#'");
	if (path_canonical(raw, a, &out->text, e) == -1)
		return -1;
	if (query.n == 0)
		return 0;
	out->query = arena_copy(a, query);
	if (out->query.p == NULL)
		return err_set(e, REASON_OVERLOADED,
		    "no memory for the query");
	return 0;
}

void
path_split_target(struct str target, struct str *authority,
    struct str *rest)
{
	size_t from, to;

	*authority = (struct str){ NULL, 0 };
	*rest = target;
	if (str_starts_nocase(target, STR("http://")))
		from = sizeof("http://") - 1;
	else if (str_starts_nocase(target, STR("https://")))
		from = sizeof("https://") - 1;
	else
		return;
	for (to = from; to < target.n; to++)
		if (target.p[to] == '/' || target.p[to] == '?' ||
		    target.p[to] == '#')
			break;
	*authority = str_sub(target, from, to);
	*rest = to < target.n ? str_sub(target, to, target.n) : STR("/");
}

bool
path_segment(struct str path, size_t *at, struct str *segment)
{
	size_t from = *at;
	size_t to;

	while (from < path.n && path.p[from] == '/')
		from++;
	for (to = from; to < path.n && path.p[to] != '/';)
		to++;
	*segment = str_sub(path, from, to);
	*at = to;
	return to > from;
}

/* Appends raw; a byte for which keep says false is percent-encoded. */
static int
path_put(struct buf *b, struct str raw, bool (*keep)(char c))
{
	size_t i;
	size_t n = 0;
	char *to;

	for (i = 0; i < raw.n; i++)
		n += keep(raw.p[i]) ? 1 : 3;
	if (n == 0)
		return 0;
	to = buf_room(b, n);
	if (to == NULL)
		return -1;
	for (i = 0; i < raw.n; i++) {
		if (keep(raw.p[i])) {
			*to++ = raw.p[i];
		} else {
			path_escape(to, (unsigned char)raw.p[i]);
			to += 3;
		}
	}
	buf_grew(b, n);
	return 0;
}

static bool
path_in_segment(char c)
{
	return path_class(c) == PATH_PLAIN || c == ';';
}

static bool
path_in_path(char c)
{
	return path_in_segment(c) || c == '/';
}

int
path_put_segment(struct buf *b, struct str raw)
{
	return path_put(b, raw, path_in_segment);
}

int
path_put_path(struct buf *b, struct str raw)
{
	return path_put(b, raw, path_in_path);
}

int
path_put_query(struct buf *b, struct str raw)
{
	return path_put(b, raw, path_is_unreserved);
}
