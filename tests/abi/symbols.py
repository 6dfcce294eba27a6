#!/usr/bin/env python3
"""The symbol test: the shared library exports what the headers declare, and nothing else.

  symbols.py check LIBRARY [NM]    compares four lists: the library's dynamic symbols,
                                   tests/abi/symbols.txt, src/libpmkt.map and the PMKT_API functions
  symbols.py update LIBRARY [NM]   rewrites symbols.txt; src/libpmkt.map is edited by hand

symbols.txt has a line a symbol: its kind as nm shows it (T = function), its name and version.
"""

import re
import subprocess
import sys
from pathlib import Path

import headers

BASELINE = Path(__file__).with_name("symbols.txt")
MAP = headers.ROOT / "src" / "libpmkt.map"


def exported(library, nm):
    """The lines of symbols.txt, of a library."""
    output = subprocess.run(
        [nm, "-D", "--defined-only", library], check=True, capture_output=True, text=True
    ).stdout
    return sorted(line.split(maxsplit=1)[1] for line in output.splitlines() if line.strip())


def mapped():
    """The functions that the version script names."""
    text = re.sub(r"/\*.*?\*/", " ", MAP.read_text(encoding="utf-8"), flags=re.S)
    return {symbol for symbol in re.findall(r"([\w*]+)\s*;", text) if symbol != "*"}


def compare(what, expected, actual):
    """Prints the difference of two sets; true if there is none."""
    for symbol in sorted(expected - actual):
        print(f"{what}: missing {symbol}")
    for symbol in sorted(actual - expected):
        print(f"{what}: unexpected {symbol}")
    return expected == actual


def check(lines):
    declared = {function for path in headers.paths() for function, _ in headers.functions(path)}
    functions = {line.split()[1].split("@")[0] for line in lines if line.startswith("T ")}
    good = [
        compare("src/libpmkt.map against the headers", declared, mapped()),
        compare("the library against the headers", declared, functions),
        compare(
            "the library against tests/abi/symbols.txt",
            set(BASELINE.read_text(encoding="utf-8").splitlines()),
            set(lines),
        ),
    ]
    if all(good):
        return 0
    print(
        "\nA public function stands in its header (with PMKT_API), in src/libpmkt.map and, after"
        "\n  cmake --build build/release --target abi-update"
        "\nin tests/abi/symbols.txt."
    )
    return 1


def main(arguments):
    if len(arguments) not in (2, 3) or arguments[0] not in ("check", "update"):
        sys.exit(__doc__)
    lines = exported(arguments[1], arguments[2] if len(arguments) == 3 else "nm")
    if arguments[0] == "update":
        BASELINE.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return 0
    return check(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
