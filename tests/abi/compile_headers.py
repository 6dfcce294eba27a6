#!/usr/bin/env python3
"""Compiles every public header alone with every compiler that is installed: as C11 and C++17, those of
C++ as C++17, and all of them together also as C++20 and without exceptions.

Each header must stand on its own, twice in one file, and each of its INIT macros and init functions
must compile in both languages without a warning, in an automatic and in a static variable.
"""

import shutil
import subprocess
import sys

import headers

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
C = ["-x", "c", "-std=c11", "-Wstrict-prototypes"]
CXX = ["-x", "c++", "-std=c++17"]
COMPILERS = [("gcc", C), ("clang", C), ("cc", C), ("g++", CXX), ("clang++", CXX), ("c++", CXX)]


DIALECTS = [["-std=c++20"], ["-std=c++17", "-fno-exceptions"]]  # for pmkt.hpp, besides C++17


def program(path):
    """A program that uses the header and its INIT macros."""
    include = f"#include <{headers.name(path)}>\n"
    before, inside = "", ""
    for struct, macro, has_function in headers.init_macros(path):
        before += f"extern const {struct} global_{struct};\n"
        before += f"const {struct} global_{struct} = {macro};\n"
        inside += f"    {struct} local_{struct} = {macro};\n"
        if has_function:
            inside += f"    {struct}_init(&local_{struct});\n"
        inside += f"    (void)local_{struct};\n"
    return f"{include}{include}{before}int main(void) {{\n{inside}    return 0;\n}}\n"


def installed():
    """The compilers that are here, each of them once: cc is often gcc."""
    found = {}
    for compiler, flags in COMPILERS:
        path = shutil.which(compiler)
        if path:
            version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            found.setdefault((version.partition("\n")[2], tuple(flags), "clang" in version), (path, flags))
    return list(found.values())


def compiles(command, path, text):
    """True if the text compiles without a word; else prints what the compiler says."""
    command = [*command, *WARNINGS, "-fsyntax-only", "-I", str(headers.INCLUDE), "-"]
    result = subprocess.run(command, input=text, capture_output=True, text=True)
    if not result.returncode and not result.stderr:
        return True
    print(f"{headers.name(path)} with {' '.join(command[:5])}:\n{result.stderr}")
    return False


def main():
    compilers = installed()
    languages = {tuple(flags) for _, flags in compilers}
    if languages != {tuple(C), tuple(CXX)}:
        sys.exit("A C compiler and a C++ compiler are needed, such as gcc and g++.")
    failures = 0
    for compiler, flags in compilers:
        for path in headers.paths():
            failures += not compiles([compiler, *flags], path, program(path))
        if flags != CXX:
            continue
        for path in headers.cpp_paths():
            twice = f"#include <{headers.name(path)}>\n" * 2
            for dialect in [CXX[2:], *(DIALECTS if path.name == "pmkt.hpp" else [])]:
                failures += not compiles([compiler, "-x", "c++", *dialect], path, twice)
    count = len(headers.paths()) + len(headers.cpp_paths())
    print(f"{count} headers, {len(compilers)} compilers, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
