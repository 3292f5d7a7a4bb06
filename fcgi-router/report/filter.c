/* SPDX-License-Identifier: BSD-2-Clause */

/* filter: an expression, and what a record is by it. */

#include "report/filter.h"

#include <stdlib.h>
#include <string.h>

#include "report/filter_private.h"

/* ---- the expression ---- */

struct filter_parser {
	struct filter *f;
	struct str left; /* not read yet, of f->text */
	unsigned depth;
	struct err *e;
};

/* One after the other, the longer ones first. */
static const struct filter_word {
	struct str text;
	enum filter_op op;
} filter_ops[] = {
	{ { "!=", 2 }, FILTER_UNEQUAL },
	{ { ">=", 2 }, FILTER_AT_LEAST },
	{ { "<=", 2 }, FILTER_AT_MOST },
	{ { "=", 1 }, FILTER_EQUAL },
	{ { ">", 1 }, FILTER_ABOVE },
	{ { "<", 1 }, FILTER_BELOW },
};

static int filter_read_any(struct filter_parser *p, unsigned *out);

static void
filter_skip(struct filter_parser *p, size_t n)
{
	p->left.p += n;
	p->left.n -= n;
	p->left = str_trim(p->left);
}

static bool
filter_next_is(const struct filter_parser *p, char c)
{
	return p->left.n > 0 && p->left.p[0] == c;
}

static unsigned
filter_add(struct filter_parser *p, enum filter_join join, unsigned a,
    unsigned b)
{
	struct filter *f = p->f;

	CHECK(f->node_count < FILTER_NODES_MAX);
	f->nodes[f->node_count] = (struct filter_node){ join, a, b };
	return (unsigned)f->node_count++;
}

static bool
filter_in_name(char c)
{
	return str_is_alnum(c) || c == '_' || c == '.' || c == '-';
}

/* tag.K names a tag, all else a field. */
static int
filter_read_name(struct filter_parser *p, struct filter_test *test)
{
	const struct str tag = STR("tag.");
	struct str name = { p->left.p, 0 };

	while (name.n < p->left.n && filter_in_name(p->left.p[name.n]))
		name.n++;
	test->key = str_starts(name, tag) ? str_sub(name, tag.n, name.n) :
	    str_sub(name, 0, 0);
	test->field = RECORD_AT_tags;
	if (name.n == 0)
		return err_set(p->e, REASON_INTERNAL, "no name of a field, "
		    "expected one as status, host or tag.K");
	if (test->key.n == 0 && (!record_find(name, &test->field) ||
	    test->field == RECORD_AT_start))
		return err_set(p->e, REASON_INTERNAL, "'%.*s' is no field "
		    "that can be asked for, expected one as status, host or "
		    "tag.K", STR_ARG(name));
	filter_skip(p, name.n);
	return 0;
}

static int
filter_read_op(struct filter_parser *p, enum filter_op *out)
{
	size_t i;

	for (i = 0; i < sizeof(filter_ops) / sizeof(filter_ops[0]); i++) {
		if (!str_starts(p->left, filter_ops[i].text))
			continue;
		*out = filter_ops[i].op;
		filter_skip(p, filter_ops[i].text.n);
		return 0;
	}
	return err_set(p->e, REASON_INTERNAL, "no comparison behind the "
	    "field, expected one of = != < <= > >=");
}

static int
filter_read_value(struct filter_parser *p, struct str *out, size_t *n)
{
	struct str text = p->left, rest;

	if (filter_next_is(p, '"') || filter_next_is(p, '\'')) {
		if (!str_cut(str_sub(text, 1, text.n), text.p[0], out, &rest))
			return err_set(p->e, REASON_INTERNAL, "a quote that "
			    "is not closed, expected %c behind the value",
			    text.p[0]);
		*n = out->n + 2;
		return 0;
	}
	out->p = text.p;
	for (out->n = 0; out->n < text.n; out->n++)
		if (memchr(" \t&|()", text.p[out->n], 6) != NULL)
			break;
	*n = out->n;
	return out->n > 0 ? 0 : err_set(p->e, REASON_INTERNAL,
	    "no value, expected one, or - for none");
}

