/* SPDX-License-Identifier: BSD-2-Clause */

/* settings: the file, the defaults and who holds them; iniparser's door. */

#include "settings/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <iniparser/iniparser.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "settings/settings_private.h"

enum {
	SETTINGS_FILE_MAX = 1 << 20,              /* of router.ini */
	SETTINGS_LINE_TOLD = FILE_PATH_MAX + 1024 /* of one mistake */
};

void
settings_tell(struct settings_report *r, size_t line, size_t column,
    const char *fmt, ...)
{
	char what[ERR_TEXT_MAX];
	char told[SETTINGS_LINE_TOLD];
	char place[64] = "";
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (line > 0)
		snprintf(place, sizeof(place), ":%zu:%zu: error", line, column);
	snprintf(told, sizeof(told), "%.*s%s: %s", FILE_PATH_MAX, r->path,
	    place, what);
	r->mistakes++;
	if (r->tell != NULL)
		r->tell(r->arg, told);
	else
		msg_error("%s", told);
}

/* ---- the file ---- */

/*
 * iniparser tells mistakes by one callback of the process; settings_parsing
 * guards it, and settings_heard, from before it is set until it is set back.
 */
static pthread_mutex_t settings_parsing = PTHREAD_MUTEX_INITIALIZER;
static char settings_heard[256];

ATTR_PRINTF(1, 2)
static int
settings_hear(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(settings_heard, sizeof(settings_heard), fmt, args);
	va_end(args);
	settings_heard[strcspn(settings_heard, "\n")] = '\0';
	return 0;
}

/* What iniparser makes of the file, or NULL, told why. */
static dictionary *
settings_parse(struct settings_report *r)
{
	dictionary *d;

	pthread_mutex_lock(&settings_parsing);
	settings_heard[0] = '\0';
	iniparser_set_error_callback(settings_hear);
	d = iniparser_load(r->path);
	iniparser_set_error_callback(NULL);
	if (d == NULL)
		settings_tell(r, 1, 1,
		    "iniparser refuses the file (%s), expected it to read "
		    "what was looked at",
		    settings_quote(str_of(settings_heard)).text);
	pthread_mutex_unlock(&settings_parsing);
	return d;
}

/* Reads iniparser that value like this? How many it has: 1 or 0. */
static int
settings_compare_one(const dictionary *d, const char *section, size_t at,
    const struct settings_place *place, struct settings_report *r)
{
	char key[STR_NAME_MAX + 64];
	const char *value;

	snprintf(key, sizeof(key), "%s:%s", section, settings_row(at)->key);
	value = iniparser_getstring(d, key, NULL);
	if (value == NULL ? place->line != 0 : place->line == 0 ||
	    !str_eq(str_of(value), place->value))
		settings_tell(r, place->line != 0 ? place->line : 1, 1,
		    "iniparser reads '%s' in another way, expected what was "
		    "looked at: was the file being written?",
		    settings_row(at)->key);
	return value != NULL;
}

static int
settings_compare_named(const dictionary *d,
    const struct settings_declared *declared, struct settings_report *r)
{
	char section[STR_NAME_MAX + 32];
	size_t first, count, i, k;
	int known = 0;

	for (i = 0; i < declared->count; i++) {
		const struct settings_declaration *named = &declared->list[i];

		first = settings_named_rows(named->kind, &count);
		snprintf(section, sizeof(section), "%s:%.*s",
		    settings_named_word(named->kind), STR_ARG(named->name));
		for (k = 0; k < count; k++)
			known += settings_compare_one(d, section, first + k,
			    &named->places[k], r);
	}
	return known;
}

/* Does iniparser know just these settings, with just these values? */
static void
settings_compare(const dictionary *d, const struct settings_place *places,
    const struct settings_declared *declared, struct settings_report *r)
{
	int known = settings_compare_named(d, declared, r), i;
	size_t at;

	for (at = 0; at < SETTINGS_AT_TLS; at++)
		known += settings_compare_one(d, settings_row(at)->section,
		    at, &places[at], r);
	for (i = 0; i < d->size; i++)
		if (d->key[i] != NULL && d->val[i] != NULL)
			known--;
	if (known != 0)
		settings_tell(r, 1, 1,
		    "iniparser reads other settings, expected what was looked "
		    "at: was the file being written?");
}

/* The whole file, and which one it is; or NULL, told why. */
static char *
settings_read(struct settings_report *r, size_t *n, struct file_id *id)
{
	const char *why = NULL;
	char *text = NULL;
	struct stat st;
	ssize_t got = 0;
	int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*n = 0;
	if (fd == -1 || fstat(fd, &st) == -1 ||
	    file_identify_fd(fd, id) == -1) {
		why = strerror(errno);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		why = S_ISDIR(st.st_mode) ? "it is a folder" :
		    "it is no regular file";
		goto out;
	}
	text = malloc(SETTINGS_FILE_MAX + 1);
	if (text == NULL) {
		why = "out of memory";
		goto out;
	}
	do {
		*n += (size_t)got;
		got = read(fd, text + *n, SETTINGS_FILE_MAX + 1 - *n);
	} while (got > 0);
	if (got == -1)
		why = strerror(errno);
	else if (*n > SETTINGS_FILE_MAX)
		why = "it is larger than 1 MiB";
out:
	if (fd != -1)
		close(fd);
	if (why != NULL) {
		settings_tell(r, 0, 0, "cannot be read: %s", why);
		free(text);
		text = NULL;
	}
	return text;
}

