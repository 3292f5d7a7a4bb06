/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * h1: the HTTP/1.1 codec towards origins (RFC 9110, RFC 9112): pure functions
 * over bytes, incremental, without I/O, bounded everywhere.
 *
 * It writes one unambiguous request and reads one answer. What is broken in an
 * answer is refused, save a single bad field, which is dropped or refused as
 * the caller says. It never takes a 101: nothing here asks for an upgrade.
 * However the bytes are cut into reads, the result is the same.
 */
#ifndef HTTP_H1_H
#define HTTP_H1_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "http/header.h"

enum {
	H1_FIELDS_MAX = 200,       /* of an answer */
	H1_INTERIM_MAX = 8,        /* 1xx answers before the final one */
	H1_CHUNK_LINE_MAX = 4096,  /* a chunk's size and extensions, CRLF too */
	H1_TRAILER_MAX = 16384     /* all trailers of a body */
};

/* ---- the request ---- */

enum h1_body_kind {
	H1_BODY_NONE = 0, /* no body, no framing field */
	H1_BODY_LENGTH,   /* Content-Length */
	H1_BODY_CHUNKED,  /* Transfer-Encoding: chunked */
	H1_BODY_CLOSE,    /* answers only: to the end of the connection */
	H1_BODY_KIND_COUNT /* last */
};

struct h1_request {
	struct str method;           /* a token */
	struct str target;           /* origin-form, canonical */
	struct str host;             /* Host's value */
	const struct header *fields; /* without Host and framing fields */
	enum h1_body_kind body;      /* NONE, LENGTH or CHUNKED */
	uint64_t length;             /* for LENGTH; 0 is written too */
};

/*
 * Appends the request's head to `to`: request line, Host, the fields in order,
 * at most one framing field, an empty line. Host, Content-Length,
 * Transfer-Encoding and Connection among the fields are a broken promise.
 * 0, or -1 and nothing appended: `to` is full, or a method, target or host is
 * empty or holds a byte that would end it early on the wire.
 */
ATTR_MUST_USE int h1_put_request(struct buf *to, const struct h1_request *r);

/*
 * Appends one chunk (size line, data, CRLF) or, for empty data, the last
 * chunk and the end of the body. 0, or -1 and nothing appended: `to` is full.
 */
ATTR_MUST_USE int h1_put_chunk(struct buf *to, struct str data);

/* ---- the answer ---- */

struct h1_limits {
	size_t head_max;      /* bytes of one head, its empty line too */
	bool refuse_bad_field; /* false: a bad field is dropped */
};

struct h1_answer {
	int status;             /* 200 to 999, final */
	struct str phrase;      /* as sent, may be empty */
	bool http10;            /* HTTP/1.0 */
	struct header fields;   /* without the two framing fields */
	enum h1_body_kind body; /* how the body ends */
	uint64_t length;        /* for H1_BODY_LENGTH */
	bool has_length;        /* there was one, HEAD and 304 too */
	uint64_t said_length;   /* that Content-Length */
	bool keep;              /* usable again, after the body */
	size_t dropped;         /* bad fields that were left out */
};

struct h1_reader {
	struct h1_limits limits;
	bool head_request; /* the request was HEAD: its answer has no body */
	bool empty_line;   /* the one leading empty line was skipped */
	int interim;       /* 1xx heads skipped so far */
	/* Of the head that is arriving: */
	int status;        /* 0 until its first line is whole */
	bool http10;
	size_t fields_at;  /* bytes of its first line */
	size_t scanned;    /* bytes known to hold no end */
	size_t lines;      /* that are whole */
};

void h1_reader_init(struct h1_reader *r, struct h1_limits limits,
    bool head_request);

/*
 * Reads the final head out of `in`, all bytes that came and were not used.
 * 1: *out is filled, texts copied into its arena `a`; 0: more bytes are
 * needed; -1: broken, e is REASON_ORIGIN_BROKEN or, for sizes and a refused
 * field, REASON_ORIGIN_BAD_HEADER, or REASON_OVERLOADED when the arena is full.
 * In every case *used bytes are done with (skipped 1xx heads, or the head) and
 * must not be shown again. An end of the connection is the caller's to judge.
 *
 * Framing is RFC 9112 6.3: HEAD, 204 and 304 have no body; Transfer-Encoding
 * must be exactly `chunked`, once, and in no HTTP/1.0 answer; with both lengths
 * chunked wins and `keep` is false; equal repeated Content-Lengths are one,
 * others broken; none: to the end of the connection. Content-Length and
 * Transfer-Encoding are taken out of `fields`, and bad lines that begin with
 * these names are broken framing, never dropped. `keep` minds Connection and
 * the version (RFC 9112 9.3) and is false for a 204 that announces a body; the
 * other hop-by-hop fields stay for the caller to remove.
 */
ATTR_MUST_USE
int h1_read_head(struct h1_reader *r, struct str in, struct arena *a,
    struct h1_answer *out, size_t *used, struct err *e);

struct h1_body {
	enum h1_body_kind kind;
	uint64_t left;    /* of the length, or of the chunk */
	int state;        /* within chunked framing */
	size_t line;      /* bytes of the line that is arriving */
	size_t trailers;  /* bytes of trailers so far */
	bool done;        /* the body is complete */
};

void h1_body_init(struct h1_body *b, const struct h1_answer *answer);

/*
 * Takes body bytes out of `in`. *used bytes are done with; *data is the slice
 * of `in` that is content (may be empty while framing is read).
 * 1: *data is filled, go on, more may be in `in`; 0: all of `in` is used,
 * *data is empty, more bytes are needed; 2: the body is complete (*data may
 * hold its last part); -1: broken framing, e is REASON_ORIGIN_BROKEN.
 *
 * Chunked framing is read strictly, unlike heads: lines end in CRLF only,
 * blanks may stand before an extension only, sizes are below 2^63, and no
 * control byte but TAB in extensions and trailers, which are dropped.
 */
ATTR_MUST_USE
int h1_read_body(struct h1_body *b, struct str in, struct str *data,
    size_t *used, struct err *e);

/*
 * How many of the bytes that come next are content, whatever they are; and
 * that so many of them, at most that, went by without h1_read_body.
 */
uint64_t h1_body_ahead(const struct h1_body *b);
void h1_body_pass(struct h1_body *b, uint64_t n);

/*
 * The connection ended. true: the body was complete or is one that ends so;
 * false: it was cut off.
 */
bool h1_body_end(struct h1_body *b);

#endif
