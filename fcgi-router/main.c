/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * main: finds out how the router was started, and serves: FastCGI on sockets
 * that were handed over or are its own, or one request as plain CGI.
 */

#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/near.h"
#include "base/sigbus.h"
#include "decide/sign.h"
#include "relay/wire.h"
#include "serve/daemon.h"
#include "serve/intake_cgi.h"
#include "serve/intake_fcgi.h"
#include "serve/listen.h"
#include "serve/logs.h"
#include "serve/pipeline.h"
#include "serve/steps.h"

enum { EXIT_USAGE = 2, EXIT_TROUBLE = 3, MAIN_SCRATCH = 128 * 1024,
	MAIN_LISTEN_FIRST = 3, MAIN_SHOW_MS = 300 };

static const char main_help[] =
    "usage: fcgi-router [-t] [-c FILE] [-s SOCKET] [--tcp] [--public]\n"
    "                   [--socket-group G] [--syslog] [--verbose]\n"
    "       fcgi-router --why WORD | -V | -h\n"
    "\n"
    "Routes HTTP requests by host name and path to origins, as a FastCGI or\n"
    "CGI program behind a web server.\n"
    "\n"
    "  -c, --config FILE     router.ini; else $ROUTER_INI, router.ini beside\n"
    "                        this program, /etc/fcgi-router/router.ini\n"
    "  -t, --test            check router.ini and the map, say what is in\n"
    "                        force, and end\n"
    "  -s, --socket SOCKET   listen on unix:/path or, with --tcp, on\n"
    "                        127.0.0.1:9000; else the socket is descriptor 0\n"
    "                        or one handed over by systemd\n"
    "      --socket-group G  group of the Unix socket, which has mode 0660\n"
    "      --tcp             allow a TCP socket on a loopback address\n"
    "      --public          allow one on any address\n"
    "      --syslog          messages go to syslog, not to stderr\n"
    "      --verbose         also say what is not wrong\n"
    "      --why WORD        what a reason word in an answer or log means\n"
    "  -V, --version\n"
    "  -h, --help\n";

struct main_options {
	const char *config;
	const char *why;
	struct listen_wish listen;
	bool test;
	bool syslog;
	bool verbose;
};

enum {
	MAIN_OPTION_GROUP = 256,
	MAIN_OPTION_TCP,
	MAIN_OPTION_PUBLIC,
	MAIN_OPTION_SYSLOG,
	MAIN_OPTION_VERBOSE,
	MAIN_OPTION_WHY
};

/* ---- the short answers ---- */

static int
main_said(void)
{
	if (fflush(stdout) == EOF || ferror(stdout)) {
		msg_error("cannot write to stdout");
		return EXIT_TROUBLE;
	}
	return 0;
}

static int
main_unknown_why(const char *word)
{
	char all[2048];
	struct near near;
	size_t n = 0;
	int i;

	near_init(&near, str_of(word));
	for (i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		const char *known = reason_word((enum reason)i);

		near_offer(&near, known);
		n += (size_t)snprintf(all + n, sizeof(all) - n, " %s", known);
		CHECK(n < sizeof(all));
	}
	if (near_best(&near) != NULL)
		msg_error("--why %.64s: no such reason, perhaps '%s'", word,
		    near_best(&near));
	else
		msg_error("--why %.64s: no such reason; they are:%s", word,
		    all);
	return 1;
}

static int
main_why(const char *word)
{
	enum reason reason;

	if (!reason_find(str_of(word), &reason))
		return main_unknown_why(word);
	printf("%s (%d): %s\n%s\n", word, reason_status(reason),
	    reason_sentence(reason), reason_advice(reason));
	return main_said();
}

/* What connections to origins and who may need: libraries, too, which are
 * loaded late, and files. */
static int
main_test_files(struct wire_maker *maker, struct settings *s)
{
	struct auth_set *auth = NULL;
	struct err e;
	int got = auth_load(s, &auth, NULL, NULL);

	/* Whatever is wrong with one, the others are looked at, too. */
	auth_drop(&auth);
	if (geteuid() == 0 && s->auth_count + s->sign_count + s->tls_count > 0)
		msg_notice("files are judged as root may read them: to know "
		    "what a router of another user may, ask as that user");
	if (sign_load(s, NULL, NULL) == -1)
		got = -1;
	if (sign_begin(s, &e) == -1 || wire_maker_begin(maker, &e) == -1) {
		msg_error("%s", e.text);
		return -1;
	}
	return wire_maker_trust(maker, s, NULL, NULL) == -1 ? -1 : got;
}

