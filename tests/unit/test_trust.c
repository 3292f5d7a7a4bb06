/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_trust: who is believed about the client, and how far.
 */

#include "decide/trust.h"

#include <string.h>

#include "tests/unit/table.h"

enum { TRUST_ARENA = 1 << 20, TRUST_FIELDS = 6, TRUST_VARIABLES = 16 };

/* A CDN, its IPv6 side, a load balancer. */
static const char *const trust_ranges[] = { "203.0.113.0/24", "2001:db8::/32",
	"10.0.0.5" };

enum { TRUST_RANGES = sizeof(trust_ranges) / sizeof(trust_ranges[0]) };

struct trust_case {
	struct arena a;
	struct cidr proxies[TRUST_RANGES];
	struct request r;
	struct err e;
	int got; /* of request_from_cgi */
};

static void
trust_open(struct trust_case *c, const char *peer, const char *const *fields)
{
	const char *list[TRUST_VARIABLES] = { "REQUEST_METHOD=GET",
		"REQUEST_URI=/", "HTTP_HOST=asked.test:81", peer };
	size_t i;

	arena_init(&c->a, TRUST_ARENA);
	for (i = 0; i < TRUST_RANGES; i++)
		assert_true(cidr_parse(str_of(trust_ranges[i]),
		    &c->proxies[i]));
	for (i = 0; i < TRUST_FIELDS && fields[i] != NULL; i++)
		list[4 + i] = fields[i];
	c->got = request_from_cgi((char *const *)(uintptr_t)list, &c->a,
	    &c->r, &c->e);
	c->r.id = STR("new");
}

static int
trust_ask(struct trust_case *c, size_t ranges)
{
	c->e = (struct err){ .reason = REASON_NONE };
	return trust_request(c->proxies, ranges, true, &c->r, &c->a, &c->e);
}

static struct str
trust_show(struct trust_case *c)
{
	return arena_printf(&c->a, "%.*s %.*s://%.*s:%u %.*s %zu",
	    STR_ARG(c->r.client_ip), STR_ARG(c->r.scheme),
	    STR_ARG(host_text(&c->r.host)), (unsigned)c->r.port,
	    STR_ARG(c->r.id), c->r.hops);
}

#define OTHER "REMOTE_ADDR=192.0.2.9"
#define CDN "REMOTE_ADDR=203.0.113.7"
#define BALANCER "REMOTE_ADDR=10.0.0.5"
#define FOR "HTTP_X_FORWARDED_FOR="
#define PROTO "HTTP_X_FORWARDED_PROTO="
#define HOST "HTTP_X_FORWARDED_HOST="
#define ID "HTTP_X_REQUEST_ID="
#define ID128 "0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef"
#define SAME "http://asked.test:81 new"

