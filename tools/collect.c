/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * collect: the routes of one host side by side.
 *
 * A sorter holds them under the key of the map, with a NUL behind the host's
 * part of it: so a host comes right before its paths, and no other host comes
 * between. In the map some do: "a-b" and "a.b" stand between "a" and "a/". So
 * the paths of "a" wait on a shelf while hosts come that begin so, which is
 * as a stack: of hosts that wait each begins with the one before. Services have
 * the NUL at the end of their keys, rules of `**` behind the byte of theirs.
 */

#include "tools/collect.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "http/host.h"
#include "tools/progress.h"
#include "tools/shelf.h"
#include "tools/sorter.h"

enum {
	COLLECT_VALUE_MAX = 1 << 26,
	COLLECT_KEY_MAX = CODEC_KEY_MAX + 1,
	COLLECT_NAMES_MAX = 1 << 20,
	COLLECT_SHAPES = ROUTE_SHAPES_MAX + 1, /* the one too many is told */
	COLLECT_WAITING = HOST_MAX + 2,
	COLLECT_ANYWHERE = ROUTE_ANYWHERE_MAX + 1,
	COLLECT_BROKEN_CODE = 503
};

/* Stands before a record in the sorter. */
struct collect_head {
	uint32_t rank;
	uint32_t line;
	uint32_t col;
	bool broken;
	bool last_wins; /* over others that say so too */
};

struct collect_shape {
	struct route_shape shape;
	struct collect_head first; /* the first route that has it */
};

/* The host that is being put together. */
struct collect_host {
	struct buf key;
	struct buf rule; /* the record of "/" */
	bool has_rule;
	struct collect_shape shapes[COLLECT_SHAPES]; /* by place of first */
	size_t count;
	off_t paths; /* on the shelf from there on */
};

/* A host whose paths are on the shelf: the beginning of the latest one. */
struct collect_waiting {
	size_t key_n;
	off_t paths;
};

struct collect {
	struct lint *lint;
	struct sorter *sorter;
	struct arena arena;  /* what lives as long as this */
	struct arena record; /* routes read back */
	struct str *files;   /* by rank */
	size_t file_count;
	struct shelf *shelf;
	struct buf waiting_key; /* of the latest host with paths there */
	struct collect_waiting waiting[COLLECT_WAITING];
	size_t waiting_count;
	struct writer *writer; /* NULL: only findings are wanted */
	struct progress *progress; /* or NULL */
	uint64_t added;
	struct buf value;
	struct buf key;
	struct buf last_key; /* of the record before, in the order of keys */
	struct buf last;     /* held back: it may not be the last of its key */
	struct collect_host host;
	struct collect_head anywhere[COLLECT_ANYWHERE]; /* by place */
	size_t anywhere_count;
	struct str *names; /* X- names of request rules, sorted */
	size_t name_count;
	size_t name_size; /* of all, each with its LF */
	struct buf name_list;
};

struct collect *
collect_new(struct lint *lint, size_t memory, const char *folder)
{
	struct collect *c = calloc(1, sizeof(*c));

	CHECK(c != NULL);
	c->lint = lint;
	c->sorter = sorter_new(memory, folder);
	c->shelf = shelf_new(folder);
	arena_init(&c->arena, SIZE_MAX / 2);
	arena_init(&c->record, SIZE_MAX / 2);
	buf_init(&c->value, COLLECT_VALUE_MAX);
	buf_init(&c->key, COLLECT_KEY_MAX);
	buf_init(&c->last_key, COLLECT_KEY_MAX);
	buf_init(&c->last, COLLECT_VALUE_MAX);
	buf_init(&c->waiting_key, COLLECT_KEY_MAX);
	buf_init(&c->host.key, COLLECT_KEY_MAX);
	buf_init(&c->host.rule, COLLECT_VALUE_MAX);
	buf_init(&c->name_list, COLLECT_NAMES_MAX);
	return c;
}

