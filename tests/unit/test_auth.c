/* SPDX-License-Identifier: BSD-2-Clause */

/* test_auth: who is let in by what, and what is said of them. */

#include "decide/auth_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "tests/unit/table.h"

enum { AUTH_ARENA = 1 << 20, AUTH_TOLD = 4096 };

static char auth_folder[] = "/tmp/test_auth.XXXXXX";
static char auth_heard[AUTH_TOLD]; /* mistakes, a line each */

/* ---- files and sections ---- */

static const char *
auth_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", auth_folder, name);
	return path;
}

static void
auth_write(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(auth_path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(auth_path(name), mode), 0);
}

static void
auth_hear(void *arg, const char *line)
{
	size_t n = strlen(auth_heard), skip = strlen(auth_folder) + 1;

	(void)arg;
	snprintf(auth_heard + n, sizeof(auth_heard) - n, "%s\n",
	    line + skip);
}

/* Sections of that router.ini; NULL: told. */
static struct auth_set *
auth_read(const char *ini)
{
	struct settings *s;
	struct auth_set *set;

	auth_heard[0] = '\0';
	auth_write("router.ini", ini, 0600);
	if (settings_load(auth_path("router.ini"), &s, auth_hear, NULL) == -1)
		return NULL;
	if (auth_load(s, &set, auth_hear, NULL) == -1)
		assert_null(set);
	settings_drop(&s);
	return set;
}

/* SHA-256 of good1, good2 and good3. */
static void
auth_write_tokens(const char *name, const char *format)
{
	char text[1024], hex[3][DIGEST_HEX + 1];
	struct digest d;
	struct err e;
	int i;

	for (i = 0; i < 3; i++) {
		char token[] = "good1";

		token[4] = (char)('1' + i);
		assert_int_equal(digest_of(str_of(token), &d, &e), 0);
		digest_print(&d, hex[i]);
		hex[i][DIGEST_HEX] = '\0';
	}
	snprintf(text, sizeof(text), format, hex[0], hex[1], hex[2]);
	auth_write(name, text, 0600);
}

/* secret, by bcrypt as cheap as it can be, and by SHA-crypt. */
#define AUTH_ANN "ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4U" \
	"pFFP8WIrW"

static int
auth_setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(auth_folder));
	return 0;
}

static int
auth_teardown(void **state)
{
	char command[160];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", auth_folder);
	return system(command);
}

/* ---- a request ---- */

struct auth_case {
	struct arena a;
	struct request request;
	struct policy policy;
	struct auth_walk walk;
	struct err e;
};

/* fields: "Name: value" by lines; levels of auth= by blanks. */
static void
auth_open(struct auth_case *c, const struct auth_set *set, const char *levels,
    const char *fields)
{
	struct str left = str_of(levels), one, name, value;

	memset(c, 0, sizeof(*c));
	arena_init(&c->a, AUTH_ARENA);
	header_init(&c->request.fields, &c->a);
	policy_init(&c->policy);
	while (left.n > 0) {
		(void)str_cut(left, ' ', &one, &left);
		c->policy.auth[c->policy.auth_count++] = one;
	}
	left = str_of(fields);
	while (left.n > 0) {
		(void)str_cut(left, '\n', &one, &left);
		(void)str_cut(one, ':', &name, &value);
		assert_int_equal(header_add(&c->request.fields, name,
		    str_trim(value)), 0);
	}
	auth_begin(&c->walk, set, &c->policy, &c->request, &c->a);
}

static void
auth_close(struct auth_case *c)
{
	arena_fini(&c->a);
}

static struct str
auth_claim(const struct auth_case *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->walk.yes.claim_count; i++)
		if (str_eq(c->walk.yes.claims[i].name, str_of(name)))
			return c->walk.yes.claims[i].value;
	return STR("none");
}

/* ---- the walk ---- */

#define GOOD1 "Authorization: Bearer good1"
#define GOOD2 "Authorization: Bearer good2"
#define ANN "Authorization: Basic YW5uOnNlY3JldA==" /* ann:secret */

/* b: good1 (alice), good2 (bob); c: good1 (carol), good3; u: ann. gone: there
 * is no such section. */
