"""Columns to kinds of events."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional

import numpy as np

from . import _constants as c
from . import errors
from ._columns import Column
from ._convert import Rejects, plain, take
from ._library import lib


def kind_names() -> List[str]:
    """The names of the kinds of events."""
    numbers = range(c.KIND_NONE + 1, c.KIND_COUNT_)
    return [name.decode() for name in map(lib.pmkt_kind_name, numbers) if name]


def kind_number(kind: Any) -> int:
    """The number of a kind that is given by name or number."""
    if isinstance(kind, str):
        name = kind.encode("utf-8", "replace")
        number = c.KIND_NONE if b"\0" in name else lib.pmkt_kind_from_name(name)
        if number == c.KIND_NONE:
            raise errors.InvalidInput(
                f"no kind of event is named {kind!r}; expected one of {', '.join(kind_names())}, "
                f"or a number from {c.KIND_CUSTOM} on for a kind of your own"
            )
        return int(number)
    if isinstance(kind, (int, np.integer)) and not isinstance(kind, (bool, np.bool_)):
        if 0 < kind < 2**16 and lib.pmkt_kind_name(int(kind)):
            return int(kind)
    raise errors.InvalidInput(f"{kind!r} is no kind of event; expected a name or a known number")


def to_kinds(
    column: Column, label: str, kinds: Optional[Mapping[Any, Any]], rejects: Rejects
) -> np.ndarray:
    """[rows] uint16, missing = 0. ``kinds`` maps the column's own values."""
    table = None if kinds is None else {key: kind_number(kind) for key, kind in kinds.items()}
    if column.codes is None:
        if column.values.dtype == np.uint16 and table is None and column.missing is None:
            return plain(column.values, np.uint16)
        entries, codes = np.unique(column.values, return_inverse=True)
        codes = codes.reshape(-1).astype(np.int64)
        gone = np.isnan(entries) if entries.dtype.kind == "f" else np.zeros(len(entries), bool)
        codes = np.where(gone[codes], -1, codes) if len(entries) else codes
        if column.missing is not None:
            codes = np.where(column.missing, -1, codes)
        column = Column(entries.astype(object), codes=codes)
    of_entry = np.zeros(len(column.values), np.uint16)
    unknown = np.zeros(len(column.values), bool)
    for entry, value in enumerate(column.values):
        number = _kind_of_value(value, table)
        unknown[entry], of_entry[entry] = number is None, number or 0
    _reject_kinds(column, label, unknown, table, rejects)
    return take(column, of_entry, c.KIND_NONE)


def _kind_of_value(value: Any, table: Optional[Mapping[Any, int]]) -> Optional[int]:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if table is not None:
        return table.get(value)
    try:
        return kind_number(value)
    except errors.InvalidInput:
        return None


def _reject_kinds(
    column: Column,
    label: str,
    unknown: np.ndarray,
    table: Optional[Mapping[Any, int]],
    rejects: Rejects,
) -> None:
    known = ", ".join(repr(key) for key in table) if table is not None else ", ".join(kind_names())
    used = np.unique(column.entries)
    shown = [column.values[entry] for entry in used if entry >= 0 and unknown[entry]]
    listed = ", ".join(repr(value) for value in shown[:10]) + (", ..." if len(shown) > 10 else "")
    rejects.add(
        take(column, unknown, False),
        f"{label}: unknown kind",
        lambda _row: (
            f"{label} holds values that are no known kind: {listed}; known: {known} "
            "(map the column's own values with kinds={...})"
        ),
    )
