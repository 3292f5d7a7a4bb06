/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * properties: what holds for every list that compiles.
 *
 * Each entry can be looked up and followed to its end; what is dumped compiles
 * to the same records and is dumped the same; and no byte of a record can be
 * lost or changed to something that is not told or does not read back. Lists
 * are random. SEED in the environment says which is the first, LONG makes it
 * many more; a failure tells the list and its seed.
 */

#include "tests/unit/maps.h"

#include <inttypes.h>

#include "decide/rules.h"
#include "decide/target.h"
#include "tests/unit/decide.h"
#include "tests/unit/random_entries.h"
#include "tools/collect.h"
#include "tools/dump.h"

enum {
	LISTS = 800,
	LISTS_LONG = 20000,
	RECORDS_MAX = 256,
	RECORD_MAX = 1 << 20,
	MEMORY = 1 << 20,
	ARENA = 64 << 20,
	SEGMENTS = 64,
	URL_MAX = 8192
};

/* A route as it was handed out. */
struct entry {
	struct str key;
	struct str record;
	enum codec_space space;
	struct str host;
	struct route_shape shape;
	struct str segments[ROUTE_SEGMENTS_MAX];
};

struct offer {
	struct str space;
	struct str name;
	struct str record;
};

struct record {
	struct str key;
	struct str value;
};

/* A list's map in memory, and what it was made of. */
struct map {
	struct arena a;
	struct entry routes[LIST_ENTRIES];
	size_t route_count;
	struct offer services[LIST_ENTRIES];
	size_t service_count;
	struct record records[RECORDS_MAX];
	size_t count;
	struct codec_meta meta;
	char *dump;
};

/* All of it, for what is told when something fails. */
static struct list list;
static uint64_t seed;
static bool busy;
static struct map one, two;
static struct decide asked;

/* How much of it came to something. */
static struct {
	size_t entries;
	size_t dropped;
	size_t urls;
	size_t own;    /* answered by the entry they were made of */
	size_t served; /* with a target */
	size_t changed;
	size_t read;   /* of those */
} seen;

/* ---- compiling ---- */

static struct str
map_keep(struct map *m, const struct buf *b)
{
	struct str copy = arena_copy(&m->a, buf_view(b));

	assert_non_null(copy.p);
	return copy;
}

static struct str
entry_key(struct map *m, const struct source_route *r)
{
	struct buf key;
	struct str kept;
	size_t i;

	buf_init(&key, CODEC_KEY_MAX);
	assert_int_equal(codec_key_host(&key, r->space, r->host), 0);
	for (i = 0; i < r->shape.segments; i++)
		assert_int_equal((r->shape.captures >> i & 1) != 0 ?
		    codec_key_capture(&key) :
		    codec_key_segment(&key, r->segments[i]), 0);
	if (r->shape.exact)
		assert_int_equal(codec_key_exact(&key), 0);
	kept = map_keep(m, &key);
	buf_fini(&key);
	return kept;
}

struct reading {
	struct map *map;
	struct collect *collect;
};

static int
see_route(void *arg, const struct source_route *r, struct err *e)
{
	struct reading *reading = arg;
	struct map *m = reading->map;
	struct entry *to = &m->routes[m->route_count];
	struct buf record;
	size_t i;

	if (r->broken)
		return 0;
	assert_true(m->route_count++ < LIST_ENTRIES);
	*to = (struct entry){ .key = entry_key(m, r), .space = r->space,
		.host = arena_copy(&m->a, r->host), .shape = r->shape };
	for (i = 0; i < r->shape.segments; i++)
		to->segments[i] = arena_copy(&m->a, r->segments[i]);
	buf_init(&record, RECORD_MAX);
	assert_int_equal(codec_put_route(&r->route, &record, e), 0);
	to->record = map_keep(m, &record);
	buf_fini(&record);
	return collect_add(reading->collect, r, e);
}

static int
see_service(void *arg, const struct source_service *s, struct err *e)
{
	struct reading *reading = arg;
	struct map *m = reading->map;
	struct offer *to = &m->services[m->service_count];
	struct buf record;

	if (s->broken)
		return 0;
	assert_true(m->service_count++ < LIST_ENTRIES);
	buf_init(&record, RECORD_MAX);
	assert_int_equal(codec_put_service(&s->service, &record, e), 0);
	*to = (struct offer){ arena_copy(&m->a, s->service.space),
		arena_copy(&m->a, s->service.name), map_keep(m, &record) };
	buf_fini(&record);
	return collect_service(reading->collect, s, e);
}

