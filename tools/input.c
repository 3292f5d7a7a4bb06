/* SPDX-License-Identifier: BSD-2-Clause */

/* input: a descriptor read by offsets, and the window. */

#include "tools/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tools/spill.h"

enum { INPUT_STEP = 128 * 1024 }; /* what processors hold nearby */

struct input {
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

struct input *
input_new(const char *path, const char *folder)
{
	struct input *in = calloc(1, sizeof(*in));

	CHECK(in != NULL);
	in->path = path;
	in->folder = folder;
	in->fd = -1;
	return in;
}

static void
input_close(struct input *in)
{
	free(in->window);
	in->window = NULL;
	if (in->fd > STDIN_FILENO && !in->spilled) {
		close(in->fd);
		in->fd = -1;
	}
}

void
input_free(struct input **input)
{
	struct input *in = *input;

	*input = NULL;
	if (in == NULL)
		return;
	in->spilled = false;
	input_close(in);
	free(in);
}

static const char *
input_name(const struct input *in)
{
	return strcmp(in->path, "-") == 0 ? "stdin" : in->path;
}

static int
input_failed(const struct input *in, const char *verb, struct err *e)
{
	return err_set(e, REASON_INTERNAL, "cannot %s %s: %s", verb,
	    input_name(in), strerror(errno));
}

static int
input_changed(const struct input *in, struct err *e)
{
	return err_set(e, REASON_INTERNAL, "%s: changed while it was read",
	    input_name(in));
}

/* At most n bytes at `at`, of a pipe the next ones: how many; -1 and e. */
static ssize_t
input_read(const struct input *in, char *to, size_t n, off_t at, bool file,
    struct err *e)
{
	ssize_t got;

	do
		got = file ? pread(in->fd, to, n, at) : read(in->fd, to, n);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		(void)input_failed(in, "read", e);
	return got;
}

/* Copies what can be read only once. 0, or -1 and e. */
static int
input_spill(struct input *in, struct err *e)
{
	int copy = spill_open(in->folder, e);
	ssize_t n = 0;

	if (copy == -1)
		return -1;
	in->start = in->at = 0;
	while ((n = input_read(in, in->window, INPUT_WINDOW, 0, false, e)) >
	    0) {
		if (spill_write(copy, in->window, (size_t)n, in->at, e) == -1)
			break;
		in->at += n;
	}
	if (n != 0) {
		close(copy);
		return -1;
	}
	if (in->fd != STDIN_FILENO)
		close(in->fd);
	in->fd = copy;
	in->spilled = true;
	return 0;
}

/* Opens the list, as it was the first time. 0, or -1 and e. */
static int
input_open(struct input *in, struct err *e)
{
	struct file_id id;
	struct stat st;

	if (strcmp(in->path, "-") == 0)
		in->fd = STDIN_FILENO;
	else
		in->fd = open(in->path, O_RDONLY | O_CLOEXEC);
	if (in->fd == -1)
		return input_failed(in, "open", e);
	if (fstat(in->fd, &st) == -1 || file_identify_fd(in->fd, &id) == -1)
		return input_failed(in, "read", e);
	if (in->begun && !file_same(&id, &in->id))
		return input_changed(in, e);
	in->id = id;
	if (!S_ISREG(st.st_mode))
		return input_spill(in, e);
	if (!in->begun && in->fd == STDIN_FILENO)
		in->start = lseek(in->fd, 0, SEEK_CUR);
	return in->start == -1 ? input_failed(in, "read", e) : 0;
}

int
input_begin(struct input *in, struct err *e)
{
	input_close(in);
	in->window = malloc(INPUT_WINDOW);
	CHECK(in->window != NULL);
	in->from = in->to = 0;
	in->end = false;
	if (!in->spilled && input_open(in, e) == -1)
		return -1;
	in->begun = true;
	in->at = in->start;
	return 0;
}

/* The end of a reading: was it all of one content? */
static int
input_check(struct input *in, struct err *e)
{
	struct file_id id;

	in->end = true;
	if (in->spilled)
		return 0;
	if (file_identify_fd(in->fd, &id) == -1)
		return input_failed(in, "read", e);
	return file_same_content(&id, &in->id) ? 0 : input_changed(in, e);
}

int
input_more(struct input *in, size_t done, struct str *view, struct err *e)
{
	size_t n;
	ssize_t got = 0;

	in->from += done;
	CHECK(in->window != NULL && in->from <= in->to);
	if (in->from > 0) {
		in->to -= in->from;
		memmove(in->window, in->window + in->from, in->to);
		in->from = 0;
	}
	n = INPUT_WINDOW - in->to;
	if (n > INPUT_STEP)
		n = INPUT_STEP;
	if (!in->end && n > 0) {
		got = input_read(in, in->window + in->to, n, in->at, true, e);
		if (got == -1 || (got == 0 && input_check(in, e) == -1))
			return -1;
	}
	in->to += (size_t)got;
	in->at += got;
	*view = (struct str){ in->window, in->to };
	return got > 0;
}

bool
input_at_end(const struct input *in)
{
	return in->end;
}
