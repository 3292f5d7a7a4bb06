/* SPDX-License-Identifier: BSD-2-Clause */

/* header: fields in an array that doubles within its arena. */

#include "http/header.h"

#include <string.h>

enum { HEADER_FIRST = 32 };

/* RFC 9110 5.6.2: tchar. */
static const bool header_token[256] = {
	['!'] = true, ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true,
	['\''] = true, ['*'] = true, ['+'] = true, ['-'] = true, ['.'] = true,
	['^'] = true, ['_'] = true, ['`'] = true, ['|'] = true, ['~'] = true,
	['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true,
	['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true,
	['A'] = true, ['B'] = true, ['C'] = true, ['D'] = true, ['E'] = true,
	['F'] = true, ['G'] = true, ['H'] = true, ['I'] = true, ['J'] = true,
	['K'] = true, ['L'] = true, ['M'] = true, ['N'] = true, ['O'] = true,
	['P'] = true, ['Q'] = true, ['R'] = true, ['S'] = true, ['T'] = true,
	['U'] = true, ['V'] = true, ['W'] = true, ['X'] = true, ['Y'] = true,
	['Z'] = true,
	['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true,
	['f'] = true, ['g'] = true, ['h'] = true, ['i'] = true, ['j'] = true,
	['k'] = true, ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true,
	['p'] = true, ['q'] = true, ['r'] = true, ['s'] = true, ['t'] = true,
	['u'] = true, ['v'] = true, ['w'] = true, ['x'] = true, ['y'] = true,
	['z'] = true,
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

/*
 * Is none of the eight bytes below 0x20 or 0x7f? false may be said of a word
 * that is good, true never of one that is not.
 */
static bool
header_word_is_plain(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t del = word ^ (ones * 0x7f);

	return (((word - ones * 0x20) & ~word) & (ones * 0x80)) == 0 &&
	    (((del - ones) & ~del) & (ones * 0x80)) == 0;
}

bool
header_is_value(struct str s)
{
	uint64_t word;
	size_t i;

	for (i = 0; s.n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s.p + i, sizeof(word));
		if (!header_word_is_plain(word))
			break;
	}
	for (; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* Makes room for one more field. */
static int
header_grow(struct header *h)
{
	size_t room = h->room > 0 ? h->room * 2 : HEADER_FIRST;
	struct header_field *fields;

	if (h->count < h->room)
		return 0;
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
header_add(struct header *h, struct str name, struct str value)
{
	if (!header_is_token(name) || !header_is_value(value) ||
	    header_grow(h) == -1)
		return -1;
	h->fields[h->count++] = (struct header_field){ name, value };
	return 0;
}

int
header_set(struct header *h, struct str name, struct str value)
{
	/* First what can fail: nothing is removed unless all will work. */
	if (!header_is_token(name) || !header_is_value(value) ||
	    header_grow(h) == -1)
		return -1;
	header_remove(h, name);
	h->fields[h->count++] = (struct header_field){ name, value };
	return 0;
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
header_same_name(struct str a, struct str b)
{
	size_t i;

	if (a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++) {
		char x = str_lower(a.p[i]), y = str_lower(b.p[i]);

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

bool
header_cookie(struct str value, struct str name, struct str *out)
{
	size_t from = 0;
	size_t to;

	for (; from < value.n; from = to + 1) {
		struct str key, text;

		for (to = from; to < value.n; to++)
			if (value.p[to] == ';' || value.p[to] == ',')
				break;
		if (str_cut(str_sub(value, from, to), '=', &key, &text) &&
		    str_eq(str_trim(key), name)) {
			*out = str_trim(text);
			return true;
		}
	}
	return false;
}
