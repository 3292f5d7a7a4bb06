/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_fields: which header fields pass, which way, and how those that name
 * places are mapped.
 */

#include "decide/fields.h"

#include "decide/trust.h"
#include "tests/unit/decide.h"

struct fields_case {
	struct decide d;
	struct target target;
	struct header out;
	struct err e;
};

static void
fields_begin(struct fields_case *c, const char *list, const char *url,
    bool preserve, const char *const *more)
{
	decide_open(&c->d, list, url, more);
	c->e.text[0] = '\0';
	if (target_origin(c->d.follow.origin, &c->d.follow.source, preserve,
	    &c->d.a, &c->target, &c->e) == -1)
		fail_msg("%s: %s", list, c->e.text);
}

/* All fields as "Name: value|". */
static struct str
fields_text(struct fields_case *c)
{
	struct str text = STR("");
	size_t i;

	for (i = 0; i < c->out.count; i++)
		text = arena_printf(&c->d.a, "%.*s%.*s: %.*s|", STR_ARG(text),
		    STR_ARG(c->out.fields[i].name),
		    STR_ARG(c->out.fields[i].value));
	return text;
}

/* An answer's fields, "Name: value" each, NULL-ended, through the filter. */
static int
fields_answer(struct fields_case *c, int status, const char *const *lines)
{
	struct h1_answer answer = { .status = status };
	const struct fields_to_client in = { &c->d.request,
		c->d.follow.found.route, &c->target, &answer,
		c->d.follow.policy.rewrite_back };
	struct str name, value;

	header_init(&answer.fields, &c->d.a);
	for (; *lines != NULL; lines++) {
		assert_true(str_cut(str_of(*lines), ':', &name, &value));
		assert_int_equal(header_add(&answer.fields, name,
		    str_trim(value)), 0);
	}
	return fields_to_client(&in, &c->d.a, &c->out, &c->e);
}

static int
fields_request(struct fields_case *c, bool forwarded, int max_hops)
{
	const struct fields_to_origin in = { &c->d.request, &c->target,
		forwarded, max_hops, STR("x-all\nx-of-a-rule"),
		STR("remote-user\nvia") };

	return fields_to_origin(&in, &c->d.a, &c->out, &c->e);
}

/* ---- places ---- */

#define PLAIN "a.example http://o.example"
#define TLS "a.example https://o.example"
#define PORT "a.example http://o.example:81"
#define BASE "a.example http://o.example/v1"
#define STRIP "a.example/in http://o.example strip-prefix"
#define BOTH "a.example/in http://o.example/v1 strip-prefix"
#define NAMED "a.example/in http://o.example/v1 strip-prefix host=n.example"
#define SOCKET "a.example/in unix:/run/o.sock:/v1 strip-prefix"
#define WILD "*.example http://o.example/v1"

