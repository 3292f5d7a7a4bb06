/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * random_list: lists of routes, made at random over the whole language of
 * routes(5).
 *
 * Hosts, paths and names come from small stocks, so that entries often meet.
 * Most entries are good ones; whoever compiles a list drops those that are not
 * and asks for its text again.
 */
#ifndef UNIT_RANDOM_LIST_H
#define UNIT_RANDOM_LIST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "random.h"
#include "route/route.h"

enum {
	LIST_ENTRIES = 24,
	LIST_CAPTURES = 4, /* of a path */
	LIST_SETS = 3,
	LIST_TEXT_MAX = 1 << 20
};

struct list {
	struct buf entries[LIST_ENTRIES];
	uint32_t lines[LIST_ENTRIES]; /* where each begins */
	bool dropped[LIST_ENTRIES];
	size_t count;
	bool crlf;
	bool bom;
	struct buf text;
	struct buf word; /* the token being made */

	/* of the entry being made */
	struct buf *to;
	unsigned on;
	bool begun;   /* its line has a token */
	bool raw;     /* its line ends in a header rule */
	bool plain;   /* the next token must not look like a text */
	const char *captures[LIST_CAPTURES + 1];
	unsigned capture_count;
	bool tagged;  /* it has the tag "k" */
	bool responds; /* with a text of its own, not an origin's */
	uint64_t said; /* directives */
	unsigned fields; /* named so far in header rules */
};

/* ---- pieces of text ---- */

#define list_say(l, ...) \
	assert_int_equal(buf_printf(&(l)->word, __VA_ARGS__), 0)

static inline void
list_raw(struct list *l, const char *text)
{
	assert_int_equal(buf_put(l->to, str_of(text)), 0);
}

static inline void
list_gap(struct list *l)
{
	static const char *const gaps[] = { " ", " ", "  ", "\t", " \t " };

	if (l->begun)
		list_raw(l, RANDOM_OF(gaps));
	l->begun = true;
}

/* Between quotes. */
static inline void
list_quote(struct list *l, struct str text)
{
	size_t i;

	list_raw(l, "\"");
	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			list_raw(l, "\\");
		assert_int_equal(buf_put(l->to, str_sub(text, i, i + 1)), 0);
	}
	list_raw(l, "\"");
}

/* How much of it may stand without quotes. */
static inline size_t
list_bare(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (memchr(" \t\"", text.p[i], 3) != NULL ||
		    (text.p[i] == '#' && i == 0))
			return i;
	return text.n;
}

/* The word that was said becomes a token, quoted from somewhere on. */
static inline void
list_end(struct list *l)
{
	struct str text = buf_view(&l->word);
	size_t bare = list_bare(text);
	bool quotes = bare < text.n || text.n == 0 ||
	    (!l->plain && random_below(10) == 0);

	list_gap(l);
	if (quotes) {
		bare = random_below((unsigned)bare + 1);
		while (bare > 0 && ((unsigned char)text.p[bare] & 0xC0) == 0x80)
			bare--;
	}
	assert_int_equal(buf_put(l->to, str_sub(text, 0, bare)), 0);
	if (quotes)
		list_quote(l, str_sub(text, bare, text.n));
	l->plain = false;
	buf_clear(&l->word);
}

static inline void
list_word(struct list *l, const char *text)
{
	list_say(l, "%s", text);
	list_end(l);
}

static inline void
list_comment(struct list *l)
{
	if (!l->raw && random_below(12) == 0)
		list_raw(l, " # a comment, \"with 'é {it}");
}

/* A line that continues the entry. */
static inline void
list_clause(struct list *l)
{
	static const char *const indents[] = { "    ", "\t", " ", "\t  " };

	list_comment(l);
	list_raw(l, "\n");
	if (random_below(16) == 0)
		list_raw(l, "  # between\n\n");
	list_raw(l, RANDOM_OF(indents));
	l->begun = false;
	l->raw = false;
}

/* ---- variables ---- */

static inline bool
list_say_capture(struct list *l)
{
	if (l->capture_count == 0)
		return false;
	list_say(l, "{%s}", l->captures[random_below(l->capture_count)]);
	return true;
}

