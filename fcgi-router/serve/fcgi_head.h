/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fcgi_head: what lies at the beginning of a FastCGI connection, looked at
 * before libfcgi reads it (FastCGI 1.0, sections 3.3, 3.4, 5.1 and 5.2).
 *
 * libfcgi aborts on lengths of names and values that it has no memory for,
 * and overruns its stack on some management records; so only a request head
 * that is whole and sound is for it.
 */
#ifndef SERVE_FCGI_HEAD_H
#define SERVE_FCGI_HEAD_H

#include "base/str.h"

/* Numbers of the protocol. */
enum {
	FCGI_HEAD = 8, /* bytes of a record's header */
	FCGI_VERSION = 1,
	FCGI_BEGIN = 1,
	FCGI_END = 3,
	FCGI_PARAMS = 4,
	FCGI_STDIN = 5,
	FCGI_STDOUT = 6,
	FCGI_RESPONDER = 1,   /* role */
	FCGI_UNKNOWN_ROLE = 3 /* protocol status */
};

/*
 * 1: a BEGIN_REQUEST and all PARAMS of one request, whose lengths add up, with
 * no padding behind the first and the last record;
 * 2: the same, but a name or value holds NUL, where libfcgi would cut it;
 * 0: the beginning of that; -1: anything else.
 */
int fcgi_head_look(struct str bytes);

/* The role that a head asks for, and the request's id. bytes: of which
 * fcgi_head_look said 1 or 2, or 0 when there are more than a BEGIN_REQUEST. */
int fcgi_head_role(struct str bytes);
int fcgi_head_id(struct str bytes);

#endif
