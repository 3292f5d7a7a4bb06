/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * lookups: what a decision costs, over a compiled map.
 *
 * Each line of QUERIES is a host, a target and the MATCH that must answer ("-"
 * for none), parted by TABs. All are asked once, and each answer is compared;
 * then again and again for some seconds without a look at the clock in between
 * (decisions a second), and once more with one look at it after each decision
 * (percentiles). What a look costs is measured too and taken off.
 *
 * Prints decisions a second; nanoseconds of processor time for one, in the
 * quickest of many short stretches, since all that others do on the machine
 * makes them longer; p50, p99 and p99.9 by the clock; and what a look costs.
 */

#include <db.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/sigbus.h"
#include "http/path.h"
#include "route/lookup.h"
#include "route/store.h"

enum {
	LOOKUPS_ARENA = 1 << 20,
	LOOKUPS_BATCH = 512,        /* decisions between looks at the clock */
	LOOKUPS_STRETCH = 50000000, /* nanoseconds */
	LOOKUPS_SAMPLES = 1 << 20,  /* of one thread */
	LOOKUPS_LOOKS = 100001,     /* to learn what one costs */
	LOOKUPS_THREADS_MAX = 16,
	LOOKUPS_LINE = 4096
};

struct lookups_query {
	struct str host;
	struct str target;
	struct str match; /* "-": no route */
	struct str key;   /* of the host's record */
};

struct lookups {
	const char *map;
	const char *file;
	size_t most;      /* queries; 0: all of the file */
	unsigned threads;
	double seconds;
	bool bare;        /* a get of the host's key, nothing else */
	struct store *store;
	struct arena words;
	struct lookups_query *queries;
	size_t count;
	pthread_barrier_t start;
};

struct lookups_worker {
	struct lookups *all;
	unsigned slot;
	size_t next;      /* query */
	struct arena arena;
	double rate;      /* decisions a second */
	double cost;      /* nanoseconds of the thread's own time for one */
	uint64_t *samples;
	size_t sampled;
	pthread_t thread;
};

static void
lookups_die(const char *what, const char *why)
{
	(void)fprintf(stderr, "lookups: %s: %s\n", what, why);
	exit(3);
}

