/* SPDX-License-Identifier: BSD-2-Clause */

/* part: the table of variables. */

#include "route/part.h"

#include "base/check.h"

static const struct {
	const char *word;
	bool has_key;
	bool authority;
	bool service;
	bool path;
	const char *manual;
} part_variables[] = {
#define VARIABLE(name, word, key, authority, service, path, manual) \
	{ word, key, authority, service, path, manual },
#include "route/variable.tbl.h"
#undef VARIABLE
};

const char *
pattern_word(enum pattern_variable v)
{
	CHECK(v < PATTERN_VARIABLE_COUNT);
	return part_variables[v].word;
}

bool
pattern_has_key(enum pattern_variable v)
{
	CHECK(v < PATTERN_VARIABLE_COUNT);
	return part_variables[v].has_key;
}

bool
pattern_in_authority(enum pattern_variable v)
{
	CHECK(v < PATTERN_VARIABLE_COUNT);
	return part_variables[v].authority;
}

bool
pattern_in_service(enum pattern_variable v)
{
	CHECK(v < PATTERN_VARIABLE_COUNT);
	return part_variables[v].service;
}

bool
pattern_is_path(enum pattern_variable v)
{
	CHECK(v < PATTERN_VARIABLE_COUNT);
	return part_variables[v].path;
}

const char *
pattern_manual(enum pattern_variable v)
{
	CHECK(v < PATTERN_VARIABLE_COUNT);
	return part_variables[v].manual;
}

bool
pattern_find(struct str word, enum pattern_variable *out)
{
	int v;

	for (v = PATTERN_CAPTURE + 1; v < PATTERN_VARIABLE_COUNT; v++) {
		if (str_eq(word, str_of(part_variables[v].word))) {
			*out = (enum pattern_variable)v;
			return true;
		}
	}
	return false;
}

bool
pattern_is_fixed(const struct pattern *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->parts[i].variable != PATTERN_LITERAL)
			return false;
	return true;
}
