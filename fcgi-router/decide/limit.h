/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit: what plans allow each key, counted exactly by all routers of a
 * machine: requests a time (rate), bytes a time (bandwidth), requests at once
 * (concurrency), and how often each was refused. In shared memory (base/shm),
 * without a lock.
 *
 * Rate and bandwidth are GCRA (ITU-T I.371, virtual scheduling): one word says
 * when all that was taken will be made up for, and one compare-and-swap takes
 * more. What was taken stays taken when the plan's numbers change.
 *
 * All errors are in the client's favour. The table is bounded: a key that is
 * new to a full bucket gets the place of the one there that was asked for
 * least often, whose count begins anew. Where nothing can be counted (more
 * processes than slots, more keys inside than places) requests are granted. A
 * process killed between any two instructions holds up nobody: what it had
 * inside goes with its slot. No content of the file keeps a key refused for
 * longer than its plan could.
 */
#ifndef DECIDE_LIMIT_H
#define DECIDE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct limit;

enum {
	LIMIT_INSIDE_MAX = 4095,  /* of one key at once */
	LIMIT_FULL_MAX_S = 8640000, /* burst / rate; what is more is this */
	LIMIT_WAIT_MAX_US = 30000000 /* for bytes */
};

/* `count` in `per_us` in the long run, and `burst` at once; each at least 1.
 * In any time t at most burst + count * t / per_us are granted. */
struct limit_rate {
	uint64_t count;
	uint64_t burst;
	int64_t per_us;
};

struct limit_view {
	uint64_t remaining; /* would be granted now */
	int64_t reset_us;   /* until that is the whole burst again */
	int64_t retry_us;   /* until the next is granted; 0: now */
};

/* What a request was refused for. */
enum limit_what {
	LIMIT_RATE = 0,
	LIMIT_INSIDE,
	LIMIT_TIME, /* what the request itself used up */
	LIMIT_SUBREQUESTS,
	LIMIT_BODY,
	LIMIT_WHAT_COUNT /* last */
};

/* The reason that a client is told. */
enum reason limit_reason(enum limit_what what);

enum {
	LIMIT_PLAN_TEXT = 48, /* with its end; longer ones are cut */
	LIMIT_KEY_TEXT = 80
};

/* Refusals of a plan and key; of all keys of a plan together, key is "". The
 * texts are what clients sent: whoever prints them escapes them. */
struct limit_refusals {
	uint64_t count[LIMIT_WHAT_COUNT];
	int64_t last_ms; /* clock_ms of the last one */
	char plan[LIMIT_PLAN_TEXT];
	char key[LIMIT_KEY_TEXT];
};

/* As shm_join: never NULL; *e says why it is this process's alone. */
struct limit *limit_join(const char *folder, bool make, struct err *e);

/* For tools, read-only. NULL and e. */
struct limit *limit_read(const char *folder, struct err *e);
void limit_leave(struct limit **l);

/* Now and then, by one thread: joins a new file, lets go of what processes
 * held that ended. 0, or -1 and e: it has become this process's alone. */
int limit_look(struct limit *l, struct err *e);

/* A plan's key, as the functions below take it; never 0. Not to be kept over a
 * request: it changes with the file. */
uint64_t limit_id(const struct limit *l, struct str plan, struct str key);

/* Takes one request at now_us (clock_us, just read). true: granted. *out is as
 * it is behind that. */
bool limit_take(struct limit *l, uint64_t id, const struct limit_rate *rate,
    int64_t now_us, struct limit_view *out);

/* The same, and takes nothing. */
void limit_view(struct limit *l, uint64_t id, const struct limit_rate *rate,
    int64_t now_us, struct limit_view *out);

/*
 * Pays for n bytes, of which rate says how many go in a time and at once.
 * Answers how long to wait before they are sent, in us: 0: not at all. Who
 * pays while others wait waits behind them; nobody for longer than
 * LIMIT_WAIT_MAX_US, even if it is more than the rate then.
 */
int64_t limit_pay(struct limit *l, uint64_t id, const struct limit_rate *rate,
    uint64_t n, int64_t now_us);

/*
 * A request goes in, unless `most` (1 to LIMIT_INSIDE_MAX) are inside, of all
 * live processes. false: it is refused. Never are there more; when several
 * race for the last place, one gets it, and the others are refused. *counted
 * is what limit_exit is to be told, once; 0: it was granted uncounted.
 */
bool limit_enter(struct limit *l, uint64_t id, unsigned most,
    uint64_t *counted);
void limit_exit(struct limit *l, uint64_t counted);

/* How many are inside, of all live processes. */
unsigned limit_inside(struct limit *l, uint64_t id);

/* Counts a refusal of the plan and key, and of the plan. */
void limit_refused(struct limit *l, struct str plan, struct str key,
    enum limit_what what, int64_t now_us);

/*
 * The refusals that are known, one after the other, in no order: *at is 0 at
 * first. false: there are no more. Of a bucket that is full who was refused
 * least gives way.
 */
bool limit_refusals_next(struct limit *l, unsigned *at,
    struct limit_refusals *out);

#endif
