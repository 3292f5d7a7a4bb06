/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * transfer: one attempt: a request out on a wire, its answer in, both
 * streaming, in constant memory and without waiting.
 *
 * A function that would wait answers 0; the caller parks and calls it again
 * when wire_fd is ready. Bytes from the origin are read into the caller's
 * scratch memory (a worker's) and only what is left over is kept here.
 */
#ifndef RELAY_TRANSFER_H
#define RELAY_TRANSFER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/pour.h"
#include "http/h1.h"
#include "relay/pool.h"
#include "relay/wire.h"

struct transfer {
	struct wire *wire; /* NULL: no attempt is going on */
	bool reused;       /* the wire came from the pool */
	struct buf out;    /* for the origin, not sent yet */
	struct buf in;     /* from the origin, not read yet */
	struct h1_reader reader;
	struct h1_body body;
	enum h1_body_kind upload;
	bool upload_done;  /* all of the request is in `out` or sent */
	bool keep;         /* the answer lets the wire be used again */
	bool sent_any;     /* at least one byte of the request went out */
	bool wrote;        /* one did since transfer_is_taken was asked */
	int unsent;        /* what the system held when it was asked */
	uint64_t came;     /* bytes of an answer, as they came on the wire */
	size_t last;       /* of them, with the last read of its body */
};

/* Once in a lifetime, and its end. fini closes a wire that is left. */
void transfer_init(struct transfer *t);
void transfer_fini(struct transfer *t);

/*
 * Starts an attempt on the wire (taken over): puts the request's head.
 * 0, or -1 and e: overloaded.
 */
ATTR_MUST_USE
int transfer_begin(struct transfer *t, struct wire **w, bool reused,
    const struct h1_request *request, struct h1_limits limits,
    struct err *e);

/*
 * Takes a part of the request body over (all of it), or its end. Call only
 * when transfer_flush answered 1. 0, or -1 and e: overloaded, origin-broken.
 */
ATTR_MUST_USE
int transfer_put_body(struct transfer *t, struct str data, struct err *e);
ATTR_MUST_USE int transfer_end_body(struct transfer *t, struct err *e);

/* Sends what waits. 1: nothing is left; 0: would wait; -1 and e. */
ATTR_MUST_USE int transfer_flush(struct transfer *t, struct err *e);

/* After transfer_flush answered 0: has the origin taken any byte since this
 * was asked last? A little of it makes no event. */
bool transfer_is_taken(struct transfer *t);

/*
 * Reads the answer's head. 1 and *out, whose texts live in the arena; 0: would
 * wait; -1 and e: origin-broken (an end before the head too),
 * origin-bad-header.
 */
ATTR_MUST_USE
int transfer_read_head(struct transfer *t, char *scratch, size_t room,
    struct arena *a, struct h1_answer *out, struct err *e);

/*
 * Takes one slice of the answer's body. 0: go on; 1: no more for now (what was
 * read with it comes still); -1: stop, the transfer is over.
 */
typedef int transfer_sink(void *arg, struct str data);

/*
 * Reads the answer's body into the sink, `room` bytes at most (8 KiB at least)
 * at a time, until it wants no more. 2: it is complete; 1: the sink wants no
 * more for now, or this was much; 0: would wait for the origin; -1 and e:
 * origin-broken, or the sink stopped it (e is then what the sink left in it).
 */
ATTR_MUST_USE
int transfer_read_body(struct transfer *t, char *scratch, size_t room,
    transfer_sink *sink, void *arg, struct err *e);

/*
 * Moves content of the answer's body, `room` bytes at most, into an empty pipe.
 * 1: p->held is some; 2: the next bytes are for transfer_read_body (framing,
 * TLS, little, the end); 0: would wait for the origin; -1 and e: origin-broken.
 */
ATTR_MUST_USE
int transfer_pour(struct transfer *t, struct pour *p, size_t room,
    struct err *e);

/*
 * Ends the attempt: a wire whose exchange was complete goes to the pool, any
 * other is closed. complete: transfer_read_body said 2.
 */
void transfer_end(struct transfer *t, bool complete, struct pool *pool);

#endif
