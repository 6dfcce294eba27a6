"""From a column's plain form to what C takes: ids, instants, minor units, kinds.

What is not even a value of its column (a fractional id, a date that is none) never reaches C. Such
rows are collected in :class:`Rejects` and are, in the end, rejected like any other bad row.
"""

from __future__ import annotations

import ctypes
from decimal import Decimal
from typing import Any, Callable, Dict, List, Mapping, Optional, Set, Tuple

import numpy as np

from . import _constants as c
from . import errors
from ._columns import Column
from ._library import call, lib, pointer
from ._users import Users
from ._zones import Zone, instant, to_utc

NOT_AN_ID = "{}: not an id"

_UNITS = ("s", "ms", "us", "ns")


class Rejects:
    """Rows that no batch can hold, each under the first reason found for it."""

    def __init__(self, rows: int, skip: bool) -> None:
        self._rows = rows
        self._skip = skip
        self._reasons: List[str] = []
        self._reason_of: Optional[np.ndarray] = None  # [rows] int16, -1 = none

    def add(self, bad: np.ndarray, reason: str, explain: Callable[[int], str]) -> None:
        """Rejects the rows of a mask, or fails with the first of them."""
        if not bad.any():
            return
        if not self._skip:
            row = int(np.argmax(bad))
            raise errors.BadRow(f"row {row}: {explain(row)}", where=row, where_kind="row")
        if self._reason_of is None:
            self._reason_of = np.full(self._rows, -1, np.int16)
        if reason not in self._reasons:
            self._reasons.append(reason)
        fresh = bad & (self._reason_of < 0)
        self._reason_of[fresh] = self._reasons.index(reason)

    @property
    def mask(self) -> Optional[np.ndarray]:
        """[rows] bool, or None if there are none."""
        return None if self._reason_of is None else self._reason_of >= 0

    def by_reason(self, users: np.ndarray) -> Dict[str, int]:
        """
        Rows by reason, less those that have no user in the first place: that is what they will be
        rejected for.
        """
        counts = {}
        for number, reason in enumerate(self._reasons):
            of_this = self._reason_of == number
            if reason != NOT_AN_ID.format("user"):
                of_this &= users != c.ID_NONE
            if of_this.any():
                counts[reason] = int(np.count_nonzero(of_this))
        return counts


def _plain(values: np.ndarray, dtype: Any) -> np.ndarray:
    """The array itself if C can read it as it is, else a copy that it can."""
    return np.require(values, dtype, ["C", "A"])


def _types(values: np.ndarray) -> Set[type]:
    """The types of the entries of a dictionary, NumPy's counted as Python's."""
    found: Set[type] = set()
    for kind in {type(value) for value in values}:
        for general, members in (
            (bool, (bool, np.bool_)),
            (int, (int, np.integer)),
            (float, (float, np.floating)),
            (str, (str,)),
            (bytes, (bytes,)),
            (Decimal, (Decimal,)),
        ):
            if issubclass(kind, members):
                found.add(general)
                break
        else:
            found.add(kind)
    return found


def _names(types: Set[type]) -> str:
    return " and ".join(sorted(kind.__name__ for kind in types))


def _take(column: Column, of_entry: np.ndarray, missing: Any) -> np.ndarray:
    """Spreads what was found for each entry of a dictionary over the rows."""
    return np.append(of_entry, np.asarray(missing, of_entry.dtype))[column.codes]


def _null(column: Column, values: np.ndarray, null: Any) -> np.ndarray:
    """Writes nulls where rows are missing, into a copy if the array is not ours."""
    if column.missing is not None and column.missing.any():
        values = values.copy() if values is column.values else values
        values[column.missing] = null
    return values


# ------------------------------------------------------------------------------- ids


def ids_of_texts(texts: List[Any]) -> np.ndarray:
    """[n] uint64 ids of str or bytes."""
    raw = [text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
           for text in texts]
    offsets = np.zeros(len(raw) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, raw), np.int64, len(raw)), out=offsets[1:])
    ids = np.empty(len(raw), np.uint64)
    call(lib.pmkt_ids_of_strings, b"".join(raw), pointer(offsets), len(raw), pointer(ids))
    return ids


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
            lambda row: f"{label} is {column.at(row)!r}, which is no id; "
            "expected a whole number above 0 that fits 64 bits (as a float: at most 2^53)",
        )
    return ids, origin


