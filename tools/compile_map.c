/* SPDX-License-Identifier: BSD-2-Clause */

/* compile_map: the map's name, its settings, its place and its past. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "decide/egress.h"
#include "tools/compile_private.h"
#include "tools/generations.h"
#include "tools/lines.h"
#include "tools/reader.h"
#include "tools/tool.h"

enum { COMPILE_START = 64 }; /* bytes that tell a text from a map */

static void
compile_tell_setting(void *arg, const char *line)
{
	(void)arg;
	(void)fprintf(stderr, "%s\n", line);
}

static int
compile_map_set(struct compile_map *m, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t n = strlen(path);

	if (n >= sizeof(m->path))
		return err_set(e, REASON_INTERNAL, "%s: path too long", path);
	memcpy(m->path, path, n + 1);
	/* Temporary files go where there is room for the map. */
	(void)snprintf(m->folder, sizeof(m->folder), "%.*s",
	    slash == NULL || slash == path ? 1 : (int)(slash - path),
	    slash == NULL ? "." : path);
	return 0;
}

int
compile_map_find(const struct compile_ask *ask, struct compile_map *out,
    struct err *e)
{
	char path[FILE_PATH_MAX];
	int got;

	*out = (struct compile_map){ .settings = NULL };
	if (ask->output != NULL && compile_map_set(out, ask->output, e) == -1)
		return -1;
	if (ask->settings == NULL && (ask->output != NULL || ask->check_only))
		return 0;
	got = settings_find(ask->settings, path, e);
	if (got == -1)
		return -1;
	if (settings_load(got == 1 ? path : NULL, &out->settings,
		compile_tell_setting, NULL) == -1)
		return err_set(e, REASON_INTERNAL,
		    "%s: errors in the settings, nothing was compiled", path);
	return ask->output != NULL ? 0 :
	    compile_map_set(out, out->settings->map, e);
}

void
compile_map_fini(struct compile_map *m)
{
	settings_drop(&m->settings);
}

struct str
compile_map_space(const struct compile_map *m)
{
	return m->settings != NULL ? str_of(m->settings->namespace) :
				     STR("production");
}

bool
compile_map_has_sections(const struct compile_map *m)
{
	return m->settings != NULL && m->settings->path[0] != '\0';
}

bool
compile_map_known(const struct compile_map *m, enum directive d,
    struct str name)
{
	int kind;

	for (kind = 0; kind < SETTINGS_NAMED_COUNT; kind++)
		if (strcmp(directive_word(d),
			settings_named_word((enum settings_named)kind)) == 0)
			return settings_has(m->settings,
			    (enum settings_named)kind, name);
	return true;
}

bool
compile_map_has_egress(const struct compile_map *m)
{
	return m->settings != NULL && m->settings->egress_count > 0;
}

bool
compile_map_reaches(const struct compile_map *m, const struct str *egress,
    const struct egress_spelled *origin)
{
	const struct settings *s = m->settings;
	const struct settings_egress *rules;
	size_t i;

	rules = settings_egress_of(s, egress != NULL ? *egress : STR(""));
	/* That there is no such section was told. */
	if (rules == NULL || egress_can_allow(rules, origin))
		return true;
	for (i = 0; egress == NULL && i < s->egress_count; i++)
		if (egress_can_allow(&s->egresses[i], origin))
			return true;
	return false;
}

/* ---- a list in the map's place ---- */

static int
compile_count_enough(struct err *e)
{
	return err_set(e, REASON_INTERNAL, "one entry is enough");
}

static int
compile_count_route(void *arg, const struct source_route *r, struct err *e)
{
	*(size_t *)arg += !r->broken;
	return r->broken ? 0 : compile_count_enough(e);
}

static int
compile_count_service(void *arg, const struct source_service *s,
    struct err *e)
{
	*(size_t *)arg += !s->broken;
	return s->broken ? 0 : compile_count_enough(e);
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
	size_t entries = 0;
	struct source_see see = { .route = compile_count_route,
		.service = compile_count_service, .arg = &entries };
	struct source source;
	struct reader *reader;
	struct lines lines;
	struct lint lint;
	struct err e;

	if (!compile_is_text(path))
		return false;
	reader = reader_new(path, NULL);
	lint_init(&lint);
	source_init(&source, &lint, &see);
	if (lines_open(&lines, str_of(path), 0, reader, &lint, &e) == -1 ||
	    source_read_sets(&source, &lines, &e) == -1 ||
	    lines_open(&lines, str_of(path), 0, reader, &lint, &e) == -1 ||
	    source_read_routes(&source, &lines, &e) == -1)
		msg_debug("%s: %s", path, e.text);
	source_fini(&source);
	lint_fini(&lint);
	reader_free(&reader);
	return entries > 0;
}

/* ---- its place ---- */

int
compile_map_open(const struct compile_map *m, struct writer **out,
    struct err *e)
{
	uint64_t newest;

	*out = NULL;
	if (compile_is_list(m->path))
		return err_set(e, REASON_INTERNAL, "%s: a list of routes, "
		    "expected the map to write there", m->path);
	if (writer_open(m->path, out, e) == -1)
		return -1;
	if (generations_newest(writer_target(*out), &newest, e) == -1) {
		writer_abort(out);
		return -1;
	}
	writer_above(*out, newest);
	return 0;
}

int
compile_map_install(const struct compile_ask *ask, struct writer **w,
    struct err *e)
{
	char target[FILE_PATH_MAX];
	uint64_t generation = writer_generation(*w);
	struct err why;

	memcpy(target, writer_target(*w), strlen(writer_target(*w)) + 1);
	if (ask->keeps && ask->keep > 0 && generations_keep(target, e) == -1)
		return -1;
	if (writer_install(w, e) == -1)
		return -1;
	if (ask->keeps &&
	    generations_prune(target, generation, ask->keep, &why) == -1)
		msg_warning("%s", why.text);
	return 0;
}
