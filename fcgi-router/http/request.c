/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * request: collects the variables in one walk, then judges them in the order
 * in which the answer's reason matters.
 */

#include "http/request.h"

#include <string.h>

#include "base/buf.h"

/* The variables that are looked at, those of HTTP_* fields apart. */
struct request_variables {
	struct str content_length;
	struct str content_type;
	struct str https;
	struct str path_info;
	struct str query_string;
	struct str redirect_authorization;
	struct str remote_addr;
	struct str request_method;
	struct str request_scheme;
	struct str request_uri;
	struct str router_namespace;
	struct str script_name;
	struct str server_name;
	struct str server_protocol;
	struct str server_software;
	struct str http_host;
	size_t hosts;      /* HTTP_HOST that are not empty */
	size_t fields;     /* header fields, CONTENT_TYPE apart */
	size_t bytes;      /* names and values, CONTENT_TYPE's too */
	size_t name_bytes; /* their names alone */
	/* Named as behind HTTP_; not more than the first of too many. */
	struct header_field field[REQUEST_FIELDS_MAX];
};

/*
 * Each has a slot of its own, by two bytes of its name: the middle one and the
 * third from its end.
 */
#define REQUEST_SLOT(middle, third) \
	(((unsigned)(middle) + 7u * (unsigned)(third)) % REQUEST_SLOTS)
#define REQUEST_VARIABLE(text, member, middle, third) \
	[REQUEST_SLOT(middle, third)] = { { text, sizeof(text) - 1 }, \
	    offsetof(struct request_variables, member) }

enum { REQUEST_SLOTS = 64, REQUEST_PREFIX = sizeof("HTTP_") - 1 };

static const struct {
	struct str name;
	size_t at;
} request_variables[REQUEST_SLOTS] = {
	REQUEST_VARIABLE("CONTENT_LENGTH", content_length, '_', 'G'),
	REQUEST_VARIABLE("CONTENT_TYPE", content_type, 'T', 'Y'),
	REQUEST_VARIABLE("HTTPS", https, 'T', 'T'),
	REQUEST_VARIABLE("PATH_INFO", path_info, '_', 'N'),
	REQUEST_VARIABLE("QUERY_STRING", query_string, 'S', 'I'),
	REQUEST_VARIABLE("REDIRECT_HTTP_AUTHORIZATION",
	    redirect_authorization, '_', 'I'),
	REQUEST_VARIABLE("REMOTE_ADDR", remote_addr, 'E', 'D'),
	REQUEST_VARIABLE("REQUEST_METHOD", request_method, '_', 'H'),
	REQUEST_VARIABLE("REQUEST_SCHEME", request_scheme, '_', 'E'),
	REQUEST_VARIABLE("REQUEST_URI", request_uri, 'S', 'U'),
	REQUEST_VARIABLE("ROUTER_NAMESPACE", router_namespace, 'A', 'A'),
	REQUEST_VARIABLE("SCRIPT_NAME", script_name, 'T', 'A'),
	REQUEST_VARIABLE("SERVER_NAME", server_name, 'R', 'A'),
	REQUEST_VARIABLE("SERVER_PROTOCOL", server_protocol, 'P', 'C'),
	REQUEST_VARIABLE("SERVER_SOFTWARE", server_software, 'S', 'A'),
};

static int
request_no_memory(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no memory for the request");
}

/*
 * true and *field: the part of the name behind HTTP_, if it is a header field
 * and not one of those that mean something else: Proxy (curl and others read
 * it from their environment) and the doubles of CONTENT_*.
 */
static bool
request_is_field(struct str name, struct str *field)
{
	if (name.n < REQUEST_PREFIX ||
	    memcmp(name.p, "HTTP_", REQUEST_PREFIX) != 0)
		return false;
	*field = str_sub(name, REQUEST_PREFIX, name.n);
	return !header_same_name(*field, STR("PROXY")) &&
	    !header_same_name(*field, STR("CONTENT_LENGTH")) &&
	    !header_same_name(*field, STR("CONTENT_TYPE"));
}

