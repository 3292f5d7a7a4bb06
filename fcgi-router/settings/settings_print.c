/* SPDX-License-Identifier: BSD-2-Clause */

/* settings_print: the settings in force, spelled as in router.ini. */

#include <string.h>

#include "base/buf.h"
#include "settings/settings_private.h"

/* In the largest unit that divides it. */
static void
settings_print_time(int64_t ms, FILE *to)
{
	static const struct {
		const char *word;
		int64_t ms;
	} units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
		{ "s", 1000 }, { "ms", 1 } };
	size_t i = 0;

	while (ms % units[i].ms != 0)
		i++;
	if (ms == 0)
		i = 3;
	fprintf(to, "%lld%s", (long long)(ms / units[i].ms), units[i].word);
}

static void
settings_print_size(uint64_t bytes, FILE *to)
{
	static const char *const words[] = { "", "k", "m", "g" };
	size_t i = 0;

	while (i < 3 && bytes > 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	fprintf(to, "%llu%s", (unsigned long long)bytes, words[i]);
}

static void
settings_print_rate(const struct settings_rate *rate, FILE *to)
{
	static const struct {
		char word;
		int64_t us;
	} units[] = { { 's', 1000000 }, { 'm', 60000000 },
		{ 'h', 3600000000 }, { 'd', 86400000000 } };
	size_t i = 0;

	while (rate->per_us != units[i].us)
		i++;
	fprintf(to, "%llu/%c", (unsigned long long)rate->count,
	    units[i].word);
}

static void
settings_print_share(const struct settings_share *share, FILE *to)
{
	fprintf(to, "%llu/%llu", (unsigned long long)share->take,
	    (unsigned long long)share->of);
}

static bool
settings_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Quoted where it must be; the file cannot hold both kinds of quotes. */
static void
settings_print_path(const char *path, FILE *to)
{
	const char *quote = "";
	size_t n = strlen(path);

	if (strchr(path, '"') != NULL)
		quote = "'";
	else if (n == 0 || strpbrk(path, ";#'=") != NULL ||
	    settings_is_blank(path[0]) || settings_is_blank(path[n - 1]))
		quote = "\"";
	fprintf(to, "%s%s%s", quote, path, quote);
}

static void
settings_print_word(const char *words, int at, FILE *to)
{
	struct str left = str_of(words), word;

	for (;; at--) {
		(void)str_cut(left, '|', &word, &left);
		if (at == 0)
			break;
	}
	fprintf(to, "%.*s", STR_ARG(word));
}

static void
settings_print_words(const char *words, unsigned bits, FILE *to)
{
	int at;

	for (at = 0; bits >> at != 0; at++) {
		if ((bits >> at & 1) == 0)
			continue;
		settings_print_word(words, at, to);
		fputs(bits >> at > 1 ? ", " : "", to);
	}
}

/* Each with what stands before the next one. */
static void
settings_print_lines(const char *lines, const char *between, FILE *to)
{
	struct str left = str_of(lines), line;

	while (left.n > 0) {
		(void)str_cut(left, '\n', &line, &left);
		fprintf(to, "%.*s%s", STR_ARG(line), left.n > 0 ? between : "");
	}
}

static void
settings_print_ranges(const struct settings_ranges *ranges, FILE *to)
{
	struct buf text;
	size_t i;

	for (i = 0; i < ranges->count; i++) {
		buf_init(&text, CIDR_TEXT_MAX);
		if (cidr_print(&ranges->list[i], &text) == 0)
			fprintf(to, "%s%.*s", i > 0 ? " " : "",
			    STR_ARG(buf_view(&text)));
		buf_fini(&text);
	}
}

/* Has it no value at all? */
static bool
settings_print_none(const void *of, size_t index)
{
	enum settings_kind kind = settings_kind_of(index);
	const void *member = settings_member(of, index);

	if (kind == SETTINGS_KIND_WORDS)
		return *(const unsigned *)member == 0;
	if (kind == SETTINGS_KIND_RANGES)
		return ((const struct settings_ranges *)member)->count == 0;
	if (kind == SETTINGS_KIND_RATE)
		return ((const struct settings_rate *)member)->count == 0;
	return (kind == SETTINGS_KIND_PATH || kind == SETTINGS_KIND_NAME ||
	    kind == SETTINGS_KIND_TEXT || kind == SETTINGS_KIND_FIELDS ||
	    kind == SETTINGS_KIND_HOSTS || kind == SETTINGS_KIND_PAIRS ||
	    kind == SETTINGS_KIND_URL || kind == SETTINGS_KIND_FILTER ||
	    kind == SETTINGS_KIND_LINE || kind == SETTINGS_KIND_REDACT) &&
	    (*(char *const *)member)[0] == '\0';
}

static void
settings_print_value(const void *of, size_t index, FILE *to)
{
	const void *member = settings_member(of, index);

	switch (settings_kind_of(index)) {
	case SETTINGS_KIND_PATH:
	case SETTINGS_KIND_TEXT:
	case SETTINGS_KIND_URL:
	case SETTINGS_KIND_FILTER:
	case SETTINGS_KIND_LINE:
		settings_print_path(*(char *const *)member, to);
		break;
	case SETTINGS_KIND_USERS:
	case SETTINGS_KIND_NAME:
	case SETTINGS_KIND_FIELD:
	case SETTINGS_KIND_BY:
		fprintf(to, "%s", *(char *const *)member);
		break;
	case SETTINGS_KIND_FIELDS:
	case SETTINGS_KIND_HOSTS:
	case SETTINGS_KIND_PAIRS:
	case SETTINGS_KIND_REDACT:
		settings_print_lines(*(char *const *)member, ", ", to);
		break;
	case SETTINGS_KIND_RANGES:
		settings_print_ranges(member, to);
		break;
	case SETTINGS_KIND_WORD:
		settings_print_word(settings_row(index)->most,
		    *(const int *)member, to);
		break;
	case SETTINGS_KIND_WORDS:
		settings_print_words(settings_row(index)->most,
		    *(const unsigned *)member, to);
		break;
	case SETTINGS_KIND_BOOL:
		fprintf(to, "%s", *(const bool *)member ? "yes" : "no");
		break;
	case SETTINGS_KIND_COUNT:
		fprintf(to, "%lld", (long long)*(const int64_t *)member);
		break;
	case SETTINGS_KIND_TIME:
		settings_print_time(*(const int64_t *)member, to);
		break;
	case SETTINGS_KIND_SIZE:
		settings_print_size(*(const uint64_t *)member, to);
		break;
	case SETTINGS_KIND_RATE:
		settings_print_rate(member, to);
		break;
	case SETTINGS_KIND_SHARE:
		settings_print_share(member, to);
		break;
	}
}

static void
settings_print_row(const void *of, size_t index, FILE *to)
{
	const char *key = settings_row(index)->key;

	if (settings_print_none(of, index)) {
		fprintf(to, "# %s: none\n", key);
		return;
	}
	fprintf(to, "%s = ", key);
	settings_print_value(of, index, to);
	fprintf(to, "\n");
}

static void
settings_print_named(const struct settings *s, enum settings_named kind,
    struct str name, FILE *to)
{
	const void *of = settings_named_of(s, kind, name);
	size_t count, first = settings_named_rows(kind, &count), i;

	fprintf(to, "\n[%s:%.*s]\n", settings_named_word(kind),
	    STR_ARG(name));
	for (i = 0; i < count; i++)
		if ((kind != SETTINGS_AUTH || settings_auth_takes(of, i)) &&
		    (kind != SETTINGS_LOG || settings_log_takes(i)))
			settings_print_row(of, first + i, to);
}

static void
settings_print_declared(const struct settings *s, FILE *to)
{
	size_t kind;

	for (kind = 0; kind < SETTINGS_NAMED_COUNT; kind++) {
		struct str left = str_of(s->named[kind]), name;

		while (left.n > 0) {
			(void)str_cut(left, '\n', &name, &left);
			settings_print_named(s, (enum settings_named)kind,
			    name, to);
		}
	}
}

void
settings_print(const struct settings *s, FILE *to)
{
	const char *section = "";
	size_t i;

	for (i = 0; i < SETTINGS_AT_TLS; i++) {
		const struct settings_row *row = settings_row(i);

		if (strcmp(section, row->section) != 0)
			fprintf(to, "%s[%s]\n", *section != '\0' ? "\n" : "",
			    row->section);
		section = row->section;
		if (i == SETTINGS_AT_workers_min && s->workers_min == 0)
			fprintf(to, "# %s is worked out at start\n", row->key);
		else
			settings_print_row((const char *)s +
			    settings_holder(i), i, to);
	}
	settings_print_declared(s, to);
}
