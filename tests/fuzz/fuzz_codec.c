/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * codec: any bytes give a record or map-broken; a record that was read is
 * written as the very bytes it was read from.
 *
 * The input is a key's length in one byte, the key, the record.
 */

#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "route/codec.h"

enum { ARENA_MAX = 1 << 22, RECORD_MAX = 1 << 21 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_refused(const struct err *e)
{
	CHECK(e->reason == REASON_MAP_BROKEN ||
	    e->reason == REASON_OVERLOADED);
}

static void
fuzz_route(struct str key, struct str bytes, struct arena *a, struct buf *to)
{
	const struct route_shape shape = { .segments = 1 };
	struct route_host host;
	struct route route;
	struct err e;

	if (codec_get_route(key, bytes, a, &route, &e) == -1) {
		fuzz_refused(&e);
		return;
	}
	CHECK(codec_put_route(&route, to, &e) == 0);
	CHECK(str_eq(buf_view(to), bytes));
	if (!codec_key_is_host(key))
		return;
	buf_clear(to);
	CHECK(codec_put_host_of(bytes, &shape, 1, to, &e) == 0);
	if (codec_get_host(key, buf_view(to), a, &host, &e) == -1) {
		CHECK(e.reason == REASON_OVERLOADED);
		return;
	}
	CHECK(host.has_rule && host.shape_count == 1);
}

static void
fuzz_host(struct str key, struct str bytes, struct arena *a, struct buf *to)
{
	struct route_host host;
	struct err e;

	if (codec_get_host(key, bytes, a, &host, &e) == -1) {
		fuzz_refused(&e);
		return;
	}
	CHECK(codec_put_host(&host, to, &e) == 0);
	CHECK(str_eq(buf_view(to), bytes));
}

static void
fuzz_service(struct str key, struct str bytes, struct arena *a,
    struct buf *to)
{
	struct service service;
	struct err e;

	if (codec_get_service(key, bytes, a, &service, &e) == -1) {
		fuzz_refused(&e);
		return;
	}
	CHECK(codec_put_service(&service, to, &e) == 0);
	CHECK(str_eq(buf_view(to), bytes));
}

/* A key alone: printed without control bytes, counted or not. */
static void
fuzz_key(struct str key, struct buf *to)
{
	struct codec_meta meta = { .records = 0 };
	struct str text;
	size_t i;

	CHECK(codec_key_print(key, to) == 0);
	text = buf_view(to);
	for (i = 0; i < text.n; i++)
		CHECK(!str_is_control(text.p[i]));
	CHECK(codec_meta_count(&meta, key) == (meta.records == 1));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	struct str key, record;
	struct arena a;
	struct buf to;

	if (size == 0)
		return 0;
	key = str_sub(bytes, 1, 1 + (size_t)data[0]);
	record = str_sub(bytes, 1 + key.n, size);
	arena_init(&a, ARENA_MAX);
	buf_init(&to, RECORD_MAX);
	fuzz_route(key, record, &a, &to);
	buf_clear(&to);
	fuzz_host(key, record, &a, &to);
	buf_clear(&to);
	fuzz_service(key, record, &a, &to);
	buf_clear(&to);
	fuzz_key(key, &to);
	buf_fini(&to);
	arena_fini(&a);
	return 0;
}
