/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * codec: what the map says about itself.
 *
 * Numbers are eight bytes, the least first, whatever their value: a record can
 * be written again in place, with the number of pages that are known last.
 */

#include "route/codec.h"

#include <stddef.h>
#include <string.h>

#include "route/codec_private.h"

enum { CODEC_U64 = 8, CODEC_WORD_MAX = 32 };

/* In the order of keys. */
static const struct codec_member {
	const char *word;
	size_t at;
	bool text;
} codec_members[] = {
#define NUMBER(name) { #name, offsetof(struct codec_meta, name), false }
#define TEXT(name) { #name, offsetof(struct codec_meta, name), true }
	NUMBER(anywhere),
	NUMBER(anywhere_exact),
	NUMBER(anywhere_levels),
	NUMBER(format),
	NUMBER(generation),
	TEXT(headers),
	NUMBER(hosts),
	NUMBER(one_levels),
	NUMBER(pages),
	NUMBER(paths),
	NUMBER(records),
	NUMBER(services),
	TEXT(sources),
	NUMBER(time),
	NUMBER(wild_levels),
	NUMBER(wildcards),
#undef NUMBER
#undef TEXT
};

enum {
	CODEC_MEMBERS = sizeof(codec_members) / sizeof(codec_members[0])
};

static void
codec_u64_put(char to[CODEC_U64], uint64_t number)
{
	int i;

	for (i = 0; i < CODEC_U64; i++)
		to[i] = (char)(unsigned char)(number >> (8 * i));
}

static uint64_t
codec_u64_get(const char *from)
{
	uint64_t number = 0;
	int i;

	for (i = 0; i < CODEC_U64; i++)
		number |= (uint64_t)(unsigned char)from[i] << (8 * i);
	return number;
}

static struct str
codec_member_key(const struct codec_member *m, char to[CODEC_WORD_MAX])
{
	size_t n = strlen(m->word);

	CHECK(n + 1 <= CODEC_WORD_MAX);
	to[0] = CODEC_META;
	memcpy(to + 1, m->word, n);
	return (struct str){ to, n + 1 };
}

int
codec_put_meta(const struct codec_meta *meta,
    int (*put)(void *arg, struct str key, struct str value), void *arg)
{
	char word[CODEC_WORD_MAX];
	char number[2 * CODEC_U64];
	const char last = CODEC_LAST;
	int answer;
	int i;

	for (i = 0; i < CODEC_MEMBERS; i++) {
		const struct codec_member *m = &codec_members[i];
		const char *at = (const char *)meta + m->at;
		struct str value = { number, CODEC_U64 };

		if (m->text)
			memcpy(&value, at, sizeof(value));
		else
			codec_u64_put(number, *(const uint64_t *)
			    (const void *)at);
		answer = put(arg, codec_member_key(m, word), value);
		if (answer != 0)
			return answer;
	}
	codec_u64_put(number, meta->generation);
	codec_u64_put(number + CODEC_U64, meta->records);
	return put(arg, (struct str){ &last, 1 },
	    (struct str){ number, sizeof(number) });
}

static int
codec_meta_broken(struct str key, const char *why, struct err *e)
{
	return err_set(e, REASON_MAP_BROKEN, "the map's record '%.*s' %s",
	    STR_ARG(key), why);
}

static int
codec_member_get(const struct codec_member *m, struct codec_meta *out,
    int (*get)(void *arg, struct str key, struct arena *a, struct str *value,
	struct err *e),
    void *arg, struct arena *a, struct err *e)
{
	char word[CODEC_WORD_MAX];
	struct str key = codec_member_key(m, word);
	char *to = (char *)out + m->at;
	struct str value;
	uint64_t number;
	int found = get(arg, key, a, &value, e);

	if (found == -1)
		return -1;
	if (found == 0)
		return codec_meta_broken(key, "is missing", e);
	if (m->text) {
		memcpy(to, &value, sizeof(value));
		return 0;
	}
	if (value.n != CODEC_U64)
		return codec_meta_broken(key, "is no number", e);
	number = codec_u64_get(value.p);
	memcpy(to, &number, sizeof(number));
	return 0;
}

