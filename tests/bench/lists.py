# SPDX-License-Identifier: BSD-2-Clause
"""lists: the lists of routes that are measured, and the requests for them.

The same size gives the same bytes, always. Hosts are made from their number by
a permutation of 30 bits, so no name comes twice and none has to be kept. Lines
are shuffled on disk: each goes into a bucket drawn at random, then one bucket
after the other is shuffled in memory.

Of N hosts 80 % are exact with an origin, 10 % exact below one of 1,000 parents
that have a wildcard, 5 % have an origin and three paths, 5 % are redirected.
The mixed list has beside them the wildcards, one host with N/10 literal first
segments, and MARKER. The plain list has the same N hosts, each with the URL
that is its origin, and nothing else: what any map of keys and values can hold.
"""

import os
import random

MARKER = "marker.bench.test"  # in the mixed list only, answers 200 MARKER
BIG = "stores.bench.test"     # the host with a tenth of all
WILDCARDS = 1000
BUCKET = 400000               # lines, in memory at once
PENDING = 50000
QUERIES = 200000              # of each kind
SALT = 0x2A6D39C5
BITS = 30
MASK = (1 << BITS) - 1

SYLLABLES = [a + b for a in "bdfghjklmnprstvz" for b in "aeio"]
PAIRS = [a + b for a in SYLLABLES for b in SYLLABLES]
ENDS = (".example", ".test", ".shop.example", ".blog.test", ".co.example",
        ".example", ".test", ".example")


def word(number):
    """Ten letters; another number, another word."""
    x = (number ^ SALT) & MASK
    x = x * 0x2C1B3C6D & MASK
    x ^= x >> 15
    x = x * 0x297A2D39 & MASK
    x ^= x >> 14
    return PAIRS[x >> 18] + PAIRS[x >> 6 & 4095] + SYLLABLES[x & 63]


def url(number):
    return f"https://static-{number % 61}.example.net/sites/{word(number)}"


def parent(number, size):
    """Of the wildcard that a host is below; short lists have fewer."""
    return f"users{number % wildcards(size)}.bench.test"


def wildcards(size):
    return min(WILDCARDS, size // 10)


def kind(number, size):
    """What a host is: the first 80 % are exact, and so on."""
    at = number * 100 // size
    return ("exact" if at < 80 else "below" if at < 90 else
            "paths" if at < 95 else "moved")


def host(number, size):
    name = word(number)
    if kind(number, size) == "below":
        return f"{name}.{parent(number, size)}"
    return name + ENDS[ord(name[0]) + ord(name[3]) & 7]


def plain(size):
    """`host URL`, one a host."""
    for number in range(size):
        yield f"{host(number, size)} {url(number)}\n"


def paths(number, size):
    """The three paths of a host that has some."""
    name, to = host(number, size), url(number)
    return (f"{name}/api {to}/v1\n",
            f"{name}/shop/{{item}} {to}/items/{{item}}\n",
            f"{name}/about {to}/about.html exact\n")


def wildcard(number, size):
    """One label below the parent, or any number of them."""
    name = parent(number, size)
    if number % 2:
        return f"{{user}}.{name}", "/{user}"
    return f"*.{name}", ""


def mixed(size):
    for number in range(size):
        what = kind(number, size)
        name = host(number, size)
        if what == "moved":
            yield f"{name} redirect=301 https://{word(number)}.test{{uri}}\n"
            continue
        yield f"{name} {url(number)}\n"
        if what == "paths":
            yield from paths(number, size)
    for number in range(wildcards(size)):
        match, tail = wildcard(number, size)
        yield f"{match} {url(number)}{tail}\n"
    for number in range(size // 10):
        yield f"{BIG}/{word(number)} {url(number)}\n"
    yield f"{MARKER} respond=200 \"{MARKER}\"\n"


def shuffle(lines, to, count, seed):
    """Writes the lines into the file `to`, in any order but their own."""
    rng = random.Random(seed)
    buckets = count // BUCKET + 1
    names = [f"{to}.{i}" for i in range(buckets)]
    bits = rng.getrandbits
    try:
        held, pending = [[] for _ in names], 0
        for line in lines:
            held[bits(32) % buckets].append(line)
            pending += 1
            if pending == PENDING:
                spill(names, held)
                pending = 0
        spill(names, held)
        with open(to, "w", encoding="ascii") as out:
            for name in names:
                with open(name, encoding="ascii") as part:
                    some = part.readlines()
                rng.shuffle(some)
                out.writelines(some)
                os.unlink(name)
    finally:
        for name in names:
            if os.path.exists(name):
                os.unlink(name)


def spill(names, held):
    for name, lines in zip(names, held):
        with open(name, "a", encoding="ascii") as out:
            out.writelines(lines)
        lines.clear()


def write(size, plain_to, mixed_to):
    shuffle(plain(size), plain_to, size, size)
    shuffle(mixed(size), mixed_to, size * 5 // 4, size + 1)


# ---- requests: host, target, and the MATCH that must answer ----

def known(rng, size, what):
    """The number of a host of that kind."""
    first, after = {"exact": (0, 80), "paths": (90, 95)}[what]
    least, most = -(-first * size // 100), -(-after * size // 100)
    return rng.randrange(least, max(most, least + 1))


def ask_hit(rng, size):
    name = host(known(rng, size, "exact"), size)
    return name, "/articles/2024/a-title?page=2", name


def ask_miss(rng, size):
    # Numbers that no list has.
    number = rng.randrange(size, MASK)
    return word(number) + ".example", "/wp-login.php", "-"


def ask_wildcard(rng, size):
    number = rng.randrange(wildcards(size))
    name = word(rng.randrange(size, MASK))
    return (f"{name}.{parent(number, size)}", "/", wildcard(number, size)[0])


def ask_path(rng, size):
    if rng.randrange(2):
        name = word(rng.randrange(size // 10))
        return BIG, f"/{name}/cart?add=1", f"{BIG}/{name}"
    number = known(rng, size, "paths")
    match = paths(number, size)[rng.randrange(3)].split(" ")[0]
    tail = "" if match.endswith("/about") else "/x"
    name, _, path = match.partition("/")
    return name, "/" + path.replace("{item}", "w-17") + tail, match


ASKS = {"hit": ask_hit, "miss": ask_miss, "wildcard": ask_wildcard,
        "path": ask_path}


def write_queries(size, what, to, count=QUERIES):
    rng = random.Random(f"{size} {what}")
    with open(to, "w", encoding="ascii") as out:
        for _ in range(count):
            out.write("\t".join(ASKS[what](rng, size)) + "\n")
