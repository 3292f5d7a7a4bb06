/* SPDX-License-Identifier: BSD-2-Clause */

/* settings_named: the sections that have a name and settings: [log:NAME],
 * [egress:NAME], [tls:NAME], [auth:NAME], [sign:NAME], [plan:NAME],
 * [format:NAME]. */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "http/name.h"
#include "settings/settings_private.h"

/* Sections of one kind: their rows, how large one is, where struct settings has
 * them, and their number, and where one has the places of its values, for files
 * that are looked at later; 0: it has none. The first member is its name. */
static const struct settings_shelf {
	size_t first, end;
	size_t size;
	size_t list, count;
	size_t places;
} settings_shelves[SETTINGS_NAMED_COUNT] = {
	[SETTINGS_LOG] = { SETTINGS_AT_LOG, SETTINGS_AT_EGRESS,
		sizeof(struct settings_log), offsetof(struct settings, logs),
		offsetof(struct settings, log_count), 0 },
	[SETTINGS_EGRESS] = { SETTINGS_AT_EGRESS, SETTINGS_AT_TLS,
		sizeof(struct settings_egress),
		offsetof(struct settings, egresses),
		offsetof(struct settings, egress_count), 0 },
	[SETTINGS_TLS] = { SETTINGS_AT_TLS, SETTINGS_AT_AUTH,
		sizeof(struct settings_tls), offsetof(struct settings, tls),
		offsetof(struct settings, tls_count),
		offsetof(struct settings_tls, places) },
	[SETTINGS_AUTH] = { SETTINGS_AT_AUTH, SETTINGS_AT_SIGN,
		sizeof(struct settings_auth),
		offsetof(struct settings, auths),
		offsetof(struct settings, auth_count),
		offsetof(struct settings_auth, places) },
	[SETTINGS_SIGN] = { SETTINGS_AT_SIGN, SETTINGS_AT_PLAN,
		sizeof(struct settings_sign),
		offsetof(struct settings, signs),
		offsetof(struct settings, sign_count),
		offsetof(struct settings_sign, places) },
	[SETTINGS_PLAN] = { SETTINGS_AT_PLAN, SETTINGS_AT_FORMAT,
		sizeof(struct settings_plan),
		offsetof(struct settings, plans),
		offsetof(struct settings, plan_count), 0 },
	[SETTINGS_FORMAT] = { SETTINGS_AT_FORMAT, SETTINGS_COUNT,
		sizeof(struct settings_format),
		offsetof(struct settings, formats),
		offsetof(struct settings, format_count), 0 },
};

size_t
settings_named_rows(enum settings_named kind, size_t *count)
{
	const struct settings_shelf *shelf = &settings_shelves[kind];

	*count = shelf->end - shelf->first;
	CHECK(*count <= SETTINGS_NAMED_ROWS);
	return *count > 0 ? shelf->first : SETTINGS_COUNT;
}

static void **
settings_shelf_list(const struct settings_shelf *shelf, struct settings *s)
{
	return (void **)((char *)s + shelf->list);
}

static size_t *
settings_shelf_count(const struct settings_shelf *shelf, struct settings *s)
{
	return (size_t *)((char *)s + shelf->count);
}

/* ---- mistakes ---- */

static void
settings_look_pair(const struct settings_declaration *named,
    struct settings_report *r)
{
	const struct settings_place *cert =
	    &named->places[SETTINGS_TLS_cert];
	const struct settings_place *key = &named->places[SETTINGS_TLS_key];
	const struct settings_place *there = cert->line != 0 ? cert : key;

	if ((cert->line != 0) != (key->line != 0))
		settings_tell(r, there->line, there->column,
		    "'%s' alone in [tls:%.*s], expected 'cert' and 'key', or "
		    "none", there == cert ? "cert" : "key",
		    STR_ARG(named->name));
}

static void
settings_look_unverified(const struct settings_declaration *named,
    struct settings_report *r)
{
	const struct settings_place *ca = &named->places[SETTINGS_TLS_ca];

	if (ca->line != 0 && str_eq(
	    named->places[SETTINGS_TLS_verify].value, STR("no")))
		settings_tell(r, ca->line, ca->column,
		    "'ca' in [tls:%.*s] beside 'verify = no', expected one "
		    "of them: nothing is verified",
		    STR_ARG(named->name));
}

