/* SPDX-License-Identifier: BSD-2-Clause */

/* settings_url: the URL of a service that router.ini names. */

#include <string.h>

#include "base/arena.h"
#include "http/path.h"
#include "settings/settings_private.h"

enum {
	SETTINGS_URL_MAX = 1000,
	SETTINGS_SOCKET_MAX = 107, /* of sockaddr_un, without the NUL */
	SETTINGS_PORT_HTTP = 80,
	SETTINGS_PORT_HTTPS = 443
};

static int
settings_no_url(struct str text, const char *what, struct err *e)
{
	return err_set(e, REASON_INTERNAL,
	    "'%s' %s, expected http://HOST[:PORT]/PATH, the same of https, or "
	    "unix:/SOCKET:/PATH, without variables",
	    settings_quote(text).text, what);
}

/* Printable ASCII; no braces, which are variables elsewhere, no fragment. */
static bool
settings_is_url(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~' ||
		    strchr("{}#\"\\<>^`|", text.p[i]) != NULL)
			return false;
	return text.n <= SETTINGS_URL_MAX;
}

/* Only in the one spelling that the router itself has for it. */
static int
settings_url_path(struct str text, struct settings_url *out, struct err *e)
{
	struct arena a;
	struct path path;
	bool same;

	arena_init(&a, 16 * 1024);
	same = path_parse(out->path, &a, &path, e) == 0 &&
	    str_starts(out->path, path.text) &&
	    out->path.n == path.text.n +
	    (path.has_query ? path.query.n + 1 : 0);
	arena_fini(&a);
	return same ? 0 : settings_no_url(text, "has no canonical path", e);
}

static int
settings_url_socket(struct str text, struct settings_url *out, struct err *e)
{
	struct str rest = str_sub(text, sizeof("unix:") - 1, text.n);
	bool path = str_cut(rest, ':', &out->socket, &out->path);

	if (out->socket.n == 0 || out->socket.p[0] != '/' ||
	    out->socket.n > SETTINGS_SOCKET_MAX)
		return settings_no_url(text, "names no socket", e);
	if (!path)
		out->path = STR("/");
	return settings_url_path(text, out, e);
}

static int
settings_url_host(struct str text, struct settings_url *out, struct err *e)
{
	size_t from = out->tls ? sizeof("https://") - 1 :
	    sizeof("http://") - 1;
	struct str rest = str_sub(text, from, text.n);
	size_t end = str_find(rest, '/');

	if (host_parse_port(str_sub(rest, 0, end), &out->host, &out->port,
	    e) == -1)
		return settings_no_url(text, "names no host", e);
	if (out->port == 0)
		out->port = out->tls ? SETTINGS_PORT_HTTPS :
		    SETTINGS_PORT_HTTP;
	out->path = end < rest.n ? str_sub(rest, end, rest.n) : STR("/");
	return settings_url_path(text, out, e);
}

int
settings_url_read(struct str text, struct settings_url *out, struct err *e)
{
	*out = (struct settings_url){ .tls = false };
	if (settings_is_url(text) && str_starts(text, STR("unix:")))
		return settings_url_socket(text, out, e);
	out->tls = str_starts(text, STR("https://"));
	if (settings_is_url(text) &&
	    (out->tls || str_starts(text, STR("http://"))))
		return settings_url_host(text, out, e);
	return settings_no_url(text, "is no URL", e);
}
