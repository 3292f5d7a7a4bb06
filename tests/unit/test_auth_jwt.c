/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_auth_jwt: which tokens let in, and every known way to forge one does
 * not.
 */

#include "decide/auth_jwt_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decide/auth_private.h"
#include "tests/unit/tokens.h"

enum { NOW = 1000000, ARENA_MAX = 1 << 20 };

#define HS (1u << SETTINGS_JWT_HS256)
#define RS (1u << SETTINGS_JWT_RS256)
#define ES (1u << SETTINGS_JWT_ES256)
#define ED (1u << SETTINGS_JWT_EDDSA)

/* A good body, and what is in its place or behind it. */
#define BODY(more) "{\"iss\":\"https://id.test\",\"aud\":\"api\"," more "}"
#define GOOD BODY("\"sub\":\"ann\",\"exp\":1000100")
#define HEAD(alg) "{\"alg\":\"" alg "\"}"

static const char not_allowed[] = "its alg is none of 'algorithm'";
static const char wrong[] = "its signature is wrong";
static const char bad_head[] = "its head is no JSON object, or an ambiguous "
    "one";
static const char bad_body[] = "it holds no JSON object, or an ambiguous one";
static const char bad_time[] = "its exp, nbf or iat is no time in seconds";
static const char bad_part[] = "a part is not base64url as it has to be "
    "spelled";
static const char bad_aud[] = "its aud is not 'audience'";
static const char bad_iss[] = "its iss is not 'issuer'";
static const char no_exp[] = "it has no exp";

static struct auth_jwt_keys secret_keys, public_keys;
static char issuer[] = "https://id.test", audience[] = "api";
static char empty[] = "";

static struct settings_auth
settings_of(unsigned algorithm)
{
	return (struct settings_auth){ .algorithm = algorithm,
		.issuer = issuer, .audience = audience, .cookie = empty,
		.leeway = 30000,
		.require_exp = true };
}

static const struct auth_jwt_keys *
keys_of(unsigned algorithm)
{
	return algorithm == HS ? &secret_keys : &public_keys;
}

/* What is wrong with the token; NULL: nothing. */
static const char *
flaw_of(const struct settings_auth *s, struct str token)
{
	char *exact = table_exact(token);
	struct auth_json *claims;
	const char *why = NULL;
	struct arena a;
	struct err e;
	int got;

	arena_init(&a, ARENA_MAX);
	token.p = exact;
	got = auth_jwt_read(s, keys_of(s->algorithm), token, NOW, &a, &claims,
	    &why, &e);
	assert_true(got == 0 || got == 1);
	assert_true((got == 1) == (why == NULL));
	assert_true((got == 1) == (claims != NULL));
	auth_json_free(&claims);
	arena_fini(&a);
	free(exact);
	return why;
}

static void
expect_flaw(const char *row, const char *got, const char *want)
{
	TABLE_STR(row, str_of(got != NULL ? got : "taken"),
	    want != NULL ? want : "taken");
}

/* ---- heads and bodies ---- */

struct token_case {
	const char *name;
	unsigned allowed;
	enum tokens_key by;
	struct str head;
	struct str body;
	const char *want; /* NULL: it is taken */
};

#define CASE(name, allowed, by, head, body, want) \
	{ name, allowed, TOKENS_##by, { "" head, sizeof(head) - 1 }, \
	  { "" body, sizeof(body) - 1 }, want }
#define HEAD_CASE(name, head, want) \
	CASE(name, RS, RSA, head, GOOD, want)
#define BODY_CASE(name, body, want) \
	CASE(name, HS, SECRET, HEAD("HS256"), body, want)

