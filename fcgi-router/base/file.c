/* SPDX-License-Identifier: BSD-2-Clause */

/* file: identity by stat, replacement by rename under a lock of the folder. */

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"

enum { FILE_LINKS_MAX = 40 }; /* as Linux; more are a loop */

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

/* Puts what a link holds in its place: the text `to` names another file then.
 * 0, or -1 and errno. */
static int
file_follow_one(char to[FILE_PATH_MAX], const char *link)
{
	const char *slash = strrchr(to, '/');
	size_t folder = slash != NULL && link[0] != '/' ?
	    (size_t)(slash - to) + 1 : 0;
	size_t n = strlen(link);

	if (folder + n >= FILE_PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(to + folder, link, n + 1);
	return 0;
}

/*
 * The file that symbolic links at `path` lead to, which need not be there
 * (realpath(3) wants it to be). 0, or -1 and errno.
 */
static int
file_follow(const char *path, char to[FILE_PATH_MAX])
{
	char link[FILE_PATH_MAX];
	int links;

	if (strlen(path) >= FILE_PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(to, path, strlen(path) + 1);
	for (links = 0; links < FILE_LINKS_MAX; links++) {
		ssize_t n = readlink(to, link, sizeof(link) - 1);

		if (n == -1) /* no link, or nothing: the end of the way */
			return 0;
		link[n] = '\0';
		if (file_follow_one(to, link) == -1)
			return -1;
	}
	errno = ELOOP;
	return -1;
}

static int
file_replace_names(struct file_replace *r, const char *path, struct err *e)
{
	struct stat st;
	const char *base;
	int n;

	if (file_follow(path, r->path) == -1)
		return err_set(e, REASON_INTERNAL, "%s: %s", path,
		    strerror(errno));
	base = strrchr(r->path, '/');
	base = base != NULL ? base + 1 : r->path;
	n = snprintf(r->fresh, sizeof(r->fresh), "%.*s.%s.new",
	    (int)(base - r->path), r->path, base);
	if (n < 0 || (size_t)n >= sizeof(r->fresh) || *base == '\0')
		return err_set(e, REASON_INTERNAL, "%s: no usable file name",
		    path);
	/* A rename over a device, /dev/null perhaps, would take it away. */
	if (stat(r->path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, REASON_INTERNAL,
		    "%s: not a file, and so not replaced by one", r->path);
	return 0;
}

static int
file_lock(int folder)
{
	int got;

	do
		got = flock(folder, LOCK_EX);
	while (got == -1 && errno == EINTR);
	return got;
}

/* Waits for the lock; whoever waits is told why. 0, or -1 and errno. */
static int
file_lock_wait(const struct file_replace *r)
{
	if (flock(r->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		msg_notice("%s: another run is at work in its folder, waiting "
		    "for it to end", r->path);
	return file_lock(r->lock);
}

int
file_replace_begin(struct file_replace *r, const char *path, struct err *e)
{
	char folder[FILE_PATH_MAX];

	r->fd = r->lock = -1;
	if (file_replace_names(r, path, e) == -1)
		return -1;
	file_folder(r, folder);
	r->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->lock == -1)
		return err_set(e, REASON_INTERNAL, "%s: %s", folder,
		    strerror(errno));
	if (file_lock_wait(r) == -1) {
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