void
collect_free(struct collect **cp)
{
	struct collect *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	sorter_free(&c->sorter);
	shelf_free(&c->shelf);
	arena_fini(&c->arena);
	arena_fini(&c->record);
	buf_fini(&c->value);
	buf_fini(&c->key);
	buf_fini(&c->last_key);
	buf_fini(&c->last);
	buf_fini(&c->waiting_key);
	buf_fini(&c->host.key);
	buf_fini(&c->host.rule);
	buf_fini(&c->name_list);
	free(c->files);
	free(c->names);
	free(c);
}

static int
collect_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "out of memory");
}

static int
collect_file(struct collect *c, struct lint_place place, struct err *e)
{
	struct str *files;

	if (place.rank < c->file_count)
		return 0;
	files = reallocarray(c->files, place.rank + 1, sizeof(*files));
	if (files == NULL)
		return collect_full(e);
	while (c->file_count <= place.rank)
		files[c->file_count++] = place.file;
	c->files = files;
	return 0;
}

/* The name among those known, or where it belongs. */
static bool
collect_name_find(const struct collect *c, struct str name, size_t *at)
{
	size_t low = 0, high = c->name_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = str_cmp(c->names[mid], name);

		*at = mid;
		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*at = low;
	return false;
}

_Static_assert(COLLECT_NAMES_MAX == 1024 * 1024, "as is said below");

static int
collect_name_full(struct lint_place at, struct err *e)
{
	return err_set(e, REASON_INTERNAL,
	    "%.*s:%u:%u: with this route the X- names that request rules set "
	    "have more than 1 MiB, expected fewer names", STR_ARG(at.file),
	    at.line, at.col);
}

/* '_' is '-' in it: CGI makes one name of both. */
static int
collect_name(struct collect *c, struct str name, struct lint_place place,
    struct err *e)
{
	struct str low = name;
	struct str *names;
	char *p;
	size_t at, i;

	arena_reset(&c->record);
	p = arena_alloc(&c->record, low.n);
	for (i = 0; p != NULL && i < low.n; i++)
		p[i] = name.p[i] == '_' ? '-' : str_lower(name.p[i]);
	low.p = p;
	if (p == NULL || collect_name_find(c, low, &at))
		return p == NULL ? collect_full(e) : 0;
	if (c->name_size + low.n >= COLLECT_NAMES_MAX)
		return collect_name_full(place, e);
	names = reallocarray(c->names, c->name_count + 1, sizeof(*names));
	if (names == NULL)
		return collect_full(e);
	c->names = names;
	memmove(names + at + 1, names + at,
	    (c->name_count - at) * sizeof(*names));
	names[at] = arena_copy(&c->arena, low);
	c->name_count++;
	c->name_size += low.n + 1;
	return c->arena.full ? collect_full(e) : 0;
}

/* The X- names that one level sets; words may be NULL. */
static int
collect_names(struct collect *c, const struct words *words,
    struct lint_place place, struct err *e)
{
	size_t i;

	for (i = 0; words != NULL && i < words->rule_count; i++) {
		const struct header_rule *rule = &words->rules[i];

		if (rule->side == HEADER_REQUEST &&
		    rule->verb != HEADER_REMOVE &&
		    (str_starts_nocase(rule->name, STR("x-")) ||
			str_starts_nocase(rule->name, STR("x_"))) &&
		    collect_name(c, rule->name, place, e) == -1)
			return -1;
	}
	return 0;
}

struct str
collect_headers(struct collect *c)
{
	size_t i;

	buf_clear(&c->name_list);
	for (i = 0; i < c->name_count; i++)
		CHECK((i == 0 || buf_put(&c->name_list, STR("\n")) == 0) &&
		    buf_put(&c->name_list, c->names[i]) == 0);
	return buf_view(&c->name_list);
}

