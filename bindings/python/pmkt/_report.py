"""What became of the rows of a batch."""

from __future__ import annotations

import ctypes
from typing import Any, Dict, Mapping, Optional

import numpy as np

from . import _constants as c
from ._library import lib, pointer
from ._structs import new, pmkt_report


class Report:
    """What became of the rows of a batch; each is in exactly one of accepted, rejected, ignored.

    Attributes:
        rows: rows of the batch.
        accepted: rows that were taken.
        rejected: bad rows, counted by reason in ``by_reason``.
        ignored: good rows of users who were forgotten, dated before the forgetting; of a tracker,
            those that came late.
        by_reason: reason, as a short phrase, to rows; only reasons that occurred.
        first_bad: the first rejected row, or None.
    """

    def __init__(
        self,
        rows: int,
        accepted: int,
        rejected: int,
        ignored: int,
        by_reason: Dict[str, int],
        rejected_rows: np.ndarray,
        why_ignored: str = "users forgotten",
    ) -> None:
        self.rows = rows
        self.accepted = accepted
        self.rejected = rejected
        self.ignored = ignored
        self.by_reason = by_reason
        self._rejected_rows = rejected_rows
        self._rejected_rows.flags.writeable = False
        self._why_ignored = why_ignored

    @property
    def first_bad(self) -> Optional[int]:
        return int(self._rejected_rows[0]) if self.rejected else None

    def rejected_rows(self) -> np.ndarray:
        """[rejected] int64, ascending: which rows were rejected, from 0."""
        return self._rejected_rows

    def __add__(self, other: "Report") -> "Report":
        """The report of two batches, one after the other."""
        reasons = dict(self.by_reason)
        for reason, count in other.by_reason.items():
            reasons[reason] = reasons.get(reason, 0) + count
        return Report(
            self.rows + other.rows,
            self.accepted + other.accepted,
            self.rejected + other.rejected,
            self.ignored + other.ignored,
            reasons,
            np.concatenate([self._rejected_rows, other._rejected_rows + self.rows]),
            self._why_ignored,
        )

    def __repr__(self) -> str:
        text = f"{self.rows:,} rows: {self.accepted:,} accepted"
        if self.rejected:
            reasons = "; ".join(f"{count:,} {why}" for why, count in self.by_reason.items())
            text += f", {self.rejected:,} rejected ({reasons})"
        if self.ignored:
            text += f", {self.ignored:,} ignored ({self._why_ignored})"
        return text


class ReportBuffer:
    """A ``pmkt_report`` with room for the bitmap, to pass to one call."""

    def __init__(self, rows: int) -> None:
        self._bits = np.zeros((rows + 7) // 8, np.uint8)
        self.struct = new(pmkt_report, rejected_bits=pointer(self._bits) if rows else None)

    @property
    def pointer(self) -> Any:
        return ctypes.byref(self.struct)

    def add(self, other: "ReportBuffer") -> None:
        """Adds the report of a call that went on in the same batch."""
        for name in ("rows", "accepted", "rejected", "ignored"):
            setattr(self.struct, name, getattr(self.struct, name) + getattr(other.struct, name))
        for reason in range(c.BAD_REASONS):
            self.struct.by_reason[reason] += other.struct.by_reason[reason]
        self._bits |= other._bits

    def report(self, unreadable: Mapping[str, int], why_ignored: str = "users forgotten") -> Report:
        """
        The report of the call. ``unreadable`` counts rows that hold what no batch can; they crossed
        into C without a user, and are named here for what they are.
        """
        struct = self.struct
        by_reason = {}
        for reason in range(c.BAD_REASONS):
            count = struct.by_reason[reason]
            if reason == c.BAD_USER:
                count -= sum(unreadable.values())
            if count:
                phrase = lib.pmkt_bad_reason(reason)
                by_reason[phrase.decode() if phrase else f"reason {reason}"] = int(count)
        by_reason.update(unreadable)
        rows = np.empty(0, np.int64)
        if struct.rejected:
            rows = np.flatnonzero(np.unpackbits(self._bits, bitorder="little")).astype(np.int64)
        counts = struct.rows, struct.accepted, struct.rejected, struct.ignored
        return Report(*counts, by_reason, rows, why_ignored)
