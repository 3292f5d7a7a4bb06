/* SPDX-License-Identifier: BSD-2-Clause */

/* page_files: a list of files by name, each with what was read of it. */

#include "serve/page_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "http/host.h"
#include "http/request.h"

enum { PAGE_FILES_NAME_MAX = 64 };

/* Read-only once made; the last holder frees it. */
struct page_text {
	atomic_int refs;
	size_t n;
	char bytes[];
};

struct page_file {
	struct page_file *next;
	char name[PAGE_FILES_NAME_MAX];
	struct page_text *text; /* NULL: there is none that can be used */
	struct file_id id;      /* of what was read, or refused */
	bool there;
	bool told;              /* that it cannot be looked at */
	unsigned turn;          /* of the last look */
};

/* ---- variables ---- */

/* Those of a page, and the most that each becomes. HTML and JSON make up to
 * six bytes of one; a host holds none of those. */
static const struct page_variable {
	struct str spelled;
	size_t offset;
	size_t most;
} page_files_variables[] = {
	{ { "{host}", 6 }, offsetof(struct page_words, host), HOST_MAX },
	{ { "{request_id}", 12 }, offsetof(struct page_words, request_id),
	  REQUEST_ID_MAX * 6 },
	{ { "{reason}", 8 }, offsetof(struct page_words, reason), 32 },
};

enum { PAGE_FILES_VARIABLES = sizeof(page_files_variables) /
	sizeof(page_files_variables[0]) };

/* Up to the next variable: it is cut off *left, with what is before it in
 * *before. NULL: there is none. */
static const struct page_variable *
page_files_next(struct str *left, struct str *before)
{
	size_t at, i;

	for (at = 0; at < left->n; at++) {
		struct str rest;

		at += str_find(str_sub(*left, at, left->n), '{');
		rest = str_sub(*left, at, left->n);
		for (i = 0; i < PAGE_FILES_VARIABLES; i++) {
			const struct page_variable *v =
			    &page_files_variables[i];

			if (!str_starts(rest, v->spelled))
				continue;
			*before = str_sub(*left, 0, at);
			*left = str_sub(rest, v->spelled.n, rest.n);
			return v;
		}
	}
	*before = *left;
	*left = str_sub(*left, left->n, left->n);
	return NULL;
}

static struct str
page_files_escaped(char c, enum page_format format)
{
	static const struct {
		char c;
		struct str html, json;
	} rows[] = {
		{ '&', { "&amp;", 5 }, { "&", 1 } },
		{ '<', { "&lt;", 4 }, { "\\u003c", 6 } },
		{ '>', { "&gt;", 4 }, { ">", 1 } },
		{ '"', { "&quot;", 6 }, { "\\\"", 2 } },
		{ '\'', { "&#39;", 5 }, { "'", 1 } },
		{ '\\', { "\\", 1 }, { "\\\\", 2 } },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].c == c)
			return format == PAGE_HTML ? rows[i].html :
			    rows[i].json;
	return (struct str){ NULL, 0 };
}

/* At most `most` bytes of it. Words are tokens and names: printable ASCII. */
static char *
page_files_put_word(char *to, struct str word, enum page_format format,
    size_t most)
{
	const char *begin = to;
	size_t i;

	for (i = 0; i < word.n; i++) {
		struct str one = page_files_escaped(word.p[i], format);

		if (one.p == NULL)
			one = str_sub(word, i, i + 1);
		if ((size_t)(to - begin) + one.n > most)
			break;
		to = str_put(to, one);
	}
	return to;
}

static size_t
page_files_most(struct str text)
{
	const struct page_variable *v;
	struct str before;
	size_t n = 0;

	do {
		v = page_files_next(&text, &before);
		n += before.n + (v != NULL ? v->most : 0);
	} while (v != NULL);
	return n;
}

static int
page_files_put(struct str text, const struct page_words *words,
    enum page_format format, struct arena *a, struct str *out)
{
	char *begin = arena_alloc(a, page_files_most(text) + 1), *to = begin;
	const struct page_variable *v;
	struct str before;

	if (begin == NULL)
		return 0;
	do {
		v = page_files_next(&text, &before);
		to = str_put(to, before);
		if (v != NULL)
			to = page_files_put_word(to, *(const struct str *)
			    (const void *)((const char *)words + v->offset),
			    format, v->most);
	} while (v != NULL);
	*out = (struct str){ begin, (size_t)(to - begin) };
	return 1;
}

/* ---- files ---- */

static void
page_files_give(struct page_text **text)
{
	if (*text != NULL && atomic_fetch_sub(&(*text)->refs, 1) == 1)
		free(*text);
	*text = NULL;
}

/* The rest of a descriptor that is at its begin, or NULL and *why. */
static struct page_text *
page_files_read_text(int fd, const char **why)
{
	struct page_text *text = malloc(sizeof(*text) + PAGE_FILES_TEXT_MAX +
	    1);
	ssize_t got = 0;

	if (text == NULL) {
		*why = "out of memory";
		return NULL;
	}
	atomic_init(&text->refs, 1);
	text->n = 0;
	do {
		text->n += (size_t)got;
		got = read(fd, text->bytes + text->n,
		    PAGE_FILES_TEXT_MAX + 1 - text->n);
	} while (got > 0);
	if (got == -1)
		*why = strerror(errno);
	else if (text->n > PAGE_FILES_TEXT_MAX)
		*why = "it is larger than 64 KiB";
	else if (page_files_most((struct str){ text->bytes, text->n }) >
	    PAGE_FILES_FILLED_MAX)
		*why = "it would be larger than 96 KiB with its variables";
	else
		return text;
	page_files_give(&text);
	return NULL;
}

