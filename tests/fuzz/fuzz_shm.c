/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_shm: any bytes in the place of a shared file.
 *
 * A tool takes them only if each word of the head is right; a router always
 * ends with a file that is. The input's first byte says which words are put
 * right before: a fuzzer cannot guess the boot id.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/msg.h"
#include "base/shm.h"
#include "base/sigbus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	MEND_MAGIC = 1,
	MEND_ORDER = 2,
	MEND_VERSION = 4,
	MEND_SIZE = 8,
	MEND_BOOT = 16,
	MEND_LENGTH = 32, /* of the file */
	FUZZ_CELLS = 8,
	FUZZ_WHOLE = SHM_HEAD + FUZZ_CELLS,
	FUZZ_MAX = 2 * FUZZ_WHOLE
};

static char fuzz_folder[64], fuzz_path[80];
static char fuzz_boot[SHM_BOOT_MAX];

static void
fuzz_clear(void *data, unsigned slot)
{
	_Atomic uint8_t *cells = data;

	atomic_store_explicit(&cells[slot], 0, memory_order_relaxed);
}

static const struct shm_kind fuzz_kind = { .name = "fuzz",
	.version = 3,
	.size = FUZZ_CELLS,
	.slots = FUZZ_CELLS,
	.clear = fuzz_clear };

static void
fuzz_end(void)
{
	(void)unlink(fuzz_path);
	(void)rmdir(fuzz_folder);
}

static void
fuzz_begin(void)
{
	const char *top = getenv("TMPDIR");
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);

	CHECK(fd != -1 && read(fd, fuzz_boot, SHM_BOOT_MAX - 1) > 0);
	close(fd);
	fuzz_boot[strcspn(fuzz_boot, "\n")] = '\0';
	(void)snprintf(fuzz_folder, sizeof(fuzz_folder), "%.40s/fuzz.XXXXXX",
	    top != NULL ? top : "/tmp");
	CHECK(mkdtemp(fuzz_folder) != NULL);
	(void)snprintf(fuzz_path, sizeof(fuzz_path), "%s/fuzz.3", fuzz_folder);
	CHECK(atexit(fuzz_end) == 0);
	sigbus_init();
	msg_set_level(MSG_ERROR);
}

static void
fuzz_mend(struct shm_head *h, unsigned what)
{
	if (what & MEND_MAGIC)
		memcpy(h->magic, "fcgi-router shm", sizeof(h->magic));
	if (what & MEND_ORDER)
		h->order = 0x01020304;
	if (what & MEND_VERSION)
		h->version = fuzz_kind.version;
	if (what & MEND_SIZE)
		h->size = FUZZ_WHOLE;
	if (what & MEND_BOOT)
		memcpy(h->boot, fuzz_boot, sizeof(h->boot));
}

/* Writes the file. Is it one to be trusted? */
static bool
fuzz_write(const uint8_t *data, size_t size, unsigned what)
{
	static union {
		struct shm_head head;
		uint8_t bytes[FUZZ_MAX];
	} file;
	struct shm_head good;
	int fd = open(fuzz_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	memset(&file, 0, sizeof(file));
	memcpy(file.bytes, data, size);
	fuzz_mend(&file.head, what);
	if (what & MEND_LENGTH)
		size = FUZZ_WHOLE;
	CHECK(fd != -1 && write(fd, file.bytes, size) == (ssize_t)size);
	close(fd);
	memcpy(&good, &file.head, sizeof(good));
	fuzz_mend(&good, MEND_MAGIC | MEND_ORDER | MEND_VERSION | MEND_SIZE |
	    MEND_BOOT);
	return size == FUZZ_WHOLE &&
	    memcmp(&good, &file.head, sizeof(good)) == 0;
}

static void
fuzz_use(void *arg)
{
	const struct shm *s = arg;
	_Atomic uint8_t *cells = shm_data(s);

	CHECK(shm_slot(s) != -1);
	atomic_store_explicit(&cells[shm_slot(s)], 1, memory_order_relaxed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shm *s;
	struct err e;
	bool good;

	if (size == 0 || size > FUZZ_MAX)
		return 0;
	if (fuzz_folder[0] == '\0')
		fuzz_begin();
	good = fuzz_write(data + 1, size - 1, data[0]);
	s = shm_read(fuzz_folder, &fuzz_kind, &e);
	CHECK((s != NULL) == good);
	CHECK(good || strstr(e.text, fuzz_path) != NULL);
	shm_leave(&s);
	s = shm_join(fuzz_folder, &fuzz_kind, true, &e);
	CHECK(shm_is_shared(s) && shm_run(s, fuzz_use, s));
	shm_reap(s);
	CHECK(shm_look(s, &e) == 0);
	shm_leave(&s);
	s = shm_read(fuzz_folder, &fuzz_kind, &e);
	CHECK(s != NULL);
	shm_leave(&s);
	return 0;
}
