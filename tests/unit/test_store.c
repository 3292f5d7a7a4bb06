/* SPDX-License-Identifier: BSD-2-Clause */

/* store: real files, whole, broken, and broken while they are open. */

#include "route/store.h"

#include "tests/unit/maps.h"

#include <pthread.h>
#include <sys/resource.h>

#include "tests/unit/table.h"

enum { SMALL = 200, LARGE = 30000, CORRUPTIONS = 300 };

static void
test_a_missing_map_is_no_error(void **state)
{
	struct store *s;
	struct err e;

	(void)state;
	assert_int_equal(store_open(maps_path("none"), &s, &e), 0);
	assert_int_equal(store_open(maps_path("none/below"), &s, &e), 0);
	assert_null(s);
}

static void
test_every_host_is_found_and_no_other(void **state)
{
	struct store *s;
	char text[256];
	struct err e;
	unsigned i;

	(void)state;
	maps_write(maps_path("map"), "one", LARGE);
	s = maps_open(maps_path("map"));
	for (i = 0; i < LARGE; i++) {
		assert_int_equal(maps_ask(s, 0, i, text, &e), 1);
		assert_true(maps_right(text, "one", i));
	}
	for (i = LARGE; i < LARGE + 100; i++)
		assert_int_equal(maps_ask(s, 0, i, text, &e), 0);
	assert_int_equal(store_meta(s)->hosts, LARGE);
	assert_int_equal(store_meta(s)->generation, 1);
	assert_true(store_sound(s));
	store_close(&s);
	assert_null(s);
}

static void
test_values_of_any_size_come_back_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 900, 1000, 1024, 1025, 2000, 4096,
		65536, 1000000 };
	struct codec_meta meta = { 0 };
	struct store *s;
	struct writer *w;
	char name[64];
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(writer_open(maps_path("map"), &w, &e), 0);
	for (i = 0; i < TABLE_COUNT(sizes); i++) {
		char *text = malloc(sizes[i] + 1);

		memset(text, 'a' + (int)i, sizes[i] + 1);
		maps_put(w, maps_host((unsigned)i, name),
		    (struct str){ text, sizes[i] });
		free(text);
	}
	assert_int_equal(maps_finish(&w, &meta, &e), 0);
	s = maps_open(maps_path("map"));
	for (i = 0; i < TABLE_COUNT(sizes); i++) {
		struct route_host *host;
		struct str value;
		struct arena a;
		char key[80];
		size_t n;

		arena_init(&a, 16 << 20);
		snprintf(key, sizeof(key), "h%s",
		    maps_host((unsigned)i, name).p);
		assert_int_equal(store_get(s, 0, str_of(key), &a, &value, &e),
		    1);
		host = arena_alloc(&a, sizeof(*host));
		assert_int_equal(codec_get_host(str_of(key), value, &a, host,
		    &e), 0);
		assert_int_equal(host->rule.target.text.n, sizes[i]);
		for (n = 0; n < sizes[i]; n++)
			assert_int_equal(host->rule.target.text.p[n],
			    'a' + (int)i);
		arena_fini(&a);
	}
	store_close(&s);
}

static void
test_a_full_arena_is_overload_and_the_map_stays_good(void **state)
{
	struct arena none, some;
	struct store *s;
	struct str value;
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	s = maps_open(maps_path("map"));
	arena_init(&none, 16);
	assert_int_equal(store_get(s, 0, STR("hhost000001.example"), &none,
	    &value, &e), -1);
	assert_int_equal(e.reason, REASON_OVERLOADED);
	assert_false(store_lost(s));
	arena_init(&some, 1 << 16);
	assert_int_equal(store_get(s, 0, STR("hhost000001.example"), &some,
	    &value, &e), 1);
	arena_fini(&some);
	store_close(&s);
}

static void
test_odd_keys_are_not_there(void **state)
{
	char key[CODEC_KEY_MAX + 100];
	struct store *s;
	struct str value;
	struct arena a;
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	s = maps_open(maps_path("map"));
	arena_init(&a, 1 << 16);
	memset(key, 'h', sizeof(key));
	assert_int_equal(store_get(s, 0, (struct str){ key, sizeof(key) }, &a,
	    &value, &e), 0);
	assert_int_equal(store_get(s, 0, (struct str){ key, CODEC_KEY_MAX },
	    &a, &value, &e), 0);
	assert_int_equal(store_get(s, 0, (struct str){ key, 0 }, &a, &value,
	    &e), 0);
	assert_int_equal(store_get(s, 0, STR("h\0\0\xff"), &a, &value, &e),
	    0);
	arena_fini(&a);
	store_close(&s);
}

