#!/usr/bin/env python3
"""Shows a public header to Doxygen: its plain comments as documentation comments.

usage: doxygen_filter.py HEADER     prints the header; every line keeps its number

The headers are written to be read as they are, without marks for a tool. Here
  - the comment at the top becomes the description of the header's group, that of pmkt.h the main page,
  - a comment behind code describes that code, any other the code below it,
  - rulers (/* ------ errors */) stay plain,
  - what speaks for itself (INIT macros and init functions, a field that is what its name says, the
    further functions and macros under one comment) gets the sentence that nobody wants in the header.
Everything else without a comment is left to Doxygen to complain about.
"""

import re
import sys
from pathlib import Path

COMMENT = re.compile(r"/\*.*?\*/", flags=re.S)
PLAIN = re.compile(r"/\* (-{3,}|clang-format|In the order of reading|Word for word)")
FUNCTION = re.compile(r"^PMKT_API\s[^;]*?(\w+)\s*\([^;]*;", flags=re.S)
FIELD = re.compile(r"    ((?:const )?\w+ [*]?(?:const )?[*]?)(\w[\w, ]*)(\[\w+\])?;")
POINTER = re.compile(r"    [\w *]+\(\*(\w+)\)\(.*\);")


def group(path):
    return f"header_{path.stem}"


def title_comment(text, path):
    """The comment at the top: its first line, "rfm.h - what it is", becomes a title."""
    if path.name == "pmkt.h":
        return re.sub(r"/\*\n \* \S+ - (.*)", r"/** @mainpage\n * \1", text, count=1)
    if path.suffix == ".hpp":
        return re.sub(r"/\*\n \* (\S+) - (.*)", r"/**\n * @page cpp_page \2 - \1", text, count=1)
    return re.sub(r"/\*\n \* (.*)", rf"/**\n * @defgroup {group(path)} \1", text, count=1)


def marked(path):
    """The header with its comments marked."""
    text = path.read_text(encoding="utf-8")
    parts, done = [], 0
    for match in COMMENT.finditer(text):
        parts.append(text[done : match.start()])
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        comment = match.group()
        if not done:
            comment = title_comment(comment, path)
        elif not PLAIN.match(comment):
            comment = ("/**<" if before.strip() else "/**") + comment[2:]
        parts.append(comment)
        done = match.end()
    return "".join(parts) + text[done:]


def below_a_comment(lines, i):
    return i > 0 and lines[i - 1].rstrip().endswith("*/")


def described_macros(lines):
    """INIT macros say what they are; so do macros right below one that has a comment."""
    first = None
    for i, line in enumerate(lines):
        macro = re.match(r"#define (PMKT_\w+)", line)
        if not macro:
            first = None
        elif macro.group(1).endswith("_INIT"):
            struct = macro.group(1)[: -len("_INIT")].lower()
            lines[i - 1] += f"/** The defaults of a {struct}, to initialize it with. */"
        elif below_a_comment(lines, i) or "/**<" in line:
            first = macro.group(1)
        elif first:
            lines[i] += f" /**< See {first}, with which it is described. */"


def described_functions(lines):
    """The init functions, and functions right below another one."""
    last = None
    i = 0
    while i < len(lines):
        init = re.match(r"static inline void (\w+)_init\(", lines[i])
        function = FUNCTION.match("\n".join(lines[i : i + 12]))
        if init:
            lines[i] = f"/** Sets a {init.group(1)} to its defaults. */ {lines[i]}"
        if not function:
            last = last if last == i else None
            i += 1
            continue
        if last == i and not below_a_comment(lines, i):
            lines[i] = f"/** See {name}(), with which it is described. */ {lines[i]}"
        else:
            name = function.group(1)
        i += function.group().count("\n") + 1
        last = i


def field(line):
    """A field that has no comment, with its name as one; several on a line become one each."""
    pointer = POINTER.fullmatch(line)
    if pointer:
        return f"{line} /**< {pointer.group(1)} */"
    match = FIELD.fullmatch(line)
    if not match:
        return line
    kind, names, size = match.groups()
    each = [f"{kind}{name}{size or ''}; /**< {name.replace('_', ' ')} */" for name in names.split(", ")]
    return "    " + " ".join(each)


def described_fields(lines):
    """A field without a comment is what its name says."""
    inside, above = False, False  # above: the comment before describes the field
    for i, line in enumerate(lines):
        if re.match(r"typedef struct \w+ \{$", line):
            inside = True
        elif line.startswith("}"):
            inside = False
        elif inside and not above:
            lines[i] = field(line)
        above = bool(re.match(r"    /\*\*[^<]", line)) or (above and not line.endswith(";"))


def grouped(text, path):
    """All of a header's code in the group that its first comment describes."""
    begin = 'extern "C" {\n#endif\n'
    text = text.replace(begin + "\n", f"{begin}/** @addtogroup {group(path)} */ /** @{{ */\n", 1)
    return re.sub(r"\n(\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n)$", r" /** @} */\n\1", text)


def main(path):
    lines = marked(path).split("\n")
    described_macros(lines)
    described_functions(lines)
    described_fields(lines)
    text = "\n".join(lines)
    # The structs of Arrow are not ours to describe.
    text = re.sub(
        r"(/\* Word for word [^\n]*)(\n.*\n#ifndef ARROW_C_STREAM_INTERFACE\n.*?\n#endif)\n\n",
        r"\1 /** @cond */\2\n/** @endcond */\n",
        text,
        flags=re.S,
    )
    if 'extern "C" {' in text:
        text = grouped(text, path)
    sys.stdout.write(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
