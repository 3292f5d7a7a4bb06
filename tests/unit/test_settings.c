/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * test_settings: every trap of iniparser is a mistake with its place, what is
 * right is read right, and the defaults are those of the table.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/near.h"
#include "settings/settings.h"

enum { TOLD_MAX = 16384 };

struct told {
	char text[TOLD_MAX];
	size_t n;
};

static void
told_add(void *arg, const char *line)
{
	struct told *t = arg;
	int n = snprintf(t->text + t->n, sizeof(t->text) - t->n, "%s\n",
	    line);

	assert_true(n > 0 && (size_t)n < sizeof(t->text) - t->n);
	t->n += (size_t)n;
}

static void
file_write(const char *path, const char *text, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static int
load_bytes(const char *text, size_t n, struct settings **out, struct told *t)
{
	file_write("router.ini", text, n);
	t->n = 0;
	t->text[0] = '\0';
	return settings_load("router.ini", out, told_add, t);
}

static struct settings *
load_good(const char *text)
{
	struct settings *s;
	struct told t;

	if (load_bytes(text, strlen(text), &s, &t) != 0)
		fail_msg("refused: %s%s", text, t.text);
	return s;
}

/*
 * iniparser's own function, stood before: what it makes of a file can then be
 * another thing than what was looked at, as when somebody writes the file
 * just then.
 */
static const char *swapped_text;

void *iniparser_load(const char *path);

void *
iniparser_load(const char *path)
{
	void *(*real)(const char *);

	*(void **)&real = dlsym(RTLD_NEXT, "iniparser_load");
	assert_non_null(real);
	if (swapped_text != NULL)
		file_write(path, swapped_text, strlen(swapped_text));
	return real(path);
}

/* ---- mistakes ---- */

struct trap {
	const char *name;
	const char *text;
	size_t n;
	const char *told; /* "@" stands for "router.ini:" */
};

#define TRAP(name, text, told) { name, "" text, sizeof(text) - 1, told }

static const struct trap traps[] = {
	TRAP("a key twice",
	    "[router]\ncheck = 1s\n\nCHECK = 2s\n",
	    "@4:1: error: 'check' again, expected once: line 2 has it\n"),
	TRAP("a section twice",
	    "[router]\n[relay]\n[router]\n",
	    "@3:1: error: section [router] again, expected once: line 1 has "
	    "it\n"),
	TRAP("sections that differ by case alone",
	    "[relay]\n  [ Relay ]\n",
	    "@2:3: error: section [relay] again, expected once: line 1 has "
	    "it\n"),
	TRAP("an unknown section, near to one",
	    "[ruoter]\nany = 1\n",
	    "@1:2: error: unknown section [ruoter], expected perhaps "
	    "[router]\n"),
	TRAP("an unknown section, near to none",
	    "[plan:free]\n[customers]\n",
	    "@2:2: error: unknown section [customers], expected [router], "
	    "[relay], [trust], [internal], [pages], [journal], [stats], "
	    "[log], [egress], or [plan:NAME], [auth:NAME], [tls:NAME], "
	    "[sign:NAME], [egress:NAME], [log:NAME], [format:NAME]\n"),
	TRAP("a named section of an unknown kind",
	    "[plans:free]\n",
	    "@1:2: error: unknown section [plans:free], expected plan, auth, "
	    "tls, sign, egress, log or format before ':'\n"),
	TRAP("a kind is spelled just so",
	    "[Plan:free]\n",
	    "@1:2: error: unknown section [Plan:free], expected plan, auth, "
	    "tls, sign, egress, log or format before ':'\n"),
	TRAP("a named section without a good name",
	    "[plan:Free]\n[auth:]\n[tls: a]\n[sign:a:b]\n",
	    "@1:2: error: 'Free' is no name, expected small letters, digits, "
	    "'.', '_' and '-', a letter or digit first, at most 128\n"
	    "@2:2: error: '' is no name, expected small letters, digits, "
	    "'.', '_' and '-', a letter or digit first, at most 128\n"
	    "@3:2: error: ' a' is no name, expected small letters, digits, "
	    "'.', '_' and '-', a letter or digit first, at most 128\n"
	    "@4:2: error: 'a:b' is no name, expected small letters, digits, "
	    "'.', '_' and '-', a letter or digit first, at most 128\n"),
	TRAP("a named section twice",
	    "[plan:a]\n[egress:a]\n[plan:b]\n[plan:a]\n",
	    "@4:2: error: section [plan:a] again, expected once: line 1 has "
	    "it\n"),
	TRAP("a signature without a secret, or in no field of its own",
	    "[sign:a]\nheader = X-A\n[sign:b]\nsecret = /s\n"
	    "header = X-Forwarded-For\n[sign:c]\nsecret = /s\n"
	    "header = Signature\n[sign:d]\nsecret = /s\nheader = X_A\n",
	    "@5:10: error: 'X-Forwarded-For' is no such header field, expected "
	    "a name of letters, digits and '-' that begins with X- and has no "
	    "other use\n"
	    "@8:10: error: 'Signature' is no such header field, expected a "
	    "name of letters, digits and '-' that begins with X- and has no "
	    "other use\n"
	    "@11:10: error: 'X_A' is no such header field, expected a name of "
	    "letters, digits and '-' that begins with X- and has no other use\n"
	    "@1:1: error: no 'secret' in [sign:a], expected one\n"),
	TRAP("what a type of auth needs, and what it has not",
	    "[auth:a]\n[auth:b]\ntype = bearer\n[auth:c]\ntype = bearr\n"
	    "[auth:d]\ntype = basic\nfile = /f\nrealm = \"a;b\"\n"
	    "realm2 = x\n[auth:e]\nfile = /f\n"
	    "[auth:f]\ntype = basic\nfile = /f\nrealm = b\xc3\xa9\n",
	    "@5:8: error: 'bearr' is unknown here, expected bearer, basic, "
	    "jwt or forward\n"
	    "@10:1: error: unknown setting 'realm2' in [auth:NAME], expected "
	    "perhaps 'realm'\n"
	    "@16:9: error: 'b\\xc3\\xa9' is no such text, expected at most 64 "
	    "printable characters of ASCII, no quotes and no backslash\n"
	    "@1:1: error: no 'type' in [auth:a], expected one of "
	    "bearer|basic|jwt|forward\n"
	    "@2:1: error: no 'file' in [auth:b], expected one: its type is "
	    "bearer\n"
	    "@11:1: error: no 'type' in [auth:e], expected one of "
	    "bearer|basic|jwt|forward\n"),
	TRAP("a default plan that is not there",
	    "[router]\ndefault_plan = gold\n[plan:pro]\n[egress:gold]\n",
	    "@2:16: error: 'default_plan' is 'gold', expected a plan that has "
	    "a section [plan:gold]\n"),
	TRAP("a burst without a rate, and one that never comes again",
	    "[plan:a]\nburst = 5\n[plan:b]\nrate = 1/d\nburst = 101\n"
	    "[plan:c]\nrate = 1/d\nburst = 100\n[plan:d]\nburst = 0\n"
	    "concurrency = 4096\n",
	    "@11:15: error: '4096' is out of range, expected 0 to 4095\n"
	    "@2:9: error: 'burst' in [plan:a] without 'rate', expected both\n"
	    "@5:9: error: a 'burst' that 'rate' takes longer than 100 days "
	    "for, expected less of it, or a higher rate\n"),
	TRAP("what requests are not counted by",
	    "[plan:a]\ncount_by = tag:\n[plan:b]\ncount_by = tag:a,b\n"
	    "[plan:c]\ncount_by = ip\n",
	    "@2:12: error: 'tag:' is unknown here, expected client_ip, host, "
	    "identity or tag:K with the key of a tag\n"
	    "@4:12: error: 'tag:a,b' is unknown here, expected client_ip, "
	    "host, identity or tag:K with the key of a tag\n"
	    "@6:12: error: 'ip' is unknown here, expected client_ip, host, "
	    "identity or tag:K with the key of a tag\n"),
	TRAP("what a service that is asked has, and what it has not",
	    "[auth:a]\ntype = forward\n[auth:b]\ntype = forward\n"
	    "url = http://h/\nfile = /f\ncopy = X-A, Cookie, Authorization\n",
	    "@1:1: error: no 'url' in [auth:a], expected one: its type is "
	    "forward\n"
	    "@7:13: error: 'Cookie' has another use, expected fields of the "
	    "service's own, or Authorization\n"
	    "@6:8: error: 'file' in [auth:b], expected none: its type is "
	    "forward\n"),
	TRAP("what a service's fields cannot be called",
	    "[auth:a]\ntype = forward\nurl = http://h/\n"
	    "tells = a.b:X-A, identity:X-B, identity:X-C\n"
	    "[auth:b]\ntype = forward\nurl = http://h/\ntells = X-A\n",
	    "@8:9: error: 'X-A' is no such pair, expected like "
	    "email:X-Email, of a field that has no other use\n"
	    "@4:9: error: 'a.b:X-A' is no such pair, expected K:FIELD, K of "
	    "letters, digits, '-' and '_'\n"
	    "@4:32: error: 'identity' again, expected each K once\n"),
	TRAP("what a service is not verified against",
	    "[auth:a]\ntype = forward\nurl = https://h/\ntls = gone\n"
	    "[auth:b]\ntype = forward\nurl = http://h/\ntls = there\n"
	    "[auth:c]\ntype = forward\nurl = https://h/\ntls = there\n"
	    "[tls:there]\n",
	    "@4:7: error: 'tls' is 'gone', expected one that has a section "
	    "[tls:gone]\n"
	    "@8:7: error: 'tls' in [auth:b], expected none: its url is not "
	    "https://\n"),
	TRAP("what no cookie is called",
	    "[auth:a]\ntype = jwt\nkey = /k\nalgorithm = HS256\n"
	    "cookie = a=b\n[auth:b]\ntype = bearer\nfile = /f\n"
	    "cookie = a\n",
	    "@5:10: error: 'a=b' is no name of a cookie, expected letters, "
	    "digits, '-' and '_'\n"
	    "@9:10: error: 'cookie' in [auth:b], expected none: its type is "
	    "bearer\n"),
	TRAP("what answers are told apart by, where none is kept",
	    "[auth:a]\ntype = forward\nurl = http://h/\nttl_by = Cookie\n"
	    "[auth:b]\ntype = forward\nurl = http://h/\nttl = 2d\n",
	    "@8:7: error: '2d' is out of range, expected 0s to 1d\n"
	    "@4:10: error: 'ttl_by' in [auth:a] without 'ttl', expected "
	    "both\n"),
	TRAP("settings of named sections are looked at, too",
	    "[egress:a]\nprivate = maybe\ndney = ::1\nca = /a\n"
	    "allow = 10.0.0.1/8\n[tls:a]\nca = /a\nCA = /b\nverify=on\n",
	    "@2:11: error: 'maybe' is unknown here, expected written or "
	    "never\n"
	    "@3:1: error: unknown setting 'dney' in [egress], expected "
	    "perhaps 'deny'\n"
	    "@4:1: error: unknown setting 'ca' in [egress], expected in "
	    "[tls:NAME]\n"
	    "@5:9: error: '10.0.0.1/8' is no range of addresses, expected "
	    "like 192.0.2.0/24, 2001:db8::/32 or one address, with no bits "
	    "behind the prefix\n"
	    "@8:1: error: 'ca' again, expected once: line 7 has it\n"
	    "@9:8: error: 'on' is unknown here, expected yes or no\n"),
	TRAP("a certificate without its key, and a key alone",
	    "[tls:a]\ncert = /a\n[tls:b]\nkey = /b\n",
	    "@2:8: error: 'cert' alone in [tls:a], expected 'cert' and "
	    "'key', or none\n"
	    "@4:7: error: 'key' alone in [tls:b], expected 'cert' and "
	    "'key', or none\n"),
	TRAP("an authority for what is not verified",
	    "[tls:a]\nca = /a\nverify = no\n",
	    "@2:6: error: 'ca' in [tls:a] beside 'verify = no', expected "
	    "one of them: nothing is verified\n"),
	TRAP("a namespace that is no name",
	    "[router]\nnamespace = Staging\n",
	    "@2:13: error: 'Staging' is no name, expected small letters, "
	    "digits, '.', '_' and '-', a letter or digit first, at most "
	    "128\n"),
	TRAP("what is no range of addresses",
	    "[internal]\nallow = 10.0.0.0/8, 10.0.0.1/8\n",
	    "@2:9: error: '10.0.0.1/8' is no range of addresses, expected "
	    "like 192.0.2.0/24, 2001:db8::/32 or one address, with no bits "
	    "behind the prefix\n"),
	TRAP("no range of addresses at all",
	    "[internal]\nallow = ,\n",
	    "@2:9: error: no range of addresses, expected some, parted by "
	    "commas\n"),
	TRAP("what is no header field",
	    "[relay]\nprivate_headers = X-A, X_B\n",
	    "@2:19: error: 'X_B' is no header field, expected names of "
	    "letters, digits and '-', parted by commas\n"),
	TRAP("a section without a name",
	    "[]\n",
	    "@1:2: error: unknown section [], expected [router], [relay], "
	    "[trust], [internal], [pages], [journal], [stats], [log], "
	    "[egress], or [plan:NAME], [auth:NAME], [tls:NAME], [sign:NAME], "
	    "[egress:NAME], [log:NAME], [format:NAME]\n"),
	TRAP("an unknown key, near to one",
	    "[relay]\nconnect_timout = 5s\n",
	    "@2:1: error: unknown setting 'connect_timout' in [relay], "
	    "expected perhaps 'connect_timeout'\n"),
	TRAP("an unknown key, near to none",
	    "[router]\nlisten = 80\n",
	    "@2:1: error: unknown setting 'listen' in [router], expected one "
	    "of router.ini(5)\n"),
	TRAP("a key of another section",
	    "[router]\n\tmax_idle = 1\n",
	    "@2:2: error: unknown setting 'max_idle' in [router], expected "
	    "in [relay]\n"),
	TRAP("a bare ';'",
	    "[router]\nmap = /a/b;c.db\n",
	    "@2:11: error: ';' in a value, expected quotes around the value, "
	    "or a comment on a line of its own\n"),
	TRAP("a bare '#'",
	    "[router]\ncheck = 1s # often\n",
	    "@2:12: error: '#' in a value, expected quotes around the value, "
	    "or a comment on a line of its own\n"),
	TRAP("on for a yes",
	    "[relay]\nforwarded = on\n",
	    "@2:13: error: 'on' is unknown here, expected yes or no\n"),
	TRAP("a word that is none",
	    "[router]\nspool = Yes\n",
	    "@2:9: error: 'Yes' is unknown here, expected auto, yes or no\n"),
	TRAP("a number with a tail",
	    "[relay]\nmax_hops = 4x\n",
	    "@2:12: error: '4x' is not a number, expected decimal digits "
	    "alone, from 1 to 100\n"),
	TRAP("a number in exponents",
	    "[router]\nmax_requests = 1e3\n",
	    "@2:16: error: '1e3' is not a number, expected decimal digits "
	    "alone, from 1 to 1000000\n"),
	TRAP("an octal number",
	    "[relay]\nmax_hops = 010\n",
	    "@2:12: error: '010' is not a number, expected decimal digits "
	    "alone, from 1 to 100\n"),
	TRAP("a hexadecimal number",
	    "[relay]\nmax_hops = 0x10\n",
	    "@2:12: error: '0x10' is not a number, expected decimal digits "
	    "alone, from 1 to 100\n"),
	TRAP("a negative number",
	    "[relay]\nmax_hops = -1\n",
	    "@2:12: error: '-1' is not a number, expected decimal digits "
	    "alone, from 1 to 100\n"),
	TRAP("a number that overflows",
	    "[relay]\nmax_hops = 18446744073709551617\n",
	    "@2:12: error: '18446744073709551617' is out of range, expected "
	    "1 to 100\n"),
	TRAP("a number below its range",
	    "[relay]\nmax_hops = 0\n",
	    "@2:12: error: '0' is out of range, expected 1 to 100\n"),
	TRAP("a time without unit",
	    "[router]\ndrain = 5\n",
	    "@2:9: error: '5' is not a time, expected digits and ms, s, m, h "
	    "or d, from 0s to 10m\n"),
	TRAP("a time above its range",
	    "[router]\ndrain = 1d\n",
	    "@2:9: error: '1d' is out of range, expected 0s to 10m\n"),
	TRAP("a time that overflows with its unit",
	    "[router]\ndrain = 9223372036854775807d\n",
	    "@2:9: error: '9223372036854775807d' is out of range, expected "
	    "0s to 10m\n"),
	TRAP("a size in capitals",
	    "[relay]\nbody_buffer = \"64K\"\n",
	    "@2:15: error: '64K' is not a size, expected digits, alone or "
	    "with k, m or g, from 4k to 1m\n"),
	TRAP("more workers at least than at most",
	    "[router]\nworkers_min = 8\nworkers_max = 4\n",
	    "@2:15: error: 'workers_min' is above 'workers_max', expected at "
	    "most 4\n"),
	TRAP("a user who is not there",
	    "[router]\nallow_users = root, no:body\n",
	    "@2:15: error: 'no:body' is no user of this machine, expected "
	    "names or numbers of users, parted by commas\n"),
	TRAP("a user's name longer than any",
	    "[router]\nallow_users = 0123456789012345678901234567890123456789"
	    "01234567890123456789_6_longer\n",
	    "@2:15: error: '0123456789012345678901234567890123456789"
	    "01234567890123456789_...' is no user of this machine, expected "
	    "names or numbers of users, parted by commas\n"),
	TRAP("a user number that means nobody",
	    "[router]\nallow_users = 4294967295\n",
	    "@2:15: error: '4294967295' is no user of this machine, expected "
	    "names or numbers of users, parted by commas\n"),
	TRAP("a list without users",
	    "[router]\nallow_users = , ,\n",
	    "@2:15: error: no user, expected names or numbers of users, "
	    "parted by commas\n"),
	TRAP("a byte order mark",
	    "\xef\xbb\xbf[router]\n",
	    "@1:1: error: a byte order mark, expected text without one\n"),
	TRAP("a NUL byte",
	    "[router]\n# a\0b\ncheck = 5\n",
	    "@2:4: error: the control byte '\\x00', expected text\n"
	    "@3:9: error: '5' is not a time, expected digits and ms, s, m, h "
	    "or d, from 10ms to 1h\n"),
	TRAP("a lone carriage return",
	    "[router]\rcheck = 2s\n",
	    "@1:9: error: the control byte '\\x0d', expected text\n"),
	TRAP("an escape",
	    "[log]\naccess = \033[2J\n",
	    "@2:10: error: the control byte '\\x1b', expected text\n"),
	TRAP("a comment behind ']'",
	    "[router] ; mine\ncheck = 5\n",
	    "@1:10: error: text behind ']', expected nothing more on the "
	    "line\n"
	    "@2:9: error: '5' is not a time, expected digits and ms, s, m, h "
	    "or d, from 10ms to 1h\n"),
	TRAP("a ']' in a section's name",
	    "[router]x]\n",
	    "@1:9: error: text behind ']', expected nothing more on the "
	    "line\n"),
	TRAP("a section without ']'",
	    "[router\n",
	    "@1:1: error: no ']' behind a section's name, expected [router], "
	    "[relay], [trust], [internal], [pages], [journal], [stats], "
	    "[log], [egress], or [plan:NAME], [auth:NAME], [tls:NAME], "
	    "[sign:NAME], [egress:NAME], [log:NAME], [format:NAME]\n"),
	TRAP("a log that is wrong",
	    "[log]\nformat = nice\nonly = state=200\nsample = 2/1\n"
	    "redact = cookie\n[log:errors]\nformat = good\n"
	    "redact = query:a\nanonymise_ip = yes\nsyslog = /s\n"
	    "verbose = yes\n"
	    "[format:good]\n[format:full]\nlog_format = {hots}\n",
	    "@3:8: error: byte 1: 'state' is no field that can be asked for, "
	    "expected one as status, host or tag.K\n"
	    "@4:10: error: '2/1' is no share, expected one like 1/100, from "
	    "1/1000000 to 1/1\n"
	    "@5:10: error: 'cookie' cannot be redacted, expected query:NAME or "
	    "header:NAME, parted by commas\n"
	    "@14:14: error: byte 1: {hots} is no field, expected one as "
	    "{host}, {time}, {total_ms} or {tag.K}\n"
	    "@2:10: error: 'format' is 'nice', expected combined, "
	    "vhost_combined, standard, full, json, or one that has a section "
	    "[format:nice]\n"
	    "@8:10: error: 'redact' in [log:errors], expected in [log], for "
	    "all logs\n"
	    "@9:16: error: 'anonymise_ip' in [log:errors], expected in [log], "
	    "for all logs\n"
	    "@10:10: error: 'syslog' in [log:errors], expected in [log], for "
	    "all logs\n"
	    "@11:11: error: 'verbose' in [log:errors], expected in [log], for "
	    "all logs\n"
	    "@12:1: error: no 'log_format' in [format:good], expected one\n"
	    "@13:1: error: [format:full] is built in, expected another "
	    "name\n"),
	TRAP("shares and what cannot be redacted",
	    "[log:a]\nsample = 0/1\n[log:b]\nsample = 1/1000001\n"
	    "[log:c]\nsample = 1\n[log:d]\nsample = 01/2\n"
	    "[log]\nredact = query:,header:a_b\nonly = \"host=\xc3\xa9\"\n",
	    "@2:10: error: '0/1' is no share, expected one like 1/100, from "
	    "1/1000000 to 1/1\n"
	    "@4:10: error: '1/1000001' is no share, expected one like 1/100, "
	    "from 1/1000000 to 1/1\n"
	    "@6:10: error: '1' is no share, expected one like 1/100, from "
	    "1/1000000 to 1/1\n"
	    "@8:10: error: '01/2' is no share, expected one like 1/100, from "
	    "1/1000000 to 1/1\n"
	    "@10:10: error: 'query:' cannot be redacted, expected query:NAME "
	    "or header:NAME, parted by commas\n"
	    "@11:8: error: 'host=\\xc3\\xa9' is no such text, expected "
	    "printable characters of ASCII\n"),
	TRAP("a line without '='",
	    "[router]\ncheck 1s\n",
	    "@2:1: error: no '=', expected [SECTION], NAME = VALUE or a "
	    "comment\n"),
	TRAP("a last line of one byte",
	    "[router]\nx",
	    "@2:1: error: no '=', expected [SECTION], NAME = VALUE or a "
	    "comment\n"),
	TRAP("a line without a name",
	    "[router]\n = 1s\n",
	    "@2:2: error: no name before '=', expected NAME = VALUE\n"),
	TRAP("a second '='",
	    "[log]\naccess == none\n",
	    "@2:9: error: a second '=', expected one, or quotes around the "
	    "value\n"),
	TRAP("no value",
	    "[router]\nmap =\nspool_dir = \"\"\n",
	    "@2:6: error: no value, expected one, or no such line to have "
	    "the default\n"
	    "@3:13: error: no value, expected one, or no such line to have "
	    "the default\n"),
	TRAP("a key before any section",
	    "# top\ncheck = 1s\n",
	    "@2:1: error: a setting before any section, expected [router], "
	    "[relay], [trust], [internal], [pages], [journal], [stats], "
	    "[log], [egress], or [plan:NAME], [auth:NAME], [tls:NAME], "
	    "[sign:NAME], [egress:NAME], [log:NAME], [format:NAME] first\n"),
	TRAP("a quote that is not closed",
	    "[router]\nmap = \"/a b\nspool_dir = '/a\"\n",
	    "@2:7: error: a quote that is not closed, expected \" at the end "
	    "of the value\n"
	    "@3:13: error: a quote that is not closed, expected ' at the end "
	    "of the value\n"),
	TRAP("text behind a closing quote",
	    "[router]\nmap = \"/a\" b\nspool_dir = '/a'# b\n",
	    "@2:12: error: text behind the closing quote, expected nothing "
	    "more on the line\n"
	    "@3:17: error: text behind the closing quote, expected nothing "
	    "more on the line\n"),
	TRAP("a quote within a value",
	    "[router]\nmap = /a\"b\"\nspool_dir = /o'brien\n",
	    "@2:9: error: a quote within a value, expected quotes around the "
	    "whole value\n"
	    "@3:15: error: a quote within a value, expected quotes around "
	    "the whole value\n"),
	TRAP("an escaped quote, which 4.1 cuts",
	    "[router]\nmap = \"a\\\"b\"\n",
	    "@2:9: error: a backslash in quotes, which iniparser's versions "
	    "read differently, expected none, or no quotes\n"),
	TRAP("a line that is continued",
	    "[router]\nmap = /a\\\n/b\n",
	    "@2:9: error: a backslash at the end joins this line and the "
	    "next, expected each on its own\n"
	    "@3:1: error: no '=', expected [SECTION], NAME = VALUE or a "
	    "comment\n"),
	TRAP("a comment that is continued, blanks behind",
	    "[router]\n# C:\\ \t\ncheck = 5s\n",
	    "@2:5: error: a backslash at the end joins this line and the "
	    "next, expected each on its own\n"),
	TRAP("letters beyond ASCII in names",
	    "[rout\xc3\xa9r]\n[relay]\nmax_h\xc3\xb6ps = 1\n",
	    "@1:6: error: '\\xc3' in a name, expected letters, digits and "
	    "'_'\n"
	    "@3:6: error: '\\xc3' in a name, expected letters, digits and "
	    "'_'\n"),
	TRAP("a ':' in a name",
	    "[relay]\nhost:8080 = x\n",
	    "@2:5: error: ':' in a name, expected letters, digits and '_'\n"),
	TRAP("mistakes of all lines, in their order",
	    "[router]\ncheck = x\nmapp = 1\n[relay]\ntotal = 1s;2s\n",
	    "@2:9: error: 'x' is not a time, expected digits and ms, s, m, h "
	    "or d, from 10ms to 1h\n"
	    "@3:1: error: unknown setting 'mapp' in [router], expected "
	    "perhaps 'map'\n"
	    "@5:11: error: ';' in a value, expected quotes around the value, "
	    "or a comment on a line of its own\n"),
};

/* Text with each '@' at a line's start spelled out. */
static void
told_expand(const char *told, char out[TOLD_MAX])
{
	size_t n = 0;
	bool start = true;

	for (; *told != '\0'; told++) {
		if (start && *told == '@') {
			memcpy(out + n, "router.ini:", 11);
			n += 11;
		} else {
			out[n++] = *told;
		}
		start = *told == '\n';
	}
	out[n] = '\0';
}

static void
each_trap_is_told_with_its_place(void **state)
{
	static char expected[TOLD_MAX];
	static struct told t;
	struct settings *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		int got = load_bytes(traps[i].text, traps[i].n, &s, &t);

		told_expand(traps[i].told, expected);
		if (strcmp(t.text, expected) != 0)
			fail_msg("%s: told\n%sexpected\n%s", traps[i].name,
			    t.text, expected);
		assert_int_equal(got, -1);
		assert_null(s);
	}
}

