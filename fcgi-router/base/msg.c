/* SPDX-License-Identifier: BSD-2-Clause */

/* msg: one escaped line a call, in one write. */

#include "base/msg.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/escape.h"

enum { MSG_TEXT_MAX = 2048 };

static const char *msg_prog = "fcgi-router";
static bool msg_syslog;
static bool msg_waits = true;
static atomic_uint msg_lost; /* lines that nobody took */
static atomic_int msg_most = MSG_NOTICE;

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
	atomic_store(&msg_most, (int)most);
}

void
msg_never_wait(void)
{
	msg_waits = false;
}

/* A pipe that takes something takes a whole line. */
static bool
msg_may_write(void)
{
	struct pollfd to = { .fd = STDERR_FILENO, .events = POLLOUT };

	return msg_waits || poll(&to, 1, 0) != 0;
}

static void
msg_put(const char *word, const char *text)
{
	char line[MSG_TEXT_MAX + 128];
	int n = snprintf(line, sizeof(line), "%s: %s%s\n", msg_prog, word,
	    text);

	if (n <= 0 || (size_t)n >= sizeof(line))
		return;
	if (!msg_may_write())
		atomic_fetch_add(&msg_lost, 1);
	else if (write(STDERR_FILENO, line, (size_t)n) == -1) {
		/* Nobody is left to be told. */
	}
}

static void
msg_tell_lost(void)
{
	unsigned lost = msg_may_write() ? atomic_exchange(&msg_lost, 0) : 0;
	char text[64];

	if (lost == 0)
		return;
	(void)snprintf(text, sizeof(text), "%u lines before this were not "
	    "read by anybody", lost);
	msg_put(msg_levels[MSG_WARNING].word, text);
}

static void
msg_write(enum msg_level level, const char *fmt, va_list args)
{
	char raw[MSG_TEXT_MAX];
	char text[MSG_TEXT_MAX];
	struct str whole;
	int kept = errno;

	if ((int)level > atomic_load(&msg_most))
		return;
	vsnprintf(raw, sizeof(raw), fmt, args);
	whole = str_of(raw);
	text[escape_put(text, sizeof(text) - 1, &whole, ESCAPE_LINE)] = '\0';
	if (msg_syslog) {
		syslog(msg_levels[level].priority, "%s%s",
		    msg_levels[level].word, text);
	} else {
		if (atomic_load(&msg_lost) > 0)
			msg_tell_lost();
		msg_put(msg_levels[level].word, text);
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
