/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * shm_file: which file of the state folder is to be trusted, and how a new one
 * takes its place.
 *
 * A new one is written beside it as ".NAME.VERSION.new" and renamed when it is
 * whole. Whoever writes it holds a flock of it, which ends with its process,
 * and looks again under it: of many that begin at once, one makes the file.
 * What was killed leaves that file, and the next one goes on with it. Nobody
 * else can open it, and so nobody else can hold us up.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/shm_private.h"

enum {
	SHM_ORDER = 0x01020304,
	SHM_LOCK_STEP_MS = 5,
	SHM_OTHERS_WRITE = 022 /* of a mode */
};

#define SHM_MAGIC "fcgi-router shm"
#define SHM_BOOT_FILE "/proc/sys/kernel/random/boot_id"

_Static_assert(sizeof(SHM_MAGIC) == sizeof(((struct shm_head *)0)->magic),
    "the magic fills its field");
_Static_assert(offsetof(struct shm_head, order) == 16, "layout");
_Static_assert(offsetof(struct shm_head, version) == 20, "layout");
_Static_assert(offsetof(struct shm_head, size) == 24, "layout");
_Static_assert(offsetof(struct shm_head, boot) == 32, "layout");
_Static_assert(offsetof(struct shm_head, made) == 72, "layout");
_Static_assert(offsetof(struct shm_head, key) == 80, "layout");
_Static_assert(offsetof(struct shm_head, holders) == 96, "layout");
_Static_assert(sizeof(struct shm_head) == 608, "layout");
_Static_assert(sizeof(struct shm_head) <= SHM_HEAD, "layout");

int
shm_place_init(struct shm_place *p, const char *folder,
    const struct shm_kind *kind, enum shm_how how, struct err *e)
{
	size_t n = strlen(folder);
	int fits;

	p->how = how;
	CHECK(kind->version > 0 && strchr(kind->name, '/') == NULL);
	/* open(2) would follow a link that has a slash behind it. */
	while (n > 1 && folder[n - 1] == '/')
		n--;
	fits = snprintf(p->fresh, sizeof(p->fresh), "%.*s/.%s.%u.new", (int)n,
	    folder, kind->name, kind->version);
	if (n >= FILE_PATH_MAX || fits < 0 || fits >= FILE_PATH_MAX)
		return err_set(e, REASON_INTERNAL, "the state folder's path "
		    "is of %zu bytes, too long", n);
	memcpy(p->folder, folder, n);
	p->folder[n] = '\0';
	(void)snprintf(p->path, sizeof(p->path), "%.*s/%s.%u", (int)n, folder,
	    kind->name, kind->version);
	p->size = SHM_HEAD + (uint64_t)kind->size;
	p->version = kind->version;
	return 0;
}

