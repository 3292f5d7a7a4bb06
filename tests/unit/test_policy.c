/* SPDX-License-Identifier: BSD-2-Clause */

/* policy: what holds when %defaults, a service, a route and aliases speak. */

#include <string.h>

#include "route/policy.h"
#include "tests/unit/table.h"

enum { ARENA_MAX = 1 << 16 };

#define SAYS(name) (UINT64_C(1) << DIRECTIVE_##name)

static struct route_tag default_tags[] = { { { "kind", 4 }, { "web", 3 } },
	{ { "team", 4 }, { "ops", 3 } } };
static struct route_tag service_tags[] = { { { "kind", 4 }, { "app", 3 } },
	{ { "env", 3 }, { "prod", 4 } } };
static struct route_tag own_tags[] = { { { "env", 3 }, { "test", 4 } } };

/* One of each level, each with what its case gives it. */
struct levels {
	struct words defaults;
	struct words served;
	struct words own;
	struct route route;
	struct service service;
	struct arena arena;
	struct policy policy;
};

static void
levels_init(struct levels *l)
{
	memset(l, 0, sizeof(*l));
	l->route.defaults = &l->defaults;
	l->route.own = &l->own;
	l->service.own = &l->served;
	arena_init(&l->arena, ARENA_MAX);
	policy_init(&l->policy);
}

static void
levels_merge(struct levels *l)
{
	struct err e;

	assert_int_equal(policy_merge(&l->policy, &l->route, &l->service,
	    &l->arena, &e), 0);
}

static void
nothing_said_limits_nothing(void **state)
{
	const struct route plain = { .line = 1 };
	struct policy p;
	struct arena none;
	struct err e;

	(void)state;
	memset(&p, 0xff, sizeof(p));
	arena_init(&none, 0);
	policy_init(&p);
	assert_int_equal(policy_merge(&p, &plain, NULL, &none, &e), 0);
	assert_false(p.strip_prefix);
	assert_false(p.pass_auth);
	assert_false(p.encoded_slash);
	assert_true(p.rewrite_back);
	assert_true(p.connect_timeout == INT64_MAX);
	assert_true(p.total == INT64_MAX);
	assert_true(p.max_body == UINT64_MAX);
	assert_int_equal(p.host_sent, HOST_SENT_UNSET);
	assert_int_equal(p.plan.n, 0);
	assert_int_equal(p.auth_count, 0);
	assert_int_equal(p.tag_count, 0);
	assert_null(p.levels[0]);
	assert_null(p.levels[1]);
	assert_null(p.levels[2]);
	assert_true(policy_admits(&p, STR("192.0.2.1")));
	assert_true(policy_admits(&p, STR("")));
	assert_int_equal(policy_tag(&p, STR("kind")).n, 0);
}

static void
the_routes_word_beats_the_services_and_that_beats_defaults(void **state)
{
	struct levels l;
	int said;

	(void)state;
	/* Which of the levels speak: 1 defaults, 2 service, 4 route. */
	for (said = 0; said < 8; said++) {
		const char *want = (said & 4) != 0 ? "route" :
		    (said & 2) != 0 ? "service" :
		    (said & 1) != 0 ? "defaults" : "";
		uint64_t all = SAYS(PLAN) | SAYS(TLS) | SAYS(SIGN) |
		    SAYS(EGRESS) | SAYS(HOST);

		levels_init(&l);
		l.defaults = (struct words){ .plan = STR("defaults"),
			.tls = STR("defaults"), .sign = STR("defaults"),
			.egress = STR("defaults"),
			.host_sent = HOST_SENT_NAME,
			.host_name = STR("defaults"),
			.said = (said & 1) != 0 ? all : 0 };
		l.served = (struct words){ .plan = STR("service"),
			.tls = STR("service"), .sign = STR("service"),
			.egress = STR("service"),
			.host_sent = HOST_SENT_NAME,
			.host_name = STR("service"),
			.said = (said & 2) != 0 ? all : 0 };
		l.own = (struct words){ .plan = STR("route"),
			.tls = STR("route"), .sign = STR("route"),
			.egress = STR("route"),
			.host_sent = HOST_SENT_NAME,
			.host_name = STR("route"),
			.said = (said & 4) != 0 ? all : 0 };
		levels_merge(&l);
		TABLE_STR("plan", l.policy.plan, want);
		TABLE_STR("tls", l.policy.tls, want);
		TABLE_STR("sign", l.policy.sign, want);
		TABLE_STR("egress", l.policy.egress, want);
		TABLE_STR("host", l.policy.host_name, want);
		assert_ptr_equal(l.policy.levels[0], &l.defaults);
		assert_ptr_equal(l.policy.levels[1], &l.served);
		assert_ptr_equal(l.policy.levels[2], &l.own);
		arena_fini(&l.arena);
	}
}

