/* SPDX-License-Identifier: BSD-2-Clause */

/* host: names and address literals to one spelling. */

#include "http/host.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/address.h"

enum { HOST_LABEL_MAX = 63, HOST_PORT_MAX = 65535 };

struct str
host_text(const struct host *h)
{
	return (struct str){ h->text, h->n };
}

static int
host_bad(struct str in, const char *why, struct err *e)
{
	const char *more = in.n > HOST_MAX ? "..." : "";

	/* A long one would leave no room for why. */
	return err_set(e, REASON_BAD_HOST, "host '%.*s%s': %s",
	    STR_ARG(str_sub(in, 0, HOST_MAX)), more, why);
}

static int
host_port(struct str in, struct str digits, uint16_t *port, struct err *e)
{
	uint64_t value = 0;

	if (digits.n > 0 && !str_to_u64(digits, HOST_PORT_MAX, &value))
		return host_bad(in, "the port is not a number up to 65535", e);
	*port = (uint16_t)value;
	return 0;
}

static int
host_ipv6(struct str in, struct str inner, struct host *out, struct err *e)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (inner.n == 0 || inner.n >= sizeof(text))
		return host_bad(in, "not an IPv6 address", e);
	memcpy(text, inner.p, inner.n);
	text[inner.n] = '\0';
	if (memchr(text, '\0', inner.n) != NULL ||
	    inet_pton(AF_INET6, text, &addr) != 1)
		return host_bad(in, "not an IPv6 address", e);
	CHECK(inet_ntop(AF_INET6, &addr, text, sizeof(text)) != NULL);
	out->kind = HOST_IPV6;
	out->n = strlen(text) + 2;
	out->text[0] = '[';
	memcpy(out->text + 1, text, out->n - 2);
	out->text[out->n - 1] = ']';
	out->text[out->n] = '\0';
	return 0;
}

/*
 * Is the last label a number, which makes inet_aton and browsers read the
 * whole as an IPv4 address?
 */
static bool
host_ends_in_number(const struct host *h)
{
	bool hex = false;
	size_t i = h->n;
	struct str last;

	while (i > 0 && h->text[i - 1] != '.')
		i--;
	last = (struct str){ h->text + i, h->n - i };
	if (str_starts(last, STR("0x"))) {
		hex = true;
		last = str_sub(last, 2, last.n);
	}
	for (i = 0; i < last.n; i++)
		if (!str_is_digit(last.p[i]) &&
		    !(hex && str_hex(last.p[i]) != -1))
			return false;
	return true;
}

static int
host_name(struct str in, struct str name, struct host *out, struct err *e)
{
	unsigned char v4[4];
	size_t label = 0;
	size_t i;

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0)
		return host_bad(in, "empty", e);
	if (name.n > HOST_MAX)
		return host_bad(in, "longer than 253 bytes", e);
	for (i = 0; i < name.n; i++) {
		char c = str_lower(name.p[i]);

		if (c == '.') {
			if (label == 0)
				return host_bad(in, "an empty label", e);
			label = 0;
		} else if (!str_is_alnum(c) && c != '-' && c != '_') {
			return host_bad(in, "a byte that no host name holds",
			    e);
		} else if (++label > HOST_LABEL_MAX) {
			return host_bad(in, "a label longer than 63 bytes", e);
		}
		out->text[i] = c;
	}
	if (label == 0)
		return host_bad(in, "an empty label", e);
	out->n = name.n;
	out->text[out->n] = '\0';
	out->kind = HOST_NAME;
	if (!host_ends_in_number(out))
		return 0;
	if (!address_read_v4(host_text(out), v4))
		return host_bad(in, "ends in a number, but is no IPv4 address",
		    e);
	out->kind = HOST_IPV4;
	return 0;
}

int
host_parse_port(struct str in, struct host *out, uint16_t *port,
    struct err *e)
{
	struct str name, digits;
	size_t close;

	memset(out, 0, sizeof(*out));
	if (in.n > 0 && in.p[0] == '[') {
		close = str_find(in, ']');
		digits = str_sub(in, close + 1, in.n);
		if (close == in.n ||
		    (digits.n > 0 && digits.p[0] != ':'))
			return host_bad(in, "not an IPv6 address", e);
		if (host_port(in, str_sub(digits, 1, digits.n), port, e) == -1)
			return -1;
		return host_ipv6(in, str_sub(in, 1, close), out, e);
	}
	(void)str_cut(in, ':', &name, &digits);
	if (host_port(in, digits, port, e) == -1)
		return -1;
	return host_name(in, name, out, e);
}

int
host_parse(struct str in, struct host *out, struct err *e)
{
	uint16_t port;

	return host_parse_port(in, out, &port, e);
}