static const struct {
	const char *levels, *fields;
	enum reason want;
	const char *identity;
	const char *challenges; /* parted by ; */
} auth_walks[] = {
	{ "b", GOOD1, REASON_NONE, "alice", "" },
	{ "b", "authorization: bEARER   good1 ", REASON_NONE, "alice", "" },
	{ "b", GOOD2, REASON_NONE, "bob", "" },
	{ "b", "", REASON_AUTH_REQUIRED, "", "Bearer realm=\"site\";" },
	{ "b", "Authorization: Bearer good3", REASON_AUTH_REQUIRED, "",
	  "Bearer realm=\"site\", error=\"invalid_token\";" },
	{ "b", "Authorization: Bearer good1x", REASON_AUTH_REQUIRED, "",
	  "Bearer realm=\"site\", error=\"invalid_token\";" },
	{ "b", "Authorization: Bearer good1 good1", REASON_AUTH_REQUIRED, "",
	  "Bearer realm=\"site\", error=\"invalid_token\";" },
	{ "b", "Authorization: Bearergood1", REASON_AUTH_REQUIRED, "",
	  "Bearer realm=\"site\";" },
	{ "b", "Authorization: Bearer", REASON_AUTH_REQUIRED, "",
	  "Bearer realm=\"site\";" },
	{ "b", "Authorization: Basic good1", REASON_AUTH_REQUIRED, "",
	  "Bearer realm=\"site\";" },
	{ "b", "X-Authorization: Bearer good1", REASON_AUTH_REQUIRED, "",
	  "Bearer realm=\"site\";" },
	/* nobody knows which of two an origin takes */
	{ "b", GOOD1 "\n" GOOD1, REASON_AUTH_REQUIRED, "",
	  "Bearer realm=\"site\";" },
	{ "u", ANN, REASON_NONE, "ann", "" },
	{ "u", "", REASON_AUTH_REQUIRED, "",
	  "Basic realm=\"fcgi-router\", charset=\"UTF-8\";" },
	{ "u", "Authorization: Basic YW5uOndyb25n", REASON_AUTH_REQUIRED, "",
	  "Basic realm=\"fcgi-router\", charset=\"UTF-8\";" },
	/* bob, who is not there, with ann's password */
	{ "u", "Authorization: Basic Ym9iOnNlY3JldA==", REASON_AUTH_REQUIRED,
	  "", "Basic realm=\"fcgi-router\", charset=\"UTF-8\";" },
	/* ann:secret and NUL */
	{ "u", "Authorization: Basic YW5uOnNlY3JldAA=", REASON_AUTH_REQUIRED,
	  "", "Basic realm=\"fcgi-router\", charset=\"UTF-8\";" },
	/* other spellings of the same bytes */
	{ "u", "Authorization: Basic YW5uOnNlY3JldB==", REASON_AUTH_REQUIRED,
	  "", "Basic realm=\"fcgi-router\", charset=\"UTF-8\";" },
	{ "u", "Authorization: Basic YW5uOnNlY3JldA", REASON_AUTH_REQUIRED,
	  "", "Basic realm=\"fcgi-router\", charset=\"UTF-8\";" },
	/* all, and any */
	{ "b,c", GOOD1, REASON_NONE, "alice", "" },
	{ "c,b", GOOD1, REASON_NONE, "carol", "" },
	{ "b,c", GOOD2, REASON_AUTH_REQUIRED, "",
	  "Bearer realm=\"fcgi-router\", error=\"invalid_token\";" },
	{ "b|c", GOOD2, REASON_NONE, "bob", "" },
	{ "c|b", GOOD2, REASON_NONE, "bob", "" },
	{ "c|b", GOOD1, REASON_NONE, "carol", "" },
	{ "b|u", ANN, REASON_NONE, "ann", "" },
	{ "b|u", "", REASON_AUTH_REQUIRED, "", "Bearer realm=\"site\";"
	  "Basic realm=\"fcgi-router\", charset=\"UTF-8\";" },
	/* levels add up, in their order */
	{ "b c", GOOD1, REASON_NONE, "alice", "" },
	{ "b c", GOOD2, REASON_AUTH_REQUIRED, "",
	  "Bearer realm=\"fcgi-router\", error=\"invalid_token\";" },
	{ "b|u c", ANN, REASON_AUTH_REQUIRED, "",
	  "Bearer realm=\"fcgi-router\";" },
	{ "b b,b b|b", GOOD2, REASON_NONE, "bob", "" },
	/* what is not there lets nobody in, nor does it keep out whom another
	 * one lets in */
	{ "gone", GOOD1, REASON_AUTH_UNAVAILABLE, "", "" },
	{ "b,gone", GOOD1, REASON_AUTH_UNAVAILABLE, "", "" },
	{ "gone,b", GOOD1, REASON_AUTH_UNAVAILABLE, "", "" },
	{ "b,gone", "", REASON_AUTH_REQUIRED, "", "Bearer realm=\"site\";" },
	{ "gone|b", GOOD1, REASON_NONE, "alice", "" },
	{ "gone|b", "", REASON_AUTH_UNAVAILABLE, "", "" },
	{ "b|gone", "", REASON_AUTH_UNAVAILABLE, "", "" },
	{ "b gone", GOOD1, REASON_AUTH_UNAVAILABLE, "", "" },
	{ "b,", GOOD1, REASON_NONE, "alice", "" },
};

