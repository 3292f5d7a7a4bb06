/* SPDX-License-Identifier: BSD-2-Clause */

/* idn: UTF-8 labels through libidn2, one by one. */

#include "tools/idn.h"

#include <idn2.h>
#include <string.h>

#include "base/buf.h"

enum {
	IDN_LABEL_MAX = 1024, /* bytes of UTF-8; far more than 63 letters */
	IDN_NAME_MAX = 65536,
	IDN_ARENA_MAX = 4 * IDN_NAME_MAX
};

static bool
idn_is_ascii(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static int
idn_label(struct str label, struct buf *to, struct err *e)
{
	char text[IDN_LABEL_MAX];
	char *out = NULL;
	int got;

	if (label.n >= sizeof(text) || str_find(label, '\0') < label.n)
		return err_set(e, REASON_BAD_HOST,
		    "a host label of %zu bytes", label.n);
	if (str_find(label, '{') < label.n)
		return err_set(e, REASON_BAD_HOST,
		    "host label '%.*s': not ASCII beside a variable",
		    STR_ARG(label));
	memcpy(text, label.p, label.n);
	text[label.n] = '\0';
	got = idn2_to_ascii_8z(text, &out,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (got != IDN2_OK)
		return err_set(e, REASON_BAD_HOST, "host label '%.*s': %s",
		    STR_ARG(label), idn2_strerror(got));
	got = buf_put(to, str_of(out));
	idn2_free(out);
	if (got == -1)
		return err_set(e, REASON_BAD_HOST, "host: too long");
	return 0;
}

static int
idn_put(struct str in, struct buf *to, struct err *e)
{
	struct str label, rest = in;
	bool more;

	do {
		more = str_cut(rest, '.', &label, &rest);
		if (!idn_is_ascii(label)) {
			if (idn_label(label, to, e) == -1)
				return -1;
		} else if (buf_put(to, label) == -1) {
			return err_set(e, REASON_BAD_HOST, "host: too long");
		}
		if (more && buf_put(to, STR(".")) == -1)
			return err_set(e, REASON_BAD_HOST, "host: too long");
	} while (more);
	return 0;
}

int
idn_labels(struct str in, struct arena *a, struct str *out, struct err *e)
{
	struct buf name;
	int got;

	*out = in;
	if (idn_is_ascii(in))
		return 0;
	buf_init(&name, IDN_NAME_MAX);
	got = idn_put(in, &name, e);
	if (got == 0)
		*out = arena_copy(a, buf_view(&name));
	buf_fini(&name);
	if (got == 0 && out->p == NULL)
		return err_set(e, REASON_OVERLOADED, "out of memory");
	return got;
}

int
idn_host(struct str in, struct host *out, struct err *e)
{
	struct arena a;
	struct str name;
	int got;

	if (idn_is_ascii(in))
		return host_parse(in, out, e);
	arena_init(&a, IDN_ARENA_MAX);
	got = idn_labels(in, &a, &name, e);
	if (got == 0)
		got = host_parse(name, out, e);
	arena_fini(&a);
	/* Digits of other scripts come out as ASCII ones. */
	if (got == 0 && out->kind != HOST_NAME)
		return err_set(e, REASON_BAD_HOST,
		    "host '%.*s': an address in letters of another script",
		    STR_ARG(in));
	return got;
}
