/* SPDX-License-Identifier: BSD-2-Clause */

/* check: says which promise was broken, then aborts. */

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void
check_failed(const char *file, int line, const char *text)
{
	fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, text);
	abort();
}
