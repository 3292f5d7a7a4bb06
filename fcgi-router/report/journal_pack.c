/* SPDX-License-Identifier: BSD-2-Clause */

/* journal_pack: each kind of the table once there, and once back. */

#include "report/journal_pack.h"

#include <string.h>

enum {
	JOURNAL_PACK_CUT = 0x8000, /* in the length of a text or list */
	JOURNAL_PACK_NS = 1000000000
};

/* Bytes that each kind takes, texts without theirs. */
enum {
	JOURNAL_PACK_TEXT = 2,
	JOURNAL_PACK_REASON = 2,
	JOURNAL_PACK_STATUS = 2,
	JOURNAL_PACK_PORT = 2,
	JOURNAL_PACK_COUNT = 8,
	JOURNAL_PACK_TIME = 8,
	JOURNAL_PACK_WALL = 8,
	JOURNAL_PACK_TAGS = 2,
	JOURNAL_PACK_FIXED = 2 /* how many bytes there are */
#define RECORD(member, kind, name, most, manual) + JOURNAL_PACK_##kind
#include "report/record.tbl.h"
#undef RECORD
};

_Static_assert(REASON_COUNT <= UINT16_MAX, "a reason has two bytes");
_Static_assert(JOURNAL_PACK_FIXED + JOURNAL_TAGS_MAX * 2 *
    JOURNAL_PACK_TEXT <= JOURNAL_PACK_MAX, "all texts can be cut to nothing");

/* ---- how much of texts there is room for ---- */

static size_t
journal_pack_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
journal_pack_length_tags(struct record_tags tags, size_t level)
{
	size_t count = journal_pack_least(tags.count, JOURNAL_TAGS_MAX);
	size_t n = count * 2 * JOURNAL_PACK_TEXT, i;

	for (i = 0; i < count; i++)
		n += journal_pack_least(tags.list[i].key.n, level) +
		    journal_pack_least(tags.list[i].value.n, level);
	return n;
}

#define JOURNAL_LENGTH_TEXT(member) \
	n += journal_pack_least(r->member.n, level);
#define JOURNAL_LENGTH_TAGS(member) \
	n += journal_pack_length_tags(r->member, level);
#define JOURNAL_LENGTH_REASON(member)
#define JOURNAL_LENGTH_STATUS(member)
#define JOURNAL_LENGTH_PORT(member)
#define JOURNAL_LENGTH_COUNT(member)
#define JOURNAL_LENGTH_TIME(member)
#define JOURNAL_LENGTH_WALL(member)

/* Of the whole record, when no text is longer than level. */
static size_t
journal_pack_length(const struct record *r, size_t level)
{
	size_t n = JOURNAL_PACK_FIXED;

#define RECORD(member, kind, name, most, manual) JOURNAL_LENGTH_##kind(member)
#include "report/record.tbl.h"
#undef RECORD
	return n;
}

/* The greatest level at which it fits. */
static size_t
journal_pack_level(const struct record *r)
{
	size_t fits = 0, not = JOURNAL_PACK_MAX;

	while (not - fits > 1) {
		size_t level = fits + (not - fits) / 2;

		if (journal_pack_length(r, level) <= JOURNAL_PACK_MAX)
			fits = level;
		else
			not = level;
	}
	return fits;
}

/* ---- there: each writes behind what is there, and answers the new end ---- */

static inline unsigned char *
journal_pack_put_bytes(unsigned char *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return to + n;
}

static inline unsigned char *
journal_pack_put_short(unsigned char *to, size_t value)
{
	uint16_t word = (uint16_t)value;

	return journal_pack_put_bytes(to, &word, sizeof(word));
}

static inline unsigned char *
journal_pack_put_TEXT(unsigned char *to, struct str s, size_t level)
{
	size_t cut = s.n > level ? JOURNAL_PACK_CUT : 0;

	s.n = journal_pack_least(s.n, level);
	to = journal_pack_put_short(to, s.n | cut);
	return (unsigned char *)str_put((char *)to, s);
}

static unsigned char *
journal_pack_put_TAGS(unsigned char *to, struct record_tags tags, size_t level)
{
	size_t count = journal_pack_least(tags.count, JOURNAL_TAGS_MAX), i;

	to = journal_pack_put_short(to, count |
	    (tags.count > count ? JOURNAL_PACK_CUT : 0));
	for (i = 0; i < count; i++) {
		to = journal_pack_put_TEXT(to, tags.list[i].key, level);
		to = journal_pack_put_TEXT(to, tags.list[i].value, level);
	}
	return to;
}

static inline unsigned char *
journal_pack_put_COUNT(unsigned char *to, uint64_t count)
{
	return journal_pack_put_bytes(to, &count, sizeof(count));
}

static inline unsigned char *
journal_pack_put_TIME(unsigned char *to, int64_t us)
{
	return journal_pack_put_bytes(to, &us, sizeof(us));
}

#define JOURNAL_PUT_TEXT(member) \
	to = journal_pack_put_TEXT(to, r->member, level);
#define JOURNAL_PUT_TAGS(member) \
	to = journal_pack_put_TAGS(to, r->member, level);
#define JOURNAL_PUT_REASON(member) to = journal_pack_put_short(to, r->member);
#define JOURNAL_PUT_STATUS(member) \
	to = journal_pack_put_short(to, (size_t)r->member);