/* Names of hosts have no capitals in a record. */
static void
filter_lower(struct filter *f, struct str value)
{
	char *p = f->text + (value.p - f->text);
	size_t i;

	for (i = 0; i < value.n; i++)
		p[i] = str_lower(p[i]);
}

static int
filter_read_test(struct filter_parser *p, unsigned *out)
{
	struct filter *f = p->f;
	struct filter_test *test = &f->tests[f->test_count];
	struct str value;
	size_t n;

	if (f->test_count == FILTER_TESTS_MAX)
		return err_set(p->e, REASON_INTERNAL, "too many comparisons, "
		    "expected at most %d", FILTER_TESTS_MAX);
	if (filter_read_name(p, test) == -1 ||
	    filter_read_op(p, &test->op) == -1 ||
	    filter_read_value(p, &value, &n) == -1 ||
	    filter_value(test, value, p->e) == -1)
		return -1;
	if (test->field == RECORD_AT_host)
		filter_lower(f, value);
	filter_skip(p, n);
	*out = filter_add(p, FILTER_TEST, (unsigned)f->test_count++, 0);
	return 0;
}

static int
filter_read_inner(struct filter_parser *p, unsigned *out)
{
	filter_skip(p, 1);
	if (filter_read_any(p, out) == -1)
		return -1;
	if (!filter_next_is(p, ')'))
		return err_set(p->e, REASON_INTERNAL,
		    "a ( that is not closed, expected )");
	filter_skip(p, 1);
	return 0;
}

static int
filter_read_one(struct filter_parser *p, unsigned *out)
{
	bool denied = filter_next_is(p, '!');
	int got;

	if (!denied && !filter_next_is(p, '('))
		return filter_read_test(p, out);
	if (p->depth == FILTER_DEPTH_MAX)
		return err_set(p->e, REASON_INTERNAL, "too many ( and ! "
		    "within each other, expected at most %d",
		    FILTER_DEPTH_MAX);
	p->depth++;
	if (denied) {
		filter_skip(p, 1);
		got = filter_read_one(p, out);
		if (got == 0)
			*out = filter_add(p, FILTER_NOT, *out, 0);
	} else {
		got = filter_read_inner(p, out);
	}
	p->depth--;
	return got;
}

static int
filter_read_all(struct filter_parser *p, unsigned *out)
{
	unsigned other;

	if (filter_read_one(p, out) == -1)
		return -1;
	while (filter_next_is(p, '&')) {
		filter_skip(p, 1);
		if (filter_read_one(p, &other) == -1)
			return -1;
		*out = filter_add(p, FILTER_AND, *out, other);
	}
	return 0;
}

static int
filter_read_any(struct filter_parser *p, unsigned *out)
{
	unsigned other;

	if (filter_read_all(p, out) == -1)
		return -1;
	while (filter_next_is(p, '|')) {
		filter_skip(p, 1);
		if (filter_read_all(p, &other) == -1)
			return -1;
		*out = filter_add(p, FILTER_OR, *out, other);
	}
	return 0;
}

int
filter_parse(struct str text, struct filter **out, size_t *at, struct err *e)
{
	struct filter *f;
	struct filter_parser p = { .e = e };
	int got;

	*at = 0;
	if (text.n > FILTER_TEXT_MAX)
		return err_set(e, REASON_INTERNAL, "%zu bytes, expected at "
		    "most %d", text.n, FILTER_TEXT_MAX);
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return err_set(e, REASON_OVERLOADED,
		    "out of memory, expected room for a filter");
	if (text.n > 0)
		memcpy(f->text, text.p, text.n);
	p.f = f;
	p.left = str_trim((struct str){ f->text, text.n });
	got = filter_read_any(&p, &f->top);
	if (got == 0 && p.left.n > 0)
		got = err_set(e, REASON_INTERNAL, "'%.*s' behind the filter, "
		    "expected & or | before it", STR_ARG(p.left));
	if (got == -1) {
		*at = (size_t)(p.left.p - f->text);
		filter_free(&f);
		return -1;
	}
	*out = f;
	return 0;
}

