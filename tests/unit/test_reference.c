/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * reference: the lookup agrees with the plainest matcher there is.
 *
 * Random lists, random URLs; the matcher compares every entry and picks by
 * the rules of routes(5) as they are written there. LONG in the environment
 * makes it a million pairs, SEED another series.
 */

#include "tests/unit/memory_map.h"
#include "tests/unit/random.h"
#include "tests/unit/table.h"

enum {
	PAIRS = 20000,
	PAIRS_LONG = 1000000,
	ASKS = 40, /* of each list */
	ENTRIES_MAX = 14,
	TEXT_MAX = 192,
	SEGMENTS = 8
};

ATTR_PRINTF(2, 3)
static void
text_add(char text[TEXT_MAX], const char *fmt, ...)
{
	size_t n = strlen(text);
	va_list args;

	va_start(args, fmt);
	n += (size_t)vsnprintf(text + n, TEXT_MAX - n, fmt, args);
	va_end(args);
	assert_true(n < TEXT_MAX);
}

/* Few labels and segments, so that entries and URLs often meet. */

static const char *const labels[] = { "a", "b", "c" };
static const char *const literals[] = { "a", "b", "c", "a", "b", "a%2Fb",
	"a;b", "%5Ca", "%2F" };
static const char *const addresses[] = { "192.0.2.1", "[2001:db8::1]" };
static const char *const gaps[] = { "/", "/", "/", "/", "/", "/", "//", "%2F",
	"%2f", "%5C", ";/", ";x/", ";%2F" };

static void
random_name(char text[TEXT_MAX])
{
	unsigned n = 1 + random_below(3);

	if (random_below(12) == 0) {
		text_add(text, "%s", RANDOM_OF(addresses));
		return;
	}
	while (n-- > 0)
		text_add(text, "%s%s", RANDOM_OF(labels), n > 0 ? "." : "");
}

/* "HOST[PATH][ exact]", captures named by their place. */
static void
random_match(char text[TEXT_MAX])
{
	unsigned form = random_below(10);
	unsigned n = random_below(4);
	unsigned i;

	text[0] = '\0';
	if (form == 0) {
		text_add(text, "**");
		n = n > 0 ? n : 1;
	} else if (form == 1) {
		text_add(text, "*");
	} else {
		const char *before = form < 4 ? "*." : form < 6 ? "{h}." : "";

		text_add(text, "%s", before);
		/* as if addresses had labels */
		if (form < 6 && random_below(12) == 0)
			text_add(text, "0.2.1");
		else
			random_name(text);
	}
	for (i = 0; i < n; i++) {
		if (form > 0 && random_below(3) == 0)
			text_add(text, "/{x%u}", i);
		else
			text_add(text, "/%s", RANDOM_OF(literals));
	}
	if (random_below(5) == 0)
		text_add(text, " exact");
}

static void
random_path(char text[TEXT_MAX])
{
	unsigned n = random_below(5);

	text_add(text, "/");
	while (n-- > 0)
		text_add(text, "%s%s", RANDOM_OF(literals),
		    n > 0 ? RANDOM_OF(gaps) : "");
	if (random_below(4) == 0)
		text_add(text, "%s", RANDOM_OF(gaps));
}

/* The plainest matcher */

struct entry {
	char text[TEXT_MAX]; /* as it stands in the list */
	char host[TEXT_MAX];
	char segments[SEGMENTS][TEXT_MAX];
	size_t count;
	bool exact;
};

struct list {
	struct entry entries[ENTRIES_MAX];
	size_t count;
};

/* What a path is cut into: what stands between slashes, if it is anything. */
static size_t
reference_cut(const char *path, char segments[][TEXT_MAX], size_t max)
{
	size_t count = 0;

	while (*path != '\0') {
		size_t n = strcspn(path, "/");

		if (n > 0) {
			assert_true(count < max);
			snprintf(segments[count++], TEXT_MAX, "%.*s", (int)n,
			    path);
		}
		path += n;
		path += *path == '/';
	}
	return count;
}

static void
reference_entry(struct entry *e, const char *text)
{
	char copy[TEXT_MAX];
	char *exact, *slash;

	snprintf(e->text, sizeof(e->text), "%s", text);
	snprintf(copy, sizeof(copy), "%s", text);
	exact = strstr(copy, " exact");
	e->exact = exact != NULL;
	if (exact != NULL)
		*exact = '\0';
	slash = strchr(copy, '/');
	e->count = slash != NULL ?
	    reference_cut(slash, e->segments, SEGMENTS) : 0;
	if (slash != NULL)
		*slash = '\0';
	snprintf(e->host, sizeof(e->host), "%s", copy);
}

static bool
reference_is_capture(const char *segment)
{
	return segment[0] == '{';
}

