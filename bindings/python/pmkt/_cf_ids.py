"""Ids of users and items of a matrix or model: as they came in, and as C knows them."""

from __future__ import annotations

from itertools import chain
from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np

from . import errors
from ._columns import Column, to_column
from ._convert import Rejects, plain, types_of
from ._dictionary import Ids
from ._ids import ids_of_texts, to_ids
from ._idset import IdSet
from ._users import Users


class Rows(Users):
    """
    Users or items that have no ids: they are rows or columns of a matrix, counted from 0. C
    counts them from 1, for 0 is no id there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kind = int
        self.dtype = np.dtype(np.int64)

    def decode(self, ids: np.ndarray) -> np.ndarray:
        return ids.astype(np.int64) - 1

    def encode(self, values: Any, what: str, skip: bool) -> np.ndarray:
        column = to_column(_many(values), what)
        numbers = column.values if column.codes is None else _numbers(column, what)
        if numbers.dtype.kind not in "iuf":
            raise errors.InvalidInput(f"{what} holds {numbers.dtype}; expected rows, from 0")
        good = numbers >= 0
        if numbers.dtype.kind == "f":
            good &= (numbers < 2.0**53) & (np.trunc(numbers) == numbers)
        else:
            good &= numbers < 2**63 - 1
        if column.missing is not None:
            good &= ~column.missing
        ids = np.where(good, numbers, 0).astype(np.uint64)
        return np.where(good, ids + np.uint64(1), np.uint64(0))


def _numbers(column: Column, what: str) -> np.ndarray:
    """[rows] int64 of a dictionary of numbers; -1 is missing."""
    entries = column.values.tolist()
    if not types_of(column.values) <= {int, float}:
        raise errors.InvalidInput(
            f"{what} holds {entries[:3]!r:.60}; there are rows and columns only, counted from 0"
        )
    fits = [int(v) if v == v and abs(v) < 2**62 and int(v) == v else -1 for v in entries]
    return np.append(np.array(fits, np.int64), -1)[column.entries]


def _many(values: Any) -> Any:
    return [values] if isinstance(values, (str, bytes, int, float, np.generic)) else values


_WHOLE = {int, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64}


def _kind_of(values: Any) -> Optional[type]:
    """int or str of a list of nothing else, as questions mostly come; None of anything else."""
    if type(values) is not list:
        return None
    kinds = set(map(type, values))
    if len(kinds) != 1:
        return None
    kind = kinds.pop()
    return int if kind in _WHOLE else str if kind is str else None


def _easy(values: List[Any], kind: type, form: Users) -> Optional[np.ndarray]:
    """
    [n] uint64 of a list of a kind whose entries are all good ids of ``form``. None of any other: it
    needs the looks of ``form.encode``, which does the same for all that there can be.
    """
    if form.kind is not kind and form.kind is not None:
        return None
    if kind is str:
        ids = ids_of_texts(values)
        is_same = len(values) == 1 or len(set(values)) == len(set(ids.tolist()))
        return ids if is_same else None
    is_rows = isinstance(form, Rows)
    if min(values) < (0 if is_rows else 1) or max(values) >= (2**62 if is_rows else 2**64):
        return None
    ids = np.array(values, np.uint64)
    return ids + np.uint64(1) if is_rows else ids


class Names:
    """The users, or the items, that a matrix or model knows.

    Attributes:
        ids: [n] uint64, ascending.
    """

    def __init__(self, ids: np.ndarray, form: Users) -> None:
        self.ids = ids
        self.form = form if isinstance(form, Rows) else form.only(ids)
        self._values: Optional[np.ndarray] = None

    @classmethod
    def of_file(cls, ids: np.ndarray, known: Optional[Ids], rows: bool, what: str) -> "Names":
        """Of a file, which has ids: what they were is not known, unless somebody tells it."""
        form: Users = Rows() if rows else Users.of_file()
        if known is not None and not rows:
            texts = known.decode(ids)
            # Of bytes that are no UTF-8 no str leads back to the id: they are as good as unknown.
            same = ids_of_texts([text or "" for text in texts]) == ids
            names = {
                n: t for n, t, fits in zip(ids.tolist(), texts, same) if t is not None and fits
            }
            form = Users.of_file(names)
        form.what = what
        return cls(ids, form)

    @property
    def values(self) -> np.ndarray:
        """[n] what the ids are, as they came in."""
        if self._values is None:
            self._values = self.form.decode(self.ids)
        return self._values

    def decode(self, ids: np.ndarray) -> np.ndarray:
        """What known ids are, of any shape. 0, which is none, is None among texts, NaN among
        floats, -1 among rows, and 0 else."""
        values = self.values
        if values.dtype == object:
            found = np.full(ids.shape, None, object)
            known = ids != 0
            found[known] = values[np.searchsorted(self.ids, ids[known])]
            return found
        found = self.form.decode(ids) if not self.form.is_text else ids
        if found.dtype.kind == "f":
            found[ids == 0] = np.nan
        return found

    def encode(self, values: Any, what: str) -> np.ndarray:
        """[n] uint64 of one or many as they came in; of what can be none of them 0, no id."""
        values = _many(values)
        return self._encode(values, _kind_of(values), what)

    def _encode(self, values: Any, kind: Optional[type], what: str) -> np.ndarray:
        easy = None if kind is None else _easy(values, kind, self.form)
        if easy is not None:
            return easy
        form = self.form.form()
        ids = np.require(form.encode(values, what, skip=True), np.uint64, ["C", "A"])
        if self.form.ids_only and not self.form.is_text and form.kind is int and not ids.all():
            raise errors.InvalidInput(
                f"{what} holds {_first_none(values, ids)!r}, which is no id; a model of a matrix "
                "without ids, that was saved, is to be loaded with rows=True"
            )
        return ids

    def asked(self, values: Any, what: str) -> Tuple[np.ndarray, np.ndarray]:
        """[n] uint64 of one or many, and [n] what they came in as, to put beside the answers."""
        values = _many(values)
        kind = _kind_of(values)
        ids = self._encode(values, kind, what)
        return ids, _given(values, what) if kind is None else np.array(values, object)

    def set_of(self, values: Any, what: str) -> Optional[IdSet]:
        """A set of ids, of one that is given or of what is in it; None of None."""
        if values is None:
            return None
        if isinstance(values, IdSet):
            if isinstance(self.form, Rows):
                raise errors.InvalidInput(
                    f"{what} is a set of ids, but this model was fitted to a matrix without ids; "
                    "give rows as a list, or ids to the fit"
                )
            return values
        if isinstance(values, (set, frozenset, range)):
            values = list(values)
        if isinstance(values, (str, bytes, int, float, np.generic)):
            raise errors.InvalidInput(f"{what} is {values!r:.60}; expected many, as a list")
        return IdSet(self.encode(values, what))


def _first_none(values: Any, ids: np.ndarray) -> Any:
    column = to_column(values, "ids")
    return column.at(int(np.argmin(ids)))


def _given(values: Any, what: str) -> np.ndarray:
    """[n] what stands in a column of ids."""
    column = to_column(values, what)
    if column.codes is None:
        return column.values
    return _and_none(column.values)[column.entries]


def _and_none(values: np.ndarray) -> np.ndarray:
    """[n + 1] objects, the last of which is None."""
    longer = np.full(len(values) + 1, None, object)
    longer[:-1] = values
    return longer


def ids_for(values: Any, rows: int, what: str) -> "tuple[np.ndarray, Users]":
    """[rows] uint64 ids that were given with a matrix, and how they go back."""
    column = to_column(values, what)
    if column.rows != rows:
        raise errors.InvalidInput(f"{what} has {column.rows:,} ids; expected {rows:,}")
    ids, form = to_ids(column, what, Rejects(rows, False))
    return plain(ids, np.uint64), form


# ------------------------------------------------------------------------------------ lists


class Lists(NamedTuple):
    """Lists of ids, one after another: list ``i`` is ``ids[at[i]:at[i + 1]]``."""

    at: np.ndarray
    ids: np.ndarray
    one: bool
    """It was one flat list."""

    weights: Optional[np.ndarray] = None

    @property
    def rows(self) -> int:
        return len(self.at) - 1


def is_sparse(values: Any) -> bool:
    """Whether this is a sparse matrix, of SciPy or with the same arrays."""
    return hasattr(values, "tocsr") or all(
        hasattr(values, name) for name in ("indptr", "indices", "data", "shape")
    )


def _is_list(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, (str, bytes))


def to_lists(values: Any, names: Names, what: str, weights: Any = None) -> Lists:
    """
    One list of ids or many: ``[1, 2]``, ``[[1, 2], [3]]``, a pair ``(at, ids)`` of arrays, or a
    sparse matrix whose columns stand for ``names`` in their order.
    """
    if _kind_of(values) is not None:  # one flat list, as mostly: nothing rarer is looked for
        return _flat(values, names, what, weights)
    if is_sparse(values):
        if weights is not None:
            raise errors.InvalidInput("weights of a sparse matrix are in the matrix")
        return _of_sparse(values, names, what)
    if isinstance(values, tuple) and len(values) == 2 and isinstance(values[0], np.ndarray):
        flat = values[1]
        at = _offsets(values[0], len(flat), what)
        ids = names.encode(flat, what)
        return Lists(at, ids, False, _weights(weights, ids))
    if not _is_list(values):
        raise errors.InvalidInput(f"{what} is {values!r:.60}; expected a list of lists")
    entries: List[Any] = [] if _is_flat(values) else list(values)
    if not entries:
        return _flat(values, names, what, weights)
    wrong = next((entry for entry in entries if not _is_list(entry)), None)
    if wrong is not None or any(isinstance(entry, dict) for entry in entries):
        raise errors.InvalidInput(f"{what} holds {wrong!r:.60} beside lists; expected lists alone")
    at = np.zeros(len(entries) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, entries), np.int64, len(entries)), out=at[1:])
    if all(isinstance(entry, np.ndarray) for entry in entries):
        flat = np.concatenate(entries)
    else:
        flat = list(chain.from_iterable(entries))
    ids = names.encode(flat, what) if len(flat) else np.empty(0, np.uint64)
    if weights is not None and len(weights) and _is_list(next(iter(weights))):
        if [len(row) for row in weights] != [len(row) for row in entries]:
            raise errors.InvalidInput(f"weights are not of the lengths of {what}")
        weights = np.concatenate([np.asarray(row) for row in weights])
    return Lists(at, ids, False, _weights(weights, ids))


def _flat(values: Any, names: Names, what: str, weights: Any) -> Lists:
    ids = names.encode(values, what) if len(values) else np.empty(0, np.uint64)
    return Lists(np.array([0, len(ids)], np.int64), ids, True, _weights(weights, ids))


def _is_flat(values: Any) -> bool:
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values.ndim == 1
    if type(values).__module__.partition(".")[0] in ("pandas", "polars", "pyarrow"):
        return len(values) == 0 or not _is_list(
            values[0] if not hasattr(values, "iloc") else values.iloc[0]
        )
    return len(values) == 0 or not _is_list(next(iter(values)))


def _offsets(at: Any, n: int, what: str) -> np.ndarray:
    offsets = np.asarray(at)
    if offsets.dtype.kind not in "iu" or offsets.ndim != 1 or not len(offsets):
        raise errors.InvalidInput(f"{what}: offsets are whole numbers, one more than rows")
    offsets = plain(offsets, np.int64)
    if offsets[0] != 0 or offsets[-1] != n or (np.diff(offsets) < 0).any():
        raise errors.InvalidInput(f"{what}: offsets ascend from 0 to the {n:,} entries there are")
    return offsets


def to_weights(weights: Any, what: str = "weights") -> np.ndarray:
    """[n] float32, as C takes them."""
    array = np.asarray(weights)
    if array.dtype.kind not in "biuf" or array.ndim != 1:
        raise errors.InvalidInput(
            f"{what} is a {array.dtype} of {array.ndim} dimensions; expected numbers, one an entry"
        )
    with np.errstate(over="ignore"):
        return plain(array.astype(np.float32, copy=False), np.float32)


def _weights(weights: Any, ids: np.ndarray) -> Optional[np.ndarray]:
    if weights is None:
        return None
    found = to_weights(weights)
    if len(found) != len(ids):
        raise errors.InvalidInput(f"there are {len(found):,} weights for {len(ids):,} items")
    return found


class Sparse(NamedTuple):
    """A sparse matrix by rows, as C takes it."""

    at: np.ndarray
    columns: np.ndarray
    weights: np.ndarray
    rows: int
    width: int


def to_sparse(matrix: Any, what: str) -> Sparse:
    """The arrays of a sparse matrix, without a copy if they are of the right types."""
    try:
        if hasattr(matrix, "tocsr"):
            matrix = matrix.tocsr()
        rows, width = (int(size) for size in matrix.shape)
        arrays = tuple(np.asarray(a) for a in (matrix.indptr, matrix.indices, matrix.data))
    except (TypeError, ValueError, AttributeError):
        raise errors.InvalidInput(
            f"{what} is a {type(matrix).__name__}; expected a sparse matrix of two dimensions"
        ) from None
    at, columns, data = arrays
    if any(array.ndim != 1 for array in arrays) or {at.dtype.kind, columns.dtype.kind} - set("iu"):
        raise errors.InvalidInput(f"{what}: indptr and indices are arrays of whole numbers")
    if len(at) != rows + 1:
        raise errors.InvalidInput(f"{what}: indptr has {len(at):,} entries for {rows:,} rows")
    at = plain(at, np.int64)
    if at[-1] > min(len(columns), len(data)):  # so much C will read
        raise errors.InvalidInput(f"{what}: indptr ends beyond the entries there are")
    if columns.dtype != np.int32 and len(columns):
        if not -(2**31) <= int(columns.min()) <= int(columns.max()) < 2**31:
            raise errors.InvalidInput(f"{what}: a column is out of range")
    return Sparse(at, plain(columns, np.int32), to_weights(data, f"{what}.data"), rows, width)


def _of_sparse(matrix: Any, names: Names, what: str) -> Lists:
    sparse = to_sparse(matrix, what)
    if sparse.width != len(names.ids):
        raise errors.InvalidInput(
            f"{what} has {sparse.width:,} columns; the model has {len(names.ids):,} "
            f"{names.form.what}"
        )
    at = _offsets(sparse.at, int(sparse.at[-1]), what)
    columns = sparse.columns[: at[-1]]
    if len(columns) and not 0 <= int(columns.min()) <= int(columns.max()) < sparse.width:
        raise errors.InvalidInput(f"{what}: a column is out of range")
    return Lists(at, names.ids[columns], False, plain(sparse.weights[: at[-1]], np.float32))
