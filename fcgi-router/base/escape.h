/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * escape: text that others chose, made fit for a line of a log or a terminal.
 *
 * Control bytes, DEL, C1 controls, characters that part lines or turn their
 * direction, and bytes that are no UTF-8 become \xNN, so that nobody forges a
 * line or drives a terminal; other UTF-8 stays as it is. In JSON they become
 * \uNNNN, the bytes as the characters of Latin-1.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/str.h"

enum escape_how {
	ESCAPE_LINE = 0, /* for people: nothing else */
	ESCAPE_QUOTED,   /* between quotes: '"' and '\' too */
	ESCAPE_WORD,     /* one word among others: '"', '\' and space too */
	ESCAPE_JSON,     /* between the quotes of a string of JSON */
	ESCAPE_HOW_COUNT /* last */
};

/*
 * Writes *s escaped into at most `room` bytes, no escape and no character of
 * UTF-8 by halves, and drops from *s what was written: what is left did not
 * fit. How many bytes were written; no NUL is.
 */
size_t escape_put(char *to, size_t room, struct str *s, enum escape_how how);

/* Writes s as it is. true: that is all of it escaped, too; most texts need no
 * more. */
bool escape_put_plain(char *to, struct str s, enum escape_how how);

#endif
