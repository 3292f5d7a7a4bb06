/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * name: a table in which each name has a slot of its own, by its length and
 * its ends. Two names in one slot are an error of the compiler (-Wextra), and
 * a test finds each name; then other factors make room.
 */

#include "http/name.h"

#include "base/check.h"

enum { NAME_SLOTS = 256 };

#define NAME_SLOT(n, first, last) \
	(((n) + 3u * ((unsigned)(first) & 31) + \
	    9u * ((unsigned)(last) & 31)) % NAME_SLOTS)

static const unsigned char name_slots[NAME_SLOTS] = {
#define NAME(id, text, first, last) \
	[NAME_SLOT(sizeof(text) - 1, first, last)] = NAME_##id,
#define NAMES(id, text)
#include "http/name.tbl.h"
#undef NAME
#undef NAMES
};
_Static_assert(NAME_COUNT <= 256, "a name fits a slot");

static const struct str name_texts[NAME_COUNT] = {
#define NAME(id, text, first, last) [NAME_##id] = { text, sizeof(text) - 1 },
#define NAMES(id, text) [NAME_##id] = { text, sizeof(text) - 1 },
#include "http/name.tbl.h"
#undef NAME
#undef NAMES
};

static const unsigned char name_families[] = {
#define NAME(id, text, first, last)
#define NAMES(id, text) NAME_##id,
#include "http/name.tbl.h"
#undef NAME
#undef NAMES
};

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
	unsigned char found;
	char first;

	if (s.n == 0)
		return NAME_OTHER;
	first = str_lower(s.p[0]);
	found = name_slots[NAME_SLOT(s.n, s.p[0], s.p[s.n - 1])];
	if (found != NAME_OTHER && str_eq_nocase(s, name_texts[found]))
		return (enum name)found;
	/* Where all families begin. */
	return first == 'x' || first == 'p' ? name_family(s) : NAME_OTHER;
}

struct str
name_text(enum name name)
{
	CHECK(name > NAME_OTHER && name < NAME_COUNT);
	return name_texts[name];
}
