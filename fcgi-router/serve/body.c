/* SPDX-License-Identifier: BSD-2-Clause */

/* body: counts, keeps, spools. */

#include "serve/body.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BODY_PATH_MAX = 4096,
	BODY_PART_MAX = 16 * 1024, /* from any source */
	BODY_KEEP_LEAST = BODY_PART_MAX
};

void
body_init(struct body *b)
{
	memset(b, 0, sizeof(*b));
	b->spool = -1;
	buf_init(&b->held, 0);
}

void
body_fini(struct body *b)
{
	buf_fini(&b->held);
	if (b->spool != -1)
		close(b->spool);
	body_init(b);
}

static int
body_too_large(const struct body *b, struct err *e)
{
	return err_set(e, REASON_BODY_TOO_LARGE,
	    "the request body is larger than %" PRIu64 " bytes", b->most);
}

int
body_begin(struct body *b, const struct request *request, uint64_t most,
    size_t keep, struct err *e)
{
	b->kind = request->body;
	b->promised = request->body == REQUEST_BODY_LENGTH ?
	    request->length : 0;
	b->most = most;
	b->kept = true;
	buf_init(&b->held, keep > BODY_KEEP_LEAST ? keep : BODY_KEEP_LEAST);
	if (b->promised > most)
		return body_too_large(b, e);
	return 0;
}

/* One part from the source, counted and checked. As body_next. */
static int
body_take(struct body *b, body_source *source, void *arg, struct str *data,
    struct err *e)
{
	int got;

	if (b->ended)
		return 2;
	got = source(arg, data, e);
	if (got == 2) {
		b->ended = true;
		if (b->kind == REQUEST_BODY_LENGTH && b->came < b->promised)
			return err_set(e, REASON_BAD_REQUEST,
			    "the request body ended after %" PRIu64
			    " of %" PRIu64 " bytes", b->came, b->promised);
	}
	if (got != 1)
		return got;
	CHECK(data->n <= BODY_PART_MAX);
	if (b->kind != REQUEST_BODY_UNKNOWN &&
	    data->n > b->promised - b->came)
		return err_set(e, REASON_BAD_REQUEST,
		    "more body bytes than the promised %" PRIu64,
		    b->promised);
	if (data->n > b->most - b->came)
		return body_too_large(b, e);
	b->came += data->n;
	return 1;
}

/* Keeps a part in memory, if all before it is and it has room. */
static void
body_keep(struct body *b, struct str data)
{
	if (!b->kept)
		return;
	if (buf_put(&b->held, data) == 0)
		return;
	b->kept = false;
	b->at = 0;
	buf_fini(&b->held);
}

int
body_look(struct body *b, body_source *source, void *arg, struct err *e)
{
	struct str data;
	int got;

	if (b->kind == REQUEST_BODY_LENGTH || b->came > 0)
		return 1;
	got = body_take(b, source, arg, &data, e);
	if (got == 2) {
		b->kind = REQUEST_BODY_NONE;
		return 1;
	}
	if (got != 1)
		return got;
	if (buf_put(&b->held, data) == -1)
		return err_set(e, REASON_OVERLOADED, "out of memory");
	return 1;
}

static int
body_open_spool(struct body *b, const char *folder, struct err *e)
{
	char path[BODY_PATH_MAX];
	int n;

	b->spool = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (b->spool != -1)
		return 0;
	n = snprintf(path, sizeof(path), "%s/fcgi-router.XXXXXX", folder);
	if (n > 0 && (size_t)n < sizeof(path)) {
		b->spool = mkostemp(path, O_CLOEXEC);
		if (b->spool != -1) {
			unlink(path);
			return 0;
		}
	}
	return err_set(e, REASON_OVERLOADED,
	    "no temporary file in '[router] spool_dir' %s: %s", folder,
	    strerror(errno));
}

static int
body_write_spool(struct body *b, struct str data, struct err *e)
{
	while (data.n > 0) {
		ssize_t n = pwrite(b->spool, data.p, data.n,
		    (off_t)b->spooled);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, REASON_OVERLOADED,
			    "the temporary file of a request body cannot be "
			    "written: %s", strerror(errno));
		data = str_sub(data, (size_t)n, data.n);
		b->spooled += (uint64_t)n;
	}
	return 0;
}

/* Once the memory is full, all of it moves into the file. */
static int
body_put_spool(struct body *b, struct str data, const char *folder,
    struct err *e)
{
	if (b->spool == -1) {
		if (buf_put(&b->held, data) == 0)
			return 0;
		if (body_open_spool(b, folder, e) == -1 ||
		    body_write_spool(b, buf_view(&b->held), e) == -1)
			return -1;
		buf_fini(&b->held);
	}
	return body_write_spool(b, data, e);
}

int
body_spool(struct body *b, body_source *source, void *arg, const char *folder,
    struct err *e)
{
	for (;;) {
		struct str data;
		int got = body_take(b, source, arg, &data, e);

		if (got == 2) {
			if (b->kind == REQUEST_BODY_UNKNOWN) {
				b->kind = REQUEST_BODY_LENGTH;
				b->promised = b->came;
			}
			return 1;
		}
		if (got != 1)
			return got;
		if (body_put_spool(b, data, folder, e) == -1)
			return -1;
	}
}

/* What is held or spooled and was not given yet: 1, or 0: nothing. */
static int
body_next_own(struct body *b, char *scratch, size_t room, struct str *data,
    struct err *e)
{
	struct str held = buf_view(&b->held);
	ssize_t n;

	if (b->spool == -1) {
		if (b->at >= held.n)
			return 0;
		*data = str_sub(held, (size_t)b->at, (size_t)b->at + room);
		b->at += data->n;
		return 1;
	}
	if (b->at >= b->spooled)
		return 0;
	do {
		n = pread(b->spool, scratch, room, (off_t)b->at);
	} while (n == -1 && errno == EINTR);
	if (n <= 0)
		return err_set(e, REASON_INTERNAL,
		    "the temporary file of a request body cannot be read: %s",
		    n == 0 ? "it is shorter than it was" : strerror(errno));
	*data = (struct str){ scratch, (size_t)n };
	b->at += (uint64_t)n;
	return 1;
}

int
body_next(struct body *b, body_source *source, void *arg, char *scratch,
    size_t room, struct str *data, struct err *e)
{
	int got = body_next_own(b, scratch, room, data, e);

	if (got != 0)
		return got;
	got = body_take(b, source, arg, data, e);
	if (got == 1) {
		body_keep(b, *data);
		if (b->kept)
			b->at = buf_len(&b->held);
	}
	return got;
}

bool
body_can_rewind(const struct body *b)
{
	return b->kept;
}

bool
body_rewind(struct body *b)
{
	if (!body_can_rewind(b))
		return false;
	b->at = 0;
	return true;
}

int
body_drain(struct body *b, body_source *source, void *arg, size_t most)
{
	size_t came = 0;

	while (!b->ended) {
		struct str data;
		struct err ignored;
		int got = source(arg, &data, &ignored);

		if (got == 2)
			b->ended = true;
		else if (got != 1)
			return got;
		else if ((came += data.n) >= most)
			return 2;
	}
	return 1;
}
