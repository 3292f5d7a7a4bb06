/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * msg: what the program says to its operator, one line a call.
 *
 * Lines go to stderr as "prog: text" (mod_fcgid and lighttpd pass that to
 * their error log) or to syslog. The text is escaped (see escape): quoted input
 * cannot forge lines or drive a terminal. errno is kept.
 */
#ifndef BASE_MSG_H
#define BASE_MSG_H

#include <stdbool.h>

#include "base/check.h"

enum msg_level {
	MSG_ERROR = 0,
	MSG_WARNING,
	MSG_NOTICE,
	MSG_INFO,
	MSG_DEBUG,
	MSG_LEVEL_COUNT /* last */
};

/* Call once, before threads. prog is borrowed for good. */
void msg_init(const char *prog, bool to_syslog);

/* Lines above this level are not written; MSG_NOTICE at the start. Any
 * thread. */
void msg_set_level(enum msg_level most);

/* From now on a line that stderr does not take at once, as its reader is stuck,
 * is left out, and how many were so is said before the next one. */
void msg_never_wait(void);

ATTR_PRINTF(1, 2) void msg_error(const char *fmt, ...);
ATTR_PRINTF(1, 2) void msg_warning(const char *fmt, ...);
ATTR_PRINTF(1, 2) void msg_notice(const char *fmt, ...);
ATTR_PRINTF(1, 2) void msg_info(const char *fmt, ...);
ATTR_PRINTF(1, 2) void msg_debug(const char *fmt, ...);

#endif
