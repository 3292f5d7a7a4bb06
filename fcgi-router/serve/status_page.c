/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * status_page: the page as a whole: its head, what is the matter, the numbers
 * that count, and what stands below them. Nothing in it has a style attribute:
 * the browser would not take it.
 */

#include <time.h>

#include "serve/status_private.h"

enum { STATUS_SHORT_S = 10 }; /* "now", of what goes up and down */

/* ---- the head ---- */

static struct str
status_verdict(const struct status *s)
{
	static const char *const texts[STATUS_GRADE_COUNT] = {
		[STATUS_WELL] = "All is well",
		[STATUS_WARN] = "Worth a look",
		[STATUS_BAD] = "Trouble"
	};

	return str_of(texts[s->grade]);
}

/* A dot in the tab, of the same colour as the page's. */
static void
status_icon(struct status_out *o, enum status_grade grade)
{
	static const char *const colours[STATUS_GRADE_COUNT] = {
		[STATUS_WELL] = "2a9d5c",
		[STATUS_WARN] = "e0921f",
		[STATUS_BAD] = "d6374a"
	};

	status_printf(o, "<link rel=\"icon\" href=\"data:image/svg+xml,"
	    "%%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'"
	    "%%3E%%3Ccircle cx='8' cy='8' r='6' fill='%%23%s'/%%3E%%3C/svg%%3E"
	    "\">\n", colours[grade]);
}

static void
status_head(struct status_out *o, const struct status *s)
{
	status_put(o, STR("<!doctype html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>"));
	status_put(o, status_verdict(s));
	status_put(o, STR(" – "));
	status_put_html(o, s->name);
	status_put(o, STR(" – fcgi-router</title>\n"));
	status_icon(o, s->grade);
	status_printf(o, "<style nonce=\"%.*s\">\n", STR_ARG(s->nonce));
	status_put(o, str_of(status_style));
	status_put(o, STR("</style>\n</head>\n"));
}

static void
status_bar_search(struct status_out *o, const struct status *s)
{
	status_put(o, STR("<form role=\"search\">"
	    "<label for=\"host\">Where does it go?</label>"
	    "<input id=\"host\" name=\"host\" type=\"search\" "
	    "placeholder=\"host.example/path\" autocomplete=\"off\" "
	    "autocapitalize=\"none\" spellcheck=\"false\" value=\""));
	status_put_html(o, s->search.asked);
	status_put(o, STR("\">"));
	if (s->sort != STATUS_BY_REQUESTS)
		status_printf(o, "<input type=\"hidden\" name=\"sort\" "
		    "value=\"%s\">", status_sort_word(s->sort));
	status_put(o, STR("<button>Look up</button></form>\n"));
}

/* What the script needs is there already, and hidden without it. */
static void
status_bar(struct status_out *o, const struct status *s)
{
	struct tm tm;
	char text[64];
	size_t n;

	status_put(o, STR("<body>\n<a class=\"skip\" href=\"#main\">Skip to "
	    "the numbers</a>\n<header class=\"head\">\n<h1>fcgi-router "
	    "<small>"));
	status_put_html(o, s->name);
	status_put(o, STR("</small></h1>\n"));
	status_bar_search(o, s);
	CHECK(localtime_r(&s->wall.tv_sec, &tm) != NULL);
	n = strftime(text, sizeof(text), "<time datetime=\"%Y-%m-%dT%H:%M:%S"
	    "%z\">%H:%M:%S</time>", &tm);
	status_put(o, STR("<p class=\"live\"><span id=\"fresh\">As of "));
	status_put(o, (struct str){ text, n });
	status_put(o, STR("</span> <button id=\"pause\" type=\"button\" "
	    "hidden>Pause</button>"
	    "<a id=\"again\" href=\"\">Reload</a></p>\n</header>\n"));
}

/* ---- what is the matter ---- */

/* The mark says it without a colour, too. */
static void
status_banner(struct status_out *o, const struct status *s)
{
	static const char *const marks[STATUS_GRADE_COUNT] = {
		[STATUS_WELL] = "M5 10.5l3.5 3.5L15 7",
		[STATUS_WARN] = "M10 5v6.5M10 14.2v.6",
		[STATUS_BAD] = "M6 6l8 8M14 6l-8 8"
	};
	size_t i;

	status_printf(o, "<section class=\"banner %s\" role=\"status\">"
	    "<svg viewBox=\"0 0 20 20\" aria-hidden=\"true\">"
	    "<circle cx=\"10\" cy=\"10\" r=\"10\"/><path d=\"%s\"/></svg>"
	    "<h2>", status_grade_word(s->grade), marks[s->grade]);
	status_put(o, status_verdict(s));
	status_put(o, STR("</h2>"));
	if (s->finding_count > 0)
		status_put(o, STR("<ul>"));
	for (i = 0; i < s->finding_count; i++) {
		status_printf(o, "<li class=\"%s\">",
		    status_grade_word(s->findings[i].grade));
		status_put_html(o, str_of(s->findings[i].text));
		status_put(o, STR("</li>"));
	}
	status_put(o, s->finding_count > 0 ? STR("</ul></section>\n") :
	    STR("</section>\n"));
}

/* ---- the numbers ---- */

static void
status_tile(struct status_out *o, const char *what, const char *class)
{
	status_printf(o, "<div class=\"card tile\"><dt>%s</dt>"
	    "<dd class=\"%s\">", what, class);
}

/* The big number ends, and a small one begins. */
static void
status_tile_note(struct status_out *o)
{
	status_put(o, STR("</dd><dd class=\"note\">"));
}

static void
status_tile_end(struct status_out *o)
{
	status_put(o, STR("</dd></div>\n"));
}

