/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * settings_text: the own look at router.ini, before iniparser reads it.
 *
 * What iniparser takes without a word, cuts, joins or reads in another way in
 * its next version is a mistake here. A text that passes means the same to
 * both, which settings_load holds them to.
 */

#include <stdarg.h>
#include <string.h>

#include "base/near.h"
#include "settings/settings_private.h"

/* iniparser 4.1 gives up a file with a longer line, be it a comment. */
enum { SETTINGS_LINE_MAX = 1022 };

struct settings_look {
	struct settings_report *report;
	struct settings_place *places;
	size_t section_lines[SETTINGS_COUNT]; /* by the section's first row */
	size_t line;
	struct str raw; /* the line that is looked at, without its end */
	size_t length;  /* of it, with a CR */
	bool seen;      /* a section's line was there */
	size_t section; /* its first row; SETTINGS_COUNT: it has none */
	struct settings_declaration *named; /* the section is this one */
	struct settings_declared *declared;
};

static size_t
settings_column(const struct settings_look *l, struct str part)
{
	return (size_t)(part.p - l->raw.p) + 1;
}

ATTR_PRINTF(3, 4)
static void
settings_tell_at(struct settings_look *l, struct str part, const char *fmt,
    ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	settings_tell(l->report, l->line, settings_column(l, part), "%s",
	    text);
}

static const char *const settings_named_words[SETTINGS_NAMED_COUNT] = {
	[SETTINGS_PLAN] = "plan",
	[SETTINGS_AUTH] = "auth",
	[SETTINGS_TLS] = "tls",
	[SETTINGS_SIGN] = "sign",
	[SETTINGS_EGRESS] = "egress",
	[SETTINGS_LOG] = "log",
	[SETTINGS_FORMAT] = "format",
};

/* All that there are, as a mistake names them. */
struct settings_sections {
	char text[ERR_TEXT_MAX / 2];
	size_t n;
};

ATTR_PRINTF(2, 3)
static void
settings_sections_put(struct settings_sections *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	s->n += (size_t)vsnprintf(s->text + s->n, sizeof(s->text) - s->n, fmt,
	    args);
	va_end(args);
	CHECK(s->n < sizeof(s->text));
}

static struct settings_sections
settings_sections(void)
{
	struct settings_sections all = { .n = 0 };
	const char *before = "";
	size_t i;

	for (i = 0; i < SETTINGS_COUNT; i++) {
		const char *section = settings_row(i)->section;

		if (strcmp(section, before) != 0 &&
		    strchr(section, ':') == NULL)
			settings_sections_put(&all, "[%s], ", section);
		before = section;
	}
	for (i = 0; i < SETTINGS_NAMED_COUNT; i++)
		settings_sections_put(&all, "%s[%s:NAME]", i == 0 ? "or " :
		    ", ", settings_named_words[i]);
	return all;
}

/* The first row of the section of that name, or SETTINGS_COUNT. */
static size_t
settings_find_section(struct str name)
{
	size_t i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		if (str_eq_nocase(name, str_of(settings_row(i)->section)))
			break;
	return i;
}

/* The row of that name in the section, or anywhere with SETTINGS_COUNT. */
static size_t
settings_find_key(size_t section, struct str name)
{
	size_t i;

	for (i = 0; i < SETTINGS_COUNT; i++) {
		if (section != SETTINGS_COUNT &&
		    strcmp(settings_row(i)->section,
		    settings_row(section)->section) != 0)
			continue;
		if (str_eq_nocase(name, str_of(settings_row(i)->key)))
			break;
	}
	return i;
}

/* Names are compared without case by iniparser, for ASCII alone. */
static bool
settings_look_name(struct settings_look *l, struct str name)
{
	size_t i;

	for (i = 0; i < name.n; i++) {
		if (str_is_alnum(name.p[i]) || name.p[i] == '_')
			continue;
		settings_tell_at(l, str_sub(name, i, i + 1),
		    "'%s' in a name, expected letters, digits and '_'",
		    settings_quote(str_sub(name, i, i + 1)).text);
		return false;
	}
	return true;
}

