/* SPDX-License-Identifier: BSD-2-Clause */

/* test_listen: own sockets made with care, and those handed over. */

#include "serve/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/unit/scratch.h"

static struct scratch listen_files;

static int
listen_group_open(void **state)
{
	(void)state;
	scratch_init(&listen_files);
	return 0;
}

static int
listen_group_close(void **state)
{
	(void)state;
	scratch_fini(&listen_files);
	return 0;
}

static const char *
listen_where(const char *name, char where[SCRATCH_PATH_MAX + 8])
{
	char path[SCRATCH_PATH_MAX];

	snprintf(where, SCRATCH_PATH_MAX + 8, "unix:%s",
	    scratch_path(&listen_files, name, path));
	return where;
}

static void
listen_address_of(const char *name, struct sockaddr_un *un)
{
	char path[SCRATCH_PATH_MAX];

	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	snprintf(un->sun_path, sizeof(un->sun_path), "%.107s",
	    scratch_path(&listen_files, name, path));
}

static int
listen_connect(const char *name)
{
	struct sockaddr_un un;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int got;

	assert_int_not_equal(fd, -1);
	listen_address_of(name, &un);
	got = connect(fd, (struct sockaddr *)&un, sizeof(un));
	close(fd);
	return got;
}

static int
listen_must(const struct listen_wish *wish)
{
	struct err e = { .text = "" };
	int fd = listen_open(wish, &e);

	if (fd == -1)
		fail_msg("%s: %s", wish->where, e.text);
	assert_true(listen_is_listening(fd));
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	return fd;
}

/* The message must hold `part`. */
static void
listen_must_not(const struct listen_wish *wish, const char *part)
{
	struct err e = { .text = "" };

	TABLE_INT(wish->where, listen_open(wish, &e), -1);
	if (strstr(e.text, part) == NULL)
		fail_msg("%s: '%s' lacks '%s'", wish->where, e.text, part);
}

/* ---- Unix sockets ---- */

