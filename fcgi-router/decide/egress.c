/* SPDX-License-Identifier: BSD-2-Clause */

/* egress: what the rules say of an address; else its class, and who asks. */

#include "decide/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/address.h"
#include "base/cidr.h"
#include "http/host.h"

static const struct settings_egress egress_defaults = {
	.private = SETTINGS_PRIVATE_WRITTEN };

/* Is the host one of the names, or below one? */
static bool
egress_has_name(const char *names, struct str host)
{
	struct str left = names != NULL ? str_of(names) : STR(""), name;

	while (left.n > 0) {
		(void)str_cut(left, '\n', &name, &left);
		if (str_eq(host, name))
			return true;
		if (name.p[0] != '*')
			continue;
		name = str_sub(name, 1, name.n);
		if (host.n > name.n && str_ends(host, name))
			return true;
	}
	return false;
}

/* host: by which the origin was asked for, empty if by its address. */
static bool
egress_by_class(const struct settings_egress *rules, struct str host,
    enum address_class class, bool written)
{
	if (class == ADDRESS_PRIVATE)
		return (written &&
		    rules->private == SETTINGS_PRIVATE_WRITTEN) ||
		    egress_has_name(rules->allow_names, host);
	return class == ADDRESS_PUBLIC;
}

static bool
egress_allows_v4(const struct settings_egress *rules, struct str host,
    const unsigned char *address, bool written)
{
	if (cidr_holds_v4(rules->deny.list, rules->deny.count, address))
		return false;
	return cidr_holds_v4(rules->allow.list, rules->allow.count,
	    address) ||
	    egress_by_class(rules, host, address_class_v4(address), written);
}

/* Is the address in the ranges, or the IPv4 address that stands in it? */
static bool
egress_holds_v6(const struct settings_ranges *ranges,
    const unsigned char *address)
{
	unsigned char inner[4];

	return cidr_holds_v6(ranges->list, ranges->count, address) ||
	    (address_inner(address, inner) &&
	    cidr_holds_v4(ranges->list, ranges->count, inner));
}

static bool
egress_allows_v6(const struct settings_egress *rules, struct str host,
    const unsigned char *address, bool written)
{
	if (egress_holds_v6(&rules->deny, address))
		return false;
	return egress_holds_v6(&rules->allow, address) ||
	    egress_by_class(rules, host, address_class_v6(address), written);
}

bool
egress_denies_name(const struct settings_egress *rules, struct str host)
{
	return rules != NULL && egress_has_name(rules->deny_names, host);
}

/* How many bytes the address has: 0, it is none. */
static size_t
egress_bytes(const struct sockaddr *address, unsigned char out[16])
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		memcpy(out, &v4.sin_addr, 4);
		return 4;
	}
	if (address->sa_family != AF_INET6)
		return 0;
	memcpy(&v6, address, sizeof(v6));
	memcpy(out, &v6.sin6_addr, 16);
	return 16;
}

bool
egress_allows(const struct settings_egress *rules, struct str host,
    const struct sockaddr *address, bool written)
{
	unsigned char bytes[16];
	size_t n = egress_bytes(address, bytes);

	if (rules == NULL)
		rules = &egress_defaults;
	if (n == 0 || egress_denies_name(rules, host))
		return false;
	return n == 4 ? egress_allows_v4(rules, host, bytes, written) :
	    egress_allows_v6(rules, host, bytes, written);
}

const char *
egress_why(const struct settings_egress *rules, struct str host,
    const struct sockaddr *address)
{
	unsigned char bytes[16];
	bool v4 = egress_bytes(address, bytes) == 4;

	if (rules == NULL)
		rules = &egress_defaults;
	if (egress_denies_name(rules, host))
		return "its name is in 'deny_names'";
	if (v4 ? cidr_holds_v4(rules->deny.list, rules->deny.count, bytes) :
	    egress_holds_v6(&rules->deny, bytes))
		return "it is in 'deny'";
	if ((v4 ? address_class_v4(bytes) : address_class_v6(bytes)) ==
	    ADDRESS_PRIVATE)
		return "it is loopback or private";
	return "it is link-local, multicast or a metadata service's";
}

int
egress_judge_literal(const struct settings_egress *rules, struct str text,
    bool written)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (rules == NULL)
		rules = &egress_defaults;
	if (text.n >= 2 && text.p[0] == '[')
		text = str_sub(text, 1, text.n - 1);
	if (address_read_v4(text, bytes))
		return egress_allows_v4(rules, STR(""), bytes, written);
	if (text.n == 0 || text.n >= sizeof(copy))
		return -1;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET6, copy, bytes) != 1)
		return -1;
	return egress_allows_v6(rules, STR(""), bytes, written);
}

bool
egress_allows_literal(const struct settings_egress *rules, struct str text,
    bool written)
{
	return egress_judge_literal(rules, text, written) == 1;
}

/* No way out of the folder by "..", whatever a variable holds. */
static bool
egress_is_inside(struct str folder, struct str path)
{
	struct str rest, segment;

	while (folder.n > 1 && folder.p[folder.n - 1] == '/')
		folder.n--;
	if (folder.n == 0 || !str_starts(path, folder))
		return false;
	rest = str_sub(path, folder.n, path.n);
	if (folder.n > 1 && (rest.n == 0 || rest.p[0] != '/'))
		return false;
	while (rest.n > 0) {
		(void)str_cut(rest, '/', &segment, &rest);
		if (str_eq(segment, STR("..")))
			return false;
	}
	return true;
}

bool
egress_allows_socket(const struct settings_egress *rules, struct str path,
    bool written)
{
	if (rules == NULL)
		rules = &egress_defaults;
	return egress_is_inside(str_of(rules->sockets), path) ||
	    egress_by_class(rules, STR(""), ADDRESS_PRIVATE, written);
}

/* A socket's path that begins like that may yet be in the folder. */
static bool
egress_can_be_inside(struct str folder, struct str begin)
{
	return egress_is_inside(folder, begin) || str_starts(folder, begin);
}

/* Is every host that ends like that at or below a denied name? No name has a
 * '?', so that it stands for whatever the variables become. */
static bool
egress_denies_end(const struct settings_egress *rules, struct str end)
{
	char host[HOST_MAX + 1] = "?";

	if (end.n >= sizeof(host))
		return false;
	(void)str_put(host + 1, end);
	return egress_denies_name(rules, (struct str){ host, end.n + 1 });
}

bool
egress_can_allow(const struct settings_egress *rules,
    const struct egress_spelled *origin)
{
	if (rules == NULL)
		rules = &egress_defaults;
	if (origin->socket)
		return origin->built ? egress_can_be_inside(
		    str_of(rules->sockets), origin->text) :
		    egress_allows_socket(rules, origin->text, true);
	if (origin->built)
		return !egress_denies_end(rules, origin->text);
	return !egress_denies_name(rules, origin->text) &&
	    egress_judge_literal(rules, origin->text, true) != 0;
}
