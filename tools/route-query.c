/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * route-query: what the router would do with a URL, told by the router's own
 * lookup and its own building of the origin's URL; and maps as lists.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/msg.h"
#include "base/sigbus.h"
#include "decide/target.h"
#include "http/request.h"
#include "route/lookup.h"
#include "route/pattern.h"
#include "route/store.h"
#include "settings/settings.h"
#include "tools/dump.h"
#include "tools/idn.h"
#include "tools/printer.h"
#include "tools/tool.h"

enum {
	QUERY_MEMORY = 16 * 1024 * 1024,
	QUERY_COLUMN = 17,
	QUERY_CGI = 5 /* variables */
};

static const struct tool query_tool = {
	.name = "route-query",
	.usage = "route-query [-v] [-c FILE] [-m FILE] URL | --dump | "
		 "--verify",
	.help =
	    "  -c FILE    the router.ini whose '[router] map' is asked\n"
	    "  -m FILE    the map to ask, instead of that one\n"
	    "  -v         tell every key tried, the rule's place, variables\n"
	    "  --dump     print the map as a list of routes\n"
	    "  --verify   check the whole map\n"
	    "  -h, --help, --version\n"
	    "URL is what a client asks for; http:// may be left out.\n"
		"Exit: 0 there is a route (the map is whole), 1 there is none "
		"(it is not),\n"
		"2 usage, 3 trouble.\n",
};

enum query_mode {
	QUERY_URL = 0,
	QUERY_DUMP,
	QUERY_VERIFY,
	QUERY_MODE_COUNT /* last */
};

struct query {
	enum query_mode mode;
	bool verbose;
	const char *settings;    /* of -c, or NULL */
	const char *asked;       /* of -m, or NULL */
	const char *url;
	char map[FILE_PATH_MAX]; /* to be asked */
	bool preserve;           /* `[router] host` */

	struct store *store;
	struct arena arena;
	struct request request;
	struct lookup_result found;
	struct pattern_source source;
};

