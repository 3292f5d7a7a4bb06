/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * input: the lines of a file or of stdin, one after the other, in bounded
 * memory.
 */
#ifndef TOOLS_INPUT_H
#define TOOLS_INPUT_H

#include "base/check.h"
#include "base/err.h"

/* Of a line; what follows is dropped. */
enum { INPUT_LINE_MAX = 128 * 1024 };

struct input;

struct input_line {
	struct str text; /* without LF or CR LF; until the next call */
	uint64_t number; /* from 1 */
	bool cut;        /* longer than INPUT_LINE_MAX */
	bool open;       /* the last one, and no LF ends it */
};

/*
 * "-" is stdin. What stands in stdout is flushed before each read, since that
 * may wait: who writes a line and waits for its answer gets it.
 * 0 and *out, or -1 and e.
 */
ATTR_MUST_USE
int input_open(const char *path, struct input **out, struct err *e);
void input_close(struct input **in);

/* What people call it: the path, or "stdin". */
const char *input_name(const struct input *in);

/* 1 and *line; 0: there are no more; -1 and e. */
ATTR_MUST_USE
int input_next(struct input *in, struct input_line *line, struct err *e);

#endif
