"""Texts of any column to bytes and offsets, as C reads them, and back."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import Any, List, Optional

import numpy as np

from . import errors
from ._arrow import has_stream
from ._columns import Column, is_missing, to_column
from ._convert import names_of, types_of


@dataclass
class Strings:
    """
    Attributes:
        address: of the bytes; None if there are none.
        offsets: [n + 1] int64.
        rows: [n] int64, the row of each string, or None if none is missing.
        n_rows: how many rows there were.
        keep: what owns the bytes.
    """

    address: Optional[int]
    offsets: np.ndarray
    rows: Optional[np.ndarray]
    n_rows: int
    keep: Any

    @property
    def n(self) -> int:
        return len(self.offsets) - 1

    @property
    def bytes(self) -> Any:
        return ctypes.cast(self.address, ctypes.c_char_p) if self.address else None


# What texts are called by the libraries whose columns hand out an Arrow stream.
_ARROW_TEXTS = {
    *("string", "large_string", "string_view", "binary", "large_binary", "binary_view", "null"),
    *("String", "Utf8", "Binary", "Categorical", "Enum", "Null"),
}


def text_table(data: Any) -> Any:
    """What hands out a column of texts as an Arrow stream, if ``data`` is one; else None."""
    module, dtype = type(data).__module__.partition(".")[0], getattr(data, "dtype", None)
    if module == "polars" and dtype is not None:
        kind = dtype.__name__ if isinstance(dtype, type) else type(dtype).__name__
        return data if kind in _ARROW_TEXTS and has_stream(data) else None
    if module == "pandas" and type(dtype).__name__ in ("StringDtype", "ArrowDtype"):
        if getattr(dtype, "storage", "pyarrow") != "pyarrow":
            return None
        data = getattr(data, "array", data).__arrow_array__()
    elif module != "pyarrow" or not hasattr(data, "type"):
        return None
    kind = getattr(data.type, "value_type", data.type)
    if str(kind) not in _ARROW_TEXTS:
        raise errors.InvalidInput(f"an Arrow array holds {data.type}; expected texts")
    return sys.modules["pyarrow"].table({"texts": data})  # it made the data, so it is there


def listed(data: Any) -> List[Any]:
    """The texts of what :func:`text_table` takes."""
    ways = (getattr(data, way, None) for way in ("to_pylist", "to_list", "tolist"))
    found: List[Any] = next(way for way in ways if way is not None)()
    return found


def to_strings(data: Any, label: str) -> Strings:
    """The texts of a list, an array or a Series; missing ones have no string."""
    if isinstance(data, (str, bytes)) or not hasattr(data, "__len__"):
        raise errors.InvalidInput(f"{label} is {data!r:.60}; expected an array or a list of texts")
    if isinstance(data, np.ndarray) or type(data).__module__.startswith(("pandas", "polars")):
        column = to_column(data, label)
        if column.codes is None and not len(column.values):
            return _of_list([], label)
        if column.codes is None:
            raise errors.InvalidInput(f"{label} holds {column.values.dtype}; expected texts")
        return _of_column(column, label)
    return _of_list(list(data), label)


def _of_column(column: Column, label: str) -> Strings:
    """A dictionary of entries: each row its entry again, for C has to see them all."""
    types = types_of(column.values)
    if not (types <= {str} or types == {bytes}):
        raise errors.InvalidInput(f"{label} holds {names_of(types)}; expected texts")
    rows = np.flatnonzero(column.entries >= 0)
    texts = column.values[column.entries[rows]].tolist()
    found = _of_list(texts, label)
    found.n_rows = column.rows
    found.rows = rows if len(rows) < column.rows else None
    return found


def _of_list(texts: List[Any], label: str) -> Strings:
    n_rows, rows = len(texts), None
    types = set(map(type, texts))
    if not (types <= {str} or types <= {bytes}):
        there = [row for row, text in enumerate(texts) if not is_missing(text)]
        if len(there) < n_rows:
            rows = np.array(there, np.int64)
            texts = [texts[row] for row in there]
        for row, text in zip(there, texts):
            if not isinstance(text, (str, bytes)) or isinstance(text, str) != isinstance(
                texts[0], str
            ):
                raise errors.InvalidInput(
                    f"{label}: row {row} is {text!r:.60}; expected a text, and all of one type",
                    where=row,
                    where_kind="row",
                )
    content, lengths = _joined(texts)
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    address = ctypes.cast(ctypes.c_char_p(content), ctypes.c_void_p).value if content else None
    return Strings(address, offsets, rows, n_rows, content)


def _joined(texts: List[Any]) -> Any:
    """The bytes of all texts, and how many each has."""
    if not texts or isinstance(texts[0], bytes):
        return b"".join(texts), np.fromiter(map(len, texts), np.int64, len(texts))
    whole = "".join(texts)
    if not whole.isascii():
        raw = [text.encode("utf-8", "surrogatepass") for text in texts]
        return b"".join(raw), np.fromiter(map(len, raw), np.int64, len(raw))
    return whole.encode("ascii"), np.fromiter(map(len, texts), np.int64, len(texts))


# -------------------------------------------------------------------------------- and back


def to_texts(content: bytes, offsets: np.ndarray, known: np.ndarray, raw: bool) -> List[Any]:
    """[n] str (or bytes), or None where nothing is known."""
    ends = offsets.tolist()
    cut: Any
    if raw:
        cut = content
    elif content.isascii():
        cut = content.decode("ascii")
    else:
        texts: List[Any] = [_text(content[a:b]) for a, b in zip(ends, ends[1:])]
        return _without_unknown(texts, known)
    return _without_unknown([cut[a:b] for a, b in zip(ends, ends[1:])], known)


def _without_unknown(texts: List[Any], known: np.ndarray) -> List[Any]:
    for row in np.flatnonzero(known == 0).tolist():
        texts[row] = None
    return texts


def _text(content: bytes) -> str:
    """The text of bytes; those that are no UTF-8 stay recognizable, and encode to themselves."""
    try:
        return content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return content.decode("utf-8", "surrogateescape")