static const struct token_case token_cases[] = {
	/* what is right */
	CASE("HS256", HS, SECRET, HEAD("HS256"), GOOD, NULL),
	CASE("RS256", RS, RSA, HEAD("RS256"), GOOD, NULL),
	CASE("ES256", ES, P256, HEAD("ES256"), GOOD, NULL),
	CASE("EdDSA", ED, ED25519, HEAD("EdDSA"), GOOD, NULL),
	CASE("one of several", RS | ES | ED, P256, HEAD("ES256"), GOOD, NULL),
	CASE("a second key of its kind", RS, RSA_OTHER, HEAD("RS256"), GOOD,
	    NULL),

	/* the algorithm is never the token's choice */
	CASE("alg none", RS, NOTHING, HEAD("none"), GOOD, not_allowed),
	CASE("alg None", RS, NOTHING, HEAD("None"), GOOD, not_allowed),
	CASE("alg NONE", HS, NOTHING, HEAD("NONE"), GOOD, not_allowed),
	CASE("alg none, and a signature", HS, SECRET, HEAD("none"), GOOD,
	    not_allowed),
	CASE("no alg", HS, SECRET, "{}", GOOD, "it has no alg"),
	CASE("alg empty", HS, SECRET, HEAD(""), GOOD, not_allowed),
	CASE("alg is no text", HS, SECRET, "{\"alg\":[\"HS256\"]}", GOOD,
	    "it has no alg"),
	CASE("alg in another case", HS, SECRET, HEAD("hs256"), GOOD,
	    not_allowed),
	CASE("no signature", RS, NOTHING, HEAD("RS256"), GOOD, wrong),
	CASE("no signature of HMAC", HS, NOTHING, HEAD("HS256"), GOOD, wrong),
	CASE("HMAC by the public key", RS, HMAC_RSA, HEAD("HS256"), GOOD,
	    not_allowed),
	CASE("HMAC by the public key, called RS256", RS, HMAC_RSA,
	    HEAD("RS256"), GOOD, wrong),
	CASE("RSA where HMAC is expected", HS, RSA, HEAD("RS256"), GOOD,
	    not_allowed),
	CASE("RSA called HS256", HS, RSA, HEAD("HS256"), GOOD, wrong),
	CASE("HMAC by the public key where HMAC is expected", HS, HMAC_RSA,
	    HEAD("HS256"), GOOD, wrong),
	CASE("EC called RS256", RS | ES, P256, HEAD("RS256"), GOOD, wrong),
	CASE("RSA called ES256", RS | ES, RSA, HEAD("ES256"), GOOD, wrong),
	CASE("EC called EdDSA", ES | ED, P256, HEAD("EdDSA"), GOOD, wrong),
	CASE("Ed25519 called ES256", ES | ED, ED25519, HEAD("ES256"), GOOD,
	    wrong),
	CASE("an algorithm that is not allowed", RS, P256, HEAD("ES256"),
	    GOOD, not_allowed),
	CASE("RS384", RS, RSA, HEAD("RS384"), GOOD, not_allowed),
	CASE("PS256", RS, RSA, HEAD("PS256"), GOOD, not_allowed),
	CASE("somebody else's key", ES, P256_OTHER, HEAD("ES256"), GOOD,
	    wrong),

	/* the head */
	HEAD_CASE("alg twice", "{\"alg\":\"RS256\",\"alg\":\"none\"}",
	    bad_head),
	HEAD_CASE("alg twice, once escaped",
	    "{\"alg\":\"none\",\"\\u0061lg\":\"RS256\"}", bad_head),
	HEAD_CASE("a list", "[\"RS256\"]", bad_head),
	HEAD_CASE("a text", "\"RS256\"", bad_head),
	HEAD_CASE("nothing", "", bad_head),
	HEAD_CASE("a tail", HEAD("RS256") "{}", bad_head),
	HEAD_CASE("a tail of NUL", HEAD("RS256") "\0", bad_head),
	HEAD_CASE("a byte order mark", "\xef\xbb\xbf" HEAD("RS256"), bad_head),
	HEAD_CASE("an escaped NUL", HEAD("RS256\\u0000"), bad_head),
	HEAD_CASE("a NUL", HEAD("RS256\0"), bad_head),
	HEAD_CASE("no UTF-8", "{\"alg\":\"RS256\",\"a\":\"\xff\"}", bad_head),
	HEAD_CASE("single quotes", "{'alg':'RS256'}", bad_head),
	HEAD_CASE("a comment", "{\"alg\":\"RS256\"/**/}", bad_head),
	HEAD_CASE("a last comma", "{\"alg\":\"RS256\",}", bad_head),
	HEAD_CASE("deep", "{\"alg\":\"RS256\",\"a\":[[[[[[[[]]]]]]]]}",
	    bad_head),
	HEAD_CASE("not too deep", "{\"alg\":\"RS256\",\"a\":[[[[[[[]]]]]]]}",
	    NULL),
	HEAD_CASE("brackets in a text",
	    "{\"alg\":\"RS256\",\"a\":\"[[[[[[[[[[\\\"[[[\"}", NULL),
	HEAD_CASE("a closing bracket first", "}" HEAD("RS256"), bad_head),
	HEAD_CASE("crit", "{\"alg\":\"RS256\",\"crit\":[\"exp\"]}",
	    "it has a crit"),
	HEAD_CASE("crit, empty", "{\"alg\":\"RS256\",\"crit\":[]}",
	    "it has a crit"),
	HEAD_CASE("unencoded body",
	    "{\"alg\":\"RS256\",\"b64\":false,\"crit\":[\"b64\"]}",
	    "it has a crit"),
	HEAD_CASE("a token inside", "{\"alg\":\"RS256\",\"cty\":\"JWT\"}",
	    "it has a cty: there is a token in it, or what is no JSON"),
	HEAD_CASE("typ", "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", NULL),
	HEAD_CASE("typ in small letters", "{\"alg\":\"RS256\",\"typ\":\"jwt\"}",
	    NULL),
	HEAD_CASE("typ of RFC 9068",
	    "{\"alg\":\"RS256\",\"typ\":\"application/at+jwt\"}", NULL),
	HEAD_CASE("a token to log out",
	    "{\"alg\":\"RS256\",\"typ\":\"logout+jwt\"}",
	    "its typ is neither JWT nor at+jwt"),
	HEAD_CASE("typ is no text", "{\"alg\":\"RS256\",\"typ\":1}",
	    "its typ is no text"),
	HEAD_CASE("kid is not looked at",
	    "{\"alg\":\"RS256\",\"kid\":\"../../../dev/null\"}", NULL),
	CASE("nor are keys that it brings", RS, HMAC_RSA,
	    "{\"alg\":\"RS256\",\"jku\":\"https://evil.test/\","
	    "\"jwk\":{\"kty\":\"oct\",\"k\":\"YQ\"},\"x5u\":\"file:///x\"}",
	    GOOD, wrong),

	/* the body */
	BODY_CASE("a body that is a list", "[]", bad_body),
	BODY_CASE("a body that is a token", "eyJhbGciOiJIUzI1NiJ9.e30.x",
	    bad_body),
	BODY_CASE("no body", "", bad_body),
	BODY_CASE("exp twice",
	    BODY("\"exp\":1,\"sub\":\"a\",\"exp\":1000100"), bad_body),
	BODY_CASE("a deep body", BODY("\"exp\":1000100,\"a\":[[[[[[[[]]]]]]]]"),
	    bad_body),
	BODY_CASE("a NUL in a claim",
	    BODY("\"exp\":1000100,\"sub\":\"a\\u0000b\""), bad_body),

	/* times; now is 1000000, and clocks differ by 30 s */
	BODY_CASE("no exp", BODY("\"sub\":\"a\""), no_exp),
	BODY_CASE("just over", BODY("\"exp\":999970"), auth_jwt_expired),
	BODY_CASE("just not over", BODY("\"exp\":999971"), NULL),
	BODY_CASE("over with a fraction", BODY("\"exp\":999969.9"),
	    auth_jwt_expired),
	BODY_CASE("a fraction", BODY("\"exp\":1000100.5"), NULL),
	BODY_CASE("an exponent", BODY("\"exp\":1.0001e6"), NULL),
	BODY_CASE("long over", BODY("\"exp\":0"), auth_jwt_expired),
	BODY_CASE("exp as a text", BODY("\"exp\":\"1000100\""), bad_time),
	BODY_CASE("exp null", BODY("\"exp\":null"), bad_time),
	BODY_CASE("exp true", BODY("\"exp\":true"), bad_time),
	BODY_CASE("exp below 0", BODY("\"exp\":-1"), bad_time),
	BODY_CASE("exp in milliseconds", BODY("\"exp\":1000000000000"),
	    bad_time),
	BODY_CASE("exp of no variable", BODY("\"exp\":99999999999999999999"),
	    bad_body),
	BODY_CASE("exp of 2^64", BODY("\"exp\":18446744073709551616"),
	    bad_body),
	BODY_CASE("exp beyond all numbers", BODY("\"exp\":1e999"), bad_body),
	BODY_CASE("exp very large", BODY("\"exp\":1e300"), bad_time),
	BODY_CASE("exp NaN", BODY("\"exp\":NaN"), bad_body),
	BODY_CASE("nbf to come", BODY("\"exp\":1000100,\"nbf\":1000031"),
	    "its nbf is to come"),
	BODY_CASE("nbf now", BODY("\"exp\":1000100,\"nbf\":1000030"), NULL),
	BODY_CASE("nbf as a text", BODY("\"exp\":1000100,\"nbf\":\"0\""),
	    bad_time),
	BODY_CASE("iat to come", BODY("\"exp\":1000100,\"iat\":1000031"),
	    "its iat is to come"),
	BODY_CASE("iat now", BODY("\"exp\":1000100,\"iat\":1000030"), NULL),
	BODY_CASE("iat as a text", BODY("\"exp\":1000100,\"iat\":\"\""),
	    bad_time),

	/* for whom, and from whom */
	BODY_CASE("no iss", "{\"aud\":\"api\",\"exp\":1000100}", bad_iss),
	BODY_CASE("another iss",
	    "{\"iss\":\"https://id.test/\",\"aud\":\"api\",\"exp\":1000100}",
	    bad_iss),
	BODY_CASE("a list of iss",
	    "{\"iss\":[\"https://id.test\"],\"aud\":\"api\",\"exp\":1000100}",
	    bad_iss),
	BODY_CASE("no aud", "{\"iss\":\"https://id.test\",\"exp\":1000100}",
	    bad_aud),
	BODY_CASE("another aud",
	    "{\"iss\":\"https://id.test\",\"aud\":\"api2\",\"exp\":1000100}",
	    bad_aud),
	BODY_CASE("a longer aud",
	    "{\"iss\":\"https://id.test\",\"aud\":\"api,x\",\"exp\":1000100}",
	    bad_aud),
	BODY_CASE("several aud", "{\"iss\":\"https://id.test\","
	    "\"aud\":[\"x\",\"api\"],\"exp\":1000100}", NULL),
	BODY_CASE("several other aud", "{\"iss\":\"https://id.test\","
	    "\"aud\":[\"x\",\"y\"],\"exp\":1000100}", bad_aud),
	BODY_CASE("no aud in a list",
	    "{\"iss\":\"https://id.test\",\"aud\":[],\"exp\":1000100}",
	    bad_aud),
	BODY_CASE("aud beside no text", "{\"iss\":\"https://id.test\","
	    "\"aud\":[\"api\",1],\"exp\":1000100}", bad_aud),
	BODY_CASE("aud in an object", "{\"iss\":\"https://id.test\","
	    "\"aud\":{\"api\":\"api\"},\"exp\":1000100}", bad_aud),
};