static void
test_unknown_keys_cost_no_memory_and_no_descriptor(void **state)
{
	struct store *s;
	int descriptors;
	char key[64];
	struct str value;
	struct arena a;
	struct err e;
	unsigned i;

	(void)state;
	maps_write(maps_path("map"), "one", LARGE);
	s = maps_open(maps_path("map"));
	arena_init(&a, 4096);
	descriptors = maps_descriptors();
	for (i = 0; i < 50000; i++) {
		snprintf(key, sizeof(key), "h%x.unknown.example",
		    i * 2654435761u);
		assert_int_equal(store_get(s, 0, str_of(key), &a, &value, &e),
		    0);
	}
	assert_int_equal(a.taken, 0);
	assert_int_equal(maps_descriptors(), descriptors);
	store_close(&s);
}

struct asker {
	struct store *s;
	unsigned slot;
	unsigned wrong;
};

static void *
ask_all(void *arg)
{
	struct asker *asker = arg;
	char text[256];
	struct err e;
	unsigned i;

	for (i = 0; i < 5000; i++)
		if (maps_ask(asker->s, asker->slot, i, text, &e) != 1 ||
		    !maps_right(text, "one", i))
			asker->wrong++;
	return NULL;
}

static void
test_slots_are_asked_at_once(void **state)
{
	struct asker askers[4];
	pthread_t threads[4];
	struct store *s;
	unsigned i;

	(void)state;
	maps_write(maps_path("map"), "one", LARGE);
	s = maps_open(maps_path("map"));
	for (i = 0; i < 4; i++) {
		askers[i] = (struct asker){ s, i * 42, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, ask_all,
		    &askers[i]), 0);
	}
	for (i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(askers[i].wrong, 0);
	}
	store_close(&s);
}

static void
test_a_slot_first_used_late_reads_the_opened_file(void **state)
{
	struct store *s;
	char text[256];
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	s = maps_open(maps_path("map"));
	maps_write(maps_path("map"), "two", SMALL);
	assert_int_equal(maps_ask(s, 1, 7, text, &e), 1);
	assert_true(maps_right(text, "one", 7));
	assert_int_equal(unlink(maps_path("map")), 0);
	assert_int_equal(maps_ask(s, 2, 8, text, &e), 1);
	assert_true(maps_right(text, "one", 8));
	assert_true(store_sound(s));
	store_close(&s);
}

static void
test_a_slot_without_a_descriptor_shares_the_first(void **state)
{
	struct rlimit old, none;
	struct store *s;
	char text[256];
	struct err e;
	int got;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	s = maps_open(maps_path("map"));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	got = maps_ask(s, 9, 7, text, &e);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(got, 1);
	assert_true(maps_right(text, "one", 7));
	assert_false(store_lost(s));
	assert_int_equal(maps_ask(s, 9, 8, text, &e), 1);
	store_close(&s);
}

static void
test_the_file_is_mapped_however_large(void **state)
{
	char line[1024];
	struct store *s;
	bool mapped = false;
	FILE *maps;

	(void)state;
	/* More than the 10 MB up to which Berkeley DB maps by itself. */
	maps_write(maps_path("map"), "one", 200000);
	s = maps_open(maps_path("map"));
	assert_true(store_file(s)->size > 10 << 20);
	maps = fopen("/proc/self/maps", "re");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		mapped |= strstr(line, maps_path("map")) != NULL;
	assert_int_equal(fclose(maps), 0);
	assert_true(mapped);
	store_close(&s);
}

static void
test_closing_gives_all_descriptors_back(void **state)
{
	int descriptors = maps_descriptors();
	struct store *s;
	char text[256];
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	s = maps_open(maps_path("map"));
	assert_int_equal(maps_ask(s, 5, 7, text, &e), 1);
	store_close(&s);
	assert_int_equal(maps_descriptors(), descriptors);
}

