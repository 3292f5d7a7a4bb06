/* SPDX-License-Identifier: BSD-2-Clause */

/* lookup: no second reading of a path. */

#include "route/lookup.h"

/* How a server may read a path in another way. */
enum lookup_reading {
	LOOKUP_SLASH = 1 << 0,     /* %2F parts segments */
	LOOKUP_BACKSLASH = 1 << 1, /* %5C does */
	LOOKUP_PARAMETERS = 1 << 2, /* ";..." is no part of a segment */
	LOOKUP_ALL = (1 << 3) - 1
};

static bool
lookup_is_escape(struct str path, size_t at, char digit, char letter)
{
	return at + 3 <= path.n && path.p[at] == '%' &&
	    path.p[at + 1] == digit &&
	    str_upper(path.p[at + 2]) == letter;
}

/* The separator that is read at that place, or none. */
static unsigned
lookup_separator(struct str path, size_t at)
{
	if (lookup_is_escape(path, at, '2', 'F'))
		return LOOKUP_SLASH;
	return lookup_is_escape(path, at, '5', 'C') ? LOOKUP_BACKSLASH : 0;
}

/* The readings that differ from the path as it stands. */
static unsigned
lookup_readings(struct str path)
{
	unsigned found = 0;
	size_t i;

	for (i = 0; i < path.n; i++) {
		if (path.p[i] == ';')
			found |= LOOKUP_PARAMETERS;
		else if (path.p[i] == '%')
			found |= lookup_separator(path, i);
	}
	return found;
}

/* The path as it is read so; out has room for all of it. */
static struct str
lookup_read(struct str path, unsigned how, char *out)
{
	bool parameters = false;
	size_t n = 0;
	size_t i = 0;

	while (i < path.n) {
		bool slash = path.p[i] == '/';
		bool escape = (lookup_separator(path, i) & how) != 0;

		if (slash || escape)
			parameters = false;
		else if (path.p[i] == ';' && (how & LOOKUP_PARAMETERS) != 0)
			parameters = true;
		if (!parameters)
			out[n++] = escape ? '/' : path.p[i];
		i += escape ? 3 : 1;
	}
	return (struct str){ out, n };
}

static bool
lookup_same(const struct lookup_result *a, const struct lookup_result *b)
{
	return a->reason == b->reason && str_eq(a->key, b->key);
}

int
lookup_ambiguous(const struct lookup_map *map, const struct host *host,
    struct str path, bool data, const struct lookup_result *found,
    struct arena *a, struct str *reading, struct err *e)
{
	unsigned readings = lookup_readings(path);
	struct lookup_result other;
	unsigned how;
	char *room;

	if (data)
		readings &= ~(unsigned)LOOKUP_SLASH;
	if (readings == 0)
		return 0;
	room = arena_alloc(a, path.n);
	if (room == NULL)
		return err_set(e, REASON_OVERLOADED,
		    "no memory left for a lookup");
	for (how = 1; how <= LOOKUP_ALL; how++) {
		if ((how & ~readings) != 0)
			continue;
		*reading = lookup_read(path, how, room);
		if (lookup_route(map, host, *reading, a, NULL, &other, e) == -1)
			return -1;
		if (!lookup_same(&other, found))
			return 1;
	}
	return 0;
}