static void
a_line_of_1023_bytes_is_too_long(void **state)
{
	struct settings *s;
	struct told t;
	char text[2048];
	size_t n;

	(void)state;
	for (n = 1022; n <= 1024; n++) {
		memset(text, 'x', sizeof(text));
		text[0] = '#';
		memcpy(text + n, "\n[router]\n", 10);
		if (n == 1022) {
			assert_int_equal(load_bytes(text, n + 10, &s, &t), 0);
			settings_drop(&s);
			continue;
		}
		assert_int_equal(load_bytes(text, n + 10, &s, &t), -1);
		snprintf(text, sizeof(text),
		    "router.ini:1:1023: error: a line of %zu bytes, expected "
		    "at most 1022\n", n);
		assert_string_equal(t.text, text);
	}
}

static void
a_carriage_return_counts_for_the_length_of_a_line(void **state)
{
	struct settings *s;
	struct told t;
	char text[2048];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = '#';
	memcpy(text + 1022, "\r\n", 2);
	assert_int_equal(load_bytes(text, 1024, &s, &t), -1);
	assert_string_equal(t.text,
	    "router.ini:1:1023: error: a line of 1023 bytes, expected at "
	    "most 1022\n");
}

static void
unreadable(const char *path, const char *why)
{
	struct told t = { .n = 0 };
	char expected[512];
	struct settings *s;

	assert_int_equal(settings_load(path, &s, told_add, &t), -1);
	assert_null(s);
	snprintf(expected, sizeof(expected),
	    "%s: cannot be read: %s\n", path, why);
	assert_string_equal(t.text, expected);
}