/* "" when this system does not tell. */
static void
shm_boot_id(char boot[SHM_BOOT_MAX])
{
	int fd = open(SHM_BOOT_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	memset(boot, 0, SHM_BOOT_MAX);
	if (fd != -1) {
		n = read(fd, boot, SHM_BOOT_MAX - 1);
		close(fd);
	}
	if (n < 0)
		n = 0;
	boot[n] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
}

static const char *
shm_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* ---- who may have written it ---- */

static int
shm_folder_open_one(const struct shm_place *p)
{
	return open(p->folder,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Is it of a user we trust? A tool of root's reads what routers of another
 * user wrote. */
static bool
shm_owner_fits(const struct shm_place *p, uid_t owner)
{
	return owner == geteuid() || (p->how == SHM_READ && geteuid() == 0);
}

/* The folder, whose fd is the caller's. -1 and e. */
static int
shm_folder_open(const struct shm_place *p, uid_t *owner, struct err *e)
{
	struct stat st;
	int fd = shm_folder_open_one(p);

	if (fd == -1 && errno == ENOENT && p->how == SHM_MAKE) {
		if (mkdir(p->folder, 0700) == -1 && errno != EEXIST)
			return err_set(e, REASON_INTERNAL, "%s: cannot make "
			    "this folder: %s", p->folder, strerror(errno));
		fd = shm_folder_open_one(p);
	}
	if (fd == -1 && (errno == ENOTDIR || errno == ELOOP))
		return err_set(e, REASON_INTERNAL, "%s: not a folder, or a "
		    "symbolic link; expected a folder", p->folder);
	if (fd == -1 || fstat(fd, &st) == -1) {
		err_set(e, REASON_INTERNAL, "%s: cannot open this folder: %s",
		    p->folder, strerror(errno));
		goto out;
	}
	if (!shm_owner_fits(p, st.st_uid)) {
		err_set(e, REASON_INTERNAL, "%s: this folder belongs to user "
		    "%u; expected user %u", p->folder, (unsigned)st.st_uid,
		    (unsigned)geteuid());
		goto out;
	}
	if ((st.st_mode & SHM_OTHERS_WRITE) != 0) {
		err_set(e, REASON_INTERNAL, "%s: this folder has mode %04o; "
		    "expected one that only its owner may write, as 0700",
		    p->folder, (unsigned)st.st_mode & 07777);
		goto out;
	}
	*owner = st.st_uid;
	return fd;
out:
	if (fd != -1)
		close(fd);
	return -1;
}

/* 1; 0 and e: not the file of that place. */
static int
shm_file_fits(const struct shm_place *p, const struct stat *st, uid_t owner,
    struct err *e)
{
	if (!S_ISREG(st->st_mode))
		(void)err_set(e, REASON_INTERNAL, "%s: not a file", p->path);
	else if (st->st_uid != owner)
		(void)err_set(e, REASON_INTERNAL, "%s: belongs to user %u; "
		    "expected user %u", p->path, (unsigned)st->st_uid,
		    (unsigned)owner);
	else if ((st->st_mode & 07777) != 0600)
		(void)err_set(e, REASON_INTERNAL, "%s: has mode %04o; "
		    "expected 0600", p->path, (unsigned)st->st_mode & 07777);
	else if ((uint64_t)st->st_size != p->size)
		(void)err_set(e, REASON_INTERNAL, "%s: has %lld bytes; "
		    "expected %llu", p->path, (long long)st->st_size,
		    (unsigned long long)p->size);
	else
		return 1;
	return 0;
}

/* 1; 0 and e. Read, not mapped: the file could be cut meanwhile. */
static int
shm_head_fits(const struct shm_place *p, int fd, struct hash_key *key,
    struct err *e)
{
	char boot[SHM_BOOT_MAX];
	struct shm_head h;

	shm_boot_id(boot);
	if (pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) ||
	    memcmp(h.magic, SHM_MAGIC, sizeof(h.magic)) != 0)
		(void)err_set(e, REASON_INTERNAL, "%s: does not begin with "
		    "'" SHM_MAGIC "'", p->path);
	else if (h.order != SHM_ORDER)
		(void)err_set(e, REASON_INTERNAL, "%s: is of another byte "
		    "order", p->path);
	else if (h.version != p->version)
		(void)err_set(e, REASON_INTERNAL, "%s: is of version %u; "
		    "expected %u", p->path, (unsigned)h.version,
		    (unsigned)p->version);
	else if (h.size != p->size)
		(void)err_set(e, REASON_INTERNAL, "%s: says that it has %llu "
		    "bytes; expected %llu", p->path,
		    (unsigned long long)h.size, (unsigned long long)p->size);
	else if (boot[0] == '\0')
		(void)err_set(e, REASON_INTERNAL, "%s: cannot be read, and "
		    "so %s not be trusted", SHM_BOOT_FILE, p->path);
	else if (memcmp(h.boot, boot, sizeof(boot)) != 0)
		(void)err_set(e, REASON_INTERNAL, "%s: was made before this "
		    "machine's last start", p->path);
	else {
		*key = h.key;
		return 1;
	}
	return 0;
}

/* ---- opening ---- */

/* As shm_file_try, of a file whose stat was good. */
static int
shm_file_take(const struct shm_place *p, int folder, uid_t owner,
    struct shm_file *out, struct err *e)
{
	int flags = p->how == SHM_READ ? O_RDONLY : O_RDWR, got = -1;
	struct stat st;

	/* Not to wait, should it be a FIFO by now. */
	out->fd = openat(folder, shm_name(p->path),
	    flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (out->fd == -1 || fstat(out->fd, &st) == -1) {
		if (errno == ENOENT || errno == ELOOP)
			got = 0; /* was exchanged just now */
		err_set(e, REASON_INTERNAL, "%s: cannot open: %s", p->path,
		    strerror(errno));
		goto out;
	}
	got = shm_file_fits(p, &st, owner, e);
	if (got == 1)
		got = shm_head_fits(p, out->fd, &out->key, e);
	if (got != 1)
		goto out;
	out->dev = st.st_dev;
	out->inode = st.st_ino;
	return 1;
out:
	if (out->fd != -1)
		close(out->fd);
	out->fd = -1;
	return got;
}

/* 1 and *out; 0 and e: there is none (*there false), or one not to be
 * trusted; -1 and e: it cannot be told. */
static int
shm_file_try(const struct shm_place *p, int folder, uid_t owner,
    struct shm_file *out, bool *there, struct err *e)
{
	const char *name = shm_name(p->path);
	struct stat st;

	*there = false;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		(void)err_set(e, REASON_INTERNAL, "%s: cannot open: %s",
		    p->path, strerror(errno));
		return errno == ENOENT ? 0 : -1;
	}
	*there = true;
	if (shm_file_fits(p, &st, owner, e) == 0)
		return 0;
	return shm_file_take(p, folder, owner, out, e);
}

/* ---- making ---- */

static bool
shm_remove(int folder, const char *name)
{
	return unlinkat(folder, name, 0) == 0 ||
	    unlinkat(folder, name, AT_REMOVEDIR) == 0;
}

/* Is it still under its name? Who had it before may have renamed it. */
static bool
shm_fresh_is(const struct shm_place *p, int folder, const struct stat *st)
{
	struct stat named;

	return fstatat(folder, shm_name(p->fresh), &named,
	    AT_SYMLINK_NOFOLLOW) == 0 && st->st_dev == named.st_dev &&
	    st->st_ino == named.st_ino;
}

/*
 * Locks the new file, which may be a killed one's. false and errno: EWOULDBLOCK
 * where another has it, had it just now, or what stood there was removed.
 */
static bool
shm_fresh_lock(const struct shm_place *p, int folder, int fd)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB) == -1 || fstat(fd, &st) == -1)
		return false;
	if (shm_fresh_is(p, folder, &st)) {
		if (S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
		    st.st_nlink == 1)
			return true;
		(void)shm_remove(folder, shm_name(p->fresh));
	}
	errno = EWOULDBLOCK;
	return false;
}

