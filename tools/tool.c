/* SPDX-License-Identifier: BSD-2-Clause */

/* tool: exit codes, usage, stdout that must arrive, reading as a whole. */

#include "tools/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/sigbus.h"

enum { TOOL_READ_STEP = 65536 };

void
tool_init(const struct tool *t)
{
	msg_init(t->name, false);
	sigbus_init();
}

int
tool_usage(const struct tool *t, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	msg_error("%s", text);
	(void)fprintf(stderr, "usage: %s\n", t->usage);
	return TOOL_USAGE;
}

int
tool_help(const struct tool *t)
{
	(void)printf("usage: %s\n%s", t->usage, t->help);
	return tool_end(TOOL_YES);
}

int
tool_version(const struct tool *t)
{
	(void)printf("%s %s\n", t->name, PACKAGE_VERSION);
	return tool_end(TOOL_YES);
}

int
tool_trouble(const struct err *e)
{
	msg_error("%s", e->text);
	return TOOL_TROUBLE;
}

int
tool_end(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	msg_error("cannot write to stdout: %s", strerror(errno));
	return TOOL_TROUBLE;
}

static int
tool_read_fd(int fd, const char *name, struct buf *to, struct err *e)
{
	for (;;) {
		char *room = buf_room(to, TOOL_READ_STEP);
		ssize_t n;

		if (room == NULL)
			return err_set(e, REASON_OVERLOADED,
			    "%s: too large for this machine's memory", name);
		n = read(fd, room, TOOL_READ_STEP);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_set(e, REASON_INTERNAL,
			    "cannot read %s: %s", name, strerror(errno));
		if (n == 0)
			return 0;
		buf_grew(to, (size_t)n);
	}
}

int
tool_read(const char *path, struct buf *to, struct err *e)
{
	int fd, got;

	if (strcmp(path, "-") == 0)
		return tool_read_fd(STDIN_FILENO, "stdin", to, e);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return err_set(e, REASON_INTERNAL, "cannot open %s: %s", path,
		    strerror(errno));
	got = tool_read_fd(fd, path, to, e);
	close(fd);
	return got;
}
