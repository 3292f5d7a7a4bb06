/* SPDX-License-Identifier: BSD-2-Clause */

/* test_sign: what is signed, the field, and the files of secrets. */

#include "decide/sign.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "decide/rules.h"
#include "tests/unit/scratch.h"
#include "tests/unit/table.h"

enum { SIGN_ARENA = 1 << 20, SIGN_TIME = 1763805600 };

struct desk {
	struct scratch scratch;
	struct settings *settings;
	struct arena arena;
	struct header header;
	char told[4096]; /* mistakes, behind one another */
};

static void
desk_tell(void *arg, const char *line)
{
	struct desk *d = arg;
	size_t n = strlen(d->told);

	snprintf(d->told + n, sizeof(d->told) - n, "%s\n",
	    line + strlen(d->scratch.folder));
}

static int
desk_open(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	scratch_init(&d->scratch);
	arena_init(&d->arena, SIGN_ARENA);
	header_init(&d->header, &d->arena);
	*state = d;
	return 0;
}

static int
desk_close(void **state)
{
	struct desk *d = *state;

	settings_drop(&d->settings);
	arena_fini(&d->arena);
	scratch_fini(&d->scratch);
	free(d);
	return 0;
}

/* A file of this content and mode. */
static void
desk_keep(struct desk *d, const char *name, const char *text, mode_t mode)
{
	char path[SCRATCH_PATH_MAX];

	scratch_write(&d->scratch, name, text);
	assert_int_equal(chmod(scratch_path(&d->scratch, name, path), mode),
	    0);
}

static void
desk_settings(struct desk *d, const char *text)
{
	char path[SCRATCH_PATH_MAX];

	settings_drop(&d->settings);
	scratch_write(&d->scratch, "router.ini", text);
	assert_int_equal(settings_load(scratch_path(&d->scratch, "router.ini",
	    path), &d->settings, NULL, NULL), 0);
}

/* [sign:a] with the secret that the vectors have. */
static void
desk_sign(struct desk *d)
{
	desk_keep(d, "secret", "0123456789abcdef\n", 0600);
	desk_settings(d, "[sign:a]\nsecret = secret\n"
	    "[sign:b]\nsecret = secret\nheader = X-Origin-Auth\n");
	assert_int_equal(sign_load(d->settings, desk_tell, d), 0);
}

static struct str
desk_fields(struct desk *d)
{
	struct str text = STR("");
	size_t i;

	for (i = 0; i < d->header.count; i++)
		text = arena_printf(&d->arena, "%.*s%.*s: %.*s\n",
		    STR_ARG(text), STR_ARG(d->header.fields[i].name),
		    STR_ARG(d->header.fields[i].value));
	return text;
}

/* By `printf ... | openssl dgst -sha256 -hmac 0123456789abcdef`. */
static void
the_field_says_what_was_signed(void **state)
{
	static struct route_tag tags[] = {
		{ { "env", 3 }, { "prod", 4 } },
		{ { "team", 4 }, { "a b;\n\xc3\xa9", 7 } },
	};
	static const struct {
		struct str method, target;
		size_t tag_count;
		const char *want;
	} rows[] = {
		{ { "GET", 3 }, { "/", 1 }, 0,
		  "X-Router-Signature: time=1763805600;host=shop.example.com;"
		  "tags=;hmac=101bdf78365ce4e85f465eaeaee4858b"
		  "0d8d7225d8620d91048054a6b291b3cf\n" },
		{ { "DELETE", 6 }, { "/x%2Fy?a=b;hmac=c", 17 }, 2,
		  "X-Router-Signature: time=1763805600;host=shop.example.com;"
		  "tags=env:prod,team:a%20b%3B%0A%C3%A9;"
		  "hmac=0cbbb312edca6cd11153487916f86777"
		  "86b36b87fbe5cef53778ba09e620aade\n" },
	};
	struct desk *d = *state;
	size_t i;

	desk_sign(d);
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		const struct policy policy = { .sign = STR("a"),
			.tags = tags, .tag_count = rows[i].tag_count };
		const struct sign_ask ask = { .time = SIGN_TIME,
			.host = STR("shop.example.com"),
			.method = rows[i].method,
			.target = rows[i].target,
			.policy = &policy };
		struct err e = { .text = "" };

		header_init(&d->header, &d->arena);
		TABLE_INT(rows[i].method.p, sign_request(d->settings, &ask,
		    &d->header, &e), 0);
		TABLE_STR(rows[i].method.p, desk_fields(d), rows[i].want);
	}
}

