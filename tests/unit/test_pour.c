/* SPDX-License-Identifier: BSD-2-Clause */

/* test_pour: what comes out is what went in, whoever does not take it. */

#include "base/pour.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "table.h"

enum { POUR_TEST = 100000 };

struct pour_case {
	struct pour p;
	int from[2]; /* [1] is read */
	int to[2];   /* [0] is written */
	char in[POUR_TEST];
	char out[POUR_TEST];
};

static void
pour_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair), 0);
}

static int
pour_open(void **state)
{
	struct pour_case *c = calloc(1, sizeof(*c));
	size_t i;

	assert_non_null(c);
	signal(SIGPIPE, SIG_IGN);
	pour_init(&c->p);
	pour_pair(c->from);
	pour_pair(c->to);
	for (i = 0; i < POUR_TEST; i++)
		c->in[i] = (char)(i * 7 + i / 251);
	*state = c;
	return 0;
}

static int
pour_close(void **state)
{
	struct pour_case *c = *state;

	pour_fini(&c->p);
	close(c->from[0]);
	close(c->from[1]);
	close(c->to[0]);
	close(c->to[1]);
	free(c);
	return 0;
}

/* Has n bytes to be read, and fills the pipe with them. */
static void
pour_have(struct pour_case *c, size_t n)
{
	assert_int_equal(send(c->from[0], c->in, n, 0), n);
	assert_int_equal(pour_fill(&c->p, c->from[1], n), n);
	assert_int_equal(c->p.held, n);
}

/* What the other side has got. */
static size_t
pour_got(struct pour_case *c)
{
	size_t all = 0;
	ssize_t n;

	while (all < POUR_TEST && (n = recv(c->to[1], c->out + all,
	    POUR_TEST - all, 0)) > 0)
		all += (size_t)n;
	return all;
}

static void
bytes_arrive_in_parts(void **state)
{
	struct pour_case *c = *state;
	int round;

	for (round = 0; round < 3; round++) {
		pour_have(c, POUR_TEST);
		assert_int_equal(pour_empty(&c->p, c->to[0], 60000, true),
		    60000);
		assert_int_equal(c->p.held, POUR_TEST - 60000);
		assert_int_equal(pour_empty(&c->p, c->to[0], c->p.held,
		    false), POUR_TEST - 60000);
		assert_int_equal(c->p.held, 0);
		assert_int_equal(pour_got(c), POUR_TEST);
		assert_memory_equal(c->in, c->out, POUR_TEST);
	}
}

static void
room_is_minded(void **state)
{
	struct pour_case *c = *state;

	assert_int_equal(send(c->from[0], c->in, 1000, 0), 1000);
	assert_int_equal(pour_fill(&c->p, c->from[1], 300), 300);
	assert_int_equal(pour_copy(&c->p, c->out, 100), 100);
	assert_int_equal(pour_copy(&c->p, c->out + 100, 1000), 200);
	assert_int_equal(pour_fill(&c->p, c->from[1], 1000), 700);
	assert_int_equal(pour_empty(&c->p, c->to[0], 700, false), 700);
	assert_memory_equal(c->in, c->out, 300);
}

static void
nothing_there_is_told_from_an_end(void **state)
{
	struct pour_case *c = *state;

	assert_int_equal(pour_fill(&c->p, c->from[1], 10), -1);
	assert_int_equal(errno, EAGAIN);
	shutdown(c->from[0], SHUT_WR);
	assert_int_equal(pour_fill(&c->p, c->from[1], 10), 0);
	assert_int_equal(c->p.held, 0);
}

/* Takes what is held out by hand, from out[at] on. */
static void
pour_copy_all(struct pour_case *c, size_t at)
{
	while (c->p.held > 0)
		at += pour_copy(&c->p, c->out + at, 1000);
	assert_int_equal(at, POUR_TEST);
}

static void
what_a_full_socket_does_not_take_is_copied(void **state)
{
	struct pour_case *c = *state;
	size_t sent = POUR_TEST;
	int least = 1; /* the system makes more of it */

	assert_int_equal(setsockopt(c->to[0], SOL_SOCKET, SO_SNDBUF, &least,
	    sizeof(least)), 0);
	pour_have(c, POUR_TEST);
	sent = pour_empty(&c->p, c->to[0], POUR_TEST, false);
	assert_true(sent < POUR_TEST);
	assert_int_equal(c->p.held, POUR_TEST - sent);
	assert_int_equal(pour_got(c), sent);
	pour_copy_all(c, sent);
	assert_memory_equal(c->in, c->out, POUR_TEST);
}

static void
what_nobody_takes_is_copied(void **state)
{
	struct pour_case *c = *state;

	close(c->to[1]);
	pour_have(c, POUR_TEST);
	assert_int_equal(pour_empty(&c->p, c->to[0], POUR_TEST, false), 0);
	pour_copy_all(c, 0);
	assert_memory_equal(c->in, c->out, POUR_TEST);
	assert_false(c->p.useless);
	c->to[1] = dup(c->to[0]);
}

static void
pour_must_refuse(struct pour_case *c, int fd)
{
	assert_int_equal(pour_fill(&c->p, fd, 10), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(c->p.held, 0);
}

/* Once is enough. */
static void
what_cannot_be_spliced_is_to_be_copied(void **state)
{
	struct pour_case *c = *state;
	int other = epoll_create1(EPOLL_CLOEXEC);

	pour_must_refuse(c, other);
	assert_int_equal(send(c->from[0], c->in, 10, 0), 10);
	pour_must_refuse(c, c->from[1]);
	close(other);
}

static void
where_no_pipe_is_to_be_had_all_is_to_be_copied(void **state)
{
	struct pour_case *c = *state;
	struct rlimit was, none = { 0, 0 };

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	pour_must_refuse(c, c->from[1]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(send(c->from[0], c->in, 10, 0), 10);
	pour_must_refuse(c, c->from[1]);
}

#define POUR_TEST_OF(name) \
	cmocka_unit_test_setup_teardown(name, pour_open, pour_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		POUR_TEST_OF(bytes_arrive_in_parts),
		POUR_TEST_OF(room_is_minded),
		POUR_TEST_OF(nothing_there_is_told_from_an_end),
		POUR_TEST_OF(what_a_full_socket_does_not_take_is_copied),
		POUR_TEST_OF(what_nobody_takes_is_copied),
		POUR_TEST_OF(what_cannot_be_spliced_is_to_be_copied),
		POUR_TEST_OF(where_no_pipe_is_to_be_had_all_is_to_be_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
