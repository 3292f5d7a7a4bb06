/* SPDX-License-Identifier: BSD-2-Clause */

/* egress: the class of a socket's address, and who may ask it. */

#include "relay/egress.h"

#include <netinet/in.h>
#include <string.h>

#include "base/address.h"

bool
egress_allows(const struct sockaddr *address, bool written)
{
	enum address_class class = ADDRESS_NEVER;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		class = address_class_v4((unsigned char *)&v4.sin_addr);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		class = address_class_v6(v6.sin6_addr.s6_addr);
	} else if (address->sa_family == AF_UNIX) {
		class = ADDRESS_PRIVATE;
	}
	return class == ADDRESS_PUBLIC || (class == ADDRESS_PRIVATE && written);
}