static void
test_names_and_modes_do_not_make_it_unsound(void **state)
{
	struct store *s;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	s = maps_open(maps_path("map"));
	assert_int_equal(link(maps_path("map"), maps_path("hard")), 0);
	assert_true(store_sound(s));
	assert_int_equal(chmod(maps_path("map"), 0600), 0);
	assert_true(store_sound(s));
	maps_write(maps_path("map"), "two", SMALL);
	assert_true(store_sound(s));
	assert_int_equal(unlink(maps_path("map")), 0);
	assert_true(store_sound(s));
	store_close(&s);
}

/* Broken before it is opened */

static void
refused(const char *row, const char *path, const char *why)
{
	struct store *s;
	struct err e = { .text = "it was opened" };

	TABLE_INT(row, store_open(path, &s, &e), -1);
	TABLE_INT(row, e.reason, REASON_MAP_BROKEN);
	if (strstr(e.text, why) == NULL)
		fail_msg("row '%s': '%s' does not say '%s'", row, e.text, why);
}

/* Sets the bytes at a place of the map that path holds a copy of. */
static void
changed(const char *path, size_t at, const char *bytes, size_t n)
{
	size_t size;
	char *map = maps_read(maps_path("map"), &size);

	memcpy(map + at, bytes, n);
	maps_make(path, map, size);
	free(map);
}

static void
test_what_is_no_map_is_refused(void **state)
{
	static const struct {
		const char *row;
		size_t at;
		const char *bytes;
		size_t n;
		const char *why;
	} rows[] = {
		{ "magic", 12, "\1\2\3\4", 4, "no Berkeley DB btree" },
		{ "hash", 12, "\x61\x15\x06\0", 4, "no Berkeley DB btree" },
		{ "queue", 25, "\x0a", 1, "no Berkeley DB btree" },
		{ "byte order", 12, "\0\5\x31\x62", 4, "byte order" },
		{ "8 KiB pages", 20, "\0\x20\0\0", 4, "something else" },
		{ "encrypted", 24, "\1", 1, "something else" },
		{ "checksums", 26, "\1", 1, "something else" },
		{ "duplicates", 48, "\1", 1, "something else" },
		{ "no mark", 52, "\x9d\x1c\x07\x55", 4, "something else" },
		{ "pages", 32, "\1", 1, "truncated" },
		{ "version", 16, "\7", 1, "not as it was written" },
	};
	size_t i;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		changed(maps_path("bad"), rows[i].at, rows[i].bytes,
		    rows[i].n);
		refused(rows[i].row, maps_path("bad"), rows[i].why);
	}
}

static void
test_what_is_no_file_of_a_map_is_refused(void **state)
{
	(void)state;
	maps_make(maps_path("bad"), "", 0);
	refused("empty", maps_path("bad"), "empty");
	maps_make(maps_path("bad"), "example.com http://x\n", 21);
	refused("text", maps_path("bad"), "not a map");
	maps_make(maps_path("bad"), "\0", 1);
	refused("one byte", maps_path("bad"), "not a map");
	refused("folder", maps_folder, "not a file");
	assert_int_equal(mkfifo(maps_path("fifo"), 0600), 0);
	refused("fifo", maps_path("fifo"), "not a file");
	refused("device", "/dev/zero", "not a file");
}

static void
test_an_unknown_database_version_is_refused(void **state)
{
	struct store *s;
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	changed(maps_path("bad"), 16, "\7", 1);
	maps_mark(maps_path("bad"));
	assert_int_equal(store_open(maps_path("bad"), &s, &e), -1);
	assert_int_equal(e.reason, REASON_MAP_BROKEN);
}

/* Where the value of an "m" record stands: right before its key. */
static size_t
word_at(const char *map, size_t size, const char *word)
{
	size_t n = strlen(word);
	size_t at;

	for (at = 12; at + n < size; at++)
		if (memcmp(map + at, word, n) == 0 && map[at - 3] == (char)n &&
		    map[at - 1] == 1)
			return at - 12;
	fail_msg("no record %s", word);
	return 0;
}