static void
a_token_is_taken_only_if_all_of_it_is_right(void **state)
{
	static char token[TOKENS_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(token_cases); i++) {
		const struct token_case *c = &token_cases[i];
		struct settings_auth s = settings_of(c->allowed);

		tokens_make(c->by, c->head, c->body, token);
		expect_flaw(c->name, flaw_of(&s, str_of(token)), c->want);
	}
}

static void
what_is_not_asked_for_is_not_looked_at(void **state)
{
	static char token[TOKENS_MAX];
	struct settings_auth s = settings_of(HS);

	(void)state;
	s.issuer = s.audience = empty;
	tokens_make(TOKENS_SECRET, STR(HEAD("HS256")),
	    STR("{\"iss\":\"x\",\"exp\":1000100}"), token);
	expect_flaw("any iss", flaw_of(&s, str_of(token)), NULL);
	tokens_make(TOKENS_SECRET, STR(HEAD("HS256")),
	    STR("{\"aud\":\"x\",\"exp\":1000100}"), token);
	expect_flaw("for somebody", flaw_of(&s, str_of(token)),
	    "it has an aud, and there is no 'audience'");
	tokens_make(TOKENS_SECRET, STR(HEAD("HS256")), STR("{}"), token);
	expect_flaw("for ever", flaw_of(&s, str_of(token)), no_exp);
	s.require_exp = false;
	expect_flaw("for ever, allowed", flaw_of(&s, str_of(token)), NULL);
}

/* ---- spelling ---- */

struct spelling_case {
	const char *name;
	const char *format; /* with the token's three parts, by %1$s ... */
	const char *want;
};

