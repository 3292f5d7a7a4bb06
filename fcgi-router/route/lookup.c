/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * lookup: the search, from the most specific key to the least.
 *
 * All keys are written into one buffer: the host's part stays, paths are put
 * behind it and taken off again.
 */

#include "route/lookup.h"

#include "http/path.h"

struct lookup_search {
	const struct lookup_map *map;
	const struct host *host;
	struct str path;
	struct arena *arena;
	const struct lookup_trace *trace;
	struct lookup_result *out;
	struct err *e;

	struct buf key;
	bool split; /* the path's segments below are known */
	size_t count;
	struct str segments[ROUTE_SEGMENTS_MAX];
	size_t ends[ROUTE_SEGMENTS_MAX]; /* of segments, in the path */
	bool more;                       /* than ROUTE_SEGMENTS_MAX */
};

/* A buffer over n + 1 bytes of the caller: full before it would grow. */
static struct buf
lookup_buf(char *room, size_t n)
{
	return (struct buf){ .p = room, .cap = n, .max = n };
}

/* Takes off what was put behind the first n bytes of the key. */
static void
lookup_rewind(struct lookup_search *s, size_t n)
{
	s->key.to = s->key.from + n;
}

/* Found or not, told to the trace. */
static int
lookup_get(struct lookup_search *s, struct str *value)
{
	struct str key = buf_view(&s->key);
	int found = s->map->get(s->map->arg, key, s->arena, value, s->e);

	if (found != -1 && s->trace != NULL)
		s->trace->tried(s->trace->arg, key, found);
	return found;
}

/* Remembers the key that decides. */
static int
lookup_decide(struct lookup_search *s)
{
	s->out->key = arena_copy(s->arena, buf_view(&s->key));
	if (s->out->key.p == NULL)
		return err_set(s->e, REASON_OVERLOADED,
		    "no memory left for a lookup");
	return 0;
}

static void
lookup_split(struct lookup_search *s)
{
	struct str segment;
	size_t at = 0;

	if (s->split)
		return;
	s->split = true;
	while (path_segment(s->path, &at, &segment)) {
		if (s->count == ROUTE_SEGMENTS_MAX) {
			s->more = true;
			return;
		}
		s->segments[s->count] = segment;
		s->ends[s->count++] = at;
	}
}

/*
 * Does the path have what the shape asks for? An exact one must end with its
 * last segment, without a slash; of no segments it is "/" alone.
 */
static bool
lookup_fits(const struct lookup_search *s, const struct route_shape *shape)
{
	if (!shape->exact)
		return shape->segments <= s->count;
	if (s->more || shape->segments != s->count)
		return false;
	if (s->count == 0)
		return s->path.n == 1;
	return s->ends[s->count - 1] == s->path.n;
}

/* -1: no key is that long, so none is there. */
static int
lookup_path_key(struct lookup_search *s, const struct route_shape *shape)
{
	size_t i;

	for (i = 0; i < shape->segments; i++) {
		int full = (shape->captures >> i & 1) != 0 ?
		    codec_key_capture(&s->key) :
		    codec_key_segment(&s->key, s->segments[i]);

		if (full == -1)
			return -1;
	}
	return shape->exact ? codec_key_exact(&s->key) : 0;
}

/* Notes what the route, which is the one of its key, takes of host and path. */
static int
lookup_match(struct lookup_search *s, struct route *route,
    const struct route_shape *shape)
{
	size_t n = 0;
	size_t i;

	if (route->host_capture)
		s->out->captures[n++] = str_sub(host_text(s->host), 0,
		    str_find(host_text(s->host), '.'));
	for (i = 0; i < shape->segments; i++)
		if ((shape->captures >> i & 1) != 0)
			s->out->captures[n++] = s->segments[i];
	i = shape->segments > 0 ? s->ends[shape->segments - 1] : 0;
	s->out->rest = str_sub(s->path, i, s->path.n);
	s->out->route = route;
	s->out->reason = REASON_NONE;
	return 1;
}

/* One key, of a path below the host whose key is in the buffer. */
static int
lookup_shape(struct lookup_search *s, const struct route_shape *shape)
{
	size_t host = buf_len(&s->key);
	struct route *route;
	struct str value;
	int found;

	if (!lookup_fits(s, shape) || lookup_path_key(s, shape) == -1) {
		lookup_rewind(s, host);
		return 0;
	}
	found = lookup_get(s, &value);
	if (found == 1) {
		route = arena_alloc(s->arena, sizeof(*route));
		if (route == NULL)
			return err_set(s->e, REASON_OVERLOADED,
			    "no memory left for a route");
		if (lookup_decide(s) == -1 || codec_get_route(s->out->key,
			value, s->arena, route, s->e) == -1)
			return -1;
		found = lookup_match(s, route, shape);
	}
	lookup_rewind(s, host);
	return found;
}

