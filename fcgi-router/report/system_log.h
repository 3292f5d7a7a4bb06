/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * system_log: lines to the system's log (RFC 3164, daemon.info), as datagrams
 * to its socket.
 *
 * As syslog(3), but that it never waits: what the socket does not take at once
 * is lost, and the caller knows. There is no connection: a log that is started
 * again is found by the next line.
 */
#ifndef REPORT_SYSTEM_LOG_H
#define REPORT_SYSTEM_LOG_H

#include <sys/un.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

struct system_log {
	int fd; /* -1: none */
	struct sockaddr_un to;
	int pid;
};

/* The socket at that path, which need not be there yet. 0, or -1 and e. */
ATTR_MUST_USE
int system_log_init(struct system_log *l, const char *path, struct err *e);
void system_log_fini(struct system_log *l);

/* line: without LF. Any thread. 0, or -1: it is lost, errno says why. */
int system_log_write(const struct system_log *l, struct str line);

#endif
