/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * redact: takes out of a record what is to be written down nowhere.
 *
 * Done once, before anything is written: what has been taken out is in no log
 * and in no journal. A value that goes becomes "redacted". Names of a query's
 * parts are compared as origins read them: decoded, without case, up to a '['.
 */
#ifndef REPORT_REDACT_H
#define REPORT_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "report/record.h"

#define REDACT_WORD "redacted"

/* What goes. All zero: nothing. */
struct redact {
	struct str lines; /* query:NAME, query:* and header:NAME, as
	                     str_lines_have takes them */
	bool queries;     /* any of a query, */
	bool referer;     /* and the whole of these */
	bool user_agent;
	bool addresses;   /* of clients become those of their networks */
	bool any;         /* one of these is set */
};

/* lines are borrowed for good. */
void redact_init(struct redact *d, struct str lines, bool addresses);

/* In `room` live the texts that change; one that finds no room goes as a
 * whole. */
void redact_record(const struct redact *d, struct record *r, char *room,
    size_t n);

/* Is it a header field that goes? Its name may have any case. */
bool redact_has_header(struct str lines, struct str name);

#endif