/* The route's key, a NUL behind the host's part. 0, or -1: too long. */
static int
collect_key(struct buf *key, const struct source_route *r)
{
	size_t i;
	int got;

	buf_clear(key);
	got = codec_key_host(key, r->space, r->host);
	if (got == 0)
		got = buf_put(key, (struct str){ "", 1 });
	for (i = 0; got == 0 && i < r->shape.segments; i++)
		got = (r->shape.captures >> i & 1) != 0 ?
		    codec_key_capture(key) :
		    codec_key_segment(key, r->segments[i]);
	if (got == 0 && r->shape.exact)
		got = codec_key_exact(key);
	/* The map's key is without the NUL. */
	return got == 0 && buf_len(key) <= CODEC_KEY_MAX ? 0 : -1;
}

/*
 * What stands for a broken entry: later checks find its key, and no mistake of
 * theirs. It is never installed.
 */
static struct route
collect_broken_route(const struct route *r)
{
	static struct words exact = {
		.said = UINT64_C(1) << DIRECTIVE_EXACT, .exact = true };
	struct route out = *r;

	out.target = (struct route_target){ .kind = TARGET_RESPOND,
		.code = COLLECT_BROKEN_CODE };
	out.when_count = 0;
	out.split_count = 0;
	out.defaults = NULL;
	out.own = r->exact ? &exact : NULL; /* as its key says */
	return out;
}

static struct service
collect_broken_service(const struct service *s)
{
	static struct pattern_part part = { .variable = PATTERN_LITERAL,
		.text = { "localhost", 9 } };
	static struct service_origin origin = {
		.url = { .scheme = ORIGIN_HTTP, .port = 80,
			.host = { &part, 1 } },
		.weight = 1
	};
	struct service out = *s;

	out.origins = &origin;
	out.origin_count = 1;
	out.own = NULL;
	return out;
}

/* Begins the value of a record. 0, or -1 and e. */
static int
collect_head_put(struct collect *c, struct lint_place place,
    struct collect_head head, struct err *e)
{
	head.rank = place.rank;
	head.line = place.line;
	head.col = place.col;
	buf_clear(&c->value);
	if (collect_file(c, place, e) == -1)
		return -1;
	if (buf_put(&c->value,
		(struct str){ (const char *)&head, sizeof(head) }) == -1)
		return collect_full(e);
	return 0;
}

/* A route that is too large is told, and kept as a broken one. */
static int
collect_large(struct collect *c, const struct source_route *r, struct err *e)
{
	struct source_route broken = *r;

	if (r->broken)
		return 0;
	lint_tell(c->lint, LINT_ROUTE_LARGE, r->place, str_of(e->text),
	    (struct str){ NULL, 0 });
	broken.broken = true;
	return collect_add(c, &broken, e);
}

int
collect_add(struct collect *c, const struct source_route *r, struct err *e)
{
	struct collect_head head = { .broken = r->broken,
		.last_wins = r->last_wins };
	const struct route *route = &r->route;
	struct str none = { NULL, 0 };
	struct route broken;

	if (r->broken) {
		broken = collect_broken_route(route);
		route = &broken;
	}
	if (collect_head_put(c, r->place, head, e) == -1 ||
	    collect_names(c, route->defaults, r->place, e) == -1 ||
	    collect_names(c, route->own, r->place, e) == -1)
		return -1;
	if (collect_key(&c->key, r) == -1) {
		lint_tell(c->lint, LINT_MATCH_LONG, r->place, none, none);
		return 0;
	}
	if (codec_put_route(route, &c->value, e) == -1)
		return collect_large(c, r, e);
	c->added++;
	return sorter_put(c->sorter, buf_view(&c->key), buf_view(&c->value),
	    e);
}

int
collect_service(struct collect *c, const struct source_service *s,
    struct err *e)
{
	struct source_service broken = *s;
	struct collect_head head = { .broken = s->broken };

	if (s->broken)
		broken.service = collect_broken_service(&s->service);
	if (collect_head_put(c, s->place, head, e) == -1 ||
	    collect_names(c, broken.service.own, s->place, e) == -1)
		return -1;
	buf_clear(&c->key);
	CHECK(codec_key_service(&c->key, s->service.space, s->service.name) ==
	    0 && buf_put(&c->key, (struct str){ "", 1 }) == 0);
	if (codec_put_service(&broken.service, &c->value, e) == -1) {
		lint_tell(c->lint, LINT_SERVICE_LARGE, s->place,
		    str_of(e->text), (struct str){ NULL, 0 });
		broken.broken = true;
		return s->broken ? 0 : collect_service(c, &broken, e);
	}
	c->added++;
	return sorter_put(c->sorter, buf_view(&c->key), buf_view(&c->value),
	    e);
}

