#!/usr/bin/env python3
"""Compiles and runs what the documents show as a whole program, so that it works as written.

usage: snippets.py LIBRARY     the shared library to link with

A program is whatever has a main: the fenced c and cpp blocks of README.md, and the indented blocks in
the comment at the top of include/pmkt.h. Blocks of C++ without one are the inside of a main, whose
columns (user, time, amount and so on) the text takes for granted; they are given three rows each.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
COMPILERS = {"c": ["cc", "-std=c11"], "cpp": ["c++", "-std=c++17"]}
COLUMNS = """#include <iostream>
#include <vector>
#include <pmkt.hpp>
int main() {
    const std::vector<std::uint64_t> user = {7, 7, 9}, order = {1, 2, 3};
    const std::vector<std::int64_t> time = {1767600000000, 1768900000000, 1748700000000};
    const std::vector<std::int64_t> amount = {25000, 19900, 4900};
    (void)order;
"""


def fenced(path):
    """(name, language, code) of each fenced block of C or C++."""
    text = path.read_text(encoding="utf-8")
    for n, match in enumerate(re.finditer(r"^```(c|cpp)\n(.*?)^```$", text, flags=re.M | re.S), 1):
        yield f"{path.name}, block {n}", match.group(1), match.group(2)


def in_comment(path, language):
    """The same of the blocks of code in the comment at the top of a header."""
    comment = path.read_text(encoding="utf-8").partition("*/")[0]
    lines = [re.sub(r"^ \* ?", "", line) for line in comment.split("\n")]
    block = ""
    for line in [*lines, "end"]:
        if line.startswith("    ") or (block and not line):
            block += line[4:] + "\n"
        elif block:
            if "#include" in block:
                yield f"{path.name}, first program", language, block
            block = ""


def whole(code):
    """A program of a snippet."""
    if re.search(r"\bmain\s*\(", code):
        return code
    includes = "".join(re.findall(r"^#include .*\n", code, flags=re.M))
    return includes + COLUMNS + re.sub(r"^#include .*\n", "", code, flags=re.M) + "}\n"


def works(name, language, code, library):
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / f"snippet.{language}", Path(folder) / "snippet"
        source.write_text(whole(code), encoding="utf-8")
        command = [*COMPILERS[language], *WARNINGS, "-I", str(ROOT / "include"), str(source)]
        command += [str(library), f"-Wl,-rpath,{library.parent}", "-o", str(program)]
        built = subprocess.run(command, capture_output=True, text=True)
        if built.returncode:
            print(f"{name} does not compile:\n{built.stderr}")
            return False
        ran = subprocess.run([str(program)], capture_output=True, text=True, cwd=folder)
        if ran.returncode or not ran.stdout:
            print(f"{name} ends with {ran.returncode}: {ran.stdout}{ran.stderr}")
            return False
        return True


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    snippets = [
        *fenced(ROOT / "README.md"),
        *in_comment(ROOT / "include" / "pmkt.h", "c"),
        *in_comment(ROOT / "include" / "pmkt.hpp", "cpp"),
    ]
    library = Path(arguments[0]).resolve()
    missing = [name for name, *_ in COMPILERS.values() if not shutil.which(name)]
    if missing:
        sys.exit(f"not found: {', '.join(missing)}")
    failures = sum(not works(*snippet, library) for snippet in snippets)
    print(f"{len(snippets)} snippets, {failures} failures")
    return 1 if failures or len(snippets) < 3 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
