/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * board: places that one request after the other takes.
 *
 * A place is taken by compare-and-swap of its owner. What stands there is read
 * between two looks at its seal, which is odd while it is written; a process
 * killed meanwhile leaves it odd, and its owner is cleared with its slot. Words
 * are written in the order in which they stand in the code (release) and read
 * so (acquire).
 */

#include "report/board.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/shm.h"
#include "report/board_private.h"

struct board {
	struct shm *shm;
	_Atomic uint32_t next; /* where the next mark looks first */
};

/* One call of a function below, run in the mapping. */
struct board_call {
	struct board *b;
	struct board_data *d;
	struct board_mark *m;
	const struct board_put *put;
	unsigned at;
	struct board_view *out;
	bool yes; /* the answer */
};

static const uint8_t board_most[BOARD_TEXT_COUNT] = {
	[BOARD_METHOD] = 12,
	[BOARD_HOST] = 64,
	[BOARD_PATH] = 60,
	[BOARD_SERVICE] = 44,
	[BOARD_TO] = 44
};
_Static_assert(12 + 64 + 60 + 44 + 44 == BOARD_BYTES, "they fit");

const char *
board_word(enum board_wait wait)
{
	static const char *const words[] = {
#define BOARD(NAME, word, manual) [BOARD_##NAME] = word,
#include "report/board.tbl.h"
#undef BOARD
	};

	CHECK(wait < BOARD_WAIT_COUNT);
	return words[wait];
}

/* struct shm_kind's clear. */
static void
board_clear(void *data, unsigned slot)
{
	struct board_data *d = data;
	unsigned i;

	for (i = 0; i < BOARD_PLACES; i++)
		if (atomic_load_explicit(&d->owners[i],
		    memory_order_relaxed) == slot + 1)
			atomic_store(&d->owners[i], 0);
}

static const struct shm_kind board_kind = {
	.name = "requests",
	.version = BOARD_VERSION,
	.size = sizeof(struct board_data),
	.slots = SHM_SLOTS_MAX,
	.clear = board_clear
};

static struct board *
board_new(struct shm *shm)
{
	struct board *b = calloc(1, sizeof(*b));
	int slot = shm_slot(shm);

	CHECK(b != NULL);
	b->shm = shm;
	/* Processes begin apart from each other. */
	atomic_init(&b->next, slot < 0 ? 0 : (uint32_t)slot *
	    (BOARD_PLACES / SHM_SLOTS_MAX));
	return b;
}

struct board *
board_join(const char *folder, bool make, struct err *e)
{
	return board_new(shm_join(folder, &board_kind,
	    make || access(folder, W_OK) == 0, e));
}

struct board *
board_read(const char *folder, struct err *e)
{
	struct shm *shm = shm_read(folder, &board_kind, e);

	return shm != NULL ? board_new(shm) : NULL;
}

void
board_leave(struct board **b)
{
	if (*b != NULL)
		shm_leave(&(*b)->shm);
	free(*b);
	*b = NULL;
}

int
board_look(struct board *b, struct err *e)
{
	int got = shm_look(b->shm, e);

	shm_reap(b->shm);
	return got == -1 ? -1 : 0;
}

/* false: a page was gone. */
static bool
board_run(struct board *b, void (*fn)(void *arg), struct board_call *c)
{
	c->b = b;
	c->d = shm_data(b->shm);
	return shm_run(b->shm, fn, c);
}

/* ---- writing ---- */

/* The texts behind each other, cut; their lengths. */
static uint64_t
board_pack(const struct board_put *put, uint64_t words[BOARD_WORDS],
    size_t *count)
{
	char bytes[BOARD_BYTES];
	char *to = bytes;
	uint64_t lengths = 0;
	int i;

	for (i = 0; i < BOARD_TEXT_COUNT; i++) {
		struct str text = put->texts[i];
		uint64_t n = text.n;

		if (n > board_most[i]) {
			text.n = board_most[i];
			n = BOARD_CUT | text.n;
		}
		to = str_put(to, text);
		lengths |= n << 8 * i;
	}
	*count = ((size_t)(to - bytes) + 7) / 8;
	memset(to, 0, *count * 8 - (size_t)(to - bytes));
	memcpy(words, bytes, *count * 8);
	return lengths;
}

static void
board_write(struct board_place *p, const struct board_put *put)
{
	uint64_t seal = atomic_load_explicit(&p->seal, memory_order_relaxed);
	uint64_t words[BOARD_WORDS], lengths;
	size_t count, i;

	lengths = board_pack(put, words, &count);
	atomic_store_explicit(&p->seal, seal | 1, memory_order_relaxed);
	atomic_store_explicit(&p->since, (uint64_t)put->since_us,
	    memory_order_release);
	atomic_store_explicit(&p->lengths, lengths, memory_order_release);
	for (i = 0; i < count; i++)
		atomic_store_explicit(&p->text[i], words[i],
		    memory_order_release);
	atomic_store_explicit(&p->wait, put->wait, memory_order_release);
	atomic_store_explicit(&p->seal, (seal | 1) + 1, memory_order_release);
}

/* Is the place that the mark says this request's? Another file may have come
 * into the place of the one that it was written in. */