static struct lint_place
collect_place(const struct collect *c, const struct collect_head *head)
{
	return (struct lint_place){ .file = c->files[head->rank],
		.rank = head->rank,
		.line = head->line,
		.col = head->col };
}

/* A route's record without where it came from. */
static int
collect_bare_route(struct collect *c, struct str key, struct str bytes,
    struct err *e)
{
	struct route *r = arena_alloc(&c->record, sizeof(*r));
	size_t i;

	if (r == NULL)
		return collect_full(e);
	if (codec_get_route(key, bytes, &c->record, r, e) == -1)
		return -1;
	r->source = 0;
	r->line = 0;
	for (i = 0; i < r->when_count; i++)
		r->whens[i].line = 0;
	return codec_put_route(r, &c->value, e);
}

static int
collect_bare_service(struct collect *c, struct str key, struct str bytes,
    struct err *e)
{
	struct service *s = arena_alloc(&c->record, sizeof(*s));

	if (s == NULL)
		return collect_full(e);
	if (codec_get_service(key, bytes, &c->record, s, e) == -1)
		return -1;
	s->source = 0;
	s->line = 0;
	return codec_put_service(s, &c->value, e);
}

/* The record without where it came from, in the arena. */
static int
collect_bare(struct collect *c, struct str key, struct str bytes,
    struct str *out, struct err *e)
{
	buf_clear(&c->value);
	if ((key.p[0] == CODEC_SERVICE ?
		collect_bare_service(c, key, bytes, e) :
		collect_bare_route(c, key, bytes, e)) == -1)
		return -1;
	*out = arena_copy(&c->record, buf_view(&c->value));
	return c->record.full ? collect_full(e) : 0;
}

/* What people call the record under that key: MATCH, or a service's name. */
static int
collect_called(struct collect *c, struct str key, struct str bytes,
    struct str *out, struct err *e)
{
	struct route *r = arena_alloc(&c->record, sizeof(*r));
	struct str name;

	if (r == NULL)
		return collect_full(e);
	if (key.p[0] == CODEC_SERVICE) {
		name = str_sub(key, 1, key.n);
		if (str_starts(name, STR("/")))
			name = str_sub(name, 1, name.n);
		*out = arena_printf(&c->record, "@%.*s", STR_ARG(name));
		return c->record.full ? collect_full(e) : 0;
	}
	if (codec_get_route(key, bytes, &c->record, r, e) == -1)
		return -1;
	*out = r->match;
	return 0;
}

/* The later record takes the place of the one before. */
static int
collect_last_wins(struct collect *c, struct str key,
    const struct collect_head *first, const struct collect_head *head,
    struct str bytes, struct err *e)
{
	struct str called;

	arena_reset(&c->record);
	if (collect_called(c, key, bytes, &called, e) == -1)
		return -1;
	lint_tell(c->lint, LINT_REWRITEMAP_TWICE, collect_place(c, head),
	    called, lint_place_print(c->lint, collect_place(c, first)));
	buf_clear(&c->last);
	if (buf_put(&c->last,
		(struct str){ (const char *)head, sizeof(*head) }) == -1 ||
	    buf_put(&c->last, bytes) == -1)
		return collect_full(e);
	return 0;
}

