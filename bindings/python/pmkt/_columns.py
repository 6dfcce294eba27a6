"""Columns of any dataframe, brought to one of two plain forms.

pandas, polars and pyarrow are recognized by the module of what is given and are never imported
before; NumPy alone is needed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import AbstractSet as Set
from typing import Any, List, Mapping, Optional, Tuple

import numpy as np

from .errors import InvalidInput


@dataclass
class Column:
    """
    Either numbers or times, one a row; or a dictionary: what stands in row ``i`` is
    ``values[codes[i]]``, and nothing where ``codes[i]`` is -1.

    Attributes:
        values: [rows] integers, floats or datetime64; with ``codes``: [different] objects.
        missing: [rows] bool, or None if nothing is missing but NaN and NaT.
        codes: [rows] int64, or None.
        instant: datetime64 values are UTC, not wall-clock times.
    """

    values: np.ndarray
    missing: Optional[np.ndarray] = None
    codes: Optional[np.ndarray] = None
    instant: bool = False

    @property
    def rows(self) -> int:
        return len(self.values if self.codes is None else self.codes)

    def at(self, row: int) -> Any:
        """What stands in a row, for messages."""
        value = self.values[row if self.codes is None else self.codes[row]]
        return value.item() if isinstance(value, (np.integer, np.floating)) else value

    @property
    def entries(self) -> np.ndarray:
        """[rows] int64, the codes of what is known to be a dictionary."""
        assert self.codes is not None
        return self.codes


def is_missing(value: Any) -> bool:
    """None, NaN, NaT or pandas' NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, (float, np.floating, Decimal)):
        return value != value
    return isinstance(value, np.datetime64) and bool(np.isnat(value))


def to_column(data: Any, label: str) -> Column:
    """Any array, list or column in one of the two plain forms; without a copy where possible."""
    module = type(data).__module__.partition(".")[0]
    try:
        if module == "pandas":
            return _of_pandas(data, label)
        if module == "polars":
            return _of_polars(data, label)
        if module == "pyarrow":
            return _of_arrow(data, label)
    except (TypeError, OverflowError, NotImplementedError) as error:
        raise InvalidInput(f"{label}: {type(data).__name__} cannot be read: {error}") from error
    return _of_numpy(data, label)


# ------------------------------------------------------------------------------- producers


def _of_numpy(data: Any, label: str) -> Column:
    missing = None
    if np.ma.isMaskedArray(data):
        missing, data = np.ma.getmaskarray(data), data.data
    if not isinstance(data, np.ndarray):
        if isinstance(data, (str, bytes, Mapping, Set)) or not hasattr(data, "__len__"):
            raise InvalidInput(f"{label} is {data!r:.60}; expected an array, one entry a row")
        # Not np.asarray alone: it would make floats of large integers, and text of numbers.
        array = np.empty(len(data), object)
        array[:] = list(data)
        data = array
    if data.ndim != 1:
        raise InvalidInput(f"{label} has {data.ndim} dimensions; expected 1")
    if data.dtype.kind in "iufM":
        return Column(data, missing)
    if data.dtype.kind in "OUST":
        column = _encode(data.tolist(), label)
        return (
            column
            if missing is None
            else Column(column.values, codes=np.where(missing, -1, column.entries))
        )
    raise InvalidInput(f"{label} is of type {data.dtype}, of which nothing can be made here")


def _encode(values: List[Any], label: str) -> Column:
    """Objects to a dictionary, so that each different one is looked at once."""
    index: dict = {}
    try:
        codes = np.fromiter(
            (index.setdefault(value, len(index)) for value in values), np.int64, len(values)
        )
    except TypeError:
        row, bad = next((i, v) for i, v in enumerate(values) if not _hashable(v))
        raise InvalidInput(
            f"{label}: row {row} holds a {type(bad).__name__}, which is neither number nor text",
            where=row,
            where_kind="row",
        ) from None
    return _without_missing(codes, list(index))


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _without_missing(codes: np.ndarray, entries: List[Any]) -> Column:
    """A dictionary of which no entry means "missing"."""
    gone = np.zeros(len(entries), bool)
    if not {type(entry) for entry in entries} <= {str, bytes, int}:
        gone = np.fromiter((is_missing(entry) for entry in entries), bool, len(entries))
    if gone.any():
        renumbered = np.where(gone, -1, np.cumsum(~gone) - 1)
        codes = np.where(codes < 0, -1, renumbered[codes])
        entries = [entry for entry, out in zip(entries, gone) if not out]
    values = np.empty(len(entries), object)
    values[:] = entries
    return Column(values, codes=codes)


