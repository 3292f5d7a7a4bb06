/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * input: a list that is read twice, through a window.
 *
 * What cannot be read twice (stdin, a pipe) is copied to a temporary file
 * (spill.h) first. A file that is another one at the second reading, or is
 * written to during one, is an error: what was read would be two halves.
 */
#ifndef TOOLS_INPUT_H
#define TOOLS_INPUT_H

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

enum { INPUT_WINDOW = 1 << 20 }; /* the most that is at hand at once */

struct input;

/* path: "-" is stdin. folder is for spill_open. Both are borrowed. Nothing is
 * opened yet. Fails only for memory (CHECK). */
struct input *input_new(const char *path, const char *folder);
void input_free(struct input **in);

/* Begins a reading: nothing is at hand. 0, or -1 and e. */
ATTR_MUST_USE int input_begin(struct input *in, struct err *e);

/*
 * Drops the first `done` bytes at hand and reads more behind the others; *view
 * is what is at hand then, borrowed until the next call. 1; 0: there is no
 * more, at the list's end or because the window is full; -1 and e.
 */
ATTR_MUST_USE
int input_more(struct input *in, size_t done, struct str *view,
    struct err *e);

/* Is all at hand that is not dropped, and no more to come? */
bool input_at_end(const struct input *in);

#endif
