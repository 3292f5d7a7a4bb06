/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * sorter: one region of memory, sorted runs in files, one merge.
 *
 * Places of records grow from the region's front, the records themselves from
 * its back, each before the one that came earlier.
 *
 * When the region is full it becomes a run in a file. Runs are of levels: as
 * many of the newest as can be merged at once become one of the next level, so
 * that their number stays small however many records there are.
 */

#include "tools/sorter.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/sorter_private.h"
#include "tools/spill.h"

enum {
	SORTER_NATURAL = 64,  /* runs that lie in order in memory */
	SORTER_FAN = 64,      /* files merged at once, at most */
	SORTER_BUFFER_LEAST = 16 * 1024,
	SORTER_BUFFER_MOST = 1024 * 1024,
	SORTER_OUT = 64 * 1024,
	SORTER_PAGE = 4096,
	SORTER_RUNS = 6 * SORTER_FAN /* five levels are 64 GiB of 16 byte */
};

#define SORTER_MOST ((size_t)UINT32_MAX + 1 - SORTER_PAGE)

struct sorter {
	const char *folder;
	struct run_region region; /* no bytes before the first record */
	size_t low;   /* records are from here on */
	size_t count; /* places, at the region's front */
	size_t starts[SORTER_NATURAL]; /* of runs among the places */
	size_t start_count;
	bool messy; /* more runs than that */
	bool sorted;
	struct str last; /* key, in the region */

	char first[RUN_KEY_MAX]; /* key of all */
	bool any;

	struct run natural[SORTER_NATURAL];
	struct run *files; /* the oldest first */
	size_t file_count;
	size_t fan;

	struct run *heap[SORTER_NATURAL + SORTER_FAN];
	size_t heap_count;
	bool given; /* the heap's first record is with the caller */

	char *out; /* on its way to a file */
	size_t out_n;
	off_t out_at;
	char *large; /* a value that no buffer held */
	size_t large_n;
};

static struct run_place *
sorter_places(const struct sorter *s)
{
	return (struct run_place *)(void *)s->region.p;
}

struct sorter *
sorter_new(size_t memory, const char *folder)
{
	struct sorter *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	s->folder = folder;
	if (memory < SORTER_LEAST)
		memory = SORTER_LEAST;
	if (memory > SORTER_MOST)
		memory = SORTER_MOST;
	s->region.size = s->low = memory / SORTER_PAGE * SORTER_PAGE;
	s->fan = s->region.size / SORTER_BUFFER_LEAST;
	if (s->fan > SORTER_FAN)
		s->fan = SORTER_FAN;
	return s;
}

void
sorter_free(struct sorter **sorter)
{
	struct sorter *s = *sorter;
	size_t i;

	*sorter = NULL;
	if (s == NULL)
		return;
	for (i = 0; i < s->file_count; i++)
		close(s->files[i].fd);
	if (s->region.p != NULL)
		munmap(s->region.p, s->region.size);
	free(s->files);
	free(s->out);
	free(s->large);
	free(s);
}

size_t
sorter_files(const struct sorter *s)
{
	return s->file_count;
}

static int
sorter_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "out of memory for records");
}

/* The heap of runs: the first one has the record that is next */

static void
sorter_sift(struct sorter *s, size_t at)
{
	struct run *run = s->heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= s->heap_count)
			break;
		if (child + 1 < s->heap_count &&
		    run_before(s->heap[child + 1], s->heap[child]))
			child++;
		if (run_before(run, s->heap[child]))
			break;
		s->heap[at] = s->heap[child];
		at = child;
	}
	s->heap[at] = run;
}

/* Begins a merge of what sorter_heap_add adds. */
static void
sorter_heap_clear(struct sorter *s)
{
	s->heap_count = 0;
	s->given = false;
}

static int
sorter_heap_add(struct sorter *s, struct run *run, struct err *e)
{
	int got = run_next(run, &s->region, e);

	if (got == 1)
		s->heap[s->heap_count++] = run;
	return got == -1 ? -1 : 0;
}

static void
sorter_heap_order(struct sorter *s)
{
	size_t i;

	for (i = s->heap_count / 2; i-- > 0;)
		sorter_sift(s, i);
}

/* 1: s->heap[0] has the next record; 0: there is none; -1 and e. */
static int
sorter_heap_next(struct sorter *s, struct err *e)
{
	if (s->given) {
		int got = run_next(s->heap[0], &s->region, e);

		if (got == -1)
			return -1;
		if (got == 0)
			s->heap[0] = s->heap[--s->heap_count];
		if (s->heap_count > 1)
			sorter_sift(s, 0);
	}
	s->given = s->heap_count > 0;
	return s->given;
}

/* The value at hand, fetched if it is still in the file. 0, or -1 and e. */
static int
sorter_value(struct sorter *s, struct run *run, struct err *e)
{
	if (run->value.p != NULL || run->value.n == 0)
		return 0;
	if (run->value.n > s->large_n) {
		free(s->large);
		s->large = malloc(run->value.n);
		s->large_n = s->large != NULL ? run->value.n : 0;
		if (s->large == NULL)
			return sorter_full(e);
	}
	run->value.p = s->large;
	return spill_read(run->fd, s->large, run->value.n, run->value_at, e);
}