def _ids_of_numbers(
    column: Column, label: str
) -> Tuple[np.ndarray, Optional[np.ndarray], Users]:
    values = column.values
    if values.dtype.kind == "u":
        ids = _null(column, _plain(values, np.uint64), c.ID_NONE)
        return ids, None, Users.of_numbers(values.dtype)
    if values.dtype.kind == "i":
        return (*_ids_of_signed(column), Users.of_numbers(values.dtype))
    if values.dtype.kind == "f":
        ids, bad = _ids_of_floats(_null(column, _plain(values, np.float64), np.nan))
        return ids, bad, Users.of_numbers(np.dtype(np.float64))
    raise errors.InvalidInput(f"{label} holds {values.dtype}, which makes no ids")


def _ids_of_signed(column: Column) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """Positive signed integers are the same bits unsigned: no copy of an int64 column."""
    signed = _null(column, _plain(column.values, np.int64), 0)
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


def _ids_of_entries(
    column: Column, label: str
) -> Tuple[np.ndarray, Optional[np.ndarray], Users]:
    entries, types = column.values, _types(column.values)
    bad = None
    if types <= {str} or types == {bytes}:
        of_entry = ids_of_texts(entries.tolist())
        used = np.bincount(column.codes + 1, minlength=len(entries) + 1)[1:] > 0
        origin = Users.of_texts(of_entry[used], entries[used].tolist()) if types else Users()
    elif types == {int}:
        fits = np.fromiter((0 < entry < 2**64 for entry in entries), bool, len(entries))
        kept = [int(entry) if fit else 0 for entry, fit in zip(entries, fits)]
        of_entry = np.array(kept, np.uint64)
        wide = max(kept, default=0) >= 2**63
        origin = Users.of_numbers(np.dtype(np.uint64 if wide else np.int64))
        # A plain 0 is "no id", as it is in a column of integers.
        bad = ~fits & np.fromiter((entry != 0 for entry in entries), bool, len(entries))
    elif types == {float}:
        of_entry, bad = _ids_of_floats(entries.astype(np.float64))
        origin = Users.of_numbers(np.dtype(np.float64))
    else:
        raise errors.InvalidInput(
            f"{label} holds {_names(types)}; ids are whole numbers or texts, not both: "
            "make the column one of them first, such as with astype(str)"
        )
    if bad is not None:
        bad = _take(column, bad, False)
    return _take(column, of_entry, c.ID_NONE), bad, origin


# ------------------------------------------------------------------------------- times


def to_times(
    column: Column, label: str, zone: Optional[Zone], unit: str, rejects: Rejects
) -> np.ndarray:
    """[rows] int64 milliseconds UTC, missing = PMKT_TIME_NULL."""
    if unit not in _UNITS:
        raise errors.InvalidInput(f"time_unit is {unit!r}; expected one of {', '.join(_UNITS)}")
    if column.codes is not None:
        return _times_of_entries(column, label, zone, unit, rejects)
    values = column.values
    if values.dtype.kind == "M":
        return _times_of_datetimes(column, label, zone)
    if values.dtype.kind == "f":
        whole = np.isnan(values) | (np.trunc(values) == values) & (np.abs(values) < 2.0**63)
        rejects.add(~whole, f"{label}: not a time", lambda row: _no_time(label, column.at(row)))
        gone = np.isnan(values) | ~whole
        if column.missing is not None:
            gone |= column.missing
        column = Column(np.where(gone, 0, values).astype(np.int64), gone)
    elif values.dtype == np.uint64:
        gone = values > np.uint64(2**63 - 1)
        if column.missing is not None:
            gone |= column.missing
        column = Column(np.where(gone, 0, values).astype(np.int64), gone)
    if unit == "ms":
        return _null(column, _plain(column.values, np.int64), c.TIME_NULL)
    stamps = _plain(column.values, np.int64).view(f"datetime64[{unit}]")
    return _milliseconds(Column(stamps, column.missing))


