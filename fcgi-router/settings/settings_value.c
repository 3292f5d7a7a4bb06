/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * settings_value: what a value may be, by the kind of its row.
 *
 * iniparser's own getters are not used: they take octal and hexadecimal
 * numbers, tails, overflows, and read "on" as the default.
 */

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "report/filter.h"
#include "report/format.h"
#include "settings/settings_private.h"

enum {
	SETTINGS_QUOTE_MAX = 64,    /* bytes of input in a message */
	SETTINGS_USER_MAX = 64,     /* bytes of a user's name */
	SETTINGS_PASSWD_MAX = 16384 /* room for one line of the user list */
};

/* More than that in any time is no rate. */
static const uint64_t settings_rate_max = 1000000000000;

/* Last numbers that are no user: (uid_t)-1 means "none" to system calls. */
static const uint64_t settings_uid_max = UINT32_MAX - 1;

struct settings_unit {
	const char *word;
	uint64_t factor;
};

static const struct settings_unit settings_times[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60000 },
	{ "h", 3600000 },
	{ "d", 86400000 },
	{ NULL, 0 },
};

static const struct settings_unit settings_sizes[] = {
	{ "", 1 },
	{ "k", 1024 },
	{ "m", 1048576 },
	{ "g", 1073741824 },
	{ NULL, 0 },
};

static const struct settings_unit settings_plain[] = {
	{ "", 1 },
	{ NULL, 0 },
};

struct settings_quote
settings_quote(struct str s)
{
	static const char hex[] = "0123456789abcdef";
	struct settings_quote q;
	size_t n = 0, i;

	for (i = 0; i < s.n; i++) {
		if (n + 4 > SETTINGS_QUOTE_MAX) {
			memcpy(q.text + n, "...", 3);
			n += 3;
			break;
		}
		if (str_is_control(s.p[i]) || (unsigned char)s.p[i] >= 0x80) {
			q.text[n++] = '\\';
			q.text[n++] = 'x';
			q.text[n++] = hex[(unsigned char)s.p[i] >> 4];
			q.text[n++] = hex[(unsigned char)s.p[i] & 15];
		} else {
			q.text[n++] = s.p[i];
		}
	}
	q.text[n] = '\0';
	return q;
}

/*
 * Decimal digits, without a leading zero that others read as octal, and a
 * unit. 1 and *out; 0: not of that form; -1: above INT64_MAX.
 */
static int
settings_scale(struct str text, const struct settings_unit *units,
    uint64_t *out)
{
	size_t digits = 0;
	struct str unit;
	uint64_t number;

	while (digits < text.n && str_is_digit(text.p[digits]))
		digits++;
	if (digits == 0 || (digits > 1 && text.p[0] == '0'))
		return 0;
	unit = str_sub(text, digits, text.n);
	while (units->word != NULL && !str_eq(unit, str_of(units->word)))
		units++;
	if (units->word == NULL)
		return 0;
	if (!str_to_u64(str_sub(text, 0, digits), INT64_MAX, &number) ||
	    number > INT64_MAX / units->factor)
		return -1;
	*out = number * units->factor;
	return 1;
}

bool
settings_parse_time(struct str text, int64_t *ms)
{
	uint64_t value;

	if (settings_scale(text, settings_times, &value) != 1)
		return false;
	*ms = (int64_t)value;
	return true;
}

bool
settings_parse_size(struct str text, uint64_t *bytes)
{
	return settings_scale(text, settings_sizes, bytes) == 1;
}

/* What a number of a row is counted in, and how that is told. */
static const struct settings_number {
	const struct settings_unit *units;
	const char *what;
	const char *expected;
} settings_numbers[] = {
	[SETTINGS_KIND_COUNT] = { settings_plain, "number",
	    "decimal digits alone" },
	[SETTINGS_KIND_TIME] = { settings_times, "time",
	    "digits and ms, s, m, h or d" },
	[SETTINGS_KIND_SIZE] = { settings_sizes, "size",
	    "digits, alone or with k, m or g" },
};

static int
settings_read_number(const struct settings_row *row,
    const struct settings_number *kind, struct str text, uint64_t *out,
    struct err *e)
{
	uint64_t least, most;
	int got;

