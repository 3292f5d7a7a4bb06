/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_host: whatever is taken is canonical: reading it again changes
 * nothing, and it holds only what a host may hold.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "http/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_look(struct str text, enum host_kind kind)
{
	static const char bytes[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789-_.:[]";
	size_t i;

	CHECK(text.n > 0 && text.n <= HOST_MAX);
	CHECK(text.p[text.n] == '\0');
	for (i = 0; i < text.n; i++) {
		CHECK(text.p[i] != '\0');
		CHECK(strchr(bytes, text.p[i]) != NULL);
	}
	CHECK((kind == HOST_IPV6) == (text.p[0] == '['));
	CHECK((kind == HOST_IPV6) == (str_find(text, ':') < text.n));
	CHECK(text.p[text.n - 1] != '.');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct host first, again;
	struct err e = { .reason = REASON_NONE };
	uint16_t port = 0;

	if (host_parse_port(in, &first, &port, &e) == -1) {
		CHECK(e.reason == REASON_BAD_HOST);
		return 0;
	}
	fuzz_look(host_text(&first), first.kind);
	CHECK(host_parse(host_text(&first), &again, &e) == 0);
	CHECK(again.kind == first.kind);
	CHECK(str_eq(host_text(&first), host_text(&again)));
	return 0;
}
