/* SPDX-License-Identifier: BSD-2-Clause */

/* watch: remembers an identity and compares. */

#include "base/watch.h"

#include <string.h>

void
watch_init(struct watch *w, const char *path)
{
	CHECK(strlen(path) < sizeof(w->path));
	memset(w, 0, sizeof(*w));
	memcpy(w->path, path, strlen(path) + 1);
	(void)watch_look(w);
}

bool
watch_look(struct watch *w)
{
	struct file_id now = { 0 };
	int got = file_identify(w->path, &now);
	bool changed;

	if (got == -1)
		return false;
	changed = w->there != (got == 1) ||
	    (got == 1 && !file_same(&now, &w->id));
	w->there = got == 1;
	w->id = now;
	return changed;
}

void
watch_forget(struct watch *w)
{
	memset(&w->id, 0xff, sizeof(w->id));
	w->there = true;
}
