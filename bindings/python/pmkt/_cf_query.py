"""Questions to a model, from Python's forms to the C structs."""

from __future__ import annotations

import ctypes
import threading
from typing import Any, Callable, Optional, Tuple

import numpy as np

from . import _constants as c
from . import errors
from ._cf_answers import Answers
from ._cf_data import number
from ._cf_ids import Lists, Names, to_lists
from ._library import Handle, call, lib, pointer
from ._options import choice
from ._run import Running, whole
from ._structs import new, pmkt_cf_answer, pmkt_cf_history, pmkt_cf_query, pmkt_cf_scratch
from ._users import Users

FALLBACKS = {"popular": c.CF_POPULAR}


class _Scratches(threading.local):
    """Working memory of this thread's questions of one row."""

    free: Optional[Handle] = None

    def take(self) -> Handle:
        """What is there, or new memory: a progress callback may ask while its call has it."""
        found, self.free = self.free, None
        if found is None:
            made = ctypes.POINTER(pmkt_cf_scratch)()
            call(lib.pmkt_cf_scratch_new, None, ctypes.byref(made))
            found = Handle(made, lib.pmkt_cf_scratch_free)
        return found


_scratches = _Scratches()


class Query:
    """A ``pmkt_cf_query`` and what it points at.

    ``names`` are those of what is answered.
    """

    def __init__(
        self,
        names: Names,
        rows: int,
        k: int,
        allow: Any,
        deny: Any,
        exclude: Any,
        labels: Tuple[str, str] = ("items", "exclude_items"),
        exclude_seen: bool = True,
        categories: Optional[Users] = None,
        category: Any = None,
        min_score: Optional[float] = None,
        fallback: Optional[str] = None,
    ) -> None:
        # There are never more answers than the model knows: no need of memory for them.
        self.k = min(whole("k", k, 1, 2**31 - 1), max(len(names.ids), 1))
        self.rows = rows
        self._sets = names.set_of(allow, labels[0]), names.set_of(deny, labels[1])
        self.struct = new(
            pmkt_cf_query,
            k=self.k,
            keep_seen=0 if exclude_seen else 1,
            fallback=choice("fallback", fallback, FALLBACKS),
            category=_category(category, categories),
            has_min_score=0 if min_score is None else 1,
            min_score=0.0 if min_score is None else number("min_score", min_score),
        )
        self.struct.allow, self.struct.deny = (
            None if one is None else one._handle.pointer for one in self._sets
        )
        if exclude is not None:
            self._exclude = to_lists(exclude, names, "exclude")
            if self._exclude.rows != rows:
                raise errors.InvalidInput(
                    f"exclude has {self._exclude.rows:,} lists for {rows:,} rows"
                )
            self.struct.exclude_at = pointer(self._exclude.at)
            self.struct.exclude = pointer(self._exclude.ids)


def _category(category: Any, categories: Optional[Users]) -> int:
    if category is None:
        return c.ID_NONE
    form = (categories or Users()).form()
    if isinstance(category, (list, tuple, np.ndarray)):
        raise errors.InvalidInput(f"category is {category!r:.60}; expected one")
    found = int(form.encode(category, "category", skip=True)[0])
    if found == c.ID_NONE:
        raise errors.InvalidInput(f"category is {category!r}, which is no id")
    return found


def history_of(lists: Lists) -> pmkt_cf_history:
    """A ``pmkt_cf_history``; the lists have to live as long."""
    return new(
        pmkt_cf_history,
        rows=lists.rows,
        at=pointer(lists.at),
        items=pointer(lists.ids),
        weights=None if lists.weights is None else pointer(lists.weights),
    )


def call_rows(
    rows: int,
    function: Callable[..., int],
    before: Tuple[Any, ...],
    query: Optional[pmkt_cf_query],
    out: Any,
    run: Running,
) -> None:
    """
    Calls ``function(*before, query, run, out)``, or with a scratch in the query's place if there is
    no query. One row has this thread's scratch.
    """
    scratch = _scratches.take() if rows == 1 else None
    how = None if scratch is None else scratch.pointer
    if query is not None:
        query.scratch = how
        how = ctypes.byref(query)
    with run as running:
        call(function, *before, how, running, out)
    if scratch is not None:
        _scratches.free = scratch


def ask(
    function: Callable[..., int],
    before: Tuple[Any, ...],
    query: Optional[Query],
    names: Names,
    asked: np.ndarray,
    labels: Tuple[str, str],
    run: Running,
    at: Optional[np.ndarray] = None,
) -> Answers:
    """Answers with memory for them. ``at`` instead of a query: lists of given lengths."""
    rows = len(asked)
    shape: Tuple[int, ...] = (rows, query.k) if query is not None else ()
    if at is not None:
        shape = (int(at[-1]),)
    ids, scores = np.empty(shape, np.uint64), np.empty(shape, np.float32)
    counts, reasons = np.zeros(rows, np.int32), np.zeros(rows, np.uint8)
    answer = new(
        pmkt_cf_answer,
        ids=pointer(ids),
        scores=pointer(scores),
        counts=pointer(counts),
        reasons=pointer(reasons),
    )
    how = None if query is None else query.struct
    call_rows(rows, function, before, how, ctypes.byref(answer), run)
    if at is not None:  # of lists C leaves what lies beyond the counts to us
        beyond: Any = slice(counts[0], None)
        if rows != 1:
            lengths = np.diff(at)
            place = np.arange(len(ids)) - np.repeat(at[:-1], lengths)
            beyond = place >= np.repeat(counts, lengths)
        ids[beyond], scores[beyond] = c.ID_NONE, np.nan
    return Answers(names, asked, labels, ids, scores, counts, reasons, at)
