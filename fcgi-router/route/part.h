/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * part: what patterns are made of, and the table of variables.
 */
#ifndef ROUTE_PART_H
#define ROUTE_PART_H

#include "base/str.h"

/* What a pattern is made of. */
enum pattern_variable {
#define VARIABLE(name, word, key, authority, service, path, manual) \
	PATTERN_##name,
#include "route/variable.tbl.h"
#undef VARIABLE
	PATTERN_VARIABLE_COUNT, /* last variable */
	PATTERN_LITERAL = 255   /* no variable: text */
};

enum pattern_context {
	PATTERN_IN_AUTHORITY = 0, /* and in service names */
	PATTERN_IN_PATH,
	PATTERN_IN_QUERY,
	PATTERN_IN_HEADER,
	PATTERN_CONTEXT_COUNT /* last */
};

struct pattern_part {
	enum pattern_variable variable;
	enum pattern_context context;
	uint8_t capture; /* PATTERN_CAPTURE: which one */
	struct str text; /* a literal's bytes; a variable's key ({tag.K}) */
};

struct pattern {
	struct pattern_part *parts;
	size_t count;
};

/* The variable's word, "" for captures; does it take a key; its manual. */
const char *pattern_word(enum pattern_variable v);
bool pattern_has_key(enum pattern_variable v);
bool pattern_in_authority(enum pattern_variable v);
bool pattern_in_service(enum pattern_variable v); /* in its name */
bool pattern_is_path(enum pattern_variable v);
const char *pattern_manual(enum pattern_variable v);

/* true and *out: the variable of that word (not captures). */
bool pattern_find(struct str word, enum pattern_variable *out);

/* Has it a variable at all? */
bool pattern_is_fixed(const struct pattern *p);

#endif