static const struct {
	const char *row;
	const char *peer;
	const char *fields[TRUST_FIELDS];
	const char *want; /* client scheme://host id hops */
} trust_rows[] = {
	/* who */
	{ "nobody says anything", OTHER, { NULL }, "192.0.2.9 " SAME " 0" },
	{ "another's word is nothing", OTHER,
	  { FOR "198.51.100.1", PROTO "https", HOST "x.test", ID "mine" },
	  "192.0.2.9 " SAME " 0" },
	{ "nor if it names a proxy of ours", OTHER,
	  { FOR "198.51.100.1, 203.0.113.7" }, "192.0.2.9 " SAME " 0" },
	{ "a proxy that says nothing is the client", CDN, { NULL },
	  "203.0.113.7 " SAME " 0" },
	{ "a proxy's word is believed", CDN,
	  { FOR "198.51.100.1", PROTO "https", HOST "x.test", ID "its" },
	  "198.51.100.1 https://x.test:0 its 1" },
	{ "a proxy that comes by IPv6", "REMOTE_ADDR=2001:db8::7",
	  { FOR "198.51.100.1" }, "198.51.100.1 " SAME " 1" },
	{ "or whose address is told as IPv6", "REMOTE_ADDR=::ffff:10.0.0.5",
	  { FOR "198.51.100.1" }, "198.51.100.1 " SAME " 1" },
	{ "or in brackets", "REMOTE_ADDR=[2001:db8::7]",
	  { FOR "198.51.100.1" }, "198.51.100.1 " SAME " 1" },
	{ "a peer without an address is nobody", "REMOTE_ADDR=unix:",
	  { FOR "198.51.100.1" }, "unix: " SAME " 0" },
	{ "nor is one that is not told", "REMOTE_ADDR=",
	  { FOR "198.51.100.1" }, " " SAME " 0" },
	{ "a neighbour of a proxy is nobody", "REMOTE_ADDR=10.0.0.6",
	  { FOR "198.51.100.1" }, "10.0.0.6 " SAME " 0" },

	/* the list of addresses */
	{ "the last one counts, the first are the client's own", CDN,
	  { FOR "192.0.2.66, 127.0.0.1, 198.51.100.1" },
	  "198.51.100.1 " SAME " 1" },
	{ "a chain of proxies is found through", BALANCER,
	  { FOR "192.0.2.66, 198.51.100.1, 203.0.113.9" },
	  "198.51.100.1 " SAME " 2" },
	{ "through repeated fields, too", BALANCER,
	  { FOR "192.0.2.66", FOR "198.51.100.1", FOR "203.0.113.9" },
	  "198.51.100.1 " SAME " 2" },
	{ "if all are proxies, the first is the client", BALANCER,
	  { FOR "203.0.113.1, 2001:db8::1, 203.0.113.9" },
	  "203.0.113.1 " SAME " 3" },
	{ "behind one that is none of ours, nobody is believed", BALANCER,
	  { FOR "198.51.100.1, 192.0.2.50, 203.0.113.9" },
	  "192.0.2.50 " SAME " 2" },
	{ "what is no address ends it", BALANCER,
	  { FOR "198.51.100.1, unknown, 203.0.113.9" },
	  "203.0.113.9 " SAME " 1" },
	{ "at once, and the peer is the client", CDN,
	  { FOR "198.51.100.1, _hidden" }, "203.0.113.7 " SAME " 0" },
	{ "a range is no address", CDN, { FOR "198.51.100.0/24" },
	  "203.0.113.7 " SAME " 0" },
	{ "nor is a name", CDN, { FOR "198.51.100.1, localhost" },
	  "203.0.113.7 " SAME " 0" },
	{ "nor a short, octal or large one", CDN, { FOR "127.1" },
	  "203.0.113.7 " SAME " 0" },
	{ "octal", CDN, { FOR "0198.51.100.1" }, "203.0.113.7 " SAME " 0" },
	{ "large", CDN, { FOR "198.51.100.256" }, "203.0.113.7 " SAME " 0" },
	{ "nor two by a blank", CDN, { FOR "198.51.100.1 198.51.100.2" },
	  "203.0.113.7 " SAME " 0" },
	{ "a quote hides nothing", CDN,
	  { FOR "\"127.0.0.1, 198.51.100.1" }, "198.51.100.1 " SAME " 1" },
	{ "a quoted one is no address", CDN, { FOR "\"198.51.100.1\"" },
	  "203.0.113.7 " SAME " 0" },
	{ "empty elements are none", CDN,
	  { FOR "198.51.100.1, ,\t, " }, "198.51.100.1 " SAME " 1" },
	{ "an empty field is none", CDN, { FOR "198.51.100.1", FOR "" },
	  "198.51.100.1 " SAME " 1" },
	{ "blanks around", CDN, { FOR "\t 198.51.100.1\t" },
	  "198.51.100.1 " SAME " 1" },
	{ "a port is left out", CDN, { FOR "198.51.100.1:40000" },
	  "198.51.100.1 " SAME " 1" },
	{ "of a proxy, too", BALANCER,
	  { FOR "198.51.100.1:1, [2001:db8::9]:65535" },
	  "198.51.100.1 " SAME " 2" },
	{ "a port that is none", CDN, { FOR "198.51.100.1:65536" },
	  "203.0.113.7 " SAME " 0" },
	{ "an empty port", CDN, { FOR "198.51.100.1:" },
	  "203.0.113.7 " SAME " 0" },
	{ "a port with a sign", CDN, { FOR "[2001:db9::1]:+1" },
	  "203.0.113.7 " SAME " 0" },
	{ "IPv6 in its one spelling", CDN,
	  { FOR "2001:DB9:0:0::0001" }, "2001:db9::1 " SAME " 1" },
	{ "in brackets", CDN, { FOR "[2001:db9::1]" },
	  "2001:db9::1 " SAME " 1" },
	{ "in brackets, with a port", CDN, { FOR "[2001:db9::1]:443" },
	  "2001:db9::1 " SAME " 1" },
	{ "with a zone", CDN, { FOR "fe80::1%eth0" }, "fe80::1 " SAME " 1" },
	{ "IPv4 in IPv6", CDN, { FOR "::ffff:198.51.100.1" },
	  "198.51.100.1 " SAME " 1" },
	{ "a bracket that is not closed", CDN, { FOR "[2001:db9::1" },
	  "203.0.113.7 " SAME " 0" },
	{ "text behind a bracket", CDN, { FOR "[2001:db9::1]x" },
	  "203.0.113.7 " SAME " 0" },
	{ "two brackets", CDN, { FOR "[[2001:db9::1]]" },
	  "203.0.113.7 " SAME " 0" },
	{ "IPv4 in brackets", CDN, { FOR "[198.51.100.1]" },
	  "203.0.113.7 " SAME " 0" },
	{ "an underscore is a dash", CDN, { "HTTP_X_forwarded_FOR=127.0.0.1" },
	  "127.0.0.1 " SAME " 1" },
	{ "other fields of addresses are not read", CDN,
	  { "HTTP_X_REAL_IP=127.0.0.1", "HTTP_FORWARDED=for=127.0.0.1",
	    "HTTP_CLIENT_IP=127.0.0.1", "HTTP_TRUE_CLIENT_IP=127.0.0.1" },
	  "203.0.113.7 " SAME " 0" },

	/* the scheme */
	{ "https", CDN, { PROTO "https" },
	  "203.0.113.7 https://asked.test:81 new 0" },
	{ "in capitals", CDN, { PROTO "HTTPS" },
	  "203.0.113.7 https://asked.test:81 new 0" },
	{ "http, whatever the web server has", CDN,
	  { PROTO "http", "HTTPS=on" }, "203.0.113.7 " SAME " 0" },
	{ "the web server's, where another is meant", CDN,
	  { PROTO "wss", "HTTPS=on" },
	  "203.0.113.7 https://asked.test:81 new 0" },
	{ "twice the same", CDN, { PROTO "https,https", PROTO "https" },
	  "203.0.113.7 https://asked.test:81 new 0" },
	{ "two that differ", CDN, { PROTO "https, http" },
	  "203.0.113.7 " SAME " 0" },
	{ "in two fields", CDN, { PROTO "https", PROTO "http" },
	  "203.0.113.7 " SAME " 0" },
	{ "not of another", OTHER, { PROTO "https" },
	  "192.0.2.9 " SAME " 0" },

	/* the host */
	{ "with a port", CDN, { HOST "X.test.:8443" },
	  "203.0.113.7 http://x.test:8443 new 0" },
	{ "twice the same", CDN, { HOST "x.test, X.TEST", HOST "x.test" },
	  "203.0.113.7 http://x.test:0 new 0" },
	{ "an empty one is none", CDN, { HOST "", HOST " , " },
	  "203.0.113.7 " SAME " 0" },

	/* the id */
	{ "of 128 bytes", CDN, { ID ID128 },
	  "203.0.113.7 http://asked.test:81 " ID128 " 0" },
	{ "of 129 bytes", CDN, { ID ID128 "0" }, "203.0.113.7 " SAME " 0" },
	{ "any token", CDN, { ID "!#$%&'*+-.^_`|~aZ9" },
	  "203.0.113.7 http://asked.test:81 !#$%&'*+-.^_`|~aZ9 0" },
	{ "empty", CDN, { ID "" }, "203.0.113.7 " SAME " 0" },
	{ "no token", CDN, { ID "a b" }, "203.0.113.7 " SAME " 0" },
	{ "markup", CDN, { ID "<b>" }, "203.0.113.7 " SAME " 0" },
	{ "a quote", CDN, { ID "a\"b" }, "203.0.113.7 " SAME " 0" },
	{ "two", CDN, { ID "a", ID "b" }, "203.0.113.7 " SAME " 0" },
	{ "two that were joined", CDN, { ID "a, b" },
	  "203.0.113.7 " SAME " 0" },
};

