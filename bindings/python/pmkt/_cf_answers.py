"""What a model answers."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from . import _constants as c
from ._cf_ids import Names
from ._table import aligned

REASONS = {
    c.CF_ANSWERED: "answered",
    c.CF_UNKNOWN: "unknown",
    c.CF_FELL_BACK: "popular",
    c.CF_NO_FACTORS: "no factors",
}


class Row(NamedTuple):
    """The answers of one row, as many as there are, best first."""

    items: np.ndarray
    scores: np.ndarray


class Answers:
    """Answers to many questions at once: ``items, scores = answers``.

    Attributes:
        items: [rows, k] best first, as they came in; of :meth:`Recommender.similar_users` users.
            Beyond a row's count None, 0, -1 (of rows of a matrix) or NaN. Of lists of different
            lengths (:meth:`Recommender.rank`) they are flat, and row ``i`` is that from ``at[i]``
            on.
        item_ids: the same, as uint64 ids; 0 beyond the count.
        scores: float32 of the same shape; NaN beyond the count.
        counts: [rows] int32: how many answers a row has.
        reasons: [rows] uint8: 0 answered, 1 unknown, 2 popular (see ``fallback``), 3 the user or
            item is known, but has no entry above zero to go by.
        asked: [rows] what was asked for: users or items as they were given, or numbers of rows.
    """

    def __init__(
        self,
        names: Names,
        asked: np.ndarray,
        labels: Tuple[str, str],
        ids: np.ndarray,
        scores: np.ndarray,
        counts: np.ndarray,
        reasons: np.ndarray,
        at: Optional[np.ndarray] = None,
    ) -> None:
        self._names = names
        self._labels = labels
        self._items: Optional[np.ndarray] = None
        self.asked = asked
        self.item_ids = ids
        self.scores = scores
        self.counts = counts
        self.reasons = reasons
        self.at = at

    @property
    def items(self) -> np.ndarray:
        if self._items is None:
            self._items = self._names.decode(self.item_ids)
        return self._items

    @property
    def rows(self) -> int:
        return len(self.counts)

    @property
    def reason_names(self) -> np.ndarray:
        """[rows] the reasons as words."""
        return np.array([REASONS[code] for code in sorted(REASONS)], object)[self.reasons]

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.items, self.scores))

    def row(self, i: int) -> Row:
        """The answers of one row, as many as there are."""
        start = self._start(range(self.rows)[i])
        part = slice(start, start + int(self.counts[i]))
        return Row(self.items.reshape(-1)[part], self.scores.reshape(-1)[part])

    def _start(self, i: int) -> int:
        return i * self.item_ids.shape[1] if self.at is None else int(self.at[i])

    def _rectangular(self, width: int) -> "Answers":
        """Of lists of one length: an array with a row each."""
        shape = (self.rows, width)
        self.item_ids, self.scores = self.item_ids.reshape(shape), self.scores.reshape(shape)
        self.at = None
        return self

    def to_dict(self) -> Dict[str, np.ndarray]:
        """Column names to arrays, one row an answer: who was asked for, the rank from 1, the
        answer, and its score. Rows without answers are not there."""
        row = np.repeat(np.arange(self.rows), self.counts)
        first = np.concatenate([[0], np.cumsum(self.counts, dtype=np.int64)])[row]
        rank = np.arange(len(row)) - first
        if self.at is None:
            place = row * self.item_ids.shape[1] + rank
        else:
            place = self.at[row] + rank
        who, what = self._labels
        return {
            who: self.asked[row],
            "rank": (rank + 1).astype(np.int32),
            what: self.items.reshape(-1)[place],
            "score": self.scores.reshape(-1)[place],
        }

    def to_pandas(self) -> Any:
        """A DataFrame of :meth:`to_dict`."""
        import pandas

        return pandas.DataFrame(self.to_dict())

    def __repr__(self) -> str:
        lines: List[List[str]] = []
        for i in range(min(self.rows, 5)):
            items, scores = self.row(i)
            shown = ", ".join(f"{item} ({score:.3g})" for item, score in zip(items[:3], scores[:3]))
            tail = ", ..." if len(items) > 3 else ""
            lines.append([str(self.asked[i]), f"{len(items)}", shown + tail])
        table = aligned([self._labels[0], "answers", "best"], lines) if lines else ""
        return f"Answers: {self.rows:,} rows" + (f"\n{table}" if table else "")
