/* SPDX-License-Identifier: BSD-2-Clause */

/* test_request: one request out of each web server's variables. */

#include "http/request.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/unit/table.h"

enum { REQUEST_TEST_CEILING = 1 << 20, REQUEST_TEST_VARIABLES = 48 };

static int
request_open(void **state)
{
	struct arena *a = malloc(sizeof(*a));

	if (a == NULL)
		return -1;
	arena_init(a, REQUEST_TEST_CEILING);
	*state = a;
	return 0;
}

static int
request_close(void **state)
{
	struct arena *a = *state;

	arena_fini(a);
	free(a);
	return 0;
}

/*
 * The variables, which stand apart in one text, NUL-ended, as environ has
 * them: the list lives in the arena.
 */
static char **
request_list(struct arena *a, const char *const *variables)
{
	size_t n = 0;
	size_t i;
	char **list;

	while (variables[n] != NULL)
		n++;
	list = arena_alloc(a, (n + 1) * sizeof(*list));
	assert_non_null(list);
	for (i = 0; i < n; i++) {
		size_t size = strlen(variables[i]) + 1;

		list[i] = arena_alloc(a, size);
		assert_non_null(list[i]);
		memcpy(list[i], variables[i], size);
	}
	return list;
}

static int
request_read(struct arena *a, const char *const *variables,
    struct request *out, struct err *e)
{
	*e = (struct err){ .reason = REASON_NONE };
	return request_from_cgi(request_list(a, variables), a, out, e);
}

/* What came out, as one text. */
static struct str
request_show(struct arena *a, const struct request *r)
{
	static const char *const bodies[] = { "none", "length", "unknown" };
	struct buf b;
	struct str text;
	size_t i;

	buf_init(&b, 1 << 16);
	assert_int_equal(buf_printf(&b, "%.*s %.*s://%.*s%.*s%s%.*s",
	    STR_ARG(r->method), STR_ARG(r->scheme),
	    STR_ARG(host_text(&r->host)), STR_ARG(r->path.text),
	    r->path.has_query ? "?" : "", STR_ARG(r->path.query)), 0);
	assert_int_equal(buf_printf(&b, " (%u) %.*s from %.*s by %.*s\n",
	    (unsigned)r->port, STR_ARG(r->protocol),
	    STR_ARG(r->client_ip), STR_ARG(r->server)), 0);
	for (i = 0; i < r->fields.count; i++)
		assert_int_equal(buf_printf(&b, "%.*s: %.*s\n",
		    STR_ARG(r->fields.fields[i].name),
		    STR_ARG(r->fields.fields[i].value)), 0);
	assert_int_equal(buf_printf(&b, "body %s %llu", bodies[r->body],
	    (unsigned long long)r->length), 0);
	text = arena_copy(a, buf_view(&b));
	buf_fini(&b);
	return text;
}