static void
settings_unknown_section(struct settings_look *l, struct str name)
{
	struct near near;
	size_t i;

	near_init(&near, name);
	for (i = 0; i < SETTINGS_COUNT; i++)
		near_offer(&near, settings_row(i)->section);
	if (near_best(&near) != NULL)
		settings_tell_at(l, name,
		    "unknown section [%s], expected perhaps [%s]",
		    settings_quote(name).text, near_best(&near));
	else
		settings_tell_at(l, name, "unknown section [%s], expected %s",
		    settings_quote(name).text, settings_sections().text);
}

/* ---- [KIND:NAME] ---- */

const char *
settings_named_word(enum settings_named kind)
{
	CHECK(kind < SETTINGS_NAMED_COUNT);
	return settings_named_words[kind];
}

const struct settings_declaration *
settings_find_declared(const struct settings_declared *declared,
    enum settings_named kind, struct str name)
{
	size_t i;

	for (i = 0; i < declared->count; i++)
		if (declared->list[i].kind == kind &&
		    str_eq(declared->list[i].name, name))
			return &declared->list[i];
	return NULL;
}

/* false: told why it cannot be declared. */
static bool
settings_may_declare(struct settings_look *l, int kind, struct str section,
    struct str name)
{
	const struct settings_declaration *before;

	if (kind == SETTINGS_NAMED_COUNT) {
		settings_tell_at(l, section,
		    "unknown section [%s], expected plan, auth, tls, sign, "
		    "egress, log or format before ':'",
		    settings_quote(section).text);
		return false;
	}
	if (!str_is_name(name)) {
		settings_tell_at(l, section,
		    "'%s' is no name, expected small letters, digits, '.', "
		    "'_' and '-', a letter or digit first, at most %d",
		    settings_quote(name).text, STR_NAME_MAX);
		return false;
	}
	before = settings_find_declared(l->declared,
	    (enum settings_named)kind, name);
	if (before != NULL) {
		settings_tell_at(l, section,
		    "section [%s] again, expected once: line %zu has it",
		    settings_quote(section).text, before->line);
		return false;
	}
	if (l->declared->count == SETTINGS_DECLARED_MAX) {
		settings_tell_at(l, section,
		    "too many named sections, expected at most %d",
		    SETTINGS_DECLARED_MAX);
		return false;
	}
	return true;
}

static void
settings_look_named(struct settings_look *l, struct str section)
{
	struct settings_declaration *added;
	struct str word, name;
	size_t rows;
	int kind = 0;

	(void)str_cut(section, ':', &word, &name);
	while (kind < SETTINGS_NAMED_COUNT &&
	    !str_eq(word, str_of(settings_named_words[kind])))
		kind++;
	if (!settings_may_declare(l, kind, section, name))
		return;
	added = &l->declared->list[l->declared->count++];
	added->kind = (enum settings_named)kind;
	added->name = name;
	added->line = l->line;
	l->named = added;
	l->section = settings_named_rows(added->kind, &rows);
}

static void
settings_look_section(struct settings_look *l, struct str text)
{
	struct str name, rest;

	l->seen = true;
	l->section = SETTINGS_COUNT;
	l->named = NULL;
	if (!str_cut(str_sub(text, 1, text.n), ']', &name, &rest)) {
		settings_tell_at(l, text,
		    "no ']' behind a section's name, expected %s",
		    settings_sections().text);
		return;
	}
	name = str_trim(name);
	rest = str_trim(rest);
	if (rest.n > 0)
		settings_tell_at(l, rest,
		    "text behind ']', expected nothing more on the line");
	if (str_find(name, ':') < name.n) {
		settings_look_named(l, name);
		return;
	}
	if (!settings_look_name(l, name))
		return;
	l->section = settings_find_section(name);
	if (l->section == SETTINGS_COUNT) {
		settings_unknown_section(l, name);
	} else if (l->section_lines[l->section] != 0) {
		settings_tell_at(l, text,
		    "section [%s] again, expected once: line %zu has it",
		    settings_row(l->section)->section,
		    l->section_lines[l->section]);
	} else {
		l->section_lines[l->section] = l->line;
	}
}

