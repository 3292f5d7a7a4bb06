/* SPDX-License-Identifier: BSD-2-Clause */

/* cidr: ranges of addresses, read, compared and written. */

#include "base/cidr.h"

#include <arpa/inet.h>
#include <string.h>

enum { CIDR_BITS = 128, CIDR_MAPPED_BITS = 96, CIDR_PREFIX_DIGITS = 3 };

static const unsigned char cidr_mapped[CIDR_MAPPED_BITS / 8] = { 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool
cidr_is_v4(const unsigned char address[16])
{
	return memcmp(address, cidr_mapped, sizeof(cidr_mapped)) == 0;
}

/* *bits: how many of the 128 stand before those the text is about. */
static bool
cidr_address(struct str text, unsigned char to[16], unsigned *bits)
{
	char name[CIDR_TEXT_MAX];

	*bits = 0;
	if (text.n == 0 || text.n >= sizeof(name) ||
	    memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(name, text.p, text.n);
	name[text.n] = '\0';
	if (inet_pton(AF_INET6, name, to) == 1)
		return true;
	*bits = CIDR_MAPPED_BITS;
	memcpy(to, cidr_mapped, sizeof(cidr_mapped));
	return inet_pton(AF_INET, name, to + sizeof(cidr_mapped)) == 1;
}

/* Are all bits behind the first n zero? */
static bool
cidr_is_clear(const unsigned char address[16], unsigned n)
{
	unsigned i;

	for (i = n; i < CIDR_BITS; i++)
		if ((address[i / 8] & 0x80 >> i % 8) != 0)
			return false;
	return true;
}

bool
cidr_parse(struct str text, struct cidr *out)
{
	struct str address, prefix;
	bool has_prefix = str_cut(text, '/', &address, &prefix);
	uint64_t bits;
	unsigned before;

	if (!cidr_address(address, out->address, &before))
		return false;
	out->bits = CIDR_BITS;
	if (!has_prefix)
		return true;
	if (prefix.n > CIDR_PREFIX_DIGITS ||
	    (prefix.n > 1 && prefix.p[0] == '0') ||
	    !str_to_u64(prefix, CIDR_BITS - before, &bits))
		return false;
	out->bits = (uint8_t)(before + bits);
	return cidr_is_clear(out->address, out->bits);
}

/* A range of IPv6 that is wider than all of IPv4 does not mean IPv4. */
static bool
cidr_has(const struct cidr *c, const unsigned char address[16])
{
	unsigned whole = c->bits / 8;
	unsigned mask = 0xff00u >> c->bits % 8 & 0xff;

	if (c->bits < CIDR_MAPPED_BITS && cidr_is_v4(address))
		return false;
	if (memcmp(c->address, address, whole) != 0)
		return false;
	return mask == 0 || (address[whole] & mask) == c->address[whole];
}

bool
cidr_read(struct str text, unsigned char to[16])
{
	unsigned before;

	if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
		text = str_sub(text, 1, text.n - 1);
	return cidr_address(str_sub(text, 0, str_find(text, '%')), to,
	    &before);
}

bool
cidr_is_address(struct str text)
{
	unsigned char bytes[16];

	return cidr_read(text, bytes);
}

bool
cidr_holds_v6(const struct cidr *ranges, size_t count,
    const unsigned char *address)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (cidr_has(&ranges[i], address))
			return true;
	return false;
}

bool
cidr_holds_v4(const struct cidr *ranges, size_t count,
    const unsigned char *address)
{
	unsigned char bytes[16];

	memcpy(bytes, cidr_mapped, sizeof(cidr_mapped));
	memcpy(bytes + sizeof(cidr_mapped), address,
	    sizeof(bytes) - sizeof(cidr_mapped));
	return cidr_holds_v6(ranges, count, bytes);
}

bool
cidr_holds(const struct cidr *ranges, size_t count, struct str address)
{
	unsigned char bytes[16];

	return cidr_read(address, bytes) &&
	    cidr_holds_v6(ranges, count, bytes);
}

int
cidr_print(const struct cidr *c, struct buf *to)
{
	bool four = c->bits >= CIDR_MAPPED_BITS && cidr_is_v4(c->address);
	char text[INET6_ADDRSTRLEN];

	CHECK(inet_ntop(four ? AF_INET : AF_INET6,
	    four ? c->address + sizeof(cidr_mapped) : c->address, text,
	    sizeof(text)) != NULL);
	if (c->bits == CIDR_BITS)
		return buf_put(to, str_of(text));
	return buf_printf(to, "%s/%d", text,
	    four ? c->bits - CIDR_MAPPED_BITS : c->bits);
}