static const struct {
	const char *row;
	const char *variables[REQUEST_TEST_VARIABLES];
	const char *want;
} request_rows[] = {
	{ "nginx",
	    { "FCGI_ROLE=RESPONDER", "QUERY_STRING=a=%20b",
		"REQUEST_METHOD=POST", "CONTENT_TYPE=text/plain",
		"CONTENT_LENGTH=5", "SCRIPT_NAME=/a b",
		"REQUEST_URI=/a%20b?a=%20b", "DOCUMENT_URI=/a b",
		"DOCUMENT_ROOT=/usr/share/nginx/html",
		"SERVER_PROTOCOL=HTTP/1.1", "REQUEST_SCHEME=https",
		"HTTPS=on", "GATEWAY_INTERFACE=CGI/1.1",
		"SERVER_SOFTWARE=nginx/1.22.1", "REMOTE_ADDR=192.0.2.9",
		"REMOTE_PORT=4711", "REMOTE_USER=", "SERVER_ADDR=192.0.2.1",
		"SERVER_PORT=443", "SERVER_NAME=", "REDIRECT_STATUS=200",
		"HTTP_HOST=example.com", "HTTP_PROXY=evil:80",
		"HTTP_USER_AGENT=curl/7.88", "HTTP_COOKIE=a=1",
		"HTTP_COOKIE=b=2", "HTTP_X_FOO=a", "HTTP_X_FOO=b",
		"HTTP_CONTENT_TYPE=text/plain", "HTTP_CONTENT_LENGTH=5",
		"HTTP_CONNECTION=close", "HTTP_X_EMPTY=", NULL },
	    "POST https://example.com/a%20b?a=%20b (0) HTTP/1.1 "
	    "from 192.0.2.9 by nginx/1.22.1\n"
	    "Host: example.com\nUser-Agent: curl/7.88\nCookie: a=1\n"
	    "Cookie: b=2\nX-Foo: a\nX-Foo: b\nConnection: close\nX-Empty: \n"
	    "Content-Type: text/plain\nbody length 5" },
	{ "Apache, absolute-form",
	    { "HTTP_HOST=foo.example:81", "HTTP_COOKIE=a=1, b=2",
		"PATH=/usr/bin:/bin", "SERVER_SIGNATURE=",
		"SERVER_SOFTWARE=Apache/2.4.62 (Debian)",
		"SERVER_NAME=foo.example", "SERVER_PORT=81",
		"REMOTE_ADDR=2001:db8::9", "REQUEST_SCHEME=http",
		"GATEWAY_INTERFACE=CGI/1.1", "SERVER_PROTOCOL=HTTP/1.1",
		"REQUEST_METHOD=GET", "QUERY_STRING=q",
		"REQUEST_URI=http://FOO.example:81/p/../x?q", "SCRIPT_NAME=",
		"PATH_INFO=/x", "CONTENT_LENGTH=0", "HTTP2=off", NULL },
	    "GET http://foo.example/x?q (81) HTTP/1.1 from "
	    "2001:db8::9 by Apache/2.4.62 (Debian)\n"
	    "Host: foo.example:81\nCookie: a=1, b=2\nbody none 0" },
	{ "Apache, verbatim host, .htaccess, REDIRECT_ authorization",
	    { "REDIRECT_HTTP_AUTHORIZATION=Basic eDp5", "REDIRECT_STATUS=200",
		"HTTP_HOST=FOO.Example.:080", "SERVER_NAME=foo.example",
		"REQUEST_METHOD=GET", "REQUEST_URI=/a", "REDIRECT_URL=/a",
		"SCRIPT_NAME=/dispatch.fcgi", NULL },
	    "GET http://foo.example/a (80)  from  by \n"
	    "Host: FOO.Example.:080\nAuthorization: Basic eDp5\n"
	    "body unknown 0" },
	{ "lighttpd: doubles of the length, REDIRECT_URI",
	    { "CONTENT_LENGTH=0", "HTTP_CONTENT_LENGTH=0", "QUERY_STRING=",
		"REQUEST_URI=/a%2fb", "REDIRECT_URI=/a%2Fb",
		"REQUEST_METHOD=HEAD", "SERVER_NAME=h.example",
		"HTTP_X_UNDER=1", "HTTP_HOST=h.example", NULL },
	    "HEAD http://h.example/a%2Fb (0)  from  by \n"
	    "X-Under: 1\nHost: h.example\nbody none 0" },
	{ "HAProxy: SERVER_NAME with a port",
	    { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTPS=1",
		"SERVER_NAME=h.example:8443", NULL },
	    "GET https://h.example/ (8443)  from  by \n"
	    "body unknown 0" },
	{ "nginx, HTTP/1.0 without Host",
	    { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=",
		"SERVER_NAME=_", "HTTPS=", "CONTENT_LENGTH=",
		"CONTENT_TYPE=", NULL },
	    "GET http://_/ (0)  from  by \nbody unknown 0" },
	{ "authorization is not doubled",
	    { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
		"REDIRECT_HTTP_AUTHORIZATION=old", "HTTP_AUTHORIZATION=new",
		"Authorization=bare", NULL },
	    "GET http://h/ (0)  from  by \nHost: h\nAuthorization: new\n"
	    "body unknown 0" },
	{ "an empty authorization is none",
	    { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
		"HTTP_AUTHORIZATION=", "REDIRECT_HTTP_AUTHORIZATION=x", NULL },
	    "GET http://h/ (0)  from  by \nHost: h\nAuthorization: x\n"
	    "body unknown 0" },
	{ "a target without its path",
	    { "REQUEST_METHOD=GET", "REQUEST_URI=http://h.example?q=1",
		NULL },
	    "GET http://h.example/?q=1 (0)  from  by \n"
	    "body unknown 0" },
	{ "the target's host beats all others",
	    { "REQUEST_METHOD=GET", "REQUEST_URI=https://a.example/",
		"HTTP_HOST=b.example", "HTTP_HOST=c.example",
		"SERVER_NAME=d.example", NULL },
	    "GET http://a.example/ (0)  from  by \n"
	    "Host: b.example\nHost: c.example\nbody unknown 0" },
	{ "two Hosts that are one",
	    { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h.example",
		"HTTP_HOST=H.example.:8080", NULL },
	    "GET http://h.example/ (8080)  from  by \n"
	    "Host: h.example\nHost: H.example.:8080\nbody unknown 0" },
	{ "a later variable replaces the one that was included before",
	    { "REQUEST_METHOD=GET", "REQUEST_URI=/old", "REQUEST_URI=/new",
		"SERVER_NAME=h", NULL },
	    "GET http://h/new (0)  from  by \nbody unknown 0" },
	{ "nginx with fastcgi_pass_request_body off",
	    { "REQUEST_METHOD=POST", "CONTENT_LENGTH=5", "REQUEST_URI=/",
		"CONTENT_LENGTH=", "HTTP_HOST=h", NULL },
	    "POST http://h/ (0)  from  by \nHost: h\nbody unknown 0" },
	{ "no REQUEST_URI: decoded parts are escaped again",
	    { "REQUEST_METHOD=GET", "SCRIPT_NAME=/a b", "PATH_INFO=/%?#\\c",
		"QUERY_STRING=x=%20", "HTTP_HOST=h", NULL },
	    "GET http://h/a%20b/%25%3F%23%5Cc?x=%20 (0)  from  by \n"
	    "Host: h\nbody unknown 0" },
	{ "no REQUEST_URI, only PATH_INFO",
	    { "REQUEST_METHOD=GET", "SCRIPT_NAME=", "PATH_INFO=/\xc3\xa9/.",
		"REQUEST_URI=", "HTTP_HOST=h", NULL },
	    "GET http://h/%C3%A9/ (0)  from  by \nHost: h\n"
	    "body unknown 0" },
	{ "values lose outer blanks and keep all others",
	    { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
		"HTTP_X_A= \ta \t b\t", "HTTP_X_B=\xff=\"=", NULL },
	    "GET http://h/ (0)  from  by \nHost: h\nX-A: a \t b\n"
	    "X-B: \xff=\"=\nbody unknown 0" },
	{ "no spelling of what is left out comes through",
	    { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
		"HTTP_CONTENT-LENGTH=5", "HTTP_Content_Length=5",
		"HTTP_content-type=a/b", "HTTP_Proxy=x", "HTTP_PROXY_=x",
		NULL },
	    "GET http://h/ (0)  from  by \nHost: h\nProxy-: x\n"
	    "body unknown 0" },
	{ "a variable without '=' and one without a name are passed over",
	    { "junk", "=junk", "", "HTTP_JUNK", "REQUEST_METHOD=GET",
		"REQUEST_URI=/", "HTTP_HOST=h", NULL },
	    "GET http://h/ (0)  from  by \nHost: h\nbody unknown 0" },
	{ "an unknown method, -1 for a length, a query that is empty",
	    { "REQUEST_METHOD=M-SEARCH", "REQUEST_URI=/?", "HTTP_HOST=h",
		"CONTENT_LENGTH=-1", NULL },
	    "M-SEARCH http://h/? (0)  from  by \nHost: h\n"
	    "body unknown 0" },
	{ "the longest length",
	    { "REQUEST_METHOD=PUT", "REQUEST_URI=/", "HTTP_HOST=h",
		"CONTENT_LENGTH=9223372036854775807", NULL },
	    "PUT http://h/ (0)  from  by \nHost: h\n"
	    "body length 9223372036854775807" },
	{ "hop-by-hop fields are there for the rules to see",
	    { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
		"HTTP_CONNECTION=x-hop", "HTTP_TE=trailers", "HTTP_VIA=1.1 a",
		"HTTP_X_FORWARDED_FOR=1.2.3.4", "HTTP_X_HOP=1",
		"HTTP_HTTP2_SETTINGS=AA", "HTTP_EXPECT=100-continue",
		"HTTP_TRANSFER_ENCODING=chunked", NULL },
	    "GET http://h/ (0)  from  by \nHost: h\nConnection: x-hop\n"
	    "TE: trailers\nVia: 1.1 a\nX-Forwarded-For: 1.2.3.4\nX-Hop: 1\n"
	    "HTTP2-Settings: AA\nExpect: 100-continue\n"
	    "Transfer-Encoding: chunked\nbody unknown 0" },
};

