/* SPDX-License-Identifier: BSD-2-Clause */

/* escape: one character at a time, as it is or as \xNN. */

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

/* How many bytes of s, at least one, stay as they are; 0: one is escaped. */
static size_t
escape_stays(struct str s, enum escape_how how)
{
	char c = s.p[0];

	if ((unsigned char)c >= 0x80)
		return escape_utf8(s);
	if (str_is_control(c))
		return 0;
	if (how == ESCAPE_LINE || (c != '"' && c != '\\' && c != ' '))
		return 1;
	return c == ' ' && how == ESCAPE_QUOTED;
}

size_t
escape_put(char *to, size_t room, struct str *s, enum escape_how how)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	while (s->n > 0) {
		unsigned char c = (unsigned char)s->p[0];
		size_t stays = escape_stays(*s, how);

		if (room - n < (stays > 0 ? stays : 4))
			break;
		if (stays > 0) {
			memcpy(to + n, s->p, stays);
			n += stays;
		} else {
			to[n++] = '\\';
			to[n++] = 'x';
			to[n++] = hex[c >> 4];
			to[n++] = hex[c & 15];
		}
		*s = str_sub(*s, stays > 0 ? stays : 1, s->n);
	}
	return n;
}