static void
an_own_socket_is_for_user_and_group_alone(void **state)
{
	char where[SCRATCH_PATH_MAX + 8];
	const struct listen_wish wish = { .where = listen_where("s", where) };
	mode_t mask = umask(0);
	struct stat st;
	int fd = listen_must(&wish);

	(void)state;
	assert_int_equal(umask(mask), 0); /* put back */
	assert_int_equal(stat(where + 5, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(listen_connect("s"), 0);
	close(fd);
	listen_remove();
	assert_false(scratch_has(&listen_files, "s"));
}

static void
an_own_socket_gets_its_group(void **state)
{
	char where[SCRATCH_PATH_MAX + 8];
	struct listen_wish wish = { .where = listen_where("s", where) };
	const struct group *mine = getgrgid(getgid());
	struct stat st;
	int fd;

	(void)state;
	assert_non_null(mine);
	wish.group = mine->gr_name;
	fd = listen_must(&wish);
	assert_int_equal(stat(where + 5, &st), 0);
	assert_int_equal(st.st_gid, getgid());
	close(fd);
	listen_remove();
	wish.group = "no-such-group-here";
	listen_must_not(&wish, "no-such-group-here: no such group");
	assert_false(scratch_has(&listen_files, "s"));
}

static void
a_dead_socket_is_replaced(void **state)
{
	char where[SCRATCH_PATH_MAX + 8];
	const struct listen_wish wish = { .where = listen_where("s", where) };
	int fd = listen_must(&wish);

	(void)state;
	close(fd); /* as a killed process leaves it */
	assert_true(scratch_has(&listen_files, "s"));
	fd = listen_must(&wish);
	assert_int_equal(listen_connect("s"), 0);
	close(fd);
	listen_remove();
}

static void
what_is_alive_or_no_socket_is_never_removed(void **state)
{
	char where[SCRATCH_PATH_MAX + 8];
	const struct listen_wish wish = { .where = listen_where("s", where) };
	struct sockaddr_un un;
	int fd = listen_must(&wish);

	(void)state;
	listen_must_not(&wish, "another process listens on it");
	assert_int_equal(listen_connect("s"), 0);
	close(fd);
	listen_remove();

	/* Datagrams: no stream can be connected, but somebody is there. */
	listen_address_of("s", &un);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	listen_must_not(&wish, "not removed");
	assert_true(scratch_has(&listen_files, "s"));
	close(fd);
	assert_int_equal(unlink(un.sun_path), 0);

	/* A full queue: alive, and this must not wait for its turn. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(fd, 0), 0);
	{
		int waits[8], i;

		for (i = 0; i < 8; i++) {
			waits[i] = socket(AF_UNIX,
			    SOCK_STREAM | SOCK_NONBLOCK, 0);
			(void)connect(waits[i], (struct sockaddr *)&un,
			    sizeof(un));
		}
		listen_must_not(&wish, "another process listens on it");
		for (i = 0; i < 8; i++)
			close(waits[i]);
	}
	close(fd);
	assert_int_equal(unlink(un.sun_path), 0);

	scratch_write(&listen_files, "s", "a file");
	listen_must_not(&wish, "is no socket: not removed");
	assert_string_equal(scratch_read(&listen_files, "s"), "a file");
	assert_int_equal(unlink(un.sun_path), 0);

	assert_int_equal(symlink("/nonexistent", un.sun_path), 0);
	listen_must_not(&wish, "is no socket: not removed");
	assert_int_equal(unlink(un.sun_path), 0);
}

/* Somebody else's socket in the place of ours is theirs. */
static void
only_the_own_socket_is_removed_at_the_end(void **state)
{
	char where[SCRATCH_PATH_MAX + 8];
	const struct listen_wish wish = { .where = listen_where("s", where) };
	struct sockaddr_un un;
	int fd = listen_must(&wish);
	int other = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	listen_address_of("s", &un);
	listen_address_of("t", &un);
	assert_int_equal(bind(other, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(rename(un.sun_path, where + 5), 0);
	listen_remove();
	assert_true(scratch_has(&listen_files, "s"));
	listen_remove(); /* and a second time is nothing */
	close(fd);
	close(other);
	assert_int_equal(unlink(where + 5), 0);
}

static void
a_path_that_cannot_be_is_told(void **state)
{
	char where[300];
	struct listen_wish wish = { .where = "unix:relative" };

	(void)state;
	listen_must_not(&wish, "not an absolute path");
	wish.where = "unix:";
	listen_must_not(&wish, "not an absolute path");
	snprintf(where, sizeof(where), "unix:/%0200d", 1);
	wish.where = where;
	listen_must_not(&wish, "at most 107 bytes");
	wish.where = "unix:/nonexistent/folder/s";
	listen_must_not(&wish, "No such file or directory");
}

/* ---- TCP ---- */

static void
tcp_is_loopback_only_and_only_when_wanted(void **state)
{
	static const struct {
		const char *where;
		bool tcp, everywhere;
		const char *error; /* NULL: it listens */
	} rows[] = {
		{ "127.0.0.1:0", true, false, NULL },
		{ "127.9.8.7:0", true, false, NULL },
		{ "127.0.0.1:0", false, false, "--tcp" },
		{ "127.0.0.1:0", false, true, "--tcp" },
		{ "0.0.0.0:0", true, false, "--public" },
		{ "0.0.0.0:0", false, true, "--tcp" },
		{ "10.0.0.1:9000", true, false, "--public" },
		{ "[::]:0", true, false, "--public" },
		{ "[::ffff:127.0.0.1]:0", true, false, "--public" },
		{ "localhost:9000", true, false, "expected unix:/path" },
		{ "127.0.0.1", true, false, "expected unix:/path" },
		{ "127.0.0.1:", true, false, "expected unix:/path" },
		{ "[::1]", true, false, "expected unix:/path" },
		{ ":9000", true, false, "" },
		{ "9000", true, false, "" },
		{ "127.0.0.1:65536", true, false, "" },
		{ "127.0.0.1:9000x", true, false, "" },
		{ "", true, false, "" },
		{ "/path", true, false, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		const struct listen_wish wish = { .where = rows[i].where,
			.tcp = rows[i].tcp,
			.everywhere = rows[i].everywhere };

		if (rows[i].error == NULL)
			close(listen_must(&wish));
		else
			listen_must_not(&wish, rows[i].error);
	}
}

static void
a_port_in_use_is_told(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t size = sizeof(in);
	struct listen_wish wish = { .where = "127.0.0.1:0", .tcp = true };
	char where[64];
	int fd = listen_must(&wish);

	(void)state;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &size), 0);
	snprintf(where, sizeof(where), "127.0.0.1:%u",
	    (unsigned)ntohs(in.sin_port));
	wish.where = where;
	listen_must_not(&wish, "Address already in use");
	close(fd);
	close(listen_must(&wish));
}

/* ---- handed over ---- */

/* In a child: descriptors from 3 on, so many of them listening. */
static int
listen_inherit(const char *pid, const char *count, int listening)
{
	pid_t child = fork();
	int status, i;

	assert_int_not_equal(child, -1);
	if (child != 0) {
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		return WEXITSTATUS(status);
	}
	for (i = 0; i < 20; i++)
		close(3 + i);
	for (i = 0; i < listening; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd != 3 + i || listen(fd, 1) == -1)
			_exit(100);
	}
	if (pid != NULL && strcmp(pid, "mine") == 0) {
		char own[32];

		snprintf(own, sizeof(own), "%ld", (long)getpid());
		setenv("LISTEN_PID", own, 1);
	} else if (pid != NULL) {
		setenv("LISTEN_PID", pid, 1);
	} else {
		unsetenv("LISTEN_PID");
	}
	if (count != NULL)
		setenv("LISTEN_FDS", count, 1);
	else
		unsetenv("LISTEN_FDS");
	setenv("LISTEN_FDNAMES", "a:b", 1);
	i = listen_inherited();
	/* Children of ours must not take them for theirs. */
	if (i > 0 && (getenv("LISTEN_PID") != NULL ||
	    getenv("LISTEN_FDS") != NULL || getenv("LISTEN_FDNAMES") != NULL))
		i = 101;
	_exit(i);
}

static void
sockets_handed_over_are_taken_when_they_are_ours(void **state)
{
	static const struct {
		const char *pid, *count;
		int listening, want;
	} rows[] = {
		{ "mine", "1", 1, 1 },
		{ "mine", "3", 3, 3 },
		{ "mine", "3", 2, 2 },
		{ "mine", "1", 0, 0 },
		{ "mine", "0", 1, 0 },
		{ "mine", "17", 1, 0 },
		{ "mine", "-1", 1, 0 },
		{ "mine", "1x", 1, 0 },
		{ "mine", "", 1, 0 },
		{ "mine", NULL, 1, 0 },
		{ "1", "1", 1, 0 },
		{ "", "1", 1, 0 },
		{ NULL, "1", 1, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++)
		TABLE_INT(rows[i].count != NULL ? rows[i].count : "none",
		    listen_inherit(rows[i].pid, rows[i].count,
		        rows[i].listening), rows[i].want);
}

static void
only_a_listening_socket_is_one(void **state)
{
	int pair[2], fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_false(listen_is_listening(fd));
	assert_int_equal(listen(fd, 1), 0);
	assert_true(listen_is_listening(fd));
	close(fd);
	assert_false(listen_is_listening(fd));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_false(listen_is_listening(pair[0]));
	close(pair[0]);
	close(pair[1]);
	fd = open("/dev/null", O_RDONLY);
	assert_false(listen_is_listening(fd));
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_own_socket_is_for_user_and_group_alone),
		cmocka_unit_test(an_own_socket_gets_its_group),
		cmocka_unit_test(a_dead_socket_is_replaced),
		cmocka_unit_test(what_is_alive_or_no_socket_is_never_removed),
		cmocka_unit_test(only_the_own_socket_is_removed_at_the_end),
		cmocka_unit_test(a_path_that_cannot_be_is_told),
		cmocka_unit_test(tcp_is_loopback_only_and_only_when_wanted),
		cmocka_unit_test(a_port_in_use_is_told),
		cmocka_unit_test(
		    sockets_handed_over_are_taken_when_they_are_ours),
		cmocka_unit_test(only_a_listening_socket_is_one),
	};

	return cmocka_run_group_tests(tests, listen_group_open,
	    listen_group_close);
}
