/* SPDX-License-Identifier: BSD-2-Clause */

/* system_log: one datagram for each line. */

#include "report/system_log.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	SYSTEM_LOG_PRIORITY = 3 << 3 | 6, /* daemon.info */
	SYSTEM_LOG_HEAD = 64
};

int
system_log_init(struct system_log *l, const char *path, struct err *e)
{
	memset(l, 0, sizeof(*l));
	l->fd = -1;
	if (strlen(path) >= sizeof(l->to.sun_path))
		return err_set(e, REASON_INTERNAL,
		    "%s: path too long for a socket", path);
	l->to.sun_family = AF_UNIX;
	memcpy(l->to.sun_path, path, strlen(path) + 1);
	l->pid = (int)getpid();
	l->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return l->fd != -1 ? 0 : err_set(e, REASON_INTERNAL,
	    "socket for %s: %s", path, strerror(errno));
}

void
system_log_fini(struct system_log *l)
{
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
}

/* As glibc's: English months whatever the locale, and no name of the host. */
static size_t
system_log_head(const struct system_log *l, char head[SYSTEM_LOG_HEAD])
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = clock_wall().tv_sec;
	struct tm tm = { .tm_mday = 1 };
	int n;

	(void)localtime_r(&now, &tm);
	n = snprintf(head, SYSTEM_LOG_HEAD,
	    "<%d>%s %2d %02d:%02d:%02d fcgi-router[%d]: ",
	    SYSTEM_LOG_PRIORITY, months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, l->pid);
	CHECK(n > 0 && n < SYSTEM_LOG_HEAD);
	return (size_t)n;
}

int
system_log_write(const struct system_log *l, struct str line)
{
	char head[SYSTEM_LOG_HEAD];
	struct iovec parts[2] = { { head, system_log_head(l, head) },
		{ (void *)(uintptr_t)line.p, line.n } };
	const struct msghdr m = {
		.msg_name = (void *)(uintptr_t)&l->to,
		.msg_namelen = sizeof(l->to),
		.msg_iov = parts,
		.msg_iovlen = 2 };

	return sendmsg(l->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 ? -1 : 0;
}