static void
what_is_no_readable_file_is_told(void **state)
{
	char huge[] = "[router]\n";

	(void)state;
	unreadable(".", "it is a folder");
	unreadable("/dev/null", "it is no regular file");
	unreadable("", "No such file or directory");
	unreadable("missing.ini", "No such file or directory");
	file_write("router.ini", huge, sizeof(huge) - 1);
	unreadable("router.ini/x", "Not a directory");
	assert_int_equal(symlink("circle.ini", "circle.ini"), 0);
	unreadable("circle.ini", "Too many levels of symbolic links");
	if (geteuid() != 0) {
		assert_int_equal(chmod("router.ini", 0), 0);
		unreadable("router.ini", "Permission denied");
		assert_int_equal(chmod("router.ini", 0600), 0);
	}
	assert_int_equal(truncate("router.ini", (1 << 20) + 1), 0);
	unreadable("router.ini", "it is larger than 1 MiB");
	/* A named pipe that nobody writes to must not hold the program. */
	assert_int_equal(mkfifo("pipe.ini", 0600), 0);
	unreadable("pipe.ini", "it is no regular file");
}

static void
a_path_too_long_with_its_folder_is_told(void **state)
{
	enum { STEPS = 1600, ROOM = FILE_PATH_MAX - 2 * STEPS };
	char path[FILE_PATH_MAX], text[2048], expected[FILE_PATH_MAX + 256];
	struct told t = { .n = 0 };
	struct settings *s;
	int n, i;

	(void)state;
	for (i = 0; i < STEPS; i++)
		memcpy(path + (size_t)i * 2, "./", 2);
	memcpy(path + 2 * STEPS, "router.ini", 11);
	n = snprintf(text, sizeof(text), "[router]\nmap = %0*d\n", ROOM - 1,
	    0);
	file_write("router.ini", text, (size_t)n);
	assert_int_equal(settings_load(path, &s, told_add, &t), 0);
	assert_int_equal(strlen(s->map), FILE_PATH_MAX - 1);
	settings_drop(&s);
	n = snprintf(text, sizeof(text), "[router]\nmap = %0*d\n", ROOM, 0);
	file_write("router.ini", text, (size_t)n);
	assert_int_equal(settings_load(path, &s, told_add, &t), -1);
	snprintf(expected, sizeof(expected),
	    "%s:2:7: error: a path of 4096 bytes with router.ini's folder, "
	    "expected at most 4095\n", path);
	assert_string_equal(t.text, expected);
}