/* NULL and *why. *id: of what was read. */
static struct page_text *
page_files_read(const char *path, struct file_id *id, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct page_text *text = NULL;
	struct stat st;

	if (fd == -1) {
		*why = strerror(errno);
		return NULL;
	}
	if (fstat(fd, &st) == -1 || file_identify_fd(fd, id) == -1)
		*why = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		*why = "it is no regular file";
	else
		text = page_files_read_text(fd, why);
	close(fd);
	return text;
}

/* Expects the lock. */
static void
page_files_renew(struct page_file *file, const char *path,
    const struct file_id *now)
{
	const char *why = "";

	page_files_give(&file->text);
	file->there = true;
	file->told = false;
	file->id = *now;
	file->text = page_files_read(path, &file->id, &why);
	if (file->text == NULL)
		msg_warning("%s: %s: another page serves", path, why);
}

/* Has it changed? Expects the lock. */
static void
page_files_look_at(struct page_file *file, const char *path)
{
	struct file_id now;
	int got = file_identify(path, &now);

	if (got == 1) {
		if (!file->there || !file_same(&now, &file->id))
			page_files_renew(file, path, &now);
		return;
	}
	if (got == 0 ? file->there : !file->told)
		msg_warning("%s: %s: another page serves", path,
		    got == 0 ? "it is gone" : strerror(errno));
	file->told = got == -1;
	file->there = false;
	page_files_give(&file->text);
}

/* Expects the lock. NULL: out of memory. */
static struct page_file *
page_files_find(struct page_files *f, const char *name)
{
	struct page_file *file;

	for (file = f->all; file != NULL; file = file->next)
		if (strcmp(file->name, name) == 0)
			return file;
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return NULL;
	memcpy(file->name, name, strlen(name) + 1);
	file->turn = f->turn - 1;
	file->next = f->all;
	f->all = file;
	return file;
}

/* One more holder of its text; NULL: there is none. Expects the lock. */
static struct page_text *
page_files_take(struct page_files *f, const char *name)
{
	struct page_file *file = page_files_find(f, name);
	char path[FILE_PATH_MAX + PAGE_FILES_NAME_MAX];

	if (file == NULL)
		return NULL;
	if (file->turn != f->turn) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, name);
		page_files_look_at(file, path);
		file->turn = f->turn;
	}
	if (file->text != NULL)
		atomic_fetch_add(&file->text->refs, 1);
	return file->text;
}

static struct page_text *
page_files_take_best(struct page_files *f, enum reason reason, int status,
    enum page_format format)
{
	static const char *const ends[PAGE_FORMAT_COUNT] = { "html", "json" };
	char name[PAGE_FILES_NAME_MAX];
	struct page_text *text = NULL;

	pthread_mutex_lock(&f->lock);
	if (f->dir[0] != '\0' && reason != REASON_NONE) {
		snprintf(name, sizeof(name), "%s.%s", reason_word(reason),
		    ends[format]);
		text = page_files_take(f, name);
	}
	if (f->dir[0] != '\0' && text == NULL) {
		snprintf(name, sizeof(name), "%d.%s", status, ends[format]);
		text = page_files_take(f, name);
	}
	pthread_mutex_unlock(&f->lock);
	return text;
}

int
page_files_fill(struct page_files *f, enum reason reason, int status,
    enum page_format format, const struct page_words *words, struct arena *a,
    struct str *out)
{
	struct page_text *text = page_files_take_best(f, reason, status,
	    format);
	int got;

	if (text == NULL)
		return 0;
	got = page_files_put((struct str){ text->bytes, text->n }, words,
	    format, a, out);
	page_files_give(&text);
	return got;
}

/* ---- the folder ---- */

void
page_files_init(struct page_files *f)
{
	*f = (struct page_files){ .dir = strdup("") };
	CHECK(f->dir != NULL);
	pthread_mutex_init(&f->lock, NULL);
}

/* Expects the lock. */
static void
page_files_forget(struct page_files *f)
{
	while (f->all != NULL) {
		struct page_file *file = f->all;

		f->all = file->next;
		page_files_give(&file->text);
		free(file);
	}
}

void
page_files_fini(struct page_files *f)
{
	page_files_forget(f);
	free(f->dir);
	f->dir = NULL;
	pthread_mutex_destroy(&f->lock);
}

void
page_files_use(struct page_files *f, const char *dir)
{
	pthread_mutex_lock(&f->lock);
	if (strcmp(f->dir, dir) != 0) {
		page_files_forget(f);
		free(f->dir);
		f->dir = strdup(dir);
		CHECK(f->dir != NULL);
		if (dir[0] != '\0' && access(dir, R_OK | X_OK) == -1)
			msg_warning("'[pages] dir': %s: %s", dir,
			    strerror(errno));
	}
	f->turn++;
	pthread_mutex_unlock(&f->lock);
}

void
page_files_look(struct page_files *f)
{
	pthread_mutex_lock(&f->lock);
	f->turn++;
	pthread_mutex_unlock(&f->lock);
}