/* What a Location becomes. */
static const struct {
	const char *list;
	const char *url;
	bool preserve;
	const char *location;
	const char *want;
} fields_locations[] = {
	/* paths */
	{ PLAIN, "http://a.example/", false, "/x?q#f", "/x?q#f" },
	{ BASE, "http://a.example/", false, "/v1/x?q#f", "/x?q#f" },
	{ BASE, "http://a.example/", false, "/v1", "/" },
	{ BASE, "http://a.example/", false, "/v1?q", "/?q" },
	{ BASE, "http://a.example/", false, "/v10", "/v10" },
	{ BASE, "http://a.example/", false, "/x", "/x" },
	{ STRIP, "http://a.example/in/", false, "/", "/in/" },
	{ STRIP, "http://a.example/in/", false, "/x", "/in/x" },
	{ BOTH, "http://a.example/in/", false, "/v1/x", "/in/x" },
	{ BOTH, "http://a.example/in/", false, "/v1", "/in" },
	{ BOTH, "http://a.example/in/", false, "/x", "/x" },
	/* relative ones */
	{ BOTH, "http://a.example/in/", false, "x/y", "x/y" },
	{ BOTH, "http://a.example/in/", false, "?q", "?q" },
	{ BOTH, "http://a.example/in/", false, "", "" },
	{ BOTH, "http://a.example/in/", false, "../v1/x", "../v1/x" },
	/* the origin's own URL, by scheme, host and port */
	{ PLAIN, "http://a.example/", false, "http://o.example/x", "/x" },
	{ PLAIN, "http://a.example/", false, "http://o.example", "/" },
	{ PLAIN, "http://a.example/", false, "http://o.example?q", "/?q" },
	{ PLAIN, "http://a.example/", false, "HTTP://O.Example:80/x", "/x" },
	{ PLAIN, "http://a.example/", false, "//o.example/x", "/x" },
	{ PLAIN, "https://a.example/", false, "http://o.example/x", "/x" },
	{ PLAIN, "http://a.example/", false, "http://o.example:81/x",
	  "http://o.example:81/x" },
	{ PLAIN, "http://a.example/", false, "https://o.example/x",
	  "https://o.example/x" },
	{ TLS, "http://a.example/", false, "https://o.example/x", "/x" },
	{ TLS, "http://a.example/", false, "//o.example/x", "/x" },
	{ TLS, "http://a.example/", false, "http://o.example/x",
	  "http://o.example/x" },
	{ PORT, "http://a.example/", false, "http://o.example:81/x", "/x" },
	{ PORT, "http://a.example/", false, "http://o.example/x",
	  "http://o.example/x" },
	{ BASE, "http://a.example/", false, "http://o.example/v1/x", "/x" },
	{ BASE, "http://a.example/", false, "http://o.example/x",
	  "http://o.example/x" },
	{ BOTH, "http://a.example/in/", false, "http://o.example/v1/x",
	  "/in/x" },
	{ WILD, "http://p.q.example/", false, "http://o.example/v1/x", "/x" },
	/* a host that only looks alike, or is another's */
	{ PLAIN, "http://a.example/", false, "http://o.example.evil/x",
	  "http://o.example.evil/x" },
	{ PLAIN, "http://a.example/", false, "http://u@o.example/x",
	  "http://u@o.example/x" },
	{ PLAIN, "http://a.example/", false, "http://b.example/x",
	  "http://b.example/x" },
	{ PLAIN, "http://a.example/", false, "http://", "http://" },
	{ PLAIN, "http://a.example/", false, "http:///x", "http:///x" },
	{ PLAIN, "http://a.example/", false, "ftp://o.example/x",
	  "ftp://o.example/x" },
	{ PLAIN, "http://a.example/", false, "mailto:a@o.example",
	  "mailto:a@o.example" },
	/* the host asked for: the origin's own name when it was sent it */
	{ BOTH, "http://a.example/in/", true, "http://a.example/v1/x",
	  "/in/x" },
	{ BOTH, "http://a.example:81/in/", true, "http://a.example:81/v1/x",
	  "/in/x" },
	{ BOTH, "http://a.example/in/", true, "https://a.example/v1/x",
	  "https://a.example/in/x" },
	{ BOTH, "https://a.example/in/", true, "https://a.example/v1/x",
	  "/in/x" },
	{ BOTH, "http://a.example/in/", true, "http://a.example/x",
	  "http://a.example/x" },
	{ BOTH, "http://a.example/in/", true, "http://a.example:81/v1/x",
	  "http://a.example:81/v1/x" },
	/* and the public one when it was not: such a URL is right already */
	{ STRIP, "http://a.example/in/", false, "http://a.example/in/x",
	  "http://a.example/in/x" },
	{ STRIP, "http://a.example/in/", false, "http://a.example/login",
	  "http://a.example/login" },
	/* a name of its own that the route gives it */
	{ NAMED, "http://a.example/in/", false, "http://n.example/v1/x",
	  "/in/x" },
	{ NAMED, "https://a.example/in/", false, "http://n.example/v1/x",
	  "/in/x" },
	{ NAMED, "http://a.example/in/", false, "https://n.example/v1/x",
	  "https://n.example/v1/x" },
	{ NAMED, "http://a.example/in/", false, "http://o.example/v1/x",
	  "/in/x" },
	{ SOCKET, "http://a.example/in/", false, "http://localhost/v1/x",
	  "/in/x" },
	{ SOCKET, "https://a.example/in/", false, "http://localhost/v1/x",
	  "/in/x" },
	{ SOCKET, "http://a.example/in/", true, "http://localhost/v1/x",
	  "http://localhost/v1/x" },
	/* a path that begins "//" would name a host if it stood alone */
	{ PLAIN, "http://a.example/", false, "http://o.example//evil/x",
	  "http://a.example//evil/x" },
	{ PLAIN, "https://a.example:81/", false, "http://o.example//evil/x",
	  "https://a.example:81//evil/x" },
	{ PLAIN, "http://a.example/", false, "http://o.example/\\evil/x",
	  "http://a.example/\\evil/x" },
	{ BASE, "http://a.example/", false, "/v1//evil/x",
	  "http://a.example//evil/x" },
	{ BASE, "http://a.example/", false, "/v1/\\evil/x",
	  "http://a.example/\\evil/x" },
	{ STRIP, "http://a.example/in/", false, "http://o.example//evil/x",
	  "/in//evil/x" },
	{ PLAIN, "http://a.example/", false, "//evil/x", "//evil/x" },
};