static void
a_file_that_changes_meanwhile_is_refused(void **state)
{
	static const struct {
		const char *text, *told;
	} rows[] = {
		{ "[router]\ncheck = 2s\n",
		    "router.ini:2:1: error: iniparser reads 'check' in "
		    "another way, expected what was looked at: was the file "
		    "being written?\n" },
		{ "[router]\n",
		    "router.ini:2:1: error: iniparser reads 'check' in "
		    "another way, expected what was looked at: was the file "
		    "being written?\n" },
		{ "[router]\ncheck = 1s\nmap = x\n",
		    "router.ini:1:1: error: iniparser reads 'map' in "
		    "another way, expected what was looked at: was the file "
		    "being written?\n" },
		{ "[router]\ncheck = 1s\nnew = 1\n",
		    "router.ini:1:1: error: iniparser reads other settings, "
		    "expected what was looked at: was the file being "
		    "written?\n" },
		{ "[router]\ncheck = 1s\nbroken\n",
		    "router.ini:1:1: error: iniparser refuses the file "
		    "(iniparser: syntax error in router.ini (3):), expected "
		    "it to read what was looked at\n" },
	};
	static const char text[] = "[router]\ncheck = 1s\n";
	struct settings *s;
	struct told t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		swapped_text = rows[i].text;
		assert_int_equal(load_bytes(text, strlen(text), &s, &t), -1);
		swapped_text = NULL;
		assert_null(s);
		assert_string_equal(t.text, rows[i].told);
	}
}

/* ---- what is right ---- */

static void
without_a_file_the_defaults_are_in_force(void **state)
{
	struct settings *s;
	struct told t = { .n = 0 };

	(void)state;
	assert_int_equal(settings_load(NULL, &s, told_add, &t), 0);
	assert_int_equal(t.n, 0);
	assert_string_equal(s->path, "");
	assert_int_equal(s->host_preserve, SETTINGS_HOST_ORIGIN);
	assert_int_equal(s->check, 1000);
	assert_int_equal(s->workers_min, 0);
	assert_int_equal(s->workers_max, 64);
	assert_int_equal(s->drain, 5000);
	assert_int_equal(s->spool, SETTINGS_SPOOL_AUTO);
	assert_string_equal(s->spool_dir, "/tmp");
	assert_int_equal(s->total, 0);
	assert_int_equal(s->max_fails, 3);
	assert_int_equal(s->fail_window, 10000);
	assert_int_equal(s->cooldown, 10000);
	assert_int_equal(s->cooldown_max, 300000);
	assert_int_equal(s->version_override.count, 0);
	assert_int_equal(s->max_body, 1 << 30);
	assert_int_equal(s->body_buffer, 65536);
	assert_int_equal(s->max_response_head, 61440);
	assert_int_equal(s->bad_header, SETTINGS_BAD_HEADER_DROP);
	assert_false(s->forwarded);
	assert_string_equal(s->log.access, "none");
	if (access("/var/lib/fcgi-router", F_OK) == 0)
		assert_string_equal(s->map,
		    "/var/lib/fcgi-router/routes.db");
	else
		assert_string_equal(s->map, "routes.db");
	settings_drop(&s);
	assert_null(s);
}

static void
an_empty_file_is_all_defaults(void **state)
{
	struct settings *s = load_good("");

	(void)state;
	assert_int_equal(s->check, 1000);
	assert_string_equal(s->path, "router.ini");
	settings_drop(&s);
}

static void
every_kind_of_value_is_read(void **state)
{
	struct settings *s = load_good(
	    "; comment\n"
	    "\t# and one with ; and = and \"\n"
	    "\r\n"
	    "[ROUTER]\r\n"
	    "Host=preserve\r\n"
	    "  check\t=\t250ms  \r\n"
	    "workers_min = 2\n"
	    "workers_max = \"2\"\n"
	    "drain = '0s'\n"
	    "map = \"/maps/a;b #1's = c.db\"\n"
	    "spool_dir = '/a \"b\" \xc3\xa9'\n"
	    "spool = no\n"
	    "allow_users = root 12,\t13\n"
	    "[relay]\n"
	    "total = 7d\n"
	    "idle_timeout = 2m\n"
	    "idle_age = 1h\n"
	    "max_body = 0\n"
	    "body_buffer = 4096\n"
	    "max_response_head = 256k\n"
	    "bad_header = refuse\n"
	    "forwarded = yes\n"
	    "[log]\n"
	    "access = stderr");

	(void)state;
	assert_int_equal(s->host_preserve, SETTINGS_HOST_PRESERVE);
	assert_int_equal(s->check, 250);
	assert_int_equal(s->workers_min, 2);
	assert_int_equal(s->workers_max, 2);
	assert_int_equal(s->drain, 0);
	assert_string_equal(s->map, "/maps/a;b #1's = c.db");
	assert_string_equal(s->spool_dir, "/a \"b\" \xc3\xa9");
	assert_int_equal(s->spool, SETTINGS_SPOOL_NO);
	assert_int_equal(s->total, INT64_C(604800000));
	assert_int_equal(s->idle_timeout, 120000);
	assert_int_equal(s->idle_age, 3600000);
	assert_int_equal(s->max_body, 0);
	assert_int_equal(s->body_buffer, 4096);
	assert_int_equal(s->max_response_head, 262144);
	assert_int_equal(s->bad_header, SETTINGS_BAD_HEADER_REFUSE);
	assert_true(s->forwarded);
	assert_string_equal(s->log.access, "stderr");
	settings_drop(&s);
}

