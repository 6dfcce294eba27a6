"""One event as a batch: what :class:`Events` does with columns, and faster, for every event."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np

from . import _constants as c
from . import errors
from ._columns import is_missing, to_column
from ._convert import Rejects
from ._events import Events
from ._ids import id_of_text, to_ids
from ._kinds import kind_number
from ._library import pointer
from ._money import to_integers
from ._run import whole
from ._structs import new, pmkt_column, pmkt_events
from ._users import Users
from ._zones import Zone, instant

_FORMS = ("item", "category", "channel")


def one_event(
    given: Mapping[str, Any], extra: Optional[Mapping[str, Any]], zone: Optional[Zone]
) -> Events:
    """A batch of one row. ``given`` has every column, None where it is not given."""
    if given["user"] is None or given["time"] is None or given["kind"] is None:
        raise errors.InvalidInput("one event needs user=, time= and kind=; a batch, events")
    batch, arrays = Events.__new__(Events), {}
    batch.exponent, batch.currency, batch._forms, batch._unreadable = 2, None, {}, {}
    kind = 0
    for name, value in given.items():
        if name == "kind":
            kind = kind_number(value)
        elif name == "time":
            ms = value if type(value) is int else instant(value, zone, "time")
            arrays[name] = np.array([whole(name, ms, -(2**63), 2**63 - 1)], np.int64)
        elif is_missing(value):
            continue
        elif name in ("amount", "quantity"):
            arrays[name] = _integer(name, value)
        else:
            arrays[name], form = _id(name, value)
            if name == "user":
                batch._users = form
            elif name in _FORMS:
                batch._forms[name] = form
    if "user" not in arrays:
        raise errors.InvalidInput(f"user is {given['user']!r}, which is no id")
    batch._arrays = arrays  # the struct only borrows them
    columns = {name: pointer(array) for name, array in arrays.items()}
    batch._struct = new(pmkt_events, rows=1, every_kind=kind, **columns)
    if extra:
        _attach(batch, extra)
    return batch


def _id(name: str, value: Any) -> Tuple[np.ndarray, Users]:
    """[1] uint64, and how it goes back to what came."""
    if isinstance(value, (str, bytes)):
        ids = np.array([id_of_text(value)], np.uint64)
        return ids, Users.of_texts(ids, [value])
    if type(value) is int and 0 < value < 2**63:
        return np.array([value], np.uint64), Users.of_numbers(np.dtype(np.int64))
    return to_ids(to_column([value], name), name, Rejects(1, False))


def _integer(name: str, value: Any) -> np.ndarray:
    if type(value) is int and -(2**53) < value < 2**53:
        return np.array([value], np.int64)
    return to_integers(to_column([value], name), name, Rejects(1, False))


def _attach(batch: Events, extra: Mapping[str, Any]) -> None:
    """Columns that rules declare."""
    if not isinstance(extra, Mapping):
        raise errors.InvalidInput(f"extra is {extra!r:.60}; expected a dict of names to values")
    found = {name: _extra(name, v) for name, v in extra.items() if not is_missing(v)}
    table = (pmkt_column * len(found))()
    kept: Dict[str, np.ndarray] = {}
    for column, (name, (array, kind)) in zip(table, found.items()):
        column.name, column.data, column.type = name.encode(), array.ctypes.data, kind
        kept[name] = array
    batch.extra = kept
    batch._struct.extra, batch._struct.n_extra = table, len(table)


def _extra(name: Any, value: Any) -> Tuple[np.ndarray, int]:
    """[1] the value of an extra column, and its type."""
    if not isinstance(name, str) or not name or "\0" in name:
        raise errors.InvalidInput(f"extra: {name!r:.60} is no name of a column")
    if isinstance(value, (str, bytes)):
        return np.array([id_of_text(value)], np.uint64), c.TYPE_UINT64
    if isinstance(value, np.uint64):
        return np.array([value], np.uint64), c.TYPE_UINT64
    if isinstance(value, (float, np.floating)):
        return np.array([value], np.float64), c.TYPE_DOUBLE
    number = whole(f"extra: {name}", value, -(2**63), 2**63 - 1)
    return np.array([number], np.int64), c.TYPE_INT64
