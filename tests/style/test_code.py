# SPDX-License-Identifier: BSD-2-Clause
"""What a machine can hold for good about the sources: floors, doors, headers
that compile alone, banned functions, and how each file begins and looks."""
import os
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(os.environ.get(
    "TOP_SRCDIR", pathlib.Path(__file__).parents[2])).resolve()
ROUTER = TOP / "fcgi-router"
TOOLS = TOP / "tools"

# Lowest first: a file imports from floors below, or from its own.
FLOORS = ["base", "http", "report", "settings", "route", "decide", "relay",
          "serve"]
TOOL_FLOORS = FLOORS[:FLOORS.index("decide") + 1]

# Foreign header: the files that may name it.
DOORS = {
    r"db\.h": {"fcgi-router/route/store_private.h", "tools/writer.c"},
    r"curl/.*": {"fcgi-router/relay/wire_curl.h"},
    r"openssl/.*": {"fcgi-router/base/digest.c",
                    "fcgi-router/base/pubkey.c",
                    "fcgi-router/relay/wire_tls.c"},
    r"crypt\.h": {"fcgi-router/decide/auth_basic.c"},
    r"fcgiapp\.h|fcgi_.*\.h": {"fcgi-router/serve/intake_fcgi.c"},
    r"(iniparser/)?(iniparser|dictionary)\.h":
        {"fcgi-router/settings/settings.c"},
    r"idn2\.h": {"tools/idn.c"},
    r"libpsl\.h": {"tools/psl.c"},
    r"jansson\.h": {"fcgi-router/decide/auth_json.c", "tools/json.c"},
    r"syslog\.h": {"fcgi-router/base/msg.c"},
}

# All other headers are the C library's, Linux's and the compiler's.
SYSTEM = re.compile(r"(sys|arpa|net|netinet|linux|sanitizer)/[a-z0-9_]+\.h|("
                    "assert ctype dirent dlfcn endian errno fcntl getopt grp "
                    "inttypes limits netdb poll pthread pwd sched setjmp "
                    "signal spawn stdalign stdarg stdatomic stdbool stddef "
                    "stdint stdio stdlib stdnoreturn string strings time "
                    "ucontext unistd".replace(" ", "|") + r")\.h")

BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|gets|"
                    r"strncpy|localtime|gmtime)\s*\(")

COLUMNS = 80
TAB = 8


def name(path):
    return path.relative_to(TOP).as_posix()


def files(*patterns):
    """Files of the sources, neither made nor built ones."""
    found = sorted(p for pattern in patterns for folder in
                   ("fcgi-router", "tools", "tests") for p in
                   (TOP / folder).rglob(pattern)
                   if not any(part.startswith((".", "__"))
                              for part in p.relative_to(TOP).parts))
    assert found
    return found


def own(*patterns):
    """The same, without tests."""
    return [p for p in files(*patterns) if not name(p).startswith("tests/")]


def text(path):
    return path.read_text(encoding="utf-8")


def code(path):
    """Text without comments and literals, lines kept."""
    def blank(found):
        kept = "\n" * found.group(0).count("\n")
        return '""' if found.group(0).startswith('"') else kept or " "
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|'
                  r"'(?:[^'\\\n]|\\.)+'", blank, text(path), flags=re.S)


def includes(path, form):
    return re.findall(r"(?m)^[ \t]*#[ \t]*include[ \t]*" + form, text(path))


def own_includes(path):
    return includes(path, r'"([^"]+)"')


def where(include):
    """The file of an #include "..." of the program and its tools."""
    root = TOP if include.startswith("tools/") else ROUTER
    return root / include


def floor(path):
    if path.is_relative_to(TOOLS):
        return "tools"
    parts = path.relative_to(ROUTER).parts
    return parts[0] if len(parts) > 1 else "main"


def may_import(of, what):
    """May a file of floor `of` include one of floor `what`?"""
    if of == "tools":
        return what in TOOL_FLOORS or what == "tools"
    if of == "main":
        return what in FLOORS
    return what in FLOORS[:FLOORS.index(of) + 1]


def room(path):
    """Folder and name: store.c, store.h and store_x.c are one room, unless
    there is a store_x.h for others."""
    stem = path.name.split(".")[0].removesuffix("_private")
    while not (path.parent / (stem + ".h")).exists() and "_" in stem:
        stem = stem.rsplit("_", 1)[0]
    return f"{path.parent.relative_to(TOP).as_posix()}/{stem}"


def circle(graph):
    """A path that ends where it began, or None."""
    done, trail = set(), []

    def visit(node):
        if node in trail:
            return trail[trail.index(node):] + [node]
        if node in done:
            return None
        trail.append(node)
        for other in sorted(graph.get(node, ())):
            found = visit(other)
            if found:
                return found
        trail.pop()
        done.add(node)
        return None

    for node in sorted(graph):
        found = visit(node)
        if found:
            return found
    return None


def test_every_include_names_a_file_from_the_root():
    wrong = [f"{name(p)}: {i}" for p in own("*.[ch]")
             for i in own_includes(p) if not where(i).is_file()]
    assert wrong == []


def test_every_folder_is_a_floor():
    folders = {p.name for p in ROUTER.iterdir() if p.is_dir()}
    assert folders <= set(FLOORS)


def test_includes_go_down_only():
    wrong = [f"{name(p)}: {i}" for p in own("*.[ch]")
             for i in own_includes(p)
             if not may_import(floor(p), floor(where(i)))]
    assert wrong == []


