"""Time zones: from zoneinfo or any tzinfo to the table of transitions that C takes."""

from __future__ import annotations

import ctypes
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, List, Optional, Tuple, Union

import numpy as np

from . import _constants as c
from . import errors
from ._library import call, lib, pointer
from ._run import whole
from ._structs import new, pmkt_transition, pmkt_zone

ZoneLike = Union[None, str, int, tzinfo]
"""An IANA name, any ``datetime.tzinfo``, or a fixed offset in minutes east of UTC."""


class NeedsZone(errors.InvalidInput):
    """A time is wall-clock time, and nobody said of where."""


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST = int((datetime(1900, 1, 1, tzinfo=timezone.utc) - _EPOCH).total_seconds())
_LAST = int((datetime(2101, 1, 1, tzinfo=timezone.utc) - _EPOCH).total_seconds())
_WEEK = 7 * 86400


class Zone:
    """A ``pmkt_zone`` and the table that it points at."""

    def __init__(
        self, offset: int, transitions: Tuple[Tuple[int, int], ...] = (), name: str = ""
    ) -> None:
        self._table = (pmkt_transition * len(transitions))(
            *(pmkt_transition(from_ms, minutes, 0) for from_ms, minutes in transitions)
        )
        self.struct = new(
            pmkt_zone,
            offset_minutes=offset,
            transitions=ctypes.cast(self._table, ctypes.POINTER(pmkt_transition)),
            n_transitions=len(transitions),
        )
        if not transitions:
            self.struct.transitions = None
        self.name = name or _utc(offset)

    @classmethod
    def of_struct(cls, zone: pmkt_zone) -> "Zone":
        """A copy of a zone of C's, which knows no name."""
        rows = tuple(
            (zone.transitions[i].from_ms, zone.transitions[i].offset_minutes)
            for i in range(zone.n_transitions)
        )
        offset = zone.offset_minutes
        if not rows:
            return cls(offset)
        now, changes = rows[-1][1], f"{len(rows)} change" + ("s" if len(rows) > 1 else "")
        return cls(offset, rows, f"{_utc(now)} after {changes}")

    @property
    def pointer(self) -> Any:
        return ctypes.byref(self.struct)

    def __repr__(self) -> str:
        return f"<zone {self.name}>"


def _utc(minutes: int) -> str:
    """ "UTC+08:00"."""
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"UTC{sign}{hours:02}:{rest:02}" if minutes else "UTC"


UTC = Zone(0, name="UTC")


def make_zone(tz: ZoneLike, tz_offset_minutes: int = 0) -> Zone:
    """The zone of the arguments ``tz`` and ``tz_offset_minutes``, of which at most one is given."""
    if tz is None:
        return Zone(whole("tz_offset_minutes", tz_offset_minutes, -1440, 1440))
    if tz_offset_minutes:
        raise errors.InvalidInput("give either tz or tz_offset_minutes")
    if isinstance(tz, str):
        return _named(tz)
    if isinstance(tz, tzinfo):
        try:
            return _probed(tz, str(tz))
        except TypeError:  # a tzinfo that cannot be hashed
            return _probe(tz, str(tz))
    return Zone(whole("tz", tz, -1440, 1440))


@lru_cache(maxsize=64)
def _named(name: str) -> Zone:
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    try:
        zone = ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise errors.InvalidInput(
            f"no time zone is named {name!r}; expected a name such as 'Europe/London' "
            "(where the system has no zone data, install the package tzdata)"
        ) from error
    return _probe(zone, name)


@lru_cache(maxsize=64)
def _probed(zone: tzinfo, name: str) -> Zone:
    return _probe(zone, name)


def _offset(zone: tzinfo, second: int) -> int:
    """Minutes east of UTC at an instant; odd seconds of old local mean times are rounded away."""
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    if offset is None:
        raise errors.InvalidInput(f"{zone!r} gives no offset from UTC")
    return round(offset.total_seconds() / 60)


