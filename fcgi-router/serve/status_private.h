/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * status_private: what is shown, and how it is written, for status's own files
 * and its tests.
 */
#ifndef SERVE_STATUS_PRIVATE_H
#define SERVE_STATUS_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "decide/follow.h"
#include "decide/health.h"
#include "decide/limit.h"
#include "report/board.h"
#include "report/stats.h"
#include "serve/status.h"

enum {
	STATUS_MAX = 448 * 1024, /* bytes of an answer: an exchange takes 512
	                            KiB at once */
	STATUS_REQUESTS = 20,    /* rows of the page: requests under way, */
	STATUS_SERVICES = 20,
	STATUS_ORIGINS = 20,
	STATUS_LIMITS = 10,
	STATUS_PLANS = 10,
	STATUS_ROWS = 512,       /* of each table of ?json */
	STATUS_BINS = 240,       /* of a day, in its plots */
	STATUS_NONCE = 33
};

enum status_form {
	STATUS_PAGE = 0,
	STATUS_LINES,
	STATUS_JSON,
	STATUS_FORM_COUNT /* last */
};

/* What the table of services is sorted by. */
enum status_sort {
	STATUS_BY_REQUESTS = 0,
	STATUS_BY_ERRORS,
	STATUS_BY_SLOW,  /* the 99th of a hundred */
	STATUS_BY_SENT,
	STATUS_SORT_COUNT /* last */
};

const char *status_sort_word(enum status_sort by);

/* How grave something is. */
enum status_grade {
	STATUS_WELL = 0,
	STATUS_WARN,
	STATUS_BAD,
	STATUS_GRADE_COUNT /* last */
};

/* "well" "warn" "bad" */
const char *status_grade_word(enum status_grade grade);

enum { STATUS_FINDINGS = 12, STATUS_FINDING_MAX = 160 };

struct status_finding {
	enum status_grade grade;
	char text[STATUS_FINDING_MAX];
};

/* "Where does it go?" */
struct status_search {
	struct str asked;  /* as it was asked; NULL: nobody did */
	struct str wrong;  /* why there is no answer, or empty */
	struct request request;
	struct follow follow;
	struct str place;  /* of the rule, "list:line" */
	struct str target; /* as a list spells it */
	int got;           /* follow_request's answer */
	enum reason reason;
};

/* All that is known just now. */
struct status {
	struct timespec wall;
	int64_t now_us;
	struct str name;    /* of the machine */
	struct str space;   /* the router's namespace */
	struct str nonce;   /* of the page's own style and script */
	enum status_sort sort;
	size_t rows;        /* most of ?json */
	const struct health_limits *limits;
	const struct settings *settings;

	bool counts;        /* anything is counted at all */
	struct stats_view *counted;
	struct stats_numbers minute; /* the last 60 seconds together */
	struct health_row *origins;  /* the worst first */
	size_t origin_count;
	size_t origin_states[HEALTH_STATE_COUNT];
	struct board_view *requests; /* the oldest first */
	size_t request_count;
	struct limit_refusals *refusals; /* of keys, the latest first */
	size_t refusal_count;
	struct status_search search;

	struct status_finding findings[STATUS_FINDINGS]; /* the worst first */
	size_t finding_count;
	enum status_grade grade;     /* the worst of them */
};

/* In the arena; what is longer than fits has as many rows of each table as do.
 * {NULL, 0}: the arena is full. */
struct str status_body(struct status *s, enum status_form form,
    struct arena *a);

/* Fills in findings and grade. */
void status_judge(struct status *s);

/* The generation of the map, if all routers use the same; else 0. */
uint64_t status_generation(const struct stats_view *v);

/* ---- status_put: what is written ---- */

struct status_out {
	struct buf to;
	bool full; /* something did not fit: what is there is nothing */
};

void status_put(struct status_out *o, struct str text);
ATTR_PRINTF(2, 3)
void status_printf(struct status_out *o, const char *fmt, ...);
/* Of others: fit for HTML, also between double quotes. */
void status_put_html(struct status_out *o, struct str text);
/* A string of JSON with its quotes. */
void status_put_json(struct status_out *o, struct str text);
/* Of others, fit for a part of a URL's query. */
void status_put_query(struct status_out *o, struct str text);

/* For people: "12,345", "1.2 million"; "3.4 kB"; "350 µs", "1.2 s"; "3 min";
 * "0.3 %" of a whole. */
void status_put_count(struct status_out *o, uint64_t n);
void status_put_bytes(struct status_out *o, uint64_t n);
void status_put_us(struct status_out *o, int64_t us);
void status_put_age(struct status_out *o, int64_t seconds);
void status_put_share(struct status_out *o, uint64_t part, uint64_t of);
void status_put_rate(struct status_out *o, double each);

/* ---- status_plot ---- */

void status_plots(struct status_out *o, const struct status *s);

/* ---- status_table: a part of the page with a title ---- */

/* A column's heading. class: "n" for numbers, "more" for what narrow windows do
 * without. */
struct status_column {
	const char *name;
	const char *class;
	int sort; /* enum status_sort, or -1 */
};

void status_section(struct status_out *o, const char *id, const char *title);
/* What is said behind the title. */
void status_aside(struct status_out *o, const char *text);
/* The end of it: instead of a table that would be empty, */
void status_nothing(struct status_out *o, const char *text);
/* or the table, and how many rows it does not show. */
void status_table(struct status_out *o, const struct status *s,
    const char *id, const struct status_column *columns, size_t count);
void status_table_end(struct status_out *o, size_t left);

#define STATUS_TABLE(o, s, id, columns) status_table(o, s, id, columns, \
	sizeof(columns) / sizeof((columns)[0]))

/* HTML lets a cell end where the next begins. */
void status_cell(struct status_out *o, const char *class);
void status_cell_count(struct status_out *o, const char *class, uint64_t n);

/* ---- status_page, status_tables ---- */

void status_page(struct status_out *o, const struct status *s);
void status_tables(struct status_out *o, const struct status *s);

/* ---- status_lines, status_json ---- */

void status_lines(struct status_out *o, const struct status *s);
void status_json(struct status_out *o, const struct status *s);

/* ---- status_search ---- */

/* Looks up what is asked, in the map that x holds. 0, or -1 and x->err: the
 * map failed. */
ATTR_MUST_USE
int status_look(struct exchange *x, unsigned slot, struct str asked,
    struct status_search *out);
void status_put_search(struct status_out *o, const struct status *s);

/* ---- status_files.c, which is made of status.css and status.js ---- */

extern const char status_style[];
extern const char status_script[];

#endif