/* `**` rules: literal segments alone, the most of them first. */
static int
lookup_anywhere(struct lookup_search *s)
{
	const struct codec_meta *meta = s->map->meta;
	struct route_shape shape = { 0 };
	int found = 0;

	if (meta->anywhere == 0)
		return 0;
	lookup_split(s);
	if (codec_key_host(&s->key, CODEC_ANYWHERE, STR("")) == -1)
		return 0;
	for (shape.segments = (uint8_t)s->count;
	    shape.segments > 0 && found == 0; shape.segments--) {
		uint64_t level = UINT64_C(1) << shape.segments;

		shape.exact = true;
		if ((meta->anywhere_exact & level) != 0)
			found = lookup_shape(s, &shape);
		shape.exact = false;
		if (found == 0 && (meta->anywhere_levels & level) != 0)
			found = lookup_shape(s, &shape);
	}
	lookup_rewind(s, 0);
	return found;
}

/* In a host that exists: its paths, then the rule of its "/". */
static int
lookup_in_host(struct lookup_search *s, struct str value)
{
	static const struct route_shape all = { 0 };
	struct route_host *host = arena_alloc(s->arena, sizeof(*host));
	int found = 0;
	size_t i;

	if (host == NULL)
		return err_set(s->e, REASON_OVERLOADED,
		    "no memory left for a route");
	if (codec_get_host(buf_view(&s->key), value, s->arena, host, s->e) ==
	    -1)
		return -1;
	if (host->shape_count > 0)
		lookup_split(s);
	for (i = 0; i < host->shape_count && found == 0; i++)
		found = lookup_shape(s, &host->shapes[i]);
	if (found != 0)
		return found;
	if (lookup_decide(s) == -1)
		return -1;
	if (host->has_rule)
		return lookup_match(s, &host->rule, &all);
	s->out->reason = REASON_NO_PATH;
	return 0;
}

/* One host's key. true: that host exists, and *answer is all there is. */
static bool
lookup_host(struct lookup_search *s, enum codec_space space, struct str host,
    int *answer)
{
	struct str value;

	lookup_rewind(s, 0);
	if (codec_key_host(&s->key, space, host) == -1)
		return false;
	*answer = lookup_get(s, &value);
	if (*answer == 1)
		*answer = lookup_in_host(s, value);
	else if (*answer == 0)
		return false;
	return true;
}

static bool
lookup_has_level(uint64_t levels, size_t labels)
{
	return labels <= CODEC_LEVELS_MAX && (levels >> labels & 1) != 0;
}

/* Names below parents that have wildcards. As lookup_host. */
static bool
lookup_parents(struct lookup_search *s, int *answer)
{
	const struct codec_meta *meta = s->map->meta;
	struct str name = host_text(s->host);
	size_t labels = 0;
	bool nearest = true;
	struct str parent;
	size_t i;

	for (i = 0; i < name.n; i++)
		labels += name.p[i] == '.';
	for (; labels > 0; labels--, name = parent, nearest = false) {
		parent = str_sub(name, str_find(name, '.') + 1, name.n);
		if (nearest && lookup_has_level(meta->one_levels, labels) &&
		    lookup_host(s, CODEC_ONE, parent, answer))
			return true;
		if (lookup_has_level(meta->wild_levels, labels) &&
		    lookup_host(s, CODEC_WILD, parent, answer))
			return true;
	}
	return false;
}

static int
lookup_hosts(struct lookup_search *s)
{
	int answer = 0;

	if (lookup_host(s, CODEC_HOST, host_text(s->host), &answer))
		return answer;
	/* An address has no parents. */
	if (s->host->kind == HOST_NAME &&
	    (s->map->meta->one_levels | s->map->meta->wild_levels) != 0 &&
	    lookup_parents(s, &answer))
		return answer;
	if (lookup_has_level(s->map->meta->wild_levels, 0) &&
	    lookup_host(s, CODEC_WILD, STR(""), &answer))
		return answer;
	s->out->reason = REASON_NO_HOST;
	return 0;
}

int
lookup_route(const struct lookup_map *map, const struct host *host,
    struct str path, struct arena *a, const struct lookup_trace *trace,
    struct lookup_result *out, struct err *e)
{
	char room[CODEC_KEY_MAX + 1];
	struct lookup_search s;
	int answer;

	/* Segments are filled in only where a host has paths. */
	s.map = map;
	s.host = host;
	s.path = path;
	s.arena = a;
	s.trace = trace;
	s.out = out;
	s.e = e;
	s.key = lookup_buf(room, CODEC_KEY_MAX);
	s.split = s.more = false;
	s.count = 0;
	/* Captures are set as many as the route that is found has. */
	out->reason = REASON_NONE;
	out->route = NULL;
	out->key = out->rest = (struct str){ NULL, 0 };
	answer = lookup_anywhere(&s);
	if (answer == 0)
		answer = lookup_hosts(&s);
	return answer;
}

int
lookup_service(const struct lookup_map *map, struct str space,
    struct str name, struct arena *a, const struct lookup_trace *trace,
    struct service *out, struct err *e)
{
	char room[CODEC_KEY_MAX + 1];
	struct buf key = lookup_buf(room, CODEC_KEY_MAX);
	struct str value;
	int found;

	if (codec_key_service(&key, space, name) == -1)
		return 0;
	found = map->get(map->arg, buf_view(&key), a, &value, e);
	if (found != -1 && trace != NULL)
		trace->tried(trace->arg, buf_view(&key), found);
	if (found != 1)
		return found;
	return codec_get_service(buf_view(&key), value, a, out, e) == -1 ? -1 :
	    1;
}
