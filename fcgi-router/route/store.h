/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * store: the read side of one map file; the only reader of Berkeley DB.
 *
 * Opened read-only in a private environment of its own, memory-mapped, one
 * handle for each slot (a worker's number), so that workers share no lock.
 * The file is checked in constant time: first page, size, format, last record,
 * and that they are of one map; a map of up to STORE_SUM_ALWAYS bytes is read
 * as a whole. A page that is gone (truncated in place) or a failure inside
 * Berkeley DB makes the store lost: it answers map-broken ever after, and its
 * environment is abandoned, never closed. sigbus_init must have been called.
 */
#ifndef ROUTE_STORE_H
#define ROUTE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "route/codec.h"

enum { STORE_SLOTS_MAX = 128, STORE_SUM_ALWAYS = 1 << 20 };

struct store;

/*
 * Opens and checks the map. 1 and *out; 0: no such file; -1 and e
 * (map-broken): not a map, truncated, foreign, of another format.
 */
ATTR_MUST_USE
int store_open(const char *path, struct store **out, struct err *e);

/* Closes it (abandons it if it is lost), sets *s NULL. NULL is fine. No call
 * on the store may be going on. */
void store_close(struct store **s);

/*
 * The value of key, copied into the arena. slot: below STORE_SLOTS_MAX, not
 * used by two threads at once. 1 found, 0 not there, -1 and e: map-broken or
 * overloaded.
 */
ATTR_MUST_USE
int store_get(struct store *s, unsigned slot, struct str key, struct arena *a,
    struct str *value, struct err *e);

/*
 * Has the open file still the size and mtime it was opened with? One fstat.
 * false for good once it was false, or the store was lost. That a write always
 * changes mtime, the caller must know: see snapshot.
 */
bool store_sound(struct store *s);

/* Was a page gone, or did Berkeley DB fail? Costs nothing. */
bool store_lost(const struct store *s);

/* The map's own words; borrowed until store_close. */
const struct codec_meta *store_meta(const struct store *s);

/* The file that is open, as it was before anything of it was read. */
const struct file_id *store_file(const struct store *s);

/* Were both made by one run of the compiler? */
bool store_same(const struct store *a, const struct store *b);

/* Reads the whole file: is every byte as it was written? 0, or -1 and e. */
ATTR_MUST_USE int store_check_sum(struct store *s, struct err *e);

/* Berkeley DB's own check of all pages; only for files whose sum is right.
 * Slow, takes memory. 0, or -1 and e. */
ATTR_MUST_USE int store_check_pages(struct store *s, struct err *e);

/*
 * Walks over all records in key order; key and value are borrowed until the
 * next call. For tools. open: 0 and *out, or -1 and e. next: 1, 0 at the end,
 * -1 and e. close takes NULL: 0, or -1 and e.
 */
struct store_cursor;
ATTR_MUST_USE
int store_cursor_open(struct store *s, struct store_cursor **out,
    struct err *e);
ATTR_MUST_USE
int store_cursor_next(struct store_cursor *c, struct str *key,
    struct str *value, struct err *e);
ATTR_MUST_USE
int store_cursor_close(struct store_cursor **c, struct err *e);

/*
 * Calls see for each record in key order, until it answers other than 0.
 * 0, that answer, or -1 and e. For tools.
 */
ATTR_MUST_USE
int store_walk(struct store *s,
    int (*see)(void *arg, struct str key, struct str value), void *arg,
    struct err *e);

/*
 * Reads every page and record: all bytes by the file's sum, structure by
 * Berkeley DB's own check, every record by the codec, counts and levels
 * against "m". 0, or -1 and e (no-map, map-broken).
 */
ATTR_MUST_USE int store_verify(const char *path, struct err *e);

#endif
