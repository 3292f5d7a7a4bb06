/* SPDX-License-Identifier: BSD-2-Clause */

/* settings_find: where router.ini is looked for. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings/settings.h"

static const char settings_system[] = "/etc/fcgi-router/router.ini";

/* 1: it exists; 0: it does not; -1 and e. */
static int
settings_try(const char *path, struct err *e)
{
	struct file_id id;
	int got = file_identify(path, &id);

	if (got == -1)
		return err_set(e, REASON_INTERNAL, "%s: %s", path,
		    strerror(errno));
	return got;
}

static int
settings_take_path(const char *from, char path[FILE_PATH_MAX],
    struct err *e)
{
	size_t n = strlen(from);

	if (n >= FILE_PATH_MAX)
		return err_set(e, REASON_INTERNAL,
		    "the path of router.ini is longer than %d bytes",
		    FILE_PATH_MAX - 1);
	memcpy(path, from, n + 1);
	return 1;
}

/* router.ini in the executable's folder; "" where that cannot be told. */
static void
settings_beside(char path[FILE_PATH_MAX])
{
	static const char name[] = "router.ini";
	ssize_t n = readlink("/proc/self/exe", path, FILE_PATH_MAX);
	size_t folder;

	path[0] = n > 0 ? path[0] : '\0';
	folder = n > 0 ? (size_t)n : 0;
	while (folder > 0 && path[folder - 1] != '/')
		folder--;
	if (folder == 0 || folder + sizeof(name) > FILE_PATH_MAX)
		path[0] = '\0';
	else
		memcpy(path + folder, name, sizeof(name));
}

int
settings_find(const char *asked, char path[FILE_PATH_MAX], struct err *e)
{
	const char *named = asked != NULL ? asked : getenv("ROUTER_INI");
	int got = 0;

	path[0] = '\0';
	if (named != NULL && (asked != NULL || *named != '\0'))
		return settings_take_path(named, path, e);
	settings_beside(path);
	if (*path != '\0')
		got = settings_try(path, e);
	if (got != 0)
		return got;
	got = settings_try(settings_system, e);
	return got == 1 ? settings_take_path(settings_system, path, e) : got;
}
