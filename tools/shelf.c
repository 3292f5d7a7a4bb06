/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * shelf: a file, and behind what it holds the latest records in memory.
 *
 * Records look as those of a run, which reads them from the file.
 */

#include "tools/shelf.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "tools/run.h"
#include "tools/spill.h"

enum {
	SHELF_MEMORY = 1024 * 1024,
	SHELF_WINDOW = 256 * 1024,
	SHELF_RECORD_MAX = 1 << 26
};

struct shelf {
	const char *folder;
	int fd;
	off_t filed;     /* bytes in the file */
	struct buf late; /* the records behind them */
	char *window;
	struct buf large;
};

struct shelf *
shelf_new(const char *folder)
{
	struct shelf *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	s->folder = folder;
	s->fd = -1;
	buf_init(&s->late, SHELF_RECORD_MAX);
	buf_init(&s->large, SHELF_RECORD_MAX);
	return s;
}

void
shelf_free(struct shelf **shelf)
{
	struct shelf *s = *shelf;

	*shelf = NULL;
	if (s == NULL)
		return;
	if (s->fd != -1)
		close(s->fd);
	buf_fini(&s->late);
	buf_fini(&s->large);
	free(s->window);
	free(s);
}

off_t
shelf_mark(const struct shelf *s)
{
	return s->filed + (off_t)buf_len(&s->late);
}

static int
shelf_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "out of memory for records");
}

/* What is in memory, to the file. 0, or -1 and e. */
static int
shelf_file(struct shelf *s, struct err *e)
{
	struct str late = buf_view(&s->late);

	if (s->fd == -1)
		s->fd = spill_open(s->folder, e);
	if (s->fd == -1 ||
	    spill_write(s->fd, late.p, late.n, s->filed, e) == -1)
		return -1;
	s->filed += (off_t)late.n;
	buf_clear(&s->late);
	return 0;
}

int
shelf_put(struct shelf *s, struct str key, struct str value, struct err *e)
{
	uint32_t n[2] = { (uint32_t)key.n, (uint32_t)value.n };
	size_t size = RUN_HEAD + key.n + value.n;

	CHECK(key.n <= RUN_KEY_MAX);
	if (buf_len(&s->late) > 0 &&
	    size > SHELF_MEMORY - buf_len(&s->late) && shelf_file(s, e) == -1)
		return -1;
	if (buf_put(&s->late, (struct str){ (const char *)n, sizeof(n) }) ==
		-1 ||
	    buf_put(&s->late, key) == -1 || buf_put(&s->late, value) == -1)
		return shelf_full(e);
	if (size > SHELF_MEMORY)
		return shelf_file(s, e);
	return 0;
}

/* The value of a record that the window could not hold. */
static int
shelf_large(struct shelf *s, struct run *run, struct err *e)
{
	char *room;

	buf_clear(&s->large);
	room = buf_room(&s->large, run->value.n);
	if (room == NULL)
		return shelf_full(e);
	run->value.p = room;
	return spill_read(s->fd, room, run->value.n, run->value_at, e);
}

/* Gives the file's records from mark on. 0, or -1 and e. */
static int
shelf_take_filed(struct shelf *s, off_t mark,
    int (*see)(void *arg, struct str key, struct str value, struct err *e),
    void *arg, struct err *e)
{
	struct run run = { .fd = s->fd,
		.size = s->filed,
		.read = mark,
		.room = SHELF_WINDOW };
	const struct run_region none = { 0 };
	int got;

	if (s->window == NULL)
		s->window = malloc(SHELF_WINDOW);
	if (s->window == NULL)
		return shelf_full(e);
	run.buffer = s->window;
	while ((got = run_next(&run, &none, e)) == 1) {
		if (run.value.p == NULL && run.value.n > 0 &&
		    shelf_large(s, &run, e) == -1)
			return -1;
		if (see(arg, run.key, run.value, e) == -1)
			return -1;
	}
	return got;
}

/* Gives the records in memory from offset `at` on. 0, or -1 and e. */
static int
shelf_take_late(struct shelf *s, size_t at,
    int (*see)(void *arg, struct str key, struct str value, struct err *e),
    void *arg, struct err *e)
{
	struct str late = buf_view(&s->late);

	while (at < late.n) {
		struct str key, value;
		uint32_t n[2];

		memcpy(n, late.p + at, sizeof(n));
		key = (struct str){ late.p + at + sizeof(n), n[0] };
		value = (struct str){ key.p + key.n, n[1] };
		if (see(arg, key, value, e) == -1)
			return -1;
		at += sizeof(n) + key.n + value.n;
	}
	return 0;
}

int
shelf_take(struct shelf *s, off_t mark,
    int (*see)(void *arg, struct str key, struct str value, struct err *e),
    void *arg, struct err *e)
{
	size_t at = mark > s->filed ? (size_t)(mark - s->filed) : 0;

	if (mark < s->filed &&
	    shelf_take_filed(s, mark, see, arg, e) == -1)
		return -1;
	if (shelf_take_late(s, at, see, arg, e) == -1)
		return -1;
	if (mark < s->filed)
		s->filed = mark;
	s->late.to = s->late.from + at;
	return 0;
}
