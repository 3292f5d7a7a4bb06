/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * header: an ordered list of header fields (RFC 9110 5).
 *
 * Names compare without case and keep the case they came with; repeated fields
 * stay apart and in order. Nothing gets in whose name is not a token or whose
 * value holds CR, LF, NUL or another control byte but TAB.
 */
#ifndef HTTP_HEADER_H
#define HTTP_HEADER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "http/name.h"

struct header_field {
	struct str name;
	struct str value;
	enum name id; /* which it is of those that rules know */
};

struct header {
	struct header_field *fields;
	size_t count;
	size_t room;
	struct arena *arena; /* where fields live; texts are borrowed */
};

/* What a token may hold (RFC 9110 5.6.2), in lower case; 0: any other byte. */
extern const char header_token[256];

/* Is one of these eight bytes below `least` (at most 0x80), or DEL? */
static inline bool
header_eight_suspect(const char *p, unsigned char least)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t w;

	/* A subtraction borrows into a high bit that was clear. */
	memcpy(&w, p, sizeof(w));
	return (((w - ones * least) | ((w ^ ones * 0x7f) - ones)) & ~w &
	    ones << 7) != 0;
}

/* Is no byte below `least`, and none DEL? */
static inline bool
header_all_from(struct str s, unsigned char least)
{
	size_t i;

	if (s.n < 8) {
		for (i = 0; i < s.n; i++)
			if ((unsigned char)s.p[i] < least || s.p[i] == 0x7f)
				return false;
		return true;
	}
	for (i = 0; i + 8 < s.n; i += 8)
		if (header_eight_suspect(s.p + i, least))
			return false;
	return !header_eight_suspect(s.p + s.n - 8, least);
}

void header_init(struct header *h, struct arena *a);

/* RFC 9110 5.6.2: one or more of the bytes a token may hold. */
bool header_is_token(struct str s);

/* No control bytes but TAB, no DEL. Bytes from 0x80 up are allowed. */
bool header_is_value(struct str s);

/*
 * Appends a field; name and value are borrowed, not copied. 0, or -1 and
 * nothing changed: not a token, not a value, or the arena is full.
 */
ATTR_MUST_USE int header_add(struct header *h, struct str name,
    struct str value);

/* The same of a known name (of no family), which is not looked at again. */
ATTR_MUST_USE int header_put(struct header *h, enum name name,
    struct str value);

/* Removes all fields of that name, then appends one. As header_put. */
ATTR_MUST_USE int header_set(struct header *h, enum name name,
    struct str value);

/*
 * Appends a field as it is: it was checked when it was read, or stands in
 * another header. 0, or -1: the arena is full.
 */
ATTR_MUST_USE int header_keep(struct header *h,
    const struct header_field *f);

/* Makes room for n more fields. 0, or -1: the arena is full. */
ATTR_MUST_USE int header_reserve(struct header *h, size_t n);

/* The first field of that name, or NULL. */
const struct header_field *header_known(const struct header *h,
    enum name name);
const struct header_field *header_find(const struct header *h,
    struct str name);

/* Value of the first field of that name, or an empty slice. */
struct str header_get(const struct header *h, struct str name);

/* The line of a field, `Name: value` and CRLF: its size, and written to where
 * it has room; what is behind it. */
static inline size_t
header_line_size(const struct header_field *f)
{
	return f->name.n + f->value.n + sizeof(": \r\n") - 1;
}

static inline char *
header_put_line(char *to, const struct header_field *f)
{
	to = str_put(to, f->name);
	to = str_put(to, STR(": "));
	to = str_put(to, f->value);
	return str_put(to, STR("\r\n"));
}

/* The size of the lines of all fields. */
size_t header_lines_size(const struct header *h);

/* How many fields of that name it removed. */
size_t header_remove(struct header *h, struct str name);

/* Removes the fields for which drop says true. */
void header_remove_if(struct header *h,
    bool (*drop)(const struct header_field *f, void *arg), void *arg);

/*
 * Are they one name to CGI, which spells '-' and '_' alike? What a client sent
 * has '-' for both here, and for origins that read CGI variables both are '_'.
 */
bool header_same_bytes(const char *a, const char *b, size_t n);

static inline bool
header_same_name(struct str a, struct str b)
{
	return a.n == b.n && header_same_bytes(a.p, b.p, a.n);
}

/* Or to one of those servers that spell all but letters and digits alike:
 * "X.User" is HTTP_X_USER there. */
bool header_same_variable(struct str a, struct str b);

/*
 * Walks a comma-separated list (RFC 9110 5.6.1) from *at on: the next
 * non-empty element without blanks around it. false: no more. Quoted strings
 * may hold commas. Start with *at = 0.
 */
bool header_list_next(struct str value, size_t *at, struct str *element);

/*
 * The value of cookie `name` in a Cookie field (RFC 6265 4.2), pairs parted by
 * ';' or, as Apache joins two fields, by ','. false: it is not there.
 */
bool header_cookie(struct str value, struct str name, struct str *out);

/* The same of a name that repeats: *left becomes what is behind the pair. */
bool header_cookie_next(struct str *left, struct str name, struct str *out);

/* The value without the cookies of that name, in the arena; of no others
 * nothing is left. {NULL, 0}: the arena is full. */
struct str header_cookie_without(struct str value, struct str name,
    struct arena *a);

#endif
