"""How customers moved between two dates."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, List, Tuple, Union

import numpy as np

from . import _constants as c
from . import errors
from ._library import Handle, borrow, call, lib
from ._run import Progress, Running
from ._scores import RFMScores, grouping
from ._structs import new, pmkt_rfm_migration, pmkt_rfm_rates
from ._table import aligned, html, percent


@dataclass(frozen=True)
class Rates:
    """The rates that a win-back team watches; each is 0 if its base is 0.

    Attributes:
        customers: in both scorings; ``moved`` of them have another code.
        dormant_before, active_before: by activity; of them went ``dormant_to_active`` and
            ``active_to_dormant``.
        buyers_before: customers with orders in the first; ``churned_before`` already then;
            ``newly_churned``: not in the first but in the second.
        moved_rate, dormant_to_active_rate (the wake-up rate), active_to_dormant_rate: 0 to 1.
        churn_rate: newly_churned / (buyers_before - churned_before).
    """

    customers: int
    moved: int
    dormant_before: int
    dormant_to_active: int
    active_before: int
    active_to_dormant: int
    buyers_before: int
    churned_before: int
    newly_churned: int
    moved_rate: float
    dormant_to_active_rate: float
    active_to_dormant_rate: float
    churn_rate: float


class Migration:
    """How customers moved between the codes of a grouping; made by :func:`pmkt.migration`.

    Attributes:
        by: the grouping.
        names: the names of the codes; the last is "absent", for customers whom one of the two
            scorings does not have.
        matrix: [codes, codes] int64, read-only: customers that went from (row) to (column).
    """

    def __init__(self, handle: Handle, by: str, before: RFMScores, after: RFMScores) -> None:
        codes = ctypes.c_int32()
        at = lib.pmkt_rfm_migration_matrix(handle.pointer, ctypes.byref(codes))
        self._handle = handle
        self._users = after._users
        # Only scores know the texts of their users, and not all of them do.
        both = [scores for scores in (after, before) if len(scores)] or [after]
        self._scores = both if all(scores._has_texts for scores in both) else []
        self.by = by
        self.matrix = borrow(at, (codes.value, codes.value), np.int64, handle)
        found = (lib.pmkt_rfm_migration_name(handle.pointer, code) for code in range(codes.value))
        self.names: Tuple[str, ...] = tuple(name.decode("utf-8") for name in found)

    def _code(self, code: Union[int, str]) -> int:
        if isinstance(code, str):
            if code in self.names:
                return self.names.index(code)
        elif isinstance(code, (int, np.integer)) and not isinstance(code, bool):
            if 0 <= code < len(self.names):
                return int(code)
        raise errors.InvalidInput(
            f"{code!r} is no code here; expected 0 to {len(self.names) - 1} or one of "
            f"{', '.join(map(repr, self.names))}"
        )

    def _decode(self, at: Any, count: int) -> np.ndarray:
        ids = borrow(at, (count,), np.uint64, self._handle)
        if not self._scores:
            return ids if self._users.is_text else self._users.decode(ids)
        users = np.empty(count, object)
        for scores in self._scores:
            rows = scores._find_ids(ids)
            users[rows >= 0] = scores.user[rows[rows >= 0]]
        return users

    def users(self, before: Union[int, str], after: Union[int, str]) -> np.ndarray:
        """[n] users that went from one code to another, by name or number."""
        count = ctypes.c_int64()
        at = lib.pmkt_rfm_migration_users(
            self._handle.pointer, self._code(before), self._code(after), ctypes.byref(count)
        )
        return self._decode(at, count.value)

    def _list(self, number: int) -> np.ndarray:
        count = ctypes.c_int64()
        at = lib.pmkt_rfm_migration_list(self._handle.pointer, number, ctypes.byref(count))
        return self._decode(at, count.value)

    def win_back(self) -> np.ndarray:
        """[n] users to win back: active or cooling before, dormant after; highest revenue first."""
        return self._list(c.RFM_LIST_WIN_BACK)

    def won_back(self) -> np.ndarray:
        """[n] users who were won back: dormant before, active after; highest revenue first."""
        return self._list(c.RFM_LIST_WON_BACK)

    @property
    def rates(self) -> Rates:
        raw = new(pmkt_rfm_rates)
        call(lib.pmkt_rfm_migration_rates, self._handle.pointer, ctypes.byref(raw))
        return Rates(**{name: getattr(raw, name) for name in Rates.__dataclass_fields__})

    def to_pandas(self) -> Any:
        """A DataFrame: from (index) to (columns), by name."""
        import pandas

        return pandas.DataFrame(
            self.matrix,
            index=pandas.Index(self.names, name="before"),
            columns=pandas.Index(self.names, name="after"),
        )

    def _cells(self) -> Tuple[List[str], List[List[str]]]:
        used = [
            i for i in range(len(self.names)) if self.matrix[i].any() or self.matrix[:, i].any()
        ]
        rows = [[self.names[i], *(f"{self.matrix[i, j]:,}" for j in used)] for i in used]
        return ["before \\ after", *(self.names[j] for j in used)], rows

    def _title(self) -> str:
        rates = self.rates
        return (
            f"Migration by {self.by}: {rates.customers:,} customers in both, "
            f"{percent(rates.moved_rate)} moved, woken up {percent(rates.dormant_to_active_rate)}, "
            f"fallen asleep {percent(rates.active_to_dormant_rate)}, "
            f"churned {percent(rates.churn_rate)}"
        )

    def _repr_html_(self) -> str:
        return html(*self._cells(), self._title())

    def __repr__(self) -> str:
        return f"{self._title()}\n{aligned(*self._cells())}"

    def __reduce__(self) -> Any:
        raise TypeError("a migration can be neither copied nor pickled; use to_pandas()")


def migration(
    before: RFMScores,
    after: RFMScores,
    by: str = "segment",
    *,
    threads: int = 0,
    progress: Progress = None,
) -> Migration:
    """How customers moved between two scorings with the same names.

    Args:
        before, after: the scores of two dates, the earlier one first.
        by: "segment", "lifecycle", "tier", "brand_stage", "activity" or "cell".

    Raises:
        Mismatch: the two do not have the same names for the grouping, or not the same currency.
    """
    for scores in (before, after):
        if not isinstance(scores, RFMScores):
            raise errors.InvalidInput(f"migration takes two RFMScores, not {type(scores).__name__}")
    if len(before) and len(after):
        before._users.check(after._users)
    made = ctypes.POINTER(pmkt_rfm_migration)()
    with Running(threads, progress, "comparing") as run:
        call(
            lib.pmkt_rfm_migrate,
            before._handle.pointer,
            after._handle.pointer,
            grouping(by),
            run,
            ctypes.byref(made),
        )
        return Migration(Handle(made, lib.pmkt_rfm_migration_free), by, before, after)