static void
request_collect_one(struct request_variables *v, struct str name,
    struct str value)
{
	size_t slot;

	if (name.n < 3)
		return;
	slot = REQUEST_SLOT((unsigned char)name.p[name.n / 2],
	    (unsigned char)name.p[name.n - 3]);
	/* A later one replaces: nginx's configuration. */
	if (str_eq(name, request_variables[slot].name))
		memcpy((char *)v + request_variables[slot].at, &value,
		    sizeof(value));
}

static void
request_collect_field(struct request_variables *v, struct str name,
    struct str value)
{
	if (v->fields < REQUEST_FIELDS_MAX)
		v->field[v->fields] = (struct header_field){ name, value,
			name_of_variable(name) };
	v->fields++;
	v->name_bytes += name.n;
	v->bytes += name.n + value.n;
	if (value.n > 0 && str_eq(name, STR("HOST"))) {
		v->http_host = value;
		v->hosts++;
	}
}

static void
request_collect(char *const *variables, struct request_variables *v)
{
	struct str name, value, field;

	memset(v, 0, offsetof(struct request_variables, field));
	for (; *variables != NULL; variables++) {
		if (!str_cut(str_of(*variables), '=', &name, &value))
			continue;
		if (request_is_field(name, &field))
			request_collect_field(v, field, value);
		else
			request_collect_one(v, name, value);
	}
	if (v->content_type.n > 0)
		v->bytes += STR("Content-Type").n + v->content_type.n;
}

static bool
request_is_https(const struct request_variables *v)
{
	return str_eq_nocase(v->https, STR("on")) ||
	    str_eq(v->https, STR("1")) ||
	    str_eq_nocase(v->request_scheme, STR("https"));
}

static void
request_fill(struct request *out, const struct request_variables *v)
{
	out->method = v->request_method;
	out->uri = v->request_uri;
	out->scheme = request_is_https(v) ? STR("https") : STR("http");
	out->protocol = v->server_protocol;
	out->peer = out->client_ip = v->remote_addr;
	out->server = v->server_software;
	out->space = v->router_namespace;
}

/*
 * The target of a web server that gives no REQUEST_URI, out of parts that it
 * decoded.
 */
static int
request_rebuild_uri(struct request *out, const struct request_variables *v,
    struct arena *a, struct err *e)
{
	struct buf b;
	int got = -1;

	buf_init(&b, REQUEST_URI_MAX + 1);
	if (path_put_path(&b, v->script_name) == -1 ||
	    path_put_path(&b, v->path_info) == -1)
		goto out;
	if (v->query_string.n > 0 && (buf_put(&b, STR("?")) == -1 ||
	    buf_put(&b, v->query_string) == -1))
		goto out;
	got = 0;
	out->uri = arena_copy(a, buf_view(&b));
out:
	buf_fini(&b);
	if (got == -1)
		return err_set(e, REASON_URI_TOO_LONG,
		    "the target is longer than %d bytes", REQUEST_URI_MAX);
	return out->uri.p != NULL ? 0 : request_no_memory(e);
}

static int
request_check_sizes(const struct request *r,
    const struct request_variables *v, struct err *e)
{
	if (r->uri.n > REQUEST_URI_MAX)
		return err_set(e, REASON_URI_TOO_LONG,
		    "the target is longer than %d bytes", REQUEST_URI_MAX);
	if (v->fields + (v->content_type.n > 0) > REQUEST_FIELDS_MAX)
		return err_set(e, REASON_HEADERS_TOO_LARGE,
		    "more than %d header fields", REQUEST_FIELDS_MAX);
	if (v->bytes > REQUEST_HEADER_MAX)
		return err_set(e, REASON_HEADERS_TOO_LARGE,
		    "header fields of more than %d bytes",
		    REQUEST_HEADER_MAX);
	return 0;
}

