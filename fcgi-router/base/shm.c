/* SPDX-License-Identifier: BSD-2-Clause */

/* shm: the mapping, which stays at one address, and the slots. */

#include "base/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/shm_private.h"
#include "base/sigbus.h"

enum {
	SHM_WAIT_MS = 1000,          /* at the start, for who makes the file */
	SHM_WATCH_BYTE = SHM_SLOTS_MAX /* readers lock it, shared */
};

struct shm {
	struct shm_kind kind;
	struct shm_place place;
	struct shm_head *head; /* the mapping begins here */
	size_t size;
	/* Guards file, and the exchange of what is mapped. */
	pthread_mutex_t lock;
	struct shm_file file;  /* fd -1: private memory is mapped */
	bool watches;          /* a reader that wants to be known of */
	atomic_uint era;       /* counts what was mapped */
	_Atomic uint64_t k0;   /* the key: one of two files' halves is */
	_Atomic uint64_t k1;   /* unknown to both, and harms nobody */
	atomic_int slot;
	atomic_bool shared;
};

/* ---- slots ---- */

/* Gives or takes (F_WRLCK, F_UNLCK) the byte lock of a slot. */
static bool
shm_slot_lock(const struct shm *s, unsigned slot, short type)
{
	struct flock lock = { .l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)slot,
		.l_len = 1 };

	return fcntl(s->file.fd, F_OFD_SETLK, &lock) != -1;
}

static void
shm_slot_clear(struct shm *s, unsigned slot)
{
	if (s->kind.clear != NULL)
		s->kind.clear(shm_data(s), slot);
}

/* Marked before its holder keeps anything there: whoever finds a slot without
 * mark and lock finds it clear. */
static void
shm_run_take(void *arg)
{
	struct shm *s = arg;
	unsigned slot;

	for (slot = 0; slot < s->kind.slots; slot++) {
		if (!shm_slot_lock(s, slot, F_WRLCK))
			continue;
		shm_slot_clear(s, slot);
		atomic_store(&s->head->holders[slot], (uint32_t)getpid());
		atomic_store(&s->slot, (int)slot);
		return;
	}
}

static void
shm_run_give(void *arg)
{
	struct shm *s = arg;
	int slot = atomic_load(&s->slot);

	shm_slot_clear(s, (unsigned)slot);
	atomic_store(&s->head->holders[slot], 0);
}

/* Cleared first, then unmarked: killed between, somebody else does it. */
static void
shm_run_reap(void *arg)
{
	struct shm *s = arg;
	int own = atomic_load(&s->slot);
	unsigned slot;
	uint32_t pid;

	for (slot = 0; slot < s->kind.slots; slot++) {
		pid = atomic_load_explicit(&s->head->holders[slot],
		    memory_order_relaxed);
		/* One's own lock would be had once more, then lost. */
		if (pid == 0 || (int)slot == own ||
		    !shm_slot_lock(s, slot, F_WRLCK))
			continue;
		shm_slot_clear(s, slot);
		atomic_store(&s->head->holders[slot], 0);
		(void)shm_slot_lock(s, slot, F_UNLCK);
	}
}

/* ---- readers that are known of ---- */

static struct flock
shm_watch_lock(short type)
{
	return (struct flock){ .l_type = type,
		.l_whence = SEEK_SET,
		.l_start = SHM_WATCH_BYTE,
		.l_len = 1 };
}

/* Marks the file that is open now. -1 and errno. */
static int
shm_watch_file(const struct shm *s)
{
	struct flock lock = shm_watch_lock(F_RDLCK);

	return fcntl(s->file.fd, F_OFD_SETLK, &lock);
}

/* ---- what is mapped ---- */

static void
shm_set_key(struct shm *s, struct hash_key key)
{
	atomic_store(&s->k0, key.k0);
	atomic_store(&s->k1, key.k1);
}

static void
shm_close(struct shm *s)
{
	if (s->file.fd != -1)
		close(s->file.fd);
	s->file.fd = -1;
}

/*
 * Moves a fresh mapping to where ours is, in one step: whoever reads there
 * meanwhile finds the one or the other.
 */
static void
shm_move(struct shm *s, void *fresh)
{
	void *at = mremap(fresh, s->size, s->size,
	    MREMAP_MAYMOVE | MREMAP_FIXED, s->head);

	CHECK(at == s->head);
}

