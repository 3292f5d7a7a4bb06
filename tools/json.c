/* SPDX-License-Identifier: BSD-2-Clause */

/* json: libjansson, made to take any bytes. */

#include "tools/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/escape.h"

enum {
	JSON_FIRST = 4096,
	JSON_PIECE = 1024,
	JSON_NUMBER = 64, /* spelled */
	JSON_DEL = 0x7f
};

struct json {
	json_t *object;
	char *line; /* where it is spelled */
	size_t room;
};

struct json *
json_new(void)
{
	struct json *j = calloc(1, sizeof(*j));

	CHECK(j != NULL);
	j->object = json_object();
	j->room = JSON_FIRST;
	j->line = malloc(j->room);
	CHECK(j->object != NULL && j->line != NULL);
	return j;
}

void
json_free(struct json **j)
{
	if (*j == NULL)
		return;
	json_decref((*j)->object);
	free((*j)->line);
	free(*j);
	*j = NULL;
}

static void
json_escape(struct str value, struct buf *to)
{
	buf_init(to, SIZE_MAX);
	while (value.n > 0) {
		char *room = buf_room(to, JSON_PIECE);

		CHECK(room != NULL);
		buf_grew(to, escape_put(room, JSON_PIECE, &value,
		    ESCAPE_LINE));
	}
}

static json_t *
json_of(struct str value)
{
	json_t *made = NULL;
	struct buf safe;

	if (value.n == 0)
		made = json_stringn("", 0);
	else if (memchr(value.p, JSON_DEL, value.n) == NULL)
		made = json_stringn(value.p, value.n);
	if (made != NULL)
		return made;
	json_escape(value, &safe);
	made = json_stringn(buf_view(&safe).p, buf_view(&safe).n);
	CHECK(made != NULL);
	buf_fini(&safe);
	return made;
}

void
json_text(struct json *j, const char *key, struct str value)
{
	CHECK(json_object_set_new_nocheck(j->object, key, json_of(value)) ==
	    0);
}

void
json_number(struct json *j, const char *key, uint64_t value)
{
	json_int_t most = value > INT64_MAX ? INT64_MAX : (json_int_t)value;

	CHECK(json_object_set_new_nocheck(j->object, key,
	    json_integer(most)) == 0);
}

void
json_flag(struct json *j, const char *key, bool value)
{
	CHECK(json_object_set_new_nocheck(j->object, key,
	    json_boolean(value)) == 0);
}

/* What is under key, made by make when there is nothing yet. */
static json_t *
json_under(struct json *j, const char *key, json_t *(*make)(void))
{
	json_t *found = json_object_get(j->object, key);

	if (found != NULL)
		return found;
	CHECK(json_object_set_new_nocheck(j->object, key, make()) == 0);
	return json_object_get(j->object, key);
}

void
json_append(struct json *j, const char *key, struct str value)
{
	CHECK(json_array_append_new(json_under(j, key, json_array),
	    json_of(value)) == 0);
}

void
json_append_object(struct json *j, const char *key, struct json *one)
{
	CHECK(json_array_append_new(json_under(j, key, json_array),
	    one->object) == 0);
	one->object = json_object();
	CHECK(one->object != NULL);
}

void
json_inside(struct json *j, const char *key, struct json *one)
{
	CHECK(json_object_set_new_nocheck(j->object, key, one->object) == 0);
	one->object = json_object();
	CHECK(one->object != NULL);
}

void
json_pair(struct json *j, const char *key, struct str name, struct str value)
{
	json_t *word = json_of(name);

	CHECK(json_object_setn_new_nocheck(json_under(j, key, json_object),
	    json_string_value(word), json_string_length(word),
	    json_of(value)) == 0);
	json_decref(word);
}

bool
json_read(struct json *j, struct str line)
{
	json_t *read = json_loadb(line.p != NULL ? line.p : "", line.n,
	    JSON_ALLOW_NUL, NULL);

	if (!json_is_object(read)) {
		json_decref(read);
		CHECK(json_object_clear(j->object) == 0);
		return false;
	}
	json_decref(j->object);
	j->object = read;
	return true;
}

/* The text of a value that is no list and no object; false: it is one. */
static bool
json_word(json_t *value, char room[JSON_NUMBER], struct str *out)
{
	int n = 0;

	if (json_is_string(value))
		*out = (struct str){ json_string_value(value),
			json_string_length(value) };
	else if (json_is_null(value))
		*out = STR("");
	else if (json_is_boolean(value))
		*out = json_is_true(value) ? STR("yes") : STR("no");
	else if (json_is_integer(value))
		n = snprintf(room, JSON_NUMBER, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	else if (json_is_real(value))
		n = snprintf(room, JSON_NUMBER, "%.6f",
		    json_real_value(value));
	else
		return false;
	if (n >= JSON_NUMBER)
		return false;
	if (n > 0)
		*out = (struct str){ room, (size_t)n };
	return true;
}

void
json_each(const struct json *j, void (*see)(void *arg, struct str name,
    struct str key, struct str value), void *arg)
{
	char room[JSON_NUMBER];
	const char *name, *key;
	json_t *value, *inner;
	struct str text;

	json_object_foreach(j->object, name, value) {
		if (json_word(value, room, &text))
			see(arg, str_of(name), STR(""), text);
		json_object_foreach(value, key, inner) {
			if (json_word(inner, room, &text))
				see(arg, str_of(name), str_of(key), text);
		}
	}
}

void
json_write(struct json *j, FILE *to)
{
	size_t flags = JSON_COMPACT | JSON_ENSURE_ASCII;
	size_t n = json_dumpb(j->object, j->line, j->room, flags);

	CHECK(n > 0);
	if (n > j->room) {
		free(j->line);
		j->line = malloc(n);
		CHECK(j->line != NULL);
		j->room = n;
		CHECK(json_dumpb(j->object, j->line, j->room, flags) == n);
	}
	(void)fwrite(j->line, 1, n, to);
	(void)fputc('\n', to);
	CHECK(json_object_clear(j->object) == 0);
}
