/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fcgi_write: an answer as records (FastCGI 1.0, sections 3.3 and 5.3) of up
 * to 64 KiB, written without waiting.
 *
 * x->front_state must begin with a `struct fcgi_writer`, zero at first, whose
 * id is the request's.
 */
#ifndef SERVE_FCGI_WRITE_H
#define SERVE_FCGI_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "serve/exchange.h"

struct fcgi_writer {
	int id;
	bool wrote; /* bytes, since the socket's buffer was full */
	int unsent; /* bytes in it at the last look */
	int buffer; /* its size, once it was asked for */
};

/* Adds a record of that type, of at most 65,535 bytes, to what waits. 0, or
 * -1 and e: overloaded. */
ATTR_MUST_USE
int fcgi_write_queue(struct exchange *x, int type, struct str content,
    struct err *e);

/* `put`, `pour`, `flush` and `room` of serve/intake.h. */
ATTR_MUST_USE
int fcgi_write_put(struct exchange *x, struct str data, struct err *e);
ATTR_MUST_USE
int fcgi_write_pour(struct exchange *x, struct pour *p, struct err *e);
ATTR_MUST_USE int fcgi_write_flush(struct exchange *x, struct err *e);
size_t fcgi_write_room(struct exchange *x);

#endif
