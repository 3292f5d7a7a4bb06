/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * address: what an IP address is good for: public, private, or never to be
 * asked. Pure.
 *
 * Never: link-local addresses (cloud metadata services live there), the few
 * other metadata addresses, multicast, reserved and broadcast. IPv4 inside
 * IPv6 (mapped, NAT64, 6to4) is looked at as what it is. The router refuses by
 * it, and the compiler tells of it, so that both agree.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/str.h"

enum address_class {
	ADDRESS_PUBLIC = 0,
	ADDRESS_PRIVATE, /* loopback, private */
	ADDRESS_NEVER,
	ADDRESS_CLASS_COUNT /* last */
};

/* Of the 4 or 16 bytes in network order. */
enum address_class address_class_v4(const unsigned char *address);
enum address_class address_class_v6(const unsigned char *address);

/* Of a literal in canonical text, IPv6 with or without brackets; any other
 * text is ADDRESS_NEVER. */
enum address_class address_class_text(struct str text);

#endif
