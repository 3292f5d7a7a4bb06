/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz_consult: fields of a request, an empty line, a status and fields of the
 * answer of a service that is asked who may come in, an empty line, its body.
 * What it says fits where it goes, a yes that is kept says the same again, and
 * no cookie is left that was taken.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "decide/auth_cache.h"
#include "decide/auth_json.h"
#include "http/fresh.h"
#include "relay/consult.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_ARENA = 4 << 20, FUZZ_NOW = 1000000, FUZZ_MOST = 1 << 16 };

static char fuzz_name[] = "f", fuzz_url[] = "http://auth.test/ok";
static char fuzz_copy[] = "authorization\nx-user", fuzz_empty[] = "";
static char fuzz_tells[] = "identity:X-User\nplan:X-Plan\nteam:X-Team";

struct fuzz_case {
	struct arena a;
	struct settings settings;
	struct settings_auth section;
	struct request request;
	struct h1_answer answer;
	struct str body;
};

/* Up to an empty line; what cannot be a field is none. */
static void
fuzz_fields(struct str *left, struct header *h, struct arena *a)
{
	struct str line, name, value;

	header_init(h, a);
	while (left->n > 0) {
		(void)str_cut(*left, '\n', &line, left);
		if (line.n == 0)
			return;
		(void)str_cut(line, ':', &name, &value);
		if (header_add(h, name, str_trim(value)) == -1)
			continue;
	}
}

static void
fuzz_open(struct fuzz_case *c, struct str text)
{
	struct str line;
	uint64_t status;

	memset(c, 0, sizeof(*c));
	arena_init(&c->a, FUZZ_ARENA);
	c->settings.private_names = fuzz_empty;
	c->settings.max_hops = 4;
	c->section = (struct settings_auth){ .name = fuzz_name,
		.type = SETTINGS_AUTH_FORWARD, .url = fuzz_url,
		.copy = fuzz_copy, .tells = fuzz_tells, .tls = fuzz_empty,
		.ttl_by = fuzz_empty, .ttl = 3600000, .timeout = 5000 };
	c->request = (struct request){ .method = STR("GET"),
		.path = { .text = STR("/") }, .scheme = STR("http"),
		.id = STR("1"), .client_ip = STR("192.0.2.1") };
	fuzz_fields(&text, &c->request.fields, &c->a);
	(void)str_cut(text, '\n', &line, &text);
	c->answer.status = str_to_u64(line, 999, &status) && status >= 200 ?
	    (int)status : 200;
	fuzz_fields(&text, &c->answer.fields, &c->a);
	c->body = text;
}

static void
fuzz_look(const struct header *h)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		CHECK(header_is_token(h->fields[i].name) &&
		    header_is_value(h->fields[i].value));
}

/* What the cache has is what was said. */
static void
fuzz_again(struct fuzz_case *c, struct auth_cache *cache,
    const struct auth_answer *said)
{
	struct auth_answer kept;
	struct consult again;
	struct err e;
	size_t i;

	CHECK(consult_begin(&again, &c->section, &c->settings, &c->request,
	    STR(""), &c->a, &e) == 0);
	if (!consult_recall(&again, cache, &kept))
		return;
	CHECK(str_eq(kept.identity, said->identity));
	CHECK(str_eq(kept.plan, said->plan));
	CHECK(str_eq(kept.consumed, said->consumed));
	CHECK(kept.claim_count == said->claim_count);
	CHECK(kept.sets.count == said->sets.count);
	for (i = 0; i < kept.claim_count; i++)
		CHECK(str_eq(kept.claims[i].value, said->claims[i].value));
	for (i = 0; i < kept.sets.count; i++)
		CHECK(str_eq(kept.sets.fields[i].value,
		    said->sets.fields[i].value) &&
		    kept.sets.fields[i].id == said->sets.fields[i].id);
}

static void
fuzz_ask(struct fuzz_case *c, struct auth_cache *cache)
{
	struct auth_answer answer;
	struct consult asked;
	struct err e;
	int got;

	if (consult_begin(&asked, &c->section, &c->settings, &c->request,
	    STR(""), &c->a, &e) == -1)
		return;
	fuzz_look(&asked.fields);
	CHECK(!consult_recall(&asked, cache, &answer));
	asked.answer = c->answer;
	(void)consult_take(&asked, c->body);
	got = consult_judge(&asked, &answer, &e);
	CHECK(got == 1 || got == 0 || e.reason != REASON_NONE);
	CHECK((got == 0) == (answer.reply != NULL));
	if (got == 0)
		fuzz_look(&answer.reply->fields);
	if (got != 1)
		return;
	fuzz_look(&answer.sets);
	CHECK(header_is_value(answer.identity));
	CHECK(answer.claim_count <= 2);
	fuzz_again(c, cache, &answer);
}

static void
fuzz_cookies(const struct header *h, struct arena *a)
{
	struct str left, found;
	size_t i;

	for (i = 0; i < h->count; i++) {
		left = header_cookie_without(h->fields[i].value, STR("s"), a);
		CHECK(left.p != NULL && left.n <= h->fields[i].value.n);
		CHECK(!header_cookie(left, STR("s"), &found));
		CHECK(header_is_value(left));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct auth_cache *cache = auth_cache_new();
	struct fuzz_case c;
	struct err e;

	CHECK(auth_json_begin(&e) == 0);
	fuzz_open(&c, (struct str){ (const char *)data,
		size < FUZZ_MOST ? size : FUZZ_MOST });
	CHECK(auth_tokens_left(&c.request.fields, FUZZ_NOW) >= 0);
	CHECK(fresh_seconds(&c.answer.fields, FUZZ_NOW) >= 0);
	fuzz_cookies(&c.request.fields, &c.a);
	fuzz_ask(&c, cache);
	auth_cache_free(&cache);
	arena_fini(&c.a);
	return 0;
}
