#!/usr/bin/env python3
"""The type test: what the exported functions take and return against tests/abi/libpmkt.xml, by libabigail.

  abidw.py check    builds the library with debug information, in build/abi, and compares
  abidw.py update   the same, but rewrites the baseline; look at the difference before committing

layout.py compares what the headers say, names and numbers; this compares what the compiler made of them:
the types behind every parameter, through every pointer. Changes that callers do not notice are
listed in suppressions.ini, each with its reason.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import headers

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "libpmkt.xml"
BUILD = headers.ROOT / "build" / "abi"
SUPPRESSIONS = HERE / "suppressions.ini"

# No places, paths, machines and C libraries: the same bytes from every builder.
FLAGS = [
    *("--headers-dir", str(headers.INCLUDE), "--drop-private-types", "--exported-interfaces-only"),
    *("--no-show-locs", "--no-comp-dir-path", "--no-corpus-path", "--no-elf-needed"),
    *("--no-architecture", "--no-write-default-sizes", "--type-id-style", "hash"),
]

HOW_TO_UPDATE = """say so in the CHANGELOG and run:
  cmake --build build/release --target abi-update"""

# Bits of abidiff's exit status.
FAILED = 1 | 2
CHANGED = 4 | 8


def describe(library, out):
    """Writes what a library exports, as abidw sees it."""
    subprocess.run(["abidw", *FLAGS, "--out-file", str(out), str(library)], check=True)
    if "<function-decl" not in Path(out).read_text(encoding="utf-8"):
        sys.exit(f"{library} has no debug information; build it with -g.")


def build():
    """The library as it is released, but with debug information."""
    here = f"-ffile-prefix-map={headers.ROOT}/="  # paths of the machine say nothing about the ABI
    options = [
        f"-DCMAKE_C_FLAGS=-g {here}",
        "-DPMKT_BUILD_TESTS=OFF",
        "-DPMKT_BUILD_EXAMPLES=OFF",
    ]
    for command in (
        ["cmake", "--preset", "release", "-B", str(BUILD), *options],
        ["cmake", "--build", str(BUILD), "--target", "pmkt"],
    ):
        result = subprocess.run(command, cwd=headers.ROOT, capture_output=True, text=True)
        if result.returncode:
            sys.exit(f"{' '.join(command)}:\n{result.stdout}{result.stderr}")
    return BUILD / "libpmkt.so"


def suppressions():
    """The text of suppressions.ini, with the names of the structs that it means."""
    sized = [
        struct
        for path in headers.paths()
        for struct, fields in headers.structs(path)
        if fields[0] == "struct_size"
    ]
    declared = [
        struct
        for path in headers.paths()
        for struct in re.findall(r"typedef\s+struct\s+(\w+)\s+\1\s*;", headers.code(path))
    ]
    text = SUPPRESSIONS.read_text(encoding="utf-8")
    text = text.replace("SIZED_STRUCTS", "|".join(sized))
    return text.replace("OPAQUE_STRUCTS", "|".join(declared))


def difference(old, new, folder):
    """abidiff's exit status and its report."""
    rules = Path(folder) / "suppressions.ini"
    rules.write_text(suppressions(), encoding="utf-8")
    command = ["abidiff", "--suppressions", str(rules), "--no-architecture", str(old), str(new)]
    result = subprocess.run(command, capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


def check(library):
    if not BASELINE.exists():
        print(f"There is no {BASELINE.name} to compare with; {HOW_TO_UPDATE}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        now = Path(folder) / "now.xml"
        describe(library, now)
        status, report = difference(BASELINE, now, folder)
    if status & FAILED:
        sys.exit(f"abidiff failed with {status}:\n{report}")
    if status & CHANGED:
        print(report)
        print(f"The ABI differs from its baseline. If that is intended, {HOW_TO_UPDATE}")
        return 1
    print("The types of the ABI are those of the baseline.")
    return 0


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in ("check", "update"):
        sys.exit(__doc__)
    if not shutil.which("abidw") or not shutil.which("abidiff"):
        sys.exit("abidw and abidiff are needed (Debian, Ubuntu: abigail-tools).")
    library = build()
    if arguments[0] == "update":
        describe(library, BASELINE)
        return 0
    return check(library)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
