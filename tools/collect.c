/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * collect: entries into the sorter, and out of it by their keys.
 *
 * The sorter holds them under the key of the map, with a NUL behind the host's
 * part of it: so a host comes right before its paths, and no other host comes
 * between. Services have the NUL at the end of their keys, rules of `**` behind
 * the byte of theirs.
 */

#include "tools/collect.h"

#include <stdlib.h>
#include <string.h>

#include "tools/collect_private.h"
#include "tools/progress.h"

enum { COLLECT_BROKEN_CODE = 503 };

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

int
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

struct lint_place
collect_place(const struct collect *c, const struct collect_head *head)
{
	return (struct lint_place){ .file = c->files[head->rank],
		.rank = head->rank,
		.line = head->line,
		.col = head->col };
}

int
collect_real_key(struct collect *c, struct str host, struct str rest,
    struct err *e)
{
	buf_clear(&c->key);
	if (buf_put(&c->key, host) == -1 || buf_put(&c->key, rest) == -1)
		return collect_full(e);
	return 0;
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
	    collect_host_finish(c, e) == -1)
		return -1;
	/* Their memory is for who checks the map. */
	sorter_free(&c->sorter);
	shelf_free(&c->shelf);
	return 0;
}