/* Does what open(2) said mean that something else stands there? */
static bool
shm_blocks(int why)
{
	return why == ELOOP || why == EISDIR || why == ENXIO ||
	    why == ENODEV || why == EACCES;
}

/* The new file's fd, locked. -1 and errno, as shm_fresh_lock. */
static int
shm_fresh_try(const struct shm_place *p, int folder)
{
	const char *name = shm_name(p->fresh);
	int fd, why;

	fd = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY, 0600);
	if (fd == -1) {
		why = errno;
		errno = shm_blocks(why) && shm_remove(folder, name) ?
		    EWOULDBLOCK : why;
		return -1;
	}
	if (shm_fresh_lock(p, folder, fd))
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

/* Room for the whole of it: a disk that is full later shall not be seen by
 * whoever writes to the mapping. 0, or -1 and errno. */
static int
shm_file_allocate(const struct shm_place *p, int fd)
{
	struct rlimit most;

	/* Beyond it a signal would come that ends the process. */
	if (getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur < p->size) {
		errno = EFBIG;
		return -1;
	}
	do
		errno = posix_fallocate(fd, 0, (off_t)p->size);
	while (errno == EINTR);
	return errno == 0 ? 0 : -1;
}

static int
shm_head_write(const struct shm_place *p, int fd)
{
	struct shm_head h = { .magic = SHM_MAGIC,
		.order = SHM_ORDER,
		.version = p->version,
		.size = p->size,
		.made = (uint64_t)clock_wall().tv_sec,
		.key = hash_key_random() };
	ssize_t n;

	shm_boot_id(h.boot);
	if (h.boot[0] == '\0') {
		errno = ENOENT;
		return -1;
	}
	n = pwrite(fd, &h, sizeof(h), 0);
	if (n != -1 && n != (ssize_t)sizeof(h))
		errno = ENOSPC;
	return n == (ssize_t)sizeof(h) ? 0 : -1;
}

