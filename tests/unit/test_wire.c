/* SPDX-License-Identifier: BSD-2-Clause */

/* test_wire: real connections on loopback: plain, Unix, TLS, and none. */

#include "relay/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/certs.h"
#include "tests/unit/origin.h"
#include "tests/unit/scratch.h"

enum { WIRE_TIMEOUT = 10000, WIRE_ROOM = 65536, WIRE_FDS = 64 };

static struct scratch wire_files;

static int
wire_group_open(void **state)
{
	(void)state;
	scratch_init(&wire_files);
	return 0;
}

static int
wire_group_close(void **state)
{
	(void)state;
	scratch_fini(&wire_files);
	return 0;
}

static struct wire *
wire_must_open(struct wire_maker *m, const struct target *t)
{
	struct err e = { .text = "" };
	struct wire *w = NULL;

	if (wire_open(m, t, WIRE_TIMEOUT, &w, &e) == -1)
		fail_msg("%s", e.text);
	return w;
}

static void
wire_must_fail(struct wire_maker *m, const struct target *t, int64_t timeout,
    enum reason reason)
{
	struct err e = { .text = "" };
	struct wire *w = NULL;

	assert_int_equal(wire_open(m, t, timeout, &w, &e), -1);
	assert_null(w);
	if (e.reason != reason)
		fail_msg("%s: %s", reason_word(e.reason), e.text);
	/* The message names the origin. */
	assert_non_null(strstr(e.text, t->name.p));
}

static void
wire_must_send(struct wire *w, struct str data)
{
	struct err e = { .text = "" };

	while (data.n > 0) {
		size_t sent = 0;
		int got = wire_send(w, data, &sent, &e);

		if (got == -1)
			fail_msg("%s", e.text);
		if (got == 0)
			origin_wait(wire_fd(w), POLLIN | POLLOUT);
		data = str_sub(data, sent, data.n);
	}
}

/* All that comes until something else than bytes does: 2 or -1. */
static int
wire_read_all(struct wire *w, char text[WIRE_ROOM], struct err *e)
{
	size_t n = 0, more;
	int got;

	while ((got = wire_recv(w, text + n, WIRE_ROOM - 1 - n, &more, e)) ==
	    0 || got == 1) {
		n += got == 1 ? more : 0;
		if (got == 0)
			origin_wait(wire_fd(w), POLLIN);
	}
	text[n] = '\0';
	return got;
}

/* Asks once, and reads n bytes. */
static void
wire_ask(struct wire *w, size_t n)
{
	struct err e = { .text = "" };
	char text[WIRE_ROOM];
	size_t more;

	wire_must_send(w, STR("GET / HTTP/1.1\r\n\r\n"));
	while (n > 0) {
		int got = wire_recv(w, text, n, &more, &e);

		if (got == 0)
			origin_wait(wire_fd(w), POLLIN);
		else if (got != 1)
			fail_msg("got %d", got);
		n -= more;
	}
}

/* ---- bytes ---- */

static void
wire_try_bytes(struct origin *o)
{
	struct wire_maker *m = wire_maker_new();
	struct wire *w = wire_must_open(m, &o->target);
	struct err e = { .text = "" };
	char text[WIRE_ROOM];
	size_t more;

	TABLE_STR("name", wire_name(w), o->name);
	TABLE_STR("key", wire_key(w), o->name);
	assert_int_equal(wire_uses(w), 0);
	wire_used(w);
	assert_int_equal(wire_uses(w), 1);
	assert_null(atomic_load(&wire_ready(w)->owner));
	assert_int_equal(wire_recv(w, text, WIRE_ROOM, &more, &e), 0);
	wire_must_send(w, STR("GET / HTTP/1.1\r\n\r\n"));
	assert_int_equal(wire_read_all(w, text, &e), 2);
	assert_string_equal(text, "HTTP/1.1 200 fine\r\n\r\n");
	assert_false(wire_is_idle(w, true));
	wire_close(&w);
	assert_null(w);
	wire_close(&w);
	wire_maker_free(&m);
	assert_null(m);
	origin_stop(o);
	assert_string_equal(o->seen, "GET / HTTP/1.1\r\n\r\n");
	origin_forget(o);
}

#define ANSWER STR("HTTP/1.1 200 fine\r\n\r\n")

static void
bytes_go_both_ways_over_tcp(void **state)
{
	struct origin o = { .answer = ANSWER, .end = ORIGIN_CLOSES };

	(void)state;
	origin_start(&o);
	wire_try_bytes(&o);
}

