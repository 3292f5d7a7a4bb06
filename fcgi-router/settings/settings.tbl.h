/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * settings.tbl: every parameter of router.ini.
 *
 * SETTING(section, key, member, KIND, default, least, most, manual)
 * SETTING_LOG, SETTING_EGRESS, SETTING_TLS, SETTING_AUTH, SETTING_SIGN,
 * SETTING_PLAN, SETTING_FORMAT: the same without section, of [log] and each
 * [log:NAME], of [egress] and each [egress:NAME], of each [tls:NAME],
 * [auth:NAME], [sign:NAME], [plan:NAME], [format:NAME]. Whoever includes this
 * defines those that are looked for; all are undefined at its end.
 * KIND: PATH (of a file; a relative one starts at router.ini's folder, the
 * words of `most`, parted by '|', are no files and stay), WORD (one of `most`;
 * the member is the index), BOOL (yes, no), COUNT (a number), TIME (250ms 5s
 * 2m; milliseconds), SIZE (64k 10m 1g; bytes), RATE (10/s, also /m /h /d), BY
 * (one of `most`, or tag:K with the key of a tag), NAME (as services have),
 * URL (of a service, written out),
 * FILTER (see report/filter), LINE (of a log; see report/format),
 * SHARE (1/100),
 * TEXT (at most `most` bytes of printable ASCII, no quotes, no backslash),
 * FIELD (a header field of nobody else's that begins with X-), and lists
 * parted by commas or blanks: USERS (names or numbers; as numbers parted
 * by commas), RANGES (of IP addresses), FIELDS (names of header fields; in
 * lower case, sorted, parted by LF), HOSTS (names of hosts, or *. and one;
 * likewise), PAIRS (NAME:FIELD, parted by LF), REDACT
 * (query:NAME and header:NAME; likewise), WORDS (some of `most`; bits).
 * Defaults are spelled as in the file; an empty one is worked out at start, or
 * is none.
 */
#ifndef SETTING
#define SETTING(...)
#endif
#ifndef SETTING_LOG
#define SETTING_LOG(...)
#endif
#ifndef SETTING_EGRESS
#define SETTING_EGRESS(...)
#endif
#ifndef SETTING_TLS
#define SETTING_TLS(...)
#endif
#ifndef SETTING_AUTH
#define SETTING_AUTH(...)
#endif
#ifndef SETTING_SIGN
#define SETTING_SIGN(...)
#endif
#ifndef SETTING_PLAN
#define SETTING_PLAN(...)
#endif
#ifndef SETTING_FORMAT
#define SETTING_FORMAT(...)
#endif

SETTING("router", "map", map, PATH, "", "", "",
    "The map file, as route-compile writes it. Without this setting: "
    "/var/lib/fcgi-router/routes.db if that folder exists, else routes.db "
    "beside router.ini, or in the working directory when there is no "
    "router.ini.")
SETTING("router", "namespace", namespace, NAME, "production", "", "",
    "The dispatch namespace in which a dynamic name like @{tenant} is looked "
    "up. The web server may say another one for a request by the FastCGI "
    "parameter ROUTER_NAMESPACE.")
SETTING("router", "default_plan", default_plan, NAME, "", "", "",
    "The plan of requests for which neither the route nor its service names "
    "one that exists. Its section must be there. Without this setting: none, "
    "and they are not limited.")
SETTING("router", "host", host_preserve, WORD, "origin", "", "origin|preserve",
    "The Host field sent to origins when a route has no host= of its own: "
    "the origin's own name, or the one the client asked for.")
SETTING("router", "check", check, TIME, "1s", "10ms", "1h",
    "How often the map, router.ini, the log file and the router's own "
    "executable are looked at.")
SETTING("router", "workers_min", workers_min, COUNT, "", "1", "64",
    "Worker threads that are always there. Without this setting: as many as "
    "cores, but one under mod_fcgid and as CGI.")
SETTING("router", "workers_max", workers_max, COUNT, "64", "1", "64",
    "The most worker threads; they grow only while some are held by "
    "resolving, connecting or a slowly streamed request body.")
SETTING("router", "state_dir", state_dir, PATH, "", "", "",
    "Folder of what all router processes share: the health of origins, and "
    "what plans have counted. It is made if it is not there; nobody else may "
    "be able to write into it. "
    "Without this setting: /run/fcgi-router/state if that folder exists and "
    "is the router's user's, else .state beside the map. Used from the next "
    "start on.")
SETTING("router", "drain", drain, TIME, "5s", "0s", "10m",
    "After SIGTERM, how long accepted requests may take to finish.")
SETTING("router", "client_timeout", client_timeout, TIME, "60s", "10ms", "1h",
    "How long the web server may take no byte of an answer before the "
    "exchange is dropped.")
SETTING("router", "body_timeout", body_timeout, TIME, "60s", "10ms", "1h",
    "How long the web server may send no byte of a request body.")
SETTING("router", "request_timeout", request_timeout, TIME, "10s", "10ms",
    "1h",
    "How long a new FastCGI connection may take to send a whole request head.")
SETTING("router", "max_requests", max_requests, COUNT, "10000", "1", "1000000",
    "The most connections and requests at once in this process; beyond it new "
    "connections wait in the listening socket's queue.")
SETTING("router", "spool", spool, WORD, "auto", "", "auto|yes|no",
    "Read the whole request body before the origin is asked. auto: only under "
    "mod_fcgid and as CGI, which need it.")
SETTING("router", "spool_dir", spool_dir, PATH, "/tmp", "", "",
    "Folder of the unlinked temporary files of spooled bodies.")
SETTING("router", "allow_users", allow_users, USERS, "", "", "",
    "Users, by name or number, whose processes may connect to the router's "
    "Unix socket. Without this setting: the router's own user, root and "
    "www-data.")
SETTING("router", "version_override", version_override, RANGES, "", "", "",
    "Addresses of clients that may choose among a split's targets by the "
    "field X-Router-Version, also one that has no share. Without this "
    "setting: nobody may.")
SETTING("relay", "connect_timeout", connect_timeout, TIME, "5s", "10ms", "1h",
    "For resolving, connecting and the TLS handshake with an origin.")
SETTING("relay", "response_timeout", response_timeout, TIME, "60s", "10ms",
    "1d",
    "From the request sent to the first byte of the origin's answer.")
SETTING("relay", "idle_timeout", idle_timeout, TIME, "60s", "10ms", "1d",
    "Between two parts of an origin's answer.")
SETTING("relay", "total", total, TIME, "0s", "0s", "7d",
    "For the whole exchange with an origin; 0s: no limit.")
SETTING("relay", "max_body", max_body, SIZE, "1g", "0", "1024g",
    "The largest request body; a larger one is answered 413.")
SETTING("relay", "body_buffer", body_buffer, SIZE, "64k", "4k", "1m",
    "How much of a request body is kept in memory, so that the request can be "
    "repeated on a fresh connection.")
SETTING("relay", "max_response_head", max_response_head, SIZE, "60k", "1k",
    "256k",
    "The largest head of an origin's answer.")
SETTING("relay", "bad_header", bad_header, WORD, "drop", "", "drop|refuse",
    "What happens to a malformed header field of an origin: it is left out, "
    "or the answer is refused as 502 origin-bad-header.")
SETTING("relay", "max_hops", max_hops, COUNT, "4", "1", "100",
    "How often a request may come back through this router before it is "
    "answered 508 loop.")
SETTING("relay", "max_idle", max_idle, COUNT, "256", "0", "10000",
    "Idle connections kept, over all origins; 0: none are kept.")
SETTING("relay", "idle_age", idle_age, TIME, "30s", "10ms", "1h",
    "How long an idle connection to an origin is kept.")
SETTING("relay", "wire_age", wire_age, TIME, "5m", "0s", "1d",
    "How long a connection to an origin is used again, however busy it is; "
    "then a new one goes where the origin's name leads by now. 0s: no limit.")
SETTING("relay", "dns_age", dns_age, TIME, "60s", "0s", "1h",
    "How long the addresses of an origin's name are used before it is looked "
    "up again, in whole seconds; 0s: each new connection looks it up. When "
    "none of them can be connected to, it is looked up at once.")
SETTING("relay", "max_fails", max_fails, COUNT, "3", "1", "16",
    "So many failures within 'fail_window', seen by any router process, take "
    "an origin of a service out.")
SETTING("relay", "fail_window", fail_window, TIME, "10s", "100ms", "1h",
    "See 'max_fails'. Failures less than 100 ms after one that was counted "
    "are the same one.")
SETTING("relay", "cooldown", cooldown, TIME, "10s", "100ms", "1h",
    "How long an origin is out before one request tries it. Each time that "
    "fails, it is out for twice as long.")
SETTING("relay", "cooldown_max", cooldown_max, TIME, "5m", "100ms", "1d",
    "The longest that an origin is out before it is tried; at least "
    "'cooldown'.")
SETTING("relay", "forwarded", forwarded, BOOL, "no", "", "",
    "Also send the Forwarded field of RFC 7239 to origins.")
SETTING("relay", "private_headers", private_headers, FIELDS, "", "", "",
    "Header fields that no client may send on to an origin, as those X- "
    "fields that some request-header rule of the map sets, and those of "
    "signatures and those copied of services, which need not be listed here. "
    "Without this setting: no other ones.")
SETTING("relay", "server_timing", server_timing, BOOL, "no", "", "",
    "Also tell clients by the field Server-Timing how long finding the route, "
    "connecting and the origin took.")
SETTING("trust", "proxies", trust_proxies, RANGES, "", "", "",
    "Addresses of proxies and CDNs whose X-Forwarded-For, X-Forwarded-Proto, "
    "X-Forwarded-Host and X-Request-Id are believed, as the web server tells "
    "them in REMOTE_ADDR. Without this setting: nobody's are.")
SETTING("trust", "forwarded_host", trust_host, BOOL, "yes", "", "",
    "Believe 'proxies' about X-Forwarded-Host, too. Say no where one of them "
    "hands on what clients write there, as many CDNs do: a client could choose "
    "among all hosts, and have the CDN keep the answer of one for another.")
SETTING("internal", "allow", internal_allow, RANGES, "127.0.0.0/8 ::1", "",
    "",
    "Addresses of clients to whom internal=health, ask, status and metrics "
    "are answered; all others get 403.")
SETTING("pages", "dir", pages_dir, PATH, "", "", "",
    "Folder of the operator's own pages for answers of the router's own: "
    "WORD.html for a reason, STATUS.html for a status, as 404.html, and the "
    "same with .json for clients that prefer it. What has no file there has "
    "a page of the router's.")
SETTING("journal", "keep", journal_keep, WORD, "tail", "", "tail|always|no",
    "When ended requests are written to the journal, which is memory that all "
    "routers share and has the last 8192 of them: tail, while somebody reads "
    "it; always, so that the last ones can be seen later; or no.")
SETTING("stats", "count", stats_count, BOOL, "yes", "", "",
    "Whether requests are counted, in memory that all routers share: what "
    "route-stat, internal=metrics and internal=status show.")
SETTING_LOG("access", access, PATH, "none", "", "none|stderr|syslog",
    "Where one line for each request goes: none, stderr, syslog, or a file. "
    "The file is opened again when it was renamed or removed.")
SETTING_LOG("format", format, NAME, "standard", "", "",
    "The form of a line: combined, vhost_combined, standard, full, json, or "
    "the name of a [format:NAME].")
SETTING_LOG("only", only, FILTER, "", "", "",
    "The requests that have a line. Without this setting: all of them.")
SETTING_LOG("sample", sample, SHARE, "1/1", "1/1000000", "1/1",
    "How many of these have one, by chance: 1/100 is one in a hundred. Logs "
    "that take the same share take the same requests.")
SETTING_LOG("redact", redact, REDACT,
    "header:authorization, header:cookie, header:proxy-authorization", "", "",
    "What is written down nowhere, be it a log, the journal or a page: "
    "query:NAME is what stands behind NAME= in the target and in Referer, "
    "query:* all of both queries, header:NAME a field. Of [log] alone, for "
    "all logs.")
SETTING_LOG("anonymise_ip", anonymise_ip, BOOL, "no", "", "",
    "Write down no client's whole address, but that of its network: the first "
    "24 bits, of IPv6 the first 48. Of [log] alone, for all logs.")
SETTING_LOG("syslog", syslog, PATH, "/dev/log", "", "",
    "The socket of the system's log. Of [log] alone, for all logs.")
SETTING_LOG("verbose", verbose, BOOL, "no", "", "",
    "The router's messages also say what is not wrong, as with --verbose: of "
    "each request that is refused, why, with the plan and key, or the address. "
    "Of [log] alone.")
SETTING_EGRESS("private", private, WORD, "written", "", "written|never",
    "Who may connect to loopback and private addresses and to Unix sockets: an "
    "origin whose URL in the map writes its host or socket without variables, "
    "or none.")
SETTING_EGRESS("allow", allow, RANGES, "", "", "",
    "Addresses that may be connected to although they are private, link-local "
    "or a metadata service's, also by origins whose host is made of variables.")
SETTING_EGRESS("deny", deny, RANGES, "", "", "",
    "Addresses that are never connected to, whatever else is said.")
SETTING_EGRESS("allow_names", allow_names, HOSTS, "", "", "",
    "Origins whose host in the URL, variables put in, is one of these names "
    "may be connected to at private addresses also when 'private' says no: "
    "db.internal is that name alone, *.corp.example all below it.")
SETTING_EGRESS("deny_names", deny_names, HOSTS, "", "", "",
    "Origins with such a host are never looked up nor connected to, whatever "
    "else is said.")
SETTING_EGRESS("sockets", sockets, PATH, "", "", "",
    "Unix sockets in this folder, or below it, may be connected to also when "
    "their path is made of variables, or 'private' is never. Only those whom "
    "all tenants trust should be able to write there.")
SETTING_TLS("ca", ca, PATH, "", "", "",
    "Certificates, in PEM, that origins are verified against. Without this "
    "setting: the system's.")
SETTING_TLS("cert", cert, PATH, "", "", "",
    "The certificate, in PEM, that is shown to origins that ask for one, and "
    "behind it those between it and its authority.")
SETTING_TLS("key", key, PATH, "", "", "",
    "The private key of 'cert', in PEM, without a password. Others may not be "
    "able to read the file.")
SETTING_TLS("verify", verify, BOOL, "yes", "", "",
    "Verify that the origin has a certificate for its name. With no, whoever "
    "stands between the router and the origin can read and change all.")
SETTING_AUTH("type", type, WORD, "", "", "bearer|basic|jwt|forward",
    "How it is found out who asks: bearer, by a token in the field "
    "Authorization; basic, by a user's name and password in it; jwt, by a JSON "
    "Web Token in it; forward, by what a service says of the request.")
SETTING_AUTH("file", file, PATH, "", "", "",
    "bearer: a line for each token, its SHA-256 in hexadecimal digits, who "
    "has it, and then perhaps plan=PLAN and other K=V, each for {auth.K}. "
    "basic: a line NAME:HASH for each user, as 'htpasswd -B' and 'mkpasswd' "
    "make them. Others may not be able to read the file.")
SETTING_AUTH("realm", realm, TEXT, "fcgi-router", "", "64",
    "The name that a client is told by WWW-Authenticate: browsers show it to "
    "their users and keep passwords by it.")
SETTING_AUTH("algorithm", algorithm, WORDS, "", "",
    "HS256|RS256|ES256|EdDSA",
    "jwt: how tokens may be signed, whatever they say of themselves; EdDSA is "
    "Ed25519. HS256 stands alone.")
SETTING_AUTH("key", key, PATH, "", "", "",
    "jwt: public keys, in PEM, each of which may have signed a token; others "
    "may not be able to write to the file. Of HS256: a secret of at least 32 "
    "bytes in each line, with base64: before one that is no text; others may "
    "not be able to read the file.")
SETTING_AUTH("issuer", issuer, TEXT, "", "", "256",
    "jwt: the iss that a token must have. Without this setting: any, or none.")
SETTING_AUTH("audience", audience, TEXT, "", "", "256",
    "jwt: the aud that a token must have, perhaps beside others. Without this "
    "setting it must have none: one that has is for somebody else.")
SETTING_AUTH("leeway", leeway, TIME, "30s", "0s", "10m",
    "jwt: how far clocks may differ where exp, nbf and iat are looked at.")
SETTING_AUTH("require_exp", require_exp, BOOL, "yes", "", "",
    "jwt: must a token say by exp when it ends?")
SETTING_AUTH("identity", identity, TEXT, "sub", "", "64",
    "jwt: the claim that says who asks. A token without it lets nobody in.")
SETTING_AUTH("plan", plan, TEXT, "", "", "64",
    "jwt: the claim that names the client's plan. Without this setting: none "
    "does.")
SETTING_AUTH("claims", claims, PAIRS, "", "", "",
    "jwt: claims that origins are sent, each in a field: CLAIM:FIELD, parted "
    "by commas. What clients send in such a field goes to no origin at all.")
SETTING_AUTH("cookie", cookie, TEXT, "", "", "64",
    "jwt: the cookie that has the token where the field Authorization has "
    "none. Origins are not sent it, unless a route says pass-auth.")
SETTING_AUTH("url", url, URL, "", "", "",
    "forward: the service that is asked, written out: "
    "http://HOST[:PORT]/PATH, the same of https, or unix:/SOCKET:/PATH. "
    "[egress] holds for it as for an origin whose URL has no variables.")
SETTING_AUTH("timeout", timeout, TIME, "5s", "1ms", "1h",
    "forward: the service has so long for its whole answer; without one nobody "
    "is let in.")
SETTING_AUTH("tls", tls, NAME, "", "", "",
    "forward: the [tls:NAME] that says whom a service at https:// is verified "
    "against, and what it is shown. Without this setting: the system's "
    "authorities, and nothing.")
SETTING_AUTH("copy", copy, FIELDS, "", "", "",
    "forward: header fields of the service's yes that the origin gets. No "
    "client may send them on to any origin; Authorization only where this "
    "section is asked.")
SETTING_AUTH("tells", tells, PAIRS, "", "", "",
    "forward: header fields of the service's yes that tell of who asks: "
    "K:FIELD, parted by commas, each for {auth.K}. Of K, identity is who it "
    "is, and plan names the client's plan.")
SETTING_AUTH("ttl", ttl, TIME, "0s", "0s", "1d",
    "forward: a yes is good so long for whatever the service would be asked "
    "in the same words; less, where its Cache-Control or Expires says so, or a "
    "JSON Web Token in the request ends. 0s: it is asked each time.")
SETTING_AUTH("ttl_by", ttl_by, FIELDS, "", "", "",
    "forward: the header fields that alone decide what the service says: "
    "within 'ttl', a yes is good for all requests that have the same ones, "
    "whatever their host, method and URL. Without this setting all must be the "
    "same that the service is sent, X-Request-Id and traceparent apart.")
SETTING_SIGN("secret", secret, PATH, "", "", "",
    "What the router and the origin know, and nobody else: one line of 16 to "
    "1024 printable characters, as 'openssl rand -hex 32' makes it. Others "
    "may not be able to read the file.")
SETTING_SIGN("header", header, FIELD, "X-Router-Signature", "", "",
    "The field that has the signature. No client may send it on to any "
    "origin.")
SETTING_PLAN("rate", rate, RATE, "", "1/d", "50000/s",
    "So many requests in a time, counted together by all routers of this "
    "machine; more are answered 429. Without this setting: no limit.")
SETTING_PLAN("burst", burst, COUNT, "0", "0", "1000000",
    "So many of them may come at once, if there were none before; 0: as many "
    "as 'rate' says for a second, at least one.")
SETTING_PLAN("concurrency", concurrency, COUNT, "0", "0", "4095",
    "So many requests may be under way at once, counted together by all "
    "routers of this machine; more are answered 429. 0: no limit.")
SETTING_PLAN("origin_time", origin_time, TIME, "0s", "0s", "7d",
    "How long origins may take for a request, from the first attempt to the "
    "end of the answer, all attempts together; then it is answered 504. 0s: "
    "no limit.")
SETTING_PLAN("subrequests", subrequests, COUNT, "0", "0", "1000",
    "How many origins, and services that authenticate, may be asked for one "
    "request; then it is answered 503. 0: no limit.")
SETTING_PLAN("max_body", max_body, SIZE, "1024g", "0", "1024g",
    "The largest request body, where nothing else allows less; a larger one "
    "is answered 413.")
SETTING_PLAN("bandwidth", bandwidth, SIZE, "0", "0", "1024g",
    "So many bytes a second of answers' bodies, counted together by all "
    "routers of this machine; answers wait, and none is refused. 0: no "
    "limit.")
SETTING_PLAN("count_by", count_by, BY, "client_ip", "",
    "client_ip|host|identity",
    "Whose requests are counted together: those of a client's address, of "
    "IPv6 of its /64; of a host; of who authentication says asks; or of a "
    "value of the tag K. Where a request has no such tag, or before it is "
    "known who asks, its client's address counts.")
SETTING_PLAN("dry_run", dry_run, BOOL, "no", "", "",
    "Only count: what would be refused passes, and the field limit of the "
    "access log has the word that it would have been refused for.")
SETTING_FORMAT("log_format", line, LINE, "", "", "1000",
    "The form of a line: text, and fields in braces.")

#undef SETTING
#undef SETTING_LOG
#undef SETTING_EGRESS
#undef SETTING_TLS
#undef SETTING_AUTH
#undef SETTING_SIGN
#undef SETTING_PLAN
#undef SETTING_FORMAT
