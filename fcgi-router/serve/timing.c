/* SPDX-License-Identifier: BSD-2-Clause */

/* timing: three numbers as text. */

#include "serve/timing.h"

#include <inttypes.h>
#include <stdio.h>

enum { TIMING_MAX = 128 };

/* Appends to the n bytes of text; how many it has then. */
static size_t
timing_put(char text[TIMING_MAX], size_t n, const char *name, int64_t us)
{
	if (us < 0)
		return n;
	return n + (size_t)snprintf(text + n, TIMING_MAX - n,
	    "%s%s;dur=%" PRId64 ".%03d", n > 0 ? ", " : "", name, us / 1000,
	    (int)(us % 1000));
}

struct str
timing_text(const struct timing *t, struct arena *a)
{
	char text[TIMING_MAX]; /* for three names and three numbers */
	size_t n = 0;

	n = timing_put(text, n, "route", t->route);
	n = timing_put(text, n, "connect", t->connect);
	n = timing_put(text, n, "origin", t->origin);
	return arena_copy(a, (struct str){ text, n });
}
