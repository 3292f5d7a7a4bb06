/* SPDX-License-Identifier: BSD-2-Clause */

/* fields: the filter of header fields, both ways. */

#include "decide/fields_private.h"

enum { FIELDS_NAMED_MAX = REQUEST_FIELDS_MAX };

/* What Connection fields name. Each field of a message is looked for in it,
 * so it is read once, and short. */
struct fields_named {
	size_t count;
	struct str names[FIELDS_NAMED_MAX];
};

static const struct str fields_via = { "1.1 fcgi-router", 15 };

/* Of one connection only (RFC 9110 7.6.1), in both directions. */
static const struct str fields_hop[] = {
	{ "Connection", 10 }, { "Keep-Alive", 10 }, { "TE", 2 },
	{ "Trailer", 7 }, { "Transfer-Encoding", 17 }, { "Upgrade", 7 },
	{ "HTTP2-Settings", 14 }
};

/* Set by the router, or not for origins at all. */
static const struct str fields_ours[] = {
	{ "Host", 4 }, { "Expect", 6 }, { "Content-Length", 14 },
	{ "X-Request-Id", 12 }
};

static bool
fields_listed(struct str name, const struct str *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (str_eq_nocase(name, list[i]))
			return true;
	return false;
}

#define FIELDS_LISTED(name, list) \
	fields_listed(name, list, sizeof(list) / sizeof((list)[0]))

/* 0, or -1 and e, for this reason: they name more than there can be. */
static int
fields_read_named(const struct header *h, enum reason reason,
    struct fields_named *out, struct err *e)
{
	struct str one;
	size_t i, at;

	out->count = 0;
	for (i = 0; i < h->count; i++) {
		if (!str_eq_nocase(h->fields[i].name, STR("Connection")))
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

/* Is name hop-by-hop by itself, or because a Connection field names it? */
static bool
fields_is_hop(struct str name, const struct fields_named *named)
{
	return FIELDS_LISTED(name, fields_hop) ||
	    str_starts_nocase(name, STR("Proxy-")) ||
	    fields_listed(name, named->names, named->count);
}

static int
fields_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for header fields");
}

/* Via passes whatever is private: who takes it out lets requests go round and
 * round. */
static bool
fields_is_kept(const struct fields_to_origin *in, struct str name)
{
	return !str_eq_nocase(name, STR("Via")) &&
	    (str_lines_have(in->set_by_rules, name) ||
	    str_lines_have(in->private, name));
}

/*
 * The name as it is compared: some servers make one CGI variable of "X.User"
 * and of "X-User". {NULL, 0}: the arena is full.
 */
static struct str
fields_spell(struct str name, struct arena *a)
{
	size_t plain = 0;
	char *to;

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

/* Does the origin not get the field of that name? */
static bool
fields_stays(const struct fields_to_origin *in, struct str name,
    const struct fields_named *named)
{
	return fields_is_hop(name, named) ||
	    FIELDS_LISTED(name, fields_ours) ||
	    fields_is_forwarded(in->request, name) ||
	    str_starts_nocase(name, STR("X-Router-")) ||
	    fields_is_kept(in, name);
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
	for (i = 0; i < sent->count; i++) {
		const struct header_field *f = &sent->fields[i];

		struct str name = fields_spell(f->name, a);

		if (name.p == NULL)
			return fields_full(e);
		if (fields_stays(in, name, &named) ||
		    fields_is_hop(f->name, &named))
			continue;
		if (header_add(out, f->name, f->value) == -1)
			return fields_full(e);
	}
	if (fields_add_forwarded(in, a, out) == -1 ||
	    header_add(out, STR("Via"), fields_via) == -1 ||
	    header_add(out, STR("X-Request-Id"), in->request->id) == -1)
		return fields_full(e);
	return 0;
}

/* ---- back to the client ---- */

/* A web server in front would act on these. */
static bool
fields_is_order(struct str name)
{
	return str_eq_nocase(name, STR("Status")) ||
	    str_starts_nocase(name, STR("X-Accel-")) ||
	    str_starts_nocase(name, STR("X-Sendfile")) ||
	    str_starts_nocase(name, STR("X-LIGHTTPD-")) ||
	    str_starts_nocase(name, STR("X-Router-"));
}

int
fields_to_client(const struct fields_to_client *in, struct arena *a,
    struct header *out, struct err *e)
{
	const struct header *got = &in->answer->fields;
	struct fields_named named;
	size_t i;

	header_init(out, a);
	if (fields_read_named(got, REASON_ORIGIN_BAD_HEADER, &named, e) == -1)
		return -1;
	for (i = 0; i < got->count; i++) {
		const struct header_field *f = &got->fields[i];

		if (fields_is_order(f->name) || fields_is_hop(f->name, &named))
			continue;
		if (in->answer->status == 200 &&
		    str_eq_nocase(f->name, STR("Location")))
			continue;
		if (header_add(out, f->name,
		    fields_map_answer(in, f, a)) == -1 && !a->full)
			continue; /* no value for a client */
		if (a->full)
			return fields_full(e);
	}
	if (str_starts_nocase(header_get(out, STR("Content-Type")),
	    STR("text/event-stream")) &&
	    header_set(out, STR("X-Accel-Buffering"), STR("no")) == -1)
		return fields_full(e);
	return 0;
}
