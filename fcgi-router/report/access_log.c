/* SPDX-License-Identifier: BSD-2-Clause */

/* access_log: one descriptor, under which files are exchanged. */

#include "report/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/msg.h"
#include "report/system_log.h"

/*
 * Writers read fd and path, which never change, and set the flags; the rest
 * belongs to the thread that looks.
 */
struct access_log {
	int fd; /* -1: none */
	bool is_file;
	bool is_stderr;
	bool is_socket;
	bool asks;            /* whether a write would block */
	bool told_open;       /* that it cannot be opened again */
	atomic_bool trouble;  /* a line was lost since the last look */
	atomic_bool told;     /* that lines are lost */
	atomic_bool wrote;    /* a line since the last one that was lost */
	atomic_bool torn;     /* it may end within a line */
	atomic_bool gone;     /* no folder has the file */
	struct system_log system;
	char path[FILE_PATH_MAX];
	char *note;
};

enum { ACCESS_LOG_TAIL = 64 * 1024 }; /* in which a note is looked for */

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

/* What stands there, up to what the room holds. */
static struct str
access_log_read(int fd, off_t from, char room[ACCESS_LOG_TAIL])
{
	ssize_t n = pread(fd, room, ACCESS_LOG_TAIL, from);

	return (struct str){ room, n > 0 ? (size_t)n : 0 };
}

/* The last line that is a note, of whichever settings; empty: none is. */
static struct str
access_log_last_note(struct str text, struct str note)
{
	struct str begin = str_sub(note, 0, str_find(note, ':'));
	struct str line, last = { NULL, 0 };

	while (text.n > 0) {
		(void)str_cut(text, '\n', &line, &text);
		if (str_starts(line, begin))
			last = line;
	}
	return last;
}

/* Is the file's last note this one (without its LF)? It is looked for where the
 * file ends and where it begins. One that cannot be read has none. */
static bool
access_log_has_note(const char *path, struct str note)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *room = malloc(ACCESS_LOG_TAIL);
	off_t end = lseek(fd, 0, SEEK_END);
	off_t from = end > ACCESS_LOG_TAIL ? end - ACCESS_LOG_TAIL : 0;
	struct str last, rest;
	bool has = false;

	if (room != NULL && end > 0) {
		rest = access_log_read(fd, from, room);
		last = access_log_last_note(rest, note);
		if (last.n == 0)
			(void)str_cut(access_log_read(fd, 0, room), '\n',
			    &last, &rest);
		has = str_eq(last, note);
	}
	free(room);
	if (fd != -1)
		close(fd);
	return has;
}

static bool
access_log_is_regular(int fd, struct stat *st)
{
	return fstat(fd, st) == 0 && S_ISREG(st->st_mode);
}

/* Does it end within a line, of whichever process? What cannot be read does. */
static bool
access_log_ends_torn(const struct access_log *l)
{
	struct stat st;
	char link[64], last = '\0';
	int fd;

	if (!access_log_is_regular(l->fd, &st))
		return true;
	if (st.st_size == 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", l->fd);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return true;
	if (pread(fd, &last, 1, st.st_size - 1) != 1)
		last = '\0';
	close(fd);
	return last != '\n';
}

static void
access_log_put_note(struct access_log *l)
{
	struct str note = str_of(l->note);
	struct stat st;

	if (note.n == 0 || !access_log_is_regular(l->fd, &st) ||
	    access_log_has_note(l->path, str_sub(note, 0, note.n - 1)))
		return;
	(void)access_log_write(l, note);
}

/* Something in the place of a file that is waited for: descriptors keep their
 * numbers. */
static int
access_log_open_nothing(struct access_log *l, struct err *e)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return err_set(e, REASON_INTERNAL, "/dev/null: %s",
		    strerror(errno));
	msg_error("access log %s: lines are lost until it opens", e->text);
	l->told_open = true;
	atomic_store(&l->gone, true);
	return fd;
}

/*
 * Who reads stderr may be stuck. Of a pipe we get a descriptor of our own that
 * does not block, unless the pipe is another user's.
 */
static void
access_log_begin_stderr(struct access_log *l)
{
	struct stat st;

	l->is_stderr = true;
	if (fstat(STDERR_FILENO, &st) == 0) {
		l->is_socket = S_ISSOCK(st.st_mode);
		if (S_ISFIFO(st.st_mode))
			l->fd = open("/proc/self/fd/2", O_WRONLY | O_CLOEXEC |
			    O_NONBLOCK);
		l->asks = S_ISFIFO(st.st_mode) && l->fd == -1;
	}
	if (l->fd == -1)
		l->fd = STDERR_FILENO;
}

/* 0, or -1 and e. */
static int
access_log_begin(struct access_log *l, const struct access_log_says *says,
    struct err *e)
{
	l->note = strdup(says->note);
	if (l->note == NULL)
		return err_set(e, REASON_INTERNAL, "%s: out of memory",
		    l->path);
	if (strcmp(l->path, "none") == 0)
		return 0;
	if (strcmp(l->path, "stderr") == 0) {
		access_log_begin_stderr(l);
		return 0;
	}
	if (strcmp(l->path, "syslog") == 0)
		return system_log_init(&l->system, says->syslog, e);
	l->is_file = true;
	l->fd = access_log_open_file(l->path, e);
	if (l->fd == -1)
		l->fd = access_log_open_nothing(l, e);
	if (l->fd == -1)
		return -1;
	access_log_put_note(l);
	return 0;
}

