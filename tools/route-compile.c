/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * route-compile: lists of routes into a map, all of them or nothing.
 *
 * The map's lock is taken (writer.h), lists are read twice (source.h), their
 * routes collected (collect.h), and only when nothing is wrong the map is built
 * beside the old one and put in its place.
 */

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "settings/settings.h"
#include "tools/collect.h"
#include "tools/input.h"
#include "tools/lines.h"
#include "tools/tool.h"

enum {
	COMPILE_START = 64, /* bytes that tell a text from a map */
	COMPILE_OPTION_MEMORY = 256
};

/* What --memory says: the least, and without it. */
#define COMPILE_MEMORY_LEAST (UINT64_C(16) << 20)
#define COMPILE_MEMORY (UINT64_C(256) << 20)

static const struct tool compile_tool = {
	.name = "route-compile",
	.usage = "route-compile [-n] [-v] [-c FILE] [-o FILE] [--memory SIZE] "
		 "FILE... | -",
	.help = "  -c FILE    the router.ini whose '[router] map' is written\n"
		"  -n         check the lists only, write nothing\n"
		"  -o FILE    the map to write, instead of that one\n"
		"  -v         print counts and seconds\n"
		"  --memory SIZE  the most it takes, 256m if not said\n"
		"  -h, --help, --version\n"
		"FILE is a list of routes, see routes(5); - is stdin.\n"
		"Exit: 0 installed, 1 errors in the lists, 2 usage, "
		"3 trouble.\n",
};

struct compile {
	bool check_only;
	bool verbose;
	uint64_t memory;            /* of --memory */
	const char *settings;       /* of -c, or NULL */
	const char *output;         /* of -o, or NULL */
	char map[FILE_PATH_MAX];    /* to be written */
	char folder[FILE_PATH_MAX]; /* of the map; "": none is written */
	char **files;
	size_t file_count;
	struct input **inputs;      /* of the files */
	struct lint lint;
	struct source source;
	struct collect *collect;
	struct writer *writer;      /* NULL with -n */
	size_t routes;
	int64_t start;
};

/* TOOL_YES or TOOL_USAGE. */
static int
compile_memory(struct compile *c, const char *text)
{
	if (settings_parse_size(str_of(text), &c->memory) &&
	    c->memory >= COMPILE_MEMORY_LEAST)
		return TOOL_YES;
	return tool_usage(&compile_tool, "--memory %s: expected a size of 16m "
	    "or more", text);
}

/* 0: go on; else *code is the exit code. */
static int
compile_options(struct compile *c, int argc, char **argv, int *code)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "memory", required_argument, NULL, COMPILE_OPTION_MEMORY },
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
		if (got == COMPILE_OPTION_MEMORY &&
		    compile_memory(c, optarg) != TOOL_YES)
			return 1;
		c->check_only = c->check_only || got == 'n';
		c->verbose = c->verbose || got == 'v';
		if (got == 'c')
			c->settings = optarg;
		else if (got == 'o')
			c->output = optarg;
	}
	c->files = argv + optind;
	c->file_count = (size_t)(argc - optind);
	return 0;
}

/* Names go into findings and into the map, one a line. TOOL_YES or USAGE. */
static int
compile_names(const struct compile *c)
{
	size_t stdins = 0, i;
	const char *p;

	if (c->file_count == 0)
		return tool_usage(&compile_tool, "no list to compile");
	for (i = 0; i < c->file_count; i++) {
		stdins += strcmp(c->files[i], "-") == 0;
		for (p = c->files[i]; *p != '\0'; p++)
			if (str_is_control(*p))
				return tool_usage(&compile_tool,
				    "%s: a control byte in a file's name",
				    c->files[i]);
	}
	if (stdins > 1)
		return tool_usage(&compile_tool, "stdin can be read once");
	if (c->output != NULL && *c->output == '\0')
		return tool_usage(&compile_tool, "-o without a file's name");
	if (c->output != NULL && strcmp(c->output, "-") == 0)
		return tool_usage(&compile_tool, "a map does not go to stdout "
		    "(a file of that name is ./-)");
	return TOOL_YES;
}

static void
compile_tell_setting(void *arg, const char *line)
{
	(void)arg;
	(void)fprintf(stderr, "%s\n", line);
}

