#!/usr/bin/env python3
"""The layout test: sizes, offsets, constants and prototypes of the ABI against tests/abi/layout.txt.

  layout.py generate FILE.c      writes the C program that prints them, from the public headers
  layout.py check PROGRAM        runs it and compares
  layout.py update PROGRAM       runs it and rewrites layout.txt; look at the difference before committing

The program also asserts, when it is compiled, that no struct has hidden padding and that every
size is a multiple of 8.
"""

import difflib
import subprocess
import sys
from pathlib import Path

import headers

BASELINE = Path(__file__).with_name("layout.txt")


def generate(out):
    lines = [
        "/* Made by tests/abi/layout.py from the public headers. */",
        "#include <inttypes.h>",
        "#include <stdio.h>",
        "",
        "#include <pmkt.h>",
        "",
        "int main(void) {",
    ]
    for path in headers.paths():
        lines.append(f'    puts("# {headers.name(path)}");')
        for constant in headers.constants(path):
            lines.append(f'    printf("{constant} = %" PRId64 "\\n", (int64_t){constant});')
        for struct, fields in headers.structs(path):
            sizes = " + ".join(f"sizeof(probe_.{field})" for field in fields)
            lines.append("    {")
            lines.append(f"        const {struct} probe_ = {{0}};")
            lines.append(f"        _Static_assert(sizeof({struct}) % 8 == 0,")
            lines.append(f'                       "the size of {struct} is no multiple of 8");')
            lines.append(f"        _Static_assert(sizeof({struct}) == {sizes},")
            lines.append(f'                       "{struct} has padding; use explicit reserved fields");')
            lines.append("        (void)probe_;")
            lines.append(f'        printf("struct {struct} size %zu\\n", sizeof({struct}));')
            for field in fields:
                lines.append(f'        printf("    {field} at %zu size %zu\\n", ')
                lines.append(f"               offsetof({struct}, {field}), sizeof(probe_.{field}));")
            lines.append("    }")
        for _, prototype in headers.functions(path):
            lines.append(f'    puts("{prototype}");')
    lines += ["    return 0;", "}", ""]
    Path(out).write_text("\n".join(lines), encoding="utf-8")


def check(program, update):
    now = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    if update:
        BASELINE.write_text(now, encoding="utf-8")
        return 0
    committed = BASELINE.read_text(encoding="utf-8")
    if now == committed:
        return 0
    sys.stdout.writelines(
        difflib.unified_diff(
            committed.splitlines(True), now.splitlines(True), "tests/abi/layout.txt", "this build"
        )
    )
    print(
        "\nThe ABI differs from its baseline. If that is intended, say so in the CHANGELOG and run:"
        "\n  cmake --build build/release --target abi-update"
    )
    return 1


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in ("generate", "check", "update"):
        sys.exit(__doc__)
    if arguments[0] == "generate":
        return generate(arguments[1])
    return check(arguments[1], arguments[0] == "update")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
