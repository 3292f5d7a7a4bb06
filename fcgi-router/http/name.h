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
	NAME_OTHER = 0, /* no rule knows it */
#define NAME(id, text, first, last) NAME_##id,
#define NAMES(id, text) NAME_##id,
#include "http/name.tbl.h"
#undef NAME
#undef NAMES
	NAME_COUNT /* last */
};

enum name name_of(struct str s);

/* As it is written; of a family the common beginning. Static text. */
struct str name_text(enum name name);

#endif
