/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * name: a table in which each name has a slot of its own, by its length and
 * two of its bytes. Two names in one slot are an error of the compiler
 * (-Wextra), and a test finds each name; then other factors make room.
 */

#include "http/name.h"

#include "base/check.h"

enum { NAME_SLOTS = 256 };

/* The same for both cases, and for '-' and '_'. */
#define NAME_BYTE(c) (((unsigned)((c) == '_' ? '-' : (c))) & 31)
#define NAME_SLOT(n, middle, late) \
	(((n) + 8 * NAME_BYTE(middle) + 10 * NAME_BYTE(late)) % NAME_SLOTS)

static const unsigned char name_slots[NAME_SLOTS] = {
#define NAME(id, text, variable, middle, late) \
	[NAME_SLOT(sizeof(text) - 1, middle, late)] = NAME_##id,
#define NAMES(id, text)
#include "http/name.tbl.h"
#undef NAME
#undef NAMES
};
_Static_assert(NAME_COUNT <= 256, "a name fits a slot");

static const struct str name_texts[NAME_COUNT] = {
#define NAME(id, text, variable, middle, late) \
	[NAME_##id] = { text, sizeof(text) - 1 },
#define NAMES(id, text) [NAME_##id] = { text, sizeof(text) - 1 },
#include "http/name.tbl.h"
#undef NAME
#undef NAMES
};

static const struct str name_variables[NAME_COUNT] = {
#define NAME(id, text, variable, middle, late) \
	[NAME_##id] = { variable, sizeof(variable) - 1 },
#define NAMES(id, text)
#include "http/name.tbl.h"
#undef NAME
#undef NAMES
};

static const unsigned char name_families[] = {
#define NAME(id, text, variable, middle, late)
#define NAMES(id, text) NAME_##id,
#include "http/name.tbl.h"
#undef NAME
#undef NAMES
};

/* The only one that it can be; s is not empty. */
static enum name
name_at(struct str s)
{
	return (enum name)name_slots[NAME_SLOT(s.n, s.p[s.n / 2],
	    s.p[s.n * 3 / 4])];
}

static enum name
name_family(struct str s)
{
	size_t i;

	for (i = 0; i < sizeof(name_families); i++)
		if (str_starts_nocase(s, name_texts[name_families[i]]))
			return (enum name)name_families[i];
	return NAME_OTHER;
}

enum name
name_of(struct str s)
{
	enum name found;
	char first;

	if (s.n == 0)
		return NAME_OTHER;
	found = name_at(s);
	if (str_eq_nocase(s, name_texts[found]))
		return found;
	first = str_lower(s.p[0]); /* where all families begin */
	return first == 'x' || first == 'p' ? name_family(s) : NAME_OTHER;
}

enum name
name_of_variable(struct str s)
{
	enum name found = s.n > 0 ? name_at(s) : NAME_OTHER;

	return str_eq(s, name_variables[found]) ? found : NAME_OTHER;
}

struct str
name_text(enum name name)
{
	CHECK(name > NAME_OTHER && name < NAME_COUNT);
	return name_texts[name];
}
