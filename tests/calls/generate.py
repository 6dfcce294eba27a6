#!/usr/bin/env python3
"""Writes the C program of rows for tests/calls, from the public headers and the table in arguments.py.

  generate.py FILE.c

Each function is called well, then with one argument changed at a time, then with one
field of one struct changed at a time. Structs that say their size are listed for calls.c, which
plays older and newer callers.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "abi"))

import arguments as table  # noqa: E402
import headers  # noqa: E402


class Program:
    """The C text, and what is known of the headers."""

    def __init__(self):
        self.functions = [
            (function, *headers.parameters(prototype))
            for path in headers.paths()
            for function, prototype in headers.functions(path)
        ]
        self.structs = {
            struct: fields for path in headers.paths() for struct, fields in headers.typed_structs(path)
        }
        self.calls, self.rows, self.sized_calls, self.sized_rows = [], [], [], []
        self.inits = set()
        self.used = set()

    def sized(self, kind):
        """The struct with a size that a parameter or field of this type points at, or None."""
        struct = pointee(kind)
        fields = self.structs.get(struct, [])
        return struct if fields and fields[0][1] == "struct_size" else None


def pointee(kind):
    """pmkt_run of "const pmkt_run *"."""
    return kind.replace("const ", "").rstrip("*").strip()


def is_pointer(kind):
    return kind.endswith("*")


def makes_handle(kind):
    """Whether a parameter is where the call puts a new handle."""
    return kind.endswith("**") and not kind.startswith("const")


def value_of(function, kind, name):
    """A valid argument; for a new handle see body()."""
    if makes_handle(kind):
        return "&made"
    for key in (f"{function}.{name}", f"{kind}{name}" if is_pointer(kind) else f"{kind} {name}", kind):
        if key in table.VALUES:
            return table.VALUES[key]
    sys.exit(f"tests/calls/arguments.py has no value for {function}.{name}, of type {kind}")


def bad_numbers(kind, name):
    """What is tried for a number of this type and name; nothing for a pointer."""
    if is_pointer(kind):
        return []
    return table.BAD_BY_NAME.get(name) or table.BAD_NUMBERS.get(kind, [])


def end_of(handle):
    """The function that a handle's owner calls last."""
    return f"{handle}_release" if handle in table.COUNTED else f"{handle}_free"


def body(function, result, parameters, values):
    """The lines of C that make a call and say what it answered."""
    before, after, kept = [], [], []
    values = list(values)
    for i, (kind, _) in enumerate(parameters):
        if makes_handle(kind) and values[i] != "NULL":
            handle = pointee(kind)
            before.append(f"{handle} *made = w->out.handle;")
            values[i] = "&made"
            after.append(f"w->out.answer = {table.DIGESTS.get(handle, '0')};")
            after.append(f"{end_of(handle)}(made);")
            kept.append("w->out.handle = made;")
        elif function == "pmkt_rfm_scores_arrow" and kind == "struct ArrowArrayStream *":
            if values[i] != "NULL":
                after.append("w->out.stream.release(&w->out.stream);")
    call = f"{function}({', '.join(values)})"
    if result == "pmkt_status":
        lines = [*before, f"const pmkt_status status = {call};"]
        if after:
            lines += ["if (status == PMKT_OK) {", *after, "} else {", *kept, "}"]
        return [*lines, "return status;"]
    if result == "void":
        return [f"{call};", "return PMKT_OK;"]
    bad = table.BAD_ANSWERS.get(function) or table.NEVER_BAD.get(function)
    if bad is None:
        sys.exit(f"tests/calls/arguments.py does not say what {function} answers to bad arguments")
    if pointee(result) in table.COUNTED and not result.startswith("const"):  # not borrowed
        lines = [f"const {result}given = {call};", f"{end_of(pointee(result))}(given);"]
        return [*lines, f"return given == {bad} ? PMKT_E_INVALID : PMKT_OK;"]
    return [f"return {call} == {bad} ? PMKT_E_INVALID : PMKT_OK;"]


def add_call(program, function, result, parameters, values, name, wish, before=()):
    """A row, and the function that it calls."""
    number = len(program.calls)
    lines = [*before, *body(function, result, parameters, values)]
    program.calls.append(
        f"static pmkt_status call_{number}(world *w) {{\n    (void)w;\n    "
        + "\n    ".join(lines)
        + "\n}\n"
    )
    has_err = any(p == "err" and v != "NULL" for (_, p), v in zip(parameters, values))
    flags = [
        result == "pmkt_status" and has_err,
        function in table.WRITES_WHEN_REFUSED,
        function in table.CONSUMES,
    ]
    text = ", ".join("true" if flag else "false" for flag in flags)
    program.rows.append(f'    {{"{name}", {wish}, {text}, call_{number}}},')


def wish_for(program, function, parameter, value):
    """What a changed argument should lead to."""
    if function in table.NEVER_BAD:
        return "WISH_OK"
    change = f"{function}: {parameter} = {value}"
    if change in table.GOOD:
        program.used.add(change)
        return "WISH_OK"
    if change in table.BAD:
        program.used.add(change)
        return "WISH_REFUSED"
    if value == "NULL" and parameter in table.NULL_IS_FINE:
        return "WISH_OK"
    return "WISH_REFUSED"


