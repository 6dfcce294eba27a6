"""The options of scoring, from Python's forms to the C struct."""

from __future__ import annotations

import ctypes
import operator
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from . import _constants as c
from ._structs import new, pmkt_rfm_score_options, pmkt_rfm_segment, pmkt_rfm_tier
from .errors import InvalidInput

Range = Union[None, int, Sequence[Optional[int]]]
Tiers = Union[Mapping[str, int], Iterable[Tuple[str, int]]]
Segments = Iterable[Union[Tuple[str, Range, Range, Range], Mapping[str, Any]]]

SCHEMES = {"threshold": c.RFM_THRESHOLD, "quantile": c.RFM_QUANTILE}
COLLAPSES = {
    "strict": c.RFM_STRICT,
    "middle_high": c.RFM_MIDDLE_HIGH,
    "mean": c.RFM_MEAN,
    "median": c.RFM_MEDIAN,
    "hysteresis": c.RFM_HYSTERESIS,
}
FREQUENCIES = {"per_month": c.RFM_F_PER_MONTH, "orders": c.RFM_F_ORDERS}
MONETARIES = {"average": c.RFM_M_AVERAGE, "revenue": c.RFM_M_REVENUE}


def choice(name: str, value: Any, choices: Mapping[str, int]) -> int:
    """The number of a choice that is given by name; None is 0, the default."""
    if value is None:
        return 0
    if isinstance(value, str) and value in choices:
        return choices[value]
    raise InvalidInput(f"{name} is {value!r}; expected one of {', '.join(map(repr, choices))}")


def _bound(name: str, value: Any, real: bool) -> Any:
    """A number of the options: None is the default, an explicit 0 is C's PMKT_RFM_ZERO."""
    if value is None:
        return 0
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = float(value) if real else operator.index(value)
    except (TypeError, ValueError):
        kind = "number" if real else "whole number"
        raise InvalidInput(f"{name} is {value!r}; expected a {kind}") from None
    if not 0 <= number < 2**63 or not real and not name.startswith("m_") and number >= 2**31:
        raise InvalidInput(f"{name} is {value!r}; expected 0 or more, and within its range")
    return number or c.RFM_ZERO


class ScoreOptions:
    """A ``pmkt_rfm_score_options`` and the tables that it points at."""

    def __init__(
        self,
        numbers: Dict[str, Any],
        choices: Dict[str, int],
        tiers: Optional[Tiers],
        segments: Optional[Segments],
        previous: Any,
    ) -> None:
        kinds = {field[0]: field[1] for field in pmkt_rfm_score_options._fields_}
        fields = {
            name: _bound(name, value, kinds[name] is ctypes.c_double)
            for name, value in numbers.items()
        }
        if fields["f_window_days"] == c.RFM_ZERO:
            fields["f_window_days"] = 0  # here 0 is no bound but the pace of buying, the default
        self.struct = new(pmkt_rfm_score_options, **fields, **choices)
        if tiers is not None:
            rows = _tiers(tiers)
            self._tiers = (pmkt_rfm_tier * len(rows))(*(pmkt_rfm_tier(*row) for row in rows))
            self.struct.tiers, self.struct.n_tiers = self._tiers, len(rows)
        if segments is not None:
            table = _segments(segments)
            self._segments = (pmkt_rfm_segment * len(table))(*table)
            self.struct.segments, self.struct.n_segments = self._segments, len(table)
        if previous is not None:
            self._previous = previous
            self.struct.previous = previous.pointer

    @property
    def pointer(self) -> Any:
        return ctypes.byref(self.struct)


def _name(value: Any, table: str) -> bytes:
    if not isinstance(value, str) or not value or "\0" in value:
        raise InvalidInput(f"{table}: a name is {value!r}; expected a text")
    return value.encode("utf-8", "replace")


def _tiers(tiers: Tiers) -> List[Tuple[bytes, int]]:
    rows = list(tiers.items() if isinstance(tiers, Mapping) else tiers)
    if not rows:
        raise InvalidInput("tiers is empty; expected rows such as ('gold', 500_000)")
    result = []
    for row in rows:
        try:
            name, spend = row
            from_minor = operator.index(spend)
        except (TypeError, ValueError):
            raise InvalidInput(
                f"tiers: {row!r}; expected a name and whole minor units, such as ('gold', 500_000)"
            ) from None
        if not -(2**63) <= from_minor < 2**63:
            raise InvalidInput(f"tiers: {from_minor} does not fit 64 bits")
        result.append((_name(name, "tiers"), from_minor))
    return result


def _segments(segments: Segments) -> List[pmkt_rfm_segment]:
    result = []
    for row in segments:
        if isinstance(row, Mapping):
            unknown = set(row) - {"name", "r", "f", "m"}
            if unknown:
                raise InvalidInput(f"segments: {row!r}; the keys are name, r, f and m")
            parts: Tuple[Any, ...] = tuple(map(row.get, ("name", "r", "f", "m")))
        else:
            parts = tuple(row) if not isinstance(row, str) else ()
            if len(parts) != 4:
                raise InvalidInput(
                    f"segments: {row!r}; expected a name and three ranges, "
                    "such as ('champions', (4, 5), (4, 5), None)"
                )
        bounds = [edge for axis in parts[1:] for edge in _range(axis, row)]
        result.append(pmkt_rfm_segment(_name(parts[0], "segments"), *bounds))
    return result


def _range(axis: Range, row: Any) -> Tuple[int, int]:
    """A range of scores: both ends, one score, or None for any; an end of None is open."""
    ends = axis if isinstance(axis, (tuple, list)) else (axis, axis)
    try:
        low, high = (0 if end is None else operator.index(end) for end in ends)
    except (TypeError, ValueError):
        raise InvalidInput(
            f"segments: {row!r}; a range is (low, high), a score, or None for any"
        ) from None
    if not (0 <= low <= 255 and 0 <= high <= 255):
        raise InvalidInput(f"segments: {row!r}; scores are 1 to bins, or 0 for an open end")
    return low, high