static int
see_record(void *arg, struct str key, struct str value)
{
	struct map *m = arg;

	assert_true(m->count < RECORDS_MAX);
	m->records[m->count++] = (struct record){ arena_copy(&m->a, key),
		arena_copy(&m->a, value) };
	return 0;
}

/* Of a map that was built: its records and its dump. */
static void
map_take(struct map *m, const char *path)
{
	const struct dump_choice all = { .places = false };
	struct store *s = maps_open(path);
	struct err e;
	size_t n;
	FILE *to = open_memstream(&m->dump, &n);

	assert_non_null(to);
	assert_int_equal(store_walk(s, see_record, m, &e), 0);
	assert_int_equal(dump_map(s, &all, to, &e), 0);
	assert_int_equal(fclose(to), 0);
	store_close(&s);
}

static void
map_build(struct map *m, struct writer *w, struct collect *collect)
{
	struct err e = { .text = "" };

	m->meta = (struct codec_meta){ .time = MAPS_TIME,
		.sources = STR("random.list"),
		.headers = collect_headers(collect) };
	if (writer_close(w, &m->meta, &e) == -1)
		fail_msg("%s", e.text);
	map_take(m, writer_path(w));
	m->meta.sources = m->meta.headers = STR("");
}

static void
map_clear(struct map *m)
{
	arena_reset(&m->a);
	m->route_count = m->service_count = m->count = 0;
	free(m->dump);
	m->dump = NULL;
}

/* Compiles text, its findings in lint; m is built if there are no errors. */
static void
map_compile(struct map *m, struct str text, struct lint *lint)
{
	struct reading reading = { m, collect_new(lint, MEMORY, NULL) };
	struct writer *w = NULL;
	struct source source;
	struct str file = STR("random.list");
	struct err e;

	map_clear(m);
	source_init(&source, lint, &(struct source_see){ .route = see_route,
	    .service = see_service, .arg = &reading });
	assert_int_equal(source_sets(&source, file, 0, text, &e), 0);
	assert_int_equal(source_routes(&source, file, 0, text, &e), 0);
	if (lint->errors == 0) {
		assert_int_equal(writer_open(NULL, &w, &e), 0);
		assert_int_equal(collect_finish(reading.collect, w, &e), 0);
	}
	if (lint->errors == 0)
		map_build(m, w, reading.collect);
	writer_abort(&w);
	source_fini(&source);
	collect_free(&reading.collect);
}

/* A list that compiles: what does not is dropped from it. */
static void
map_random(struct map *m)
{
	struct lint lint;
	size_t errors, i;

	list_make(&list);
	seen.entries += list.count;
	do {
		lint_init(&lint);
		map_compile(m, list_text(&list), &lint);
		errors = lint.errors;
		for (i = 0; i < lint.count; i++)
			if (lint_severity(lint.told[i].finding) == LINT_ERROR)
				list_drop(&list, lint.told[i].place.line);
		lint_fini(&lint);
	} while (errors > 0);
	for (i = 0; i < list.count; i++)
		seen.dropped += list.dropped[i];
}

/* ---- what must be found, by the plain rules ---- */

/* How far a host is from the entry's; 0: it is not that one's. */
static size_t
plain_host(const struct entry *r, const struct host *asked_host)
{
	struct str host = host_text(asked_host), label;
	size_t labels;

	if (r->space == CODEC_HOST)
		return str_eq(r->host, host);
	if (r->host.n == 0)
		return SIZE_MAX;
	for (labels = 1; str_cut(host, '.', &label, &host); labels++) {
		if (asked_host->kind != HOST_NAME || !str_eq(host, r->host))
			continue;
		if (r->space == CODEC_WILD)
			return 2 + labels;
		return labels == 1 ? 2 : 0;
	}
	return 0;
}

static bool
plain_path(const struct entry *r, struct str path)
{
	struct str rest = path, segment;
	size_t n = 0;

	while (rest.n > 0) {
		(void)str_cut(rest, '/', &segment, &rest);
		if (segment.n == 0)
			continue;
		if (n < r->shape.segments &&
		    (r->shape.captures >> n & 1) == 0 &&
		    !str_eq(segment, r->segments[n]))
			return false;
		n++;
	}
	if (r->shape.exact)
		return n == r->shape.segments &&
		    (n == 0 ? path.n == 1 : path.p[path.n - 1] != '/');
	return n >= r->shape.segments;
}

