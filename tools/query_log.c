/* SPDX-License-Identifier: BSD-2-Clause */

/* query_log: a line of an access log, field by field. */

#include "tools/query_log.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/check.h"

enum {
	QUERY_LOG_WORDS = 3, /* client, ident, user: before the time */
	QUERY_LOG_STATUS = 3 /* digits */
};

/* Index of "[dd/Mon/yyyy:" behind a space, or n. */
static size_t
query_log_time(struct str line)
{
	size_t i;

	for (i = 1; i + 13 <= line.n; i++)
		if (line.p[i] == '[' && line.p[i - 1] == ' ' &&
		    str_is_digit(line.p[i + 1]) &&
		    str_is_digit(line.p[i + 2]) && line.p[i + 3] == '/' &&
		    str_is_alpha(line.p[i + 4]) && line.p[i + 7] == '/' &&
		    str_is_digit(line.p[i + 8]) && line.p[i + 12] == ':')
			return i;
	return line.n;
}

/* Cuts the next word off; false: there is none. */
static bool
query_log_word(struct str *left, struct str *word)
{
	(void)str_cut(*left, ' ', word, left);
	return word->n > 0;
}

static bool
query_log_is_v6(struct str word)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (word.n >= sizeof(text))
		return false;
	*str_put(text, word) = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* "name:port", whatever a client called the host; an IPv6 address, which has no
 * brackets, is none, but where the client's address is still to come. */
static bool
query_log_is_vhost(struct str word, struct str next)
{
	size_t colon = word.n;
	uint64_t port;

	while (colon > 0 && word.p[colon - 1] != ':')
		colon--;
	if (colon < 2)
		return false;
	/* The router writes "-" for what it does not know. */
	if (!str_to_u64(str_sub(word, colon, word.n), UINT16_MAX, &port) &&
	    !str_eq(str_sub(word, colon, word.n), STR("-")))
		return false;
	return !query_log_is_v6(word) ||
	    !str_eq(str_sub(next, 0, str_find(next, ' ')), STR("-"));
}

static void
query_log_vhost(struct str word, struct query_log *out)
{
	size_t colon = word.n;

	while (word.p[colon - 1] != ':')
		colon--;
	out->host = str_sub(word, 0, colon - 1);
	out->port = str_sub(word, colon, word.n);
}

/* What stands before the time: [vhost] client ident user; a user's name may
 * have blanks. */
static bool
query_log_head(struct str head, struct query_log *out)
{
	struct str left = head, word;
	size_t words = 0;

	while (query_log_word(&left, &word))
		words++;
	if (words < QUERY_LOG_WORDS || left.n > 0)
		return false;
	left = head;
	(void)query_log_word(&left, &word);
	if (words > QUERY_LOG_WORDS && query_log_is_vhost(word, left)) {
		query_log_vhost(word, out);
		(void)query_log_word(&left, &word);
	}
	out->client = word;
	(void)query_log_word(&left, &word); /* ident */
	out->user = left;
	return true;
}

/* The byte behind a backslash at p[0]; *n: how many bytes it took. */
static char
query_log_escape(const char *p, size_t left, size_t *n)
{
	static const char names[] = "nrtbv", bytes[] = "\n\r\t\b\v";
	const char *found;

	*n = 2;
	if (p[1] == 'x' && left >= 4 && str_hex(p[2]) >= 0 &&
	    str_hex(p[3]) >= 0) {
		*n = 4;
		return (char)(str_hex(p[2]) << 4 | str_hex(p[3]));
	}
	found = memchr(names, p[1], sizeof(names) - 1);
	return found != NULL ? bytes[found - names] : p[1];
}

int
query_log_plain(struct str text, struct arena *a, struct str *out)
{
	size_t i, n = 0, took;
	char *plain;

	*out = text;
	if (str_find(text, '\\') == text.n)
		return 0;
	plain = arena_alloc(a, text.n);
	if (plain == NULL)
		return -1;
	for (i = 0; i < text.n; i += took) {
		took = 1;
		plain[n++] = text.p[i] == '\\' && i + 1 < text.n ?
		    query_log_escape(text.p + i, text.n - i, &took) :
		    text.p[i];
	}
	*out = (struct str){ plain, n };
	return 0;
}

/*
 * Takes `"text"` off *left, its escapes off the text. 1; 0: there is none;
 * -1: no memory.
 */
static int
query_log_quoted(struct str *left, struct arena *a, struct str *out)
{
	size_t i = 1;

	if (!str_starts(*left, STR("\"")))
		return 0;
	while (i < left->n && left->p[i] != '"')
		i += left->p[i] == '\\' ? 2 : 1;
	if (i >= left->n)
		return 0;
	*out = str_sub(*left, 1, i);
	*left = str_sub(*left, i + 1, left->n);
	return query_log_plain(*out, a, out) == -1 ? -1 : 1;
}

/* "GET /a HTTP/1.1"; anything else is no request. */
static void
query_log_request(struct str text, struct query_log *out)
{
	struct str method, target, protocol;

	if (!str_cut(text, ' ', &method, &target))
		return;
	(void)str_cut(target, ' ', &target, &protocol);
	if (method.n == 0 || target.n == 0)
		return;
	out->method = method;
	out->target = target;
}

static bool
query_log_is_status(struct str word)
{
	uint64_t status;

	return word.n == QUERY_LOG_STATUS &&
	    str_to_u64(word, UINT16_MAX, &status);
}

/* ` "referer" "agent"`, which `common` does not have, and what is behind them.
 * -1: no memory. */
static int
query_log_tail(struct str left, struct arena *a, struct query_log *out)
{
	struct str *fields[] = { &out->referer, &out->agent };
	size_t i;

	for (i = 0; i < 2; i++) {
		int got;

		left = str_trim(left);
		got = query_log_quoted(&left, a, fields[i]);
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		out->combined = i == 1;
		if (str_eq(*fields[i], STR("-")))
			*fields[i] = STR("");
	}
	out->rest = left;
	return 0;
}

int
query_log_parse(struct str line, struct arena *a, struct query_log *out)
{
	size_t time = query_log_time(line);
	struct str left, request;
	int got;

	memset(out, 0, sizeof(*out));
	if (time == line.n ||
	    !query_log_head(str_sub(line, 0, time - 1), out))
		return 0;
	left = str_sub(line, time + 1, line.n);
	(void)str_cut(left, ']', &out->time, &left);
	if (!str_starts(left, STR(" ")))
		return 0;
	left = str_sub(left, 1, left.n);
	got = query_log_quoted(&left, a, &request);
	if (got != 1)
		return got;
	left = str_trim(left);
	if (!query_log_word(&left, &out->status) ||
	    !query_log_is_status(out->status) ||
	    !query_log_word(&left, &out->bytes))
		return 0;
	if (str_eq(out->bytes, STR("-")))
		out->bytes = STR("");
	query_log_request(request, out);
	return query_log_tail(left, a, out) == -1 ? -1 : 1;
}
