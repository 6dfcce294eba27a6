#!/usr/bin/env python3
"""Checks the text of the sources: short enough, UTF-8, Unix lines, no stray white space, no tabs."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ["include", "src", "bindings", "examples", "tests", "benchmarks"]
SUFFIXES = {".c", ".h", ".cpp", ".hpp", ".py", ".go"}
NOT_OURS = {"__pycache__", "build", "dist", "venv", "node_modules"}
MOST_LINES = 800


def sources():
    """Every source file of the project; nothing of a build."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            parts = path.relative_to(ROOT).parts
            if any(part.startswith((".", "build-")) or part in NOT_OURS for part in parts):
                continue
            if path.suffix in SUFFIXES and path.is_file():
                yield path


def problems(path):
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"byte {error.start} is not UTF-8"
        return
    lines = text.split("\n")
    if text and lines.pop():
        yield "the last line does not end"
    if len(lines) > MOST_LINES:
        yield f"{len(lines)} lines; {MOST_LINES} are the most: give the file one job"
    for number, line in enumerate(lines, 1):
        if line.endswith(("\r", " ", "\t")):
            yield f"line {number} ends in white space or a carriage return"
        if "\t" in line and path.suffix != ".go":
            yield f"line {number} has a tab"


def main():
    files, found = 0, []
    for path in sources():
        files += 1
        found += [f"{path.relative_to(ROOT)}: {problem}" for problem in problems(path)]
    print(*found, f"{files} files, {len(found)} problems", sep="\n")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