static void
every_server_is_read_into_one_request(void **state)
{
	size_t i;

	for (i = 0; i < TABLE_COUNT(request_rows); i++) {
		const char *row = request_rows[i].row;
		struct request r;
		struct err e;

		TABLE_INT(row, request_read(*state, request_rows[i].variables,
		    &r, &e), 0);
		TABLE_STR(row, request_show(*state, &r),
		    request_rows[i].want);
		TABLE_INT(row, r.id.n, 0);
	}
}

static const struct {
	const char *variables[REQUEST_TEST_VARIABLES];
	enum reason reason;
} request_refusals[] = {
	{ { "REQUEST_URI=/", "HTTP_HOST=h", NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=", "REQUEST_URI=/", "HTTP_HOST=h", NULL },
	    REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GE T", "REQUEST_URI=/", "HTTP_HOST=h", NULL },
	    REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET\r\nX: y", "REQUEST_URI=/", "HTTP_HOST=h",
	    NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", NULL }, REASON_BAD_HOST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=", NULL },
	    REASON_BAD_HOST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=a b",
	    "SERVER_NAME=h", NULL }, REASON_BAD_HOST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h:x", NULL },
	    REASON_BAD_HOST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=a",
	    "HTTP_HOST=b", NULL }, REASON_BAD_HOST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=a",
	    "HTTP_HOST=a b", NULL }, REASON_BAD_HOST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=a, a", NULL },
	    REASON_BAD_HOST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=http:///a", "HTTP_HOST=h",
	    NULL }, REASON_BAD_HOST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=http://u@h/", "HTTP_HOST=h",
	    NULL }, REASON_BAD_HOST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=ftp://h/", "HTTP_HOST=h",
	    NULL }, REASON_BAD_PATH },
	{ { "REQUEST_METHOD=OPTIONS", "REQUEST_URI=*", "HTTP_HOST=h", NULL },
	    REASON_BAD_PATH },
	{ { "REQUEST_METHOD=CONNECT", "REQUEST_URI=/", "HTTP_HOST=h",
	    NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=CONNECT", "REQUEST_URI=h:443", "HTTP_HOST=h",
	    NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=DELETE", "REQUEST_URI=/x/#y", "HTTP_HOST=h",
	    NULL }, REASON_BAD_PATH },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=http://h#f", NULL },
	    REASON_BAD_PATH },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/a?b c", "HTTP_HOST=h", NULL },
	    REASON_BAD_PATH },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/a/..%2fb", "HTTP_HOST=h",
	    NULL }, REASON_BAD_PATH },
	{ { "REQUEST_METHOD=GET", "HTTP_HOST=h", NULL }, REASON_BAD_PATH },
	{ { "REQUEST_METHOD=GET", "QUERY_STRING=a", "HTTP_HOST=h", NULL },
	    REASON_BAD_PATH },
	{ { "REQUEST_METHOD=GET", "PATH_INFO=a", "HTTP_HOST=h", NULL },
	    REASON_BAD_PATH },
	{ { "REQUEST_METHOD=GET", "PATH_INFO=/../a", "HTTP_HOST=h", NULL },
	    REASON_BAD_PATH },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
	    "CONTENT_LENGTH=x", NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
	    "CONTENT_LENGTH=5x", NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
	    "CONTENT_LENGTH=+5", NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
	    "CONTENT_LENGTH=-2", NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
	    "CONTENT_LENGTH=5,5", NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
	    "CONTENT_LENGTH=9223372036854775808", NULL },
	    REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
	    "HTTP_X_A=a\r\nEvil: 1", NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
	    "HTTP_X_A=\x01", NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
	    "HTTP_X A=1", NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h", "HTTP_=1",
	    NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
	    "CONTENT_TYPE=a\nb", NULL }, REASON_BAD_REQUEST },
	{ { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_HOST=h",
	    "REDIRECT_HTTP_AUTHORIZATION=a\nb", NULL }, REASON_BAD_REQUEST },
	{ { NULL }, REASON_BAD_REQUEST },
};

