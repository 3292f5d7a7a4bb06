/* SPDX-License-Identifier: BSD-2-Clause */

/* sign: one text, its HMAC, and the secrets. */

#include "decide/sign.h"

#include "base/digest.h"
#include "base/secret.h"
#include "decide/rules.h"

enum {
	SIGN_SECRET_MIN = 16,
	SIGN_SECRET_MAX = 1024,
	SIGN_FILE_MAX = SIGN_SECRET_MAX + 2
};

/* ---- secrets ---- */

/*
 * One line: a shell's $(cat FILE) is the very same. An end of line is cut off.
 * NULL, or what is wrong with it.
 */
static const char *
sign_judge(struct secret *key)
{
	size_t i;

	if (key->n > 0 && key->p[key->n - 1] == '\n')
		key->p[--key->n] = '\0';
	for (i = 0; i < key->n; i++)
		if (key->p[i] < ' ' || key->p[i] > '~')
			return "it is not one line of printable ASCII";
	if (key->n < SIGN_SECRET_MIN || key->n > SIGN_SECRET_MAX)
		return "it has less than 16 bytes or more than 1024";
	return NULL;
}

static int
sign_load_one(const struct settings *s, struct settings_sign *sign,
    void (*tell)(void *arg, const char *line), void *arg)
{
	const char *why, *wanted = "";
	struct err e;

	secret_free(&sign->key);
	if (secret_read(sign->secret, SIGN_FILE_MAX, &sign->key, &e) == -1) {
		why = e.text;
	} else {
		why = sign_judge(&sign->key);
		wanted = ", expected a secret as 'openssl rand -hex 32' "
		    "makes it";
	}
	if (why == NULL)
		return 0;
	settings_tell_spot(s->path, sign->places[SETTINGS_SIGN_secret], tell,
	    arg, "%s: %s%s", sign->secret, why, wanted);
	return -1;
}

int
sign_load(struct settings *s, void (*tell)(void *arg, const char *line),
    void *arg)
{
	int got = 0;
	size_t i;

	for (i = 0; i < s->sign_count; i++)
		if (sign_load_one(s, &s->signs[i], tell, arg) == -1)
			got = -1;
	return got;
}

int
sign_begin(const struct settings *s, struct err *e)
{
	return s->sign_count > 0 ? digest_begin(e) : 0;
}

/* ---- the field ---- */

/* Tags, as long as a field may be. */
struct sign_tags {
	char text[RULES_LINE_MAX];
	size_t n;
	bool full;
};

static void
sign_put(struct sign_tags *to, char c)
{
	if (to->n < sizeof(to->text))
		to->text[to->n++] = c;
	else
		to->full = true;
}

static bool
sign_is_plain(char c)
{
	return str_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void
sign_put_escaped(struct sign_tags *to, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (sign_is_plain(s.p[i])) {
			sign_put(to, s.p[i]);
			continue;
		}
		sign_put(to, '%');
		sign_put(to, hex[c >> 4]);
		sign_put(to, hex[c & 15]);
	}
}

/* "K:V,K:V" */
static void
sign_put_tags(struct sign_tags *to, const struct policy *p)
{
	size_t i;

	to->n = 0;
	to->full = false;
	for (i = 0; i < p->tag_count; i++) {
		if (i > 0)
			sign_put(to, ',');
		sign_put_escaped(to, p->tags[i].key);
		sign_put(to, ':');
		sign_put_escaped(to, p->tags[i].value);
	}
}

static int
sign_full(struct err *e)
{
	return err_set(e, REASON_OVERLOADED, "no room for a signature");
}

static int
sign_value(const struct settings_sign *sign, const struct sign_ask *ask,
    struct str tags, struct arena *a, struct str *value, struct err *e)
{
	const struct str key = { sign->key.p, sign->key.n };
	char digits[STR_DECIMAL_MAX], hex[DIGEST_HEX];
	struct str time = str_decimal((uint64_t)ask->time, digits);
	struct str text = ARENA_JOIN(a, STR("time="), time, STR("\nhost="),
	    ask->host, STR("\ntags="), tags, STR("\n"), ask->method,
	    STR("\n"), ask->target, STR("\n"));
	struct digest hmac;

	if (text.p == NULL)
		return sign_full(e);
	if (digest_keyed(key, text, &hmac, e) == -1)
		return -1;
	digest_print(&hmac, hex);
	*value = ARENA_JOIN(a, STR("time="), time, STR(";host="), ask->host,
	    STR(";tags="), tags, STR(";hmac="),
	    ((struct str){ hex, sizeof(hex) }));
	return value->p != NULL ? 0 : sign_full(e);
}

static bool
sign_is_same(const struct header_field *f, void *arg)
{
	const struct str *name = arg;

	return header_same_variable(f->name, *name);
}

int
sign_request(const struct settings *s, const struct sign_ask *ask,
    struct header *h, struct err *e)
{
	const struct settings_sign *sign = settings_sign_of(s,
	    ask->policy->sign);
	struct sign_tags tags;
	struct str name, value;

	if (sign == NULL || sign->key.p == NULL)
		return err_set(e, REASON_INTERNAL,
		    "router.ini has no section [sign:%.*s]",
		    STR_ARG(ask->policy->sign));
	sign_put_tags(&tags, ask->policy);
	if (sign_value(sign, ask, (struct str){ tags.text, tags.n }, h->arena,
	    &value, e) == -1)
		return -1;
	name = str_of(sign->header);
	if (tags.full || name.n + value.n + 2 > RULES_LINE_MAX)
		return err_set(e, REASON_INTERNAL,
		    "tags make the signature longer than the %d bytes of a "
		    "field", RULES_LINE_MAX);
	header_remove_if(h, sign_is_same, &name);
	return header_add(h, name, value) == 0 ? 0 : sign_full(e);
}
