/* SPDX-License-Identifier: BSD-2-Clause */

/* file: identity by stat, replacement by rename under a lock of the folder. */

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"

static void
file_fill(struct file_id *out, const struct stat *st)
{
	*out = (struct file_id){ .dev = st->st_dev,
		.inode = st->st_ino,
		.size = st->st_size,
		.mtime = st->st_mtim,
		.ctime = st->st_ctim };
}

int
file_identify(const char *path, struct file_id *out)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	file_fill(out, &st);
	return 1;
}

int
file_identify_fd(int fd, struct file_id *out)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -1;
	file_fill(out, &st);
	return 0;
}

static bool
file_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool
file_same_content(const struct file_id *a, const struct file_id *b)
{
	return a->size == b->size && file_same_time(&a->mtime, &b->mtime);
}

bool
file_same(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->inode == b->inode &&
	    file_same_content(a, b) && file_same_time(&a->ctime, &b->ctime);
}

/* The folder of r->path, "." when it names none. */
static void
file_folder(const struct file_replace *r, char folder[FILE_PATH_MAX])
{
	const char *slash = strrchr(r->path, '/');
	size_t n = slash != NULL ? (size_t)(slash - r->path) : 0;

	if (slash == r->path)
		n = 1;
	if (slash == NULL) {
		folder[0] = '.';
		n = 1;
	} else {
		memcpy(folder, r->path, n);
	}
	folder[n] = '\0';
}

static int
file_replace_names(struct file_replace *r, const char *path, struct err *e)
{
	char target[PATH_MAX];
	const char *base;
	int n;

	if (realpath(path, target) != NULL)
		path = target; /* replace what a symbolic link points at */
	if (strlen(path) >= sizeof(r->path))
		return err_set(e, REASON_INTERNAL, "%s: path too long", path);
	memcpy(r->path, path, strlen(path) + 1);
	base = strrchr(r->path, '/');
	base = base != NULL ? base + 1 : r->path;
	n = snprintf(r->fresh, sizeof(r->fresh), "%.*s.%s.new",
	    (int)(base - r->path), r->path, base);
	if (n < 0 || (size_t)n >= sizeof(r->fresh) || *base == '\0')
		return err_set(e, REASON_INTERNAL, "%s: no usable file name",
		    path);
	return 0;
}

int
file_replace_begin(struct file_replace *r, const char *path, struct err *e)
{
	char folder[FILE_PATH_MAX];
	int got;

	r->fd = r->lock = -1;
	if (file_replace_names(r, path, e) == -1)
		return -1;
	file_folder(r, folder);
	r->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->lock == -1)
		return err_set(e, REASON_INTERNAL, "%s: %s", folder,
		    strerror(errno));
	do {
		got = flock(r->lock, LOCK_EX);
	} while (got == -1 && errno == EINTR);
	if (got == -1) {
		err_set(e, REASON_INTERNAL, "%s: cannot lock: %s", folder,
		    strerror(errno));
		goto out;
	}
	if (unlink(r->fresh) == -1 && errno != ENOENT) {
		err_set(e, REASON_INTERNAL, "%s: cannot remove: %s", r->fresh,
		    strerror(errno));
		goto out;
	}
	r->fd = open(r->fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (r->fd == -1) {
		err_set(e, REASON_INTERNAL, "%s: cannot create: %s", r->fresh,
		    strerror(errno));
		goto out;
	}
	return 0;
out:
	close(r->lock);
	r->lock = -1;
	return -1;
}

/* The mode and owner that the new file must have. */
static int
file_replace_dress(struct file_replace *r, struct err *e)
{
	mode_t mask = umask(0);
	mode_t mode = 0644 & ~mask;
	struct stat old;

	umask(mask);
	if (stat(r->path, &old) == 0) {
		mode = old.st_mode & 07777;
		if ((old.st_uid != geteuid() || old.st_gid != getegid()) &&
		    fchown(r->fd, old.st_uid, old.st_gid) == -1)
			msg_warning("%s: its owner could not be kept: %s",
			    r->path, strerror(errno));
	}
	if (fchmod(r->fd, mode) == -1)
		return err_set(e, REASON_INTERNAL, "%s: cannot set mode: %s",
		    r->fresh, strerror(errno));
	return 0;
}

int
file_replace_commit(struct file_replace *r, struct err *e)
{
	if (file_replace_dress(r, e) == -1)
		goto out;
	if (fsync(r->fd) == -1) {
		err_set(e, REASON_INTERNAL, "%s: fsync: %s", r->fresh,
		    strerror(errno));
		goto out;
	}
	if (rename(r->fresh, r->path) == -1) {
		err_set(e, REASON_INTERNAL, "cannot rename %s to %s: %s",
		    r->fresh, r->path, strerror(errno));
		goto out;
	}
	if (fsync(r->lock) == -1)
		msg_warning("%s: fsync of its folder: %s", r->path,
		    strerror(errno));
	close(r->fd);
	close(r->lock);
	r->fd = r->lock = -1;
	return 0;
out:
	file_replace_abort(r);
	return -1;
}

void
file_replace_abort(struct file_replace *r)
{
	if (r->fd != -1) {
		unlink(r->fresh);
		close(r->fd);
	}
	if (r->lock != -1)
		close(r->lock);
	r->fd = r->lock = -1;
}