static void
broken_requests_are_refused_with_their_reason(void **state)
{
	size_t i;

	for (i = 0; i < TABLE_COUNT(request_refusals); i++) {
		char row[16];
		struct request r;
		struct err e;

		snprintf(row, sizeof(row), "#%zu", i);
		TABLE_INT(row, request_read(*state,
		    request_refusals[i].variables, &r, &e), -1);
		TABLE_STR(row, str_of(reason_word(e.reason)),
		    reason_word(request_refusals[i].reason));
		assert_true(e.text[0] != '\0');
	}
}

static void
a_refused_request_still_has_what_the_log_needs(void **state)
{
	static const char *const variables[] = { "REQUEST_METHOD=GET",
		"REQUEST_URI=/a/../../b", "HTTP_HOST=H.example:80",
		"REMOTE_ADDR=192.0.2.1", "SERVER_PROTOCOL=HTTP/1.0",
		"SERVER_SOFTWARE=x", NULL };
	struct request r;
	struct err e;

	assert_int_equal(request_read(*state, variables, &r, &e), -1);
	assert_int_equal(e.reason, REASON_BAD_PATH);
	TABLE_STR("method", r.method, "GET");
	TABLE_STR("uri", r.uri, "/a/../../b");
	TABLE_STR("host", host_text(&r.host), "h.example");
	TABLE_STR("client", r.client_ip, "192.0.2.1");
	TABLE_STR("protocol", r.protocol, "HTTP/1.0");
	TABLE_STR("server", r.server, "x");
	TABLE_STR("scheme", r.scheme, "http");
}