/* One that a label can be made of. */
static inline bool
list_say_label(struct list *l)
{
	if (l->tagged && random_below(3) == 0) {
		list_say(l, "{tag.k}");
		return true;
	}
	return list_say_capture(l);
}

/* Any that needs no care. */
static inline void
list_say_variable(struct list *l)
{
	enum pattern_variable v = random_below(PATTERN_VARIABLE_COUNT);

	if (v == PATTERN_CAPTURE) {
		if (!list_say_capture(l))
			list_say(l, "{{no}");
		return;
	}
	list_say(l, "{%s%s}", pattern_word(v), pattern_has_key(v) ? ".k" : "");
}

/* ---- hosts, paths ---- */

static const char *const list_hosts[] = { "shop.example", "a.shop.example",
	"b.a.shop.example", "example", "Blog.Example.", "bücher.example",
	"faß.example", "例え.テスト", "xn--bcher-kva.example", "a_b.example",
	"new.co.uk", "ПРИМЕР.example" };
static const char *const list_addresses[] = { "192.0.2.7", "[2001:db8::1]",
	"[2001:DB8:0:0::2]", "[::ffff:192.0.2.1]" };
static const char *const list_segments[] = { "a", "b", "api", "v1.0", "é",
	"%c3%a9", "x%2Fy", "p;q", "%5C", "{{x}", "~u", "a:b", "@me", "a+b",
	"%20", "*", "a=1,2", "'$&!()'", "日本" };

static inline void
list_say_host(struct list *l)
{
	list_say(l, "%s", RANDOM_OF(list_hosts));
}

static inline void
list_say_capture_of(struct list *l, unsigned place)
{
	static const char *const names[LIST_CAPTURES + 1][2] = {
		{ "h", "tenant" }, { "x", "shop_2" }, { "y", "b" },
		{ "z", "a1" }, { "w", "last_" } };

	l->captures[l->capture_count] = names[place][random_below(2)];
	list_say(l, "{%s}", l->captures[l->capture_count++]);
}

static inline void
list_say_below(struct list *l)
{
	list_say_capture_of(l, 0);
	list_say(l, ".");
}

static inline void
list_say_path(struct list *l, bool captures, unsigned least)
{
	unsigned n = least + random_below(4);
	unsigned i;

	if (random_below(3) == 0)
		n = least;
	for (i = 0; i < n; i++) {
		list_say(l, "/");
		if (captures && i < LIST_CAPTURES && random_below(3) == 0)
			list_say_capture_of(l, i + 1);
		else
			list_say(l, "%s", RANDOM_OF(list_segments));
	}
	if (n > 0 ? random_below(6) == 0 : random_below(12) == 0)
		list_say(l, "/");
}

static inline void
list_match(struct list *l)
{
	unsigned form = random_below(16);

	if (form == 0) {
		list_say(l, "**");
		list_say_path(l, false, 1);
	} else {
		if (form == 1) {
			list_say(l, "*");
		} else if (form == 2) {
			list_say(l, "%s", RANDOM_OF(list_addresses));
		} else {
			if (form < 6)
				list_say(l, "*.");
			else if (form < 9)
				list_say_below(l);
			list_say_host(l);
		}
		list_say_path(l, true, 0);
	}
	list_end(l);
}

/* ---- targets ---- */

static inline void
list_say_authority(struct list *l)
{
	unsigned form = random_below(8);

	if (form == 0 && list_say_label(l))
		list_say(l, ".apps.example");
	else if (form == 1 && list_say_label(l))
		list_say(l, "-Eu.bücher.example");
	else if (form == 2)
		list_say(l, "%s", RANDOM_OF(list_addresses));
	else
		list_say_host(l);
	if (random_below(3) == 0)
		list_say(l, ":%u", 1 + random_below(65535));
}

static inline void
list_say_base(struct list *l)
{
	static const char *const bases[] = { "/", "/base", "/b/c/", "{path}",
		"/x{path}", "{rest}", "{uri}", "/v{uri}", "/{header.X}/y",
		"/é%2fz", "/{{x", "/%7Ehome", "/a/{host}", "/{cookie.c}{rest}",
		"/{client_ip};v", "/{query}" };

	if (random_below(2) == 0)
		return;
	if (random_below(3) > 0 || l->capture_count == 0) {
		list_say(l, "%s", RANDOM_OF(bases));
		return;
	}
	list_say(l, "/to/");
	(void)list_say_capture(l);
}

