#!/usr/bin/env python3
"""Checks who includes whom.

A file of src/<module> includes the public headers, core and its own module, never another module:
what combines modules sits above them, on the public headers. A public header includes public
headers and the C standard library only, one of C++ public headers and the C++ standard library. No
C header includes one of C++.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', flags=re.M)
STANDARD = {"stddef.h", "stdint.h"}


def includes(path):
    """(line number, bracket, name) of each include of a file."""
    text = path.read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start(2)) + 1, match.group(1), match.group(2)


def source_problem(module, bracket, included):
    """What is wrong with an include of src/<module>, or None."""
    owner = included.partition("/")[0] if "/" in included else None
    if bracket == "<":
        if owner in {path.name for path in (ROOT / "src").iterdir() if path.is_dir()} | {"pmkt"}:
            return "our own headers are included in quotes"
        return None
    if included == "pmkt.h" or owner in ("pmkt", "core", module):
        return None
    if owner is None:
        return f'write the directory too, such as "{module}/{included}"'
    return f"src/{module} may include core, pmkt and itself only"


def public_problem(path, bracket, included):
    """What is wrong with an include of a public header, or None."""
    if path.suffix == ".hpp":
        if bracket == "<":
            return None if re.fullmatch(r"[a-z_]+", included) else "no header of the C++ library"
    elif bracket == "<":
        return None if included in STANDARD else "beyond stddef.h and stdint.h"
    elif included.endswith(".hpp"):
        return "a C header includes one of C++"
    if (ROOT / "include" / included).exists() or (path.parent / included).exists():
        return None
    return "no public header"


def main():
    problems, files = [], 0
    for path in sorted((ROOT / "src").rglob("*.[ch]")):
        files += 1
        module = path.relative_to(ROOT / "src").parts[0]
        for line, bracket, included in includes(path):
            problem = source_problem(module, bracket, included)
            if problem:
                problems.append(f"{path.relative_to(ROOT)}:{line}: {included}: {problem}")
    for path in sorted([*(ROOT / "include").rglob("*.h"), *(ROOT / "include").rglob("*.hpp")]):
        files += 1
        for line, bracket, included in includes(path):
            problem = public_problem(path, bracket, included)
            if problem:
                problems.append(f"{path.relative_to(ROOT)}:{line}: {included}: {problem}")
    print(*problems, f"{files} files, {len(problems)} problems", sep="\n")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
