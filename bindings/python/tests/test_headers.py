"""What repeats the headers in Python says the same as the headers."""

from __future__ import annotations

import ctypes
import inspect
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import HEADERS, missing
from header_parser import Header, read_headers, squeeze

from pmkt import (
    _constants,
    _signatures,
    _signatures_attribution,
    _signatures_cf,
    _signatures_funnel,
    _signatures_intent,
    _signatures_purchase,
    _signatures_rules,
    _signatures_tracker,
    _structs,
)
from pmkt._library import lib

NUMBERS = {
    "int": ctypes.c_int,
    "double": ctypes.c_double,
    "float": ctypes.c_float,
    "size_t": ctypes.c_size_t,
    "char": ctypes.c_char,
    "int32_t": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "uint8_t": ctypes.c_uint8,
    "uint16_t": ctypes.c_uint16,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "pmkt_status": ctypes.c_int32,
}

STRUCTS = vars(_structs)


@pytest.fixture(scope="module")
def header() -> Header:
    return read_headers(HEADERS)


def of_c(text: str) -> Any:
    """The ctypes type of a C type."""
    text = text.strip()
    if text == "void":
        return None
    if text.endswith("*"):
        target, constant = text[:-1].strip(), text.startswith("const ")
        target = re.sub(r"\s*\bconst$", "", re.sub(r"^const (?!.*\*)", "", target))
        if target == "void":
            return ctypes.c_void_p
        if target == "char" and constant:
            return ctypes.c_char_p
        return ctypes.POINTER(of_c(target))
    return NUMBERS[text] if text in NUMBERS else STRUCTS[text.replace("struct ", "")]


def of_function_pointer(text: str) -> Any:
    match = re.fullmatch(r"(.*)\(\*\)\((.*)\)", text)
    assert match, text
    arguments = [of_c(re.sub(r"(?<=[ *])\w+$", "", part)) for part in match[2].split(",")]
    return ctypes.CFUNCTYPE(of_c(match[1]), *arguments)


def same_type(a: Any, b: Any) -> bool:
    """Function pointer types are compared by their parts; the others are unique objects."""
    if hasattr(a, "_argtypes_") and hasattr(b, "_argtypes_"):
        return a._restype_ is b._restype_ and tuple(a._argtypes_) == tuple(b._argtypes_)
    return a is b


def test_the_parser_finds_what_is_there(header: Header) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in HEADERS.glob("*.h"))
    # "define PMKT_API" and the rule in prose do not open a line, and no prototype is missed.
    assert len(header.functions) == len(re.findall(r"^PMKT_API ", text, flags=re.M))
    defined = set(re.findall(r"^typedef struct \w+ {", text, flags=re.M))
    assert len(header.structs) == len(defined)
    assert header.functions["pmkt_rfm_free"] == ("void", ["pmkt_rfm*"])
    assert header.numbers["PMKT_TIME_MIN"] == -8520336000000
    assert header.numbers["PMKT_RFM_ZERO"] == -1


def test_numbers(header: Header) -> None:
    mine = {f"PMKT_{name}": value for name, value in vars(_constants).items() if name.isupper()}
    theirs = {
        name: value for name, value in header.numbers.items() if not name.startswith("PMKT_VERSION")
    }
    assert mine == theirs


def test_version(header: Header) -> None:
    parts = [header.numbers[f"PMKT_VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH")]
    assert lib.pmkt_version().decode() == ".".join(map(str, parts))
    assert lib.pmkt_version_number() == parts[0] * 1_000_000 + parts[1] * 1_000 + parts[2]


def test_every_struct_is_there(header: Header) -> None:
    mine = {
        name: kind
        for name, kind in STRUCTS.items()
        if inspect.isclass(kind) and issubclass(kind, ctypes.Structure) and name.startswith("pmkt_")
    }
    assert set(mine) == set(header.structs) | set(header.opaque)
    for name in header.opaque:
        assert not hasattr(mine[name], "_fields_"), name


def test_struct_fields(header: Header) -> None:
    for name, fields in header.structs.items():
        mine = STRUCTS[name]._fields_
        assert [field[0] for field in mine] == [field[0] for field in fields], name
        for (field, kind), (_, c_type, length) in zip(mine, fields):
            expected = of_function_pointer(c_type) if "(*)" in c_type else of_c(c_type)
            if length:
                expected = expected * length
            assert same_type(kind, expected), f"{name}.{field}: {kind} is not {c_type}"


def test_signatures(header: Header) -> None:
    mine = {name: (result, arguments) for name, result, arguments in _signatures.SIGNATURES}
    assert len(mine) == len(_signatures.SIGNATURES), "a row stands there twice"
    assert set(mine) == set(header.functions)
    for name, (result, arguments) in header.functions.items():
        assert same_type(mine[name][0], of_c(result)), name
        expected = [of_c(argument) for argument in arguments]
        assert len(mine[name][1]) == len(expected), name
        for position, (a, b) in enumerate(zip(mine[name][1], expected)):
            assert same_type(a, b), f"{name}, argument {position}: {a} is not {b}"


def test_the_c_line_above_each_row(header: Header) -> None:
    modules = (
        _signatures,
        _signatures_cf,
        _signatures_attribution,
        _signatures_funnel,
        _signatures_intent,
        _signatures_purchase,
        _signatures_rules,
        _signatures_tracker,
    )
    files = [str(module.__file__) for module in modules]
    source = "".join(Path(file).read_text(encoding="utf-8") for file in files)
    comments = re.findall(r"((?:^    # .*\n)+)    \(\s*\"(\w+)\"", source, flags=re.M)
    assert [name for _, name in comments] == [row[0] for row in _signatures.SIGNATURES]
    for comment, name in comments:
        lines = [line.strip("# ") for line in comment.splitlines() if "----" not in line]
        assert squeeze(" ".join(lines)) == header.prototypes[name] + ";"


def test_layout_is_the_compilers(header: Header, tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        missing("there is no C compiler")
    lines = []
    for name, fields in header.structs.items():
        lines.append(f'    printf("{name} %zu\\n", sizeof({name}));')
        lines += [
            f'    printf("{name}.{field} %zu\\n", offsetof({name}, {field}));'
            for field, _, _ in fields
        ]
    program = tmp_path / "layout.c"
    program.write_text(
        "#include <pmkt.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n"
        + "\n".join(lines)
        + "\n    return 0;\n}\n"
    )
    binary = tmp_path / "layout"
    include = str(HEADERS.parent)
    subprocess.run([compiler, "-I", include, str(program), "-o", str(binary)], check=True)
    printed = subprocess.run([str(binary)], check=True, capture_output=True, text=True).stdout
    compiled = dict(line.split() for line in printed.splitlines())
    assert len(compiled) == len(lines)
    for place, number in compiled.items():
        name, _, field = place.partition(".")
        struct = STRUCTS[name]
        mine = getattr(struct, field).offset if field else ctypes.sizeof(struct)
        assert mine == int(number), place


def test_handles_are_typed() -> None:
    """A handle of one kind cannot be passed for another."""
    scores = ctypes.POINTER(_structs.pmkt_rfm_scores)()
    with pytest.raises(ctypes.ArgumentError):
        lib.pmkt_rfm_free(scores)