static bool
reference_path(const struct entry *e, const char *path)
{
	char segments[4 * SEGMENTS][TEXT_MAX];
	size_t count = reference_cut(path, segments, 4 * SEGMENTS);
	size_t i;

	if (e->exact && e->count == 0)
		return strcmp(path, "/") == 0;
	if (e->exact && (count != e->count || path[strlen(path) - 1] == '/'))
		return false;
	if (count < e->count)
		return false;
	for (i = 0; i < e->count; i++)
		if (!reference_is_capture(e->segments[i]) &&
		    strcmp(e->segments[i], segments[i]) != 0)
			return false;
	return true;
}

/* Longer beats shorter, literal capture from the left, exact prefix. */
static bool
reference_beats(const struct entry *a, const struct entry *b)
{
	size_t i;

	if (a->count != b->count)
		return a->count > b->count;
	for (i = 0; i < a->count; i++) {
		bool x = reference_is_capture(a->segments[i]);
		bool y = reference_is_capture(b->segments[i]);

		if (x != y)
			return y;
	}
	return a->exact && !b->exact;
}

/* The best entry of those written for that host, or -1; *any: is there one? */
static int
reference_in(const struct list *l, const char *host, const char *path,
    bool *any)
{
	int best = -1;
	size_t i;

	*any = false;
	for (i = 0; i < l->count; i++) {
		if (strcmp(l->entries[i].host, host) != 0)
			continue;
		*any = true;
		if (reference_path(&l->entries[i], path) &&
		    (best == -1 || reference_beats(&l->entries[i],
			&l->entries[best])))
			best = (int)i;
	}
	return best;
}

static int
reference_find(const struct list *l, const char *host, const char *path)
{
	const char *below = strchr(host, '.');
	char wild[TEXT_MAX];
	bool any;
	int found = reference_in(l, "**", path, &any);

	if (found != -1)
		return found;
	found = reference_in(l, host, path, &any);
	if (any)
		return found;
	if (strchr("0123456789[", host[0]) != NULL)
		return reference_in(l, "*", path, &any);
	if (below != NULL) {
		snprintf(wild, sizeof(wild), "{h}%s", below);
		found = reference_in(l, wild, path, &any);
		if (any)
			return found;
	}
	for (; below != NULL; below = strchr(below + 1, '.')) {
		snprintf(wild, sizeof(wild), "*%s", below);
		found = reference_in(l, wild, path, &any);
		if (any)
			return found;
	}
	return reference_in(l, "*", path, &any);
}

/* Every `from` becomes a slash. */
static void
reference_replace(char *path, const char *from)
{
	char *at;

	while ((at = strstr(path, from)) != NULL) {
		*at = '/';
		memmove(at + 1, at + strlen(from), strlen(at + strlen(from)) +
		    1);
	}
}

static void
reference_drop(char *path)
{
	char *at;

	while ((at = strchr(path, ';')) != NULL)
		memmove(at, at + strcspn(at, "/"), strlen(at + strcspn(at,
		    "/")) + 1);
}

/* Does any of the readings choose another entry? */
static bool
reference_ambiguous(const struct list *l, const char *host, const char *path,
    bool data, int found)
{
	unsigned how;

	for (how = 1; how < 8; how++) {
		char read[TEXT_MAX];

		snprintf(read, sizeof(read), "%s", path);
		if ((how & 1) != 0 && data)
			continue;
		if ((how & 1) != 0)
			reference_replace(read, "%2F");
		if ((how & 2) != 0)
			reference_replace(read, "%5C");
		if ((how & 4) != 0)
			reference_drop(read);
		if (reference_find(l, host, read) != found)
			return true;
	}
	return false;
}

/* "capture,capture|rest" */
static void
reference_taken(const struct entry *e, const char *host, const char *path,
    char to[TEXT_MAX])
{
	char segments[4 * SEGMENTS][TEXT_MAX];
	const char *rest = path;
	size_t i;

	reference_cut(path, segments, 4 * SEGMENTS);
	to[0] = '\0';
	if (e->host[0] == '{')
		text_add(to, "%.*s,", (int)strcspn(host, "."), host);
	for (i = 0; i < e->count; i++) {
		if (reference_is_capture(e->segments[i]))
			text_add(to, "%s,", segments[i]);
		rest += strspn(rest, "/");
		rest += strcspn(rest, "/");
	}
	text_add(to, "|%s", rest);
}

/* The lookup beside it */

static void
pair_fail(const struct list *l, const char *host, const char *path,
    const char *what)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		print_error("%s\n", l->entries[i].text);
	fail_msg("%s%s: %s", host, path, what);
}

static void
pair_taken(const struct lookup_result *got, char to[TEXT_MAX])
{
	size_t i;

	to[0] = '\0';
	for (i = 0; i < got->route->capture_count; i++)
		text_add(to, "%.*s,", STR_ARG(got->captures[i]));
	text_add(to, "|%.*s", STR_ARG(got->rest));
}

