/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_filter: whatever is taken as a filter says the same again, its denial
 * says the contrary, and a mistake is told within the text.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "report/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_tag fuzz_tags[] = {
	{ { "k", 1 }, { "v", 1 } },
};

/* Nothing known, and all known. */
static void
fuzz_records(struct record r[2])
{
	size_t i;

	record_init(&r[0]);
	record_init(&r[1]);
	r[1].status = 503;
	r[1].reason = REASON_OVERLOADED;
	r[1].port = 80;
	r[1].total_us = r[1].first_us = r[1].connect_us = 1000;
	r[1].sent = UINT64_MAX;
	r[1].tags = (struct record_tags){ fuzz_tags, 1 };
	for (i = 0; i < RECORD_FIELDS; i++)
		if (record_rows[i].kind == RECORD_KIND_TEXT)
			*(struct str *)(void *)((char *)&r[1] +
			    record_rows[i].offset) = STR("aXa.0\xff");
	r[1].client_ip = STR("192.0.2.7");
}

/* The text in !( ), if that still is a filter. */
static struct filter *
fuzz_denied(struct str text)
{
	char room[FILTER_TEXT_MAX + 3] = "!(";
	struct filter *f = NULL;
	struct err e;
	size_t at;

	if (text.n + 3 > FILTER_TEXT_MAX)
		return NULL;
	memcpy(room + 2, text.p, text.n);
	room[2 + text.n] = ')';
	if (filter_parse((struct str){ room, text.n + 3 }, &f, &at, &e) == -1)
		return NULL;
	return f;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct filter *f = NULL, *denied;
	struct record r[2];
	struct err e;
	size_t at, i;

	if (filter_parse(text, &f, &at, &e) == -1) {
		CHECK(f == NULL && at <= size && e.text[0] != '\0');
		return 0;
	}
	fuzz_records(r);
	denied = fuzz_denied(text);
	for (i = 0; i < 2; i++) {
		bool takes = filter_takes(f, &r[i]);

		CHECK(filter_takes(f, &r[i]) == takes);
		CHECK(denied == NULL ||
		    filter_takes(denied, &r[i]) == !takes);
	}
	filter_free(&denied);
	filter_free(&f);
	return 0;
}