static void
a_relative_path_starts_at_the_folder_of_the_file(void **state)
{
	static const char text[] = "[router]\nmap = m/routes.db\n"
	    "spool_dir = /spool\n[log]\naccess = access.log\n";
	struct told t = { .n = 0 };
	struct settings *s;

	(void)state;
	assert_int_equal(mkdir("etc", 0700), 0);
	file_write("etc/router.ini", text, sizeof(text) - 1);
	assert_int_equal(settings_load("etc/router.ini", &s, told_add, &t), 0);
	assert_string_equal(s->path, "etc/router.ini");
	assert_string_equal(s->map, "etc/m/routes.db");
	assert_string_equal(s->spool_dir, "/spool");
	assert_string_equal(s->log.access, "etc/access.log");
	settings_drop(&s);
	/* Quoted or not, "none" and "stderr" are no files; "./none" is. */
	s = load_good("[log]\naccess = \"none\"\n");
	assert_string_equal(s->log.access, "none");
	settings_drop(&s);
	s = load_good("[log]\naccess = ./none\n");
	assert_string_equal(s->log.access, "./none");
	settings_drop(&s);
}

/* /run/fcgi-router/state, where that is ours, comes before. */
static void
the_default_state_is_beside_the_map(void **state)
{
	struct settings *s = load_good("[router]\nmap = /m/maps/routes.db\n");
	char run[FILE_PATH_MAX];
	struct stat st;
	bool ours = settings_state_folder(run) && lstat(run, &st) == 0 &&
	    st.st_uid == geteuid();

	(void)state;
	assert_string_equal(s->state_dir, ours ? run : "/m/maps/.state");
	settings_drop(&s);
	s = load_good("[router]\nmap = /m/routes.db\nstate_dir = /s\n");
	assert_string_equal(s->state_dir, "/s");
	settings_drop(&s);
}

static void
the_default_map_is_beside_the_file(void **state)
{
	struct told t = { .n = 0 };
	struct settings *s;

	(void)state;
	if (access("/var/lib/fcgi-router", F_OK) == 0)
		skip();
	assert_true(mkdir("beside", 0700) == 0);
	file_write("beside/router.ini", "", 0);
	assert_int_equal(settings_load("beside/router.ini", &s, told_add, &t),
	    0);
	assert_string_equal(s->map, "beside/routes.db");
	settings_drop(&s);
}

static void
users_are_looked_up_when_the_file_is_loaded(void **state)
{
	struct settings *s = load_good("[router]\nallow_users = root, 77\n");

	(void)state;
	assert_string_equal(s->allow_users, "0,77");
	assert_true(settings_allows_user(s, 0));
	assert_true(settings_allows_user(s, 77));
	assert_false(settings_allows_user(s, 7));
	assert_false(settings_allows_user(s, 777));
	assert_false(settings_allows_user(s, (uid_t)-1));
	settings_drop(&s);
}

static void
own_user_and_root_may_connect_by_default(void **state)
{
	struct settings *s = load_good("");

	(void)state;
	assert_true(settings_allows_user(s, geteuid()));
	assert_true(settings_allows_user(s, 0));
	assert_false(settings_allows_user(s, 4242424));
	settings_drop(&s);
}

static void
every_default_of_the_table_may_be_written(void **state)
{
	struct settings *without, *with;
	char text[8192];
	char *a = NULL, *b = NULL;
	size_t an, bn, n = 0, i;
	const char *section = "";
	FILE *f;

	(void)state;
	for (i = 0; i < settings_count(); i++) {
		const struct settings_row *row = settings_row(i);

		if (strchr(row->section, ':') != NULL)
			break; /* sections with a name are not always there */
		if (strcmp(section, row->section) != 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "[%s]\n", row->section);
		section = row->section;
		if (*row->preset != '\0')
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s = %s\n", row->key, row->preset);
	}
	assert_true(n < sizeof(text));
	without = load_good("");
	with = load_good(text);
	f = open_memstream(&a, &an);
	settings_print(without, f);
	fclose(f);
	f = open_memstream(&b, &bn);
	settings_print(with, f);
	fclose(f);
	assert_string_equal(a, b);
	free(a);
	free(b);
	settings_drop(&without);
	settings_drop(&with);
}

static void
what_is_printed_can_be_read_again(void **state)
{
	struct settings *s = load_good(
	    "[router]\nmap = \"/a;b\"\nspool_dir = '/a\"b'\ncheck = 90s\n"
	    "workers_min = 3\ndrain = 0s\nclient_timeout = 1500ms\n"
	    "[relay]\nmax_body = 1536\nidle_age = 1h\ntotal = 2d\n"
	    "body_buffer = 1m\nforwarded = yes\nbad_header = refuse\n"
	    "private_headers = X-B, x-a\n[plan:pro]\n"
	    "rate=90/m\ncount_by = host\n[auth:b]\n"
	    "type = basic\nfile = users\nrealm = \"A site; of ours\"\n"
	    "[auth:a]\ntype=bearer\nfile = /t\n"
	    "[auth:c]\ntype=forward\nurl = http://h:1/a?b=c\ncopy = X-B x-a\n"
	    "tells = identity:X-B a:X-C\n"
	    "[sign:b]\nsecret = /s\nheader = X-Sign\n"
	    "[internal]\nallow = 10.0.0.0/8 ::1 127.0.0.1\n"
	    "[log]\naccess = \" /log\"\n[tls:a]\nca = \"/c;a\"\n[tls:b]\n"
	    "cert = /c\nkey = /k\nverify = no\n[egress]\nallow = 10.1.2.3\n"
	    "[egress:lan]\nprivate = never\ndeny = ::1, 10.0.0.0/8\n"
	    "sockets = /run/a\n[log:errors]\naccess = syslog\n"
	    "only = \"status>=500 | tag.a='b c'\"\nsample = 1/10\n"
	    "format = mine\n[format:mine]\n"
	    "log_format = '{time} \"{uri}\" {tag.a}; #'\n");
	char *first = NULL, *second = NULL;
	size_t n;
	FILE *f = open_memstream(&first, &n);

	(void)state;
	settings_print(s, f);
	fclose(f);
	settings_drop(&s);
	assert_non_null(strstr(first, "\nmap = \"/a;b\"\n"));
	assert_non_null(strstr(first, "\nspool_dir = '/a\"b'\n"));
	assert_non_null(strstr(first, "\ncheck = 90s\n"));
	assert_non_null(strstr(first, "\nworkers_min = 3\n"));
	assert_non_null(strstr(first, "\ndrain = 0s\n"));
	assert_non_null(strstr(first, "\nclient_timeout = 1500ms\n"));
	assert_non_null(strstr(first, "\nmax_body = 1536\n"));
	assert_non_null(strstr(first, "\nidle_age = 1h\n"));
	assert_non_null(strstr(first, "\ntotal = 2d\n"));
	assert_non_null(strstr(first, "\nbody_buffer = 1m\n"));
	assert_non_null(strstr(first, "\nforwarded = yes\n"));
	assert_non_null(strstr(first, "\nbad_header = refuse\n"));
	assert_non_null(strstr(first, "\n[log:errors]\naccess = syslog\n"
	    "format = mine\nonly = \"status>=500 | tag.a='b c'\"\n"
	    "sample = 1/10\n\n[format:mine]\n"
	    "log_format = '{time} \"{uri}\" {tag.a}; #'\n"));
	assert_non_null(strstr(first, "\nredact = header:authorization, "
	    "header:cookie, header:proxy-authorization\n"));
	assert_non_null(strstr(first, "\nnamespace = production\n"));
	assert_non_null(strstr(first, "\nprivate_headers = x-a, x-b\n"));
	assert_non_null(strstr(first,
	    "\nallow = 10.0.0.0/8 ::1 127.0.0.1\n"));
	assert_non_null(strstr(first,
	    "\n[plan:pro]\nrate = 90/m\nburst = 0\nconcurrency = 0\n"
	    "origin_time = 0s\nsubrequests = 0\nmax_body = 1024g\n"
	    "bandwidth = 0\ncount_by = host\ndry_run = no\n"
	    "\n[auth:a]\ntype = bearer\nfile = /t\n"
	    "realm = fcgi-router\n\n[auth:b]\ntype = basic\nfile = "));
	assert_non_null(strstr(first, "users\nrealm = \"A site; of ours\"\n"));
	assert_non_null(strstr(first, "\n[auth:c]\ntype = forward\n"
	    "url = \"http://h:1/a?b=c\"\ntimeout = 5s\n"
	    "# tls: none\ncopy = x-a, x-b\n"
	    "tells = identity:X-B, a:X-C\nttl = 0s\n# ttl_by: none\n"));
	assert_non_null(strstr(first,
	    "\n[sign:b]\nsecret = /s\nheader = X-Sign\n"));
	s = load_good(first);
	f = open_memstream(&second, &n);
	settings_print(s, f);
	fclose(f);
	assert_string_equal(first, second);
	free(first);
	free(second);
	settings_drop(&s);
}

