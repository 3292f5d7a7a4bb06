/* SPDX-License-Identifier: BSD-2-Clause */

/* response: measured first, then written at once. */

#include "http/response.h"

#include "http/status.h"

/* Fields that are a Location, or those that are none. */
static char *
response_put_fields(char *to, const struct header *fields, bool location)
{
	size_t i;

	for (i = 0; i < fields->count; i++)
		if ((fields->fields[i].id == NAME_LOCATION) == location)
			to = header_put_line(to, &fields->fields[i]);
	return to;
}

struct str
response_head(int status, struct str phrase, const struct header *fields,
    int64_t length, struct arena *a)
{
	const struct str line_end = STR("\r\n");
	char status_digits[STR_DECIMAL_MAX], length_digits[STR_DECIMAL_MAX];
	struct str code = str_decimal((uint64_t)status, status_digits);
	struct header_field size = { STR("Content-Length"), STR(""),
		NAME_CONTENT_LENGTH };
	size_t n;
	char *head, *to;

	if (phrase.n == 0)
		phrase = str_of(status_phrase(status));
	n = sizeof("Status:  \r\n\r\n") - 1 + code.n + phrase.n +
	    header_lines_size(fields);
	if (length >= 0) {
		size.value = str_decimal((uint64_t)length, length_digits);
		n += header_line_size(&size);
	}
	head = arena_alloc(a, n);
	if (head == NULL)
		return (struct str){ NULL, 0 };
	to = head;
	if (header_known(fields, NAME_LOCATION) != NULL)
		to = response_put_fields(to, fields, true);
	to = str_put(to, STR("Status: "));
	to = str_put(to, code);
	*to++ = ' ';
	to = str_put(to, phrase);
	to = str_put(to, line_end);
	to = response_put_fields(to, fields, false);
	if (length >= 0)
		to = header_put_line(to, &size);
	to = str_put(to, line_end);
	CHECK((size_t)(to - head) == n);
	return (struct str){ head, n };
}
