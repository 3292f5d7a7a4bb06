/* SPDX-License-Identifier: BSD-2-Clause */

/* settings_plan: what a [plan:NAME] and what names it are wrong about
 * together. */

#include "settings/settings_private.h"

/* A burst that takes longer to come again cannot be counted. */
static const double settings_burst_max_s = 8640000;

void
settings_plan_look(const struct settings_declaration *named,
    struct settings_report *r)
{
	const struct settings_place *rate =
	    &named->places[SETTINGS_AT_PLAN_rate - SETTINGS_AT_PLAN];
	const struct settings_place *burst =
	    &named->places[SETTINGS_AT_PLAN_burst - SETTINGS_AT_PLAN];
	struct settings_value n, in;
	struct err e;

	if (burst->line == 0 || settings_value_read(SETTINGS_AT_PLAN_burst,
	    burst->value, &n, &e) == -1 || n.number == 0)
		return;
	if (rate->line == 0)
		settings_tell(r, burst->line, burst->column,
		    "'burst' in [plan:%.*s] without 'rate', expected both",
		    STR_ARG(named->name));
	else if (settings_value_read(SETTINGS_AT_PLAN_rate, rate->value, &in,
	    &e) == 0 && (double)n.number * ((double)in.rate.per_us / 1e6) >
	    settings_burst_max_s * (double)in.rate.count)
		settings_tell(r, burst->line, burst->column,
		    "a 'burst' that 'rate' takes longer than 100 days for, "
		    "expected less of it, or a higher rate");
}