/* Two records under one key; both places are named. */
static int
collect_clash(struct collect *c, struct str key,
    const struct collect_head *head, struct str bytes, struct err *e)
{
	const bool service = key.p[0] == CODEC_SERVICE;
	struct str old = buf_view(&c->last), one, two, called;
	struct collect_head first;
	enum lint_finding same, other;

	memcpy(&first, old.p, sizeof(first));
	if (head->last_wins && first.last_wins)
		return collect_last_wins(c, key, &first, head, bytes, e);
	if (head->broken || first.broken)
		return 0;
	arena_reset(&c->record);
	if (collect_bare(c, key, str_sub(old, sizeof(first), old.n), &one,
		e) == -1 ||
	    collect_bare(c, key, bytes, &two, e) == -1 ||
	    collect_called(c, key, bytes, &called, e) == -1)
		return -1;
	same = service ? LINT_SERVICE_REPEATED : LINT_ROUTE_REPEATED;
	other = service ? LINT_SERVICE_CONTRADICTS : LINT_ROUTE_CONTRADICTS;
	lint_tell(c->lint, str_eq(one, two) ? same : other,
	    collect_place(c, head), called,
	    lint_place_print(c->lint, collect_place(c, &first)));
	return 0;
}

static bool
collect_same_shape(const struct route_shape *a, const struct route_shape *b)
{
	return a->segments == b->segments && a->exact == b->exact &&
	    a->captures == b->captures;
}

static bool
collect_earlier(const struct collect_head *a, const struct collect_head *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return a->line != b->line ? a->line < b->line : a->col < b->col;
}

/* The shape of the path that a key has behind its host. */
static struct route_shape
collect_shape_of(struct str rest)
{
	struct route_shape shape = { 0 };
	size_t i;

	for (i = 0; i < rest.n; i++) {
		if (rest.p[i] == CODEC_EXACT)
			shape.exact = true;
		else if (rest.p[i] == CODEC_CAPTURE)
			shape.captures |= UINT32_C(1) << (shape.segments - 1);
		else if (rest.p[i] == '/')
			shape.segments++;
	}
	return shape;
}

/* Keeps the shapes that come first in the lists, one too many at most. */
static void
collect_shape(struct collect_host *h, const struct collect_head *head,
    struct route_shape shape)
{
	size_t i, at = 0;

	for (i = 0; i < h->count; i++)
		if (collect_same_shape(&h->shapes[i].shape, &shape))
			break;
	if (i < h->count && !collect_earlier(head, &h->shapes[i].first))
		return;
	if (i < h->count) {
		h->count--;
		memmove(&h->shapes[i], &h->shapes[i + 1],
		    (h->count - i) * sizeof(h->shapes[0]));
	}
	while (at < h->count && collect_earlier(&h->shapes[at].first, head))
		at++;
	if (at == COLLECT_SHAPES)
		return;
	if (h->count == COLLECT_SHAPES)
		h->count--;
	memmove(&h->shapes[at + 1], &h->shapes[at],
	    (h->count - at) * sizeof(h->shapes[0]));
	h->shapes[at] = (struct collect_shape){ shape, *head };
	h->count++;
}

static int
collect_shape_order(const void *a, const void *b)
{
	return route_shape_order(a, b);
}

/* The first shape that is too many, in the order of the lists. */
static void
collect_many(struct collect *c)
{
	const struct collect_head *head =
	    &c->host.shapes[ROUTE_SHAPES_MAX].first;
	struct str key = buf_view(&c->host.key);
	struct str name = str_sub(key, 1, key.n);
	const char *below = "";

	if (key.p[0] == CODEC_ONE)
		below = "{}.";
	else if (key.p[0] == CODEC_WILD)
		below = name.n > 0 ? "*." : "*";
	lint_tell(c->lint, LINT_SHAPES_MANY, collect_place(c, head),
	    arena_printf(&c->lint->arena, "%s%.*s", below, STR_ARG(name)),
	    (struct str){ NULL, 0 });
}

/* The host's record to the map; of too many shapes the first. */
static int
collect_host_put(struct collect *c, struct err *e)
{
	struct route_shape shapes[ROUTE_SHAPES_MAX];
	struct collect_host *h = &c->host;
	size_t count = h->count, i;

	if (count > ROUTE_SHAPES_MAX)
		count = ROUTE_SHAPES_MAX;
	for (i = 0; i < count; i++)
		shapes[i] = h->shapes[i].shape;
	qsort(shapes, count, sizeof(shapes[0]), collect_shape_order);
	buf_clear(&c->value);
	if (codec_put_host_of(h->has_rule ? buf_view(&h->rule) :
		(struct str){ NULL, 0 }, shapes, count, &c->value, e) == -1)
		return -1;
	return writer_put(c->writer, buf_view(&h->key), buf_view(&c->value),
	    e);
}

