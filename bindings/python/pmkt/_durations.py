"""Durations: how callers say them, and how they are shown."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Union

import numpy as np

from . import errors

HalfLife = Union[None, str, timedelta, np.timedelta64]
"""A duration: a text such as "90d", or a timedelta; None: the default."""

_UNITS = {
    **{"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000},
    **{"d": 86_400_000, "w": 604_800_000},
}


def _given_ms(value: Any) -> "float | None":
    """Milliseconds of a duration; None if it is none."""
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d|w)\s*", value)
        return float(match[1]) * _UNITS[match[2]] if match else None
    if isinstance(value, timedelta):
        return value / timedelta(milliseconds=1)
    if isinstance(value, np.timedelta64) and not np.isnat(value):
        if np.datetime_data(value.dtype)[0] not in ("generic", "Y", "M"):
            return float(value / np.timedelta64(1, "ms"))
    return None


def duration_ms(name: str, value: Any) -> int:
    """Milliseconds of a duration. None is 0. A bare number is refused: who reads it cannot know
    what it counts."""
    if value is None:
        return 0
    ms = _given_ms(value)
    if ms is None or not 1 <= ms < 2**62:
        raise errors.InvalidInput(
            f"{name} is {value!r}; expected a text such as '90d' (ms, s, m or min, h, d or w) or a "
            "timedelta, of at least a millisecond"
        )
    return round(ms)


def waits_ms(name: str, values: Any, n: int) -> np.ndarray:
    """[n] int64 milliseconds of times that have passed: durations, or numbers of milliseconds, or
    one for all. None is 0."""
    one = values is None or isinstance(values, (str, timedelta, np.timedelta64, int, float))
    rows = [values] * n if one else values
    if not hasattr(rows, "__len__") or len(rows) != n:
        raise errors.InvalidInput(f"{name} is not one time for each of {n} paths")
    return np.fromiter((wait_ms(name, value) for value in rows), np.int64, n)


def wait_ms(name: str, value: Any, unknown: int = 0) -> int:
    """One of :func:`waits_ms`; None is ``unknown``."""
    if value is None:
        return unknown
    ms = _given_ms(value)
    number = isinstance(value, (int, float, np.integer, np.floating))
    if ms is None and number and not isinstance(value, (bool, np.timedelta64)):
        ms = float(value) if abs(value) < 2**62 else None
    if ms is None or not 0 <= ms < 2**62:  # nor is NaN
        raise errors.InvalidInput(
            f"{name} is {value!r}; expected a text such as '5m' (ms, s, m or min, h, d or w), a "
            "timedelta, or milliseconds, 0 or more"
        )
    return round(ms)


def duration_text(ms: int) -> str:
    """The shortest way to say it in a unit up to hours: "30m", "72h"."""
    for size, unit in ((3_600_000, "h"), (60_000, "m"), (1000, "s")):
        if ms and ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms}ms"
