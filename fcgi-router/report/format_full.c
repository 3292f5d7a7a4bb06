/* SPDX-License-Identifier: BSD-2-Clause */

/* format_full: the lines of words that are built in, as code: most logs have
 * them, and each request a line. */

#include "report/format_private.h"

enum {
#define RECORD(member, kind, name, most, manual) \
	FORMAT_MOST_##member = (most),
#include "report/record.tbl.h"
#undef RECORD
	FORMAT_FULL_MAX = 0
	/* Each field with its name, and what stands around both; that who
	 * asked is in it twice. */
#define RECORD(member, kind, name, most, manual) \
	+ (most) + sizeof(" =_us\"\"" name)
#include "report/record.tbl.h"
#undef RECORD
	+ FORMAT_MOST_identity + sizeof("[] -\n")
};

_Static_assert((size_t)FORMAT_FULL_MAX <= (size_t)FORMAT_LINE_MAX,
    "a whole line fits");

#define FORMAT_WORD(member) \
	format_put_text(l, r->member, FORMAT_MOST_##member, ESCAPE_WORD)
#define FORMAT_QUOTED(member) \
	format_put_text(l, r->member, FORMAT_MOST_##member, ESCAPE_QUOTED)

/* %h - %u %t */
static void
format_full_who(struct format_line *l, const struct record *r)
{
	FORMAT_WORD(client_ip);
	format_put(l, STR(" - "));
	FORMAT_WORD(identity);
	format_put(l, STR(" ["));
	format_put_wall(l, r->start, FORMAT_WALL_LOCAL);
}

/* "%r" %>s %b "%{Referer}i" "%{User-Agent}i" */
static void
format_full_what(struct format_line *l, const struct record *r)
{
	format_put(l, STR("] \""));
	FORMAT_QUOTED(method);
	format_put(l, STR(" "));
	FORMAT_QUOTED(uri);
	format_put(l, STR(" "));
	FORMAT_QUOTED(protocol);
	format_put(l, STR("\" "));
	format_put_known(l, (uint64_t)r->status);
	format_put(l, STR(" "));
	format_put_number(l, r->sent);
	format_put(l, STR(" \""));
	FORMAT_QUOTED(referer);
	format_put(l, STR("\" \""));
	FORMAT_QUOTED(user_agent);
	format_put(l, STR("\""));
}

static void
format_full_vhost(struct format_line *l, const struct record *r)
{
	FORMAT_WORD(host);
	format_put(l, STR(":"));
	format_put_known(l, r->port);
	format_put(l, STR(" "));
	format_full_who(l, r);
	format_full_what(l, r);
}

void
format_put_combined(struct format_line *l, const struct record *r)
{
	format_full_who(l, r);
	format_full_what(l, r);
	format_put(l, STR("\n"));
}

void
format_put_vhost_combined(struct format_line *l, const struct record *r)
{
	format_full_vhost(l, r);
	format_put(l, STR("\n"));
}

/* ---- words ---- */

static void
format_full_reason(struct format_line *l, enum reason reason)
{
	if (reason == REASON_NONE)
		*l->p++ = '-';
	else
		format_put(l, str_of(reason_word(reason)));
}

static void
format_full_time(struct format_line *l, int64_t us)
{
	if (us < 0)
		*l->p++ = '-';
	else
		format_put_number(l, (uint64_t)us);
}

static void
format_full_words(struct format_line *l, const struct record *r)
{
	format_put(l, STR(" id="));
	FORMAT_WORD(id);
	format_put(l, STR(" reason="));
	format_full_reason(l, r->reason);
	format_put(l, STR(" service="));
	FORMAT_WORD(service);
	format_put(l, STR(" plan="));
	FORMAT_WORD(plan);
	format_put(l, STR(" limit="));
	format_full_reason(l, r->limit);
	format_put(l, STR(" tags="));
	format_put_tags(l, &r->tags, FORMAT_MOST_tags, ESCAPE_WORD);
	format_put(l, STR(" origin="));
	FORMAT_WORD(origin);
	format_put(l, STR(" attempts="));
	format_put_number(l, r->attempts);
	format_put(l, STR(" received="));
	format_put_number(l, r->received);
	format_put(l, STR(" origin_time_us="));
	format_full_time(l, r->origin_us);
	format_put(l, STR(" total_us="));
	format_full_time(l, r->total_us);
}

static void
format_full_others(struct format_line *l, const struct record *r)
{
	format_put(l, STR(" path="));
	FORMAT_WORD(path);
	format_put(l, STR(" route="));
	FORMAT_WORD(route);
	format_put(l, STR(" namespace="));
	FORMAT_WORD(space);
	format_put(l, STR(" version="));
	FORMAT_WORD(version);
	format_put(l, STR(" identity="));
	FORMAT_WORD(identity);
	format_put(l, STR(" generation="));
	format_put_number(l, r->generation);
	format_put(l, STR(" lookup_us="));
	format_full_time(l, r->lookup_us);
	format_put(l, STR(" auth_us="));
	format_full_time(l, r->auth_us);
	format_put(l, STR(" connect_us="));
	format_full_time(l, r->connect_us);
	format_put(l, STR(" first_us="));
	format_full_time(l, r->first_us);
}

void
format_put_standard(struct format_line *l, const struct record *r)
{
	format_full_vhost(l, r);
	format_full_words(l, r);
	format_put(l, STR("\n"));
}

void
format_put_full(struct format_line *l, const struct record *r)
{
	format_full_vhost(l, r);
	format_full_words(l, r);
	format_full_others(l, r);
	format_put(l, STR("\n"));
}
