/* SPDX-License-Identifier: BSD-2-Clause */

/* settings_named: the sections that have a name and settings: [egress:NAME],
 * [tls:NAME]. */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "settings/settings_private.h"

enum {
	SETTINGS_EGRESS_ROWS = SETTINGS_AT_TLS - SETTINGS_AT_EGRESS,
	SETTINGS_TLS_ROWS = SETTINGS_COUNT - SETTINGS_AT_TLS
};
_Static_assert((int)SETTINGS_EGRESS_ROWS <= (int)SETTINGS_NAMED_ROWS &&
    (int)SETTINGS_TLS_ROWS <= (int)SETTINGS_NAMED_ROWS,
    "room for all places");

size_t
settings_named_rows(enum settings_named kind, size_t *count)
{
	*count = kind == SETTINGS_EGRESS ? SETTINGS_EGRESS_ROWS :
	    kind == SETTINGS_TLS ? SETTINGS_TLS_ROWS : 0;
	return kind == SETTINGS_EGRESS ? SETTINGS_AT_EGRESS :
	    kind == SETTINGS_TLS ? SETTINGS_AT_TLS : SETTINGS_COUNT;
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

void
settings_named_look(const struct settings_declared *declared,
    struct settings_report *r)
{
	size_t i;

	for (i = 0; i < declared->count; i++) {
		if (declared->list[i].kind != SETTINGS_TLS)
			continue;
		settings_look_pair(&declared->list[i], r);
		settings_look_unverified(&declared->list[i], r);
	}
}

void
settings_tell_tls(const struct settings *s, const struct settings_tls *tls,
    enum settings_tls_key key, void (*tell)(void *arg, const char *line),
    void *arg, const char *fmt, ...)
{
	struct settings_report r = { .path = s->path, .tell = tell,
		.arg = arg };
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	settings_tell(&r, tls->places[key].line, tls->places[key].column,
	    "%s", text);
}

/* ---- taking them over ---- */

/* 0, or -1 and a mistake was told. */
static int
settings_take_named(const struct settings *s, void *of, char **name,
    const struct settings_declaration *named, struct settings_report *r)
{
	size_t count, first = settings_named_rows(named->kind, &count), i;
	struct err e;

	*name = settings_copy(named->name);
	if (*name == NULL)
		err_set(&e, REASON_OVERLOADED,
		    "out of memory, expected room for the settings");
	if (*name == NULL ||
	    settings_preset(s, of, first, first + count, &e) == -1) {
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

static int
settings_take_tls(struct settings *s,
    const struct settings_declaration *named, struct settings_report *r)
{
	struct settings_tls *t = &s->tls[s->tls_count++];
	size_t i;

	for (i = 0; i < SETTINGS_TLS_KEYS; i++) {
		t->places[i].line = named->places[i].line;
		t->places[i].column = named->places[i].column;
	}
	return settings_take_named(s, t, &t->name, named, r);
}

static int
settings_take_egress(struct settings *s,
    const struct settings_declaration *named, struct settings_report *r)
{
	struct settings_egress *egress = &s->egresses[s->egress_count++];

	return settings_take_named(s, egress, &egress->name, named, r);
}

void
settings_named_use(struct settings *s,
    const struct settings_declared *declared, struct settings_report *r)
{
	size_t i;
	int got = 0;

	if (declared->count == 0)
		return;
	s->tls = calloc(declared->count, sizeof(*s->tls));
	s->egresses = calloc(declared->count, sizeof(*s->egresses));
	if (s->tls == NULL || s->egresses == NULL) {
		settings_tell(r, 1, 1,
		    "out of memory, expected room for the settings");
		return;
	}
	for (i = 0; i < declared->count && got == 0; i++) {
		if (declared->list[i].kind == SETTINGS_TLS)
			got = settings_take_tls(s, &declared->list[i], r);
		else if (declared->list[i].kind == SETTINGS_EGRESS)
			got = settings_take_egress(s, &declared->list[i], r);
	}
}

void
settings_named_clear(struct settings *s)
{
	size_t i;

	for (i = 0; i < s->tls_count; i++) {
		settings_clear(&s->tls[i], SETTINGS_AT_TLS, SETTINGS_COUNT);
		free(s->tls[i].name);
	}
	for (i = 0; i < s->egress_count; i++) {
		settings_clear(&s->egresses[i], SETTINGS_AT_EGRESS,
		    SETTINGS_AT_TLS);
		free(s->egresses[i].name);
	}
	free(s->tls);
	free(s->egresses);
}

/* ---- by name ---- */

const struct settings_egress *
settings_egress_of(const struct settings *s, struct str name)
{
	size_t i;

	if (name.n == 0)
		return &s->egress;
	for (i = 0; i < s->egress_count; i++)
		if (str_eq(name, str_of(s->egresses[i].name)))
			return &s->egresses[i];
	return NULL;
}

const struct settings_tls *
settings_tls_of(const struct settings *s, struct str name)
{
	size_t i;

	for (i = 0; i < s->tls_count; i++)
		if (str_eq(name, str_of(s->tls[i].name)))
			return &s->tls[i];
	return NULL;
}
