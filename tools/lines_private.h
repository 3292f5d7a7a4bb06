/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * lines_private: what the files of lines share. lines.c knows which lines make
 * an entry, lines_cut.c what is within one line.
 */
#ifndef TOOLS_LINES_PRIVATE_H
#define TOOLS_LINES_PRIVATE_H

#include "tools/lines.h"

static inline bool
lines_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Where the blanks end that begin at `at`. */
size_t lines_skip(struct str line, size_t at);

/* Nothing in it, or a comment? */
bool lines_is_silent(struct str line);

/* Tells of the current line, at this byte of it. */
void lines_tell(struct lines *l, enum lint_finding f, struct str line,
    size_t at, struct str quoted);

/* Is the line text: UTF-8 without control characters? Tells where not. */
bool lines_check(struct lines *l, struct str line);

/*
 * Cuts a checked line into tokens, in the arena. clause: of one that stands in
 * the first place, the rest may be raw. 1 and *out; 0: broken, and told; -1:
 * the arena is full.
 */
ATTR_MUST_USE
int lines_cut(struct lines *l, struct str line, bool clause, struct arena *a,
    struct lines_line *out);

#endif
