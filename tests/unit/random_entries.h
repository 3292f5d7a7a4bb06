/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * random_entries: what follows MATCH and TARGET in random lists, the other
 * kinds of entries, and the list as a whole.
 */
#ifndef UNIT_RANDOM_ENTRIES_H
#define UNIT_RANDOM_ENTRIES_H

#include "random_list.h"

/* ---- directives ---- */

static inline void
list_say_ranges(struct list *l)
{
	static const char *const ranges[] = { "192.0.2.0/24", "10.0.0.0/8",
		"2001:db8::/32", "192.0.2.9", "0.0.0.0/0", "::/0", "::1" };
	unsigned n = random_below(3);

	list_say(l, "%s", RANDOM_OF(ranges));
	while (n-- > 0)
		list_say(l, ",%s", RANDOM_OF(ranges));
}

static inline void
list_say_tags(struct list *l)
{
	static const char *const values[] = { "v", "a b", "é", "#x", "q\"u",
		"b\\s", "{x}", "-", "x=y", "t:u" };
	unsigned n = random_below(3);

	list_say(l, "k:one"); /* the same again is no mistake */
	l->tagged = true;
	while (n-- > 0)
		list_say(l, ",K-%u:%s", l->fields++, RANDOM_OF(values));
}

static inline void
list_say_key(struct list *l)
{
	static const char *const keys[] = { "client_ip", "cookie:sid",
		"header:X-User", "path" };

	list_say(l, "%s", RANDOM_OF(keys));
}

static inline void
list_say_time(struct list *l)
{
	static const char *const units[] = { "ms", "s", "m" };

	list_say(l, "%u%s", 1 + random_below(5000), RANDOM_OF(units));
}

/* What stands behind the '=' of a directive that takes a value. */
static inline void
list_say_value(struct list *l, enum directive d)
{
	static const char *const hosts[] = { "origin", "preserve", "É.example",
		"[2001:DB8::1]", "N.example." };
	static const char *const sizes[] = { "0", "512", "64k", "10m", "1g" };
	static const char *const auths[] = { "staff", "a,b", "a|b|c" };
	static const char *const balances[] = { "round-robin", "least",
		"hash:" };
	const char *word;

	switch (d) {
	case DIRECTIVE_ENCODED_SLASH:
		list_say(l, random_below(4) > 0 ? "data" : "no");
		break;
	case DIRECTIVE_HOST:
		list_say(l, "%s", RANDOM_OF(hosts));
		break;
	case DIRECTIVE_TAG:
		list_say_tags(l);
		break;
	case DIRECTIVE_HEADERS:
		list_say(l, "set%u", random_below(LIST_SETS));
		break;
	case DIRECTIVE_AUTH:
		list_say(l, "%s", RANDOM_OF(auths));
		break;
	case DIRECTIVE_ALLOW:
	case DIRECTIVE_DENY:
		list_say_ranges(l);
		break;
	case DIRECTIVE_CONNECT_TIMEOUT:
	case DIRECTIVE_TIMEOUT:
	case DIRECTIVE_IDLE_TIMEOUT:
	case DIRECTIVE_TOTAL:
		list_say_time(l);
		break;
	case DIRECTIVE_MAX_BODY:
		list_say(l, "%s", RANDOM_OF(sizes));
		break;
	case DIRECTIVE_PLAN:
	case DIRECTIVE_TLS:
	case DIRECTIVE_SIGN:
	case DIRECTIVE_EGRESS:
		list_say(l, "%s", RANDOM_OF(list_names));
		break;
	case DIRECTIVE_REWRITE_BACK:
		list_say(l, random_below(4) > 0 ? "off" : "on");
		break;
	case DIRECTIVE_RETRY:
		list_say(l, "%u", random_below(101));
		break;
	case DIRECTIVE_WHEN_ALL_DOWN:
		list_say(l, random_below(2) > 0 ? "refuse" : "try");
		break;
	case DIRECTIVE_BALANCE:
		word = RANDOM_OF(balances);
		list_say(l, "%s", word);
		if (word[0] == 'h')
			list_say_key(l);
		break;
	case DIRECTIVE_WEIGHT:
		list_say(l, "%u", random_below(4) * random_below(1000));
		break;
	case DIRECTIVE_RETRY_AFTER:
		list_say(l, "%u", 1 + random_below(31536000));
		break;
	case DIRECTIVE_EXACT:
	case DIRECTIVE_STRIP_PREFIX:
	case DIRECTIVE_PASS_AUTH:
	case DIRECTIVE_BACKUP:
	case DIRECTIVE_COUNT:
		fail_msg("%s takes no value", directive_word(d));
	}
}

