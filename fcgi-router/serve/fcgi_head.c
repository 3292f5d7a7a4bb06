/* SPDX-License-Identifier: BSD-2-Clause */

/* fcgi_head: reads records and the lengths of pairs, and keeps nothing. */

#include "serve/fcgi_head.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FCGI_BEGIN_SIZE = 8 }; /* content of a BEGIN_REQUEST */

struct fcgi_record {
	int type;
	unsigned id;
	struct str content;
	bool padded;
};

/* 1 and *out, *at moved on; 0: not all there; -1: no version-1 record. */
static int
fcgi_head_record(struct str bytes, size_t *at, struct fcgi_record *out)
{
	struct str rest = str_sub(bytes, *at, bytes.n);
	const unsigned char *p = (const unsigned char *)rest.p;
	size_t content, whole;

	if (rest.n > 0 && p[0] != FCGI_VERSION)
		return -1;
	if (rest.n < FCGI_HEAD)
		return 0;
	content = (size_t)p[4] << 8 | p[5];
	whole = FCGI_HEAD + content + p[6];
	if (rest.n < whole)
		return 0;
	out->type = p[1];
	out->id = (unsigned)p[2] << 8 | p[3];
	out->content = str_sub(rest, FCGI_HEAD, FCGI_HEAD + content);
	out->padded = p[6] != 0;
	*at += whole;
	return 1;
}

/*
 * The lengths of name-value pairs, which may go on in the next record: `need`
 * bytes of a name or value are to come, `head` holds an unfinished length.
 */
struct fcgi_pairs {
	unsigned char head[8];
	size_t have;
	uint64_t need;
	bool nul; /* in a name or value */
};

static size_t
fcgi_head_length(const unsigned char *p, uint64_t *out)
{
	if (p[0] < 0x80) {
		*out = p[0];
		return 1;
	}
	*out = (uint64_t)(p[0] & 0x7f) << 24 | (uint64_t)p[1] << 16 |
	    (uint64_t)p[2] << 8 | p[3];
	return 4;
}

/* How many bytes the two lengths take, as far as `head` shows. */
static size_t
fcgi_head_lengths(const struct fcgi_pairs *pairs)
{
	size_t first = pairs->head[0] < 0x80 ? 1 : 4;

	if (pairs->have <= first)
		return first + 1;
	return first + (pairs->head[first] < 0x80 ? 1 : 4);
}

static void
fcgi_head_pairs(struct fcgi_pairs *pairs, struct str content)
{
	const char *p = content.p, *end = content.p + content.n;
	const char *nul = NULL; /* the first at or behind p, or end */

	while (p < end) {
		uint64_t name, value;
		size_t skip, used;

		if (pairs->need > 0) {
			skip = (size_t)(end - p);
			if (skip > pairs->need)
				skip = (size_t)pairs->need;
			/* Lengths of zero are found, too; there are few. */
			if (nul == NULL || nul < p)
				nul = memchr(p, '\0', (size_t)(end - p));
			if (nul == NULL)
				nul = end;
			pairs->nul |= nul < p + skip;
			pairs->need -= skip;
			p += skip;
			continue;
		}
		pairs->head[pairs->have++] = (unsigned char)*p++;
		if (pairs->have < fcgi_head_lengths(pairs))
			continue;
		used = fcgi_head_length(pairs->head, &name);
		(void)fcgi_head_length(pairs->head + used, &value);
		pairs->need = name + value;
		pairs->have = 0;
	}
}

int
fcgi_head_look(struct str bytes)
{
	struct fcgi_pairs pairs = { .have = 0 };
	struct fcgi_record record;
	size_t at = 0;
	unsigned id;
	int got;

	if (bytes.n >= 2 && bytes.p[1] != FCGI_BEGIN)
		return -1;
	got = fcgi_head_record(bytes, &at, &record);
	if (got != 1)
		return got;
	/* libfcgi 2.4.2 takes padding behind a BEGIN_REQUEST, and behind the
	 * last PARAMS, for more records: variables could hide there. No web
	 * server sends any. */
	if (record.padded || record.content.n != FCGI_BEGIN_SIZE ||
	    record.id == 0)
		return -1;
	id = record.id;
	while ((got = fcgi_head_record(bytes, &at, &record)) == 1) {
		if (record.type != FCGI_PARAMS || record.id != id)
			return -1;
		if (record.content.n == 0)
			return record.padded || pairs.need > 0 ||
			    pairs.have > 0 ? -1 : pairs.nul ? 2 : 1;
		fcgi_head_pairs(&pairs, record.content);
	}
	return got;
}

int
fcgi_head_role(struct str bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	return p[FCGI_HEAD] << 8 | p[FCGI_HEAD + 1];
}

int
fcgi_head_id(struct str bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	return p[2] << 8 | p[3];
}