	CHECK(settings_scale(str_of(row->least), kind->units, &least) == 1);
	CHECK(settings_scale(str_of(row->most), kind->units, &most) == 1);
	got = settings_scale(text, kind->units, out);
	if (got == 0)
		return err_set(e, REASON_INTERNAL,
		    "'%s' is not a %s, expected %s, from %s to %s",
		    settings_quote(text).text, kind->what, kind->expected,
		    row->least, row->most);
	if (got == -1 || *out < least || *out > most)
		return err_set(e, REASON_INTERNAL,
		    "'%s' is out of range, expected %s to %s",
		    settings_quote(text).text, row->least, row->most);
	return 0;
}

int
settings_word_index(struct str text, struct str words)
{
	struct str word;
	int at;

	for (at = 0; words.n > 0; at++) {
		(void)str_cut(words, '|', &word, &words);
		if (str_eq(text, word))
			return at;
	}
	return -1;
}

static int
settings_read_word(const char *words, struct str text, int64_t *out,
    struct err *e)
{
	char list[ERR_TEXT_MAX / 2];
	struct str left = str_of(words), word;
	size_t n = 0;
	int at = settings_word_index(text, left);

	if (at >= 0) {
		*out = at;
		return 0;
	}
	while (str_cut(left, '|', &word, &left))
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%.*s",
		    n > 0 ? ", " : "", STR_ARG(word));
	CHECK(n < sizeof(list));
	return err_set(e, REASON_INTERNAL,
	    "'%s' is unknown here, expected %s or %.*s",
	    settings_quote(text).text, list, STR_ARG(word));
}

static int
settings_read_path(struct str text, struct err *e)
{
	if (text.n >= FILE_PATH_MAX)
		return err_set(e, REASON_INTERNAL,
		    "a path of %zu bytes, expected at most %d", text.n,
		    FILE_PATH_MAX - 1);
	return 0;
}

static int
settings_read_name(struct str text, struct err *e)
{
	if (str_is_name(text))
		return 0;
	return err_set(e, REASON_INTERNAL,
	    "'%s' is no name, expected small letters, digits, '.', '_' and "
	    "'-', a letter or digit first, at most %d",
	    settings_quote(text).text, STR_NAME_MAX);
}

static int
settings_read_text(const struct settings_row *row, struct str text,
    struct err *e)
{
	uint64_t most = 0;
	bool good = str_to_u64(str_of(row->most), UINT16_MAX, &most) &&
	    text.n <= most;
	size_t i;

	for (i = 0; good && i < text.n; i++)
		good = text.p[i] >= ' ' && text.p[i] <= '~' &&
		    text.p[i] != '"' && text.p[i] != '\\';
	if (good)
		return 0;
	return err_set(e, REASON_INTERNAL,
	    "'%s' is no such text, expected at most %s printable characters "
	    "of ASCII, no quotes and no backslash", settings_quote(text).text,
	    row->most);
}

/* "10/s". 1 and *out; 0: not of that form; -1: it cannot be. */
static int
settings_scale_rate(struct str text, struct settings_rate *out)
{
	struct str count, unit;
	char one[4] = "1";
	int64_t ms;
	int got;

	if (!str_cut(text, '/', &count, &unit) || unit.n != 1)
		return 0;
	one[1] = unit.p[0];
	got = settings_scale(count, settings_plain, &out->count);
	if (got != 1 || !settings_parse_time(str_of(one), &ms))
		return got == -1 ? -1 : 0;
	out->per_us = ms * 1000;
	/* So that rates can be compared without an overflow. */
	return out->count <= settings_rate_max ? 1 : -1;
}

/* Is a at most b? */
static bool
settings_is_slower(const struct settings_rate *a,
    const struct settings_rate *b)
{
	return a->count * (uint64_t)(b->per_us / 1000000) <=
	    b->count * (uint64_t)(a->per_us / 1000000);
}

static int
settings_read_rate(const struct settings_row *row, struct str text,
    struct settings_rate *out, struct err *e)
{
	struct settings_rate least, most;
	int got = settings_scale_rate(text, out);