static void
pair_found(const struct list *l, int want, const struct lookup_result *got,
    const char *host, const char *path)
{
	char theirs[TEXT_MAX], ours[TEXT_MAX] = "";

	text_add(ours, "%.*s%s", STR_ARG(got->route->match),
	    got->route->exact ? " exact" : "");
	if (strcmp(ours, l->entries[want].text) != 0)
		pair_fail(l, host, path, ours);
	reference_taken(&l->entries[want], host, path, theirs);
	pair_taken(got, ours);
	if (strcmp(ours, theirs) != 0)
		pair_fail(l, host, path, ours);
}

/* Canonical host and path; *found of the lookup by the way. */
static void
pair_compare(const struct list *l, struct map *m, const char *host,
    const char *path, struct arena *a)
{
	const struct lookup_map map = { .get = map_get, .arg = m,
		.meta = &m->meta };
	int want = reference_find(l, host, path);
	struct lookup_result got;
	struct str reading;
	struct host h;
	struct err e;
	int found, data;

	assert_int_equal(host_parse(str_of(host), &h, &e), 0);
	found = lookup_route(&map, &h, str_of(path), a, NULL, &got, &e);
	assert_int_not_equal(found, -1);
	if ((found == 1) != (want != -1))
		pair_fail(l, host, path, found == 1 ? "found" : "not found");
	if (found == 1)
		pair_found(l, want, &got, host, path);
	for (data = 0; data < 2; data++)
		if (lookup_ambiguous(&map, &h, str_of(path), data == 1, &got,
			a, &reading, &e) != reference_ambiguous(l, host, path,
			data == 1, want))
			pair_fail(l, host, path, "ambiguous, or not");
}

/* A URL that the entry, or one near it, might answer. */
static void
pair_near(const struct entry *e, char host[TEXT_MAX], char path[TEXT_MAX])
{
	const char *name = e->host + strcspn(e->host, ".");
	size_t i;

	/* What is below an address is no host. */
	if (name[0] == '\0' || strpbrk(name, "12[") != NULL)
		random_name(host);
	else if (strchr("*{", e->host[0]) != NULL)
		text_add(host, "%s%s%s", RANDOM_OF(labels),
		    random_below(3) == 0 ? ".b" : "", name);
	else
		text_add(host, "%s", e->host);
	for (i = 0; i < e->count; i++)
		text_add(path, "%s%s", i > 0 ? RANDOM_OF(gaps) : "/",
		    reference_is_capture(e->segments[i]) ?
		    RANDOM_OF(literals) : e->segments[i]);
	if (e->count == 0 || random_below(3) == 0)
		text_add(path, "/");
	if (random_below(4) == 0)
		text_add(path, "%s", RANDOM_OF(literals));
}

static void
pair_ask(const struct list *l, struct map *m)
{
	char host[TEXT_MAX] = "", raw[TEXT_MAX] = "", path[TEXT_MAX] = "";
	struct str canonical;
	struct arena a;
	struct err e;

	if (random_below(2) == 0) {
		pair_near(&l->entries[random_below((unsigned)l->count)], host,
		    raw);
	} else {
		random_name(host);
		random_path(raw);
	}
	arena_init(&a, ARENA_MAX);
	if (path_canonical(str_of(raw), &a, &canonical, &e) == -1)
		fail_msg("%s: %s", raw, e.text);
	text_add(path, "%.*s", STR_ARG(canonical));
	pair_compare(l, m, host, path, &a);
	arena_fini(&a);
}

static bool
list_has(const struct list *l, const char *text)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (strcmp(l->entries[i].text, text) == 0)
			return true;
	return false;
}

/* An entry of the list, exact when that is not, and the other way round. */
static void
list_beside(const struct list *l, char text[TEXT_MAX])
{
	const struct entry *e = &l->entries[random_below((unsigned)l->count)];

	text[0] = '\0';
	text_add(text, "%.*s%s", (int)strcspn(e->text, " "), e->text,
	    e->exact ? "" : " exact");
}

static struct map *
list_random(struct list *l)
{
	char all[ENTRIES_MAX * TEXT_MAX] = "";
	size_t tries = 1 + random_below(ENTRIES_MAX);
	size_t n = 0;

	for (l->count = 0; tries > 0; tries--) {
		char text[TEXT_MAX];

		random_match(text);
		if (l->count > 0 && random_below(4) == 0)
			list_beside(l, text);
		if (list_has(l, text))
			continue;
		reference_entry(&l->entries[l->count++], text);
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s\n", text);
	}
	return map_new(all);
}

static void
the_lookup_agrees_with_the_plainest_matcher(void **state)
{
	static struct list l;
	size_t pairs = random_cases(PAIRS, PAIRS_LONG);
	size_t i, j;

	(void)state;
	random_begin(random_seed());
	for (i = 0; i < pairs; i += ASKS) {
		struct map *m = list_random(&l);

		for (j = 0; j < ASKS; j++)
			pair_ask(&l, m);
		map_free(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lookup_agrees_with_the_plainest_matcher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
