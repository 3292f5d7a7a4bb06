/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_query_log: whatever bytes a client put into a log, a line of it has a
 * client, and a request has both a method and a target, or neither. The same
 * bytes as a case: a mistake lies in the line.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "tools/query_case.h"
#include "tools/query_log.h"

enum { FUZZ_MEMORY = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_log(struct str line, struct arena *a)
{
	struct query_log log;

	if (query_log_parse(line, a, &log) != 1)
		return;
	CHECK(log.client.n > 0);
	CHECK((log.method.n > 0) == (log.target.n > 0));
	CHECK(log.target.n <= line.n && log.agent.n <= line.n);
	CHECK(str_find(log.host, ' ') == log.host.n);
}

static void
fuzz_case(struct str line, struct arena *a)
{
	struct query_wish base;
	struct query_case one;
	struct err e;
	size_t at = 0;
	int got;

	query_wish_init(&base);
	got = query_case_read(line, &base, a, &one, &at, &e);
	CHECK(at <= line.n);
	if (got == -1)
		CHECK(e.reason != REASON_NONE && e.text[0] != '\0');
	if (got != 1)
		return;
	CHECK(one.from < one.to && one.to <= line.n);
	CHECK(one.expected.n > 0);
	CHECK(one.wish.field_count <= QUERY_FIELDS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = { (const char *)data, size };
	struct arena a;

	arena_init(&a, FUZZ_MEMORY);
	fuzz_log(line, &a);
	fuzz_case(line, &a);
	arena_fini(&a);
	return 0;
}
