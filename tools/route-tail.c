/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * route-tail: requests as they end, of all routers of this machine, from their
 * journal in shared memory.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "report/format.h"
#include "report/journal_tail.h"
#include "tools/state.h"
#include "tools/tail_line.h"
#include "tools/tail_wish.h"
#include "tools/tool.h"

static const struct tool tail_tool = {
	.name = "route-tail",
	.usage = "route-tail [-j] [-v] [-c FILE | -d FOLDER] [-f FORMAT] "
		 "[-n COUNT]\n       [wishes] [ONLY ...]",
	.help =
	    "  -c FILE       the router.ini whose '[router] state_dir' is "
	    "read\n"
	    "  -d FOLDER     the folder of shared files, instead of that one\n"
	    "  -f FORMAT     combined, vhost_combined, standard, full, json, "
	    "the NAME\n"
	    "                of a [format:NAME], or an own one, as "
	    "'{host} {status}'\n"
	    "  -j            the same as -f json\n"
	    "  -n COUNT      begin with the last COUNT that are still there\n"
	    "  -v            tell what is read, and how many routers write\n"
	    "  --count N     end when so many were shown\n"
	    "  --once        end behind what is there\n"
	    "wishes, which all must hold; * stands for any text:\n"
	    "  --client ADDRESS, --host NAME, --method M, --namespace NAME,\n"
	    "  --reason WORD, --service KEY, --status CODE, --tag K:V\n"
	    "  --slow TIME   what took longer than, for example, 500ms\n"
	    "  -h, --help, --version\n"
	    "ONLY is a filter as of logs: "
	    "'status>=500 | host=*.example.org'.\n"
	    "Exit: 0 some request was shown, 1 none was, 2 usage, 3 "
	    "trouble.\n",
};

/* Long options that no letter stands for; those of fields first. */
enum {
	TAIL_OPTION_FIELD = 256, /* + index of tail_fields */
	TAIL_OPTION_COUNT = TAIL_OPTION_FIELD + 16,
	TAIL_OPTION_ONCE,
	TAIL_OPTION_SLOW,
	TAIL_OPTION_TAG,
	TAIL_OPTION_VERSION
};

static const char *const tail_fields[] = { "client", "host", "method",
	"namespace", "reason", "service", "status" };

static const struct option tail_longs[] = {
	{ "client", required_argument, NULL, TAIL_OPTION_FIELD },
	{ "host", required_argument, NULL, TAIL_OPTION_FIELD + 1 },
	{ "method", required_argument, NULL, TAIL_OPTION_FIELD + 2 },
	{ "namespace", required_argument, NULL, TAIL_OPTION_FIELD + 3 },
	{ "reason", required_argument, NULL, TAIL_OPTION_FIELD + 4 },
	{ "service", required_argument, NULL, TAIL_OPTION_FIELD + 5 },
	{ "status", required_argument, NULL, TAIL_OPTION_FIELD + 6 },
	{ "count", required_argument, NULL, TAIL_OPTION_COUNT },
	{ "help", no_argument, NULL, 'h' },
	{ "once", no_argument, NULL, TAIL_OPTION_ONCE },
	{ "slow", required_argument, NULL, TAIL_OPTION_SLOW },
	{ "tag", required_argument, NULL, TAIL_OPTION_TAG },
	{ "version", no_argument, NULL, TAIL_OPTION_VERSION },
	{ NULL, 0, NULL, 0 }
};

enum {
	TAIL_BATCH = 4096,  /* records without looking at anything else */
	TAIL_STEP_MS = 20,  /* so often it is looked for new ones, */
	TAIL_LOOK_MS = 1000 /* and for another file, and told what is missed */
};

_Static_assert((int)TAIL_LINE_MAX <= (int)FORMAT_LINE_MAX,
    "a line of either has room");

struct tail {
	/* as told on the command line; texts are borrowed */
	const char *settings_path;
	const char *folder;
	const char *format_name; /* NULL: lines for people */
	struct tail_wish wish;
	uint64_t back;
	bool goes_back;
	uint64_t count;          /* UINT64_MAX: no end */
	bool once;
	bool verbose;

	struct state state;
	struct format *format;
	struct tail_line line;
	struct journal_tail *journal;
	struct journal_tail_routers told; /* of -v */
	uint64_t shown;
	int64_t look_ms;         /* clock_ms, when to do it again */
};

/* ---- the command line ---- */

static int
tail_number(const char *text, uint64_t *out, struct err *e)
{
	if (str_to_u64(str_of(text), INT64_MAX, out))
		return 0;
	return err_set(e, REASON_BAD_REQUEST, "%s: no number, expected one",
	    text);
}

