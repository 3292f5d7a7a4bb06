/* SPDX-License-Identifier: BSD-2-Clause */

/* arena: chunks in a list, the newest first; objects are cut from that. */

#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_CHUNK = 4096 };

struct arena_chunk {
	struct arena_chunk *older;
	size_t size; /* of data */
	size_t used;
	alignas(max_align_t) char data[];
};

void
arena_init(struct arena *a, size_t ceiling)
{
	*a = (struct arena){ .ceiling = ceiling };
}

static struct arena_chunk *
arena_grow(struct arena *a, size_t n)
{
	size_t head = sizeof(struct arena_chunk);
	size_t size = n > ARENA_CHUNK - head ? n : ARENA_CHUNK - head;
	struct arena_chunk *chunk;

	if (a->taken > a->ceiling || size + head > a->ceiling - a->taken)
		return NULL;
	chunk = malloc(head + size);
	if (chunk == NULL)
		return NULL;
	chunk->older = a->newest;
	chunk->size = size;
	chunk->used = 0;
	a->newest = chunk;
	a->taken += head + size;
	return chunk;
}

/* As arena_alloc, not zeroed. */
static void *
arena_cut(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	struct arena_chunk *chunk = a->newest;
	void *p;

	if (n > a->ceiling || n > SIZE_MAX - sizeof(*chunk) - align) {
		a->full = true;
		return NULL;
	}
	n = (n + align - 1) / align * align;
	if (chunk == NULL || chunk->size - chunk->used < n)
		chunk = arena_grow(a, n);
	if (chunk == NULL) {
		a->full = true;
		return NULL;
	}
	p = chunk->data + chunk->used;
	chunk->used += n;
	return p;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	void *p = arena_cut(a, n);

	return p != NULL ? memset(p, 0, n) : NULL;
}

struct str
arena_copy(struct arena *a, struct str s)
{
	char *p = arena_cut(a, s.n + 1);

	if (p == NULL)
		return (struct str){ NULL, 0 };
	*str_put(p, s) = '\0';
	return (struct str){ p, s.n };
}

struct str
arena_join(struct arena *a, const struct str *parts, size_t count)
{
	size_t n = 0, i;
	char *p, *to;

	for (i = 0; i < count; i++)
		n += parts[i].n;
	p = to = arena_cut(a, n + 1);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	for (i = 0; i < count; i++)
		to = str_put(to, parts[i]);
	*to = '\0';
	return (struct str){ p, n };
}

struct str
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	char *p;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	CHECK(n >= 0);
	p = arena_cut(a, (size_t)n + 1);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	va_start(args, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, args);
	va_end(args);
	return (struct str){ p, (size_t)n };
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *keep = NULL;

	while (a->newest != NULL) {
		struct arena_chunk *chunk = a->newest;

		a->newest = chunk->older;
		if (keep == NULL &&
		    chunk->size + sizeof(*chunk) == ARENA_CHUNK)
			keep = chunk;
		else
			free(chunk);
	}
	a->taken = 0;
	a->full = false;
	if (keep != NULL) {
		keep->older = NULL;
		keep->used = 0;
		a->newest = keep;
		a->taken = ARENA_CHUNK;
	}
}

void
arena_fini(struct arena *a)
{
	while (a->newest != NULL) {
		struct arena_chunk *chunk = a->newest;

		a->newest = chunk->older;
		free(chunk);
	}
	arena_init(a, a->ceiling);
}