static int
compile_map_set(struct compile *c, const char *path, struct err *e)
{
	size_t n = strlen(path);

	if (n >= sizeof(c->map))
		return err_set(e, REASON_INTERNAL, "%s: path too long", path);
	memcpy(c->map, path, n + 1);
	return 0;
}

/* Finds out which map to write. 0, or -1 and e. */
static int
compile_map(struct compile *c, struct err *e)
{
	char path[FILE_PATH_MAX];
	struct settings *settings;
	int got;

	if (c->settings == NULL && (c->output != NULL || c->check_only))
		return c->output != NULL ? compile_map_set(c, c->output, e) : 0;
	got = settings_find(c->settings, path, e);
	if (got == -1)
		return -1;
	if (settings_load(got == 1 ? path : NULL, &settings,
		compile_tell_setting, NULL) == -1)
		return err_set(e, REASON_INTERNAL,
		    "%s: errors in the settings, nothing was compiled", path);
	got = compile_map_set(c,
	    c->output != NULL ? c->output : settings->map, e);
	settings_drop(&settings);
	return got;
}

static int
compile_see(void *arg, const struct source_route *r, struct err *e)
{
	struct compile *c = arg;

	c->routes++;
	return collect_add(c->collect, r, e);
}

/* Temporary files go where there is room for the map. */
static const char *
compile_folder(struct compile *c)
{
	const char *slash = strrchr(c->map, '/');

	if (c->check_only)
		return NULL;
	(void)snprintf(c->folder, sizeof(c->folder), "%.*s",
	    slash == NULL ? 1 : slash == c->map ? 1 : (int)(slash - c->map),
	    slash == NULL ? "." : c->map);
	return c->folder;
}

/* Reads one list with source_read_sets or _routes. 0, or -1 and e. */
static int
compile_read_one(struct compile *c, size_t i,
    int (*read)(struct source *, struct lines *, struct err *), struct err *e)
{
	struct lines lines;

	if (lines_open(&lines, str_of(c->files[i]), (uint32_t)i, c->inputs[i],
		&c->lint, e) == -1)
		return -1;
	return read(&c->source, &lines, e);
}

/* Reads all lists. 0, or -1 and e. */
static int
compile_read(struct compile *c, struct err *e)
{
	size_t i;

	c->inputs = calloc(c->file_count, sizeof(struct input *));
	CHECK(c->inputs != NULL);
	for (i = 0; i < c->file_count; i++)
		c->inputs[i] = input_new(c->files[i], compile_folder(c));
	for (i = 0; i < c->file_count; i++)
		if (compile_read_one(c, i, source_read_sets, e) == -1)
			return -1;
	for (i = 0; i < c->file_count; i++)
		if (compile_read_one(c, i, source_read_routes, e) == -1)
			return -1;
	return 0;
}

static int
compile_sources(const struct compile *c, struct buf *to)
{
	size_t i;

	for (i = 0; i < c->file_count; i++)
		if (buf_printf(to, "%s%s", i > 0 ? "\n" : "", c->files[i]) ==
		    -1)
			return -1;
	return 0;
}

static void
compile_say(const struct compile *c, const struct codec_meta *meta)
{
	double seconds = (double)(clock_us() - c->start) / 1e6;

	if (meta == NULL)
		(void)printf("%zu routes are good, nothing written, %.3f s\n",
		    c->routes, seconds);
	else
		(void)printf("%s: generation %" PRIu64 ", %" PRIu64
		    " hosts, %" PRIu64 " wildcards, %" PRIu64 " paths, %" PRIu64
		    " records, %.3f s\n", c->map, meta->generation,
		    meta->hosts, meta->wildcards, meta->paths, meta->records,
		    seconds);
}

static int
compile_count(void *arg, const struct source_route *r, struct err *e)
{
	(void)r;
	++*(size_t *)arg;
	return err_set(e, REASON_INTERNAL, "one is enough");
}

/* May the file be a text? A map begins with zeros. */
static bool
compile_is_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char start[COMPILE_START];
	struct stat st;
	ssize_t n = -1;

	if (fd == -1)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, start, sizeof(start));
	close(fd);
	return n > 0 && memchr(start, '\0', (size_t)n) == NULL;
}

/*
 * Does a list stand where the map is to go ("-o *.list" in a shell)? It may be
 * all that somebody has of it.
 */
