/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * route-query: what the router would do with a URL, told by the router's own
 * code; and maps as lists, compared, tried against cases and logs.
 */

#include <getopt.h>
#include <stdio.h>

#include "tools/query.h"
#include "tools/query_ask.h"
#include "tools/tool.h"

static const struct tool query_tool = {
	.name = "route-query",
	.usage = "route-query [-j] [-v] [-c FILE] [-m FILE] [request options] "
		 "URL | - |\n       --info | --dump [--tag K:V] | --verify | "
		 "--diff OLD NEW |\n       --test CASES | --replay LOG",
	.help =
	    "  -c FILE    the router.ini whose '[router] map' is asked\n"
	    "  -m FILE    the map to ask, instead of that one\n"
	    "  -j         results as JSON, one object a line\n"
	    "  -v         tell every key tried, the rule's place, variables,\n"
	    "             conditions, limits, origins\n"
	    "of the request, what the URL does not say:\n"
	    "  -H 'NAME: VALUE'   a header field, any number of them\n"
	    "  -X METHOD          its method, instead of GET\n"
	    "  --client ADDRESS   where it comes from\n"
	    "  --namespace NAME   where dynamic names are looked up\n"
	    "instead of one URL:\n"
	    "  -                  URLs from stdin, an answer a line\n"
	    "  --info             what the map says of itself\n"
	    "  --dump             print the map as a list of routes\n"
	    "  --tag K:V          with --dump: what carries that tag, or K "
	    "alone\n"
	    "  --verify           check the whole map\n"
	    "  --diff OLD NEW     what two maps have that differs\n"
	    "  --test CASES       does each URL go where the file says?\n"
	    "  --replay LOG       where an access log's requests would go; "
	    "with\n"
	    "                     -m OLD -m NEW: which would go elsewhere\n"
	    "  --host NAME        with --replay: the host, if the log has "
	    "none\n"
	    "  -h, --help, --version\n"
	    "URL is what a client asks for; http:// may be left out.\n"
	    "Exit: 0 there is a route (the map is whole, nothing differs), "
	    "1 there is none\n"
	    "(it is not, something does), 2 usage, 3 trouble.\n",
};

enum query_mode {
	QUERY_MODE_URL = 0,
	QUERY_MODE_INFO,
	QUERY_MODE_DUMP,
	QUERY_MODE_VERIFY,
	QUERY_MODE_DIFF,
	QUERY_MODE_TEST,
	QUERY_MODE_REPLAY,
	QUERY_MODE_COUNT /* last */
};

/* Long options that no letter stands for; those of modes first. */
enum {
	QUERY_OPTION_MODE = 256, /* + enum query_mode */
	QUERY_OPTION_TAG = QUERY_OPTION_MODE + QUERY_MODE_COUNT,
	QUERY_OPTION_HOST,
	QUERY_OPTION_CLIENT,
	QUERY_OPTION_SPACE,
	QUERY_OPTION_VERSION
};

static const struct option query_longs[] = {
	{ "client", required_argument, NULL, QUERY_OPTION_CLIENT },
	{ "diff", no_argument, NULL, QUERY_OPTION_MODE + QUERY_MODE_DIFF },
	{ "dump", no_argument, NULL, QUERY_OPTION_MODE + QUERY_MODE_DUMP },
	{ "help", no_argument, NULL, 'h' },
	{ "host", required_argument, NULL, QUERY_OPTION_HOST },
	{ "info", no_argument, NULL, QUERY_OPTION_MODE + QUERY_MODE_INFO },
	{ "namespace", required_argument, NULL, QUERY_OPTION_SPACE },
	{ "replay", required_argument, NULL,
	    QUERY_OPTION_MODE + QUERY_MODE_REPLAY },
	{ "tag", required_argument, NULL, QUERY_OPTION_TAG },
	{ "test", required_argument, NULL,
	    QUERY_OPTION_MODE + QUERY_MODE_TEST },
	{ "verify", no_argument, NULL,
	    QUERY_OPTION_MODE + QUERY_MODE_VERIFY },
	{ "version", no_argument, NULL, QUERY_OPTION_VERSION },
	{ NULL, 0, NULL, 0 }
};

struct query_command {
	struct query query;
	struct arena arena; /* of its words */
	enum query_mode mode;
	unsigned modes;      /* how many were told */
	const char *file;    /* of --test or --replay */
	const char *tag;     /* or NULL */
	const char *host;    /* or NULL */
	bool wishes;         /* some request option was told */
	char **operands;
	int operand_count;
};

/* ---- the command line ---- */

/* An option of the request. 1: it is one; 0: it is not; -1 and e. */
static int
query_take_wish(struct query_command *c, int option, struct err *e)
{
	struct query_wish *w = &c->query.wish;
	struct str word = str_of(optarg);
	int got;

	if (option == 'H')
		got = query_wish_field(w, word, &c->arena, e);
	else if (option == 'X')
		got = query_wish_method(w, word, &c->arena, e);
	else if (option == QUERY_OPTION_CLIENT)
		got = query_wish_client(w, word, &c->arena, e);
	else if (option == QUERY_OPTION_SPACE)
		got = query_wish_space(w, word, &c->arena, e);
	else
		return 0;
	c->wishes = true;
	return got == 0 ? 1 : -1;
}

