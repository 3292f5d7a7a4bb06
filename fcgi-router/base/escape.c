/* SPDX-License-Identifier: BSD-2-Clause */

/* escape: one character at a time, as it is or as \xNN or \uNNNN. */

#include "base/escape.h"

#include <string.h>

static bool
escape_continues(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Does the character begin a line, or turn the order in which a terminal shows
 * what follows? U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069. */
static bool
escape_turns(const unsigned char *p)
{
	if (p[0] == 0xd8)
		return p[1] == 0x9c;
	if (p[0] != 0xe2)
		return false;
	return (p[1] == 0x80 && ((p[2] >= 0x8e && p[2] <= 0x8f) ||
	    (p[2] >= 0xa8 && p[2] <= 0xae))) ||
	    (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}

/*
 * Bytes of the UTF-8 character (RFC 3629) of two or more that s begins with; 0:
 * none, a C1 control, or one that turns. Only the second byte tells overlong
 * forms, surrogates and what is past the last one.
 */
static size_t
escape_utf8(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char least = 0x80, most = 0xbf;
	size_t n;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (p[0] == 0xc2 || p[0] == 0xe0)
		least = 0xa0;
	else if (p[0] == 0xed)
		most = 0x9f;
	else if (p[0] == 0xf0)
		least = 0x90;
	else if (p[0] == 0xf4)
		most = 0x8f;
	if (s.n < n || p[1] < least || p[1] > most ||
	    (n > 2 && !escape_continues(p[2])) ||
	    (n > 3 && !escape_continues(p[3])))
		return 0;
	return escape_turns(p) ? 0 : n;
}

enum { ESCAPE_BLOCK = 16 }; /* bytes that are looked at together */

/* ASCII that stays as it is: by bits of 1 << how. */
static const unsigned char escape_plain[256] = {
	[' '] = 1 << ESCAPE_LINE | 1 << ESCAPE_QUOTED | 1 << ESCAPE_JSON,
	['!'] = 0xff,
	['"'] = 1 << ESCAPE_LINE,
	['#' ... '['] = 0xff,
	['\\'] = 1 << ESCAPE_LINE,
	[']' ... '~'] = 0xff
};

/* Does a whole block stay? Written so that it is a few vector instructions. */
static bool
escape_block_stays(const char *p, enum escape_how how)
{
	const unsigned char least = how == ESCAPE_WORD ? '!' : ' ';
	const unsigned char quote = how == ESCAPE_LINE ? 0 : '"';
	const unsigned char slash = how == ESCAPE_LINE ? 0 : '\\';
	unsigned char block[ESCAPE_BLOCK], other = 0;
	int i;

	memcpy(block, p, ESCAPE_BLOCK);
	for (i = 0; i < ESCAPE_BLOCK; i++)
		other |= (unsigned char)((block[i] < least) |
		    (block[i] > '~') | (block[i] == quote) |
		    (block[i] == slash));
	return other == 0;
}

/* How many bytes s begins with stay as they are and are ASCII. */
static size_t
escape_stays(struct str s, enum escape_how how)
{
	size_t n = 0;

	while (s.n - n >= ESCAPE_BLOCK && escape_block_stays(s.p + n, how))
		n += ESCAPE_BLOCK;
	while (n < s.n && escape_plain[(unsigned char)s.p[n]] >> how & 1)
		n++;
	return n;
}

static const char escape_hex[] = "0123456789abcdef";

/* What is no text by itself, as a number. How many bytes of s it is. */
static size_t
escape_code(struct str s, unsigned *code)
{
	const unsigned char *p = (const unsigned char *)s.p;

	*code = p[0];
	if (s.n >= 2 && p[0] == 0xc2 && escape_continues(p[1])) {
		*code = p[1];
		return 2;
	}
	if (s.n >= 2 && p[0] == 0xd8 && escape_turns(p)) {
		*code = (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
		return 2;
	}
	if (s.n >= 3 && p[0] == 0xe2 && escape_turns(p)) {
		*code = (p[0] & 0xfU) << 12 | (p[1] & 0x3fU) << 6 |
		    (p[2] & 0x3fU);
		return 3;
	}
	return 1;
}

/* As escape_put_one, of what does not stay. */
static size_t
escape_put_json(char *to, size_t room, struct str s, size_t *put)
{
	unsigned code;
	size_t took = escape_code(s, &code);
	int i;

	*put = code == '"' || code == '\\' ? 2 : 6;
	if (room < *put)
		return 0;
	to[0] = '\\';
	to[1] = *put == 2 ? (char)code : 'u';
	for (i = 2; i < (int)*put; i++)
		to[i] = escape_hex[code >> (4 * (5 - i)) & 15];
	return took;
}

/* Writes the one character that s begins with, which is not plain. Answers how
 * many bytes of s it is; 0: there is no room. */
static size_t
escape_put_one(char *to, size_t room, struct str s, enum escape_how how,
    size_t *put)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t utf8 = escape_utf8(s);

	if (utf8 == 0 && how == ESCAPE_JSON)
		return escape_put_json(to, room, s, put);
	*put = utf8 > 0 ? utf8 : 4;
	if (room < *put)
		return 0;
	if (utf8 > 0) {
		memcpy(to, s.p, utf8);
		return utf8;
	}
	to[0] = '\\';
	to[1] = 'x';
	to[2] = escape_hex[c >> 4];
	to[3] = escape_hex[c & 15];
	return 1;
}

size_t
escape_put(char *to, size_t room, struct str *s, enum escape_how how)
{
	size_t n = 0;

	while (s->n > 0) {
		size_t took = escape_stays(str_sub(*s, 0, room - n), how);
		size_t put = took;

		if (took > 0)
			memcpy(to + n, s->p, took);
		else
			took = escape_put_one(to + n, room - n, *s, how,
			    &put);
		if (took == 0)
			break;
		n += put;
		*s = str_sub(*s, took, s->n);
	}
	return n;
}
