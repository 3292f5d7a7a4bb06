/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_consult: what a service is asked of a request, and what each of its
 * answers means.
 */

#include "relay/consult.h"

#include "base/clock.h"
#include "decide/auth_cache.h"
#include "decide/auth_json.h"
#include "tests/unit/scratch.h"

enum { CONSULT_ARENA = 1 << 20, CONSULT_VARIABLES = 24 };

struct consult_case {
	struct arena a;
	struct settings *settings;
	struct request request;
	struct consult consult;
	struct err e;
};

static int64_t consult_now = 1000000; /* us */

static int64_t
consult_clock(void)
{
	return consult_now;
}

/* ---- a request, and a section to ask ---- */

static struct settings *
consult_settings(const char *ini)
{
	char path[SCRATCH_PATH_MAX];
	struct settings *s;
	struct scratch dir;

	scratch_init(&dir);
	scratch_write(&dir, "router.ini", ini);
	assert_int_equal(settings_load(scratch_path(&dir, "router.ini", path),
	    &s, NULL, NULL), 0);
	scratch_fini(&dir);
	return s;
}

static bool
consult_has_variable(const char *const *list, size_t count, const char *one)
{
	size_t name = str_find(str_of(one), '=') + 1, i;

	for (i = 0; i < count; i++)
		if (strncmp(list[i], one, name) == 0)
			return true;
	return false;
}

/* POST /a%2fb?c=d of a.test, where `more`, NULL-ended, does not say another
 * thing. */
static void
consult_request_of(struct consult_case *c, const char *const *more)
{
	static const char *const own[] = { "REQUEST_METHOD=POST",
		"HTTP_HOST=a.test", "REQUEST_URI=/x/../a%2fb?c=d",
		"REQUEST_SCHEME=http", "REMOTE_ADDR=192.0.2.9",
		"SERVER_PROTOCOL=HTTP/1.1" };
	const char *list[CONSULT_VARIABLES];
	size_t said, n = 0, i;

	for (; more != NULL && *more != NULL; more++)
		list[n++] = *more;
	said = n;
	assert_true(n + TABLE_COUNT(own) < CONSULT_VARIABLES);
	for (i = 0; i < TABLE_COUNT(own); i++)
		if (!consult_has_variable(list, said, own[i]))
			list[n++] = own[i];
	list[n] = NULL;
	assert_int_equal(request_from_cgi((char **)(uintptr_t)list, &c->a,
	    &c->request, &c->e), 0);
	c->request.id = STR("id-1");
}

/* The section [auth:f] with that URL, and further lines. */
static void
consult_open(struct consult_case *c, const char *url, const char *lines,
    const char *const *more)
{
	char ini[1024];

	memset(c, 0, sizeof(*c));
	arena_init(&c->a, CONSULT_ARENA);
	snprintf(ini, sizeof(ini), "[auth:f]\ntype = forward\nurl = %s\n%s",
	    url, lines);
	c->settings = consult_settings(ini);
	consult_request_of(c, more);
}

static int
consult_ask(struct consult_case *c)
{
	return consult_begin(&c->consult, &c->settings->auths[0], c->settings,
	    &c->request, STR("x-ruled"), &c->a, &c->e);
}

static void
consult_close(struct consult_case *c)
{
	settings_drop(&c->settings);
	arena_fini(&c->a);
}

/* "Name: value|" of each. */
static struct str
consult_text(struct consult_case *c, const struct header *h)
{
	struct str text = STR("");
	size_t i;

	for (i = 0; i < h->count; i++)
		text = arena_printf(&c->a, "%.*s%.*s: %.*s|", STR_ARG(text),
		    STR_ARG(h->fields[i].name), STR_ARG(h->fields[i].value));
	return text;
}

/* ---- the question ---- */