static const struct spelling_case spelling_cases[] = {
	{ "as it is", "%1$s.%2$s.%3$s", NULL },
	{ "nothing", "", "it has not three parts" },
	{ "a word", "token", "it has not three parts" },
	{ "two dots alone", "..", bad_head },
	{ "two parts", "%1$s.%2$s", "it has not three parts" },
	{ "no signature", "%1$s.%2$s.", wrong },
	{ "a dot behind", "%1$s.%2$s.%3$s.", "it has not three parts" },
	{ "a dot before", ".%1$s.%2$s.%3$s", "it has not three parts" },
	{ "five parts", "%1$s.%2$s.%3$s.%2$s.%3$s", "it has not three parts" },
	{ "padding", "%1$s.%2$s.%3$s=", bad_part },
	{ "padding of the head", "%1$s=.%2$s.%3$s", bad_part },
	{ "a blank", "%1$s.%2$s.%3$s ", bad_part },
	{ "a line end", "%1$s.%2$s.%3$s\n", bad_part },
	{ "a blank inside", "%1$s. %2$s.%3$s", bad_part },
	{ "a plus", "%1$s.%2$s.%3$s+", bad_part },
	{ "a slash", "%1$s.%2$s/.%3$s", bad_part },
	{ "a percent", "%1$s.%2$s.%%41%3$s", bad_part },
	{ "a signature with a tail", "%1$s.%2$s.%3$sAAAA", wrong },
	{ "a signature with a head", "%1$s.%2$s.AAAA%3$s", wrong },
	{ "the parts in another order", "%2$s.%1$s.%3$s", "it has no alg" },
	{ "the body twice", "%1$s.%2$s%2$s.%3$s", wrong },
};

static void
a_token_has_one_spelling(void **state)
{
	static char token[TOKENS_MAX], text[3 * TOKENS_MAX];
	struct settings_auth s = settings_of(ES);
	char *head = token, *body, *signature;
	size_t i;

	(void)state;
	tokens_make(TOKENS_P256, STR(HEAD("ES256")), STR(GOOD), token);
	body = strchr(token, '.');
	*body++ = '\0';
	signature = strchr(body, '.');
	*signature++ = '\0';
	for (i = 0; i < TABLE_COUNT(spelling_cases); i++) {
		const struct spelling_case *c = &spelling_cases[i];

		snprintf(text, sizeof(text), c->format, head, body, signature);
		expect_flaw(c->name, flaw_of(&s, str_of(text)), c->want);
	}
}

/* Each byte of it counts; of a last letter those bits too that mean nothing. */
static void
a_token_with_another_byte_is_none(void **state)
{
	static const struct {
		enum tokens_key by;
		unsigned allowed;
		struct str head;
	} kinds[] = {
		{ TOKENS_SECRET, HS, { HEAD("HS256"), 15 } },
		{ TOKENS_P256, ES, { HEAD("ES256"), 15 } },
		{ TOKENS_ED25519, ED, { HEAD("EdDSA"), 15 } },
		{ TOKENS_RSA, RS, { HEAD("RS256"), 15 } },
	};
	static char token[TOKENS_MAX];
	size_t i, k;

	(void)state;
	for (k = 0; k < TABLE_COUNT(kinds); k++) {
		struct settings_auth s = settings_of(kinds[k].allowed);

		tokens_make(kinds[k].by, kinds[k].head, STR(GOOD), token);
		expect_flaw("whole", flaw_of(&s, str_of(token)), NULL);
		for (i = 0; token[i] != '\0'; i++) {
			char was = token[i];

			token[i] = (char)(was ^ 1);
			assert_non_null(flaw_of(&s, str_of(token)));
			token[i] = was == 'A' ? 'Q' : 'A';
			if (was != token[i])
				assert_non_null(flaw_of(&s, str_of(token)));
			token[i] = was;
		}
		for (i = 0; i < strlen(token); i++)
			assert_non_null(flaw_of(&s, str_sub(str_of(token), 0,
			    i)));
	}
}

static void
what_was_signed_is_remembered_and_what_it_says_is_not(void **state)
{
	static char token[TOKENS_MAX];
	struct settings_auth s = settings_of(ES);
	struct auth_json *claims;
	struct digest digest;
	const char *why;
	struct arena a;
	struct err e;

	(void)state;
	tokens_make(TOKENS_P256, STR(HEAD("ES256")), STR(GOOD), token);
	assert_int_equal(auth_right_knows(public_keys.right, str_of(token),
	    &digest, &e), 0);
	expect_flaw("first", flaw_of(&s, str_of(token)), NULL);
	assert_int_equal(auth_right_knows(public_keys.right, str_of(token),
	    &digest, &e), 1);
	expect_flaw("again", flaw_of(&s, str_of(token)), NULL);
	arena_init(&a, ARENA_MAX);
	assert_int_equal(auth_jwt_read(&s, &public_keys, str_of(token),
	    NOW + 200, &a, &claims, &why, &e), 0);
	assert_ptr_equal(why, auth_jwt_expired);
	arena_fini(&a);
	s.algorithm = RS;
	expect_flaw("not allowed", flaw_of(&s, str_of(token)), not_allowed);
}

static void
a_signature_of_two_numbers_is_64_bytes(void **state)
{
	static char token[TOKENS_MAX];
	struct settings_auth s = settings_of(ES);
	unsigned char sequence[128], zeros[64] = { 0 };
	size_t n;

	(void)state;
	tokens_encode(HEAD("ES256"), sizeof(HEAD("ES256")) - 1, token);
	tokens_dot(token);
	tokens_encode(GOOD, sizeof(GOOD) - 1, token);
	n = tokens_sign(TOKENS_P256, token, sequence, sizeof(sequence));
	tokens_dot(token);
	tokens_encode(sequence, n, token);
	expect_flaw("a SEQUENCE", flaw_of(&s, str_of(token)), wrong);
	*(strrchr(token, '.') + 1) = '\0';
	tokens_encode(zeros, sizeof(zeros), token);
	expect_flaw("two zeros", flaw_of(&s, str_of(token)), wrong);
}

