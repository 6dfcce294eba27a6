"""Questions to a model, from Python's forms to the C structs."""

from __future__ import annotations

import ctypes
import math
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
from ._run import Progress, Running, threads_of, whole
from ._structs import new, pmkt_cf_answer, pmkt_cf_history, pmkt_cf_query, pmkt_cf_scratch, pmkt_run
from ._users import Users

FALLBACKS = {"popular": c.CF_POPULAR}


ROOM = 256
"""Answers for which a thread keeps memory."""


class Place:
    """Memory for answers, and the ``pmkt_cf_answer`` that points at it."""

    def __init__(self, rows: int, size: int) -> None:
        self.ids, self.scores = np.empty(size, np.uint64), np.empty(size, np.float32)
        self.counts, self.reasons = np.zeros(rows, np.int32), np.zeros(rows, np.uint8)
        self._struct = new(
            pmkt_cf_answer,
            ids=pointer(self.ids),
            scores=pointer(self.scores),
            counts=pointer(self.counts),
            reasons=pointer(self.reasons),
        )
        self.struct = ctypes.byref(self._struct)

    def answers(self, shape: Tuple[int, ...], copy: bool) -> Tuple[np.ndarray, ...]:
        """Ids and scores of a shape, counts and reasons."""
        size = math.prod(shape)
        ids, scores = self.ids[:size].reshape(shape), self.scores[:size].reshape(shape)
        if copy:
            return ids.copy(), scores.copy(), self.counts.copy(), self.reasons.copy()
        return ids, scores, self.counts, self.reasons


class Desk:
    """What questions of one row need again and again: C's working memory, and a place for an
    answer until it is copied."""

    def __init__(self) -> None:
        made = ctypes.POINTER(pmkt_cf_scratch)()
        call(lib.pmkt_cf_scratch_new, None, ctypes.byref(made))
        self.scratch = Handle(made, lib.pmkt_cf_scratch_free)
        self.place = Place(1, ROOM)
        self._run = new(pmkt_run)
        self._runs = ctypes.byref(self._run)

    def run(self, threads: int) -> Any:
        """A ``pmkt_run`` without a callback: during a call for one row C asks none, and once it is
        over, Python itself raises what Ctrl-C means."""
        self._run.threads = threads_of(threads)
        return self._runs


class _Desks(threading.local):
    """The desk of each thread."""

    free: Optional[Desk] = None


_desks = _Desks()


def take_desk() -> Desk:
    """This thread's, or another one if it is in use: a progress callback, or whoever handles a
    signal, may ask while a call has it."""
    found, _desks.free = _desks.free, None
    return Desk() if found is None else found


def give_back(desk: Desk) -> None:
    """Keeps a desk for the next question of this thread. After an error it is not worth it."""
    _desks.free = desk


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
        )
        if min_score is not None:
            self.struct.has_min_score = 1
            self.struct.min_score = number("min_score", min_score)
        if self._sets != (None, None):
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
    desk: Optional[Desk],
    function: Callable[..., int],
    before: Tuple[Any, ...],
    query: Optional[pmkt_cf_query],
    out: Any,
    threads: int,
    progress: Progress,
    title: str,
) -> None:
    """Calls ``function(*before, query, run, out)``, or with a scratch in the query's place if there
    is no query; one row has a desk."""
    how = None if desk is None else desk.scratch.pointer
    if query is not None:
        query.scratch = how
        how = ctypes.byref(query)
    if desk is not None and (progress is None or progress is False):
        call(function, *before, how, desk.run(threads), out)
        return
    with Running(threads, progress, title) as run:
        call(function, *before, how, run, out)


def ask(
    function: Callable[..., int],
    before: Tuple[Any, ...],
    query: Optional[Query],
    names: Names,
    asked: np.ndarray,
    labels: Tuple[str, str],
    threads: int,
    progress: Progress,
    at: Optional[np.ndarray] = None,
) -> Answers:
    """
    Calls ``function(*before, query, run, answer)`` with memory for the answers. ``at`` instead of a
    query: lists of given lengths, and a scratch in the query's place.
    """
    rows = len(asked)
    shape: Tuple[int, ...] = (rows, query.k) if query is not None else ()
    if at is not None:
        shape = (int(at[-1]),)
    size = math.prod(shape)
    desk = take_desk() if rows == 1 else None
    place = desk.place if desk is not None and size <= ROOM else Place(rows, size)
    how = None if query is None else query.struct
    call_rows(desk, function, before, how, place.struct, threads, progress, "asking")
    ids, scores, counts, reasons = place.answers(
        shape, copy=desk is not None and place is desk.place
    )
    if desk is not None:
        give_back(desk)
    return Answers(names, asked, labels, ids, scores, counts, reasons, at)
