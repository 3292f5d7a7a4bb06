/* SPDX-License-Identifier: BSD-2-Clause */

/* access_log: one descriptor, under which files are exchanged. */

#include "report/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/msg.h"

/*
 * Writers read fd and path, which never change, and set the flags; the rest
 * belongs to the thread that looks.
 */
struct access_log {
	int fd; /* -1: none */
	bool is_file;
	bool told_open;       /* that it cannot be opened again */
	atomic_bool trouble;  /* a line was lost since the last look */
	atomic_bool told;     /* that lines are lost */
	atomic_bool torn;     /* the file ends within a line */
	char path[FILE_PATH_MAX];
};

/* The descriptor, or -1 and e. */
static int
access_log_open_file(const char *path, struct err *e)
{
	struct stat st;
	/* O_NONBLOCK: neither a FIFO nor a device holds us up. */
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY, 0640);

	if (fd == -1)
		return err_set(e, REASON_INTERNAL, "%s: cannot open: %s", path,
		    errno == ENXIO ? "nobody reads it" : strerror(errno));
	if (fstat(fd, &st) == -1) {
		err_set(e, REASON_INTERNAL, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) {
		err_set(e, REASON_INTERNAL,
		    "%s: neither a regular file nor a FIFO", path);
		goto out;
	}
	return fd;
out:
	close(fd);
	return -1;
}

int
access_log_open(const char *where, struct access_log **out, struct err *e)
{
	struct access_log *l;

	if (strlen(where) >= sizeof(l->path))
		return err_set(e, REASON_INTERNAL, "%s: path too long", where);
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return err_set(e, REASON_INTERNAL, "%s: out of memory", where);
	memcpy(l->path, where, strlen(where) + 1);
	l->fd = -1;
	if (strcmp(where, "stderr") == 0) {
		l->fd = STDERR_FILENO;
	} else if (strcmp(where, "none") != 0) {
		l->is_file = true;
		l->fd = access_log_open_file(where, e);
		if (l->fd == -1) {
			access_log_close(&l);
			return -1;
		}
	}
	*out = l;
	return 0;
}

void
access_log_close(struct access_log **l)
{
	if (*l == NULL)
		return;
	if ((*l)->is_file && (*l)->fd != -1)
		close((*l)->fd);
	free(*l);
	*l = NULL;
}

bool
access_log_wanted(const struct access_log *l)
{
	return l->fd != -1;
}

static void
access_log_failed(struct access_log *l, const char *why)
{
	atomic_store(&l->trouble, true);
	if (!atomic_exchange(&l->told, true))
		msg_error("access log %s: lines are lost: %s", l->path, why);
}

void
access_log_write(struct access_log *l, struct str line)
{
	/* What follows half a line begins on a new one. */
	bool torn = atomic_load(&l->torn) && atomic_exchange(&l->torn, false);
	char lf[] = "\n";
	struct iovec parts[2] = { { lf, torn },
		{ (void *)(uintptr_t)line.p, line.n } };
	ssize_t wrote;

	if (l->fd == -1 || line.n == 0)
		return;
	do {
		wrote = writev(l->fd, parts, 2);
	} while (wrote == -1 && errno == EINTR);
	if (wrote == (ssize_t)(line.n + torn))
		return;
	if (wrote == -1 ? torn : wrote != torn)
		atomic_store(&l->torn, true);
	access_log_failed(l, wrote == -1 ? strerror(errno) : "a short write");
}

static void
access_log_reopen(struct access_log *l)
{
	struct err e;
	int fd = access_log_open_file(l->path, &e);

	if (fd == -1) {
		if (!l->told_open)
			msg_error("access log %s: the old file is kept",
			    e.text);
		l->told_open = true;
		return;
	}
	l->told_open = false;
	/* Whoever writes just now writes to the old or to the new one. */
	if (dup3(fd, l->fd, O_CLOEXEC) == -1)
		msg_error("access log %s: %s", l->path, strerror(errno));
	else
		atomic_store(&l->torn, false);
	close(fd);
}

void
access_log_look(struct access_log *l)
{
	struct file_id there, ours;
	int got;

	if (!atomic_exchange(&l->trouble, false))
		atomic_store(&l->told, false);
	if (!l->is_file)
		return;
	got = file_identify(l->path, &there);
	if (got == -1 || file_identify_fd(l->fd, &ours) == -1)
		return;
	if (got == 0 || there.dev != ours.dev || there.inode != ours.inode)
		access_log_reopen(l);
}