/* 0: go on; else *code is the exit code. */
static int
query_options(struct query *q, int argc, char **argv, int *code)
{
	static const struct option longs[] = {
		{ "dump", no_argument, NULL, 'D' },
		{ "help", no_argument, NULL, 'h' },
		{ "verify", no_argument, NULL, 'W' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int modes = 0, got;

	*code = TOOL_USAGE;
	while ((got = getopt_long(argc, argv, "c:hm:v", longs, NULL)) != -1) {
		if (got == 'h' || got == 'V') {
			*code = got == 'h' ? tool_help(&query_tool) :
					     tool_version(&query_tool);
			return 1;
		}
		if (got == '?') {
			(void)fprintf(stderr, "usage: %s\n",
			    query_tool.usage);
			return 1;
		}
		q->verbose = q->verbose || got == 'v';
		if (got == 'c')
			q->settings = optarg;
		else if (got == 'm')
			q->asked = optarg;
		else if (got != 'v')
			q->mode = got == 'D' ? QUERY_DUMP : QUERY_VERIFY;
		modes += got == 'D' || got == 'W';
	}
	if (modes > 1)
		*code = tool_usage(&query_tool, "--dump or --verify, not both");
	else if (modes == 1 && optind < argc)
		*code = tool_usage(&query_tool, "a URL beside --dump or "
		    "--verify");
	else if (modes == 0 && argc - optind != 1)
		*code = tool_usage(&query_tool, argc == optind ?
		    "no URL to ask for" : "one URL can be asked for");
	else
		return 0;
	return 1;
}

static void
query_tell_setting(void *arg, const char *line)
{
	(void)arg;
	(void)fprintf(stderr, "%s\n", line);
}

static int
query_map_set(struct query *q, const char *path, struct err *e)
{
	size_t n = strlen(path);

	if (n >= sizeof(q->map))
		return err_set(e, REASON_INTERNAL, "%s: path too long", path);
	memcpy(q->map, path, n + 1);
	return 0;
}

/* Finds out which map to ask. 0, or -1 and e. */
static int
query_map(struct query *q, struct err *e)
{
	char path[FILE_PATH_MAX];
	struct settings *settings;
	int got;

	if (q->settings == NULL && q->asked != NULL)
		return query_map_set(q, q->asked, e);
	got = settings_find(q->settings, path, e);
	if (got == -1)
		return -1;
	if (settings_load(got == 1 ? path : NULL, &settings,
		query_tell_setting, NULL) == -1)
		return err_set(e, REASON_INTERNAL,
		    "%s: errors in the settings", path);
	q->preserve = settings->host_preserve == SETTINGS_HOST_PRESERVE;
	got = query_map_set(q, q->asked != NULL ? q->asked : settings->map,
	    e);
	settings_drop(&settings);
	return got;
}

/* Results */

static void
query_put(struct str text)
{
	char safe[1024];

	while (text.n > 0) {
		size_t n = escape_put(safe, sizeof(safe), &text, ESCAPE_LINE);

		(void)fwrite(safe, 1, n, stdout);
	}
}

static void
query_line(const char *word, struct str text)
{
	(void)printf("%-*s ", QUERY_COLUMN, word);
	query_put(text);
	(void)fputc('\n', stdout);
}

static void
query_key(const char *word, const char *before, struct str key)
{
	struct buf text;

	buf_init(&text, QUERY_MEMORY);
	CHECK(codec_key_print(key, &text) == 0);
	(void)printf("%-*s %s", QUERY_COLUMN, word, before);
	query_put(buf_view(&text));
	(void)fputc('\n', stdout);
	buf_fini(&text);
}

/* The request would be answered by the router itself. TOOL_NO. */
static int
query_refused(enum reason reason, const char *why)
{
	char status[16];

	(void)snprintf(status, sizeof(status), "%d", reason_status(reason));
	query_line("reason", str_of(reason_word(reason)));
	query_line("status", str_of(status));
	query_line("why", str_of(why));
	return TOOL_NO;
}

/* e as an answer to the request, or as trouble of our own. */
static int
query_failed(const struct err *e)
{
	if (reason_status(e->reason) < 500)
		return query_refused(e->reason, e->text);
	return tool_trouble(e);
}

/* The request */

/* The authority as a browser would send it: names in A-labels. */
static struct str
query_authority(struct query *q, struct str authority)
{
	struct str name = authority, port = STR("");
	struct host host;
	struct err e;
	size_t i;

	for (i = 0; i < authority.n; i++)
		if ((unsigned char)authority.p[i] >= 0x80)
			break;
	if (i == authority.n)
		return authority;
	i = str_find(authority, ':');
	port = str_sub(authority, i, authority.n);
	name = str_sub(authority, 0, i);
	if (idn_host(name, &host, &e) == -1)
		return authority; /* the router will say why not */
	return arena_printf(&q->arena, "%.*s%.*s", STR_ARG(host_text(&host)),
	    STR_ARG(port));
}

/* Cuts q->url. false: it is of another scheme than http. */
static bool
query_split(struct query *q, const char **scheme, struct str *authority,
    struct str *target)
{
	struct str url = str_of(q->url), fragment;
	size_t n;

	*scheme = "http";
	if (str_starts_nocase(url, STR("https://")))
		*scheme = "https";
	if (str_starts_nocase(url, STR("http://")) || (*scheme)[4] == 's')
		url = str_sub(url, strlen(*scheme) + 3, url.n);
	for (n = 0; n < url.n && strchr("/?#", url.p[n]) == NULL; n++)
		if (str_starts(str_sub(url, n, url.n), STR("://")))
			return false;
	*authority = str_sub(url, 0, n);
	/* A fragment stays with the client. */
	(void)str_cut(str_sub(url, n, url.n), '#', target, &fragment);
	return true;
}

/* What a web server would say of the request; lives in the arena. */
static void
query_cgi(struct query *q, const char *scheme, struct str authority,
    struct str target, char *cgi[QUERY_CGI + 1])
{
	const char *slash = str_starts(target, STR("/")) ? "" : "/";
	struct arena *a = &q->arena;
	const struct str words[QUERY_CGI] = {
		arena_copy(a, STR("REQUEST_METHOD=GET")),
		arena_copy(a, STR("SERVER_PROTOCOL=HTTP/1.1")),
		arena_printf(a, "REQUEST_SCHEME=%s", scheme),
		arena_printf(a, "HTTP_HOST=%.*s", STR_ARG(authority)),
		arena_printf(a, "REQUEST_URI=%s%.*s", slash, STR_ARG(target)),
	};
	int i;

	for (i = 0; i < QUERY_CGI; i++) {
		CHECK(words[i].p != NULL);
		cgi[i] = (char *)(uintptr_t)words[i].p;
	}
	cgi[i] = NULL;
}

/* Reads the URL as the router reads a request for it. 1; 0 and *code. */
static int
query_request(struct query *q, int *code)
{
	struct str authority, target;
	char *cgi[QUERY_CGI + 1];
	const char *scheme;
	struct err e;

	if (!query_split(q, &scheme, &authority, &target)) {
		*code = tool_usage(&query_tool,
		    "%s: neither http:// nor https://", q->url);
		return 0;
	}
	query_cgi(q, scheme, query_authority(q, authority), target, cgi);
	if (request_from_cgi(cgi, &q->arena, &q->request, &e) == 0)
		return 1;
	*code = query_failed(&e);
	return 0;
}

/* The route */

static int
query_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	return store_get(arg, 0, key, a, value, e);
}

static void
query_tried(void *arg, struct str key, int found)
{
	(void)arg;
	query_key("tried", found ? "found      " : "not there  ", key);
}

/* As lookup_route. */
static int
query_look_up(struct query *q, struct err *e)
{
	const struct lookup_map map = { query_get, q->store,
		store_meta(q->store) };
	const struct lookup_trace trace = { query_tried, NULL };
	int got = lookup_route(&map, &q->request.host, q->request.path.text,
	    &q->arena, q->verbose ? &trace : NULL, &q->found, e);

	if (got == -1)
		return -1;
	if (!store_sound(q->store))
		return err_set(e, REASON_MAP_BROKEN,
		    "%s: written over while it was asked", q->map);
	q->source = (struct pattern_source){ .request = &q->request,
		.route = q->found.route,
		.host = host_text(&q->request.host),
		.captures = q->found.captures,
		.rest = q->found.rest };
	return got;
}

/* May the value depend on more of the request than its URL? */
static bool
query_is_known(const struct pattern *p)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		switch (p->parts[i].variable) {
		case PATTERN_METHOD:
		case PATTERN_CLIENT_IP:
		case PATTERN_REQUEST_ID:
		case PATTERN_HEADER:
		case PATTERN_COOKIE:
			return false;
		default:
			break;
		}
	}
	return true;
}