static void
places_that_name_the_origin_become_paths_here(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(fields_locations); i++) {
		char row[256], location[128], content[128];
		const char *lines[] = { location, content, NULL };
		struct fields_case c;

		snprintf(row, sizeof(row), "%s < %s%s: %s",
		    fields_locations[i].list, fields_locations[i].url,
		    fields_locations[i].preserve ? " preserve" : "",
		    fields_locations[i].location);
		snprintf(location, sizeof(location), "location: %s",
		    fields_locations[i].location);
		snprintf(content, sizeof(content), "CONTENT-Location: %s",
		    fields_locations[i].location);
		fields_begin(&c, fields_locations[i].list,
		    fields_locations[i].url, fields_locations[i].preserve,
		    NULL);
		TABLE_INT(row, fields_answer(&c, 302, lines), 0);
		TABLE_INT(row, c.out.count, 2);
		TABLE_STR(row, c.out.fields[0].value,
		    fields_locations[i].want);
		TABLE_STR(row, c.out.fields[1].value,
		    fields_locations[i].want);
		decide_close(&c.d);
	}
}

/* What a Set-Cookie becomes. */
static const struct {
	const char *list;
	const char *url;
	const char *cookie;
	const char *want;
} fields_cookies[] = {
	{ PLAIN, "http://a.example/", "k=v", "k=v" },
	{ PLAIN, "http://a.example/", "k=v; Secure; HttpOnly; SameSite=Lax",
	  "k=v; Secure; HttpOnly; SameSite=Lax" },
	{ PLAIN, "http://a.example/", "k=v;;", "k=v;;" },
	{ PLAIN, "http://a.example/", "k=Path=/v1; X=Domain=o.example",
	  "k=Path=/v1; X=Domain=o.example" },
	{ PLAIN, "http://a.example/", "", "" },
	/* Path */
	{ PLAIN, "http://a.example/", "k=v; Path=/x", "k=v; Path=/x" },
	{ BASE, "http://a.example/", "k=v; Path=/v1/x; Secure",
	  "k=v; Path=/x; Secure" },
	{ BASE, "http://a.example/", "k=v; path = /v1", "k=v; Path=/" },
	{ BASE, "http://a.example/", "k=v; Path=/v10", "k=v; Path=/v10" },
	{ BASE, "http://a.example/", "k=v; Path=/", "k=v; Path=/" },
	{ BASE, "http://a.example/", "k=v; Path=", "k=v; Path=" },
	{ BASE, "http://a.example/", "k=v; Path", "k=v; Path" },
	{ BASE, "http://a.example/", "k=v; Path=v1", "k=v; Path=v1" },
	{ BOTH, "http://a.example/in/", "k=v;PATH=/v1/x;Secure",
	  "k=v; Path=/in/x;Secure" },
	{ BOTH, "http://a.example/in/", "k=v; Path=/v1", "k=v; Path=/in" },
	{ STRIP, "http://a.example/in/", "k=v; Path=/x", "k=v; Path=/in/x" },
	/* "/in/" would not be sent to "/in" */
	{ STRIP, "http://a.example/in/", "k=v; Path=/", "k=v; Path=/in" },
	/* Domain */
	{ PLAIN, "http://a.example/", "k=v; Domain=o.example", "k=v" },
	{ PLAIN, "http://a.example/", "k=v; domain = .O.Example ; Secure",
	  "k=v; Secure" },
	{ "a.example http://b.o.test", "http://a.example/",
	  "k=v; Domain=o.test", "k=v" },
	{ "a.example http://b.o.test", "http://a.example/",
	  "k=v; Domain=test", "k=v" },
	{ "a.example http://b.o.test", "http://a.example/",
	  "k=v; Domain=x.b.o.test", "k=v; Domain=x.b.o.test" },
	{ "a.example http://b.o.test", "http://a.example/",
	  "k=v; Domain=b.example", "k=v; Domain=b.example" },
	{ NAMED, "http://a.example/in/", "k=v; Domain=n.example", "k=v" },
	{ PLAIN, "http://a.example/", "k=v; Domain=", "k=v; Domain=" },
	{ PLAIN, "http://a.example/", "k=v; Domain=a.example",
	  "k=v; Domain=a.example" },
	/* of one host alone it may be wider */
	{ "w.a.test http://o.example", "http://w.a.test/",
	  "k=v; Domain=a.test", "k=v; Domain=a.test" },
	{ "w.a.test/{x} http://o.example", "http://w.a.test/x",
	  "k=v; Domain=.a.test", "k=v; Domain=.a.test" },
	/* of many it may not: siblings would get it */
	{ "*.a.test http://o.example", "http://w.a.test/",
	  "k=v; Domain=a.test", "k=v" },
	{ "*.a.test http://o.example", "http://w.a.test/",
	  "k=v; Domain=.test", "k=v" },
	{ "*.a.test http://o.example", "http://w.a.test/",
	  "k=v; Domain=w.a.test", "k=v; Domain=w.a.test" },
	{ "*.a.test http://o.example", "http://w.a.test/",
	  "k=v; Domain=x.w.a.test", "k=v; Domain=x.w.a.test" },
	{ "{t}.a.test http://o.example", "http://w.a.test/",
	  "k=v; Domain=a.test; Path=/", "k=v; Path=/" },
	{ "* http://o.example", "http://w.a.test/", "k=v; Domain=a.test",
	  "k=v" },
	{ "*.a.test http://o.a.test", "http://w.a.test/",
	  "k=v; Domain=a.test", "k=v" },
	{ "*.a.test http://o.a.test", "http://w.a.test/",
	  "k=v; Domain=o.a.test", "k=v" },
	{ SOCKET, "http://a.example/in/", "k=v; Domain=.", "k=v" },
};

