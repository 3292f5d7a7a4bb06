/* SPDX-License-Identifier: BSD-2-Clause */

/* test_ready: epoll is told once; no event is lost, none comes for ever. */

#include "base/ready.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "table.h"

enum { READY_ROUNDS = 2000 };

struct ready_case {
	int epoll;
	int here;  /* watched */
	int there; /* the other side */
	struct ready r;
};

static int
ready_open(void **state)
{
	struct ready_case *c = calloc(1, sizeof(*c));
	int pair[2];

	assert_non_null(c);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    pair), 0);
	c->here = pair[0];
	c->there = pair[1];
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	assert_int_not_equal(c->epoll, -1);
	ready_init(&c->r, c);
	*state = c;
	return 0;
}

static int
ready_close(void **state)
{
	struct ready_case *c = *state;

	close(c->here);
	if (c->there != -1)
		close(c->there);
	close(c->epoll);
	free(c);
	return 0;
}

/* The next event's owner, or NULL: none comes. */
static void *
ready_next(struct ready_case *c, int ms)
{
	struct epoll_event event;

	if (epoll_wait(c->epoll, &event, 1, ms) != 1)
		return NULL;
	assert_ptr_equal(event.data.ptr, &c->r);
	return ready_event(event.data.ptr, event.events);
}

static void
ready_say(struct ready_case *c)
{
	assert_int_equal(send(c->there, "x", 1, MSG_NOSIGNAL), 1);
}

/* As a reader does that takes all there is. */
static ssize_t
ready_read(struct ready_case *c)
{
	char room[64];
	ssize_t n;

	if (!ready_maybe(&c->r))
		return -2;
	ready_look(&c->r);
	n = recv(c->here, room, sizeof(room), MSG_DONTWAIT);
	if (n == 0)
		ready_left(&c->r);
	return n;
}

static void
what_epoll_does_not_know_may_always_have_something(void **state)
{
	struct ready_case *c = *state;

	assert_true(ready_maybe(&c->r));
	ready_look(&c->r);
	assert_true(ready_maybe(&c->r));
}

static void
what_was_there_before_it_was_watched_is_told(void **state)
{
	struct ready_case *c = *state;

	ready_say(c);
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLIN));
	assert_ptr_equal(ready_next(c, 0), c);
	assert_int_equal(ready_read(c), 1);
	assert_false(ready_maybe(&c->r));
}

static void
epoll_is_told_once_for_many_waits(void **state)
{
	struct ready_case *c = *state;
	uint32_t watched;
	int i;

	ready_look(&c->r);
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLIN));
	watched = c->r.watched;
	/* A descriptor that is not there would be refused. */
	for (i = 0; i < 100; i++) {
		assert_true(ready_watch(&c->r, c->epoll, -1, POLLIN));
		assert_null(ready_next(c, 0));
		ready_say(c);
		assert_ptr_equal(ready_next(c, 1000), c);
		assert_int_equal(ready_read(c), 1);
		assert_int_equal(ready_read(c), -2);
	}
	assert_true(ready_watch(&c->r, c->epoll, -1, POLLRDHUP));
	assert_true(ready_watch(&c->r, c->epoll, -1, POLLHUP));
	assert_int_equal(c->r.watched, watched);
}

static void
what_was_told_and_not_read_is_told_again(void **state)
{
	struct ready_case *c = *state;

	ready_look(&c->r);
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLIN));
	ready_say(c);
	assert_ptr_equal(ready_next(c, 1000), c);
	assert_null(ready_next(c, 0));
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLIN));
	assert_ptr_equal(ready_next(c, 1000), c);
}

static void
what_is_there_and_not_wanted_keeps_quiet(void **state)
{
	struct ready_case *c = *state;
	int i;

	ready_look(&c->r);
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLIN));
	ready_say(c);
	assert_ptr_equal(ready_next(c, 1000), c);
	for (i = 0; i < 3; i++) {
		assert_true(ready_watch(&c->r, c->epoll, c->here, POLLRDHUP));
		assert_null(ready_next(c, 0));
	}
	/* Nor is it forgotten. */
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLIN));
	assert_ptr_equal(ready_next(c, 1000), c);
	assert_int_equal(ready_read(c), 1);
}

static void
room_is_told_of_when_it_is_asked_for(void **state)
{
	struct ready_case *c = *state;
	int i;

	ready_look(&c->r);
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLIN));
	assert_null(ready_next(c, 0));
	/* Each time, as no event tells of room that was always there; */
	for (i = 0; i < 3; i++) {
		assert_true(ready_watch(&c->r, c->epoll, c->here, POLLOUT));
		assert_ptr_equal(ready_next(c, 1000), c);
		ready_look(&c->r);
	}
	/* and not once nobody asks. */
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLIN));
	assert_int_equal(c->r.watched & EPOLLOUT, 0);
}