static void
scheme_is_https_where_a_server_says_so(void **state)
{
	static const struct {
		const char *one, *two, *want;
	} rows[] = {
		{ "HTTPS=on", "A=", "https" },
		{ "HTTPS=ON", "A=", "https" },
		{ "HTTPS=1", "A=", "https" },
		{ "HTTPS=off", "A=", "http" },
		{ "HTTPS=0", "A=", "http" },
		{ "HTTPS=", "REQUEST_SCHEME=http", "http" },
		{ "HTTPS=", "REQUEST_SCHEME=https", "https" },
		{ "HTTPS=off", "REQUEST_SCHEME=HTTPS", "https" },
		{ "A=", "REQUEST_SCHEME=httpsx", "http" },
		{ "A=", "HTTP_X_FORWARDED_PROTO=https", "http" },
		{ "A=", "HTTP_HTTPS=on", "http" },
	};
	size_t i;

	for (i = 0; i < TABLE_COUNT(rows); i++) {
		const char *variables[] = { "REQUEST_METHOD=GET",
			"REQUEST_URI=/", "HTTP_HOST=h", rows[i].one,
			rows[i].two, NULL };
		struct request r;
		struct err e;

		TABLE_INT(rows[i].one, request_read(*state, variables, &r,
		    &e), 0);
		TABLE_STR(rows[i].one, r.scheme, rows[i].want);
	}
}