/* Makes a whole file of the new one, and puts it in its place. 0, or -1 and
 * e. */
static int
shm_file_make(const struct shm_place *p, int folder, int fd, struct err *e)
{
	const char *name = shm_name(p->path);

	/* A rename does not replace a folder. */
	if (unlinkat(folder, name, AT_REMOVEDIR) == -1 && errno != ENOENT &&
	    errno != ENOTDIR)
		return err_set(e, REASON_INTERNAL, "%s: a folder that cannot "
		    "be removed: %s; expected a file", p->path,
		    strerror(errno));
	/* A killed one may have written to it; the umask had its say. */
	if (ftruncate(fd, 0) == -1 || fchmod(fd, 0600) == -1 ||
	    shm_file_allocate(p, fd) == -1 || shm_head_write(p, fd) == -1 ||
	    renameat(folder, shm_name(p->fresh), folder, name) == -1)
		return err_set(e, REASON_INTERNAL, "%s: cannot make, with "
		    "%llu bytes: %s", p->path, (unsigned long long)p->size,
		    strerror(errno));
	return 0;
}

/* With the new one locked, which is closed: makes a file, unless one was made
 * meanwhile. 1 and *out, or -1 and e. */
static int
shm_file_renew(const struct shm_place *p, int folder, uid_t owner, int fd,
    struct shm_file *out, struct err *e)
{
	bool there, made = false;
	int got = shm_file_try(p, folder, owner, out, &there, e);

	if (got == 0 && there)
		msg_notice("%s; replaced by a new one", e->text);
	if (got == 0)
		made = shm_file_make(p, folder, fd, e) == 0;
	if (made)
		got = shm_file_try(p, folder, owner, out, &there, e);
	else
		(void)unlinkat(folder, shm_name(p->fresh), 0);
	close(fd);
	return got == 1 ? 1 : -1;
}

/* As shm_file_open, once; 0 and e: others are at it. */
static int
shm_file_open_once(const struct shm_place *p, int folder, uid_t owner,
    struct shm_file *out, struct err *e)
{
	bool there;
	int fd, got = shm_file_try(p, folder, owner, out, &there, e);

	if (got != 0)
		return got;
	if (p->how != SHM_MAKE)
		return -1;
	fd = shm_fresh_try(p, folder);
	if (fd != -1)
		return shm_file_renew(p, folder, owner, fd, out, e);
	if (errno != EWOULDBLOCK && errno != EINTR)
		return err_set(e, REASON_INTERNAL, "%s: cannot make: %s",
		    p->fresh, strerror(errno));
	(void)err_set(e, REASON_INTERNAL, "%s: another process keeps it "
	    "locked", p->fresh);
	return 0;
}

int
shm_file_open(const struct shm_place *p, int wait_ms, struct shm_file *out,
    struct err *e)
{
	uid_t owner = geteuid();
	int folder, got;

	folder = shm_folder_open(p, &owner, e);
	if (folder == -1)
		return -1;
	got = shm_file_open_once(p, folder, owner, out, e);
	while (got == 0 && wait_ms > 0) {
		wait_ms -= SHM_LOCK_STEP_MS;
		(void)poll(NULL, 0, SHM_LOCK_STEP_MS);
		got = shm_file_open_once(p, folder, owner, out, e);
	}
	close(folder);
	return got;
}

bool
shm_file_stands(const struct shm_place *p, const struct shm_file *file)
{
	struct stat st;
	struct err e;

	return lstat(p->path, &st) == 0 && st.st_dev == file->dev &&
	    st.st_ino == file->inode && shm_owner_fits(p, st.st_uid) &&
	    shm_file_fits(p, &st, st.st_uid, &e) == 1;
}
