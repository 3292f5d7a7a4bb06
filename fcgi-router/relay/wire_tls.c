/* SPDX-License-Identifier: BSD-2-Clause */

/* wire_tls: X509_STOREs, certificates and keys, counted by OpenSSL. */

#include "relay/wire_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/late.h"
#include "base/msg.h"

enum { WIRE_TLS_FILE_MAX = 16 << 20, WIRE_TLS_FILES = 3 };

struct wire_tls {
	atomic_int refs;
	char *name;             /* NULL: of what says no tls= */
	char *paths[WIRE_TLS_FILES]; /* "": no such file */
	struct file_id ids[WIRE_TLS_FILES]; /* of what was read */
	bool verify;
	struct wire_tls *system; /* whose store is used; NULL: the own one */
	X509 *cert;             /* NULL: none is shown */
	EVP_PKEY *key;
	OPENSSL_STACK *chain;   /* of X509 */
	atomic_bool warned;
	pthread_mutex_t lock;   /* guards store while it is read */
	X509_STORE *store;      /* the system's is NULL until the first use */
};

struct wire_tls_set {
	size_t count;
	struct wire_tls *list[]; /* the first has no name */
};

/* For whom mistakes of a section are. */
struct wire_tls_teller {
	const struct settings *s;
	const struct settings_tls *section;
	void (*tell)(void *arg, const char *line);
	void *arg;
};

/* ---- OpenSSL ---- */

LATE_NOTE(wire_tls_note, "https", "Origins with https", OPENSSL_SONAME);

/* Its functions; nothing that they make is there before they are. */
static struct {
#define CALL(name) __typeof__(name) *name; /* as declared there */
#include "relay/wire_tls.tbl.h"
#undef CALL
} ssl;

/* Loads it, if that was not done yet. 0, or -1: told. Thread-safe. */
static int
wire_tls_begin(void)
{
	static const struct late_call list[] = {
#define CALL(name) { #name, offsetof(__typeof__(ssl), name) },
#include "relay/wire_tls.tbl.h"
#undef CALL
	};
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool loaded; /* and this is what it guards */
	struct err e;
	bool there;

	pthread_mutex_lock(&lock);
	if (!loaded && late_load(OPENSSL_SONAME, list, sizeof(list) /
	    sizeof(list[0]), &ssl, &e) == 0)
		loaded = true;
	there = loaded;
	pthread_mutex_unlock(&lock);
	if (!there)
		msg_error("%s", e.text);
	return there ? 0 : -1;
}

static void
wire_tls_free_x509(void *x)
{
	ssl.X509_free(x);
}

static void
wire_tls_free_list(OPENSSL_STACK *list)
{
	ssl.OPENSSL_sk_pop_free(list, wire_tls_free_x509);
}

/* ---- one of them ---- */

static struct wire_tls *
wire_tls_new(void)
{
	struct wire_tls *t = calloc(1, sizeof(*t));

	CHECK(t != NULL);
	atomic_init(&t->refs, 1);
	atomic_init(&t->warned, false);
	t->verify = true;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

struct wire_tls *
wire_tls_take(struct wire_tls *t)
{
	int held = atomic_fetch_add(&t->refs, 1);

	CHECK(held > 0);
	return t;
}

void
wire_tls_drop(struct wire_tls **t)
{
	struct wire_tls *gone = *t;
	int i;

	*t = NULL;
	if (gone == NULL || atomic_fetch_sub(&gone->refs, 1) > 1)
		return;
	wire_tls_drop(&gone->system);
	if (gone->store != NULL)
		ssl.X509_STORE_free(gone->store);
	if (gone->key != NULL)
		ssl.EVP_PKEY_free(gone->key);
	if (gone->chain != NULL)
		wire_tls_free_list(gone->chain);
	if (gone->cert != NULL)
		ssl.X509_free(gone->cert);
	pthread_mutex_destroy(&gone->lock);
	for (i = 0; i < WIRE_TLS_FILES; i++)
		free(gone->paths[i]);
	free(gone->name);
	free(gone);
}

bool
wire_tls_verifies(const struct wire_tls *t)
{
	return t->verify;
}

bool
wire_tls_is_named(const struct wire_tls *t)
{
	return t->name != NULL;
}

void
wire_tls_warn(struct wire_tls *t, struct str origin)
{
	if (!t->verify && !atomic_exchange(&t->warned, true))
		msg_warning("%.*s is connected to without verifying who it "
		    "is: [tls:%s] says 'verify = no'", STR_ARG(origin),
		    t->name);
}

/* ---- files ---- */

/* Why the file cannot be used, or NULL; others: may they read it? */
static const char *
wire_tls_look(int fd, bool others, struct file_id *id)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || file_identify_fd(fd, id) == -1)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is no regular file";
	if (st.st_size > WIRE_TLS_FILE_MAX)
		return "it is larger than 16 MiB";
	if (!others && (st.st_mode & S_IRWXO) != 0)
		return "others can read or write it";
	return NULL;
}

