/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * writer: load in key order, mark, read back, put in place.
 *
 * What the map says of itself is known last, and goes in between the others
 * then. The number of pages is known after that: it is stored as zero first
 * and written again in place, which moves nothing since its size is the same.
 */

#include "tools/writer.h"

#include <db.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/msg.h"
#include "base/sigbus.h"
#include "route/mark.h"
#include "route/store.h"

enum {
	WRITER_CACHE = 4 * 1024 * 1024, /* sorted input needs few pages */
	WRITER_BULK = 1024 * 1024,      /* a multiple of four */
	WRITER_VALUE_MAX = 4 * 1024 * 1024,
	WRITER_SAID_MAX = 160,
	WRITER_TICK_MS = 20 /* longer than a tick of the kernel's file times */
};

struct writer {
	struct file_replace file;
	char folder[FILE_PATH_MAX]; /* a private one, or "" */
	bool built;
	struct codec_meta counted;
	uint64_t generation;
	DB *db;

	char *bulk;       /* records on their way into db */
	DBT bulk_dbt;
	void *bulk_at;    /* where the next one is noted */
	size_t bulk_held; /* records in it */
	struct buf last;  /* the last key that went in */
};

/* What Berkeley DB said last: its callback is told nothing of ours. */
static _Thread_local char writer_said[WRITER_SAID_MAX];

static void
writer_hear(const DB_ENV *env, const char *prefix, const char *text)
{
	(void)env;
	(void)prefix;
	(void)snprintf(writer_said, sizeof(writer_said), "%s", text);
}

static int
writer_failed(const struct writer *w, int answer, struct err *e)
{
	/* Its own words say less of a full disk than errno does. */
	if (answer > 0 || writer_said[0] == '\0')
		return err_set(e, REASON_INTERNAL, "%s: cannot write: %s",
		    w->file.fresh, db_strerror(answer));
	return err_set(e, REASON_INTERNAL, "%s: cannot write: %s",
	    w->file.fresh, writer_said);
}

/* The generation after that of the old map. */
static uint64_t
writer_next_generation(const char *path)
{
	struct store *old;
	struct err e;
	uint64_t generation = 0;
	int got = store_open(path, &old, &e);

	if (got == -1)
		msg_warning("the old map is broken, generations start again: "
		    "%s", e.text);
	if (got == 1)
		generation = store_meta(old)->generation;
	store_close(&old);
	return generation + 1;
}