static void
settings_look_secret(const struct settings_declaration *named,
    struct settings_report *r)
{
	if (named->places[SETTINGS_SIGN_secret].line == 0)
		settings_tell(r, named->line, 1,
		    "no 'secret' in [sign:%.*s], expected one",
		    STR_ARG(named->name));
}

void
settings_named_look(const struct settings_declared *declared,
    struct settings_report *r)
{
	size_t i;

	for (i = 0; i < declared->count; i++) {
		const struct settings_declaration *named = &declared->list[i];

		if (named->kind == SETTINGS_AUTH)
			settings_auth_look(named, declared, r);
		if (named->kind == SETTINGS_SIGN)
			settings_look_secret(named, r);
		if (named->kind == SETTINGS_PLAN)
			settings_plan_look(named, r);
		if (named->kind != SETTINGS_TLS)
			continue;
		settings_look_pair(named, r);
		settings_look_unverified(named, r);
	}
}

void
settings_tell_spot(const char *path, struct settings_spot at,
    void (*tell)(void *arg, const char *line), void *arg, const char *fmt,
    ...)
{
	struct settings_report r = { .path = path, .tell = tell, .arg = arg };
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	settings_tell(&r, at.line, at.column, "%s", text);
}

/* ---- taking them over ---- */

/* 0, or -1 and e: what it says of itself. */
static int
settings_take_name(const struct settings *s, void *of,
    const struct settings_declaration *named, struct err *e)
{
	size_t count, first = settings_named_rows(named->kind, &count);
	char **name = of;

	*name = settings_copy(named->name);
	if (*name == NULL)
		return err_set(e, REASON_OVERLOADED,
		    "out of memory, expected room for the settings");
	return settings_preset(s, of, first, first + count, e);
}

/* 0, or -1 and a mistake was told. */
static int
settings_take_named(const struct settings *s, void *of,
    const struct settings_declaration *named, struct settings_report *r)
{
	size_t count, first = settings_named_rows(named->kind, &count), i;
	struct err e;

	if (settings_take_name(s, of, named, &e) == -1) {
		settings_tell(r, named->line, 1, "%s", e.text);
		return -1;
	}
	for (i = 0; i < count; i++) {
		const struct settings_place *at = &named->places[i];

		if (at->line == 0 ||
		    settings_set(s, of, first + i, at->value, &e) == 0)
			continue;
		settings_tell(r, at->line, at->column, "%s", e.text);
		return -1;
	}
	if (settings_fill(of, first, first + count, &e) == 0)
		return 0;
	settings_tell(r, named->line, 1, "%s", e.text);
	return -1;
}

static void
settings_keep_places(void *of, const struct settings_declaration *named)
{
	const struct settings_shelf *shelf = &settings_shelves[named->kind];
	struct settings_spot *places = (void *)((char *)of + shelf->places);
	size_t i;

	for (i = 0; i < shelf->end - shelf->first; i++) {
		places[i].line = named->places[i].line;
		places[i].column = named->places[i].column;
	}
}

/* The next one of its kind, empty. */
static void *
settings_shelf_next(struct settings *s, enum settings_named kind)
{
	const struct settings_shelf *shelf = &settings_shelves[kind];

	return (char *)*settings_shelf_list(shelf, s) +
	    shelf->size * (*settings_shelf_count(shelf, s))++;
}

static int
settings_make_shelves(struct settings *s, size_t most)
{
	size_t kind;

	for (kind = 0; kind < SETTINGS_NAMED_COUNT; kind++) {
		const struct settings_shelf *shelf = &settings_shelves[kind];
		void **list = settings_shelf_list(shelf, s);

		*list = calloc(most, shelf->size);
		if (*list == NULL)
			return -1;
	}
	return 0;
}

void
settings_named_use(struct settings *s,
    const struct settings_declared *declared, struct settings_report *r)
{
	size_t i;
	int got = 0;

	if (declared->count == 0)
		return;
	if (settings_make_shelves(s, declared->count) == -1) {
		settings_tell(r, 1, 1,
		    "out of memory, expected room for the settings");
		return;
	}
	for (i = 0; i < declared->count && got == 0; i++) {
		const struct settings_declaration *named = &declared->list[i];
		void *of = settings_shelf_next(s, named->kind);

		if (settings_shelves[named->kind].places > 0)
			settings_keep_places(of, named);
		got = settings_take_named(s, of, named, r);
	}
}