static const struct {
	const char *url;
	const char *name, *target, *host;
	const char *key; /* the pool's, of a section with tls; NULL: none */
} consult_urls[] = {
	{ "http://auth.test", "http://auth.test:80", "/", "auth.test", NULL },
	{ "http://auth.test:80/ok?", "http://auth.test:80", "/ok?",
	  "auth.test", NULL },
	{ "http://auth.test:443/ok", "http://auth.test:443", "/ok",
	  "auth.test:443", NULL },
	{ "https://auth.test/ok?a=b", "https://auth.test:443", "/ok?a=b",
	  "auth.test", NULL },
	{ "https://auth.test:80/ok", "https://auth.test:80", "/ok",
	  "auth.test:80", NULL },
	{ "http://127.0.0.1:9091/api/verify", "http://127.0.0.1:9091",
	  "/api/verify", "127.0.0.1:9091",
	  NULL },
	{ "http://[::1]:9091/", "http://[::1]:9091", "/", "[::1]:9091",
	  NULL },
	{ "unix:/run/auth.sock:/ok?a=b", "unix:/run/auth.sock", "/ok?a=b",
	  "localhost", NULL },
	{ "https://auth.test/", "https://auth.test:443", "/", "auth.test",
	  "https://auth.test:443 tls=corp" },
};

static void
the_url_says_who_is_asked(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(consult_urls); i++) {
		const char *url = consult_urls[i].url;
		struct h1_request asked;
		struct consult_case c;

		consult_open(&c, url, consult_urls[i].key != NULL ?
		    "tls = corp\n[tls:corp]\n" : "", NULL);
		TABLE_INT(url, consult_ask(&c), 0);
		asked = consult_request(&c.consult);
		TABLE_STR(url, c.consult.target.name, consult_urls[i].name);
		TABLE_STR(url, c.consult.target.key,
		    consult_urls[i].key != NULL ? consult_urls[i].key :
		    consult_urls[i].name);
		TABLE_STR(url, c.consult.target.tls,
		    consult_urls[i].key != NULL ? "corp" : "");
		TABLE_STR(url, asked.target, consult_urls[i].target);
		TABLE_STR(url, asked.host, consult_urls[i].host);
		TABLE_STR(url, asked.method, "GET");
		TABLE_INT(url, asked.body, H1_BODY_NONE);
		TABLE_INT(url, c.consult.target.written, true);
		assert_ptr_equal(c.consult.target.egress,
		    &c.settings->egress);
		consult_close(&c);
	}
}

#define FROM "X-Forwarded-For: 192.0.2.9|X-Forwarded-Proto: http|" \
	"X-Forwarded-Host: a.test|"
#define ASKED "Via: 1.1 fcgi-router|X-Request-Id: id-1|" \
	"X-Forwarded-Method: POST|X-Forwarded-Uri: /a%2Fb?c=d|" \
	"X-Original-Method: POST|X-Original-URI: /a%2Fb?c=d|"

/* Variables, parted by '|', and all that the service is sent. */
static const struct {
	const char *row;
	const char *variables[6];
	const char *want;
} consult_fields[] = {
	{ "nothing of the client's own", { NULL }, FROM ASKED },
	{ "credentials go there", { "HTTP_COOKIE=a=b",
	  "HTTP_AUTHORIZATION=Bearer x" },
	  "Cookie: a=b|Authorization: Bearer x|" FROM ASKED },
	{ "nothing of a body, which it does not get",
	  { "CONTENT_TYPE=text/plain", "CONTENT_LENGTH=5",
	    "HTTP_CONTENT_ENCODING=gzip", "HTTP_CONTENT_LANGUAGE=de",
	    "HTTP_CONTENT_RANGE=bytes 0-1/2" }, FROM ASKED },
	{ "no condition and no range", { "HTTP_IF_NONE_MATCH=\"a\"",
	    "HTTP_IF_MODIFIED_SINCE=x", "HTTP_IF_RANGE=x",
	    "HTTP_RANGE=bytes=0-1", "HTTP_IF_MATCH=\"a\"" }, FROM ASKED },
	{ "nobody else says what is asked for",
	  { "HTTP_X_FORWARDED_URI=/open", "HTTP_X_ORIGINAL_URI=/open",
	    "HTTP_X_FORWARDED_METHOD=GET", "HTTP_X_ORIGINAL_METHOD=GET",
	    "HTTP_X_ORIGINAL.URI=/open" }, FROM ASKED },
	{ "nor what the router alone may say", { "HTTP_X_RULED=1",
	    "HTTP_X_USER=mallory", "HTTP_X_ROUTER_REASON=x",
	    "HTTP_X_MINE=1" }, "X-Mine: 1|" FROM ASKED },
};