/* A file in a folder of its own, never to be installed. 0, or -1 and e. */
static int
writer_begin_private(struct writer *w, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	int n;

	w->file.fd = w->file.lock = -1;
	n = snprintf(w->folder, sizeof(w->folder), "%s/route-compile.XXXXXX",
	    tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
	if (n < 0 || (size_t)n + sizeof("/map") > sizeof(w->file.fresh)) {
		w->folder[0] = '\0';
		return err_set(e, REASON_INTERNAL, "TMPDIR: path too long");
	}
	if (mkdtemp(w->folder) == NULL) {
		err_set(e, REASON_INTERNAL, "cannot make the folder %s: %s",
		    w->folder, strerror(errno));
		w->folder[0] = '\0';
		return -1;
	}
	memcpy(w->file.fresh, w->folder, (size_t)n);
	memcpy(w->file.fresh + n, "/map", sizeof("/map"));
	w->file.fd = open(w->file.fresh,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (w->file.fd == -1)
		return err_set(e, REASON_INTERNAL, "cannot create %s: %s",
		    w->file.fresh, strerror(errno));
	w->generation = 1;
	return 0;
}

static int
writer_begin(struct writer *w, const char *path, struct err *e)
{
	if (path == NULL)
		return writer_begin_private(w, e);
	if (file_replace_begin(&w->file, path, e) == -1)
		return -1;
	w->generation = writer_next_generation(w->file.path);
	return 0;
}

int
writer_open(const char *path, struct writer **out, struct err *e)
{
	struct writer *w = calloc(1, sizeof(*w));

	*out = NULL;
	CHECK(w != NULL);
	sigbus_init(); /* maps are read here */
	if (writer_begin(w, path, e) == -1) {
		writer_abort(&w);
		return -1;
	}
	buf_init(&w->last, CODEC_KEY_MAX);
	*out = w;
	return 0;
}

uint64_t
writer_generation(const struct writer *w)
{
	return w->generation;
}

/* The sizes that the read side takes. 0, or -1 and e. */
static int
writer_fits(struct str key, struct str value, struct err *e)
{
	if (key.n > CODEC_KEY_MAX)
		return err_set(e, REASON_INTERNAL,
		    "a key longer than %d bytes", CODEC_KEY_MAX);
	if (value.n > WRITER_VALUE_MAX)
		return err_set(e, REASON_INTERNAL,
		    "a record larger than %d bytes", WRITER_VALUE_MAX);
	return 0;
}

/* Loading */

static int
writer_db_open(struct writer *w, struct err *e)
{
	int answer = db_create(&w->db, NULL, 0);

	writer_said[0] = '\0';
	if (answer != 0) {
		w->db = NULL;
		return writer_failed(w, answer, e);
	}
	w->db->set_errcall(w->db, writer_hear);
	answer = w->db->set_pagesize(w->db, CODEC_PAGE);
	if (answer == 0)
		answer = w->db->set_cachesize(w->db, 0, WRITER_CACHE, 1);
	if (answer == 0) /* an empty file is made into a new tree in place */
		answer = w->db->open(w->db, NULL, w->file.fresh, NULL,
		    DB_BTREE, DB_CREATE, 0600);
	if (answer != 0)
		return writer_failed(w, answer, e);
	return 0;
}

static int
writer_db_close(struct writer *w, struct err *e)
{
	DB *db = w->db;
	int answer;

	w->db = NULL;
	answer = db->close(db, 0);
	return answer == 0 ? 0 : writer_failed(w, answer, e);
}

static void
writer_bulk_begin(struct writer *w)
{
	w->bulk_dbt = (DBT){ .data = w->bulk, .ulen = WRITER_BULK,
		.flags = DB_DBT_USERMEM };
	DB_MULTIPLE_WRITE_INIT(w->bulk_at, &w->bulk_dbt);
	w->bulk_held = 0;
}

static int
writer_bulk_end(struct writer *w, struct err *e)
{
	DBT unused = { 0 };
	int answer = 0;

	if (w->bulk_held > 0)
		answer = w->db->put(w->db, NULL, &w->bulk_dbt, &unused,
		    DB_MULTIPLE_KEY);
	writer_bulk_begin(w);
	return answer == 0 ? 0 : writer_failed(w, answer, e);
}

/* false: no room for it in the bulk. */
static bool
writer_bulk_add(struct writer *w, struct str key, struct str value)
{
	void *key_to, *value_to;

	DB_MULTIPLE_KEY_RESERVE_NEXT(w->bulk_at, &w->bulk_dbt, key_to, key.n,
	    value_to, value.n);
	if (key_to == NULL)
		return false;
	memcpy(key_to, key.p, key.n);
	if (value.n > 0)
		memcpy(value_to, value.p, value.n);
	w->bulk_held++;
	return true;
}

static int
writer_db_put(struct writer *w, struct str key, struct str value,
    struct err *e)
{
	/* Read-only, though a DBT does not say so. */
	DBT k = { .data = (void *)(uintptr_t)key.p,
		.size = (u_int32_t)key.n };
	DBT v = { .data = (void *)(uintptr_t)value.p,
		.size = (u_int32_t)value.n };
	int answer = w->db->put(w->db, NULL, &k, &v, 0);

	return answer == 0 ? 0 : writer_failed(w, answer, e);
}

/* A key twice is a mistake of the caller's input, not a choice of ours. */
static int
writer_check_order(struct writer *w, struct str key, struct err *e)
{
	int order = str_cmp(buf_view(&w->last), key);
	struct buf text;

	CHECK(order <= 0);
	if (order < 0) {
		buf_clear(&w->last);
		CHECK(buf_put(&w->last, key) == 0);
		return 0;
	}
	buf_init(&text, ERR_TEXT_MAX);
	if (codec_key_print(key, &text) == -1)
		buf_clear(&text); /* too long to be shown */
	err_set(e, REASON_INTERNAL, "two records have the key '%.*s'",
	    STR_ARG(buf_view(&text)));
	buf_fini(&text);
	return -1;
}

static int
writer_load_begin(struct writer *w, struct err *e)
{
	if (writer_db_open(w, e) == -1)
		return -1;
	w->bulk = malloc(WRITER_BULK);
	CHECK(w->bulk != NULL);
	writer_bulk_begin(w);
	return 0;
}

int
writer_put(struct writer *w, struct str key, struct str value, struct err *e)
{
	CHECK(!w->built && key.n > 0 && key.p[0] != CODEC_META &&
	    key.p[0] != CODEC_LAST);
	if (writer_fits(key, value, e) == -1)
		return -1;
	if (!codec_meta_count(&w->counted, key))
		return err_set(e, REASON_INTERNAL,
		    "a key that no map may have");
	if (writer_check_order(w, key, e) == -1)
		return -1;
	if (w->db == NULL && writer_load_begin(w, e) == -1)
		return -1;
	if (writer_bulk_add(w, key, value))
		return 0;
	if (writer_bulk_end(w, e) == -1)
		return -1;
	if (writer_bulk_add(w, key, value))
		return 0;
	return writer_db_put(w, key, value, e);
}

/* What the map says of itself */

struct writer_meta {
	struct writer *w;
	struct err *e;
};

static int
writer_meta_count(void *arg, struct str key, struct str value)
{
	struct writer *w = arg;

	(void)value;
	return codec_meta_count(&w->counted, key) ? 0 : -1;
}

static int
writer_meta_put(void *arg, struct str key, struct str value)
{
	struct writer_meta *m = arg;

	if (writer_fits(key, value, m->e) == -1)
		return -1;
	return writer_db_put(m->w, key, value, m->e);
}

/* Fills in what was counted and adds the "m" and "z" records. */
static int
writer_meta_add(struct writer *w, struct codec_meta *meta, struct err *e)
{
	struct writer_meta m = { w, e };
	struct codec_meta told;

	CHECK(codec_put_meta(meta, writer_meta_count, w) == 0);
	told = w->counted;
	told.format = CODEC_FORMAT;
	told.generation = w->generation;
	told.time = meta->time;
	told.sources = meta->sources;
	told.headers = meta->headers;
	*meta = told;
	if (writer_bulk_end(w, e) == -1)
		return -1;
	return codec_put_meta(meta, writer_meta_put, &m);
}

/* Writes a record again, if its value is another now. */
static int
writer_meta_again(void *arg, struct str key, struct str value)
{
	struct writer_meta *m = arg;
	struct writer *w = m->w;
	DBT k = { .data = (void *)(uintptr_t)key.p,
		.size = (u_int32_t)key.n };
	DBT v = { 0 };
	int answer = w->db->get(w->db, NULL, &k, &v, 0);

	if (answer != 0)
		return writer_failed(w, answer, m->e);
	if (str_eq(value, (struct str){ v.data, v.size }))
		return 0;
	CHECK(v.size == value.n);
	return writer_db_put(w, key, value, m->e);
}

/* How many pages the file has, all of it written. */
static int
writer_pages(struct writer *w, uint64_t *out, struct err *e)
{
	struct stat st;
	int answer = w->db->sync(w->db, 0);

	if (answer != 0)
		return writer_failed(w, answer, e);
	CHECK(fstat(w->file.fd, &st) != -1);
	*out = (uint64_t)st.st_size / CODEC_PAGE;
	return 0;
}

/* Marks */

static int
writer_mark(struct writer *w, const struct codec_meta *meta, struct err *e)
{
	struct mark mark = { .facts = mark_facts(meta) };
	struct err why;
	struct stat st;

	CHECK(fstat(w->file.fd, &st) != -1);
	if (mark_sum(w->file.fd, st.st_size, &mark.sum, &why) == -1 ||
	    mark_write(w->file.fd, &mark, &why) == -1)
		return err_set(e, why.reason, "%s: %s", w->file.fresh,
		    why.text);
	return 0;
}

/*
 * Dates the file's content a tick back. A router that opens it at once then
 * knows that whoever writes over it leaves another mtime (see snapshot).
 */
static int
writer_date(const struct writer *w, struct err *e)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		clock_wall() };

	times[1].tv_nsec -= WRITER_TICK_MS * 1000000L;
	if (times[1].tv_nsec < 0) {
		times[1].tv_nsec += 1000000000L;
		times[1].tv_sec--;
	}
	if (futimens(w->file.fd, times) == -1)
		return err_set(e, REASON_INTERNAL, "%s: cannot set its time",
		    w->file.fresh);
	return 0;
}