static void
settings_unknown_key(struct settings_look *l, struct str name)
{
	const char *section = settings_row(l->section)->section;
	size_t other = settings_find_key(SETTINGS_COUNT, name);
	struct near near;
	size_t i;

	near_init(&near, name);
	for (i = l->section; i < SETTINGS_COUNT; i++)
		if (strcmp(settings_row(i)->section, section) == 0)
			near_offer(&near, settings_row(i)->key);
	if (other != SETTINGS_COUNT)
		settings_tell_at(l, name,
		    "unknown setting '%s' in [%s], expected in [%s]",
		    settings_quote(name).text, section,
		    settings_row(other)->section);
	else if (near_best(&near) != NULL)
		settings_tell_at(l, name,
		    "unknown setting '%s' in [%s], expected perhaps '%s'",
		    settings_quote(name).text, section, near_best(&near));
	else
		settings_tell_at(l, name,
		    "unknown setting '%s' in [%s], expected one of "
		    "router.ini(5)",
		    settings_quote(name).text, section);
}

static struct settings_place *
settings_look_place(struct settings_look *l, size_t at)
{
	return l->named != NULL ? &l->named->places[at - l->section] :
	    &l->places[at];
}

/* The row that a name stands for here, or SETTINGS_COUNT, told why. */
static size_t
settings_look_key(struct settings_look *l, struct str name)
{
	size_t at;

	if (!settings_look_name(l, name))
		return SETTINGS_COUNT;
	if (!l->seen) {
		settings_tell_at(l, name,
		    "a setting before any section, expected %s first",
		    settings_sections().text);
		return SETTINGS_COUNT;
	}
	if (l->section == SETTINGS_COUNT)
		return SETTINGS_COUNT;
	at = settings_find_key(l->section, name);
	if (at == SETTINGS_COUNT) {
		settings_unknown_key(l, name);
	} else if (settings_look_place(l, at)->line != 0) {
		settings_tell_at(l, name,
		    "'%s' again, expected once: line %zu has it",
		    settings_row(at)->key, settings_look_place(l, at)->line);
		return SETTINGS_COUNT;
	}
	return at;
}

/* *value: what stands between the quotes. */
static bool
settings_look_quoted(struct settings_look *l, struct str *value)
{
	struct str text = *value, rest;
	char quote = text.p[0];
	size_t at;

	if (!str_cut(str_sub(text, 1, text.n), quote, value, &rest)) {
		settings_tell_at(l, text,
		    "a quote that is not closed, expected %c at the end of "
		    "the value", quote);
		return false;
	}
	at = str_find(*value, '\\');
	if (at < value->n) {
		/* iniparser 4.2 reads escapes, 4.1 does not. */
		settings_tell_at(l, str_sub(*value, at, at + 1),
		    "a backslash in quotes, which iniparser's versions read "
		    "differently, expected none, or no quotes");
		return false;
	}
	rest = str_trim(rest);
	if (rest.n > 0) {
		settings_tell_at(l, rest,
		    "text behind the closing quote, expected nothing more on "
		    "the line");
		return false;
	}
	return true;
}

static bool
settings_look_bare(struct settings_look *l, struct str value)
{
	size_t i;

	for (i = 0; i < value.n; i++) {
		struct str at = str_sub(value, i, i + 1);

		if (value.p[i] == ';' || value.p[i] == '#') {
			settings_tell_at(l, at,
			    "'%c' in a value, expected quotes around the "
			    "value, or a comment on a line of its own",
			    value.p[i]);
			return false;
		}
		if (value.p[i] == '"' || value.p[i] == '\'') {
			settings_tell_at(l, at,
			    "a quote within a value, expected quotes around "
			    "the whole value");
			return false;
		}
	}
	if (value.n > 0 && value.p[0] == '=') {
		settings_tell_at(l, value,
		    "a second '=', expected one, or quotes around the value");
		return false;
	}
	return true;
}

static void
settings_look_value(struct settings_look *l, size_t at, struct str value)
{
	struct settings_value unused;
	struct str text = value;
	struct err e;

	if (value.n > 0 && (value.p[0] == '"' || value.p[0] == '\'')) {
		if (!settings_look_quoted(l, &value))
			return;
	} else if (!settings_look_bare(l, value)) {
		return;
	}
	if (value.n == 0) {
		settings_tell_at(l, text,
		    "no value, expected one, or no such line to have the "
		    "default");
		return;
	}
	if (at == SETTINGS_COUNT)
		return;
	settings_look_place(l, at)->value = value;
	settings_look_place(l, at)->column = settings_column(l, text);
	if (settings_value_read(at, value, &unused, &e) == -1)
		settings_tell_at(l, text, "%s", e.text);
}