static void
set_word(const char *word, uint64_t value)
{
	size_t size;
	char *map = maps_read(maps_path("map"), &size);
	size_t at = word_at(map, size, word);
	char bytes[8];
	int i;

	for (i = 0; i < 8; i++)
		bytes[i] = (char)(unsigned char)(value >> (8 * i));
	free(map);
	changed(maps_path("bad"), at, bytes, sizeof(bytes));
	maps_mark(maps_path("bad"));
}

static void
test_other_formats_and_facts_are_refused(void **state)
{
	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	set_word("mformat", CODEC_FORMAT + 1);
	refused("newer", maps_path("bad"),
	    "format 3, expected 2: compile it again");
	set_word("mformat", 1);
	refused("older", maps_path("bad"),
	    "format 1, expected 2: compile it again");
	set_word("mgeneration", 77);
	refused("generation", maps_path("bad"), "does not agree");
	set_word("mpages", 2);
	refused("pages", maps_path("bad"), "truncated");
	set_word("mtime", 1);
	refused("time", maps_path("bad"), "of two maps");
}

static void
test_truncated_anywhere_it_is_refused(void **state)
{
	size_t size, n;
	char *map;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	map = maps_read(maps_path("map"), &size);
	for (n = 0; n < size; n += 509) {
		struct store *s;
		struct err e;

		maps_make(maps_path("bad"), map, n);
		assert_int_equal(store_open(maps_path("bad"), &s, &e), -1);
		assert_int_equal(e.reason, REASON_MAP_BROKEN);
	}
	free(map);
}

static void
test_a_mix_of_two_maps_is_refused(void **state)
{
	size_t size, other, n;
	char *one, *two, *mix;

	(void)state;
	maps_write(maps_path("map"), "one", LARGE);
	one = maps_read(maps_path("map"), &size);
	maps_write(maps_path("map"), "two", LARGE);
	two = maps_read(maps_path("map"), &other);
	assert_int_equal(size, other);
	assert_true(size > STORE_SUM_ALWAYS);
	mix = malloc(size);
	for (n = CODEC_PAGE; n < size; n += 37 * CODEC_PAGE) {
		memcpy(mix, two, n);
		memcpy(mix + n, one + n, size - n);
		maps_make(maps_path("bad"), mix, size);
		refused("front of the next", maps_path("bad"), "");
		memcpy(mix, one, n);
		memcpy(mix + n, two + n, size - n);
		maps_make(maps_path("bad"), mix, size);
		refused("front of the last", maps_path("bad"), "");
	}
	free(one);
	free(two);
	free(mix);
}

static uint64_t
test_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* Changes 1 to 64 bytes, or a whole page, of the large map. */
static void
corrupt(const char *map, size_t size, uint64_t *seed, const char *path)
{
	char *bytes = malloc(size);
	size_t n = 1 + test_random(seed) % 64;
	size_t page = test_random(seed) % (size / CODEC_PAGE) * CODEC_PAGE;
	size_t i;

	memcpy(bytes, map, size);
	if (test_random(seed) % 3 == 0) {
		for (i = 0; i < CODEC_PAGE; i++)
			bytes[page + i] = (char)test_random(seed);
	} else {
		for (i = 0; i < n; i++)
			bytes[test_random(seed) % (n < 8 ? size : CODEC_PAGE) +
			    (n < 8 ? 0 : page)] = (char)test_random(seed);
	}
	maps_make(path, bytes, size);
	free(bytes);
}

static void
test_corrupted_maps_neither_crash_nor_hang_nor_talk(void **state)
{
	uint64_t seed = 20240607;
	size_t size;
	char *map, *said;
	int i, opened = 0, found = 0;

	(void)state;
	maps_write(maps_path("map"), "one", LARGE);
	map = maps_read(maps_path("map"), &size);
	alarm(300);
	maps_listen();
	for (i = 0; i < CORRUPTIONS; i++) {
		struct store *s;
		struct err e;
		unsigned n;

		corrupt(map, size, &seed, maps_path("bad"));
		if (store_open(maps_path("bad"), &s, &e) == 1) {
			opened++;
			for (n = 0; n < LARGE; n += 211) {
				char text[256];

				found += maps_ask(s, n % 3, n, text, &e) == 1;
			}
			assert_true(store_sound(s) || store_lost(s));
			store_close(&s);
		}
		assert_int_equal(store_verify(maps_path("bad"), &e), -1);
	}
	said = maps_heard();
	alarm(0);
	assert_string_equal(said, "");
	assert_true(opened > CORRUPTIONS / 4);
	assert_true(found > 1000);
	free(said);
	free(map);
}

