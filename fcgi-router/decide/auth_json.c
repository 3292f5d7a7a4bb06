/* SPDX-License-Identifier: BSD-2-Clause */

/* auth_json: jansson's json_t. */

#include "decide/auth_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/late.h"

LATE_NOTE(auth_json_note, "jwt", "Authentication by JSON Web Tokens",
    JANSSON_SONAME);

/* Its functions, filled before there is any object, never changed then. */
static struct auth_json_calls {
	__typeof__(json_loadb) *load;
	__typeof__(json_delete) *drop;
	__typeof__(json_object_get) *get;
	__typeof__(json_object_size) *size;
	__typeof__(json_object_iter) *first;
	__typeof__(json_object_iter_next) *next;
	__typeof__(json_object_iter_key) *key;
	__typeof__(json_object_iter_value) *value;
	__typeof__(json_array_size) *length;
	__typeof__(json_array_get) *at;
	__typeof__(json_string_value) *text;
	__typeof__(json_string_length) *text_length;
	__typeof__(json_integer_value) *integer;
	__typeof__(json_number_value) *number;
} calls;

static struct err auth_json_why; /* it is not loaded */
static bool auth_json_loaded;

static void
auth_json_late(void)
{
	static const struct late_call list[] = {
		LATE_CALL(auth_json_calls, load, "json_loadb"),
		LATE_CALL(auth_json_calls, drop, "json_delete"),
		LATE_CALL(auth_json_calls, get, "json_object_get"),
		LATE_CALL(auth_json_calls, size, "json_object_size"),
		LATE_CALL(auth_json_calls, first, "json_object_iter"),
		LATE_CALL(auth_json_calls, next, "json_object_iter_next"),
		LATE_CALL(auth_json_calls, key, "json_object_iter_key"),
		LATE_CALL(auth_json_calls, value, "json_object_iter_value"),
		LATE_CALL(auth_json_calls, length, "json_array_size"),
		LATE_CALL(auth_json_calls, at, "json_array_get"),
		LATE_CALL(auth_json_calls, text, "json_string_value"),
		LATE_CALL(auth_json_calls, text_length, "json_string_length"),
		LATE_CALL(auth_json_calls, integer, "json_integer_value"),
		LATE_CALL(auth_json_calls, number, "json_number_value")
	};

	auth_json_loaded = late_load(JANSSON_SONAME, list,
	    sizeof(list) / sizeof(list[0]), &calls, &auth_json_why) == 0;
}

int
auth_json_begin(struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	CHECK(pthread_once(&once, auth_json_late) == 0);
	if (auth_json_loaded)
		return 0;
	*e = auth_json_why;
	return -1;
}

/* ---- reading ---- */

/* jansson's reader calls itself for what is inside, 2,048 times at most: that
 * is much of a worker's stack. */
static bool
auth_json_is_flat(struct str text)
{
	bool quoted = false;
	size_t depth = 0, i;

	for (i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"')
			quoted = !quoted;
		else if (quoted)
			i += c == '\\';
		else if ((c == '{' || c == '[') && ++depth > AUTH_JSON_DEPTH)
			return false;
		else if ((c == '}' || c == ']') && depth-- == 0)
			return false;
	}
	return true;
}

static const json_t *
auth_json_of(const struct auth_json *j)
{
	return (const json_t *)(const void *)j;
}

struct auth_json *
auth_json_read(struct str text)
{
	json_error_t why;
	json_t *j;

	if (text.n == 0 || !auth_json_is_flat(text))
		return NULL;
	j = calls.load(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
	if (j != NULL && !json_is_object(j)) {
		calls.drop(j);
		j = NULL;
	}
	return (struct auth_json *)(void *)j;
}

void
auth_json_free(struct auth_json **j)
{
	if (*j != NULL)
		calls.drop((json_t *)(void *)*j);
	*j = NULL;
}

/* ---- looking ---- */

static const json_t *
auth_json_get(const struct auth_json *j, const char *name)
{
	return calls.get(auth_json_of(j), name);
}

static struct str
auth_json_str(const json_t *text)
{
	return (struct str){ calls.text(text), calls.text_length(text) };
}

bool
auth_json_has(const struct auth_json *j, const char *name)
{
	return auth_json_get(j, name) != NULL;
}

bool
auth_json_text(const struct auth_json *j, const char *name, struct str *out)
{
	const json_t *value = auth_json_get(j, name);

	if (!json_is_string(value))
		return false;
	*out = auth_json_str(value);
	return true;
}

bool
auth_json_number(const struct auth_json *j, const char *name, double *out)
{
	const json_t *value = auth_json_get(j, name);

	if (!json_is_number(value))
		return false;
	*out = calls.number(value);
	return true;
}

bool
auth_json_lists(const struct auth_json *j, const char *name, struct str text)
{
	const json_t *value = auth_json_get(j, name), *one;
	bool found = false;
	size_t i;

	if (json_is_string(value))
		return str_eq(auth_json_str(value), text);
	if (!json_is_array(value))
		return false;
	for (i = 0; i < calls.length(value); i++) {
		one = calls.at(value, i);
		if (!json_is_string(one))
			return false;
		found = str_eq(auth_json_str(one), text) || found;
	}
	return found;
}

/* ---- as texts ---- */

/* As auth_json_word, of what is no list. */
static int
auth_json_spell(const json_t *value, struct arena *a, struct str *out)
{
	if (json_is_string(value))
		*out = arena_copy(a, auth_json_str(value));
	else if (json_is_integer(value))
		*out = arena_printf(a, "%" PRId64,
		    (int64_t)calls.integer(value));
	else if (json_is_boolean(value))
		*out = json_is_true(value) ? STR("true") : STR("false");
	else
		return 0;
	return out->p != NULL ? 1 : -1;
}

static int
auth_json_spell_list(const json_t *list, struct arena *a, struct str *out)
{
	size_t n = calls.length(list), i;
	struct str *parts = arena_alloc(a, (2 * n + 1) * sizeof(*parts));

	if (parts == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		struct str *one = &parts[2 * i];
		int got = auth_json_spell(calls.at(list, i), a, one);

		if (got != 1)
			return got;
		if (str_find(*one, ',') < one->n)
			return 0;
		one[1] = i + 1 < n ? STR(",") : STR("");
	}
	*out = arena_join(a, parts, 2 * n + 1);
	return out->p != NULL ? 1 : -1;
}

static int
auth_json_spell_any(const json_t *value, struct arena *a, struct str *out)
{
	return json_is_array(value) ? auth_json_spell_list(value, a, out) :
	    auth_json_spell(value, a, out);
}

int
auth_json_word(const struct auth_json *j, const char *name, struct arena *a,
    struct str *out)
{
	return auth_json_spell_any(auth_json_get(j, name), a, out);
}

int
auth_json_words(const struct auth_json *j, struct arena *a,
    const struct pattern_claim **out, size_t *count)
{
	json_t *all = (json_t *)(uintptr_t)auth_json_of(j);
	struct pattern_claim *list = arena_alloc(a,
	    (calls.size(all) + 1) * sizeof(*list));
	void *at;

	*count = 0;
	*out = list;
	if (list == NULL)
		return -1;
	for (at = calls.first(all); at != NULL; at = calls.next(all, at)) {
		struct pattern_claim *c = &list[*count];
		int got = auth_json_spell_any(calls.value(at), a, &c->value);

		if (got == 1)
			c->name = arena_copy(a, str_of(calls.key(at)));
		if (got == -1 || (got == 1 && c->name.p == NULL))
			return -1;
		*count += got == 1;
	}
	return 0;
}
