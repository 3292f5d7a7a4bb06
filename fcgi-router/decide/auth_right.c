/* SPDX-License-Identifier: BSD-2-Clause */

/* auth_right: a table of digests, of which a newer one takes an older one's
 * place. */

#include "decide/auth_private.h"

#include <pthread.h>
#include <stdlib.h>

enum { AUTH_RIGHT_SETS = 1024, AUTH_RIGHT_WAYS = 4 };

struct auth_right {
	unsigned char key[DIGEST_SIZE]; /* of the digests, known to nobody */
	pthread_mutex_t lock;           /* guards turn and sets */
	unsigned turn;
	struct digest sets[AUTH_RIGHT_SETS][AUTH_RIGHT_WAYS];
};

struct auth_right *
auth_right_new(void)
{
	struct auth_right *r = malloc(sizeof(*r));

	CHECK(r != NULL);
	hash_random(r->key, sizeof(r->key));
	hash_random(r->sets, sizeof(r->sets)); /* as good as empty */
	r->turn = 0;
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void
auth_right_free(struct auth_right **r)
{
	if (*r == NULL)
		return;
	pthread_mutex_destroy(&(*r)->lock);
	digest_wipe(*r, sizeof(**r));
	free(*r);
	*r = NULL;
}

static struct digest *
auth_right_set(struct auth_right *r, const struct digest *d)
{
	return r->sets[(d->bytes[0] << 8 | d->bytes[1]) % AUTH_RIGHT_SETS];
}

int
auth_right_knows(struct auth_right *r, struct str what, struct digest *d,
    struct err *e)
{
	const struct digest *set;
	bool known = false;
	size_t i;

	if (digest_keyed((struct str){ (char *)r->key, sizeof(r->key) }, what,
	    d, e) == -1)
		return -1;
	set = auth_right_set(r, d);
	pthread_mutex_lock(&r->lock);
	for (i = 0; i < AUTH_RIGHT_WAYS; i++)
		known = digest_same(&set[i], d) || known;
	pthread_mutex_unlock(&r->lock);
	return known;
}

void
auth_right_note(struct auth_right *r, const struct digest *d)
{
	pthread_mutex_lock(&r->lock);
	auth_right_set(r, d)[r->turn++ % AUTH_RIGHT_WAYS] = *d;
	pthread_mutex_unlock(&r->lock);
}
