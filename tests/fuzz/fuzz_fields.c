/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_fields: fields of both sides. The first byte chooses a target, a
 * ceiling of memory, the client's scheme and whether its peer is trusted; then
 * come, parted by NUL, a Location, a Set-Cookie, a Connection and a Via, which
 * are at once X-Forwarded-Host, -Proto, X-Request-Id and X-Forwarded-For.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "decide/fields.h"
#include "decide/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_TARGETS = 6, FUZZ_TEXTS = 4, FUZZ_ARENA = 1 << 20,
	FUZZ_SMALL = 4096 };

#define TEXT(literal) { "" literal, sizeof(literal) - 1 }

/* host, port, Host, base, prefix: each kind of mapping. */
static const struct target fuzz_targets[FUZZ_TARGETS] = {
	{ .scheme = ORIGIN_HTTP, .host = TEXT("o.example"), .port = 80,
	  .host_field = TEXT("o.example") },
	{ .scheme = ORIGIN_HTTPS, .host = TEXT("o.example"), .port = 8443,
	  .host_field = TEXT("o.example:8443"), .base = TEXT("/v1") },
	{ .scheme = ORIGIN_HTTP, .host = TEXT("o.example"), .port = 80,
	  .host_field = TEXT("a.example:81"), .base = TEXT("/v1"),
	  .prefix = TEXT("/in") },
	{ .scheme = ORIGIN_HTTP, .host = TEXT("o.example"), .port = 80,
	  .host_field = TEXT("n.example"), .prefix = TEXT("/in") },
	{ .scheme = ORIGIN_UNIX, .socket = TEXT("/run/o"),
	  .host_field = TEXT("localhost"), .base = TEXT("/v1/x") },
	{ .scheme = ORIGIN_HTTP, .host = TEXT("[2001:db8::1]"), .port = 80,
	  .host_field = TEXT("[2001:db8::1]"), .prefix = TEXT("/in") },
};

struct fuzz_case {
	struct request request;
	struct route route;
	const struct target *target;
	struct str texts[FUZZ_TEXTS];
	struct arena *a; /* of what is made */
};

/* Nothing that would end a line, whatever was put in. */
static void
fuzz_look(const struct header *h)
{
	size_t i;

	for (i = 0; i < h->count; i++) {
		CHECK(header_is_token(h->fields[i].name));
		CHECK(header_is_value(h->fields[i].value));
	}
}

/* Would a browser take it for a host? Of such a one only what came counts. */
static bool
fuzz_is_elsewhere(struct str url)
{
	size_t at = 1;

	if (!str_starts(url, STR("/")))
		return false;
	while (at < url.n && url.p[at] == '\t')
		at++;
	return at < url.n && (url.p[at] == '/' || url.p[at] == '\\');
}

static void
fuzz_to_client(struct fuzz_case *c)
{
	struct h1_answer answer = { .status = 302 };
	const struct fields_to_client in = { &c->request, &c->route,
		c->target, &answer, true };
	struct header out;
	struct err e = { .reason = REASON_NONE };
	struct str location;

	header_init(&answer.fields, c->a);
	if (header_is_value(c->texts[0]))
		CHECK(header_put(&answer.fields, NAME_LOCATION,
		    c->texts[0]) == 0);
	if (header_is_value(c->texts[1]))
		CHECK(header_put(&answer.fields, NAME_SET_COOKIE,
		    c->texts[1]) == 0);
	if (fields_to_client(&in, c->a, &out, &e) == -1) {
		CHECK(e.reason == REASON_OVERLOADED && c->a->full);
		return;
	}
	fuzz_look(&out);
	location = header_get(&out, STR("Location"));
	CHECK(!fuzz_is_elsewhere(location) ||
	    str_eq(location, c->texts[0]));
	/* A cookie keeps its name and value, and gains no attribute. */
	if (header_find(&out, STR("Set-Cookie")) != NULL)
		CHECK(str_starts(header_get(&out, STR("Set-Cookie")),
		    str_sub(c->texts[1], 0, str_find(c->texts[1], ';'))));
}

