/* SPDX-License-Identifier: BSD-2-Clause */

/* format_json: all of a record as one object of JSON. */

#include "report/format_private.h"

enum {
	/* Each field with its name, and what JSON puts around both. */
#define RECORD(member, kind, name, most, manual) \
	(most) + sizeof(",\"_us\":\"\"" name) +
	FORMAT_JSON_MAX =
#include "report/record.tbl.h"
	sizeof("{}\n")
#undef RECORD
};

_Static_assert((size_t)FORMAT_JSON_MAX <= (size_t)FORMAT_LINE_MAX,
    "a whole object fits");

static void
format_json_quoted(struct format_line *l, struct str s, size_t most)
{
	*l->p++ = '"';
	format_put_text(l, s, most, ESCAPE_JSON);
	*l->p++ = '"';
}

/* ---- one function for each kind of the table ---- */

static void
format_json_TEXT(struct format_line *l, struct str name, struct str s,
    size_t most)
{
	if (s.n == 0)
		return;
	format_put(l, name);
	format_json_quoted(l, s, most);
}

static void
format_json_REASON(struct format_line *l, struct str name, enum reason reason,
    size_t most)
{
	if (reason != REASON_NONE)
		format_json_TEXT(l, name, str_of(reason_word(reason)), most);
}

static void
format_json_COUNT(struct format_line *l, struct str name, uint64_t n,
    size_t most)
{
	(void)most;
	format_put(l, name);
	format_put_number(l, n);
}

static void
format_json_STATUS(struct format_line *l, struct str name, int status,
    size_t most)
{
	if (status > 0)
		format_json_COUNT(l, name, (uint64_t)status, most);
}

static void
format_json_PORT(struct format_line *l, struct str name, uint16_t port,
    size_t most)
{
	format_json_STATUS(l, name, port, most);
}

static void
format_json_TIME(struct format_line *l, struct str name, int64_t us,
    size_t most)
{
	if (us >= 0)
		format_json_COUNT(l, name, (uint64_t)us, most);
}

static void
format_json_WALL(struct format_line *l, struct str name, struct timespec at,
    size_t most)
{
	(void)most;
	format_put(l, name);
	*l->p++ = '"';
	format_put_wall(l, at, FORMAT_WALL);
	*l->p++ = '"';
}

/* "K":"V" in at most `room` bytes; false: it does not fit, nothing is put. */
static bool
format_json_tag(struct format_line *l, const struct record_tag *tag,
    size_t room)
{
	const size_t marks = sizeof("\"\":\"\"") - 1;
	struct str key = tag->key, value = tag->value;
	char *before = l->p;

	if (room < marks)
		return false;
	*l->p++ = '"';
	l->p += escape_put(l->p, room - marks, &key, ESCAPE_JSON);
	format_put(l, STR("\":\""));
	l->p += escape_put(l->p, room - 1 - (size_t)(l->p - before), &value,
	    ESCAPE_JSON);
	*l->p++ = '"';
	if (key.n == 0 && value.n == 0)
		return true;
	l->p = before;
	return false;
}

/* {"K":"V"}; in place of those that do not fit there is a member "...". */
static void
format_json_TAGS(struct format_line *l, struct str name,
    struct record_tags tags, size_t most)
{
	const struct str cut = STR("\"...\":\"\"");
	char *start;
	size_t i;

	if (tags.count == 0)
		return;
	format_put(l, name);
	start = l->p;
	*l->p++ = '{';
	for (i = 0; i < tags.count; i++) {
		/* behind it there is room for a comma, `cut` and a brace */
		size_t used = (size_t)(l->p - start) + cut.n + 2;

		if (used >= most || !format_json_tag(l, &tags.list[i],
		    most - used)) {
			format_put(l, cut);
			break;
		}
		if (i + 1 < tags.count)
			*l->p++ = ',';
	}
	*l->p++ = '}';
}

/* Of TIME the unit is in the name. */
#define FORMAT_JSON_UNIT_TEXT ""
#define FORMAT_JSON_UNIT_REASON ""
#define FORMAT_JSON_UNIT_STATUS ""
#define FORMAT_JSON_UNIT_PORT ""
#define FORMAT_JSON_UNIT_COUNT ""
#define FORMAT_JSON_UNIT_TIME "_us"
#define FORMAT_JSON_UNIT_WALL ""
#define FORMAT_JSON_UNIT_TAGS ""

void
format_put_json(struct format_line *l, const struct record *r)
{
	char *start = l->p;

#define RECORD(member, kind, name, most, manual) \
	format_json_##kind(l, STR(",\"" name FORMAT_JSON_UNIT_##kind "\":"), \
	    r->member, (most));
#include "report/record.tbl.h"
#undef RECORD
	*start = '{'; /* in place of the first comma: the time is there */
	format_put(l, STR("}\n"));
}