/* Settings and map, as the router would use them. */
static int
main_test(const char *ini, struct settings *s)
{
	struct wire_maker *maker = wire_maker_new();
	struct store *map = NULL;
	struct err e;
	int got;

	got = main_test_files(maker, s);
	wire_maker_free(&maker);
	if (got == -1)
		return 1;
	printf("# settings in force, from %s\n", ini != NULL ? ini :
	    "the program's defaults");
	settings_print(s, stdout);
	got = store_open(s->map, &map, &e);
	if (got == 1) {
		const struct codec_meta *meta = store_meta(map);

		printf("\n# map %s: generation %llu, %llu hosts, %llu "
		    "wildcards, %llu paths\n", s->map,
		    (unsigned long long)meta->generation,
		    (unsigned long long)meta->hosts,
		    (unsigned long long)meta->wildcards,
		    (unsigned long long)meta->paths);
	}
	store_close(&map);
	if (main_said() != 0)
		return EXIT_TROUBLE;
	if (got == 0)
		msg_error("%s: no such map: compile one with route-compile",
		    s->map);
	if (got == -1)
		msg_error("%s", e.text);
	return got == 1 ? 0 : 1;
}

/* ---- options ---- */

static bool
main_option(int option, struct main_options *o)
{
	switch (option) {
	case 'c':
		o->config = optarg;
		return true;
	case 's':
		o->listen.where = optarg;
		return true;
	case 't':
		o->test = true;
		return true;
	case MAIN_OPTION_GROUP:
		o->listen.group = optarg;
		return true;
	case MAIN_OPTION_TCP:
		o->listen.tcp = true;
		return true;
	case MAIN_OPTION_PUBLIC:
		o->listen.tcp = o->listen.everywhere = true;
		return true;
	case MAIN_OPTION_SYSLOG:
		o->syslog = true;
		return true;
	case MAIN_OPTION_VERBOSE:
		o->verbose = true;
		return true;
	case MAIN_OPTION_WHY:
		o->why = optarg;
		return true;
	default:
		return false;
	}
}

/* -1: go on; else the exit status. */
static int
main_options(int argc, char **argv, struct main_options *o)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "public", no_argument, NULL, MAIN_OPTION_PUBLIC },
		{ "socket", required_argument, NULL, 's' },
		{ "socket-group", required_argument, NULL, MAIN_OPTION_GROUP },
		{ "syslog", no_argument, NULL, MAIN_OPTION_SYSLOG },
		{ "tcp", no_argument, NULL, MAIN_OPTION_TCP },
		{ "test", no_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, MAIN_OPTION_VERBOSE },
		{ "version", no_argument, NULL, 'V' },
		{ "why", required_argument, NULL, MAIN_OPTION_WHY },
		{ NULL, 0, NULL, 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:hs:tV", longs, NULL)) !=
	    -1) {
		if (option == 'h') {
			fputs(main_help, stdout);
			return main_said();
		}
		if (option == 'V') {
			puts("fcgi-router " PACKAGE_VERSION);
			return main_said();
		}
		if (!main_option(option, o)) {
			fputs("Try 'fcgi-router --help'.\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "fcgi-router: unexpected argument '%s'\n"
		    "Try 'fcgi-router --help'.\n", argv[optind]);
		return EXIT_USAGE;
	}
	if (o->listen.where == NULL && (o->listen.group != NULL ||
	    o->listen.tcp)) {
		fputs("fcgi-router: --socket-group, --tcp and --public go "
		    "with -s\n", stderr);
		return EXIT_USAGE;
	}
	return -1;
}

/* ---- plain CGI ---- */

/*
 * A CGI program's arguments may come from the client (RFC 3875 4.4: a query
 * without '='), so they are no options.
 */
static bool
main_is_cgi(void)
{
	return getenv("GATEWAY_INTERFACE") != NULL &&
	    !listen_is_listening(STDIN_FILENO);
}

static void
main_cgi_held(void *arg, bool begins)
{
	(void)arg;
	(void)begins;
}

/* Waits for what the one exchange waits for. Few wait so long that others
 * shall see them. */
static void
main_cgi_wait(struct exchange *x)
{
	struct pollfd fds[2] = {
		{ .fd = -1, .events = x->wait.origin },
		{ .fd = -1, .events = 0 } /* POLLERR: nobody reads it */
	};
	int64_t wait = x->wait.until - clock_ms();

	if (x->wait.origin != 0 && x->transfer.wire != NULL)
		fds[0].fd = wire_fd(x->transfer.wire);
	if (x->wait.front != 0)
		fds[1].fd = STDOUT_FILENO;
	if (wait < 0)
		wait = 0;
	if (wait > MAIN_SHOW_MS) {
		if (poll(fds, 2, MAIN_SHOW_MS) != 0)
			return;
		process_join_board(x->process);
		step_show(x);
		wait -= MAIN_SHOW_MS;
	}
	(void)poll(fds, 2, wait > 3600000 ? 3600000 : (int)wait);
}