/* "PREFIXxxx…", with n bytes of 'x'. */
static const char *
request_long(struct arena *a, const char *prefix, size_t n)
{
	size_t from = strlen(prefix);
	char *text = arena_alloc(a, from + n + 1);

	assert_non_null(text);
	memcpy(text, prefix, from);
	memset(text + from, 'x', n);
	return text;
}

static void
targets_of_16_kib_pass_and_longer_ones_do_not(void **state)
{
	static const struct {
		const char *prefix;
		size_t counted; /* of the prefix, bytes of the target */
	} rows[] = {
		{ "REQUEST_URI=/", 1 },
		{ "REQUEST_URI=/?", 2 },
		{ "REQUEST_URI=http://h/", 9 },
		{ "PATH_INFO=/", 1 },
	};
	size_t i, more;

	for (i = 0; i < TABLE_COUNT(rows); i++) {
		for (more = 0; more < 3; more++) {
			const char *variables[] = { "REQUEST_METHOD=GET",
				"HTTP_HOST=h", request_long(*state,
				    rows[i].prefix, REQUEST_URI_MAX -
				    rows[i].counted + more), NULL };
			struct request r;
			struct err e;

			TABLE_INT(rows[i].prefix, request_read(*state,
			    variables, &r, &e), more == 0 ? 0 : -1);
			TABLE_INT(rows[i].prefix, e.reason, more == 0 ?
			    REASON_NONE : REASON_URI_TOO_LONG);
		}
	}
}

static void
two_hundred_fields_pass_and_one_more_does_not(void **state)
{
	const char *variables[REQUEST_FIELDS_MAX + 8];
	struct request r;
	struct err e;
	size_t n = 0;

	variables[n++] = "REQUEST_METHOD=GET";
	variables[n++] = "REQUEST_URI=/";
	variables[n++] = "SERVER_NAME=h";
	while (n < REQUEST_FIELDS_MAX + 3)
		variables[n++] = "HTTP_A=1";
	variables[n] = NULL;
	assert_int_equal(request_read(*state, variables, &r, &e), 0);
	assert_int_equal(r.fields.count, REQUEST_FIELDS_MAX);
	variables[n] = "CONTENT_TYPE=a/b";
	variables[n + 1] = NULL;
	assert_int_equal(request_read(*state, variables, &r, &e), -1);
	assert_int_equal(e.reason, REASON_HEADERS_TOO_LARGE);
	variables[n] = "HTTP_B=1";
	assert_int_equal(request_read(*state, variables, &r, &e), -1);
	assert_int_equal(e.reason, REASON_HEADERS_TOO_LARGE);
	variables[n] = "HTTP_PROXY=1"; /* is no field */
	assert_int_equal(request_read(*state, variables, &r, &e), 0);
}

static void
fields_of_64_kib_pass_and_one_byte_more_does_not(void **state)
{
	size_t more;

	for (more = 0; more < 2; more++) {
		const char *variables[] = { "REQUEST_METHOD=GET",
			"REQUEST_URI=/", "SERVER_NAME=h", "HTTP_A=12345",
			request_long(*state, "HTTP_B=",
			    REQUEST_HEADER_MAX - 7 + more), NULL };
		struct request r;
		struct err e;

		assert_int_equal(request_read(*state, variables, &r, &e),
		    more == 0 ? 0 : -1);
		assert_int_equal(e.reason, more == 0 ? REASON_NONE :
		    REASON_HEADERS_TOO_LARGE);
		arena_reset(*state);
	}
}

static void
without_memory_it_is_overloaded_at_every_ceiling(void **state)
{
	static const char *const variables[] = { "REQUEST_METHOD=GET",
		"SCRIPT_NAME=/", "QUERY_STRING=q", "HTTP_HOST=h", "HTTP_A=1",
		"CONTENT_TYPE=a/b", "REDIRECT_HTTP_AUTHORIZATION=x", NULL };
	char **list = request_list(*state, variables);
	bool failed = false, passed = false;
	size_t used;

	/* Ever less is left of one chunk, which is all the arena may have. */
	for (used = 0; used < 4064; used += 16) {
		struct arena small;
		struct request r;
		struct err e = { .reason = REASON_NONE };

		arena_init(&small, 4096);
		assert_non_null(arena_alloc(&small, used));
		if (request_from_cgi(list, &small, &r, &e) == 0) {
			passed = true;
		} else {
			failed = true;
			assert_int_equal(e.reason, REASON_OVERLOADED);
			assert_true(small.full);
		}
		arena_fini(&small);
	}
	assert_true(failed && passed);
}

