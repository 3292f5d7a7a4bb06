/* SPDX-License-Identifier: BSD-2-Clause */

/* compile_private: which map, which settings, and its place taken. */
#ifndef TOOLS_COMPILE_PRIVATE_H
#define TOOLS_COMPILE_PRIVATE_H

#include "base/file.h"
#include "settings/settings.h"
#include "tools/compile.h"
#include "tools/source.h"
#include "tools/writer.h"

struct compile_map {
	char path[FILE_PATH_MAX];   /* of the map; "" with -n, if not said */
	char folder[FILE_PATH_MAX]; /* of temporary files; "": none is said */
	struct settings *settings;  /* NULL: none were read */
};

/*
 * Finds out which map is meant, and reads the settings where they say it, or
 * were asked for. 0, or -1 and e.
 */
ATTR_MUST_USE
int compile_map_find(const struct compile_ask *ask, struct compile_map *out,
    struct err *e);
void compile_map_fini(struct compile_map *m);

/* The router's namespace. */
struct str compile_map_space(const struct compile_map *m);

/* Is there a router.ini to ask for the sections that a list names; has it
 * that one? */
bool compile_map_has_sections(const struct compile_map *m);
bool compile_map_known(const struct compile_map *m, enum directive d,
    struct str name);

/* Has it any [egress:NAME]? */
bool compile_map_has_egress(const struct compile_map *m);

/* May that origin be connected to by [egress:NAME], or [egress] of ""; with
 * NULL, by any of them? */
bool compile_map_reaches(const struct compile_map *m,
    const struct str *egress, const struct egress_spelled *origin);

/*
 * Takes the map's place: of two runs at once one waits here. Its generation
 * will be above all that are kept. 0 and *out, or -1 and e.
 */
ATTR_MUST_USE
int compile_map_open(const struct compile_map *m, struct writer **out,
    struct err *e);

/* Installs the built map; before that keeps the old one, behind it prunes, if
 * --keep was said. Sets *w NULL. 0, or -1 and e. */
ATTR_MUST_USE
int compile_map_install(const struct compile_ask *ask, struct writer **w,
    struct err *e);

#endif
