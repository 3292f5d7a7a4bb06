/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * journal_site: a shm_site with journal.1 in it, and records that show whether
 * they came back whole.
 */
#ifndef UNIT_JOURNAL_SITE_H
#define UNIT_JOURNAL_SITE_H

#include "tests/unit/shm_site.h"

#include "report/journal.h"
#include "report/journal_ring.h"
#include "report/journal_tail.h"

enum { SITE_FILE = SHM_HEAD + sizeof(struct journal_data), SITE_URI = 400 };

static inline struct journal *
site_join(enum journal_keep keep)
{
	struct journal *j;
	struct err e;

	sigbus_init(); /* cmocka puts its own handler in for each test */
	j = journal_new(site.folder);
	assert_int_equal(journal_look(j, keep, false, &e), 0);
	return j;
}

static inline struct journal_tail *
site_tail(void)
{
	struct err e;
	struct journal_tail *t = journal_tail_open(site.folder, &e);

	if (t == NULL)
		fail_msg("no tail: %s", e.text);
	return t;
}

static inline struct journal_data *
site_open(void)
{
	return site_map("journal.1", sizeof(struct journal_data));
}

static inline void
site_close(struct journal_data *d)
{
	site_unmap(d, sizeof(*d));
}

/* Which letters, and how many, follows from the number. */
static inline void
site_write(struct journal *j, uint64_t number)
{
	char uri[SITE_URI], id[32];
	struct record r;
	int n = snprintf(id, sizeof(id), "%llu", (unsigned long long)number);

	record_init(&r);
	memset(uri, (int)('a' + number % 26), sizeof(uri));
	r.id = (struct str){ id, (size_t)n };
	r.uri = (struct str){ uri, number % sizeof(uri) };
	r.start.tv_sec = 1700599085;
	r.sent = number;
	r.status = 200;
	journal_write(j, &r);
}

/* Its number. Fails unless it is whole. */
static inline uint64_t
site_number(const struct record *r)
{
	char id[32];
	size_t i;

	snprintf(id, sizeof(id), "%llu", (unsigned long long)r->sent);
	TABLE_STR(id, r->id, id);
	TABLE_INT(id, r->uri.n, r->sent % SITE_URI);
	for (i = 0; i < r->uri.n; i++)
		if (r->uri.p[i] != (char)('a' + r->sent % 26))
			fail_msg("record %s: '%.*s'", id, STR_ARG(r->uri));
	return r->sent;
}

/* The next one's number. Fails where there is none. */
static inline uint64_t
site_next(struct journal_tail *t)
{
	static struct journal_entry entry;

	assert_int_equal(journal_tail_next(t, &entry), 1);
	return site_number(&entry.record);
}

/* Reads what there is; how many. The last one's number is *last. */
static inline uint64_t
site_drain(struct journal_tail *t, uint64_t *last)
{
	static struct journal_entry entry;
	uint64_t count = 0;

	while (journal_tail_next(t, &entry) == 1) {
		*last = site_number(&entry.record);
		count++;
	}
	return count;
}

#endif