static void
the_service_is_sent_what_an_origin_would_be(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(consult_fields); i++) {
		struct consult_case c;

		consult_open(&c, "http://auth.test/", "copy = X-User\n",
		    consult_fields[i].variables);
		TABLE_INT(consult_fields[i].row, consult_ask(&c), 0);
		TABLE_STR(consult_fields[i].row, consult_text(&c,
		    consult_request(&c.consult).fields),
		    consult_fields[i].want);
		consult_close(&c);
	}
}

/* A service whose own origin is this router again. */
static void
a_question_goes_round_no_longer_than_a_request(void **state)
{
	const char *const variables[] = { "HTTP_VIA=1.1 fcgi-router, "
		"1.1 fcgi-router, 1.1 fcgi-router, 1.1 fcgi-router, "
		"1.1 fcgi-router", NULL };
	struct consult_case c;

	(void)state;
	consult_open(&c, "http://auth.test/", "", variables);
	assert_int_equal(consult_ask(&c), -1);
	assert_int_equal(c.e.reason, REASON_LOOP);
	consult_close(&c);
}

/* ---- the answer ---- */

/* Asked, and answered so: fields are "Name: value" by lines. */
static void
consult_hear(struct consult_case *c, const char *lines, int status,
    const char *fields)
{
	struct str left = str_of(fields), one, name, value;
	struct header *h = &c->consult.answer.fields;

	consult_open(c, "http://auth.test/", lines, NULL);
	assert_int_equal(consult_ask(c), 0);
	c->consult.answer.status = status;
	header_init(h, &c->a);
	while (left.n > 0) {
		(void)str_cut(left, '\n', &one, &left);
		(void)str_cut(one, ':', &name, &value);
		assert_int_equal(header_add(h, name, str_trim(value)), 0);
	}
}

/* The same question again, which is not known, and the answer that was heard,
 * 100 ms later: was it a yes? */
static bool
consult_say(struct consult_case *c, struct auth_cache *cache,
    struct auth_answer *answer)
{
	const struct h1_answer said = c->consult.answer;

	assert_int_equal(consult_ask(c), 0);
	assert_false(consult_recall(&c->consult, cache, answer));
	c->consult.answer = said;
	consult_now += 100000;
	return consult_judge(&c->consult, answer, &c->e) == 1;
}

static const struct {
	int status;
	int got;
} consult_statuses[] = {
	{ 200, 1 }, { 204, 1 }, { 299, 1 },
	{ 300, 0 }, { 302, 0 }, { 303, 0 }, { 307, 0 }, { 399, 0 },
	{ 401, 0 }, { 403, 0 },
	{ 304, -1 }, { 400, -1 }, { 402, -1 }, { 404, -1 }, { 407, -1 },
	{ 429, -1 }, { 500, -1 }, { 503, -1 }, { 999, -1 },
};

static void
a_status_says_yes_or_no_or_nothing(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(consult_statuses); i++) {
		int status = consult_statuses[i].status;
		struct auth_answer answer;
		struct consult_case c;
		char row[8];

		snprintf(row, sizeof(row), "%d", status);
		consult_hear(&c, "", status, "");
		TABLE_INT(row, consult_judge(&c.consult, &answer, &c.e),
		    consult_statuses[i].got);
		TABLE_INT(row, answer.reply != NULL,
		    consult_statuses[i].got == 0);
		if (answer.reply != NULL)
			TABLE_INT(row, answer.reply->status, status);
		if (consult_statuses[i].got == -1)
			TABLE_INT(row, c.e.reason, REASON_AUTH_UNAVAILABLE);
		consult_close(&c);
	}
}