/* Writing a run */

static int
sorter_flush(struct sorter *s, int fd, struct err *e)
{
	int got = spill_write(fd, s->out, s->out_n, s->out_at, e);

	s->out_at += (off_t)s->out_n;
	s->out_n = 0;
	return got;
}

static int
sorter_write(struct sorter *s, int fd, struct str bytes, struct err *e)
{
	while (bytes.n > 0) {
		size_t n = SORTER_OUT - s->out_n;

		if (n > bytes.n)
			n = bytes.n;
		memcpy(s->out + s->out_n, bytes.p, n);
		s->out_n += n;
		bytes = str_sub(bytes, n, bytes.n);
		if (s->out_n == SORTER_OUT && sorter_flush(s, fd, e) == -1)
			return -1;
	}
	return 0;
}

/* All that the heap gives, to fd. 0 and s->out_at: its size; or -1 and e. */
static int
sorter_write_all(struct sorter *s, int fd, struct err *e)
{
	int got;

	if (s->out == NULL)
		s->out = malloc(SORTER_OUT);
	if (s->out == NULL)
		return sorter_full(e);
	s->out_at = 0;
	s->out_n = 0;
	while ((got = sorter_heap_next(s, e)) == 1) {
		struct run *run = s->heap[0];
		uint32_t n[2] = { (uint32_t)run->key.n,
			(uint32_t)run->value.n };
		struct str head = { (const char *)n, sizeof(n) };

		if (sorter_write(s, fd, head, e) == -1 ||
		    sorter_write(s, fd, run->key, e) == -1 ||
		    sorter_value(s, run, e) == -1 ||
		    sorter_write(s, fd, run->value, e) == -1)
			return -1;
	}
	return got == -1 ? -1 : sorter_flush(s, fd, e);
}

/* The heap as a new file behind the others. 0, or -1 and e. */
static int
sorter_file_add(struct sorter *s, uint32_t age, unsigned level, struct err *e)
{
	int fd;

	if (s->files == NULL)
		s->files = calloc(SORTER_RUNS, sizeof(*s->files));
	if (s->files == NULL)
		return sorter_full(e);
	CHECK(s->file_count < SORTER_RUNS);
	fd = spill_open(s->folder, e);
	if (fd == -1)
		return -1;
	if (sorter_write_all(s, fd, e) == -1) {
		close(fd);
		return -1;
	}
	s->files[s->file_count++] = (struct run){ .age = age,
		.level = level,
		.fd = fd,
		.size = s->out_at };
	return 0;
}

/* What is in memory, as runs in order, to the heap. 0, or -1 and e. */
static int
sorter_memory(struct sorter *s, struct err *e)
{
	struct run_place *places = sorter_places(s);
	size_t i;

	if (s->count == 0)
		return 0;
	if (s->messy) {
		sorter_order(&s->region, places, s->count);
		s->start_count = 1;
	}
	for (i = 0; i < s->start_count; i++) {
		size_t next = i + 1 < s->start_count ? s->starts[i + 1] :
						       s->count;

		s->natural[i] = (struct run){ .fd = -1,
			.age = UINT32_MAX - SORTER_NATURAL + (uint32_t)i,
			.place = places + s->starts[i],
			.last = places + next };
		if (sorter_heap_add(s, &s->natural[i], e) == -1)
			return -1;
	}
	return 0;
}

/* Files from `first` on to the heap, their buffers between the places and the
 * records in memory. 0, or -1 and e. */
static int
sorter_files_open(struct sorter *s, size_t first, struct err *e)
{
	size_t count = s->file_count - first, i;
	size_t from = s->count * sizeof(struct run_place);
	size_t room = (s->low - from) / count;

	if (room > SORTER_BUFFER_MOST)
		room = SORTER_BUFFER_MOST;
	CHECK(room >= RUN_HEAD + RUN_KEY_MAX);
	for (i = 0; i < count; i++) {
		struct run *run = &s->files[first + i];

		run->buffer = s->region.p + from + i * room;
		run->room = room;
		run->from = run->to = 0;
		run->read = 0;
		if (sorter_heap_add(s, run, e) == -1)
			return -1;
	}
	return 0;
}

/* The newest `count` files into one; nothing is in memory. 0, or -1 and e. */
static int
sorter_join(struct sorter *s, size_t count, struct err *e)
{
	size_t first = s->file_count - count, i;
	struct run *files = s->files;

	CHECK(s->count == 0 && count <= s->fan);
	sorter_heap_clear(s);
	if (sorter_files_open(s, first, e) == -1)
		return -1;
	sorter_heap_order(s);
	if (sorter_file_add(s, files[first].age, files[first].level + 1, e) ==
	    -1)
		return -1;
	for (i = first; i < first + count; i++)
		close(files[i].fd);
	files[first] = files[first + count];
	s->file_count = first + 1;
	return 0;
}

