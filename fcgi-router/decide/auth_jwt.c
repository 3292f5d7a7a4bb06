/* SPDX-License-Identifier: BSD-2-Clause */

/* auth_jwt: its keys, and what becomes of a token's claims. */

#include "decide/auth_jwt_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "decide/auth_private.h"

enum {
	AUTH_JWT_FILE_MAX = 64 << 10,
	AUTH_JWT_SECRET_LEAST = 32 /* bytes (RFC 7518 3.2) */
};

static const char auth_jwt_expected[] =
    "expected one of 32 bytes or more in each line, \"base64:\" before what is "
    "no text";

/* ---- secrets ---- */

/* In place: what it is made from is longer. */
static int
auth_jwt_unpack(struct secret *secret, struct err *e)
{
	const struct str mark = STR("base64:");
	struct str text = { secret->p, secret->n }, bytes;
	struct arena a;

	if (!str_starts(text, mark))
		return 0;
	arena_init(&a, 2 * AUTH_JWT_FILE_MAX);
	bytes = auth_base64(str_sub(text, mark.n, text.n), &a);
	secret->n = bytes.n;
	memcpy(secret->p, bytes.p != NULL ? bytes.p : "", bytes.n);
	arena_fini(&a);
	return bytes.p != NULL ? 0 : err_set(e, REASON_INTERNAL,
	    "a secret that is not base64, %s", auth_jwt_expected);
}

static int
auth_jwt_add_secret(struct auth_jwt_keys *keys, struct secret line,
    struct err *e)
{
	if (line.n == 0)
		return 0;
	if (keys->count == AUTH_JWT_SECRETS)
		return err_set(e, REASON_INTERNAL,
		    "too many secrets, expected at most %d",
		    AUTH_JWT_SECRETS);
	if (auth_jwt_unpack(&line, e) == -1)
		return -1;
	if (line.n < AUTH_JWT_SECRET_LEAST)
		return err_set(e, REASON_INTERNAL,
		    "a secret of %zu bytes, %s", line.n, auth_jwt_expected);
	keys->secrets[keys->count++] = (struct str){ line.p, line.n };
	return 0;
}

int
auth_jwt_secrets(struct secret *text, struct auth_jwt_keys *out,
    struct err *e)
{
	struct str left = { text->p, text->n }, line;

	out->text = *text;
	*text = (struct secret){ NULL, 0 };
	if (left.n > 0 && memmem(left.p, left.n, "-----BEGIN", 10) != NULL)
		return err_set(e, REASON_INTERNAL,
		    "a key in PEM, which others may know, %s",
		    auth_jwt_expected);
	while (left.n > 0) {
		(void)str_cut(left, '\n', &line, &left);
		if (str_ends(line, STR("\r")))
			line.n--;
		if (auth_jwt_add_secret(out, (struct secret){
		    out->text.p + (line.p - out->text.p), line.n }, e) == -1)
			return -1;
	}
	if (out->count > 0)
		return 0;
	return err_set(e, REASON_INTERNAL, "no secret, %s",
	    auth_jwt_expected);
}

/* ---- the key file ---- */

static bool
auth_jwt_is_secret(const struct settings_auth *s)
{
	return (s->algorithm & 1u << SETTINGS_JWT_HS256) != 0;
}

