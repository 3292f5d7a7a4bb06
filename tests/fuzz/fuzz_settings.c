/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_settings: any bytes as router.ini.
 *
 * What the own look lets pass iniparser must read the same, and what is
 * printed of it must load again and print the same.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "settings/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SETTINGS_PATH_FITS = 1000 };

static void
settings_told(void *arg, const char *line)
{
	const char *c = strstr(line, ": error: ");

	(void)arg;
	CHECK(c != NULL);
	/* iniparser reads another way, or refuses the file */
	CHECK(strncmp(c, ": error: iniparser", 18) != 0);
	for (c = line; *c != '\0'; c++)
		CHECK(*c >= 0x20 && *c < 0x7f);
}

/* Loads the bytes as a file of no folder. */
static int
settings_load_bytes(const void *data, size_t size, struct settings **s)
{
	int fd = memfd_create("router.ini", MFD_CLOEXEC);
	char path[64];
	int got;

	CHECK(fd != -1);
	CHECK(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	got = settings_load(path, s, settings_told, NULL);
	close(fd);
	return got;
}

static char *
settings_text(const struct settings *s, size_t *n)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, n);

	CHECK(f != NULL);
	settings_print(s, f);
	CHECK(fclose(f) == 0);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings *s, *again;
	struct str text = { (const char *)data, size };
	char *first, *second;
	size_t first_n, second_n;
	uint64_t bytes;
	int64_t ms;
	bool fits;

	if (settings_parse_time(text, &ms))
		CHECK(ms >= 0);
	if (settings_parse_size(text, &bytes))
		CHECK(bytes <= INT64_MAX);
	if (settings_load_bytes(data, size, &s) == -1)
		return 0;
	/* A folder before a relative path can make its line too long. */
	fits = strlen(s->map) < SETTINGS_PATH_FITS &&
	    strlen(s->spool_dir) < SETTINGS_PATH_FITS &&
	    strlen(s->log.access) < SETTINGS_PATH_FITS;
	first = settings_text(s, &first_n);
	settings_drop(&s);
	if (fits) {
		CHECK(settings_load_bytes(first, first_n, &again) == 0);
		second = settings_text(again, &second_n);
		CHECK(first_n == second_n &&
		    memcmp(first, second, first_n) == 0);
		free(second);
		settings_drop(&again);
	}
	free(first);
	return 0;
}