static void
test_a_small_corrupted_map_is_never_opened(void **state)
{
	size_t size, at;
	char *map;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	map = maps_read(maps_path("map"), &size);
	assert_true(size < STORE_SUM_ALWAYS);
	for (at = 0; at < size; at += 97) {
		struct store *s;
		struct err e;

		map[at] = (char)(map[at] ^ 16);
		maps_make(maps_path("bad"), map, size);
		assert_int_equal(store_open(maps_path("bad"), &s, &e), -1);
		map[at] = (char)(map[at] ^ 16);
	}
	free(map);
}

/* Broken while it is open */

static void
test_truncated_while_open_is_map_broken_not_a_crash(void **state)
{
	struct store *s;
	char text[256];
	struct err e;
	unsigned i;
	int broken = 0;

	(void)state;
	maps_write(maps_path("map"), "one", LARGE);
	s = maps_open(maps_path("map"));
	assert_int_equal(maps_ask(s, 0, 5, text, &e), 1);
	assert_int_equal(truncate(maps_path("map"), 4 * CODEC_PAGE), 0);
	for (i = 0; i < LARGE; i += 100) {
		int got = maps_ask(s, i / 100 % 5, i, text, &e);

		if (got == -1) {
			broken++;
			assert_int_equal(e.reason, REASON_MAP_BROKEN);
		} else {
			assert_int_equal(got, 1);
			assert_true(maps_right(text, "one", i));
		}
	}
	assert_true(broken > LARGE / 100 / 2);
	assert_true(store_lost(s));
	assert_false(store_sound(s));
	/* Nor is a new handle opened in what is lost. */
	assert_int_equal(maps_ask(s, 0, 0, text, &e), -1);
	assert_int_equal(maps_ask(s, 100, 0, text, &e), -1);
	assert_int_equal(e.reason, REASON_MAP_BROKEN);
	store_close(&s);
}

static void
test_emptied_while_open_is_map_broken_not_a_crash(void **state)
{
	struct store *s;
	char text[256];
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	s = maps_open(maps_path("map"));
	assert_int_equal(truncate(maps_path("map"), 0), 0);
	assert_int_equal(maps_ask(s, 0, 5, text, &e), -1);
	assert_int_equal(e.reason, REASON_MAP_BROKEN);
	assert_int_equal(maps_ask(s, 1, 5, text, &e), -1);
	assert_false(store_sound(s));
	store_close(&s);
}

static void
test_written_over_in_place_it_is_unsound_for_good(void **state)
{
	size_t size, other;
	char *one, *two;
	struct store *s;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	one = maps_read(maps_path("map"), &size);
	maps_write(maps_path("map"), "two", SMALL);
	two = maps_read(maps_path("map"), &other);
	assert_int_equal(size, other);
	s = maps_open(maps_path("map"));
	assert_true(store_sound(s));
	maps_over(maps_path("map"), one, 3 * CODEC_PAGE);
	assert_false(store_sound(s));
	maps_over(maps_path("map"), two, size);
	assert_false(store_sound(s));
	store_close(&s);
	free(one);
	free(two);
}

static void
test_no_answer_is_wrong_while_it_is_written_over(void **state)
{
	size_t size, other, n;
	char *one, *two;
	int trusted = 0;

	(void)state;
	maps_write(maps_path("map"), "one", LARGE);
	one = maps_read(maps_path("map"), &size);
	maps_write(maps_path("map"), "two", LARGE + 1000);
	two = maps_read(maps_path("map"), &other);
	assert_true(other > size);
	for (n = 0; n < size; n += 53 * CODEC_PAGE) {
		struct store *s;
		unsigned i;

		maps_make(maps_path("live"), one, size);
		maps_age(maps_path("live"));
		s = maps_open(maps_path("live"));
		if (n > 0)
			maps_over(maps_path("live"), two, n);
		for (i = 0; i < LARGE; i += 331) {
			char text[256];
			struct err e;
			int got = maps_ask(s, 0, i, text, &e);

			if (!store_sound(s))
				continue;
			trusted++;
			assert_int_equal(got, 1);
			assert_true(maps_right(text, "one", i));
		}
		store_close(&s);
	}
	/* The first round writes nothing, so all of it counts. */
	assert_int_equal(trusted, LARGE / 331 + 1);
	free(one);
	free(two);
}

