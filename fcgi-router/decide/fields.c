/* SPDX-License-Identifier: BSD-2-Clause */

/* fields: the filter of header fields, both ways. */

#include "decide/fields_private.h"

enum {
	FIELDS_NAMED_MAX = REQUEST_FIELDS_MAX,
	FIELDS_ADDED = 8 /* room for those that we set */
};

/* What Connection fields name. Each field of a message is looked for in it,
 * so it is read once, and short. */
struct fields_named {
	size_t count;
	struct str names[FIELDS_NAMED_MAX];
};

static const struct str fields_via = { "1.1 fcgi-router", 15 };

/* What becomes of a field. */
enum fields_way {
	/* of one connection only (RFC 9110 7.6.1), in both directions */
	FIELDS_HOP = 1 << 0,
	/* set by the router, or not for origins at all; or, as the URLs,
	 * obeyed by frameworks, which would then serve another path than the
	 * one that was matched */
	FIELDS_OURS = 1 << 1,
	/* tells of the client and of the way here: passes of a trusted peer */
	FIELDS_TOLD = 1 << 2,
	/* a web server in front would act on it */
	FIELDS_ORDER = 1 << 3
};

static const unsigned char fields_ways[NAME_COUNT] = {
	[NAME_CONNECTION] = FIELDS_HOP,
	[NAME_KEEP_ALIVE] = FIELDS_HOP,
	[NAME_TE] = FIELDS_HOP,
	[NAME_TRAILER] = FIELDS_HOP,
	[NAME_TRANSFER_ENCODING] = FIELDS_HOP,
	[NAME_UPGRADE] = FIELDS_HOP,
	[NAME_HTTP2_SETTINGS] = FIELDS_HOP,
	[NAME_PROXY_ANY] = FIELDS_HOP,
	[NAME_HOST] = FIELDS_OURS,
	[NAME_EXPECT] = FIELDS_OURS,
	[NAME_CONTENT_LENGTH] = FIELDS_OURS,
	[NAME_X_REQUEST_ID] = FIELDS_OURS,
	[NAME_FORWARDED] = FIELDS_OURS,
	[NAME_X_FORWARDED_FOR] = FIELDS_OURS,
	[NAME_X_FORWARDED_HOST] = FIELDS_OURS,
	[NAME_X_FORWARDED_PROTO] = FIELDS_OURS,
	[NAME_X_REAL_IP] = FIELDS_OURS,
	[NAME_X_ORIGINAL_URL] = FIELDS_OURS,
	[NAME_X_REWRITE_URL] = FIELDS_OURS,
	[NAME_X_ROUTER_ANY] = FIELDS_OURS | FIELDS_ORDER,
	[NAME_X_FORWARDED] = FIELDS_TOLD,
	[NAME_X_FORWARDED_ANY] = FIELDS_TOLD,
	[NAME_STATUS] = FIELDS_ORDER,
	[NAME_X_ACCEL_ANY] = FIELDS_ORDER,
	[NAME_X_ACCEL_BUFFERING] = FIELDS_ORDER,
	[NAME_X_SENDFILE_ANY] = FIELDS_ORDER,
	[NAME_X_LIGHTTPD_ANY] = FIELDS_ORDER
};

/* 0, or -1 and e, for this reason: they name more than there can be. */
static int
fields_read_named(const struct header *h, enum reason reason,
    struct fields_named *out, struct err *e)
{
	struct str one;
	size_t i, at;

	out->count = 0;
	for (i = 0; i < h->count; i++) {
		if (h->fields[i].id != NAME_CONNECTION)
			continue;
		for (at = 0; header_list_next(h->fields[i].value, &at, &one);) {
			if (out->count == FIELDS_NAMED_MAX)
				return err_set(e, reason,
				    "Connection names more than %d fields",
				    FIELDS_NAMED_MAX);
			out->names[out->count++] = one;
		}
	}
	return 0;
}

static bool
fields_is_named(const struct fields_named *named, struct str name)
{
	size_t i;

	for (i = 0; i < named->count; i++)
		if (str_eq_nocase(name, named->names[i]))
			return true;
	return false;
}

static int
fields_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for header fields");
}

/* Via passes whatever is private: who takes it out lets requests go round and
 * round. */
static bool
fields_is_kept(const struct fields_to_origin *in, struct str name,
    enum name id)
{
	return id != NAME_VIA &&
	    (str_lines_have(in->set_by_rules, name) ||
	    str_lines_have(in->private, name));
}

