/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * auth_basic: names and passwords (RFC 7617) by a file of the C library's
 * hashes, which are made to be slow: what was right is remembered, few are
 * computed at once, and a name that is not there costs as much as one that is.
 */

#include "decide/auth_private.h"

#include <crypt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/late.h"

enum {
	AUTH_BASIC_NAME_MAX = 255,
	AUTH_BASIC_PASSWORD_MAX = 511 /* libcrypt takes no longer ones */
};

struct auth_basic {
	struct auth_lines users;
	unsigned most;           /* passwords that are computed at once */
	atomic_uint now;
	struct auth_right *right;
};

/* ---- libcrypt ---- */

LATE_NOTE(auth_basic_note, "auth", "Authentication by passwords",
    CRYPT_SONAME);

static struct auth_basic_calls {
	__typeof__(crypt_r) *crypt;
	__typeof__(crypt_checksalt) *look;
} auth_basic_calls; /* filled once, before there is any file */

static struct err auth_basic_why; /* it is not loaded */
static bool auth_basic_loaded;

static void
auth_basic_late(void)
{
	static const struct late_call list[] = {
		LATE_CALL(auth_basic_calls, crypt, "crypt_r"),
		LATE_CALL(auth_basic_calls, look, "crypt_checksalt")
	};

	auth_basic_loaded = late_load(CRYPT_SONAME, list,
	    sizeof(list) / sizeof(list[0]), &auth_basic_calls,
	    &auth_basic_why) == 0;
}

/* 0, or -1 and e. */
static int
auth_basic_begin(struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	CHECK(pthread_once(&once, auth_basic_late) == 0);
	if (auth_basic_loaded)
		return digest_begin(e);
	*e = auth_basic_why;
	return -1;
}

/* ---- the file ---- */

/*
 * Is the hash whole, of a kind that libcrypt here computes and that a password
 * is safe in? DES reads eight characters of it and is none.
 */
static bool
auth_basic_is_hash(const char *hash)
{
	static const struct {
		const char *begin;
		size_t tail; /* characters behind the last '$' */
	} kinds[] = {
		{ "$2a$", 53 }, { "$2b$", 53 }, { "$2y$", 53 }, /* bcrypt */
		{ "$y$", 43 },                                  /* yescrypt */
		{ "$6$", 86 }, { "$5$", 43 },                   /* SHA-crypt */
		{ "$1$", 22 }                                   /* MD5 */
	};
	const char *last = strrchr(hash, '$');
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int is;

		if (strncmp(hash, kinds[i].begin, strlen(kinds[i].begin)) != 0)
			continue;
		is = auth_basic_calls.look(hash);
		return strlen(last + 1) == kinds[i].tail &&
		    is != CRYPT_SALT_INVALID &&
		    is != CRYPT_SALT_METHOD_DISABLED;
	}
	return false;
}

static const char *
auth_basic_name_flaw(struct str name)
{
	size_t i;

	if (name.n == 0 || name.n > AUTH_BASIC_NAME_MAX)
		return "no name, or a long one";
	for (i = 0; i < name.n; i++)
		if (str_is_control(name.p[i]))
			return "a control byte in a name";
	return NULL;
}

int
auth_basic_cut(struct secret line, struct auth_line *out, size_t *column,
    struct err *e)
{
	struct str whole = str_trim((struct str){ line.p, line.n });
	struct str name, hash, unused;
	bool cut = str_cut(whole, ':', &name, &hash);
	const char *flaw = cut ? auth_basic_name_flaw(name) : "no ':'";

	if (auth_basic_begin(e) == -1)
		return -1;
	if (flaw != NULL)
		return err_set(e, REASON_INTERNAL,
		    "%s, expected NAME:HASH, the name of at most %d bytes",
		    flaw, AUTH_BASIC_NAME_MAX);
	(void)str_cut(hash, ':', &hash, &unused);
	*column = (size_t)(name.p + name.n - line.p) + 2;
	line.p[(size_t)(hash.p - line.p) + hash.n] = '\0';
	if (strlen(hash.p) != hash.n || !auth_basic_is_hash(hash.p))
		return err_set(e, REASON_INTERNAL,
		    "a hash that libcrypt cannot compute, or a weak or cut "
		    "one, expected bcrypt ($2y$, of 'htpasswd -B'), yescrypt "
		    "or SHA-crypt (of 'mkpasswd'), or $1$");
	out->key = name;
	out->rest = hash;
	return 0;
}

