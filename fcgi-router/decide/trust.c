/* SPDX-License-Identifier: BSD-2-Clause */

/* trust: addresses are read from the end of their list, where the proxy next
 * to us has written; other fields must say one thing. */

#include "decide/trust.h"

#include "base/buf.h"
#include "http/host.h"

/* ---- the list of addresses ---- */

void
trust_begin(struct trust_walk *w, const struct header *fields)
{
	*w = (struct trust_walk){ .fields = fields, .field = fields->count };
}

/* The last element of *list, which then ends before it; empty at its end.
 * A quote is a byte like any other: one that a client has put in must not
 * hide what was written behind it. */
static struct str
trust_cut_last(struct str *list)
{
	size_t at = list->n;
	struct str element;

	while (at > 0 && list->p[at - 1] != ',')
		at--;
	element = str_trim(str_sub(*list, at, list->n));
	*list = str_sub(*list, 0, at > 0 ? at - 1 : 0);
	return element;
}

bool
trust_next(struct trust_walk *w, struct str *element)
{
	for (;;) {
		while (w->left.n > 0) {
			*element = trust_cut_last(&w->left);
			if (element->n > 0)
				return true;
		}
		if (w->field == 0)
			return false;
		w->field--;
		if (w->fields->fields[w->field].id == NAME_X_FORWARDED_FOR)
			w->left = w->fields->fields[w->field].value;
	}
}

/* ":80" */
static bool
trust_is_port(struct str s)
{
	uint64_t port;

	return s.p[0] == ':' &&
	    str_to_u64(str_sub(s, 1, s.n), UINT16_MAX, &port);
}

/* "192.0.2.1:80" has one colon, an address of IPv6 has more. */
static bool
trust_has_port(struct str element)
{
	struct str before, after;

	return str_cut(element, ':', &before, &after) &&
	    str_find(after, ':') == after.n;
}

bool
trust_address(struct str element, struct str *address)
{
	bool bracket = str_starts(element, STR("["));
	struct str port = { NULL, 0 };

	*address = element;
	if (bracket) {
		if (!str_cut(str_sub(element, 1, element.n), ']', address,
		    &port))
			return false;
	} else if (trust_has_port(element)) {
		*address = str_sub(element, 0, str_find(element, ':'));
		port = str_sub(element, address->n, element.n);
	}
	if (port.n > 0 && !trust_is_port(port))
		return false;
	if (bracket && str_find(*address, ':') == address->n)
		return false; /* only IPv6 stands in brackets */
	return cidr_is_address(*address);
}

/* The one spelling in which addresses are logged, counted and compared. */
static int
trust_spell(struct str address, struct arena *a, struct str *out,
    struct err *e)
{
	struct cidr one;
	struct buf text;
	bool put;

	CHECK(cidr_parse(str_sub(address, 0, str_find(address, '%')), &one));
	buf_init(&text, CIDR_TEXT_MAX);
	put = cidr_print(&one, &text) == 0;
	*out = put ? arena_copy(a, buf_view(&text)) : (struct str){ NULL, 0 };
	buf_fini(&text);
	return out->p != NULL ? 0 :
	    err_set(e, REASON_OVERLOADED, "no room for an address");
}

/*
 * The client is whom the first proxy of ours has seen. What is no address
 * ends the walk as well: to its left nothing is known of who wrote it.
 */
static int
trust_client(const struct cidr *proxies, size_t count, struct request *r,
    struct arena *a, struct err *e)
{
	struct str found = r->peer, element, address;
	struct trust_walk w;

	trust_begin(&w, &r->fields);
	while (cidr_holds(proxies, count, found) && trust_next(&w, &element) &&
	    trust_address(element, &address)) {
		found = address;
		r->hops++;
	}
	return r->hops == 0 ? 0 : trust_spell(found, a, &r->client_ip, e);
}

/* ---- what is said once ---- */

/*
 * 1: all elements of all fields of that name say *said, in whatever case; 0:
 * there is none; -1: they contradict each other, and nobody knows whose is
 * right.
 */
static int
trust_said(const struct header *fields, enum name name, struct str *said)
{
	struct str element;
	size_t i, at;

	*said = (struct str){ NULL, 0 };
	for (i = 0; i < fields->count; i++) {
		if (fields->fields[i].id != name)
			continue;
		for (at = 0; header_list_next(fields->fields[i].value, &at,
		    &element);) {
			if (said->n > 0 && !str_eq_nocase(*said, element))
				return -1;
			*said = element;
		}
	}
	return said->n > 0;
}

static void
trust_scheme(struct request *r)
{
	struct str said;

	if (trust_said(&r->fields, NAME_X_FORWARDED_PROTO, &said) != 1)
		return;
	if (str_eq_nocase(said, STR("https")))
		r->scheme = STR("https");
	else if (str_eq_nocase(said, STR("http")))
		r->scheme = STR("http");
}

static int
trust_host(struct request *r, struct err *e)
{
	struct host host;
	struct str said;
	uint16_t port;
	int got = trust_said(&r->fields, NAME_X_FORWARDED_HOST, &said);

	if (got == -1)
		return err_set(e, REASON_BAD_HOST,
		    "X-Forwarded-Host names several hosts");
	if (got == 0)
		return 0;
	if (host_parse_port(said, &host, &port, e) == -1)
		return -1;
	r->host = host;
	r->port = port;
	return 0;
}

static void
trust_id(struct request *r)
{
	const struct header *h = &r->fields;
	struct str said = { NULL, 0 };
	size_t i;

	for (i = 0; i < h->count; i++) {
		if (h->fields[i].id != NAME_X_REQUEST_ID)
			continue;
		if (said.p != NULL)
			return;
		said = h->fields[i].value;
	}
	if (said.n <= REQUEST_ID_MAX && header_is_token(said))
		r->id = said;
}

int
trust_request(const struct cidr *proxies, size_t count, bool host,
    struct request *r, struct arena *a, struct err *e)
{
	r->trusted = count > 0 && cidr_holds(proxies, count, r->peer);
	if (!r->trusted)
		return 0;
	trust_id(r);
	trust_scheme(r);
	if (trust_client(proxies, count, r, a, e) == -1)
		return -1;
	return host ? trust_host(r, e) : 0;
}
