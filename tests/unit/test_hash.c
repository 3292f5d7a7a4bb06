/* SPDX-License-Identifier: BSD-2-Clause */

/* test_hash: SipHash-2-4 against the vectors of its authors, SipHash-1-3
 * against what Python 3.11 answers with PYTHONHASHSEED=0. */

#include "base/hash.h"

#include <string.h>

#include "tests/unit/table.h"

/*
 * Key 00 01 .. 0f, input 00 01 .. (n-1), as the reference implementation
 * publishes them (vectors_sip64), read as little-endian numbers.
 */
static const uint64_t hash_vectors[64] = {
	0x726fdb47dd0e0e31u, 0x74f839c593dc67fdu, 0x0d6c8009d9a94f5au,
	0x85676696d7fb7e2du, 0xcf2794e0277187b7u, 0x18765564cd99a68du,
	0xcbc9466e58fee3ceu, 0xab0200f58b01d137u, 0x93f5f5799a932462u,
	0x9e0082df0ba9e4b0u, 0x7a5dbbc594ddb9f3u, 0xf4b32f46226bada7u,
	0x751e8fbc860ee5fbu, 0x14ea5627c0843d90u, 0xf723ca908e7af2eeu,
	0xa129ca6149be45e5u, 0x3f2acc7f57c29bdbu, 0x699ae9f52cbe4794u,
	0x4bc1b3f0968dd39cu, 0xbb6dc91da77961bdu, 0xbed65cf21aa2ee98u,
	0xd0f2cbb02e3b67c7u, 0x93536795e3a33e88u, 0xa80c038ccd5ccec8u,
	0xb8ad50c6f649af94u, 0xbce192de8a85b8eau, 0x17d835b85bbb15f3u,
	0x2f2e6163076bcfadu, 0xde4daaaca71dc9a5u, 0xa6a2506687956571u,
	0xad87a3535c49ef28u, 0x32d892fad841c342u, 0x7127512f72f27cceu,
	0xa7f32346f95978e3u, 0x12e0b01abb051238u, 0x15e034d40fa197aeu,
	0x314dffbe0815a3b4u, 0x027990f029623981u, 0xcadcd4e59ef40c4du,
	0x9abfd8766a33735cu, 0x0e3ea96b5304a7d0u, 0xad0c42d6fc585992u,
	0x187306c89bc215a9u, 0xd4a60abcf3792b95u, 0xf935451de4f21df2u,
	0xa9538f0419755787u, 0xdb9acddff56ca510u, 0xd06c98cd5c0975ebu,
	0xe612a3cb9ecba951u, 0xc766e62cfcadaf96u, 0xee64435a9752fe72u,
	0xa192d576b245165au, 0x0a8787bf8ecb74b2u, 0x81b3e73d20b49b6fu,
	0x7fa8220ba3b2eceau, 0x245731c13ca42499u, 0xb78dbfaf3a8d83bdu,
	0xea1ad565322a1a0bu, 0x60e61c23a3795013u, 0x6606d7e446282b93u,
	0x6ca4ecb15c5f91e1u, 0x9f626da15c9625f3u, 0xe51b38608ef25f57u,
	0x958a324ceb064572u,
};

static void
hash_agrees_with_the_published_vectors(void **state)
{
	const struct hash_key key = { 0x0706050403020100u,
		0x0f0e0d0c0b0a0908u };
	char in[64];
	size_t n;

	(void)state;
	for (n = 0; n < 64; n++) {
		uint64_t got;

		in[n] = (char)n;
		got = hash_sip(key, (struct str){ in, n });
		if (got != hash_vectors[n])
			fail_msg("input of %zu bytes: got %016llx", n,
			    (unsigned long long)got);
	}
}

struct place {
	struct str in;
	uint64_t hash;
};

static const struct place places[] = {
	{ STR("a"), 0x407448d2b89b1813u },
	{ STR("abcdefg"), 0x6db12aae9070f506u },
	{ STR("abcdefgh"), 0x3f7b849c0b8e35eau },
	{ STR("production\0@api\0free\0"), 0xb8b3d76c924d32aeu },
};

static void
a_place_agrees_with_pythons(void **state)
{
	const struct hash_key none = { 0, 0 };
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(places); i++)
		TABLE_INT(places[i].in.p, hash_place(none, places[i].in),
		    places[i].hash);
}

static void
hash_reads_no_byte_beyond_its_input(void **state)
{
	const struct hash_key key = { 1, 2 };
	size_t n;

	(void)state;
	for (n = 0; n < 64; n++) {
		char *in = calloc(n + 1, 1);
		uint64_t got;

		assert_non_null(in);
		got = hash_sip(key, (struct str){ in, n });
		in[n] = 'x';
		assert_int_equal(hash_sip(key, (struct str){ in, n }), got);
		free(in);
	}
	hash_sip(key, (struct str){ NULL, 0 });
}

static void
hash_takes_bytes_from_0x80_up_as_unsigned(void **state)
{
	const struct hash_key key = { 0x0706050403020100u,
		0x0f0e0d0c0b0a0908u };

	(void)state;
	assert_true(hash_sip(key,
	    STR("\xff\x80\x81\xfe\xff\x80\x81\xfe\xff")) ==
	    0xb327f40361647970u);
}

static void
hash_depends_on_both_halves_of_the_key(void **state)
{
	const struct hash_key a = { 1, 2 }, b = { 3, 2 }, c = { 1, 3 };

	(void)state;
	assert_true(hash_sip(a, STR("x")) != hash_sip(b, STR("x")));
	assert_true(hash_sip(a, STR("x")) != hash_sip(c, STR("x")));
}

static void
random_keys_differ_and_random_fills_all_bytes(void **state)
{
	struct hash_key a = hash_key_random();
	struct hash_key b = hash_key_random();
	unsigned char seen[256] = { 0 };
	unsigned char bytes[256];
	int round;
	size_t i;

	(void)state;
	assert_true(a.k0 != b.k0 && a.k1 != b.k1 && a.k0 != a.k1);
	for (round = 0; round < 16; round++) {
		hash_random(bytes, sizeof(bytes));
		for (i = 0; i < sizeof(bytes); i++)
			seen[i] |= bytes[i];
	}
	for (i = 0; i < sizeof(seen); i++)
		assert_int_not_equal(seen[i], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_agrees_with_the_published_vectors),
		cmocka_unit_test(a_place_agrees_with_pythons),
		cmocka_unit_test(hash_reads_no_byte_beyond_its_input),
		cmocka_unit_test(hash_takes_bytes_from_0x80_up_as_unsigned),
		cmocka_unit_test(hash_depends_on_both_halves_of_the_key),
		cmocka_unit_test(
		    random_keys_differ_and_random_fills_all_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
