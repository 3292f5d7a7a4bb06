/* SPDX-License-Identifier: BSD-2-Clause */

/* request_id: random bytes are fetched for many ids at once. */

#include "serve/request_id.h"

#include <stddef.h>

#include "base/hash.h"

enum { REQUEST_ID_BYTES = 16, REQUEST_ID_STOCK = 2048 };

static _Thread_local unsigned char request_id_stock[REQUEST_ID_STOCK];
static _Thread_local size_t request_id_left;

void
request_id_new(char id[REQUEST_ID_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	if (request_id_left == 0) {
		hash_random(request_id_stock, REQUEST_ID_STOCK);
		request_id_left = REQUEST_ID_STOCK;
	}
	request_id_left -= REQUEST_ID_BYTES;
	for (i = 0; i < REQUEST_ID_BYTES; i++) {
		unsigned char byte = request_id_stock[request_id_left + i];

		id[2 * i] = hex[byte >> 4];
		id[2 * i + 1] = hex[byte & 15];
	}
	id[2 * REQUEST_ID_BYTES] = '\0';
}