static int
main_cgi(struct process *p)
{
	struct exchange_loan loan = { .room = MAIN_SCRATCH,
		.held = main_cgi_held };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct exchange *x = exchange_new(p);
	int status;

	CHECK(sigaction(SIGPIPE, &ignore, NULL) != -1);
	CHECK(sigaction(SIGXFSZ, &ignore, NULL) != -1);

	loan.scratch = malloc(MAIN_SCRATCH);
	CHECK(x != NULL && loan.scratch != NULL);
	intake_cgi_open(x);
	while (pipeline_run(x, &loan))
		main_cgi_wait(x);
	status = intake_cgi_status(x);
	x->intake->fini(x);
	exchange_free(&x);
	free(loan.scratch);
	return status;
}

/* ---- the ways in ---- */

/* 1: sockets were found; 0: plain CGI; -1 and e. */
static int
main_way_in(const struct main_options *o, struct daemon_plan *plan,
    bool *on_stdin, struct err *e)
{
	int i;

	if (o->listen.where != NULL) {
		plan->listeners[0] = listen_open(&o->listen, e);
		plan->listener_count = 1;
		return plan->listeners[0] == -1 ? -1 : 1;
	}
	plan->restarts = true;
	plan->listener_count = listen_inherited();
	for (i = 0; i < plan->listener_count; i++)
		plan->listeners[i] = MAIN_LISTEN_FIRST + i;
	if (plan->listener_count > 0)
		return 1;
	if (listen_is_listening(STDIN_FILENO)) {
		*on_stdin = true;
		plan->listeners[0] = STDIN_FILENO;
		plan->listener_count = 1;
		return 1;
	}
	if (main_is_cgi())
		return 0;
	return err_set(e, REASON_INTERNAL,
	    "no way in: start it by a web server (FastCGI on descriptor 0, or "
	    "CGI), by systemd, or with -s unix:/path; see fcgi-router(8)");
}

static int
main_serve(const struct main_options *o, const char *ini,
    struct settings *settings)
{
	struct daemon_plan plan = { .ini = ini };
	struct process process;
	struct err e;
	bool on_stdin = false;
	int way = main_way_in(o, &plan, &on_stdin, &e);
	int answer = -1;

	if (way == -1) {
		msg_error("%s", e.text);
		settings_drop(&settings);
		return EXIT_USAGE;
	}
	msg_never_wait();
	logs_set_level(settings, o->verbose);
	if (way == 1) {
		intake_fcgi_init();
		daemon_block_signals();
	}
	sigbus_init();
	if (process_init(&process, settings, way == 0, &e) == -1) {
		msg_error("%s", e.text);
		listen_remove();
		process_fini(&process);
		return EXIT_TROUBLE;
	}
	process.on_stdin = on_stdin;
	process.verbose = o->verbose;
	if (way == 0) {
		answer = main_cgi(&process);
	} else {
		answer = daemon_run(&process, &plan, &e);
		listen_remove();
	}
	if (answer == -1) {
		msg_error("%s", e.text);
		return EXIT_TROUBLE;
	}
	/* Workers still hold what a clean end would free under them. */
	if (way == 1 && answer == 1)
		_exit(answer);
	process_fini(&process);
	return answer;
}

int
main(int argc, char **argv)
{
	struct main_options o = { .test = false };
	char ini[FILE_PATH_MAX];
	struct settings *settings;
	struct err e;
	int got;

	msg_init("fcgi-router", false);
	if (!main_is_cgi()) {
		got = main_options(argc, argv, &o);
		if (got != -1)
			return got;
	}
	if (o.why != NULL)
		return main_why(o.why);
	if (o.syslog)
		msg_init("fcgi-router", true);
	got = settings_find(o.config, ini, &e);
	if (got == -1)
		msg_error("%s", e.text);
	if (got == -1 || settings_load(got == 1 ? ini : NULL, &settings, NULL,
	    NULL) == -1)
		return o.test ? 1 : EXIT_TROUBLE;
	if (o.test) {
		got = main_test(got == 1 ? ini : NULL, settings);
		settings_drop(&settings);
		return got;
	}
	return main_serve(&o, got == 1 ? ini : NULL, settings);
}
