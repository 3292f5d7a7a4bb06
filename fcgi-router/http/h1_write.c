/* SPDX-License-Identifier: BSD-2-Clause */

/* h1_write: requests and chunks, each measured first, then written at once. */

#include "http/h1_private.h"

#include <stdio.h>

/* Names that only this room may write. */
static bool
h1_is_ours(enum name name)
{
	return name == NAME_HOST || name == NAME_CONNECTION ||
	    name == NAME_CONTENT_LENGTH || name == NAME_TRANSFER_ENCODING;
}

/* Would it stay one word of a line? */
static bool
h1_is_word(struct str s)
{
	return s.n > 0 && header_all_from(s, ' ' + 1);
}

static size_t
h1_fields_size(const struct header *fields)
{
	size_t i;

	for (i = 0; i < fields->count; i++)
		CHECK(!h1_is_ours(fields->fields[i].id));
	return header_lines_size(fields);
}

int
h1_put_request(struct buf *to, const struct h1_request *r)
{
	const struct str line_end = STR("\r\n");
	const struct str before_host = STR(" HTTP/1.1\r\nHost: ");
	struct str framing = { NULL, 0 };
	struct str number = { NULL, 0 };
	char digits[STR_DECIMAL_MAX];
	size_t size, i;
	char *room, *at;

	CHECK(r->body < H1_BODY_CLOSE);
	if (!h1_is_word(r->method) || !h1_is_word(r->target) ||
	    !h1_is_word(r->host))
		return -1;
	if (r->body == H1_BODY_LENGTH) {
		framing = STR("Content-Length: ");
		number = str_decimal(r->length, digits);
	} else if (r->body == H1_BODY_CHUNKED) {
		framing = STR("Transfer-Encoding: ");
		number = STR("chunked");
	}
	size = r->method.n + 1 + r->target.n + before_host.n + r->host.n +
	    line_end.n + h1_fields_size(r->fields) + framing.n + number.n +
	    (framing.n > 0 ? line_end.n : 0) + line_end.n;
	room = buf_room(to, size);
	if (room == NULL)
		return -1;
	at = str_put(room, r->method);
	*at++ = ' ';
	at = str_put(at, r->target);
	at = str_put(at, before_host);
	at = str_put(at, r->host);
	at = str_put(at, line_end);
	for (i = 0; i < r->fields->count; i++)
		at = header_put_line(at, &r->fields->fields[i]);
	if (framing.n > 0) {
		at = str_put(at, framing);
		at = str_put(at, number);
		at = str_put(at, line_end);
	}
	at = str_put(at, line_end);
	CHECK((size_t)(at - room) == size);
	buf_grew(to, size);
	return 0;
}

int
h1_put_chunk(struct buf *to, struct str data)
{
	char line[sizeof("ffffffffffffffff\r\n")];
	int n = snprintf(line, sizeof(line), "%zx\r\n", data.n);
	char *room;

	CHECK(n > 0 && (size_t)n < sizeof(line));
	if (data.n > SIZE_MAX - sizeof(line) - 2)
		return -1;
	room = buf_room(to, (size_t)n + data.n + 2);
	if (room == NULL)
		return -1;
	memcpy(room, line, (size_t)n);
	if (data.n > 0)
		memcpy(room + n, data.p, data.n);
	memcpy(room + (size_t)n + data.n, "\r\n", 2);
	buf_grew(to, (size_t)n + data.n + 2);
	return 0;
}