static void
cookies_are_for_the_host_and_path_asked_for(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(fields_cookies); i++) {
		char row[256], cookie[128];
		const char *lines[] = { cookie, "Set-Cookie: second=1", NULL };
		struct fields_case c;

		snprintf(row, sizeof(row), "%s < %s: %s",
		    fields_cookies[i].list, fields_cookies[i].url,
		    fields_cookies[i].cookie);
		snprintf(cookie, sizeof(cookie), "set-cookie: %s",
		    fields_cookies[i].cookie);
		fields_begin(&c, fields_cookies[i].list,
		    fields_cookies[i].url, false, NULL);
		TABLE_INT(row, fields_answer(&c, 200, lines), 0);
		TABLE_INT(row, c.out.count, 2);
		TABLE_STR(row, c.out.fields[0].value, fields_cookies[i].want);
		TABLE_STR(row, c.out.fields[1].value, "second=1");
		decide_close(&c.d);
	}
}

/* ---- which pass ---- */

#define OURS "X-Forwarded-For: 192.0.2.9|X-Forwarded-Proto: http|" \
	"X-Forwarded-Host: a.example|Via: 1.1 fcgi-router|" \
	"X-Request-Id: 0123456789abcdef0123456789abcdef|"

/* After Host, which is left out. */
static const struct {
	const char *name;
	const char *more[9];
	const char *want;
} fields_out[] = {
	{ "nothing but ours", { NULL }, OURS },
	{ "others pass in order, repeated ones too",
	  { "HTTP_B=1", "HTTP_A=2", "HTTP_B=3", "CONTENT_TYPE=text/x" },
	  "B: 1|A: 2|B: 3|Content-Type: text/x|" OURS },
	{ "hop-by-hop ones do not",
	  { "HTTP_KEEP_ALIVE=1", "HTTP_TE=trailers", "HTTP_TRAILER=X",
	    "HTTP_TRANSFER_ENCODING=chunked", "HTTP_UPGRADE=h2c",
	    "HTTP_HTTP2_SETTINGS=AA", "HTTP_A=1" }, "A: 1|" OURS },
	{ "nor what is for proxies",
	  { "HTTP_PROXY_AUTHORIZATION=Basic x", "HTTP_PROXY_CONNECTION=close",
	    "HTTP_PROXY_X=1", "HTTP_PROXYX=1" }, "Proxyx: 1|" OURS },
	{ "nor Connection and what it names",
	  { "HTTP_A=1", "HTTP_CONNECTION=keep-alive, a, \"b\"", "HTTP_B=2",
	    "HTTP_C=3" }, "B: 2|C: 3|" OURS },
	{ "nor what a second Connection names",
	  { "HTTP_CONNECTION=close", "HTTP_A=1", "HTTP_CONNECTION=A" },
	  OURS },
	{ "a name is one whole element, in any case",
	  { "HTTP_CONNECTION=CLOSED, x a, \"b,c\", ,D", "HTTP_CLOSE=1",
	    "HTTP_A=2", "HTTP_B=3", "HTTP_C=4", "HTTP_D=5" },
	  "Close: 1|A: 2|B: 3|C: 4|" OURS },
	{ "nor expectations, which the web server met",
	  { "HTTP_EXPECT=100-continue" }, OURS },
	{ "what only we say is ours alone",
	  { "HTTP_X_FORWARDED_FOR=10.0.0.1", "HTTP_X_FORWARDED_PROTO=https",
	    "HTTP_X_FORWARDED_HOST=x", "HTTP_FORWARDED=for=x",
	    "HTTP_X_REQUEST_ID=1", "HTTP_X_ROUTER_VERSION=2" }, OURS },
	{ "and all else that is told of the way here is nobody's",
	  { "HTTP_X_FORWARDED_PORT=1", "HTTP_X_FORWARDED_PREFIX=/x",
	    "HTTP_X_FORWARDED=1", "HTTP_X_FORWARDED_=1",
	    "HTTP_X_REAL_IP=127.0.0.1", "HTTP_X_FORWARDER=1" },
	  "X-Forwarder: 1|" OURS },
	{ "nor another path than the one that was matched",
	  { "HTTP_X_ORIGINAL_URL=/admin", "HTTP_X_REWRITE_URL=/admin",
	    "HTTP_X_ORIGINAL_URLS=1" }, "X-Original-Urls: 1|" OURS },
	{ "Connection does not name what we set",
	  { "HTTP_CONNECTION=Via, X-Forwarded-For, X-Request-Id" }, OURS },
	{ "what a rule of the map sets is not the client's to say",
	  { "HTTP_X_ALL=1", "HTTP_X_OF_A_RULE=2", "HTTP_X_OF=3",
	    "HTTP_X_OF_A_RULES=4" }, "X-Of: 3|X-Of-A-Rules: 4|" OURS },
	{ "however it spells them: CGI programs may see no difference",
	  { "HTTP_X.ALL=1", "HTTP_x|of~a'RULE=2", "HTTP_REMOTE.USER=root",
	    "HTTP_X.FORWARDED.FOR=1", "HTTP_X.ROUTER.X=1",
	    "HTTP_CONTENT.LENGTH=1", "HTTP_TRANSFER.ENCODING=chunked",
	    "HTTP_X.OTHER=1" }, "X.other: 1|" OURS },
	{ "nor what the operator keeps", { "HTTP_REMOTE_USER=root" }, OURS },
	{ "authorization passes", { "HTTP_AUTHORIZATION=Bearer x" },
	  "Authorization: Bearer x|" OURS },
	{ "what traces a request passes as it came",
	  { "HTTP_TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-"
	    "b7ad6b7169203331-01", "HTTP_TRACESTATE=a=1,b=2" },
	  "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-"
	  "b7ad6b7169203331-01|Tracestate: a=1,b=2|" OURS },
	{ "others' Via stays, before ours", { "HTTP_VIA=1.0 fred, 1.1 p" },
	  "Via: 1.0 fred, 1.1 p|" OURS },
};

