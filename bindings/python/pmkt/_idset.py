"""Sets of ids: what selections return and filters take."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Iterator, Tuple

import numpy as np

from . import errors
from ._access import Access
from ._ids import id_of_text, numbers_of
from ._library import Handle, call, lib, pointer
from ._structs import pmkt_idset


def _numbers(ids: Any, label: str) -> np.ndarray:
    """[n] uint64 of ids or texts; missing ones are 0."""
    if ids is None:
        return np.empty(0, np.uint64)
    if isinstance(ids, IdSet):
        return ids.to_numpy()
    if isinstance(ids, (str, bytes)):
        raise errors.InvalidInput(f"{label} is {ids!r:.60}; expected many, such as [{ids!r:.60}]")
    return numbers_of(ids, label)


class IdSet:
    """A set of ids, given as whole numbers or as texts, whose ids are taken.

    Any number of threads may ask while one updates: none waits for another.

    >>> stock = pmkt.IdSet([3, 5, 8])
    >>> stock.update(add=[13], remove=[3])
    >>> (stock & pmkt.IdSet([8, 13, 21])).to_numpy().tolist()
    [8, 13]

    Args:
        ids: a list, a set, an array, or a column of pandas, polars or pyarrow.
    """

    def __init__(self, ids: Any = None) -> None:
        numbers = _numbers(ids, "ids")
        made = ctypes.POINTER(pmkt_idset)()
        call(lib.pmkt_idset_new, pointer(numbers), len(numbers), None, ctypes.byref(made))
        self._own(made)

    def _own(self, made: Any) -> None:
        self._handle = Handle(made, lib.pmkt_idset_free)
        self._access = Access("set")  # asking needs none

    def update(self, *, add: Any = None, remove: Any = None) -> None:
        """Takes ids out and puts ids in, in this order: what is in both is in the set."""
        gone, come = _numbers(remove, "remove"), _numbers(add, "add")
        with self._access.writing():
            call(
                lib.pmkt_idset_update,
                self._handle.pointer,
                pointer(gone),
                len(gone),
                pointer(come),
                len(come),
            )

    # ------------------------------------------------------------------------------ asking

    def contains(self, ids: Any) -> np.ndarray:
        """[n] bool, whether each id, or the id of each text, is in the set."""
        numbers = _numbers(ids, "ids")
        found = np.empty(len(numbers), np.uint8)
        call(
            lib.pmkt_idset_contains_many,
            self._handle.pointer,
            pointer(numbers),
            len(numbers),
            pointer(found),
        )
        return found.view(bool)

    def __contains__(self, one: Any) -> bool:
        if isinstance(one, (str, bytes)):
            one = id_of_text(one)
        if not isinstance(one, (int, np.integer)) or not 0 < int(one) < 2**64:
            return False
        return bool(lib.pmkt_idset_contains(self._handle.pointer, int(one)))

    def __len__(self) -> int:
        return int(lib.pmkt_idset_count(self._handle.pointer))

    @property
    def nbytes(self) -> int:
        """Memory of the set."""
        return int(lib.pmkt_idset_bytes(self._handle.pointer))

    def to_numpy(self) -> np.ndarray:
        """[len] uint64, ascending."""
        n = ctypes.c_int64()
        while True:  # until no update has made it longer between the two calls
            room = len(self) + 16
            numbers = np.empty(room, np.uint64)
            try:
                call(
                    lib.pmkt_idset_list,
                    self._handle.pointer,
                    pointer(numbers),
                    room,
                    ctypes.byref(n),
                )
            except errors.LimitReached:
                continue
            return numbers[: n.value].copy()

    def __iter__(self) -> Iterator[int]:
        return iter(self.to_numpy().tolist())

    def __repr__(self) -> str:
        return f"<pmkt.IdSet of {len(self):,} ids>"

    # ------------------------------------------------------------------------------ algebra

    def _with(self, other: Any, function: Callable[..., int]) -> Any:
        if isinstance(other, (set, frozenset)):
            other = IdSet(other)
        if not isinstance(other, IdSet):
            return NotImplemented
        made = ctypes.POINTER(pmkt_idset)()
        with self._access.reading(), other._access.reading():
            call(function, self._handle.pointer, other._handle.pointer, ctypes.byref(made))
        result = IdSet.__new__(IdSet)
        result._own(made)
        return result

    def __or__(self, other: Any) -> "IdSet":
        return self._with(other, lib.pmkt_idset_union)

    def __and__(self, other: Any) -> "IdSet":
        return self._with(other, lib.pmkt_idset_intersect)

    def __sub__(self, other: Any) -> "IdSet":
        return self._with(other, lib.pmkt_idset_difference)

    def __eq__(self, other: Any) -> bool:
        if isinstance(other, (set, frozenset)):
            other = IdSet(other)
        if not isinstance(other, IdSet):
            return NotImplemented
        return np.array_equal(self.to_numpy(), other.to_numpy())

    __hash__ = None  # type: ignore[assignment]  # it can change

    def __reduce__(self) -> Tuple[Any, ...]:
        return IdSet, (self.to_numpy(),)