/* Its paths wait until those hosts are written that come before them. */
static int
collect_wait(struct collect *c, struct err *e)
{
	struct collect_host *h = &c->host;

	CHECK(c->waiting_count < COLLECT_WAITING);
	c->waiting[c->waiting_count++] = (struct collect_waiting){
		buf_len(&h->key), h->paths };
	buf_clear(&c->waiting_key);
	if (buf_put(&c->waiting_key, buf_view(&h->key)) == -1)
		return collect_full(e);
	return 0;
}

/* Ends the host that is put together, if there is one. */
static int
collect_host_end(struct collect *c, struct err *e)
{
	struct collect_host *h = &c->host;
	int got = 0;

	if (buf_len(&h->key) == 0)
		return 0;
	if (h->count > ROUTE_SHAPES_MAX)
		collect_many(c);
	if (c->writer != NULL)
		got = collect_host_put(c, e);
	if (got == 0 && shelf_mark(c->shelf) > h->paths)
		got = collect_wait(c, e);
	buf_clear(&h->key);
	buf_clear(&h->rule);
	h->has_rule = false;
	h->count = 0;
	return got;
}

static int
collect_path_put(void *arg, struct str key, struct str value, struct err *e)
{
	return writer_put(arg, key, value, e);
}

/* Writes the paths that come before the host of that key; all, if it is
 * empty. */
static int
collect_waiting_end(struct collect *c, struct str host, struct err *e)
{
	struct str latest = buf_view(&c->waiting_key);

	while (c->waiting_count > 0) {
		struct collect_waiting *w = &c->waiting[c->waiting_count - 1];

		if (host.n > w->key_n && host.p[w->key_n] < '/' &&
		    memcmp(host.p, latest.p, w->key_n) == 0)
			break;
		if (shelf_take(c->shelf, w->paths, collect_path_put, c->writer,
			e) == -1)
			return -1;
		c->waiting_count--;
	}
	return 0;
}

static int
collect_host_begin(struct collect *c, struct str host, struct err *e)
{
	if (collect_host_end(c, e) == -1 ||
	    collect_waiting_end(c, host, e) == -1)
		return -1;
	if (buf_put(&c->host.key, host) == -1)
		return collect_full(e);
	c->host.paths = shelf_mark(c->shelf);
	return 0;
}

/* The map's own key of a sorted one, in c->key. 0, or -1 and e. */
static int
collect_real_key(struct collect *c, struct str host, struct str rest,
    struct err *e)
{
	buf_clear(&c->key);
	if (buf_put(&c->key, host) == -1 || buf_put(&c->key, rest) == -1)
		return collect_full(e);
	return 0;
}

/* A route of the host whose key is `host`; rest: the key behind that. */
static int
collect_route(struct collect *c, struct str host, struct str rest,
    const struct collect_head *head, struct str bytes, struct err *e)
{
	struct collect_host *h = &c->host;

	if (!str_eq(buf_view(&h->key), host) &&
	    collect_host_begin(c, host, e) == -1)
		return -1;
	if (rest.n == 0) {
		h->has_rule = true;
		return buf_put(&h->rule, bytes) == -1 ? collect_full(e) : 0;
	}
	collect_shape(h, head, collect_shape_of(rest));
	if (c->writer == NULL)
		return 0;
	if (collect_real_key(c, host, rest, e) == -1)
		return -1;
	return shelf_put(c->shelf, buf_view(&c->key), bytes, e);
}