/*
 * The name as it is compared: some servers make one CGI variable of "X.User"
 * and of "X-User". {NULL, 0}: the arena is full.
 */
static struct str
fields_spell(struct str name, enum name id, struct arena *a)
{
	size_t plain = 0;
	char *to;

	if (name_is_one(id))
		return name;
	while (plain < name.n && (str_is_alnum(name.p[plain]) ||
	    name.p[plain] == '-'))
		plain++;
	if (plain == name.n)
		return name;
	to = arena_alloc(a, name.n);
	for (plain = 0; to != NULL && plain < name.n; plain++)
		to[plain] = str_is_alnum(name.p[plain]) ? name.p[plain] : '-';
	return (struct str){ to, to != NULL ? name.n : 0 };
}

/* Does the origin not get the field? 1, 0, or -1: the arena is full. */
static int
fields_stays(const struct fields_to_origin *in,
    const struct header_field *f, const struct fields_named *named,
    struct arena *a)
{
	unsigned ways = FIELDS_HOP | FIELDS_OURS |
	    (in->request->trusted ? 0 : FIELDS_TOLD);
	struct str name = fields_spell(f->name, f->id, a);
	enum name id = f->id;

	if (name.p == NULL)
		return -1;
	if (name.p != f->name.p)
		id = name_of(name);
	return (fields_ways[id] & ways) != 0 ||
	    fields_is_named(named, name) || fields_is_named(named, f->name) ||
	    fields_is_kept(in, name, id);
}

int
fields_to_origin(const struct fields_to_origin *in, struct arena *a,
    struct header *out, struct err *e)
{
	const struct header *sent = &in->request->fields;
	struct fields_named named;
	int hops = fields_hops(sent);
	size_t i;

	header_init(out, a);
	if (hops > in->max_hops)
		return err_set(e, REASON_LOOP,
		    "Via names this router %d times", hops);
	if (fields_read_named(sent, REASON_HEADERS_TOO_LARGE, &named, e) == -1)
		return -1;
	if (header_reserve(out, sent->count + FIELDS_ADDED) == -1)
		return fields_full(e);
	for (i = 0; i < sent->count; i++) {
		const struct header_field *f = &sent->fields[i];
		int stays = fields_stays(in, f, &named, a);

		if (stays == -1 || (stays == 0 && header_keep(out, f) == -1))
			return fields_full(e);
	}
	if (fields_add_forwarded(in, a, out) == -1 ||
	    header_put(out, NAME_VIA, fields_via) == -1 ||
	    header_put(out, NAME_X_REQUEST_ID, in->request->id) == -1)
		return fields_full(e);
	return 0;
}

/* ---- back to the client ---- */

/*
 * A value that was mapped may be none for a client: then the field is left
 * out. 0, or -1: the arena is full.
 */
static int
fields_add_answer(const struct fields_to_client *in,
    const struct header_field *f, struct arena *a, struct header *out)
{
	struct header_field mapped = *f;

	mapped.value = fields_map_answer(in, f, a);
	if (a->full)
		return -1;
	if (mapped.value.p != f->value.p && !header_is_value(mapped.value))
		return 0;
	return header_keep(out, &mapped);
}

int
fields_to_client(const struct fields_to_client *in, struct arena *a,
    struct header *out, struct err *e)
{
	const struct header *got = &in->answer->fields;
	const struct header_field *type;
	struct fields_named named;
	size_t i;

	header_init(out, a);
	if (fields_read_named(got, REASON_ORIGIN_BAD_HEADER, &named, e) == -1)
		return -1;
	if (header_reserve(out, got->count + FIELDS_ADDED) == -1)
		return fields_full(e);
	for (i = 0; i < got->count; i++) {
		const struct header_field *f = &got->fields[i];

		if ((fields_ways[f->id] & (FIELDS_HOP | FIELDS_ORDER)) != 0 ||
		    fields_is_named(&named, f->name))
			continue;
		if (in->answer->status == 200 && f->id == NAME_LOCATION)
			continue;
		if (fields_add_answer(in, f, a, out) == -1)
			return fields_full(e);
	}
	type = header_known(out, NAME_CONTENT_TYPE);
	if (type != NULL &&
	    str_starts_nocase(type->value, STR("text/event-stream")) &&
	    header_set(out, NAME_X_ACCEL_BUFFERING, STR("no")) == -1)
		return fields_full(e);
	return 0;
}
