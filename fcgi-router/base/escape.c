/* SPDX-License-Identifier: BSD-2-Clause */

/* escape: one character at a time, as it is or as \xNN or \uNNNN. */

#include "base/escape.h"

#include <stdint.h>
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

/* Bytes that are looked at together. */
enum { ESCAPE_BLOCK = 8, ESCAPE_WIDE = 16 };

/* ASCII that stays as it is: by bits of 1 << how. */
static const unsigned char escape_plain[256] = {
	[' '] = 1 << ESCAPE_LINE | 1 << ESCAPE_QUOTED | 1 << ESCAPE_JSON,
	['!'] = 0xff,
	['"'] = 1 << ESCAPE_LINE,
	['#' ... '['] = 0xff,
	['\\'] = 1 << ESCAPE_LINE,
	[']' ... '~'] = 0xff
};

/*
 * High bits where one of eight bytes does not stay, and perhaps behind one. Of
 * bytes below 0x80, a difference borrows into a high bit that was clear; other
 * ones are bad by themselves.
 */
static inline uint64_t
escape_suspects(uint64_t word, enum escape_how how)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t least = ones * (how == ESCAPE_WORD ? '!' : ' ');
	uint64_t bad = word | (word - least) | (word + ones); /* DEL */

	if (how != ESCAPE_LINE)
		bad |= ((word ^ ones * '"') - ones) |
		    ((word ^ ones * '\\') - ones);
	return bad & ones << 7;
}

static inline uint64_t
escape_load(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* Less than eight bytes. */
static bool
escape_put_few(char *to, struct str s, enum escape_how how)
{
	const unsigned char *p = (const unsigned char *)s.p;
	uint32_t first, last;

	if (s.n >= sizeof(first)) {
		memcpy(&first, p, sizeof(first));
		memcpy(&last, p + s.n - sizeof(last), sizeof(last));
		memcpy(to, &first, sizeof(first));
		memcpy(to + s.n - sizeof(last), &last, sizeof(last));
		return escape_suspects((uint64_t)first << 32 | last,
		    how) == 0;
	}
	if (s.n == 0)
		return true;
	(void)str_put(to, s);
	return escape_suspects(UINT64_C(0x6161616161000000) |
	    (uint64_t)p[0] << 16 | (uint64_t)p[s.n / 2] << 8 | p[s.n - 1],
	    how) == 0;
}

/* Eight bytes or more, but less than a wide block. */
static bool
escape_put_some(char *to, struct str s, enum escape_how how)
{
	const size_t at = s.n - ESCAPE_BLOCK;
	uint64_t first = escape_load(s.p), last = escape_load(s.p + at);

	memcpy(to, &first, sizeof(first));
	memcpy(to + at, &last, sizeof(last));
	return (escape_suspects(first, how) |
	    escape_suspects(last, how)) == 0;
}

/* A wide block or more, the last one first. Written so that it is a few vector
 * instructions a block. */
static inline bool
escape_put_wide(char *to, struct str s, unsigned char least,
    unsigned char quote, unsigned char slash)
{
	unsigned char bad[ESCAPE_WIDE] = { 0 }, block[ESCAPE_WIDE];
	size_t at = s.n - ESCAPE_WIDE, next = 0, i;

	for (;;) {
		memcpy(block, s.p + at, ESCAPE_WIDE);
		memcpy(to + at, block, ESCAPE_WIDE);
		for (i = 0; i < ESCAPE_WIDE; i++)
			bad[i] |= (unsigned char)((unsigned char)(block[i] -
			    least) > '~' - least || block[i] == quote ||
			    block[i] == slash);
		at = next;
		next += ESCAPE_WIDE;
		if (next >= s.n)
			break;
	}
	return (escape_load((char *)bad) |
	    escape_load((char *)bad + ESCAPE_BLOCK)) == 0;
}

bool
escape_put_plain(char *to, struct str s, enum escape_how how)
{
	if (s.n < ESCAPE_BLOCK)
		return escape_put_few(to, s, how);
	if (s.n < ESCAPE_WIDE)
		return escape_put_some(to, s, how);
	return how == ESCAPE_WORD ? escape_put_wide(to, s, '!', '"', '\\') :
	    how == ESCAPE_LINE ? escape_put_wide(to, s, ' ', 0, 0) :
	    escape_put_wide(to, s, ' ', '"', '\\');
}

/* How many bytes s begins with stay as they are and are ASCII. */
static size_t
escape_stays(struct str s, enum escape_how how)
{
	size_t n = 0;

	while (s.n - n >= ESCAPE_BLOCK &&
	    escape_suspects(escape_load(s.p + n), how) == 0)
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
