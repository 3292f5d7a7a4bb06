/* SPDX-License-Identifier: BSD-2-Clause */

/* test_idn: UTF-8 names to A-labels, and names that must be left alone. */

#include "tools/idn.h"

#include <string.h>

#include "tests/unit/table.h"

static const struct {
	const char *in;
	const char *out; /* NULL: refused */
} idn_rows[] = {
	{ "example.com", "example.com" },
	{ "EXAMPLE.com.", "example.com" },
	{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
	{ "B\xc3\x9c" "CHER.Example", "xn--bcher-kva.example" },
	/* decomposed: NFC first */
	{ "bu\xcc\x88" "cher.example", "xn--bcher-kva.example" },
	/* non-transitional: sharp s and final sigma stay */
	{ "fu\xc3\x9f.example", "xn--fu-hia.example" },
	{ "\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x82.example",
	    "xn--nxasmm1c.example" },
	{ "\xe4\xbe\x8b\xe5\xad\x90.\xe6\xb5\x8b\xe8\xaf\x95",
	    "xn--fsqu00a.xn--0zwm56d" },
	/* other full stops end labels too */
	{ "b\xc3\xbc\xe3\x80\x82" "example", "xn--b-eha.example" },
	/* full-width letters are mapped */
	{ "\xef\xbd\x81\xef\xbd\x82.example", "ab.example" },
	/* what libidn2 would refuse or delete, beside a label that needs it */
	{ "r1---sn-x.b\xc3\xbc" "cher.example",
	    "r1---sn-x.xn--bcher-kva.example" },
	{ "ab--cd.example", "ab--cd.example" },
	{ "x-.example", "x-.example" },
	{ "_dmarc.b\xc3\xbc" "cher.example", "_dmarc.xn--bcher-kva.example" },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
	{ "192.0.2.7", "192.0.2.7" },
	{ "[2001:DB8::1]", "[2001:db8::1]" },

	{ "", NULL },
	{ "a..b\xc3\xbc", NULL },
	{ "b\xc3\xbc_\xe2\x84\x80.example", NULL }, /* a/c */
	{ "a.\xe2\x84\x80", NULL },
	{ "\xef\xbc\x91.\xef\xbc\x92.\xef\xbc\x93.\xef\xbc\x94", NULL },
	{ "a\xe2\x80\x8d" "b.example", NULL }, /* a joiner out of place */
	{ "\xd7\x90" "a.example", NULL }, /* both directions in a label */
	{ "\xc3\xbc" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaa.example", NULL },
	{ "\xff.example", NULL },
};

static void
idn_makes_one_spelling_of_each_host(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(idn_rows); i++) {
		struct str in = str_of(idn_rows[i].in);
		char *exact = table_exact(in);
		struct host host;
		struct err e = { .text = "" };
		int got = idn_host((struct str){ exact, in.n }, &host, &e);

		TABLE_INT(idn_rows[i].in, got,
		    idn_rows[i].out != NULL ? 0 : -1);
		if (got == 0)
			TABLE_STR(idn_rows[i].in, host_text(&host),
			    idn_rows[i].out);
		else
			assert_int_equal(e.reason, REASON_BAD_HOST);
		free(exact);
	}
}

static void
idn_refuses_a_nul(void **state)
{
	struct host host;
	struct err e;

	(void)state;
	assert_int_equal(idn_host(STR("\xc3\xbc\0x.example"), &host, &e), -1);
}

static void
idn_refuses_endless_labels(void **state)
{
	static char label[100000];
	struct host host;
	struct err e;

	(void)state;
	memset(label, 'a', sizeof(label));
	memcpy(label, "\xc3\xbc", 2);
	assert_int_equal(idn_host((struct str){ label, sizeof(label) }, &host,
	    &e), -1);
	memset(label, '.', sizeof(label));
	memcpy(label, "\xc3\xbc", 2);
	assert_int_equal(idn_host((struct str){ label, sizeof(label) }, &host,
	    &e), -1);
}

static void
idn_leaves_variables_alone(void **state)
{
	static const struct {
		const char *in;
		const char *out; /* NULL: refused */
	} rows[] = {
		{ "{x}.Example", "{x}.Example" },
		{ "{x}.b\xc3\xbc" "cher.example",
		    "{x}.xn--bcher-kva.example" },
		{ "b\xc3\xbc" "cher{x}.example", NULL },
		{ "", "" },
	};
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a, 65536);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		struct str out;
		struct err e;
		int got = idn_labels(str_of(rows[i].in), &a, &out, &e);

		TABLE_INT(rows[i].in, got, rows[i].out != NULL ? 0 : -1);
		if (got == 0)
			TABLE_STR(rows[i].in, out, rows[i].out);
	}
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idn_makes_one_spelling_of_each_host),
		cmocka_unit_test(idn_refuses_a_nul),
		cmocka_unit_test(idn_refuses_endless_labels),
		cmocka_unit_test(idn_leaves_variables_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
