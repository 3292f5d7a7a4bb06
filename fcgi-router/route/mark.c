/* SPDX-License-Identifier: BSD-2-Clause */

/* mark: the first page of a Berkeley DB btree file, read by hand. */

#include "route/mark.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

enum {
	MARK_BLOCK = 65536,
	MARK_WORD_SIZE = 4,
	MARK_SIZE = 20,
	MARK_SUMS = 4
};

#define MARK_ODD UINT64_C(0x9e3779b97f4a7c15) /* bits of the golden ratio */

/* The start of a btree's first page, as Berkeley DB 5.3 writes it. */
struct mark_page {
	uint8_t lsn[8];
	uint32_t number;
	uint32_t magic;
	uint32_t version;
	uint32_t page_size;
	uint8_t cipher;
	uint8_t type;
	uint8_t meta_flags; /* checksums, partitions */
	uint8_t unused;
	uint32_t first_free;
	uint32_t last_page;
	uint32_t partitions;
	uint32_t keys;
	uint32_t records;
	uint32_t flags; /* duplicates, record numbers, more than one tree */
	uint8_t mark[MARK_SIZE];
};
_Static_assert(offsetof(struct mark_page, magic) == 12 &&
	offsetof(struct mark_page, type) == 25 &&
	offsetof(struct mark_page, last_page) == 32 &&
	offsetof(struct mark_page, mark) == 52 &&
	sizeof(struct mark_page) == 72,
    "the layout Berkeley DB writes");
_Static_assert(MARK_BLOCK % CODEC_PAGE == 0, "blocks are whole pages");

enum { MARK_MAGIC = 0x053162, MARK_SWAPPED = 0x62310500, MARK_TYPE = 9 };

static const char mark_word[MARK_WORD_SIZE] = { 'f', 'c', 'g', 'r' };

/* No secrets: the sum finds accidents, not forgers. */
static const struct hash_key mark_facts_key = { 0x6d61726b, 1 };
static const struct hash_key mark_sum_key = { 0x6d61726b, 2 };

static void
mark_put_u64(uint8_t *to, uint64_t value)
{
	int i;

	for (i = 0; i < 8; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t
mark_get_u64(const uint8_t *from)
{
	uint64_t value = 0;
	int i;

	for (i = 0; i < 8; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

uint64_t
mark_facts(const struct codec_meta *meta)
{
	uint8_t facts[32];

	mark_put_u64(facts, meta->generation);
	mark_put_u64(facts + 8, meta->time);
	mark_put_u64(facts + 16, meta->records);
	mark_put_u64(facts + 24, meta->pages);
	return hash_sip(mark_facts_key,
	    (struct str){ (const char *)facts, sizeof(facts) });
}

/* All n bytes at `at`. 0, or -1 and e. */
static int
mark_pread(int fd, void *to, size_t n, off_t at, struct err *e)
{
	size_t got = 0;

	while (got < n) {
		ssize_t now = pread(fd, (char *)to + got, n - got,
		    at + (off_t)got);

		if (now == -1 && errno == EINTR)
			continue;
		if (now == -1)
			return err_set(e, REASON_MAP_BROKEN, "cannot read: %s",
			    strerror(errno));
		if (now == 0)
			return err_set(e, REASON_MAP_BROKEN,
			    "it ends in the middle");
		got += (size_t)now;
	}
	return 0;
}

/*
 * Four words at a time, each into a sum of its own, which is as fast as files
 * are read. Every step can be undone, so a change within one word, a bit or a
 * byte perhaps, always makes another sum.
 */
static void
mark_add(uint64_t sums[MARK_SUMS], const char *block, size_t n)
{
	size_t at, i;

	for (at = 0; at < n; at += MARK_SUMS * sizeof(uint64_t))
		for (i = 0; i < MARK_SUMS; i++) {
			uint64_t word;

			memcpy(&word, block + at + i * sizeof(word),
			    sizeof(word));
			word = (sums[i] ^ word) * MARK_ODD;
			sums[i] = word ^ word >> 29;
		}
}

int
mark_sum(int fd, off_t size, uint64_t *out, struct err *e)
{
	char block[MARK_BLOCK];
	uint64_t sums[MARK_SUMS + 1] = { 1, 2, 3, 4, (uint64_t)size };
	off_t at = 0;

	while (at < size) {
		size_t n = size - at < MARK_BLOCK ? (size_t)(size - at) :
		    MARK_BLOCK;

		if (mark_pread(fd, block, n, at, e) == -1)
			return -1;
		if (at == 0 && n >= sizeof(struct mark_page))
			memset(block + offsetof(struct mark_page, mark), 0,
			    MARK_SIZE);
		memset(block + n, 0, -n % (MARK_SUMS * sizeof(uint64_t)));
		mark_add(sums, block, n);
		at += (off_t)n;
	}
	*out = hash_sip(mark_sum_key,
	    (struct str){ (const char *)sums, sizeof(sums) });
	return 0;
}

static const char *
mark_flaw(const struct mark_page *page, off_t size)
{
	if (page->magic == MARK_SWAPPED)
		return "written on a machine of another byte order";
	if (page->magic != MARK_MAGIC || page->type != MARK_TYPE ||
	    page->number != 0)
		return "not a map (no Berkeley DB btree)";
	if (page->page_size != CODEC_PAGE || page->cipher != 0 ||
	    page->meta_flags != 0 || page->flags != 0 ||
	    memcmp(page->mark, mark_word, MARK_WORD_SIZE) != 0)
		return "not a map (a Berkeley DB file of something else)";
	if (((off_t)page->last_page + 1) * CODEC_PAGE != size)
		return "truncated, or not wholly written";
	return NULL;
}

int
mark_read(int fd, off_t size, struct mark *out, struct err *e)
{
	struct mark_page page;
	const char *flaw;

	if (size == 0)
		return err_set(e, REASON_MAP_BROKEN, "empty");
	if (size < (off_t)sizeof(page))
		return err_set(e, REASON_MAP_BROKEN,
		    "not a map (no Berkeley DB btree)");
	if (mark_pread(fd, &page, sizeof(page), 0, e) == -1)
		return -1;
	flaw = mark_flaw(&page, size);
	if (flaw != NULL)
		return err_set(e, REASON_MAP_BROKEN, "%s", flaw);
	out->facts = mark_get_u64(page.mark + MARK_WORD_SIZE);
	out->sum = mark_get_u64(page.mark + MARK_WORD_SIZE + 8);
	return 0;
}

int
mark_write(int fd, const struct mark *m, struct err *e)
{
	uint8_t bytes[MARK_SIZE];
	ssize_t n;

	memcpy(bytes, mark_word, MARK_WORD_SIZE);
	mark_put_u64(bytes + MARK_WORD_SIZE, m->facts);
	mark_put_u64(bytes + MARK_WORD_SIZE + 8, m->sum);
	do
		n = pwrite(fd, bytes, sizeof(bytes),
		    offsetof(struct mark_page, mark));
	while (n == -1 && errno == EINTR);
	if (n == (ssize_t)sizeof(bytes))
		return 0;
	return err_set(e, REASON_INTERNAL, "cannot write: %s",
	    n == -1 ? strerror(errno) : "the disk is full");
}

bool
mark_same(const struct mark *a, const struct mark *b)
{
	return a->facts == b->facts && a->sum == b->sum;
}