/* Zeros. Aborts where there is no memory. */
static void *
shm_memory(const struct shm *s)
{
	void *fresh = mmap(NULL, s->size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(fresh != MAP_FAILED);
	return fresh;
}

/* Private memory is mapped from here on. */
static void
shm_own(struct shm *s)
{
	shm_set_key(s, hash_key_random());
	if (s->kind.slots > 0 && s->place.how != SHM_READ) {
		atomic_store(&s->head->holders[0], (uint32_t)getpid());
		atomic_store(&s->slot, 0);
	}
	atomic_fetch_add(&s->era, 1);
}

/* Puts private memory in place of what is mapped. */
static void
shm_part(struct shm *s)
{
	atomic_store(&s->slot, -1);
	atomic_store(&s->shared, false);
	shm_move(s, shm_memory(s));
	shm_close(s);
	shm_own(s);
}

/* 0, or -1 and e: the file was cut, and private memory is mapped. */
static int
shm_take_slot(struct shm *s, struct err *e)
{
	if (s->place.how == SHM_READ || sigbus_run(shm_run_take, s))
		return 0;
	shm_part(s);
	return err_set(e, REASON_INTERNAL, "%s: cut while it was joined",
	    s->place.path);
}

/*
 * Maps the file, whose fd is ours from here on. 1, or -1 and e: private memory
 * is mapped. Meanwhile there is no slot: that of one file is not that of
 * another.
 */
static int
shm_map(struct shm *s, const struct shm_file *file, struct err *e)
{
	int prot = PROT_READ | (s->place.how == SHM_READ ? 0 : PROT_WRITE);
	void *fresh = mmap(NULL, s->size, prot, MAP_SHARED, file->fd, 0);

	if (fresh == MAP_FAILED) {
		(void)err_set(e, REASON_INTERNAL, "%s: cannot map: %s",
		    s->place.path, strerror(errno));
		close(file->fd);
		shm_part(s);
		return -1;
	}
	atomic_store(&s->slot, -1);
	shm_move(s, fresh);
	shm_close(s);
	s->file = *file;
	if (s->watches)
		(void)shm_watch_file(s);
	shm_set_key(s, file->key);
	atomic_fetch_add(&s->era, 1);
	atomic_store(&s->shared, true);
	return shm_take_slot(s, e) == -1 ? -1 : 1;
}

/* Private memory, zeros. Aborts where there is none. */
static struct shm *
shm_new(const char *folder, const struct shm_kind *kind, enum shm_how how,
    struct err *e)
{
	struct shm *s = calloc(1, sizeof(*s));

	CHECK(s != NULL && kind->slots <= SHM_SLOTS_MAX);
	s->kind = *kind;
	s->size = SHM_HEAD + kind->size;
	s->file.fd = -1;
	CHECK(pthread_mutex_init(&s->lock, NULL) == 0);
	atomic_store(&s->slot, -1);
	s->head = shm_memory(s);
	e->reason = REASON_NONE;
	e->text[0] = '\0';
	if (shm_place_init(&s->place, folder, kind, how, e) == -1)
		s->place.path[0] = '\0';
	shm_own(s);
	return s;
}

/* 1, or -1 and e: it is private memory, as before. */
static int
shm_enter(struct shm *s, struct err *e)
{
	struct shm_file file;

	if (s->place.path[0] == '\0' ||
	    shm_file_open(&s->place, SHM_WAIT_MS, &file, e) != 1 ||
	    shm_map(s, &file, e) == -1)
		return -1;
	e->reason = REASON_NONE;
	e->text[0] = '\0';
	return 1;
}

struct shm *
shm_join(const char *folder, const struct shm_kind *kind, bool make,
    struct err *e)
{
	struct shm *s = shm_new(folder, kind, make ? SHM_MAKE : SHM_JOIN, e);

	/* Where all answer once, nobody else looks who was killed. */
	if (shm_enter(s, e) == 1)
		shm_reap(s);
	return s;
}

struct shm *
shm_read(const char *folder, const struct shm_kind *kind, struct err *e)
{
	struct shm *s = shm_new(folder, kind, SHM_READ, e);

	if (shm_enter(s, e) == -1)
		shm_leave(&s);
	return s;
}

void
shm_leave(struct shm **shm)
{
	struct shm *s = *shm;

	*shm = NULL;
	if (s == NULL)
		return;
	/* What was cut needs no giving back. */
	if (atomic_load(&s->slot) != -1)
		(void)!sigbus_run(shm_run_give, s);
	shm_close(s);
	(void)munmap(s->head, s->size);
	CHECK(pthread_mutex_destroy(&s->lock) == 0);
	free(s);
}

/* ---- using it ---- */

void *
shm_data(const struct shm *s)
{
	return (char *)s->head + SHM_HEAD;
}

struct hash_key
shm_key(const struct shm *s)
{
	struct hash_key key = { atomic_load(&s->k0), atomic_load(&s->k1) };

	return key;
}

int
shm_slot(const struct shm *s)
{
	return atomic_load(&s->slot);
}

uint32_t
shm_holder(const struct shm *s, unsigned slot)
{
	CHECK(slot < SHM_SLOTS_MAX);
	return atomic_load_explicit(&s->head->holders[slot],
	    memory_order_relaxed);
}

bool
shm_is_shared(const struct shm *s)
{
	return atomic_load(&s->shared);
}

/* As shm_look, where another file is to be had, or none. */
static int
shm_look_again(struct shm *s, struct err *e)
{
	bool was = atomic_load(&s->shared);
	struct shm_file file;
	int got;

	if (s->place.path[0] == '\0')
		return 0;
	got = shm_file_open(&s->place, 0, &file, e);
	if (got == 1)
		got = shm_map(s, &file, e);
	else if (got == -1 && was)
		shm_part(s);
	return got == -1 && !was ? 0 : got;
}

int
shm_look(struct shm *s, struct err *e)
{
	int got = 0;

	CHECK(pthread_mutex_lock(&s->lock) == 0);
	if (!atomic_load(&s->shared) ||
	    !shm_file_stands(&s->place, &s->file))
		got = shm_look_again(s, e);
	else if (atomic_load(&s->slot) == -1)
		got = shm_take_slot(s, e);
	CHECK(pthread_mutex_unlock(&s->lock) == 0);
	return got;
}

int
shm_watch(struct shm *s, struct err *e)
{
	int got = 0;

	CHECK(pthread_mutex_lock(&s->lock) == 0);
	CHECK(s->place.how == SHM_READ);
	s->watches = true;
	if (s->file.fd != -1 && shm_watch_file(s) == -1)
		got = err_set(e, REASON_INTERNAL, "%s: cannot lock a byte of "
		    "it, which tells that it is read: %s", s->place.path,
		    strerror(errno));
	CHECK(pthread_mutex_unlock(&s->lock) == 0);
	return got;
}

/* Has anybody else marked the file? */
static bool
shm_is_marked(int fd)
{
	struct flock lock = shm_watch_lock(F_WRLCK);

	return fcntl(fd, F_OFD_GETLK, &lock) != -1 && lock.l_type != F_UNLCK;
}

bool
shm_is_watched(struct shm *s)
{
	bool watched;

	CHECK(pthread_mutex_lock(&s->lock) == 0);
	watched = s->file.fd != -1 && shm_is_marked(s->file.fd);
	CHECK(pthread_mutex_unlock(&s->lock) == 0);
	return watched;
}

int
shm_glance(const char *folder, const struct shm_kind *kind)
{
	struct shm_place place;
	struct err e;
	int fd, got;

	if (shm_place_init(&place, folder, kind, SHM_READ, &e) == -1)
		return -1;
	fd = open(place.path,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return -1;
	got = shm_is_marked(fd);
	close(fd);
	return got;
}

bool
shm_slot_lives(struct shm *s, unsigned slot)
{
	struct flock lock = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)slot,
		.l_len = 1 };
	bool lives;

	CHECK(pthread_mutex_lock(&s->lock) == 0);
	/* One's own lock is in nobody's way. */
	lives = atomic_load(&s->slot) == (int)slot || (s->file.fd != -1 &&
	    fcntl(s->file.fd, F_OFD_GETLK, &lock) != -1 &&
	    lock.l_type != F_UNLCK);
	CHECK(pthread_mutex_unlock(&s->lock) == 0);
	return lives;
}

void
shm_reap(struct shm *s)
{
	CHECK(pthread_mutex_lock(&s->lock) == 0);
	if (s->place.how != SHM_READ && atomic_load(&s->shared) &&
	    !sigbus_run(shm_run_reap, s))
		shm_part(s);
	CHECK(pthread_mutex_unlock(&s->lock) == 0);
}

bool
shm_run(struct shm *s, void (*fn)(void *arg), void *arg)
{
	unsigned era = atomic_load(&s->era);

	if (sigbus_run(fn, arg))
		return true;
	CHECK(pthread_mutex_lock(&s->lock) == 0);
	/* Another file may stand there by now, or another thread was here. */
	if (era == atomic_load(&s->era))
		shm_part(s);
	CHECK(pthread_mutex_unlock(&s->lock) == 0);
	return false;
}
