"""Frames: what a whole table of some library is, and which of them C reads.

Nothing is imported: a library is recognized by the module of what is given.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

import numpy as np

from ._arrow import has_stream
from ._columns import Column, to_column
from ._times import needs_zone
from .errors import InvalidInput

# DuckDB's names of types, as NumPy's.
_DUCKDB_NUMBERS = {
    **{"TINYINT": "int8", "SMALLINT": "int16", "INTEGER": "int32", "BIGINT": "int64"},
    **{"UTINYINT": "uint8", "USMALLINT": "uint16", "UINTEGER": "uint32", "UBIGINT": "uint64"},
    **{"FLOAT": "float32", "DOUBLE": "float64"},
}


class Readable(NamedTuple):
    """
    Attributes:
        source: hands out the columns as an Arrow stream.
        dtype: of users that are numbers; None: they are texts.
        raw: these texts are bytes.
        again: what C could not read can be read through NumPy; a relation needs pyarrow for it.
    """

    source: Any
    dtype: Optional[np.dtype]
    raw: bool
    again: bool = True


def is_relation(frame: Any) -> bool:
    """Whether this is a relation of DuckDB."""
    return type(frame).__module__.lstrip("_").startswith("duckdb") and has_stream(frame)


def column_names(frame: Any) -> List[str]:
    """The columns of a frame: pandas, polars, a pyarrow table or batch, a relation of DuckDB, a
    mapping of arrays."""
    if isinstance(frame, Mapping):
        return [str(name) for name in frame]
    module = type(frame).__module__.partition(".")[0]
    kind = type(frame).__name__
    if module == "pandas" and kind == "DataFrame" or module == "polars" and kind == "DataFrame":
        return [str(name) for name in frame.columns]
    if module == "pyarrow" and kind in ("Table", "RecordBatch"):
        return list(frame.schema.names)
    if is_relation(frame):
        return list(frame.columns)
    hint = "; collect() it first" if kind == "LazyFrame" else ""
    raise InvalidInput(
        f"a frame cannot be a {module}.{kind}{hint}; expected a DataFrame of pandas or polars, "
        "a pyarrow Table, a relation of DuckDB, or a dict of arrays"
    )


def check_name(names: List[str], name: Any, argument: str) -> None:
    """Raises if an argument does not name one of the columns there are."""
    if not isinstance(name, str):
        raise InvalidInput(f"{argument} is {name!r}; expected the name of a column")
    if names.count(name) != 1:
        problem = "no column" if name not in names else "more than one column"
        shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
        raise InvalidInput(f"{argument}: there is {problem} {name!r}; the frame has: {shown}")


def take_column(frame: Any, name: Any, argument: str) -> Column:
    """The column of a frame that an argument of ``from_frame`` names."""
    names = column_names(frame)
    check_name(names, name, argument)
    if type(frame).__module__.startswith("pyarrow"):
        return to_column(frame.column(names.index(name)), argument)
    return to_column(frame[name], argument)


def readable(frame: Any, named: Mapping[str, Any], has_zone: bool) -> Optional[Readable]:
    """What C reads of a frame, or None if its columns go through NumPy, as those of dicts do and of
    pandas but for its Arrow types.

    ``named`` are the arguments and the columns that they name; it is said here if one is not there.
    """
    if isinstance(frame, Mapping):
        return None
    if is_relation(frame):
        return _of_relation(frame, named, has_zone)
    names, module = column_names(frame), type(frame).__module__.partition(".")[0]
    for argument, name in named.items():
        check_name(names, name, argument)
    types = _types(frame, module)
    types = {name: types[name] for name in named.values()}
    if not has_stream(frame) or not all(_is_arrow(dtype, module) for dtype in types.values()):
        return None
    head = frame.iloc[:0] if module == "pandas" else frame.slice(0, 0)
    user, time = (take_column(head, named[argument], argument) for argument in ("user", "time"))
    if time.values.dtype.kind == "M" and not time.instant and not has_zone:
        return None
    wanted = list(types)
    source = frame[wanted] if module == "pandas" else frame.select(wanted)
    if user.codes is None:
        return Readable(source, user.values.dtype, False)
    return Readable(source, None, "binary" in str(types[named["user"]]).lower())


def _types(frame: Any, module: str) -> Dict[str, Any]:
    if module == "pyarrow":
        return dict(zip(frame.schema.names, frame.schema.types))
    return dict(zip(frame.columns, frame.dtypes))


def _is_arrow(dtype: Any, module: str) -> bool:
    """Whether a library keeps the values of a type as Arrow does."""
    if module == "pandas":
        kind = type(dtype).__name__
        return kind == "ArrowDtype" or kind == "StringDtype" and dtype.storage == "pyarrow"
    return str(dtype) != "Object"  # of polars


def _of_relation(frame: Any, named: Mapping[str, Any], has_zone: bool) -> Readable:
    names = column_names(frame)
    for argument, name in named.items():
        check_name(names, name, argument)
    types = dict(zip(names, map(str, frame.types)))
    time, user = types[named["time"]], types[named["user"]]
    if not has_zone and time.startswith(("DATE", "TIMESTAMP")) and "ZONE" not in time:
        raise needs_zone("time")
    wanted = dict.fromkeys(named.values())
    quoted = map(_quoted, wanted)
    dtype = _DUCKDB_NUMBERS.get(user)
    return Readable(
        frame.select(*quoted),
        None if dtype is None else np.dtype(dtype),
        user == "BLOB",
        find_spec("pyarrow") is not None,
    )


def as_table(frame: Any) -> Any:
    """A frame that can be read column by column: a relation of DuckDB as a pyarrow table."""
    return frame.to_arrow_table() if is_relation(frame) else frame


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def select_column(relation: Any, name: str) -> Any:
    """One column of a relation of DuckDB, as a relation."""
    return relation.select(_quoted(name))