static inline void
list_directive(struct list *l, enum directive d)
{
	static const char *const flags[] = { "", "", "", "=yes", "=no" };

	list_say(l, "%s%s", directive_word(d), directive_is_flag(d) ?
	    RANDOM_OF(flags) : "=");
	if (!directive_is_flag(d))
		list_say_value(l, d);
	list_end(l);
}

/* Some of those that stand there and were not said. below: each on a line of
 * its own. */
static inline void
list_directives(struct list *l, unsigned on, unsigned one_in, bool below)
{
	int n;

	for (n = 0; n < DIRECTIVE_COUNT; n++) {
		enum directive d = (enum directive)n;

		if ((directive_on(d) & on) == 0 || random_below(one_in) > 0 ||
		    (d == DIRECTIVE_RETRY_AFTER && !l->responds) ||
		    (l->said >> n & 1) != 0)
			continue;
		if (d != DIRECTIVE_TAG)
			l->said |= UINT64_C(1) << n;
		if (below)
			list_clause(l);
		list_directive(l, d);
	}
}

/* ---- clauses ---- */

static inline void
list_say_rule_value(struct list *l)
{
	static const char *const texts[] = { "a  b", "\"quoted", "#no comment",
		"é", "{{brace}", "\\", "max-age=1; x", "->", "1\t2" };
	unsigned n = 1 + random_below(3);

	while (n-- > 0) {
		list_say(l, "%s", RANDOM_OF(texts));
		if (random_below(2) == 0)
			list_say_variable(l);
	}
}

static inline void
list_header(struct list *l)
{
	static const char *const signs[] = { "", "", "+", "-" };
	const char *sign = RANDOM_OF(signs);

	list_clause(l);
	list_raw(l, random_below(2) == 0 ? "request-header" :
	    "response-header");
	list_raw(l, random_below(3) == 0 ? "  " : " ");
	list_say(l, "%sX-Field-%u", sign, l->fields++);
	if (sign[0] != '-') {
		list_say(l, random_below(4) == 0 ? ":" : ": ");
		list_say_rule_value(l);
	}
	assert_int_equal(buf_put(l->to, buf_view(&l->word)), 0);
	buf_clear(&l->word);
	l->raw = true;
}

static inline void
list_cond(struct list *l, unsigned place)
{
	static const char *const values[] = { "", "=on", "=", "=a b", "=*x*",
		"=\"", "=é#" };
	static const char *const methods[] = { "GET", "POST,PUT", "get",
		"X-PURGE" };

	list_say(l, random_below(4) == 0 ? "!" : "");
	switch ((enum cond_kind)random_below(COND_KIND_COUNT)) {
	case COND_HEADER:
		list_say(l, "header.X-%u%s", place, RANDOM_OF(values));
		break;
	case COND_COOKIE:
		list_say(l, "cookie.c%u%s", place, RANDOM_OF(values));
		break;
	case COND_QUERY:
		list_say(l, "query.q %u%s", place, RANDOM_OF(values));
		break;
	case COND_METHOD:
		list_say(l, "method=%s", RANDOM_OF(methods));
		break;
	case COND_CLIENT:
		list_say(l, "client=");
		list_say_ranges(l);
		break;
	case COND_SCHEME:
		list_say(l, random_below(2) == 0 ? "scheme=http" :
		    "scheme=https");
		break;
	case COND_KIND_COUNT:
		fail_msg("no condition");
	}
	list_end(l);
}

static inline void
list_when(struct list *l, unsigned line)
{
	unsigned n = 1 + random_below(3);

	list_clause(l);
	list_raw(l, "when");
	l->begun = true;
	while (n-- > 0)
		list_cond(l, 4 * line + n);
	list_gap(l);
	list_raw(l, "->");
	list_target(l);
	l->plain = false;
}

static inline void
list_split(struct list *l)
{
	unsigned n = 2 + random_below(3);

	list_clause(l);
	list_raw(l, "split");
	l->begun = true;
	while (n-- > 0) {
		list_say(l, "%u", random_below(3) * 50);
		list_end(l);
		list_target(l);
	}
	if (random_below(2) == 0) {
		list_say(l, "by=");
		list_say_key(l);
		list_end(l);
	}
	l->plain = false;
}

/* ---- entries ---- */

static inline void
list_clauses(struct list *l)
{
	unsigned n;

	list_directives(l, l->on, 24, true);
	for (n = random_below(8); n > 5; n--)
		list_header(l);
}

static inline void
list_route(struct list *l)
{
	unsigned n, whens = random_below(4) == 0 ? 1 + random_below(3) : 0;

	l->on = ON_ROUTE;
	list_match(l);
	l->tagged = random_below(4) == 0; /* for the target already */
	list_target(l);
	if (l->tagged)
		list_directive(l, DIRECTIVE_TAG);
	list_directives(l, l->on, 24, false);
	for (n = 0; n < whens; n++)
		list_when(l, n);
	if (random_below(8) == 0)
		list_split(l);
	list_clauses(l);
}

