/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * settings: router.ini, read and checked as a whole.
 *
 * The text is looked at before iniparser reads it, so that what iniparser
 * takes silently (duplicate keys, sections that merge by case, values cut at
 * ';' or '#', lines of 1,023 bytes, on/off, numbers with tails, a byte order
 * mark, a directory, unknown keys) is an error with its line. A broken file is
 * refused whole; every error is told.
 */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/cidr.h"
#include "base/err.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/str.h"
#include "http/host.h"
#include "report/redact.h"

/* A member of each kind of settings.tbl.h; times in ms, sizes in bytes. */
#define SETTINGS_PATH(member) char *member;
#define SETTINGS_USERS(member) char *member;
#define SETTINGS_NAME(member) char *member;
#define SETTINGS_TEXT(member) char *member;
#define SETTINGS_FIELD(member) char *member;
#define SETTINGS_URL(member) char *member;
#define SETTINGS_FIELDS(member) char *member;
#define SETTINGS_PAIRS(member) char *member;
#define SETTINGS_HOSTS(member) char *member;
#define SETTINGS_RANGES(member) struct settings_ranges member;
#define SETTINGS_WORD(member) int member;
#define SETTINGS_WORDS(member) unsigned member;
#define SETTINGS_BOOL(member) bool member;
#define SETTINGS_COUNT(member) int64_t member;
#define SETTINGS_TIME(member) int64_t member;
#define SETTINGS_SIZE(member) uint64_t member;
#define SETTINGS_RATE(member) struct settings_rate member;
#define SETTINGS_BY(member) char *member;
#define SETTINGS_FILTER(member) char *member;
#define SETTINGS_LINE(member) char *member;
#define SETTINGS_SHARE(member) struct settings_share member;
#define SETTINGS_REDACT(member) char *member;

struct access_log;
struct filter;
struct format;

struct settings_ranges {
	struct cidr *list;
	size_t count;
};

/* `count` in `per_us`; count 0: no limit. */
struct settings_rate {
	uint64_t count;
	int64_t per_us;
};

/* `take` in `of`. */
struct settings_share {
	uint64_t take;
	uint64_t of;
};

/* What is declared by a section of its own, [plan:NAME]. */
enum settings_named {
	SETTINGS_PLAN = 0,
	SETTINGS_AUTH,
	SETTINGS_TLS,
	SETTINGS_SIGN,
	SETTINGS_EGRESS,
	SETTINGS_LOG,
	SETTINGS_FORMAT,
	SETTINGS_NAMED_COUNT /* last */
};

enum settings_log_key {
#define SETTING_LOG(key, member, kind, preset, least, most, manual) \
	SETTINGS_LOG_##member,
#include "settings/settings.tbl.h"
	SETTINGS_LOG_KEYS /* last */
};

/* What [log] or a [log:NAME] says, and what was made of it: NULL before
 * logs_open, freed with the settings. */
struct settings_log {
	char *name; /* NULL of [log] */
#define SETTING_LOG(key, member, kind, preset, least, most, manual) \
	SETTINGS_##kind(member)
#include "settings/settings.tbl.h"
	struct access_log *to;
	struct format *lines;
	struct filter *takes; /* NULL: all */
};

/* What a [format:NAME] says. */
struct settings_format {
	char *name;
#define SETTING_FORMAT(key, member, kind, preset, least, most, manual) \
	SETTINGS_##kind(member)
#include "settings/settings.tbl.h"
};

/* What [egress] or an [egress:NAME] says. All zero: the defaults. */
struct settings_egress {
	char *name; /* NULL of [egress] */
#define SETTING_EGRESS(key, member, kind, preset, least, most, manual) \
	SETTINGS_##kind(member)
#include "settings/settings.tbl.h"
};

enum settings_tls_key {
#define SETTING_TLS(key, member, kind, preset, least, most, manual) \
	SETTINGS_TLS_##member,
#include "settings/settings.tbl.h"
	SETTINGS_TLS_KEYS /* last */
};

/* Where router.ini has a value. */
struct settings_spot {
	size_t line; /* from 1; 0: it is not there */
	size_t column;
};

/* What a [tls:NAME] says. Its files were not looked at. */
struct settings_tls {
	char *name;
#define SETTING_TLS(key, member, kind, preset, least, most, manual) \
	SETTINGS_##kind(member)
#include "settings/settings.tbl.h"
	struct settings_spot places[SETTINGS_TLS_KEYS];
};