/* The file's text, or NULL, told why. */
static BIO *
wire_tls_open(const struct wire_tls_teller *by, enum settings_tls_key key,
    const char *path, struct file_id *id)
{
	bool others = key != SETTINGS_TLS_key;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *why = fd == -1 ? strerror(errno) :
	    wire_tls_look(fd, others, id);

	if (why == NULL) {
		FILE *file = fdopen(fd, "r"); /* a bare fd is read bytewise */
		BIO *bio;

		CHECK(file != NULL);
		bio = ssl.BIO_new_fp(file, BIO_CLOSE);
		CHECK(bio != NULL);
		return bio;
	}
	if (fd != -1)
		close(fd);
	settings_tell_spot(by->s->path, by->section->places[key], by->tell,
	    by->arg, "'%.200s' cannot be used: %s, expected %s", path, why,
	    others ? "a file in PEM" : "a private key in PEM, with mode 0600");
	return NULL;
}

/* Keys with a password are no use: nobody is there to type it. */
static int
wire_tls_no_password(char *to, int size, int writes, void *arg)
{
	(void)to;
	(void)size;
	(void)writes;
	(void)arg;
	return -1;
}

/* Was it the end of the file that the last reading came to? */
static bool
wire_tls_at_end(void)
{
	unsigned long last = ssl.ERR_peek_last_error();
	bool end = ERR_GET_LIB(last) == ERR_LIB_PEM &&
	    ERR_GET_REASON(last) == PEM_R_NO_START_LINE;

	ssl.ERR_clear_error();
	return end;
}

/* All certificates of the file, in their order. NULL: told why. */
static OPENSSL_STACK *
wire_tls_read_list(const struct wire_tls_teller *by,
    enum settings_tls_key key, const char *path, struct file_id *id)
{
	BIO *bio = wire_tls_open(by, key, path, id);
	OPENSSL_STACK *list;
	bool whole;
	X509 *x;

	if (bio == NULL)
		return NULL;
	list = ssl.OPENSSL_sk_new_null();
	CHECK(list != NULL);
	ssl.ERR_clear_error();
	while ((x = ssl.PEM_read_bio_X509(bio, NULL, wire_tls_no_password,
	    NULL)) != NULL)
		CHECK(ssl.OPENSSL_sk_push(list, x) > 0);
	whole = wire_tls_at_end();
	ssl.BIO_free(bio);
	if (whole && ssl.OPENSSL_sk_num(list) > 0)
		return list;
	settings_tell_spot(by->s->path, by->section->places[key], by->tell,
	    by->arg, "certificate %d of '%.200s' cannot be read, expected "
	    "certificates in PEM", ssl.OPENSSL_sk_num(list) + 1, path);
	wire_tls_free_list(list);
	return NULL;
}

