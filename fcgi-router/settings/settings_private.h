/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * settings_private: what the files of this room share.
 */
#ifndef SETTINGS_SETTINGS_PRIVATE_H
#define SETTINGS_SETTINGS_PRIVATE_H

#include "base/err.h"
#include "base/str.h"
#include "settings/settings.h"

enum settings_index {
#define SETTING(section, key, member, kind, preset, least, most, manual) \
	SETTINGS_AT_##member,
#include "settings/settings.tbl.h"
#undef SETTING
	SETTINGS_COUNT /* last */
};

enum settings_kind {
	SETTINGS_KIND_PATH = 0,
	SETTINGS_KIND_USERS,
	SETTINGS_KIND_NAME,
	SETTINGS_KIND_FIELDS,
	SETTINGS_KIND_RANGES,
	SETTINGS_KIND_WORD,
	SETTINGS_KIND_BOOL,
	SETTINGS_KIND_COUNT,
	SETTINGS_KIND_TIME,
	SETTINGS_KIND_SIZE
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

enum { SETTINGS_DECLARED_MAX = 1000 };

/* [KIND:NAME] sections, as they stand in the text; names are borrowed. */
struct settings_declared {
	size_t count;
	struct settings_declaration {
		enum settings_named kind;
		struct str name;
		size_t line;
	} list[SETTINGS_DECLARED_MAX];
};

/*
 * The own look: tells every mistake of the text, of its values too, and fills
 * the places of the settings that it has (SETTINGS_COUNT of them), and what is
 * declared.
 */
void settings_text_look(struct str text, struct settings_place *places,
    struct settings_declared *declared, struct settings_report *r);

struct settings_value {
	int64_t number; /* TIME, COUNT; the index of a WORD; 1 or 0 of a BOOL */
	uint64_t size;  /* SIZE */
};

/* What a row of the table asks for, and its member of struct settings. */
enum settings_kind settings_kind_of(size_t index);
const void *settings_member(const struct settings *s, size_t index);

/*
 * Reads and checks a value. PATH, NAME and lists have none here, and are
 * checked.
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

/* The user's number. 1 found, 0 no such user, -1 and e->text. */
ATTR_MUST_USE
int settings_value_user(struct str name, uid_t *out, struct err *e);

#endif