/* NULL of what: it is none. */
static const struct {
	const char *text, *host, *socket, *path;
	int port;
	bool tls;
} urls[] = {
	{ "http://h", "h", "", "/", 80, false },
	{ "https://H.example/a?b=c", "h.example", "", "/a?b=c", 443, true },
	{ "http://127.0.0.1:4180/oauth2/auth", "127.0.0.1", "",
	    "/oauth2/auth", 4180, false },
	{ "https://[::1]:1/", "[::1]", "", "/", 1, true },
	{ "unix:/run/a.sock", "", "/run/a.sock", "/", 0, false },
	{ "unix:/run/a.sock:/b?", "", "/run/a.sock", "/b?", 0, false },
	{ "", NULL, NULL, NULL, 0, false },
	{ "h/a", NULL, NULL, NULL, 0, false },
	{ "ftp://h/", NULL, NULL, NULL, 0, false },
	{ "HTTP://h/", NULL, NULL, NULL, 0, false },
	{ "http:///a", NULL, NULL, NULL, 0, false },
	{ "http://u@h/", NULL, NULL, NULL, 0, false },
	{ "http://h:99999/", NULL, NULL, NULL, 0, false },
	{ "http://h?a", NULL, NULL, NULL, 0, false },
	{ "http://{host}/", NULL, NULL, NULL, 0, false },
	{ "http://h/{uri}", NULL, NULL, NULL, 0, false },
	{ "http://h/a b", NULL, NULL, NULL, 0, false },
	{ "http://h/a\xc3\xa9", NULL, NULL, NULL, 0, false },
	{ "http://h/a#b", NULL, NULL, NULL, 0, false },
	{ "http://h/a/../b", NULL, NULL, NULL, 0, false },
	{ "http://h/%61", NULL, NULL, NULL, 0, false },
	{ "http://h/%zz", NULL, NULL, NULL, 0, false },
	{ "unix:run/a.sock", NULL, NULL, NULL, 0, false },
	{ "unix::/a", NULL, NULL, NULL, 0, false },
	{ "unix:/run/a.sock:b", NULL, NULL, NULL, 0, false },
};

static void
a_url_is_written_out_in_one_spelling(void **state)
{
	struct settings_url url;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		int got = settings_url_read(str_of(urls[i].text), &url, &e);

		if (got != (urls[i].host != NULL ? 0 : -1))
			fail_msg("%s: %d", urls[i].text, got);
		if (got == -1)
			continue;
		assert_true(str_eq(host_text(&url.host),
		    str_of(urls[i].host)));
		assert_true(str_eq(url.socket, str_of(urls[i].socket)));
		assert_true(str_eq(url.path, str_of(urls[i].path)));
		assert_int_equal(url.port, urls[i].port);
		assert_int_equal(url.tls, urls[i].tls);
	}
}

static void
what_is_copied_comes_of_no_client(void **state)
{
	struct settings *s = load_good(
	    "[relay]\nprivate_headers = X-B\n[auth:a]\ntype = forward\n"
	    "url = http://h\ncopy = Remote-User, Authorization\n"
	    "[auth:b]\ntype = forward\nurl = http://h\ncopy = X-A X-B\n");

	(void)state;
	assert_string_equal(s->private_names, "remote-user\nx-a\nx-b");
	assert_int_equal(s->auths[0].timeout, 5000);
	settings_drop(&s);
}

static char top[PATH_MAX]; /* of the sources */

#define SAME_PATH(a, b) assert_string_equal(a, b)
#define SAME_USERS(a, b) assert_string_equal(a, b)
#define SAME_NAME(a, b) assert_string_equal(a, b)
#define SAME_FIELDS(a, b) assert_string_equal(a, b)
#define SAME_HOSTS(a, b) assert_string_equal(a, b)
#define SAME_FILTER(a, b) assert_string_equal(a, b)
#define SAME_REDACT(a, b) assert_string_equal(a, b)
#define SAME_SHARE(a, b) do { \
	assert_int_equal((a).take, (b).take); \
	assert_int_equal((a).of, (b).of); \
} while (0)
#define SAME_RANGES(a, b) do { \
	assert_int_equal((a).count, (b).count); \
	assert_memory_equal((a).list, (b).list, \
	    (a).count * sizeof(*(a).list)); \
} while (0)
#define SAME_WORD(a, b) assert_int_equal(a, b)
#define SAME_BOOL(a, b) assert_int_equal(a, b)
#define SAME_COUNT(a, b) assert_int_equal(a, b)
#define SAME_TIME(a, b) assert_int_equal(a, b)
#define SAME_SIZE(a, b) assert_int_equal(a, b)

/* conf/router.ini, every "#name = value" of it let in. */
static void
sample_read(char *text, size_t size)
{
	char path[PATH_MAX + 32], line[1024];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/conf/router.ini", top);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s cannot be opened", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		bool hidden = line[0] == '#' && (line[1] == '[' ||
		    (line[1] != ' ' && strchr(line, '=') != NULL));

		n += (size_t)snprintf(text + n, size - n, "%s",
		    line + hidden);
		assert_true(n < size);
	}
	fclose(f);
}

static void
the_sample_file_says_the_defaults(void **state)
{
	static char text[65536];
	struct settings *s, *preset;

	(void)state;
	sample_read(text, sizeof(text));
	s = load_good(text);
	preset = load_good("");
#define SETTING(section, key, member, kind, standard, least, most, manual) \
	if (strstr(text, "\n" key " = ") == NULL) \
		fail_msg("conf/router.ini has no line for '%s'", key); \
	if (sizeof(standard) > 1) \
		SAME_##kind(s->member, preset->member);
#define SETTING_LOG(key, member, kind, standard, least, most, manual) \
	SETTING("log", key, log.member, kind, standard, least, most, manual)
#define SETTING_EGRESS(key, member, kind, standard, least, most, manual) \
	SETTING("egress", key, egress.member, kind, standard, least, most, \
	    manual)
#define SETTING_TLS(key, member, kind, standard, least, most, manual) \
	if (strstr(text, "\n" key " = ") == NULL) \
		fail_msg("conf/router.ini has no line for '%s'", key);
#define SETTING_PLAN(key, member, kind, standard, least, most, manual) \
	SETTING_TLS(key, member, kind, standard, least, most, manual)
#define SETTING_FORMAT(key, member, kind, standard, least, most, manual) \
	SETTING_TLS(key, member, kind, standard, least, most, manual)
#include "settings/settings.tbl.h"
	assert_true(s->tls[0].verify);
	settings_drop(&s);
	settings_drop(&preset);
}

/* ---- lists and names ---- */

static void
lists_are_read_and_put_in_order(void **state)
{
	struct settings *s = load_good("[router]\nnamespace = staging\n"
	    "[relay]\nprivate_headers = X-User, remote-user\tX-A x-user\n"
	    "[internal]\nallow = 10.0.0.0/8, ::1 192.0.2.7\n"
	    "[trust]\nproxies = 203.0.113.0/24\n");

	(void)state;
	assert_int_equal(s->trust_proxies.count, 1);
	assert_true(cidr_holds(s->trust_proxies.list, 1,
	    STR("203.0.113.9")));
	assert_string_equal(s->namespace, "staging");
	assert_string_equal(s->private_headers,
	    "remote-user\nx-a\nx-user");
	assert_int_equal(s->internal_allow.count, 3);
	assert_true(cidr_holds(s->internal_allow.list, 3, STR("10.1.2.3")));
	assert_true(cidr_holds(s->internal_allow.list, 3, STR("192.0.2.7")));
	assert_false(cidr_holds(s->internal_allow.list, 3, STR("127.0.0.1")));
	settings_drop(&s);
}

static void
defaults_of_lists_are_local_alone(void **state)
{
	struct settings *s = load_good("");

	(void)state;
	assert_string_equal(s->namespace, "production");
	assert_string_equal(s->private_headers, "");
	assert_int_equal(s->trust_proxies.count, 0);
	assert_int_equal(s->internal_allow.count, 2);
	assert_true(cidr_holds(s->internal_allow.list, 2, STR("127.9.9.9")));
	assert_true(cidr_holds(s->internal_allow.list, 2, STR("::1")));
	assert_false(cidr_holds(s->internal_allow.list, 2, STR("10.0.0.1")));
	settings_drop(&s);
}

static void
signatures_are_in_fields_that_no_client_sends(void **state)
{
	struct settings *s = load_good(
	    "[relay]\nprivate_headers = Remote-User, X-Sign\n"
	    "[sign:a]\nsecret = /s\n[sign:b]\nsecret = /s\n"
	    "header = X-SIGN\n[sign:c]\nsecret = /s\nheader = X-Origin-Key\n");

	(void)state;
	assert_int_equal(s->sign_count, 3);
	assert_string_equal(settings_sign_of(s, STR("a"))->header,
	    "X-Router-Signature");
	assert_string_equal(settings_sign_of(s, STR("c"))->header,
	    "X-Origin-Key");
	assert_null(settings_sign_of(s, STR("d")));
	assert_string_equal(s->private_names,
	    "remote-user\nx-origin-key\nx-router-signature\nx-sign");
	settings_drop(&s);
	s = load_good("");
	assert_string_equal(s->private_names, "");
	settings_drop(&s);
}

static void
logs_are_what_they_say(void **state)
{
	struct settings *s = load_good("[log]\naccess = a.log\n"
	    "redact = query:Token header:X-Key, query:*\n"
	    "anonymise_ip = yes\nsyslog = log.sock\nverbose = yes\n"
	    "[log:slow]\nonly = \"total>1s\"\nformat = json\n"
	    "sample = 3/4\naccess = /slow.log\n[log:bare]\n"
	    "[format:own]\nlog_format = {host}\n");

	(void)state;
	assert_null(s->log.name);
	assert_string_equal(s->log.access, "a.log");
	assert_string_equal(s->log.format, "standard");
	assert_string_equal(s->log.only, "");
	assert_int_equal(s->log.sample.take, 1);
	assert_int_equal(s->log.sample.of, 1);
	assert_string_equal(s->log.redact,
	    "header:x-key\nquery:*\nquery:token");
	assert_true(s->log.anonymise_ip);
	assert_true(s->log.verbose);
	assert_string_equal(s->log.syslog, "log.sock");
	assert_int_equal(s->log_count, 2);
	assert_string_equal(s->logs[0].name, "slow");
	assert_string_equal(s->logs[0].access, "/slow.log");
	assert_string_equal(s->logs[0].format, "json");
	assert_string_equal(s->logs[0].only, "total>1s");
	assert_int_equal(s->logs[0].sample.take, 3);
	assert_int_equal(s->logs[0].sample.of, 4);
	assert_string_equal(s->logs[1].access, "none");
	assert_string_equal(settings_format_of(s, STR("own"))->line,
	    "{host}");
	assert_null(settings_format_of(s, STR("full")));
	settings_drop(&s);
}

