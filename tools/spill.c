/* SPDX-License-Identifier: BSD-2-Clause */

/* spill: files without names, read and written at offsets. */

#include "tools/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* Where file systems know no files without names: one that has it briefly. */
static int
spill_open_named(const char *folder)
{
	char path[FILE_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/.route-spill.XXXXXX", folder);
	int fd;

	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd != -1)
		(void)unlink(path);
	return fd;
}

int
spill_open(const char *folder, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	int fd = -1;

	if (tmp != NULL && *tmp != '\0')
		folder = tmp;
	else if (folder == NULL)
		folder = "/tmp";
#ifdef O_TMPFILE
	fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
#endif
	if (fd == -1)
		fd = spill_open_named(folder);
	if (fd == -1)
		return err_set(e, REASON_INTERNAL,
		    "cannot make a temporary file in %s: %s", folder,
		    strerror(errno));
	return fd;
}

int
spill_write(int fd, const char *bytes, size_t n, off_t at, struct err *e)
{
	while (n > 0) {
		ssize_t now = pwrite(fd, bytes, n, at);

		if (now == -1 && errno == EINTR)
			continue;
		if (now <= 0)
			return err_set(e, REASON_INTERNAL,
			    "cannot write a temporary file (TMPDIR says "
			    "where): %s", strerror(now == 0 ? ENOSPC : errno));
		bytes += now;
		n -= (size_t)now;
		at += now;
	}
	return 0;
}

int
spill_read(int fd, char *to, size_t n, off_t at, struct err *e)
{
	while (n > 0) {
		ssize_t now = pread(fd, to, n, at);

		if (now == -1 && errno == EINTR)
			continue;
		if (now <= 0)
			return err_set(e, REASON_INTERNAL,
			    "cannot read a temporary file: %s",
			    now == 0 ? "it ends early" : strerror(errno));
		to += now;
		n -= (size_t)now;
		at += now;
	}
	return 0;
}
