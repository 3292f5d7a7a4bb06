/* SPDX-License-Identifier: BSD-2-Clause */

/* client_key: one reading for each kind of key. */

#include "decide/client_key.h"

#include "base/cidr.h"
#include "base/hash.h"

enum { CLIENT_KEY_V6 = 8 }; /* bytes of a /64 */

/* Text that is no address ("unix:" and the like) counts as it is. */
static void
client_key_address(const struct request *r, struct client_key *out)
{
	out->from = CLIENT_KEY_ADDRESS;
	out->text = r->client_ip;
	if (cidr_read(r->client_ip, out->room))
		out->text = (struct str){ (const char *)out->room,
			cidr_is_v4(out->room) ? sizeof(out->room) :
			    CLIENT_KEY_V6 };
}

/* The first that is not empty. */
static struct str
client_key_cookie(const struct header *h, struct str name)
{
	struct str left, value;
	size_t i;

	for (i = 0; i < h->count; i++) {
		left = h->fields[i].value;
		if (h->fields[i].id != NAME_COOKIE)
			continue;
		while (header_cookie_next(&left, name, &value))
			if (value.n > 0)
				return value;
	}
	return (struct str){ NULL, 0 };
}

static void
client_key_of_cookie(struct str name, const struct request *r,
    struct client_key *out)
{
	out->from = CLIENT_KEY_ASKED;
	out->text = client_key_cookie(&r->fields, name);
	if (out->text.n > 0)
		return;
	out->from = CLIENT_KEY_OWN;
	out->text = client_key_cookie(&r->fields, STR(CLIENT_KEY_COOKIE));
	if (out->text.n > 0 && out->text.n <= CLIENT_KEY_ID_MAX)
		return;
	out->from = CLIENT_KEY_NONE;
	out->text = (struct str){ NULL, 0 };
}

void
client_key(const struct balance_by *by, const struct request *r,
    struct client_key *out)
{
	switch (by->key) {
	case BALANCE_KEY_COOKIE:
		client_key_of_cookie(by->name, r, out);
		return;
	case BALANCE_KEY_HEADER:
	case BALANCE_KEY_PATH:
		out->from = CLIENT_KEY_ASKED;
		out->text = by->key == BALANCE_KEY_PATH ? r->path.text :
		    header_get(&r->fields, by->name);
		if (out->text.n > 0)
			return;
		break;
	case BALANCE_KEY_CLIENT_IP:
	case BALANCE_KEY_COUNT:
		break;
	}
	client_key_address(r, out);
}

struct str
client_key_id(char room[CLIENT_KEY_ID])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[CLIENT_KEY_ID / 2];
	size_t i;

	hash_random(bytes, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++) {
		room[2 * i] = digits[bytes[i] >> 4];
		room[2 * i + 1] = digits[bytes[i] & 15];
	}
	return (struct str){ room, CLIENT_KEY_ID };
}

struct str
client_key_set_cookie(struct str id, struct str scheme, struct arena *a)
{
	return ARENA_JOIN(a, STR(CLIENT_KEY_COOKIE "="), id,
	    STR("; Path=/; HttpOnly; SameSite=Lax"),
	    str_eq(scheme, STR("https")) ? STR("; Secure") : STR(""));
}
