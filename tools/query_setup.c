/* SPDX-License-Identifier: BSD-2-Clause */

/* query_setup: settings, maps and wishes. */

#include "tools/query_setup.h"

#include <stdio.h>
#include <string.h>

#include "base/cidr.h"
#include "http/header.h"

/* ---- wishes ---- */

void
query_wish_init(struct query_wish *w)
{
	*w = (struct query_wish){ .method = STR("GET") };
}

static int
query_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for a request");
}

/* The variable "HTTP_X_FOO=value" that a web server would make of it. */
static char *
query_variable(struct str name, struct str value, struct arena *a)
{
	bool type = str_eq_nocase(name, STR("Content-Type"));
	struct str made = arena_printf(a, "%s%.*s=%.*s", type ? "" : "HTTP_",
	    STR_ARG(name), STR_ARG(value));
	char *p = (char *)(uintptr_t)made.p;

	for (; p != NULL && *p != '='; p++)
		*p = *p == '-' ? '_' : str_upper(*p);
	return (char *)(uintptr_t)made.p;
}

int
query_wish_field(struct query_wish *w, struct str line, struct arena *a,
    struct err *e)
{
	struct str name, value;
	char *made;

	if (!str_cut(line, ':', &name, &value) || !header_is_token(name))
		return err_set(e, REASON_BAD_REQUEST,
		    "'%.*s' is no header field, 'Name: value' was expected",
		    STR_ARG(line));
	value = str_trim(value);
	if (!header_is_value(value))
		return err_set(e, REASON_BAD_REQUEST,
		    "the value of '%.*s' holds a control byte, text was "
		    "expected", STR_ARG(name));
	if (str_eq_nocase(name, STR("Host")))
		return err_set(e, REASON_BAD_REQUEST,
		    "'%.*s' is no field to be set, the host was expected in "
		    "the URL", STR_ARG(name));
	if (w->field_count == QUERY_FIELDS_MAX)
		return err_set(e, REASON_BAD_REQUEST,
		    "'%.*s' is one field too many, at most %d were expected",
		    STR_ARG(name), QUERY_FIELDS_MAX);
	made = query_variable(name, value, a);
	if (made == NULL)
		return query_full(e);
	w->fields[w->field_count++] = made;
	return 0;
}

static int
query_copy(struct str text, struct arena *a, struct str *out, struct err *e)
{
	*out = arena_copy(a, text);
	return out->p != NULL ? 0 : query_full(e);
}

int
query_wish_method(struct query_wish *w, struct str method, struct arena *a,
    struct err *e)
{
	if (!header_is_token(method))
		return err_set(e, REASON_BAD_REQUEST,
		    "'%.*s' is no method, a word such as POST was expected",
		    STR_ARG(method));
	return query_copy(method, a, &w->method, e);
}

int
query_wish_client(struct query_wish *w, struct str address, struct arena *a,
    struct err *e)
{
	struct cidr range;

	if (str_find(address, '/') < address.n ||
	    !cidr_parse(address, &range))
		return err_set(e, REASON_BAD_REQUEST,
		    "'%.*s' is no client, an IP address was expected",
		    STR_ARG(address));
	return query_copy(address, a, &w->client, e);
}

int
query_wish_space(struct query_wish *w, struct str space, struct arena *a,
    struct err *e)
{
	if (!str_is_name(space))
		return err_set(e, REASON_BAD_REQUEST,
		    "'%.*s' is no namespace, a name of a-z, 0-9, '.', '_' and "
		    "'-' was expected", STR_ARG(space));
	return query_copy(space, a, &w->space, e);
}

/* ---- settings and maps ---- */

static void
query_tell_setting(void *arg, const char *line)
{
	(void)arg;
	(void)fprintf(stderr, "%s\n", line);
}

static int
query_settings(struct query *q, struct err *e)
{
	char path[FILE_PATH_MAX];
	int got = settings_find(q->settings_path, path, e);

	if (got == -1)
		return -1;
	if (settings_load(got == 1 ? path : NULL, &q->settings,
	    query_tell_setting, NULL) == -1)
		return err_set(e, REASON_INTERNAL,
		    "%s: errors in the settings", path);
	return 0;
}

static int
query_name_map(struct query *q, const char *path, struct err *e)
{
	size_t n = strlen(path);

	if (n >= FILE_PATH_MAX)
		return err_set(e, REASON_INTERNAL, "%s: path too long", path);
	CHECK(q->map_count < QUERY_MAPS_MAX);
	memcpy(q->maps[q->map_count++].path, path, n + 1);
	return 0;
}

int
query_find(struct query *q, struct err *e)
{
	size_t i;

	if ((q->settings_path != NULL || q->asked_count == 0) &&
	    query_settings(q, e) == -1)
		return -1;
	if (q->asked_count == 0)
		return query_name_map(q, q->settings->map, e);
	for (i = 0; i < q->asked_count; i++)
		if (query_name_map(q, q->asked[i], e) == -1)
			return -1;
	return 0;
}

static int
query_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	return store_get(arg, 0, key, a, value, e);
}

int
query_open(struct query *q, struct err *e)
{
	size_t i;

	for (i = 0; i < q->map_count; i++) {
		struct query_map *m = &q->maps[i];
		int got = store_open(m->path, &m->store, e);

		if (got == 0)
			return err_set(e, REASON_NO_MAP,
			    "%s: there is no map", m->path);
		if (got == -1)
			return -1;
		m->lookup = (struct lookup_map){ .get = query_get,
			.arg = m->store, .meta = store_meta(m->store) };
	}
	return 0;
}

void
query_close(struct query *q)
{
	size_t i;

	for (i = 0; i < q->map_count; i++)
		store_close(&q->maps[i].store);
	if (q->settings != NULL)
		settings_drop(&q->settings);
}

struct str
query_place(const struct query_map *m, uint32_t source, uint32_t line,
    struct arena *a)
{
	struct str left = m->lookup.meta->sources, name;
	uint32_t i;

	for (i = 0; str_cut(left, '\n', &name, &left) && i < source; i++)
		;
	/* A list that the map does not name, by its number. */
	if (i < source || name.n == 0)
		return arena_printf(a, "list %u:%u", source, line);
	return arena_printf(a, "%.*s:%u", STR_ARG(name), line);
}
