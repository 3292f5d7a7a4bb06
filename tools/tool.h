/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tool: what all tools share: exit codes, usage, results that must arrive on
 * stdout, and reading an input as a whole.
 *
 * Results go to stdout, talk to stderr as "prog: text"; success is silent. A
 * result that could not be written is trouble, never success.
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"

enum tool_exit {
	TOOL_YES = 0,
	TOOL_NO,
	TOOL_USAGE,
	TOOL_TROUBLE,
	TOOL_EXIT_COUNT /* last */
};

/* A program's words; static text. */
struct tool {
	const char *name;
	const char *usage; /* "prog [-x] FILE", one line */
	const char *help;  /* the lines below it, each with its LF */
};

/* Call first: names the program in what it says, and readies it for maps that
 * change while they are read. t is borrowed for good. */
void tool_init(const struct tool *t);

/* Says what is wrong with the command line and how it should look. */
ATTR_PRINTF(2, 3) ATTR_MUST_USE
int tool_usage(const struct tool *t, const char *fmt, ...);

/* Write the help or the version to stdout; the exit code. */
ATTR_MUST_USE int tool_help(const struct tool *t);
ATTR_MUST_USE int tool_version(const struct tool *t);

/* Says e and answers TOOL_TROUBLE. */
ATTR_MUST_USE int tool_trouble(const struct err *e);

/*
 * Ends the results: `code`, or TOOL_TROUBLE when stdout did not take all of
 * them.
 */
ATTR_MUST_USE int tool_end(int code);

/*
 * Reads a whole file, or stdin when path is "-", behind what `to` holds.
 * 0, or -1 and e: it cannot be read, or `to` is full.
 */
ATTR_MUST_USE
int tool_read(const char *path, struct buf *to, struct err *e);

#endif
