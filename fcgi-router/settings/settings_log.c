/* SPDX-License-Identifier: BSD-2-Clause */

/* settings_log: what [log], [log:NAME] and [format:NAME] are wrong about
 * together, and what was made of them. */

#include "report/access_log.h"
#include "report/filter.h"
#include "report/format.h"
#include "settings/settings_private.h"

bool
settings_log_takes(size_t at)
{
	return at != SETTINGS_LOG_redact && at != SETTINGS_LOG_anonymise_ip &&
	    at != SETTINGS_LOG_syslog && at != SETTINGS_LOG_verbose;
}

static bool
settings_log_has_format(const struct settings_declared *declared,
    struct str name)
{
	size_t i;

	for (i = 0; i < declared->count; i++)
		if (declared->list[i].kind == SETTINGS_FORMAT &&
		    str_eq(declared->list[i].name, name))
			return true;
	return format_is_built_in(name);
}

static void
settings_log_look_format(const struct settings_place *at,
    const struct settings_declared *declared, struct settings_report *r)
{
	if (at->line == 0 || !str_is_name(at->value) ||
	    settings_log_has_format(declared, at->value))
		return;
	settings_tell(r, at->line, at->column, "'format' is '%.*s', expected "
	    "combined, vhost_combined, standard, full, json, or one that has a "
	    "section [format:%.*s]", STR_ARG(at->value), STR_ARG(at->value));
}

static void
settings_log_look_own(const struct settings_declaration *named,
    struct settings_report *r)
{
	size_t i;

	for (i = 0; i < SETTINGS_LOG_KEYS; i++) {
		const struct settings_place *at = &named->places[i];

		if (at->line != 0 && !settings_log_takes(i))
			settings_tell(r, at->line, at->column,
			    "'%s' in [log:%.*s], expected in [log], for all "
			    "logs", settings_row(SETTINGS_AT_LOG + i)->key,
			    STR_ARG(named->name));
	}
}

static void
settings_log_look_line(const struct settings_declaration *named,
    struct settings_report *r)
{
	if (format_is_built_in(named->name))
		settings_tell(r, named->line, 1, "[format:%.*s] is built in, "
		    "expected another name", STR_ARG(named->name));
	if (named->places[0].line == 0)
		settings_tell(r, named->line, 1, "no 'log_format' in "
		    "[format:%.*s], expected one", STR_ARG(named->name));
}

void
settings_log_look(const struct settings_place *places,
    const struct settings_declared *declared, struct settings_report *r)
{
	size_t i;

	settings_log_look_format(&places[SETTINGS_AT_LOG_format], declared,
	    r);
	for (i = 0; i < declared->count; i++) {
		const struct settings_declaration *named = &declared->list[i];

		if (named->kind == SETTINGS_FORMAT)
			settings_log_look_line(named, r);
		if (named->kind != SETTINGS_LOG)
			continue;
		settings_log_look_own(named, r);
		settings_log_look_format(&named->places[SETTINGS_LOG_format],
		    declared, r);
	}
}

void
settings_log_clear(struct settings_log *log)
{
	access_log_close(&log->to);
	format_free(&log->lines);
	filter_free(&log->takes);
}