static bool
compile_is_list(const char *path)
{
	struct source source;
	struct input *input;
	struct lines lines;
	struct lint lint;
	struct err e;
	size_t routes = 0;

	if (!compile_is_text(path))
		return false;
	input = input_new(path, NULL);
	lint_init(&lint);
	source_init(&source, &lint, compile_count, &routes);
	if (lines_open(&lines, str_of(path), 0, input, &lint, &e) == -1 ||
	    source_read_sets(&source, &lines, &e) == -1 ||
	    lines_open(&lines, str_of(path), 0, input, &lint, &e) == -1 ||
	    source_read_routes(&source, &lines, &e) == -1)
		msg_debug("%s: %s", path, e.text);
	source_fini(&source);
	lint_fini(&lint);
	input_free(&input);
	return routes > 0;
}

/*
 * Begins the map before any list is read: of two runs at once the one that has
 * its turn later has read the lists later too. 0, or -1 and e.
 */
static int
compile_begin(struct compile *c, struct err *e)
{
	if (compile_is_list(c->map))
		return err_set(e, REASON_INTERNAL, "%s: a list of routes, "
		    "expected the map to write there", c->map);
	return writer_open(c->map, &c->writer, e);
}

/* Builds and installs the map. 0 (look at lint.errors too), or -1 and e. */
static int
compile_write(struct compile *c, struct err *e)
{
	struct codec_meta meta = { 0 };
	struct buf sources;
	int got;

	if (collect_finish(c->collect, c->writer, e) == -1)
		return -1;
	if (c->lint.errors > 0)
		return 0;
	buf_init(&sources, SIZE_MAX / 2);
	got = compile_sources(c, &sources);
	if (got == -1)
		err_set(e, REASON_OVERLOADED, "out of memory");
	meta.time = (uint64_t)clock_wall().tv_sec;
	meta.headers = collect_headers(c->collect);
	meta.sources = buf_view(&sources);
	if (got == 0)
		got = writer_close(c->writer, &meta, e);
	if (got == 0)
		got = writer_install(&c->writer, e);
	if (got == 0 && c->verbose)
		compile_say(c, &meta);
	buf_fini(&sources);
	return got;
}

/*
 * No route: what should have written the list failed, more likely than that
 * each request is to be answered 404.
 */
static int
compile_nothing(struct compile *c)
{
	lint_flush(&c->lint, stderr);
	msg_error("no route in the lists, nothing was installed, expected one "
	    "at least ('* respond=404' to have none)");
	return TOOL_NO;
}

/* From lists to the map: the exit code. */
static int
compile_run(struct compile *c)
{
	struct err e;
	int got;

	got = compile_map(c, &e);
	if (got == 0 && !c->check_only)
		got = compile_begin(c, &e);
	if (got == 0) {
		/* The rest is for Berkeley DB and for one entry. */
		c->collect = collect_new(&c->lint, c->memory / 4 * 3,
		    compile_folder(c));
		got = compile_read(c, &e);
	}
	if (got == 0 && c->routes == 0 && c->lint.errors == 0 &&
	    !c->check_only)
		return compile_nothing(c);
	if (got == 0 && (c->check_only || c->lint.errors > 0))
		got = collect_finish(c->collect, NULL, &e);
	else if (got == 0)
		got = compile_write(c, &e);
	lint_flush(&c->lint, stderr);
	if (got == -1)
		return tool_trouble(&e);
	if (c->lint.errors > 0) {
		msg_error("%zu error%s, nothing was installed", c->lint.errors,
		    c->lint.errors == 1 ? "" : "s");
		return TOOL_NO;
	}
	if (c->check_only && c->verbose)
		compile_say(c, NULL);
	return TOOL_YES;
}

int
main(int argc, char **argv)
{
	struct compile c = { .start = clock_us(), .memory = COMPILE_MEMORY };
	size_t i;
	int code;

	tool_init(&compile_tool);
	if (compile_options(&c, argc, argv, &code) != 0)
		return code;
	code = compile_names(&c);
	if (code != TOOL_YES)
		return code;
	lint_init(&c.lint);
	source_init(&c.source, &c.lint, compile_see, &c);
	code = compile_run(&c);
	writer_abort(&c.writer);
	source_fini(&c.source);
	collect_free(&c.collect);
	lint_fini(&c.lint);
	for (i = 0; c.inputs != NULL && i < c.file_count; i++)
		input_free(&c.inputs[i]);
	free(c.inputs);
	return tool_end(code);
}
