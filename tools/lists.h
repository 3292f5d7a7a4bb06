/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * lists: which files are to be read: those that were named, and of a folder
 * its *.list in the order of their names.
 */
#ifndef TOOLS_LISTS_H
#define TOOLS_LISTS_H

#include <stddef.h>

#include "base/check.h"
#include "base/err.h"

struct lists {
	char **names; /* in the order in which they are read */
	size_t count;
	size_t room;
};

/*
 * Adds a file as it is named ("-" is stdin), or what a folder holds; files
 * whose names begin with a dot are none of it. 0, or -1 and e: the folder
 * cannot be read, there is no list in it, a control byte is in a name.
 */
ATTR_MUST_USE
int lists_add(struct lists *l, const char *name, struct err *e);

void lists_fini(struct lists *l);

#endif
