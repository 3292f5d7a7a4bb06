/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * lint: findings in text files, told in the compilers' form
 * "file:line:col: error: what, what was expected".
 *
 * Each kind of finding is a row of lint.tbl.h. Findings are kept until
 * lint_flush writes them in the order of the text; more than some thousands of
 * them are in temporary files meanwhile (sorter.h). What they quote is written
 * with control characters escaped, so that a list cannot drive a terminal.
 */
#ifndef TOOLS_LINT_H
#define TOOLS_LINT_H

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum lint_severity {
	LINT_ERROR = 0,
	LINT_WARNING,
	LINT_SEVERITY_COUNT /* last */
};

enum lint_finding {
#define LINT(name, id, severity, sentence) LINT_##name,
#include "tools/lint.tbl.h"
#undef LINT
	LINT_COUNT /* last */
};

/* Static text: the name of the finding's test; its sentence with %1 and %2. */
const char *lint_id(enum lint_finding f);
const char *lint_sentence(enum lint_finding f);
enum lint_severity lint_severity(enum lint_finding f);

struct lint_place {
	struct str file; /* as named on the command line */
	uint32_t rank;   /* of the file, in the order of the command line */
	uint32_t line;   /* from 1 */
	uint32_t col;    /* in characters, from 1 */
};

struct lint_told {
	struct lint_place place;
	enum lint_finding finding;
	struct str text;
};

struct sorter;

struct lint {
	struct arena arena;
	struct arena older; /* what was there before the last were moved */
	struct sorter *moved; /* findings; NULL: none */
	struct err lost;    /* why some could not be moved, if it has a text */
	struct lint_told *told;
	size_t count;
	size_t room;
	size_t errors;
	size_t warnings;
};

void lint_init(struct lint *l);
void lint_fini(struct lint *l);

/*
 * Keeps a finding; a and b stand for %1 and %2 of its sentence, and are
 * copied (of a long a the beginning). It counts even when there is no memory
 * left to keep its text.
 */
void lint_tell(struct lint *l, enum lint_finding f, struct lint_place at,
    struct str a, struct str b);

/* "file:line:col", to be quoted in one of the next thousand findings. */
struct str lint_place_print(struct lint *l, struct lint_place at);

/* Writes what was told, sorted by place, and forgets it but for the counts. */
void lint_flush(struct lint *l, FILE *to);

#endif