enum settings_auth_key {
#define SETTING_AUTH(key, member, kind, preset, least, most, manual) \
	SETTINGS_AUTH_##member,
#include "settings/settings.tbl.h"
	SETTINGS_AUTH_KEYS /* last */
};

/* What an [auth:NAME] says. Its files were not looked at. */
struct settings_auth {
	char *name;
#define SETTING_AUTH(key, member, kind, preset, least, most, manual) \
	SETTINGS_##kind(member)
#include "settings/settings.tbl.h"
	struct settings_spot places[SETTINGS_AUTH_KEYS];
};

enum settings_sign_key {
#define SETTING_SIGN(key, member, kind, preset, least, most, manual) \
	SETTINGS_SIGN_##member,
#include "settings/settings.tbl.h"
	SETTINGS_SIGN_KEYS /* last */
};

/* What a [sign:NAME] says. */
struct settings_sign {
	char *name;
#define SETTING_SIGN(key, member, kind, preset, least, most, manual) \
	SETTINGS_##kind(member)
#include "settings/settings.tbl.h"
	struct settings_spot places[SETTINGS_SIGN_KEYS];
	struct secret key; /* empty: the file was not read; see sign_load */
};

/* What a [plan:NAME] says. */
struct settings_plan {
	char *name;
#define SETTING_PLAN(key, member, kind, preset, least, most, manual) \
	SETTINGS_##kind(member)
#include "settings/settings.tbl.h"
};

/*
 * Read-only once loaded, by any number of threads. Texts are never NULL.
 * Relative paths of the file have its folder before them. What is worked out
 * at start is filled in by settings_load, save workers_min, which stays 0: the
 * program decides it, and never above workers_max. allow_users is always
 * user numbers parted by commas; names were looked up when it was loaded.
 * FIELDS, REDACT, `named` and `private_names` are as str_lines_have takes
 * them. Of WORDS each is a bit, 1u << its index; PAIRS are NAME:FIELD each,
 * parted by LF, as in the file.
 */
struct settings {
#define SETTING(section, key, member, kind, preset, least, most, manual) \
	SETTINGS_##kind(member)
#include "settings/settings.tbl.h"
	struct settings_log log;          /* [log] */
	struct settings_log *logs;        /* [log:NAME] */
	size_t log_count;
	struct redact redact;             /* see logs_open */
	struct settings_format *formats;  /* [format:NAME] */
	size_t format_count;
	struct settings_egress egress;    /* [egress] */
	struct settings_egress *egresses; /* [egress:NAME] */
	size_t egress_count;
	struct settings_tls *tls;         /* [tls:NAME] */
	size_t tls_count;
	struct settings_auth *auths;      /* [auth:NAME] */
	size_t auth_count;
	struct settings_sign *signs;      /* [sign:NAME] */
	size_t sign_count;
	char *private_names; /* header fields that no client may send on to an
	                        origin: private_headers, those of signs, of
	                        claims, and of what auths copy */
	struct settings_plan *plans;      /* [plan:NAME] */
	size_t plan_count;
	char *named[SETTINGS_NAMED_COUNT]; /* the names that are declared */
	char *path;      /* of router.ini; "" when there is none */
	struct file_id file; /* what was read there */
	atomic_int refs; /* see settings_take */
	struct settings *older; /* in force before, and not done with; of
	                           serve/process alone */
};

/* Indexes of WORD and WORDS settings. */
enum { SETTINGS_HOST_ORIGIN = 0, SETTINGS_HOST_PRESERVE };
enum { SETTINGS_SPOOL_AUTO = 0, SETTINGS_SPOOL_YES, SETTINGS_SPOOL_NO };
enum { SETTINGS_BAD_HEADER_DROP = 0, SETTINGS_BAD_HEADER_REFUSE };
enum { SETTINGS_PRIVATE_WRITTEN = 0, SETTINGS_PRIVATE_NEVER };
enum settings_auth_type {
	SETTINGS_AUTH_BEARER = 0,
	SETTINGS_AUTH_BASIC,
	SETTINGS_AUTH_JWT,
	SETTINGS_AUTH_FORWARD,
	SETTINGS_AUTH_TYPES /* last */
};
enum settings_jwt { /* bits of `algorithm` */
	SETTINGS_JWT_HS256 = 0,
	SETTINGS_JWT_RS256,
	SETTINGS_JWT_ES256,
	SETTINGS_JWT_EDDSA,
	SETTINGS_JWT_ALGORITHMS /* last */
};