static bool
plain_beats(const struct entry *a, const struct entry *b)
{
	size_t i;

	if (a->shape.segments != b->shape.segments)
		return a->shape.segments > b->shape.segments;
	for (i = 0; i < a->shape.segments; i++) {
		unsigned x = a->shape.captures >> i & 1;
		unsigned y = b->shape.captures >> i & 1;

		if (x != y)
			return y != 0;
	}
	return a->shape.exact && !b->shape.exact;
}

/* The best at that distance, or NULL; 0: of those on every host. */
static const struct entry *
plain_best(const struct map *m, const struct host *host, struct str path,
    size_t distance)
{
	const struct entry *best = NULL;
	size_t i;

	for (i = 0; i < m->route_count; i++) {
		const struct entry *r = &m->routes[i];

		if ((r->space == CODEC_ANYWHERE) == (distance == 0) &&
		    (distance == 0 || plain_host(r, host) == distance) &&
		    plain_path(r, path) &&
		    (best == NULL || plain_beats(r, best)))
			best = r;
	}
	return best;
}

static const struct entry *
plain_find(const struct map *m, const struct host *host, struct str path)
{
	const struct entry *best = plain_best(m, host, path, 0);
	size_t nearest = SIZE_MAX, i;

	if (best != NULL)
		return best;
	for (i = 0; i < m->route_count; i++) {
		size_t n = m->routes[i].space == CODEC_ANYWHERE ? 0 :
		    plain_host(&m->routes[i], host);

		if (n > 0 && n < nearest)
			nearest = n;
	}
	return plain_best(m, host, path, nearest);
}

/* ---- every entry can be looked up ---- */

static int
map_order(const void *a, const void *b)
{
	return str_cmp(((const struct record *)a)->key,
	    ((const struct record *)b)->key);
}

static int
map_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	const struct map *m = arg;
	const struct record wanted = { .key = key };
	const struct record *r = bsearch(&wanted, m->records, m->count,
	    sizeof(wanted), map_order);

	(void)a;
	(void)e;
	if (r == NULL)
		return 0;
	*value = r->value;
	return 1;
}

/* What no entry of a list has. */
static const char *const strangers[] = { "zq", "zr-1", "0z" };

static void
url_host(const struct entry *r, struct buf *to)
{
	if (r->space == CODEC_ANYWHERE || r->host.n == 0)
		assert_int_equal(buf_printf(to, "%s.nowhere",
		    RANDOM_OF(strangers)), 0);
	else if (r->space == CODEC_WILD)
		assert_int_equal(buf_printf(to, "%s%s.%.*s",
		    random_below(2) == 0 ? "a." : "", RANDOM_OF(strangers),
		    STR_ARG(r->host)), 0);
	else if (r->space == CODEC_ONE)
		assert_int_equal(buf_printf(to, "%s.%.*s",
		    RANDOM_OF(strangers), STR_ARG(r->host)), 0);
	else
		assert_int_equal(buf_put(to, r->host), 0);
}

static void
url_path(const struct entry *r, struct buf *to)
{
	static const char *const below[] = { "", "", "/", "/zq", "/zq/zr/" };
	size_t i;

	for (i = 0; i < r->shape.segments; i++) {
		struct str stranger = str_of(RANDOM_OF(strangers));

		assert_int_equal(buf_printf(to, "/%.*s",
		    STR_ARG((r->shape.captures >> i & 1) != 0 ? stranger :
			r->segments[i])), 0);
	}
	if (r->shape.segments == 0)
		assert_int_equal(buf_put(to, STR("/")), 0);
	else if (!r->shape.exact)
		assert_int_equal(buf_put(to, str_of(RANDOM_OF(below))), 0);
}

/* A request whose URL is made of the entry's MATCH. */
static void
url_ask(const struct entry *r)
{
	static const char *const more[] = { "HTTP_X_NAME=alpha",
		"HTTP_COOKIE=c=beta; k=./..; c0=on", "HTTP_K=\xC3\xA9 / %",
		"HTTP_X_0=on", "HTTP_X=y", NULL };
	struct buf url;

	buf_init(&url, URL_MAX);
	assert_int_equal(buf_put(&url, random_below(2) == 0 ?
	    STR("http://") : STR("https://")), 0);
	url_host(r, &url);
	url_path(r, &url);
	if (random_below(2) == 0)
		assert_int_equal(buf_put(&url, STR("?q%200=on&x")), 0);
	assert_int_equal(buf_put(&url, (struct str){ "", 1 }), 0);
	decide_ask(&asked, buf_view(&url).p, more + random_below(2) *
	    (sizeof(more) / sizeof(more[0]) - 1));
	buf_fini(&url);
}

