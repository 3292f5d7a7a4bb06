/* SPDX-License-Identifier: BSD-2-Clause */

/* egress: ranges of addresses in two tables (IANA special-purpose registries,
 * RFC 6890). */

#include "relay/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"

enum egress_class {
	EGRESS_PUBLIC = 0,
	EGRESS_PRIVATE, /* loopback, private */
	EGRESS_NEVER,
	EGRESS_CLASS_COUNT /* last */
};

struct egress_range {
	unsigned char prefix[16];
	unsigned bits;
	enum egress_class class;
};

/* The first range that holds the address decides. */
static const struct egress_range egress_v4[] = {
	{ { 169, 254 }, 16, EGRESS_NEVER },           /* link-local, metadata */
	{ { 100, 100, 100, 200 }, 32, EGRESS_NEVER }, /* metadata */
	{ { 192, 0, 0, 192 }, 32, EGRESS_NEVER },     /* metadata */
	{ { 168, 63, 129, 16 }, 32, EGRESS_NEVER },   /* metadata */
	{ { 224 }, 4, EGRESS_NEVER },                 /* multicast */
	{ { 240 }, 4, EGRESS_NEVER },                 /* reserved, broadcast */
	{ { 0 }, 8, EGRESS_PRIVATE },                 /* 0.0.0.0 is loopback */
	{ { 127 }, 8, EGRESS_PRIVATE },
	{ { 10 }, 8, EGRESS_PRIVATE },
	{ { 172, 16 }, 12, EGRESS_PRIVATE },
	{ { 192, 168 }, 16, EGRESS_PRIVATE },
	{ { 100, 64 }, 10, EGRESS_PRIVATE },          /* carrier NAT */
	{ { 192, 0, 0 }, 24, EGRESS_PRIVATE },
	{ { 198, 18 }, 15, EGRESS_PRIVATE },          /* benchmarks */
};

static const struct egress_range egress_v6[] = {
	{ { 0xfe, 0x80 }, 10, EGRESS_NEVER },         /* link-local */
	{ { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54 }, 128,
	    EGRESS_NEVER },                           /* metadata */
	{ { 0xff }, 8, EGRESS_NEVER },                /* multicast */
	{ { 0 }, 128, EGRESS_PRIVATE },               /* :: is loopback */
	{ { [15] = 1 }, 128, EGRESS_PRIVATE },        /* ::1 */
	{ { 0xfc }, 7, EGRESS_PRIVATE },              /* unique local */
	{ { 0xfe, 0xc0 }, 10, EGRESS_PRIVATE },       /* site-local */
};

/* Where an IPv4 address stands inside of these IPv6 ranges. */
static const struct {
	struct egress_range range;
	size_t at;
} egress_inside[] = {
	{ { { [10] = 0xff, 0xff }, 96, EGRESS_PUBLIC }, 12 },    /* mapped */
	{ { { 0, 0x64, 0xff, 0x9b }, 96, EGRESS_PUBLIC }, 12 },  /* NAT64 */
	{ { { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, EGRESS_PRIVATE }, 12 },
	{ { { 0x20, 0x02 }, 16, EGRESS_PUBLIC }, 2 },            /* 6to4 */
	{ { { 0 }, 96, EGRESS_PUBLIC }, 12 },                  /* compatible */
};

static bool
egress_holds(const struct egress_range *range, const unsigned char *address)
{
	unsigned whole = range->bits / 8;
	unsigned rest = range->bits % 8;

	if (memcmp(range->prefix, address, whole) != 0)
		return false;
	return rest == 0 || (range->prefix[whole] >> (8 - rest)) ==
	    (address[whole] >> (8 - rest));
}

static enum egress_class
egress_class_of(const struct egress_range *ranges, size_t count,
    const unsigned char *address)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (egress_holds(&ranges[i], address))
			return ranges[i].class;
	return EGRESS_PUBLIC;
}

static enum egress_class
egress_class_v4(const unsigned char *address)
{
	return egress_class_of(egress_v4,
	    sizeof(egress_v4) / sizeof(egress_v4[0]), address);
}

static enum egress_class
egress_class_v6(const unsigned char *address)
{
	enum egress_class class = egress_class_of(egress_v6,
	    sizeof(egress_v6) / sizeof(egress_v6[0]), address);
	size_t i;

	if (class != EGRESS_PUBLIC)
		return class;
	for (i = 0; i < sizeof(egress_inside) / sizeof(egress_inside[0]); i++)
		if (egress_holds(&egress_inside[i].range, address)) {
			class = egress_class_v4(address + egress_inside[i].at);
			return class > egress_inside[i].range.class ? class :
			    egress_inside[i].range.class;
		}
	return EGRESS_PUBLIC;
}

bool
egress_allows(const struct sockaddr *address, bool written)
{
	enum egress_class class = EGRESS_NEVER;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		class = egress_class_v4((unsigned char *)&v4.sin_addr);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		class = egress_class_v6(v6.sin6_addr.s6_addr);
	} else if (address->sa_family == AF_UNIX) {
		class = EGRESS_PRIVATE;
	}
	return class == EGRESS_PUBLIC || (class == EGRESS_PRIVATE && written);
}
