/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_intake_fcgi: what a peer sends first on a FastCGI connection.
 *
 * What the intake takes for a whole request head must be one to libfcgi too,
 * which aborts on some malformed records and waits for what is missing: here
 * its descriptor does not block, so a wait is a refusal, and shows.
 */
#include <fcgiapp.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "serve/fcgi_head.h"
#include "serve/intake_fcgi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

enum { FUZZ_MAX = 65536, FUZZ_ROLE = 8, FUZZ_CUTS = 64 };

/* libfcgi 2.4.2 forgets 48 bytes where a connection ends behind a head. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libfcgi";
}

/* More bytes turn "the beginning of one" into something else, nothing back. */
static void
fuzz_cuts(struct str bytes, int whole)
{
	size_t step = bytes.n / FUZZ_CUTS + 1;
	size_t n;

	for (n = 0; n < bytes.n; n += step) {
		char *copy = malloc(n > 0 ? n : 1);
		int got;

		CHECK(copy != NULL);
		if (n > 0)
			memcpy(copy, bytes.p, n);
		got = fcgi_head_look((struct str){ copy, n });
		CHECK(got == 0 || got == whole);
		free(copy);
	}
}

/*
 * The head alone: records behind it are looked at one by one before libfcgi
 * may read them, which an exchange is needed for (test_intake_fcgi).
 */
static struct str
fuzz_head(struct str bytes)
{
	size_t least = 0, most = bytes.n;

	while (least < most) {
		size_t half = least + (most - least) / 2;

		if (fcgi_head_look((struct str){ bytes.p, half }) >= 1)
			most = half;
		else
			least = half + 1;
	}
	return (struct str){ bytes.p, most };
}

static void
fuzz_accept(struct str bytes)
{
	FCGX_Request request;
	int pair[2];
	char **variable;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	CHECK(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
	CHECK(fcntl(pair[1], F_SETFL, O_NONBLOCK) == 0);
	CHECK(write(pair[1], bytes.p, bytes.n) == (ssize_t)bytes.n);
	CHECK(FCGX_InitRequest(&request, -1, 0) == 0);
	request.ipcFd = pair[0];
	request.keepConnection = 1;
	CHECK(FCGX_Accept_r(&request) == 0);
	CHECK(request.ipcFd == pair[0]);
	for (variable = request.envp; *variable != NULL; variable++)
		CHECK(strlen(*variable) <= bytes.n &&
		    strchr(*variable, '=') != NULL);
	CHECK(shutdown(pair[1], SHUT_WR) == 0);
	CHECK(FCGX_GetChar(request.in) == EOF);
	FCGX_Free(&request, 0);
	close(pair[0]);
	close(pair[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	struct str bytes = { (const char *)data, size };
	int got;

	if (!begun)
		intake_fcgi_init();
	begun = true;
	if (size > FUZZ_MAX)
		return 0;
	got = fcgi_head_look(bytes);
	CHECK(got >= -1 && got <= 2);
	fuzz_cuts(bytes, got);
	/* The intake hands over responders only. */
	if (got == 1 && data[FUZZ_ROLE] == 0 && data[FUZZ_ROLE + 1] == 1)
		fuzz_accept(fuzz_head(bytes));
	return 0;
}