static void
a_flag_turned_off_beats_a_wider_one_turned_on(void **state)
{
	const uint64_t flags = SAYS(STRIP_PREFIX) | SAYS(PASS_AUTH) |
	    SAYS(ENCODED_SLASH) | SAYS(REWRITE_BACK);
	struct levels l;

	(void)state;
	levels_init(&l);
	l.defaults = (struct words){ .said = flags, .strip_prefix = true,
		.pass_auth = true, .encoded_slash = true,
		.rewrite_back = false };
	levels_merge(&l);
	assert_true(l.policy.strip_prefix);
	assert_true(l.policy.pass_auth);
	assert_true(l.policy.encoded_slash);
	assert_false(l.policy.rewrite_back);
	policy_init(&l.policy);
	l.own = (struct words){ .said = flags, .rewrite_back = true };
	levels_merge(&l);
	assert_false(l.policy.strip_prefix);
	assert_false(l.policy.pass_auth);
	assert_false(l.policy.encoded_slash);
	assert_true(l.policy.rewrite_back);
	arena_fini(&l.arena);
}

static void
the_tightest_time_and_size_holds(void **state)
{
	struct levels l;

	(void)state;
	levels_init(&l);
	l.defaults = (struct words){ .said = SAYS(TIMEOUT) | SAYS(TOTAL) |
	    SAYS(CONNECT_TIMEOUT) | SAYS(MAX_BODY), .timeout = 5000,
		.total = 100, .connect_timeout = UINT64_MAX,
		.max_body = 1024, .idle_timeout = 1 };
	l.served = (struct words){ .said = SAYS(TIMEOUT) | SAYS(TOTAL),
		.timeout = 1000, .total = 200 };
	l.own = (struct words){ .said = SAYS(TIMEOUT) | SAYS(MAX_BODY),
		.timeout = 2000, .max_body = 4096 };
	levels_merge(&l);
	assert_int_equal(l.policy.timeout, 1000);
	assert_int_equal(l.policy.total, 100);
	assert_int_equal(l.policy.max_body, 1024);
	/* not said: idle_timeout; wider than any: connect_timeout */
	assert_true(l.policy.idle_timeout == INT64_MAX);
	assert_true(l.policy.connect_timeout == INT64_MAX);
	arena_fini(&l.arena);
}

static void
auth_of_all_levels_and_aliases_adds_up(void **state)
{
	static const char *const want[] = { "alias", "a|b", "defaults",
		"service", "route" };
	struct words alias_defaults = { .said = SAYS(AUTH),
		.auth = STR("alias") };
	struct words alias_own = { .said = SAYS(AUTH), .auth = STR("a|b") };
	const struct route alias = { .defaults = &alias_defaults,
		.own = &alias_own };
	struct levels l;
	size_t i;

	(void)state;
	levels_init(&l);
	l.defaults = (struct words){ .said = SAYS(AUTH),
		.auth = STR("defaults") };
	l.served = (struct words){ .said = SAYS(AUTH),
		.auth = STR("service") };
	l.own = (struct words){ .said = SAYS(AUTH), .auth = STR("route") };
	policy_alias(&l.policy, &alias);
	policy_alias(&l.policy, &alias);
	levels_merge(&l);
	assert_int_equal(l.policy.auth_count, 5);
	for (i = 0; i < 5; i++)
		TABLE_STR(want[i], l.policy.auth[i], want[i]);
	arena_fini(&l.arena);
}

/* As many levels as there can be, each with a word of its own. */
static void
the_longest_way_has_room(void **state)
{
	static struct words words[POLICY_LEVELS_MAX];
	static char names[POLICY_LEVELS_MAX];
	struct cidr all = { .bits = 0 };
	struct levels l;
	size_t i;

	(void)state;
	levels_init(&l);
	for (i = 0; i < POLICY_LEVELS_MAX; i++) {
		names[i] = (char)('a' + i);
		words[i] = (struct words){ .said = SAYS(AUTH) | SAYS(ALLOW) |
		    SAYS(DENY), .auth = { &names[i], 1 },
			.allow = { &all, 1 }, .deny = { &all, 1 } };
	}
	for (i = 0; i < ROUTE_ALIASES_MAX; i++) {
		const struct route alias = { .defaults = &words[2 * i],
			.own = &words[2 * i + 1] };

		policy_alias(&l.policy, &alias);
	}
	l.defaults = words[8];
	l.served = words[9];
	l.own = words[10];
	levels_merge(&l);
	assert_int_equal(l.policy.auth_count, POLICY_LEVELS_MAX);
	assert_int_equal(l.policy.allow_count, POLICY_LEVELS_MAX);
	assert_int_equal(l.policy.deny_count, POLICY_LEVELS_MAX);
	arena_fini(&l.arena);
}