def _no_time(label: str, value: Any) -> str:
    return f"{label} is {value!r}, which is no time; expected a date such as '2011-12-10 08:26'"


def _times_of_datetimes(column: Column, label: str, zone: Optional[Zone]) -> np.ndarray:
    if not column.instant and zone is None and len(column.values):
        raise errors.InvalidInput(
            f"{label} holds times without a time zone; pass tz=, such as tz='Europe/London' "
            "or tz='UTC'"
        )
    ms = _milliseconds(column)
    return ms if column.instant or zone is None else to_utc(ms, zone)


def _milliseconds(column: Column) -> np.ndarray:
    """datetime64 of any unit to int64 milliseconds. NumPy wraps around where a coarser unit holds
    more than milliseconds can, so what is out of range becomes missing before."""
    stamps = column.values
    if not stamps.dtype.isnative:
        stamps = stamps.astype(stamps.dtype.newbyteorder("="))
    unit, step = np.datetime_data(stamps.dtype)
    if unit == "generic":
        return np.full(len(stamps), c.TIME_NULL, np.int64)
    if step > 1 or unit not in ("ms", "us", "ns", "ps", "fs", "as"):
        low, high = (
            np.datetime64(edge, "ms").astype(stamps.dtype) for edge in (c.TIME_MIN, c.TIME_MAX)
        )
        stamps = np.where((stamps < low) | (stamps > high), np.datetime64("NaT"), stamps)
    ms = np.ascontiguousarray(stamps.astype("datetime64[ms]")).view(np.int64)
    if column.missing is not None:
        ms = np.where(column.missing, c.TIME_NULL, ms)
    return ms


def _times_of_entries(
    column: Column, label: str, zone: Optional[Zone], unit: str, rejects: Rejects
) -> np.ndarray:
    of_entry = np.full(len(column.values), c.TIME_NULL, np.int64)
    unread = np.zeros(len(column.values), bool)
    problems: Dict[int, str] = {}
    for entry, value in enumerate(column.values):
        try:
            if isinstance(value, (float, np.floating)) and float(value).is_integer():
                value = int(value)
            if isinstance(value, (int, np.integer)) and unit != "ms":
                value = np.datetime64(int(value), unit).astype("datetime64[ms]").astype(np.int64)
            of_entry[entry] = instant(value, zone, label)
        except errors.PmktError as error:
            if "tz=" in str(error):  # the whole column's fault, not this row's
                raise
            unread[entry], problems[entry] = True, str(error)
        except OverflowError:
            unread[entry], problems[entry] = True, _no_time(label, value)
    rejects.add(
        _take(column, unread, False),
        f"{label}: not a time",
        lambda row: f"{label} is {column.at(row)!r}: {problems[int(column.codes[row])]}",
    )
    return _take(column, of_entry, c.TIME_NULL)


# ------------------------------------------------------------------------------- money


def to_minor(column: Column, label: str, exponent: int, rejects: Rejects) -> np.ndarray:
    """Major units to [rows] int64 minor units, missing = PMKT_AMOUNT_NULL. C does the rounding."""
    if column.codes is None:
        _refuse_times(column, label)
        value = _null(column, _plain(column.values, np.float64), np.nan)
        minor, bad = money(value, None, exponent)
    elif _types(column.values) <= {int, float}:
        of_entry, bad_entry = money(_floats(column.values), None, exponent)
        minor = _take(column, of_entry, c.AMOUNT_NULL)
        bad = None if bad_entry is None else _take(column, bad_entry, False)
    else:
        minor, bad = _minor_of_texts(column, label, exponent)
    _reject_amounts(column, label, bad, rejects)
    return minor


def _floats(entries: np.ndarray) -> np.ndarray:
    """Python's numbers as float64; an integer beyond its range is infinite, and so no amount."""
    result = np.empty(len(entries), np.float64)
    for entry, value in enumerate(entries):
        try:
            result[entry] = float(value)
        except OverflowError:
            result[entry] = np.inf
    return result


def _refuse_times(column: Column, label: str) -> None:
    if column.values.dtype.kind == "M":
        raise errors.InvalidInput(f"{label} holds times; expected numbers")


