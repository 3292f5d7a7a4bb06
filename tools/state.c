/* SPDX-License-Identifier: BSD-2-Clause */

/* state: state_dir, or what it may be. */

#include "tools/state.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
state_tell(void *arg, const char *line)
{
	(void)arg;
	(void)fprintf(stderr, "%s\n", line);
}

/* 0, or -1 and e. */
static int
state_settings(const char *asked, struct state *out, struct err *e)
{
	char path[FILE_PATH_MAX];
	int got = settings_find(asked, path, e);

	if (got == -1)
		return -1;
	if (settings_load(got == 1 ? path : NULL, &out->settings, state_tell,
	    NULL) == -1)
		return err_set(e, REASON_INTERNAL,
		    "%s: errors in the settings", path);
	return 0;
}

/* 0, or -1 and e. */
static int
state_add(struct state *out, const char *folder, struct err *e)
{
	size_t n = strlen(folder);

	if (n >= FILE_PATH_MAX)
		return err_set(e, REASON_INTERNAL, "%s: path too long",
		    folder);
	CHECK(out->count < STATE_FOLDERS);
	memcpy(out->folders[out->count++], folder, n + 1);
	return 0;
}

/* Is it the folder beside the map, as it is without the setting? */
static bool
state_is_beside(const struct settings *s)
{
	const char *slash = strrchr(s->map, '/');
	size_t n = slash != NULL ? (size_t)(slash - s->map) + 1 : 0;

	return strncmp(s->state_dir, s->map, n) == 0 &&
	    strcmp(s->state_dir + n, SETTINGS_STATE_NAME) == 0;
}

/* Root asks about the routers of the web server's user, whose default the other
 * folder is where it is there; that beside the map is then of others. */
int
state_folders(const struct settings *s, struct state *out, struct err *e)
{
	char folder[FILE_PATH_MAX];

	if (geteuid() == 0 && state_is_beside(s) &&
	    settings_state_folder(folder) && state_add(out, folder, e) == -1)
		return -1;
	return state_add(out, s->state_dir, e);
}

int
state_find(const char *settings_path, const char *folder, struct state *out,
    struct err *e)
{
	*out = (struct state){ .count = 0 };
	if ((settings_path != NULL || folder == NULL) &&
	    state_settings(settings_path, out, e) == -1)
		return -1;
	return folder != NULL ? state_add(out, folder, e) :
	    state_folders(out->settings, out, e);
}

void
state_fini(struct state *s)
{
	if (s->settings != NULL)
		settings_drop(&s->settings);
}