/* The last bytes and the end behind them make one event only. */
static void
an_end_is_never_taken_away(void **state)
{
	struct ready_case *c = *state;

	ready_look(&c->r);
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLIN));
	ready_say(c);
	assert_int_equal(shutdown(c->there, SHUT_WR), 0);
	assert_ptr_equal(ready_next(c, 1000), c);
	assert_null(ready_next(c, 0));
	assert_int_equal(ready_read(c), 1);
	assert_true(ready_maybe(&c->r));
	assert_int_equal(ready_read(c), 0);
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLRDHUP));
	assert_ptr_equal(ready_next(c, 1000), c);
}

/* A read stops at it, and takes less than there is. */
static void
urgent_data_is_never_taken_for_the_end_of_what_is_there(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	struct ready_case *c = *state;
	struct pollfd p = { .events = POLLPRI };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	close(c->here);
	close(c->there);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address,
	    &size), 0);
	c->there = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(c->there, (struct sockaddr *)&address, size),
	    0);
	c->here = p.fd = accept(listener, NULL, NULL);
	close(listener);
	ready_look(&c->r);
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLIN));
	ready_say(c);
	assert_int_equal(send(c->there, "!", 1, MSG_OOB | MSG_NOSIGNAL), 1);
	ready_say(c);
	assert_int_equal(poll(&p, 1, 1000), 1);
	assert_ptr_equal(ready_next(c, 1000), c);
	assert_int_equal(ready_read(c), 1);
	assert_true(ready_maybe(&c->r));
	assert_int_equal(ready_read(c), 1);
}

static void
without_a_watch_for_input_a_read_is_tried(void **state)
{
	struct ready_case *c = *state;

	ready_left(&c->r);
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLOUT));
	ready_left(&c->r);
	assert_true(ready_watch(&c->r, c->epoll, c->here, POLLRDHUP));
	ready_look(&c->r);
	ready_say(c);
	assert_true(ready_maybe(&c->r));
}

static void
a_descriptor_that_is_none_is_refused(void **state)
{
	struct ready_case *c = *state;

	assert_false(ready_watch(&c->r, c->epoll, -1, POLLIN));
	assert_int_equal(c->r.watched, 0);
}

/* Says a byte each time it is asked for one: as fast as it can. */
static void *
ready_speaker(void *arg)
{
	struct ready_case *c = arg;
	char byte;
	int i;

	for (i = 0; i < READY_ROUNDS; i++) {
		ready_say(c);
		if (recv(c->there, &byte, 1, 0) != 1)
			break;
	}
	return NULL;
}

/* Events are taken by another thread than the one that reads, as in a crew. */
static void *
ready_listener(void *arg)
{
	struct ready_case *c = arg;
	struct epoll_event event;

	while (epoll_wait(c->epoll, &event, 1, 10000) == 1) {
		int *bell = ready_event(event.data.ptr, event.events);

		if ((event.events & EPOLLRDHUP) != 0)
			break;
		if (send(*bell, "x", 1, MSG_NOSIGNAL) != 1)
			break;
	}
	return NULL;
}

static void
no_event_is_lost_between_threads(void **state)
{
	struct ready_case *c = *state;
	pthread_t speaker, listener;
	int bells[2], i = 0;
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    bells), 0);
	ready_init(&c->r, &bells[0]);
	assert_int_equal(pthread_create(&listener, NULL, ready_listener, c),
	    0);
	assert_int_equal(pthread_create(&speaker, NULL, ready_speaker, c), 0);
	while (i < READY_ROUNDS) {
		struct pollfd p = { .fd = bells[1], .events = POLLIN };

		if (ready_read(c) == 1) {
			i++;
			assert_int_equal(send(c->here, "y", 1, MSG_NOSIGNAL),
			    1);
			continue;
		}
		assert_true(ready_watch(&c->r, c->epoll, c->here, POLLIN));
		assert_int_equal(poll(&p, 1, 10000), 1);
		assert_int_equal(recv(bells[1], &byte, 1, 0), 1);
	}
	assert_int_equal(pthread_join(speaker, NULL), 0);
	assert_int_equal(shutdown(c->there, SHUT_WR), 0);
	assert_int_equal(pthread_join(listener, NULL), 0);
	close(bells[0]);
	close(bells[1]);
}

#define READY_TEST(name) \
	cmocka_unit_test_setup_teardown(name, ready_open, ready_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		READY_TEST(what_epoll_does_not_know_may_always_have_something),
		READY_TEST(what_was_there_before_it_was_watched_is_told),
		READY_TEST(epoll_is_told_once_for_many_waits),
		READY_TEST(what_was_told_and_not_read_is_told_again),
		READY_TEST(what_is_there_and_not_wanted_keeps_quiet),
		READY_TEST(room_is_told_of_when_it_is_asked_for),
		READY_TEST(an_end_is_never_taken_away),
		READY_TEST(
		    urgent_data_is_never_taken_for_the_end_of_what_is_there),
		READY_TEST(without_a_watch_for_input_a_read_is_tried),
		READY_TEST(a_descriptor_that_is_none_is_refused),
		READY_TEST(no_event_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