def _reject_amounts(
    column: Column, label: str, bad: Optional[np.ndarray], rejects: Rejects
) -> None:
    if bad is not None:
        rejects.add(
            bad,
            f"{label}: not an amount",
            lambda row: f"{label} is {column.at(row)!r}, which is no amount; expected a decimal "
            "number of at most 2^53 - 1 minor units",
        )


def money(
    value: np.ndarray, quantity: Optional[np.ndarray], exponent: int
) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """Minor units, and a mask of what is neither an amount nor missing."""
    minor = np.empty(len(value), np.int64)
    n_bad = ctypes.c_int64()
    call(
        lib.pmkt_money_from_double,
        pointer(value),
        None if quantity is None else pointer(quantity),
        len(value),
        exponent,
        c.ON_BAD_SKIP,
        pointer(minor),
        ctypes.byref(n_bad),
    )
    if not n_bad.value:
        return minor, None
    known = ~np.isnan(value) if quantity is None else ~np.isnan(value) & ~np.isnan(quantity)
    return minor, (minor == c.AMOUNT_NULL) & known


def _minor_of_texts(
    column: Column, label: str, exponent: int
) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    types = _types(column.values)
    if not types <= {str, int, Decimal}:
        raise errors.InvalidInput(f"{label} holds {_names(types)}; expected numbers")
    of_entry = np.full(len(column.values), c.AMOUNT_NULL, np.int64)
    unread = np.zeros(len(column.values), bool)
    for entry, value in enumerate(column.values):
        text = format(value, "f") if isinstance(value, Decimal) else str(value)
        if not text.strip():  # an empty field of a file
            continue
        raw, minor = text.encode("utf-8", "replace"), ctypes.c_int64()
        try:
            call(lib.pmkt_money_parse, raw, len(raw), exponent, ctypes.byref(minor))
            of_entry[entry] = minor.value
        except errors.ParseError:
            unread[entry] = True
    bad = _take(column, unread, False) if unread.any() else None
    return _take(column, of_entry, c.AMOUNT_NULL), bad


def to_product(
    price: Column, quantity: Optional[Column], exponent: int, rejects: Rejects
) -> np.ndarray:
    """price * quantity in major units to [rows] int64 minor units."""
    value = _doubles(price, "price", rejects)
    factor = None if quantity is None else _doubles(quantity, "quantity", rejects)
    minor, bad = money(value, factor, exponent)
    _reject_amounts(price, "price", bad, rejects)
    return minor


def _doubles(column: Column, label: str, rejects: Rejects) -> np.ndarray:
    """Numbers, or texts of numbers, as float64; missing = NaN."""
    if column.codes is None:
        _refuse_times(column, label)
        return _null(column, _plain(column.values, np.float64), np.nan)
    types = _types(column.values)
    if not types <= {str, int, float, Decimal}:
        raise errors.InvalidInput(f"{label} holds {_names(types)}; expected numbers")
    of_entry = np.full(len(column.values), np.nan)
    unread = np.zeros(len(column.values), bool)
    for entry, value in enumerate(column.values):
        try:
            of_entry[entry] = float(value) if not isinstance(value, str) or value.strip() else np.nan
        except (ValueError, OverflowError):
            unread[entry] = True
    rejects.add(
        _take(column, unread, False),
        f"{label}: not a number",
        lambda row: f"{label} is {column.at(row)!r}, which is no number",
    )
    return _take(column, of_entry, np.nan)


def to_integers(column: Column, label: str, rejects: Rejects) -> np.ndarray:
    """[rows] int64 as they are, missing = INT64_MIN, which is the null of every such column."""
    null = c.AMOUNT_NULL
    if column.codes is not None:
        types = _types(column.values)
        if not types <= {int, float}:
            raise errors.InvalidInput(f"{label} holds {_names(types)}; expected whole numbers")
        fits = np.fromiter(
            (null < v < 2**63 and int(v) == v for v in column.values), bool, len(column.values)
        )
        kept = [int(v) if fit else 0 for v, fit in zip(column.values, fits)]
        bad: Optional[np.ndarray] = _take(column, ~fits, False)
        result = _take(column, np.array(kept, np.int64), null)
    else:
        result, bad = _whole_numbers(column, label, null)
    if bad is not None:
        rejects.add(
            bad,
            f"{label}: not a whole number",
            lambda row: f"{label} is {column.at(row)!r}; expected a whole number of 64 bits",
        )
    return result