/* 0, or -1 and e. */
static int
query_take_option(struct query_command *c, int option, struct err *e)
{
	struct query *q = &c->query;

	if (option == 'c') {
		q->settings_path = optarg;
	} else if (option == 'j') {
		q->json = true;
	} else if (option == 'v') {
		q->verbose = true;
	} else if (option == 'm') {
		if (q->asked_count == QUERY_MAPS_MAX)
			return err_set(e, REASON_BAD_REQUEST,
			    "more maps than %d", QUERY_MAPS_MAX);
		q->asked[q->asked_count++] = optarg;
	} else if (option == QUERY_OPTION_TAG) {
		c->tag = optarg;
	} else if (option == QUERY_OPTION_HOST) {
		c->host = optarg;
	} else {
		c->mode = (enum query_mode)(option - QUERY_OPTION_MODE);
		c->modes++;
		c->file = optarg;
	}
	return 0;
}

/* What is wrong with the options together, or NULL. */
static const char *
query_wrong(const struct query_command *c)
{
	static const int operands[QUERY_MODE_COUNT] = {
		[QUERY_MODE_URL] = 1, [QUERY_MODE_DIFF] = 2 };
	bool asks = c->mode == QUERY_MODE_URL || c->mode == QUERY_MODE_TEST ||
	    c->mode == QUERY_MODE_REPLAY;

	if (c->modes > 1)
		return "one of --info, --dump, --verify, --diff, --test and "
		       "--replay, not more";
	if (c->mode == QUERY_MODE_URL && c->operand_count == 0)
		return "no URL to ask for";
	if (c->mode == QUERY_MODE_URL && c->operand_count > 1)
		return "one URL can be asked for; more with '-', from stdin";
	if (c->mode == QUERY_MODE_DIFF && (c->operand_count != 2 ||
	    c->query.asked_count > 0))
		return "--diff takes the maps OLD and NEW, and no -m";
	if (c->operand_count != operands[c->mode])
		return "a URL beside an option that asks for none";
	if (c->query.asked_count > 1 && c->mode != QUERY_MODE_REPLAY)
		return "two -m are for --replay";
	if (c->tag != NULL && c->mode != QUERY_MODE_DUMP)
		return "--tag is for --dump";
	if (c->host != NULL && c->mode != QUERY_MODE_REPLAY)
		return "--host is for --replay";
	if (c->wishes && !asks)
		return "-H, -X, --client and --namespace are for URLs";
	return NULL;
}

/* 0: go on; else *code is the exit code. */
static int
query_options(struct query_command *c, int argc, char **argv, int *code)
{
	const char *wrong;
	struct err e;
	int option, got;

	*code = TOOL_USAGE;
	while ((option = getopt_long(argc, argv, "c:hjm:vH:X:", query_longs,
	    NULL)) != -1) {
		if (option == 'h' || option == QUERY_OPTION_VERSION) {
			*code = option == 'h' ? tool_help(&query_tool) :
						tool_version(&query_tool);
			return 1;
		}
		if (option == '?') {
			(void)fprintf(stderr, "usage: %s\n",
			    query_tool.usage);
			return 1;
		}
		got = query_take_wish(c, option, &e);
		if (got == 0)
			got = query_take_option(c, option, &e);
		if (got == -1) {
			*code = tool_usage(&query_tool, "%s", e.text);
			return 1;
		}
	}
	c->operands = argv + optind;
	c->operand_count = argc - optind;
	wrong = query_wrong(c);
	if (wrong == NULL)
		return 0;
	*code = tool_usage(&query_tool, "%s", wrong);
	return 1;
}

/* ---- the modes ---- */

static int
query_run_url(struct query_command *c)
{
	struct str url = str_of(c->operands[0]);

	if (str_eq(url, STR("-")))
		return query_many(&c->query);
	if (query_ask_is_foreign(url))
		return tool_usage(&query_tool,
		    "%s: neither http:// nor https://", c->operands[0]);
	return query_url(&c->query, url);
}

static int
query_run(struct query_command *c)
{
	struct query *q = &c->query;
	struct err e;
	int i;

	for (i = 0; c->mode == QUERY_MODE_DIFF && i < QUERY_MAPS_MAX; i++)
		q->asked[q->asked_count++] = c->operands[i];
	if (query_find(q, &e) == -1)
		return tool_trouble(&e);
	switch (c->mode) {
	case QUERY_MODE_INFO:
		return query_info(q);
	case QUERY_MODE_DUMP:
		return query_dump(q, str_of(c->tag));
	case QUERY_MODE_VERIFY:
		return query_verify(q);
	case QUERY_MODE_DIFF:
		return query_diff(q);
	case QUERY_MODE_TEST:
		return query_test(q, c->file);
	case QUERY_MODE_REPLAY:
		return query_replay(q, c->file, str_of(c->host));
	case QUERY_MODE_URL:
	case QUERY_MODE_COUNT:
		break;
	}
	return query_run_url(c);
}

int
main(int argc, char **argv)
{
	struct query_command c = { .mode = QUERY_MODE_URL };
	int code;

	tool_init(&query_tool);
	query_wish_init(&c.query.wish);
	arena_init(&c.arena, QUERY_MEMORY);
	if (query_options(&c, argc, argv, &code) == 0)
		code = tool_end(query_run(&c));
	query_close(&c.query);
	arena_fini(&c.arena);
	return code;
}
