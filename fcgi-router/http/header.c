/* SPDX-License-Identifier: BSD-2-Clause */

/* header: fields in an array that doubles within its arena. */

#include "http/header.h"

#include <string.h>

enum { HEADER_FIRST = 16 };

/* RFC 9110 5.6.2: tchar. */
const char header_token[256] = {
	['!'] = '!', ['#'] = '#', ['$'] = '$', ['%'] = '%', ['&'] = '&',
	['\''] = '\'', ['*'] = '*', ['+'] = '+', ['-'] = '-', ['.'] = '.',
	['^'] = '^', ['_'] = '_', ['`'] = '`', ['|'] = '|', ['~'] = '~',
	['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
	['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
	['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e',
	['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j',
	['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o',
	['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't',
	['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y',
	['z'] = 'z', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd',
	['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i',
	['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n',
	['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's',
	['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x',
	['Y'] = 'y', ['Z'] = 'z',
};

void
header_init(struct header *h, struct arena *a)
{
	*h = (struct header){ .arena = a };
}

bool
header_is_token(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!header_token[(unsigned char)s.p[i]])
			return false;
	return s.n > 0;
}

bool
header_is_value(struct str s)
{
	size_t i;

	if (header_all_from(s, ' '))
		return true;
	for (i = 0; i < s.n; i++)
		if (str_is_control(s.p[i]) && s.p[i] != '\t')
			return false;
	return true;
}

/* Makes room for n fields in all, and some more. */
static int
header_grow(struct header *h, size_t n)
{
	size_t room = h->room > 0 ? h->room * 2 : HEADER_FIRST;
	struct header_field *fields;

	if (room < n)
		room = n;
	fields = arena_alloc(h->arena, room * sizeof(*fields));
	if (fields == NULL)
		return -1;
	if (h->count > 0)
		memcpy(fields, h->fields, h->count * sizeof(*fields));
	h->fields = fields;
	h->room = room;
	return 0;
}

int
header_reserve(struct header *h, size_t n)
{
	return n <= h->room - h->count ? 0 : header_grow(h, h->count + n);
}

int
header_keep(struct header *h, const struct header_field *f)
{
	if (h->count == h->room && header_grow(h, 0) == -1)
		return -1;
	h->fields[h->count++] = *f;
	return 0;
}

int
header_add(struct header *h, struct str name, struct str value)
{
	if (!header_is_token(name) || !header_is_value(value))
		return -1;
	return header_keep(h,
	    &(struct header_field){ name, value, name_of(name) });
}

int
header_put(struct header *h, enum name name, struct str value)
{
	if (!header_is_value(value))
		return -1;
	return header_keep(h,
	    &(struct header_field){ name_text(name), value, name });
}

int
header_set(struct header *h, enum name name, struct str value)
{
	size_t kept = 0;
	size_t i;

	/* First what can fail: nothing is removed unless all will work. */
	if (header_put(h, name, value) == -1)
		return -1;
	for (i = 0; i < h->count; i++)
		if (h->fields[i].id != name || i + 1 == h->count)
			h->fields[kept++] = h->fields[i];
	h->count = kept;
	return 0;
}

const struct header_field *
header_known(const struct header *h, enum name name)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		if (h->fields[i].id == name)
			return &h->fields[i];
	return NULL;
}

const struct header_field *
header_find(const struct header *h, struct str name)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		if (str_eq_nocase(h->fields[i].name, name))
			return &h->fields[i];
	return NULL;
}

struct str
header_get(const struct header *h, struct str name)
{
	const struct header_field *f = header_find(h, name);

	return f != NULL ? f->value : (struct str){ NULL, 0 };
}

size_t
header_lines_size(const struct header *h)
{
	size_t size = 0;
	size_t i;

	for (i = 0; i < h->count; i++)
		size += header_line_size(&h->fields[i]);
	return size;
}

void
header_remove_if(struct header *h,
    bool (*drop)(const struct header_field *f, void *arg), void *arg)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < h->count; i++)
		if (!drop(&h->fields[i], arg))
			h->fields[kept++] = h->fields[i];
	h->count = kept;
}

static bool
header_is_named(const struct header_field *f, void *arg)
{
	const struct str *name = arg;

	return str_eq_nocase(f->name, *name);
}

size_t
header_remove(struct header *h, struct str name)
{
	size_t before = h->count;

	header_remove_if(h, header_is_named, &name);
	return before - h->count;
}

bool
header_same_bytes(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		char x = str_lower(a[i]), y = str_lower(b[i]);

		if ((x == '_' ? '-' : x) != (y == '_' ? '-' : y))
			return false;
	}
	return true;
}

bool
header_same_variable(struct str a, struct str b)
{
	size_t i;

	if (a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++)
		if (str_lower(a.p[i]) != str_lower(b.p[i]) &&
		    (str_is_alnum(a.p[i]) || str_is_alnum(b.p[i])))
			return false;
	return true;
}

/* Where the element that begins at `at` ends: its comma, or the end. */
static size_t
header_list_end(struct str value, size_t at)
{
	bool quoted = false;

	for (; at < value.n; at++) {
		char c = value.p[at];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted)
			at++;
		else if (c == ',' && !quoted)
			return at;
	}
	return value.n;
}

bool
header_list_next(struct str value, size_t *at, struct str *element)
{
	while (*at < value.n) {
		size_t end = header_list_end(value, *at);

		*element = str_trim(str_sub(value, *at, end));
		*at = end + 1;
		if (element->n > 0)
			return true;
	}
	return false;
}

/* The next pair, without what parts it from another one. */
static bool
header_pair_next(struct str *left, struct str *pair)
{
	size_t to;

	for (to = 0; to < left->n; to++)
		if (left->p[to] == ';' || left->p[to] == ',')
			break;
	*pair = str_sub(*left, 0, to);
	if (left->n == 0)
		return false;
	*left = str_sub(*left, to + 1, left->n);
	return true;
}

bool
header_cookie_next(struct str *left, struct str name, struct str *out)
{
	struct str pair, key, text;

	while (header_pair_next(left, &pair)) {
		if (str_cut(pair, '=', &key, &text) &&
		    str_eq(str_trim(key), name)) {
			*out = str_trim(text);
			return true;
		}
	}
	return false;
}

bool
header_cookie(struct str value, struct str name, struct str *out)
{
	return header_cookie_next(&value, name, out);
}

struct str
header_cookie_without(struct str value, struct str name, struct arena *a)
{
	char *text = arena_alloc(a, value.n + 1), *to = text;
	struct str left = value, pair, key, unused;

	while (text != NULL && header_pair_next(&left, &pair)) {
		if (str_cut(pair, '=', &key, &unused) &&
		    str_eq(str_trim(key), name))
			continue;
		if (to > text)
			*to++ = pair.p[-1];
		to = str_put(to, to > text ? pair : str_trim(pair));
	}
	return (struct str){ text, (size_t)(to - text) };
}