def _whole_numbers(
    column: Column, label: str, null: int
) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    values = column.values
    _refuse_times(column, label)
    if values.dtype.kind == "f":
        known = ~np.isnan(values)
        bad = known & ~((np.trunc(values) == values) & (np.abs(values) < 2.0**63))
        result = np.where(known & ~bad, values, 0).astype(np.int64)
        result[~known] = null
        return _null(column, result, null), bad
    if values.dtype == np.uint64:
        bad = values > np.uint64(2**63 - 1)
        return _null(column, np.where(bad, 0, values).astype(np.int64), null), bad
    return _null(column, _plain(values, np.int64), null), None


# ------------------------------------------------------------------------------- kinds


def kind_names() -> List[str]:
    """The names of the kinds of events."""
    numbers = range(c.KIND_NONE + 1, c.KIND_COUNT_)
    return [name.decode() for name in map(lib.pmkt_kind_name, numbers) if name]


def kind_number(kind: Any) -> int:
    """The number of a kind that is given by name or number."""
    if isinstance(kind, str):
        name = kind.encode("utf-8", "replace")
        number = c.KIND_NONE if b"\0" in name else lib.pmkt_kind_from_name(name)
        if number == c.KIND_NONE:
            raise errors.InvalidInput(
                f"no kind of event is named {kind!r}; expected one of {', '.join(kind_names())}, "
                f"or a number from {c.KIND_CUSTOM} on for a kind of your own"
            )
        return int(number)
    if isinstance(kind, (int, np.integer)) and not isinstance(kind, (bool, np.bool_)):
        if 0 < kind < 2**16 and lib.pmkt_kind_name(int(kind)):
            return int(kind)
    raise errors.InvalidInput(f"{kind!r} is no kind of event; expected a name or a known number")


def to_kinds(
    column: Column, label: str, kinds: Optional[Mapping[Any, Any]], rejects: Rejects
) -> np.ndarray:
    """[rows] uint16, missing = 0. ``kinds`` maps the column's own values."""
    table = None if kinds is None else {key: kind_number(kind) for key, kind in kinds.items()}
    if column.codes is None:
        if column.values.dtype == np.uint16 and table is None and column.missing is None:
            return _plain(column.values, np.uint16)
        entries, codes = np.unique(column.values, return_inverse=True)
        codes = codes.reshape(-1).astype(np.int64)
        gone = np.isnan(entries) if entries.dtype.kind == "f" else np.zeros(len(entries), bool)
        codes = np.where(gone[codes], -1, codes) if len(entries) else codes
        if column.missing is not None:
            codes = np.where(column.missing, -1, codes)
        column = Column(entries.astype(object), codes=codes)
    of_entry = np.zeros(len(column.values), np.uint16)
    unknown = np.zeros(len(column.values), bool)
    for entry, value in enumerate(column.values):
        number = _kind_of_value(value, table)
        unknown[entry], of_entry[entry] = number is None, number or 0
    _reject_kinds(column, label, unknown, table, rejects)
    return _take(column, of_entry, c.KIND_NONE)


def _kind_of_value(value: Any, table: Optional[Mapping[Any, int]]) -> Optional[int]:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if table is not None:
        return table.get(value)
    try:
        return kind_number(value)
    except errors.InvalidInput:
        return None


def _reject_kinds(
    column: Column,
    label: str,
    unknown: np.ndarray,
    table: Optional[Mapping[Any, int]],
    rejects: Rejects,
) -> None:
    known = ", ".join(repr(key) for key in table) if table is not None else ", ".join(kind_names())
    used = np.unique(column.codes)
    shown = [column.values[entry] for entry in used if entry >= 0 and unknown[entry]]
    listed = ", ".join(repr(value) for value in shown[:10]) + (", ..." if len(shown) > 10 else "")
    rejects.add(
        _take(column, unknown, False),
        f"{label}: unknown kind",
        lambda _row: f"{label} holds values that are no known kind: {listed}; known: {known} "
        "(map the column's own values with kinds={...})",
    )
