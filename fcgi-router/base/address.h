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

#include <stdbool.h>

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

/* Reads four decimals up to 255, without zeros before them, parted by dots, as
 * inet_pton does. false: it is no such text. */
bool address_read_v4(struct str text, unsigned char out[4]);

/* The IPv4 address that stands inside of an IPv6 one. false: there is none. */
bool address_inner(const unsigned char *address, unsigned char v4[4]);

#endif
