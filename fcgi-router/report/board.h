/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * board: requests under way, of all routers of a machine: since when, what was
 * asked for, where it goes and what it waits for just now. In shared memory
 * (base/shm), without a lock.
 *
 * Routers look now and then who waits: what is over before is never there, and
 * costs nothing. The board is bounded: a request that finds no place is not
 * shown, and since places are kept until the end, those that take longest are.
 * Texts are cut to what a place holds; queries, which hold
 * secrets, are not among them. A process that is killed takes its requests
 * with it; no content of the file harms who reads.
 */
#ifndef REPORT_BOARD_H
#define REPORT_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum board_wait {
#define BOARD(NAME, word, manual) BOARD_##NAME,
#include "report/board.tbl.h"
#undef BOARD
	BOARD_WAIT_COUNT /* last */
};

/* "auth" "body" ... */
const char *board_word(enum board_wait wait);

/* Texts of a request, in the order in which they stand. */
enum board_text {
	BOARD_METHOD = 0,
	BOARD_HOST,
	BOARD_PATH,
	BOARD_SERVICE,
	BOARD_TO, /* the origin */
	BOARD_TEXT_COUNT, /* last */
	BOARD_TEXT_MAX = 80 /* bytes of one */
};

/* What is put there; empty texts are not known. */
struct board_put {
	int64_t since_us; /* clock_us; of a process no two are the same */
	enum board_wait wait;
	struct str texts[BOARD_TEXT_COUNT];
};

/* What is read there. The texts are what clients sent: whoever prints them
 * escapes them. */
struct board_view {
	int64_t since_us;
	enum board_wait wait;
	uint32_t pid; /* of the router, as it says */
	struct {
		char bytes[BOARD_TEXT_MAX];
		uint8_t n;
		bool cut; /* there was more */
	} texts[BOARD_TEXT_COUNT];
};

struct board;

/* Where a request stands; zeros at first, kept from one to the next. */
struct board_mark {
	int64_t since_us; /* 0: nowhere */
	uint32_t place;
	bool known;       /* the place is one that was had before */
	enum board_wait wait;
};

/* As shm_join: never NULL; *e says why it is this process's alone. make false:
 * no folder is made; the file is, in a folder that is there. */
struct board *board_join(const char *folder, bool make, struct err *e);

/* For tools, read-only. NULL and e. */
struct board *board_read(const char *folder, struct err *e);
void board_leave(struct board **b);

/* Now and then, by one thread: joins a new file, lets go of what processes had
 * there that ended. 0, or -1 and e: it has become this process's alone. */
int board_look(struct board *b, struct err *e);

/* Puts it there, or other texts in their place. Any thread, one at a time for
 * one mark. */
void board_show(struct board *b, struct board_mark *m,
    const struct board_put *put);

/* What is shown waits for something else. */
void board_wait(struct board *b, struct board_mark *m, enum board_wait wait);

/* Takes it away. Nothing happens to what is not shown. */
void board_hide(struct board *b, struct board_mark *m);

/* One after the other, in no order: *at is 0 at first. false: there are no
 * more. */
bool board_next(struct board *b, unsigned *at, struct board_view *out);

#endif
