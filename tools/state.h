/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * state: the folders where the routers of some settings may have their shared
 * files, for tools that read them.
 */
#ifndef TOOLS_STATE_H
#define TOOLS_STATE_H

#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/file.h"
#include "settings/settings.h"

enum { STATE_FOLDERS = 2 };

struct state {
	struct settings *settings; /* NULL: none were read */
	char folders[STATE_FOLDERS][FILE_PATH_MAX]; /* the likeliest first */
	size_t count;
};

/*
 * settings_path: of -c, or NULL: where router.ini is looked for. folder: of -d,
 * or NULL; with it settings are only read if settings_path says so.
 * 0, or -1 and e; mistakes in the settings were told to stderr. state_fini is
 * good after either.
 */
ATTR_MUST_USE
int state_find(const char *settings_path, const char *folder,
    struct state *out, struct err *e);
void state_fini(struct state *s);

/* Adds the folders where routers with these settings may share what they know.
 * 0, or -1 and e. */
ATTR_MUST_USE
int state_folders(const struct settings *s, struct state *out,
    struct err *e);

#endif
