/* SPDX-License-Identifier: BSD-2-Clause */

/* format: a text with fields, made a list of parts once, and its lines. */

#include "report/format.h"

#include <stdlib.h>
#include <string.h>

#include "report/format_private.h"
#include "report/redact.h"

static const struct format_own {
	struct str name;
	void (*put)(struct format_line *l, const struct record *r);
} format_own[] = {
	{ { "combined", 8 }, format_put_combined },
	{ { "vhost_combined", 14 }, format_put_vhost_combined },
	{ { "standard", 8 }, format_put_standard },
	{ { "full", 4 }, format_put_full },
	{ { "json", 4 }, format_put_json },
};

/* A kind of field, and what may stand behind its name. */
static const struct format_form {
	enum record_kind kind;
	const char *unit;
	enum format_what what;
} format_forms[] = {
	{ RECORD_KIND_TEXT, "", FORMAT_TEXT },
	{ RECORD_KIND_REASON, "", FORMAT_REASON },
	{ RECORD_KIND_STATUS, "", FORMAT_STATUS },
	{ RECORD_KIND_PORT, "", FORMAT_PORT },
	{ RECORD_KIND_COUNT, "", FORMAT_COUNT },
	{ RECORD_KIND_TIME, "_us", FORMAT_TIME_US },
	{ RECORD_KIND_TIME, "_ms", FORMAT_TIME_MS },
	{ RECORD_KIND_TIME, "_s", FORMAT_TIME_S },
	{ RECORD_KIND_WALL, "", FORMAT_WALL },
	{ RECORD_KIND_WALL, "_local", FORMAT_WALL_LOCAL },
	{ RECORD_KIND_WALL, "_s", FORMAT_WALL_S },
	{ RECORD_KIND_TAGS, "", FORMAT_TAGS },
};

/* ---- made of a text ---- */

struct format_parser {
	struct format *f;
	struct str text;
	size_t at;   /* so far it was read */
	size_t used; /* of f->text */
	size_t most; /* bytes of a line */
	bool quoted; /* between quotes */
	struct err *e;
};

/* One more byte of the literal before the next field. */
static void
format_add_byte(struct format_parser *p, char c)
{
	struct format_part *part = &p->f->parts[p->f->count];

	if (part->literal.n == 0)
		part->literal.p = p->f->text + p->used;
	p->f->text[p->used++] = c;
	part->literal.n++;
	p->most++;
	if (c == '"')
		p->quoted = !p->quoted;
}

static void
format_add_part(struct format_parser *p, enum format_what what, size_t most)
{
	struct format_part *part = &p->f->parts[p->f->count++];

	part->what = what;
	part->how = p->quoted ? ESCAPE_QUOTED : ESCAPE_WORD;
	part->most = most;
	p->most += most;
}

/* {tag.K}, {header.NAME}: false: it is none. */
static bool
format_find_keyed(struct format_parser *p, struct str name)
{
	static const struct format_keyed {
		struct str prefix;
		enum format_what what;
		enum record_field like; /* which takes no more */
	} keyed[] = {
		{ { "tag.", 4 }, FORMAT_TAG, RECORD_AT_tags },
		{ { "header.", 7 }, FORMAT_HEADER, RECORD_AT_user_agent },
	};
	struct format_part *part = &p->f->parts[p->f->count];
	size_t i, k;

	for (i = 0; i < sizeof(keyed) / sizeof(keyed[0]); i++) {
		struct str key = str_sub(name, keyed[i].prefix.n, name.n);

		if (key.n == 0 || !str_starts(name, keyed[i].prefix))
			continue;
		part->key = (struct str){ p->f->text + p->used, key.n };
		for (k = 0; k < key.n; k++)
			p->f->text[p->used++] = key.p[k];
		format_add_part(p, keyed[i].what,
		    record_rows[keyed[i].like].most);
		return true;
	}
	return false;
}

static bool
format_find_field(struct format_parser *p, struct str name)
{
	struct format_part *part = &p->f->parts[p->f->count];
	size_t i;

	for (i = 0; i < sizeof(format_forms) / sizeof(format_forms[0]); i++) {
		const struct format_form *form = &format_forms[i];
		struct str unit = str_of(form->unit);
		enum record_field at;

		if (!str_ends(name, unit) || !record_find(str_sub(name, 0,
		    name.n - unit.n), &at) ||
		    record_rows[at].kind != form->kind)
			continue;
		part->offset = record_rows[at].offset;
		format_add_part(p, form->what, record_rows[at].most);
		return true;
	}
	return false;
}

static int
format_find(struct format_parser *p, struct str name)
{
	enum record_field at;

	if (str_eq(name, STR("tab"))) {
		format_add_byte(p, '\t');
		return 0;
	}
	if (format_find_keyed(p, name) || format_find_field(p, name))
		return 0;
	if (record_find(name, &at))
		return err_set(p->e, REASON_INTERNAL, "{%.*s} without a unit, "
		    "expected {%.*s_us}, {%.*s_ms} or {%.*s_s}",
		    STR_ARG(name), STR_ARG(name), STR_ARG(name),
		    STR_ARG(name));
	return err_set(p->e, REASON_INTERNAL, "{%.*s} is no field, expected "
	    "one as {host}, {time}, {total_ms} or {tag.K}", STR_ARG(name));
}

/* The field whose { stands at p->at. */
static int
format_read_field(struct format_parser *p)
{
	struct str rest = str_sub(p->text, p->at + 1, p->text.n), name;

	if (!str_cut(rest, '}', &name, &rest))
		return err_set(p->e, REASON_INTERNAL,
		    "a { that is not closed, expected }, or {{ for a brace");
	if (format_find(p, name) == -1)
		return -1;
	p->at += name.n + 2;
	return 0;
}