def test_rooms_do_not_import_in_a_circle():
    graph = {}
    for path in own("*.[ch]"):
        rooms = {room(where(i)) for i in own_includes(path)}
        graph.setdefault(room(path), set()).update(rooms - {room(path)})
    assert circle(graph) is None


def test_a_circle_would_be_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) is None


def test_private_headers_stay_in_their_room():
    wrong = [f"{name(p)}: {i}" for p in own("*.[ch]")
             for i in own_includes(p)
             if i.endswith("_private.h") and room(where(i)) != room(p)]
    assert wrong == []


def test_foreign_headers_have_one_door():
    wrong = []
    for path in own("*.[ch]"):
        for header in includes(path, r"<([^>]+)>"):
            doors = [DOORS[d] for d in DOORS if re.fullmatch(d, header)]
            if doors and name(path) not in doors[0]:
                wrong.append(f"{name(path)}: <{header}> is for {doors[0]}")
            if not doors and not SYSTEM.fullmatch(header):
                wrong.append(f"{name(path)}: <{header}> has no door")
    assert wrong == []


def test_every_door_is_used():
    for header, doors in DOORS.items():
        for door in doors:
            assert [h for h in includes(TOP / door, r"<([^>]+)>")
                    if re.fullmatch(header, h)], (header, door)


@pytest.mark.parametrize("path", own("*.h"), ids=name)
def test_header_compiles_alone(path):
    compiler = os.environ.get("CC", "cc").split()
    define = []
    if path.name.endswith(".tbl.h"):
        macros = set(re.findall(r"(?m)^([A-Z]+)\(", code(path)))
        define = [f"-D{m}(...)=" for m in macros]
    run = subprocess.run(
        [*compiler, "-std=c17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall",
         "-Wextra", "-Werror", f"-I{ROUTER}", f"-I{TOP}", *define,
         "-include", path, "-x", "c", os.devnull],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    "path", [p for p in own("*.h") if not p.name.endswith(".tbl.h")],
    ids=name)
def test_header_is_guarded_by_its_name(path):
    guard = re.sub(r"\W", "_", path.relative_to(
        ROUTER if path.is_relative_to(ROUTER) else TOP).as_posix()).upper()
    assert re.search(rf"#ifndef {guard}\n#define {guard}\n", text(path))


def test_banned_functions_are_not_called():
    wrong = [f"{name(p)}: {m}" for p in files("*.[ch]")
             for m in BANNED.findall(code(p))]
    assert wrong == []


def test_banned_functions_would_be_found(tmp_path):
    path = tmp_path / "x.c"
    path.write_text('/* gets() */ f("atoi(x)"); snprintf(a); sprintf (a);\n')
    assert BANNED.findall(code(path)) == ["sprintf"]


def test_every_file_begins_with_its_licence():
    line = "SPDX-License-Identifier: BSD-2-Clause"
    wrong = [name(p) for p in files("*.[ch]")
             if text(p).split("\n")[0] != f"/* {line} */"]
    for path in files("*.py", "*.sh"):
        lines = text(path).split("\n")
        if lines[1 if lines[0].startswith("#!") else 0] != f"# {line}":
            wrong.append(name(path))
    wrong += [name(p) for p in manuals()
              if text(p).split("\n")[0] != f'.\\" {line}']
    assert wrong == []


def test_line_three_starts_saying_what_the_room_is():
    wrong = []
    for path in own("*.[ch]"):
        begin = "\n".join(text(path).split("\n")[1:4])
        said = re.match(r"\n/\*\s+(?:\* )?([\w.-]+): ", begin)
        stem = path.name.removesuffix(".c").removesuffix(".h")
        if not said or said.group(1) not in (stem, room(path).split("/")[-1]):
            wrong.append(name(path))
    assert wrong == []


def test_lines_fit_in_eighty_columns():
    wrong = [f"{name(p)}:{n}" for p in files("*.[ch]")
             for n, line in enumerate(text(p).split("\n"), 1)
             if len(line.expandtabs(TAB)) > COLUMNS]
    assert wrong == []


def test_no_file_names_a_machine():
    """Paths of people's homes, and of the folders in use right now."""
    here = [str(TOP), os.environ.get("BUILD_DIR", str(TOP))]
    wrong = []
    for folder, folders, names in os.walk(TOP):
        folders[:] = [f for f in folders if f not in (
            ".git", "autom4te.cache", "build-aux", "__pycache__")
            and not (folder == str(TOP) and f.startswith("build"))]
        if "config.status" in names:  # built in here: what was made says so
            here = []
        for one in names:
            path = pathlib.Path(folder, one)
            if path.is_symlink() or path.suffix in (".o", ".a", ".log"):
                continue
            content = path.read_bytes()
            if b"\0" in content:
                continue
            found = re.search(rb"/(?:home|Users)/[a-z]|/roo[t]/", content)
            if found or any(h.encode() in content for h in here):
                wrong.append(name(path))
    assert wrong == []


def manuals():
    found = sorted(p for folder in ("fcgi-router", "tools", "conf")
                   for p in (TOP / folder).glob("*.[1-8]"))
    assert found
    return found


def test_every_program_and_format_has_its_manual_beside_it():
    assert {name(p) for p in manuals()} >= {
        "fcgi-router/fcgi-router.8", "tools/route-compile.1",
        "tools/route-query.1", "tools/route-stat.1", "tools/route-tail.1",
        "conf/routes.5", "conf/router.ini.5"}


@pytest.mark.parametrize("path", manuals(), ids=name)
def test_manual_is_clean(path):
    run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path],
                         stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, check=False)
    assert run.stdout + run.stderr == ""
    assert run.returncode == 0