	CHECK(settings_scale_rate(str_of(row->least), &least) == 1);
	CHECK(settings_scale_rate(str_of(row->most), &most) == 1);
	if (got == 0)
		return err_set(e, REASON_INTERNAL,
		    "'%s' is not a rate, expected digits and /s, /m, /h or "
		    "/d, from %s to %s", settings_quote(text).text, row->least,
		    row->most);
	if (got == -1 || !settings_is_slower(&least, out) ||
	    !settings_is_slower(out, &most))
		return err_set(e, REASON_INTERNAL,
		    "'%s' is out of range, expected %s to %s",
		    settings_quote(text).text, row->least, row->most);
	return 0;
}

static int
settings_read_by(const struct settings_row *row, struct str text,
    struct err *e)
{
	struct str kind, key;
	size_t i;

	if (settings_word_index(text, str_of(row->most)) >= 0)
		return 0;
	if (str_cut(text, ':', &kind, &key) && str_eq(kind, STR("tag"))) {
		for (i = 0; i < key.n && (str_is_alnum(key.p[i]) ||
		    key.p[i] == '-' || key.p[i] == '_'); i++)
			;
		if (i == key.n && key.n > 0)
			return 0;
	}
	return err_set(e, REASON_INTERNAL,
	    "'%s' is unknown here, expected client_ip, host, identity or "
	    "tag:K with the key of a tag", settings_quote(text).text);
}

/* "1/100" */
static int
settings_read_share(const struct settings_row *row, struct str text,
    struct settings_share *out, struct err *e)
{
	struct str take, of, ignored;
	uint64_t most = 0;

	(void)str_cut(str_of(row->least), '/', &ignored, &of);
	CHECK(str_to_u64(of, INT64_MAX, &most));
	if (str_cut(text, '/', &take, &of) &&
	    settings_scale(take, settings_plain, &out->take) == 1 &&
	    settings_scale(of, settings_plain, &out->of) == 1 &&
	    out->take > 0 && out->take <= out->of && out->of <= most)
		return 0;
	return err_set(e, REASON_INTERNAL, "'%s' is no share, expected one "
	    "like 1/100, from %s to %s", settings_quote(text).text,
	    row->least, row->most);
}

static bool
settings_is_ascii(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	return true;
}

/* What it quotes of the text is as harmless as that. */
static int
settings_read_report(enum settings_kind kind, struct str text, struct err *e)
{
	struct filter *filter = NULL;
	struct format *format = NULL;
	struct err why;
	size_t at;
	int got;

	if (!settings_is_ascii(text))
		return err_set(e, REASON_INTERNAL, "'%s' is no such text, "
		    "expected printable characters of ASCII",
		    settings_quote(text).text);
	got = kind == SETTINGS_KIND_FILTER ?
	    filter_parse(text, &filter, &at, &why) :
	    format_parse(text, &format, &at, &why);
	filter_free(&filter);
	format_free(&format);
	return got == 0 ? 0 : err_set(e, REASON_INTERNAL, "byte %zu: %s",
	    at + 1, why.text);
}

int
settings_value_user(struct str name, uid_t *out, struct err *e)
{
	char key[SETTINGS_USER_MAX];
	char *room;
	struct passwd entry, *found = NULL;
	int got;

	if (name.n == 0 || name.n >= sizeof(key) ||
	    memchr(name.p, '\0', name.n) != NULL)
		return 0;
	memcpy(key, name.p, name.n);
	key[name.n] = '\0';
	room = malloc(SETTINGS_PASSWD_MAX);
	if (room == NULL)
		return err_set(e, REASON_OVERLOADED,
		    "out of memory, expected room for a user's entry");
	got = getpwnam_r(key, &entry, room, SETTINGS_PASSWD_MAX, &found);
	if (found != NULL)
		*out = found->pw_uid;
	free(room);
	/* Several numbers stand for "no such user", see getpwnam(3). */
	if (found == NULL && (got == ERANGE || got == EMFILE ||
	    got == ENFILE || got == ENOMEM || got == EIO))
		return err_set(e, REASON_INTERNAL,
		    "user '%s' could not be looked up: %s, expected an "
		    "answer from the user list",
		    settings_quote(name).text, strerror(got));
	return found != NULL;
}