static struct auth_set *
auth_read_site(void)
{
	struct auth_set *set;

	auth_write_tokens("b", "# ours\n\n%s alice plan=pro team=red\n"
	    "  %s\tbob\tn=1 \r\n");
	auth_write_tokens("c", "%1$s carol team=blue x=y=z\n%3$s dave\n");
	auth_write("u", AUTH_ANN "\n", 0640);
	set = auth_read("[auth:b]\ntype = bearer\nfile = b\nrealm = site\n"
	    "[auth:c]\ntype = bearer\nfile = c\n"
	    "[auth:u]\ntype = basic\nfile = u\n");
	if (set == NULL)
		fail_msg("%s", auth_heard);
	return set;
}

static void
each_level_says_yes_or_nobody_comes_in(void **state)
{
	struct auth_set *set = auth_read_site();
	size_t i, k;

	(void)state;
	for (i = 0; i < TABLE_COUNT(auth_walks); i++) {
		char row[256], challenges[512] = "";
		struct auth_case c;
		int got;

		snprintf(row, sizeof(row), "%s <- %s", auth_walks[i].levels,
		    auth_walks[i].fields);
		auth_open(&c, set, auth_walks[i].levels, auth_walks[i].fields);
		got = auth_go(&c.walk, &c.e);
		TABLE_INT(row, got, auth_walks[i].want == REASON_NONE ?
		    AUTH_YES : auth_walks[i].want == REASON_AUTH_REQUIRED ?
		    0 : -1);
		TABLE_INT(row, got == AUTH_YES ? REASON_NONE : c.e.reason,
		    auth_walks[i].want);
		if (got == AUTH_YES)
			TABLE_STR(row, c.walk.yes.identity,
			    auth_walks[i].identity);
		for (k = 0; got == 0 && k < c.walk.challenges.count; k++)
			snprintf(challenges + strlen(challenges),
			    sizeof(challenges) - strlen(challenges), "%.*s;",
			    STR_ARG(c.walk.challenges.fields[k].value));
		TABLE_STR(row, str_of(challenges), auth_walks[i].challenges);
		auth_close(&c);
	}
	auth_drop(&set);
}

static void
what_is_known_of_a_client_is_said(void **state)
{
	struct auth_set *set = auth_read_site();
	struct auth_case c;

	(void)state;
	auth_open(&c, set, "b,c", GOOD1);
	assert_int_equal(auth_go(&c.walk, &c.e), AUTH_YES);
	TABLE_STR("plan", c.walk.yes.plan, "pro");
	TABLE_STR("identity", auth_claim(&c, "identity"), "alice");
	TABLE_STR("team", auth_claim(&c, "team"), "red");
	TABLE_STR("plan", auth_claim(&c, "plan"), "pro");
	TABLE_STR("x", auth_claim(&c, "x"), "y=z");
	TABLE_STR("y", auth_claim(&c, "y"), "none");
	auth_close(&c);
	auth_open(&c, set, "u", ANN);
	assert_int_equal(auth_go(&c.walk, &c.e), AUTH_YES);
	TABLE_STR("plan", c.walk.yes.plan, "");
	TABLE_STR("identity", auth_claim(&c, "identity"), "ann");
	auth_close(&c);
	auth_drop(&set);
}