static void
fuzz_to_origin(struct fuzz_case *c)
{
	const struct fields_to_origin in = { &c->request, c->target, true, 4,
		STR("x-set"), STR("") };
	struct header out;
	struct err e = { .reason = REASON_NONE };

	if (fields_to_origin(&in, c->a, &out, &e) == -1) {
		CHECK(e.reason == REASON_LOOP ||
		    e.reason == REASON_HEADERS_TOO_LARGE ||
		    (e.reason == REASON_OVERLOADED && c->a->full));
		return;
	}
	fuzz_look(&out);
	CHECK(header_find(&out, STR("Host")) == NULL);
	CHECK(str_ends(header_get(&out, STR("X-Forwarded-For")),
	    c->request.peer));
	CHECK(c->request.trusted || str_eq(header_get(&out,
	    STR("X-Forwarded-For")), c->request.peer));
}

/* The client is an address and the host a host, whatever the peer says. */
static void
fuzz_trust(struct fuzz_case *c, struct arena *a, bool trusted)
{
	struct request *r = &c->request;
	struct err e = { .reason = REASON_NONE };
	struct cidr proxies;

	CHECK(cidr_parse(STR("192.0.2.0/24"), &proxies));
	if (trust_request(&proxies, trusted, true, r, a, &e) == -1)
		CHECK(e.reason == REASON_BAD_HOST ||
		    e.reason == REASON_OVERLOADED);
	CHECK(r->trusted == trusted && cidr_is_address(r->client_ip));
	CHECK(trusted || (r->hops == 0 &&
	    str_eq(r->client_ip, STR("192.0.2.9"))));
	CHECK(str_eq(r->scheme, STR("http")) ||
	    str_eq(r->scheme, STR("https")));
	CHECK(host_text(&r->host).n > 0);
	CHECK(header_is_token(r->id) && r->id.n <= REQUEST_ID_MAX);
}

/* The request a.example:81/in/x, with the fields that hold a value. */
static void
fuzz_ask(struct fuzz_case *c, struct arena *a, bool https)
{
	static const struct str said[] = { TEXT("X-Forwarded-Host"),
		TEXT("X-Forwarded-Proto"), TEXT("X-Request-Id"),
		TEXT("X-Forwarded-For") };
	struct err e;
	struct request *r = &c->request;
	size_t i;

	memset(r, 0, sizeof(*r));
	header_init(&r->fields, a);
	CHECK(host_parse(STR("a.example"), &r->host, &e) == 0);
	r->port = 81;
	r->path.text = STR("/in/x");
	r->method = STR("COPY");
	r->scheme = https ? STR("https") : STR("http");
	r->peer = r->client_ip = STR("192.0.2.9");
	r->id = STR("0123456789abcdef0123456789abcdef");
	if (header_is_value(c->texts[2]))
		CHECK(header_add(&r->fields, STR("Connection"),
		    c->texts[2]) == 0);
	if (header_is_value(c->texts[3]))
		CHECK(header_add(&r->fields, STR("Via"), c->texts[3]) == 0);
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (header_is_value(c->texts[i]))
			CHECK(header_add(&r->fields, said[i],
			    c->texts[i]) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_case c = { .route = { .match = STR("a.example/in") } };
	struct arena request, small;
	struct str rest;
	char *copy;
	size_t i;

	if (size < 1)
		return 0;
	copy = malloc(size);
	CHECK(copy != NULL);
	memcpy(copy, data, size);
	rest = (struct str){ copy + 1, size - 1 };
	for (i = 0; i < FUZZ_TEXTS; i++)
		(void)str_cut(rest, '\0', &c.texts[i], &rest);
	c.target = &fuzz_targets[data[0] % FUZZ_TARGETS];
	c.route.host_capture = (data[0] & 0x40) != 0;
	arena_init(&request, FUZZ_ARENA);
	fuzz_ask(&c, &request, (data[0] & 0x20) != 0);
	fuzz_trust(&c, &request, (data[0] & 0x10) != 0);
	arena_init(&small, (data[0] & 0x80) != 0 ? FUZZ_SMALL : FUZZ_ARENA);
	c.a = &small;
	fuzz_to_client(&c);
	fuzz_to_origin(&c);
	arena_fini(&small);
	arena_fini(&request);
	free(copy);
	return 0;
}
