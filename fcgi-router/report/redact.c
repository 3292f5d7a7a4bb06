/* SPDX-License-Identifier: BSD-2-Clause */

/* redact: queries part by part, and addresses. */

#include "report/redact.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/cidr.h"

enum {
	REDACT_NAME = 128, /* bytes of a name that is compared */
	REDACT_BITS_V4 = 24,
	REDACT_BITS_V6 = 48
};

/* Room that is left. */
struct redact_room {
	char *p;
	size_t n;
};

/* "WHAT:NAME", in lower case. */
struct redact_rule {
	char text[REDACT_NAME];
	size_t n;
};

static void
redact_add(struct redact_rule *rule, struct str s)
{
	size_t i;

	for (i = 0; i < s.n && rule->n < REDACT_NAME; i++)
		rule->text[rule->n++] = str_lower(s.p[i]);
}

static bool
redact_in(struct str lines, const struct redact_rule *rule)
{
	return str_lines_have(lines, (struct str){ rule->text, rule->n });
}

bool
redact_has_header(struct str lines, struct str name)
{
	struct redact_rule rule = { .n = 0 };

	redact_add(&rule, STR("header:"));
	redact_add(&rule, name);
	return redact_in(lines, &rule);
}

/* ---- queries ---- */

/* The byte that s begins with, as an origin reads it; *n of s. */
static char
redact_decode(struct str s, size_t *n)
{
	*n = 1;
	if (s.p[0] == '%' && s.n >= 3 && str_hex(s.p[1]) != -1 &&
	    str_hex(s.p[2]) != -1) {
		*n = 3;
		return (char)(str_hex(s.p[1]) * 16 + str_hex(s.p[2]));
	}
	return s.p[0] == '+' ? ' ' : s.p[0];
}

static bool
redact_has_part(struct str lines, struct str name)
{
	struct redact_rule rule = { .n = 0 };
	size_t n;

	redact_add(&rule, STR("query:"));
	for (; name.n > 0; name = str_sub(name, n, name.n)) {
		char c = redact_decode(name, &n);

		if (c == '[')
			break;
		redact_add(&rule, (struct str){ &c, 1 });
	}
	return redact_in(lines, &rule);
}

/* "a=b&" of a query, or its last part. */
static struct str
redact_next_part(struct str *query)
{
	struct str part = { query->p, 0 };

	while (part.n < query->n && query->p[part.n] != '&' &&
	    query->p[part.n] != ';')
		part.n++;
	if (part.n < query->n)
		part.n++;
	*query = str_sub(*query, part.n, query->n);
	return part;
}

static bool
redact_put(struct redact_room *room, struct str s)
{
	if (s.n > room->n)
		return false;
	room->p = str_put(room->p, s);
	room->n -= s.n;
	return true;
}

/* The part with its value gone, if it has one that goes. */
static bool
redact_put_part(struct redact_room *room, struct str lines, struct str part)
{
	struct str name, value;
	char last = part.n > 0 ? part.p[part.n - 1] : 0;

	if (!str_cut(part, '=', &name, &value) ||
	    !redact_has_part(lines, name))
		return redact_put(room, part);
	return redact_put(room, name) &&
	    redact_put(room, STR("=" REDACT_WORD)) &&
	    (last != '&' || redact_put(room, STR("&"))) &&
	    (last != ';' || redact_put(room, STR(";")));
}

static bool
redact_put_all(struct redact_room *room, struct str lines, struct str before,
    struct str query)
{
	if (!redact_put(room, before))
		return false;
	if (str_lines_have(lines, STR("query:*")))
		return redact_put(room, STR(REDACT_WORD));
	while (query.n > 0)
		if (!redact_put_part(room, lines, redact_next_part(&query)))
			return false;
	return true;
}

/* The query of a target or a URL. */
static void
redact_text(struct str *text, struct str lines, struct redact_room *room)
{
	size_t at = str_find(*text, '?');
	struct redact_room left = *room;

	if (at + 1 >= text->n)
		return;
	if (!redact_put_all(&left, lines, str_sub(*text, 0, at + 1),
	    str_sub(*text, at + 1, text->n))) {
		*text = STR(REDACT_WORD);
		return;
	}
	*text = (struct str){ room->p, (size_t)(left.p - room->p) };
	*room = left;
}

/* ---- addresses ---- */

/* What is no address goes: who knows what it tells. */
static void
redact_address(struct str *text, struct redact_room *room)
{
	unsigned char address[16];
	bool v4;
	size_t keep;

	if (text->n == 0)
		return;
	if (!cidr_read(*text, address) || room->n < INET6_ADDRSTRLEN) {
		*text = STR(REDACT_WORD);
		return;
	}
	v4 = cidr_is_v4(address);
	keep = v4 ? 12 + REDACT_BITS_V4 / 8 : REDACT_BITS_V6 / 8;
	memset(address + keep, 0, sizeof(address) - keep);
	(void)inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + 12 : address,
	    room->p, INET6_ADDRSTRLEN);
	*text = str_of(room->p);
	room->p += text->n;
	room->n -= text->n;
}

void
redact_init(struct redact *d, struct str lines, bool addresses)
{
	struct str left = lines, line;

	*d = (struct redact){ .lines = lines, .addresses = addresses };
	d->referer = redact_has_header(lines, STR("referer"));
	d->user_agent = redact_has_header(lines, STR("user-agent"));
	while (left.n > 0) {
		(void)str_cut(left, '\n', &line, &left);
		if (str_starts(line, STR("query:")))
			d->queries = true;
	}
	d->any = d->addresses || d->referer || d->user_agent || d->queries;
}

void
redact_record(const struct redact *d, struct record *r, char *room, size_t n)
{
	struct redact_room left = { room, n };

	if (d->addresses)
		redact_address(&r->client_ip, &left);
	if (d->referer && r->referer.n > 0)
		r->referer = STR(REDACT_WORD);
	if (d->user_agent && r->user_agent.n > 0)
		r->user_agent = STR(REDACT_WORD);
	if (!d->queries)
		return;
	redact_text(&r->uri, d->lines, &left);
	redact_text(&r->referer, d->lines, &left);
}
