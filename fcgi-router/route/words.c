/* SPDX-License-Identifier: BSD-2-Clause */

/* words: the table of directives. */

#include "route/words.h"

#include "base/check.h"

enum words_kind { FLAG = 0, VALUE };

static const struct {
	const char *word;
	int id;
	enum words_kind kind;
	unsigned on;
	const char *manual;
} words_directives[] = {
#define DIRECTIVE(name, id, word, kind, on, manual) \
	{ word, id, kind, on, manual },
#include "route/directive.tbl.h"
#undef DIRECTIVE
};

_Static_assert(DIRECTIVE_COUNT <= 64, "each has a bit of words.said");

const char *
directive_word(enum directive d)
{
	CHECK(d < DIRECTIVE_COUNT);
	return words_directives[d].word;
}

int
directive_id(enum directive d)
{
	CHECK(d < DIRECTIVE_COUNT);
	return words_directives[d].id;
}

bool
directive_is_flag(enum directive d)
{
	CHECK(d < DIRECTIVE_COUNT);
	return words_directives[d].kind == FLAG;
}

unsigned
directive_on(enum directive d)
{
	CHECK(d < DIRECTIVE_COUNT);
	return words_directives[d].on;
}

const char *
directive_manual(enum directive d)
{
	CHECK(d < DIRECTIVE_COUNT);
	return words_directives[d].manual;
}

bool
directive_find(struct str word, enum directive *out)
{
	int d;

	for (d = 0; d < DIRECTIVE_COUNT; d++) {
		if (str_eq(word, str_of(words_directives[d].word))) {
			*out = (enum directive)d;
			return true;
		}
	}
	return false;
}
