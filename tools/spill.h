/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * spill: what does not fit into memory, in files that have no name.
 *
 * They are made in $TMPDIR, else in a folder that the caller has room in, and
 * are gone with their descriptor, however the program ends.
 */
#ifndef TOOLS_SPILL_H
#define TOOLS_SPILL_H

#include <stddef.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"

/*
 * A new file, open for reading and writing. folder: where there is no $TMPDIR;
 * NULL: /tmp. The descriptor, or -1 and e.
 */
ATTR_MUST_USE int spill_open(const char *folder, struct err *e);

/* All n bytes to offset `at`. 0, or -1 and e (the disk is full). */
ATTR_MUST_USE
int spill_write(int fd, const char *bytes, size_t n, off_t at, struct err *e);

/* All n bytes from offset `at`. 0, or -1 and e. */
ATTR_MUST_USE
int spill_read(int fd, char *to, size_t n, off_t at, struct err *e);

#endif
