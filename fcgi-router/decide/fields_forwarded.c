/* SPDX-License-Identifier: BSD-2-Clause */

/* fields_forwarded: what an origin is told of the client and of the way here;
 * and how often that way led through this router. */

#include "decide/fields_private.h"

#include "base/buf.h"
#include "decide/trust.h"

enum {
	FIELDS_NODE_MAX = 64,                 /* bytes of an address */
	FIELDS_CHAIN_MAX = 2 * REQUEST_HEADER_MAX /* of all, with commas */
};

static const struct str fields_self = { "fcgi-router", 11 };

/* ---- the way here ---- */

static void
fields_cut_blank(struct str s, struct str *before, struct str *after)
{
	size_t space = str_find(s, ' '), tab = str_find(s, '\t');
	size_t at = space < tab ? space : tab;

	*before = str_sub(s, 0, at);
	*after = str_sub(s, at, s.n);
}

/* "1.1 fcgi-router", "HTTP/1.1 fcgi-router (comment)": RFC 9110 7.6.3. */
static bool
fields_is_self(struct str element)
{
	struct str protocol, by, more;

	fields_cut_blank(str_trim(element), &protocol, &by);
	fields_cut_blank(str_trim(by), &by, &more);
	return str_eq_nocase(by, fields_self);
}

/*
 * Web servers join the fields. Each comma parts two elements, also within a
 * quote or a comment: a client that has left one open must not hide from us
 * that we were here.
 */
int
fields_hops(const struct header *sent)
{
	struct str list, element;
	int hops = 0;
	size_t i;

	for (i = 0; i < sent->count; i++) {
		if (sent->fields[i].id != NAME_VIA)
			continue;
		for (list = sent->fields[i].value; list.n > 0;) {
			(void)str_cut(list, ',', &element, &list);
			hops += fields_is_self(element);
		}
	}
	return hops;
}

/* ---- who asks ---- */

/* What a trusted peer says, and the peer; of another one the peer alone. */
static struct str
fields_chain(const struct request *r, struct arena *a)
{
	struct buf text;
	struct str chain;
	bool put = true;
	size_t i;

	if (!r->trusted || header_known(&r->fields, NAME_X_FORWARDED_FOR) ==
	    NULL)
		return r->peer;
	buf_init(&text, FIELDS_CHAIN_MAX);
	for (i = 0; i < r->fields.count; i++) {
		const struct header_field *f = &r->fields.fields[i];

		if (f->id == NAME_X_FORWARDED_FOR && f->value.n > 0)
			put = put && buf_put(&text, f->value) == 0 &&
			    buf_put(&text, STR(", ")) == 0;
	}
	put = put && buf_put(&text, r->peer) == 0;
	chain = put ? arena_copy(a, buf_view(&text)) :
	    (struct str){ NULL, 0 };
	buf_fini(&text);
	return chain;
}

/* An address as RFC 7239 6 spells it. */
static struct str
fields_node(struct str address, struct arena *a)
{
	if (address.n == 0 || address.n > FIELDS_NODE_MAX ||
	    !cidr_is_address(address))
		return STR("unknown");
	return str_find(address, ':') < address.n ?
	    ARENA_JOIN(a, STR("\"["), address, STR("]\"")) : address;
}

/*
 * The client, then each proxy that is trusted, and the peer: not a word of it
 * is the client's own.
 */
static struct str
fields_forwarded(const struct request *r, struct str host, struct arena *a)
{
	struct str text, element, address, node;
	struct str proxies = STR("");
	struct trust_walk w;
	size_t i;

	trust_begin(&w, &r->fields);
	for (i = 1; i < r->hops && proxies.p != NULL; i++) {
		CHECK(trust_next(&w, &element) &&
		    trust_address(element, &address));
		node = fields_node(address, a);
		proxies = ARENA_JOIN(a, STR(", for="), node, proxies);
	}
	node = fields_node(r->client_ip, a);
	text = ARENA_JOIN(a, STR("for="), node, STR(";host=\""), host,
	    STR("\";proto="), r->scheme, proxies);
	if (r->hops == 0 || a->full)
		return text;
	node = fields_node(r->peer, a);
	return ARENA_JOIN(a, text, STR(", for="), node);
}

int
fields_add_forwarded(const struct fields_to_origin *in, struct arena *a,
    struct header *out)
{
	const struct request *r = in->request;
	struct str host = target_host_asked(r, a);
	struct str chain = fields_chain(r, a);
	bool real = r->trusted &&
	    header_known(&r->fields, NAME_X_REAL_IP) != NULL;

	if (chain.p == NULL && r->peer.n > 0)
		return -1;
	if (chain.n > 0 && header_is_value(chain) &&
	    header_put(out, NAME_X_FORWARDED_FOR, chain) == -1)
		return -1;
	if (header_put(out, NAME_X_FORWARDED_PROTO, r->scheme) == -1 ||
	    header_put(out, NAME_X_FORWARDED_HOST, host) == -1)
		return -1;
	if (real && header_put(out, NAME_X_REAL_IP, r->client_ip) == -1)
		return -1;
	if (in->forwarded && header_put(out, NAME_FORWARDED,
	    fields_forwarded(r, host, a)) == -1)
		return -1;
	return a->full ? -1 : 0;
}