static void
origins_get_all_but_what_is_for_one_hop(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(fields_out); i++) {
		struct fields_case c;

		fields_begin(&c, PLAIN, "http://a.example/", false,
		    fields_out[i].more);
		TABLE_INT(fields_out[i].name, fields_request(&c, false, 4), 0);
		TABLE_STR(fields_out[i].name, fields_text(&c),
		    fields_out[i].want);
		decide_close(&c.d);
	}
}

#define WE "X-Forwarded-Proto: http|X-Forwarded-Host: a.example|"
#define LAST "Via: 1.1 fcgi-router|X-Request-Id: " \
	"0123456789abcdef0123456789abcdef|"
#define IS "Forwarded: for="
#define AT ";host=\"a.example\";proto=http"

/* The peer, 192.0.2.9, and 192.0.2.8 are trusted. */
static const struct {
	const char *name;
	const char *more[8];
	const char *want; /* with Forwarded */
} fields_trusted[] = {
	{ "it is the client if it says nothing", { NULL },
	  "X-Forwarded-For: 192.0.2.9|" WE IS "192.0.2.9" AT "|" LAST },
	{ "the chain is extended by it",
	  { "HTTP_X_FORWARDED_FOR=198.51.100.1" },
	  "X-Forwarded-For: 198.51.100.1, 192.0.2.9|" WE
	  IS "198.51.100.1" AT ", for=192.0.2.9|" LAST },
	{ "all of it; but we say what is known alone",
	  { "HTTP_X_FORWARDED_FOR=10.0.0.1,x ,198.51.100.1 , 192.0.2.8" },
	  "X-Forwarded-For: 10.0.0.1,x ,198.51.100.1 , 192.0.2.8, "
	  "192.0.2.9|" WE IS "198.51.100.1" AT
	  ", for=192.0.2.8, for=192.0.2.9|" LAST },
	{ "of all fields, in their order",
	  { "HTTP_X_FORWARDED_FOR=10.0.0.1", "HTTP_X_FORWARDED_FOR=",
	    "HTTP_X_FORWARDED_FOR=[2001:db8::1]:81" },
	  "X-Forwarded-For: 10.0.0.1, [2001:db8::1]:81, 192.0.2.9|" WE
	  IS "\"[2001:db8::1]\"" AT ", for=192.0.2.9|" LAST },
	{ "where no client can be read, the peer is it",
	  { "HTTP_X_FORWARDED_FOR=unknown" },
	  "X-Forwarded-For: unknown, 192.0.2.9|" WE
	  IS "192.0.2.9" AT "|" LAST },
	{ "an empty chain begins with it", { "HTTP_X_FORWARDED_FOR=" },
	  "X-Forwarded-For: 192.0.2.9|" WE IS "192.0.2.9" AT "|" LAST },
	{ "the client's own Forwarded does not pass",
	  { "HTTP_FORWARDED=for=127.0.0.1;proto=https" },
	  "X-Forwarded-For: 192.0.2.9|" WE IS "192.0.2.9" AT "|" LAST },
	{ "its other words pass",
	  { "HTTP_X_FORWARDED_PORT=443", "HTTP_X_FORWARDED_SERVER=x" },
	  "X-Forwarded-Port: 443|X-Forwarded-Server: x|"
	  "X-Forwarded-For: 192.0.2.9|" WE IS "192.0.2.9" AT "|" LAST },
	{ "unless a rule says them, or it names them for one hop",
	  { "HTTP_X_FORWARDED_PORT=443", "HTTP_X_FORWARDED_ALL=x",
	    "HTTP_X_ALL=1", "HTTP_CONNECTION=X-Forwarded-Port" },
	  "X-Forwarded-All: x|"
	  "X-Forwarded-For: 192.0.2.9|" WE IS "192.0.2.9" AT "|" LAST },
	{ "X-Real-IP is the client that was found",
	  { "HTTP_X_REAL_IP=127.0.0.1",
	    "HTTP_X_FORWARDED_FOR=198.51.100.1" },
	  "X-Forwarded-For: 198.51.100.1, 192.0.2.9|" WE
	  "X-Real-IP: 198.51.100.1|"
	  IS "198.51.100.1" AT ", for=192.0.2.9|" LAST },
	{ "scheme, host and id are its", { "HTTP_X_FORWARDED_PROTO=https",
	    "HTTP_X_FORWARDED_HOST=X.Example.:81", "HTTP_X_REQUEST_ID=i" },
	  "X-Forwarded-For: 192.0.2.9|X-Forwarded-Proto: https|"
	  "X-Forwarded-Host: x.example:81|Forwarded: for=192.0.2.9;"
	  "host=\"x.example:81\";proto=https|"
	  "Via: 1.1 fcgi-router|X-Request-Id: i|" },
	{ "no path but the one that was matched",
	  { "HTTP_X_ORIGINAL_URL=/x", "HTTP_X_REWRITE_URL=/x" },
	  "X-Forwarded-For: 192.0.2.9|" WE IS "192.0.2.9" AT "|" LAST },
};