def change_arguments(program, function, result, parameters, values):
    for i, (kind, name) in enumerate(parameters):
        changes = ["NULL"] if is_pointer(kind) else bad_numbers(kind, name)
        for change in changes:
            changed = [*values[:i], change, *values[i + 1 :]]
            add_call(
                program,
                function,
                result,
                parameters,
                changed,
                f"{function}: {name} = {change}",
                wish_for(program, function, name, change),
            )


def field_changes(program, struct, kind, field):
    """(what is assigned, declarations before it, wish) for a field of an input struct."""
    if field == "struct_size" or kind.endswith("[]") or kind in program.structs:
        return
    strict = "WISH_REFUSED" if field in table.STRICT_FIELDS.get(struct, []) else "WISH_EITHER"
    inner = program.sized(kind) if is_pointer(kind) else None
    if is_pointer(kind) or kind == "function":
        yield "NULL", [], strict
    if inner:
        value = value_of(struct, kind, field)
        for size in ("4", "UINT32_MAX"):
            yield "&inner", [f"{inner} inner = *({value});", f"inner.struct_size = {size};"], "WISH_REFUSED"
    for number in bad_numbers(kind, field):
        yield number, [], strict


def change_fields(program, function, result, parameters, values):
    for i, (kind, name) in enumerate(parameters):
        struct = pointee(kind)
        if not kind.startswith("const") or kind.endswith("**") or struct not in program.structs or values[i] == "NULL":
            continue
        for field_kind, field in program.structs[struct]:
            for change, before, wish in field_changes(program, struct, field_kind, field):
                lines = [f"{struct} odd = *({values[i]});", *before, f"odd.{field} = {change};"]
                what = f"{change} of size {before[1].split()[-1][:-1]}" if before else change
                add_call(
                    program,
                    function,
                    result,
                    parameters,
                    [*values[:i], "&odd", *values[i + 1 :]],
                    f"{function}: {name}.{field} = {what}",
                    wish,
                    lines,
                )


def add_sized(program, function, result, parameters, values):
    """The parameters that are structs with a size, for calls.c to vary."""
    for i, (kind, name) in enumerate(parameters):
        struct = program.sized(kind) if is_pointer(kind) and not kind.endswith("**") else None
        if not struct:
            continue
        number = len(program.sized_calls)
        changed = [*values[:i], "theirs", *values[i + 1 :]]
        program.sized_calls.append(
            f"static pmkt_status sized_{number}(world *w, void *theirs) {{\n    "
            + "\n    ".join(body(function, result, parameters, changed))
            + "\n}\n"
        )
        output = not kind.startswith("const")
        comparable = struct not in table.NOT_COMPARABLE
        flags = ", ".join(
            str(flag).lower() for flag in (output, function in table.CONSUMES, comparable)
        )
        program.inits.add(struct)
        member = values[i].replace("&w->", "")
        program.sized_rows.append(
            f'    {{"{function}: {name}", sizeof({struct}), offsetof(world, {member}), &{struct}_is,\n'
            f"     {flags}, {struct}_ends, sized_{number}}},"
        )


def add_function(program, function, result, parameters):
    if result == "void" and len(parameters) == 1:  # the world ends its own handles
        add_call(program, function, result, parameters, ["NULL"], f"{function}: NULL", "WISH_OK")
        return
    values = [value_of(function, kind, name) for kind, name in parameters]
    add_call(program, function, result, parameters, values, f"{function}: as it should be", "WISH_OK")
    change_arguments(program, function, result, parameters, values)
    change_fields(program, function, result, parameters, values)
    add_sized(program, function, result, parameters, values)


def write(program, parts, out):
    lines = ["/* Made by tests/calls/generate.py from the public headers. */"]
    lines += ["#define _DEFAULT_SOURCE", "#include <math.h>"]
    lines += ["#include <stddef.h>", "", '#include "calls/calls.h"']
    lines += [f'#include "calls/world_{part}.h"' for part in parts]
    lines += ["", *program.calls, "", "const call_row call_rows[] = {", *program.rows, "};"]
    lines += ["const int call_row_count = sizeof call_rows / sizeof *call_rows;", ""]
    for struct in sorted(program.inits):
        starts = [f"offsetof({struct}, {field})" for _, field in program.structs[struct][1:]]
        lines += [
            f"static const {struct} {struct}_is = {struct.upper()}_INIT;",
            f"static const uint16_t {struct}_ends[] = {{",
            *[f"    {start} % 8 ? 1 : {start}," for start in starts],
            "    0};",
        ]
    lines += ["", *program.sized_calls, "", "const sized_row sized_rows[] = {", *program.sized_rows, "};"]
    lines += ["const int sized_row_count = sizeof sized_rows / sizeof *sized_rows;", ""]
    names = ["world_core", *[f"world_{part}" for part in parts]]
    lines += ["const world_part *const world_parts[] = {", *[f"    &{name}," for name in names], "    NULL,"]
    lines += ["};", ""]
    Path(out).write_text("\n".join(lines), encoding="utf-8")


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    program = Program()
    for function, result, parameters in program.functions:
        add_function(program, function, result, parameters)
    for change in {*table.GOOD, *table.BAD} - program.used:
        sys.exit(f"tests/calls/arguments.py names a call that is not made: {change}")
    write(program, table.PARTS, arguments[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