static void
only_a_listed_peer_speaks_for_others(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(trust_rows); i++) {
		const char *row = trust_rows[i].row;
		struct trust_case c;

		trust_open(&c, trust_rows[i].peer, trust_rows[i].fields);
		TABLE_INT(row, c.got, 0);
		TABLE_INT(row, trust_ask(&c, TRUST_RANGES), 0);
		TABLE_STR(row, trust_show(&c), trust_rows[i].want);
		TABLE_STR(row, c.r.peer, trust_rows[i].peer +
		    strlen("REMOTE_ADDR="));
		arena_fini(&c.a);
	}
}

/* The same table, when none is listed: nothing changes. */
static void
without_a_list_nobody_is_believed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(trust_rows); i++) {
		const char *row = trust_rows[i].row;
		struct trust_case c;
		struct str before;

		trust_open(&c, trust_rows[i].peer, trust_rows[i].fields);
		before = trust_show(&c);
		TABLE_INT(row, trust_ask(&c, 0), 0);
		TABLE_INT(row, c.r.trusted, false);
		TABLE_INT(row, str_eq(trust_show(&c), before), true);
		arena_fini(&c.a);
	}
}

static void
a_host_that_nobody_can_know_is_refused(void **state)
{
	static const struct {
		const char *row;
		const char *fields[TRUST_FIELDS];
	} rows[] = {
		{ "two", { HOST "x.test, y.test" } },
		{ "in two fields", { HOST "x.test", HOST "y.test" } },
		{ "two ports", { HOST "x.test:1, x.test:2" } },
		{ "no host name", { HOST "x/y" } },
		{ "a blank", { HOST "x.test y.test" } },
		{ "a quote", { HOST "\"x.test, y.test" } },
		{ "a user", { HOST "u@x.test" } },
		{ "a wrong port", { HOST "x.test:99999" } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct trust_case c;

		trust_open(&c, CDN, rows[i].fields);
		TABLE_INT(rows[i].row, trust_ask(&c, TRUST_RANGES), -1);
		TABLE_INT(rows[i].row, c.e.reason, REASON_BAD_HOST);
		arena_fini(&c.a);
		trust_open(&c, OTHER, rows[i].fields);
		TABLE_INT(rows[i].row, trust_ask(&c, TRUST_RANGES), 0);
		TABLE_STR(rows[i].row, host_text(&c.r.host), "asked.test");
		arena_fini(&c.a);
	}
}

/* What goes into the log is right of what is refused, too. */
static void
the_client_of_a_refused_request_is_known(void **state)
{
	static const char *const broken[] = { "HTTP_HOST=a b",
		"REQUEST_URI=/%zz", "REQUEST_METHOD=G T",
		"CONTENT_LENGTH=x", "HTTP_X_A=\n" };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(broken); i++) {
		const char *fields[TRUST_FIELDS] = { broken[i],
			FOR "198.51.100.1", ID "its" };
		struct trust_case c;

		trust_open(&c, CDN, fields);
		TABLE_INT(broken[i], c.got, -1);
		(void)(trust_ask(&c, TRUST_RANGES) == 0);
		TABLE_STR(broken[i], c.r.client_ip, "198.51.100.1");
		TABLE_STR(broken[i], c.r.id, "its");
		arena_fini(&c.a);
	}
}

