/* SPDX-License-Identifier: BSD-2-Clause */

/* stat: the modes of route-stat, each with its exit code. */
#ifndef TOOLS_STAT_H
#define TOOLS_STAT_H

#include "report/filter.h"
#include "report/format.h"
#include "tools/stat_keys.h"
#include "tools/tool.h"

/* What the command line says; texts are borrowed. */
struct stat_asked {
	const char *settings_path; /* -c, or NULL */
	const char *folder;        /* -d, or NULL */
	bool json;
	bool sums;                 /* --by or --sum: keys say which */
	struct stat_keys keys;
	struct filter *only;       /* NULL: all */
	const char *format_name;   /* -f, or NULL */
	struct format *format;     /* that, if it is an own one */
	int64_t every_ms;          /* -i; 0: once */
	uint64_t times;            /* -n; 0: for ever */
};

ATTR_MUST_USE int stat_once(const struct stat_asked *asked);
ATTR_MUST_USE int stat_live(const struct stat_asked *asked);
ATTR_MUST_USE int stat_prometheus(const struct stat_asked *asked);

/* Sums logs by asked's keys, of which there are both kinds. */
ATTR_MUST_USE
int stat_usage(const struct stat_asked *asked, char **logs, size_t count);

#endif