/* The route that the lookup found is the record of that entry. */
static void
found_is(const struct entry *want, const struct lookup_result *got)
{
	struct buf record;
	struct err e;

	if (!str_eq(got->key, want->key))
		fail_msg("'%.*s' found instead of '%.*s'", STR_ARG(got->key),
		    STR_ARG(want->key));
	buf_init(&record, RECORD_MAX);
	assert_int_equal(codec_put_route(got->route, &record, &e), 0);
	if (!str_eq(buf_view(&record), want->record))
		fail_msg("'%.*s' has another record", STR_ARG(want->key));
	buf_fini(&record);
}

static const struct offer *
service_of(const struct map *m, struct str key)
{
	struct str space, name;
	size_t i;

	if (!str_cut(str_sub(key, 1, key.n), '/', &space, &name)) {
		name = space;
		space = STR("");
	}
	for (i = 0; i < m->service_count; i++)
		if (str_eq(m->services[i].space, space) &&
		    str_eq(m->services[i].name, name))
			return &m->services[i];
	return NULL;
}

/* Why filling in variables may fail. */
static void
end_filled(int got)
{
	if (got == -1 && asked.e.reason != REASON_NO_SERVICE &&
	    asked.e.reason != REASON_BAD_PATH)
		fail_msg("%s: %s", reason_word(asked.e.reason), asked.e.text);
}

/* A target: it can be asked, or said why not. */
static void
end_target(const struct map *m)
{
	const struct follow *f = &asked.follow;
	struct target target;
	struct str location;

	switch (f->target->kind) {
	case TARGET_SERVICE:
		assert_non_null(f->service);
		assert_non_null(service_of(m, f->service_key));
		/* fall through */
	case TARGET_ORIGIN:
		assert_non_null(f->origin);
		end_filled(target_origin(f->origin, &f->source, false,
		    &asked.a, &target, &asked.e));
		break;
	case TARGET_REDIRECT:
		end_filled(target_redirect(&f->target->url, &f->source,
		    &asked.a, &location, &asked.e));
		break;
	case TARGET_RESPOND:
	case TARGET_INTERNAL:
		assert_null(f->origin);
		break;
	case TARGET_ALIAS:
	case TARGET_NONE:
	case TARGET_KIND_COUNT:
		fail_msg("ends in a target of kind %d", f->target->kind);
	}
	seen.served++;
}

/* No target: a reason that the route and the request gave. */
static void
end_reason(const struct map *m)
{
	const struct follow *f = &asked.follow;
	struct str path = asked.request.path.text;

	switch (asked.e.reason) {
	case REASON_NO_HOST:
	case REASON_NO_PATH:
		assert_true(f->alias_count > 0);
		break;
	case REASON_LOOP:
		assert_int_equal(f->alias_count, ROUTE_ALIASES_MAX);
		break;
	case REASON_AMBIGUOUS_PATH:
		assert_true(str_find(path, '%') < path.n ||
		    str_find(path, ';') < path.n);
		break;
	case REASON_NO_SERVICE:
		if (f->target->kind == TARGET_ORIGIN)
			assert_false(pattern_is_fixed(&f->origin->host));
		else if (f->service_key.n > 0)
			assert_null(service_of(m, f->service_key));
		else
			assert_false(pattern_is_fixed(
			    &f->target->service.name));
		break;
	default:
		fail_msg("%s: %s", reason_word(asked.e.reason), asked.e.text);
	}
}

static void
end_rules(void)
{
	struct header header;
	int side;

	for (side = 0; side < HEADER_SIDE_COUNT; side++) {
		header_init(&header, &asked.a);
		assert_int_equal(rules_apply(&asked.follow.source,
		    (enum header_side)side, &header, &asked.e), 0);
	}
}

/* A nearer host has no such path. */
static void
route_is_hidden(const struct lookup_result *found)
{
	assert_int_equal(found->reason, REASON_NO_PATH);
	assert_int_equal(asked.got, 0);
	assert_int_equal(asked.e.reason, REASON_NO_PATH);
}