/* The HMAC of a request that differs from the first row above. */
static struct str
desk_hmac(struct desk *d, int64_t time, const char *host, const char *method,
    const char *target, struct route_tag *tag)
{
	const struct policy policy = { .sign = STR("a"), .tags = tag,
		.tag_count = tag != NULL };
	const struct sign_ask ask = { .time = time, .host = str_of(host),
		.method = str_of(method), .target = str_of(target),
		.policy = &policy };
	struct err e;
	struct str value;

	header_init(&d->header, &d->arena);
	assert_int_equal(sign_request(d->settings, &ask, &d->header, &e), 0);
	value = d->header.fields[0].value;
	return str_sub(value, value.n - 64, value.n);
}

static void
each_part_is_signed(void **state)
{
	struct route_tag tag = { STR("k"), STR("v") };
	struct desk *d = *state;
	struct str all[7];
	size_t i, k;

	desk_sign(d);
	all[0] = desk_hmac(d, 1, "h", "GET", "/", NULL);
	all[1] = desk_hmac(d, 2, "h", "GET", "/", NULL);
	all[2] = desk_hmac(d, 1, "i", "GET", "/", NULL);
	all[3] = desk_hmac(d, 1, "h", "PUT", "/", NULL);
	all[4] = desk_hmac(d, 1, "h", "GET", "/?", NULL);
	all[5] = desk_hmac(d, 1, "h", "GET", "/", &tag);
	tag.value = STR("w");
	all[6] = desk_hmac(d, 1, "h", "GET", "/", &tag);
	for (i = 0; i < TABLE_COUNT(all); i++)
		for (k = 0; k < i; k++)
			assert_false(str_eq(all[i], all[k]));
	TABLE_STR("again", all[0], arena_copy(&d->arena,
	    desk_hmac(d, 1, "h", "GET", "/", NULL)).p);
}

/* No tag's value begins another item or line. */
static void
a_tag_says_nothing_but_itself(void **state)
{
	struct route_tag tag = { STR("k"),
		STR("v;hmac=0,l:w\nGET\n/%2c\r\t \"=") };
	const struct policy policy = { .sign = STR("a"), .tags = &tag,
		.tag_count = 1 };
	const struct sign_ask ask = { .time = SIGN_TIME, .host = STR("h"),
		.method = STR("GET"), .target = STR("/"), .policy = &policy };
	struct desk *d = *state;
	struct err e;

	desk_sign(d);
	assert_int_equal(sign_request(d->settings, &ask, &d->header, &e), 0);
	TABLE_STR("items", str_sub(d->header.fields[0].value, 0,
	    d->header.fields[0].value.n - 64), "time=1763805600;host=h;"
	    "tags=k:v%3Bhmac%3D0%2Cl%3Aw%0AGET%0A%2F%252c%0D%09%20%22%3D;"
	    "hmac=");
}

static void
what_looks_like_the_signature_goes(void **state)
{
	static const char *const forged[] = { "X-Origin-Auth",
		"x-origin-auth", "X_Origin_Auth", "X.Origin.Auth",
		"X-ORIGIN_AUTH" };
	const struct policy policy = { .sign = STR("b") };
	const struct sign_ask ask = { .time = SIGN_TIME, .host = STR("h"),
		.method = STR("GET"), .target = STR("/"), .policy = &policy };
	struct desk *d = *state;
	struct err e;
	size_t i;

	desk_sign(d);
	assert_int_equal(header_add(&d->header, STR("X-Origin-Author"),
	    STR("kept")), 0);
	for (i = 0; i < TABLE_COUNT(forged); i++)
		assert_int_equal(header_add(&d->header, str_of(forged[i]),
		    STR("forged")), 0);
	assert_int_equal(sign_request(d->settings, &ask, &d->header, &e), 0);
	assert_int_equal(d->header.count, 2);
	TABLE_STR("kept", d->header.fields[0].value, "kept");
	TABLE_STR("name", d->header.fields[1].name, "X-Origin-Auth");
	assert_true(str_starts(d->header.fields[1].value, STR("time=")));
}

static void
without_a_section_nothing_is_sent(void **state)
{
	const struct policy policy = { .sign = STR("none") };
	const struct sign_ask ask = { .time = SIGN_TIME, .host = STR("h"),
		.method = STR("GET"), .target = STR("/"), .policy = &policy };
	struct desk *d = *state;
	struct err e;

	desk_sign(d);
	assert_int_equal(sign_request(d->settings, &ask, &d->header, &e), -1);
	assert_int_equal(e.reason, REASON_INTERNAL);
	assert_string_equal(e.text, "router.ini has no section [sign:none]");
}