static void
sections_with_a_name_have_settings_of_their_own(void **state)
{
	struct settings *s = load_good("[tls:corp]\nca = a.pem\ncert=/c\n"
	    "key = k\n[egress:lan]\nprivate = never\nallow = 10.0.0.1\n"
	    "sockets = /run/apps\n[egress]\ndeny = 10.0.0.0/8 ::1\n"
	    "allow_names = db.internal, *.Corp.example DB.internal\n"
	    "[tls:bare]\n[tls:open]\nverify = no\n");
	const struct settings_egress *lan = settings_egress_of(s, STR("lan"));
	const struct settings_tls *corp = settings_tls_of(s, STR("corp"));

	(void)state;
	assert_string_equal(corp->name, "corp");
	assert_string_equal(corp->ca, "a.pem");
	assert_string_equal(corp->cert, "/c");
	assert_string_equal(corp->key, "k");
	assert_true(corp->verify);
	assert_int_equal(corp->places[SETTINGS_TLS_cert].line, 3);
	assert_int_equal(corp->places[SETTINGS_TLS_cert].column, 6);
	assert_int_equal(corp->places[SETTINGS_TLS_verify].line, 0);
	assert_string_equal(settings_tls_of(s, STR("bare"))->ca, "");
	assert_true(settings_tls_of(s, STR("bare"))->verify);
	assert_false(settings_tls_of(s, STR("open"))->verify);
	assert_null(settings_tls_of(s, STR("lan")));
	assert_null(settings_tls_of(s, STR("")));
	assert_int_equal(lan->private, SETTINGS_PRIVATE_NEVER);
	assert_int_equal(lan->allow.count, 1);
	assert_int_equal(lan->deny.count, 0); /* not what [egress] says */
	assert_string_equal(lan->sockets, "/run/apps");
	assert_ptr_equal(settings_egress_of(s, STR("")), &s->egress);
	assert_int_equal(s->egress.private, SETTINGS_PRIVATE_WRITTEN);
	assert_int_equal(s->egress.deny.count, 2);
	assert_string_equal(s->egress.sockets, "");
	assert_string_equal(s->egress.allow_names,
	    "*.corp.example\ndb.internal");
	assert_string_equal(s->egress.deny_names, "");
	assert_null(settings_egress_of(s, STR("corp")));
	settings_drop(&s);
}

static void
a_mistake_in_a_file_of_tls_has_its_line(void **state)
{
	struct settings *s = load_good("[tls:a]\n\nca =  a.pem\n");
	struct told t = { .n = 0 };

	(void)state;
	settings_tell_spot(s->path,
	    settings_tls_of(s, STR("a"))->places[SETTINGS_TLS_ca],
	    told_add, &t, "what, expected %s", "that");
	assert_string_equal(t.text,
	    "router.ini:3:7: error: what, expected that\n");
	settings_drop(&s);
}

/* ---- plans ---- */

static void
a_plan_says_what_it_allows(void **state)
{
	struct settings *s = load_good("[router]\ndefault_plan = free\n"
	    "[plan:free]\nrate = 10/s\nburst = 20\nconcurrency = 5\n"
	    "count_by = tag:cus-to_mer\ndry_run = yes\nsubrequests = 3\n"
	    "origin_time = 1500ms\nmax_body = 1k\n"
	    "bandwidth = 4k\n[plan:bare]\n"
	    "[plan:m]\nrate=600/m\n[plan:h]\nrate=1/h\n[plan:d]\n"
	    "rate = 4320000000/d\ncount_by = host\n");
	const struct settings_plan *plan = settings_plan_of(s, STR("free"));

	(void)state;
	assert_string_equal(s->default_plan, "free");
	assert_int_equal(plan->rate.count, 10);
	assert_int_equal(plan->rate.per_us, 1000000);
	assert_int_equal(plan->burst, 20);
	assert_int_equal(plan->concurrency, 5);
	assert_string_equal(plan->count_by, "tag:cus-to_mer");
	assert_true(plan->dry_run);
	assert_int_equal(plan->origin_time, 1500);
	assert_int_equal(plan->subrequests, 3);
	assert_int_equal(plan->max_body, 1024);
	assert_int_equal(plan->bandwidth, 4096);
	plan = settings_plan_of(s, STR("bare"));
	assert_int_equal(plan->rate.count, 0);
	assert_int_equal(plan->burst, 0);
	assert_int_equal(plan->concurrency, 0);
	assert_string_equal(plan->count_by, "client_ip");
	assert_false(plan->dry_run);
	assert_int_equal(plan->origin_time, 0);
	assert_int_equal(plan->subrequests, 0);
	assert_int_equal(plan->bandwidth, 0);
	assert_int_equal(plan->max_body, 1024ull << 30);
	assert_int_equal(settings_plan_of(s, STR("m"))->rate.per_us, 60000000);
	assert_int_equal(settings_plan_of(s, STR("h"))->rate.per_us,
	    3600000000);
	assert_int_equal(settings_plan_of(s, STR("d"))->rate.count,
	    4320000000);
	assert_string_equal(settings_plan_of(s, STR("d"))->count_by, "host");
	assert_null(settings_plan_of(s, STR("none")));
	assert_null(settings_plan_of(s, STR("")));
	settings_drop(&s);
	s = load_good("");
	assert_string_equal(s->default_plan, "");
	settings_drop(&s);
}

static void
rates_that_are_none_are_mistakes(void **state)
{
	static const char *const rates[] = { "10", "10/", "/s", "10/x",
		"10/ms", "10 /s", "010/s", "1.5/s", "0/s", "50001/s",
		"3000001/m", "4320000001/d", "99999999999999999999/s",
		"-1/s", "10/ss" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		char text[128], want[64];
		struct settings *s;
		struct told t;

		snprintf(text, sizeof(text), "[plan:a]\nrate = %s\n",
		    rates[i]);
		snprintf(want, sizeof(want), "router.ini:2:8: error: '%s' is",
		    rates[i]);
		assert_int_equal(load_bytes(text, strlen(text), &s, &t), -1);
		if (strncmp(t.text, want, strlen(want)) != 0)
			fail_msg("%s: %s", rates[i], t.text);
	}
}

static void
declared_names_are_known_by_their_kind(void **state)
{
	struct settings *s = load_good("[plan:pro]\n[router]\n[auth:staff]\n"
	    "type = basic\nfile = /f\n"
	    "[plan:free]\n[ plan:a.b_c-d ]\n[tls:pro]\n");
	struct settings *none;

	(void)state;
	assert_true(settings_has(s, SETTINGS_PLAN, STR("pro")));
	assert_true(settings_has(s, SETTINGS_PLAN, STR("free")));
	assert_true(settings_has(s, SETTINGS_PLAN, STR("a.b_c-d")));
	assert_true(settings_has(s, SETTINGS_AUTH, STR("staff")));
	assert_true(settings_has(s, SETTINGS_TLS, STR("pro")));
	assert_false(settings_has(s, SETTINGS_PLAN, STR("staff")));
	assert_false(settings_has(s, SETTINGS_PLAN, STR("Pro")));
	assert_false(settings_has(s, SETTINGS_PLAN, STR("fre")));
	assert_false(settings_has(s, SETTINGS_PLAN, STR("")));
	assert_false(settings_has(s, SETTINGS_SIGN, STR("pro")));
	assert_false(settings_has(s, SETTINGS_EGRESS, STR("pro")));
	settings_drop(&s);
	assert_int_equal(settings_load(NULL, &none, NULL, NULL), 0);
	assert_false(settings_has(none, SETTINGS_PLAN, STR("pro")));
	settings_drop(&none);
}

/* ---- where it is looked for ---- */

static void
the_asked_file_comes_before_the_environment(void **state)
{
	char path[FILE_PATH_MAX];
	struct err e;

	(void)state;
	assert_int_equal(setenv("ROUTER_INI", "/of/environment.ini", 1), 0);
	assert_int_equal(settings_find("asked.ini", path, &e), 1);
	assert_string_equal(path, "asked.ini");
	assert_int_equal(settings_find(NULL, path, &e), 1);
	assert_string_equal(path, "/of/environment.ini");
	assert_int_equal(unsetenv("ROUTER_INI"), 0);
}

static void
a_path_too_long_is_an_error(void **state)
{
	char path[FILE_PATH_MAX], asked[FILE_PATH_MAX + 1];
	struct err e;

	(void)state;
	memset(asked, 'a', FILE_PATH_MAX);
	asked[FILE_PATH_MAX] = '\0';
	assert_int_equal(settings_find(asked, path, &e), -1);
	assert_string_equal(e.text,
	    "the path of router.ini is longer than 4095 bytes");
	asked[FILE_PATH_MAX - 1] = '\0';
	assert_int_equal(settings_find(asked, path, &e), 1);
	assert_string_equal(path, asked);
}