/* As much as the system lets one have; it doubles what it is asked for. */
static void
an_origin_on_this_machine_has_room_for_a_large_answer(void **state)
{
	struct origin o = { .answer = ANSWER, .end = ORIGIN_CLOSES };
	int most = 1 << 20, room = 0, allowed;
	socklen_t size = sizeof(room);
	FILE *f = fopen("/proc/sys/net/core/rmem_max", "r");
	struct wire_maker *m = wire_maker_new();
	struct wire *w;

	(void)state;
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &allowed), 1);
	fclose(f);
	origin_start(&o);
	w = wire_must_open(m, &o.target);
	assert_int_equal(getsockopt(wire_fd(w), SOL_SOCKET, SO_RCVBUF, &room,
	    &size), 0);
	assert_int_equal(room, 2 * (most < allowed ? most : allowed));
	wire_close(&w);
	wire_maker_free(&m);
	origin_stop(&o);
	origin_forget(&o);
}

static void
bytes_go_both_ways_over_a_unix_socket(void **state)
{
	struct origin o = { .answer = ANSWER, .end = ORIGIN_CLOSES };
	char path[SCRATCH_PATH_MAX];

	(void)state;
	origin_start_unix(&o, scratch_path(&wire_files, "o", path));
	wire_try_bytes(&o);
	unlink(path);
}

static void
a_reset_is_broken_both_ways(void **state)
{
	struct origin o = { .answer = STR(""), .end = ORIGIN_RESETS };
	struct wire_maker *m = wire_maker_new();
	struct err e = { .reason = REASON_NONE };
	char text[WIRE_ROOM];
	struct wire *w;
	size_t sent;

	(void)state;
	origin_start(&o);
	w = wire_must_open(m, &o.target);
	wire_must_send(w, STR("GET / HTTP/1.1\r\n\r\n"));
	assert_int_equal(wire_read_all(w, text, &e), -1);
	assert_int_equal(e.reason, REASON_ORIGIN_BROKEN);
	e.reason = REASON_NONE;
	assert_int_equal(wire_send(w, STR("x"), &sent, &e), -1);
	assert_int_equal(e.reason, REASON_ORIGIN_BROKEN);
	assert_int_equal(sent, 0);
	wire_close(&w);
	wire_maker_free(&m);
	origin_stop(&o);
	origin_forget(&o);
}

/* A peer that reads nothing: at some time no byte goes any more. */
static void
sending_does_not_wait(void **state)
{
	static char data[1 << 20];
	struct wire_maker *m = wire_maker_new();
	struct err e = { .text = "" };
	struct target t;
	struct wire *w;
	uint16_t port;
	char name[128];
	size_t sent, all = 0;
	int listener = origin_bind(&port);
	int got;

	(void)state;
	assert_int_equal(listen(listener, 1), 0);
	origin_name(&t, name, ORIGIN_HTTP, "127.0.0.1", port);
	w = wire_must_open(m, &t);
	do {
		got = wire_send(w, (struct str){ data, sizeof(data) }, &sent,
		    &e);
		all += sent;
		assert_true(all < 1u << 30);
	} while (got == 1);
	assert_int_equal(got, 0);
	assert_int_equal(sent, 0);
	wire_close(&w);
	wire_maker_free(&m);
	close(listener);
}

/* ---- no connection ---- */

static void
nobody_there_is_refused(void **state)
{
	struct wire_maker *m = wire_maker_new();
	char name[128], path[SCRATCH_PATH_MAX];
	struct target t;
	uint16_t port;
	int fd = origin_bind(&port); /* but nobody listens */

	(void)state;
	origin_name(&t, name, ORIGIN_HTTP, "127.0.0.1", port);
	wire_must_fail(m, &t, WIRE_TIMEOUT, REASON_ORIGIN_REFUSED);
	t = (struct target){ .scheme = ORIGIN_UNIX, .written = true,
		.socket = str_of(scratch_path(&wire_files, "none", path)),
		.name = STR("unix:none"), .key = STR("unix:none") };
	wire_must_fail(m, &t, WIRE_TIMEOUT, REASON_ORIGIN_REFUSED);
	close(fd);
	wire_maker_free(&m);
}

