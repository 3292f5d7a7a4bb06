/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * settings_private: what the files of this room share.
 */
#ifndef SETTINGS_SETTINGS_PRIVATE_H
#define SETTINGS_SETTINGS_PRIVATE_H

#include "base/err.h"
#include "base/str.h"
#include "settings/settings.h"

/* Rows, in the order of the table; [log] and [egress] stand behind what has no
 * name, and then those that only sections with a name have. */
enum settings_index {
#define SETTING(section, key, member, kind, preset, least, most, manual) \
	SETTINGS_AT_##member,
#include "settings/settings.tbl.h"
	SETTINGS_AT_LOG,
	SETTINGS_BEFORE_LOG = SETTINGS_AT_LOG - 1,
#define SETTING_LOG(key, member, kind, preset, least, most, manual) \
	SETTINGS_AT_LOG_##member,
#include "settings/settings.tbl.h"
	SETTINGS_AT_EGRESS,
	SETTINGS_BEFORE_EGRESS = SETTINGS_AT_EGRESS - 1,
#define SETTING_EGRESS(key, member, kind, preset, least, most, manual) \
	SETTINGS_AT_EGRESS_##member,
#include "settings/settings.tbl.h"
	SETTINGS_AT_TLS,
	SETTINGS_BEFORE_TLS = SETTINGS_AT_TLS - 1,
#define SETTING_TLS(key, member, kind, preset, least, most, manual) \
	SETTINGS_AT_TLS_##member,
#include "settings/settings.tbl.h"
	SETTINGS_AT_AUTH,
	SETTINGS_BEFORE_AUTH = SETTINGS_AT_AUTH - 1,
#define SETTING_AUTH(key, member, kind, preset, least, most, manual) \
	SETTINGS_AT_AUTH_##member,
#include "settings/settings.tbl.h"
	SETTINGS_AT_SIGN,
	SETTINGS_BEFORE_SIGN = SETTINGS_AT_SIGN - 1,
#define SETTING_SIGN(key, member, kind, preset, least, most, manual) \
	SETTINGS_AT_SIGN_##member,
#include "settings/settings.tbl.h"
	SETTINGS_AT_PLAN,
	SETTINGS_BEFORE_PLAN = SETTINGS_AT_PLAN - 1,
#define SETTING_PLAN(key, member, kind, preset, least, most, manual) \
	SETTINGS_AT_PLAN_##member,
#include "settings/settings.tbl.h"
	SETTINGS_AT_FORMAT,
	SETTINGS_BEFORE_FORMAT = SETTINGS_AT_FORMAT - 1,
#define SETTING_FORMAT(key, member, kind, preset, least, most, manual) \
	SETTINGS_AT_FORMAT_##member,
#include "settings/settings.tbl.h"
	SETTINGS_COUNT /* last */
};

enum settings_kind {
	SETTINGS_KIND_PATH = 0,
	SETTINGS_KIND_USERS,
	SETTINGS_KIND_NAME,
	SETTINGS_KIND_TEXT,
	SETTINGS_KIND_FIELD,
	SETTINGS_KIND_URL,
	SETTINGS_KIND_FIELDS,
	SETTINGS_KIND_HOSTS,
	SETTINGS_KIND_PAIRS,
	SETTINGS_KIND_RANGES,
	SETTINGS_KIND_WORD,
	SETTINGS_KIND_WORDS,
	SETTINGS_KIND_BOOL,
	SETTINGS_KIND_COUNT,
	SETTINGS_KIND_TIME,
	SETTINGS_KIND_SIZE,
	SETTINGS_KIND_RATE,
	SETTINGS_KIND_BY,
	SETTINGS_KIND_FILTER,
	SETTINGS_KIND_LINE,
	SETTINGS_KIND_SHARE,
	SETTINGS_KIND_REDACT
};

/* Whom mistakes are told, and how many there were. */
struct settings_report {
	const char *path;
	void (*tell)(void *arg, const char *line);
	void *arg;
	size_t mistakes;
};

/* line 0: of the file as a whole. */
ATTR_PRINTF(4, 5)
void settings_tell(struct settings_report *r, size_t line, size_t column,
    const char *fmt, ...);

/* Input as it may stand in a message: ASCII, escaped, the beginning. */
struct settings_quote {
	char text[96];
};

struct settings_quote settings_quote(struct str s);

/* Where a setting stands in the text. */
struct settings_place {
	struct str value; /* as iniparser reads it, borrowed from the text */
	size_t line;      /* from 1; 0: it is not there */
	size_t column;    /* of the value */
};

enum { SETTINGS_DECLARED_MAX = 1000, SETTINGS_NAMED_ROWS = 24 };

/* [KIND:NAME] sections, as they stand in the text; names are borrowed. */
struct settings_declared {
	size_t count;
	struct settings_declaration {
		enum settings_named kind;
		struct str name;
		size_t line;
		struct settings_place places[SETTINGS_NAMED_ROWS];
	} list[SETTINGS_DECLARED_MAX];
};

/* The rows that sections of that kind have: `count` from the answer on. */
size_t settings_named_rows(enum settings_named kind, size_t *count);

/* The section [KIND:NAME]; NULL: there is none. */
const struct settings_declaration *settings_find_declared(
    const struct settings_declared *declared, enum settings_named kind,
    struct str name);