/* Walking and verifying */

struct walk {
	unsigned records;
	char last[128];
	size_t last_n;
	int stop_at;
};

static int
walk_see(void *arg, struct str key, struct str value)
{
	struct walk *walk = arg;

	(void)value;
	assert_true(str_cmp((struct str){ walk->last, walk->last_n }, key) <
	    0);
	assert_true(key.n <= sizeof(walk->last));
	memcpy(walk->last, key.p, key.n);
	walk->last_n = key.n;
	walk->records++;
	return (int)walk->records == walk->stop_at ? 42 : 0;
}

static void
test_a_walk_sees_every_record_in_key_order(void **state)
{
	struct walk walk = { 0 };
	struct store *s;
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", LARGE);
	s = maps_open(maps_path("map"));
	assert_int_equal(store_walk(s, walk_see, &walk, &e), 0);
	assert_int_equal(walk.records, store_meta(s)->records);
	walk = (struct walk){ .stop_at = 10 };
	assert_int_equal(store_walk(s, walk_see, &walk, &e), 42);
	assert_int_equal(walk.records, 10);
	store_close(&s);
}

static void
test_a_walk_over_a_truncated_map_ends_with_an_error(void **state)
{
	struct walk walk = { 0 };
	struct store *s;
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", LARGE);
	s = maps_open(maps_path("map"));
	assert_int_equal(truncate(maps_path("map"), 100 * CODEC_PAGE), 0);
	assert_int_equal(store_walk(s, walk_see, &walk, &e), -1);
	assert_int_equal(e.reason, REASON_MAP_BROKEN);
	store_close(&s);
}

static unsigned
two_bytes(const char *at)
{
	return (unsigned)(unsigned char)at[0] |
	    (unsigned)(unsigned char)at[1] << 8;
}

/* Does its page name an item there, not only hold what a split left behind?
 * An item's text stands behind its length and type, its offset in a list. */
static bool
is_live(const char *map, size_t at)
{
	enum { ENTRIES = 20, LIST = 26, TEXT = 3 };
	const char *page = map + at / CODEC_PAGE * CODEC_PAGE;
	unsigned i;

	for (i = 0; i < two_bytes(page + ENTRIES); i++)
		if (two_bytes(page + LIST + 2 * (size_t)i) + TEXT ==
		    at % CODEC_PAGE)
			return true;
	return false;
}

static void
verified(const char *row, const char *path, int want, const char *why)
{
	struct err e = { .text = "" };

	TABLE_INT(row, store_verify(path, &e), want);
	if (strstr(e.text, why) == NULL)
		fail_msg("row '%s': '%s' does not say '%s'", row, e.text, why);
}

static void
test_verify_tells_what_is_wrong(void **state)
{
	size_t size, at;
	char *map, *broken;

	(void)state;
	verified("none", maps_path("map"), -1, "there is no map");
	maps_write(maps_path("map"), "one", LARGE);
	verified("good", maps_path("map"), 0, "");
	set_word("mhosts", LARGE - 1);
	verified("counts", maps_path("bad"), -1, "its own record says");
	set_word("mservices", 1);
	verified("services", maps_path("bad"), -1, "its own record says");
	set_word("mwild_levels", 4);
	verified("levels", maps_path("bad"), -1, "its own record says");
	map = maps_read(maps_path("map"), &size);
	at = size / 2;
	changed(maps_path("bad"), at, map[at] == 'x' ? "y" : "x", 1);
	verified("a byte", maps_path("bad"), -1, "its sum is another");
	/* A record that is none, in a file that says it was written so. */
	broken = maps_read(maps_path("map"), &size);
	for (at = size / 2; at < size - 8; at++)
		if (memcmp(broken + at, "one host", 8) == 0)
			memcpy(broken + at - 2, "\xff\xff", 2);
	maps_make(maps_path("bad"), broken, size);
	free(broken);
	maps_mark(maps_path("bad"));
	verified("a record", maps_path("bad"), -1, "is broken");
	/* An order that no lookup could follow: two keys swapped. */
	for (at = size / 2; memcmp(map + at, "hhost0", 6) != 0 ||
	    !is_live(map, at); at++)
		;
	changed(maps_path("bad"), at, "hhost9", 6);
	maps_mark(maps_path("bad"));
	verified("order", maps_path("bad"), -1, "bad");
	free(map);
}

