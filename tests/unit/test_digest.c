/* SPDX-License-Identifier: BSD-2-Clause */

/* test_digest: the vectors of FIPS 180 and RFC 4231. */

#include "base/digest.h"

#include <string.h>

#include "tests/unit/table.h"

static const struct digest_case {
	const char *data, *want;
} digest_cases[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb924"
	      "27ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223"
	         "b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039"
	  "a33ce45964ff2167f6ecedd419db06c1" },
};

static const struct digest_keyed_case {
	struct str key, data;
	const char *want;
} digest_keyed_cases[] = {
	{ STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
	      "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"), STR("Hi There"),
	  "b0344c61d8db38535ca8afceaf0bf12b"
	  "881dc200c9833da726e9376c2e32cff7" },
	{ STR("Jefe"), STR("what do ya want for nothing?"),
	  "5bdcc146bf60754e6a042426089575c7"
	  "5a003f089d2739839dec58b964ec3843" },
	{ STR(""), STR(""),
	  "b613679a0814d9ec772f95d778c35fc5"
	  "ff1697c493715653c6c712144292c5ad" },
};

static void
digest_agrees_with_published_vectors(void **state)
{
	char text[DIGEST_HEX];
	struct digest got;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(digest_cases); i++) {
		const struct digest_case *c = &digest_cases[i];
		struct str data = str_of(c->data);
		char *exact = table_exact(data);

		data.p = exact;
		assert_int_equal(digest_of(data, &got, &e), 0);
		digest_print(&got, text);
		TABLE_STR(c->data, ((struct str){ text, DIGEST_HEX }),
		    c->want);
		free(exact);
	}
	assert_int_equal(digest_of((struct str){ NULL, 0 }, &got, &e), 0);
	digest_print(&got, text);
	assert_memory_equal(text, digest_cases[0].want, DIGEST_HEX);
}

static void
digest_with_a_key_agrees_with_published_vectors(void **state)
{
	char text[DIGEST_HEX];
	struct digest got;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(digest_keyed_cases); i++) {
		const struct digest_keyed_case *c = &digest_keyed_cases[i];

		assert_int_equal(digest_keyed(c->key, c->data, &got, &e), 0);
		digest_print(&got, text);
		TABLE_STR(c->want, ((struct str){ text, DIGEST_HEX }),
		    c->want);
	}
}

static const struct digest_text_case {
	const char *text;
	bool good;
} digest_texts[] = {
	{ "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  true },
	{ "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
	  true },
	{ "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
	  false },
	{ "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adx",
	  false },
	{ "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag",
	  false },
	{ "", false },
};

static void
digest_reads_what_it_writes_and_nothing_else(void **state)
{
	struct digest d, abc;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(digest_of(STR("abc"), &abc, &e), 0);
	for (i = 0; i < TABLE_COUNT(digest_texts); i++) {
		const struct digest_text_case *c = &digest_texts[i];

		memset(&d, 0, sizeof(d));
		TABLE_INT(c->text, digest_read(str_of(c->text), &d), c->good);
		if (c->good)
			TABLE_INT(c->text, digest_same(&d, &abc), 1);
	}
}

static void
digest_differs_by_any_bit(void **state)
{
	struct digest a, b;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(digest_of(STR("abc"), &a, &e), 0);
	for (i = 0; i < DIGEST_SIZE * 8; i++) {
		b = a;
		assert_true(digest_same(&a, &b));
		b.bytes[i / 8] ^= (unsigned char)(1 << i % 8);
		assert_false(digest_same(&a, &b));
	}
	digest_wipe(&a, sizeof(a));
	for (i = 0; i < DIGEST_SIZE; i++)
		assert_int_equal(a.bytes[i], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_agrees_with_published_vectors),
		cmocka_unit_test(
		    digest_with_a_key_agrees_with_published_vectors),
		cmocka_unit_test(digest_reads_what_it_writes_and_nothing_else),
		cmocka_unit_test(digest_differs_by_any_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
