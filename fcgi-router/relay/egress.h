/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * egress: may this address be connected to?
 *
 * Link-local addresses (cloud metadata services live there) and the few other
 * metadata addresses never; "this" network, multicast and broadcast never;
 * loopback and private ranges only for an origin whose address the map writes
 * without variables. IPv4 inside IPv6 (mapped, NAT64, 6to4) is looked at as
 * what it is.
 */
#ifndef RELAY_EGRESS_H
#define RELAY_EGRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* written: the origin's address has no variable. Unix sockets: only then. */
bool egress_allows(const struct sockaddr *address, bool written);

#endif