static void
a_token_is_no_larger_than_8_kib(void **state)
{
	static char token[TOKENS_MAX], body[TOKENS_MAX];
	struct settings_auth s = settings_of(HS);
	int fill;

	(void)state;
	for (fill = 6000; fill < 6100; fill++) {
		snprintf(body, sizeof(body), BODY("\"exp\":1000100,"
		    "\"a\":\"%0*d\""), fill, 0);
		tokens_make(TOKENS_SECRET, STR(HEAD("HS256")), str_of(body),
		    token);
		expect_flaw("large", flaw_of(&s, str_of(token)),
		    strlen(token) <= AUTH_JWT_TOKEN_MAX ? NULL :
		    "it has more than 8,192 bytes");
	}
	assert_true(strlen(token) > AUTH_JWT_TOKEN_MAX);
}

/* ---- a request ---- */

struct ask_room {
	struct settings_auth s;
	struct request request;
	struct arena arena;
	struct auth_ask ask;
	struct auth_answer answer;
};

static char realm[] = "r", identity[] = "sub", plan[] = "tier";
static char claims[] = "email:X-Email\ngroups:X-Groups\nhttps://x/id:X-Id";

static void
ask_init(struct ask_room *r)
{
	memset(r, 0, sizeof(*r));
	r->s = settings_of(HS);
	r->s.issuer = r->s.audience = empty;
	r->s.require_exp = false;
	r->s.realm = realm;
	r->s.identity = identity;
	r->s.plan = plan;
	r->s.claims = claims;
	arena_init(&r->arena, ARENA_MAX);
	header_init(&r->request.fields, &r->arena);
	r->ask.settings = &r->s;
	r->ask.loaded = &secret_keys;
	r->ask.request = &r->request;
	r->ask.arena = &r->arena;
}

/* A request with a token of that body. */
static int
ask_body(struct ask_room *r, const char *body)
{
	static char token[TOKENS_MAX];
	struct err e;

	ask_init(r);
	tokens_make(TOKENS_SECRET, STR(HEAD("HS256")), str_of(body), token);
	assert_int_equal(header_add(&r->request.fields, STR("Authorization"),
	    ARENA_JOIN(&r->arena, STR("Bearer "), str_of(token))), 0);
	return auth_jwt_ask(&r->ask, &r->answer, &e);
}

static struct str
claim_of(const struct auth_answer *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->claim_count; i++)
		if (str_eq(a->claims[i].name, str_of(name)))
			return a->claims[i].value;
	return STR("(none)");
}

static void
claims_become_identity_plan_and_fields(void **state)
{
	static const char body[] = "{\"sub\":\"ann\",\"tier\":\"pro\","
	    "\"email\":\"a@b.test\",\"groups\":[\"a\",7,true],"
	    "\"https://x/id\":12,\"half\":0.5,\"none\":null,\"o\":{},"
	    "\"list\":[\"a,b\"],\"no\":false,\"bare\":[]}";
	struct ask_room r;

	(void)state;
	assert_int_equal(ask_body(&r, body), AUTH_YES);
	TABLE_STR("identity", r.answer.identity, "ann");
	TABLE_STR("plan", r.answer.plan, "pro");
	TABLE_STR("consumed", r.answer.consumed, "Authorization");
	TABLE_STR("X-Email", header_get(&r.answer.sets, STR("X-Email")),
	    "a@b.test");
	TABLE_STR("X-Groups", header_get(&r.answer.sets, STR("X-Groups")),
	    "a,7,true");
	TABLE_STR("X-Id", header_get(&r.answer.sets, STR("X-Id")), "12");
	assert_int_equal(r.answer.sets.count, 3);
	TABLE_STR("a text", claim_of(&r.answer, "email"), "a@b.test");
	TABLE_STR("a list", claim_of(&r.answer, "groups"), "a,7,true");
	TABLE_STR("an empty list", claim_of(&r.answer, "bare"), "");
	TABLE_STR("no", claim_of(&r.answer, "no"), "false");
	TABLE_STR("a fraction", claim_of(&r.answer, "half"), "(none)");
	TABLE_STR("null", claim_of(&r.answer, "none"), "(none)");
	TABLE_STR("an object", claim_of(&r.answer, "o"), "(none)");
	TABLE_STR("a text that looks like two", claim_of(&r.answer, "list"),
	    "(none)");
	arena_fini(&r.arena);
}

static const struct refusal_case {
	const char *body;
	const char *why;
	const char *tells; /* in the challenge */
} refusal_cases[] = {
	{ "{}", "it has no 'identity'", "the token is not valid" },
	{ "{\"sub\":\"\"}", "it has no 'identity'", "the token is not valid" },
	{ "{\"sub\":[\"a\"]}", "it has no 'identity'",
	  "the token is not valid" },
	{ "{\"sub\":true}", "it has no 'identity'", "the token is not valid" },
	{ "{\"sub\":0.5}", "it has no 'identity'", "the token is not valid" },
	{ "{\"sub\":\"a\",\"email\":\"a\\r\\nX-Admin: yes\"}",
	  "a claim cannot stand in a header field", "the token is not valid" },
	{ "{\"sub\":\"a\",\"iss\":7,\"exp\":9}", "its exp is over",
	  "the token expired" },
};

