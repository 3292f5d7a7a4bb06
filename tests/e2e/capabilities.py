# SPDX-License-Identifier: BSD-2-Clause
"""capabilities: what each set-up can do, and what it cannot.

One row a capability, one column a set-up. Each cell is tested by
test_capabilities.py, and the manual's table is compared with this one.
`python3 capabilities.py` prints it as the manual has it.
"""

COLUMNS = (
    # set-up, its letter in the manual: 80 columns have no room for names
    ("apache-mod_fcgid", "a"),
    ("apache-htaccess", "b"),
    ("apache-mod_proxy_fcgi", "c"),
    ("apache-cgi", "d"),
    ("lighttpd-spawn", "e"),
    ("lighttpd-socket", "f"),
    ("nginx", "g"),
    ("haproxy", "h"),
    ("caddy", "i"),
)

# In the order of COLUMNS.
TABLE = {
    "upgrade":
        ("WebSocket, upgrades", "no no no no no no no no no"),
    "connect":
        ("CONNECT", "no no no no no no no no no"),
    "interim":
        ("1xx answers", "no no no no no no no no no"),
    "trailers":
        ("trailers", "no no no no no no no no no"),
    "streaming":
        ("answers stream", "yes no yes yes yes yes yes yes yes"),
    "encoded-slash":
        ("%2F in a path", "yes no yes yes yes yes yes yes yes"),
    "big-body":
        ("bodies over 128 KiB", "yes no yes yes yes yes yes yes yes"),
    "chunked":
        ("chunked uploads", "yes yes yes yes yes yes yes no yes"),
    "break-length":
        ("break seen, with length", "yes yes yes yes yes yes yes yes yes"),
    "break-chunked":
        ("break seen, chunked", "no no yes no yes yes yes yes no"),
    "leave-stream":
        ("leaving client noticed", "yes no yes yes yes yes yes yes yes"),
    "leave-silent":
        ("the same, silent origin", "no no no no no no yes yes no"),
    "head-length":
        ("Content-Length on HEAD", "yes yes yes yes yes yes yes yes yes"),
    "authorization":
        ("Authorization passed", "yes yes yes yes yes yes yes yes yes"),
    "parallel":
        ("requests in one process", "no no yes no yes yes yes yes yes"),
    "restart":
        ("back after SIGKILL", "yes yes no yes yes no no no no"),
}


def cell(row, setup):
    names = [name for name, _ in COLUMNS]
    return TABLE[row][1].split()[names.index(setup)]


def cells():
    """(row, set-up) of every cell."""
    return [(row, name) for row in TABLE for name, _ in COLUMNS]


def manual():
    """The table as lines of mdoc."""
    wide = " ".join('"yes"' for _ in COLUMNS)
    lines = [f'.Bl -column "requests in one process" {wide}',
             ".It Ta " + " Ta ".join(heading for _, heading in COLUMNS)]
    for title, row in TABLE.values():
        lines.append(f".It {title} Ta " + " Ta ".join(row.split()))
    return "\n".join([*lines, ".El"])


if __name__ == "__main__":
    print(manual())