static unsigned
auth_basic_most(const struct settings *s)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	long most = s->workers_max > 1 ? (long)s->workers_max - 1 : 1;

	return (unsigned)(cores < 1 ? 1 : cores < most ? cores : most);
}

int
auth_basic_load(const struct auth_loading *l, void **out)
{
	struct auth_basic *b;
	struct err e;

	if (auth_basic_begin(&e) == -1)
		return auth_tell(l, SETTINGS_AUTH_type, "%s", e.text);
	b = calloc(1, sizeof(*b));
	CHECK(b != NULL);
	if (auth_lines_load(l, auth_basic_cut, &b->users) == -1) {
		free(b);
		return -1;
	}
	b->most = auth_basic_most(l->settings);
	atomic_init(&b->now, 0);
	b->right = auth_right_new();
	*out = b;
	return 0;
}

void
auth_basic_free(void *loaded)
{
	struct auth_basic *b = loaded;

	auth_lines_free(&b->users);
	auth_right_free(&b->right);
	free(b);
}

/* ---- a request's ---- */

/* Name and password, with a NUL behind it. false: there are none. */
static bool
auth_basic_read(const struct auth_ask *ask, struct str *name,
    struct str *password)
{
	struct str text;
	size_t i;

	if (!auth_credentials(ask->request, STR("Basic"), &text))
		return false;
	text = auth_base64(text, ask->arena);
	for (i = 0; i < text.n; i++)
		if (str_is_control(text.p[i]))
			return false;
	return str_cut(text, ':', name, password) &&
	    password->n <= AUTH_BASIC_PASSWORD_MAX;
}

/* Is it? 1, 0, or -1 and e. */
static int
auth_basic_compute(const char *password, struct str hash, struct err *e)
{
	struct crypt_data *room = calloc(1, sizeof(*room));
	const char *got;
	bool same;

	if (room == NULL)
		return auth_full(e);
	got = auth_basic_calls.crypt(password, hash.p, room);
	same = got != NULL && digest_equal(str_of(got), hash);
	digest_wipe(room, sizeof(*room));
	free(room);
	return same;
}

/* The same, if not too many are computed just now: AUTH_BUSY. */
static int
auth_basic_compute_few(const struct auth_ask *ask, struct auth_basic *b,
    const char *password, struct str hash, struct err *e)
{
	int got = AUTH_BUSY;

	if (atomic_fetch_add(&b->now, 1) < b->most) {
		if (ask->held != NULL)
			ask->held(ask->held_arg, true);
		got = auth_basic_compute(password, hash, e);
		if (ask->held != NULL)
			ask->held(ask->held_arg, false);
	}
	atomic_fetch_sub(&b->now, 1);
	return got;
}

/* Is it that user's? As above. Nobody's is compared with somebody's. */
static int
auth_basic_check(const struct auth_ask *ask, struct str name,
    struct str password, struct err *e)
{
	struct auth_basic *b = ask->loaded;
	const struct auth_line *user = auth_lines_find(&b->users, name);
	struct str hash = b->users.count > 0 ? b->users.list[0].rest :
	    (struct str){ NULL, 0 };
	struct digest digest;
	struct str what;
	int got;

	if (user != NULL)
		hash = user->rest;
	if (hash.p == NULL)
		return 0;
	what = arena_printf(ask->arena, "%.*s:%.*s:%.*s", STR_ARG(name),
	    STR_ARG(hash), STR_ARG(password));
	if (what.p == NULL)
		return auth_full(e);
	got = auth_right_knows(b->right, what, &digest, e);
	if (got == -1 || (got == 1 && user != NULL))
		return got;
	got = auth_basic_compute_few(ask, b, password.p, hash, e);
	if (got != 1 || user == NULL)
		return got == 1 ? 0 : got;
	auth_right_note(b->right, &digest);
	return 1;
}

int
auth_basic_ask(const struct auth_ask *ask, struct auth_answer *out,
    struct err *e)
{
	struct str name, password;
	int got = 0;

	if (auth_basic_read(ask, &name, &password))
		got = auth_basic_check(ask, name, password, e);
	if (got == 1) {
		out->identity = name;
		out->consumed = STR("Authorization");
		return AUTH_YES;
	}
	return got != 0 ? got : auth_challenge(ask, out, STR("Basic"),
	    STR(", charset=\"UTF-8\""), e);
}