static void
a_refusal_tells_the_log_why_and_the_client_little(void **state)
{
	struct ask_room r;
	char want[256];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(refusal_cases); i++) {
		const struct refusal_case *c = &refusal_cases[i];

		TABLE_INT(c->body, ask_body(&r, c->body), 0);
		TABLE_STR(c->body, r.answer.why, c->why);
		snprintf(want, sizeof(want), "Bearer realm=\"r\", "
		    "error=\"invalid_token\", error_description=\"%s\"",
		    c->tells);
		TABLE_STR(c->body, r.answer.challenge, want);
		assert_int_equal(r.answer.sets.count, 0);
		assert_int_equal(r.answer.identity.n, 0);
		assert_int_equal(r.answer.claim_count, 0);
		arena_fini(&r.arena);
	}
	assert_int_equal(ask_body(&r, "{\"sub\":7}"), AUTH_YES);
	TABLE_STR("a number", r.answer.identity, "7");
	arena_fini(&r.arena);
}

static void
a_request_without_a_token_is_asked_for_one(void **state)
{
	static const char *const values[] = { NULL, "Basic YTpi", "Bearer",
		"Bearertoken" };
	struct ask_room r;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(values); i++) {
		ask_init(&r);
		if (values[i] != NULL)
			assert_int_equal(header_add(&r.request.fields,
			    STR("Authorization"), str_of(values[i])), 0);
		assert_int_equal(auth_jwt_ask(&r.ask, &r.answer, &e), 0);
		TABLE_STR("challenge", r.answer.challenge,
		    "Bearer realm=\"r\"");
		arena_fini(&r.arena);
	}
}

/* Two tokens: %1$s of ann, %2$s of bob; x is none. */
static const struct cookie_case {
	const char *name;
	const char *fields[3];  /* "Name: value" */
	const char *who;        /* NULL: nobody */
	const char *told;       /* behind the realm */
	const char *consumed;
} cookie_cases[] = {
	{ "a cookie", { "Cookie: a=b; s=%1$s" }, "ann", "", "" },
	{ "a cookie of a second field", { "Cookie: a=b", "Cookie: s=%1$s" },
	  "ann", "", "" },
	{ "no cookie", { "Cookie: a=b; S=%1$s; ss=%1$s" }, NULL, "", "" },
	{ "an empty one", { "Cookie: s=" }, NULL, "not valid", "" },
	{ "none but a word", { "Cookie: s=x" }, NULL, "not valid", "" },
	{ "two of them", { "Cookie: s=%1$s; s=%1$s" }, NULL, "not valid", "" },
	{ "two of them in two fields", { "Cookie: s=%1$s", "Cookie: s=%2$s" },
	  NULL, "not valid", "" },
	{ "Authorization goes before it", { "Cookie: s=%1$s",
	    "Authorization: Bearer %2$s" }, "bob", "", "Authorization" },
	{ "also if it is wrong", { "Cookie: s=%1$s",
	    "Authorization: Bearer x" }, NULL, "not valid", "" },
	{ "also if it is empty", { "Cookie: s=%1$s",
	    "Authorization: Bearer" }, NULL, "", "" },
	{ "also if there are two", { "Cookie: s=%1$s",
	    "Authorization: Bearer %2$s", "Authorization: Bearer %2$s" },
	  NULL, "", "" },
	{ "another scheme is the origin's", { "Cookie: s=%1$s",
	    "Authorization: Basic YTpi" }, "ann", "", "" },
};

static void
a_token_may_come_in_a_cookie(void **state)
{
	static char ann[TOKENS_MAX], bob[TOKENS_MAX], text[2 * TOKENS_MAX];
	static char session[] = "s";
	struct ask_room r;
	struct err e;
	size_t i, k;

	(void)state;
	tokens_make(TOKENS_SECRET, STR(HEAD("HS256")), STR("{\"sub\":\"ann\"}"),
	    ann);
	tokens_make(TOKENS_SECRET, STR(HEAD("HS256")), STR("{\"sub\":\"bob\"}"),
	    bob);
	for (i = 0; i < TABLE_COUNT(cookie_cases); i++) {
		const struct cookie_case *c = &cookie_cases[i];
		struct str name, value;

		ask_init(&r);
		r.s.cookie = session;
		for (k = 0; k < 3 && c->fields[k] != NULL; k++) {
			snprintf(text, sizeof(text), c->fields[k], ann, bob);
			value = arena_copy(&r.arena, str_of(text));
			(void)str_cut(value, ':', &name, &value);
			assert_int_equal(header_add(&r.request.fields, name,
			    str_trim(value)), 0);
		}
		TABLE_INT(c->name, auth_jwt_ask(&r.ask, &r.answer, &e),
		    c->who != NULL ? AUTH_YES : 0);
		TABLE_STR(c->name, r.answer.identity,
		    c->who != NULL ? c->who : "");
		TABLE_STR(c->name, r.answer.consumed, c->consumed);
		TABLE_STR(c->name, r.answer.cookies,
		    c->who != NULL ? "s" : "");
		if (c->who == NULL)
			TABLE_STR(c->name, r.answer.challenge,
			    c->told[0] == '\0' ? "Bearer realm=\"r\"" :
			    "Bearer realm=\"r\", error=\"invalid_token\", "
			    "error_description=\"the token is not valid\"");
		arena_fini(&r.arena);
	}
	ask_init(&r);
	assert_int_equal(header_add(&r.request.fields, STR("Cookie"),
	    ARENA_JOIN(&r.arena, STR("="), str_of(ann))), 0);
	assert_int_equal(auth_jwt_ask(&r.ask, &r.answer, &e), 0);
	arena_fini(&r.arena);
}

