/* SPDX-License-Identifier: BSD-2-Clause */

/* input: a window over the file that moves on by lines. */

#include "tools/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_ROOM = 2 * INPUT_LINE_MAX };

struct input {
	const char *name;
	int fd;
	bool ended;
	bool dropping; /* the rest of a line that was too long */
	uint64_t number;
	size_t from;
	size_t to;
	char room[INPUT_ROOM];
};

int
input_open(const char *path, struct input **out, struct err *e)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct input *in;

	if (fd == -1)
		return err_set(e, REASON_INTERNAL, "cannot open %s: %s", path,
		    strerror(errno));
	in = calloc(1, sizeof(*in));
	CHECK(in != NULL);
	in->name = is_stdin ? "stdin" : path;
	in->fd = fd;
	*out = in;
	return 0;
}

void
input_close(struct input **in)
{
	if (*in == NULL)
		return;
	if ((*in)->fd != STDIN_FILENO)
		(void)close((*in)->fd);
	free(*in);
	*in = NULL;
}

const char *
input_name(const struct input *in)
{
	return in->name;
}

/* Reads behind what is held. 0, or -1 and e. */
static int
input_fill(struct input *in, struct err *e)
{
	ssize_t n;

	memmove(in->room, in->room + in->from, in->to - in->from);
	in->to -= in->from;
	in->from = 0;
	(void)fflush(stdout);
	do
		n = read(in->fd, in->room + in->to, INPUT_ROOM - in->to);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return err_set(e, REASON_INTERNAL, "cannot read %s: %s",
		    in->name, strerror(errno));
	in->ended = n == 0;
	in->to += (size_t)n;
	return 0;
}

/* The line that is held, n bytes of it and `end` behind them. */
static bool
input_take(struct input *in, size_t n, size_t end, struct input_line *line)
{
	bool rest = in->dropping;

	line->text = (struct str){ in->room + in->from, n };
	line->cut = n > INPUT_LINE_MAX || end == 0;
	line->open = false;
	in->from += n + end;
	in->dropping = end == 0;
	if (rest)
		return false;
	line->number = ++in->number;
	line->text.n = n > INPUT_LINE_MAX ? INPUT_LINE_MAX : n;
	if (!line->cut && str_ends(line->text, STR("\r")))
		line->text.n--;
	return true;
}

int
input_next(struct input *in, struct input_line *line, struct err *e)
{
	size_t seen = 0; /* of what is held, without LF in it */

	for (;;) {
		size_t held = in->to - in->from;
		char *lf = seen == held ? NULL :
		    memchr(in->room + in->from + seen, '\n', held - seen);

		if (lf != NULL) {
			if (input_take(in, (size_t)(lf - in->room) - in->from,
			    1, line))
				return 1;
			seen = 0;
			continue;
		}
		if (in->ended) {
			/* A last line needs no LF. */
			if (held == 0 || !input_take(in, held, 0, line))
				return 0;
			line->cut = held > INPUT_LINE_MAX;
			line->open = true;
			return 1;
		}
		seen = held;
		if (held > INPUT_LINE_MAX) {
			if (input_take(in, held, 0, line))
				return 1;
			seen = 0;
		}
		if (input_fill(in, e) == -1)
			return -1;
	}
}