#define JOURNAL_PUT_PORT(member) to = journal_pack_put_short(to, r->member);
#define JOURNAL_PUT_COUNT(member) to = journal_pack_put_COUNT(to, r->member);
#define JOURNAL_PUT_TIME(member) to = journal_pack_put_TIME(to, r->member);
#define JOURNAL_PUT_WALL(member) \
	to = journal_pack_put_TIME(to, r->member.tv_sec * JOURNAL_PACK_NS + \
	    r->member.tv_nsec);

/* All of n bytes. Inline: without a level it is much less work. */
static inline void
journal_pack_put_all(const struct record *r, unsigned char *to, size_t n,
    size_t level)
{
	const unsigned char *end = to + n;

	to = journal_pack_put_short(to, n);
#define RECORD(member, kind, name, most, manual) JOURNAL_PUT_##kind(member)
#include "report/record.tbl.h"
#undef RECORD
	CHECK(to == end);
}

size_t
journal_pack_put(const struct record *r, unsigned char to[JOURNAL_PACK_MAX])
{
	size_t n = journal_pack_length(r, SIZE_MAX), level;

	if (n <= JOURNAL_PACK_MAX) {
		journal_pack_put_all(r, to, n, SIZE_MAX);
		return n;
	}
	level = journal_pack_level(r);
	n = journal_pack_length(r, level);
	journal_pack_put_all(r, to, n, level);
	return n;
}

/* ---- back ---- */

struct journal_unpacking {
	const unsigned char *from;
	size_t n;
	bool bad;
	struct journal_entry *out;
};

/* Zeros where there are no more. */
static void
journal_pack_get_bytes(struct journal_unpacking *u, void *to, size_t n)
{
	if (u->n < n) {
		u->bad = true;
		memset(to, 0, n);
		return;
	}
	memcpy(to, u->from, n);
	u->from += n;
	u->n -= n;
}

static size_t
journal_pack_get_short(struct journal_unpacking *u)
{
	uint16_t word;

	journal_pack_get_bytes(u, &word, sizeof(word));
	return word;
}

/* The same text with "..." behind it. */
static struct str
journal_pack_dots(struct journal_unpacking *u, struct str s)
{
	const struct str dots = STR("...");
	char *at = u->out->cut + u->out->used;

	if (s.n + dots.n > sizeof(u->out->cut) - u->out->used) {
		u->bad = true;
		return s;
	}
	(void)str_put(str_put(at, s), dots);
	u->out->used += s.n + dots.n;
	return (struct str){ at, s.n + dots.n };
}

static void
journal_pack_get_TEXT(struct journal_unpacking *u, struct str *out)
{
	size_t word = journal_pack_get_short(u);
	struct str s = { (const char *)u->from,
		word & ~(size_t)JOURNAL_PACK_CUT };

	if (s.n > u->n) {
		u->bad = true;
		s.n = 0;
	}
	u->from += s.n;
	u->n -= s.n;
	*out = (word & JOURNAL_PACK_CUT) != 0 ? journal_pack_dots(u, s) : s;
}

static void
journal_pack_get_TAGS(struct journal_unpacking *u, struct record_tags *out)
{
	size_t word = journal_pack_get_short(u), i;
	size_t count = word & ~(size_t)JOURNAL_PACK_CUT;
	struct record_tag *tags = u->out->tags;

	if (count > JOURNAL_TAGS_MAX) {
		u->bad = true;
		count = 0;
	}
	for (i = 0; i < count; i++) {
		journal_pack_get_TEXT(u, &tags[i].key);
		journal_pack_get_TEXT(u, &tags[i].value);
	}
	if ((word & JOURNAL_PACK_CUT) != 0)
		tags[count++] = (struct record_tag){ .key = STR("...") };
	*out = (struct record_tags){ tags, count };
}

static void
journal_pack_get_REASON(struct journal_unpacking *u, enum reason *out)
{
	size_t word = journal_pack_get_short(u);

	if (word >= REASON_COUNT)
		u->bad = true;
	*out = word < REASON_COUNT ? (enum reason)word : REASON_NONE;
}

static void
journal_pack_get_STATUS(struct journal_unpacking *u, int *out)
{
	*out = (int)journal_pack_get_short(u);
}

static void
journal_pack_get_PORT(struct journal_unpacking *u, uint16_t *out)
{
	*out = (uint16_t)journal_pack_get_short(u);
}

static void
journal_pack_get_COUNT(struct journal_unpacking *u, uint64_t *out)
{
	journal_pack_get_bytes(u, out, sizeof(*out));
}

static void
journal_pack_get_TIME(struct journal_unpacking *u, int64_t *out)
{
	journal_pack_get_bytes(u, out, sizeof(*out));
}

static void
journal_pack_get_WALL(struct journal_unpacking *u, struct timespec *out)
{
	int64_t ns;

	journal_pack_get_TIME(u, &ns);
	if (ns < 0)
		u->bad = true;
	out->tv_sec = ns / JOURNAL_PACK_NS;
	out->tv_nsec = ns % JOURNAL_PACK_NS;
}

size_t
journal_pack_size(const unsigned char *from)
{
	uint16_t word;

	memcpy(&word, from, sizeof(word));
	return journal_pack_least(word, JOURNAL_PACK_MAX);
}

bool
journal_pack_get(const unsigned char *from, size_t n,
    struct journal_entry *out)
{
	struct journal_unpacking u = { from, n, false, out };

	out->used = 0;
	record_init(&out->record);
	if (journal_pack_get_short(&u) != n)
		return false;
#define RECORD(member, kind, name, most, manual) \
	journal_pack_get_##kind(&u, &out->record.member);
#include "report/record.tbl.h"
#undef RECORD
	return !u.bad && u.n == 0;
}