static void
every_level_must_allow_and_none_deny(void **state)
{
	static const struct {
		const char *address;
		bool admitted;
	} asks[] = {
		{ "10.1.1.1", true },
		{ "10.1.2.1", false },   /* the alias denies */
		{ "10.1.3.1", false },   /* the service denies */
		{ "10.2.1.1", false },   /* the route does not allow */
		{ "192.0.2.1", false },  /* nobody allows */
		{ "2001:db8::1", false },
		{ "", false },
	};
	struct cidr wide, narrow, alias_deny, deny;
	struct words alias_words;
	struct levels l;
	size_t i;

	(void)state;
	assert_true(cidr_parse(STR("10.0.0.0/8"), &wide));
	assert_true(cidr_parse(STR("10.1.0.0/16"), &narrow));
	assert_true(cidr_parse(STR("10.1.2.0/24"), &alias_deny));
	assert_true(cidr_parse(STR("10.1.3.0/24"), &deny));
	alias_words = (struct words){ .said = SAYS(DENY),
		.deny = { &alias_deny, 1 } };
	levels_init(&l);
	l.defaults = (struct words){ .said = SAYS(ALLOW),
		.allow = { &wide, 1 } };
	l.served = (struct words){ .said = SAYS(DENY), .deny = { &deny, 1 } };
	l.own = (struct words){ .said = SAYS(ALLOW), .allow = { &narrow, 1 } };
	policy_alias(&l.policy, &(struct route){ .own = &alias_words });
	levels_merge(&l);
	for (i = 0; i < TABLE_COUNT(asks); i++)
		TABLE_INT(asks[i].address, policy_admits(&l.policy,
		    str_of(asks[i].address)), asks[i].admitted);
	arena_fini(&l.arena);
}

static void
who_has_no_address_is_denied(void **state)
{
	static const char *const asks[] = { "", "unix:", "10.1.3.1:8080",
		"010.1.3.1", "10.1.3.1, 192.0.2.1", "unknown" };
	struct cidr deny;
	struct levels l;
	size_t i;

	(void)state;
	assert_true(cidr_parse(STR("10.1.3.0/24"), &deny));
	levels_init(&l);
	l.own = (struct words){ .said = SAYS(DENY), .deny = { &deny, 1 } };
	levels_merge(&l);
	for (i = 0; i < TABLE_COUNT(asks); i++)
		TABLE_INT(asks[i], policy_admits(&l.policy, str_of(asks[i])),
		    false);
	assert_true(policy_admits(&l.policy, STR("192.0.2.1")));
	assert_true(policy_admits(&l.policy, STR("[2001:db8::1%eth0]")));
	arena_fini(&l.arena);
}

static void
tags_unite_and_the_routes_value_wins(void **state)
{
	struct levels l;

	(void)state;
	levels_init(&l);
	l.defaults = (struct words){ .said = SAYS(TAG), .tags = default_tags,
		.tag_count = 2 };
	l.served = (struct words){ .said = SAYS(TAG), .tags = service_tags,
		.tag_count = 2 };
	l.own = (struct words){ .said = SAYS(TAG), .tags = own_tags,
		.tag_count = 1 };
	levels_merge(&l);
	assert_int_equal(l.policy.tag_count, 3);
	TABLE_STR("env", policy_tag(&l.policy, STR("env")), "test");
	TABLE_STR("kind", policy_tag(&l.policy, STR("kind")), "app");
	TABLE_STR("team", policy_tag(&l.policy, STR("team")), "ops");
	assert_null(policy_tag(&l.policy, STR("tea")).p);
	arena_fini(&l.arena);
}

static void
tags_of_one_level_take_no_memory(void **state)
{
	struct levels l;

	(void)state;
	levels_init(&l);
	arena_fini(&l.arena);
	arena_init(&l.arena, 0);
	l.served = (struct words){ .said = SAYS(TAG), .tags = service_tags,
		.tag_count = 2 };
	levels_merge(&l);
	assert_ptr_equal(l.policy.tags, service_tags);
	assert_int_equal(l.policy.tag_count, 2);
}

static void
a_full_arena_is_told(void **state)
{
	struct levels l;
	struct arena none;
	struct err e;

	(void)state;
	levels_init(&l);
	arena_init(&none, 0);
	l.served = (struct words){ .said = SAYS(TAG), .tags = service_tags,
		.tag_count = 2 };
	l.own = (struct words){ .said = SAYS(TAG), .tags = own_tags,
		.tag_count = 1 };
	assert_int_equal(policy_merge(&l.policy, &l.route, &l.service, &none,
	    &e), -1);
	assert_int_equal(e.reason, REASON_OVERLOADED);
	arena_fini(&l.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said_limits_nothing),
		cmocka_unit_test(
		    the_routes_word_beats_the_services_and_that_beats_defaults),
		cmocka_unit_test(
		    a_flag_turned_off_beats_a_wider_one_turned_on),
		cmocka_unit_test(the_tightest_time_and_size_holds),
		cmocka_unit_test(auth_of_all_levels_and_aliases_adds_up),
		cmocka_unit_test(the_longest_way_has_room),
		cmocka_unit_test(every_level_must_allow_and_none_deny),
		cmocka_unit_test(who_has_no_address_is_denied),
		cmocka_unit_test(tags_unite_and_the_routes_value_wins),
		cmocka_unit_test(tags_of_one_level_take_no_memory),
		cmocka_unit_test(a_full_arena_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