/* Where state_dir is without that setting: in the first, if that is the
 * router's own, else under the second name beside the map. */
#define SETTINGS_STATE_FOLDER "/run/fcgi-router/state"
#define SETTINGS_STATE_NAME ".state"

/* Where the first one is: systemd makes it a link where a service's user is a
 * dynamic one. false: there is no such folder. */
bool settings_state_folder(char to[FILE_PATH_MAX]);

/*
 * Loads the file, or the defaults when path is NULL. Each mistake is given to
 * `tell` as one line "path:line:col: error: what, what was expected" (without
 * LF; columns count bytes; control bytes that it quotes are escaped), or
 * "path: cannot be read: why"; with tell NULL they go to msg_error.
 * 0 and *out (one count, yours), or -1 when there was any mistake.
 *
 * iniparser has one error callback for the whole process, so two loads at once
 * wait for each other. Other threads may go on reading older settings.
 */
ATTR_MUST_USE
int settings_load(const char *path, struct settings **out,
    void (*tell)(void *arg, const char *line), void *arg);

/*
 * Where router.ini is: `asked` (of -c) if not NULL, $ROUTER_INI, router.ini
 * beside the executable, /etc/fcgi-router/router.ini. 1 and `path` (an asked
 * or $ROUTER_INI one need not exist), 0: nowhere, -1 and e.
 */
ATTR_MUST_USE
int settings_find(const char *asked, char path[FILE_PATH_MAX], struct err *e);

/* One more holder; one holder less, the last frees. Thread-safe. */
struct settings *settings_take(struct settings *s);
void settings_drop(struct settings **s);

/* May that user's processes connect: is it in allow_users? */
bool settings_allows_user(const struct settings *s, uid_t user);

/* The word before ':' in a section; is [WORD:NAME] in router.ini? */
const char *settings_named_word(enum settings_named kind);
bool settings_has(const struct settings *s, enum settings_named kind,
    struct str name);

/* What [egress:NAME] says, of "" [egress]; what [tls:NAME], [auth:NAME],
 * [sign:NAME], [plan:NAME], [format:NAME] says. NULL: there is no such
 * section. */
const struct settings_egress *settings_egress_of(const struct settings *s,
    struct str name);
const struct settings_tls *settings_tls_of(const struct settings *s,
    struct str name);
const struct settings_auth *settings_auth_of(const struct settings *s,
    struct str name);
const struct settings_sign *settings_sign_of(const struct settings *s,
    struct str name);
const struct settings_plan *settings_plan_of(const struct settings *s,
    struct str name);
const struct settings_format *settings_format_of(const struct settings *s,
    struct str name);

/* Gives a mistake in router.ini, or in a file that it names, to `tell`, as
 * settings_load does. */
ATTR_PRINTF(5, 6)
void settings_tell_spot(const char *path, struct settings_spot at,
    void (*tell)(void *arg, const char *line), void *arg, const char *fmt,
    ...);

/* Writes every setting in force as a router.ini, for -t. */
void settings_print(const struct settings *s, FILE *to);

/* Number of settings, and the parts of one (static text, spelled as in
 * settings.tbl.h), for tests. */
size_t settings_count(void);
struct settings_row {
	const char *section, *key, *kind, *preset, *least, *most, *manual;
};
const struct settings_row *settings_row(size_t index);

/* Where a service is that router.ini names; texts are borrowed. */
struct settings_url {
	bool tls;
	struct host host;  /* empty of a Unix socket */
	uint16_t port;     /* 0 of a Unix socket */
	struct str socket; /* its path, else empty */
	struct str path;   /* canonical, and the query */
};

/* Reads a value of kind URL. 0, or -1 and e->text: "what, what was expected".
 * A value of a struct settings is always one. */
ATTR_MUST_USE
int settings_url_read(struct str text, struct settings_url *out,
    struct err *e);

/* Durations (`250ms 5s 2m 1h 1d`) and sizes (`512 64k 10m 1g`), as used in
 * router.ini and in lists. false: not one, or above INT64_MAX. */
bool settings_parse_time(struct str text, int64_t *ms);
bool settings_parse_size(struct str text, uint64_t *bytes);

#endif
