/* SPDX-License-Identifier: BSD-2-Clause */

/* digest: libcrypto's one-call functions. */

#include "base/digest.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

#include "base/late.h"

LATE_NOTE(digest_note, "auth", "Authentication and signatures",
    CRYPTO_SONAME);

static struct digest_calls {
	__typeof__(SHA256) *sha256;
	__typeof__(EVP_sha256) *evp_sha256;
	__typeof__(HMAC) *hmac;
} digest_calls; /* filled before digest_loaded is set, never changed then */

static struct err digest_why; /* it is not loaded */
static bool digest_loaded;

static void
digest_load(void)
{
	static const struct late_call list[] = {
		LATE_CALL(digest_calls, sha256, "SHA256"),
		LATE_CALL(digest_calls, evp_sha256, "EVP_sha256"),
		LATE_CALL(digest_calls, hmac, "HMAC")
	};

	digest_loaded = late_load(CRYPTO_SONAME, list,
	    sizeof(list) / sizeof(list[0]), &digest_calls, &digest_why) == 0;
}

int
digest_begin(struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	CHECK(pthread_once(&once, digest_load) == 0);
	if (digest_loaded)
		return 0;
	*e = digest_why;
	return -1;
}

int
digest_of(struct str data, struct digest *out, struct err *e)
{
	static const unsigned char nothing[1];

	if (digest_begin(e) == -1)
		return -1;
	if (digest_calls.sha256(data.n > 0 ? (const unsigned char *)data.p :
	    nothing, data.n, out->bytes) == NULL)
		return err_set(e, REASON_INTERNAL,
		    "libcrypto cannot make a SHA-256");
	return 0;
}

int
digest_keyed(struct str key, struct str data, struct digest *out,
    struct err *e)
{
	static const unsigned char nothing[1];

	if (digest_begin(e) == -1)
		return -1;
	CHECK(key.n <= INT_MAX);
	if (digest_calls.hmac(digest_calls.evp_sha256(),
	    key.n > 0 ? (const void *)key.p : nothing, (int)key.n,
	    data.n > 0 ? (const unsigned char *)data.p : nothing, data.n,
	    out->bytes, NULL) == NULL)
		return err_set(e, REASON_INTERNAL,
		    "libcrypto cannot make an HMAC");
	return 0;
}

bool
digest_equal(struct str a, struct str b)
{
	volatile char differ = 0; /* no early end is made of it */
	size_t i;

	if (a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++)
		differ = (char)(differ | (a.p[i] ^ b.p[i]));
	return differ == 0;
}

bool
digest_same(const struct digest *a, const struct digest *b)
{
	return digest_equal((struct str){ (const char *)a->bytes, DIGEST_SIZE },
	    (struct str){ (const char *)b->bytes, DIGEST_SIZE });
}

void
digest_print(const struct digest *d, char to[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < DIGEST_SIZE; i++) {
		to[2 * i] = digits[d->bytes[i] >> 4];
		to[2 * i + 1] = digits[d->bytes[i] & 15];
	}
}

bool
digest_read(struct str text, struct digest *out)
{
	size_t i;

	if (text.n != DIGEST_HEX)
		return false;
	for (i = 0; i < DIGEST_SIZE; i++) {
		int high = str_hex(text.p[2 * i]);
		int low = str_hex(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out->bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

void
digest_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}
