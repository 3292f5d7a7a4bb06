/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * logs: [log] and each [log:NAME] of router.ini, as they are written.
 *
 * What was opened for settings stays with them and is closed with them.
 */
#ifndef SERVE_LOGS_H
#define SERVE_LOGS_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "report/record.h"
#include "settings/settings.h"

/* Opens all, and makes ready s->redact, once, before others have the settings.
 * 0, or -1 and e. */
ATTR_MUST_USE int logs_open(struct settings *s, struct err *e);

/* Is there anything to be written at all? */
bool logs_wanted(const struct settings *s);

/* Writes its line to each log that wants it. The record was redacted; logs are
 * asked about `whole`, as it was before. How many lines were lost. Any
 * thread. */
unsigned logs_write(const struct settings *s, const struct record *whole,
    const struct record *r);

/* How much this process says of itself: all, if they or `verbose` want it. */
void logs_set_level(const struct settings *s, bool verbose);

/* As access_log_look, of all. */
void logs_look(const struct settings *s);

#endif