static void
tags_that_fit_into_no_field_are_refused(void **state)
{
	static struct route_tag tags[40];
	struct policy policy = { .sign = STR("a"), .tags = tags };
	const struct sign_ask ask = { .time = SIGN_TIME, .host = STR("h"),
		.method = STR("GET"), .target = STR("/"), .policy = &policy };
	char value[256];
	struct desk *d = *state;
	struct err e;
	size_t i, fit = 0;

	desk_sign(d);
	memset(value, 'v', sizeof(value));
	for (i = 0; i < TABLE_COUNT(tags); i++)
		tags[i] = (struct route_tag){ { "key", 3 },
			{ value, sizeof(value) } };
	for (i = 1; i <= TABLE_COUNT(tags); i++) {
		policy.tag_count = i;
		header_init(&d->header, &d->arena);
		if (sign_request(d->settings, &ask, &d->header, &e) == 0) {
			assert_int_equal(fit, i - 1);
			fit = i;
			assert_true(header_lines_size(&d->header) <=
			    RULES_LINE_MAX + 2);
			continue;
		}
		assert_int_equal(e.reason, REASON_INTERNAL);
		assert_int_equal(d->header.count, 0);
	}
	assert_true(fit > 20 && fit < TABLE_COUNT(tags));
}

static void
a_full_arena_signs_nothing(void **state)
{
	const struct policy policy = { .sign = STR("a") };
	const struct sign_ask ask = { .time = SIGN_TIME, .host = STR("h"),
		.method = STR("GET"), .target = STR("/"), .policy = &policy };
	struct desk *d = *state;
	struct arena a;
	struct header h;
	struct err e;

	desk_sign(d);
	arena_init(&a, 64);
	header_init(&h, &a);
	assert_int_equal(sign_request(d->settings, &ask, &h, &e), -1);
	assert_int_equal(e.reason, REASON_OVERLOADED);
	arena_fini(&a);
}

/* ---- secrets ---- */

static void
a_secret_is_one_line_that_others_cannot_read(void **state)
{
	static const char want[] = "/router.ini:2:10: error: ";
	static const struct {
		const char *text;
		mode_t mode;
		const char *told; /* NULL: it serves */
	} rows[] = {
		{ "0123456789abcdef", 0600, NULL },
		{ "0123456789abcdef\n", 0400, NULL },
		{ "0123456789 abc \"'$`~\n", 0600, NULL },
		{ "0123456789abcde\n", 0600, "less than 16 bytes" },
		{ "", 0600, "less than 16 bytes" },
		{ "0123456789abcdef\n\n", 0600, "not one line" },
		{ "0123456789abcdef\r\n", 0600, "not one line" },
		{ "0123456789abcdef\n0123456789abcdef\n", 0600,
		  "not one line" },
		{ "0123456789abcdef\xc3\xa9\n", 0600, "not one line" },
		{ "0123456789abcdef\n", 0604, "others can read" },
		{ "0123456789abcdef\n", 0660, "others can read or write" },
	};
	struct desk *d = *state;
	size_t i;

	for (i = 0; i < TABLE_COUNT(rows); i++) {
		const char *row = rows[i].text;

		d->told[0] = '\0';
		desk_keep(d, "secret", row, rows[i].mode);
		desk_settings(d, "[sign:a]\nsecret = secret\n");
		TABLE_INT(row, sign_load(d->settings, desk_tell, d),
		    rows[i].told == NULL ? 0 : -1);
		if (rows[i].told == NULL) {
			TABLE_STR(row, str_of(d->told), "");
			continue;
		}
		assert_memory_equal(d->told, want, sizeof(want) - 1);
		if (strstr(d->told, rows[i].told) == NULL)
			fail_msg("%s: %s", row, d->told);
		TABLE_INT(row, scratch_times(d->told, "expected"), 1);
	}
}

static void
a_secret_that_is_too_long_or_missing_is_told(void **state)
{
	char text[1027];
	struct desk *d = *state;

	memset(text, 'x', sizeof(text) - 2);
	memcpy(text + sizeof(text) - 3, "\n", 2);
	desk_keep(d, "secret", text, 0600);
	desk_settings(d, "[sign:a]\nsecret = secret\n");
	assert_int_equal(sign_load(d->settings, desk_tell, d), 0);
	memcpy(text + sizeof(text) - 3, "x\n", 3);
	desk_keep(d, "secret", text, 0600);
	assert_int_equal(sign_load(d->settings, desk_tell, d), -1);
	desk_settings(d, "[sign:a]\nsecret = none\n[sign:b]\nsecret = /\n");
	d->told[0] = '\0';
	assert_int_equal(sign_load(d->settings, desk_tell, d), -1);
	assert_int_equal(scratch_times(d->told, "error: "), 2);
}

#define DESK_TEST(name) \
	cmocka_unit_test_setup_teardown(name, desk_open, desk_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(the_field_says_what_was_signed),
		DESK_TEST(each_part_is_signed),
		DESK_TEST(a_tag_says_nothing_but_itself),
		DESK_TEST(what_looks_like_the_signature_goes),
		DESK_TEST(without_a_section_nothing_is_sent),
		DESK_TEST(tags_that_fit_into_no_field_are_refused),
		DESK_TEST(a_full_arena_signs_nothing),
		DESK_TEST(a_secret_is_one_line_that_others_cannot_read),
		DESK_TEST(a_secret_that_is_too_long_or_missing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