static void
of_a_yes_the_origin_gets_what_is_copied_alone(void **state)
{
	struct auth_answer answer;
	struct consult_case c;

	(void)state;
	consult_hear(&c, "copy = X-User, remote-groups, X-None\n", 200,
	    "x-uSER: ann\nRemote-Groups: a\nX-Other: b\nRemote-Groups: c\n"
	    "X-User-Id: 7\nSet-Cookie: a=b");
	assert_int_equal(consult_judge(&c.consult, &answer, &c.e), 1);
	TABLE_STR("sets", consult_text(&c, &answer.sets),
	    "x-uSER: ann|Remote-Groups: a|Remote-Groups: c|");
	TABLE_STR("whatever a client says there, goes", answer.consumed,
	    "remote-groups\nx-none\nx-user");
	consult_close(&c);
	consult_hear(&c, "", 200, "X-User: ann");
	assert_int_equal(consult_judge(&c.consult, &answer, &c.e), 1);
	assert_int_equal(answer.sets.count, 0);
	assert_int_equal(answer.consumed.n, 0);
	consult_close(&c);
}

/* What the settings say of an answer, and what is known by it. */
static const struct {
	const char *fields;
	const char *identity, *plan;
	const char *claims; /* "K=V|" of each */
	int got;
} consult_told[] = {
	{ "", "", "", "", 1 },
	{ "X-User: ann", "ann", "", "", 1 },
	{ "x-user: ann\nX-Plan: pro\nX-Team: red", "ann", "pro",
	  "plan=pro|team=red|", 1 },
	{ "X-Team: red\nX-Users: bob\nX-Team: blue\nX-Team: a,b", "", "",
	  "team=red,blue,a,b|", 1 },
	{ "X-User:\nX-Team:", "", "", "team=|", 1 },
	{ "X-User: ann\nX-User: bob", "", "", "", -1 },
	{ "X-User: ann\nX-User: ann", "", "", "", -1 },
	{ "X-Plan: free\nX-Plan: pro", "", "", "", -1 },
};

static void
a_yes_tells_who_it_is(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE_COUNT(consult_told); i++) {
		const char *row = consult_told[i].fields;
		struct auth_answer answer;
		struct str claims = STR("");
		struct consult_case c;

		consult_hear(&c, "tells = identity:X-User, plan:X-Plan, "
		    "team:X-Team\n", 200, row);
		TABLE_INT(row, consult_judge(&c.consult, &answer, &c.e),
		    consult_told[i].got);
		if (consult_told[i].got == -1) {
			TABLE_INT(row, c.e.reason, REASON_AUTH_UNAVAILABLE);
			consult_close(&c);
			continue;
		}
		for (k = 0; k < answer.claim_count; k++)
			claims = arena_printf(&c.a, "%.*s%.*s=%.*s|",
			    STR_ARG(claims), STR_ARG(answer.claims[k].name),
			    STR_ARG(answer.claims[k].value));
		TABLE_STR(row, answer.identity, consult_told[i].identity);
		TABLE_STR(row, answer.plan, consult_told[i].plan);
		TABLE_STR(row, claims, consult_told[i].claims);
		TABLE_INT(row, answer.sets.count, 0);
		consult_close(&c);
	}
}

