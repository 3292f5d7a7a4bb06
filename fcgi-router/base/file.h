/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * file: which file a path is now, and replacing a file as a whole.
 *
 * An identity is device, inode, size, mtime and ctime: `rsync -a` and `cp -p`
 * keep mtime, so ctime belongs to it.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/check.h"
#include "base/err.h"

struct file_id {
	dev_t dev;
	ino_t inode;
	off_t size;
	struct timespec mtime;
	struct timespec ctime;
};

/* 1 and *out: it exists; 0: no such file; -1: stat failed, errno says why. */
int file_identify(const char *path, struct file_id *out);

/* 0 and *out, or -1, errno says why. */
ATTR_MUST_USE int file_identify_fd(int fd, struct file_id *out);

/* All five parts. */
bool file_same(const struct file_id *a, const struct file_id *b);

/* Size and mtime: has the content of an open file been written over? */
bool file_same_content(const struct file_id *a, const struct file_id *b);

enum { FILE_PATH_MAX = 4096 };

/*
 * A new version of a file, built beside it as ".NAME.new" under a lock and put
 * in its place by rename. Killed at any instant: the old file is whole; the
 * next file_replace_begin clears what was left.
 */
struct file_replace {
	int fd;                     /* of the new file, open for writing */
	int lock;                   /* of the lock, or -1 */
	char path[FILE_PATH_MAX];   /* the file to be replaced */
	char fresh[FILE_PATH_MAX];  /* the new one, until the rename */
};

/*
 * Takes the lock (waits for another run, which is told by msg), removes an old
 * left-over, creates the empty new file with mode 0600. A symbolic link is
 * followed: its target is replaced, or created. A device, a folder or the like
 * is refused. 0, or -1 and e.
 */
ATTR_MUST_USE
int file_replace_begin(struct file_replace *r, const char *path,
    struct err *e);

/*
 * Mode of the old file, else 0644 less umask; its owner where possible (if
 * not, a warning by msg). fsync, rename, fsync of the folder, unlock. 0, or
 * -1 and e, the new file removed and the old one as it was.
 */
ATTR_MUST_USE int file_replace_commit(struct file_replace *r, struct err *e);

/* Removes the new file and unlocks. Nothing to do after a commit. */
void file_replace_abort(struct file_replace *r);

#endif
