/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_format: whatever is taken as a format gives one line, of text alone, of
 * any record; and what is redacted of a target is gone. The input is the
 * format, or a target with the same bytes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "report/format.h"
#include "report/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_ROOM = 1 << 16 };

/* One LF, at its end, and no other control byte but a TAB of the format's. */
static void
fuzz_look(const struct format *f, const struct record *r)
{
	static char line[FORMAT_LINE_MAX];
	size_t n, i;

	n = format_print(f, r, line);
	CHECK(n > 0 && n <= FORMAT_LINE_MAX && line[n - 1] == '\n');
	for (i = 0; i + 1 < n; i++)
		CHECK(!str_is_control(line[i]) || line[i] == '\t');
}

static void
fuzz_print(const struct format *f, struct str text)
{
	const struct record_tag tag = { text, text };
	struct record r;
	size_t i;

	record_init(&r);
	fuzz_look(f, &r);
	for (i = 0; i < RECORD_FIELDS; i++)
		if (record_rows[i].kind == RECORD_KIND_TEXT)
			*(struct str *)(void *)((char *)&r +
			    record_rows[i].offset) = text;
	r.tags = (struct record_tags){ &tag, 1 };
	r.start = (struct timespec){ INT64_MAX / 4, 999999999 };
	r.status = 599;
	r.port = UINT16_MAX;
	r.sent = r.generation = UINT64_MAX;
	r.total_us = r.first_us = INT64_MAX;
	fuzz_look(f, &r);
}

static void
fuzz_built_in(struct str text)
{
	static const char *const names[] = { "combined", "vhost_combined",
		"standard", "full", "json" };
	struct format *f = NULL;
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK(format_built_in(str_of(names[i]), &f, &e) == 1);
		fuzz_print(f, text);
		format_free(&f);
	}
}

/* What stands behind "token=" in a query is never in it afterwards. */
static void
fuzz_redact(struct str text)
{
	static const char secret[] = "?token=a-very-secret-token";
	char *target = malloc(text.n + sizeof(secret));
	static char room[FUZZ_ROOM];
	struct redact d;
	struct record r;

	CHECK(target != NULL);
	record_init(&r);
	memcpy(target, secret, sizeof(secret) - 1);
	if (text.n > 0)
		memcpy(target + sizeof(secret) - 1, text.p, text.n);
	r.uri = (struct str){ target, text.n + sizeof(secret) - 1 };
	r.client_ip = text;
	redact_init(&d, STR("query:token"), true);
	redact_record(&d, &r, room, FUZZ_ROOM);
	CHECK(memmem(r.uri.p, r.uri.n, "a-very-secret-token", 19) == NULL ||
	    (text.n > 0 && memmem(text.p, text.n, "a-very-secret-token",
	    19) != NULL));
	free(target);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct format *f = NULL;
	struct err e;
	size_t at;

	fuzz_built_in(text);
	fuzz_redact(text);
	if (format_parse(text, &f, &at, &e) == -1) {
		CHECK(f == NULL && at <= size && e.text[0] != '\0');
		return 0;
	}
	fuzz_print(f, text);
	format_free(&f);
	return 0;
}
