/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * host: one canonical spelling of a host name or address literal.
 *
 * Lower case, one final dot off, port off, address literals in canonical text
 * (RFC 5952 for IPv6, in brackets). Letters, digits, '-' and '_', labels of 1
 * to 63 bytes, a name of at most 253. A-labels stay as they come; a name whose
 * last label is a number must be a dotted quad of four decimals.
 */
#ifndef HTTP_HOST_H
#define HTTP_HOST_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { HOST_MAX = 253 };

enum host_kind {
	HOST_NAME = 0,
	HOST_IPV4,
	HOST_IPV6,
	HOST_KIND_COUNT /* last */
};

struct host {
	enum host_kind kind;
	size_t n;
	char text[HOST_MAX + 3]; /* NUL behind it */
};

/*
 * Reads `host[:port]` (RFC 9110 7.2) into the canonical spelling; the port
 * must be a number up to 65535 or empty, and is dropped.
 * 0, or -1 and e with REASON_BAD_HOST.
 */
ATTR_MUST_USE int host_parse(struct str in, struct host *out, struct err *e);

/* The same, and *port: the number, or 0 when there is none. */
ATTR_MUST_USE
int host_parse_port(struct str in, struct host *out, uint16_t *port,
    struct err *e);

/* The canonical text, borrowed from h. */
struct str host_text(const struct host *h);

#endif