static void
field_names_are_spelled_in_title_case(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "X_FOO", "X-Foo" },
		{ "HOST", "Host" },
		{ "x_foo_bar", "X-Foo-Bar" },
		{ "ETAG", "Etag" },
		{ "A__B", "A--B" },
		{ "_A_", "-A-" },
		{ "X_9A", "X-9a" },
		{ "", "" },
	};
	struct arena small;
	size_t i;

	for (i = 0; i < TABLE_COUNT(rows); i++)
		TABLE_STR(rows[i].in, request_field_name(str_of(rows[i].in),
		    *state), rows[i].want);
	arena_init(&small, 16);
	assert_null(request_field_name(STR("X_FOO"), &small).p);
	arena_fini(&small);
}

static void
the_web_server_may_name_a_namespace(void **state)
{
	static const struct {
		const char *variable, *want; /* NULL: refused */
	} rows[] = {
		{ "ROUTER_NAMESPACE=staging", "staging" },
		{ "ROUTER_NAMESPACE=", "" },
		{ "HTTP_ROUTER_NAMESPACE=staging", "" },
		{ "ROUTER_NAMESPACE=Staging", NULL },
		{ "ROUTER_NAMESPACE=a/b", NULL },
		{ "ROUTER_NAMESPACE=/", NULL },
		{ "ROUTER_NAMESPACE=-a", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		const char *variables[] = { "REQUEST_METHOD=GET",
			"HTTP_HOST=a.example", "REQUEST_URI=/",
			rows[i].variable, NULL };
		struct request r;
		struct arena a;
		struct err e;

		arena_init(&a, 1 << 16);
		TABLE_INT(rows[i].variable, request_read(&a, variables, &r,
		    &e), rows[i].want != NULL ? 0 : -1);
		if (rows[i].want != NULL)
			TABLE_STR(rows[i].variable, r.space, rows[i].want);
		else
			TABLE_INT(rows[i].variable, e.reason,
			    REASON_BAD_REQUEST);
		arena_fini(&a);
	}
}

static void
methods_are_idempotent_by_their_definition(void **state)
{
	static const char *const yes[] = { "GET", "HEAD", "PUT", "DELETE",
		"OPTIONS", "TRACE", "PROPFIND", "PROPPATCH", "REPORT",
		"SEARCH" };
	static const char *const no[] = { "POST", "PATCH", "CONNECT", "LOCK",
		"MKCOL", "COPY", "MOVE", "GETS", "GE", "" };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(yes); i++)
		TABLE_INT(yes[i], request_is_idempotent(str_of(yes[i])), true);
	for (i = 0; i < TABLE_COUNT(no); i++)
		TABLE_INT(no[i], request_is_idempotent(str_of(no[i])), false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_server_is_read_into_one_request),
		cmocka_unit_test(
		    broken_requests_are_refused_with_their_reason),
		cmocka_unit_test(
		    a_refused_request_still_has_what_the_log_needs),
		cmocka_unit_test(scheme_is_https_where_a_server_says_so),
		cmocka_unit_test(
		    targets_of_16_kib_pass_and_longer_ones_do_not),
		cmocka_unit_test(
		    two_hundred_fields_pass_and_one_more_does_not),
		cmocka_unit_test(
		    fields_of_64_kib_pass_and_one_byte_more_does_not),
		cmocka_unit_test(
		    without_memory_it_is_overloaded_at_every_ceiling),
		cmocka_unit_test(field_names_are_spelled_in_title_case),
		cmocka_unit_test(the_web_server_may_name_a_namespace),
		cmocka_unit_test(methods_are_idempotent_by_their_definition),
	};

	return cmocka_run_group_tests(tests, request_open, request_close);
}
