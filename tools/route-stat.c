/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * route-stat: what the routers of a machine have counted, for people, programs
 * and Prometheus; and what access logs sum up to, for who writes bills.
 */

#include <getopt.h>
#include <stdio.h>

#include "settings/settings.h"
#include "tools/stat.h"
#include "tools/stat_sheets.h"
#include "tools/state.h"

/* What is summed where --sum does not say it. */
#define STAT_SUMS_LOGS "requests,errors,received,sent,attempts,origin_time"
#define STAT_SUMS_COUNTED STAT_SUMS_LOGS ",p50,p99"
#define STAT_BY_LOGS "service"

enum { STAT_EVERY_LEAST = 100, STAT_EVERY_MOST = 86400000 }; /* ms */

static const struct tool stat_tool = {
	.name = "route-stat",
	.usage = "route-stat [-j] [-c FILE] [-d FOLDER] [-i SECONDS [-n "
		 "TIMES]]\n       [--sum KEYS] [--by KEYS] | --prometheus |\n"
		 "       --usage [-j] [[-c FILE] -f FORMAT] [--sum KEYS] "
		 "[--by KEYS]\n       [--only FILTER] LOG...",
	.help =
	    "  -c FILE        the router.ini whose routers are asked about\n"
	    "  -d FOLDER      their state_dir itself\n"
	    "  -f FORMAT      with --usage: an own one, by its name in "
	    "router.ini, or\n"
	    "                 as '{time} {service} {status}'\n"
	    "  -j             results as JSON, one object a line\n"
	    "  -i SECONDS     again and again: what came in that time\n"
	    "  -n TIMES       so often, and no more\n"
	    "  --sum KEYS     which sums: requests,errors,sent,p99 ...\n"
	    "  --by KEYS      by what: service,plan,namespace, or reason\n"
	    "  --prometheus   all, as Prometheus reads it\n"
	    "  --usage        sum access logs ('-' is stdin) by day, and by "
	    "any\n"
	    "                 field of theirs or tag.KEY, as CSV\n"
	    "  --only FILTER  with --usage: of these requests alone\n"
	    "  -h, --help, --version\n"
	    "Exit: 0 yes, 1 some sum of --usage is not exact, 2 usage, "
	    "3 trouble.\n",
};

enum stat_mode {
	STAT_MODE_COUNTED = 0,
	STAT_MODE_PROMETHEUS,
	STAT_MODE_USAGE,
	STAT_MODE_COUNT /* last */
};

/* Long options that no letter stands for. */
enum {
	STAT_OPTION_MODE = 256, /* + enum stat_mode */
	STAT_OPTION_BY = STAT_OPTION_MODE + STAT_MODE_COUNT,
	STAT_OPTION_ONLY,
	STAT_OPTION_SUM,
	STAT_OPTION_VERSION
};

static const struct option stat_longs[] = {
	{ "by", required_argument, NULL, STAT_OPTION_BY },
	{ "help", no_argument, NULL, 'h' },
	{ "only", required_argument, NULL, STAT_OPTION_ONLY },
	{ "prometheus", no_argument, NULL,
	    STAT_OPTION_MODE + STAT_MODE_PROMETHEUS },
	{ "sum", required_argument, NULL, STAT_OPTION_SUM },
	{ "usage", no_argument, NULL, STAT_OPTION_MODE + STAT_MODE_USAGE },
	{ "version", no_argument, NULL, STAT_OPTION_VERSION },
	{ NULL, 0, NULL, 0 }
};

struct stat_command {
	struct stat_asked asked;
	enum stat_mode mode;
	unsigned modes; /* how many were told */
	char **operands;
	int operand_count;
};

/* ---- the command line ---- */