static void
settings_use(struct settings *s, const struct settings_place *places,
    struct settings_report *r)
{
	struct err e;
	size_t i;

	for (i = 0; i < SETTINGS_AT_TLS; i++)
		if (places[i].line != 0 && settings_set(s, (char *)s +
		    settings_holder(i), i, places[i].value, &e) == -1)
			settings_tell(r, places[i].line, places[i].column,
			    "%s", e.text);
}

/* What is declared, by kinds. 0, or -1: out of memory. */
static int
settings_declare(struct settings *s, const struct settings_declared *declared)
{
	struct str names[SETTINGS_DECLARED_MAX];
	size_t kind, i;

	for (kind = 0; kind < SETTINGS_NAMED_COUNT; kind++) {
		size_t count = 0;

		for (i = 0; i < declared->count; i++)
			if ((size_t)declared->list[i].kind == kind)
				names[count++] = declared->list[i].name;
		free(s->named[kind]);
		s->named[kind] = settings_join(names, count);
		if (s->named[kind] == NULL)
			return -1;
	}
	return 0;
}

static void
settings_load_text(struct settings *s, struct str text,
    struct settings_declared *declared, struct settings_report *r)
{
	struct settings_place places[SETTINGS_COUNT];
	dictionary *d = NULL;

	settings_text_look(text, places, declared, r);
	if (r->mistakes == 0)
		d = settings_parse(r);
	if (d == NULL)
		return;
	settings_compare(d, places, declared, r);
	if (r->mistakes == 0)
		settings_use(s, places, r);
	if (r->mistakes == 0)
		settings_named_use(s, declared, r);
	if (r->mistakes == 0 && settings_declare(s, declared) == -1)
		settings_tell(r, 1, 1,
		    "out of memory, expected room for the settings");
	iniparser_freedict(d);
}

static void
settings_load_file(struct settings *s, struct settings_report *r)
{
	struct settings_declared *declared;
	size_t n;
	char *text = settings_read(r, &n, &s->file);

	if (text == NULL)
		return;
	declared = calloc(1, sizeof(*declared));
	if (declared != NULL)
		settings_load_text(s, (struct str){ text, n }, declared, r);
	else
		settings_tell(r, 0, 0, "cannot be read: out of memory");
	free(declared);
	free(text);
}

static void
settings_free(struct settings **s)
{
	size_t i;

	settings_clear(*s, 0, SETTINGS_AT_LOG);
	settings_clear(&(*s)->log, SETTINGS_AT_LOG, SETTINGS_AT_EGRESS);
	settings_log_clear(&(*s)->log);
	settings_clear(&(*s)->egress, SETTINGS_AT_EGRESS, SETTINGS_AT_TLS);
	settings_named_clear(*s);
	for (i = 0; i < SETTINGS_NAMED_COUNT; i++)
		free((*s)->named[i]);
	free((*s)->path);
	free(*s);
	*s = NULL;
}

int
settings_load(const char *path, struct settings **out,
    void (*tell)(void *arg, const char *line), void *arg)
{
	struct settings_report report = {
		.path = path != NULL ? path : "router.ini",
		.tell = tell,
		.arg = arg,
	};
	struct settings *s = calloc(1, sizeof(*s));
	struct err e;

	*out = NULL;
	if (s != NULL)
		s->path = settings_copy(str_of(path));
	if (s == NULL || s->path == NULL) {
		free(s);
		settings_tell(&report, 1, 1,
		    "out of memory, expected room for the settings");
		return -1;
	}
	atomic_init(&s->refs, 1);
	if (settings_preset(s, s, 0, SETTINGS_AT_LOG, &e) == -1 ||
	    settings_preset(s, &s->log, SETTINGS_AT_LOG, SETTINGS_AT_EGRESS,
	        &e) == -1 ||
	    settings_preset(s, &s->egress, SETTINGS_AT_EGRESS,
	        SETTINGS_AT_TLS, &e) == -1)
		settings_tell(&report, 1, 1, "%s", e.text);
	else if (path != NULL)
		settings_load_file(s, &report);
	if (report.mistakes == 0 && settings_work_out(s, &e) == -1)
		settings_tell(&report, 1, 1, "%s", e.text);
	if (report.mistakes > 0) {
		settings_free(&s);
		return -1;
	}
	*out = s;
	return 0;
}

/* ---- who holds them ---- */

struct settings *
settings_take(struct settings *s)
{
	int held = atomic_fetch_add(&s->refs, 1);

	CHECK(held > 0);
	return s;
}

void
settings_drop(struct settings **s)
{
	int left;

	if (*s == NULL)
		return;
	left = atomic_fetch_sub(&(*s)->refs, 1) - 1;
	CHECK(left >= 0);
	if (left == 0)
		settings_free(s);
	*s = NULL;
}

bool
settings_allows_user(const struct settings *s, uid_t user)
{
	struct str list = str_of(s->allow_users), word;
	uint64_t number;

	while (list.n > 0) {
		(void)str_cut(list, ',', &word, &list);
		if (str_to_u64(word, UINT32_MAX, &number) && number == user)
			return true;
	}
	return false;
}

bool
settings_has(const struct settings *s, enum settings_named kind,
    struct str name)
{
	return str_is_name(name) &&
	    str_lines_have(str_of(s->named[kind]), name);
}
