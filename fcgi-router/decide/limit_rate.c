/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * limit_rate: what the words of rates mean at a time.
 *
 * A word that is further ahead than any plan can bring it was never written in
 * earnest. One that is further ahead than this plan can bring it (garbage, or
 * the burst was more) is as if all of the burst was taken; but it is looked at
 * again with the clock's own time first: who asked may have been held up since
 * it was read, and others have taken meanwhile.
 */

#include "decide/limit_private.h"

#include "base/check.h"
#include "base/clock.h"

enum {
	LIMIT_CODE_BITS = 12,
	LIMIT_LOW_BITS = LIMIT_CODE_BITS + LIMIT_ASKED_BITS,
	LIMIT_MANTISSA = 64,     /* 6 bits, */
	LIMIT_HIGHEST = 63 - 6,  /* below a highest one that goes unsaid */
	LIMIT_EXPONENT_MAX = 44, /* of LIMIT_FULL_MAX it is less */
	LIMIT_BYTES_UNIT = 65536 /* what counts as one of bytes */
};

#define LIMIT_US_TICKS(us) ((int64_t)(us) * LIMIT_TICKS)
#define LIMIT_FULL_MAX LIMIT_US_TICKS(LIMIT_FULL_MAX_S * INT64_C(1000000))
#define LIMIT_AHEAD_MAX (LIMIT_FULL_MAX + LIMIT_US_TICKS(LIMIT_WAIT_MAX_US))

/* A word's answer to a rate. */
struct limit_debt {
	int64_t ticks; /* until all that was taken is made up for */
	bool clean;    /* the word says so by itself: it may stay */
	unsigned asked;
};

/* The least whole number that is not less. */
static int64_t
limit_rate_whole(double ticks)
{
	int64_t whole;

	if (ticks >= (double)LIMIT_FULL_MAX)
		return LIMIT_FULL_MAX;
	whole = (int64_t)ticks;
	return whole + ((double)whole < ticks);
}

int64_t
limit_rate_cost(const struct limit_rate *rate, uint64_t n)
{
	int64_t ticks;

	CHECK(rate->count > 0 && rate->burst > 0 && rate->per_us > 0);
	ticks = limit_rate_whole((double)n * (double)rate->per_us *
	    LIMIT_TICKS / (double)rate->count);
	return ticks > 0 ? ticks : 1;
}

/* So many times the cost of one: rounding takes none away. */
int64_t
limit_rate_full(const struct limit_rate *rate)
{
	return limit_rate_whole((double)rate->burst *
	    (double)limit_rate_cost(rate, 1));
}

static unsigned
limit_rate_code(int64_t every)
{
	unsigned exponent;

	if (every < LIMIT_MANTISSA)
		every = LIMIT_MANTISSA;
	exponent = LIMIT_HIGHEST - (unsigned)__builtin_clzll((uint64_t)every);
	return exponent * LIMIT_MANTISSA +
	    (unsigned)(every >> exponent) % LIMIT_MANTISSA;
}

/* How long one takes that has the code. */
static double
limit_rate_every(unsigned code)
{
	unsigned exponent = code / LIMIT_MANTISSA;
	uint64_t every = LIMIT_MANTISSA + code % LIMIT_MANTISSA;

	if (exponent > LIMIT_EXPONENT_MAX)
		exponent = LIMIT_EXPONENT_MAX;
	return (double)(every << exponent);
}

static unsigned
limit_rate_code_of(uint64_t word)
{
	return (unsigned)(word >> LIMIT_ASKED_BITS) &
	    ((1 << LIMIT_CODE_BITS) - 1);
}

uint64_t
limit_rate_word(unsigned asked, int64_t every, int64_t ticks)
{
	if (asked > LIMIT_ASKED_MAX)
		asked = LIMIT_ASKED_MAX;
	return (uint64_t)ticks << LIMIT_LOW_BITS |
	    (uint64_t)limit_rate_code(every) << LIMIT_ASKED_BITS | asked;
}

/* How far ahead of now a word is; 0: it tells nothing. */
static int64_t
limit_rate_ahead(uint64_t word, int64_t now)
{
	uint64_t low = word % (1 << LIMIT_LOW_BITS);
	int64_t ahead = (int64_t)((word - low) -
	    ((uint64_t)now << LIMIT_LOW_BITS)) / (1 << LIMIT_LOW_BITS);

	return word == 0 || ahead < 0 || ahead > LIMIT_AHEAD_MAX ? 0 : ahead;
}