static void
credentials_go_no_further_unless_passed(void **state)
{
	struct auth_set *set = auth_read_site();
	int passes;

	(void)state;
	for (passes = 0; passes < 2; passes++) {
		struct auth_case c;
		struct header h;
		size_t i;

		auth_open(&c, set, "b", GOOD1);
		c.policy.pass_auth = passes == 1;
		assert_int_equal(auth_go(&c.walk, &c.e), AUTH_YES);
		header_init(&h, &c.a);
		assert_int_equal(header_add(&h, STR("X-A"), STR("1")), 0);
		for (i = 0; i < c.request.fields.count; i++)
			assert_int_equal(header_keep(&h,
			    &c.request.fields.fields[i]), 0);
		assert_int_equal(auth_dress(&c.walk, &h), 0);
		assert_int_equal(h.count, passes == 1 ? 2 : 1);
		TABLE_STR("kept", h.fields[0].name, "X-A");
		auth_close(&c);
	}
	auth_drop(&set);
}

static void
auth_count_held(void *arg, bool begins)
{
	int *count = arg;

	count[begins ? 0 : 1]++;
}

/* Each one in its turn, as the worker is told: what is right is computed once,
 * what is wrong each time, also where there is no such user. */
static void
a_password_that_was_right_is_computed_once(void **state)
{
	static const struct {
		const char *field;
		int got, computed;
	} rows[] = {
		{ ANN, AUTH_YES, 1 },
		{ ANN, AUTH_YES, 0 },
		{ "Authorization: Basic YW5uOndyb25n", 0, 1 },
		{ "Authorization: Basic YW5uOndyb25n", 0, 1 },
		{ "Authorization: Basic Ym9iOnNlY3JldA==", 0, 1 },
		{ "Authorization: Basic Ym9iOnNlY3JldA==", 0, 1 },
		{ ANN, AUTH_YES, 0 },
	};
	struct auth_set *set = auth_read_site();
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		int count[2] = { 0, 0 };
		struct auth_case c;

		auth_open(&c, set, "u", rows[i].field);
		c.walk.ask.held_arg = count;
		c.walk.ask.held = auth_count_held;
		TABLE_INT(rows[i].field, auth_go(&c.walk, &c.e), rows[i].got);
		TABLE_INT(rows[i].field, count[0], rows[i].computed);
		TABLE_INT(rows[i].field, count[1], rows[i].computed);
		auth_close(&c);
	}
	auth_drop(&set);
}

struct auth_inner {
	const struct auth_set *set;
	int got;
};

/* While a password is computed, another one is asked for. */
static void
auth_ask_within(void *arg, bool begins)
{
	struct auth_inner *inner = arg;
	struct auth_case c;

	if (!begins)
		return;
	auth_open(&c, inner->set, "u", "Authorization: Basic Ym9iOng=");
	inner->got = auth_go(&c.walk, &c.e);
	auth_close(&c);
}

static void
more_passwords_than_workers_can_spare_wait(void **state)
{
	struct auth_inner inner = { .got = -1 };
	struct auth_set *set;
	struct auth_case c;

	(void)state;
	auth_write("u", AUTH_ANN "\n", 0640);
	set = auth_read("[router]\nworkers_max = 1\n[auth:u]\ntype = basic\n"
	    "file = u\n");
	assert_non_null(set);
	inner.set = set;
	auth_open(&c, set, "u", ANN);
	c.walk.ask.held_arg = &inner;
	c.walk.ask.held = auth_ask_within;
	assert_int_equal(auth_go(&c.walk, &c.e), AUTH_YES);
	assert_int_equal(inner.got, AUTH_BUSY);
	auth_close(&c);
	auth_drop(&set);
}

/* ---- who has to be asked elsewhere ---- */

/* What f and g answer, by the words of a row. */
enum auth_said { AUTH_SAID_YES = 0, AUTH_SAID_401, AUTH_SAID_403, AUTH_SAID_302,
	AUTH_SAID_NOTHING };

