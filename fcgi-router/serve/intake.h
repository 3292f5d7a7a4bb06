/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * intake: where exchanges come from; one table of functions for each way in.
 *
 * No function waits (FastCGI), or all may (CGI, where there is nothing else to
 * do). A function that would wait says so: `take` and `next` set x->wait, the
 * others wait for the front, `read` may set x->front_partial, and `flush` and
 * `room` set x->front_limit to INT64_MAX when the front has taken bytes.
 */
#ifndef SERVE_INTAKE_H
#define SERVE_INTAKE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "serve/body.h"
#include "serve/exchange.h"

struct intake {
	/* The web server writes the whole body before it reads an answer. */
	bool writes_first;

	/*
	 * 1: a request is there, x->variables are its own until `next`;
	 * 0: would wait, x->wait is set; -1: the connection is over (e: why,
	 * REASON_NONE when there is nothing to say).
	 */
	int (*take)(struct exchange *x, const struct exchange_loan *loan,
	    struct err *e);

	/* The request body; arg is the exchange. */
	body_source *read;

	/* Takes a part of the answer over. 0, or -1 and e: client-gone. */
	int (*put)(struct exchange *x, struct str data, struct err *e);

	/* The same of what the pipe holds, which is empty then. NULL: it
	 * cannot. */
	int (*pour)(struct exchange *x, struct pour *p, struct err *e);

	/* 1: all was written; 0: would wait; -1 and e: client-gone. */
	int (*flush)(struct exchange *x, struct err *e);

	/*
	 * How much of an answer the front takes now, at least roughly; 0: it
	 * has to take some of what it was given first.
	 */
	size_t (*room)(struct exchange *x);

	/*
	 * Puts the end of the answer: a whole one, or one that the web server
	 * shall see as broken. 0, or -1 and e: client-gone.
	 */
	int (*end)(struct exchange *x, bool whole, struct err *e);

	/* Has the other side closed? Before the body was read to its end: both
	 * directions? */
	bool (*gone)(struct exchange *x);

	/*
	 * The answer is written, or will not be. 1: the connection waits for
	 * its next request; 0: would wait; -1: it is closed.
	 */
	int (*next)(struct exchange *x, bool whole);

	/* Closes the connection, if it is open, and frees x->front_state. */
	void (*fini)(struct exchange *x);
};

#endif
