/* SPDX-License-Identifier: BSD-2-Clause */

/* logs: what the settings say of a log, made once, and written by. */

#include "serve/logs.h"

#include <stdio.h>

#include "base/escape.h"
#include "base/hash.h"
#include "base/msg.h"
#include "report/access_log.h"
#include "report/filter.h"
#include "report/format.h"

enum { LOGS_NOTE_MAX = FILTER_TEXT_MAX * 2 + 128 };

/* [log] is the first. NULL: no more. */
static const struct settings_log *
logs_at(const struct settings *s, size_t i)
{
	if (i == 0)
		return &s->log;
	return i <= s->log_count ? &s->logs[i - 1] : NULL;
}

static bool
logs_samples(const struct settings_log *log)
{
	return log->sample.take < log->sample.of;
}

/* Was checked when it was read. */
static int
logs_make_filter(struct settings_log *log, struct err *e)
{
	struct str text = str_of(log->only);
	size_t at;

	return text.n == 0 ? 0 : filter_parse(text, &log->takes, &at, e);
}

static int
logs_make_format(const struct settings *s, struct settings_log *log,
    struct err *e)
{
	struct str name = str_of(log->format);
	const struct settings_format *own = settings_format_of(s, name);
	size_t at;
	int got = own != NULL ?
	    format_parse(str_of(own->line), &log->lines, &at, e) :
	    format_built_in(name, &log->lines, e);

	CHECK(own != NULL || got != 0); /* settings_load looked for it */
	if (got != -1)
		format_redact(log->lines, str_of(s->log.redact));
	return got == -1 ? -1 : 0;
}

/* A log that does not have every request says so. */
static void
logs_note(const struct settings_log *log, char note[LOGS_NOTE_MAX])
{
	char only[FILTER_TEXT_MAX * 2] = "", sample[64] = "";
	struct str text = str_of(log->only);
	bool json = format_is_json(log->lines);
	size_t n;

	note[0] = '\0';
	if (log->takes == NULL && !logs_samples(log))
		return;
	n = escape_put(only, sizeof(only) - 1, &text, json ? ESCAPE_JSON :
	    ESCAPE_LINE);
	only[n] = '\0';
	if (logs_samples(log))
		snprintf(sample, sizeof(sample), "%ssample = %llu/%llu",
		    log->takes != NULL ? "; " : "",
		    (unsigned long long)log->sample.take,
		    (unsigned long long)log->sample.of);
	snprintf(note, LOGS_NOTE_MAX, json ? "{\"partial\":\"%s%s%s\"}\n" :
	    "# partial: %s%s%s\n", log->takes != NULL ? "only = " : "", only,
	    sample);
}

static int
logs_open_one(const struct settings *s, struct settings_log *log,
    struct err *e)
{
	char note[LOGS_NOTE_MAX];
	const struct access_log_says says = { .where = log->access,
		.syslog = s->log.syslog, .note = note };

	if (logs_make_filter(log, e) == -1 ||
	    logs_make_format(s, log, e) == -1)
		return -1;
	logs_note(log, note);
	return access_log_open(&says, &log->to, e);
}

int
logs_open(struct settings *s, struct err *e)
{
	size_t i;

	redact_init(&s->redact, str_of(s->log.redact), s->log.anonymise_ip);
	if (logs_open_one(s, &s->log, e) == -1)
		return -1;
	for (i = 0; i < s->log_count; i++)
		if (logs_open_one(s, &s->logs[i], e) == -1)
			return -1;
	return 0;
}

bool
logs_wanted(const struct settings *s)
{
	const struct settings_log *log;
	size_t i;

	for (i = 0; (log = logs_at(s, i)) != NULL; i++)
		if (access_log_wanted(log->to))
			return true;
	return false;
}

/* By what the request is called, so that all logs of all processes agree. */
static bool
logs_take_share(const struct settings_log *log, struct str id)
{
	static const struct hash_key same = { 0x6c6f67, 0x73616d706c65 };

	return hash_sip(same, id) % log->sample.of < log->sample.take;
}

static bool
logs_takes(const struct settings_log *log, const struct record *r)
{
	return access_log_wanted(log->to) &&
	    (log->takes == NULL || filter_takes(log->takes, r)) &&
	    (!logs_samples(log) || logs_take_share(log, r->id));
}

unsigned
logs_write(const struct settings *s, const struct record *whole,
    const struct record *r)
{
	const struct settings_log *log;
	char line[FORMAT_LINE_MAX];
	unsigned lost = 0;
	size_t i, n;

	for (i = 0; (log = logs_at(s, i)) != NULL; i++) {
		if (!logs_takes(log, whole))
			continue;
		n = format_print(log->lines, r, line);
		if (!access_log_write(log->to, (struct str){ line, n }))
			lost++;
	}
	return lost;
}

void
logs_set_level(const struct settings *s, bool verbose)
{
	msg_set_level(verbose || s->log.verbose ? MSG_INFO : MSG_NOTICE);
}

void
logs_look(const struct settings *s)
{
	const struct settings_log *log;
	size_t i;

	for (i = 0; (log = logs_at(s, i)) != NULL; i++)
		access_log_look(log->to);
}
