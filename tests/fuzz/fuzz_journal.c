/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_journal: any bytes in a place of the journal. What is taken as a record
 * can be written in every format, and packed again comes back the same.
 *
 * The number of bytes, which they begin with, is put right before.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "report/format.h"
#include "report/journal_pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_print(const struct record *r)
{
	static const char *const names[] = { "combined", "vhost_combined",
		"full", "json" };
	static struct format *formats[sizeof(names) / sizeof(names[0])];
	static char line[FORMAT_LINE_MAX];
	struct err e;
	size_t i, n;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK(formats[i] != NULL || format_built_in(str_of(names[i]),
		    &formats[i], &e) == 1);
		n = format_print(formats[i], r, line);
		CHECK(n > 0 && n <= sizeof(line) && line[n - 1] == '\n');
		CHECK(memchr(line, '\n', n) == line + n - 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct journal_entry one, two;
	unsigned char first[JOURNAL_PACK_MAX], again[JOURNAL_PACK_MAX];
	uint16_t said = (uint16_t)size;
	size_t n, m;

	if (size < sizeof(said) || size > sizeof(first))
		return 0;
	memcpy(first, data, size);
	memcpy(first, &said, sizeof(said));
	if (!journal_pack_get(first, size, &one))
		return 0;
	fuzz_print(&one.record);
	n = journal_pack_put(&one.record, again);
	CHECK(n == journal_pack_size(again));
	CHECK(journal_pack_get(again, n, &two));
	/* What was cut has dots, and then may be cut again. */
	m = journal_pack_put(&two.record, first);
	CHECK(two.used > 0 || (m == n && memcmp(first, again, n) == 0));
	return 0;
}
