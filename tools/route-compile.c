/* SPDX-License-Identifier: BSD-2-Clause */

/* route-compile: lists of routes into a map, all of them or nothing. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "settings/settings.h"
#include "tools/compile.h"
#include "tools/generations.h"
#include "tools/tool.h"

enum compile_option {
	COMPILE_OPTION_KEEP = 256,
	COMPILE_OPTION_MEMORY,
	COMPILE_OPTION_REWRITEMAP,
	COMPILE_OPTION_ROLLBACK,
	COMPILE_OPTION_COUNT /* last */
};

/* What --memory says: the least, and without it. */
#define COMPILE_MEMORY_LEAST (UINT64_C(16) << 20)
#define COMPILE_MEMORY (UINT64_C(256) << 20)

static const struct tool compile_tool = {
	.name = "route-compile",
	.usage = "route-compile [-n] [-v] [-c FILE] [-o FILE] [--keep N] "
		 "[--memory SIZE] [--rewritemap FILE]... FILE|FOLDER... | - | "
		 "--rollback",
	.help = "  -c FILE    the router.ini whose '[router] map' is written, "
		"and whose\n"
		"             sections the lists may name\n"
		"  -n         check the lists only, write nothing\n"
		"  -o FILE    the map to write, instead of that one\n"
		"  -v         print counts and seconds\n"
		"  --keep N   keep the last N generations beside the map\n"
		"  --memory SIZE      the most it takes, 256m if not said\n"
		"  --rewritemap FILE  a list made for Apache's RewriteMap\n"
		"  --rollback         put the last kept generation back\n"
		"  -h, --help, --version\n"
		"FILE is a list of routes, see routes(5); - is stdin; of a "
		"FOLDER its *.list.\n"
		"Exit: 0 installed, 1 errors in the lists, 2 usage, "
		"3 trouble.\n",
};

struct compile_options {
	struct compile_ask ask;
	bool rollback;
	char **files; /* of --rewritemap, then the others */
};

/* TOOL_YES or TOOL_USAGE. */
static int
compile_memory(struct compile_options *o, const char *text)
{
	if (settings_parse_size(str_of(text), &o->ask.memory) &&
	    o->ask.memory >= COMPILE_MEMORY_LEAST)
		return TOOL_YES;
	return tool_usage(&compile_tool, "--memory %s: expected a size of 16m "
	    "or more", text);
}

/* TOOL_YES or TOOL_USAGE. */
static int
compile_keep(struct compile_options *o, const char *text)
{
	uint64_t keep;

	if (!str_to_u64(str_of(text), GENERATIONS_KEPT_MAX, &keep))
		return tool_usage(&compile_tool, "--keep %s: expected a "
		    "number from 0 to %d", text, GENERATIONS_KEPT_MAX);
	o->ask.keeps = true;
	o->ask.keep = (size_t)keep;
	return TOOL_YES;
}

/* One option that says more than yes. TOOL_YES or TOOL_USAGE. */
static int
compile_option(struct compile_options *o, int got)
{
	if (got == COMPILE_OPTION_MEMORY)
		return compile_memory(o, optarg);
	if (got == COMPILE_OPTION_KEEP)
		return compile_keep(o, optarg);
	if (got == COMPILE_OPTION_REWRITEMAP)
		o->files[o->ask.rewritemaps++] = optarg;
	else if (got == 'c')
		o->ask.settings = optarg;
	else if (got == 'o')
		o->ask.output = optarg;
	return TOOL_YES;
}

/* 0: go on; else *code is the exit code. */
static int
compile_options(struct compile_options *o, int argc, char **argv, int *code)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "keep", required_argument, NULL, COMPILE_OPTION_KEEP },
		{ "memory", required_argument, NULL, COMPILE_OPTION_MEMORY },
		{ "rewritemap", required_argument, NULL,
		    COMPILE_OPTION_REWRITEMAP },
		{ "rollback", no_argument, NULL, COMPILE_OPTION_ROLLBACK },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int got;

	*code = TOOL_USAGE;
	while ((got = getopt_long(argc, argv, "c:hno:v", longs, NULL)) != -1) {
		if (got == 'h' || got == 'V') {
			*code = got == 'h' ? tool_help(&compile_tool) :
					     tool_version(&compile_tool);
			return 1;
		}
		if (got == '?') {
			(void)fprintf(stderr, "usage: %s\n",
			    compile_tool.usage);
			return 1;
		}
		o->ask.check_only = o->ask.check_only || got == 'n';
		o->ask.verbose = o->ask.verbose || got == 'v';
		o->rollback = o->rollback || got == COMPILE_OPTION_ROLLBACK;
		if (compile_option(o, got) != TOOL_YES)
			return 1;
	}
	o->ask.file_count = o->ask.rewritemaps;
	while (optind < argc)
		o->files[o->ask.file_count++] = argv[optind++];
	o->ask.files = o->files;
	return 0;
}

/* Names go into findings and into the map, one a line. TOOL_YES or USAGE. */
static int
compile_names(const struct compile_ask *ask)
{
	size_t stdins = 0, i;
	const char *p;

	for (i = 0; i < ask->file_count; i++) {
		stdins += strcmp(ask->files[i], "-") == 0;
		for (p = ask->files[i]; *p != '\0'; p++)
			if (str_is_control(*p))
				return tool_usage(&compile_tool,
				    "%s: a control byte in a file's name",
				    ask->files[i]);
	}
	if (stdins > 1)
		return tool_usage(&compile_tool, "stdin can be read once");
	if (ask->output != NULL && *ask->output == '\0')
		return tool_usage(&compile_tool, "-o without a file's name");
	if (ask->output != NULL && strcmp(ask->output, "-") == 0)
		return tool_usage(&compile_tool, "a map does not go to stdout "
		    "(a file of that name is ./-)");
	return TOOL_YES;
}

/* Do the options fit each other? TOOL_YES or USAGE. */
static int
compile_fit(const struct compile_options *o)
{
	if (o->rollback && o->ask.file_count > 0)
		return tool_usage(&compile_tool, "--rollback takes no list");
	if (o->rollback && o->ask.check_only)
		return tool_usage(&compile_tool,
		    "-n checks lists, --rollback has none");
	if (!o->rollback && o->ask.file_count == 0)
		return tool_usage(&compile_tool, "no list to compile");
	return compile_names(&o->ask);
}

int
main(int argc, char **argv)
{
	struct compile_options o = { .ask = { .start = clock_us(),
		.memory = COMPILE_MEMORY } };
	int code;

	tool_init(&compile_tool);
	o.files = calloc((size_t)argc, sizeof(*o.files));
	CHECK(o.files != NULL);
	if (compile_options(&o, argc, argv, &code) == 0) {
		code = compile_fit(&o);
		if (code == TOOL_YES)
			code = tool_end(o.rollback ? compile_back(&o.ask) :
						     compile_lists(&o.ask));
	}
	free(o.files);
	return code;
}
