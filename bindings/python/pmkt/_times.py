"""Columns to instants, in milliseconds UTC."""

from __future__ import annotations

from typing import Any, Dict, Optional

import numpy as np

from . import _constants as c
from . import errors
from ._columns import Column
from ._convert import Rejects, plain, take, with_null
from ._zones import NeedsZone, Zone, instant, to_utc

# Milliseconds a unit, as a fraction.
_MS_PER = {"s": (1000, 1), "ms": (1, 1), "us": (1, 1000), "ns": (1, 1_000_000)}


def to_times(
    column: Column, label: str, zone: Optional[Zone], unit: str, rejects: Rejects
) -> np.ndarray:
    """[rows] int64 milliseconds UTC, missing = PMKT_TIME_NULL."""
    if unit not in _MS_PER:
        raise errors.InvalidInput(f"time_unit is {unit!r}; expected one of {', '.join(_MS_PER)}")
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
        return with_null(column, plain(column.values, np.int64), c.TIME_NULL)
    stamps = plain(column.values, np.int64).view(f"datetime64[{unit}]")
    return _milliseconds(Column(stamps, column.missing))


def _no_time(label: str, value: Any) -> str:
    return f"{label} is {value!r}, which is no time; expected a date such as '2011-12-10 08:26'"


def needs_zone(label: str) -> errors.InvalidInput:
    return errors.InvalidInput(
        f"{label} holds times without a time zone; pass tz=, such as tz='Europe/London' or tz='UTC'"
    )


def _times_of_datetimes(column: Column, label: str, zone: Optional[Zone]) -> np.ndarray:
    if not column.instant and zone is None and len(column.values):
        raise needs_zone(label)
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
    if (unit, step) != ("ms", 1) and unit not in ("us", "ns", "ps", "fs", "as"):
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
            if isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_)):
                value = int(value) * _MS_PER[unit][0] // _MS_PER[unit][1]
            of_entry[entry] = instant(value, zone, label)
        except NeedsZone:  # the whole column's fault, not this row's
            raise
        except errors.PmktError as error:
            unread[entry], problems[entry] = True, str(error)
    rejects.add(
        take(column, unread, False),
        f"{label}: not a time",
        lambda row: f"{label} is {column.at(row)!r}: {problems[int(column.entries[row])]}",
    )
    return take(column, of_entry, c.TIME_NULL)
