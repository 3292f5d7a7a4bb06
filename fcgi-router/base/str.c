/* SPDX-License-Identifier: BSD-2-Clause */

/* str: borrowed slices of bytes. */

#include "base/str.h"

#include <limits.h>
#include <string.h>

int
str_int(size_t n)
{
	return n > INT_MAX ? INT_MAX : (int)n;
}

/* Are eight bytes the same but for the case of letters? */
static bool
str_same_eight(const char *a, const char *b)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t x, y, low, letters;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	if (x == y)
		return true;
	/* Their high bits tell where x has a letter. */
	low = (x | ones * 0x20) & ones * 0x7f;
	letters = (low + ones * (0x80 - 'a')) &
	    ~(low + ones * (0x7f - 'z')) & ~x & ones * 0x80;
	return ((x ^ y) & ~(letters >> 2)) == 0;
}

bool
str_same_nocase(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; n >= 8 && i < n; i += 8) {
		if (i > n - 8)
			i = n - 8; /* some bytes are looked at twice */
		if (!str_same_eight(a + i, b + i))
			return false;
	}
	for (; i < n; i++)
		if (str_lower(a[i]) != str_lower(b[i]))
			return false;
	return true;
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	    str_eq(str_sub(s, s.n - suffix.n, s.n), suffix);
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

bool
str_is_name(struct str s)
{
	size_t i;

	if (s.n == 0 || s.n > STR_NAME_MAX || s.p[0] == '.' ||
	    s.p[0] == '_' || s.p[0] == '-')
		return false;
	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !str_is_digit(c) && c != '.' &&
		    c != '_' && c != '-')
			return false;
	}
	return true;
}

/* As str_cmp, of a line in lower case and one in any. */
static int
str_line_cmp(struct str line, struct str other)
{
	size_t i;

	for (i = 0; i < line.n && i < other.n; i++) {
		char c = str_lower(other.p[i]);

		if (line.p[i] != c)
			return (unsigned char)line.p[i] < (unsigned char)c ?
			    -1 : 1;
	}
	return line.n < other.n ? -1 : line.n > other.n;
}

bool
str_lines_have(struct str lines, struct str line)
{
	size_t from = 0, to = lines.n; /* both at the begin of a line */

	while (from < to) {
		size_t begin = from + (to - from) / 2;
		struct str found;
		int order;

		while (begin > from && lines.p[begin - 1] != '\n')
			begin--;
		found = str_sub(lines, begin, to);
		found = str_sub(found, 0, str_find(found, '\n'));
		order = str_line_cmp(found, line);
		if (order == 0)
			return true;
		if (order < 0)
			from = begin + found.n + 1;
		else
			to = begin;
	}
	return false;
}

struct str
str_decimal(uint64_t n, char room[STR_DECIMAL_MAX])
{
	size_t at = STR_DECIMAL_MAX;

	do {
		room[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return (struct str){ room + at, STR_DECIMAL_MAX - at };
}

bool
str_to_u64(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	size_t i;

	if (s.n == 0)
		return false;
	for (i = 0; i < s.n; i++) {
		uint64_t digit;

		if (!str_is_digit(s.p[i]))
			return false;
		digit = (uint64_t)(s.p[i] - '0');
		if (value > (max - digit) / 10 || digit > max)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

int
str_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
