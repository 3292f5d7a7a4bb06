/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * replay: feeds seeds to a fuzz target without a fuzzer.
 *
 * Linked with one fuzz_ROOM.c it makes replay_ROOM: each file named on the
 * command line, or each file of tests/fuzz/seeds/ROOM without one, is given to
 * the target whole and, because parsers meet cut-off input every day, cut at
 * each of its first bytes. A target reports by crashing.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLAY_CUTS 4096 /* prefixes tried of one seed, the shortest first */
#define REPLAY_PATH_MAX 4096
#define REPLAY_SEED_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly `size` bytes, so that a sanitizer sees one read beyond. */
static void
replay_feed(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static bool
replay_file(const char *path)
{
	FILE *from = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0, cut;
	bool read_whole = false;

	if (from != NULL && (data = malloc(REPLAY_SEED_MAX)) != NULL) {
		size = fread(data, 1, REPLAY_SEED_MAX, from);
		read_whole = ferror(from) == 0 && feof(from) != 0;
	}
	if (from != NULL)
		(void)fclose(from);
	if (read_whole) {
		/* Told before, so that a crash names its seed. */
		printf("seed %s\n", path);
		(void)fflush(stdout);
		for (cut = 0; cut < size && cut < REPLAY_CUTS; cut++)
			replay_feed(data, cut);
		replay_feed(data, size);
	} else {
		fprintf(stderr, "replay: cannot read %s\n", path);
	}
	free(data);
	return read_whole;
}

/* Every file of the folder; the number of seeds, -1 when one is unreadable. */
static int
replay_folder(const char *folder)
{
	char path[REPLAY_PATH_MAX];
	struct dirent **names = NULL;
	int found, one, length, seeds = 0;
	bool good = true;

	found = scandir(folder, &names, NULL, alphasort);
	for (one = 0; one < found; one++) {
		if (names[one]->d_name[0] != '.') {
			length = snprintf(path, sizeof(path), "%s/%s", folder,
			    names[one]->d_name);
			good = length > 0 && (size_t)length < sizeof(path) &&
			    replay_file(path) && good;
			seeds++;
		}
		free(names[one]);
	}
	free(names);
	return good ? seeds : -1;
}

/* tests/fuzz/seeds/ROOM of the source tree, ROOM from the program's name. */
static int
replay_own_folder(const char *program)
{
	char folder[REPLAY_PATH_MAX];
	const char *top = getenv("TOP_SRCDIR"), *room;
	int length;

	room = strstr(program, "replay_");
	if (room == NULL)
		return -1;
	while (strstr(room + 1, "replay_") != NULL)
		room = strstr(room + 1, "replay_");
	length = snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds/%s",
	    top != NULL ? top : ".", room + strlen("replay_"));
	if (length <= 0 || (size_t)length >= sizeof(folder))
		return -1;
	return replay_folder(folder);
}

int
main(int argc, char **argv)
{
	int one, seeds = 0;

	if (argc > 1) {
		for (one = 1; one < argc; one++) {
			if (!replay_file(argv[one]))
				return EXIT_FAILURE;
			seeds++;
		}
	} else {
		seeds = replay_own_folder(argv[0]);
	}
	/* No seed at all would be a test that cannot fail. */
	if (seeds <= 0) {
		fprintf(stderr, "replay: no seeds\n");
		return EXIT_FAILURE;
	}
	printf("replayed %d seeds\n", seeds);
	return EXIT_SUCCESS;
}