static inline void
list_origin(struct list *l)
{
	static const char *const schemes[] = { "http://", "https://",
		"HTTP://", "unix:" };
	const char *scheme = RANDOM_OF(schemes);

	list_say(l, "%s", scheme);
	if (scheme[0] != 'u') {
		list_say_authority(l);
		list_say_base(l);
	} else {
		list_say(l, "/run/");
		if (random_below(3) > 0 || !list_say_label(l))
			list_say(l, "App_%u", random_below(4));
		list_say(l, ".sock");
		if (random_below(3) == 0)
			list_say(l, ":/base");
	}
	list_end(l);
}

static const char *const list_names[] = { "api", "shop", "a.b_c-d", "7" };
static const char *const list_spaces[] = { "production", "staging" };

static inline void
list_service(struct list *l)
{
	unsigned form = random_below(6);

	list_say(l, "@");
	if (random_below(3) == 0)
		list_say(l, "%s/", RANDOM_OF(list_spaces));
	if (form == 0 && list_say_label(l))
		list_say(l, ".v2");
	else if (form == 1)
		list_say(l, "pre-{header.X-Name}.{cookie.c}");
	else if (form == 2)
		list_say(l, "{plan}");
	else if (form != 3 || !list_say_label(l))
		list_say(l, "%s", RANDOM_OF(list_names));
	list_end(l);
}

static inline void
list_redirect(struct list *l)
{
	static const char *const codes[] = { "301", "302", "303", "307",
		"308" };
	static const char *const urls[] = { "https://new.example{uri}",
		"/there/{path}", "https://{host}{uri}", "/", "/a?b={query}#c",
		"https://www.{asked_host}/x?u={uri}", "HTTP://É.example:8080",
		"/{host}/{{x}?{client_ip}", "https://[2001:db8::1]/?#",
		"/%41?%61%2f" };

	list_say(l, "redirect=%s", RANDOM_OF(codes));
	list_end(l);
	if (random_below(3) > 0) {
		list_word(l, RANDOM_OF(urls));
		return;
	}
	list_say(l, "https://");
	list_say_authority(l);
	list_say(l, "/p?");
	list_say_variable(l);
	list_end(l);
}

static inline void
list_respond(struct list *l)
{
	static const char *const texts[] = { "", "Gone.", "a \"b\" \\ {x} {{",
		"# é 日本", "plan=x" };
	const char *text = RANDOM_OF(texts);

	if (random_below(3) == 0) {
		list_word(l, random_below(2) == 0 ? "respond=204" :
		    "respond=304");
		l->plain = true;
		return;
	}
	list_say(l, "respond=%u", 400 + random_below(200));
	list_end(l);
	list_gap(l);
	list_quote(l, str_of(text));
}

/* Of the entry, of a `when`, of a `split`. */
static inline void
list_target(struct list *l)
{
	static const enum target_kind kinds[] = { TARGET_ORIGIN,
		TARGET_ORIGIN, TARGET_ORIGIN, TARGET_REDIRECT, TARGET_RESPOND,
		TARGET_SERVICE, TARGET_SERVICE, TARGET_ALIAS,
		TARGET_INTERNAL };

	switch (kinds[random_below(sizeof(kinds) / sizeof(kinds[0]))]) {
	case TARGET_ORIGIN:
		list_origin(l);
		break;
	case TARGET_REDIRECT:
		list_redirect(l);
		break;
	case TARGET_RESPOND:
		list_respond(l);
		l->responds = true;
		break;
	case TARGET_SERVICE:
		list_service(l);
		break;
	case TARGET_ALIAS:
		list_say(l, "=");
		list_say_host(l);
		list_end(l);
		break;
	case TARGET_INTERNAL:
		list_say(l, "internal=%s",
		    internal_word(random_below(INTERNAL_COUNT)));
		list_end(l);
		break;
	case TARGET_NONE:
	case TARGET_KIND_COUNT:
		fail_msg("no target");
	}
}

#endif