static void
a_file_beside_the_executable_is_found(void **state)
{
	char self[PATH_MAX], beside[PATH_MAX + 16], path[FILE_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct err e;
	int got;

	(void)state;
	assert_true(n > 0);
	self[n] = '\0';
	*(strrchr(self, '/') + 1) = '\0';
	snprintf(beside, sizeof(beside), "%srouter.ini", self);
	/* An empty variable is none. */
	assert_int_equal(setenv("ROUTER_INI", "", 1), 0);
	if (access(beside, F_OK) == 0)
		fail_msg("%s is there already", beside);
	got = settings_find(NULL, path, &e);
	if (access("/etc/fcgi-router/router.ini", F_OK) == 0) {
		assert_int_equal(got, 1);
		assert_string_equal(path, "/etc/fcgi-router/router.ini");
	} else {
		assert_int_equal(got, 0);
	}
	file_write(beside, "", 0);
	got = settings_find(NULL, path, &e);
	assert_int_equal(unlink(beside), 0);
	assert_int_equal(got, 1);
	assert_string_equal(path, beside);
	assert_int_equal(unsetenv("ROUTER_INI"), 0);
}

static void
a_file_that_cannot_be_looked_at_is_an_error(void **state)
{
	char self[PATH_MAX], beside[PATH_MAX + 16], path[FILE_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct err e;
	int got;

	(void)state;
	assert_true(n > 0);
	self[n] = '\0';
	*(strrchr(self, '/') + 1) = '\0';
	snprintf(beside, sizeof(beside), "%srouter.ini", self);
	assert_int_equal(symlink("router.ini", beside), 0);
	got = settings_find(NULL, path, &e);
	assert_int_equal(unlink(beside), 0);
	assert_int_equal(got, -1);
	snprintf(self, sizeof(self), "%.*s: Too many levels of symbolic links",
	    PATH_MAX - 64, beside);
	assert_string_equal(e.text, self);
}

/* ---- small parts ---- */

static void
times_and_sizes_are_numbers_with_units(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;   /* -1: no time */
		int64_t size; /* -1: no size */
	} rows[] = {
		{ "0", -1, 0 },
		{ "0s", 0, -1 },
		{ "512", -1, 512 },
		{ "250ms", 250, -1 },
		{ "5s", 5000, -1 },
		{ "2m", 120000, INT64_C(2) << 20 },
		{ "1h", 3600000, -1 },
		{ "1d", 86400000, -1 },
		{ "64k", -1, 65536 },
		{ "1g", -1, INT64_C(1) << 30 },
		{ "9223372036854775807ms", INT64_MAX, -1 },
		{ "9223372036854775807", -1, INT64_MAX },
		{ "9223372036854775808ms", -1, -1 },
		{ "9223372036854775808", -1, -1 },
		{ "9223372036854776s", -1, -1 },
		{ "9223372036854775s", INT64_C(9223372036854775000), -1 },
		{ "", -1, -1 },
		{ "s", -1, -1 },
		{ "05s", -1, -1 },
		{ "010", -1, -1 },
		{ "0x5", -1, -1 },
		{ "+5s", -1, -1 },
		{ "-5s", -1, -1 },
		{ "5 s", -1, -1 },
		{ " 5s", -1, -1 },
		{ "5s ", -1, -1 },
		{ "1m30s", -1, -1 },
		{ "1.5s", -1, -1 },
		{ "5S", -1, -1 },
		{ "5K", -1, -1 },
		{ "5kb", -1, -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str text = str_of(rows[i].text);
		int64_t ms = -1;
		uint64_t size = 0;
		bool is_time = settings_parse_time(text, &ms);
		bool is_size = settings_parse_size(text, &size);

		if (is_time != (rows[i].ms != -1) ||
		    is_size != (rows[i].size != -1) ||
		    (is_time && ms != rows[i].ms) ||
		    (is_size && size != (uint64_t)rows[i].size))
			fail_msg("'%s': %d %lld, %d %llu", rows[i].text,
			    is_time, (long long)ms, is_size,
			    (unsigned long long)size);
	}
}

static void
the_nearest_word_is_what_was_meant(void **state)
{
	static const struct {
		const char *wanted, *best;
	} rows[] = {
		{ "chekc", "check" },
		{ "CHECK", "check" },
		{ "heck", "check" },
		{ "checks", "check" },
		{ "max_bdoy", "max_body" },
		{ "maxbdy", "max_body" },
		{ "ma", "map" },
		{ "cake", NULL },
		{ "", NULL },
		{ "max_body_of_requests_that_are_long", NULL },
	};
	static const char *const words[] = { "map", "check", "max_body" };
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct near near;
		const char *best;

		near_init(&near, str_of(rows[i].wanted));
		for (j = 0; j < 3; j++)
			near_offer(&near, words[j]);
		best = near_best(&near);
		if (rows[i].best == NULL ? best != NULL :
		    best == NULL || strcmp(best, rows[i].best) != 0)
			fail_msg("'%s': %s", rows[i].wanted,
			    best != NULL ? best : "none");
	}
}

static void *
hold_and_drop(void *arg)
{
	struct settings *s = arg, *mine;
	int i;

	for (i = 0; i < 1000; i++) {
		mine = settings_take(s);
		assert_string_equal(mine->log.access, "none");
		settings_drop(&mine);
	}
	settings_drop(&s);
	return NULL;
}

static void *
load_and_drop(void *arg)
{
	struct settings *s;
	int i;

	(void)arg;
	for (i = 0; i < 50; i++)
		if (settings_load("router.ini", &s, NULL, NULL) == 0)
			settings_drop(&s);
	return NULL;
}

static void
settings_live_as_long_as_somebody_holds_them(void **state)
{
	struct settings *s = load_good("[log]\naccess = none\n");
	pthread_t readers[4], loaders[2];
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&readers[i], NULL,
		    hold_and_drop, settings_take(s)), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&loaders[i], NULL,
		    load_and_drop, NULL), 0);
	settings_drop(&s);
	assert_null(s);
	settings_drop(&s);
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_join(loaders[i], NULL), 0);
}

/* ---- the folder it all happens in ---- */

static char home[] = "/tmp/test_settings.XXXXXX";

static int
enter_folder(void **state)
{
	const char *given = getenv("TOP_SRCDIR");

	(void)state;
	if (realpath(given != NULL ? given : ".", top) == NULL)
		return -1;
	if (mkdtemp(home) == NULL || chdir(home) == -1)
		return -1;
	return 0;
}

static int
leave_folder(void **state)
{
	static const char *const files[] = { "router.ini", "circle.ini",
		"pipe.ini", "etc/router.ini", "beside/router.ini" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	rmdir("etc");
	rmdir("beside");
	return chdir("/") == 0 && rmdir(home) == 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trap_is_told_with_its_place),
		cmocka_unit_test(a_line_of_1023_bytes_is_too_long),
		cmocka_unit_test(
		    a_carriage_return_counts_for_the_length_of_a_line),
		cmocka_unit_test(what_is_no_readable_file_is_told),
		cmocka_unit_test(a_path_too_long_with_its_folder_is_told),
		cmocka_unit_test(a_file_that_changes_meanwhile_is_refused),
		cmocka_unit_test(without_a_file_the_defaults_are_in_force),
		cmocka_unit_test(an_empty_file_is_all_defaults),
		cmocka_unit_test(every_kind_of_value_is_read),
		cmocka_unit_test(
		    a_relative_path_starts_at_the_folder_of_the_file),
		cmocka_unit_test(the_default_state_is_beside_the_map),
		cmocka_unit_test(the_default_map_is_beside_the_file),
		cmocka_unit_test(users_are_looked_up_when_the_file_is_loaded),
		cmocka_unit_test(own_user_and_root_may_connect_by_default),
		cmocka_unit_test(every_default_of_the_table_may_be_written),
		cmocka_unit_test(signatures_are_in_fields_that_no_client_sends),
		cmocka_unit_test(what_is_printed_can_be_read_again),
		cmocka_unit_test(a_url_is_written_out_in_one_spelling),
		cmocka_unit_test(what_is_copied_comes_of_no_client),
		cmocka_unit_test(the_sample_file_says_the_defaults),
		cmocka_unit_test(lists_are_read_and_put_in_order),
		cmocka_unit_test(defaults_of_lists_are_local_alone),
		cmocka_unit_test(logs_are_what_they_say),
		cmocka_unit_test(
		    sections_with_a_name_have_settings_of_their_own),
		cmocka_unit_test(a_mistake_in_a_file_of_tls_has_its_line),
		cmocka_unit_test(a_plan_says_what_it_allows),
		cmocka_unit_test(rates_that_are_none_are_mistakes),
		cmocka_unit_test(declared_names_are_known_by_their_kind),
		cmocka_unit_test(the_asked_file_comes_before_the_environment),
		cmocka_unit_test(a_path_too_long_is_an_error),
		cmocka_unit_test(a_file_beside_the_executable_is_found),
		cmocka_unit_test(a_file_that_cannot_be_looked_at_is_an_error),
		cmocka_unit_test(times_and_sizes_are_numbers_with_units),
		cmocka_unit_test(the_nearest_word_is_what_was_meant),
		cmocka_unit_test(settings_live_as_long_as_somebody_holds_them),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