static void
a_no_goes_to_the_client_without_orders_for_the_web_server(void **state)
{
	struct auth_answer answer;
	struct consult_case c;

	(void)state;
	consult_hear(&c, "", 401, "WWW-Authenticate: Basic realm=\"g\"\n"
	    "Set-Cookie: a=1\nSet-Cookie: b=2\nX-Accel-Redirect: /etc/passwd\n"
	    "X-Sendfile: /etc/passwd\nStatus: 200\nConnection: X-Hop\n"
	    "X-Hop: 1\nX-Router-Reason: none\nTransfer-Encoding: chunked");
	assert_int_equal(consult_take(&c.consult, STR("who ")), 0);
	assert_int_equal(consult_take(&c.consult, STR("are you?")), 0);
	assert_int_equal(consult_judge(&c.consult, &answer, &c.e), 0);
	TABLE_STR("fields", consult_text(&c, &answer.reply->fields),
	    "WWW-Authenticate: Basic realm=\"g\"|Set-Cookie: a=1|"
	    "Set-Cookie: b=2|");
	TABLE_STR("body", answer.reply->body, "who are you?");
	consult_close(&c);
}

/* Texts of a reply are kept up to the bound; of a yes there is as much read,
 * and nothing kept. */
static void
a_body_is_taken_up_to_its_bound(void **state)
{
	static char text[CONSULT_BODY_MAX];
	const struct str most = { text, sizeof(text) };
	struct auth_answer answer;
	struct consult_case c;

	(void)state;
	memset(text, 'x', sizeof(text));
	consult_hear(&c, "", 403, "");
	assert_int_equal(consult_take(&c.consult, most), 0);
	assert_false(c.consult.enough);
	assert_int_equal(consult_judge(&c.consult, &answer, &c.e), 0);
	assert_true(str_eq(answer.reply->body, most));
	assert_int_equal(consult_take(&c.consult, STR("y")), -1);
	assert_true(c.consult.enough);
	assert_int_equal(consult_judge(&c.consult, &answer, &c.e), -1);
	assert_int_equal(c.e.reason, REASON_AUTH_UNAVAILABLE);
	consult_close(&c);
	consult_hear(&c, "", 200, "");
	assert_int_equal(consult_take(&c.consult, most), 0);
	assert_null(c.consult.body.p);
	assert_int_equal(consult_take(&c.consult, STR("y")), -1);
	assert_true(c.consult.enough);
	assert_int_equal(consult_judge(&c.consult, &answer, &c.e), 1);
	consult_close(&c);
}

static void
the_log_learns_which_section_could_not_be_asked(void **state)
{
	struct consult_case c;

	(void)state;
	consult_open(&c, "http://auth.test/", "", NULL);
	assert_int_equal(consult_ask(&c), 0);
	err_set(&c.e, REASON_ORIGIN_REFUSED, "connection refused");
	assert_int_equal(consult_failed(&c.consult, &c.e), -1);
	assert_int_equal(c.e.reason, REASON_AUTH_UNAVAILABLE);
	assert_string_equal(c.e.text, "[auth:f]: connection refused");
	consult_close(&c);
}

/* ---- what was said before ---- */

#define HEAD "eyJhbGciOiJIUzI1NiJ9." /* {"alg":"HS256"} */

/* Two requests in a row, the first of which the service lets in, 100 ms after
 * it was asked: is it asked for the second, so much later? */
