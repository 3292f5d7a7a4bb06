/* SPDX-License-Identifier: BSD-2-Clause */

/* h1_body: the content of answers, taken out of its framing. */

#include "http/h1.h"

/* Where the chunked framing stands; a line's CR has its own state. */
enum h1_state {
	H1_SIZE_FIRST = 0, /* a first digit must come */
	H1_SIZE,
	H1_SIZE_BLANK, /* only blanks and then an extension may come */
	H1_EXTENSION,
	H1_SIZE_LF,
	H1_DATA,
	H1_DATA_CR,
	H1_DATA_LF,
	H1_TRAILER_FIRST, /* a trailer or the end */
	H1_TRAILER,
	H1_TRAILER_LF,
	H1_END_LF,
	H1_BROKEN,
	H1_STATE_COUNT /* last */
};

void
h1_body_init(struct h1_body *b, const struct h1_answer *answer)
{
	*b = (struct h1_body){ .kind = answer->body, .state = H1_SIZE_FIRST };
	if (b->kind == H1_BODY_LENGTH)
		b->left = answer->length;
	b->done = b->kind == H1_BODY_NONE ||
	    (b->kind == H1_BODY_LENGTH && b->left == 0);
}

/* 0, or -1: the size passes 2^63 - 1. */
static int
h1_chunk_digit(struct h1_body *b, int digit)
{
	if (b->left > (uint64_t)INT64_MAX >> 4)
		return -1;
	b->left = b->left << 4 | (uint64_t)digit;
	return 0;
}

/* The state behind byte c of a size line, H1_BROKEN if it may not stand. */
static enum h1_state
h1_size_byte(struct h1_body *b, char c)
{
	int digit = str_hex(c);

	if (b->state == H1_SIZE_LF)
		return c != '\n' ? H1_BROKEN :
		    b->left > 0 ? H1_DATA : H1_TRAILER_FIRST;
	if (b->state == H1_EXTENSION)
		return c == '\r' ? H1_SIZE_LF :
		    str_is_control(c) && c != '\t' ? H1_BROKEN : H1_EXTENSION;
	if (digit >= 0 && b->state != H1_SIZE_BLANK)
		return h1_chunk_digit(b, digit) == -1 ? H1_BROKEN : H1_SIZE;
	if (b->state == H1_SIZE_FIRST)
		return H1_BROKEN;
	if (c == ';')
		return H1_EXTENSION;
	if (c == ' ' || c == '\t')
		return H1_SIZE_BLANK;
	return c == '\r' && b->state == H1_SIZE ? H1_SIZE_LF : H1_BROKEN;
}

/* The same for a byte of the trailers. */
static enum h1_state
h1_trailer_byte(struct h1_body *b, char c)
{
	if (b->state == H1_TRAILER_LF || b->state == H1_END_LF) {
		if (c != '\n')
			return H1_BROKEN;
		b->done = b->state == H1_END_LF;
		return H1_TRAILER_FIRST;
	}
	if (c == '\r')
		return b->state == H1_TRAILER_FIRST ? H1_END_LF :
		    H1_TRAILER_LF;
	return str_is_control(c) && c != '\t' ? H1_BROKEN : H1_TRAILER;
}

/* One byte of framing. 0, or -1: it may not stand there. */
static int
h1_framing_byte(struct h1_body *b, char c)
{
	enum h1_state next;

	switch ((enum h1_state)b->state) {
	case H1_DATA_CR:
		next = c == '\r' ? H1_DATA_LF : H1_BROKEN;
		break;
	case H1_DATA_LF:
		next = c == '\n' ? H1_SIZE_FIRST : H1_BROKEN;
		b->line = 0;
		break;
	case H1_TRAILER_FIRST:
	case H1_TRAILER:
	case H1_TRAILER_LF:
	case H1_END_LF:
		next = ++b->trailers > H1_TRAILER_MAX ? H1_BROKEN :
		    h1_trailer_byte(b, c);
		break;
	default:
		next = ++b->line > H1_CHUNK_LINE_MAX ? H1_BROKEN :
		    h1_size_byte(b, c);
		break;
	}
	b->state = (int)next;
	return next == H1_BROKEN ? -1 : 0;
}

/* At most b->left bytes of content from in[*used] on. */
static void
h1_content(struct h1_body *b, struct str in, struct str *data, size_t *used)
{
	*data = str_sub(in, *used, in.n);
	if (data->n > b->left)
		data->n = (size_t)b->left;
	b->left -= data->n;
	*used += data->n;
}

static int
h1_read_chunked(struct h1_body *b, struct str in, struct str *data,
    size_t *used, struct err *e)
{
	while (*used < in.n && !b->done) {
		if (b->state == H1_DATA) {
			h1_content(b, in, data, used);
			if (b->left == 0)
				b->state = H1_DATA_CR;
			return 1;
		}
		if (b->state == H1_BROKEN ||
		    h1_framing_byte(b, in.p[*used]) == -1) {
			b->state = H1_BROKEN;
			return err_set(e, REASON_ORIGIN_BROKEN,
			    "broken chunks in the body of the answer");
		}
		++*used;
	}
	return b->done ? 2 : 0;
}

int
h1_read_body(struct h1_body *b, struct str in, struct str *data,
    size_t *used, struct err *e)
{
	*used = 0;
	*data = (struct str){ in.p, 0 };
	if (b->done)
		return 2;
	if (b->kind == H1_BODY_CHUNKED)
		return h1_read_chunked(b, in, data, used, e);
	if (in.n == 0)
		return 0;
	if (b->kind == H1_BODY_CLOSE) {
		*data = in;
		*used = in.n;
		return 1;
	}
	h1_content(b, in, data, used);
	b->done = b->left == 0;
	return b->done ? 2 : 1;
}

uint64_t
h1_body_ahead(const struct h1_body *b)
{
	if (b->kind == H1_BODY_CLOSE)
		return b->done ? 0 : UINT64_MAX;
	return b->kind == H1_BODY_CHUNKED && b->state != H1_DATA ? 0 : b->left;
}

void
h1_body_pass(struct h1_body *b, uint64_t n)
{
	CHECK(n <= h1_body_ahead(b));
	if (n == 0 || b->kind == H1_BODY_CLOSE)
		return;
	b->left -= n;
	if (b->left > 0)
		return;
	b->done = b->kind == H1_BODY_LENGTH;
	b->state = H1_DATA_CR;
}

bool
h1_body_end(struct h1_body *b)
{
	if (b->kind == H1_BODY_CLOSE)
		b->done = true;
	return b->done;
}