/* A rule with its value filled in, or as the list spells it. */
static void
query_rule(const struct query *q, const struct header_rule *rule)
{
	static const char *const verbs[HEADER_VERB_COUNT] = { "", "+", "-" };
	struct buf text, value;
	struct err e;
	bool filled = rule->verb != HEADER_REMOVE &&
	    query_is_known(&rule->value);

	buf_init(&text, QUERY_MEMORY);
	buf_init(&value, QUERY_MEMORY);
	filled = filled && pattern_fill(&rule->value, &q->source, &value,
	    &e) == 0;
	CHECK(buf_printf(&text, "%s%.*s", verbs[rule->verb],
	    STR_ARG(rule->name)) == 0);
	if (!filled && rule->verb != HEADER_REMOVE)
		CHECK(pattern_print(&rule->value, q->found.route, &value) ==
		    0);
	if (rule->verb != HEADER_REMOVE)
		CHECK(buf_printf(&text, ": %.*s",
		    STR_ARG(buf_view(&value))) == 0);
	if (filled && str_trim(buf_view(&value)).n == 0)
		CHECK(buf_put(&text, STR("(empty: not sent)")) == 0);
	query_line(rule->side == HEADER_REQUEST ? "request-header" :
						  "response-header",
	    buf_view(&text));
	buf_fini(&text);
	buf_fini(&value);
}

static void
query_rules(const struct query *q)
{
	const struct route *r = q->found.route;
	size_t side, i;

	for (side = 0; side < HEADER_SIDE_COUNT; side++)
		for (i = 0; i < r->rule_count; i++)
			if (r->rules[i].side == side)
				query_rule(q, &r->rules[i]);
}

static void
query_pair(const char *word, struct str name, struct str value)
{
	struct buf text;

	buf_init(&text, QUERY_MEMORY);
	CHECK(buf_printf(&text, "%.*s = %.*s", STR_ARG(name),
	    STR_ARG(value)) == 0);
	query_line(word, buf_view(&text));
	buf_fini(&text);
}

/* Every variable that the URL and the route decide. */
static void
query_variables(struct query *q)
{
	const struct route *r = q->found.route;
	size_t i;
	int v;

	for (v = PATTERN_CAPTURE + 1; v < PATTERN_VARIABLE_COUNT; v++) {
		struct pattern_part part = {
			.variable = (enum pattern_variable)v,
			.context = PATTERN_IN_HEADER };
		const struct pattern one = { &part, 1 };
		struct buf value;
		struct err e;

		if (pattern_has_key(part.variable) || !query_is_known(&one))
			continue;
		buf_init(&value, QUERY_MEMORY);
		CHECK(pattern_fill(&one, &q->source, &value, &e) == 0);
		query_pair("variable", str_of(pattern_word(part.variable)),
		    buf_view(&value));
		buf_fini(&value);
	}
	for (i = 0; i < r->tag_count; i++) {
		struct str name = arena_printf(&q->arena, "tag.%.*s",
		    STR_ARG(r->tags[i].key));

		query_pair("variable", name, r->tags[i].value);
	}
}