/* b: good1 (alice); f and g: services. asked: in this order, each once. */
static const struct {
	const char *levels, *fields;
	enum auth_said f, g;
	const char *asked;
	enum reason want;
	const char *identity;
	int reply; /* the status that goes to the client; 0: a page */
} auth_consults[] = {
	{ "f", "", AUTH_SAID_YES, 0, "f", REASON_NONE, "of-f", 0 },
	{ "f", "", AUTH_SAID_401, 0, "f", REASON_AUTH_REQUIRED, "", 401 },
	{ "f", "", AUTH_SAID_403, 0, "f", REASON_AUTH_DENIED, "", 403 },
	{ "f", "", AUTH_SAID_302, 0, "f", REASON_AUTH_DENIED, "", 302 },
	{ "f", "", AUTH_SAID_NOTHING, 0, "f", REASON_AUTH_UNAVAILABLE, "", 0 },
	/* each is asked once, however often it is named */
	{ "f f,f f|f", "", AUTH_SAID_YES, 0, "f", REASON_NONE, "of-f", 0 },
	/* of all, none is asked behind one that is no yes */
	{ "f,g", "", AUTH_SAID_YES, AUTH_SAID_YES, "fg", REASON_NONE, "of-f",
	  0 },
	{ "g,f", "", AUTH_SAID_YES, AUTH_SAID_YES, "gf", REASON_NONE, "of-g",
	  0 },
	{ "f,g", "", AUTH_SAID_401, AUTH_SAID_YES, "f", REASON_AUTH_REQUIRED,
	  "", 401 },
	{ "f,g", "", AUTH_SAID_YES, AUTH_SAID_403, "fg", REASON_AUTH_DENIED,
	  "", 403 },
	{ "f,g", "", AUTH_SAID_NOTHING, AUTH_SAID_YES, "f",
	  REASON_AUTH_UNAVAILABLE, "", 0 },
	{ "b,f", "", AUTH_SAID_YES, 0, "", REASON_AUTH_REQUIRED, "", 0 },
	{ "b,f", GOOD1, AUTH_SAID_YES, 0, "f", REASON_NONE, "alice", 0 },
	{ "f,b", GOOD1, AUTH_SAID_YES, 0, "f", REASON_NONE, "of-f", 0 },
	{ "f g", "", AUTH_SAID_403, AUTH_SAID_YES, "f", REASON_AUTH_DENIED,
	  "", 403 },
	{ "gone f", "", AUTH_SAID_YES, 0, "", REASON_AUTH_UNAVAILABLE, "", 0 },
	/* of any, none behind a yes; a fault is no reason to let in */
	{ "b|f", GOOD1, AUTH_SAID_403, 0, "", REASON_NONE, "alice", 0 },
	{ "f|b", GOOD1, AUTH_SAID_403, 0, "f", REASON_NONE, "alice", 0 },
	{ "f|g", "", AUTH_SAID_403, AUTH_SAID_YES, "fg", REASON_NONE, "of-g",
	  0 },
	{ "f|g", "", AUTH_SAID_403, AUTH_SAID_401, "fg", REASON_AUTH_DENIED,
	  "", 403 },
	{ "f|g", "", AUTH_SAID_NOTHING, AUTH_SAID_YES, "fg", REASON_NONE,
	  "of-g", 0 },
	{ "f|g", "", AUTH_SAID_NOTHING, AUTH_SAID_403, "fg",
	  REASON_AUTH_UNAVAILABLE, "", 0 },
	{ "f|g", "", AUTH_SAID_401, AUTH_SAID_NOTHING, "fg",
	  REASON_AUTH_UNAVAILABLE, "", 0 },
	{ "f|b", "", AUTH_SAID_NOTHING, 0, "f", REASON_AUTH_UNAVAILABLE, "",
	  0 },
};

static struct auth_set *
auth_read_services(void)
{
	struct auth_set *set;

	auth_write_tokens("b", "%s alice\n%s bob\n");
	set = auth_read("[auth:b]\ntype = bearer\nfile = b\n"
	    "[auth:f]\ntype = forward\nurl = http://f.test/\n"
	    "[auth:g]\ntype = forward\nurl = http://g.test/\n");
	if (set == NULL)
		fail_msg("%s", auth_heard);
	return set;
}

