/* SPDX-License-Identifier: BSD-2-Clause */

/* err: the error value and the table of reasons. */

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *word;
	int status;
	const char *sentence;
	const char *advice;
} err_reasons[] = {
#define REASON(name, word, status, sentence, advice) \
	{ word, status, sentence, advice },
#include "base/err.tbl.h"
#undef REASON
};

int
err_set(struct err *e, enum reason reason, const char *fmt, ...)
{
	va_list args;

	e->reason = reason;
	va_start(args, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, args);
	va_end(args);
	return -1;
}

const char *
reason_word(enum reason reason)
{
	CHECK(reason < REASON_COUNT);
	return err_reasons[reason].word;
}

int
reason_status(enum reason reason)
{
	CHECK(reason < REASON_COUNT);
	return err_reasons[reason].status;
}

const char *
reason_sentence(enum reason reason)
{
	CHECK(reason < REASON_COUNT);
	return err_reasons[reason].sentence;
}

const char *
reason_advice(enum reason reason)
{
	CHECK(reason < REASON_COUNT);
	return err_reasons[reason].advice;
}

bool
reason_find(struct str word, enum reason *out)
{
	int i;

	for (i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		if (str_eq(word, str_of(err_reasons[i].word))) {
			*out = (enum reason)i;
			return true;
		}
	}
	return false;
}