static void
route_is_found(struct map *m, const struct entry *r)
{
	struct lookup_result found;
	const struct entry *want;
	int got;

	arena_reset(&asked.a);
	asked.map = (struct lookup_map){ map_get, m, &m->meta };
	url_ask(r);
	want = plain_find(m, &asked.request.host, asked.request.path.text);
	got = lookup_route(&asked.map, &asked.request.host,
	    asked.request.path.text, &asked.a, NULL, &found, &asked.e);
	decide_follow(&asked, NULL);
	seen.urls++;
	seen.own += want != NULL && str_eq(want->key, r->key);
	assert_int_equal(got, want != NULL);
	if (want == NULL) {
		route_is_hidden(&found);
		return;
	}
	found_is(want, &found);
	if (asked.got == -1)
		fail_msg("%s: %s", reason_word(asked.e.reason), asked.e.text);
	if (asked.follow.alias_count == 0)
		found_is(want, &asked.follow.found);
	if (asked.got == 0) {
		end_reason(m);
	} else {
		end_target(m);
		end_rules();
	}
}

static void
service_is_found(struct map *m, const struct offer *s)
{
	const struct lookup_map map = { map_get, m, &m->meta };
	struct service found;
	struct buf record;
	struct err e;

	arena_reset(&asked.a);
	assert_int_equal(lookup_service(&map, s->space, s->name, &asked.a,
	    NULL, &found, &e), 1);
	assert_true(str_eq(found.space, s->space));
	assert_true(str_eq(found.name, s->name));
	buf_init(&record, RECORD_MAX);
	assert_int_equal(codec_put_service(&found, &record, &e), 0);
	assert_true(str_eq(buf_view(&record),
	    service_of(m, arena_printf(&asked.a, "@%.*s%s%.*s",
		STR_ARG(s->space), s->space.n > 0 ? "/" : "",
		STR_ARG(s->name)))->record));
	buf_fini(&record);
}

/* ---- records ---- */

static void
record_blank(struct route *r)
{
	size_t i;

	r->source = r->line = 0;
	for (i = 0; i < r->when_count; i++)
		r->whens[i].line = 0;
}

static int
record_host(const struct record *r, bool places, struct arena *a,
    struct buf *to)
{
	struct route_host *host = arena_alloc(a, sizeof(*host));
	struct err e;

	assert_non_null(host);
	if (codec_get_host(r->key, r->value, a, host, &e) == -1)
		return -1;
	if (!places)
		record_blank(&host->rule);
	assert_int_equal(codec_put_host(host, to, &e), 0);
	return 0;
}

static int
record_service(const struct record *r, bool places, struct arena *a,
    struct buf *to)
{
	struct service *service = arena_alloc(a, sizeof(*service));
	struct err e;

	assert_non_null(service);
	if (codec_get_service(r->key, r->value, a, service, &e) == -1)
		return -1;
	if (!places)
		service->source = service->line = 0;
	assert_int_equal(codec_put_service(service, to, &e), 0);
	return 0;
}

/* Reads the record and writes it again, with places or blank ones. 0, or -1:
 * it cannot be read. */
static int
record_again(const struct record *r, bool places, struct arena *a,
    struct buf *to)
{
	struct route *route;
	struct err e;

	arena_reset(a);
	buf_clear(to);
	if (r->key.p[0] == CODEC_SERVICE)
		return record_service(r, places, a, to);
	if (codec_key_is_host(r->key))
		return record_host(r, places, a, to);
	route = arena_alloc(a, sizeof(*route));
	assert_non_null(route);
	if (codec_get_route(r->key, r->value, a, route, &e) == -1)
		return -1;
	if (!places)
		record_blank(route);
	assert_int_equal(codec_put_route(route, to, &e), 0);
	return 0;
}

static bool
record_is_meta(const struct record *r)
{
	return r->key.p[0] == CODEC_META || r->key.p[0] == CODEC_LAST;
}

/* Are the records the same, their places apart? */
static bool
records_same(const struct map *a, const struct map *b)
{
	struct arena arena;
	struct buf x, y;
	bool same = a->count == b->count;
	size_t i;

	arena_init(&arena, ARENA);
	buf_init(&x, RECORD_MAX);
	buf_init(&y, RECORD_MAX);
	for (i = 0; same && i < a->count; i++) {
		same = str_eq(a->records[i].key, b->records[i].key);
		if (!same || record_is_meta(&a->records[i]))
			continue;
		assert_int_equal(record_again(&a->records[i], false, &arena,
		    &x), 0);
		assert_int_equal(record_again(&b->records[i], false, &arena,
		    &y), 0);
		same = str_eq(buf_view(&x), buf_view(&y));
	}
	arena_fini(&arena);
	buf_fini(&x);
	buf_fini(&y);
	return same;
}

