/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * auth_json: one JSON object, as tokens have them, to be looked into: by
 * jansson, which is loaded at the first use.
 *
 * What readers disagree on is refused: a name that stands there twice, a NUL in
 * a text, what is no UTF-8, numbers that no variable holds, anything behind the
 * object; and what nests deeper than people write.
 */
#ifndef DECIDE_AUTH_JSON_H
#define DECIDE_AUTH_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "route/pattern.h"

enum { AUTH_JSON_DEPTH = 8 };

struct auth_json;

/* Loads the library, if that was not done yet. 0, or -1 and e: internal. */
ATTR_MUST_USE int auth_json_begin(struct err *e);

/* NULL: that is no such object. The library is there. */
ATTR_MUST_USE struct auth_json *auth_json_read(struct str text);
void auth_json_free(struct auth_json **j);

bool auth_json_has(const struct auth_json *j, const char *name);

/* A text, borrowed from j. false: it is not there, or is something else. */
bool auth_json_text(const struct auth_json *j, const char *name,
    struct str *out);

/* A number of any kind. As above. */
bool auth_json_number(const struct auth_json *j, const char *name,
    double *out);

/* Is it this text, or a list of texts alone, with this one among them? */
bool auth_json_lists(const struct auth_json *j, const char *name,
    struct str text);

/*
 * A member as one text, in the arena: texts, whole numbers, true and false as
 * they are, lists of these parted by commas. 1; 0: it is not there, or is
 * something else, or in a list is a text with a comma, which would look like
 * two; -1: the arena is full.
 */
ATTR_MUST_USE
int auth_json_word(const struct auth_json *j, const char *name,
    struct arena *a, struct str *out);

/* All members for which auth_json_word answers 1. 0, or -1: it is full. */
ATTR_MUST_USE
int auth_json_words(const struct auth_json *j, struct arena *a,
    const struct pattern_claim **out, size_t *count);

#endif
