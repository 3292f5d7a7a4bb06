/* SPDX-License-Identifier: BSD-2-Clause */

/* auth_jwt_token: its three parts, its signature, what it says. */

#include "decide/auth_jwt_private.h"

#include <string.h>

#include "base/digest.h"
#include "decide/auth_private.h"

/* The last second of the year 9999: later is a mistake, or milliseconds. */
static const double auth_jwt_time_max = 253402300799;

const char auth_jwt_expired[] = "its exp is over";

/* By SETTINGS_JWT_*: as tokens spell them, and whose key it is. */
static const struct auth_jwt_algorithm {
	struct str name;
	enum pubkey_kind kind;
} auth_jwt_algorithms[SETTINGS_JWT_ALGORITHMS] = {
	[SETTINGS_JWT_HS256] = { { "HS256", 5 }, PUBKEY_KINDS },
	[SETTINGS_JWT_RS256] = { { "RS256", 5 }, PUBKEY_RSA },
	[SETTINGS_JWT_ES256] = { { "ES256", 5 }, PUBKEY_P256 },
	[SETTINGS_JWT_EDDSA] = { { "EdDSA", 5 }, PUBKEY_ED25519 }
};

/* One token, while it is read. */
struct auth_jwt_token {
	const struct settings_auth *s;
	const struct auth_jwt_keys *keys;
	struct arena *arena;
	double now;
	struct str whole;
	struct str signed_text; /* of the two first parts, with their dot */
	struct str head, body, signature; /* as they came, then decoded */
	enum settings_jwt algorithm;
};

/* ---- the parts ---- */

/* As why of auth_jwt_read; NULL: there is nothing wrong. So do those below. */
static const char *
auth_jwt_cut(struct auth_jwt_token *t, struct str whole)
{
	struct str rest;

	if (whole.n > AUTH_JWT_TOKEN_MAX)
		return "it has more than 8,192 bytes";
	if (!str_cut(whole, '.', &t->head, &rest) ||
	    !str_cut(rest, '.', &t->body, &t->signature) ||
	    str_find(t->signature, '.') < t->signature.n)
		return "it has not three parts";
	t->signed_text = str_sub(whole, 0, t->head.n + 1 + t->body.n);
	t->head = auth_base64url(t->head, t->arena);
	t->body = auth_base64url(t->body, t->arena);
	t->signature = auth_base64url(t->signature, t->arena);
	if (t->head.p == NULL || t->body.p == NULL || t->signature.p == NULL)
		return "a part is not base64url as it has to be spelled";
	return NULL;
}

/* ---- the head ---- */

/* "application/" may be left out (RFC 7515 4.1.9). */
static struct str
auth_jwt_media(struct str type)
{
	const struct str application = STR("application/");

	return str_starts_nocase(type, application) ?
	    str_sub(type, application.n, type.n) : type;
}

/* A token for something else is none to come in with (RFC 8725 3.11). */
static const char *
auth_jwt_flaw_type(const struct auth_json *head)
{
	struct str type = STR("JWT");

	if (auth_json_has(head, "typ") &&
	    !auth_json_text(head, "typ", &type))
		return "its typ is no text";
	type = auth_jwt_media(type);
	if (!str_eq_nocase(type, STR("JWT")) &&
	    !str_eq_nocase(type, STR("at+jwt")))
		return "its typ is neither JWT nor at+jwt";
	if (auth_json_has(head, "cty"))
		return "it has a cty: there is a token in it, or what is no "
		    "JSON";
	return NULL;
}

static const char *
auth_jwt_flaw_head(struct auth_jwt_token *t, const struct auth_json *head)
{
	struct str name;
	int i;

	if (head == NULL)
		return "its head is no JSON object, or an ambiguous one";
	if (!auth_json_text(head, "alg", &name))
		return "it has no alg";
	for (i = 0; i < SETTINGS_JWT_ALGORITHMS; i++)
		if (str_eq(name, auth_jwt_algorithms[i].name))
			break;
	if (i == SETTINGS_JWT_ALGORITHMS ||
	    (t->s->algorithm & 1u << i) == 0)
		return "its alg is none of 'algorithm'";
	t->algorithm = (enum settings_jwt)i;
	if (auth_json_has(head, "crit"))
		return "it has a crit";
	return auth_jwt_flaw_type(head);
}

static const char *
auth_jwt_look_head(struct auth_jwt_token *t)
{
	struct auth_json *head = auth_json_read(t->head);
	const char *why = auth_jwt_flaw_head(t, head);

	auth_json_free(&head);
	return why;
}

/* ---- the signature ---- */

