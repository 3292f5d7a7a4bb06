# SPDX-License-Identifier: BSD-2-Clause
"""rows_variables: CGI variables, and what the origin must see.

For what no web server of the examples lets through, gives or lacks, yet a
peer at the FastCGI socket may. The same rows are given to the router as a CGI
program; cgi= where that differs, None where it cannot be.
"""

import functools

import request_row
from request_row import no, row

VARIABLES_MAP = """\
site.test       {url}
small.test      {url}                     max-body=4
server.test     {url}/server
"""

see = functools.partial(request_row.see, client="192.0.2.9")
torn = functools.partial(request_row.torn, client="192.0.2.9")

BASE = ("GATEWAY_INTERFACE=CGI/1.1", "REQUEST_METHOD=GET", "REQUEST_URI=/",
        "SERVER_PROTOCOL=HTTP/1.1", "SERVER_NAME=server.test",
        "SERVER_PORT=80", "REMOTE_ADDR=192.0.2.9", "SERVER_SOFTWARE=peer",
        "HTTP_HOST=site.test")
URI_PARTS = ("-REQUEST_URI", "SCRIPT_NAME=/app")

# What the limit of 64 KiB counts besides a value of HTTP_X.
COUNTED = len("HOST" + "site.test" + "X")

RULES = {}


def rule(sentence, *rows):
    RULES[sentence] = rows


def given(*variables, body=b""):
    """BASE and more: "-NAME" takes one away, "NAME=..." of BASE replaces."""
    taken = {v.lstrip("-").partition("=")[0] for v in variables}
    return [v for v in BASE if v.partition("=")[0] not in taken] + [
        v for v in variables if v[0] != "-"], request_row.data(body)


def many(count):
    return [f"HTTP_X_{n}=v" for n in range(count)]


def many_fields(count):
    return [f"X-{n}: v" for n in range(count)]


CGI_SPOOLS = "spools the body, and knows its length then"
CGI_READS = "reads no more than CONTENT_LENGTH (RFC 3875 4.2)"
CGI_WAITS = "spools the body before the origin is asked"