/* As the service of that section answers. */
static void
auth_say(struct auth_case *c, enum auth_said said)
{
	static const int statuses[] = { [AUTH_SAID_401] = 401,
		[AUTH_SAID_403] = 403, [AUTH_SAID_302] = 302 };
	struct auth_answer answer = { .reply = NULL };
	struct auth_reply *reply = arena_alloc(&c->a, sizeof(*reply));
	struct err e = { .reason = REASON_NONE };

	if (said == AUTH_SAID_YES)
		answer.identity = str_eq(str_of(c->walk.section->name),
		    STR("f")) ? STR("of-f") : STR("of-g");
	else if (said == AUTH_SAID_NOTHING)
		err_set(&e, REASON_AUTH_UNAVAILABLE, "no answer");
	else {
		reply->status = statuses[said];
		answer.reply = reply;
	}
	auth_told(&c->walk, said == AUTH_SAID_YES ? AUTH_YES :
	    said == AUTH_SAID_NOTHING ? -1 : 0, &answer, &e);
}

static void
the_walk_goes_on_with_what_it_is_told(void **state)
{
	struct auth_set *set = auth_read_services();
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(auth_consults); i++) {
		enum reason want = auth_consults[i].want;
		char row[128], asked[8] = "";
		struct auth_case c;
		int got;

		snprintf(row, sizeof(row), "%zu: %s", i,
		    auth_consults[i].levels);
		auth_open(&c, set, auth_consults[i].levels,
		    auth_consults[i].fields);
		while ((got = auth_go(&c.walk, &c.e)) == AUTH_CONSULT) {
			const char *name = c.walk.section->name;

			snprintf(asked + strlen(asked),
			    sizeof(asked) - strlen(asked), "%s", name);
			auth_say(&c, name[0] == 'f' ? auth_consults[i].f :
			    auth_consults[i].g);
		}
		TABLE_STR(row, str_of(asked), auth_consults[i].asked);
		TABLE_INT(row, got, want == REASON_NONE ? AUTH_YES :
		    want == REASON_AUTH_UNAVAILABLE ? -1 : 0);
		TABLE_INT(row, got == AUTH_YES ? REASON_NONE : c.e.reason,
		    want);
		if (got == AUTH_YES)
			TABLE_STR(row, c.walk.yes.identity,
			    auth_consults[i].identity);
		TABLE_INT(row, got == 0 && c.walk.reply != NULL ?
		    c.walk.reply->status : 0, auth_consults[i].reply);
		auth_close(&c);
	}
	auth_drop(&set);
}

static void
while_nobody_has_answered_nothing_is_said(void **state)
{
	struct auth_set *set = auth_read_services();
	struct auth_case c;

	(void)state;
	auth_open(&c, set, "f", "");
	assert_int_equal(auth_go(&c.walk, &c.e), AUTH_CONSULT);
	assert_int_equal(auth_go(&c.walk, &c.e), AUTH_CONSULT);
	assert_int_equal(c.walk.yes.claim_count, 0);
	assert_null(c.walk.reply);
	auth_close(&c);
	auth_drop(&set);
}

/* The origin gets what the service says, in place of what the client does. */
static void
what_a_service_sets_comes_in_place_of_what_a_client_sent(void **state)
{
	struct auth_set *set = auth_read_services();
	struct auth_answer answer = { .consumed = STR("x-user\nx-none"),
		.cookies = STR("s\nt") };
	struct auth_case c;
	struct header h;

	(void)state;
	auth_open(&c, set, "f", "");
	assert_int_equal(auth_go(&c.walk, &c.e), AUTH_CONSULT);
	header_init(&answer.sets, &c.a);
	assert_int_equal(header_add(&answer.sets, STR("X-User"), STR("ann")),
	    0);
	auth_told(&c.walk, AUTH_YES, &answer, NULL);
	assert_int_equal(auth_go(&c.walk, &c.e), AUTH_YES);
	header_init(&h, &c.a);
	assert_int_equal(header_add(&h, STR("X.User"), STR("root")), 0);
	assert_int_equal(header_add(&h, STR("x-none"), STR("root")), 0);
	assert_int_equal(header_add(&h, STR("X-Users"), STR("kept")), 0);
	assert_int_equal(header_add(&h, STR("Cookie"), STR("s=1; a=2; t=3")),
	    0);
	assert_int_equal(header_add(&h, STR("cookie"), STR("t=4")), 0);
	assert_int_equal(auth_dress(&c.walk, &h), 0);
	assert_int_equal(h.count, 3);
	TABLE_STR("kept", h.fields[0].value, "kept");
	TABLE_STR("other cookies", h.fields[1].value, "a=2");
	TABLE_STR("set", h.fields[2].value, "ann");
	auth_close(&c);
	auth_drop(&set);
}