static int
auth_jwt_verify_secret(const struct auth_jwt_token *t, struct err *e)
{
	struct digest right;
	bool same = false;
	size_t i;

	for (i = 0; i < t->keys->count; i++) {
		if (digest_keyed(t->keys->secrets[i], t->signed_text, &right,
		    e) == -1)
			return -1;
		same = digest_equal((struct str){ (char *)right.bytes,
		    DIGEST_SIZE }, t->signature) || same;
	}
	digest_wipe(&right, sizeof(right));
	return same;
}

static int
auth_jwt_verify_public(const struct auth_jwt_token *t, struct err *e)
{
	return pubkey_verify(t->keys->public,
	    auth_jwt_algorithms[t->algorithm].kind, t->signed_text,
	    t->signature, e);
}

/* Is it right? 1, 0, or -1 and e. That a whole token was signed is remembered,
 * as it takes longer than all the rest; what it says is looked at again. */
static int
auth_jwt_verify(const struct auth_jwt_token *t, struct err *e)
{
	struct auth_right *right = t->keys->right;
	struct digest digest;
	int got;

	if (t->algorithm == SETTINGS_JWT_HS256)
		return auth_jwt_verify_secret(t, e);
	if (right == NULL)
		return auth_jwt_verify_public(t, e);
	got = auth_right_knows(right, t->whole, &digest, e);
	if (got != 0)
		return got;
	got = auth_jwt_verify_public(t, e);
	if (got == 1)
		auth_right_note(right, &digest);
	return got;
}

/* ---- what it says ---- */

/* A NumericDate: 1 and *out; 0: it is not there; -1: it is none. */
static int
auth_jwt_time(const struct auth_json *body, const char *name, double *out)
{
	if (!auth_json_has(body, name))
		return 0;
	return auth_json_number(body, name, out) && *out >= 0 &&
	    *out <= auth_jwt_time_max ? 1 : -1;
}

static const char *
auth_jwt_flaw_times(const struct auth_jwt_token *t,
    const struct auth_json *body)
{
	double leeway = (double)t->s->leeway / 1000;
	double expires = 0, from = 0, issued = 0;
	int got = auth_jwt_time(body, "exp", &expires);

	if (got == -1 || auth_jwt_time(body, "nbf", &from) == -1 ||
	    auth_jwt_time(body, "iat", &issued) == -1)
		return "its exp, nbf or iat is no time in seconds";
	if (got == 0 && t->s->require_exp)
		return "it has no exp";
	if (got == 1 && t->now >= expires + leeway)
		return auth_jwt_expired;
	if (t->now + leeway < from)
		return "its nbf is to come";
	if (t->now + leeway < issued)
		return "its iat is to come";
	return NULL;
}

/* A token for others is none for us, also where nobody says who we are (RFC
 * 7519 4.1.3). */
static const char *
auth_jwt_flaw_names(const struct auth_jwt_token *t,
    const struct auth_json *body)
{
	struct str issuer = str_of(t->s->issuer), name;
	struct str audience = str_of(t->s->audience);

	if (issuer.n > 0 && (!auth_json_text(body, "iss", &name) ||
	    !str_eq(name, issuer)))
		return "its iss is not 'issuer'";
	if (audience.n > 0 && !auth_json_lists(body, "aud", audience))
		return "its aud is not 'audience'";
	if (audience.n == 0 && auth_json_has(body, "aud"))
		return "it has an aud, and there is no 'audience'";
	return NULL;
}

static const char *
auth_jwt_flaw_body(const struct auth_jwt_token *t,
    const struct auth_json *body)
{
	const char *why;

	if (body == NULL)
		return "it holds no JSON object, or an ambiguous one";
	why = auth_jwt_flaw_times(t, body);
	return why != NULL ? why : auth_jwt_flaw_names(t, body);
}

int
auth_jwt_read(const struct settings_auth *s, const struct auth_jwt_keys *keys,
    struct str token, double now, struct arena *a, struct auth_json **claims,
    const char **why, struct err *e)
{
	struct auth_jwt_token t = { .s = s, .keys = keys, .arena = a,
		.now = now, .whole = token };
	int got = 0;

	*claims = NULL;
	*why = auth_jwt_cut(&t, token);
	if (a->full)
		return auth_full(e);
	if (*why == NULL)
		*why = auth_jwt_look_head(&t);
	if (*why == NULL) {
		got = auth_jwt_verify(&t, e);
		*why = got == 0 ? "its signature is wrong" : NULL;
	}
	if (got != 1)
		return got;
	*claims = auth_json_read(t.body);
	*why = auth_jwt_flaw_body(&t, *claims);
	if (*why == NULL)
		return 1;
	auth_json_free(claims);
	return 0;
}
