/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * filter_private: what filter's parser and its evaluation share.
 */
#ifndef REPORT_FILTER_PRIVATE_H
#define REPORT_FILTER_PRIVATE_H

#include "base/cidr.h"
#include "report/filter.h"

enum filter_op {
	FILTER_EQUAL = 0,
	FILTER_UNEQUAL,
	FILTER_BELOW,
	FILTER_AT_MOST,
	FILTER_ABOVE,
	FILTER_AT_LEAST,
	FILTER_OP_COUNT /* last */
};

/* What a field is compared with. */
enum filter_with {
	FILTER_WITH_NONE = 0, /* '-': is it unknown? */
	FILTER_WITH_TEXT,     /* exactly that */
	FILTER_WITH_GLOB,     /* with * in it */
	FILTER_WITH_RANGE,    /* an address in it */
	FILTER_WITH_NUMBERS,  /* least and most of what is equal */
	FILTER_WITH_COUNT     /* last */
};

struct filter_test {
	enum record_field field;
	enum filter_op op;
	enum filter_with with;
	struct str key;  /* of tag.K, else empty */
	struct str text; /* of TEXT and GLOB */
	struct cidr range;
	int64_t least, most;
};

enum filter_join {
	FILTER_TEST = 0, /* a: of tests */
	FILTER_NOT,      /* a */
	FILTER_AND,      /* a and b, of nodes */
	FILTER_OR
};

struct filter_node {
	enum filter_join join;
	unsigned a, b;
};

enum {
	/* A join for each test but one, and what is denied. */
	FILTER_NODES_MAX = 2 * FILTER_TESTS_MAX +
	    FILTER_TESTS_MAX * FILTER_DEPTH_MAX
};

struct filter {
	struct filter_test tests[FILTER_TESTS_MAX];
	size_t test_count;
	struct filter_node nodes[FILTER_NODES_MAX];
	size_t node_count;
	unsigned top; /* node */
	char text[FILTER_TEXT_MAX];
};

/* Does the text match the pattern, in which * is any bytes? */
bool filter_glob(struct str pattern, struct str text);

/*
 * Fills test->with and what it needs of the value for test->field and ->op. 0,
 * or -1 and e->text.
 */
ATTR_MUST_USE
int filter_value(struct filter_test *test, struct str value, struct err *e);

#endif