static const struct {
	const char *row;
	const char *lines;           /* of the section */
	const char *first[5], *second[5]; /* variables */
	const char *said;            /* fields of the yes */
	int later;                   /* ms */
	bool again;
} consult_repeats[] = {
	{ "without ttl", "", { NULL }, { NULL }, "", 0, true },
	{ "the same", "ttl = 1000s\n", { "HTTP_COOKIE=a" }, { "HTTP_COOKIE=a" },
	  "", 0, false },
	{ "just before the end", "ttl = 1000s\n", { NULL }, { NULL }, "",
	  999899, false },
	{ "counted from the question on", "ttl = 1000s\n", { NULL }, { NULL },
	  "", 999900, true },
	{ "another cookie", "ttl = 1000s\n", { "HTTP_COOKIE=a" },
	  { "HTTP_COOKIE=b" }, "", 0, true },
	{ "no cookie", "ttl = 1000s\n", { "HTTP_COOKIE=a" }, { NULL }, "", 0,
	  true },
	{ "another address", "ttl = 1000s\n", { NULL },
	  { "REMOTE_ADDR=192.0.2.10" }, "", 0, true },
	{ "another method", "ttl = 1000s\n", { NULL }, { "REQUEST_METHOD=GET" },
	  "", 0, true },
	{ "another query", "ttl = 1000s\n", { NULL },
	  { "REQUEST_URI=/a%2fb?c=e" }, "", 0, true },
	{ "another host", "ttl = 1000s\n", { NULL }, { "HTTP_HOST=b.test" }, "",
	  0, true },
	{ "another trace", "ttl = 1000s\n", { "HTTP_TRACEPARENT=1" },
	  { "HTTP_TRACEPARENT=2", "HTTP_TRACESTATE=2" }, "", 0, false },
	{ "what is not sent is not minded", "ttl = 1000s\n",
	  { "HTTP_X_RULED=1" }, { "HTTP_IF_RANGE=2" }, "", 0, false },
	{ "one value of two fields", "ttl = 1000s\n",
	  { "HTTP_X_A=1", "HTTP_X_B=2" }, { "HTTP_X_A=12" }, "", 0, true },
	{ "by a field alone", "ttl = 1000s\nttl_by = Cookie\n",
	  { "HTTP_COOKIE=a", "HTTP_X_A=1" }, { "HTTP_COOKIE=a",
	    "REQUEST_URI=/b", "HTTP_HOST=b.test", "REMOTE_ADDR=192.0.2.10" },
	  "", 0, false },
	{ "by a field that differs", "ttl = 1000s\nttl_by = X-A Cookie\n",
	  { "HTTP_COOKIE=a", "HTTP_X_A=1" }, { "HTTP_COOKIE=a" }, "", 0,
	  true },
	{ "by a field in a server's other spelling",
	  "ttl = 1000s\nttl_by = X-A\n", { "HTTP_X.A=1" }, { NULL }, "", 0,
	  true },
	{ "by the URL", "ttl = 1000s\nttl_by = X-Forwarded-Uri\n", { NULL },
	  { "REQUEST_URI=/b" }, "", 0, true },
	{ "the service allows less", "ttl = 3000s\n", { NULL }, { NULL },
	  "Cache-Control: max-age=2000", 1999899, false },
	{ "and not more than that", "ttl = 3000s\n", { NULL }, { NULL },
	  "Cache-Control: max-age=2000", 1999900, true },
	{ "it allows more than we do", "ttl = 1000s\n", { NULL }, { NULL },
	  "Cache-Control: max-age=2000", 999900, true },
	{ "it allows nothing", "ttl = 3000s\n", { NULL }, { NULL },
	  "Cache-Control: no-store", 0, true },
	{ "a token that has ended", "ttl = 3000s\n",
	  { "HTTP_COOKIE=a=" HEAD "eyJleHAiOjEwMDB9.x" },
	  { "HTTP_COOKIE=a=" HEAD "eyJleHAiOjEwMDB9.x" }, "", 0, true },
	{ "a token that lives on", "ttl = 3000s\n",
	  { "HTTP_AUTHORIZATION=Bearer " HEAD "eyJleHAiOjk5OTk5OTk5OTk5fQ.x" },
	  { "HTTP_AUTHORIZATION=Bearer " HEAD "eyJleHAiOjk5OTk5OTk5OTk5fQ.x" },
	  "", 0, false },
};