void
filter_free(struct filter **f)
{
	free(*f);
	*f = NULL;
}

/* ---- a record ---- */

static struct str
filter_text_of(const struct filter_test *test, const struct record *r)
{
	const char *at = (const char *)r + record_rows[test->field].offset;
	enum reason reason;

	if (test->key.n > 0)
		return record_tag(&r->tags, test->key);
	if (record_rows[test->field].kind == RECORD_KIND_TEXT)
		return *(const struct str *)(const void *)at;
	if (record_rows[test->field].kind != RECORD_KIND_REASON)
		return (struct str){ NULL, r->tags.count }; /* any? */
	reason = *(const enum reason *)(const void *)at;
	return reason == REASON_NONE ? (struct str){ NULL, 0 } :
	    str_of(reason_word(reason));
}

/* false: it is not known. */
static bool
filter_number_of(const struct filter_test *test, const struct record *r,
    int64_t *out)
{
	const void *at = (const char *)r + record_rows[test->field].offset;
	uint64_t n;

	switch (record_rows[test->field].kind) {
	case RECORD_KIND_STATUS:
		*out = *(const int *)at;
		return *out > 0;
	case RECORD_KIND_PORT:
		*out = *(const uint16_t *)at;
		return *out > 0;
	case RECORD_KIND_TIME:
		*out = *(const int64_t *)at;
		return *out >= 0;
	default:
		n = *(const uint64_t *)at;
		*out = n > INT64_MAX ? INT64_MAX : (int64_t)n;
		return true;
	}
}

static bool
filter_equals(const struct filter_test *test, const struct record *r)
{
	struct str text = filter_text_of(test, r);

	switch (test->with) {
	case FILTER_WITH_TEXT:
		return text.n > 0 && str_eq(text, test->text);
	case FILTER_WITH_GLOB:
		return text.n > 0 && filter_glob(test->text, text);
	case FILTER_WITH_RANGE:
		return cidr_holds(&test->range, 1, text);
	default:
		return text.n == 0;
	}
}

static bool
filter_compares(const struct filter_test *test, const struct record *r)
{
	int64_t n;
	bool known = filter_number_of(test, r, &n);
	bool equal = known && n >= test->least && n <= test->most;

	if (test->with == FILTER_WITH_NONE)
		equal = !known;
	switch (test->op) {
	case FILTER_EQUAL:
		return equal;
	case FILTER_UNEQUAL:
		return !equal;
	case FILTER_BELOW:
		return known && n < test->least;
	case FILTER_AT_MOST:
		return known && n <= test->most;
	case FILTER_ABOVE:
		return known && n > test->most;
	default:
		return known && n >= test->least;
	}
}

static bool
filter_holds(const struct filter_test *test, const struct record *r)
{
	switch (record_rows[test->field].kind) {
	case RECORD_KIND_TEXT:
	case RECORD_KIND_REASON:
	case RECORD_KIND_TAGS:
		return filter_equals(test, r) == (test->op == FILTER_EQUAL);
	default:
		return filter_compares(test, r);
	}
}

static bool
filter_is(const struct filter *f, unsigned at, const struct record *r)
{
	const struct filter_node *node = &f->nodes[at];

	switch (node->join) {
	case FILTER_TEST:
		return filter_holds(&f->tests[node->a], r);
	case FILTER_NOT:
		return !filter_is(f, node->a, r);
	case FILTER_AND:
		return filter_is(f, node->a, r) && filter_is(f, node->b, r);
	default:
		return filter_is(f, node->a, r) || filter_is(f, node->b, r);
	}
}

bool
filter_takes(const struct filter *f, const struct record *r)
{
	return filter_is(f, f->top, r);
}

bool
filter_asks(const struct filter *f, size_t *at, enum record_field *field,
    struct str *key)
{
	if (*at == f->test_count)
		return false;
	*field = f->tests[*at].field;
	*key = f->tests[(*at)++].key;
	return true;
}