/* The resolver refuses such a length itself and asks nobody. */
static void
a_name_that_cannot_be_resolved_is_dns(void **state)
{
	struct wire_maker *m = wire_maker_new();
	char host[301], name[400];
	struct target t = { .scheme = ORIGIN_HTTP, .port = 80,
		.written = true };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(host) - 1; i++)
		host[i] = i % 10 == 9 ? '.' : 'a';
	host[299] = 'a';
	host[300] = '\0';
	snprintf(name, sizeof(name), "http://%s:80", host);
	t.host = str_of(host);
	t.name = t.key = str_of(name);
	wire_must_fail(m, &t, WIRE_TIMEOUT, REASON_ORIGIN_DNS);
	wire_maker_free(&m);
}

static void
names_resolve_and_connect(void **state)
{
	struct origin o = { .answer = ANSWER, .end = ORIGIN_CLOSES };

	(void)state;
	origin_start(&o);
	origin_name(&o.target, o.name, ORIGIN_HTTP, "localhost", o.port);
	wire_try_bytes(&o);
}

/* A full queue of connections: the next one hangs. */
static void
connecting_ends_with_its_timeout(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct wire_maker *m = wire_maker_new();
	int64_t before;
	struct target t;
	uint16_t port;
	char name[128];
	int listener = origin_bind(&port);
	int fds[16], i;

	(void)state;
	assert_int_equal(listen(listener, 0), 0);
	in.sin_port = htons(port);
	for (i = 0; i < 16; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_int_not_equal(fds[i], -1);
		(void)connect(fds[i], (struct sockaddr *)&in, sizeof(in));
	}
	origin_name(&t, name, ORIGIN_HTTP, "127.0.0.1", port);
	before = clock_ms();
	wire_must_fail(m, &t, 120, REASON_ORIGIN_CONNECT_TIMEOUT);
	assert_in_range(clock_ms() - before, 100, 5000);
	for (i = 0; i < 16; i++)
		close(fds[i]);
	close(listener);
	wire_maker_free(&m);
}

/* Whose fault a failure is, others learn from its reason. */
static void
a_process_without_descriptors_blames_no_origin(void **state)
{
	static const struct {
		const char *host;
		int left; /* descriptors */
	} rows[] = {
		{ "127.0.0.1", 0 },
		{ "localhost", 0 },
		{ "localhost", 2 },
	};
	struct wire_maker *m = wire_maker_new();
	struct rlimit all, few;
	struct err e;
	uint16_t port;
	int fd = origin_bind(&port);
	size_t i;

	(void)state;
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(wire_maker_begin(m, &e), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		int held[WIRE_FDS], n = 0, left;
		struct target t;
		char name[128];

		origin_name(&t, name, ORIGIN_HTTP, rows[i].host, port);
		few = all;
		few.rlim_cur = WIRE_FDS;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		while ((held[n] = dup(fd)) != -1)
			n++;
		for (left = 0; left < rows[i].left; left++)
			close(held[--n]);
		wire_must_fail(m, &t, WIRE_TIMEOUT, REASON_OVERLOADED);
		while (n > 0)
			close(held[--n]);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	}
	close(fd);
	wire_maker_free(&m);
}

