/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * intake_fcgi: FastCGI 1.0 connections, read by libfcgi.
 *
 * libfcgi blocks, and it aborts on some malformed records. So it is handed a
 * connection only when a whole, sound request head (BEGIN_REQUEST and all
 * PARAMS) lies in the socket, and is asked for body bytes only when some are
 * there. Answers are written here, in records of up to 64 KiB, without
 * waiting.
 */
#ifndef SERVE_INTAKE_FCGI_H
#define SERVE_INTAKE_FCGI_H

#include "serve/intake.h"

extern const struct intake intake_fcgi;

/* Once, before threads and before signal handlers: FCGX_Init sets some. */
void intake_fcgi_init(void);

/*
 * Makes x serve a connection that was just accepted (the descriptor is taken
 * over). 0, or -1: out of memory, the descriptor is the caller's still.
 */
ATTR_MUST_USE int intake_fcgi_open(struct exchange *x, int fd);

#endif
