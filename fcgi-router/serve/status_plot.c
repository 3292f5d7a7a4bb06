/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * status_plot: how requests and their times went, as small drawings (SVG) that
 * stretch with the page. What they show is said in words, too.
 */

#include <stdlib.h>

#include "serve/status_private.h"

enum {
	STATUS_WIDE = 600,
	STATUS_HIGH = 100,
	STATUS_MINUTE = 60,
	STATUS_DAY_MINUTES = STATS_MINUTES / STATUS_BINS,
	STATUS_MEDIAN = 500, /* of a thousand */
	STATUS_SLOW = 990
};

#define STATUS_TOP \
	"<div class=\"area\"><span class=\"top\" aria-hidden=\"true\">"

/* One plot's columns, the oldest first. */
struct status_series {
	struct stats_numbers bins[STATUS_BINS];
	size_t count;
	unsigned seconds; /* of each */
	int64_t counted;  /* seconds of all that were counted */
	const char *from; /* "60 s ago" */
	const char *span; /* "the last minute" */
};

static void
status_fill_minute(const struct stats_view *v, struct status_series *out)
{
	size_t i;

	out->count = STATS_SECONDS;
	out->seconds = 1;
	out->from = "60 s ago";
	out->span = "minute";
	for (i = 0; i < STATS_SECONDS; i++)
		out->bins[i] = v->seconds[STATS_SECONDS - 1 - i];
}

static void
status_fill_day(const struct stats_view *v, struct status_series *out)
{
	size_t i;

	out->count = STATUS_BINS;
	out->seconds = STATUS_DAY_MINUTES * STATUS_MINUTE;
	out->from = "24 h ago";
	out->span = "day";
	for (i = 0; i < STATUS_BINS; i++)
		out->bins[i] = (struct stats_numbers){ .counts = { 0 } };
	for (i = 0; i < STATS_MINUTES; i++)
		stats_sum(&out->bins[STATUS_BINS - 1 -
		    i / STATUS_DAY_MINUTES], &v->minutes[i]);
}

static uint64_t
status_requests(const struct stats_numbers *n)
{
	return n->counts[STATS_COUNT_requests];
}

static uint64_t
status_errors(const struct stats_numbers *n)
{
	return n->counts[STATS_COUNT_errors];
}

/* ---- the frame ---- */

/* The page's script tells what stands under the pointer. */
static void
status_plot_begin(struct status_out *o, const char *what,
    const struct status_series *s,
    void (*put)(struct status_out *o, const struct stats_numbers *n))
{
	size_t i;

	status_printf(o, "<figure class=\"card plot\" data-each=\"%u\" "
	    "data-values=\"", s->seconds);
	for (i = 0; i < s->count; i++) {
		status_put(o, i == 0 ? STR("") : STR(","));
		if (status_requests(&s->bins[i]) > 0)
			put(o, &s->bins[i]);
	}
	status_printf(o, "\"><figcaption><b>%s</b> <span>last %s</span>"
	    "</figcaption>", what, s->span);
}

/* Behind the number at its top. */
static void
status_plot_draw(struct status_out *o)
{
	status_printf(o, "</span><svg viewBox=\"0 0 %d %d\" "
	    "preserveAspectRatio=\"none\" aria-hidden=\"true\" "
	    "focusable=\"false\"><path class=\"grid\" d=\"M0 .5H%dM0 50H%d\"/>",
	    STATUS_WIDE, STATUS_HIGH, STATUS_WIDE, STATUS_WIDE);
}

static void
status_plot_end(struct status_out *o, const struct status_series *s)
{
	status_printf(o, "</svg></div><p class=\"axis\" aria-hidden=\"true\">"
	    "<span>%s</span><span>now</span></p></figure>\n", s->from);
}

/* ---- requests ---- */

static void
status_value_requests(struct status_out *o, const struct stats_numbers *n)
{
	status_printf(o, "%llu %llu", (unsigned long long)status_requests(n),
	    (unsigned long long)status_errors(n));
}

static void
status_bar(struct status_out *o, const char *class, size_t i,
    const struct status_series *s, double each, double most)
{
	double wide = (double)STATUS_WIDE / (double)s->count;
	double high = each > 0 ? STATUS_HIGH * each / most : 0;

	if (each <= 0)
		return;
	if (high < 1)
		high = 1; /* to be seen at all */
	status_printf(o, "<path class=\"%s\" d=\"M%.1f %dv-%.1fh%.1fv%.1fz\"/>",
	    class, (double)i * wide + wide * 0.1, STATUS_HIGH, high,
	    wide * 0.8, high);
}

/* So many of a column are so many a second. Counting may have begun within
 * it. */
static double
status_each(const struct status_series *s, size_t i, uint64_t n)
{
	int64_t later = (int64_t)((s->count - 1 - i) * s->seconds);
	int64_t in = s->counted - later;

	return (double)n / (double)(in > 0 && in < s->seconds ? in :
	    s->seconds);
}

