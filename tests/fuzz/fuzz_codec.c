/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * codec: any bytes give a record or map-broken; a record that was read is
 * written and read again as the same.
 */

#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "route/codec.h"
#include "tests/unit/route_sample.h"

enum { ARENA_MAX = 1 << 22, RECORD_MAX = 1 << 21, KEY_TEXT_MAX = 1 << 14 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_route(struct str bytes, struct arena *a, struct buf *to)
{
	struct route first, second;
	struct err e;

	if (codec_get_route(bytes, a, &first, &e) == -1) {
		CHECK(e.reason == REASON_MAP_BROKEN ||
		    e.reason == REASON_OVERLOADED);
		return;
	}
	CHECK(codec_put_route(&first, to, &e) == 0);
	CHECK(codec_get_route(buf_view(to), a, &second, &e) == 0);
	CHECK(sample_same_route(&first, &second));
}

static void
fuzz_host(struct str bytes, struct arena *a, struct buf *to)
{
	struct route_host first, second;
	struct err e;

	if (codec_get_host(bytes, a, &first, &e) == -1) {
		CHECK(e.reason == REASON_MAP_BROKEN ||
		    e.reason == REASON_OVERLOADED);
		return;
	}
	CHECK(codec_put_host(&first, to, &e) == 0);
	CHECK(codec_get_host(buf_view(to), a, &second, &e) == 0);
	CHECK(sample_same_host(&first, &second));
}

/* The same bytes as a key: printed without control bytes, counted or not. */
static void
fuzz_key(struct str key, struct buf *to)
{
	struct codec_meta meta = { .records = 0 };
	struct str text;
	size_t i;

	if (codec_key_print(key, to) == -1)
		return;
	text = buf_view(to);
	for (i = 0; i < text.n; i++)
		CHECK(!str_is_control(text.p[i]));
	CHECK(codec_meta_count(&meta, key) == (meta.records == 1));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	struct arena a;
	struct buf to;

	arena_init(&a, ARENA_MAX);
	buf_init(&to, RECORD_MAX);
	fuzz_route(bytes, &a, &to);
	buf_clear(&to);
	fuzz_host(bytes, &a, &to);
	buf_clear(&to);
	fuzz_key(str_sub(bytes, 0, KEY_TEXT_MAX), &to);
	buf_fini(&to);
	arena_fini(&a);
	return 0;
}
