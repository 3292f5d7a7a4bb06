/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * auth_private: what the files of this room share: what a type of
 * authentication is, and what more than one of them needs.
 */
#ifndef DECIDE_AUTH_PRIVATE_H
#define DECIDE_AUTH_PRIVATE_H

#include "base/digest.h"
#include "base/hash.h"
#include "base/secret.h"
#include "decide/auth.h"

/* For whom a section's files are read. */
struct auth_loading {
	const struct settings *settings;
	const struct settings_auth *section;
	void (*tell)(void *arg, const char *line);
	void *arg;
};

/* A mistake of the section, told at that key of it. -1. */
ATTR_PRINTF(3, 4)
int auth_tell(const struct auth_loading *l, enum settings_auth_key key,
    const char *fmt, ...);

/*
 * A type. load: 0 and *out, or -1: told. ask: AUTH_YES, 0, AUTH_BUSY, or -1 and
 * e (auth-unavailable); *out is all zero before. A type without it has to ask
 * somebody else: AUTH_CONSULT. Members may be NULL.
 */
struct auth_type {
	int (*load)(const struct auth_loading *l, void **out);
	void (*free)(void *loaded);
	int (*ask)(const struct auth_ask *ask, struct auth_answer *out,
	    struct err *e);
};

int auth_bearer_load(const struct auth_loading *l, void **out);
void auth_bearer_free(void *loaded);
int auth_bearer_ask(const struct auth_ask *ask, struct auth_answer *out,
    struct err *e);

int auth_basic_load(const struct auth_loading *l, void **out);
void auth_basic_free(void *loaded);
int auth_basic_ask(const struct auth_ask *ask, struct auth_answer *out,
    struct err *e);

int auth_jwt_load(const struct auth_loading *l, void **out);
void auth_jwt_free(void *loaded);
int auth_jwt_ask(const struct auth_ask *ask, struct auth_answer *out,
    struct err *e);

int auth_forward_load(const struct auth_loading *l, void **out);
void auth_forward_free(void *loaded);

/* ---- for types ---- */

/*
 * What follows the scheme in the field Authorization, without blanks around
 * it. false: there is none of that scheme, or more than one such field, of
 * which nobody knows which one an origin would take.
 */
bool auth_credentials(const struct request *r, struct str scheme,
    struct str *out);

/* Standard base64 (RFC 4648 4), with its padding, nothing else in it.
 * {NULL, 0}: that is none, or the arena is full. */
struct str auth_base64(struct str text, struct arena *a);

/* The same of base64url (RFC 4648 5), without padding. */
struct str auth_base64url(struct str text, struct arena *a);

/*
 * A no that asks for credentials: SCHEME realm="..." and what is behind it.
 * 0, or -1 and e: overloaded.
 */
int auth_challenge(const struct auth_ask *ask, struct auth_answer *out,
    struct str scheme, struct str more, struct err *e);

/* -1, and e: overloaded. */
int auth_full(struct err *e);

/* ---- what was right ---- */

/* Up to 4096 texts that were right, as digests with a key of their own. */
struct auth_right;

struct auth_right *auth_right_new(void);
void auth_right_free(struct auth_right **r);

/* Is it one of them? 1, 0, or -1 and e: internal; *d is of the text. */
ATTR_MUST_USE
int auth_right_knows(struct auth_right *r, struct str what, struct digest *d,
    struct err *e);
void auth_right_note(struct auth_right *r, const struct digest *d);

/* ---- a file of secrets, a line each ---- */

struct auth_line {
	struct str key;
	struct str rest;
	size_t number; /* from 1 */
};

struct auth_lines {
	struct secret text;
	struct auth_line *list; /* in the order of the file */
	size_t count;
	uint32_t *slots; /* by a keyed hash: index + 1, 0 is empty */
	size_t mask;
	struct hash_key hash;
};

/*
 * Cuts a line, which may be written to, into key and rest: 0, or -1 and e->text
 * ("what, what was expected") and *column, from 1.
 */
typedef int auth_lines_cut(struct secret line, struct auth_line *out,
    size_t *column, struct err *e);

/* Reads the section's `file`. Empty lines, and those that begin with '#', are
 * none. 0, or -1: each mistake was told with the file's line. */
ATTR_MUST_USE
int auth_lines_load(const struct auth_loading *l, auth_lines_cut *cut,
    struct auth_lines *out);

/* The same of a text, which it takes over. */
ATTR_MUST_USE
int auth_lines_take(const struct auth_loading *l, struct secret *text,
    auth_lines_cut *cut, struct auth_lines *out);
void auth_lines_free(struct auth_lines *lines);

/* The line of that key, or NULL; in a time that says nothing of other keys. */
const struct auth_line *auth_lines_find(const struct auth_lines *lines,
    struct str key);

/* How bearer and basic cut theirs, for tests. */
auth_lines_cut auth_bearer_cut, auth_basic_cut;

#endif