def _of_pandas(data: Any, label: str) -> Column:
    if getattr(data, "ndim", 1) != 1:
        raise InvalidInput(f"{label} has {data.ndim} dimensions; expected 1")
    dtype = data.dtype
    if isinstance(dtype, np.dtype):
        return _of_numpy(data.to_numpy(), label)
    kind = type(dtype).__name__
    if kind == "CategoricalDtype":
        categorical = getattr(data, "cat", data)
        entries = _of_pandas(categorical.categories, label)
        return _of_codes(np.asarray(categorical.codes, np.int64), entries)
    if kind == "DatetimeTZDtype":
        return Column(data.to_numpy(dtype=f"datetime64[{dtype.unit}]"), instant=True)
    if kind == "ArrowDtype":
        return _of_arrow(getattr(data, "array", data).__arrow_array__(), label)
    if kind == "StringDtype":
        codes, entries = sys.modules["pandas"].factorize(data)
        return _without_missing(np.asarray(codes, np.int64), np.asarray(entries, object).tolist())
    numpy_dtype = getattr(dtype, "numpy_dtype", None)
    if numpy_dtype is not None and numpy_dtype.kind in "iuf":  # the nullable numbers
        missing = np.asarray(data.isna())
        values = data.to_numpy(dtype=numpy_dtype, na_value=0)
        return Column(values, missing if missing.any() else None)
    return _of_numpy(data.to_numpy(dtype=object), label)


def _of_codes(codes: np.ndarray, entries: Column) -> Column:
    """A column that another library had already made a dictionary of."""
    if entries.codes is not None:
        of_entry = np.append(entries.codes, -1)
        return Column(entries.values, codes=of_entry[codes])
    missing = codes < 0
    if not len(entries.values):
        return Column(np.zeros(len(codes), np.int64), missing=np.ones(len(codes), bool))
    values = entries.values[np.where(missing, 0, codes)]
    return Column(values, missing if missing.any() else None, instant=entries.instant)


def _of_polars(data: Any, label: str) -> Column:
    kind = type(data.dtype).__name__ if not isinstance(data.dtype, type) else data.dtype.__name__
    missing = data.is_null().to_numpy() if data.null_count() else None
    if kind.startswith(("Int", "UInt")) and kind != "Int128" or kind in ("Float32", "Float64"):
        return Column((data if missing is None else data.fill_null(0)).to_numpy(), missing)
    if kind in ("Datetime", "Date"):
        import polars  # it made the data, so it is there

        unit = "D" if kind == "Date" else data.dtype.time_unit
        counts = data.cast(polars.Int64)
        counts = (counts if missing is None else counts.fill_null(0)).to_numpy()
        aware = kind == "Datetime" and data.dtype.time_zone is not None
        return Column(counts.astype(np.int64).view(f"datetime64[{unit}]"), missing, instant=aware)
    if kind in ("Categorical", "Enum", "String", "Utf8"):
        import polars

        texts = data.cast(polars.String)
        entries = texts.unique().drop_nulls()
        codes = texts.replace_strict(
            entries, polars.arange(len(entries), eager=True), default=-1, return_dtype=polars.Int64
        )
        return _without_missing(codes.to_numpy(), entries.to_list())
    if kind in ("Decimal", "Object", "Null", "Binary"):
        return _encode(data.to_list(), label)
    raise InvalidInput(f"{label} is of polars type {data.dtype}, of which nothing can be made here")


def _of_arrow(data: Any, label: str) -> Column:
    import pyarrow  # it made the data, so it is there

    types, kind = pyarrow.types, data.type
    if types.is_dictionary(kind):
        data, kind = data.cast(kind.value_type), kind.value_type
    missing = np.asarray(data.is_null()) if data.null_count else None
    if types.is_integer(kind) or types.is_floating(kind):
        if missing is not None:
            data = data.fill_null(pyarrow.scalar(0, kind))
        return Column(np.asarray(data), missing)
    if types.is_timestamp(kind) or types.is_date(kind):
        unit, aware = _arrow_unit(types, kind)
        counts = data.cast(pyarrow.int32() if types.is_date32(kind) else pyarrow.int64())
        if missing is not None:
            counts = counts.fill_null(0)
        counts = np.asarray(counts).astype(np.int64)
        return Column(counts.view(f"datetime64[{unit}]"), missing, instant=aware)
    if types.is_string(kind) or types.is_large_string(kind):
        return _of_arrow_text(pyarrow, data)
    return _encode(data.to_pylist(), label)


def _arrow_unit(types: Any, kind: Any) -> Tuple[str, bool]:
    if types.is_timestamp(kind):
        return kind.unit, kind.tz is not None
    return ("D" if types.is_date32(kind) else "ms"), False


def _of_arrow_text(pyarrow: Any, data: Any) -> Column:
    if not isinstance(data, pyarrow.ChunkedArray):
        data = pyarrow.chunked_array([data])
    chunks = data.dictionary_encode().unify_dictionaries().chunks
    if not chunks:
        return Column(np.empty(0, object), codes=np.empty(0, np.int64))
    codes = [np.asarray(chunk.indices.fill_null(-1)).astype(np.int64) for chunk in chunks]
    return _without_missing(np.concatenate(codes), chunks[0].dictionary.to_pylist())