static int
format_read_one(struct format_parser *p)
{
	char c = p->text.p[p->at];
	bool doubled = p->at + 1 < p->text.n && p->text.p[p->at + 1] == c;

	if (str_is_control(c))
		return err_set(p->e, REASON_INTERNAL,
		    "a control byte, expected {tab} or none");
	if (c == '{' && !doubled)
		return format_read_field(p);
	if (c == '}' && !doubled)
		return err_set(p->e, REASON_INTERNAL,
		    "a } alone, expected }} for a brace");
	format_add_byte(p, c);
	p->at += c == '{' || c == '}' ? 2 : 1;
	return 0;
}

/* What is behind the last field. */
static int
format_read_end(struct format_parser *p)
{
	if (p->quoted)
		return err_set(p->e, REASON_INTERNAL,
		    "a quote that is not closed, expected \" once more");
	if (p->f->count == 0)
		return err_set(p->e, REASON_INTERNAL,
		    "no field in it, expected one as {host}");
	format_add_byte(p, '\n');
	format_add_part(p, FORMAT_NOTHING, 0);
	return p->most <= FORMAT_LINE_MAX ? 0 : err_set(p->e,
	    REASON_INTERNAL, "lines of up to %zu bytes, expected at most %d: "
	    "name long fields once", p->most, FORMAT_LINE_MAX);
}

int
format_parse(struct str text, struct format **out, size_t *at, struct err *e)
{
	struct format_parser p = { .text = text, .e = e };
	int got = 0;

	*at = 0;
	if (text.n > FORMAT_TEXT_MAX)
		return err_set(e, REASON_INTERNAL, "%zu bytes, expected at "
		    "most %d", text.n, FORMAT_TEXT_MAX);
	p.f = calloc(1, sizeof(*p.f));
	if (p.f == NULL)
		return err_set(e, REASON_OVERLOADED,
		    "out of memory, expected room for a format");
	while (got == 0 && p.at < text.n)
		got = format_read_one(&p);
	if (got == 0)
		got = format_read_end(&p);
	if (got == -1) {
		*at = p.at;
		format_free(&p.f);
		return -1;
	}
	*out = p.f;
	return 0;
}

/* ---- built in ---- */

static const struct format_own *
format_find_own(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(format_own) / sizeof(format_own[0]); i++)
		if (str_eq(name, format_own[i].name))
			return &format_own[i];
	return NULL;
}

bool
format_is_built_in(struct str name)
{
	return format_find_own(name) != NULL;
}

int
format_built_in(struct str name, struct format **out, struct err *e)
{
	const struct format_own *own = format_find_own(name);

	if (own == NULL)
		return 0;
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return err_set(e, REASON_OVERLOADED,
		    "out of memory, expected room for a format");
	(*out)->put = own->put;
	return 1;
}

void
format_free(struct format **f)
{
	free(*f);
	*f = NULL;
}

void
format_redact(struct format *f, struct str lines)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->parts[i].what == FORMAT_HEADER)
			f->parts[i].redacted = redact_has_header(lines,
			    f->parts[i].key);
}

bool
format_is_json(const struct format *f)
{
	return f->put == format_put_json;
}

/* ---- a line ---- */

/* The record's Referer has no more of its query than may be written down. */
static struct str
format_header(const struct record *r, const struct format_part *part)
{
	struct str value = r->fields == NULL ? (struct str){ NULL, 0 } :
	    str_eq_nocase(part->key, STR("referer")) ? r->referer :
	    header_get(r->fields, part->key);

	return value.n > 0 && part->redacted ? STR(REDACT_WORD) : value;
}

static void
format_put_part(struct format_line *l, const struct format_part *part,
    const struct record *r)
{
	const void *at = (const char *)r + part->offset;

	switch (part->what) {
	case FORMAT_TEXT:
		format_put_text(l, *(const struct str *)at, part->most,
		    part->how);
		break;
	case FORMAT_REASON:
		format_put(l, str_of(reason_word(*(const enum reason *)at)));
		break;
	case FORMAT_STATUS:
		format_put_known(l, (uint64_t)*(const int *)at);
		break;
	case FORMAT_PORT:
		format_put_known(l, *(const uint16_t *)at);
		break;
	case FORMAT_COUNT:
		format_put_number(l, *(const uint64_t *)at);
		break;
	case FORMAT_TIME_US:
	case FORMAT_TIME_MS:
	case FORMAT_TIME_S:
		format_put_time(l, *(const int64_t *)at, part->what);
		break;
	case FORMAT_WALL:
	case FORMAT_WALL_LOCAL:
	case FORMAT_WALL_S:
		format_put_wall(l, *(const struct timespec *)at, part->what);
		break;
	case FORMAT_TAGS:
		format_put_tags(l, &r->tags, part->most, part->how);
		break;
	case FORMAT_TAG:
		format_put_text(l, record_tag(&r->tags, part->key),
		    part->most, part->how);
		break;
	case FORMAT_HEADER:
		format_put_text(l, format_header(r, part), part->most,
		    part->how);
		break;
	default:
		break;
	}
}

size_t
format_print(const struct format *f, const struct record *r,
    char line[FORMAT_LINE_MAX])
{
	struct format_line l = { line };
	size_t i;

	if (f->put != NULL)
		f->put(&l, r);
	for (i = 0; i < f->count; i++) {
		format_put(&l, f->parts[i].literal);
		format_put_part(&l, &f->parts[i], r);
	}
	CHECK((size_t)(l.p - line) <= FORMAT_LINE_MAX);
	return (size_t)(l.p - line);
}
