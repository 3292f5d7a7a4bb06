/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_auth: a file of secrets and a client's credentials. The first byte says
 * which kind of file, then come the field Authorization, NUL, and the file.
 * Passwords are not computed: that they are slow is their purpose.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/digest.h"
#include "decide/auth_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_ARENA = 1 << 20 };

static char fuzz_name[] = "a", fuzz_path[] = "f", fuzz_realm[] = "r";

static void
fuzz_hear(void *arg, const char *line)
{
	size_t *told = arg;

	CHECK(strncmp(line, "f:", 2) == 0 && strstr(line, ": error: ") !=
	    NULL && strchr(line, '\n') == NULL);
	++*told;
}

/* A whole line of the file lets in who has its token, and nobody else. */
static void
fuzz_bearer(struct auth_lines *lines, const struct request *r,
    struct settings_auth *section, struct arena *a)
{
	const struct auth_ask ask = { .settings = section, .loaded = lines,
		.request = r, .arena = a };
	struct auth_answer answer = { .claim_count = 0 };
	struct digest digest;
	struct str token;
	struct err e;
	int got = auth_bearer_ask(&ask, &answer, &e);

	if (got == -1) {
		CHECK(e.reason == REASON_OVERLOADED && a->full);
		return;
	}
	CHECK((got == AUTH_YES) == (answer.identity.n > 0));
	CHECK((got == 0) == (answer.challenge.n > 0));
	if (got == 0)
		return;
	CHECK(auth_credentials(r, STR("Bearer"), &token));
	CHECK(digest_of(token, &digest, &e) == 0);
	CHECK(auth_lines_find(lines, (struct str){ (char *)digest.bytes,
	    DIGEST_SIZE }) != NULL);
}

/* Each line is found by its own key. */
static void
fuzz_lines(const struct auth_lines *lines)
{
	size_t i;

	for (i = 0; i < lines->count; i++) {
		const struct auth_line *line = &lines->list[i];

		CHECK(auth_lines_find(lines, line->key) == line);
		CHECK(line->rest.n > 0 && line->number > i);
	}
	CHECK(auth_lines_find(lines, STR("?:?")) == NULL);
}

static void
fuzz_credentials(const struct request *r, struct arena *a)
{
	struct str text, bytes;

	if (!auth_credentials(r, STR("Basic"), &text))
		return;
	bytes = auth_base64(text, a);
	CHECK(bytes.n <= text.n / 4 * 3);
	CHECK(bytes.n == 0 || bytes.p != NULL);
}

static void
fuzz_file(struct str text, bool basic, struct request *r, struct arena *a)
{
	struct settings_auth section = { .name = fuzz_name,
		.type = basic ? SETTINGS_AUTH_BASIC : SETTINGS_AUTH_BEARER,
		.file = fuzz_path, .realm = fuzz_realm };
	size_t told = 0;
	const struct auth_loading l = { NULL, &section, fuzz_hear, &told };
	struct secret copy = { malloc(text.n + 1), text.n };
	struct auth_lines lines;
	int got;

	CHECK(copy.p != NULL);
	memcpy(copy.p, text.p, text.n);
	copy.p[text.n] = '\0';
	got = auth_lines_take(&l, &copy, basic ? auth_basic_cut :
	    auth_bearer_cut, &lines);
	CHECK((got == 0) == (told == 0));
	if (got == 0) {
		fuzz_lines(&lines);
		if (!basic)
			fuzz_bearer(&lines, r, &section, a);
	}
	auth_lines_free(&lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request r = { .port = 0 };
	struct str field, file;
	struct arena a;

	if (size == 0)
		return 0;
	(void)str_cut((struct str){ (const char *)data + 1, size - 1 }, '\0',
	    &field, &file);
	arena_init(&a, FUZZ_ARENA);
	header_init(&r.fields, &a);
	if (header_add(&r.fields, STR("Authorization"), field) == 0)
		fuzz_credentials(&r, &a);
	fuzz_file(file, (data[0] & 1) != 0, &r, &a);
	arena_fini(&a);
	return 0;
}
