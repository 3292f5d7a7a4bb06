/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_jwt: a token as it comes, or, behind a first byte '+', the head and the
 * body of one, parted by LF, which is signed here: so that what is read behind
 * a right signature is reached, too. Nothing else than that lets in.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "base/digest.h"
#include "decide/auth_jwt_private.h"
#include "decide/auth_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_ARENA = 1 << 20, FUZZ_NOW = 1000000, FUZZ_MOST = 8192 };

static const char fuzz_secret[] = "a secret of more than thirty-two bytes";
static char fuzz_name[] = "a", fuzz_empty[] = "", fuzz_sub[] = "sub";
static char fuzz_issuer[] = "i", fuzz_audience[] = "a";

/* base64url, behind what is there. */
static void
fuzz_encode(struct str bytes, char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned held = 0, bits = 0;
	size_t at = strlen(text), i;

	for (i = 0; i < bytes.n; i++) {
		held = (held << 8 | (unsigned char)bytes.p[i]) & 0xffff;
		for (bits += 8; bits >= 6; bits -= 6)
			text[at++] = digits[held >> (bits - 6) & 63];
	}
	if (bits > 0)
		text[at++] = digits[held << (6 - bits) & 63];
	text[at] = '\0';
}

static void
fuzz_sign(struct str text, char *token)
{
	const struct str secret = { fuzz_secret, sizeof(fuzz_secret) - 1 };
	struct str head, body;
	struct digest digest;
	struct err e;
	size_t n;

	(void)str_cut(text, '\n', &head, &body);
	token[0] = '\0';
	fuzz_encode(head, token);
	n = strlen(token);
	memcpy(token + n, ".", 2);
	fuzz_encode(body, token);
	n = strlen(token);
	CHECK(digest_keyed(secret, (struct str){ token, n }, &digest, &e) ==
	    0);
	memcpy(token + n, ".", 2);
	fuzz_encode((struct str){ (char *)digest.bytes, DIGEST_SIZE }, token);
}

/* All that is said of a token that lets in fits where it goes. */
static void
fuzz_use(const struct auth_json *claims, struct arena *a)
{
	const struct pattern_claim *list;
	struct str audience;
	size_t count, i;

	CHECK(auth_json_lists(claims, "aud", STR("a")));
	CHECK(auth_json_text(claims, "iss", &audience) &&
	    str_eq(audience, STR("i")));
	if (auth_json_words(claims, a, &list, &count) == -1) {
		CHECK(a->full);
		return;
	}
	for (i = 0; i < count; i++) {
		CHECK(list[i].name.p != NULL && list[i].value.p != NULL);
		CHECK(str_find(list[i].value, '\0') == list[i].value.n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char signed_here[4 * FUZZ_MOST];
	struct settings_auth s = { .name = fuzz_name,
		.algorithm = 1u << SETTINGS_JWT_HS256, .issuer = fuzz_issuer,
		.audience = fuzz_audience, .identity = fuzz_sub,
		.claims = fuzz_empty, .plan = fuzz_empty,
		.require_exp = true };
	struct auth_jwt_keys keys = { .count = 1, .secrets = { {
		fuzz_secret, sizeof(fuzz_secret) - 1 } } };
	struct str token = { (const char *)data, size };
	struct auth_json *claims;
	const char *why;
	struct arena a;
	struct err e;
	int got;

	CHECK(auth_json_begin(&e) == 0);
	if (size > 0 && data[0] == '+' && size < FUZZ_MOST) {
		fuzz_sign(str_sub(token, 1, token.n), signed_here);
		token = str_of(signed_here);
	}
	arena_init(&a, FUZZ_ARENA);
	got = auth_jwt_read(&s, &keys, token, FUZZ_NOW, &a, &claims, &why,
	    &e);
	CHECK((got == 1) == (claims != NULL));
	CHECK(got != 0 || why != NULL);
	CHECK(got != -1 || a.full);
	CHECK(got != 1 || (size > 0 && token.n <= AUTH_JWT_TOKEN_MAX));
	if (got == 1)
		fuzz_use(claims, &a);
	auth_json_free(&claims);
	arena_fini(&a);
	return 0;
}