static void
a_trusted_peer_is_the_last_of_its_chain(void **state)
{
	struct cidr proxy;
	size_t i;

	(void)state;
	assert_true(cidr_parse(STR("192.0.2.8/31"), &proxy));
	for (i = 0; i < TABLE_COUNT(fields_trusted); i++) {
		const char *row = fields_trusted[i].name;
		struct fields_case c;

		fields_begin(&c, PLAIN, "http://a.example/", false,
		    fields_trusted[i].more);
		TABLE_INT(row, trust_request(&proxy, 1, true, &c.d.request,
		    &c.d.a, &c.e), 0);
		TABLE_INT(row, fields_request(&c, true, 4), 0);
		TABLE_STR(row, fields_text(&c), fields_trusted[i].want);
		decide_close(&c.d);
	}
}

static void
forwarded_quotes_what_needs_it(void **state)
{
	static const struct {
		const char *url, *ip, *want;
	} rows[] = {
		{ "http://a.example/", "REMOTE_ADDR=192.0.2.9",
		  "for=192.0.2.9;host=\"a.example\";proto=http" },
		{ "https://a.example:81/", "REMOTE_ADDR=2001:db8::1",
		  "for=\"[2001:db8::1]\";host=\"a.example:81\";proto=https" },
		{ "http://[2001:db8::2]:81/", "REMOTE_ADDR=192.0.2.9",
		  "for=192.0.2.9;host=\"[2001:db8::2]:81\";proto=http" },
		{ "http://a.example/", "REMOTE_ADDR=",
		  "for=unknown;host=\"a.example\";proto=http" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct fields_case c;

		fields_begin(&c, "* http://o.example", rows[i].url, false,
		    NULL);
		c.d.request.client_ip = str_sub(str_of(rows[i].ip),
		    sizeof("REMOTE_ADDR=") - 1, strlen(rows[i].ip));
		assert_int_equal(fields_request(&c, true, 4), 0);
		TABLE_STR(rows[i].ip, header_get(&c.out, STR("Forwarded")),
		    rows[i].want);
		decide_close(&c.d);
	}
}

/* How often this router may be in Via. */
static void
too_many_hops_are_a_loop(void **state)
{
	static const struct {
		const char *via;
		const char *second;
		int max_hops;
		bool loops;
	} rows[] = {
		{ "HTTP_VIA=1.1 fcgi-router", NULL, 1, false },
		{ "HTTP_VIA=1.1 fcgi-router, 1.1 fcgi-router", NULL, 1,
		  true },
		{ "HTTP_VIA=1.1 fcgi-router", "HTTP_VIA=1.0 fcgi-router", 1,
		  true },
		{ "HTTP_VIA=1.1 fcgi-router, 1.1 x, 1.1 fcgi-router", NULL, 2,
		  false },
		{ "HTTP_VIA=1.1 my-fcgi-router, 1.1 fcgi-router2", NULL, 0,
		  false },
		/* however it is spelled, joined and parted */
		{ "HTTP_VIA=1.1 fcgi-router,1.1 fcgi-router", NULL, 1, true },
		{ "HTTP_VIA=,, 1.1\tfcgi-router ,", NULL, 0, true },
		{ "HTTP_VIA=1.1   fcgi-router (a comment)", NULL, 0, true },
		{ "HTTP_VIA=1.1 FCGI-Router\t(x)", NULL, 0, true },
		{ "HTTP_VIA=HTTP/1.1 fcgi-router", NULL, 0, true },
		{ "HTTP_VIA=2 fcgi-router", NULL, 0, true },
		{ "HTTP_VIA=1.1 x (1.1 fcgi-router)", NULL, 0, false },
		{ "HTTP_VIA=1.1 fcgi-router:80", NULL, 0, false },
		{ "HTTP_VIA=fcgi-router", NULL, 0, false },
		/* nothing that a client leaves open hides it */
		{ "HTTP_VIA=1.1 x (\", 1.1 fcgi-router", NULL, 0, true },
		{ "HTTP_VIA=\"", "HTTP_VIA=1.1 fcgi-router", 0, true },
		{ "HTTP_VIA=1.1 x (y, 1.1 fcgi-router", NULL, 0, true },
		{ "HTTP_VIA=1.1 fcgi-router", "HTTP_CONNECTION=Via", 0,
		  true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		const char *more[] = { rows[i].via, rows[i].second, NULL };
		struct fields_case c;

		fields_begin(&c, PLAIN, "http://a.example/", false, more);
		TABLE_INT(rows[i].via, fields_request(&c, false,
		    rows[i].max_hops), rows[i].loops ? -1 : 0);
		if (rows[i].loops)
			assert_int_equal(c.e.reason, REASON_LOOP);
		decide_close(&c.d);
	}
}

static const struct {
	const char *name;
	int status;
	const char *lines[8];
	const char *want;
} fields_in[] = {
	{ "all others pass, in order, repeated ones too", 200,
	  { "Date: d", "ETag: \"e\"", "Set-Cookie: a=1", "X: 1",
	    "set-cookie: b=2" },
	  "Date: d|ETag: \"e\"|Set-Cookie: a=1|X: 1|set-cookie: b=2|" },
	{ "hop-by-hop ones do not", 200,
	  { "Connection: close, x-a", "Keep-Alive: 1", "X-A: 1",
	    "Transfer-Encoding: x", "Upgrade: h2c", "Trailer: X", "B: 1" },
	  "B: 1|" },
	{ "nor what is for proxies", 407,
	  { "Proxy-Authenticate: Basic", "WWW-Authenticate: Basic" },
	  "WWW-Authenticate: Basic|" },
	{ "nor what a web server obeys", 200,
	  { "Status: 500", "X-Accel-Redirect: /etc/passwd",
	    "x-accel-buffering: yes", "X-Sendfile: /etc/passwd",
	    "X-Sendfile2: /etc/passwd 0-", "X-LIGHTTPD-send-file: /etc",
	    "X-Accel: fine" }, "X-Accel: fine|" },
	{ "nor what only we say", 200, { "X-Router-Reason: x" }, "" },
	{ "Location of a 200 would be a redirect to Apache", 200,
	  { "Location: /x", "Content-Location: /y" },
	  "Content-Location: /y|" },
	{ "but a 201 has one", 201, { "Location: /x" }, "Location: /x|" },
	{ "an event stream is not to be buffered", 200,
	  { "Content-Type: Text/event-stream; charset=x",
	    "X-Accel-Buffering: yes" },
	  "Content-Type: Text/event-stream; charset=x|"
	  "X-Accel-Buffering: no|" },
};

static void
clients_get_all_but_what_is_for_one_hop(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(fields_in); i++) {
		struct fields_case c;

		fields_begin(&c, PLAIN, "http://a.example/", false, NULL);
		TABLE_INT(fields_in[i].name, fields_answer(&c,
		    fields_in[i].status, fields_in[i].lines), 0);
		TABLE_STR(fields_in[i].name, fields_text(&c),
		    fields_in[i].want);
		decide_close(&c.d);
	}
}

static void
a_line_too_long_for_web_servers_is_left_out_or_refused(void **state)
{
	static char fits[8001], longer[8002], phrase[7990];
	struct str line = { phrase, 7988 };
	struct fields_case c;
	int refuse;

	(void)state;
	memset(fits, 'v', 8000);
	memset(longer, 'v', 8001);
	memset(phrase, 'p', 7989);
	fields_begin(&c, PLAIN, "http://a.example/", false, NULL);
	for (refuse = 0; refuse < 2; refuse++) {
		header_init(&c.out, &c.d.a);
		assert_int_equal(header_add(&c.out, STR("X"),
		    (struct str){ fits, 7997 }), 0);
		assert_int_equal(fields_fit_lines(&c.out, &line, refuse,
		    &c.e), 0);
		assert_int_equal(header_add(&c.out, STR("Y"),
		    (struct str){ longer, 7998 }), 0);
		assert_int_equal(header_add(&c.out, STR("B"), STR("1")), 0);
		assert_int_equal(fields_fit_lines(&c.out, &line, refuse,
		    &c.e), refuse ? -1 : 0);
		assert_int_equal(line.n, 7988);
		if (!refuse) {
			assert_int_equal(c.out.count, 2);
			TABLE_STR("fits", c.out.fields[0].name, "X");
			TABLE_STR("next", c.out.fields[1].name, "B");
		}
	}
	assert_int_equal(c.e.reason, REASON_ORIGIN_BAD_HEADER);
	header_init(&c.out, &c.d.a);
	line.n++;
	assert_int_equal(fields_fit_lines(&c.out, &line, true, &c.e), -1);
	assert_int_equal(fields_fit_lines(&c.out, &line, false, &c.e), 0);
	assert_int_equal(line.n, 0);
	decide_close(&c.d);
}

/* Each field is looked for in it: else a request of 64 KiB takes long. */
static void
connection_names_no_more_fields_than_there_can_be(void **state)
{
	char names[2 * REQUEST_FIELDS_MAX + 1] = "";
	char variable[512], line[512];
	const char *more[] = { variable, NULL, NULL };
	const char *lines[] = { line, NULL, NULL };
	struct fields_case c;
	size_t i;

	(void)state;
	for (i = 0; i < REQUEST_FIELDS_MAX; i++)
		memcpy(names + 2 * i, "a,", 2);
	(void)snprintf(variable, sizeof(variable), "HTTP_CONNECTION=%s",
	    names);
	(void)snprintf(line, sizeof(line), "Connection: %s", names);
	fields_begin(&c, PLAIN, "http://a.example/", false, more);
	assert_int_equal(fields_request(&c, false, 4), 0);
	assert_int_equal(fields_answer(&c, 200, lines), 0);
	decide_close(&c.d);

	more[1] = "HTTP_CONNECTION=b";
	lines[1] = "connection: b";
	fields_begin(&c, PLAIN, "http://a.example/", false, more);
	assert_int_equal(fields_request(&c, false, 4), -1);
	assert_int_equal(c.e.reason, REASON_HEADERS_TOO_LARGE);
	assert_int_equal(fields_answer(&c, 200, lines), -1);
	assert_int_equal(c.e.reason, REASON_ORIGIN_BAD_HEADER);
	decide_close(&c.d);
}

/* ---- no memory ---- */

/* With any room below what is needed: refused, never half a field. */
static void
a_full_arena_is_overloaded_both_ways(void **state)
{
	static const char *const more[] = { "HTTP_ACCEPT=text/html", NULL };
	struct header_field sent[] = {
		{ STR("Location"), STR("http://o.example/v1/some/where"),
		  NAME_LOCATION },
		{ STR("Set-Cookie"), STR("k=v; Path=/v1/some/where"),
		  NAME_SET_COOKIE },
	};
	struct h1_answer answer = { .status = 302,
		.fields = { .fields = sent, .count = 2 } };
	struct fields_case c;
	size_t left;
	int way;

	(void)state;
	fields_begin(&c, BOTH, "http://a.example/in/", false, more);
	for (way = 0; way < 2; way++) {
		const struct fields_to_origin out = { &c.d.request, &c.target,
			true, 4, STR(""), STR("") };
		const struct fields_to_client in = { &c.d.request,
			c.d.follow.found.route, &c.target, &answer,
			true };
		int failed = 0, got = -1;

		for (left = 0; got == -1 && left < DECIDE_CHUNK; left += 16) {
			struct arena a;

			decide_squeeze(&a, left);
			got = way == 0 ?
			    fields_to_origin(&out, &a, &c.out, &c.e) :
			    fields_to_client(&in, &a, &c.out, &c.e);
			failed += got == -1;
			if (got == -1)
				assert_int_equal(c.e.reason,
				    REASON_OVERLOADED);
			else if (way == 0)
				TABLE_STR("to origin", header_get(&c.out,
				    STR("Accept")), "text/html");
			else
				TABLE_STR("to client", fields_text(&c),
				    "Location: /in/some/where|"
				    "Set-Cookie: k=v; Path=/in/some/where|");
			arena_fini(&a);
		}
		assert_true(failed > 0 && got == 0);
	}
	decide_close(&c.d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_that_name_the_origin_become_paths_here),
		cmocka_unit_test(cookies_are_for_the_host_and_path_asked_for),
		cmocka_unit_test(origins_get_all_but_what_is_for_one_hop),
		cmocka_unit_test(a_trusted_peer_is_the_last_of_its_chain),
		cmocka_unit_test(forwarded_quotes_what_needs_it),
		cmocka_unit_test(too_many_hops_are_a_loop),
		cmocka_unit_test(clients_get_all_but_what_is_for_one_hop),
		cmocka_unit_test(
		    a_line_too_long_for_web_servers_is_left_out_or_refused),
		cmocka_unit_test(
		    connection_names_no_more_fields_than_there_can_be),
		cmocka_unit_test(a_full_arena_is_overloaded_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