static bool
board_owns(const struct board_call *c)
{
	int slot = shm_slot(c->b->shm);

	return slot != -1 && c->m->since_us != 0 &&
	    atomic_load_explicit(&c->d->owners[c->m->place],
		memory_order_relaxed) == slot + 1 &&
	    atomic_load_explicit(&c->d->places[c->m->place].since,
		memory_order_relaxed) == (uint64_t)c->m->since_us;
}

/* The place that it had before, if it is free, else one not far from it. */
static bool
board_take(struct board_call *c, uint16_t owner)
{
	unsigned i;

	if (!c->m->known)
		c->m->place = atomic_fetch_add(&c->b->next, 1) % BOARD_PLACES;
	for (i = 0; i < BOARD_LOOKS; i++) {
		uint32_t at = (c->m->place + i) % BOARD_PLACES;
		uint16_t none = 0;

		if (atomic_load_explicit(&c->d->owners[at],
		    memory_order_relaxed) == 0 &&
		    atomic_compare_exchange_strong(&c->d->owners[at], &none,
		    owner)) {
			c->m->place = at;
			return c->m->known = true;
		}
	}
	return false;
}

static void
board_show_in(void *arg)
{
	struct board_call *c = arg;
	int slot = shm_slot(c->b->shm);

	if (slot == -1 || (!board_owns(c) &&
	    !board_take(c, (uint16_t)(slot + 1))))
		return;
	board_write(&c->d->places[c->m->place], c->put);
	c->yes = true;
}

void
board_show(struct board *b, struct board_mark *m, const struct board_put *put)
{
	struct board_call c = { .m = m, .put = put };
	bool stands = board_run(b, board_show_in, &c) && c.yes;

	m->since_us = stands ? put->since_us : 0;
	m->wait = put->wait;
}

static void
board_wait_in(void *arg)
{
	struct board_call *c = arg;

	if (board_owns(c))
		atomic_store_explicit(&c->d->places[c->m->place].wait,
		    c->m->wait, memory_order_relaxed);
}

void
board_wait(struct board *b, struct board_mark *m, enum board_wait wait)
{
	struct board_call c = { .m = m };

	m->wait = wait;
	if (m->since_us != 0)
		(void)!board_run(b, board_wait_in, &c);
}

static void
board_hide_in(void *arg)
{
	struct board_call *c = arg;

	if (board_owns(c))
		atomic_store_explicit(&c->d->owners[c->m->place], 0,
		    memory_order_release);
}

void
board_hide(struct board *b, struct board_mark *m)
{
	struct board_call c = { .m = m };

	if (m->since_us != 0)
		(void)!board_run(b, board_hide_in, &c);
	m->since_us = 0;
}

/* ---- reading ---- */

/* Lengths that were never written so fit all the same. */
static void
board_unpack(const char bytes[BOARD_BYTES], uint64_t lengths,
    struct board_view *out)
{
	size_t at = 0;
	int i;

	for (i = 0; i < BOARD_TEXT_COUNT; i++) {
		unsigned said = (unsigned)(lengths >> 8 * i) & 0xff;
		uint8_t n = (uint8_t)(said & ~(unsigned)BOARD_CUT);

		if (n > board_most[i])
			n = board_most[i];
		memcpy(out->texts[i].bytes, bytes + at, n);
		out->texts[i].n = n;
		out->texts[i].cut = (said & BOARD_CUT) != 0;
		at += n;
	}
}

/* false: it is being written, or was while it was read. */
static bool
board_see(const struct board_place *p, struct board_view *out)
{
	uint64_t seal = atomic_load_explicit(&p->seal, memory_order_acquire);
	uint64_t words[BOARD_WORDS], lengths, wait;
	char bytes[BOARD_BYTES];
	size_t i;

	out->since_us = (int64_t)atomic_load_explicit(&p->since,
	    memory_order_acquire);
	lengths = atomic_load_explicit(&p->lengths, memory_order_acquire);
	for (i = 0; i < BOARD_WORDS; i++)
		words[i] = atomic_load_explicit(&p->text[i],
		    memory_order_acquire);
	wait = atomic_load_explicit(&p->wait, memory_order_acquire);
	/* A place that is taken for the first time has nothing yet. */
	if (seal == 0 || (seal & 1) != 0 || wait >= BOARD_WAIT_COUNT ||
	    atomic_load_explicit(&p->seal, memory_order_relaxed) != seal)
		return false;
	out->wait = (enum board_wait)wait;
	memcpy(bytes, words, sizeof(bytes));
	board_unpack(bytes, lengths, out);
	return true;
}

static void
board_next_in(void *arg)
{
	struct board_call *c = arg;

	for (; c->at < BOARD_PLACES && !c->yes; c->at++) {
		const _Atomic uint16_t *owner = &c->d->owners[c->at];
		uint16_t was = atomic_load_explicit(owner,
		    memory_order_acquire);

		if (was == 0 || was > SHM_SLOTS_MAX ||
		    !board_see(&c->d->places[c->at], c->out))
			continue;
		c->out->pid = shm_holder(c->b->shm, was - 1u);
		c->yes = atomic_load_explicit(owner,
		    memory_order_relaxed) == was;
	}
}

bool
board_next(struct board *b, unsigned *at, struct board_view *out)
{
	struct board_call c = { .at = *at, .out = out };
	bool stands = board_run(b, board_next_in, &c);

	*at = c.at;
	return stands && c.yes;
}
