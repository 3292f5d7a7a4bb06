/* SPDX-License-Identifier: BSD-2-Clause */

/* hello_fcgi: the least that a FastCGI program can be, with libfcgi. */

#include <fcgiapp.h>
#include <stddef.h>

int
main(void)
{
	static const char answer[] = "Content-Type: text/plain\r\n\r\nhello\n";
	FCGX_Stream *in, *out, *err;
	FCGX_ParamArray variables;

	while (FCGX_Accept(&in, &out, &err, &variables) >= 0)
		FCGX_PutStr(answer, (int)sizeof(answer) - 1, out);
	return 0;
}