static void
settings_look_setting(struct settings_look *l, struct str text)
{
	struct str name, value;
	size_t at;

	if (!str_cut(text, '=', &name, &value)) {
		settings_tell_at(l, text,
		    "no '=', expected [SECTION], NAME = VALUE or a comment");
		return;
	}
	name = str_trim(name);
	value = str_trim(value);
	if (value.n == 0)
		value.p = text.p + text.n; /* where it would begin */
	if (name.n == 0) {
		settings_tell_at(l, text,
		    "no name before '=', expected NAME = VALUE");
		return;
	}
	at = settings_look_key(l, name);
	if (at != SETTINGS_COUNT)
		settings_look_place(l, at)->line = l->line;
	settings_look_value(l, at, value);
}

/* What spoils a line whatever it says, comments too. */
static bool
settings_look_bytes(struct settings_look *l)
{
	struct str text = str_trim(l->raw);
	size_t i;

	for (i = 0; i < l->raw.n; i++) {
		if (!str_is_control(l->raw.p[i]) || l->raw.p[i] == '\t')
			continue;
		settings_tell(l->report, l->line, i + 1,
		    "the control byte '%s', expected text",
		    settings_quote(str_sub(l->raw, i, i + 1)).text);
		return false;
	}
	if (l->length > SETTINGS_LINE_MAX) {
		settings_tell(l->report, l->line, SETTINGS_LINE_MAX + 1,
		    "a line of %zu bytes, expected at most %d", l->length,
		    SETTINGS_LINE_MAX);
		return false;
	}
	if (text.n > 0 && text.p[text.n - 1] == '\\') {
		settings_tell_at(l, str_sub(text, text.n - 1, text.n),
		    "a backslash at the end joins this line and the next, "
		    "expected each on its own");
		return false;
	}
	return true;
}

static void
settings_look_line(struct settings_look *l)
{
	struct str text = str_trim(l->raw);

	if (!settings_look_bytes(l))
		return;
	if (text.n == 0 || text.p[0] == '#' || text.p[0] == ';')
		return;
	if (text.p[0] == '[')
		settings_look_section(l, text);
	else
		settings_look_setting(l, text);
}

/* Mistakes that no line has alone. */
static void
settings_look_together(struct settings_look *l)
{
	const struct settings_place *at = &l->places[SETTINGS_AT_workers_min];
	struct str most = l->places[SETTINGS_AT_workers_max].value;
	struct settings_value low, high;
	struct err e;

	if (most.n == 0)
		most = str_of(settings_row(SETTINGS_AT_workers_max)->preset);
	if (at->value.n == 0 || settings_value_read(SETTINGS_AT_workers_min,
	    at->value, &low, &e) == -1 || settings_value_read(
	    SETTINGS_AT_workers_max, most, &high, &e) == -1)
		return;
	if (low.number > high.number)
		settings_tell(l->report, at->line, at->column,
		    "'workers_min' is above 'workers_max', expected at most "
		    "%lld", (long long)high.number);
}

static void
settings_look_plan(struct settings_look *l)
{
	const struct settings_place *at =
	    &l->places[SETTINGS_AT_default_plan];

	if (at->line != 0 && str_is_name(at->value) && settings_find_declared(
	    l->declared, SETTINGS_PLAN, at->value) == NULL)
		settings_tell(l->report, at->line, at->column,
		    "'default_plan' is '%.*s', expected a plan that has a "
		    "section [plan:%.*s]", STR_ARG(at->value),
		    STR_ARG(at->value));
}

void
settings_text_look(struct str text, struct settings_place *places,
    struct settings_declared *declared, struct settings_report *r)
{
	struct settings_look l = { .report = r, .places = places,
		.declared = declared };
	struct str bom = STR("\xef\xbb\xbf");

	memset(places, 0, SETTINGS_COUNT * sizeof(*places));
	if (str_starts(text, bom)) {
		settings_tell(r, 1, 1,
		    "a byte order mark, expected text without one");
		text = str_sub(text, bom.n, text.n);
	}
	while (text.n > 0) {
		l.line++;
		(void)str_cut(text, '\n', &l.raw, &text);
		l.length = l.raw.n;
		if (l.raw.n > 0 && l.raw.p[l.raw.n - 1] == '\r')
			l.raw.n--;
		settings_look_line(&l);
	}
	settings_look_together(&l);
	settings_look_plan(&l);
	settings_named_look(declared, r);
	settings_log_look(places, declared, r);
}
