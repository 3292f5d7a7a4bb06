/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_path: whatever is taken has one spelling and no dot segment, however an
 * origin reads %2F, %5C and ';'. The look at the result is written apart from
 * the room, slowly and without its tables.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "http/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_ARENA = 1 << 22, FUZZ_READINGS = 8 };

static bool
fuzz_is_dots(const char *p, size_t n)
{
	return (n == 1 && p[0] == '.') ||
	    (n == 2 && p[0] == '.' && p[1] == '.');
}

/* Reads path with %2F (bit 0), %5C (bit 1), ';' (bit 2) taken otherwise. */
static void
fuzz_reading(struct str path, int reading)
{
	char *text = malloc(path.n + 1);
	size_t n = 0, from = 0, i;
	bool parameters = false;

	CHECK(text != NULL);
	for (i = 0; i < path.n; i++) {
		struct str escape = str_sub(path, i, i + 3);
		char c = path.p[i];

		if (((reading & 1) && str_eq(escape, STR("%2F"))) ||
		    ((reading & 2) && str_eq(escape, STR("%5C")))) {
			c = '/';
			i += 2;
		}
		if (c == '/')
			parameters = false;
		else if (c == ';' && (reading & 4))
			parameters = true;
		if (!parameters)
			text[n++] = c;
	}
	text[n] = '/';
	for (i = 0; i <= n; i++) {
		if (text[i] != '/')
			continue;
		CHECK(!fuzz_is_dots(text + from, i - from));
		from = i + 1;
	}
	free(text);
}

static void
fuzz_look(struct str path)
{
	static const char raw[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/";
	static const char digits[] = "0123456789ABCDEF";
	size_t unreserved = strlen("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~");
	size_t i;

	CHECK(path.n > 0 && path.p[0] == '/');
	for (i = 0; i < path.n; i++) {
		int byte;

		CHECK(path.p[i] != '\0');
		if (path.p[i] != '%') {
			CHECK(strchr(raw, path.p[i]) != NULL);
			continue;
		}
		CHECK(i + 2 < path.n);
		CHECK(memchr(digits, path.p[i + 1], 16) != NULL);
		CHECK(memchr(digits, path.p[i + 2], 16) != NULL);
		byte = str_hex(path.p[i + 1]) * 16 + str_hex(path.p[i + 2]);
		CHECK(byte != 0);
		CHECK(memchr(raw, byte, unreserved) == NULL);
		i += 2;
	}
}

static void
fuzz_target(struct str in, struct arena *a)
{
	struct path path, again;
	struct str authority, rest;
	struct err e = { .reason = REASON_NONE };
	int reading;

	path_split_target(in, &authority, &rest);
	if (path_parse(rest, a, &path, &e) == -1) {
		CHECK(e.reason == REASON_BAD_PATH);
		return;
	}
	CHECK(rest.p[0] == '/');
	fuzz_look(path.text);
	for (reading = 0; reading < FUZZ_READINGS; reading++)
		fuzz_reading(path.text, reading);
	CHECK(path.has_query == (str_find(rest, '?') < rest.n));
	CHECK(path.query.n == 0 || str_ends(rest, path.query));
	CHECK(path_parse(path.text, a, &again, &e) == 0);
	CHECK(str_eq(path.text, again.text));
}

/* A value put as one segment stays that segment, dots apart. */
static void
fuzz_put(struct str in, struct arena *a)
{
	struct buf b;
	struct str out, segment;
	struct err e;
	size_t at = 0;

	buf_init(&b, 3 * in.n + 1);
	CHECK(buf_put(&b, STR("/")) == 0);
	CHECK(path_put_segment(&b, in) == 0);
	if (path_canonical(buf_view(&b), a, &out, &e) == 0) {
		if (in.n > 0 && !fuzz_is_dots(in.p, in.n)) {
			CHECK(path_segment(out, &at, &segment));
			CHECK(at == out.n && segment.n == out.n - 1);
			CHECK(str_eq(out, buf_view(&b)));
		}
	} else {
		/* NUL, and dots behind an escaped separator, are refused. */
		CHECK(e.reason == REASON_BAD_PATH);
	}
	buf_clear(&b);
	CHECK(path_put_query(&b, in) == 0);
	CHECK(buf_len(&b) >= in.n);
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena a;

	arena_init(&a, FUZZ_ARENA);
	fuzz_target(in, &a);
	fuzz_put(in, &a);
	CHECK(size > FUZZ_ARENA / 16 || !a.full);
	arena_fini(&a);
	return 0;
}