/* 0, or -1 and e. */
static int
tail_take_option(struct tail *t, int option, struct err *e)
{
	switch (option) {
	case 'c':
		t->settings_path = optarg;
		return 0;
	case 'd':
		t->folder = optarg;
		return 0;
	case 'f':
		t->format_name = optarg;
		return 0;
	case 'j':
		t->format_name = "json";
		return 0;
	case 'n':
		t->goes_back = true;
		return tail_number(optarg, &t->back, e);
	case 'v':
		t->verbose = true;
		return 0;
	case TAIL_OPTION_COUNT:
		return tail_number(optarg, &t->count, e);
	case TAIL_OPTION_ONCE:
		t->once = true;
		return 0;
	case TAIL_OPTION_SLOW:
		return tail_wish_slow(&t->wish, optarg, e);
	case TAIL_OPTION_TAG:
		return tail_wish_tag(&t->wish, optarg, e);
	default:
		return tail_wish_field(&t->wish,
		    tail_fields[option - TAIL_OPTION_FIELD], optarg, e);
	}
}

/* What is no option is an expression. 0, or -1 and e. */
static int
tail_operands(struct tail *t, int argc, char **argv, struct err *e)
{
	int i;

	for (i = optind; i < argc; i++)
		if (tail_wish_only(&t->wish, argv[i], e) == -1)
			return -1;
	return 0;
}

/* 0: go on; else *code is the exit code. */
static int
tail_options(struct tail *t, int argc, char **argv, int *code)
{
	struct err e;
	int option;

	*code = TOOL_USAGE;
	while ((option = getopt_long(argc, argv, "c:d:f:hjn:v", tail_longs,
	    NULL)) != -1) {
		if (option == 'h' || option == TAIL_OPTION_VERSION) {
			*code = option == 'h' ? tool_help(&tail_tool) :
						tool_version(&tail_tool);
			return 1;
		}
		if (option == '?') {
			(void)fprintf(stderr, "usage: %s\n",
			    tail_tool.usage);
			return 1;
		}
		if (tail_take_option(t, option, &e) == -1) {
			*code = tool_usage(&tail_tool, "%s", e.text);
			return 1;
		}
	}
	if (tail_operands(t, argc, argv, &e) == 0)
		return 0;
	*code = tool_usage(&tail_tool, "%s", e.text);
	return 1;
}

/* ---- what it reads, and how it is shown ---- */

/* What a name stands for in router.ini, else the text itself. */
static struct str
tail_format_text(const struct tail *t, struct str name)
{
	const struct settings_format *own = t->state.settings != NULL ?
	    settings_format_of(t->state.settings, name) : NULL;

	return own != NULL ? str_of(own->line) : name;
}

/* 0, or -1 and e. */
static int
tail_find_format(struct tail *t, struct err *e)
{
	struct str text = str_of(t->format_name);
	struct err why;
	size_t at;
	int got;

	if (t->format_name == NULL) {
		t->line = tail_line_of_stdout();
		return 0;
	}
	got = format_built_in(text, &t->format, e);
	if (got != 0)
		return got == 1 ? 0 : -1;
	text = tail_format_text(t, text);
	if (str_find(text, '{') == text.n)
		return err_set(e, REASON_BAD_REQUEST, "%s: no such format, "
		    "expected combined, vhost_combined, standard, full, json, "
		    "the NAME of a [format:NAME], or one as "
		    "'{host} {status}'",
		    t->format_name);
	if (format_parse(text, &t->format, &at, &why) == 0)
		return 0;
	return err_set(e, REASON_BAD_REQUEST, "%s: at %zu: %s",
	    t->format_name, at + 1, why.text);
}

/* The first folder that has a journal; of several, the first one's trouble is
 * told. 1; 0 and e: there is none yet; -1 and e. */
static int
tail_open_some(struct tail *t, struct err *e)
{
	bool lacks = true;
	struct err second;
	size_t i;

	for (i = 0; i < t->state.count && t->journal == NULL; i++) {
		lacks = lacks && journal_tail_lacks(t->state.folders[i]);
		t->journal = journal_tail_open(t->state.folders[i],
		    i == 0 ? e : &second);
	}
	if (t->journal != NULL && t->verbose)
		msg_notice("reading %s", t->state.folders[i - 1]);
	return t->journal != NULL ? 1 : lacks ? 0 : -1;
}

/* Who asks for what was is not to believe that this is all there was. */
static void
tail_tell_unread(struct tail *t)
{
	struct journal_tail_routers now = journal_tail_routers(t->journal);

	if (now.joined > 0 && now.writing == 0)
		msg_notice("routers wrote nothing until now, as nobody read: "
		    "see '[journal] keep' in router.ini(5)");
}

