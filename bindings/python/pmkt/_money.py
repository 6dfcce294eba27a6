"""Columns to money in minor units, and to whole numbers."""

from __future__ import annotations

import ctypes
from decimal import Decimal
from typing import Optional, Tuple

import numpy as np

from . import _constants as c
from . import errors
from ._columns import Column
from ._convert import Rejects, names_of, plain, take, types_of, with_null
from ._library import call, lib, pointer


def to_minor(column: Column, label: str, exponent: int, rejects: Rejects) -> np.ndarray:
    """Major units to [rows] int64 minor units, missing = PMKT_AMOUNT_NULL. C does the rounding."""
    if column.codes is None:
        _refuse_times(column, label)
        value = with_null(column, plain(column.values, np.float64), np.nan)
        minor, bad = money(value, None, exponent)
    elif types_of(column.values) <= {int, float}:
        of_entry, bad_entry = money(_floats(column.values), None, exponent)
        minor = take(column, of_entry, c.AMOUNT_NULL)
        bad = None if bad_entry is None else take(column, bad_entry, False)
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
            lambda row: (
                f"{label} is {column.at(row)!r}, which is no amount; expected a decimal "
                "number of at most 2^53 - 1 minor units"
            ),
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
    types = types_of(column.values)
    if not types <= {str, int, Decimal}:
        raise errors.InvalidInput(f"{label} holds {names_of(types)}; expected numbers")
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
    bad = take(column, unread, False) if unread.any() else None
    return take(column, of_entry, c.AMOUNT_NULL), bad


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
        return with_null(column, plain(column.values, np.float64), np.nan)
    types = types_of(column.values)
    if not types <= {str, int, float, Decimal}:
        raise errors.InvalidInput(f"{label} holds {names_of(types)}; expected numbers")
    of_entry = np.full(len(column.values), np.nan)
    unread = np.zeros(len(column.values), bool)
    for entry, value in enumerate(column.values):
        try:
            if not isinstance(value, str) or value.strip():  # else an empty field of a file
                of_entry[entry] = float(value)
        except (ValueError, OverflowError):
            unread[entry] = True
    rejects.add(
        take(column, unread, False),
        f"{label}: not a number",
        lambda row: f"{label} is {column.at(row)!r}, which is no number",
    )
    return take(column, of_entry, np.nan)


def to_integers(column: Column, label: str, rejects: Rejects) -> np.ndarray:
    """[rows] int64 as they are, missing = INT64_MIN, which is the null of every such column."""
    null = c.AMOUNT_NULL
    if column.codes is not None:
        types = types_of(column.values)
        if not types <= {int, float}:
            raise errors.InvalidInput(f"{label} holds {names_of(types)}; expected whole numbers")
        fits = np.fromiter(
            (null <= v < 2**63 and int(v) == v for v in column.values), bool, len(column.values)
        )
        kept = [int(v) if fit else 0 for v, fit in zip(column.values, fits)]
        bad: Optional[np.ndarray] = take(column, ~fits, False)
        result = take(column, np.array(kept, np.int64), null)
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
        return with_null(column, result, null), bad
    if values.dtype == np.uint64:
        bad = values > np.uint64(2**63 - 1)
        return with_null(column, np.where(bad, 0, values).astype(np.int64), null), bad
    return with_null(column, plain(values, np.int64), null), None
