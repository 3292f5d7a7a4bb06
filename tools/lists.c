/* SPDX-License-Identifier: BSD-2-Clause */

/* lists: files by name, folders by what is in them. */

#include "tools/lists.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"

/* Names go into findings and into the map, one a line. */
static int
lists_check(const char *name, struct err *e)
{
	const char *p;

	for (p = name; *p != '\0'; p++)
		if (str_is_control(*p))
			return err_set(e, REASON_INTERNAL,
			    "%s: a control byte in a file's name", name);
	return 0;
}

/* Takes the name, which was allocated. */
static int
lists_put(struct lists *l, char *name, struct err *e)
{
	size_t room = l->room > 0 ? 2 * l->room : 16;
	char **names;

	CHECK(name != NULL);
	if (lists_check(name, e) == -1) {
		free(name);
		return -1;
	}
	if (l->count == l->room) {
		names = reallocarray(l->names, room, sizeof(*names));
		CHECK(names != NULL);
		l->names = names;
		l->room = room;
	}
	l->names[l->count++] = name;
	return 0;
}

static char *
lists_join(const char *folder, const char *name)
{
	size_t n = strlen(folder), m = strlen(name);
	size_t slash = n > 0 && folder[n - 1] == '/' ? 0 : 1;
	char *path = malloc(n + slash + m + 1);

	CHECK(path != NULL);
	memcpy(path, folder, n);
	if (slash > 0)
		path[n] = '/';
	memcpy(path + n + slash, name, m + 1);
	return path;
}

static int
lists_is_list(const struct dirent *one)
{
	return one->d_name[0] != '.' &&
	    str_ends(str_of(one->d_name), STR(".list"));
}

/* By bytes, not by what the user's language makes of them. */
static int
lists_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
lists_folder(struct lists *l, const char *folder, struct err *e)
{
	struct dirent **found;
	int count = scandir(folder, &found, lists_is_list, lists_order);
	int got = 0, i;

	if (count == -1)
		return err_set(e, REASON_INTERNAL, "cannot read the folder "
		    "%s: %s", folder, strerror(errno));
	if (count == 0)
		got = err_set(e, REASON_INTERNAL,
		    "%s: no list in this folder, expected *.list", folder);
	for (i = 0; i < count; i++) {
		if (got == 0)
			got = lists_put(l,
			    lists_join(folder, found[i]->d_name), e);
		free(found[i]);
	}
	free(found);
	return got;
}

int
lists_add(struct lists *l, const char *name, struct err *e)
{
	struct stat st;

	if (strcmp(name, "-") != 0 && stat(name, &st) == 0 &&
	    S_ISDIR(st.st_mode))
		return lists_folder(l, name, e);
	return lists_put(l, strdup(name), e);
}

void
lists_fini(struct lists *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->names[i]);
	free(l->names);
	*l = (struct lists){ 0 };
}
