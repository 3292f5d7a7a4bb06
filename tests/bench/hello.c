/* SPDX-License-Identifier: BSD-2-Clause */

/* hello: the least that a CGI program can be. */

#include <unistd.h>

int
main(void)
{
	static const char answer[] = "Content-Type: text/plain\r\n\r\nhello\n";

	return write(STDOUT_FILENO, answer, sizeof(answer) - 1) ==
	    (ssize_t)sizeof(answer) - 1 ? 0 : 1;
}
