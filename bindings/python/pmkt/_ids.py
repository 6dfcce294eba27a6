"""Columns to 64-bit ids."""

from __future__ import annotations

import ctypes
from typing import AbstractSet, Any, Iterator, List, Optional, Tuple

import numpy as np

from . import _constants as c
from . import errors
from ._columns import Column, to_column
from ._convert import NOT_AN_ID, Rejects, names_of, plain, take, types_of, with_null
from ._library import call, lib, pointer
from ._users import Users


def _raw(text: Any) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def id_of_text(text: Any) -> int:
    """The id of a str or bytes."""
    raw = _raw(text)
    return int(lib.pmkt_id_of_bytes(raw, len(raw)))


def ids_of_texts(texts: List[Any]) -> np.ndarray:
    """[n] uint64 ids of str or bytes."""
    if len(texts) <= 8:  # too few to be worth the arrays
        return np.array([id_of_text(text) for text in texts], np.uint64)
    raw = list(map(_raw, texts))
    offsets = np.zeros(len(raw) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, raw), np.int64, len(raw)), out=offsets[1:])
    ids = np.empty(len(raw), np.uint64)
    call(lib.pmkt_ids_of_strings, b"".join(raw), pointer(offsets), len(raw), pointer(ids))
    return ids


def numbers_of(ids: Any, label: str) -> np.ndarray:
    """[n] uint64 of many ids or texts; missing ones are 0. What is neither is refused, for a wrong
    number would be somebody else."""
    if type(ids) is np.ndarray and ids.dtype == np.uint64 and ids.ndim == 1:
        return plain(ids, np.uint64)
    if isinstance(ids, (AbstractSet, Iterator, range)):
        ids = list(ids)
    column = to_column(ids, label)
    found, _ = to_ids(column, label, Rejects(column.rows, False))
    return np.require(found, np.uint64, ["C", "A"])


def to_ids(column: Column, label: str, rejects: Rejects) -> Tuple[np.ndarray, Users]:
    """[rows] uint64, missing = 0; and how ids go back to what came."""
    if column.codes is None:
        ids, bad, origin = _ids_of_numbers(column, label)
    else:
        ids, bad, origin = _ids_of_entries(column, label)
    if bad is not None:
        rejects.add(
            bad,
            NOT_AN_ID.format(label),
            lambda row: (
                f"{label} is {column.at(row)!r}, which is no id; "
                "expected a whole number above 0 that fits 64 bits (as a float: at most 2^53)"
            ),
        )
    return ids, origin


def _ids_of_numbers(column: Column, label: str) -> Tuple[np.ndarray, Optional[np.ndarray], Users]:
    values = column.values
    if values.dtype.kind == "u":
        ids = with_null(column, plain(values, np.uint64), c.ID_NONE)
        return ids, None, Users.of_numbers(values.dtype)
    if values.dtype.kind == "i":
        return (*_ids_of_signed(column), Users.of_numbers(values.dtype))
    if values.dtype.kind == "f":
        ids, bad = _ids_of_floats(with_null(column, plain(values, np.float64), np.nan))
        return ids, bad, Users.of_numbers(np.dtype(np.float64))
    raise errors.InvalidInput(f"{label} holds {values.dtype}, which makes no ids")


def _ids_of_signed(column: Column) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """Positive signed integers are the same bits unsigned: no copy of an int64 column."""
    signed = with_null(column, plain(column.values, np.int64), 0)
    bad = signed < 0 if len(signed) and signed.min() < 0 else None
    if bad is not None:
        signed = np.where(bad, 0, signed)
    return signed.view(np.uint64), bad


def _ids_of_floats(values: np.ndarray) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    ids = np.empty(len(values), np.uint64)
    n_bad = ctypes.c_int64()
    call(
        lib.pmkt_ids_of_doubles,
        pointer(values),
        len(values),
        c.ON_BAD_SKIP,
        pointer(ids),
        ctypes.byref(n_bad),
    )
    return ids, (ids == c.ID_NONE) & ~np.isnan(values) if n_bad.value else None


def _ids_of_entries(column: Column, label: str) -> Tuple[np.ndarray, Optional[np.ndarray], Users]:
    entries, types = column.values, types_of(column.values)
    bad = None
    if types <= {str} or types == {bytes}:
        of_entry = ids_of_texts(entries.tolist())
        used = np.bincount(column.entries + 1, minlength=len(entries) + 1)[1:] > 0
        origin = Users.of_texts(of_entry[used], entries[used].tolist()) if types else Users()
    elif types <= {int, float}:
        of_entry, bad, origin = _ids_of_python_numbers(entries.tolist())
    else:
        raise errors.InvalidInput(
            f"{label} holds {names_of(types)}; ids are whole numbers or texts, not both: "
            "make the column one of them first, such as with astype(str)"
        )
    if bad is not None:
        bad = take(column, bad, False)
    return take(column, of_entry, c.ID_NONE), bad, origin


def _ids_of_python_numbers(
    entries: List[Any],
) -> Tuple[np.ndarray, Optional[np.ndarray], Users]:
    """Integers of any size, exactly; floats as in a column of floats."""
    real = np.fromiter((isinstance(v, (float, np.floating)) for v in entries), bool, len(entries))
    fits = np.fromiter((0 < entry < 2**64 for entry in entries), bool, len(entries)) & ~real
    ids = np.array([int(v) if fit else 0 for v, fit in zip(entries, fits)], np.uint64)
    # A plain 0 is "no id", as it is in a column of integers.
    bad = ~real & ~fits & np.fromiter((entry != 0 for entry in entries), bool, len(entries))
    if real.any():
        floats = np.array([v for v, is_real in zip(entries, real) if is_real], np.float64)
        ids[real], bad_floats = _ids_of_floats(floats)
        if bad_floats is not None:
            bad[real] = bad_floats
    if real.all():
        return ids, bad, Users.of_numbers(np.dtype(np.float64))
    wide = bool((ids >= np.uint64(2**63)).any())
    return ids, bad, Users.of_numbers(np.dtype(np.uint64 if wide else np.int64))
