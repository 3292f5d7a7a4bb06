/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * layout: does a manual draw a struct as it is?
 *
 * The drawing is the first block of lines behind a sentence of the page that
 * begin with an offset, a size (left out by what has no end) and a name; other
 * lines go on with what the one before says.
 */
#ifndef UNIT_LAYOUT_H
#define UNIT_LAYOUT_H

#include <ctype.h>
#include <stdio.h>

#include "scratch.h"

struct layout_row {
	const char *name; /* "-": nobody uses it */
	size_t offset;
	size_t size; /* 0: it has no end */
};

#define LAYOUT_ROW(type, field) \
	{ #field, offsetof(type, field), sizeof(((type *)0)->field) }

enum { LAYOUT_NAME_MAX = 32 };

/* Reads one line. false: it does not begin with an offset. */
static inline bool
layout_read(const char *line, struct layout_row *row,
    char name[LAYOUT_NAME_MAX])
{
	row->name = name;
	row->size = 0;
	while (*line == ' ')
		line++;
	if (!isdigit((unsigned char)*line))
		return false;
	return sscanf(line, "%zu %zu %31s", &row->offset, &row->size, name) ==
	    3 || sscanf(line, "%zu %31s", &row->offset, name) == 2;
}

/* Fails unless the drawing behind `sentence` has these rows and no others. */
static inline void
layout_compare(const char *page, const char *sentence,
    const struct layout_row *rows, size_t count)
{
	const char *top = getenv("TOP_SRCDIR"), *line;
	char path[SCRATCH_PATH_MAX], name[LAYOUT_NAME_MAX];
	struct layout_row drawn;
	size_t at = 0;

	snprintf(path, sizeof(path), "%s/%s", top != NULL ? top : ".", page);
	line = strstr(scratch_read_path(path), sentence);
	if (line == NULL || (line = strstr(line, "\n.Bd ")) == NULL)
		fail_msg("%s: nothing is drawn behind '%s'", path, sentence);
	for (line++; strncmp(line, ".Ed", 3) != 0; line++) {
		if (layout_read(line, &drawn, name)) {
			assert_true(at < count);
			TABLE_STR(rows[at].name, str_of(drawn.name),
			    rows[at].name);
			TABLE_INT(rows[at].name, drawn.offset,
			    rows[at].offset);
			TABLE_INT(rows[at].name, drawn.size, rows[at].size);
			at++;
		}
		line = strchr(line, '\n');
		assert_non_null(line);
	}
	assert_int_equal(at, count);
}

#endif