def _probe(zone: tzinfo, name: str) -> Zone:
    """
    A tzinfo does not tell when its clocks change, so it is asked for every week of the years 1900
    to 2100 and, where two answers differ, the change between them is found by halving. The last
    offset holds after 2100.
    """
    first = before = _offset(zone, _FIRST)
    changes: List[Tuple[int, int]] = []
    for start in range(_FIRST, _LAST, _WEEK):
        end, low = start + _WEEK, start
        after = _offset(zone, end)
        while before != after:
            low, before = _change(zone, low, end, before)
            changes.append((low * 1000, before))
    return Zone(first, tuple(changes), name)


def _change(zone: tzinfo, low: int, high: int, before: int) -> Tuple[int, int]:
    """A second in (low, high] from which on the offset is not ``before``, and that offset."""
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high, _offset(zone, high)


# ------------------------------------------------------------------------------- instants


def parse(text: str, zone: Zone) -> int:
    """Milliseconds UTC of a date or time in one of the forms of ``pmkt_time_parse``."""
    raw = text.encode("utf-8")
    ms = ctypes.c_int64()
    call(lib.pmkt_time_parse, raw, len(raw), zone.pointer, ctypes.byref(ms))
    return ms.value


def parse_aware(text: str) -> int:
    """
    The same for a text that must name its offset. C alone knows the forms: a text that means
    another instant in another zone has none.
    """
    ms = parse(text, UTC)
    if ms != parse(text, _OTHER):
        raise NeedsZone(f"{text!r} has no time zone; pass tz=, such as tz='Europe/London'")
    return ms


_OTHER = Zone(60)


def to_utc(local_ms: np.ndarray, zone: Zone) -> np.ndarray:
    """Wall-clock milliseconds of a zone, as int64, to instants."""
    local_ms = np.ascontiguousarray(local_ms, np.int64)
    ms = np.empty_like(local_ms)
    call(lib.pmkt_zone_to_utc, zone.pointer, pointer(local_ms), len(ms), pointer(ms))
    return ms


def format_ms(ms: int, zone: Zone) -> str:
    """Wall-clock time of an instant, without a midnight's zeros."""
    text = ctypes.create_string_buffer(32)
    call(lib.pmkt_time_format, ms, zone.pointer, text)
    shown = text.value.decode()
    return shown[: -len(" 00:00:00")] if shown.endswith(" 00:00:00") else shown


def _stamp(value: np.datetime64, what: str) -> datetime:
    """A datetime64 as a datetime; the year is looked at first, for a finer unit may wrap."""
    year = int(value.astype("datetime64[Y]").astype(np.int64)) + 1970
    if not 1699 <= year <= 3000:
        raise errors.InvalidInput(f"{what} is in the year {year}, outside the years 1700 to 2999")
    return value.astype("datetime64[us]").item()


def instant(value: Any, zone: Optional[Zone], what: str) -> int:
    """
    Milliseconds UTC of one date or time: a text, date, datetime, datetime64, or integer
    milliseconds. Without an offset of its own it is wall-clock time in ``zone``; None: it must have
    one.
    """
    if isinstance(value, str):
        return parse_aware(value) if zone is None else parse(value, zone)
    if isinstance(value, datetime) and value.tzinfo is not None and value.utcoffset() is not None:
        return (value - _EPOCH) // timedelta(milliseconds=1)
    if isinstance(value, np.datetime64):
        value = _stamp(value, what) if not np.isnat(value) else None
    if isinstance(value, date):  # a naive datetime is one as well
        if zone is None:
            raise NeedsZone(f"{what} {value} has no time zone; pass tz=, such as tz='UTC'")
        return parse(value.isoformat(), zone)
    if isinstance(value, (int, np.integer)) and not isinstance(
        value, (bool, np.bool_, np.timedelta64)
    ):
        if c.TIME_MIN <= value <= c.TIME_MAX:
            return int(value)
        raise errors.InvalidInput(
            f"{what} {value} lies outside the years 1700 to 2999; expected milliseconds since 1970"
        )
    raise errors.InvalidInput(
        f"{what} is {value!r}; expected a date such as '2011-12-10', a datetime, or milliseconds"
    )