static void
settings_clear_shelf(struct settings *s, const struct settings_shelf *shelf)
{
	char *list = *settings_shelf_list(shelf, s);
	size_t count = *settings_shelf_count(shelf, s), i;

	for (i = 0; i < count; i++) {
		void *of = list + i * shelf->size;

		settings_clear(of, shelf->first, shelf->end);
		free(*(char **)of);
	}
	free(list);
}

/* Adds each of the lines to the list, if there is one; how many they are. */
static size_t
settings_gather(struct str lines, struct str *list, size_t count)
{
	struct str line;

	while (lines.n > 0) {
		(void)str_cut(lines, '\n', &line, &lines);
		if (list != NULL)
			list[count] = settings_pair_field(line);
		count++;
	}
	return count;
}

/* Authorization is the client's own where nobody copies it. */
static size_t
settings_gather_copied(struct str lines, struct str *list, size_t count)
{
	struct str line;

	while (lines.n > 0) {
		(void)str_cut(lines, '\n', &line, &lines);
		if (name_of(line) != NAME_AUTHORIZATION)
			count = settings_gather(line, list, count);
	}
	return count;
}

static size_t
settings_gather_private(const struct settings *s, struct str *list)
{
	size_t count = settings_gather(str_of(s->private_headers), list, 0);
	size_t i;

	for (i = 0; i < s->sign_count; i++)
		count = settings_gather(str_of(s->signs[i].header), list,
		    count);
	for (i = 0; i < s->auth_count; i++) {
		count = settings_gather(str_of(s->auths[i].claims), list,
		    count);
		count = settings_gather_copied(str_of(s->auths[i].copy),
		    list, count);
	}
	return count;
}

int
settings_named_private(struct settings *s, struct err *e)
{
	size_t count = settings_gather_private(s, NULL);
	struct str *list = calloc(count + 1, sizeof(*list));

	if (list != NULL) {
		(void)settings_gather_private(s, list);
		s->private_names = settings_join(list, count);
	}
	free(list);
	return s->private_names != NULL ? 0 : err_set(e, REASON_OVERLOADED,
	    "out of memory, expected room for the settings");
}

void
settings_named_clear(struct settings *s)
{
	size_t kind, i;

	free(s->private_names);
	for (i = 0; i < s->sign_count; i++)
		secret_free(&s->signs[i].key);
	for (i = 0; i < s->log_count; i++)
		settings_log_clear(&s->logs[i]);
	for (kind = 0; kind < SETTINGS_NAMED_COUNT; kind++)
		settings_clear_shelf(s, &settings_shelves[kind]);
}

/* ---- by name ---- */

const void *
settings_named_of(const struct settings *s, enum settings_named kind,
    struct str name)
{
	const struct settings_shelf *shelf = &settings_shelves[kind];
	const char *at = (const char *)s;
	size_t count, i;

	count = *(const size_t *)(const void *)(at + shelf->count);
	at = *(const char *const *)(const void *)(at + shelf->list);
	for (i = 0; i < count; i++, at += shelf->size)
		if (str_eq(name, str_of(*(const char *const *)
		    (const void *)at)))
			return at;
	return NULL;
}

const struct settings_egress *
settings_egress_of(const struct settings *s, struct str name)
{
	return name.n == 0 ? &s->egress :
	    settings_named_of(s, SETTINGS_EGRESS, name);
}

const struct settings_tls *
settings_tls_of(const struct settings *s, struct str name)
{
	return settings_named_of(s, SETTINGS_TLS, name);
}

const struct settings_auth *
settings_auth_of(const struct settings *s, struct str name)
{
	return settings_named_of(s, SETTINGS_AUTH, name);
}

const struct settings_sign *
settings_sign_of(const struct settings *s, struct str name)
{
	return settings_named_of(s, SETTINGS_SIGN, name);
}

const struct settings_format *
settings_format_of(const struct settings *s, struct str name)
{
	return settings_named_of(s, SETTINGS_FORMAT, name);
}

const struct settings_plan *
settings_plan_of(const struct settings *s, struct str name)
{
	return settings_named_of(s, SETTINGS_PLAN, name);
}
