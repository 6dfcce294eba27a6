"""Reads the public headers: which functions, structs, constants and INIT macros they declare.

This is no C parser. It knows the one style in which include/pmkt is written, and stops with a message
at a struct field that it does not understand, so that nothing is left out in silence.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include"


def paths():
    """Every public header, the umbrella first."""
    return [INCLUDE / "pmkt.h"] + sorted((INCLUDE / "pmkt").glob("*.h"))


def cpp_paths():
    """Every public header of C++. They are inline code over the others, and no part of the ABI."""
    return [INCLUDE / "pmkt.hpp"] + sorted((INCLUDE / "pmkt/cpp").glob("*.hpp"))


def name(path):
    """A header as a program includes it, such as pmkt/base.h."""
    return path.relative_to(INCLUDE).as_posix()


def code(path):
    """A header's text without comments and with continued lines joined."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return re.sub(r"//[^\n]*", " ", text)


def functions(path):
    """(name, prototype) of each PMKT_API function, in order; the prototype is one line of C."""
    found = []
    for match in re.finditer(r"^PMKT_API\s+([^;{}]+);", code(path), flags=re.M):
        prototype = re.sub(r"\s+", " ", match.group(1)).strip()
        function = re.match(r"[\w\s*]*?(\w+)\s*\(", prototype)
        if not function:
            sys.exit(f"{name(path)}: no function in: PMKT_API {prototype}")
        found.append((function.group(1), prototype))
    uses = re.findall(r"^(?!#).*\bPMKT_API\b", code(path), flags=re.M)
    if len(uses) != len(found):
        sys.exit(f"{name(path)}: {len(uses)} uses of PMKT_API, but {len(found)} functions were read")
    return found


def parameters(prototype):
    """(result type, [(type, name), ...]) of a prototype; a parameter that is an array counts as a pointer."""
    match = re.match(r"(.*?[\s*])(\w+)\s*\((.*)\)$", prototype)
    if not match:
        sys.exit(f"cannot read the prototype: {prototype}")
    found = []
    for declaration in match.group(3).split(","):
        if declaration.strip() == "void":
            continue
        parameter = re.match(r"\s*(.*?[\s*])(\w+)\s*(\[[^\]]*\])?\s*$", declaration)
        if not parameter:
            sys.exit(f"cannot read a parameter of: {prototype}")
        kind, parameter_name, array = parameter.groups()
        found.append((kind.strip() + (" *" if array else ""), parameter_name))
    return match.group(1).strip(), found


def _fields(path, struct, body):
    """(type, name) of each field; of an array the type ends in []."""
    fields = []
    for declaration in filter(None, (part.strip() for part in body.split(";"))):
        pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)\s*\(", declaration)
        if pointer:
            fields.append(("function", pointer.group(1)))
            continue
        base = None
        for declarator in declaration.split(","):
            field = re.match(r"\s*(.*?[\s*])??(\w+)\s*(\[[^\]]*\])?\s*$", declarator)
            if not field or (base is None and not field.group(1)):
                sys.exit(f"{name(path)}: cannot read a field of {struct}: {declaration}")
            base = re.sub(r"\s+", " ", field.group(1)).strip() if base is None else base
            fields.append((base + ("[]" if field.group(3) else ""), field.group(2)))
    return fields


def typed_structs(path):
    """(name, [(type, field), ...]) of each struct that the header defines, in order."""
    found = []
    for match in re.finditer(r"typedef\s+struct\s+(\w+)\s*\{([^{}]*)\}\s*(\w+)\s*;", code(path)):
        tag, body, typedef = match.groups()
        if tag != typedef:
            sys.exit(f"{name(path)}: struct {tag} has the other name {typedef}")
        found.append((typedef, _fields(path, typedef, body)))
    return found


def structs(path):
    """(name, [field, ...]) of each struct that the header defines, in order."""
    return [(struct, [field for _, field in fields]) for struct, fields in typed_structs(path)]


def constants(path):
    """The names of the enum constants and of the macros that stand for a number, in order."""
    found = []
    for match in re.finditer(r"\benum\b[^{};]*\{([^{}]*)\}", code(path)):
        found += re.findall(r"(\w+)\s*(?:=[^,]*)?(?:,|$)", match.group(1).strip())
    for macro, value in re.findall(r"^#define[ \t]+(PMKT_\w+)[ \t]+(\S[^\n]*)$", code(path), flags=re.M):
        if not re.match(r"PMKT_VERSION_|PMKT_API$|\w+_INIT$", macro):
            found.append(macro)
    return found


def init_macros(path):
    """The struct of each PMKT_..._INIT macro, and whether pmkt_..._init() exists too."""
    text = code(path)
    found = []
    for macro in re.findall(r"^#define[ \t]+(PMKT_\w+)_INIT\b", text, flags=re.M):
        struct = macro.lower()
        found.append((struct, f"{macro}_INIT", bool(re.search(rf"\b{struct}_init\s*\(", text))))
    return found