/* Keeps those that come first in the lists, one too many at most. */
static void
collect_anywhere(struct collect *c, const struct collect_head *head)
{
	size_t at = c->anywhere_count;

	while (at > 0 && collect_earlier(head, &c->anywhere[at - 1]))
		at--;
	if (at == COLLECT_ANYWHERE)
		return;
	if (c->anywhere_count == COLLECT_ANYWHERE)
		c->anywhere_count--;
	memmove(&c->anywhere[at + 1], &c->anywhere[at],
	    (c->anywhere_count - at) * sizeof(c->anywhere[0]));
	c->anywhere[at] = *head;
	c->anywhere_count++;
}

/* A `**` rule or a service: a record by itself. */
static int
collect_single(struct collect *c, const struct collect_head *head,
    struct str bytes, struct err *e)
{
	struct str key = buf_view(&c->key);

	if (collect_host_end(c, e) == -1 ||
	    collect_waiting_end(c, key, e) == -1)
		return -1;
	if (key.p[0] == CODEC_ANYWHERE) {
		collect_anywhere(c, head);
		if (c->anywhere_count > ROUTE_ANYWHERE_MAX)
			return 0; /* told at the end */
	}
	return c->writer == NULL ? 0 : writer_put(c->writer, key, bytes, e);
}

/* The record that is held back goes on its way. */
static int
collect_last_end(struct collect *c, struct err *e)
{
	struct str value = buf_view(&c->last), host, rest, bytes;
	struct collect_head head;

	if (value.n == 0)
		return 0;
	CHECK(value.n >= sizeof(head));
	memcpy(&head, value.p, sizeof(head));
	bytes = str_sub(value, sizeof(head), value.n);
	CHECK(str_cut(buf_view(&c->last_key), '\0', &host, &rest));
	if (host.p[0] != CODEC_SERVICE && host.p[0] != CODEC_ANYWHERE)
		return collect_route(c, host, rest, &head, bytes, e);
	if (collect_real_key(c, host, rest, e) == -1)
		return -1;
	return collect_single(c, &head, bytes, e);
}

/* One is held back until the next has another key. */
static int
collect_next(struct collect *c, struct str key, struct str value,
    struct err *e)
{
	struct collect_head head;
	struct str host, rest;

	CHECK(value.n >= sizeof(head));
	memcpy(&head, value.p, sizeof(head));
	CHECK(str_cut(key, '\0', &host, &rest));
	if (str_eq(key, buf_view(&c->last_key))) {
		if (collect_real_key(c, host, rest, e) == -1)
			return -1;
		return collect_clash(c, buf_view(&c->key), &head,
		    str_sub(value, sizeof(head), value.n), e);
	}
	if (collect_last_end(c, e) == -1)
		return -1;
	buf_clear(&c->last_key);
	buf_clear(&c->last);
	if (buf_put(&c->last_key, key) == -1 ||
	    buf_put(&c->last, value) == -1)
		return collect_full(e);
	return 0;
}

void
collect_watch(struct collect *c, struct progress *progress)
{
	c->progress = progress;
}

uint64_t
collect_count(const struct collect *c)
{
	return c->added;
}

int
collect_finish(struct collect *c, struct writer *w, struct err *e)
{
	struct str none = { NULL, 0 };
	struct str key, value;
	uint64_t done = 0;
	int got;

	c->writer = w;
	if (sorter_sort(c->sorter, e) == -1)
		return -1;
	while ((got = sorter_next(c->sorter, &key, &value, e)) == 1) {
		if (c->progress != NULL)
			progress_at(c->progress, ++done);
		if (collect_next(c, key, value, e) == -1)
			return -1;
	}
	if (got == -1 || collect_last_end(c, e) == -1 ||
	    collect_host_end(c, e) == -1)
		return -1;
	if (c->anywhere_count > ROUTE_ANYWHERE_MAX)
		lint_tell(c->lint, LINT_ANYWHERE_MANY,
		    collect_place(c, &c->anywhere[ROUTE_ANYWHERE_MAX]), none,
		    none);
	if (collect_waiting_end(c, none, e) == -1)
		return -1;
	/* Their memory is for who checks the map. */
	sorter_free(&c->sorter);
	shelf_free(&c->shelf);
	return 0;
}