static int
wire_tls_read_ca(struct wire_tls *t, const struct wire_tls_teller *by)
{
	OPENSSL_STACK *list = wire_tls_read_list(by, SETTINGS_TLS_ca,
	    t->paths[SETTINGS_TLS_ca], &t->ids[SETTINGS_TLS_ca]);
	int i;

	if (list == NULL)
		return -1;
	t->store = ssl.X509_STORE_new();
	CHECK(t->store != NULL && ssl.X509_STORE_set_flags(t->store,
	    X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) == 1);
	for (i = 0; i < ssl.OPENSSL_sk_num(list); i++)
		CHECK(ssl.X509_STORE_add_cert(t->store,
		    ssl.OPENSSL_sk_value(list, i)) == 1);
	wire_tls_free_list(list);
	return 0;
}

static int
wire_tls_read_key(struct wire_tls *t, const struct wire_tls_teller *by)
{
	const char *path = t->paths[SETTINGS_TLS_key];
	BIO *bio = wire_tls_open(by, SETTINGS_TLS_key, path,
	    &t->ids[SETTINGS_TLS_key]);

	if (bio == NULL)
		return -1;
	t->key = ssl.PEM_read_bio_PrivateKey(bio, NULL, wire_tls_no_password,
	    NULL);
	ssl.BIO_free(bio);
	ssl.ERR_clear_error();
	if (t->key == NULL)
		settings_tell_spot(by->s->path,
		    by->section->places[SETTINGS_TLS_key], by->tell, by->arg,
		    "'%.200s' cannot be read, expected a "
		    "private key in PEM, without a password", path);
	return t->key != NULL ? 0 : -1;
}

/* The certificate, those behind it, and its key. */
static int
wire_tls_read_cert(struct wire_tls *t, const struct wire_tls_teller *by)
{
	t->chain = wire_tls_read_list(by, SETTINGS_TLS_cert,
	    t->paths[SETTINGS_TLS_cert], &t->ids[SETTINGS_TLS_cert]);
	if (wire_tls_read_key(t, by) == -1 || t->chain == NULL)
		return -1;
	t->cert = ssl.OPENSSL_sk_shift(t->chain);
	if (ssl.X509_check_private_key(t->cert, t->key) == 1)
		return 0;
	ssl.ERR_clear_error();
	settings_tell_spot(by->s->path,
	    by->section->places[SETTINGS_TLS_key], by->tell, by->arg,
	    "'%.200s' is not the key of 'cert', expected that one",
	    t->paths[SETTINGS_TLS_key]);
	return -1;
}

/* ---- all of them ---- */

static void
wire_tls_name(struct wire_tls *t, const struct settings_tls *section)
{
	int i;

	t->name = strdup(section->name);
	t->paths[SETTINGS_TLS_ca] = strdup(section->ca);
	t->paths[SETTINGS_TLS_cert] = strdup(section->cert);
	t->paths[SETTINGS_TLS_key] = strdup(section->key);
	t->verify = section->verify;
	CHECK(t->name != NULL);
	for (i = 0; i < WIRE_TLS_FILES; i++)
		CHECK(t->paths[i] != NULL);
}

/* Reads what the section names. NULL: told why. */
static struct wire_tls *
wire_tls_read(struct wire_tls *system, const struct wire_tls_teller *by)
{
	struct wire_tls *t;
	int got = 0;

	if (wire_tls_begin() == -1)
		return NULL;
	t = wire_tls_new();
	wire_tls_name(t, by->section);
	if (t->paths[SETTINGS_TLS_ca][0] != '\0')
		got = wire_tls_read_ca(t, by);
	else
		t->system = wire_tls_take(system);
	if (t->paths[SETTINGS_TLS_cert][0] != '\0' &&
	    wire_tls_read_cert(t, by) == -1)
		got = -1;
	if (got == -1)
		wire_tls_drop(&t);
	return t;
}

/* Says the section, and the disk, what they said when it was read? What the
 * system has is read again with router.ini. */
static bool
wire_tls_is_same(const struct wire_tls *t, const struct settings_tls *section)
{
	const char *const paths[] = {
		[SETTINGS_TLS_ca] = section->ca,
		[SETTINGS_TLS_cert] = section->cert,
		[SETTINGS_TLS_key] = section->key,
	};
	struct file_id id;
	int i;

	if (t->verify != section->verify || (t->system != NULL && t->verify))
		return false;
	for (i = 0; i < WIRE_TLS_FILES; i++)
		if (strcmp(t->paths[i], paths[i]) != 0 ||
		    (paths[i][0] != '\0' && (file_identify(paths[i], &id) !=
		    1 || !file_same(&id, &t->ids[i]))))
			return false;
	return true;
}