/* ---- files ---- */

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define HASH6 "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy" \
	"0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1"

static const struct {
	const char *type, *text;
	const char *told; /* behind "f:" */
} auth_files[] = {
	{ "bearer", "", "" },
	{ "bearer", "# nobody\n \n", "" },
	{ "bearer", ABC " a", "" },
	{ "bearer", ABC " a\r\n", "" },
	{ "bearer", "abc a\n", "1:1: error: no SHA-256 at the line's begin, "
	  "expected its 64 hexadecimal digits\n" },
	{ "bearer", "\n  " ABC "\n", "2:67: error: no identity, expected who "
	  "has the token, at most 255 bytes\n" },
	{ "bearer", ABC " a b\n", "1:68: error: a word that is no K=V, "
	  "expected plan=PLAN or K=V, K of letters, digits, '-' and '_'\n" },
	{ "bearer", ABC " a =b\n", "1:68: error: a word that is no K=V, "
	  "expected plan=PLAN or K=V, K of letters, digits, '-' and '_'\n" },
	{ "bearer", ABC " a b.c=d\n", "1:68: error: a word that is no K=V, "
	  "expected plan=PLAN or K=V, K of letters, digits, '-' and '_'\n" },
	{ "bearer", ABC " a plan=Pro\n", "1:68: error: no name behind "
	  "'plan=', expected that of a [plan:NAME]\n" },
	{ "bearer", ABC " a identity=x\n", "1:68: error: 'identity=', "
	  "expected another name: {auth.identity} is the line's second "
	  "word\n" },
	{ "bearer", ABC " a b=c d=e b=f\n", "1:76: error: a name again, "
	  "expected each once\n" },
	{ "bearer", ABC " a\n" ABC " b\n", "2:1: error: the same again, "
	  "expected it once: line 1 has it\n" },
	{ "bearer", ABC " a\x01\n", "1:66: error: a control byte, expected "
	  "text\n" },
	{ "basic", "", "" },
	{ "basic", AUTH_ANN "\n# x\nbob:" HASH6 "\n", "" },
	{ "basic", AUTH_ANN ":a comment\n", "" },
	{ "basic", "ann:$1$saltsalt$9xy1btjgzLYfb7hivXtC//\n", "" },
	{ "basic", "ann:$y$j75$saltsalt$0gBD67sgmJgRX3RZ6wHHO7sHimQEWGCWN85o4"
	  "Twogh2\n", "" },
	{ "basic", "ann\n", "1:1: error: no ':', expected NAME:HASH, the name "
	  "of at most 255 bytes\n" },
	{ "basic", ":x\n", "1:1: error: no name, or a long one, expected "
	  "NAME:HASH, the name of at most 255 bytes\n" },
	{ "basic", "ann:$apr1$abcdefgh$6jCzv29Zh6MbiMiOnV5gJ.\n", "1:5" },
	{ "basic", "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", "1:5" },
	{ "basic", "ann:secret\n", "1:5" },
	{ "basic", "ann:\n", "1:5" },
	{ "basic", "ann:abNANd1rDfiNc\n", "1:5" },
	{ "basic", "x:$1$saltsalt$9xy1btjgzLYfb7hivXtC/\n", "1:3" },
	{ "basic", AUTH_ANN "\n" AUTH_ANN "\n", "2:1: error: the same again, "
	  "expected it once: line 1 has it\n" },
};

#define HASH_TOLD ": error: a hash that libcrypt cannot compute, or a weak " \
	"or cut one, expected bcrypt ($2y$, of 'htpasswd -B'), yescrypt or " \
	"SHA-crypt (of 'mkpasswd'), or $1$\n"