static void
no_memory_is_no_yes(void **state)
{
	struct ask_room r;
	struct err e;
	size_t room;
	int got = 0;

	(void)state;
	for (room = 0; got != AUTH_YES; room += 512) {
		struct arena small;

		assert_int_equal(ask_body(&r, "{\"sub\":\"ann\","
		    "\"email\":\"a@b.test\",\"groups\":[1,2]}"), AUTH_YES);
		memset(&r.answer, 0, sizeof(r.answer));
		arena_init(&small, room);
		r.ask.arena = &small;
		got = auth_jwt_ask(&r.ask, &r.answer, &e);
		assert_true(got == AUTH_YES || (got == -1 &&
		    e.reason == REASON_OVERLOADED));
		arena_fini(&small);
		arena_fini(&r.arena);
		assert_true(room < 65536);
	}
}

/* ---- keys ---- */

static char folder[] = "/tmp/test_auth_jwt.XXXXXX";
static char heard[4096];

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
file_make(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path_of(name), mode), 0);
}

static void
hear(void *arg, const char *line)
{
	size_t n = strlen(heard);

	(void)arg;
	snprintf(heard + n, sizeof(heard) - n, "%s\n", line);
}

/* Is the section taken, with that key file? What was told is in `heard`. */
static bool
section_loads(const char *algorithm, const char *key, mode_t mode)
{
	struct auth_set *set = NULL;
	struct settings *s;
	char ini[256];
	bool good;

	heard[0] = '\0';
	file_make("key", key, mode);
	snprintf(ini, sizeof(ini), "[auth:j]\ntype = jwt\nalgorithm = %s\n"
	    "key = key\n", algorithm);
	file_make("router.ini", ini, 0600);
	if (settings_load(path_of("router.ini"), &s, hear, NULL) == -1)
		return false;
	good = auth_load(s, &set, hear, NULL) == 0;
	settings_drop(&s);
	auth_drop(&set);
	return good;
}

static void
expect_load(const char *algorithm, const char *key, mode_t mode,
    const char *told)
{
	bool good = section_loads(algorithm, key, mode);

	if (good != (told == NULL) ||
	    (told != NULL && strstr(heard, told) == NULL))
		fail_msg("%s, mode %o, told '%s', not '%s'", algorithm,
		    (unsigned)mode, heard, told != NULL ? told : "");
}

/* The PEM of a key that lasts for this call. */
static const char *
pem_of(EVP_PKEY *key)
{
	static char pem[TOKENS_PEM_MAX];

	assert_non_null(key);
	pem[0] = '\0';
	tokens_add_pem(key, pem);
	EVP_PKEY_free(key);
	return pem;
}

static const char *
private_pem(void)
{
	static char pem[TOKENS_PEM_MAX];
	BIO *bio = BIO_new(BIO_s_mem());
	int n;

	assert_int_equal(PEM_write_bio_PrivateKey(bio,
	    tokens_pkeys[TOKENS_ED25519], NULL, NULL, 0, NULL, NULL), 1);
	n = BIO_read(bio, pem, sizeof(pem) - 1);
	assert_true(n > 0);
	pem[n] = '\0';
	BIO_free(bio);
	return pem;
}

static void
secrets_are_long_and_hidden(void **state)
{
	static const char s32[] = "0123456789abcdef0123456789abcdef\n";

	(void)state;
	expect_load("HS256", s32, 0600, NULL);
	expect_load("HS256", "\r\n\n0123456789abcdef0123456789abcdef\r\n",
	    0640, NULL);
	expect_load("HS256", "base64:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZ"
	    "WY=\n", 0400, NULL);
	expect_load("HS256", s32, 0644, "others can read or write it");
	expect_load("HS256", s32, 0660, "others can read or write it");
	expect_load("HS256", "0123456789abcdef0123456789abcde\n", 0600,
	    "a secret of 31 bytes, expected one of 32 bytes or more");
	expect_load("HS256", "base64:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhY"
	    "mNk\n", 0600, "a secret of 30 bytes");
	expect_load("HS256", "base64:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlh*"
	    "2Nk\n", 0600, "a secret that is not base64");
	expect_load("HS256", "\n", 0600, "no secret, expected");
	expect_load("HS256, RS256", s32, 0600, "expected it alone");
}

static void
a_public_key_is_no_secret(void **state)
{
	char pem[TOKENS_PEM_MAX] = "";

	(void)state;
	tokens_add_pem(tokens_pkeys[TOKENS_RSA], pem);
	expect_load("HS256", pem, 0600, "a key in PEM, which others may know");
	expect_load("HS256", private_pem(), 0600, "a key in PEM");
}

static void
public_keys_are_strong_and_of_the_right_kind(void **state)
{
	char all[TOKENS_PEM_MAX] = "";

	(void)state;
	tokens_add_pem(tokens_pkeys[TOKENS_RSA], all);
	tokens_add_pem(tokens_pkeys[TOKENS_P256], all);
	tokens_add_pem(tokens_pkeys[TOKENS_ED25519], all);
	expect_load("RS256, ES256 EdDSA", all, 0644, NULL);
	expect_load("ES256", all, 0644, NULL);
	expect_load("RS256", all, 0664, "others can write it");
	expect_load("RS256", all, 0646, "others can write it");
	expect_load("RS256", pem_of(EVP_RSA_gen(1024)), 0644,
	    "an RSA key of 1024 bits, expected 2048 to 8192");
	expect_load("ES256", pem_of(EVP_EC_gen("P-384")), 0644,
	    "a key of another kind, expected RSA, P-256 or Ed25519");
	expect_load("EdDSA", pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED448")),
	    0644, "a key of another kind");
	expect_load("RS256, ES256", pem_of(EVP_EC_gen("P-256")), 0644,
	    "no RSA key, as RS256 of 'algorithm' expects");
	expect_load("EdDSA", private_pem(), 0600,
	    "something beside public keys");
	expect_load("EdDSA", "", 0644, "no key, expected");
	expect_load("EdDSA", "-----BEGIN PUBLIC KEY-----\nAAAA\n"
	    "-----END PUBLIC KEY-----\n", 0644, "a broken public key");
	all[120] = '\0';
	expect_load("RS256", all, 0644, "a broken public key");
	expect_load("RS512", all, 0644, "'RS512' is unknown here, expected "
	    "some of HS256|RS256|ES256|EdDSA");
}

