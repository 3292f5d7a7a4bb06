/* SPDX-License-Identifier: BSD-2-Clause */

/* reader: a descriptor read by offsets, and the window. */

#include "tools/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tools/spill.h"

enum { READER_STEP = 128 * 1024 }; /* what processors hold nearby */

struct reader {
	const char *path;
	const char *folder;
	bool begun;   /* once at least */
	bool spilled; /* fd is a copy of our own, kept */
	int fd;       /* -1: not open */
	struct file_id id;
	off_t start; /* of the list in the file */
	off_t at;    /* what is read next */
	bool end;
	char *window; /* during a reading */
	size_t from;
	size_t to;
};

struct reader *
reader_new(const char *path, const char *folder)
{
	struct reader *r = calloc(1, sizeof(*r));

	CHECK(r != NULL);
	r->path = path;
	r->folder = folder;
	r->fd = -1;
	return r;
}

void
reader_end(struct reader *r)
{
	free(r->window);
	r->window = NULL;
	if (r->fd > STDIN_FILENO && !r->spilled) {
		close(r->fd);
		r->fd = -1;
	}
}

void
reader_free(struct reader **out)
{
	struct reader *r = *out;

	*out = NULL;
	if (r == NULL)
		return;
	r->spilled = false;
	reader_end(r);
	free(r);
}

static const char *
reader_name(const struct reader *r)
{
	return strcmp(r->path, "-") == 0 ? "stdin" : r->path;
}

static int
reader_failed(const struct reader *r, const char *verb, struct err *e)
{
	return err_set(e, REASON_INTERNAL, "cannot %s %s: %s", verb,
	    reader_name(r), strerror(errno));
}

static int
reader_changed(const struct reader *r, struct err *e)
{
	return err_set(e, REASON_INTERNAL, "%s: changed while it was read",
	    reader_name(r));
}

/* At most n bytes at `at`, of a pipe the next ones: how many; -1 and e. */
static ssize_t
reader_read(const struct reader *r, char *to, size_t n, off_t at, bool file,
    struct err *e)
{
	ssize_t got;

	do
		got = file ? pread(r->fd, to, n, at) : read(r->fd, to, n);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		(void)reader_failed(r, "read", e);
	return got;
}

/* Copies what can be read only once. 0, or -1 and e. */
static int
reader_spill(struct reader *r, struct err *e)
{
	int copy = spill_open(r->folder, e);
	ssize_t n = 0;

	if (copy == -1)
		return -1;
	r->start = r->at = 0;
	while ((n = reader_read(r, r->window, READER_WINDOW, 0, false, e)) >
	    0) {
		if (spill_write(copy, r->window, (size_t)n, r->at, e) == -1)
			break;
		r->at += n;
	}
	if (n != 0) {
		close(copy);
		return -1;
	}
	if (r->fd != STDIN_FILENO)
		close(r->fd);
	r->fd = copy;
	r->spilled = true;
	return 0;
}

/* Opens the list, as it was the first time. 0, or -1 and e. */
static int
reader_open(struct reader *r, struct err *e)
{
	struct file_id id;
	struct stat st;

	if (strcmp(r->path, "-") == 0)
		r->fd = STDIN_FILENO;
	else
		r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
	if (r->fd == -1)
		return reader_failed(r, "open", e);
	if (fstat(r->fd, &st) == -1 || file_identify_fd(r->fd, &id) == -1)
		return reader_failed(r, "read", e);
	if (r->begun && !file_same(&id, &r->id))
		return reader_changed(r, e);
	r->id = id;
	if (!S_ISREG(st.st_mode))
		return reader_spill(r, e);
	if (!r->begun && r->fd == STDIN_FILENO)
		r->start = lseek(r->fd, 0, SEEK_CUR);
	return r->start == -1 ? reader_failed(r, "read", e) : 0;
}

int
reader_begin(struct reader *r, struct err *e)
{
	reader_end(r);
	r->window = malloc(READER_WINDOW);
	CHECK(r->window != NULL);
	r->from = r->to = 0;
	r->end = false;
	if (!r->spilled && reader_open(r, e) == -1)
		return -1;
	r->begun = true;
	r->at = r->start;
	return 0;
}

/* The end of a reading: was it all of one content? */
static int
reader_check(struct reader *r, struct err *e)
{
	struct file_id id;

	r->end = true;
	if (r->spilled)
		return 0;
	if (file_identify_fd(r->fd, &id) == -1)
		return reader_failed(r, "read", e);
	return file_same_content(&id, &r->id) ? 0 : reader_changed(r, e);
}

int
reader_more(struct reader *r, size_t done, struct str *view, struct err *e)
{
	size_t n;
	ssize_t got = 0;

	r->from += done;
	CHECK(r->window != NULL && r->from <= r->to);
	if (r->from > 0) {
		r->to -= r->from;
		memmove(r->window, r->window + r->from, r->to);
		r->from = 0;
	}
	n = READER_WINDOW - r->to;
	if (n > READER_STEP)
		n = READER_STEP;
	if (!r->end && n > 0) {
		got = reader_read(r, r->window + r->to, n, r->at, true, e);
		if (got == -1 || (got == 0 && reader_check(r, e) == -1))
			return -1;
	}
	r->to += (size_t)got;
	r->at += got;
	*view = (struct str){ r->window, r->to };
	return got > 0;
}

bool
reader_at_end(const struct reader *r)
{
	return r->end;
}

uint64_t
reader_done(const struct reader *r)
{
	return (uint64_t)(r->at - r->start);
}
