/* SPDX-License-Identifier: BSD-2-Clause */

/* settings_rows: the table's rows, and the values that they set. */

#include "settings/settings_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char settings_map_folder[] = "/var/lib/fcgi-router";
static const char settings_map_name[] = "routes.db";

static const struct settings_row settings_rows[SETTINGS_COUNT] = {
#define SETTING(section, key, member, kind, preset, least, most, manual) \
	{ section, key, #kind, preset, least, most, manual },
#include "settings/settings.tbl.h"
#define SETTING_LOG(key, member, kind, preset, least, most, manual) \
	{ "log", key, #kind, preset, least, most, manual },
#include "settings/settings.tbl.h"
#define SETTING_EGRESS(key, member, kind, preset, least, most, manual) \
	{ "egress", key, #kind, preset, least, most, manual },
#include "settings/settings.tbl.h"
#define SETTING_TLS(key, member, kind, preset, least, most, manual) \
	{ "tls:NAME", key, #kind, preset, least, most, manual },
#include "settings/settings.tbl.h"
#define SETTING_AUTH(key, member, kind, preset, least, most, manual) \
	{ "auth:NAME", key, #kind, preset, least, most, manual },
#include "settings/settings.tbl.h"
#define SETTING_SIGN(key, member, kind, preset, least, most, manual) \
	{ "sign:NAME", key, #kind, preset, least, most, manual },
#include "settings/settings.tbl.h"
#define SETTING_PLAN(key, member, kind, preset, least, most, manual) \
	{ "plan:NAME", key, #kind, preset, least, most, manual },
#include "settings/settings.tbl.h"
#define SETTING_FORMAT(key, member, kind, preset, least, most, manual) \
	{ "format:NAME", key, #kind, preset, least, most, manual },
#include "settings/settings.tbl.h"
};

/* Where a row's value is kept in what has it, and as what. */
static const struct settings_slot {
	enum settings_kind kind;
	size_t offset;
} settings_slots[SETTINGS_COUNT] = {
#define SETTING(section, key, member, kind, preset, least, most, manual) \
	{ SETTINGS_KIND_##kind, offsetof(struct settings, member) },
#include "settings/settings.tbl.h"
#define SETTING_LOG(key, member, kind, preset, least, most, manual) \
	{ SETTINGS_KIND_##kind, offsetof(struct settings_log, member) },
#include "settings/settings.tbl.h"
#define SETTING_EGRESS(key, member, kind, preset, least, most, manual) \
	{ SETTINGS_KIND_##kind, offsetof(struct settings_egress, member) },
#include "settings/settings.tbl.h"
#define SETTING_TLS(key, member, kind, preset, least, most, manual) \
	{ SETTINGS_KIND_##kind, offsetof(struct settings_tls, member) },
#include "settings/settings.tbl.h"
#define SETTING_AUTH(key, member, kind, preset, least, most, manual) \
	{ SETTINGS_KIND_##kind, offsetof(struct settings_auth, member) },
#include "settings/settings.tbl.h"
#define SETTING_SIGN(key, member, kind, preset, least, most, manual) \
	{ SETTINGS_KIND_##kind, offsetof(struct settings_sign, member) },
#include "settings/settings.tbl.h"
#define SETTING_PLAN(key, member, kind, preset, least, most, manual) \
	{ SETTINGS_KIND_##kind, offsetof(struct settings_plan, member) },
#include "settings/settings.tbl.h"
#define SETTING_FORMAT(key, member, kind, preset, least, most, manual) \
	{ SETTINGS_KIND_##kind, offsetof(struct settings_format, member) },
#include "settings/settings.tbl.h"
};

size_t
settings_count(void)
{
	return SETTINGS_COUNT;
}

const struct settings_row *
settings_row(size_t index)
{
	CHECK(index < SETTINGS_COUNT);
	return &settings_rows[index];
}

enum settings_kind
settings_kind_of(size_t index)
{
	CHECK(index < SETTINGS_COUNT);
	return settings_slots[index].kind;
}

/* ---- the members ---- */

char *
settings_copy(struct str s)
{
	char *copy = malloc(s.n + 1);

	if (copy == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

const void *
settings_member(const void *of, size_t index)
{
	return (const char *)of + settings_slots[index].offset;
}

size_t
settings_holder(size_t index)
{
	CHECK(index < SETTINGS_AT_TLS);
	return index < SETTINGS_AT_LOG ? 0 :
	    index < SETTINGS_AT_EGRESS ? offsetof(struct settings, log) :
	    offsetof(struct settings, egress);
}

static void *
settings_own_member(void *of, size_t index)
{
	return (char *)of + settings_slots[index].offset;
}

static int
settings_set_text(void *of, size_t index, struct str text, struct err *e)
{
	char *copy = settings_copy(text);
	char **member = settings_own_member(of, index);

	if (copy == NULL)
		return err_set(e, REASON_OVERLOADED,
		    "out of memory, expected room for the settings");
	free(*member);
	*member = copy;
	return 0;
}

static bool
settings_is_text(enum settings_kind kind)
{
	return kind == SETTINGS_KIND_PATH || kind == SETTINGS_KIND_USERS ||
	    kind == SETTINGS_KIND_NAME || kind == SETTINGS_KIND_TEXT ||
	    kind == SETTINGS_KIND_BY || kind == SETTINGS_KIND_FIELD ||
	    kind == SETTINGS_KIND_FIELDS || kind == SETTINGS_KIND_HOSTS ||
	    kind == SETTINGS_KIND_PAIRS || kind == SETTINGS_KIND_URL ||
	    kind == SETTINGS_KIND_FILTER || kind == SETTINGS_KIND_LINE ||
	    kind == SETTINGS_KIND_REDACT;
}

/* The folder of s->path with its slash, "" when the path names none. */
static struct str
settings_folder(const struct settings *s)
{
	const char *slash = strrchr(s->path, '/');

	return str_sub(str_of(s->path), 0,
	    slash != NULL ? (size_t)(slash - s->path) + 1 : 0);
}

/* Is the text a word that stands for no file? */
static bool
settings_is_word(size_t index, struct str text)
{
	struct str words = str_of(settings_row(index)->most), word;

	while (words.n > 0) {
		(void)str_cut(words, '|', &word, &words);
		if (str_eq(text, word))
			return true;
	}
	return false;
}

static int
settings_set_path(const struct settings *s, void *of, size_t index,
    struct str text, struct err *e)
{
	struct str folder = settings_folder(s);
	char path[FILE_PATH_MAX];

	if (text.p[0] == '/' || settings_is_word(index, text))
		return settings_set_text(of, index, text, e);
	if (folder.n + text.n >= sizeof(path))
		return err_set(e, REASON_INTERNAL,
		    "a path of %zu bytes with router.ini's folder, expected "
		    "at most %d", folder.n + text.n, FILE_PATH_MAX - 1);
	memcpy(path, folder.p, folder.n);
	memcpy(path + folder.n, text.p, text.n);
	return settings_set_text(of, index,
	    (struct str){ path, folder.n + text.n }, e);
}

static int
settings_set_users(void *of, size_t index, struct str text, struct err *e)
{
	char users[SETTINGS_USERS_MAX];

	if (settings_value_users(text, users, e) == -1)
		return -1;
	return settings_set_text(of, index, str_of(users), e);
}

/* A list that is one text. */
static int
settings_set_lines(void *of, size_t index, struct str text, struct err *e)
{
	char **member = settings_own_member(of, index);
	enum settings_kind kind = settings_kind_of(index);
	char *lines;
	int got = kind == SETTINGS_KIND_FIELDS ?
	    settings_list_fields(text, &lines, e) :
	    kind == SETTINGS_KIND_HOSTS ?
	    settings_list_hosts(text, &lines, e) :
	    kind == SETTINGS_KIND_REDACT ?
	    settings_list_redact(text, &lines, e) :
	    settings_list_pairs(text, &lines, e);

	if (got == -1)
		return -1;
	free(*member);
	*member = lines;
	return 0;
}

static int
settings_set_ranges(void *of, size_t index, struct str text, struct err *e)
{
	struct settings_ranges *member = settings_own_member(of, index);
	struct settings_ranges ranges;

	if (settings_list_ranges(text, &ranges, e) == -1)
		return -1;
	free(member->list);
	*member = ranges;
	return 0;
}

int
settings_set(const struct settings *s, void *of, size_t index,
    struct str text, struct err *e)
{
	enum settings_kind kind = settings_kind_of(index);
	void *member = settings_own_member(of, index);
	struct settings_value value;

	if (kind == SETTINGS_KIND_USERS)
		return settings_set_users(of, index, text, e);
	if (kind == SETTINGS_KIND_FIELDS || kind == SETTINGS_KIND_HOSTS ||
	    kind == SETTINGS_KIND_PAIRS || kind == SETTINGS_KIND_REDACT)
		return settings_set_lines(of, index, text, e);
	if (kind == SETTINGS_KIND_RANGES)
		return settings_set_ranges(of, index, text, e);
	if (settings_value_read(index, text, &value, e) == -1)
		return -1;
	if (kind == SETTINGS_KIND_PATH)
		return settings_set_path(s, of, index, text, e);
	if (settings_is_text(kind))
		return settings_set_text(of, index, text, e);
	if (kind == SETTINGS_KIND_RATE)
		*(struct settings_rate *)member = value.rate;
	else if (kind == SETTINGS_KIND_SHARE)
		*(struct settings_share *)member = value.share;
	else if (kind == SETTINGS_KIND_WORD)
		*(int *)member = (int)value.number;
	else if (kind == SETTINGS_KIND_WORDS)
		*(unsigned *)member = (unsigned)value.number;
	else if (kind == SETTINGS_KIND_BOOL)
		*(bool *)member = value.number == 1;
	else if (kind == SETTINGS_KIND_SIZE)
		*(uint64_t *)member = value.size;
	else
		*(int64_t *)member = value.number;
	return 0;
}

void
settings_clear(void *of, size_t first, size_t end)
{
	size_t i;

	for (i = first; i < end; i++) {
		void *member = settings_own_member(of, i);

		if (settings_is_text(settings_kind_of(i)))
			free(*(char **)member);
		else if (settings_kind_of(i) == SETTINGS_KIND_RANGES)
			free(((struct settings_ranges *)member)->list);
	}
}

/* ---- the defaults ---- */

static int
settings_default_map(struct settings *s, struct err *e)
{
	char path[sizeof(settings_map_folder) + sizeof(settings_map_name)];
	struct file_id id;

	if (file_identify(settings_map_folder, &id) != 1)
		return settings_set_path(s, s, SETTINGS_AT_map,
		    str_of(settings_map_name), e);
	snprintf(path, sizeof(path), "%s/%s", settings_map_folder,
	    settings_map_name);
	return settings_set_text(s, SETTINGS_AT_map, str_of(path), e);
}

bool
settings_state_folder(char to[FILE_PATH_MAX])
{
	char *path = realpath(SETTINGS_STATE_FOLDER, NULL);
	struct stat st;
	bool there = path != NULL && strlen(path) < FILE_PATH_MAX &&
	    lstat(path, &st) == 0 && S_ISDIR(st.st_mode);

	if (there)
		memcpy(to, path, strlen(path) + 1);
	free(path);
	return there;
}

/* One of somebody else's is no place for what only we may write. */
static bool
settings_is_own(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_uid == geteuid();
}

static int
settings_default_state(struct settings *s, struct err *e)
{
	struct str map = str_of(s->map);
	char path[FILE_PATH_MAX + sizeof(SETTINGS_STATE_NAME)];

	if (settings_state_folder(path) && settings_is_own(path))
		return settings_set_text(s, SETTINGS_AT_state_dir,
		    str_of(path), e);
	while (map.n > 0 && map.p[map.n - 1] != '/')
		map.n--;
	snprintf(path, sizeof(path), "%.*s%s", STR_ARG(map),
	    SETTINGS_STATE_NAME);
	return settings_set_text(s, SETTINGS_AT_state_dir, str_of(path), e);
}

static int
settings_default_users(struct settings *s, struct err *e)
{
	char users[64];
	uid_t web;
	int got = settings_value_user(STR("www-data"), &web, e);
	int n = snprintf(users, sizeof(users), "%lu",
	    (unsigned long)geteuid());

	if (got == -1)
		return -1;
	if (geteuid() != 0)
		n += snprintf(users + n, sizeof(users) - (size_t)n, ",0");
	if (got == 1 && web != geteuid())
		n += snprintf(users + n, sizeof(users) - (size_t)n, ",%lu",
		    (unsigned long)web);
	CHECK((size_t)n < sizeof(users));
	return settings_set_text(s, SETTINGS_AT_allow_users, str_of(users),
	    e);
}

/* What the table leaves to be worked out, where the file does not say it. */
int
settings_work_out(struct settings *s, struct err *e)
{
	if (s->map == NULL && settings_default_map(s, e) == -1)
		return -1;
	if (s->state_dir == NULL && settings_default_state(s, e) == -1)
		return -1;
	if (s->allow_users == NULL && settings_default_users(s, e) == -1)
		return -1;
	if (settings_fill(s, 0, SETTINGS_AT_LOG, e) == -1 ||
	    settings_fill(&s->log, SETTINGS_AT_LOG, SETTINGS_AT_EGRESS,
	        e) == -1 || settings_named_private(s, e) == -1)
		return -1;
	return settings_fill(&s->egress, SETTINGS_AT_EGRESS, SETTINGS_AT_TLS,
	    e);
}

int
settings_preset(const struct settings *s, void *of, size_t first, size_t end,
    struct err *e)
{
	size_t i;

	for (i = first; i < end; i++) {
		struct str preset = str_of(settings_row(i)->preset);

		if (preset.n > 0 && settings_set(s, of, i, preset, e) == -1)
			return -1;
	}
	return 0;
}

int
settings_fill(void *of, size_t first, size_t end, struct err *e)
{
	size_t i;

	for (i = first; i < end; i++)
		if (settings_is_text(settings_kind_of(i)) &&
		    *(char **)settings_own_member(of, i) == NULL &&
		    settings_set_text(of, i, STR(""), e) == -1)
			return -1;
	return 0;
}
