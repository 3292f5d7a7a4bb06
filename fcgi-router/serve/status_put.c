/* SPDX-License-Identifier: BSD-2-Clause */

/* status_put: texts and numbers for the page, in a buffer that is bounded. */

#include <stdarg.h>
#include <stdio.h>

#include "base/escape.h"
#include "serve/status_private.h"

enum {
	STATUS_PART = 512,  /* of a text, escaped at once */
	STATUS_LINE = 1024, /* of a printed one */
	STATUS_KILO = 1000,
	STATUS_US_MS = 1000,
	STATUS_US_S = 1000000,
	STATUS_MINUTE = 60,
	STATUS_HOUR = 3600,
	STATUS_DAY = 86400
};

void
status_put(struct status_out *o, struct str text)
{
	if (buf_put(&o->to, text) == -1)
		o->full = true;
}

void
status_printf(struct status_out *o, const char *fmt, ...)
{
	char line[STATUS_LINE];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	CHECK(n >= 0 && n < STATUS_LINE);
	status_put(o, (struct str){ line, (size_t)n });
}

/* ---- of others ---- */

static struct str
status_entity(char c)
{
	switch (c) {
	case '&':
		return STR("&amp;");
	case '<':
		return STR("&lt;");
	case '>':
		return STR("&gt;");
	case '"':
		return STR("&quot;");
	case '\'':
		return STR("&#39;");
	default:
		return STR("");
	}
}

static void
status_put_marked(struct status_out *o, struct str text)
{
	size_t from = 0, i;

	for (i = 0; i < text.n; i++) {
		struct str entity = status_entity(text.p[i]);

		if (entity.n == 0)
			continue;
		status_put(o, str_sub(text, from, i));
		status_put(o, entity);
		from = i + 1;
	}
	status_put(o, str_sub(text, from, text.n));
}

void
status_put_html(struct status_out *o, struct str text)
{
	char part[STATUS_PART];

	while (text.n > 0) {
		size_t n = escape_put(part, sizeof(part), &text, ESCAPE_LINE);

		status_put_marked(o, (struct str){ part, n });
	}
}

void
status_put_json(struct status_out *o, struct str text)
{
	char part[STATUS_PART];

	status_put(o, STR("\""));
	while (text.n > 0) {
		size_t n = escape_put(part, sizeof(part), &text, ESCAPE_JSON);

		status_put(o, (struct str){ part, n });
	}
	status_put(o, STR("\""));
}

void
status_put_query(struct status_out *o, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (str_is_alnum(text.p[i]) || text.p[i] == '.' ||
		    text.p[i] == '-' || text.p[i] == '_')
			status_put(o, str_sub(text, i, i + 1));
		else
			status_printf(o, "%%%02X", (unsigned char)text.p[i]);
	}
}

/* ---- numbers for people ---- */

/* Three digits, unless they are zeros: "1.23", "12.3", "123". */
static void
status_put_digits(struct status_out *o, double n)
{
	double whole = (double)(long long)(n + 0.5);
	bool is_whole = n - whole < 0.005 && whole - n < 0.005;

	status_printf(o, "%.*f", is_whole || n >= 99.95 ? 0 :
	    n >= 9.995 ? 1 : 2, n);
}

void
status_put_count(struct status_out *o, uint64_t n)
{
	static const char *const names[] = { "million", "billion",
		"trillion" };
	double rest = (double)n / 1e6;
	unsigned i = 0;

	if (n < STATUS_KILO) {
		status_printf(o, "%u", (unsigned)n);
	} else if (n < 1000000) {
		status_printf(o, "%u,%03u", (unsigned)(n / STATUS_KILO),
		    (unsigned)(n % STATUS_KILO));
	} else {
		for (; rest >= STATUS_KILO && i < 2; i++)
			rest /= STATUS_KILO;
		status_put_digits(o, rest);
		status_printf(o, " %s", names[i]);
	}
}

void
status_put_bytes(struct status_out *o, uint64_t n)
{
	static const char *const names[] = { "kB", "MB", "GB", "TB", "PB" };
	double rest = (double)n / STATUS_KILO;
	unsigned i = 0;

	if (n < STATUS_KILO) {
		status_printf(o, "%u B", (unsigned)n);
		return;
	}
	for (; rest >= 999.5 && i < 4; i++)
		rest /= STATUS_KILO;
	status_put_digits(o, rest);
	status_printf(o, " %s", names[i]);
}

void
status_put_us(struct status_out *o, int64_t us)
{
	if (us < 0) {
		status_put(o, STR("–"));
	} else if (us < STATUS_US_MS) {
		status_printf(o, "%u µs", (unsigned)us);
	} else if (us < STATUS_US_S) {
		status_put_digits(o, (double)us / STATUS_US_MS);
		status_put(o, STR(" ms"));
	} else if (us < (int64_t)STATUS_MINUTE * STATUS_US_S) {
		status_put_digits(o, (double)us / STATUS_US_S);
		status_put(o, STR(" s"));
	} else {
		status_put_age(o, us / STATUS_US_S);
	}
}

void
status_put_age(struct status_out *o, int64_t seconds)
{
	unsigned long long s = seconds < 0 ? 0 : (unsigned long long)seconds;

	if (s < STATUS_MINUTE)
		status_printf(o, "%llu s", s);
	else if (s < 10 * STATUS_MINUTE)
		status_printf(o, "%llu min %llu s", s / STATUS_MINUTE,
		    s % STATUS_MINUTE);
	else if (s < STATUS_HOUR)
		status_printf(o, "%llu min", s / STATUS_MINUTE);
	else if (s < STATUS_DAY)
		status_printf(o, "%llu h %llu min", s / STATUS_HOUR,
		    s % STATUS_HOUR / STATUS_MINUTE);
	else
		status_printf(o, "%llu d %llu h", s / STATUS_DAY,
		    s % STATUS_DAY / STATUS_HOUR);
}

void
status_put_share(struct status_out *o, uint64_t part, uint64_t of)
{
	double percent = of == 0 ? 0 : 100 * (double)part / (double)of;

	if (part == 0 || of == 0)
		status_put(o, STR("0 %"));
	else if (percent < 0.01)
		status_put(o, STR("&lt; 0.01 %"));
	else
		status_printf(o, "%.*f %%", percent < 1 ? 2 :
		    percent < 10 ? 1 : 0, percent);
}

void
status_put_rate(struct status_out *o, double each)
{
	if (each < 9995)
		status_put_digits(o, each);
	else
		status_put_count(o, (uint64_t)(each + 0.5));
}