/* Waits until there is one: where web servers start routers, none may be there
 * before the first request. 0, or -1 and e. */
static int
tail_open(struct tail *t, struct err *e)
{
	const struct settings *s = t->state.settings;
	int got;

	if (s != NULL && s->journal_keep == JOURNAL_KEEP_NO)
		return err_set(e, REASON_INTERNAL, "%s: '[journal] keep = no': "
		    "routers write nothing that could be read", s->path);
	got = tail_open_some(t, e);
	if (got == 0 && !t->once)
		msg_notice("%s: waiting for a router to be started", e->text);
	while (got == 0 && !t->once) {
		(void)poll(NULL, 0, TAIL_STEP_MS);
		got = tail_open_some(t, e);
	}
	if (got != 1)
		return -1;
	if (t->goes_back || t->once) {
		journal_tail_back(t->journal,
		    t->goes_back ? t->back : UINT64_MAX);
		tail_tell_unread(t);
	}
	return 0;
}

/* ---- following ---- */

static void
tail_tell_routers(struct tail *t)
{
	struct journal_tail_routers now = journal_tail_routers(t->journal);

	if (!t->verbose || (now.joined == t->told.joined &&
	    now.writing == t->told.writing))
		return;
	t->told = now;
	msg_notice("%u of %u routers write", now.writing, now.joined);
}

static void
tail_tell_missed(struct tail *t)
{
	uint64_t missed = journal_tail_missed(t->journal);

	if (missed > 0)
		msg_warning("missed %" PRIu64 " requests", missed);
}

static void
tail_look(struct tail *t)
{
	struct err e;

	if (clock_ms() < t->look_ms)
		return;
	t->look_ms = clock_ms() + TAIL_LOOK_MS;
	if (journal_tail_look(t->journal, &e) == -1)
		msg_warning("%s: waiting for another one", e.text);
	tail_tell_missed(t);
}

static void
tail_show(struct tail *t, const struct record *r)
{
	static char line[FORMAT_LINE_MAX];
	size_t n;

	if (!tail_wish_takes(&t->wish, r))
		return;
	n = t->format != NULL ? format_print(t->format, r, line) :
	    tail_line_print(&t->line, r, line);
	(void)fwrite(line, 1, n, stdout);
	t->shown++;
}

/* Shows what there is, up to a batch. How many were read, shown or not. */
static unsigned
tail_drain(struct tail *t)
{
	static struct journal_entry entry;
	unsigned read = 0;

	while (read < TAIL_BATCH && t->shown < t->count && !ferror(stdout) &&
	    journal_tail_next(t->journal, &entry) == 1) {
		tail_show(t, &entry.record);
		read++;
	}
	(void)fflush(stdout);
	return read;
}

/* A short while, unless there is more. false: nobody reads stdout any more. */
static bool
tail_wait(unsigned read)
{
	struct pollfd to = { .fd = STDOUT_FILENO };

	return poll(&to, 1, read == TAIL_BATCH ? 0 : TAIL_STEP_MS) != 1 ||
	    (to.revents & (POLLERR | POLLHUP)) == 0;
}

static int
tail_run(struct tail *t)
{
	char head[TAIL_LINE_MAX];
	unsigned read;

	if (t->format == NULL && t->line.width > 0)
		(void)fwrite(head, 1, tail_line_head(&t->line, head), stdout);
	do {
		tail_look(t);
		tail_tell_routers(t);
		read = tail_drain(t);
		if (t->once && read == 0 && !journal_tail_waits(t->journal))
			break;
	} while (t->shown < t->count && !ferror(stdout) && tail_wait(read));
	tail_tell_missed(t);
	return t->shown > 0 ? TOOL_YES : TOOL_NO;
}

int
main(int argc, char **argv)
{
	struct tail t = { .count = UINT64_MAX, .told.joined = UINT_MAX };
	struct err e;
	int code;

	tool_init(&tail_tool);
	if (tail_options(&t, argc, argv, &code) == 0) {
		if (state_find(t.settings_path, t.folder, &t.state, &e) == -1)
			code = tool_trouble(&e);
		else if (tail_find_format(&t, &e) == -1)
			code = tool_usage(&tail_tool, "%s", e.text);
		else if (tail_open(&t, &e) == -1)
			code = tool_trouble(&e);
		else
			code = tool_end(tail_run(&t));
	}
	journal_tail_close(&t.journal);
	format_free(&t.format);
	tail_wish_fini(&t.wish);
	state_fini(&t.state);
	return code;
}