static void
a_file_is_read_as_a_whole_or_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(auth_files); i++) {
		const char *told = auth_files[i].told;
		char ini[64], want[512] = "";
		struct auth_set *set;

		if (told[0] != '\0')
			snprintf(want, sizeof(want), "f:%s%s", told,
			    strlen(told) == 3 ? HASH_TOLD : "");
		snprintf(ini, sizeof(ini), "[auth:a]\ntype = %s\nfile = f\n",
		    auth_files[i].type);
		auth_write("f", auth_files[i].text, 0600);
		set = auth_read(ini);
		TABLE_STR(auth_files[i].text, str_of(auth_heard), want);
		TABLE_INT(auth_files[i].text, set != NULL, told[0] == '\0');
		auth_drop(&set);
	}
}

static void
a_file_that_others_can_read_is_refused(void **state)
{
	static const struct {
		mode_t mode;
		bool good;
	} rows[] = {
		{ 0600, true }, { 0400, true }, { 0640, true },
		{ 0440, true }, { 0644, false }, { 0604, false },
		{ 0660, false }, { 0602, false }, { 0601, false },
	};
	static const char ini[] = "[auth:a]\ntype = bearer\nfile = f\n";
	struct auth_set *set;
	char row[8];
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT(rows); i++) {
		snprintf(row, sizeof(row), "%o", (unsigned)rows[i].mode);
		assert_true(unlink(auth_path("f")) == 0 || i == 0);
		auth_write("f", ABC " a\n", rows[i].mode);
		set = auth_read(ini);
		TABLE_INT(row, set != NULL, rows[i].good);
		TABLE_INT(row, strstr(auth_heard, "router.ini:3:8: error: '")
		    != NULL && strstr(auth_heard, "others can read") != NULL,
		    !rows[i].good);
		auth_drop(&set);
	}
	assert_int_equal(unlink(auth_path("f")), 0);
	assert_null(auth_read(ini));
	assert_non_null(strstr(auth_heard, "No such file"));
	assert_int_equal(mkdir(auth_path("f"), 0700), 0);
	assert_null(auth_read(ini));
	assert_non_null(strstr(auth_heard, "no regular file"));
	assert_int_equal(rmdir(auth_path("f")), 0);
}

static void
many_tokens_are_found_as_few_are(void **state)
{
	enum { MANY = 100000 };
	FILE *f = fopen(auth_path("many"), "w");
	char hex[DIGEST_HEX], token[32];
	struct auth_set *set;
	struct auth_case c;
	struct digest d;
	struct err e;
	int i;

	(void)state;
	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	for (i = 0; i < MANY; i++) {
		int n = snprintf(token, sizeof(token), "t%d", i);

		assert_int_equal(digest_of((struct str){ token, (size_t)n },
		    &d, &e), 0);
		digest_print(&d, hex);
		fprintf(f, "%.*s user%d n=%d\n", DIGEST_HEX, hex, i, i);
	}
	assert_int_equal(fclose(f), 0);
	set = auth_read("[auth:m]\ntype = bearer\nfile = many\n");
	assert_non_null(set);
	for (i = 0; i < MANY; i += 997) {
		char field[64], want[32];

		snprintf(field, sizeof(field), "Authorization: Bearer t%d", i);
		snprintf(want, sizeof(want), "user%d", i);
		auth_open(&c, set, "m", field);
		assert_int_equal(auth_go(&c.walk, &c.e), AUTH_YES);
		TABLE_STR(field, c.walk.yes.identity, want);
		auth_close(&c);
	}
	auth_open(&c, set, "m", "Authorization: Bearer t100000");
	assert_int_equal(auth_go(&c.walk, &c.e), 0);
	auth_close(&c);
	auth_drop(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_level_says_yes_or_nobody_comes_in),
		cmocka_unit_test(what_is_known_of_a_client_is_said),
		cmocka_unit_test(credentials_go_no_further_unless_passed),
		cmocka_unit_test(a_password_that_was_right_is_computed_once),
		cmocka_unit_test(more_passwords_than_workers_can_spare_wait),
		cmocka_unit_test(the_walk_goes_on_with_what_it_is_told),
		cmocka_unit_test(while_nobody_has_answered_nothing_is_said),
		cmocka_unit_test(
		    what_a_service_sets_comes_in_place_of_what_a_client_sent),
		cmocka_unit_test(a_file_is_read_as_a_whole_or_refused),
		cmocka_unit_test(a_file_that_others_can_read_is_refused),
		cmocka_unit_test(many_tokens_are_found_as_few_are),
	};

	return cmocka_run_group_tests(tests, auth_setup, auth_teardown);
}
