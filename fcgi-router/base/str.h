/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * str: a borrowed slice of bytes, pointer and length.
 *
 * A slice owns nothing and may hold any byte, NUL too. An empty slice may have
 * a null pointer. All letter rules here are ASCII's, whatever the locale. What
 * is asked for each byte of a list or a request stands here whole.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

/* A slice of a string literal. */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })

/* For printf("%.*s", STR_ARG(s)). A slice longer than INT_MAX is cut. */
#define STR_ARG(s) str_int((s).n), ((s).p != NULL ? (s).p : "")

/* A length as an int, at most INT_MAX. */
int str_int(size_t n);

/* The bytes of a C string up to its NUL; a null pointer is an empty slice. */
static inline struct str
str_of(const char *text)
{
	return (struct str){ text, text != NULL ? strlen(text) : 0 };
}

/* The slice [from, to) of s; both are cut to s.n. */
static inline struct str
str_sub(struct str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from >= to)
		return (struct str){ s.p, 0 };
	return (struct str){ s.p + from, to - from };
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Are n bytes the same but for the case of letters? */
bool str_same_nocase(const char *a, const char *b, size_t n);

/* Most names differ in length or in their middle. */
static inline bool
str_eq_nocase(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 ||
	    (((a.p[a.n / 2] ^ b.p[a.n / 2]) & ~0x20) == 0 &&
	    str_same_nocase(a.p, b.p, a.n)));
}

static inline bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

static inline bool
str_starts_nocase(struct str s, struct str prefix)
{
	return s.n >= prefix.n &&
	    str_eq_nocase(str_sub(s, 0, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix);

/* Writes s to where it has room; what is behind it. Most texts are short: two
 * moves instead of a call. */
static inline char *
str_put(char *to, struct str s)
{
	if (s.n < 4) {
		if (s.n == 0)
			return to;
		to[0] = s.p[0];
		to[s.n / 2] = s.p[s.n / 2];
		to[s.n - 1] = s.p[s.n - 1];
	} else if (s.n < 8) {
		memcpy(to, s.p, 4);
		memcpy(to + s.n - 4, s.p + s.n - 4, 4);
	} else if (s.n < 16) {
		memcpy(to, s.p, 8);
		memcpy(to + s.n - 8, s.p + s.n - 8, 8);
	} else if (s.n <= 32) {
		memcpy(to, s.p, 16);
		memcpy(to + s.n - 16, s.p + s.n - 16, 16);
	} else {
		memcpy(to, s.p, s.n);
	}
	return to + s.n;
}

/* Order of bytes, then of length: below, equal to or above 0. */
int str_cmp(struct str a, struct str b);

/* Index of the first c in s, or s.n when there is none. */
static inline size_t
str_find(struct str s, char c)
{
	const char *at = s.n > 0 ? (const char *)memchr(s.p, c, s.n) : NULL;

	return at != NULL ? (size_t)(at - s.p) : s.n;
}

/*
 * Cuts s at its first c. true: *before and *after are the parts around it;
 * false: there is no c, *before is s and *after is empty.
 */
static inline bool
str_cut(struct str s, char c, struct str *before, struct str *after)
{
	size_t at = str_find(s, c);

	*before = str_sub(s, 0, at);
	*after = str_sub(s, at + 1, s.n);
	return at < s.n;
}

/* s without blanks (space, TAB) at both ends. */
static inline struct str
str_trim(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/*
 * NAME of lists and of router.ini: of services, namespaces, plans ...: a
 * small letter or digit, then up to 127 of [a-z0-9._-].
 */
enum { STR_NAME_MAX = 128 };
bool str_is_name(struct str s);

/*
 * Is `line`, whose case is of no matter, in `lines`: sorted by str_cmp, in
 * lower case, parted by LF? Takes time by the logarithm of their length.
 */
bool str_lines_have(struct str lines, struct str line);

/* The decimal digits of n, at the end of `room`. */
enum { STR_DECIMAL_MAX = 20 }; /* of 2^64 - 1 */
struct str str_decimal(uint64_t n, char room[STR_DECIMAL_MAX]);

/* Digits only, no sign, value at most max. false: anything else. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *out);

static inline char
str_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline char
str_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static inline bool
str_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
str_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
str_is_alnum(char c)
{
	return str_is_alpha(c) || str_is_digit(c);
}

/* Below 0x20, or 0x7f. */
static inline bool
str_is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* 0 to 15, or -1. */
int str_hex(char c);

#endif
