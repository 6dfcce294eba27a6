"""Texts of any column to bytes and offsets, as C reads them, and back."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, List, Optional

import numpy as np

from . import errors
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


def to_strings(data: Any, label: str) -> Strings:
    """The texts of a list, an array, a Series or an Arrow array; missing ones have no string."""
    arrow = _as_arrow(data)
    if arrow is not None:
        return _of_arrow(arrow)
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


def _as_arrow(data: Any) -> Any:
    """An array of pyarrow, if that is what holds the texts; else None."""
    module = type(data).__module__.partition(".")[0]
    if module == "polars" and str(getattr(data, "dtype", "")) in ("String", "Utf8"):
        try:
            data = data.to_arrow()
        except ImportError:
            return None
        module = "pyarrow"
    elif module == "pandas":
        array = getattr(data, "array", data)
        kind = type(getattr(data, "dtype", None)).__name__
        storage = getattr(getattr(data, "dtype", None), "storage", "pyarrow")
        if kind in ("StringDtype", "ArrowDtype") and storage == "pyarrow":
            data = array.__arrow_array__()
            module = "pyarrow"
    if module != "pyarrow":
        return None
    import pyarrow  # it made the data, so it is there

    if isinstance(data, pyarrow.ChunkedArray):
        data = data.combine_chunks()
        if isinstance(data, pyarrow.ChunkedArray):
            data = data.chunk(0) if data.num_chunks else pyarrow.array([], data.type)
    kind = data.type
    if pyarrow.types.is_dictionary(kind):
        data, kind = data.cast(kind.value_type), kind.value_type
    texts = (pyarrow.string(), pyarrow.large_string(), pyarrow.binary(), pyarrow.large_binary())
    if kind in texts:
        return data
    if "view" in str(kind):
        return data.cast(pyarrow.large_string() if "string" in str(kind) else texts[3])
    if kind == pyarrow.null():
        return data.cast(pyarrow.large_string())
    raise errors.InvalidInput(f"an Arrow array holds {kind}; expected texts")


def _of_arrow(data: Any) -> Strings:
    n_rows, rows = len(data), None
    if data.null_count:
        rows = np.flatnonzero(np.asarray(data.is_valid()))
        data = data.drop_null()
    _, offsets, content = data.buffers()
    wide = str(data.type).startswith("large_")
    if offsets is None:
        found = np.zeros(1, np.int64)
    else:
        found = np.frombuffer(offsets, np.int64 if wide else np.int32)
        found = found[data.offset : data.offset + len(data) + 1].astype(np.int64, copy=False)
    address = content.address if content is not None and content.size else None
    return Strings(address, np.require(found, np.int64, ["C", "A"]), rows, n_rows, data)


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