/* Every record that can be read has this one spelling. */
static int
record_spelled(const struct record *r, struct arena *a, struct buf *to)
{
	int got = record_again(r, true, a, to);

	if (got == 0 && !str_eq(buf_view(to), r->value))
		fail_msg("a record of '%.*s' has two spellings",
		    STR_ARG(r->key));
	return got;
}

/* Each byte of it cut off with all behind, or changed. */
static void
record_broken(const struct record *r, struct arena *a, struct buf *to)
{
	size_t i;

	for (i = 0; i < r->value.n; i++) {
		struct str cut = str_sub(r->value, 0, i);
		char *exact = table_exact(cut);

		cut.p = exact;
		assert_int_equal(record_again(&(struct record){ r->key, cut },
		    true, a, to), -1);
		free(exact);
	}
	for (i = 0; i < r->value.n; i++) {
		char *exact = table_exact(r->value);

		exact[i] ^= (char)(1 + random_below(255));
		seen.changed++;
		seen.read += record_spelled(&(struct record){ r->key,
		    { exact, r->value.n } }, a, to) == 0;
		free(exact);
	}
}

/* All are read, and one of them is broken in every place. */
static void
records_hold(const struct map *m)
{
	size_t i, broken = random_below((unsigned)m->count);
	struct arena a;
	struct buf to;

	arena_init(&a, ARENA);
	buf_init(&to, RECORD_MAX);
	for (i = 0; i < m->count; i++) {
		if (record_is_meta(&m->records[i]))
			continue;
		assert_int_equal(record_spelled(&m->records[i], &a, &to), 0);
		if (i == broken || getenv("LONG") != NULL)
			record_broken(&m->records[i], &a, &to);
	}
	arena_fini(&a);
	buf_fini(&to);
}

/* ---- the properties ---- */

static void
dump_comes_back(void)
{
	struct lint lint;

	lint_init(&lint);
	map_compile(&two, str_of(one.dump), &lint);
	if (lint.errors > 0) {
		lint_flush(&lint, stderr);
		fail_msg("the dump has errors:\n%s", one.dump);
	}
	lint_fini(&lint);
	if (!records_same(&one, &two))
		fail_msg("other records came of the dump:\n%s", one.dump);
	if (strcmp(one.dump, two.dump) != 0)
		fail_msg("the dump\n%sis dumped as\n%s", one.dump, two.dump);
}

static void
test_each_entry_is_found_and_comes_back(void **state)
{
	size_t lists = random_cases(LISTS, LISTS_LONG), i, j;

	(void)state;
	seed = random_seed();
	for (i = 0; i < lists; i++, seed++) {
		random_begin(seed);
		busy = true;
		map_random(&one);
		for (j = 0; j < one.route_count; j++)
			route_is_found(&one, &one.routes[j]);
		for (j = 0; j < one.service_count; j++)
			service_is_found(&one, &one.services[j]);
		records_hold(&one);
		dump_comes_back();
		busy = false;
	}
	/* Else lists or URLs would be others than they are meant to be. */
	assert_true(10 * seen.dropped < seen.entries);
	assert_true(10 * seen.own > 9 * seen.urls);
	assert_true(2 * seen.served > seen.urls);
	assert_true(4 * seen.read > seen.changed);
	print_message("%zu entries, %zu dropped; %zu URLs, %zu own, "
	    "%zu served; %zu changed, %zu read\n", seen.entries, seen.dropped,
	    seen.urls, seen.own, seen.served, seen.changed, seen.read);
}

/* ---- all of them ---- */

static int
properties_begin(void **state)
{
	(void)state;
	sigbus_init();
	list_init(&list);
	arena_init(&one.a, ARENA);
	arena_init(&two.a, ARENA);
	arena_init(&asked.a, DECIDE_ARENA);
	asked.space = STR("production");
	return 0;
}

static int
properties_end(void **state)
{
	(void)state;
	if (busy)
		(void)fprintf(stderr, "SEED=%" PRIu64 "\n%.*s\n", seed,
		    STR_ARG(buf_view(&list.text)));
	map_clear(&one);
	map_clear(&two);
	arena_fini(&one.a);
	arena_fini(&two.a);
	arena_fini(&asked.a);
	list_fini(&list);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_each_entry_is_found_and_comes_back, properties_begin,
		    properties_end),
	};

	/* Thousands of maps, each synced: in memory, if there is a folder. */
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
