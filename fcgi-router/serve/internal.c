/* SPDX-License-Identifier: BSD-2-Clause */

/* internal: health and ask. */

#include "serve/internal.h"

#include "http/host.h"
#include "serve/pages.h"

static int
internal_say(struct exchange *x, int status, const char *word)
{
	if (pages_word(&x->reply, status, word, &x->request, &x->arena) == 0)
		return 0;
	return err_set(&x->err, REASON_OVERLOADED, "no room for an answer");
}

/* ---- ask ---- */

/* The value of a query, decoded; {NULL, 0}: no memory, or a broken escape. */
static struct str
internal_decode(struct str value, struct arena *a)
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

/* The host of `domain=`, which must be there once. 0, or -1 and x->err. */
static int
internal_domain(struct exchange *x, struct host *host)
{
	struct str query = x->request.path.query, pair, name, value;
	struct str domain = { NULL, 0 };
	uint16_t port = 0;

	while (query.n > 0) {
		(void)str_cut(query, '&', &pair, &query);
		(void)str_cut(pair, '=', &name, &value);
		if (!str_eq(name, STR("domain")))
			continue;
		if (domain.p != NULL)
			return err_set(&x->err, REASON_BAD_REQUEST,
			    "more than one domain= is asked about");
		domain = value.n > 0 ? internal_decode(value, &x->arena) :
		    STR("");
		if (domain.p == NULL)
			break;
	}
	if (domain.p != NULL &&
	    host_parse_port(domain, host, &port, &x->err) == 0 && port == 0)
		return 0;
	return err_set(&x->err, REASON_BAD_REQUEST,
	    "domain= is missing or no host name");
}

/* Is there an entry for just this host? 1, 0, or -1 and e. */
static int
internal_is_exact(const struct lookup_map *map, const struct host *host,
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

/* Is the service's name made of the host's capture? */
static bool
internal_names_host(const struct follow *f)
{
	const struct pattern *name = &f->target->service.name;
	size_t i;

	for (i = 0; i < name->count; i++)
		if (name->parts[i].variable == PATTERN_CAPTURE &&
		    name->parts[i].capture == 0)
			return f->found.route->host_capture;
	return false;
}

/* Does a request for "/" of that host lead to a service by its name? */
static int
internal_is_dynamic(struct exchange *x, const struct lookup_map *map,
    const struct host *host)
{
	struct request request = { .method = STR("GET"),
		.host = *host,
		.host_field = host_text(host),
		.path = { .text = STR("/") },
		.scheme = STR("https"),
		.client_ip = x->request.client_ip };
	const struct follow_ask ask = { &request, map, exchange_space(x) };
	struct follow *f = arena_alloc(&x->arena, sizeof(*f));
	int got;

	if (f == NULL)
		return err_set(&x->err, REASON_OVERLOADED,
		    "no room for a route");
	header_init(&request.fields, &x->arena);
	got = follow_request(&ask, &x->arena, NULL, f, &x->err);
	return got != 1 ? got : f->service != NULL && internal_names_host(f);
}

static int
internal_ask(struct exchange *x, unsigned slot)
{
	struct exchange_map m;
	struct host host;
	int got;

	if (internal_domain(x, &host) == -1)
		return -1;
	exchange_ask_map(x, slot, &m);
	got = internal_is_exact(&m.map, &host, &x->arena, &x->err);
	if (got == 0)
		got = internal_is_dynamic(x, &m.map, &host);
	if (snapshot_confirm(x->map, &x->err) == -1 || got == -1)
		return -1;
	x->err.reason = REASON_NONE; /* that one was of the other host */
	return internal_say(x, got == 1 ? 200 : 404,
	    got == 1 ? "known" : "unknown");
}

int
internal_answer(struct exchange *x, enum internal_page page, unsigned slot)
{
	switch (page) {
	case INTERNAL_HEALTH:
		return internal_say(x, 200, "ok");
	case INTERNAL_ASK:
		return internal_ask(x, slot);
	case INTERNAL_COUNT:
		break;
	}
	return err_set(&x->err, REASON_MAP_BROKEN, "an unknown internal page");
}