int
access_log_open(const struct access_log_says *says, struct access_log **out,
    struct err *e)
{
	size_t n = strlen(says->where);
	struct access_log *l;

	if (n >= sizeof(l->path))
		return err_set(e, REASON_INTERNAL, "%s: path too long",
		    says->where);
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return err_set(e, REASON_INTERNAL, "%s: out of memory",
		    says->where);
	memcpy(l->path, says->where, n + 1);
	l->fd = l->system.fd = -1;
	if (access_log_begin(l, says, e) == -1) {
		access_log_close(&l);
		return -1;
	}
	*out = l;
	return 0;
}

void
access_log_close(struct access_log **l)
{
	if (*l == NULL)
		return;
	if ((*l)->fd != -1 && (*l)->fd != STDERR_FILENO)
		close((*l)->fd);
	system_log_fini(&(*l)->system);
	free((*l)->note);
	free(*l);
	*l = NULL;
}

bool
access_log_wanted(const struct access_log *l)
{
	return l->fd != -1 || l->system.fd != -1;
}

/* The line is written: answers true. */
static bool
access_log_done(struct access_log *l)
{
	if (atomic_load(&l->told))
		atomic_store(&l->wrote, true);
	return true;
}

/* Answers false. */
static bool
access_log_failed(struct access_log *l, const char *why)
{
	atomic_store(&l->trouble, true);
	atomic_store(&l->wrote, false);
	/* Who does not read stderr is told nothing there either. */
	if (!l->is_stderr && !atomic_exchange(&l->told, true))
		msg_error("access log %s: lines are lost: %s", l->path, why);
	return false;
}

static bool
access_log_write_system(struct access_log *l, struct str line)
{
	if (system_log_write(&l->system, str_sub(line, 0, line.n - 1)) == 0)
		return access_log_done(l);
	return access_log_failed(l, strerror(errno));
}

/* As writev(2), but for errors that pass at once. */
static ssize_t
access_log_put(const struct access_log *l, struct iovec parts[2])
{
	const struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };
	struct pollfd to = { .fd = l->fd, .events = POLLOUT };
	ssize_t wrote;

	if (l->asks && poll(&to, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	do {
		wrote = l->is_socket ?
		    sendmsg(l->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) :
		    writev(l->fd, parts, 2);
	} while (wrote == -1 && errno == EINTR);
	return wrote;
}

bool
access_log_write(struct access_log *l, struct str line)
{
	/* What follows half a line begins on a new one. */
	bool torn = atomic_load(&l->torn) &&
	    atomic_exchange(&l->torn, false) && access_log_ends_torn(l);
	char end[] = ACCESS_LOG_TORN "\n";
	size_t before = torn ? sizeof(end) - 1 : 0;
	struct iovec parts[2] = { { end, before },
		{ (void *)(uintptr_t)line.p, line.n } };
	struct stat st;
	ssize_t wrote;

	if (line.n == 0 || !access_log_wanted(l))
		return true;
	if (l->system.fd != -1)
		return access_log_write_system(l, line);
	if (atomic_load(&l->gone))
		return access_log_failed(l,
		    "there is no file, and none can be opened");
	wrote = access_log_put(l, parts);
	if (wrote == (ssize_t)(before + line.n))
		return access_log_done(l);
	/* A full disk may have taken half a line of another process. */
	if (wrote == -1 ? torn || access_log_is_regular(l->fd, &st) :
	    wrote != (ssize_t)before)
		atomic_store(&l->torn, true);
	return access_log_failed(l, wrote == -1 ? strerror(errno) :
	    "a short write");
}

/* Of half a line of ours others know nothing. */
static void
access_log_heal(struct access_log *l)
{
	const struct str end = STR(ACCESS_LOG_TORN "\n");
	struct stat st;

	if (!access_log_is_regular(l->fd, &st) ||
	    !atomic_exchange(&l->torn, false))
		return;
	if (access_log_ends_torn(l) &&
	    write(l->fd, end.p, end.n) != (ssize_t)end.n)
		atomic_store(&l->torn, true);
}

static void
access_log_reopen(struct access_log *l)
{
	struct err e;
	struct stat st;
	int fd = access_log_open_file(l->path, &e);

	if (fd == -1) {
		bool gone = fstat(l->fd, &st) == 0 &&
		    (st.st_nlink == 0 || S_ISCHR(st.st_mode));

		atomic_store(&l->gone, gone);
		if (!l->told_open)
			msg_error("access log %s: %s", e.text, gone ?
			    "lines are lost until it opens" :
			    "the old file is kept");
		l->told_open = true;
		return;
	}
	l->told_open = false;
	/* Whoever writes just now writes to the old or to the new one. */
	if (dup3(fd, l->fd, O_CLOEXEC) == -1)
		msg_error("access log %s: %s", l->path, strerror(errno));
	else
		atomic_store(&l->torn, false);
	atomic_store(&l->gone, false);
	close(fd);
	access_log_put_note(l);
}

void
access_log_look(struct access_log *l)
{
	struct file_id there, ours;
	int got;

	if (!atomic_exchange(&l->trouble, false) &&
	    atomic_exchange(&l->wrote, false))
		atomic_store(&l->told, false);
	if (!l->is_file)
		return;
	got = file_identify(l->path, &there);
	if (got == -1 || file_identify_fd(l->fd, &ours) == -1)
		return;
	if (got == 0 || there.dev != ours.dev || there.inode != ours.inode)
		access_log_reopen(l);
	else if (atomic_load(&l->torn))
		access_log_heal(l);
}
