/* SPDX-License-Identifier: BSD-2-Clause */

/* msg: one escaped line a call, in one write. */

#include "base/msg.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/escape.h"

enum { MSG_TEXT_MAX = 2048 };

static const char *msg_prog = "fcgi-router";
static bool msg_syslog;
static enum msg_level msg_most = MSG_NOTICE;

static const struct {
	const char *word; /* behind the program's name */
	int priority;
} msg_levels[MSG_LEVEL_COUNT] = {
	[MSG_ERROR] = { "", LOG_ERR },
	[MSG_WARNING] = { "warning: ", LOG_WARNING },
	[MSG_NOTICE] = { "", LOG_NOTICE },
	[MSG_INFO] = { "", LOG_INFO },
	[MSG_DEBUG] = { "debug: ", LOG_DEBUG },
};

void
msg_init(const char *prog, bool to_syslog)
{
	msg_prog = prog;
	msg_syslog = to_syslog;
	if (to_syslog)
		openlog(prog, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void
msg_set_level(enum msg_level most)
{
	msg_most = most;
}

static void
msg_write(enum msg_level level, const char *fmt, va_list args)
{
	char raw[MSG_TEXT_MAX];
	char text[MSG_TEXT_MAX];
	char line[MSG_TEXT_MAX + 128];
	struct str whole;
	int kept = errno;
	int n;

	if (level > msg_most)
		return;
	vsnprintf(raw, sizeof(raw), fmt, args);
	whole = str_of(raw);
	text[escape_put(text, sizeof(text) - 1, &whole, ESCAPE_LINE)] = '\0';
	if (msg_syslog) {
		syslog(msg_levels[level].priority, "%s%s",
		    msg_levels[level].word, text);
	} else {
		n = snprintf(line, sizeof(line), "%s: %s%s\n", msg_prog,
		    msg_levels[level].word, text);
		if (n > 0 && (size_t)n < sizeof(line) &&
		    write(STDERR_FILENO, line, (size_t)n) == -1) {
			/* Nobody is left to be told. */
		}
	}
	errno = kept;
}

#define MSG_FUNCTION(name, level) \
	void name(const char *fmt, ...) \
	{ \
		va_list args; \
\
		va_start(args, fmt); \
		msg_write(level, fmt, args); \
		va_end(args); \
	}

MSG_FUNCTION(msg_error, MSG_ERROR)
MSG_FUNCTION(msg_warning, MSG_WARNING)
MSG_FUNCTION(msg_notice, MSG_NOTICE)
MSG_FUNCTION(msg_info, MSG_INFO)
MSG_FUNCTION(msg_debug, MSG_DEBUG)