/* Seconds, or a time as in router.ini. 0, or -1 and e. */
static int
stat_take_every(struct stat_asked *a, const char *text, struct err *e)
{
	uint64_t seconds;

	if (str_to_u64(str_of(text), STAT_EVERY_MOST / 1000, &seconds))
		a->every_ms = (int64_t)seconds * 1000;
	else if (!settings_parse_time(str_of(text), &a->every_ms))
		a->every_ms = 0;
	if (a->every_ms >= STAT_EVERY_LEAST && a->every_ms <= STAT_EVERY_MOST)
		return 0;
	return err_set(e, REASON_BAD_REQUEST, "-i %s: seconds, or a time "
	    "from 100ms to 1d, were expected", text);
}

static int
stat_take_only(struct stat_asked *a, const char *text, struct err *e)
{
	struct err why;
	size_t at;

	filter_free(&a->only);
	if (filter_parse(str_of(text), &a->only, &at, &why) == 0)
		return 0;
	return err_set(e, REASON_BAD_REQUEST, "--only: column %zu: %s",
	    at + 1, why.text);
}

/* 0, or -1 and e. */
static int
stat_take_option(struct stat_command *c, int option, struct err *e)
{
	struct stat_asked *a = &c->asked;

	switch (option) {
	case 'c':
		a->settings_path = optarg;
		return 0;
	case 'd':
		a->folder = optarg;
		return 0;
	case 'f':
		a->format_name = optarg;
		return 0;
	case 'i':
		return stat_take_every(a, optarg, e);
	case 'j':
		a->json = true;
		return 0;
	case 'n':
		if (str_to_u64(str_of(optarg), UINT64_MAX, &a->times) &&
		    a->times > 0)
			return 0;
		return err_set(e, REASON_BAD_REQUEST,
		    "-n %s: a number from 1 was expected", optarg);
	case STAT_OPTION_BY:
		a->sums = true;
		return stat_keys_by(str_of(optarg), &a->keys, e);
	case STAT_OPTION_SUM:
		a->sums = true;
		return stat_keys_sum(str_of(optarg), &a->keys, e);
	case STAT_OPTION_ONLY:
		return stat_take_only(a, optarg, e);
	default:
		c->mode = (enum stat_mode)(option - STAT_OPTION_MODE);
		c->modes++;
		return 0;
	}
}

static bool
stat_sums_parts(const struct stat_keys *k)
{
	size_t i;

	for (i = 0; i < k->sum_count; i++)
		if (k->sums[i].thousandths > 0)
			return true;
	return false;
}

/* What is wrong with the options together, or NULL. */
static const char *
stat_wrong(const struct stat_command *c)
{
	const struct stat_asked *a = &c->asked;
	bool usage = c->mode == STAT_MODE_USAGE;

	if (c->modes > 1)
		return "one of --prometheus and --usage, not both";
	if (usage && c->operand_count == 0)
		return "--usage takes logs";
	if (!usage && c->operand_count > 0)
		return "logs are for --usage";
	if (!usage && a->only != NULL)
		return "--only is for --usage: what is counted is counted";
	if (usage && a->folder != NULL)
		return "-d is not for --usage, which asks no router";
	if (usage && a->settings_path != NULL && a->format_name == NULL)
		return "-c with --usage is for -f";
	if (!usage && a->format_name != NULL)
		return "-f is for --usage";
	if (usage && stat_sums_parts(&a->keys))
		return "p50, p90 and p99 are no sums, which --usage makes";
	if (c->mode != STAT_MODE_COUNTED && a->every_ms > 0)
		return "-i is for what changes: not for --prometheus and "
		       "--usage";
	if (a->times > 0 && a->every_ms == 0)
		return "-n is for -i";
	if (c->mode == STAT_MODE_PROMETHEUS && (a->json || a->sums))
		return "--prometheus tells all, in its own way";
	return NULL;
}

