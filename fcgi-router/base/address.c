/* SPDX-License-Identifier: BSD-2-Clause */

/* address: ranges of addresses in two tables (IANA special-purpose registries,
 * RFC 6890). */

#include "base/address.h"

#include <string.h>

struct address_range {
	unsigned char prefix[16];
	unsigned bits;
	enum address_class class;
};

/* The first range that holds the address decides. */
static const struct address_range address_v4[] = {
	{ { 169, 254 }, 16, ADDRESS_NEVER },          /* link-local, metadata */
	{ { 100, 100, 100, 200 }, 32, ADDRESS_NEVER }, /* metadata */
	{ { 192, 0, 0, 192 }, 32, ADDRESS_NEVER },     /* metadata */
	{ { 168, 63, 129, 16 }, 32, ADDRESS_NEVER },   /* metadata */
	{ { 224 }, 4, ADDRESS_NEVER },                 /* multicast */
	{ { 240 }, 4, ADDRESS_NEVER },                 /* reserved, broadcast */
	{ { 0 }, 8, ADDRESS_PRIVATE },                 /* 0.0.0.0 is loopback */
	{ { 127 }, 8, ADDRESS_PRIVATE },
	{ { 10 }, 8, ADDRESS_PRIVATE },
	{ { 172, 16 }, 12, ADDRESS_PRIVATE },
	{ { 192, 168 }, 16, ADDRESS_PRIVATE },
	{ { 100, 64 }, 10, ADDRESS_PRIVATE },          /* carrier NAT */
	{ { 192, 0, 0 }, 24, ADDRESS_PRIVATE },
	{ { 198, 18 }, 15, ADDRESS_PRIVATE },          /* benchmarks */
};

static const struct address_range address_v6[] = {
	{ { 0xfe, 0x80 }, 10, ADDRESS_NEVER },         /* link-local */
	{ { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54 }, 128,
	    ADDRESS_NEVER },                           /* metadata */
	{ { 0xfd, 0x00, 0x0e, 0xc2, [15] = 0x23 }, 128,
	    ADDRESS_NEVER },                           /* metadata */
	{ { 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54 }, 128,
	    ADDRESS_NEVER },                           /* metadata */
	{ { 0xfd, 0x00, 0x00, 0x42, [15] = 0x42 }, 128,
	    ADDRESS_NEVER },                           /* metadata */
	{ { 0xfd, 0x00, 0x00, 0xc1, [12] = 0xa9, 0xfe, 0xa9, 0xfe }, 128,
	    ADDRESS_NEVER },                           /* metadata */
	{ { 0xff }, 8, ADDRESS_NEVER },                /* multicast */
	{ { 0 }, 128, ADDRESS_PRIVATE },               /* :: is loopback */
	{ { [15] = 1 }, 128, ADDRESS_PRIVATE },        /* ::1 */
	{ { 0xfc }, 7, ADDRESS_PRIVATE },              /* unique local */
	{ { 0xfe, 0xc0 }, 10, ADDRESS_PRIVATE },       /* site-local */
};

/* Where an IPv4 address stands inside of these IPv6 ranges. */
static const struct address_inside {
	struct address_range range;
	size_t at;
} address_insides[] = {
	{ { { [10] = 0xff, 0xff }, 96, ADDRESS_PUBLIC }, 12 },    /* mapped */
	{ { { 0, 0x64, 0xff, 0x9b }, 96, ADDRESS_PUBLIC }, 12 },  /* NAT64 */
	{ { { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, ADDRESS_PRIVATE }, 12 },
	{ { { 0x20, 0x02 }, 16, ADDRESS_PUBLIC }, 2 },            /* 6to4 */
	{ { { 0 }, 96, ADDRESS_PUBLIC }, 12 },                  /* compatible */
};

static bool
address_holds(const struct address_range *range, const unsigned char *address)
{
	unsigned whole = range->bits / 8;
	unsigned rest = range->bits % 8;

	if (whole > 0 && range->prefix[0] != address[0])
		return false; /* most of them */
	if (memcmp(range->prefix, address, whole) != 0)
		return false;
	return rest == 0 || (range->prefix[whole] >> (8 - rest)) ==
	    (address[whole] >> (8 - rest));
}

static enum address_class
address_class_of(const struct address_range *ranges, size_t count,
    const unsigned char *address)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (address_holds(&ranges[i], address))
			return ranges[i].class;
	return ADDRESS_PUBLIC;
}

static const struct address_inside *
address_find_inside(const unsigned char *address)
{
	size_t i;

	for (i = 0; i < sizeof(address_insides) / sizeof(address_insides[0]);
	    i++)
		if (address_holds(&address_insides[i].range, address))
			return &address_insides[i];
	return NULL;
}

enum address_class
address_class_v4(const unsigned char *address)
{
	return address_class_of(address_v4,
	    sizeof(address_v4) / sizeof(address_v4[0]), address);
}

enum address_class
address_class_v6(const unsigned char *address)
{
	enum address_class class = address_class_of(address_v6,
	    sizeof(address_v6) / sizeof(address_v6[0]), address);
	const struct address_inside *inside = address_find_inside(address);

	if (class != ADDRESS_PUBLIC || inside == NULL)
		return class;
	class = address_class_v4(address + inside->at);
	return class > inside->range.class ? class : inside->range.class;
}

bool
address_read_v4(struct str text, unsigned char out[4])
{
	unsigned number = 0;
	size_t digits = 0, parts = 0, i;

	for (i = 0; i <= text.n; i++) {
		char c = i < text.n ? text.p[i] : '.';

		if (c == '.') {
			if (digits == 0 || parts == 4)
				return false;
			out[parts++] = (unsigned char)number;
			number = 0;
			digits = 0;
			continue;
		}
		if (!str_is_digit(c) || (digits++ > 0 && number == 0))
			return false;
		number = number * 10 + (unsigned)(c - '0');
		if (number > 255)
			return false;
	}
	return parts == 4;
}

bool
address_inner(const unsigned char *address, unsigned char v4[4])
{
	const struct address_inside *inside = address_find_inside(address);

	if (inside == NULL)
		return false;
	memcpy(v4, address + inside->at, 4);
	return true;
}
