/* SPDX-License-Identifier: BSD-2-Clause */

/* fields_dav: URLs in WebDAV's request fields, as the origin knows them. */

#include "decide/fields_private.h"

#include "base/buf.h"
#include "http/host.h"
#include "http/path.h"

enum { FIELDS_IF_MAX = 256 * 1024 }; /* an If field with mapped URLs */

/*
 * A URL that names the host asked for (WebDAV's Destination, RFC 4918 10.3)
 * as the origin knows it; any other stays as it is.
 */
static struct str
fields_map_url(const struct fields_to_origin *in, struct str url,
    struct arena *a)
{
	const struct target *t = in->target;
	struct str authority, rest, raw, tail, mapped;
	struct path path;
	struct host host;
	struct err ignored;

	path_split_target(url, &authority, &rest);
	if (authority.n > 0 && (host_parse(authority, &host, &ignored) == -1 ||
	    !str_eq(host_text(&host), host_text(&in->request->host))))
		return url;
	if (path_parse(rest, a, &path, &ignored) == -1 ||
	    !target_forward(t, path.text, a, &mapped))
		return url;
	(void)str_cut(rest, '?', &raw, &tail);
	if (authority.n == 0)
		return arena_printf(a, "%.*s%s%.*s", STR_ARG(mapped),
		    path.has_query ? "?" : "", STR_ARG(tail));
	return arena_printf(a, "%s://%.*s%.*s%s%.*s",
	    t->scheme == ORIGIN_HTTPS ? "https" : "http",
	    STR_ARG(t->host_field), STR_ARG(mapped),
	    path.has_query ? "?" : "", STR_ARG(tail));
}

/* The next piece of an If field: <...> as a whole, or what is before one. */
static struct str
fields_if_piece(struct str value, size_t from)
{
	struct str rest = str_sub(value, from, value.n);

	if (rest.n > 0 && rest.p[0] == '<')
		return str_sub(rest, 0, str_find(rest, '>') + 1);
	return str_sub(rest, 0, str_find(rest, '<'));
}

/*
 * The tagged lists of WebDAV's If (RFC 4918 10.4): a <URL> before a list is a
 * tag, one within its parentheses a token.
 */
static struct str
fields_map_if(const struct fields_to_origin *in, struct str value,
    struct arena *a)
{
	struct buf out;
	struct str piece, mapped;
	size_t at, i;
	bool inside = false; /* of parentheses */
	bool failed = false;

	buf_init(&out, FIELDS_IF_MAX);
	for (at = 0; at < value.n && !failed; at += piece.n) {
		piece = fields_if_piece(value, at);
		if (piece.p[0] == '<' && !inside && str_ends(piece, STR(">"))) {
			mapped = fields_map_url(in,
			    str_sub(piece, 1, piece.n - 1), a);
			failed = mapped.p == NULL ||
			    buf_put(&out, STR("<")) == -1 ||
			    buf_put(&out, mapped) == -1 ||
			    buf_put(&out, STR(">")) == -1;
			continue;
		}
		for (i = 0; piece.p[0] != '<' && i < piece.n; i++)
			if (piece.p[i] == '(' || piece.p[i] == ')')
				inside = piece.p[i] == '(';
		failed = buf_put(&out, piece) == -1;
	}
	mapped = failed ? (struct str){ NULL, 0 } :
	    arena_copy(a, buf_view(&out));
	buf_fini(&out);
	return mapped;
}

struct str
fields_map_request(const struct fields_to_origin *in,
    const struct header_field *f, struct arena *a)
{
	if (str_eq_nocase(f->name, STR("Destination")))
		return fields_map_url(in, f->value, a);
	if (str_eq_nocase(f->name, STR("If")))
		return fields_map_if(in, f->value, a);
	return f->value;
}
