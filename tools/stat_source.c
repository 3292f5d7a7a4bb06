/* SPDX-License-Identifier: BSD-2-Clause */

/* stat_source: the first folder where somebody has counted. */

#include "tools/stat_source.h"

#include <string.h>

#include "decide/pick.h"

static void
stat_source_others(struct stat_source *s)
{
	struct err e;

	health_leave(&s->health);
	limit_leave(&s->limit);
	s->health = health_read(s->folder, &e);
	s->limit = limit_read(s->folder, &e);
}

/* What router.ini says, or its defaults. 0, or -1 and e. */
static int
stat_source_limits(struct stat_source *s, struct err *e)
{
	struct settings *defaults;

	if (s->state.settings != NULL) {
		s->limits = pick_limits(s->state.settings);
		return 0;
	}
	if (settings_load(NULL, &defaults, NULL, NULL) == -1)
		return err_set(e, REASON_INTERNAL, "no default settings");
	s->limits = pick_limits(defaults);
	settings_drop(&defaults);
	return 0;
}

int
stat_source_open(const char *settings_path, const char *folder,
    struct stat_source *out, struct err *e)
{
	struct err why;
	size_t i;

	memset(out, 0, sizeof(*out));
	if (state_find(settings_path, folder, &out->state, e) == -1 ||
	    stat_source_limits(out, e) == -1)
		return -1;
	for (i = 0; i < out->state.count && out->stats == NULL; i++) {
		out->folder = out->state.folders[i];
		/* The first place is the one to tell of. */
		out->stats = stats_read(out->folder, i == 0 ? e : &why);
	}
	if (out->stats == NULL) {
		why = *e;
		return err_set(e, why.reason, "nothing is counted there: %s",
		    why.text);
	}
	stat_source_others(out);
	return 0;
}

void
stat_source_close(struct stat_source *s)
{
	stats_leave(&s->stats);
	health_leave(&s->health);
	limit_leave(&s->limit);
	state_fini(&s->state);
}

void
stat_source_look(struct stat_source *s)
{
	struct err e;
	struct stats *again = stats_read(s->folder, &e);

	/* What was counted is told while nobody counts anew. */
	if (again != NULL) {
		stats_leave(&s->stats);
		s->stats = again;
	}
	stat_source_others(s);
}
