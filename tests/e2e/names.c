/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * names: getaddrinfo as a test wants it, preloaded into the router.
 *
 * The file that NAMES_FILE names is read again at each lookup. A line is a
 * name and its answers in turn, of which the last one remains:
 *
 *     NAME ANSWER [then ANSWER]...
 *
 * where an answer is addresses, or `fail`, either after `hang MILLISECONDS`.
 * Names that are not there go to the C library. Each lookup first writes its
 * name as a line to NAMES_FILE.asked.
 */

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"

enum { NAMES_LINE = 4096, NAMES_MOST = 256, NAMES_NAME = 256 };

typedef int (*names_lookup)(const char *, const char *,
    const struct addrinfo *, struct addrinfo **);

static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER; /* guards
    names_asked */
static struct {
	char name[NAMES_NAME];
	unsigned times;
} names_asked[NAMES_MOST];

static names_lookup
names_real(void)
{
	names_lookup real;
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

	CHECK(symbol != NULL);
	memcpy(&real, &symbol, sizeof(real));
	return real;
}

/* How often the name was looked up before. */
static unsigned
names_count(const char *name)
{
	unsigned before;
	size_t i = 0;

	CHECK(strlen(name) < NAMES_NAME);
	CHECK(pthread_mutex_lock(&names_lock) == 0);
	while (i < NAMES_MOST && names_asked[i].times > 0 &&
	    strcmp(names_asked[i].name, name) != 0)
		i++;
	CHECK(i < NAMES_MOST);
	memcpy(names_asked[i].name, name, strlen(name) + 1);
	before = names_asked[i].times++;
	CHECK(pthread_mutex_unlock(&names_lock) == 0);
	return before;
}

static void
names_tell(const char *file, const char *name)
{
	char path[PATH_MAX];
	FILE *to;

	CHECK((size_t)snprintf(path, sizeof(path), "%s.asked", file) <
	    sizeof(path));
	to = fopen(path, "ae");
	CHECK(to != NULL);
	CHECK(fprintf(to, "%s\n", name) > 0);
	CHECK(fclose(to) == 0);
}

/* The answers of a name, into line; NULL: the file does not have it. */
static char *
names_find(const char *file, const char *name, char line[NAMES_LINE])
{
	FILE *from = fopen(file, "re");
	char *rest = NULL;
	size_t n = strlen(name);

	CHECK(from != NULL);
	while (rest == NULL && fgets(line, NAMES_LINE, from) != NULL)
		if (strncmp(line, name, n) == 0 && line[n] == ' ')
			rest = line + n + 1;
	CHECK(fclose(from) == 0);
	return rest;
}

static void
names_hang(const char *word)
{
	long ms = strtol(word, NULL, 10);
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) == -1)
		CHECK(errno == EINTR);
}

/* Appends an address's entries; those of another family give none. */
static void
names_add(const char *address, const char *service,
    const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo how = { 0 };

	if (hints != NULL)
		how = *hints;
	how.ai_flags |= AI_NUMERICHOST;
	while (*list != NULL)
		list = &(*list)->ai_next;
	if (names_real()(address, service, &how, list) != 0)
		*list = NULL;
}

/* Goes through the words of one answer. */
static int
names_answer(char *words, const char *service, const struct addrinfo *hints,
    struct addrinfo **out)
{
	static const char space[] = " \t\n";
	char *at = NULL;
	char *word;

	*out = NULL;
	for (word = strtok_r(words, space, &at); word != NULL;
	    word = strtok_r(NULL, space, &at)) {
		if (strcmp(word, "hang") == 0) {
			word = strtok_r(NULL, space, &at);
			CHECK(word != NULL);
			names_hang(word);
		} else if (strcmp(word, "fail") != 0) {
			names_add(word, service, hints, out);
		}
	}
	return *out != NULL ? 0 : EAI_NONAME;
}

int
getaddrinfo(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **out)
{
	static const char then[] = " then ";
	const char *file = getenv("NAMES_FILE");
	char line[NAMES_LINE];
	char *words = NULL;
	unsigned turn;
	char *next;

	if (file != NULL && name != NULL)
		words = names_find(file, name, line);
	if (words == NULL)
		return names_real()(name, service, hints, out);
	for (turn = names_count(name); turn > 0; turn--) {
		next = strstr(words, then);
		if (next == NULL)
			break;
		words = next + strlen(then);
	}
	next = strstr(words, then);
	if (next != NULL)
		*next = '\0';
	names_tell(file, name);
	return names_answer(words, service, hints, out);
}
