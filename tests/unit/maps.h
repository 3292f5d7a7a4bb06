/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * maps: real map files in a folder of the test's own.
 *
 * A map of generation text "G" has hosts host000000.example to the last, each
 * answered with "G host000000.example": an answer tells of which map and of
 * which host it is.
 */
#ifndef UNIT_MAPS_H
#define UNIT_MAPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sigbus.h"
#include "route/codec.h"
#include "route/mark.h"
#include "route/route.h"
#include "route/store.h"
#include "tools/writer.h"

enum { MAPS_PATH = 512, MAPS_TIME = 1700000000 };

static char maps_folder[MAPS_PATH];

/* Set-up of a test: a fresh folder. */
static inline int
maps_begin(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(maps_folder, sizeof(maps_folder), "%s/maps.XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	return mkdtemp(maps_folder) != NULL ? 0 : -1;
}

/* How many files the folder has; with remove they are gone then. */
static inline int
maps_files(bool remove)
{
	DIR *dir = opendir(maps_folder);
	struct dirent *entry;
	int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		if (remove && unlinkat(dirfd(dir), entry->d_name, 0) == -1)
			assert_int_equal(unlinkat(dirfd(dir), entry->d_name,
			    AT_REMOVEDIR), 0);
	}
	closedir(dir);
	return count;
}

static inline int
maps_end(void **state)
{
	(void)state;
	maps_files(true);
	return rmdir(maps_folder);
}

/* A path in the folder; four at a time. */
static inline const char *
maps_path(const char *name)
{
	static char paths[4][2 * MAPS_PATH];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", maps_folder, name);
	return path;
}

static inline struct str
maps_host(unsigned i, char room[64])
{
	snprintf(room, 64, "host%06u.example", i);
	return str_of(room);
}

/* The record of a host that answers with text. */
static inline void
maps_record(struct str host, struct str text, struct buf *to)
{
	struct route_host record = { .has_rule = true };
	struct err e;

	record.rule.match = host;
	record.rule.source = STR("test.list");
	record.rule.line = 1;
	record.rule.target = TARGET_RESPOND;
	record.rule.code = 200;
	record.rule.text = text;
	assert_int_equal(codec_put_host(&record, to, &e), 0);
}

/* As writer_put. */
static inline int
maps_try(struct writer *w, struct str host, struct str text, struct err *e)
{
	struct buf key, value;
	int got;

	buf_init(&key, CODEC_KEY_MAX);
	buf_init(&value, 16 << 20);
	assert_int_equal(codec_key_host(&key, CODEC_HOST, host), 0);
	maps_record(host, text, &value);
	got = writer_put(w, buf_view(&key), buf_view(&value), e);
	buf_fini(&key);
	buf_fini(&value);
	return got;
}

static inline void
maps_put(struct writer *w, struct str host, struct str text)
{
	struct err e = { .text = "" };

	if (maps_try(w, host, text, &e) == -1)
		fail_msg("%s", e.text);
}

/* Fills w with the hosts of a generation. */
static inline void
maps_fill(struct writer *w, const char *generation, unsigned hosts)
{
	char name[64], text[128];
	unsigned i;

	for (i = 0; i < hosts; i++) {
		struct str host = maps_host(i, name);

		snprintf(text, sizeof(text), "%s %s", generation, name);
		maps_put(w, host, str_of(text));
	}
}

/* Builds and installs. 0, or -1 and e, and w is gone. */
static inline int
maps_finish(struct writer **w, struct codec_meta *meta, struct err *e)
{
	if (writer_close(*w, meta, e) == 0)
		return writer_install(w, e);
	writer_abort(w);
	return -1;
}

static inline void
maps_write(const char *path, const char *generation, unsigned hosts)
{
	struct codec_meta meta = { .time = MAPS_TIME,
		.sources = STR("test.list") };
	struct err e = { .text = "" };
	struct writer *w;

	/* Here, since cmocka sets handlers of its own for each test. */
	sigbus_init();
	if (writer_open(path, &w, &e) == -1)
		fail_msg("%s", e.text);
	maps_fill(w, generation, hosts);
	if (maps_finish(&w, &meta, &e) == -1)
		fail_msg("%s", e.text);
}

/* 1 and text, 0, or -1 and e: what the store says of a host. */
static inline int
maps_ask(struct store *s, unsigned slot, unsigned i, char text[256],
    struct err *e)
{
	char name[64], key[80];
	struct route_host *host;
	struct arena a;
	struct str value;
	int got;

	maps_host(i, name);
	snprintf(key, sizeof(key), "h%s", name);
	arena_init(&a, 16 << 20);
	got = store_get(s, slot, str_of(key), &a, &value, e);
	if (got == 1) {
		host = arena_alloc(&a, sizeof(*host));
		assert_non_null(host);
		got = codec_get_host(value, &a, host, e) == -1 ? -1 : 1;
	}
	if (got == 1)
		snprintf(text, 256, "%.*s", STR_ARG(host->rule.text));
	arena_fini(&a);
	return got;
}

/* Is text the answer of that generation for that host? */
static inline bool
maps_right(const char *text, const char *generation, unsigned i)
{
	char name[64], want[256];

	maps_host(i, name);
	snprintf(want, sizeof(want), "%s %s", generation, name);
	return strcmp(text, want) == 0;
}

static inline struct store *
maps_open(const char *path)
{
	struct err e = { .text = "no such file" };
	struct store *s;

	if (store_open(path, &s, &e) != 1)
		fail_msg("%s: %s", path, e.text);
	return s;
}

/* Whole files. */

static inline char *
maps_read(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *bytes;

	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size + 1);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *size), (ssize_t)*size);
	close(fd);
	return bytes;
}

/* Writes n bytes at the front of the file, in place. */
static inline void
maps_over(const char *path, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_not_equal(fd, -1);
	assert_int_equal(pwrite(fd, bytes, n, 0), (ssize_t)n);
	close(fd);
}

/* A new file of these bytes. */
static inline void
maps_make(const char *path, const char *bytes, size_t n)
{
	(void)unlink(path);
	maps_over(path, bytes, n);
}

/* Dates the last write back, as time passing would. */
static inline void
maps_age(const char *path)
{
	static unsigned age = 3600;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };

	times[1].tv_sec = time(NULL) - (time_t)++age;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Makes the mark right again for changed bytes. */
static inline void
maps_mark(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct mark mark;
	struct stat st;
	struct err e;

	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(mark_read(fd, st.st_size, &mark, &e), 0);
	assert_int_equal(mark_sum(fd, st.st_size, &mark.sum, &e), 0);
	assert_int_equal(mark_write(fd, &mark, &e), 0);
	close(fd);
}

/* Open descriptors of this process. */
static inline int
maps_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

/* What goes to stderr meanwhile; then as text, to be freed. */

static int maps_stderr = -1;

static inline void
maps_listen(void)
{
	int fd = open(maps_path("stderr"), O_RDWR | O_CREAT | O_TRUNC |
	    O_APPEND, 0600);

	assert_int_not_equal(fd, -1);
	maps_stderr = dup(STDERR_FILENO);
	assert_int_not_equal(dup2(fd, STDERR_FILENO), -1);
	close(fd);
}

static inline char *
maps_heard(void)
{
	size_t n;
	char *text;

	assert_int_not_equal(dup2(maps_stderr, STDERR_FILENO), -1);
	close(maps_stderr);
	text = maps_read(maps_path("stderr"), &n);
	text[n] = '\0';
	assert_int_equal(unlink(maps_path("stderr")), 0);
	return text;
}

#endif