static struct wire_tls *
wire_tls_enter(struct wire_tls *system, const struct wire_tls_set *before,
    const struct wire_tls_teller *by)
{
	struct wire_tls *old = before == NULL ? NULL :
	    wire_tls_of(before, str_of(by->section->name));

	if (!by->section->verify)
		msg_warning("[tls:%s] says 'verify = no': whoever stands "
		    "between the router and such an origin can read and "
		    "change all", by->section->name);
	if (old != NULL && wire_tls_is_same(old, by->section))
		return wire_tls_take(old);
	return wire_tls_read(system, by);
}

int
wire_tls_load(const struct settings *s, const struct wire_tls_set *before,
    struct wire_tls_set **out, void (*tell)(void *arg, const char *line),
    void *arg)
{
	size_t count = s != NULL ? s->tls_count : 0, i;
	struct wire_tls_set *set = calloc(1, sizeof(*set) +
	    (count + 1) * sizeof(set->list[0]));
	bool good = true;

	CHECK(set != NULL);
	set->list[set->count++] = wire_tls_new();
	for (i = 0; i < count; i++) {
		const struct wire_tls_teller by = { s, &s->tls[i], tell, arg };
		struct wire_tls *t = wire_tls_enter(set->list[0], before,
		    &by);

		if (t != NULL)
			set->list[set->count++] = t;
		good = good && t != NULL;
	}
	if (!good)
		wire_tls_free(&set);
	*out = set;
	return good ? 0 : -1;
}

void
wire_tls_free(struct wire_tls_set **set)
{
	if (*set == NULL)
		return;
	while ((*set)->count > 0)
		wire_tls_drop(&(*set)->list[--(*set)->count]);
	free(*set);
	*set = NULL;
}

struct wire_tls *
wire_tls_of(const struct wire_tls_set *set, struct str name)
{
	size_t i;

	if (name.n == 0)
		return set->list[0];
	for (i = 1; i < set->count; i++)
		if (str_eq(name, str_of(set->list[i]->name)))
			return set->list[i];
	return NULL;
}

/* ---- connections ---- */

static X509_STORE *
wire_tls_read_system(void)
{
	X509_STORE *store = ssl.X509_STORE_new();

	if (store == NULL)
		return NULL;
	if (ssl.X509_STORE_set_default_paths(store) == 1 &&
	    ssl.X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST |
	        X509_V_FLAG_PARTIAL_CHAIN) == 1)
		return store;
	ssl.X509_STORE_free(store);
	msg_error("the system's certificate store cannot be read: https "
	    "origins will not verify");
	return NULL;
}

static X509_STORE *
wire_tls_store(struct wire_tls *t)
{
	X509_STORE *store;

	if (t->system != NULL)
		return wire_tls_store(t->system);
	pthread_mutex_lock(&t->lock);
	if (t->store == NULL)
		t->store = wire_tls_read_system();
	store = t->store;
	pthread_mutex_unlock(&t->lock);
	return store;
}

int
wire_tls_dress(struct wire_tls *t, void *ssl_ctx)
{
	X509_STORE *store;

	if (wire_tls_begin() == -1)
		return -1;
	store = t->verify ? wire_tls_store(t) : NULL;
	if (t->verify && store == NULL)
		return -1;
	if (store != NULL)
		ssl.SSL_CTX_set1_cert_store(ssl_ctx, store);
	if (t->cert != NULL && ssl.SSL_CTX_use_cert_and_key(ssl_ctx, t->cert,
	    t->key, (STACK_OF(X509) *)t->chain, 1) != 1)
		return -1;
	/* What could not be sent at once is sent again from another place. */
	ssl.SSL_CTX_ctrl(ssl_ctx, SSL_CTRL_MODE,
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, NULL);
	return 0;
}
