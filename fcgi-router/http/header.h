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

struct header_field {
	struct str name;
	struct str value;
};

struct header {
	struct header_field *fields;
	size_t count;
	size_t room;
	struct arena *arena; /* where fields live; texts are borrowed */
};

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

/* Removes all fields of that name, then appends one. As header_add. */
ATTR_MUST_USE int header_set(struct header *h, struct str name,
    struct str value);

/* The first field of that name, or NULL. */
const struct header_field *header_find(const struct header *h,
    struct str name);

/* Value of the first field of that name, or an empty slice. */
struct str header_get(const struct header *h, struct str name);

/* How many fields of that name it removed. */
size_t header_remove(struct header *h, struct str name);

/* Removes the fields for which drop says true. */
void header_remove_if(struct header *h,
    bool (*drop)(const struct header_field *f, void *arg), void *arg);

/*
 * Are they one name to CGI, which spells '-' and '_' alike? What a client sent
 * has '-' for both here, and for origins that read CGI variables both are '_'.
 */
bool header_same_name(struct str a, struct str b);

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

#endif