rule(
    "the method is a token",
    row("method-missing", given("-REQUEST_METHOD"), no(400, "bad-request")),
    row("method-empty", given("REQUEST_METHOD="), no(400, "bad-request")),
    row("method-space", given("REQUEST_METHOD=G T"), no(400, "bad-request")),
    row("method-line", given("REQUEST_METHOD=GET / HTTP/1.1\r\nX: y"),
        no(400, "bad-request")),
    row("method-control", given("REQUEST_METHOD=G\x01T"),
        no(400, "bad-request")),
    row("method-parentheses", given("REQUEST_METHOD=(GET)"),
        no(400, "bad-request")),
    row("method-high-byte", given("REQUEST_METHOD=G\xc4T"),
        no(400, "bad-request")),
    row("method-connect", given("REQUEST_METHOD=CONNECT"),
        no(400, "bad-request")),
    row("method-nul", given("REQUEST_METHOD=GET\0X"), no(400, "bad-request"),
        cgi=None),
)
rule(
    "header names are tokens, values hold no control bytes but TAB",
    row("value-lf", given("HTTP_X_A=a\nX-B: b"), no(400, "bad-request")),
    row("value-crlf", given("HTTP_X_A=a\r\n\r\nGET / HTTP/1.1\r\n"),
        no(400, "bad-request")),
    row("value-cr", given("HTTP_X_A=a\rb"), no(400, "bad-request")),
    row("value-control", given("HTTP_X_A=a\x01b"), no(400, "bad-request")),
    row("value-delete", given("HTTP_X_A=a\x7fb"), no(400, "bad-request")),
    row("value-nul", given("HTTP_X_A=a\0b"), no(400, "bad-request"),
        cgi=None),
    row("value-tab", given("HTTP_X_A=a\tb\xe4"), see("/", "X-A: a\tb\xe4")),
    row("value-blanks", given("HTTP_X_A= \ta\t "), see("/", "X-A: a")),
    row("value-equals", given("HTTP_X_A=a=b="), see("/", "X-A: a=b=")),
    row("value-not-forwarded", given("HTTP_TE=a\nb"), no(400, "bad-request")),
    row("name-empty", given("HTTP_=a"), no(400, "bad-request")),
    row("name-space", given("HTTP_X A=a"), no(400, "bad-request")),
    row("name-colon", given("HTTP_X:A=a"), no(400, "bad-request")),
    row("name-lf", given("HTTP_X\nA=a"), no(400, "bad-request")),
    row("name-high-byte", given("HTTP_X\xc4=a"), no(400, "bad-request")),
    row("name-nul", given("HTTP_X\0A=a"), no(400, "bad-request"), cgi=None),
    row("name-of-no-field", given("http_x_a=a", "HTTPS_X=b", "XHTTP_A=c",
                                  "HTTP=d"), see("/")),
    row("type-lf", given("CONTENT_TYPE=a/b\r\nX: y"), no(400, "bad-request")),
    row("type-control", given("CONTENT_TYPE=a\x01"), no(400, "bad-request")),
)
rule(
    "the host: HTTP_HOST, else SERVER_NAME; anything else is bad-host",
    row("host-missing", given("-HTTP_HOST"),
        see("/server/", host="server.test")),
    row("host-empty", given("HTTP_HOST="),
        see("/server/", host="server.test")),
    row("host-both-missing", given("-HTTP_HOST", "-SERVER_NAME"),
        no(400, "bad-host")),
    row("host-both-empty", given("HTTP_HOST=", "SERVER_NAME="),
        no(400, "bad-host")),
    row("host-server-name-port", given("-HTTP_HOST",
                                       "SERVER_NAME=Server.Test.:81"),
        see("/server/", host="server.test:81")),
    row("host-server-name-bad", given("-HTTP_HOST", "SERVER_NAME=a b"),
        no(400, "bad-host")),
    row("host-twice-same",
        given("HTTP_HOST=site.test", "HTTP_HOST=SITE.test."), see("/"),
        cgi=None),
    row("host-twice", given("HTTP_HOST=site.test", "HTTP_HOST=server.test"),
        no(400, "bad-host"), cgi=None),
    row("host-twice-one-empty", given("HTTP_HOST=", "HTTP_HOST=site.test"),
        see("/"), cgi=None),
    row("host-control", given("HTTP_HOST=site\x01.test"),
        no(400, "bad-host")),
    row("host-crlf", given("HTTP_HOST=site.test\r\nX: y"),
        no(400, "bad-host")),
    row("host-nul", given("HTTP_HOST=site.test\0.evil.test"),
        no(400, "bad-request"), cgi=None),
    row("host-space", given("HTTP_HOST= site.test"), no(400, "bad-host")),
    row("host-list", given("HTTP_HOST=site.test,other.test"),
        no(400, "bad-host")),
    row("host-absolute", given("REQUEST_URI=http://site.test/a",
                               "HTTP_HOST=server.test"), see("/a")),
    row("host-absolute-bad", given("REQUEST_URI=http://si te/a"),
        no(400, "bad-host")),
    row("host-absolute-empty", given("REQUEST_URI=http://"),
        no(400, "bad-host")),
    row("host-absolute-control", given("REQUEST_URI=http://a\x01b/"),
        no(400, "bad-host")),
)
rule(
    "the target: from REQUEST_URI only, which holds no control bytes, no "
    "space, no '#', and begins with '/'",
    row("target", given("REQUEST_URI=/a%2fb?c", "SCRIPT_NAME=/x",
                        "PATH_INFO=/y", "DOCUMENT_URI=/z", "QUERY_STRING=d",
                        "PATH_TRANSLATED=/e", "REDIRECT_URL=/f"),
        see("/a%2Fb?c")),
    row("target-twice", given("REQUEST_URI=/a", "REQUEST_URI=/b"), see("/b"),
        cgi=None),
    row("target-space", given("REQUEST_URI=/a b"), no(400, "bad-path")),
    row("target-tab", given("REQUEST_URI=/a\tb"), no(400, "bad-path")),
    row("target-cr-lf", given("REQUEST_URI=/a HTTP/1.1\r\nX: y"),
        no(400, "bad-path")),
    row("target-control", given("REQUEST_URI=/a\x01"), no(400, "bad-path")),
    row("target-delete", given("REQUEST_URI=/a\x7f"), no(400, "bad-path")),
    row("target-hash", given("REQUEST_URI=/x/#y"), no(400, "bad-path")),
    row("target-nul", given("REQUEST_URI=/a\0b"), no(400, "bad-request"),
        cgi=None),
    row("query-lf", given("REQUEST_URI=/?a\nb"), no(400, "bad-path")),
    row("query-space", given("REQUEST_URI=/?a b"), no(400, "bad-path")),
    row("query-hash", given("REQUEST_URI=/?a#b"), no(400, "bad-path")),
    row("target-relative", given("REQUEST_URI=a"), no(400, "bad-path")),
    row("target-query-alone", given("REQUEST_URI=?a"), no(400, "bad-path")),
    row("target-asterisk", given("REQUEST_URI=*"), no(400, "bad-path")),
    row("target-scheme", given("REQUEST_URI=ftp://site.test/"),
        no(400, "bad-path")),
    row("escape-cut", given("REQUEST_URI=/%4"), no(400, "bad-path")),
    row("escape-no-hex", given("REQUEST_URI=/%zz"), no(400, "bad-path")),
    row("escape-nul", given("REQUEST_URI=/a%00"), no(400, "bad-path")),
    row("backslash", given("REQUEST_URI=/a\\b"), no(400, "bad-path")),
    row("dots-above-root", given("REQUEST_URI=/a/../../b"),
        no(400, "bad-path")),
    row("dots-hidden", given("REQUEST_URI=/a/%2e%2e%5cb"),
        no(400, "bad-path")),
    row("target-high-bytes", given("REQUEST_URI=/\xe4?\xe4"),
        see("/%E4?\xe4")),
    row("target-16384", given("REQUEST_URI=/" + "a" * 16383),
        see("/" + "a" * 16383)),
    row("target-16385", given("REQUEST_URI=/" + "a" * 16384),
        no(414, "uri-too-long")),
)
rule(
    "without REQUEST_URI: SCRIPT_NAME and PATH_INFO, which are decoded",
    row("parts", given(*URI_PARTS, "PATH_INFO=/x y", "QUERY_STRING=q=1"),
        see("/app/x%20y?q=1")),
    row("parts-empty-uri", given("REQUEST_URI=", "SCRIPT_NAME=/app"),
        see("/app")),
    row("parts-encoded", given(*URI_PARTS, "PATH_INFO=/a%2f#?\\\x01"),
        see("/app/a%252f%23%3F%5C%01")),
    row("parts-high-bytes", given(*URI_PARTS, "PATH_INFO=/\xc3\xbc"),
        see("/app/%C3%BC")),
    row("parts-dots", given(*URI_PARTS, "PATH_INFO=/../../b"),
        no(400, "bad-path")),
    row("parts-bad-query", given(*URI_PARTS, "QUERY_STRING=a b"),
        no(400, "bad-path")),
    row("parts-none", given("-REQUEST_URI"), no(400, "bad-path")),
    row("parts-too-long", given(*URI_PARTS, "PATH_INFO=/" + "a" * 16384),
        no(414, "uri-too-long")),
)
rule(
    "header fields: HTTP_* in order, repeated ones kept; CONTENT_TYPE last",
    row("order", given("HTTP_X_B=1", "CONTENT_TYPE=a/b", "HTTP_X_A=2",
                       "HTTP_COOKIE=c=d"),
        see("/", "X-B: 1", "X-A: 2", "Cookie: c=d", "Content-Type: a/b")),
    row("repeated", given("HTTP_X_A=1", "HTTP_COOKIE=a=1", "HTTP_X_A=2"),
        see("/", "X-A: 1", "Cookie: a=1", "X-A: 2"), cgi=None),
    row("other-variables", given("REMOTE_USER=u", "AUTH_TYPE=Basic",
                                 "PATH=/bin", "X_A=1", "HTTP2=on"),
        see("/")),
    row("empty-as-nginx-gives", given("CONTENT_TYPE=", "CONTENT_LENGTH=",
                                      "REMOTE_USER=", "HTTPS=",
                                      "HTTP_AUTHORIZATION=", "HTTP_X_A="),
        see("/", "X-A: ")),
)
rule(
    "200 header fields and 64 KiB at most",
    row("fields-200", given(*many(199)), see("/", *many_fields(199))),
    row("fields-201", given(*many(200)), no(431, "headers-too-large")),
    row("fields-200-and-type", given(*many(199), "CONTENT_TYPE=a/b"),
        no(431, "headers-too-large")),
    row("bytes-65536", given("HTTP_X=" + "v" * (65536 - COUNTED)),
        see("/", "X: " + "v" * (65536 - COUNTED))),
    row("bytes-65537", given("HTTP_X=" + "v" * (65537 - COUNTED)),
        no(431, "headers-too-large")),
    row("bytes-120000", given("HTTP_X=" + "v" * 120000),
        no(431, "headers-too-large")),
)
rule(
    "Authorization: HTTP_AUTHORIZATION, else REDIRECT_HTTP_AUTHORIZATION",
    row("authorization", given("HTTP_AUTHORIZATION=Basic eDp5"),
        see("/", "Authorization: Basic eDp5")),
    row("authorization-redirect",
        given("REDIRECT_HTTP_AUTHORIZATION=Basic eDp5"),
        see("/", "Authorization: Basic eDp5")),
    row("authorization-both", given("REDIRECT_HTTP_AUTHORIZATION=Basic b",
                                    "HTTP_AUTHORIZATION=Basic a"),
        see("/", "Authorization: Basic a")),
    row("authorization-empty", given("HTTP_AUTHORIZATION=",
                                     "REDIRECT_HTTP_AUTHORIZATION=Basic b"),
        see("/", "Authorization: Basic b")),
    row("authorization-both-empty", given("HTTP_AUTHORIZATION=",
                                          "REDIRECT_HTTP_AUTHORIZATION="),
        see("/")),
    row("authorization-by-other-names",
        given("AUTHORIZATION=Basic a", "Authorization=Basic b",
              "REDIRECT_REDIRECT_HTTP_AUTHORIZATION=Basic c"), see("/")),
    row("authorization-control",
        given("REDIRECT_HTTP_AUTHORIZATION=Basic a\nX: b"),
        no(400, "bad-request")),
)
rule(
    "never forwarded, however the variable is spelled",
    row("proxy", given("HTTP_PROXY=http://127.0.0.1:1/"), see("/")),
    row("proxy-spelled", given("HTTP_Proxy=a", "HTTP_proxy=b"), see("/")),
    row("doubles", given("HTTP_CONTENT_LENGTH=77", "HTTP_CONTENT_TYPE=x/y",
                         "HTTP_Content-Length=78", "HTTP_content_type=z"),
        see("/")),
    row("one-hop", given("HTTP_TRANSFER_ENCODING=chunked", "HTTP_TE=a",
                         "HTTP_CONNECTION=X-A, X_B", "HTTP_X_A=1",
                         "HTTP_KEEP_ALIVE=1", "HTTP_TRAILER=a",
                         "HTTP_UPGRADE=h2c", "HTTP_HTTP2_SETTINGS=x",
                         "HTTP2_SETTINGS=y", "HTTP_PROXY_CONNECTION=z",
                         "HTTP_EXPECT=100-continue"), see("/")),
    row("one-hop-spelled", given("HTTP_TRANSFER-ENCODING=chunked",
                                 "HTTP_connection=a", "HTTP_X-ROUTER-A=b",
                                 "HTTP_X_router_B=c"), see("/")),
)
rule(
    "X-Forwarded-For and -Proto are the web server's REMOTE_ADDR and HTTPS",
    row("client-v6", given("REMOTE_ADDR=2001:db8::9"),
        see("/", client="2001:db8::9")),
    row("client-missing", given("-REMOTE_ADDR"), see("/", client=None)),
    row("client-empty", given("REMOTE_ADDR="), see("/", client=None)),
    row("https-on", given("HTTPS=on"), see("/", proto="https")),
    row("https-1", given("HTTPS=1"), see("/", proto="https")),
    row("https-off", given("HTTPS=off"), see("/")),
    row("scheme-https", given("REQUEST_SCHEME=https"),
        see("/", proto="https")),
    row("scheme-of-the-target", given("REQUEST_URI=https://site.test/a"),
        see("/a")),
)
rule(
    "body: CONTENT_LENGTH > 0 exact; 0 none, and nothing of it on a GET",
    row("length", given("REQUEST_METHOD=PUT", "CONTENT_LENGTH=3", body="abc"),
        see("PUT /", body="abc")),
    row("length-zeros", given("REQUEST_METHOD=PUT", "CONTENT_LENGTH=0003",
                              body="abc"), see("PUT /", body="abc")),
    row("length-0-get", given("CONTENT_LENGTH=0"), see("/")),
    row("length-0-post", given("REQUEST_METHOD=POST", "CONTENT_LENGTH=0"),
        see("POST /", body="")),
    row("length-lies", given("REQUEST_METHOD=PUT", "CONTENT_LENGTH=3",
                             "HTTP_CONTENT_LENGTH=2",
                             "HTTP_TRANSFER_ENCODING=chunked", body="abc"),
        see("PUT /", body="abc")),
    row("length-at-max-body", given("HTTP_HOST=small.test",
                                    "CONTENT_LENGTH=4", body="abcd"),
        see("/", host="small.test", body="abcd")),
    row("length-over-max-body", given("HTTP_HOST=small.test",
                                      "CONTENT_LENGTH=5", body="abcde"),
        no(413, "body-too-large")),
    row("length-over-by-far",
        given("CONTENT_LENGTH=9223372036854775807", body="a"),
        no(413, "body-too-large")),
)
rule(
    "body: CONTENT_LENGTH absent or empty: EOF is none, data goes chunked",
    row("absent-eof", given(), see("/")),
    row("absent-eof-post", given("REQUEST_METHOD=POST"),
        see("POST /", body="")),
    row("empty-eof", given("CONTENT_LENGTH="), see("/")),
    row("minus-1-eof", given("CONTENT_LENGTH=-1"), see("/")),
    row("absent-data", given("REQUEST_METHOD=POST", body="abc"),
        see("POST /", chunked="abc"),
        cgi=see("POST /", body="abc", why=CGI_SPOOLS)),
    row("empty-data", given("CONTENT_LENGTH=", body="abc"),
        see("/", chunked="abc"),
        cgi=see("/", body="abc", why=CGI_SPOOLS)),
    row("minus-1-data", given("CONTENT_LENGTH=-1", body="abc"),
        see("/", chunked="abc"),
        cgi=see("/", body="abc", why=CGI_SPOOLS)),
    row("absent-much-data", given("REQUEST_METHOD=PUT", body="a" * 100000),
        see("PUT /", chunked="a" * 100000),
        cgi=see("PUT /", body="a" * 100000, why=CGI_SPOOLS)),
    row("absent-over-max-body", given("HTTP_HOST=small.test", body="abcde"),
        no(413, "body-too-large")),
)
rule(
    "body: a CONTENT_LENGTH that is no number is refused",
    *(row(f"length-{name}", given("REQUEST_METHOD=POST",
                                  f"CONTENT_LENGTH={value}", body="abc"),
          no(400, "bad-request"))
      for name, value in (
          ("plus", "+3"), ("minus", "-3"), ("hex", "0x3"), ("tail", "3a"),
          ("space", "3 "), ("space-first", " 3"), ("list", "3, 3"),
          ("point", "3.0"), ("junk", "three"), ("lf", "3\n"),
          ("2-to-63", "9223372036854775808"), ("huge", "9" * 30))),
)
rule(
    "body: STDIN that ends early never looks whole, nor does more",
    row("short", given("REQUEST_METHOD=POST", "CONTENT_LENGTH=4", body="abc"),
        torn("POST /", promised=4, body="abc", status=400,
             reason="bad-request"),
        cgi=no(400, "bad-request", CGI_WAITS)),
    row("short-of-all", given("REQUEST_METHOD=POST", "CONTENT_LENGTH=4"),
        torn("POST /", promised=4, status=400, reason="bad-request"),
        cgi=no(400, "bad-request", CGI_WAITS)),
    row("more", given("REQUEST_METHOD=POST", "CONTENT_LENGTH=3",
                      body="abcGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        torn("POST /", promised=3, status=400, reason="bad-request"),
        cgi=see("POST /", body="abc", why=CGI_READS)),
    row("more-than-none", given("CONTENT_LENGTH=0", body="abc"),
        no(400, "bad-request"), cgi=see("/", why=CGI_READS)),
)
rule(
    "what the web server says about us is checked as well",
    row("namespace-no-name", given("ROUTER_NAMESPACE=a b"),
        no(400, "bad-request")),
    row("namespace-nul", given("ROUTER_NAMESPACE=a\0"),
        no(400, "bad-request"), cgi=None),
)