/*
 * nginx gives a variable twice when its configuration does, so two HTTP_HOST
 * are an error only if they do not name the same host.
 */
static int
request_check_hosts(const struct request_variables *v,
    const struct host *host, struct err *e)
{
	struct host other;
	size_t i;

	for (i = 0; i < v->fields; i++) {
		struct str value = v->field[i].value;

		if (value.n == 0 || !str_eq(v->field[i].name, STR("HOST")))
			continue;
		if (host_parse(value, &other, e) == -1)
			return -1;
		if (!str_eq(host_text(host), host_text(&other)))
			return err_set(e, REASON_BAD_HOST,
			    "two hosts, '%.*s' and '%.*s'",
			    STR_ARG(host_text(host)),
			    STR_ARG(host_text(&other)));
	}
	return 0;
}

/* Host and target go together: an absolute-form target names the host. */
static int
request_read_target(struct request *out, const struct request_variables *v,
    struct arena *a, struct err *e)
{
	struct str authority, rest;

	path_split_target(out->uri, &authority, &rest);
	if (host_parse_port(authority.p != NULL ? authority :
	    v->http_host.n > 0 ? v->http_host : v->server_name, &out->host,
	    &out->port, e) == -1)
		return -1;
	if (authority.p == NULL && v->hosts > 1 &&
	    request_check_hosts(v, &out->host, e) == -1)
		return -1;
	if (authority.p != NULL && rest.p[0] == '?') {
		rest = ARENA_JOIN(a, STR("/"), rest);
		if (rest.p == NULL)
			return request_no_memory(e);
	}
	return path_parse(rest, a, &out->path, e);
}

static int
request_read_length(struct request *out, struct str length, struct err *e)
{
	/* -1 is how some servers say that they do not know. */
	if (length.n == 0 || str_eq(length, STR("-1"))) {
		out->body = REQUEST_BODY_UNKNOWN;
		return 0;
	}
	if (!str_to_u64(length, INT64_MAX, &out->length))
		return err_set(e, REASON_BAD_REQUEST,
		    "CONTENT_LENGTH '%.*s' is not a number", STR_ARG(length));
	out->body = out->length > 0 ? REQUEST_BODY_LENGTH :
	    REQUEST_BODY_NONE;
	return 0;
}

/* Writes "X-Foo" for "X_FOO". *token: is it one? */
static struct str
request_spell(struct str variable, char *to, bool *token)
{
	bool first = true;
	size_t i;

	*token = variable.n > 0;
	for (i = 0; i < variable.n; i++) {
		char c = header_token[(unsigned char)variable.p[i]];

		if (c == '\0') {
			*token = false;
			c = variable.p[i];
		}
		to[i] = c == '_' ? '-' : first ? str_upper(c) : c;
		first = c == '_';
	}
	return (struct str){ to, variable.n };
}

struct str
request_field_name(struct str variable, struct arena *a)
{
	char *to = arena_alloc(a, variable.n + 1);
	bool token;

	if (to == NULL)
		return (struct str){ NULL, 0 };
	return request_spell(variable, to, &token);
}

static int
request_add(struct request *out, struct header_field *f, bool token,
    struct err *e)
{
	f->value = str_trim(f->value);
	if (!token || !header_is_value(f->value))
		return err_set(e, REASON_BAD_REQUEST, "header field '%.*s': "
		    "no token, or a control byte in its value",
		    STR_ARG(f->name));
	return header_keep(&out->fields, f) == 0 ? 0 : request_no_memory(e);
}

static int
request_add_known(struct request *out, enum name name, struct str value,
    struct err *e)
{
	struct header_field f = { name_text(name), value, name };

	return request_add(out, &f, true, e);
}

