"""What turning columns into C arrays has in common.

What is not even a value of its column (a fractional id, a date that is none) never reaches C. Such
rows are collected in :class:`Rejects` and are, in the end, rejected like any other bad row.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Callable, Dict, List, Optional, Set

import numpy as np

from . import _constants as c
from . import errors
from ._columns import Column

NOT_AN_ID = "{}: not an id"


class Rejects:
    """Rows that no batch can hold, each under the first reason found for it."""

    def __init__(self, rows: int, skip: bool) -> None:
        self._rows = rows
        self._skip = skip
        self._reasons: List[str] = []
        self._reason_of: Optional[np.ndarray] = None  # [rows] int16, -1 = none

    def add(self, bad: np.ndarray, reason: str, explain: Callable[[int], str]) -> None:
        """Rejects the rows of a mask, or fails with the first of them."""
        if not bad.any():
            return
        if not self._skip:
            row = int(np.argmax(bad))
            raise errors.BadRow(f"row {row}: {explain(row)}", where=row, where_kind="row")
        if self._reason_of is None:
            self._reason_of = np.full(self._rows, -1, np.int16)
        if reason not in self._reasons:
            self._reasons.append(reason)
        fresh = bad & (self._reason_of < 0)
        self._reason_of[fresh] = self._reasons.index(reason)

    @property
    def mask(self) -> Optional[np.ndarray]:
        """[rows] bool, or None if there are none."""
        return None if self._reason_of is None else self._reason_of >= 0

    def by_reason(self, users: np.ndarray) -> Dict[str, int]:
        """
        Rows by reason, less those that have no user in the first place: that is what they will be
        rejected for.
        """
        counts: Dict[str, int] = {}
        if self._reason_of is None:
            return counts
        for number, reason in enumerate(self._reasons):
            of_this = self._reason_of == number
            if reason != NOT_AN_ID.format("user"):
                of_this &= users != c.ID_NONE
            if of_this.any():
                counts[reason] = int(np.count_nonzero(of_this))
        return counts


def plain(values: np.ndarray, dtype: Any) -> np.ndarray:
    """The array itself if C can read it as it is, else a copy that it can."""
    return np.require(values, dtype, ["C", "A"])


def types_of(values: np.ndarray) -> Set[type]:
    """The types of the entries of a dictionary, NumPy's counted as Python's."""
    found: Set[type] = set()
    for kind in {type(value) for value in values}:
        for general, members in (
            (bool, (bool, np.bool_)),
            (int, (int, np.integer)),
            (float, (float, np.floating)),
            (str, (str,)),
            (bytes, (bytes,)),
            (Decimal, (Decimal,)),
        ):
            # NumPy's durations are among its integers.
            if issubclass(kind, members) and not issubclass(kind, np.timedelta64):
                found.add(general)
                break
        else:
            found.add(kind)
    return found


def names_of(types: Set[type]) -> str:
    return " and ".join(sorted(kind.__name__ for kind in types))


def take(column: Column, of_entry: np.ndarray, missing: Any) -> np.ndarray:
    """Spreads what was found for each entry of a dictionary over the rows."""
    return np.append(of_entry, np.asarray(missing, of_entry.dtype))[column.entries]


def with_null(column: Column, values: np.ndarray, null: Any) -> np.ndarray:
    """Writes nulls where rows are missing, into a copy if the array is not ours."""
    if column.missing is not None and column.missing.any():
        values = values.copy() if values is column.values else values
        values[column.missing] = null
    return values