static void
the_walk_goes_over_all_fields_from_the_end(void **state)
{
	static const char *const fields[TRUST_FIELDS] = { FOR "a,,b ",
		"HTTP_X=x", FOR "", FOR ",", FOR "c" };
	static const char *const want[] = { "c", "b", "a" };
	struct trust_case c;
	struct trust_walk w;
	struct str element;
	size_t i;

	(void)state;
	trust_open(&c, OTHER, fields);
	trust_begin(&w, &c.r.fields);
	for (i = 0; i < TABLE_COUNT(want); i++) {
		assert_true(trust_next(&w, &element));
		TABLE_STR(want[i], element, want[i]);
	}
	assert_false(trust_next(&w, &element));
	assert_false(trust_next(&w, &element));
	arena_fini(&c.a);
}

static void
a_host_is_not_believed_where_clients_write_it(void **state)
{
	static const char *const fields[][TRUST_FIELDS] = {
		{ FOR "198.51.100.1", HOST "other.test",
		  "HTTP_X_FORWARDED_PROTO=https" },
		{ FOR "198.51.100.1", HOST "a/b, c.test",
		  "HTTP_X_FORWARDED_PROTO=https" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(fields); i++) {
		struct trust_case c;

		trust_open(&c, CDN, fields[i]);
		assert_int_equal(trust_request(c.proxies, TRUST_RANGES, false,
		    &c.r, &c.a, &c.e), 0);
		TABLE_STR("shown", trust_show(&c),
		    "198.51.100.1 https://asked.test:81 new 1");
		arena_fini(&c.a);
	}
}

static void
no_room_is_overloaded(void **state)
{
	static const char *const fields[TRUST_FIELDS] = { FOR "198.51.100.1" };
	struct trust_case c;
	struct arena none;

	(void)state;
	trust_open(&c, CDN, fields);
	arena_init(&none, 0);
	assert_int_equal(trust_request(c.proxies, TRUST_RANGES, true, &c.r,
	    &none, &c.e), -1);
	assert_int_equal(c.e.reason, REASON_OVERLOADED);
	arena_fini(&none);
	arena_fini(&c.a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_listed_peer_speaks_for_others),
		cmocka_unit_test(without_a_list_nobody_is_believed),
		cmocka_unit_test(a_host_that_nobody_can_know_is_refused),
		cmocka_unit_test(
		    a_host_is_not_believed_where_clients_write_it),
		cmocka_unit_test(the_client_of_a_refused_request_is_known),
		cmocka_unit_test(the_walk_goes_over_all_fields_from_the_end),
		cmocka_unit_test(no_room_is_overloaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