static uint64_t
lookups_clock(clockid_t which)
{
	struct timespec now;

	(void)clock_gettime(which, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t
lookups_ns(void)
{
	return lookups_clock(CLOCK_MONOTONIC);
}

/* One decision */

static int
lookups_get(void *arg, struct str key, struct arena *a, struct str *value,
    struct err *e)
{
	const struct lookups_worker *w = arg;

	return store_get(w->all->store, w->slot, key, a, value, e);
}

/* Found in a profile by its name. */
__attribute__((noinline)) static int
lookups_decide(struct lookups_worker *w, const struct lookups_query *q,
    struct lookup_result *out, struct err *e)
{
	const struct lookup_map map = { lookups_get, w,
		store_meta(w->all->store) };
	struct host host;
	struct path path;

	if (host_parse(q->host, &host, e) == -1 ||
	    path_parse(q->target, &w->arena, &path, e) == -1)
		return -1;
	return lookup_route(&map, &host, path.text, &w->arena, NULL, out, e);
}

/* Likewise. */
__attribute__((noinline)) static int
lookups_bare(struct lookups_worker *w, const struct lookups_query *q,
    struct err *e)
{
	struct str value;

	return store_get(w->all->store, w->slot, q->key, &w->arena, &value,
	    e);
}

static int
lookups_ask(struct lookups_worker *w, const struct lookups_query *q,
    struct lookup_result *found)
{
	struct err e;
	int got;

	arena_reset(&w->arena);
	if (w->all->bare)
		got = lookups_bare(w, q, &e);
	else
		got = lookups_decide(w, q, found, &e);
	if (got == -1)
		lookups_die(w->all->map, e.text);
	return got;
}

static void
lookups_check(struct lookups_worker *w)
{
	size_t i;

	for (i = 0; i < w->all->count; i++) {
		const struct lookups_query *q = &w->all->queries[i];
		bool none = str_eq(q->match, STR("-"));
		struct lookup_result found;
		int got = lookups_ask(w, q, &found);

		if (got == (none ? 0 : 1) && (none || w->all->bare ||
		    str_eq(found.route->match, q->match)))
			continue;
		(void)fprintf(stderr, "lookups: %.*s%.*s is not answered by "
		    "%.*s\n", STR_ARG(q->host), STR_ARG(q->target),
		    STR_ARG(q->match));
		exit(1);
	}
}

/* The next query, in the file's order, again and again. */
static void
lookups_next(struct lookups_worker *w)
{
	struct lookup_result found;

	(void)lookups_ask(w, &w->all->queries[w->next], &found);
	if (++w->next == w->all->count)
		w->next = 0;
}

/* Threads */

/* One stretch: decisions made, and the thread's nanoseconds for one. */
static uint64_t
lookups_stretch(struct lookups_worker *w, double *cost)
{
	uint64_t from = lookups_clock(CLOCK_THREAD_CPUTIME_ID), now = from;
	uint64_t done = 0;
	int i;

	while (now - from < LOOKUPS_STRETCH) {
		for (i = 0; i < LOOKUPS_BATCH; i++)
			lookups_next(w);
		done += LOOKUPS_BATCH;
		now = lookups_clock(CLOCK_THREAD_CPUTIME_ID);
	}
	*cost = (double)(now - from) / (double)done;
	return done;
}

static void
lookups_rate(struct lookups_worker *w)
{
	uint64_t from = lookups_ns(), now = from, done = 0;
	uint64_t most = (uint64_t)(w->all->seconds * 1e9);
	double cost;

	while (now - from < most) {
		done += lookups_stretch(w, &cost);
		if (w->cost <= 0 || cost < w->cost)
			w->cost = cost;
		now = lookups_ns();
	}
	w->rate = (double)done * 1e9 / (double)(now - from);
}

static void
lookups_sample(struct lookups_worker *w)
{
	uint64_t from = lookups_ns(), before = from, now;
	uint64_t most = (uint64_t)(w->all->seconds * 1e9);

	while (w->sampled < LOOKUPS_SAMPLES && before - from < most) {
		lookups_next(w);
		now = lookups_ns();
		w->samples[w->sampled++] = now - before;
		before = now;
	}
}

static void *
lookups_run(void *arg)
{
	struct lookups_worker *w = arg;

	(void)pthread_barrier_wait(&w->all->start);
	lookups_rate(w);
	/* All threads sample while all others do. */
	(void)pthread_barrier_wait(&w->all->start);
	lookups_sample(w);
	return NULL;
}

static int
lookups_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* What one look at the clock costs: the median of many. */
static uint64_t
lookups_look(void)
{
	static uint64_t looks[LOOKUPS_LOOKS];
	uint64_t before = lookups_ns(), now;
	size_t i;

	for (i = 0; i < LOOKUPS_LOOKS; i++) {
		now = lookups_ns();
		looks[i] = now - before;
		before = now;
	}
	qsort(looks, LOOKUPS_LOOKS, sizeof(looks[0]), lookups_compare);
	return looks[LOOKUPS_LOOKS / 2];
}

static double
lookups_percentile(const uint64_t *sorted, size_t n, double part,
    uint64_t look)
{
	uint64_t value = sorted[(size_t)((double)(n - 1) * part)];

	return (double)(value > look ? value - look : 0);
}

static void
lookups_print(struct lookups *l, const struct lookups_worker *workers)
{
	uint64_t look = lookups_look(), *all;
	double rate = 0, cost = 0;
	size_t n = 0, at = 0;
	unsigned i;

	for (i = 0; i < l->threads; i++) {
		rate += workers[i].rate;
		cost += workers[i].cost / l->threads;
		n += workers[i].sampled;
	}
	all = calloc(n, sizeof(*all));
	if (all == NULL)
		lookups_die("samples", "out of memory");
	for (i = 0; i < l->threads; i++) {
		memcpy(all + at, workers[i].samples,
		    workers[i].sampled * sizeof(*all));
		at += workers[i].sampled;
	}
	qsort(all, n, sizeof(*all), lookups_compare);
	(void)printf("%.0f %.1f %.0f %.0f %.0f %.0f\n", rate, cost,
	    lookups_percentile(all, n, 0.5, look),
	    lookups_percentile(all, n, 0.99, look),
	    lookups_percentile(all, n, 0.999, look), (double)look);
	free(all);
}

static void
lookups_measure(struct lookups *l, struct lookups_worker *workers)
{
	unsigned i;

	if (pthread_barrier_init(&l->start, NULL, l->threads) != 0)
		lookups_die("barrier", "cannot make one");
	for (i = 0; i < l->threads; i++) {
		struct lookups_worker *w = &workers[i];

		w->samples = calloc(LOOKUPS_SAMPLES, sizeof(*w->samples));
		if (w->samples == NULL || pthread_create(&w->thread, NULL,
		    lookups_run, w) != 0)
			lookups_die("threads", "cannot start one");
	}
	for (i = 0; i < l->threads; i++)
		(void)pthread_join(workers[i].thread, NULL);
	lookups_print(l, workers);
	for (i = 0; i < l->threads; i++)
		free(workers[i].samples);
	(void)pthread_barrier_destroy(&l->start);
}

/* Queries */

static void
lookups_add(struct lookups *l, struct str line)
{
	struct lookups_query *q = &l->queries[l->count++];
	struct str rest;
	struct err e;
	struct host host;

	line = arena_copy(&l->words, line);
	if (line.p == NULL || !str_cut(line, '\t', &q->host, &rest) ||
	    !str_cut(rest, '\t', &q->target, &q->match) ||
	    host_parse(q->host, &host, &e) == -1)
		lookups_die(l->file, "not a host, a target and a MATCH");
	q->key = arena_printf(&l->words, "%c%.*s", CODEC_HOST,
	    STR_ARG(host_text(&host)));
}

static void
lookups_read(struct lookups *l)
{
	FILE *in = fopen(l->file, "r");
	char line[LOOKUPS_LINE];
	size_t room = 0;

	if (in == NULL)
		lookups_die(l->file, "cannot open");
	while ((l->most == 0 || l->count < l->most) &&
	    fgets(line, sizeof(line), in) != NULL) {
		if (l->count == room) {
			room = room * 2 + LOOKUPS_LINE;
			l->queries = reallocarray(l->queries, room,
			    sizeof(*l->queries));
			if (l->queries == NULL)
				lookups_die(l->file, "out of memory");
		}
		lookups_add(l, (struct str){ line, strcspn(line, "\n") });
	}
	(void)fclose(in);
	if (l->count == 0)
		lookups_die(l->file, "no queries");
}

/* The value of a key in any Berkeley DB file: 0, or 1 when there is none. */
static int
lookups_value(const char *file, const char *key)
{
	DBT k = { 0 }, v = { 0 };
	DB *db;
	int got;

	if (db_create(&db, NULL, 0) != 0)
		lookups_die(file, "cannot open");
	got = db->open(db, NULL, file, NULL, DB_UNKNOWN, DB_RDONLY, 0);
	if (got != 0)
		lookups_die(file, db_strerror(got));
	k.data = (void *)(uintptr_t)key;
	k.size = (u_int32_t)strlen(key);
	got = db->get(db, NULL, &k, &v, 0);
	if (got == 0)
		(void)printf("%.*s\n", (int)v.size, (const char *)v.data);
	else if (got != DB_NOTFOUND)
		lookups_die(file, db_strerror(got));
	(void)db->close(db, 0);
	return got == 0 ? 0 : 1;
}

static int
lookups_usage(void)
{
	(void)fputs("usage: lookups [-b] [-n QUERIES] [-s SECONDS] "
		    "[-t THREADS] MAP QUERIES\n"
		    "       lookups -g KEY FILE\n", stderr);
	return 2;
}

static int
lookups_all(struct lookups *l)
{
	struct lookups_worker workers[LOOKUPS_THREADS_MAX] = { 0 };
	struct err e;
	unsigned i;
	int got;

	sigbus_init();
	arena_init(&l->words, SIZE_MAX);
	lookups_read(l);
	got = store_open(l->map, &l->store, &e);
	if (got != 1)
		lookups_die(l->map, got == 0 ? "no such file" : e.text);
	for (i = 0; i < l->threads; i++) {
		workers[i].all = l;
		workers[i].slot = i;
		workers[i].next = l->count / l->threads * i;
		arena_init(&workers[i].arena, LOOKUPS_ARENA);
		lookups_check(&workers[i]);
	}
	if (l->seconds > 0)
		lookups_measure(l, workers);
	for (i = 0; i < l->threads; i++)
		arena_fini(&workers[i].arena);
	store_close(&l->store);
	free(l->queries);
	arena_fini(&l->words);
	return 0;
}

int
main(int argc, char **argv)
{
	struct lookups l = { .threads = 1, .seconds = 1 };
	const char *key = NULL;
	int got;

	while ((got = getopt(argc, argv, "bg:n:s:t:")) != -1) {
		if (got == 'b')
			l.bare = true;
		else if (got == 'g')
			key = optarg;
		else if (got == 'n')
			l.most = strtoul(optarg, NULL, 10);
		else if (got == 's')
			l.seconds = strtod(optarg, NULL);
		else if (got == 't')
			l.threads = (unsigned)strtoul(optarg, NULL, 10);
		else
			return lookups_usage();
	}
	if (key != NULL && argc - optind == 1)
		return lookups_value(argv[optind], key);
	if (key != NULL || argc - optind != 2 || l.threads < 1 ||
	    l.threads > LOOKUPS_THREADS_MAX)
		return lookups_usage();
	l.map = argv[optind];
	l.file = argv[optind + 1];
	return lookups_all(&l);
}