unsigned
limit_rate_asked(uint64_t word, int64_t now_us)
{
	unsigned asked = (unsigned)word & LIMIT_ASKED_MAX;

	if (limit_rate_ahead(word, LIMIT_US_TICKS(now_us)) == 0)
		return 0;
	return asked > 0 ? asked : 1;
}

/*
 * What another rate's debt is by this one: as many are taken. The codes are
 * rough, but to and fro they bring back what was; and what is nearly a whole
 * number of them was one.
 */
static int64_t
limit_rate_convert(int64_t ticks, unsigned code, int64_t every)
{
	double used = (double)ticks / (double)every *
	    limit_rate_every(limit_rate_code(every)) / limit_rate_every(code);
	double whole = (double)limit_rate_whole(used - 0.5);
	double off = used > whole ? used - whole : whole - used;

	if (off * LIMIT_MANTISSA <= used)
		used = whole;
	return limit_rate_whole(used * (double)every);
}

/* As a rate sees it that can bring it so far ahead; *now: becomes the time at
 * which that is so. */
static struct limit_debt
limit_rate_debt(uint64_t word, int64_t every, int64_t most, int64_t *now)
{
	struct limit_debt debt = { limit_rate_ahead(word, *now), true, 0 };
	unsigned code = limit_rate_code_of(word);

	if (debt.ticks == 0)
		return debt;
	debt.asked = (unsigned)word & LIMIT_ASKED_MAX;
	if (debt.ticks > most) {
		*now = LIMIT_US_TICKS(clock_us());
		debt.ticks = limit_rate_ahead(word, *now);
	}
	if (code != limit_rate_code(every)) {
		debt.ticks = limit_rate_convert(debt.ticks, code, every);
		debt.clean = false;
	}
	if (debt.ticks > most) {
		debt.ticks = most;
		debt.clean = false;
	}
	return debt;
}

/* Whole microseconds; what began counts. */
static int64_t
limit_rate_us(int64_t ticks)
{
	return ticks > 0 ? (ticks + LIMIT_TICKS - 1) / LIMIT_TICKS : 0;
}

static void
limit_rate_tell(int64_t debt, int64_t every, int64_t full,
    struct limit_view *view)
{
	view->remaining = (uint64_t)((full - debt) / every);
	view->reset_us = limit_rate_us(debt);
	view->retry_us = limit_rate_us(debt + every - full);
}

bool
limit_rate_take(uint64_t was, const struct limit_rate *rate, int64_t now_us,
    uint64_t *next, struct limit_view *view)
{
	int64_t now = LIMIT_US_TICKS(now_us);
	int64_t every = limit_rate_cost(rate, 1);
	int64_t full = limit_rate_full(rate);
	struct limit_debt debt = limit_rate_debt(was, every, full, &now);
	bool granted = debt.ticks + every <= full;

	if (granted)
		debt.ticks += every;
	*next = granted || !debt.clean || debt.asked < LIMIT_ASKED_MAX ?
	    limit_rate_word(debt.asked + 1, every, now + debt.ticks) : was;
	limit_rate_tell(debt.ticks, every, full, view);
	return granted;
}

int64_t
limit_rate_pay(uint64_t was, const struct limit_rate *rate, uint64_t n,
    int64_t now_us, uint64_t *next)
{
	int64_t now = LIMIT_US_TICKS(now_us);
	int64_t every = limit_rate_cost(rate, LIMIT_BYTES_UNIT);
	int64_t full = limit_rate_cost(rate, rate->burst);
	int64_t most = full + LIMIT_US_TICKS(LIMIT_WAIT_MAX_US);
	struct limit_debt debt = limit_rate_debt(was, every, most, &now);

	debt.ticks += limit_rate_cost(rate, n);
	if (debt.ticks > most)
		debt.ticks = most;
	*next = limit_rate_word(debt.asked + 1, every, now + debt.ticks);
	return limit_rate_us(debt.ticks - full);
}

void
limit_rate_view(uint64_t word, const struct limit_rate *rate, int64_t now_us,
    struct limit_view *view)
{
	int64_t now = LIMIT_US_TICKS(now_us);
	int64_t every = limit_rate_cost(rate, 1);
	int64_t full = limit_rate_full(rate);

	limit_rate_tell(limit_rate_debt(word, every, full, &now).ticks, every,
	    full, view);
}
