#!/usr/bin/python3
"""Checks the order of the folders: who may include what, where foreign headers may appear, and that
no two headers declare types of one name (programs link several folders: the linker would take either).

check_layers.py ROOT prints each violation as FILE:LINE: WHY and ends with 1 when there is one.
"""

import fnmatch
import pathlib
import re
import sys

# base <- seal <- keyd <- milter, pipe, admin; of keyd, front ends know nothing but its client.
MAY_INCLUDE = {
    "base": ["base/*"],
    "seal": ["base/*", "seal/*"],
    "keyd": ["base/*", "seal/*", "keyd/*"],
    "milter": ["base/*", "seal/*", "keyd/client.hpp", "milter/*"],
    "pipe": ["base/*", "seal/*", "keyd/client.hpp", "pipe/*"],
    "admin": ["base/*", "seal/*", "keyd/client.hpp", "admin/*"],
}

# A foreign library's header appears in one place.
FOREIGN = [
    ("libmilter/*", ["milter/callbacks.cpp"]),
    ("gpgme*", ["keyd/*", "admin/*"]),
    ("sqlite3*", ["keyd/*store*", "keyd/sqlite*"]),
    ("libpq*", ["keyd/postgresql*"]),
    ("postgresql/*", ["keyd/postgresql*"]),
    ("openssl/rand.h", ["seal/random.cpp"]),
    ("openssl/provider.h", ["seal/openssl_library.cpp"]),
    ("openssl/core_dispatch.h", ["seal/openssl_library.cpp"]),
    ("unicase.h", ["keyd/local_part.cpp"]),
    ("uninorm.h", ["keyd/local_part.cpp"]),
    ("boost/beast*", ["keyd/*server*", "keyd/*client*", "keyd/*web*"]),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

NAMESPACE = re.compile(r"^namespace ([\w:]+) \{")
TYPE = re.compile(r"^(?:class|struct|enum class) (\w+)(?: final)?(?: :.*)?(?: \{.*)?$")


def violations(root):
    yield from wrong_includes(root)
    yield from doubled_types(root)


def doubled_types(root):
    declared = {}
    for path in sorted(path for folder in MAY_INCLUDE for path in (root / folder).rglob("*.hpp")):
        name = path.relative_to(root).as_posix()
        namespace = ""
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if found := NAMESPACE.match(line):
                namespace = found[1]
            elif found := TYPE.match(line):
                first = declared.setdefault((namespace, found[1]), name)
                if first != name:
                    yield f"{name}:{number}: {namespace}::{found[1]} is declared in {first}, too"


def wrong_includes(root):
    for folder, allowed in MAY_INCLUDE.items():
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            name = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                include = INCLUDE.match(line)
                if include:
                    why = judge(name, folder, allowed, *include.groups())
                    if why:
                        yield f"{name}:{number}: {why}"


def judge(name, folder, allowed, mark, header):
    """Why the file may not include the header; None when it may."""
    for pattern, places in FOREIGN:
        if fnmatch.fnmatch(header, pattern):
            if not any(fnmatch.fnmatch(name, place) for place in places):
                return f"<{header}> belongs in {' or '.join(places)}"
            return None
    if mark == '"':
        if header.split("/")[0] not in MAY_INCLUDE or ".." in header:
            return f'"{header}" is not named from the root of the source'
        if not any(fnmatch.fnmatch(header, pattern) for pattern in allowed):
            return f'{folder} may not include "{header}"'
    elif header.split("/")[0] in MAY_INCLUDE:
        return f'<{header}> is ours: include it with "'
    return None


def main(root):
    found = list(violations(pathlib.Path(root)))
    for violation in found:
        print(violation)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