static void
claims_are_pairs_of_fields_without_another_use(void **state)
{
	static const struct {
		const char *claims;
		const char *told; /* NULL: it is taken */
	} rows[] = {
		{ "a:X-A, https://x/b:Remote-User", NULL },
		{ "a", "'a' is no such pair" },
		{ "a:", "'a:' is no such pair" },
		{ ":X-A", "':X-A' is no such pair" },
		{ "a:X_A", "'a:X_A' is no such pair" },
		{ "a:Host", "'a:Host' is no such pair" },
		{ "a:Authorization", "'a:Authorization' is no such pair" },
		{ "a:Content-Length", "'a:Content-Length' is no such pair" },
		{ ",", "no pair, expected some" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct settings *s = NULL;
		char ini[256];
		int got;

		heard[0] = '\0';
		snprintf(ini, sizeof(ini), "[auth:j]\ntype = jwt\n"
		    "algorithm = RS256 EdDSA\nkey = k\nclaims = %s\n",
		    rows[i].claims);
		file_make("router.ini", ini, 0600);
		got = settings_load(path_of("router.ini"), &s, hear, NULL);
		TABLE_INT(rows[i].claims, got, rows[i].told == NULL ? 0 : -1);
		if (rows[i].told != NULL && strstr(heard, rows[i].told) == NULL)
			fail_msg("%s: told '%s'", rows[i].claims, heard);
		if (got == -1)
			continue;
		assert_string_equal(s->private_names, "remote-user\nx-a");
		settings_drop(&s);
	}
}

static void
what_is_printed_of_a_section_can_be_read_again(void **state)
{
	static const char ini[] = "[auth:j]\ntype = jwt\nrealm = r\n"
	    "algorithm = RS256, EdDSA\nkey = /k\naudience = api\n"
	    "leeway = 1s\nrequire_exp = no\nidentity = id\nplan = p\n"
	    "claims = a:X-A, b:X-B\ncookie = s\n";
	struct settings *s;
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	char *at;

	(void)state;
	assert_non_null(to);
	file_make("router.ini", ini, 0600);
	assert_int_equal(settings_load(path_of("router.ini"), &s, NULL, NULL),
	    0);
	settings_print(s, to);
	settings_drop(&s);
	assert_int_equal(fclose(to), 0);
	at = strstr(text, "[auth:j]\n");
	assert_non_null(at);
	file_make("router.ini", at, 0600);
	assert_int_equal(settings_load(path_of("router.ini"), &s, NULL, NULL),
	    0);
	assert_string_equal(s->auths[0].claims, "a:X-A\nb:X-B");
	assert_string_equal(s->auths[0].cookie, "s");
	assert_int_equal(s->auths[0].algorithm, RS | ED);
	settings_drop(&s);
	free(text);
}

/* ---- all ---- */

static void
public_keys_init(void)
{
	char pem[TOKENS_PEM_MAX] = "";
	struct err e;

	tokens_add_pem(tokens_pkeys[TOKENS_RSA], pem);
	tokens_add_pem(tokens_pkeys[TOKENS_P256], pem);
	tokens_add_pem(tokens_pkeys[TOKENS_RSA_OTHER], pem);
	tokens_add_pem(tokens_pkeys[TOKENS_ED25519], pem);
	assert_int_equal(pubkey_read(str_of(pem), &public_keys.public, &e), 0);
	public_keys.right = auth_right_new();
}

static int
all_init(void **state)
{
	struct secret text = { strdup(TOKENS_SECRET_TEXT "\n"
	    "another secret, which is as long as the first\n"), 0 };
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(folder));
	tokens_make_keys();
	assert_int_equal(auth_json_begin(&e), 0);
	public_keys_init();
	text.n = strlen(text.p);
	assert_int_equal(auth_jwt_secrets(&text, &secret_keys, &e), 0);
	return 0;
}

static int
all_fini(void **state)
{
	(void)state;
	secret_free(&secret_keys.text);
	pubkey_free(&public_keys.public);
	auth_right_free(&public_keys.right);
	tokens_free_keys();
	unlink(path_of("key"));
	unlink(path_of("router.ini"));
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_taken_only_if_all_of_it_is_right),
		cmocka_unit_test(what_is_not_asked_for_is_not_looked_at),
		cmocka_unit_test(a_token_has_one_spelling),
		cmocka_unit_test(a_token_with_another_byte_is_none),
		cmocka_unit_test(
		    what_was_signed_is_remembered_and_what_it_says_is_not),
		cmocka_unit_test(a_signature_of_two_numbers_is_64_bytes),
		cmocka_unit_test(a_token_is_no_larger_than_8_kib),
		cmocka_unit_test(claims_become_identity_plan_and_fields),
		cmocka_unit_test(
		    a_refusal_tells_the_log_why_and_the_client_little),
		cmocka_unit_test(a_request_without_a_token_is_asked_for_one),
		cmocka_unit_test(a_token_may_come_in_a_cookie),
		cmocka_unit_test(no_memory_is_no_yes),
		cmocka_unit_test(secrets_are_long_and_hidden),
		cmocka_unit_test(a_public_key_is_no_secret),
		cmocka_unit_test(public_keys_are_strong_and_of_the_right_kind),
		cmocka_unit_test(
		    claims_are_pairs_of_fields_without_another_use),
		cmocka_unit_test(
		    what_is_printed_of_a_section_can_be_read_again),
	};

	return cmocka_run_group_tests(tests, all_init, all_fini);
}