/* A map with one record more, of a host's answer, under any key: its writer
 * verifies it. */
static void
verified_under(const char *key, int want, const char *why)
{
	struct codec_meta meta = { .time = MAPS_TIME };
	struct err e = { .text = "" };
	struct writer *w;
	struct buf value;

	sigbus_init();
	buf_init(&value, 1 << 16);
	maps_record(STR("x"), STR("text"), &value);
	assert_int_equal(writer_open(maps_path("map"), &w, &e), 0);
	maps_fill(w, "one", SMALL);
	assert_int_equal(writer_put(w, str_of(key), buf_view(&value), &e), 0);
	buf_fini(&value);
	TABLE_INT(key, maps_finish(&w, &meta, &e), want);
	if (strstr(e.text, why) == NULL)
		fail_msg("'%s': '%s' does not say '%s'", key, e.text, why);
}

static void
test_verify_reads_each_record_under_its_key(void **state)
{
	(void)state;
	verified_under("hx.example", 0, "");
	verified_under("ox.example", -1,
	    "'ox.example' is not the one of its key");
	verified_under("hx.example/a", -1, "'hx.example/a' is broken");
	verified_under("sx/example", -1, "'sx/example' is broken");
}

static void
test_a_configuration_file_nearby_is_not_read(void **state)
{
	struct store *s;
	char before[MAPS_PATH];
	char text[256];
	struct err e;

	(void)state;
	maps_write(maps_path("map"), "one", SMALL);
	maps_make(maps_path("DB_CONFIG"), "set_nonsense\n", 13);
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(maps_folder), 0);
	assert_int_equal(setenv("DB_HOME", maps_folder, 1), 0);
	s = maps_open("map");
	assert_int_equal(maps_ask(s, 3, 5, text, &e), 1);
	store_close(&s);
	assert_int_equal(unsetenv("DB_HOME"), 0);
	assert_int_equal(chdir(before), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, maps_begin, maps_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_missing_map_is_no_error),
		TEST(test_every_host_is_found_and_no_other),
		TEST(test_values_of_any_size_come_back_whole),
		TEST(test_a_full_arena_is_overload_and_the_map_stays_good),
		TEST(test_odd_keys_are_not_there),
		TEST(test_unknown_keys_cost_no_memory_and_no_descriptor),
		TEST(test_slots_are_asked_at_once),
		TEST(test_a_slot_first_used_late_reads_the_opened_file),
		TEST(test_a_slot_without_a_descriptor_shares_the_first),
		TEST(test_the_file_is_mapped_however_large),
		TEST(test_closing_gives_all_descriptors_back),
		TEST(test_names_and_modes_do_not_make_it_unsound),
		TEST(test_what_is_no_map_is_refused),
		TEST(test_what_is_no_file_of_a_map_is_refused),
		TEST(test_an_unknown_database_version_is_refused),
		TEST(test_other_formats_and_facts_are_refused),
		TEST(test_truncated_anywhere_it_is_refused),
		TEST(test_a_mix_of_two_maps_is_refused),
		TEST(test_corrupted_maps_neither_crash_nor_hang_nor_talk),
		TEST(test_a_small_corrupted_map_is_never_opened),
		TEST(test_truncated_while_open_is_map_broken_not_a_crash),
		TEST(test_emptied_while_open_is_map_broken_not_a_crash),
		TEST(test_written_over_in_place_it_is_unsound_for_good),
		TEST(test_no_answer_is_wrong_while_it_is_written_over),
		TEST(test_a_walk_sees_every_record_in_key_order),
		TEST(test_a_walk_over_a_truncated_map_ends_with_an_error),
		TEST(test_verify_tells_what_is_wrong),
		TEST(test_verify_reads_each_record_under_its_key),
		TEST(test_a_configuration_file_nearby_is_not_read),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