/* Memory to a file; too many files of a level to one of the next. */
static int
sorter_spill(struct sorter *s, struct err *e)
{
	uint32_t age = 0;
	size_t n;

	if (s->file_count > 0)
		age = s->files[s->file_count - 1].age + 1;
	sorter_heap_clear(s);
	if (sorter_memory(s, e) == -1)
		return -1;
	sorter_heap_order(s);
	if (sorter_file_add(s, age, 0, e) == -1)
		return -1;
	s->count = s->start_count = 0;
	s->low = s->region.size;
	s->messy = false;
	for (n = s->file_count; n >= s->fan &&
	     s->files[n - s->fan].level == s->files[n - 1].level;
	     n = s->file_count)
		if (sorter_join(s, s->fan, e) == -1)
			return -1;
	return 0;
}

/* Putting */

static int
sorter_begin(struct sorter *s, struct err *e)
{
	void *region = mmap(NULL, s->region.size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (region == MAP_FAILED)
		return sorter_full(e);
	s->region.p = region;
#ifdef MADV_HUGEPAGE
	(void)madvise(region, s->region.size, MADV_HUGEPAGE);
#endif
	return 0;
}

/* Notes what all keys share. */
static void
sorter_share(struct sorter *s, struct str key)
{
	size_t i = 0;

	if (!s->any) {
		if (key.n > 0)
			memcpy(s->first, key.p, key.n);
		s->region.common = key.n;
		s->any = true;
	}
	if (s->region.common > key.n)
		s->region.common = key.n;
	while (i < s->region.common && s->first[i] == key.p[i])
		i++;
	s->region.common = i;
}

/* Notes where the order begins again. */
static void
sorter_note(struct sorter *s, struct str key)
{
	if (s->messy ||
	    (s->start_count > 0 && str_cmp(s->last, key) <= 0))
		return;
	if (s->start_count == SORTER_NATURAL)
		s->messy = true;
	else
		s->starts[s->start_count++] = s->count;
}

static size_t
sorter_left(const struct sorter *s)
{
	return s->low - s->count * sizeof(struct run_place);
}

int
sorter_put(struct sorter *s, struct str key, struct str value, struct err *e)
{
	size_t need = RUN_HEAD + key.n + value.n;
	uint32_t n[2] = { (uint32_t)key.n, (uint32_t)value.n };
	char *to;

	CHECK(!s->sorted);
	if (s->region.p == NULL && sorter_begin(s, e) == -1)
		return -1;
	if (key.n > RUN_KEY_MAX || value.n > s->region.size ||
	    need + sizeof(struct run_place) > s->region.size)
		return err_set(e, REASON_INTERNAL,
		    "a record too large for the memory that may be used");
	if (sorter_left(s) < need + sizeof(struct run_place) &&
	    sorter_spill(s, e) == -1)
		return -1;
	sorter_share(s, key);
	sorter_note(s, key);
	s->low -= need;
	to = s->region.p + s->low;
	memcpy(to, n, sizeof(n));
	if (key.n > 0)
		memcpy(to + RUN_HEAD, key.p, key.n);
	if (value.n > 0)
		memcpy(to + RUN_HEAD + key.n, value.p, value.n);
	s->last = (struct str){ to + RUN_HEAD, key.n };
	sorter_places(s)[s->count++] = (struct run_place){
		.at = (uint32_t)s->low, .key_n = (uint32_t)key.n };
	return 0;
}

/* Taking */

/* As few files, and room enough for their buffers. 0, or -1 and e. */
static int
sorter_narrow(struct sorter *s, struct err *e)
{
	if (s->file_count * SORTER_BUFFER_LEAST > sorter_left(s) &&
	    s->count > 0 && sorter_spill(s, e) == -1)
		return -1;
	while (s->file_count > s->fan) {
		size_t count = s->file_count - s->fan + 1;

		if (s->count > 0 && sorter_spill(s, e) == -1)
			return -1;
		if (sorter_join(s, count < s->fan ? count : s->fan, e) == -1)
			return -1;
	}
	return 0;
}

int
sorter_sort(struct sorter *s, struct err *e)
{
	CHECK(!s->sorted);
	s->sorted = true;
	if (sorter_narrow(s, e) == -1)
		return -1;
	sorter_heap_clear(s);
	if (s->file_count > 0 && sorter_files_open(s, 0, e) == -1)
		return -1;
	if (sorter_memory(s, e) == -1)
		return -1;
	sorter_heap_order(s);
	return 0;
}

int
sorter_next(struct sorter *s, struct str *key, struct str *value,
    struct err *e)
{
	struct run *run;
	int got;

	CHECK(s->sorted);
	got = sorter_heap_next(s, e);
	if (got != 1)
		return got;
	run = s->heap[0];
	if (sorter_value(s, run, e) == -1)
		return -1;
	*key = run->key;
	*value = run->value;
	return 1;
}
