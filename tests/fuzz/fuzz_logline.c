/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_logline: whatever a log holds, what is read of a line borrows from it or
 * lives in the arena, its day is one, and what is summed of it is no more than
 * a request.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "report/stats.h"
#include "tools/logline.h"

enum { FUZZ_MEMORY = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads each byte of what was found. */
static size_t
fuzz_read(const struct logline *l)
{
	size_t sum = l->partial.n, i, k;

	for (i = 0; i < RECORD_FIELDS; i++)
		for (k = 0; k < l->texts[i].n; k++)
			sum += (unsigned char)l->texts[i].p[k];
	for (i = 0; i < l->record.tags.count; i++)
		sum += l->record.tags.list[i].key.n +
		    l->record.tags.list[i].value.n;
	return sum;
}

static void
fuzz_line(const struct logline *l)
{
	uint64_t counts[STATS_COUNT_COUNT];
	char day[LOGLINE_DAY];
	size_t i;

	CHECK(fuzz_read(l) < SIZE_MAX);
	if (l->partial.n > 0)
		return;
	CHECK(l->record.start.tv_sec >= 0 && l->has[RECORD_AT_start]);
	logline_day(l->record.start.tv_sec, day);
	for (i = 0; i < LOGLINE_DAY; i++)
		CHECK(i == 4 || i == 7 ? day[i] == '-' :
		    str_is_digit(day[i]));
	CHECK(l->record.status >= 0 && l->record.status <= 999);
	stats_counts_of(&l->record, counts);
	CHECK(counts[STATS_COUNT_requests] == 1);
	CHECK(counts[STATS_COUNT_errors] <= 1);
}

/* The same of formats that are someone's own. */
static void
fuzz_own(struct str line, struct arena *a)
{
	static const char *const texts[] = {
		"{time} {service} {status} {total_ms} {tag.k}",
		"{host}:{port},{uri},{time_s}{tags}",
		"{{\"t\":\"{time}\",\"s\":\"{service}\",\"b\":{sent}}}",
		"[{time_local}] \"{method} {uri}\" {first_s}{tab}{reason}" };
	static struct format *formats[sizeof(texts) / sizeof(texts[0])];
	struct logline l;
	struct err e;
	size_t i, at;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (formats[i] == NULL)
			CHECK(format_parse(str_of(texts[i]), &formats[i], &at,
			    &e) == 0);
		if (logline_parse_own(line, formats[i], a, &l) == 1)
			fuzz_line(&l);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = { (const char *)data, size };
	struct json *j = json_new();
	struct logline l;
	struct arena a;

	arena_init(&a, FUZZ_MEMORY);
	if (logline_parse(line, j, &a, &l) == 1)
		fuzz_line(&l);
	fuzz_own(line, &a);
	arena_fini(&a);
	json_free(&j);
	return 0;
}
