/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * auth_jwt_private: JSON Web Tokens (RFC 7519, 7515, 8725), as RFC 6750 sends
 * them.
 *
 * What a token says of itself is never believed before its signature is right,
 * and never chooses how that is checked: the algorithms are the operator's, of
 * each only keys of its kind are used, and keys or places of keys that a token
 * names are not looked at. Signed is what came, byte for byte: of two spellings
 * of one token one at most is taken.
 */
#ifndef DECIDE_AUTH_JWT_PRIVATE_H
#define DECIDE_AUTH_JWT_PRIVATE_H

#include "base/pubkey.h"
#include "base/secret.h"
#include "decide/auth_json.h"
#include "settings/settings.h"

enum { AUTH_JWT_TOKEN_MAX = 8192, AUTH_JWT_SECRETS = 16 };

struct auth_right;

/* What tokens are checked with: secrets or public keys. */
struct auth_jwt_keys {
	struct secret text; /* holds the secrets */
	struct str secrets[AUTH_JWT_SECRETS];
	size_t count;
	struct pubkey_set *public;
	struct auth_right *right; /* tokens that they signed; NULL: none is
	                             remembered */
};

/*
 * HS256: a secret a line; "base64:" before one that is no text. The text is
 * taken over. 0, or -1 and e->text: what is wrong, and what was expected.
 */
ATTR_MUST_USE
int auth_jwt_secrets(struct secret *text, struct auth_jwt_keys *out,
    struct err *e);

/* What a token whose time is over is refused with. */
extern const char auth_jwt_expired[];

/*
 * Is it a token that the settings take? 1 and *claims; 0 and *why: a text of
 * ours; -1 and e: internal, overloaded. now: in seconds since 1970.
 */
ATTR_MUST_USE
int auth_jwt_read(const struct settings_auth *s,
    const struct auth_jwt_keys *keys, struct str token, double now,
    struct arena *a, struct auth_json **claims, const char **why,
    struct err *e);

#endif
