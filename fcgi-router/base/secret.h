/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * secret: reads a file that only some may read: passwords, tokens, keys.
 *
 * It is refused where others than its owner and group can read it, others than
 * its owner write it, or where somebody else than root or the router's own
 * user is its owner. A symbolic link is followed; what is judged is the file
 * that was opened.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/err.h"
#include "base/str.h"

/* A file's bytes, with a NUL behind them; it may be written to. */
struct secret {
	char *p;
	size_t n;
};

/* most: of its bytes. 0 and *out, or -1 and e->text: what is wrong with it,
 * and what was expected, without its path. */
ATTR_MUST_USE
int secret_read(const char *path, size_t most, struct secret *out,
    struct err *e);

/* The same of a file that anybody may read, but only its owner write. */
ATTR_MUST_USE
int secret_read_shown(const char *path, size_t most, struct secret *out,
    struct err *e);

/* Zeroes the bytes and frees them; from any state. */
void secret_free(struct secret *s);

#endif
