/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tail_line: a finished exchange on one line, for people: when, status, time it
 * took, method, client, URL, service, origin, reason.
 *
 * On a terminal in columns, no wider than that; else whole, with TABs between.
 * What others chose is escaped.
 */
#ifndef TOOLS_TAIL_LINE_H
#define TOOLS_TAIL_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "report/record.h"

enum {
	TAIL_LINE_MAX = 16 * 1024,
	TAIL_LINE_NARROW = 60 /* a line is no narrower */
};

struct tail_line {
	size_t width; /* columns of the terminal; 0: it is none */
	bool colours;
};

/* How stdout wants it: as a terminal, if it is one; NO_COLOR in the
 * environment and dumb ones have no colours. */
struct tail_line tail_line_of_stdout(void);

/* Writes the line with its LF, no NUL; its length. */
size_t tail_line_print(const struct tail_line *l, const struct record *r,
    char to[TAIL_LINE_MAX]);

/* The same of what stands over the columns. */
size_t tail_line_head(const struct tail_line *l, char to[TAIL_LINE_MAX]);

#endif
