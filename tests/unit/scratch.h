/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * scratch: a folder of a test's own, whole files, and what the program says on
 * stderr meanwhile.
 */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table.h"

enum { SCRATCH_PATH_MAX = 1024, SCRATCH_TEXT_MAX = 4 << 20 };

struct scratch {
	char folder[512];
	char said[512]; /* where stderr goes */
	int stderr_kept;
};

static inline void
scratch_init(struct scratch *s)
{
	const char *top = getenv("TMPDIR");

	snprintf(s->folder, sizeof(s->folder), "%s/unit.XXXXXX",
	    top != NULL ? top : "/tmp");
	assert_non_null(mkdtemp(s->folder));
	s->stderr_kept = -1;
}

/* A path in the folder; s->folder/name must fit. */
static inline const char *
scratch_path(const struct scratch *s, const char *name,
    char path[SCRATCH_PATH_MAX])
{
	int n = snprintf(path, SCRATCH_PATH_MAX, "%s/%s", s->folder, name);

	assert_in_range(n, 1, SCRATCH_PATH_MAX - 1);
	return path;
}

static inline void
scratch_write(const struct scratch *s, const char *name, const char *text)
{
	char path[SCRATCH_PATH_MAX];
	FILE *to = fopen(scratch_path(s, name, path), "w");

	assert_non_null(to);
	assert_true(fputs(text, to) >= 0);
	assert_int_equal(fclose(to), 0);
}

/* The whole file; valid until the next call. */
static inline const char *
scratch_read_path(const char *path)
{
	static char text[SCRATCH_TEXT_MAX];
	FILE *from = fopen(path, "r");
	size_t n;

	if (from == NULL)
		fail_msg("%s: cannot be read", path);
	n = fread(text, 1, sizeof(text) - 1, from);
	assert_true(feof(from));
	fclose(from);
	text[n] = '\0';
	return text;
}

static inline const char *
scratch_read(const struct scratch *s, const char *name)
{
	char path[SCRATCH_PATH_MAX];

	return scratch_read_path(scratch_path(s, name, path));
}

static inline bool
scratch_has(const struct scratch *s, const char *name)
{
	char path[SCRATCH_PATH_MAX];
	struct stat st;

	return lstat(scratch_path(s, name, path), &st) == 0;
}

/* How many files, hidden ones too. */
static inline int
scratch_count(const struct scratch *s)
{
	DIR *d = opendir(s->folder);
	const struct dirent *one;
	int n = 0;

	assert_non_null(d);
	while ((one = readdir(d)) != NULL)
		if (strcmp(one->d_name, ".") != 0 &&
		    strcmp(one->d_name, "..") != 0)
			n++;
	closedir(d);
	return n;
}

/* From here on stderr goes to a file of its own, outside of the folder. */
static inline void
scratch_listen(struct scratch *s)
{
	int fd;

	snprintf(s->said, sizeof(s->said), "%.500s.said", s->folder);
	fd = open(s->said, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
	    0600);
	assert_true(fd != -1);
	fflush(stderr);
	s->stderr_kept = dup(STDERR_FILENO);
	assert_true(s->stderr_kept != -1);
	assert_true(dup2(fd, STDERR_FILENO) != -1);
	close(fd);
}

/* stderr is as it was; what was said, valid until the next scratch_read. */
static inline const char *
scratch_heard(struct scratch *s)
{
	const char *text;

	assert_true(s->stderr_kept != -1);
	assert_true(dup2(s->stderr_kept, STDERR_FILENO) != -1);
	close(s->stderr_kept);
	s->stderr_kept = -1;
	text = scratch_read_path(s->said);
	assert_int_equal(unlink(s->said), 0);
	return text;
}

/* How often part is in text. */
static inline int
scratch_times(const char *text, const char *part)
{
	int n = 0;

	for (text = strstr(text, part); text != NULL;
	    text = strstr(text + strlen(part), part))
		n++;
	return n;
}

/* Removes the folder, with the files in it and in its folders. */
static inline void
scratch_remove(int at, const char *folder)
{
	DIR *d = fdopendir(openat(at, folder, O_RDONLY | O_DIRECTORY));
	const struct dirent *one;

	assert_non_null(d);
	while ((one = readdir(d)) != NULL) {
		if (strcmp(one->d_name, ".") == 0 ||
		    strcmp(one->d_name, "..") == 0 ||
		    unlinkat(dirfd(d), one->d_name, 0) == 0)
			continue;
		assert_int_equal(errno, EISDIR);
		scratch_remove(dirfd(d), one->d_name);
	}
	closedir(d);
	assert_int_equal(unlinkat(at, folder, AT_REMOVEDIR), 0);
}

static inline void
scratch_fini(struct scratch *s)
{
	scratch_remove(AT_FDCWD, s->folder);
}

#endif
