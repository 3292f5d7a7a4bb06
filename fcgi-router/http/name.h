/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * name: which of the known header fields a name is of.
 *
 * A name is looked up once, when its field is read or made; rules ask for the
 * number from then on. Case is of no matter; '-' and '_' are two bytes here.
 */
#ifndef HTTP_NAME_H
#define HTTP_NAME_H

#include "base/str.h"

enum name {
	NAME_OTHER = 0, /* not in the table */
#define NAME(id, text, variable, middle, late) NAME_##id,
#define NAMES(id, text)
#include "http/name.tbl.h"
#undef NAMES
	NAME_FAMILIES, /* no name: those below are of many */
#undef NAME
#define NAME(id, text, variable, middle, late)
#define NAMES(id, text) NAME_##id,
#include "http/name.tbl.h"
#undef NAME
#undef NAMES
	NAME_COUNT /* last */
};

enum name name_of(struct str s);

/*
 * Of a CGI variable, the part behind HTTP_, in the one spelling that the table
 * has: OTHER does not say that it is none of them.
 */
enum name name_of_variable(struct str s);

/* As it is written; of a family the common beginning. Static text. */
struct str name_text(enum name name);

/* Is it one name with a row of its own: letters, digits and '-'? */
static inline bool
name_is_one(enum name name)
{
	return name > NAME_OTHER && name < NAME_FAMILIES;
}

#endif