static void
query_route(struct query *q)
{
	const struct route *r = q->found.route;
	struct buf spelled;
	size_t i;

	query_line("route", r->match);
	query_key("key", "", q->found.key);
	for (i = 0; i < r->capture_count; i++)
		query_pair("capture", r->captures[i], q->found.captures[i]);
	if (!q->verbose)
		return;
	query_line("rule", arena_printf(&q->arena, "%.*s:%u",
	    STR_ARG(r->source), r->line));
	buf_init(&spelled, QUERY_MEMORY);
	CHECK(printer_target(r, &spelled) == 0);
	query_line("target", buf_view(&spelled));
	buf_fini(&spelled);
	query_variables(q);
}

/* What answers: an origin or the router. 0, or -1 and e. */
static int
query_target(struct query *q, struct err *e)
{
	const struct route *r = q->found.route;
	struct target target;
	struct str location;

	if (r->target == TARGET_ORIGIN) {
		if (target_origin(&q->source, q->preserve, &q->arena, &target,
			e) == -1)
			return -1;
		query_line("origin", arena_printf(&q->arena, "%.*s%s%.*s",
		    STR_ARG(target.name),
		    target.scheme == ORIGIN_UNIX ? ":" : "",
		    STR_ARG(target.path)));
		query_line("host", target.host_field);
		return 0;
	}
	if (r->target == TARGET_REDIRECT) {
		if (target_redirect(&q->source, &q->arena, &location, e) == -1)
			return -1;
		query_line("redirect", arena_printf(&q->arena, "%d %.*s",
		    r->code, STR_ARG(location)));
		return 0;
	}
	query_line("respond", arena_printf(&q->arena, "%d%s%.*s", r->code,
	    r->text.n > 0 ? " " : "", STR_ARG(r->text)));
	if (r->retry_after > 0)
		query_line("retry-after", arena_printf(&q->arena, "%u",
		    r->retry_after));
	return 0;
}

static int
query_ask(struct query *q)
{
	struct err e;
	int code, got;

	if (query_request(q, &code) == 0)
		return code;
	if (q->verbose)
		query_line("asked for", arena_printf(&q->arena, "%.*s%.*s",
		    STR_ARG(host_text(&q->request.host)),
		    STR_ARG(q->request.path.text)));
	got = query_look_up(q, &e);
	if (got == -1)
		return tool_trouble(&e);
	if (got == 0) {
		if (q->found.key.n > 0)
			query_key("key", "", q->found.key);
		return query_refused(q->found.reason,
		    reason_sentence(q->found.reason));
	}
	query_route(q);
	if (query_target(q, &e) == -1)
		return query_failed(&e);
	query_rules(q);
	return TOOL_YES;
}

/* Whole maps */

static int
query_dump(struct query *q)
{
	struct err e;

	if (dump_map(q->store, q->verbose, stdout, &e) == -1)
		return tool_trouble(&e);
	return TOOL_YES;
}

static int
query_verify(struct query *q)
{
	const struct codec_meta *meta;
	struct err e;
	int got;

	if (access(q->map, R_OK) == -1 && errno != ENOENT) {
		err_set(&e, REASON_INTERNAL, "%s: cannot read: %s", q->map,
		    strerror(errno));
		return tool_trouble(&e);
	}
	if (store_verify(q->map, &e) == -1) {
		got = tool_trouble(&e);
		return e.reason == REASON_MAP_BROKEN ? TOOL_NO : got;
	}
	if (!q->verbose)
		return TOOL_YES;
	if (store_open(q->map, &q->store, &e) != 1)
		return tool_trouble(&e);
	meta = store_meta(q->store);
	(void)printf("%s: generation %" PRIu64 ", %" PRIu64 " hosts, %" PRIu64
	    " wildcards, %" PRIu64 " paths, %" PRIu64 " records\n", q->map,
	    meta->generation, meta->hosts, meta->wildcards, meta->paths,
	    meta->records);
	return TOOL_YES;
}

static int
query_run(struct query *q)
{
	struct err e;
	int got;

	if (query_map(q, &e) == -1)
		return tool_trouble(&e);
	if (q->mode == QUERY_VERIFY)
		return query_verify(q);
	got = store_open(q->map, &q->store, &e);
	if (got == 0)
		(void)err_set(&e, REASON_NO_MAP, "%s: there is no map",
		    q->map);
	if (got != 1)
		return tool_trouble(&e);
	return q->mode == QUERY_DUMP ? query_dump(q) : query_ask(q);
}

int
main(int argc, char **argv)
{
	struct query q = { .mode = QUERY_URL };
	int code;

	tool_init(&query_tool);
	sigbus_init();
	if (query_options(&q, argc, argv, &code) != 0)
		return code;
	if (q.mode == QUERY_URL)
		q.url = argv[argc - 1];
	arena_init(&q.arena, QUERY_MEMORY);
	code = query_run(&q);
	store_close(&q.store);
	arena_fini(&q.arena);
	return tool_end(code);
}
