/* SPDX-License-Identifier: BSD-2-Clause */

/* secret: open, look at what was opened, read. */

#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_GROWS = 4096 }; /* it may, while it is read */

/* Why it is not to be read, or NULL. */
static const char *
secret_look(const struct stat *st, bool shown, size_t most)
{
	if (!S_ISREG(st->st_mode))
		return "it is no regular file, expected one";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it is somebody else's, expected root's or the "
		    "router's user's";
	if (shown && (st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "others can write it, expected mode 0644";
	if (!shown && (st->st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return "others can read or write it, expected mode 0600, or "
		    "0640 for a group";
	if ((uint64_t)st->st_size > most)
		return "it is too large";
	return NULL;
}

/* The bytes of an open file. 0 or -1: errno. */
static int
secret_take(int fd, size_t room, struct secret *out)
{
	ssize_t got;

	out->p = malloc(room + 1);
	if (out->p == NULL)
		return -1;
	do {
		got = read(fd, out->p + out->n, room - out->n);
		if (got > 0)
			out->n += (size_t)got;
	} while (got > 0 || (got == -1 && errno == EINTR));
	out->p[out->n] = '\0';
	return got == -1 ? -1 : 0;
}

static int
secret_read_as(const char *path, bool shown, size_t most, struct secret *out,
    struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *why = NULL;
	struct stat st;

	*out = (struct secret){ NULL, 0 };
	if (fd == -1 || fstat(fd, &st) == -1)
		why = strerror(errno);
	else
		why = secret_look(&st, shown, most);
	if (why == NULL && secret_take(fd, (size_t)st.st_size + SECRET_GROWS,
	    out) == -1)
		why = strerror(errno);
	if (fd != -1)
		close(fd);
	if (why == NULL)
		return 0;
	secret_free(out);
	return err_set(e, REASON_INTERNAL, "%s", why);
}

int
secret_read(const char *path, size_t most, struct secret *out, struct err *e)
{
	return secret_read_as(path, false, most, out, e);
}

int
secret_read_shown(const char *path, size_t most, struct secret *out,
    struct err *e)
{
	return secret_read_as(path, true, most, out, e);
}

void
secret_free(struct secret *s)
{
	if (s->p != NULL)
		explicit_bzero(s->p, s->n);
	free(s->p);
	*s = (struct secret){ NULL, 0 };
}