/* Most names are known; another one is spelled at *names, which is moved. */
static int
request_add_variable(struct request *out, const struct header_field *variable,
    char **names, struct err *e)
{
	struct header_field f;
	bool token;

	if (variable->id != NAME_OTHER)
		return request_add_known(out, variable->id, variable->value,
		    e);
	f.name = request_spell(variable->name, *names, &token);
	f.value = variable->value;
	f.id = name_of(f.name);
	*names += f.name.n;
	return request_add(out, &f, token, e);
}

/* nginx gives an empty variable for a field that is not there. */
static bool
request_is_absent(const struct header_field *f)
{
	return f->value.n == 0 && (str_eq(f->name, STR("HOST")) ||
	    str_eq(f->name, STR("AUTHORIZATION")));
}

/* The first mistake is told, and what is right behind it read nevertheless. */
static int
request_read_fields(struct request *out, const struct request_variables *v,
    struct arena *a, struct err *e)
{
	size_t count = v->fields < REQUEST_FIELDS_MAX ? v->fields :
	    REQUEST_FIELDS_MAX;
	char *names = arena_alloc(a, v->name_bytes + 1);
	struct err later;
	int got = 0;
	size_t i;

	if (names == NULL || header_reserve(&out->fields, count + 2) == -1)
		return request_no_memory(e);
	for (i = 0; i < count; i++)
		if (!request_is_absent(&v->field[i]) &&
		    request_add_variable(out, &v->field[i], &names,
		    got == 0 ? e : &later) == -1)
			got = -1;
	if (v->content_type.n > 0 && request_add_known(out,
	    NAME_CONTENT_TYPE, v->content_type, got == 0 ? e : &later) == -1)
		got = -1;
	if (v->redirect_authorization.n > 0 &&
	    header_known(&out->fields, NAME_AUTHORIZATION) == NULL &&
	    request_add_known(out, NAME_AUTHORIZATION,
	    v->redirect_authorization, got == 0 ? e : &later) == -1)
		got = -1;
	return got;
}

/* All but the fields. */
static int
request_judge(struct request *out, const struct request_variables *v,
    struct arena *a, struct err *e)
{
	if (out->uri.n == 0 && request_rebuild_uri(out, v, a, e) == -1)
		return -1;
	if (request_check_sizes(out, v, e) == -1)
		return -1;
	if (!header_is_token(out->method))
		return err_set(e, REASON_BAD_REQUEST,
		    "method '%.*s': not a token", STR_ARG(out->method));
	/* A tunnel cannot be had through CGI; a 2xx would promise one. */
	if (str_eq(out->method, STR("CONNECT")))
		return err_set(e, REASON_BAD_REQUEST,
		    "method CONNECT: no tunnels here");
	if (out->space.n > 0 && !str_is_name(out->space))
		return err_set(e, REASON_BAD_REQUEST,
		    "ROUTER_NAMESPACE '%.*s' of the web server is no name",
		    STR_ARG(out->space));
	if (request_read_target(out, v, a, e) == -1)
		return -1;
	return request_read_length(out, v->content_length, e);
}

int
request_from_cgi(char *const *variables, struct arena *a,
    struct request *out, struct err *e)
{
	struct request_variables v;
	struct err ignored;

	memset(out, 0, sizeof(*out));
	header_init(&out->fields, a);
	request_collect(variables, &v);
	request_fill(out, &v);
	if (request_judge(out, &v, a, e) == 0)
		return request_read_fields(out, &v, a, e);
	(void)request_read_fields(out, &v, a, &ignored);
	return -1;
}

bool
request_is_idempotent(struct str method)
{
	static const struct str idempotent[] = {
		{ "GET", 3 }, { "HEAD", 4 }, { "PUT", 3 }, { "DELETE", 6 },
		{ "OPTIONS", 7 }, { "TRACE", 5 }, { "PROPFIND", 8 },
		{ "PROPPATCH", 9 }, { "REPORT", 6 }, { "SEARCH", 6 }
	};
	size_t i;

	for (i = 0; i < sizeof(idempotent) / sizeof(idempotent[0]); i++)
		if (str_eq(method, idempotent[i]))
			return true;
	return false;
}
