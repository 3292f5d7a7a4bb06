/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * page_files: the operator's own pages, files of one folder.
 *
 * WORD.html is that of a reason, STATUS.html of all that have none of their
 * own, with .json likewise. A file is read when it is first needed and again
 * when it has changed. Which one is asked for is never a client's choice: the
 * names are made of reasons and statuses. One that cannot be used, or is gone,
 * is told once.
 */
#ifndef SERVE_PAGE_FILES_H
#define SERVE_PAGE_FILES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"

enum {
	PAGE_FILES_TEXT_MAX = 64 * 1024,  /* of a file */
	PAGE_FILES_FILLED_MAX = 96 * 1024 /* with its variables put in */
};

enum page_format {
	PAGE_HTML = 0,
	PAGE_JSON,
	PAGE_FORMAT_COUNT /* last */
};

struct page_file;

struct page_files {
	pthread_mutex_t lock;  /* guards all below */
	char *dir;             /* "": there are none */
	struct page_file *all; /* that were asked for */
	unsigned turn;         /* counts looks: what was not looked at in this
	                          one may have changed */
};

/* What goes where a page says {host}, {request_id} and {reason}. */
struct page_words {
	struct str host;
	struct str request_id;
	struct str reason;
};

void page_files_init(struct page_files *f);
void page_files_fini(struct page_files *f);

/* Another folder, or "". One that cannot be read is told. */
void page_files_use(struct page_files *f, const char *dir);

/* From now on files may have changed. */
void page_files_look(struct page_files *f);

/*
 * The page of that reason, or of that status when it is NONE or has none,
 * with the words put in, escaped. 1 and *out; 0: there is none, or the arena
 * has no room for it.
 */
int page_files_fill(struct page_files *f, enum reason reason, int status,
    enum page_format format, const struct page_words *words, struct arena *a,
    struct str *out);

#endif
