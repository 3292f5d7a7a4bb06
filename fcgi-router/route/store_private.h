/* SPDX-License-Identifier: BSD-2-Clause */

/* store_private: what the files of store share, and nobody else includes. */
#ifndef ROUTE_STORE_PRIVATE_H
#define ROUTE_STORE_PRIVATE_H

#include <db.h>
#include <stdatomic.h>

#include "route/mark.h"
#include "route/store.h"

/*
 * Berkeley DB notes some of an environment's memory as distances, which a leak
 * checker cannot follow: what an abandoned one holds would look lost.
 */
#if defined(__SANITIZE_ADDRESS__)
#define STORE_LEAK_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STORE_LEAK_CHECKED 1
#endif
#endif
#ifdef STORE_LEAK_CHECKED
#include <sanitizer/lsan_interface.h>
#define STORE_KEPT_BEGIN() __lsan_disable()
#define STORE_KEPT_END() __lsan_enable()
#else
#define STORE_KEPT_BEGIN() (void)0
#define STORE_KEPT_END() (void)0
#endif

enum {
	STORE_VALUE_MAX = 8 * 1024 * 1024,
	STORE_PROC_MAX = 32 /* of a descriptor's name in /proc */
};

struct store {
	DB_ENV *env;
	DB *slots[STORE_SLOTS_MAX]; /* NULL until first used; may share [0] */
	DBC *cursors[STORE_SLOTS_MAX]; /* likewise, none is shared */
	int fd;
	struct file_id file;
	struct mark mark;
	struct codec_meta meta;
	struct arena words; /* what meta points at */
	atomic_bool lost;
	atomic_bool unsound;
	struct store *next; /* of the abandoned ones */
	char path[FILE_PATH_MAX];
};

/* A get of one record, or a cursor's step. */
struct store_call {
	DB *db;
	DBC *cursor;
	DBT key;
	DBT value;
	int answer;
};

/* What Berkeley DB has to say goes here, each thread for itself. */
void store_hear(const DB_ENV *env, const char *prefix, const char *text);

/* Fills e from an answer of Berkeley DB and what it said in this call; -1. */
int store_failed(const char *path, int answer, struct err *e);

/* Fills e: a page is gone; -1. */
int store_gone(const char *path, struct err *e);

void store_lose(struct store *s);

/* Runs a call into Berkeley DB. 0; -1 and e: a page is gone, the store lost. */
ATTR_MUST_USE
int store_run(struct store *s, void (*run)(void *), void *arg, struct err *e);

/* Runs a call that leaves *answer. 1, 0: not there, 2: a buffer is too small,
 * -1 and e. */
ATTR_MUST_USE
int store_ask(struct store *s, void (*run)(void *), void *arg,
    const int *answer, struct err *e);

/* One more handle; NULL: there is none (no descriptors, no /proc and the path
 * replaced). */
DB *store_handle_open(struct store *s);

#endif
