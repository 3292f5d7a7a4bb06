/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * watch: has the file at a path become another one, or another content?
 *
 * By stat of the path: device, inode, size, mtime and ctime. One watch belongs
 * to one thread.
 */
#ifndef BASE_WATCH_H
#define BASE_WATCH_H

#include <stdbool.h>

#include "base/file.h"

struct watch {
	char path[FILE_PATH_MAX];
	bool there;        /* at the last look */
	struct file_id id; /* at the last look, if there */
};

/* Takes what is there now as seen. A path that is too long is cut by CHECK. */
void watch_init(struct watch *w, const char *path);

/*
 * true: it appeared, vanished or changed since the last look that said so.
 * A stat that fails for another reason than absence counts as no change.
 */
bool watch_look(struct watch *w);

/* The next look says true, whatever is there: what was read did not serve. */
void watch_forget(struct watch *w);

#endif
