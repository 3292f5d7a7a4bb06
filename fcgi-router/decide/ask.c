/* SPDX-License-Identifier: BSD-2-Clause */

/* ask: one key for exact names, one walk for dynamic ones. */

#include "decide/ask.h"

#include "base/buf.h"
#include "http/host.h"

/* The value of a query, decoded; {NULL, 0}: no memory, or a broken escape. */
static struct str
ask_decode(struct str value, struct arena *a)
{
	char *text = arena_alloc(a, value.n + 1);
	size_t n = 0, i;

	for (i = 0; text != NULL && i < value.n; i++) {
		char c = value.p[i];

		if (c == '%') {
			if (value.n - i < 3 || str_hex(value.p[i + 1]) < 0 ||
			    str_hex(value.p[i + 2]) < 0)
				return (struct str){ NULL, 0 };
			c = (char)(str_hex(value.p[i + 1]) << 4 |
			    str_hex(value.p[i + 2]));
			i += 2;
		}
		text[n++] = c;
	}
	return (struct str){ text, n };
}

/* Or a colon where one would begin: "name:", "[::1]:". */
static bool
ask_has_port(struct str domain)
{
	size_t close = str_starts(domain, STR("[")) ?
	    str_find(domain, ']') : 0;

	return str_find(str_sub(domain, close, domain.n), ':') <
	    domain.n - close;
}

/* The host of `domain=`. 0, or -1 and e. */
static int
ask_host(struct str query, struct host *host, struct arena *a, struct err *e)
{
	struct str pair, name, value;
	struct str domain = { NULL, 0 };

	while (query.n > 0) {
		(void)str_cut(query, '&', &pair, &query);
		(void)str_cut(pair, '=', &name, &value);
		if (!str_eq(name, STR("domain")))
			continue;
		if (domain.p != NULL)
			return err_set(e, REASON_BAD_REQUEST,
			    "more than one domain= is asked about");
		domain = ask_decode(value, a);
		if (domain.p == NULL)
			break;
	}
	if (domain.p != NULL && !ask_has_port(domain) &&
	    host_parse(domain, host, e) == 0)
		return 0;
	if (a->full)
		return err_set(e, REASON_OVERLOADED, "no room for a host");
	return err_set(e, REASON_BAD_REQUEST,
	    "domain= is missing or no host name");
}

/* Is there an entry for just this host? 1, 0, or -1 and e. */
static int
ask_is_exact(const struct lookup_map *map, const struct host *host,
    struct arena *a, struct err *e)
{
	struct buf key;
	struct str value;
	int got;

	buf_init(&key, CODEC_KEY_MAX);
	got = codec_key_host(&key, CODEC_HOST, host_text(host));
	if (got == 0)
		got = map->get(map->arg, buf_view(&key), a, &value, e);
	else
		err_set(e, REASON_OVERLOADED, "no room for a key");
	buf_fini(&key);
	return got;
}

/* Is it a service whose name is made of the capture of the host asked for,
 * not of the one that an alias names? */
static bool
ask_names_host(const struct follow *f)
{
	const struct pattern *name = &f->target->service.name;
	size_t i;

	if (f->service == NULL || f->alias_count > 0)
		return false;
	for (i = 0; i < name->count; i++)
		if (name->parts[i].variable == PATTERN_CAPTURE &&
		    name->parts[i].capture == 0)
			return f->found.route->host_capture;
	return false;
}

/* Has the target, if it is one of a split, a share? */
static bool
ask_is_served(const struct follow *f, size_t share)
{
	return f->split != FOLLOW_SPLIT_SHARE ||
	    f->found.route->splits[share - 1].weight > 0;
}

/* Does a request for "/" of that host lead to a service by its name, be it of
 * some clients? */
static int
ask_is_dynamic(const struct follow_ask *asked, const struct host *host,
    struct arena *a, struct err *e)
{
	struct request request = { .method = STR("GET"),
		.host = *host,
		.path = { .text = STR("/") },
		.scheme = STR("https"),
		.client_ip = asked->request->client_ip };
	struct follow_ask ask = { .request = &request,
		.map = asked->map,
		.space = asked->space };
	struct follow *f = arena_alloc(a, sizeof(*f));
	int got;

	if (f == NULL)
		return err_set(e, REASON_OVERLOADED, "no room for a route");
	header_init(&request.fields, a);
	do {
		ask.share++;
		got = follow_request(&ask, a, NULL, f, e);
		if (got == 1 && ask_names_host(f) &&
		    ask_is_served(f, ask.share))
			return 1;
	} while (got != -1 && f->found.route != NULL &&
	    ask.share < f->found.route->split_count);
	return got == -1 ? -1 : 0;
}

int
ask_domain(const struct follow_ask *ask, struct arena *a, struct err *e)
{
	struct host host;
	int got;

	if (ask_host(ask->request->path.query, &host, a, e) == -1)
		return -1;
	got = ask_is_exact(ask->map, &host, a, e);
	return got == 0 ? ask_is_dynamic(ask, &host, a, e) : got;
}