/* 0: go on; else *code is the exit code. */
static int
stat_options(struct stat_command *c, int argc, char **argv, int *code)
{
	const char *wrong;
	struct err e;
	int option;

	*code = TOOL_USAGE;
	while ((option = getopt_long(argc, argv, "c:d:f:hi:jn:", stat_longs,
	    NULL)) != -1) {
		if (option == 'h' || option == STAT_OPTION_VERSION) {
			*code = option == 'h' ? tool_help(&stat_tool) :
						tool_version(&stat_tool);
			return 1;
		}
		if (option == '?') {
			(void)fprintf(stderr, "usage: %s\n", stat_tool.usage);
			return 1;
		}
		if (stat_take_option(c, option, &e) == -1) {
			*code = tool_usage(&stat_tool, "%s", e.text);
			return 1;
		}
	}
	c->operands = argv + optind;
	c->operand_count = argc - optind;
	wrong = stat_wrong(c);
	if (wrong == NULL)
		return 0;
	*code = tool_usage(&stat_tool, "%s", wrong);
	return 1;
}

/* ---- the modes ---- */

/* What was not said. */
static void
stat_defaults(struct stat_command *c)
{
	struct stat_keys *k = &c->asked.keys;
	bool usage = c->mode == STAT_MODE_USAGE;
	struct err e;

	if (k->sum_count == 0 && k->by_count == 1 &&
	    k->by[0].field == RECORD_AT_reason && !usage)
		CHECK(stat_keys_sum(STR("requests"), k, &e) == 0);
	else if (k->sum_count == 0)
		CHECK(stat_keys_sum(usage ? STR(STAT_SUMS_LOGS) :
		    STR(STAT_SUMS_COUNTED), k, &e) == 0);
	if (k->by_count == 0 && usage)
		CHECK(stat_keys_by(STR(STAT_BY_LOGS), k, &e) == 0);
}

/* What a name stands for in router.ini. 0 and *text, or -1 and e. */
static int
stat_format_text(const struct stat_asked *a, struct state *s,
    struct str *text, struct err *e)
{
	const struct settings_format *own;

	if (str_find(*text, '{') < text->n)
		return 0;
	if (state_find(a->settings_path, NULL, s, e) == -1)
		return -1;
	own = settings_format_of(s->settings, *text);
	if (own == NULL)
		return err_set(e, REASON_BAD_REQUEST, "-f %s: there is no "
		    "[format:%s] in %s", a->format_name, a->format_name,
		    s->settings->path[0] != '\0' ? s->settings->path :
		    "the settings");
	*text = str_of(own->line);
	return 0;
}

/* Those that are built in are found out for each line. 0, or -1 and e. */
static int
stat_format(struct stat_asked *a, struct err *e)
{
	struct str text = str_of(a->format_name);
	struct state s = { .settings = NULL };
	struct err why;
	size_t at;
	int got;

	if (a->format_name == NULL || format_is_built_in(text))
		return 0;
	got = stat_format_text(a, &s, &text, e);
	if (got == 0 && format_parse(text, &a->format, &at, &why) == -1)
		got = err_set(e, REASON_BAD_REQUEST, "-f: column %zu: %s",
		    at + 1, why.text);
	state_fini(&s);
	return got;
}

static int
stat_run(struct stat_command *c)
{
	struct err e;

	stat_defaults(c);
	if (c->mode != STAT_MODE_USAGE && c->asked.sums &&
	    stat_sheet_by_check(&c->asked.keys, &e) == -1)
		return tool_usage(&stat_tool, "%s", e.text);
	if (stat_format(&c->asked, &e) == -1)
		return tool_trouble(&e);
	switch (c->mode) {
	case STAT_MODE_PROMETHEUS:
		return stat_prometheus(&c->asked);
	case STAT_MODE_USAGE:
		return stat_usage(&c->asked, c->operands,
		    (size_t)c->operand_count);
	case STAT_MODE_COUNTED:
	case STAT_MODE_COUNT:
		break;
	}
	return c->asked.every_ms > 0 ? stat_live(&c->asked) :
	    stat_once(&c->asked);
}

int
main(int argc, char **argv)
{
	struct stat_command c = { .mode = STAT_MODE_COUNTED };
	int code;

	tool_init(&stat_tool);
	if (stat_options(&c, argc, argv, &code) == 0)
		code = tool_end(stat_run(&c));
	filter_free(&c.asked.only);
	format_free(&c.asked.format);
	return code;
}
