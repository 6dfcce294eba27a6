"""Just enough of C to read the public headers: enums, defines, structs, prototypes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Tuple

_NAMED_NUMBERS = {"UINT64_C(0)": 0, "INT64_MIN": -(2**63)}


def clean(text: str) -> str:
    """A header without comments, preprocessor lines, inline functions and extern "C"."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"^#.*(?:\\\n.*)*$", " ", re.sub(r"\\\n", " ", text), flags=re.M)
    text = re.sub(r"static inline .*?\n}", " ", text, flags=re.S)
    return text.replace('extern "C" {', " ")


def squeeze(text: str) -> str:
    """One space between words, none before a comma, parenthesis or name after a star."""
    return re.sub(r"\s*([(),*\[\]])\s*", r"\1", " ".join(text.split()))


@dataclass
class Header:
    """What the headers declare.

    Attributes:
        numbers: names of enumerators and numeric macros, to their values.
        structs: names to [(field, C type, array length or 0)].
        functions: names to (result type, [argument types]).
        prototypes: names to the whole prototype, squeezed.
    """

    numbers: Dict[str, float] = field(default_factory=dict)
    structs: Dict[str, List[Tuple[str, str, int]]] = field(default_factory=dict)
    opaque: List[str] = field(default_factory=list)
    functions: Dict[str, Tuple[str, List[str]]] = field(default_factory=dict)
    prototypes: Dict[str, str] = field(default_factory=dict)

    def read(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        self._macros(re.sub(r"/\*.*?\*/", " ", text, flags=re.S))
        code = clean(text)
        self._enums(code)
        self._structs(code)
        self._functions(code)

    def number(self, text: str) -> Any:
        text = text.strip()
        text = re.sub(r"^\((.*)\)$", r"\1", text)
        if text in _NAMED_NUMBERS:
            return _NAMED_NUMBERS[text]
        if text in self.numbers:
            return self.numbers[text]
        return int(re.sub(r"U?INT(?:32|64)_C|[()]", "", text))

    def _macros(self, text: str) -> None:
        for name, value in re.findall(r"^#define (PMKT_\w+) +(\S.*)$", text, flags=re.M):
            if re.fullmatch(r"[-(]*(?:U?INT(?:32|64)_C\()?-?\d+\)*|INT64_MIN", value.strip()):
                self.numbers[name] = self.number(value)
            elif re.fullmatch(r"\(-?\d+\.\d+\)", value.strip()):
                self.numbers[name] = float(value.strip()[1:-1])

    def _enums(self, code: str) -> None:
        for body in re.findall(r"\benum\s*{(.*?)}", code, flags=re.S):
            following = 0
            for entry in filter(None, (part.strip() for part in body.split(","))):
                name, _, value = (part.strip() for part in entry.partition("="))
                following = self.number(value) if value else following
                self.numbers[name] = following
                following += 1

    def _structs(self, code: str) -> None:
        self.opaque += [
            name for tag, name in re.findall(r"typedef struct (\w+) (\w+);", code) if tag == name
        ]
        for body, name in re.findall(r"typedef struct \w+ {(.*?)} (\w+);", code, flags=re.S):
            fields: List[Tuple[str, str, int]] = []
            for line in filter(None, (part.strip() for part in body.split(";"))):
                fields += self._fields(line)
            self.structs[name] = fields

    def _fields(self, line: str) -> List[Tuple[str, str, int]]:
        pointer = re.fullmatch(r"(.+?)\(\*(\w+)\)\((.*)\)", line, flags=re.S)
        if pointer:
            return [(pointer[2], squeeze(f"{pointer[1]}(*)({pointer[3]})"), 0)]
        first, *others = [part.strip() for part in line.split(",")]
        match = re.fullmatch(r"(.*?[\s*])(\w+)(?:\[(\w+)\])?", first, flags=re.S)
        assert match, line
        kind = squeeze(match[1])
        found = [(match[2], kind, self.number(match[3]) if match[3] else 0)]
        base = kind.rstrip("*")  # every star belongs to one name
        for name in others:
            stars = name.count("*")
            found.append((name[stars:], base + "*" * stars, 0))
        return found

    def _functions(self, code: str) -> None:
        for prototype in re.findall(r"PMKT_API\s+(.*?\));", code, flags=re.S):
            whole = squeeze(prototype)
            match = re.fullmatch(r"(.*?[ *])(\w+)\((.*)\)", whole)
            assert match, whole
            self.prototypes[match[2]] = whole
            arguments = [] if match[3] == "void" else match[3].split(",")
            self.functions[match[2]] = (match[1].strip(), [argument_type(a) for a in arguments])


def argument_type(declaration: str) -> str:
    """The type of ``const char *name`` or ``char text[32]``."""
    match = re.fullmatch(r"(.*?[ *])(\w+)(\[\d+\])?", declaration)
    assert match, declaration
    return match[1].strip() + ("*" if match[3] else "")


def read_headers(folder: Path) -> Header:
    """All of them, in the order in which they build on one another."""
    header = Header()
    names = ["base.h", "file.h", "time.h", "money.h", "ids.h", "idset.h", "events.h", "items.h"]
    names += ["arrow.h", "rfm.h", "cf.h", "cf_evaluate.h"]
    names += ["attribution.h", "funnel.h", "intent.h", "logistic.h", "binary.h", "purchase.h"]
    names += ["rules.h", "tracker.h"]
    assert sorted(names) == sorted(path.name for path in folder.glob("*.h"))
    for name in names:
        header.read(folder / name)
    return header
