/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * reader: a list that is read twice, through a window.
 *
 * What cannot be read twice (stdin, a pipe) is copied to a temporary file
 * (spill.h) first. A file that is another one at the second reading, or is
 * written to during one, is an error: what was read would be two halves.
 */
#ifndef TOOLS_READER_H
#define TOOLS_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

enum { READER_WINDOW = 1 << 20 }; /* the most that is at hand at once */

struct reader;

/* path: "-" is stdin. folder is for spill_open. Both are borrowed. Nothing is
 * opened yet. Fails only for memory (CHECK). */
struct reader *reader_new(const char *path, const char *folder);
void reader_free(struct reader **r);

/* Begins a reading: nothing is at hand. 0, or -1 and e. */
ATTR_MUST_USE int reader_begin(struct reader *r, struct err *e);

/*
 * Drops the first `done` bytes at hand and reads more behind the others; *view
 * is what is at hand then, borrowed until the next call. 1; 0: there is no
 * more, at the list's end or because the window is full; -1 and e.
 */
ATTR_MUST_USE
int reader_more(struct reader *r, size_t done, struct str *view,
    struct err *e);

/* Ends a reading: gives back what only that needs. */
void reader_end(struct reader *r);

/* Is all at hand that is not dropped, and no more to come? */
bool reader_at_end(const struct reader *r);

/* How many bytes of it this reading has come past, or is about to. */
uint64_t reader_done(const struct reader *r);

#endif