static inline void
list_origins(struct list *l, bool below)
{
	unsigned n = 1 + random_below(3);

	while (n-- > 0) {
		if (below)
			list_clause(l);
		list_origin(l);
		l->said &= ~(UINT64_C(1) << DIRECTIVE_WEIGHT |
		    UINT64_C(1) << DIRECTIVE_BACKUP);
		list_directives(l, ON_ORIGIN, 4, false);
	}
}

static inline void
list_entry_service(struct list *l)
{
	bool below = random_below(3) == 0;

	l->on = ON_SERVICE;
	list_say(l, "@");
	if (random_below(2) == 0)
		list_say(l, "%s/", RANDOM_OF(list_spaces));
	list_say(l, "%s", RANDOM_OF(list_names));
	list_end(l);
	if (!below)
		list_origins(l, false);
	list_directives(l, l->on, 24, false);
	if (below)
		list_origins(l, true);
	list_clauses(l);
}

static inline void
list_defaults(struct list *l)
{
	l->on = ON_ROUTE;
	l->responds = true;
	list_raw(l, "%defaults");
	l->begun = true;
	if (random_below(4) > 0)
		list_directives(l, l->on, 6, false);
	list_directives(l, l->on, 24, true);
}

static inline void
list_set(struct list *l, unsigned number)
{
	unsigned n;

	assert_int_equal(buf_printf(l->to, "%%headers set%u", number), 0);
	l->begun = true;
	for (n = random_below(4); n > 0; n--)
		list_header(l);
}

static inline void
list_entry(struct list *l, size_t i)
{
	unsigned form = random_below(16);

	l->to = &l->entries[i];
	buf_clear(l->to);
	l->dropped[i] = l->begun = l->raw = l->plain = l->tagged = false;
	l->responds = false;
	l->capture_count = l->fields = 0;
	l->said = 0;
	if (random_below(12) == 0)
		list_raw(l, random_below(2) == 0 ? "# {a} \"comment\n" : "\n");
	if (i < LIST_SETS)
		list_set(l, (unsigned)i);
	else if (form < 2)
		list_defaults(l);
	else if (form < 5)
		list_entry_service(l);
	else
		list_route(l);
	list_comment(l);
	list_raw(l, "\n");
}

/* ---- lists ---- */

static inline void
list_init(struct list *l)
{
	size_t i;

	*l = (struct list){ .count = 0 };
	for (i = 0; i < LIST_ENTRIES; i++)
		buf_init(&l->entries[i], LIST_TEXT_MAX);
	buf_init(&l->text, LIST_TEXT_MAX);
	buf_init(&l->word, LIST_TEXT_MAX);
}

static inline void
list_fini(struct list *l)
{
	size_t i;

	for (i = 0; i < LIST_ENTRIES; i++)
		buf_fini(&l->entries[i]);
	buf_fini(&l->text);
	buf_fini(&l->word);
}

/* Another list, in any order of its entries. */
static inline void
list_make(struct list *l)
{
	size_t i, j;

	l->count = LIST_SETS + random_below(LIST_ENTRIES - LIST_SETS + 1);
	l->crlf = random_below(6) == 0;
	l->bom = random_below(12) == 0;
	for (i = 0; i < l->count; i++)
		list_entry(l, i);
	for (i = 0; i < LIST_SETS; i++) {
		struct buf set = l->entries[i];

		j = random_below((unsigned)l->count);
		l->entries[i] = l->entries[j];
		l->entries[j] = set;
	}
}

/* The text of those that were not dropped; borrowed. */
static inline struct str
list_text(struct list *l)
{
	struct str rest, line;
	uint32_t number = 1;
	size_t i;

	buf_clear(&l->text);
	assert_int_equal(buf_put(&l->text, l->bom ? STR("\xEF\xBB\xBF") :
	    STR("")), 0);
	for (i = 0; i < l->count; i++) {
		l->lines[i] = number;
		rest = buf_view(&l->entries[i]);
		while (!l->dropped[i] && rest.n > 0) {
			(void)str_cut(rest, '\n', &line, &rest);
			assert_int_equal(buf_put(&l->text, line), 0);
			assert_int_equal(buf_put(&l->text, l->crlf ?
			    STR("\r\n") : STR("\n")), 0);
			number++;
		}
	}
	return buf_view(&l->text);
}

/* Drops the entry that has that line. */
static inline void
list_drop(struct list *l, uint32_t line)
{
	size_t i, found = 0;

	for (i = 0; i < l->count; i++)
		if (!l->dropped[i] && l->lines[i] <= line)
			found = i;
	l->dropped[found] = true;
}

#endif
