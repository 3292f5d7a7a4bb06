/* SPDX-License-Identifier: BSD-2-Clause */

/* listen: bind and listen, or take over what is there. */

#include "serve/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "http/host.h"

enum { LISTEN_FIRST = 3, LISTEN_SOCKET_MODE = 0660 };

static char listen_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static struct stat listen_made;

static int
listen_failed(const char *where, const char *what, struct err *e)
{
	return err_set(e, REASON_INTERNAL, "%s: %s: %s", where, what,
	    strerror(errno));
}

/* Nothing but a socket that nobody answers on is removed. A full queue, or a
 * socket that is not for us to connect to, is somebody. */
static int
listen_clear(const struct sockaddr_un *address, struct err *e)
{
	const char *path = address->sun_path;
	struct stat st;
	int fd, got, why;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : listen_failed(path, "lstat", e);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, REASON_INTERNAL,
		    "%s: exists and is no socket: not removed", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return listen_failed(path, "socket", e);
	got = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	why = errno;
	close(fd);
	if (got == 0 || why == EAGAIN)
		return err_set(e, REASON_INTERNAL,
		    "%s: another process listens on it", path);
	if (why != ECONNREFUSED && why != ENOENT)
		return err_set(e, REASON_INTERNAL,
		    "%s: a socket that cannot be asked: not removed: %s",
		    path, strerror(why));
	if (unlink(path) == -1 && errno != ENOENT)
		return listen_failed(path, "unlink", e);
	return 0;
}

static int
listen_dress(const char *path, const char *group, struct err *e)
{
	const struct group *entry = NULL;

	if (group != NULL) {
		entry = getgrnam(group);
		if (entry == NULL)
			return err_set(e, REASON_INTERNAL,
			    "--socket-group %s: no such group", group);
		if (chown(path, (uid_t)-1, entry->gr_gid) == -1)
			return listen_failed(path, "chown", e);
	}
	if (chmod(path, LISTEN_SOCKET_MODE) == -1)
		return listen_failed(path, "chmod", e);
	return 0;
}

static int
listen_unix(const char *path, const char *group, struct err *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, got;

	if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path))
		return err_set(e, REASON_INTERNAL,
		    "unix:%s: not an absolute path of at most %zu bytes",
		    path, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (listen_clear(&address, e) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return listen_failed(path, "socket", e);
	mask = umask(0177); /* nobody else gets in before it is dressed */
	got = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (got == -1) {
		listen_failed(path, "bind", e);
		goto out;
	}
	memcpy(listen_path, path, strlen(path) + 1);
	if (lstat(path, &listen_made) == -1 ||
	    listen(fd, LISTEN_BACKLOG) == -1) {
		listen_failed(path, "listen", e);
		goto out;
	}
	if (listen_dress(path, group, e) == -1)
		goto out;
	return fd;
out:
	close(fd);
	listen_remove();
	return -1;
}

/* Without one the system would choose, and nobody would know it. */
static bool
listen_has_port(const char *where)
{
	const char *colon = strrchr(where, ':');

	return colon != NULL && str_is_digit(colon[1]) &&
	    strchr(colon, ']') == NULL;
}

/* "127.0.0.1" or "[::1]" and a port, to a socket address; its size. */
static socklen_t
listen_address(const char *where, struct sockaddr_storage *out,
    bool *loopback, struct err *e)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct host host;
	uint16_t port = 0;

	memset(out, 0, sizeof(*out));
	if (host_parse_port(str_of(where), &host, &port, e) == -1)
		return 0;
	if (host.kind == HOST_IPV4 && listen_has_port(where)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		CHECK(inet_pton(AF_INET, host.text, &v4->sin_addr) == 1);
		*loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
		return sizeof(*v4);
	}
	if (host.kind == HOST_IPV6 && listen_has_port(where)) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		host.text[host.n - 1] = '\0';
		CHECK(inet_pton(AF_INET6, host.text + 1, &v6->sin6_addr) == 1);
		*loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
		return sizeof(*v6);
	}
	err_set(e, REASON_INTERNAL,
	    "-s %s: expected unix:/path, IPV4:PORT or [IPV6]:PORT", where);
	return 0;
}

static int
listen_tcp(const struct listen_wish *wish, struct err *e)
{
	struct sockaddr_storage address;
	bool loopback = false;
	socklen_t size = listen_address(wish->where, &address, &loopback, e);
	int on = 1;
	int fd;

	if (size == 0)
		return -1;
	if (!wish->tcp)
		return err_set(e, REASON_INTERNAL,
		    "-s %s: anybody on this machine could send requests in "
		    "others' names; say --tcp if you want that", wish->where);
	if (!loopback && !wish->everywhere)
		return err_set(e, REASON_INTERNAL,
		    "-s %s: not a loopback address; FastCGI has no password, "
		    "say --public if a firewall guards it", wish->where);
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return listen_failed(wish->where, "socket", e);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, size) == -1 ||
	    listen(fd, LISTEN_BACKLOG) == -1) {
		listen_failed(wish->where, "listen", e);
		close(fd);
		return -1;
	}
	return fd;
}

int
listen_open(const struct listen_wish *wish, struct err *e)
{
	static const char scheme[] = "unix:";

	if (strncmp(wish->where, scheme, sizeof(scheme) - 1) == 0)
		return listen_unix(wish->where + sizeof(scheme) - 1,
		    wish->group, e);
	return listen_tcp(wish, e);
}

void
listen_remove(void)
{
	struct stat now;

	if (listen_path[0] != '\0' && lstat(listen_path, &now) == 0 &&
	    now.st_dev == listen_made.st_dev &&
	    now.st_ino == listen_made.st_ino)
		(void)unlink(listen_path);
	listen_path[0] = '\0';
}

int
listen_inherited(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	uint64_t asked = 0, fds = 0;
	int i;

	if (pid == NULL || count == NULL ||
	    !str_to_u64(str_of(pid), INT32_MAX, &asked) ||
	    (pid_t)asked != getpid() ||
	    !str_to_u64(str_of(count), LISTEN_INHERITED_MAX, &fds))
		return 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	for (i = 0; i < (int)fds; i++)
		if (!listen_is_listening(LISTEN_FIRST + i))
			return i;
	return (int)fds;
}

bool
listen_is_listening(int fd)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) ==
	    0 && listening != 0;
}