static int
codec_meta_last(const struct codec_meta *meta,
    int (*get)(void *arg, struct str key, struct arena *a, struct str *value,
	struct err *e),
    void *arg, struct arena *a, struct err *e)
{
	const char last = CODEC_LAST;
	struct str key = { &last, 1 };
	struct str value;
	int found = get(arg, key, a, &value, e);

	if (found == -1)
		return -1;
	if (found == 0)
		return codec_meta_broken(key, "is missing", e);
	if (value.n != (size_t)2 * CODEC_U64 ||
	    codec_u64_get(value.p) != meta->generation ||
	    codec_u64_get(value.p + CODEC_U64) != meta->records)
		return codec_meta_broken(key,
		    "does not agree with the others", e);
	return 0;
}

/* The format decides what the other records mean, so it is asked first. */
static const struct codec_member *
codec_member_format(void)
{
	int i;

	for (i = 0; i < CODEC_MEMBERS; i++)
		if (codec_members[i].at == offsetof(struct codec_meta, format))
			break;
	CHECK(i < CODEC_MEMBERS);
	return &codec_members[i];
}

int
codec_get_meta(struct codec_meta *out,
    int (*get)(void *arg, struct str key, struct arena *a, struct str *value,
	struct err *e),
    void *arg, struct arena *a, struct err *e)
{
	int i;

	memset(out, 0, sizeof(*out));
	if (codec_member_get(codec_member_format(), out, get, arg, a, e) == -1)
		return -1;
	if (out->format != CODEC_FORMAT)
		return err_set(e, REASON_MAP_BROKEN,
		    "the map has format %llu, expected %d: compile it again",
		    (unsigned long long)out->format, CODEC_FORMAT);
	for (i = 0; i < CODEC_MEMBERS; i++)
		if (codec_member_get(&codec_members[i], out, get, arg, a,
			e) == -1)
			return -1;
	if (out->anywhere > ROUTE_ANYWHERE_MAX || (out->anywhere == 0) !=
	    ((out->anywhere_levels | out->anywhere_exact) == 0))
		return codec_meta_broken(STR("manywhere"),
		    "does not agree with the others", e);
	return codec_meta_last(out, get, arg, a, e);
}

/* How often c is in s; with one more, the labels of a name of dots. */
static size_t
codec_count(struct str s, char c)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < s.n; i++)
		count += s.p[i] == c;
	return count;
}

static bool
codec_count_host(struct codec_meta *meta, char space, struct str host)
{
	size_t labels = host.n > 0 ? codec_count(host, '.') + 1 : 0;

	if (space == CODEC_HOST) {
		if (labels == 0)
			return false;
		meta->hosts++;
		return true;
	}
	if (labels > CODEC_LEVELS_MAX || (space == CODEC_ONE && labels == 0))
		return false;
	meta->wildcards++;
	if (space == CODEC_ONE)
		meta->one_levels |= UINT64_C(1) << labels;
	else
		meta->wild_levels |= UINT64_C(1) << labels;
	return true;
}

static bool
codec_count_anywhere(struct codec_meta *meta, struct str path, bool exact)
{
	size_t segments = codec_count(path, '/');

	if (segments == 0 || segments > ROUTE_SEGMENTS_MAX)
		return false;
	meta->anywhere++;
	meta->paths++;
	if (exact)
		meta->anywhere_exact |= UINT64_C(1) << segments;
	else
		meta->anywhere_levels |= UINT64_C(1) << segments;
	return true;
}

bool
codec_meta_count(struct codec_meta *meta, struct str key)
{
	struct str rest = str_sub(key, 1, key.n);
	bool exact = rest.n > 0 && rest.p[rest.n - 1] == CODEC_EXACT;
	size_t slash = str_find(rest, '/');
	bool counted = true;
	struct str space, name;

	if (key.n == 0)
		return false;
	if (key.p[0] == CODEC_ANYWHERE) {
		counted = codec_count_anywhere(meta, rest, exact);
	} else if (key.p[0] == CODEC_HOST || key.p[0] == CODEC_ONE ||
	    key.p[0] == CODEC_WILD) {
		if (slash < rest.n || exact)
			meta->paths++;
		else
			counted = codec_count_host(meta, key.p[0], rest);
	} else if (key.p[0] == CODEC_SERVICE) {
		counted = codec_key_read_service(key, &space, &name);
		meta->services += counted;
	} else if (key.p[0] != CODEC_META && key.p[0] != CODEC_LAST) {
		counted = false;
	}
	meta->records += counted;
	return counted;
}