static void
a_yes_is_used_again_for_the_same_question(void **state)
{
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(auth_json_begin(&e), 0);
	clock_replace(consult_clock);
	for (i = 0; i < TABLE_COUNT(consult_repeats); i++) {
		const char *row = consult_repeats[i].row;
		char lines[128];
		struct auth_answer answer;
		struct auth_cache *cache;
		struct consult_case c;

		snprintf(lines, sizeof(lines), "copy = X-User\n%s",
		    consult_repeats[i].lines);
		consult_hear(&c, lines, 200, consult_repeats[i].said);
		cache = c.settings->auths[0].ttl > 0 ? auth_cache_new() : NULL;
		consult_request_of(&c, consult_repeats[i].first);
		TABLE_INT(row, consult_say(&c, cache, &answer), true);
		consult_now += INT64_C(1000) * consult_repeats[i].later;
		consult_request_of(&c, consult_repeats[i].second);
		c.request.id = STR("id-2");
		assert_int_equal(consult_ask(&c), 0);
		TABLE_INT(row, consult_recall(&c.consult, cache, &answer),
		    !consult_repeats[i].again);
		if (!consult_repeats[i].again)
			TABLE_STR(row, answer.consumed, "x-user");
		auth_cache_free(&cache);
		consult_close(&c);
	}
	clock_replace(NULL);
}

static void
nothing_but_a_yes_is_used_again(void **state)
{
	static const int statuses[] = { 302, 401, 403, 404, 500 };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(statuses); i++) {
		struct auth_cache *cache = auth_cache_new();
		struct auth_answer answer;
		struct consult_case c;

		consult_hear(&c, "ttl = 1m\n", statuses[i], "");
		assert_false(consult_say(&c, cache, &answer));
		assert_int_equal(consult_ask(&c), 0);
		assert_false(consult_recall(&c.consult, cache, &answer));
		auth_cache_free(&cache);
		consult_close(&c);
	}
}

/* ---- no room ---- */

/* Asks and judges with room for so much: did it come to an end? */
static bool
consult_within(struct consult_case *c, int status, size_t room)
{
	const struct header said = c->consult.answer.fields;
	struct auth_answer answer;
	struct arena a;
	int got;

	arena_init(&a, room);
	got = consult_begin(&c->consult, &c->settings->auths[0], c->settings,
	    &c->request, STR(""), &a, &c->e);
	if (got == 0) {
		c->consult.answer.status = status;
		c->consult.answer.fields = said;
		(void)consult_take(&c->consult, STR("why not"));
		got = consult_judge(&c->consult, &answer, &c->e);
	}
	if (got == -1)
		assert_true(c->e.reason == REASON_OVERLOADED ||
		    (c->consult.enough &&
		    c->e.reason == REASON_AUTH_UNAVAILABLE));
	arena_fini(&a);
	return got != -1;
}

static void
without_room_nobody_is_let_in(void **state)
{
	static const int statuses[] = { 200, 401 };
	size_t i, room;

	(void)state;
	for (i = 0; i < TABLE_COUNT(statuses); i++) {
		struct consult_case c;

		consult_hear(&c, "copy = X-User\ntells = user:X-User\n",
		    statuses[i], "X-User: ann\nX-User: bob\nSet-Cookie: a=b");
		for (room = 0; !consult_within(&c, statuses[i], room);
		    room += 512)
			assert_true(room < CONSULT_ARENA);
		assert_true(room > 512);
		consult_close(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_url_says_who_is_asked),
		cmocka_unit_test(the_service_is_sent_what_an_origin_would_be),
		cmocka_unit_test(
		    a_question_goes_round_no_longer_than_a_request),
		cmocka_unit_test(a_status_says_yes_or_no_or_nothing),
		cmocka_unit_test(of_a_yes_the_origin_gets_what_is_copied_alone),
		cmocka_unit_test(a_yes_tells_who_it_is),
		cmocka_unit_test(
		    a_no_goes_to_the_client_without_orders_for_the_web_server),
		cmocka_unit_test(a_body_is_taken_up_to_its_bound),
		cmocka_unit_test(
		    the_log_learns_which_section_could_not_be_asked),
		cmocka_unit_test(a_yes_is_used_again_for_the_same_question),
		cmocka_unit_test(nothing_but_a_yes_is_used_again),
		cmocka_unit_test(without_room_nobody_is_let_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