static int
settings_read_user(struct str word, uid_t *out, struct err *e)
{
	uint64_t number;
	int got;

	if (settings_scale(word, settings_plain, &number) == 1 &&
	    number <= settings_uid_max) {
		*out = (uid_t)number;
		return 0;
	}
	got = settings_value_user(word, out, e);
	if (got == 0)
		return err_set(e, REASON_INTERNAL,
		    "'%s' is no user of this machine, expected names or "
		    "numbers of users, parted by commas",
		    settings_quote(word).text);
	return got == 1 ? 0 : -1;
}

int
settings_value_users(struct str text, char out[SETTINGS_USERS_MAX],
    struct err *e)
{
	struct str word;
	size_t n = 0;
	uid_t user;

	out[0] = '\0';
	while (settings_next_word(&text, &word)) {
		int put;

		if (settings_read_user(word, &user, e) == -1)
			return -1;
		put = snprintf(out + n, SETTINGS_USERS_MAX - n, "%s%lu",
		    n > 0 ? "," : "", (unsigned long)user);
		if (put < 0 || (size_t)put >= SETTINGS_USERS_MAX - n)
			return err_set(e, REASON_INTERNAL,
			    "too many users, expected %d bytes of numbers",
			    SETTINGS_USERS_MAX - 1);
		n += (size_t)put;
	}
	if (n == 0)
		return err_set(e, REASON_INTERNAL,
		    "no user, expected names or numbers of users, parted by "
		    "commas");
	return 0;
}

int
settings_value_read(size_t index, struct str text,
    struct settings_value *out, struct err *e)
{
	const struct settings_row *row = settings_row(index);
	enum settings_kind kind = settings_kind_of(index);
	char users[SETTINGS_USERS_MAX];
	struct settings_url url;
	struct settings_ranges ranges = { .list = NULL };
	char *fields = NULL;
	int got = 0;

	*out = (struct settings_value){ 0 };
	switch (kind) {
	case SETTINGS_KIND_PATH:
		got = settings_read_path(text, e);
		break;
	case SETTINGS_KIND_USERS:
		got = settings_value_users(text, users, e);
		break;
	case SETTINGS_KIND_NAME:
		got = settings_read_name(text, e);
		break;
	case SETTINGS_KIND_TEXT:
		got = settings_read_text(row, text, e);
		break;
	case SETTINGS_KIND_FIELD:
		got = settings_list_field(text, e);
		break;
	case SETTINGS_KIND_RATE:
		got = settings_read_rate(row, text, &out->rate, e);
		break;
	case SETTINGS_KIND_BY:
		got = settings_read_by(row, text, e);
		break;
	case SETTINGS_KIND_URL:
		got = settings_url_read(text, &url, e);
		break;
	case SETTINGS_KIND_FIELDS:
		got = settings_list_fields(text, &fields, e);
		free(fields);
		break;
	case SETTINGS_KIND_HOSTS:
		got = settings_list_hosts(text, &fields, e);
		free(fields);
		break;
	case SETTINGS_KIND_PAIRS:
		got = settings_list_pairs(text, &fields, e);
		free(fields);
		break;
	case SETTINGS_KIND_REDACT:
		got = settings_list_redact(text, &fields, e);
		free(fields);
		break;
	case SETTINGS_KIND_FILTER:
	case SETTINGS_KIND_LINE:
		got = settings_read_report(kind, text, e);
		break;
	case SETTINGS_KIND_SHARE:
		got = settings_read_share(row, text, &out->share, e);
		break;
	case SETTINGS_KIND_RANGES:
		got = settings_list_ranges(text, &ranges, e);
		free(ranges.list);
		break;
	case SETTINGS_KIND_WORD:
		got = settings_read_word(row->most, text, &out->number, e);
		break;
	case SETTINGS_KIND_WORDS:
		got = settings_list_words(row->most, text, &out->number, e);
		break;
	case SETTINGS_KIND_BOOL:
		got = settings_read_word("yes|no", text, &out->number, e);
		out->number = out->number == 0; /* yes is the first word */
		break;
	case SETTINGS_KIND_COUNT:
	case SETTINGS_KIND_TIME:
	case SETTINGS_KIND_SIZE:
		got = settings_read_number(row, &settings_numbers[kind], text,
		    &out->size, e);
		out->number = (int64_t)out->size;
		break;
	}
	return got;
}
