/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * dump: a whole map as a list whose compilation has the same records, what the
 * map says of itself and source positions apart.
 */
#ifndef TOOLS_DUMP_H
#define TOOLS_DUMP_H

#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "route/store.h"

/*
 * Prints it, with the place of each rule before it if `places`. The file is
 * read as a whole first: a changed byte would make another list. 0, or -1 and
 * e; a failure of `to` is the caller's to ask for.
 */
ATTR_MUST_USE
int dump_map(struct store *s, bool places, FILE *to, struct err *e);

#endif