/* Is there a key for each? */
static int
auth_jwt_look_kinds(const struct settings_auth *s,
    const struct pubkey_set *set, struct err *e)
{
	static const struct {
		enum settings_jwt algorithm;
		enum pubkey_kind kind;
		const char *missing;
	} kinds[] = {
		{ SETTINGS_JWT_RS256, PUBKEY_RSA, "RSA key, as RS256" },
		{ SETTINGS_JWT_ES256, PUBKEY_P256, "P-256 key, as ES256" },
		{ SETTINGS_JWT_EDDSA, PUBKEY_ED25519, "Ed25519 key, as EdDSA" }
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((s->algorithm & 1u << kinds[i].algorithm) != 0 &&
		    !pubkey_has(set, kinds[i].kind))
			return err_set(e, REASON_INTERNAL,
			    "no %s of 'algorithm' expects", kinds[i].missing);
	return 0;
}

static int
auth_jwt_read_keys(const struct settings_auth *s, struct auth_jwt_keys *keys,
    struct err *e)
{
	struct secret text;
	int got;

	if (auth_jwt_is_secret(s))
		return secret_read(s->key, AUTH_JWT_FILE_MAX, &text, e) == -1 ?
		    -1 : auth_jwt_secrets(&text, keys, e);
	if (secret_read_shown(s->key, AUTH_JWT_FILE_MAX, &text, e) == -1)
		return -1;
	got = pubkey_read((struct str){ text.p, text.n }, &keys->public, e);
	secret_free(&text);
	keys->right = auth_right_new();
	return got == -1 ? -1 : auth_jwt_look_kinds(s, keys->public, e);
}

int
auth_jwt_load(const struct auth_loading *l, void **out)
{
	const struct settings_auth *s = l->section;
	struct auth_jwt_keys *keys;
	struct err e;

	if (auth_jwt_is_secret(s) &&
	    s->algorithm != 1u << SETTINGS_JWT_HS256)
		return auth_tell(l, SETTINGS_AUTH_algorithm,
		    "HS256 beside others, expected it alone: whoever can check "
		    "its tokens can make them");
	if (digest_begin(&e) == -1 || auth_json_begin(&e) == -1)
		return auth_tell(l, SETTINGS_AUTH_type, "%s", e.text);
	keys = calloc(1, sizeof(*keys));
	CHECK(keys != NULL);
	*out = keys;
	if (auth_jwt_read_keys(s, keys, &e) == 0)
		return 0;
	auth_jwt_free(keys);
	*out = NULL;
	return auth_tell(l, SETTINGS_AUTH_key, "'%.200s' cannot be used: %s",
	    s->key, e.text);
}

void
auth_jwt_free(void *loaded)
{
	struct auth_jwt_keys *keys = loaded;

	secret_free(&keys->text);
	pubkey_free(&keys->public);
	auth_right_free(&keys->right);
	free(keys);
}

/* ---- what the claims say ---- */

/* Who it is: 1, or 0: it says nothing of use. */
static int
auth_jwt_identity(const struct auth_ask *ask, const struct auth_json *claims,
    struct str *out)
{
	const char *name = ask->settings->identity;
	double number;

	if (!auth_json_text(claims, name, out) &&
	    !auth_json_number(claims, name, &number))
		return 0;
	return auth_json_word(claims, name, ask->arena, out) == 1 &&
	    out->n > 0;
}

/* A line CLAIM:FIELD. As auth_jwt_use. */
static int
auth_jwt_set(const struct auth_ask *ask, const struct auth_json *claims,
    struct str line, struct auth_answer *out, const char **why)
{
	struct str claim = line, field, value;
	int got;

	while (claim.p[claim.n - 1] != ':')
		claim.n--;
	field = str_sub(line, claim.n, line.n);
	claim = arena_copy(ask->arena, str_sub(claim, 0, claim.n - 1));
	if (claim.p == NULL)
		return -1;
	got = auth_json_word(claims, claim.p, ask->arena, &value);
	if (got != 1)
		return got == 0 ? 1 : -1;
	*why = "a claim cannot stand in a header field";
	if (!header_is_value(value))
		return 0;
	return header_add(&out->sets, field, value) == 0 ? 1 : -1;
}

/* 1; 0 and *why; -1: no room. */
static int
auth_jwt_use(const struct auth_ask *ask, const struct auth_json *claims,
    struct auth_answer *out, const char **why)
{
	struct str left = str_of(ask->settings->claims), line;
	int got = auth_jwt_identity(ask, claims, &out->identity);

	*why = "it has no 'identity'";
	if (auth_json_text(claims, ask->settings->plan, &line))
		out->plan = arena_copy(ask->arena, line);
	header_init(&out->sets, ask->arena);
	while (got == 1 && left.n > 0) {
		(void)str_cut(left, '\n', &line, &left);
		got = auth_jwt_set(ask, claims, line, out, why);
	}
	if (got == 1 && auth_json_words(claims, ask->arena, &out->claims,
	    &out->claim_count) == -1)
		got = -1;
	return ask->arena->full ? -1 : got;
}

/* ---- asking ---- */

/* A no tells the client little, and the log why. */
static int
auth_jwt_refuse(const struct auth_ask *ask, struct auth_answer *out,
    const char *why, struct err *e)
{
	struct str more = why == auth_jwt_expired ?
	    STR(", error=\"invalid_token\", "
	    "error_description=\"the token expired\"") :
	    STR(", error=\"invalid_token\", "
	    "error_description=\"the token is not valid\"");

	memset(out, 0, sizeof(*out));
	out->why = str_of(why);
	return auth_challenge(ask, out, STR("Bearer"), more, e);
}

/* consumed: the field that has the token, or none. */
static int
auth_jwt_ask_token(const struct auth_ask *ask, struct str token,
    struct str consumed, struct auth_answer *out, struct err *e)
{
	struct timespec now = clock_wall();
	struct auth_json *claims;
	const char *why;
	int got = auth_jwt_read(ask->settings, ask->loaded, token,
	    (double)now.tv_sec + (double)now.tv_nsec / 1e9, ask->arena,
	    &claims, &why, e);

	if (got == 1) {
		got = auth_jwt_use(ask, claims, out, &why);
		auth_json_free(&claims);
		if (got == -1)
			(void)auth_full(e);
	}
	if (got == -1)
		return -1;
	out->consumed = consumed;
	out->cookies = str_of(ask->settings->cookie);
	return got == 1 ? AUTH_YES : auth_jwt_refuse(ask, out, why, e);
}

/* Is there a Bearer in any of them, or what may be taken for one? */
static bool
auth_jwt_has_bearer(const struct request *r)
{
	size_t i;

	for (i = 0; i < r->fields.count; i++)
		if (r->fields.fields[i].id == NAME_AUTHORIZATION &&
		    str_starts_nocase(r->fields.fields[i].value,
		        STR("Bearer")))
			return true;
	return false;
}

/* How many there are of that name, and one of them. */
static size_t
auth_jwt_cookies(const struct request *r, struct str name, struct str *out)
{
	size_t count = 0, i;

	for (i = 0; i < r->fields.count; i++) {
		struct str left = r->fields.fields[i].value;

		if (r->fields.fields[i].id != NAME_COOKIE)
			continue;
		while (header_cookie_next(&left, name, out))
			count++;
	}
	return count;
}

int
auth_jwt_ask(const struct auth_ask *ask, struct auth_answer *out,
    struct err *e)
{
	struct str cookie = str_of(ask->settings->cookie), token;
	size_t cookies = 0;

	if (auth_credentials(ask->request, STR("Bearer"), &token))
		return auth_jwt_ask_token(ask, token, STR("Authorization"),
		    out, e);
	if (cookie.n > 0 && !auth_jwt_has_bearer(ask->request))
		cookies = auth_jwt_cookies(ask->request, cookie, &token);
	if (cookies == 1)
		return auth_jwt_ask_token(ask, token, STR(""), out, e);
	if (cookies > 1)
		return auth_jwt_refuse(ask, out,
		    "its cookie comes more than once", e);
	return auth_challenge(ask, out, STR("Bearer"), STR(""), e);
}