int
writer_close(struct writer *w, struct codec_meta *meta, struct err *e)
{
	struct writer_meta m = { w, e };
	uint64_t pages;

	CHECK(!w->built);
	if (w->db == NULL && writer_load_begin(w, e) == -1)
		return -1;
	if (writer_meta_add(w, meta, e) == -1 ||
	    writer_pages(w, &meta->pages, e) == -1 ||
	    codec_put_meta(meta, writer_meta_again, &m) != 0 ||
	    writer_pages(w, &pages, e) == -1 || writer_db_close(w, e) == -1)
		return -1;
	CHECK(pages == meta->pages);
	if (writer_mark(w, meta, e) == -1 ||
	    store_verify(w->file.fresh, e) == -1)
		return -1;
	w->built = true;
	return writer_date(w, e);
}

const char *
writer_path(const struct writer *w)
{
	CHECK(w->built);
	return w->file.fresh;
}

int
writer_install(struct writer **writer, struct err *e)
{
	struct writer *w = *writer;
	int got;

	CHECK(w->built && w->folder[0] == '\0');
	got = file_replace_commit(&w->file, e);
	writer_abort(writer);
	return got;
}

void
writer_abort(struct writer **writer)
{
	struct writer *w = *writer;

	*writer = NULL;
	if (w == NULL)
		return;
	if (w->db != NULL)
		(void)w->db->close(w->db, DB_NOSYNC);
	file_replace_abort(&w->file);
	if (w->folder[0] != '\0')
		(void)rmdir(w->folder);
	buf_fini(&w->last);
	free(w->bulk);
	free(w);
}