static void
status_plot_requests(struct status_out *o, const struct status_series *s)
{
	struct stats_numbers sum = { .counts = { 0 } };
	double most = 0;
	size_t i;

	for (i = 0; i < s->count; i++) {
		double each = status_each(s, i, status_requests(&s->bins[i]));

		stats_sum(&sum, &s->bins[i]);
		most = each > most ? each : most;
	}
	status_plot_begin(o, "Requests a second", s, status_value_requests);
	status_put(o, STR("<p class=\"key\">"));
	status_put_rate(o, (double)status_requests(&sum) /
	    (double)s->counted);
	status_put(o, STR(" on average, "));
	status_put_rate(o, most);
	status_put(o, STR(" at most, "));
	status_printf(o, "<span class=\"%s\">errors ",
	    status_errors(&sum) > 0 ? "bad" : "");
	status_put_share(o, status_errors(&sum), status_requests(&sum));
	status_put(o, STR("</span></p>" STATUS_TOP));
	status_put_rate(o, most);
	status_plot_draw(o);
	for (i = 0; i < s->count; i++) {
		status_bar(o, "bar", i, s, status_each(s, i,
		    status_requests(&s->bins[i])), most);
		status_bar(o, "bar bad", i, s, status_each(s, i,
		    status_errors(&s->bins[i])), most);
	}
	status_plot_end(o, s);
}

/* ---- times ---- */

static void
status_value_times(struct status_out *o, const struct stats_numbers *n)
{
	status_printf(o, "%lldus %lldus",
	    (long long)stats_quantile(n, STATUS_MEDIAN),
	    (long long)stats_quantile(n, STATUS_SLOW));
}

/* A line through what is there; where nothing was asked it has gaps. */
static void
status_line(struct status_out *o, const char *class,
    const struct status_series *s, unsigned part, int64_t most)
{
	double wide = (double)STATUS_WIDE / (double)s->count;
	bool draws = false;
	size_t i;

	status_printf(o, "<path class=\"%s\" d=\"", class);
	for (i = 0; i < s->count; i++) {
		int64_t us = stats_quantile(&s->bins[i], part);
		double x = ((double)i + 0.5) * wide;
		double y = STATUS_HIGH - STATUS_HIGH * 0.97 * (double)us /
		    (double)most;

		if (us >= 0 && draws)
			status_printf(o, "L%.1f %.1f", x, y);
		else if (us >= 0)
			status_printf(o, "M%.1f %.1fh.1", x, y);
		draws = us >= 0;
	}
	status_put(o, STR("\"/>"));
}

static void
status_plot_times(struct status_out *o, const struct status_series *s)
{
	struct stats_numbers sum = { .counts = { 0 } };
	int64_t most = 1;
	size_t i;

	for (i = 0; i < s->count; i++) {
		int64_t us = stats_quantile(&s->bins[i], STATUS_SLOW);

		stats_sum(&sum, &s->bins[i]);
		if (us > most)
			most = us;
	}
	status_plot_begin(o, "Time of a request", s, status_value_times);
	status_put(o, STR("<p class=\"key\"><span class=\"one\">p50 "));
	status_put_us(o, stats_quantile(&sum, STATUS_MEDIAN));
	status_put(o, STR("</span> <span class=\"two\">p99 "));
	status_put_us(o, stats_quantile(&sum, STATUS_SLOW));
	status_put(o, STR("</span></p>" STATUS_TOP));
	status_put_us(o, most == 1 ? -1 : most);
	status_plot_draw(o);
	status_line(o, "line two", s, STATUS_SLOW, most);
	status_line(o, "line one", s, STATUS_MEDIAN, most);
	status_plot_end(o, s);
}

static void
status_plot_pair(struct status_out *o, const struct status_series *s)
{
	status_plot_requests(o, s);
	status_plot_times(o, s);
}

/* At the beginning there is less than a day, or a minute; of days only whole
 * minutes are known. */
static void
status_bound_series(const struct status *s, struct status_series *series)
{
	int64_t whole = (int64_t)(series->count * series->seconds);
	int64_t step = series->seconds == 1 ? 1 : STATUS_MINUTE;
	int64_t since = (int64_t)s->wall.tv_sec - (int64_t)s->counted->made;

	since -= since % step;
	series->counted = since < step ? step : since < whole ? since : whole;
}

void
status_plots(struct status_out *o, const struct status *s)
{
	struct status_series *series = calloc(1, sizeof(*series));

	CHECK(series != NULL);
	status_put(o, STR("<section class=\"plots\" aria-label=\"How it "
	    "went\">\n"));
	status_fill_minute(s->counted, series);
	status_bound_series(s, series);
	status_plot_pair(o, series);
	status_fill_day(s->counted, series);
	status_bound_series(s, series);
	status_plot_pair(o, series);
	status_put(o, STR("</section>\n"));
	free(series);
}
