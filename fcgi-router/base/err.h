/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * err: one error value: why (a row of err.tbl.h) and a text for the log.
 *
 * Functions that can fail take a `struct err *e` last, answer -1 and fill it.
 * The text is one line without full stop; it may quote input, and whoever
 * prints it escapes it (msg does).
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/check.h"
#include "base/str.h"

enum reason {
#define REASON(name, word, status, sentence, advice) REASON_##name,
#include "base/err.tbl.h"
#undef REASON
	REASON_COUNT /* last */
};

enum { ERR_TEXT_MAX = 512 };

struct err {
	enum reason reason;
	char text[ERR_TEXT_MAX];
};

/* Fills *e (a longer text is cut) and answers -1, so callers can return it. */
ATTR_PRINTF(3, 4)
int err_set(struct err *e, enum reason reason, const char *fmt, ...);

/* The row's parts; all are static text. */
const char *reason_word(enum reason reason);
int reason_status(enum reason reason);
const char *reason_sentence(enum reason reason);
const char *reason_advice(enum reason reason);

/* true and *out: the row of that word. false: no such word. */
bool reason_find(struct str word, enum reason *out);

#endif
