/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * json: one JSON object a line; the only user of libjansson.
 *
 * Any bytes may be put: what is no UTF-8, and DEL, is escaped as people read it
 * (see escape), the rest by JSON's own rules, in ASCII, so that a result can be
 * shown on a terminal.
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stdio.h>

#include "base/check.h"
#include "base/str.h"

struct json;

/* An empty object. Nothing here fails but for memory (CHECK). */
struct json *json_new(void);
void json_free(struct json **j);

/* Members, in the order in which they are first put; the last value of a key
 * holds. Keys are texts of the program. */
void json_text(struct json *j, const char *key, struct str value);
void json_number(struct json *j, const char *key, uint64_t value);
void json_flag(struct json *j, const char *key, bool value);

/* Appends to the list under key. Of json_append_object `one` is emptied. */
void json_append(struct json *j, const char *key, struct str value);
void json_append_object(struct json *j, const char *key, struct json *one);

/* Puts an object, which is emptied. */
void json_inside(struct json *j, const char *key, struct json *one);

/* Puts a member, of any name, into the object under key. */
void json_pair(struct json *j, const char *key, struct str name,
    struct str value);

/* Takes the members of the object that a line spells, in place of its own.
 * false: the line is none, and it is empty. */
ATTR_MUST_USE bool json_read(struct json *j, struct str line);

/*
 * Calls see for each member that is a text, a number, a truth or null (which
 * is empty), and for those of its objects, whose own name is `key` then, else
 * empty. Texts are good until see answers.
 */
void json_each(const struct json *j, void (*see)(void *arg, struct str name,
    struct str key, struct str value), void *arg);

/* Writes it as a line and empties it. A failure of `to` is the caller's to ask
 * for. */
void json_write(struct json *j, FILE *to);

#endif
