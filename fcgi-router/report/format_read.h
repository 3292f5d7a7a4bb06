/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * format_read: a line of an own format, back into the texts it was made of.
 *
 * A field ends where the literal behind it begins. Blanks, double quotes and
 * control bytes are escaped in texts, so that these end one for sure; any other
 * byte may be part of the text before it, and then the longest text is taken
 * with which the whole line is one of that format.
 */
#ifndef REPORT_FORMAT_READ_H
#define REPORT_FORMAT_READ_H

#include "report/format.h"

/* A field that was found; its text still has its escapes. */
struct format_found {
	enum record_field field; /* of a tag `tags`; RECORD_FIELDS: of none */
	struct str tag;          /* the key of {tag.K}, else empty */
	bool parted;             /* a time with a point in it: without that
	                            they are microseconds */
	struct str text;
};

/* Calls see for each field of the line, which is without its LF. false: it is
 * no line of that format (nothing was called), or that is a built-in one. */
bool format_read(const struct format *f, struct str line,
    void (*see)(void *arg, const struct format_found *found), void *arg);

#endif
