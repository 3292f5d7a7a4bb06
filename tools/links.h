/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * links: do aliases and services lead somewhere, and does something lead to
 * each service?
 *
 * It looks at a built map before it is installed, by the lookup that the
 * router makes, so that nothing is true here and otherwise there. Errors are
 * aliases that lead nowhere, in a circle, or through too many others, and
 * services that the rules of a route refuse; the rest is told as warnings.
 */
#ifndef TOOLS_LINKS_H
#define TOOLS_LINKS_H

#include "base/check.h"
#include "base/err.h"
#include "route/route.h"
#include "tools/lint.h"

struct egress_spelled;

struct links_ask {
	const char *map;          /* the file to look at */
	char *const *files;       /* the lists, by the records' source */
	size_t file_count;
	struct str space;         /* the router's namespace */
	bool lost;   /* some entry could not be read so far that it is in the
	                map: what seems to be missing may be that one */
	bool broken; /* there are errors: warnings that may be consequences of
	                them are not told */
	/* As source.h's; NULL: what entries say by themselves is all there
	 * is. */
	bool (*reaches)(void *arg, const struct str *egress,
	    const struct egress_spelled *origin);
	void *arg;
	struct lint *lint;
	size_t memory;      /* the most for services and names of them */
	const char *folder; /* of temporary files (spill.h) */
};

/* Has the route an alias or a service among its targets? */
bool links_has(const struct route *r);

/*
 * Tells what is wrong with the map's links. Takes bounded memory, and a
 * handful of gets for each alias. 0, or -1 and e.
 */
ATTR_MUST_USE int links_check(const struct links_ask *ask, struct err *e);

#endif
