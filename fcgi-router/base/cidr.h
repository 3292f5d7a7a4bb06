/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * cidr: ranges of IP addresses, "192.0.2.0/24", "2001:db8::/32", or one
 * address (RFC 4632, RFC 4291 2.3).
 *
 * IPv4 is kept as what it is inside of IPv6 (::ffff:a.b.c.d), so that a client
 * has one spelling however its web server writes it.
 */
#ifndef BASE_CIDR_H
#define BASE_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum { CIDR_TEXT_MAX = 64 };

struct cidr {
	unsigned char address[16]; /* bits behind the prefix are zero */
	uint8_t bits;              /* of the prefix, 0 to 128 */
};

/*
 * true and *out. false: no address, a prefix that is too long, or bits set
 * behind it ("10.0.0.1/8": the writer meant something else).
 */
bool cidr_parse(struct str text, struct cidr *out);

/* Is the text an address (spelled as for cidr_holds)? Its 16 bytes. */
bool cidr_is_address(struct str text);
bool cidr_read(struct str text, unsigned char to[16]);

/* Are the 16 bytes of an address of IPv4? */
bool cidr_is_v4(const unsigned char address[16]);

/* Is the address (text, brackets or not; a zone %eth0 is dropped) in one of
 * the ranges? Text that is no address is in none. */
bool cidr_holds(const struct cidr *ranges, size_t count, struct str address);

/* The same of the 4 or 16 bytes of an address in network order. */
bool cidr_holds_v4(const struct cidr *ranges, size_t count,
    const unsigned char *address);
bool cidr_holds_v6(const struct cidr *ranges, size_t count,
    const unsigned char *address);

/* Appends the shortest spelling, without "/32" or "/128". 0, or -1: full. */
ATTR_MUST_USE int cidr_print(const struct cidr *c, struct buf *to);

#endif
