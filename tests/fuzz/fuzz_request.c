/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_request: CGI variables, parted by NUL. The first byte chooses the
 * arena's ceiling, so that running out of memory is met everywhere too.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_VARIABLES = 512, FUZZ_ARENA = 1 << 20, FUZZ_SMALL = 4096 };

static void
fuzz_look(const struct request *r)
{
	size_t bytes = 0;
	size_t i;

	CHECK(header_is_token(r->method));
	CHECK(r->host.n > 0);
	CHECK(r->path.text.n > 0 && r->path.text.p[0] == '/');
	CHECK(r->uri.n <= REQUEST_URI_MAX);
	CHECK(str_eq(r->scheme, STR("http")) ||
	    str_eq(r->scheme, STR("https")));
	CHECK(r->id.n == 0);
	CHECK(r->body < REQUEST_BODY_COUNT);
	CHECK((r->body == REQUEST_BODY_LENGTH) == (r->length > 0));
	/* One more: an authorization that a redirect renamed. */
	CHECK(r->fields.count <= REQUEST_FIELDS_MAX + 1);
	for (i = 0; i < r->fields.count; i++) {
		const struct header_field *f = &r->fields.fields[i];

		CHECK(header_is_token(f->name));
		CHECK(header_is_value(f->value));
		CHECK(!str_eq_nocase(f->name, STR("Proxy")));
		CHECK(!str_eq_nocase(f->name, STR("Content-Length")));
		if (!str_eq(f->name, STR("Authorization")))
			bytes += f->name.n + f->value.n;
	}
	CHECK(bytes <= REQUEST_HEADER_MAX);
	CHECK(header_find(&r->fields, STR("Content-Type")) == NULL ||
	    header_get(&r->fields, STR("Content-Type")).n > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *variables[FUZZ_VARIABLES + 1];
	char *text = malloc(size + 1);
	struct arena a;
	struct request r;
	struct err e = { .reason = REASON_NONE };
	size_t n = 0, at = 1;

	CHECK(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	while (at < size && n < FUZZ_VARIABLES) {
		variables[n++] = text + at;
		at += strlen(text + at) + 1;
	}
	variables[n] = NULL;
	arena_init(&a, size > 0 && text[0] == 's' ? FUZZ_SMALL : FUZZ_ARENA);
	if (request_from_cgi(variables, &a, &r, &e) == 0) {
		fuzz_look(&r);
	} else {
		CHECK(e.reason == REASON_BAD_HOST ||
		    e.reason == REASON_BAD_PATH ||
		    e.reason == REASON_BAD_REQUEST ||
		    e.reason == REASON_URI_TOO_LONG ||
		    e.reason == REASON_HEADERS_TOO_LARGE ||
		    e.reason == REASON_OVERLOADED);
		CHECK((e.reason == REASON_OVERLOADED) == a.full);
	}
	arena_fini(&a);
	free(text);
	return 0;
}
