/* SPDX-License-Identifier: BSD-2-Clause */

/* auth_bearer: tokens (RFC 6750), of which only the SHA-256 is written down. */

#include "decide/auth_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

enum { AUTH_BEARER_WORD_MAX = 255, AUTH_BEARER_CLAIMS_MAX = 32 };

static bool
auth_bearer_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word of a line, and what is left behind it. */
static struct str
auth_bearer_word(struct str *left)
{
	struct str word;
	size_t n = 0;

	*left = str_trim(*left);
	while (n < left->n && !auth_bearer_blank(left->p[n]))
		n++;
	word = str_sub(*left, 0, n);
	*left = str_sub(*left, n, left->n);
	return word;
}

static bool
auth_bearer_is_key(struct str key)
{
	size_t i;

	for (i = 0; i < key.n; i++)
		if (!str_is_alnum(key.p[i]) && key.p[i] != '-' &&
		    key.p[i] != '_')
			return false;
	return key.n > 0;
}

/* Is the word K=V such as may stand behind the identity? 0, or -1 and e. */
static int
auth_bearer_look_claim(struct str word, struct err *e)
{
	struct str key, value;

	if (!str_cut(word, '=', &key, &value) || !auth_bearer_is_key(key))
		return err_set(e, REASON_INTERNAL,
		    "a word that is no K=V, expected plan=PLAN or K=V, K of "
		    "letters, digits, '-' and '_'");
	if (str_eq(key, STR("identity")))
		return err_set(e, REASON_INTERNAL,
		    "'identity=', expected another name: {auth.identity} is "
		    "the line's second word");
	if (str_eq(key, STR("plan")) && !str_is_name(value))
		return err_set(e, REASON_INTERNAL,
		    "no name behind 'plan=', expected that of a [plan:NAME]");
	return 0;
}

/* Stands the key of `word` in the line before it? */
static bool
auth_bearer_repeats(struct str before, struct str word)
{
	struct str key, other, unused;

	(void)str_cut(word, '=', &key, &unused);
	while ((other = auth_bearer_word(&before)).n > 0) {
		(void)str_cut(other, '=', &other, &unused);
		if (str_eq(other, key))
			return true;
	}
	return false;
}

/* 0, or -1 and e, and *at: the word that is wrong. */
static int
auth_bearer_look(struct str rest, struct str *at, struct err *e)
{
	struct str left = rest, claims;
	size_t count = 0, i;

	*at = auth_bearer_word(&left);
	if (at->n == 0 || at->n > AUTH_BEARER_WORD_MAX)
		return err_set(e, REASON_INTERNAL,
		    "%s, expected who has the token, at most %d bytes",
		    at->n == 0 ? "no identity" : "a long identity",
		    AUTH_BEARER_WORD_MAX);
	for (i = 0; i < rest.n; i++)
		if (str_is_control(rest.p[i]) && rest.p[i] != '\t')
			return err_set(e, REASON_INTERNAL,
			    "a control byte, expected text");
	claims = left;
	while ((*at = auth_bearer_word(&left)).n > 0) {
		if (count++ == AUTH_BEARER_CLAIMS_MAX)
			return err_set(e, REASON_INTERNAL,
			    "too many words, expected at most %d K=V",
			    AUTH_BEARER_CLAIMS_MAX);
		if (auth_bearer_look_claim(*at, e) == -1)
			return -1;
		if (auth_bearer_repeats(str_sub(claims, 0,
		    (size_t)(at->p - claims.p)), *at))
			return err_set(e, REASON_INTERNAL,
			    "a name again, expected each once");
	}
	return 0;
}

/* The digits become the digest's bytes, where they stand. */
int
auth_bearer_cut(struct secret line, struct auth_line *out, size_t *column,
    struct err *e)
{
	struct str rest = { line.p, line.n }, word, at = { NULL, 0 };
	struct digest digest;

	word = auth_bearer_word(&rest);
	*column = (size_t)(word.p - line.p) + 1;
	if (!digest_read(word, &digest))
		return err_set(e, REASON_INTERNAL,
		    "no SHA-256 at the line's begin, expected its %d "
		    "hexadecimal digits", DIGEST_HEX);
	if (auth_bearer_look(rest, &at, e) == -1) {
		*column = at.n > 0 ? (size_t)(at.p - line.p) + 1 : line.n + 1;
		return -1;
	}
	memcpy(line.p, digest.bytes, DIGEST_SIZE);
	out->key = (struct str){ line.p, DIGEST_SIZE };
	out->rest = str_trim(rest);
	return 0;
}

int
auth_bearer_load(const struct auth_loading *l, void **out)
{
	struct auth_lines *lines = calloc(1, sizeof(*lines));
	struct err e;

	CHECK(lines != NULL);
	if (digest_begin(&e) == -1) {
		free(lines);
		return auth_tell(l, SETTINGS_AUTH_type, "%s", e.text);
	}
	if (auth_lines_load(l, auth_bearer_cut, lines) == -1) {
		free(lines);
		return -1;
	}
	*out = lines;
	return 0;
}

void
auth_bearer_free(void *loaded)
{
	auth_lines_free(loaded);
	free(loaded);
}

/* RFC 6750 2.1: b64token. */
static bool
auth_bearer_is_token(struct str token)
{
	size_t i;

	while (token.n > 0 && token.p[token.n - 1] == '=')
		token.n--;
	for (i = 0; i < token.n; i++)
		if (!str_is_alnum(token.p[i]) &&
		    str_find(STR("-._~+/"), token.p[i]) == 6)
			return false;
	return token.n > 0;
}

/* What the file says of a token's holder. 0, or -1 and e. */
static int
auth_bearer_tell(const struct auth_ask *ask, struct str rest,
    struct auth_answer *out, struct err *e)
{
	struct pattern_claim *claims = arena_alloc(ask->arena,
	    AUTH_BEARER_CLAIMS_MAX * sizeof(*claims));
	struct str word;

	if (claims == NULL)
		return auth_full(e);
	out->identity = auth_bearer_word(&rest);
	out->consumed = STR("Authorization");
	out->claims = claims;
	while ((word = auth_bearer_word(&rest)).n > 0) {
		struct pattern_claim *c = &claims[out->claim_count++];

		(void)str_cut(word, '=', &c->name, &c->value);
		if (str_eq(c->name, STR("plan")))
			out->plan = c->value;
	}
	return 0;
}

int
auth_bearer_ask(const struct auth_ask *ask, struct auth_answer *out,
    struct err *e)
{
	const struct auth_line *line = NULL;
	struct digest digest;
	struct str token;
	bool there = auth_credentials(ask->request, STR("Bearer"), &token);

	if (there && auth_bearer_is_token(token)) {
		if (digest_of(token, &digest, e) == -1)
			return -1;
		line = auth_lines_find(ask->loaded,
		    (struct str){ (char *)digest.bytes, DIGEST_SIZE });
	}
	if (line != NULL)
		return auth_bearer_tell(ask, line->rest, out, e) == 0 ?
		    AUTH_YES : -1;
	return auth_challenge(ask, out, STR("Bearer"), there ?
	    STR(", error=\"invalid_token\"") : STR(""), e);
}
