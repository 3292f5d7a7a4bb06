/* SPDX-License-Identifier: BSD-2-Clause */

/* codec: keys. */

#include "route/codec.h"

#include "route/codec_private.h"

static int
codec_key_put(struct buf *key, char first, struct str rest)
{
	if (buf_len(key) + 1 > CODEC_KEY_MAX ||
	    rest.n > CODEC_KEY_MAX - buf_len(key) - 1)
		return -1;
	if (buf_put(key, (struct str){ &first, 1 }) == -1)
		return -1;
	return buf_put(key, rest);
}

int
codec_key_host(struct buf *key, enum codec_space space, struct str host)
{
	return codec_key_put(key, (char)space, host);
}

int
codec_key_segment(struct buf *key, struct str segment)
{
	return codec_key_put(key, '/', segment);
}

int
codec_key_capture(struct buf *key)
{
	const char capture = CODEC_CAPTURE;

	return codec_key_put(key, '/', (struct str){ &capture, 1 });
}

int
codec_key_exact(struct buf *key)
{
	return codec_key_put(key, CODEC_EXACT, (struct str){ NULL, 0 });
}

int
codec_key_service(struct buf *key, struct str space, struct str name)
{
	if (codec_key_put(key, CODEC_SERVICE, space) == -1)
		return -1;
	return codec_key_put(key, '/', name);
}

bool
codec_key_is_host(struct str key)
{
	return key.n > 0 &&
	    (key.p[0] == CODEC_HOST || key.p[0] == CODEC_ONE ||
		   key.p[0] == CODEC_WILD) &&
	    str_find(key, '/') == key.n && key.p[key.n - 1] != CODEC_EXACT;
}

/* A segment of a path key: a capture, or text without control bytes. */
static bool
codec_key_read_segment(struct str segment, struct codec_key *out)
{
	size_t i;

	if (segment.n == 1 && segment.p[0] == CODEC_CAPTURE) {
		out->captures++;
		return true;
	}
	for (i = 0; i < segment.n; i++)
		if (str_is_control(segment.p[i]))
			return false;
	return segment.n > 0;
}

static bool
codec_key_read_path(struct str path, struct codec_key *out)
{
	while (path.n > 0) {
		size_t n = str_find(str_sub(path, 1, path.n), '/');

		if (!codec_key_read_segment(str_sub(path, 1, 1 + n), out))
			return false;
		path = str_sub(path, 1 + n, path.n);
	}
	return true;
}

bool
codec_key_read(struct str key, struct codec_key *out)
{
	char space = key.n > 0 ? key.p[0] : '\0';

	if (space != CODEC_HOST && space != CODEC_ONE &&
	    space != CODEC_WILD && space != CODEC_ANYWHERE)
		return false;
	out->exact = key.p[key.n - 1] == CODEC_EXACT;
	key.n -= out->exact;
	out->host = str_find(key, '/');
	out->host_capture = space == CODEC_ONE;
	out->captures = out->host_capture;
	if (out->host < key.n &&
	    !codec_key_read_path(str_sub(key, out->host, key.n), out))
		return false;
	if (space == CODEC_ANYWHERE)
		return out->host == 1 && key.n > 1 && out->captures == 0;
	return out->host > 1 || space == CODEC_WILD;
}

bool
codec_key_read_service(struct str key, struct str *space, struct str *name)
{
	if (key.n == 0 || key.p[0] != CODEC_SERVICE ||
	    !str_cut(str_sub(key, 1, key.n), '/', space, name))
		return false;
	return str_is_name(*name) && (space->n == 0 || str_is_name(*space));
}

static int
codec_match_name(struct str name, struct buf *to)
{
	if (buf_put(to, STR("{")) == -1 || buf_put(to, name) == -1)
		return -1;
	return buf_put(to, STR("}"));
}

/* "/a/{x}", with the names of captures from `at` on. */
static int
codec_match_path(struct str path, const struct str *captures, size_t at,
    struct buf *to)
{
	const char capture = CODEC_CAPTURE;
	struct str before, after;

	while (str_cut(path, capture, &before, &after)) {
		if (buf_put(to, before) == -1 ||
		    codec_match_name(captures[at++], to) == -1)
			return -1;
		path = after;
	}
	return buf_put(to, path);
}

int
codec_key_match(struct str key, const struct str *captures, size_t count,
    bool host_capture, struct buf *to)
{
	struct codec_key k;
	struct str host;
	int full = 0;

	if (!codec_key_read(key, &k) || k.captures != count ||
	    k.host_capture != host_capture)
		return -1;
	key.n -= k.exact;
	host = str_sub(key, 1, k.host);
	if (key.p[0] == CODEC_ONE)
		full = codec_match_name(captures[0], to) == -1 ? -1 :
		    buf_put(to, STR("."));
	else if (key.p[0] == CODEC_WILD)
		full = buf_put(to, host.n > 0 ? STR("*.") : STR("*"));
	else if (key.p[0] == CODEC_ANYWHERE)
		full = buf_put(to, STR("**"));
	if (full == -1 || buf_put(to, host) == -1)
		return -1;
	return codec_match_path(str_sub(key, k.host, key.n), captures,
	    host_capture, to);
}

int
codec_key_print(struct str key, struct buf *to)
{
	size_t i;

	for (i = 0; i < key.n; i++) {
		char c = key.p[i];
		int full;

		if (c == CODEC_CAPTURE)
			full = buf_put(to, STR("{}"));
		else if (c == CODEC_EXACT && i + 1 == key.n)
			full = buf_put(to, STR(" exact"));
		else if (str_is_control(c) || (unsigned char)c >= 0x80)
			full = buf_printf(to, "\\x%02x", (unsigned char)c);
		else
			full = buf_put(to, (struct str){ &c, 1 });
		if (full == -1)
			return -1;
	}
	return 0;
}