/* Who listens there is not even connected to. */
static void
what_egress_denies_is_never_connected_to(void **state)
{
	char lan_name[] = "lan";
	const struct settings_egress lan = { .name = lan_name };
	struct wire_maker *m = wire_maker_new();
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char name[128], path[SCRATCH_PATH_MAX], says[256];
	struct wire *w = NULL;
	struct target t;
	struct err e;
	uint16_t port;
	int tcp = origin_bind(&port);
	int local = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(listen(tcp, 4), 0);
	fcntl(tcp, F_SETFL, O_NONBLOCK);
	origin_name(&t, name, ORIGIN_HTTP, "127.0.0.1", port);
	t.written = false;
	wire_must_fail(m, &t, WIRE_TIMEOUT, REASON_EGRESS_DENIED);
	origin_name(&t, name, ORIGIN_HTTP, "localhost", port);
	t.written = false;
	wire_must_fail(m, &t, WIRE_TIMEOUT, REASON_EGRESS_DENIED);
	origin_name(&t, name, ORIGIN_HTTP, "[::ffff:127.0.0.1]", port);
	t.written = false;
	wire_must_fail(m, &t, WIRE_TIMEOUT, REASON_EGRESS_DENIED);
	assert_int_equal(accept(tcp, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	snprintf(says, sizeof(says), "%.*s: ::ffff:127.0.0.1 may not be "
	    "connected to by [egress:lan]: it is loopback or private",
	    STR_ARG(t.name));
	t.egress = &lan;
	assert_int_equal(wire_open(m, &t, WIRE_TIMEOUT, &w, &e), -1);
	assert_string_equal(e.text, says);
	origin_name(&t, name, ORIGIN_HTTP, "169.254.169.254", 80);
	wire_must_fail(m, &t, WIRE_TIMEOUT, REASON_EGRESS_DENIED);

	snprintf(un.sun_path, sizeof(un.sun_path), "%.107s",
	    scratch_path(&wire_files, "local", path));
	assert_int_equal(bind(local, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(local, 4), 0);
	fcntl(local, F_SETFL, O_NONBLOCK);
	t = (struct target){ .scheme = ORIGIN_UNIX, .written = false,
		.socket = str_of(path), .name = STR("unix:local"),
		.key = STR("unix:local") };
	wire_must_fail(m, &t, WIRE_TIMEOUT, REASON_EGRESS_DENIED);
	assert_int_equal(accept(local, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	close(tcp);
	close(local);
	unlink(path);
	wire_maker_free(&m);
}

/* No proxy of the environment has a say. */
static void
proxies_of_the_environment_are_not_asked(void **state)
{
	struct origin o = { .answer = ANSWER, .end = ORIGIN_CLOSES };

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	origin_start(&o);
	wire_try_bytes(&o);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

/* ---- idle ---- */

static void
idle_means_open_and_silent(void **state)
{
	static const enum origin_end ends[] = { ORIGIN_STAYS, ORIGIN_CLOSES,
		ORIGIN_RESETS };
	struct wire_maker *m = wire_maker_new();
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(ends); i++) {
		struct origin o = { .answer = STR("ab"), .end = ends[i] };
		struct wire *w;

		origin_start(&o);
		w = wire_must_open(m, &o.target);
		assert_true(wire_is_idle(w, true));
		if (ends[i] != ORIGIN_RESETS) {
			wire_ask(w, 1);
			origin_wait(wire_fd(w), POLLIN);
			assert_false(wire_is_idle(w, true)); /* one byte more */
			wire_close(&w);
			w = wire_must_open(m, &o.target);
		}
		wire_ask(w, 2);
		if (ends[i] != ORIGIN_STAYS)
			origin_wait(wire_fd(w), POLLRDHUP);
		TABLE_INT("idle", wire_is_idle(w, true),
		    ends[i] == ORIGIN_STAYS);
		wire_close(&w);
		origin_stop(&o);
		origin_forget(&o);
	}
	wire_maker_free(&m);
}

/* ---- TLS ---- */

struct wire_tls_case {
	struct certs certs;
	struct origin o;
	struct wire_maker *m;
};

/* An origin whose certificate is for san, good for so many days; a store that
 * knows its authority, or another. */
static void
wire_begin_tls(struct wire_tls_case *c, const char *san, int days, bool known)
{
	char path[SCRATCH_PATH_MAX];
	struct certs other;

	certs_init(&c->certs, san, days);
	scratch_path(&wire_files, "ca.pem", path);
	if (known) {
		certs_write(&c->certs, path);
	} else {
		certs_init(&other, san, days);
		certs_write(&other, path);
		certs_fini(&other);
	}
	setenv("SSL_CERT_FILE", path, 1);
	setenv("SSL_CERT_DIR", "/nonexistent", 1);
	c->o.tls = certs_server(&c->certs);
	origin_start(&c->o);
	c->m = wire_maker_new();
}

static void
wire_end_tls(struct wire_tls_case *c)
{
	char path[SCRATCH_PATH_MAX];

	wire_maker_free(&c->m);
	if (c->o.seen != NULL) {
		origin_stop(&c->o);
		origin_forget(&c->o);
	}
	SSL_CTX_free(c->o.tls);
	certs_fini(&c->certs);
	unlink(scratch_path(&wire_files, "ca.pem", path));
}

static void
a_verified_origin_is_spoken_to_over_tls(void **state)
{
	struct wire_tls_case c = { .o = { .answer = ANSWER,
		.end = ORIGIN_CLOSES } };

	(void)state;
	wire_begin_tls(&c, "DNS:localhost", 1, true);
	wire_try_bytes(&c.o); /* stops and forgets it */
	assert_int_equal(c.o.protocols, 0); /* http/1.1 alone was offered */
	wire_end_tls(&c);
}

static void
an_address_is_verified_as_an_address(void **state)
{
	struct wire_tls_case c = { .o = { .answer = ANSWER,
		.end = ORIGIN_CLOSES } };

	(void)state;
	wire_begin_tls(&c, "IP:127.0.0.1", 1, true);
	origin_name(&c.o.target, c.o.name, ORIGIN_HTTPS, "127.0.0.1",
	    c.o.port);
	wire_try_bytes(&c.o);
	wire_end_tls(&c);
}

static void
a_certificate_that_does_not_verify_is_refused(void **state)
{
	static const struct {
		const char *san;
		int days;
		bool known;
	} rows[] = {
		{ "DNS:localhost", 1, false },     /* another authority's */
		{ "DNS:other.example", 1, true },  /* another's name */
		{ "IP:127.0.0.1", 1, true },       /* no name at all */
		{ "DNS:localhost", -1, true },     /* expired */
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct wire_tls_case c = { .o = { .answer = ANSWER } };

		wire_begin_tls(&c, rows[i].san, rows[i].days, rows[i].known);
		wire_must_fail(c.m, &c.o.target, WIRE_TIMEOUT,
		    REASON_ORIGIN_TLS);
		origin_stop(&c.o);
		TABLE_INT("nothing was asked", c.o.seen_n, 0);
		origin_forget(&c.o);
		wire_end_tls(&c);
	}
}

static void
an_origin_that_does_not_speak_tls_is_a_tls_error(void **state)
{
	struct origin o = { .answer = ANSWER, .end = ORIGIN_CLOSES,
		.asks_nothing = true };
	struct wire_maker *m = wire_maker_new();

	(void)state;
	origin_start(&o);
	origin_name(&o.target, o.name, ORIGIN_HTTPS, "127.0.0.1", o.port);
	wire_must_fail(m, &o.target, WIRE_TIMEOUT, REASON_ORIGIN_TLS);
	origin_stop(&o);
	origin_forget(&o);
	wire_maker_free(&m);
}

/* As web servers take it: many an application closes so. A body with a length
 * or chunks is not taken for whole by this. */
static void
an_end_without_its_notice_is_an_end(void **state)
{
	struct wire_tls_case c = { .o = { .answer = ANSWER,
		.end = ORIGIN_VANISHES } };

	(void)state;
	wire_begin_tls(&c, "DNS:localhost", 1, true);
	wire_try_bytes(&c.o);
	wire_end_tls(&c);
}

static void
a_tls_wire_is_idle_after_its_answer_and_not_with_more(void **state)
{
	struct wire_tls_case c = { .o = { .answer = STR("ab") } };
	struct wire *w;

	(void)state;
	wire_begin_tls(&c, "DNS:localhost", 1, true);
	w = wire_must_open(c.m, &c.o.target);
	wire_ask(w, 2);
	assert_true(wire_is_idle(w, true));
	/* The second byte is in libcurl's hands, not in the socket. */
	wire_ask(w, 1);
	assert_false(wire_is_idle(w, true));
	wire_close(&w);
	wire_end_tls(&c);
}

/* A session ticket behind an answer is no byte that nobody asked for. */
static void
a_late_ticket_leaves_a_tls_wire_idle(void **state)
{
	struct wire_tls_case c = { .o = { .answer = STR("ab"),
		.late_ticket = true } };
	struct wire *w;

	(void)state;
	wire_begin_tls(&c, "DNS:localhost", 1, true);
	w = wire_must_open(c.m, &c.o.target);
	wire_ask(w, 2);
	origin_wait(wire_fd(w), POLLIN);
	assert_true(wire_is_idle(w, true));
	wire_ask(w, 2);
	wire_close(&w);
	wire_end_tls(&c);
}

/* ---- [tls:NAME] ---- */

/* Writes a file of the tests' folder; its path. */
static const char *
wire_put(const char *name, const char *text, mode_t mode,
    char path[SCRATCH_PATH_MAX])
{
	FILE *f;

	scratch_path(&wire_files, name, path);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static struct settings *
wire_settings(const char *text)
{
	char path[SCRATCH_PATH_MAX];
	struct settings *s;

	wire_put("router.ini", text, 0600, path);
	assert_int_equal(settings_load(path, &s, NULL, NULL), 0);
	return s;
}

/* What was told of the files, or "". */
static void
wire_tell(void *arg, const char *line)
{
	char *told = arg;
	const char *at = strstr(line, "router.ini:");

	assert_non_null(at);
	snprintf(told, 512, "%.500s", at);
}

static int
wire_trust(struct wire_maker *m, const char *text, char told[512])
{
	struct settings *s = wire_settings(text);
	int got;

	told[0] = '\0';
	got = wire_maker_trust(m, s, wire_tell, told);
	settings_drop(&s);
	return got;
}

static void
wire_must_trust(struct wire_maker *m, const char *text)
{
	char told[512];

	if (wire_trust(m, text, told) == -1)
		fail_msg("%s", told);
}

/* The case's authority as ca.pem, its leaf as cert.pem, its key. */
static void
wire_write_files(const struct wire_tls_case *c)
{
	char path[SCRATCH_PATH_MAX];
	FILE *f;

	certs_write(&c->certs, scratch_path(&wire_files, "own.pem", path));
	f = fopen(scratch_path(&wire_files, "cert.pem", path), "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, c->certs.leaf), 1);
	assert_int_equal(fclose(f), 0);
	wire_put("key.pem", "", 0600, path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, c->certs.key, NULL, NULL, 0,
	    NULL, NULL), 1);
	assert_int_equal(fclose(f), 0);
}

static void
an_authority_of_its_own_counts_for_its_name_alone(void **state)
{
	struct wire_tls_case c = { .o = { .answer = ANSWER } };
	struct target named;
	struct wire *w;
	int i;

	(void)state;
	wire_begin_tls(&c, "DNS:localhost", 1, false);
	wire_write_files(&c);
	wire_must_trust(c.m, "[tls:corp]\nca = own.pem\n[tls:bare]\n");
	named = c.o.target;
	named.tls = STR("corp");
	/* Twice: a session that is known to it helps nobody else. */
	for (i = 0; i < 2; i++) {
		w = wire_must_open(c.m, &named);
		wire_ask(w, ANSWER.n);
		wire_close(&w);
		wire_must_fail(c.m, &c.o.target, WIRE_TIMEOUT,
		    REASON_ORIGIN_TLS);
		named.tls = STR("bare");
		wire_must_fail(c.m, &named, WIRE_TIMEOUT, REASON_ORIGIN_TLS);
		named.tls = STR("none");
		wire_must_fail(c.m, &named, WIRE_TIMEOUT, REASON_ORIGIN_TLS);
		named.tls = STR("corp");
	}
	wire_end_tls(&c);
}

static void
an_origin_is_shown_the_certificate_of_its_name_alone(void **state)
{
	struct wire_tls_case c = { .o = { .answer = ANSWER } };
	struct target named;
	struct wire *w;
	struct err e;
	char got[64];
	size_t n;

	(void)state;
	wire_begin_tls(&c, "DNS:localhost", 1, true);
	SSL_CTX_set_verify(c.o.tls, SSL_VERIFY_PEER |
	    SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(c.o.tls),
	    c.certs.authority), 1);
	wire_write_files(&c);
	wire_must_trust(c.m,
	    "[tls:corp]\ncert = cert.pem\nkey = key.pem\n");
	named = c.o.target;
	named.tls = STR("corp");
	w = wire_must_open(c.m, &named);
	wire_ask(w, ANSWER.n);
	wire_close(&w);
	/* TLS 1.3 tells it behind the handshake. */
	if (wire_open(c.m, &c.o.target, WIRE_TIMEOUT, &w, &e) == 0) {
		origin_wait(wire_fd(w), POLLIN);
		assert_int_equal(wire_recv(w, got, sizeof(got), &n, &e), -1);
		wire_close(&w);
	}
	wire_end_tls(&c);
}

static void
what_is_not_verified_is_told_loudly(void **state)
{
	struct wire_tls_case c = { .o = { .answer = ANSWER } };
	struct target named;
	struct wire *w;
	const char *said;
	int i;

	(void)state;
	wire_begin_tls(&c, "DNS:other.example", -1, false);
	scratch_listen(&wire_files);
	wire_must_trust(c.m, "[tls:open]\nverify = no\n");
	named = c.o.target;
	named.tls = STR("open");
	for (i = 0; i < 2; i++) {
		w = wire_must_open(c.m, &named);
		wire_ask(w, ANSWER.n);
		wire_close(&w);
		wire_must_fail(c.m, &c.o.target, WIRE_TIMEOUT,
		    REASON_ORIGIN_TLS);
	}
	said = scratch_heard(&wire_files);
	assert_int_equal(scratch_times(said, "[tls:open] says 'verify = no': "
	    "whoever stands"), 1);
	assert_int_equal(scratch_times(said, "is connected to without "
	    "verifying"), 1);
	wire_end_tls(&c);
}

static void
a_wire_serves_as_long_as_its_settings_and_its_address_may(void **state)
{
	static const char same[] = "[tls:corp]\nca = own.pem\n[relay]\n";
	struct settings_egress never = { .private = SETTINGS_PRIVATE_NEVER };
	struct wire_tls_case c = { .o = { .answer = ANSWER } };
	struct target t;
	struct wire *w;

	(void)state;
	wire_begin_tls(&c, "DNS:localhost", 1, false);
	wire_write_files(&c);
	wire_must_trust(c.m, same);
	t = c.o.target;
	t.tls = STR("corp");
	w = wire_must_open(c.m, &t);
	assert_true(wire_may_serve(c.m, w, &t));
	t.egress = &never;
	assert_false(wire_may_serve(c.m, w, &t));
	t.egress = NULL;
	t.written = false;
	assert_false(wire_may_serve(c.m, w, &t));
	t.written = true;
	/* other settings beside it, the same file */
	wire_must_trust(c.m, "[tls:more]\n[tls:corp]\nca = own.pem\n");
	assert_true(wire_may_serve(c.m, w, &t));
	/* another file of the same name */
	wire_write_files(&c);
	wire_must_trust(c.m, same);
	assert_false(wire_may_serve(c.m, w, &t));
	wire_close(&w);
	w = wire_must_open(c.m, &t);
	wire_must_trust(c.m, "[tls:corp]\n");
	assert_false(wire_may_serve(c.m, w, &t));
	wire_must_trust(c.m, "");
	assert_false(wire_may_serve(c.m, w, &t));
	wire_close(&w);
	wire_end_tls(&c);
}

static const struct {
	const char *ini;
	const char *told;
} wire_mistakes[] = {
	{ "[tls:a]\nca = gone.pem\n",
	  "router.ini:2:6: error: '@gone.pem' cannot be used: No such file or "
	  "directory, expected a file in PEM" },
	{ "[tls:a]\nca = .\n",
	  "router.ini:2:6: error: '@.' cannot be used: it is no regular file, "
	  "expected a file in PEM" },
	{ "[tls:a]\nca = text.pem\n",
	  "router.ini:2:6: error: certificate 1 of '@text.pem' cannot be "
	  "read, expected certificates in PEM" },
	{ "[tls:a]\nca = half.pem\n",
	  "router.ini:2:6: error: certificate 2 of '@half.pem' cannot be "
	  "read, expected certificates in PEM" },
	{ "[tls:a]\ncert = cert.pem\n\nkey = loose.pem\n",
	  "router.ini:4:7: error: '@loose.pem' cannot be used: others can "
	  "read or write it, expected a private key in PEM, with mode 0600" },
	{ "[tls:a]\ncert = cert.pem\nkey = text.pem\n",
	  "router.ini:3:7: error: '@text.pem' cannot be read, expected a "
	  "private key in PEM, without a password" },
	{ "[tls:a]\ncert = cert.pem\nkey = locked.pem\n",
	  "router.ini:3:7: error: '@locked.pem' cannot be read, expected a "
	  "private key in PEM, without a password" },
	{ "[tls:a]\ncert = cert.pem\nkey = other.pem\n",
	  "router.ini:3:7: error: '@other.pem' is not the key of 'cert', "
	  "expected that one" },
};

/* A key of nobody's, open to all, or with a password. */
static void
wire_write_key(const char *name, mode_t mode, char *password)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char path[SCRATCH_PATH_MAX];
	FILE *f;

	wire_put(name, "", mode, path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_non_null(key);
	assert_int_equal(PEM_write_PrivateKey(f, key,
	    password != NULL ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
	    password), 1);
	assert_int_equal(fclose(f), 0);
	EVP_PKEY_free(key);
}

static void
a_bad_file_is_told_with_its_line_and_changes_nothing(void **state)
{
	struct wire_tls_case c = { .o = { .answer = ANSWER } };
	char path[SCRATCH_PATH_MAX], told[512], want[2048], secret[] = "p";
	char half[8192];
	struct wire *w;
	struct target t;
	size_t i;

	(void)state;
	wire_begin_tls(&c, "DNS:localhost", 1, false);
	wire_write_files(&c);
	wire_put("text.pem", "no certificate\n", 0600, path);
	snprintf(half, sizeof(half), "%.8000s-----BEGIN CERTIFICATE-----\nMII",
	    scratch_read(&wire_files, "own.pem"));
	wire_put("half.pem", half, 0644, path);
	wire_write_key("loose.pem", 0604, NULL);
	wire_write_key("locked.pem", 0600, secret);
	wire_write_key("other.pem", 0640, NULL);
	wire_must_trust(c.m, "[tls:corp]\nca = own.pem\n");
	for (i = 0; i < TABLE_COUNT(wire_mistakes); i++) {
		const char *at = strchr(wire_mistakes[i].told, '@');

		assert_int_equal(wire_trust(c.m, wire_mistakes[i].ini, told),
		    -1);
		snprintf(want, sizeof(want), "%.*s%s%s",
		    (int)(at - wire_mistakes[i].told), wire_mistakes[i].told,
		    scratch_path(&wire_files, "", path), at + 1);
		TABLE_STR(wire_mistakes[i].ini, str_of(told), want);
	}
	t = c.o.target;
	t.tls = STR("corp");
	w = wire_must_open(c.m, &t);
	wire_ask(w, ANSWER.n);
	wire_close(&w);
	wire_end_tls(&c);
}

/* ---- threads ---- */

enum { WIRE_THREADS = 3, WIRE_EACH = 12 };

static void *
wire_thread(void *arg)
{
	const struct wire_tls_case *c = arg;
	int i;

	for (i = 0; i < WIRE_EACH; i++) {
		struct wire *w = NULL;
		struct err e;

		CHECK(wire_open(c->m, &c->o.target, WIRE_TIMEOUT, &w, &e) ==
		    0);
		wire_close(&w);
	}
	return NULL;
}

static void
threads_share_names_sessions_and_certificates(void **state)
{
	struct wire_tls_case c = { .o = { .answer = ANSWER } };
	pthread_t threads[WIRE_THREADS];
	int i;

	(void)state;
	wire_begin_tls(&c, "DNS:localhost", 1, true);
	for (i = 0; i < WIRE_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    wire_thread, &c), 0);
	for (i = 0; i < WIRE_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	origin_stop(&c.o);
	assert_int_equal(c.o.accepted, WIRE_THREADS * WIRE_EACH);
	origin_forget(&c.o);
	wire_end_tls(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways_over_tcp),
		cmocka_unit_test(
		    an_origin_on_this_machine_has_room_for_a_large_answer),
		cmocka_unit_test(bytes_go_both_ways_over_a_unix_socket),
		cmocka_unit_test(a_reset_is_broken_both_ways),
		cmocka_unit_test(sending_does_not_wait),
		cmocka_unit_test(nobody_there_is_refused),
		cmocka_unit_test(a_name_that_cannot_be_resolved_is_dns),
		cmocka_unit_test(names_resolve_and_connect),
		cmocka_unit_test(connecting_ends_with_its_timeout),
		cmocka_unit_test(
		    a_process_without_descriptors_blames_no_origin),
		cmocka_unit_test(what_egress_denies_is_never_connected_to),
		cmocka_unit_test(proxies_of_the_environment_are_not_asked),
		cmocka_unit_test(idle_means_open_and_silent),
		cmocka_unit_test(a_verified_origin_is_spoken_to_over_tls),
		cmocka_unit_test(an_address_is_verified_as_an_address),
		cmocka_unit_test(a_certificate_that_does_not_verify_is_refused),
		cmocka_unit_test(
		    an_origin_that_does_not_speak_tls_is_a_tls_error),
		cmocka_unit_test(an_end_without_its_notice_is_an_end),
		cmocka_unit_test(
		    a_tls_wire_is_idle_after_its_answer_and_not_with_more),
		cmocka_unit_test(a_late_ticket_leaves_a_tls_wire_idle),
		cmocka_unit_test(
		    an_authority_of_its_own_counts_for_its_name_alone),
		cmocka_unit_test(
		    an_origin_is_shown_the_certificate_of_its_name_alone),
		cmocka_unit_test(what_is_not_verified_is_told_loudly),
		cmocka_unit_test(
		    a_wire_serves_as_long_as_its_settings_and_its_address_may),
		cmocka_unit_test(
		    a_bad_file_is_told_with_its_line_and_changes_nothing),
		cmocka_unit_test(
		    threads_share_names_sessions_and_certificates),
	};

	return cmocka_run_group_tests(tests, wire_group_open,
	    wire_group_close);
}