/*
 * The own look: tells every mistake of the text, of its values too, and fills
 * the places of the settings that it has (SETTINGS_COUNT of them), and what is
 * declared.
 */
void settings_text_look(struct str text, struct settings_place *places,
    struct settings_declared *declared, struct settings_report *r);

struct settings_value {
	int64_t number; /* TIME, COUNT; the index of a WORD; the bits of WORDS;
	                   1 or 0 of a BOOL */
	uint64_t size;  /* SIZE */
	struct settings_rate rate;
	struct settings_share share;
};

/*
 * What a row of the table asks for; where its value is kept in what has such
 * rows: struct settings, or one of a section with a name.
 */
enum settings_kind settings_kind_of(size_t index);
const void *settings_member(const void *of, size_t index);

/* Where in struct settings that is which has the row; of those that only
 * sections with a name have it is nowhere. */
size_t settings_holder(size_t index);

/* Sets the row's member of `of` to what the table or router.ini spells; texts
 * that are not there are "". 0, or -1 and e->text. */
ATTR_MUST_USE
int settings_set(const struct settings *s, void *of, size_t index,
    struct str text, struct err *e);
ATTR_MUST_USE
int settings_preset(const struct settings *s, void *of, size_t first,
    size_t end, struct err *e);
ATTR_MUST_USE
int settings_fill(void *of, size_t first, size_t end, struct err *e);

/* What the table leaves to be worked out, where the file does not say it.
 * 0, or -1 and e->text. */
ATTR_MUST_USE int settings_work_out(struct settings *s, struct err *e);

/* Frees the members [first, end) of `of`. */
void settings_clear(void *of, size_t first, size_t end);

/* A text for free(). NULL: out of memory. */
char *settings_copy(struct str s);

/* ---- sections with a name ---- */

/* Tells what no line of such a section is wrong about alone. */
void settings_plan_look(const struct settings_declaration *named,
    struct settings_report *r);
void settings_named_look(const struct settings_declared *declared,
    struct settings_report *r);
void settings_log_look(const struct settings_place *places,
    const struct settings_declared *declared, struct settings_report *r);

/* Has a [log:NAME] the setting, one of enum settings_log_key? */
bool settings_log_takes(size_t at);

/* Frees what was made of it. */
void settings_log_clear(struct settings_log *log);
void settings_auth_look(const struct settings_declaration *named,
    const struct settings_declared *declared, struct settings_report *r);

/* Has its type the setting, one of enum settings_auth_key? */
bool settings_auth_takes(const struct settings_auth *s, size_t at);

/* Works out s->private_names. 0, or -1 and e: no memory. */
ATTR_MUST_USE int settings_named_private(struct settings *s, struct err *e);

/* Takes over what is declared. Mistakes are told. */
void settings_named_use(struct settings *s,
    const struct settings_declared *declared, struct settings_report *r);
void settings_named_clear(struct settings *s);

/* What [KIND:NAME] says; NULL: there is none. */
const void *settings_named_of(const struct settings *s,
    enum settings_named kind, struct str name);

/*
 * Reads and checks a value. PATH, NAME, TEXT, FIELD, BY and lists have none
 * here, and are checked.
 * 0, or -1 and e->text: "what, what was expected".
 */
ATTR_MUST_USE
int settings_value_read(size_t index, struct str text,
    struct settings_value *out, struct err *e);

enum { SETTINGS_USERS_MAX = 4096 };

/*
 * Names and numbers to numbers parted by commas. 0, or -1 and e->text.
 */
ATTR_MUST_USE
int settings_value_users(struct str text, char out[SETTINGS_USERS_MAX],
    struct err *e);

/* ---- lists ---- */

/* The next word of a list parted by commas or blanks. false: no more. */
bool settings_next_word(struct str *list, struct str *word);

/* The words in lower case, sorted, each once, parted by LF, for free(); NULL:
 * out of memory. The list is put into that order. */
char *settings_join(struct str *list, size_t count);

enum { SETTINGS_WORDS_MAX = 256 }; /* of a list */

/* *out is for free(), not touched on failure. 0, or -1 and e->text. */
ATTR_MUST_USE
int settings_list_ranges(struct str text, struct settings_ranges *out,
    struct err *e);
ATTR_MUST_USE
int settings_list_fields(struct str text, char **out, struct err *e);
ATTR_MUST_USE
int settings_list_hosts(struct str text, char **out, struct err *e);
ATTR_MUST_USE
int settings_list_pairs(struct str text, char **out, struct err *e);
ATTR_MUST_USE
int settings_list_redact(struct str text, char **out, struct err *e);
ATTR_MUST_USE
int settings_list_words(const char *words, struct str text, int64_t *out,
    struct err *e);

/* The index of text among words parted by '|', or -1. */
int settings_word_index(struct str text, struct str words);

/* The FIELD of a NAME:FIELD. */
struct str settings_pair_field(struct str pair);

/* One of nobody's that begins with X-. 0, or -1 and e->text. */
ATTR_MUST_USE int settings_list_field(struct str text, struct err *e);

/* The user's number. 1 found, 0 no such user, -1 and e->text. */
ATTR_MUST_USE
int settings_value_user(struct str name, uid_t *out, struct err *e);

#endif
