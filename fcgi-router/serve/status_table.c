/* SPDX-License-Identifier: BSD-2-Clause */

/* status_table: how a table of the page is written. */

#include "serve/status_private.h"

const char *
status_sort_word(enum status_sort by)
{
	static const char *const words[STATUS_SORT_COUNT] = {
		[STATUS_BY_REQUESTS] = "requests",
		[STATUS_BY_ERRORS] = "errors",
		[STATUS_BY_SLOW] = "slow",
		[STATUS_BY_SENT] = "sent"
	};

	CHECK(by < STATUS_SORT_COUNT);
	return words[by];
}

void
status_section(struct status_out *o, const char *id, const char *title)
{
	status_printf(o, "<section class=\"card %s\" aria-labelledby=\"%s\">"
	    "<h2 id=\"%s\">%s", id, id, id, title);
}

void
status_aside(struct status_out *o, const char *text)
{
	status_printf(o, " <small>%s</small>", text);
}

void
status_nothing(struct status_out *o, const char *text)
{
	status_printf(o, "</h2><p class=\"none\">%s</p></section>\n", text);
}

static void
status_heading(struct status_out *o, const struct status *s,
    const struct status_column *c)
{
	if (c->sort < 0) {
		status_printf(o, "<th scope=\"col\" class=\"%s\">%s</th>",
		    c->class, c->name);
		return;
	}
	status_printf(o, "<th scope=\"col\" class=\"%s\"%s>"
	    "<a href=\"?sort=%s", c->class, c->sort == (int)s->sort ?
	    " aria-sort=\"descending\"" : "",
	    status_sort_word((enum status_sort)c->sort));
	if (s->search.asked.n > 0) {
		status_put(o, STR("&amp;host="));
		status_put_query(o, s->search.asked);
	}
	status_printf(o, "\">%s</a></th>", c->name);
}

void
status_table(struct status_out *o, const struct status *s, const char *id,
    const struct status_column *columns, size_t count)
{
	size_t i;

	status_printf(o, "</h2><table aria-labelledby=\"%s\"><thead><tr>", id);
	for (i = 0; i < count; i++)
		status_heading(o, s, &columns[i]);
	status_put(o, STR("</tr></thead><tbody>\n"));
}

void
status_table_end(struct status_out *o, size_t left)
{
	status_put(o, STR("</tbody></table>"));
	if (left > 0) {
		status_put(o, STR("<p class=\"none\">and "));
		status_put_count(o, left);
		status_put(o, STR(" more</p>"));
	}
	status_put(o, STR("</section>\n"));
}

void
status_cell(struct status_out *o, const char *class)
{
	status_printf(o, "<td class=\"%s\">", class);
}

void
status_cell_count(struct status_out *o, const char *class, uint64_t n)
{
	status_cell(o, class);
	status_put_count(o, n);
}