static void
status_tile_requests(struct status_out *o, const struct status *s)
{
	struct stats_numbers now = { .counts = { 0 } };
	size_t i;

	for (i = 0; i < STATUS_SHORT_S; i++)
		stats_sum(&now, &s->counted->seconds[i]);
	status_tile(o, "Requests a second", "");
	status_put_rate(o, (double)now.counts[STATS_COUNT_requests] /
	    STATUS_SHORT_S);
	status_tile_note(o);
	status_put_count(o, s->minute.counts[STATS_COUNT_requests]);
	status_put(o, STR(" in the last minute"));
	status_tile_end(o);
}

static void
status_tile_errors(struct status_out *o, const struct status *s)
{
	uint64_t wrong = s->minute.counts[STATS_COUNT_errors];

	status_tile(o, "Errors", wrong > 0 ? "bad" : "");
	status_put_share(o, wrong, s->minute.counts[STATS_COUNT_requests]);
	status_tile_note(o);
	status_put_count(o, wrong);
	status_put(o, STR(" in the last minute"));
	status_tile_end(o);
}

static void
status_tile_times(struct status_out *o, const struct status *s)
{
	status_tile(o, "Time of half the requests", "");
	status_put_us(o, stats_quantile(&s->minute, 500));
	status_tile_note(o);
	status_put(o, STR("p90 "));
	status_put_us(o, stats_quantile(&s->minute, 900));
	status_put(o, STR(", p99 "));
	status_put_us(o, stats_quantile(&s->minute, 990));
	status_tile_end(o);
}

static void
status_tile_under_way(struct status_out *o, const struct status *s)
{
	uint64_t under_way = 0;
	size_t i;

	for (i = 0; i < s->counted->process_count; i++)
		under_way += s->counted->processes[i][STATS_GAUGE_requests];
	/* What a process says of itself is up to a second old. */
	if (under_way < s->request_count)
		under_way = s->request_count;
	status_tile(o, "Under way", "");
	status_put_count(o, under_way);
	status_tile_note(o);
	if (s->request_count > 0) {
		status_put(o, STR("the oldest for "));
		status_put_us(o, s->now_us - s->requests[0].since_us);
	} else {
		status_put(o, STR("nothing waits"));
	}
	status_tile_end(o);
}

static void
status_tile_bytes(struct status_out *o, const struct status *s)
{
	status_tile(o, "Sent a second", "");
	status_put_bytes(o, s->minute.counts[STATS_COUNT_sent] / 60);
	status_tile_note(o);
	status_put_bytes(o, s->minute.counts[STATS_COUNT_received] / 60);
	status_put(o, STR(" received"));
	status_tile_end(o);
}

static void
status_tile_map(struct status_out *o, const struct status *s)
{
	const struct stats_view *v = s->counted;
	uint64_t generation = status_generation(v);
	const uint64_t *p = v->process_count > 0 ? v->processes[0] : NULL;

	status_tile(o, "Generation of the map", "");
	if (generation == 0) {
		status_put(o, p == NULL || p[STATS_GAUGE_generation] == 0 ?
		    STR("none") : STR("several"));
	} else {
		status_printf(o, "%llu",
		    (unsigned long long)generation);
	}
	status_tile_note(o);
	if (generation != 0) {
		status_put_count(o, p[STATS_GAUGE_hosts]);
		status_put(o, STR(" hosts, made "));
		status_put_age(o, (int64_t)s->wall.tv_sec -
		    (int64_t)p[STATS_GAUGE_map_made]);
		status_put(o, STR(" ago"));
	}
	status_tile_end(o);
}

static void
status_tiles(struct status_out *o, const struct status *s)
{
	status_put(o, STR("<dl class=\"tiles\">\n"));
	status_tile_requests(o, s);
	status_tile_errors(o, s);
	status_tile_times(o, s);
	status_tile_under_way(o, s);
	status_tile_bytes(o, s);
	status_tile_map(o, s);
	status_put(o, STR("</dl>\n"));
}

/* ---- the foot ---- */

static void
status_foot(struct status_out *o, const struct status *s)
{
	const uint64_t *total = s->counted->total.counts;
	uint64_t lost = s->counted->events[STATS_EVENT_log_lost];

	status_put(o, STR("<footer>\n<p>"));
	status_put_count(o, total[STATS_COUNT_requests]);
	status_put(o, STR(" requests, "));
	status_put_bytes(o, total[STATS_COUNT_sent]);
	status_put(o, STR(" sent, since "));
	status_put_age(o, (int64_t)s->wall.tv_sec -
	    (int64_t)s->counted->made);
	status_put(o, STR(". Namespace "));
	status_put_html(o, s->space);
	if (lost > 0) {
		status_put(o, STR(". <span class=\"bad\">"));
		status_put_count(o, lost);
		status_put(o, STR(" lines of access logs were lost</span>"));
	}
	status_put(o, STR(".</p>\n<p>For programs: "
	    "<a href=\"?json\">JSON</a>, <a href=\"?auto\">lines</a>. "
	    "More: fcgi-router(8), route-stat(1), route-tail(1).</p>\n"
	    "</footer>\n"));
}

void
status_page(struct status_out *o, const struct status *s)
{
	status_head(o, s);
	status_bar(o, s);
	status_printf(o, "<main id=\"main\" tabindex=\"-1\">\n");
	status_put_search(o, s);
	status_banner(o, s);
	status_tiles(o, s);
	status_plots(o, s);
	status_tables(o, s);
	status_put(o, STR("</main>\n"));
	status_foot(o, s);
	status_printf(o, "<script nonce=\"%.*s\">\n", STR_ARG(s->nonce));
	status_put(o, str_of(status_script));
	status_put(o, STR("</script>\n</body>\n</html>\n"));
}
